import assert from "node:assert/strict";
import test from "node:test";

import { covering, pick } from "../../ui/latent_canvas/frontend/codes.js";
import { turnedAxes } from "../../ui/latent_canvas/frontend/scene.js";
import { betaToU } from "../../ui/latent_canvas/frontend/scale.js";
import { Plane, meanInFrame, missingSamples, planeOf, ranked, readHold, readPlane, writeHold } from "../../ui/latent_canvas/frontend/space.js";
import { SpaceCodes } from "../../ui/latent_canvas/frontend/space_codes.js";
import { Model } from "../../ui/latent_canvas/frontend/store.js";
import { createView } from "../../ui/latent_canvas/frontend/view.js";
import { aggregateGrid } from "../../ui/latent_canvas/frontend/weight/aggregate.js";
import { widened } from "../../ui/latent_canvas/frontend/weight/plane.js";
import { ellipseOf } from "../../ui/latent_canvas/frontend/weight/plane_svg.js";
import { gaussian, random } from "./random.js";

const D = 4;
const N = 6;
const SCALE = { offset: 0.003, train_max: 4 };

/** @param {number[]} betas @param {Float64Array[] | null} rotations */
function codesOf(betas, rotations = null) {
  const next = random(5);
  const codes = new SpaceCodes(betas, SCALE, D, rotations);
  const values = Float32Array.from({ length: betas.length * N * 2 * D }, (_, i) => (Math.floor(i / D) % 2 ? 0.1 + next() : 4 * next() - 2));
  codes.addChunk({ mu_sigma: values, labels: new Int32Array(N), ids: Int32Array.from({ length: N }, (_, i) => 10 * i), test: new Uint8Array(N) });
  return codes;
}

/** Turns the first two dimensions by 0.7. */
const [COS, SIN] = [Math.cos(0.7), Math.sin(0.7)];
const TURN = Float64Array.from([COS, SIN, 0, 0, -SIN, COS, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
const IDENTITY = Float64Array.from({ length: D * D }, (_, i) => (i % (D + 1) ? 0 : 1));

/** @param {number} a @param {number} b @param {string} [what] */
const close = (a, b, what) => assert.ok(Math.abs(a - b) < 1e-5 * (1 + Math.abs(b)), `${what}: ${a} is not ${b}`);

test("a plane lifts what it projects, and holds what is at right angles to it", () => {
  const plane = Plane.through([1, 0, 2, 0], [3, 1, 2, 1], [0, 4, 1, 1]);
  assert.ok(plane);
  const [x, y] = [0.7, -1.3];
  const z = plane.lift(x, y);
  close(plane.project(z)[0], x);
  close(plane.project(z)[1], y);
  plane.lift(...plane.project([0, 4, 1, 1])).forEach((value, j) => close(value, [0, 4, 1, 1][j], "the third point lies in it"));
  assert.equal(Plane.through([0, 0, 0, 0], [1, 1, 0, 0], [3, 3, 0, 0]), null, "on a line");
  assert.deepEqual([...Plane.ofDimensions(2, 0, D, [9, 8, 7, 6]).lift(1, 2)], [2, 8, 1, 6]);
  assert.deepEqual(Plane.ofDimensions(2, 0, D).dimensions, [2, 0]);
});

test("in any plane a Gaussian has the covariance P diag σ² Pᵀ, and the dimensions' own are the fast case", () => {
  const codes = codesOf([1]);
  codes.plane = Plane.ofDimensions(3, 1, D);
  const upright = codes.at(1);
  assert.equal(codes.correlation, null);
  const { mu, sigma } = codes.exact(2, 0);
  [mu[3], mu[1], sigma[3], sigma[1]].forEach((value, k) => close(upright[8 + k], value));
  const plane = Plane.through(codes.exact(0, 0).mu, codes.exact(1, 0).mu, codes.exact(2, 0).mu);
  assert.ok(plane);
  codes.plane = plane;
  const turned = codes.at(1);
  const [right, up] = plane.axes;
  for (let i = 0; i < N; i++) {
    const code = codes.exact(i, 0);
    const cov = (/** @type {Float64Array} */ a, /** @type {Float64Array} */ b) => a.reduce((sum, v, j) => sum + v * b[j] * code.sigma[j] ** 2, 0);
    close(turned[4 * i], plane.project(code.mu)[0]);
    close(turned[4 * i + 2] ** 2, cov(right, right));
    close(turned[4 * i + 3] ** 2, cov(up, up));
    close(/** @type {Float32Array} */ (codes.correlation)[i], cov(right, up) / Math.sqrt(cov(right, right) * cov(up, up)));
  }
});

test("the rate is over all dimensions, and nearest means in all of them", () => {
  const codes = codesOf([1]);
  const current = codes.at(1);
  const { mu, sigma } = codes.exact(4, 0);
  close(codes.ratesAt(1)[4], mu.reduce((sum, m, j) => sum + (m * m + sigma[j] ** 2 - 1) / 2 - Math.log(sigma[j]), 0));
  codes.plane = codes.plane.held(mu);
  assert.equal(codes.nearestTo(codes.plane.project(mu), 1, current, 1)[0], 4);
  const alone = codesOf([1]);
  const [z] = [codes.exact(0, 0).mu];
  let sum = 0;
  for (let i = 0; i < N; i++) {
    const code = alone.exact(i, 0);
    sum += Math.exp(code.mu.reduce((s, m, j) => s - ((z[j] - m) / code.sigma[j]) ** 2 / 2 - Math.log(code.sigma[j]), 0));
  }
  close(alone.logDensityAt(z, 1, current), Math.log(sum / N) - (D / 2) * Math.log(2 * Math.PI));
});

test("a family jumps from one beta to the next, and aligned its codes are turned as a whole", () => {
  const [c, s] = [COS, SIN];
  const codes = codesOf([1, 4], [IDENTITY, TURN]);
  assert.deepEqual([...codes.at(1.2)], [...codes.at(1)], "nothing between");
  const before = codes.at(4);
  codes.aligned = true;
  const after = codes.at(4);
  const { mu } = codes.exact(0, 1);
  close(after[0], mu[0] * c - mu[1] * s, "μ Q");
  close(after[1], mu[0] * s + mu[1] * c, "μ Q");
  assert.ok(codes.correlation && Math.abs(codes.correlation[0]) > 1e-3, "an upright ellipse is turned with its map");
  const own = codes.lift(after[0], after[1], 1);
  close(own[0], before[0], "decoded where its own model knows it");
  close(own[1], before[1]);
});

test("a turned ellipse is hit where it is drawn", () => {
  const [a, b, rho] = [2, 1, 0.8];
  const [long, short, angle] = turnedAxes(a, b, rho);
  const current = Float32Array.from([0, 0, a, b]);
  const correlation = Float32Array.from([rho]);
  for (let step = 0; step < 12; step++) {
    const t = (step / 12) * 2 * Math.PI;
    // On the contour by its axes and angle: by Mahalanobis distance it is at 1.
    const [u, v] = [long * Math.cos(t), short * Math.sin(t)];
    const at = (/** @type {number} */ k) => [k * (u * Math.cos(angle) - v * Math.sin(angle)), k * (u * Math.sin(angle) + v * Math.cos(angle))];
    assert.equal(covering(current, at(0.999), 1, undefined, correlation), 1);
    assert.equal(covering(current, at(1.001), 1, undefined, correlation), 0);
    const [x, y] = at(0.99);
    assert.equal(pick(current, x, y, 1, 0, undefined, correlation), 0);
  }
});

test("the density of turned Gaussians is theirs, also where they are narrow or wide", () => {
  const view = createView({ x0: 0, y0: 0, scale: 60, width: 800, height: 800 });
  for (const [sx, sy, rho] of [[0.8, 0.5, 0.7], [0.3, 0.9, -0.9], [1.2, 1.2, 0.3], [0.1, 0.2, -0.4], [0.6, 0.06, 0.5]]) {
    const grid = aggregateGrid(Float32Array.from([0.2, -0.1, sx, sy]), 1, view, 3, undefined, Float32Array.from([rho]));
    const density = (/** @type {number} */ x, /** @type {number} */ y) => {
      const [a, b] = [(x - 0.2) / sx, (y + 0.1) / sy];
      return Math.exp(-(a * a - 2 * rho * a * b + b * b) / (2 * (1 - rho * rho))) / (2 * Math.PI * sx * sy * Math.sqrt(1 - rho * rho));
    };
    const peak = density(0.2, -0.1);
    let worst = 0, mass = 0;
    for (let j = 0; j < grid.height; j++) {
      for (let i = 0; i < grid.width; i++) {
        const [x, y] = [((i + 0.5) * 3 - 400) / 60, (400 - (j + 0.5) * 3) / 60];
        // 20 texels of 3 px are a latent unit.
        worst = Math.max(worst, Math.abs(grid.values[j * grid.width + i] - density(x, y)) / peak);
        mass += grid.values[j * grid.width + i] / 400;
      }
    }
    assert.ok(worst < 1e-3, `${sx} ${sy} ${rho}: off by ${worst} of the peak`);
    assert.ok(Math.abs(mass - 1) < 1e-3, `mass ${mass}`);
  }
});

test("a turned Gaussian thinner than a texel keeps its mass, and is no row of beads", () => {
  const view = createView({ x0: 0, y0: 0, scale: 60, width: 400, height: 400 });
  const { values, width } = aggregateGrid(Float32Array.from([0, 0, 1, 0.05]), 1, view, 3, undefined, Float32Array.from([0.9999]));
  assert.ok(Math.abs(values.reduce((sum, v) => sum + v / 400, 0) - 1) < 2e-3);
  const along = Array.from({ length: width }, (_, i) => Math.max(...Array.from({ length: width }, (_, j) => values[j * width + i])));
  const middle = along.slice(width / 2 - 15, width / 2 + 15);
  assert.ok(Math.min(...middle) > 0.6 * Math.max(...middle), "the crest is unbroken");
});

test("widened Gaussians are as wide as asked in every direction, and turned as before", () => {
  const { current, correlation } = widened(Float32Array.from([0, 0, 1, 1, 0, 0, 1, 0.1]), Float32Array.from([0.999, 0]), 0.3);
  const [long, short, angle] = turnedAxes(current[2], current[3], /** @type {Float32Array} */ (correlation)[0]);
  [long, short, angle].forEach((value, k) => close(value, [Math.sqrt(1.999), 0.3, Math.PI / 4][k]));
  [1, 0.3].forEach((value, k) => close(current[6 + k], value, "upright"));
});

test("of draws from a sample's Gaussian, seen in a plane, the share within k sigma of its ellipse is that of a 2-D normal", () => {
  const codes = codesOf([1]);
  codes.plane = /** @type {Plane} */ (Plane.through([1, 0, 2, 0], [3, 1, 2, 1], [0, 4, 1, 1]));
  const current = codes.at(1).slice(0, 4);
  const correlation = /** @type {Float32Array} */ (codes.correlation).slice(0, 1);
  const { mu, sigma } = codes.exact(0, 0);
  const next = random(11);
  const draws = 20_000;
  const inside = [0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const place = codes.plane.project(mu.map((m, j) => m + sigma[j] * gaussian(next)));
    for (const k of [1, 2]) inside[k] += covering(current, place, k, undefined, correlation);
  }
  // Five standard errors.
  for (const k of [1, 2]) {
    const share = 1 - Math.exp(-k * k / 2);
    assert.ok(Math.abs(inside[k] / draws - share) < 5 * Math.sqrt(share * (1 - share) / draws), `${k} sigma: ${inside[k] / draws}`);
  }
});

test("a saved picture has its ellipses turned as the map has", () => {
  const view = createView({ x0: 0, y0: 0, scale: 100, width: 400, height: 400 });
  const shown = { current: Float32Array.from([0.5, 0, 1, 1]), correlation: Float32Array.from([0.6]) };
  const { cx, cy, rx, ry, transform } = ellipseOf(shown, 0, 2, view);
  assert.deepEqual([cx, cy, rx, ry], ["250.0", "200.0", (200 * Math.sqrt(1.6)).toFixed(2), (200 * Math.sqrt(0.4)).toFixed(2)]);
  assert.equal(transform, "rotate(-45.00 250.0 200.0)", "upwards on the screen");
  assert.equal(ellipseOf({ ...shown, correlation: null }, 0, 2, view).transform, undefined);
});

test("where one network knows every beta, mu and ln sigma of any dimension are linear in u between two stored ones", () => {
  const betas = [0, 1, 4];
  const codes = new SpaceCodes(betas, SCALE, D, null, false);
  const next = random(3);
  const mu_sigma = Float32Array.from({ length: 3 * N * 2 * D }, (_, i) => (Math.floor(i / D) % 2 ? 0.1 + next() : 4 * next() - 2));
  codes.addChunk({ mu_sigma, labels: new Int32Array(N), ids: new Int32Array(N), test: new Uint8Array(N) });
  codes.plane = Plane.ofDimensions(3, 1, D);
  const u = (/** @type {number} */ beta) => betaToU(beta, SCALE);
  const share = (u(2) - u(1)) / (u(4) - u(1));
  const [low, high] = [codes.exact(2, 1), codes.exact(2, 2)];
  const there = codes.at(2).slice(8, 12);
  [3, 1].forEach((j, k) => {
    close(there[k], low.mu[j] + share * (high.mu[j] - low.mu[j]), "mu");
    close(Math.log(there[2 + k]), Math.log(low.sigma[j]) + share * Math.log(high.sigma[j] / low.sigma[j]), "ln sigma");
  });
  close(codes.meanAt(2, 2)[0], low.mu[0] + share * (high.mu[0] - low.mu[0]));
  assert.deepEqual(codes.exact(2, 1).mu, Array.from(mu_sigma.subarray(2 * D * (N + 2), 2 * D * (N + 2) + D)), "as it came");
  assert.deepEqual([...codes.at(4)].slice(8, 10), codes.inPlane(2, 2).mu);
});

test("a plane seen before is seen the same again, and another plane or new samples are not taken for it", () => {
  const codes = codesOf([1]);
  const flat = codes.at(1).slice();
  const oblique = /** @type {Plane} */ (Plane.through([1, 0, 2, 0], [3, 1, 2, 1], [0, 4, 1, 1]));
  codes.plane = oblique;
  const turned = codes.at(1).slice();
  assert.notDeepEqual(turned, flat);
  assert.ok(codes.correlation);
  codes.plane = oblique.held([1, 2, 3, 4]);
  assert.deepEqual(codes.at(1), turned, "elsewhere in the same directions");
  codes.plane = Plane.ofDimensions(0, 1, D);
  assert.deepEqual(codes.at(1), flat);
  assert.equal(codes.correlation, null);
  codes.addChunk({ mu_sigma: new Float32Array(2 * D).fill(0.5), labels: [3], ids: Int32Array.of(99), test: Uint8Array.of(0) });
  assert.deepEqual([...codes.at(1).subarray(4 * N)], [0.5, 0.5, 0.5, 0.5]);
  const rates = codes.ratesAt(1);
  rates.fill(0);
  assert.ok(codes.ratesAt(1)[0] > 0, "the caller's own");
});

test("in an aligned family a plane through samples goes through their turned mu, and decodes there to their own", () => {
  const codes = codesOf([1, 4], [IDENTITY, TURN]);
  const spec = { rotations: [[...IDENTITY], [...TURN]], dimensions: [[3, 2, 1, 0], [0, 1, 2, 3]].map((kls) => kls.map((kl) => ({ kl, variance: 1, sigma: 1, active: true }))) };
  const model = /** @type {any} */ ({ spec, codes, d: D });
  const state = { plane: "samples:0,10,20", hold: "sample", selected: 20, align: true };
  codes.plane = planeOf(model, state, 1);
  codes.aligned = true;
  const current = codes.at(4);
  codes.lift(current[8], current[9], 1).forEach((value, j) => close(value, codes.exact(2, 1).mu[j], "its own mu"));
  close(meanInFrame(model, true, 2, 1)[0], codes.exact(2, 1).mu[0] * COS - codes.exact(2, 1).mu[1] * SIN);
  assert.deepEqual(planeOf(model, { ...state, plane: "", hold: "" }, 1).dimensions, [0, 1], "the first member's dimensions");
  assert.deepEqual(planeOf(model, { ...state, plane: "", hold: "", align: false }, 1).dimensions, [3, 2]);
  assert.deepEqual(missingSamples(model, "samples:0,10,77"), [77]);
});

test("a model of our own of three dimensions is seen in a plane and decoded there at every beta", () => {
  const beta = { ...SCALE, degree: 1 };
  const layers = [{ kind: "dense", in: 3, out: 2, weight: 0, bias: 6, gain: 8, shift: 10, activation: "identity" }];
  const spec = /** @type {any} */ ({ betas: [0, 4], latent_dim: 3, shape: [2], label_names: ["a"], decoder: { latent_dim: 3, shape: [2], beta, layers } });
  // Halves of 1, 0, ...: the first pixel is z1 + z3, the second z2; the gain makes both grow with beta.
  const one = 0x3c00;
  const model = new Model(spec, Uint16Array.from([one, 0, 0, one, one, 0, 0, 0, one, one, 0, 0]));
  const halves = Uint16Array.from([one, 0, 0, one, one, one, 0, one, 0, one, one, one]);
  model.codes.addChunk({ mu_sigma: halves, labels: [0], ids: Int32Array.of(0), test: Uint8Array.of(0) });
  model.setPlane(Plane.ofDimensions(2, 1, 3, [5, 0, 0]), false);
  assert.deepEqual([...model.codes.at(4)], [0, 1, 1, 1]);
  model.decoder.setBeta(4);
  const gain = 1 + betaToU(4, SCALE);
  close(model.decoder.decode([2, 3])[0], 7 * gain);
  assert.equal(model.decoder.decodeMany([2, 3, 0, 0]).length, 4);
  close(model.decoder.decodeMany([2, 3, 0, 1])[3], gain, "the second place");
  close(/** @type {Float32Array} */ (model.decodeSample(0, 0, model.codes.at(0)))[0], 1 + betaToU(0, SCALE), "at its own mu");
});

test("the state says which plane, and what cannot be had falls back to the dimensions of the largest KL", () => {
  assert.deepEqual(readPlane("dims:3,1"), { kind: "dims", numbers: [3, 1] });
  for (const text of ["", "dims:1,1", "dims:1", "samples:1,2", "moon"]) assert.equal(readPlane(text), null, text);
  assert.equal(writeHold(readHold("2:0.5;0:-1;9:3;x:1", D)), "0:-1;2:0.5");
  const dimensions = [[0.1, 2, 0.5, 3].map((kl) => ({ kl, variance: 1, sigma: 1, active: true }))];
  assert.deepEqual(ranked(dimensions[0]), [3, 1, 2, 0]);
  const codes = codesOf([1]);
  const model = /** @type {any} */ ({ spec: { dimensions, principal: null }, codes, d: D });
  const of = (/** @type {string} */ plane, hold = "", selected = -1) => planeOf(model, { plane, hold, selected }, 0);
  assert.deepEqual(of("").dimensions, [3, 1]);
  assert.deepEqual(of("dims:0,2").dimensions, [0, 2]);
  assert.deepEqual(of("dims:0,9").dimensions, [3, 1]);
  assert.deepEqual(of("samples:0,10,77").dimensions, [3, 1], "a sample that is not here yet");
  const through = of("samples:0,10,20");
  through.lift(...through.project(codes.exact(2, 0).mu)).forEach((value, j) => close(value, codes.exact(2, 0).mu[j]));
  close(of("samples:0,10,20", "sample", 30).lift(0, 0)[0], through.held(codes.exact(3, 0).mu).rest[0], "parallel to the one through the three");
  close(of("", "sample", 30).rest[0], codes.exact(3, 0).mu[0], "held at the selected sample");
  close(of("", "0:1.5").rest[0], 1.5);
});

import assert from "node:assert/strict";
import test from "node:test";

import { covering, pick } from "../../ui/latent_canvas/frontend/codes.js";
import { turnedAxes } from "../../ui/latent_canvas/frontend/scene.js";
import { Plane, planeOf, ranked, readHold, readPlane, writeHold } from "../../ui/latent_canvas/frontend/space.js";
import { SpaceCodes } from "../../ui/latent_canvas/frontend/space_codes.js";
import { createView } from "../../ui/latent_canvas/frontend/view.js";
import { aggregateGrid } from "../../ui/latent_canvas/frontend/weight/aggregate.js";
import { random } from "./random.js";

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
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  const turn = Float64Array.from([c, s, 0, 0, -s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const identity = Float64Array.from({ length: D * D }, (_, i) => (i % (D + 1) ? 0 : 1));
  const codes = codesOf([1, 4], [identity, turn]);
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
  const view = createView({ x0: 0, y0: 0, scale: 60, width: 400, height: 400 });
  for (const [sx, sy, rho] of [[0.8, 0.5, 0.7], [0.3, 0.9, -0.9], [1.2, 1.2, 0.3]]) {
    const grid = aggregateGrid(Float32Array.from([0.2, -0.1, sx, sy]), 1, view, 3, undefined, Float32Array.from([rho]));
    const density = (/** @type {number} */ x, /** @type {number} */ y) => {
      const [a, b] = [(x - 0.2) / sx, (y + 0.1) / sy];
      return Math.exp(-(a * a - 2 * rho * a * b + b * b) / (2 * (1 - rho * rho))) / (2 * Math.PI * sx * sy * Math.sqrt(1 - rho * rho));
    };
    const peak = density(0.2, -0.1);
    let worst = 0, mass = 0;
    for (let j = 0; j < grid.height; j++) {
      for (let i = 0; i < grid.width; i++) {
        const [x, y] = [((i + 0.5) * 3 - 200) / 60, (200 - (j + 0.5) * 3) / 60];
        // aggregateGrid counts mass per texel of 3 px: 20 texels are a latent unit.
        worst = Math.max(worst, Math.abs(grid.values[j * grid.width + i] - density(x, y)) / peak);
        mass += grid.values[j * grid.width + i] / 400;
      }
    }
    assert.ok(worst < 0.01, `${sx} ${sy} ${rho}: off by ${worst} of the peak`);
    assert.ok(mass > 0.95 && mass < 1.005, `mass ${mass}`);
  }
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
  close(of("", "sample", 30).rest[0], codes.exact(3, 0).mu[0], "held at the selected sample");
  close(of("", "0:1.5").rest[0], 1.5);
});

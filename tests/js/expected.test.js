import "./texts.js";
import assert from "node:assert/strict";
import test from "node:test";

import { rate } from "../../ui/latent_canvas/frontend/codes.js";
import { Decoder } from "../../ui/latent_canvas/frontend/decoder.js";
import { short, smooth } from "../../ui/latent_canvas/frontend/story/balance_chart.js";
import { changeOf, readLeast, readState } from "../../ui/latent_canvas/frontend/story/balance_words.js";
import { Distortion, WidthCurve, cost, gaussHermite, nodesFor, pairsOf } from "../../ui/latent_canvas/frontend/story/expected.js";
import { ACROSS, Around, betweenSamples, epsilons, greyLevels, inside, insidePercent } from "../../ui/latent_canvas/frontend/story/width_rows.js";
import { extremes } from "../../ui/latent_canvas/frontend/story/width_ends.js";
import { random } from "./random.js";

const PIXELS = 12;
const GAUSSIAN = /** @type {const} */ ({ likelihood: "gaussian", sigma_x: 0.25 });
const BERNOULLI = /** @type {const} */ ({ likelihood: "bernoulli", sigma_x: 0.25 });

/** A decoder of random weights whose picture changes a good deal within a unit of z. */
function makeDecoder() {
  const next = random(7);
  const widths = [2, 16, PIXELS];
  let size = 0;
  const take = (count) => (size += count) - count;
  const layers = widths.slice(1).map((out, i) => ({
    kind: "dense", in: widths[i], out, activation: i ? "sigmoid" : "tanh", weight: take(widths[i] * out), bias: take(out), gain: null, shift: null,
  }));
  const weights = Float32Array.from({ length: size }, () => 2.4 * (next() - 0.5));
  const decoder = new Decoder({ latent_dim: 2, shape: [PIXELS], beta: { offset: 0.003, train_max: 16, degree: 3 }, layers }, weights);
  decoder.setBeta(1);
  return decoder;
}

function sample() {
  const next = random(3);
  return Float32Array.from({ length: PIXELS }, () => next());
}

test("Gauss–Hermite rules give the moments of N(0, 1) that they must, and their weights sum to 1", () => {
  for (const n of [1, 2, 3, 5, 7, 9]) {
    const { nodes, weights } = gaussHermite(n);
    assert.equal(nodes.length, n);
    for (let k = 0; k < n; k++) {
      // E x^2k = 1 · 3 · … · (2k − 1), exact up to degree 2n − 1; odd moments are 0.
      let moment = 1;
      for (let j = 1; j < 2 * k; j += 2) moment *= j;
      const even = nodes.reduce((sum, x, i) => sum + weights[i] * x ** (2 * k), 0);
      const odd = nodes.reduce((sum, x, i) => sum + weights[i] * x ** (2 * k + 1), 0);
      assert.ok(Math.abs(even / moment - 1) < 1e-11, `n = ${n}, moment ${2 * k}: ${even} is not ${moment}`);
      assert.ok(Math.abs(odd) < 1e-9 * moment * (2 * k + 1));
    }
  }
  const five = gaussHermite(5);
  assert.ok(Math.abs(five.nodes[4] - Math.sqrt(5 + Math.sqrt(10))) < 1e-12);
  assert.ok(Math.abs(five.weights[2] - 8 / 15) < 1e-12);
  const { nodes, weights } = pairsOf(5);
  assert.equal(nodes.length, 2 * weights.length);
  assert.ok(Math.abs(weights.reduce((sum, w) => sum + w, 0) - 1) < 1e-12);
});

test("the cost of one picture is the likelihood's formula, constants included", () => {
  const x = [0, 1, 0.3], p = Float64Array.of(0.2, 0.9, 0.6);
  const squares = 0.2 ** 2 + 0.1 ** 2 + 0.3 ** 2;
  assert.ok(Math.abs(cost(x, p, 0, GAUSSIAN) - (squares / (2 * 0.25 ** 2) + 3 * Math.log(0.25 * Math.sqrt(2 * Math.PI)))) < 1e-12);
  const entropy = -(Math.log(0.8) + Math.log(0.9) + 0.3 * Math.log(0.6) + 0.7 * Math.log(0.4));
  assert.ok(Math.abs(cost(x, p, 0, BERNOULLI) - entropy) < 1e-12);
  assert.ok(Number.isFinite(cost([1, 0], Float64Array.of(0, 1), 0, BERNOULLI)), "a mean of exactly 0 or 1 has a finite cost");
  assert.equal(cost([1, 0], Float64Array.of(1, 0), 0, BERNOULLI), 0);
});

test("the quadrature agrees with 20,000 random draws within four standard errors", () => {
  const decoder = makeDecoder();
  const next = random(11);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  for (const likelihood of [GAUSSIAN, BERNOULLI]) {
    const distortion = new Distortion(decoder, likelihood);
    distortion.x = sample();
    for (const [mu, sigma] of [[[0.3, -0.5], [0.03, 0.02]], [[-1, 0.2], [0.1, 0.3]], [[0, 0], [1, 0.7]]]) {
      const draws = 20_000;
      let [sum, squares] = [0, 0];
      for (let i = 0; i < draws; i++) {
        const value = distortion.at(mu[0] + sigma[0] * normal(), mu[1] + sigma[1] * normal());
        sum += value;
        squares += value * value;
      }
      const mean = sum / draws, error = Math.sqrt((squares / draws - mean ** 2) / draws);
      const exact = distortion.under(mu, sigma);
      assert.ok(Math.abs(exact - mean) < 4 * error, `${likelihood.likelihood} ${sigma}: ${exact} against ${mean} ± ${error}`);
      assert.ok(Math.abs(exact - distortion.under(mu, sigma, 15)) < 0.02, "and with far more nodes");
    }
  }
});

test("a Gaussian without width costs what its mean costs, and its average picture is the mean's", () => {
  const decoder = makeDecoder();
  const distortion = new Distortion(decoder, GAUSSIAN);
  distortion.x = sample();
  assert.ok(Math.abs(distortion.underWithAverage([0.4, 0.1], [1e-7, 1e-7]) - distortion.at(0.4, 0.1)) < 1e-6);
  decoder.decode([0.4, 0.1]).forEach((value, i) => assert.ok(Math.abs(value - distortion.average[i]) < 1e-5));
});

test("more nodes for wider Gaussians; other latent spaces than the plane are refused", () => {
  assert.deepEqual([0.01, 0.1, 0.3, 1].map(nodesFor), [3, 5, 7, 9]);
  assert.throws(() => new Distortion(/** @type {any} */ ({ inputs: 3, pixels: 4 }), GAUSSIAN), /2 dimensions, got 3/);
});

/** @param {number} beta */
function settledCurve(beta, mu = [0.2, 0.1], sigma = [0.1, 0.2]) {
  const decoder = makeDecoder();
  const distortion = new Distortion(decoder, GAUSSIAN);
  // The picture at μ itself: D is least without any noise.
  distortion.x = decoder.decode(mu);
  const curve = new WidthCurve(2 ** -8, 4, 33);
  curve.follow(mu, sigma, `${beta}`);
  while (!curve.settled) curve.work(distortion, 1);
  return { curve, distortion };
}

test("along the width D rises, β·R falls as −log σ until the prior's width, and the least sum moves with β", () => {
  const { curve, distortion } = settledCurve(1);
  for (let i = 1; i < curve.widths.length; i++) if (curve.widths[i] < 0.5) assert.ok(curve.d[i] > curve.d[i - 1] - 1e-9);
  const narrow = curve.rateAt(0.01) - curve.rateAt(0.02);
  assert.ok(Math.abs(narrow - 2 * Math.log(2)) < 0.01, "halving both σ costs 2 log 2 nats");
  assert.ok(Math.abs(curve.rateAt(0.3) - rate(0.2, 0.1, 0.3 * Math.SQRT1_2, 0.3 * Math.SQRT2)) < 1e-12, "σ₁ : σ₂ stays");
  const best = [0.1, 1, 4].map((beta) => curve.least(beta));
  assert.ok(best[0].width < best[1].width && best[1].width < best[2].width);
  const { width, sum } = best[1];
  const at = (/** @type {number} */ w) => distortion.under(curve.mu, curve.shape.map((s) => w * s)) + curve.rateAt(w);
  assert.ok(Math.abs(at(width) - sum) < 0.02);
  assert.ok(at(width) < at(0.8 * width) && at(width) < at(1.25 * width));
});

test("at β = 0 nothing keeps σ from vanishing", () => {
  const least = settledCurve(0).curve.least(0);
  assert.equal(least?.edge, "low");
  assert.equal(least?.width, 2 ** -8);
});

test("a curve that is followed elsewhere keeps its old values until they are worked out anew, and rough ones are done again", () => {
  const { curve, distortion } = settledCurve(1);
  const before = [...curve.d];
  curve.follow([0.5, 0.1], [0.1, 0.1], "1");
  assert.equal(curve.settled, false);
  assert.deepEqual([...curve.d], before);
  curve.work(distortion, 1000, 3);
  assert.equal(curve.settled, false, "wide Gaussians were worked out with too few nodes");
  assert.ok(curve.d.every((value, i) => value !== before[i]));
  curve.work(distortion, 1000);
  assert.equal(curve.settled, true);
  curve.clear();
  assert.equal(curve.least(1), null);
});

test("a smooth curve goes through its points, and through a parabola everywhere", () => {
  const points = [-1, -0.4, 0, 0.7, 1.2, 2].map((x) => /** @type {[number, number]} */ ([x, 3 * x * x - x]));
  const drawn = smooth(points, 4);
  for (const [x, y] of points) assert.ok(drawn.some(([a, b]) => Math.abs(a - x) < 1e-12 && Math.abs(b - y) < 1e-12));
  for (const [x, y] of drawn) if (x >= -0.4 && x <= 1.2) assert.ok(Math.abs(y - (3 * x * x - x)) < 1e-9);
  assert.equal(short(-0.04), "0.0");
  assert.equal(short(-3.21), "−3.2");
});

const ENCODER = { mu: /** @type {[number, number]} */ ([1, 2]), sigma: /** @type {[number, number]} */ ([0.1, 0.1]), width: 0.1, d: -20, r: 5, sum: -15 };

test("the state is read as a sentence: which force gains, which loses, and what both make", () => {
  const narrow = { ...ENCODER, sigma: /** @type {[number, number]} */ ([0.05, 0.05]), width: 0.05, d: -20.4, r: 6.9, sum: -13.5 };
  assert.equal(
    readState(narrow, ENCODER, 1),
    "Yours is narrower (0.50 times the encoder’s width). The picture comes back 0.4 nats better, but the KL term asks 1.9 nats more: together this is 1.5 nats worse.",
  );
  assert.match(readState(ENCODER, ENCODER, 1), /own answer/);
  assert.match(readState({ ...narrow, sum: -20.4 }, ENCODER, 0), /but at β = 0 the KL term counts for nothing/);
  assert.match(readState({ ...ENCODER, mu: [1.2, 2], d: -18, sum: -13 }, ENCODER, 1), /^Your centre lies 0\.20 away from the encoder’s μ on the map\. The picture comes back 2\.0 nats worse/);
  assert.match(readState({ ...ENCODER, sigma: [0.05, 0.2] }, ENCODER, 1), /the same area as the encoder’s, but another shape/);
  assert.deepEqual([changeOf(narrow, ENCODER).size, changeOf(narrow, ENCODER).factor], ["narrower", 0.5]);
  assert.equal(changeOf({ ...ENCODER, mu: [1.003, 2] }, ENCODER).moved, false, "a centre within a twentieth of σ is the encoder’s");
});

test("where the sum is least is said against the encoder's answer, honestly", () => {
  const at = (/** @type {number} */ width, /** @type {number} */ sum, edge = "", narrow = sum + 5) => /** @type {any} */ ({ width, sum, edge, narrow });
  const least = (/** @type {number} */ width, /** @type {number} */ sum) => readLeast(at(width, sum), ENCODER, ENCODER, 1);
  assert.match(least(0.11, -15.02), /1\.1 times .*found the balance/);
  assert.match(least(0.13, -15.3), /1\.3 times .*0\.3 nats below.*not exactly there/);
  assert.match(least(0.2, -15.6), /^For this sample .*2\.0 times .*0\.6 nats below/);
  assert.match(least(0.4, -17), /an exception.*4\.0 times .*2\.0 nats below.*not best for each/);
  assert.match(readLeast(at(0.004, -20, "low"), ENCODER, ENCODER, 0), /nothing keeps σ from vanishing/);
  assert.match(readLeast(at(0.3, -20), ENCODER, ENCODER, 0), /an exception.*a whole cloud of width σ = 0\.30/);
  assert.match(readLeast(at(0.01, -20, "", -19.99), ENCODER, ENCODER, 0), /nothing keeps σ from vanishing/, "as good as least at the narrow end");
  assert.match(readLeast(at(0.1, -12), { ...ENCODER, mu: [2, 2] }, ENCODER, 1), /still 3\.0 nats above/);
  assert.equal(readLeast(null, ENCODER, ENCODER, 1), "");
});

test("the draws of the width are standard normal, other with every seed, and the rows lie at the rim and far outside", () => {
  const all = Array.from({ length: 300 }, (_, seed) => [...epsilons(seed + 1, 10).subarray(0, 2 * ACROSS)]).flat();
  const mean = all.reduce((sum, v) => sum + v, 0) / all.length;
  const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length;
  assert.ok(Math.abs(mean) < 4 / Math.sqrt(all.length));
  assert.ok(Math.abs(variance - 1) < 4 * Math.sqrt(2 / all.length));
  const radii = Array.from({ length: all.length / 2 }, (_, i) => Math.hypot(all[2 * i], all[2 * i + 1]));
  for (const k of [1, 2, 3]) {
    const share = radii.filter((r) => r <= k).length / radii.length;
    assert.ok(Math.abs(share - inside(k)) < 4 * Math.sqrt((inside(k) * (1 - inside(k))) / radii.length));
  }
  for (const [at, k] of [[1, 3], [2, 10]]) {
    const row = epsilons(1, 10).subarray(2 * ACROSS * at, 2 * ACROSS * (at + 1));
    for (let i = 0; i < ACROSS; i++) assert.ok(Math.abs(Math.hypot(row[2 * i], row[2 * i + 1]) - k) < 1e-12);
  }
  assert.deepEqual(epsilons(5, 6), epsilons(5, 6));
  assert.deepEqual(epsilons(5, 6).subarray(0, 2 * ACROSS), epsilons(5, 20).subarray(0, 2 * ACROSS));
  assert.notDeepEqual(epsilons(5, 6), epsilons(6, 6));
  assert.deepEqual([1, 2, 3, 5].map(insidePercent), ["39", "86", "98.9", "> 99.9"]);
});

test("the last row lies where the picture has become clearly another one, if the map reaches so far", () => {
  const decoder = makeDecoder();
  const around = (/** @type {number} */ sigma) => new Around(decoder, [0.2, 0.1], [sigma, sigma], decoder.decode([0.2, 0.1]));
  const narrow = around(0.02), between = 40;
  const far = narrow.far(between);
  assert.ok(far > 4 && narrow.average(far) >= 0.4 * between, `${far}`);
  assert.ok(narrow.average(0.6 * far) < 0.4 * between);
  assert.ok(narrow.far(10) < far, "sooner where samples differ less");
  assert.equal(around(0.9).far(between), 4, "a wide Gaussian: never nearer than 4σ, and not off the map");
  assert.ok(around(0.25).far(1e6) * 0.25 <= 3);
});

test("what two samples differ by is the average over pairs", () => {
  const decoder = makeDecoder();
  const codes = Float32Array.of(0, 0, 1, 1, 1, 0, 1, 1, 0, 2, 1, 1);
  const pictures = [[0, 0], [1, 0], [0, 2]].map((z) => decoder.decode(z));
  const pairs = [[0, 1], [0, 2], [1, 2]].map(([i, j]) => greyLevels(pictures[i], pictures[j]));
  assert.ok(Math.abs(betweenSamples(decoder, codes) - (pairs[0] + pairs[1] + pairs[2]) / 3) < 1e-4);
  assert.equal(betweenSamples(decoder, codes.subarray(0, 4)), 0);
});

test("grey levels and the smallest and widest ellipse", () => {
  assert.equal(greyLevels([0, 1], [0.5, 0.5]), 127.5);
  assert.deepEqual(extremes(Float32Array.of(0, 0, 0.1, 0.3, 1, 1, 0.2, 0.1, 2, 2, 0.5, 0.2)), { smallest: 1, widest: 2 });
});

// The aggregate posterior on a grid and its marginals: against direct sums of Gaussians.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createView } from "../../ui/latent_canvas/frontend/view.js";
import { aggregateGrid, marginal } from "../../ui/latent_canvas/frontend/weight/aggregate.js";
import { random } from "./random.js";

const VIEW = createView({ scale: 560 / 6.5, width: 560, height: 560 });
const TEXEL = 3;
const PER_TEXEL = VIEW.scale / TEXEL; // texels per latent unit
const TOTAL = PER_TEXEL ** 2;

const normal = (x, mu, sigma) => Math.exp(-0.5 * ((x - mu) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));
const massOf = ({ values }) => values.reduce((sum, v) => sum + v, 0) / TOTAL;

function someCodes(n, least, spread = 4) {
  const next = random(7);
  const codes = new Float32Array(4 * n);
  for (let c = 0; c < codes.length; c += 4) codes.set([spread * (next() - 0.5), spread * (next() - 0.5), least + next(), least + next()], c);
  return codes;
}

/** Largest difference from the direct sum at any node, as a share of its peak. */
function worstOf({ values, width }, codes) {
  let [worst, peak] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    const x = (((at % width) + 0.5) * TEXEL - 280) / VIEW.scale;
    const y = (280 - (Math.floor(at / width) + 0.5) * TEXEL) / VIEW.scale;
    let sum = 0;
    for (let c = 0; c < codes.length; c += 4) sum += normal(x, codes[c], codes[c + 2]) * normal(y, codes[c + 1], codes[c + 3]);
    sum /= codes.length / 4;
    worst = Math.max(worst, Math.abs(values[at] - sum));
    peak = Math.max(peak, sum);
  }
  return worst / peak;
}

test("the density on the grid is the sum of the Gaussians", () => {
  const codes = someCodes(40, 0.15);
  const worst = worstOf(aggregateGrid(codes, 40, VIEW, TEXEL), codes);
  assert.ok(worst < 0.005, String(worst));
});

test("all of the mass is on a grid that holds every Gaussian", () => {
  const codes = someCodes(40, 0.1, 2).map((v, i) => (i % 4 < 2 ? v : v / 3));
  const mass = massOf(aggregateGrid(codes, 40, VIEW, TEXEL));
  assert.ok(Math.abs(mass - 1) < 0.001, String(mass));
});

for (const [sx, sy] of [[7.9, 3.9], [3.9, 7.9], [15.9, 7], [20, 3]]) {
  test(`one Gaussian is whole on every side, ${sx} by ${sy} texels wide`, () => {
    const codes = Float32Array.of(0, 0, sx / PER_TEXEL, sy / PER_TEXEL);
    const worst = worstOf(aggregateGrid(codes, 1, VIEW, TEXEL), codes);
    assert.ok(worst < 0.005, String(worst));
  });
}

test("a Gaussian narrower than the grid keeps its mass", () => {
  const mass = massOf(aggregateGrid(Float32Array.of(0.4, -0.3, 1e-3, 1e-4), 1, VIEW, TEXEL));
  assert.ok(Math.abs(mass - 1) < 0.001, String(mass));
});

test("a grid written over an older one is the same as a new one", () => {
  const codes = someCodes(20, 0.1);
  const fresh = aggregateGrid(codes, 20, VIEW, TEXEL);
  const out = new Float32Array(fresh.values.length).fill(9);
  const again = aggregateGrid(codes, 20, VIEW, TEXEL, out);
  assert.equal(again.values, out);
  assert.deepEqual(again, fresh);
  assert.ok(aggregateGrid(codes, 0, VIEW, TEXEL, out).values.every((v) => v === 0));
});

test("no samples give zeros, without a NaN", () => {
  assert.ok(aggregateGrid(new Float32Array(0), 0, VIEW, TEXEL).values.every((v) => v === 0));
  assert.ok(marginal(new Float32Array(0), 0, 0, -3, 3, 20).every((v) => v === 0));
});

test("a marginal is the sum of the Gaussians, with mass 1", () => {
  const codes = someCodes(30, 0.1);
  const count = 601;
  for (const axis of /** @type {const} */ ([0, 1])) {
    const values = marginal(codes, 30, axis, -9, 9, count);
    let mass = 0;
    for (let i = 0; i < count; i++) {
      const x = -9 + (18 * i) / (count - 1);
      let sum = 0;
      for (let c = axis; c < codes.length; c += 4) sum += normal(x, codes[c], codes[c + 2]) / 30;
      assert.ok(Math.abs(values[i] - sum) < 1e-5, `${values[i]} against ${sum}`);
      mass += (values[i] * 18) / (count - 1);
    }
    assert.ok(Math.abs(mass - 1) < 1e-4);
  }
});

test("a component narrower than the step of a marginal keeps its mass", () => {
  const values = marginal(Float32Array.of(0.123, 0, 1e-4, 1), 1, 0, -3, 3, 301, new Float32Array(301).fill(9));
  const mass = values.reduce((sum, v) => sum + v, 0) * 0.02;
  assert.ok(Math.abs(mass - 1) < 1e-4, String(mass));
});

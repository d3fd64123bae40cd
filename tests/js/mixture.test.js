// The mixture of the first n Gaussians: order, moments, grid and holes against direct sums.

import assert from "node:assert/strict";
import { test } from "node:test";
import { logDensity } from "../../ui/latent_canvas/frontend/codes.js";
import { mulberry32, normals } from "../../ui/latent_canvas/frontend/story/random.js";
import { Holes, MixtureGrid, TEXEL, countAt, evenDraws, moments, orderCodes, placeOf, shareError } from "../../ui/latent_canvas/frontend/story/mixture.js";
import { createView } from "../../ui/latent_canvas/frontend/view.js";
import { aggregateGrid } from "../../ui/latent_canvas/frontend/weight/aggregate.js";

function someCodes(n) {
  const chance = mulberry32(5);
  const mu = normals(chance, 2 * n);
  return Float32Array.from({ length: 4 * n }, (_, c) => (c % 4 < 2 ? mu[2 * (c >> 2) + (c % 4)] : 0.05 + 0.2 * chance()));
}

test("the chosen sample comes first, the others as they came; a drawing is one more", () => {
  const current = Float32Array.of(0, 0, 1, 1, 1, 0, 1, 1, 2, 0, 1, 1);
  const none = { mu: [0, 0], sigma: [1, 1] };
  assert.deepEqual([...orderCodes(current, 1, none).order], [1, 0, 2]);
  assert.deepEqual([...orderCodes(current, 1, none).codes.subarray(0, 5)], [1, 0, 1, 1, 0]);
  const drawn = orderCodes(current, -1, { mu: [9, 8], sigma: [7, 6] });
  assert.deepEqual([...drawn.order], [-1, 0, 1, 2]);
  assert.deepEqual([...drawn.codes.subarray(0, 5)], [9, 8, 7, 6, 0]);
});

test("one Gaussian's mixture is that Gaussian; the mixture's moments are those of its draws", () => {
  const codes = someCodes(40);
  const one = moments(codes, 1);
  for (const axis of [0, 1]) {
    assert.ok(Math.abs(one.mean[axis] - codes[axis]) < 1e-6);
    assert.ok(Math.abs(one.deviation[axis] - codes[2 + axis]) < 1e-6);
  }
  const chance = mulberry32(8);
  const draws = Array.from({ length: 40_000 }, () => {
    const c = 4 * Math.floor(40 * chance());
    return codes[c] + codes[c + 2] * normals(chance, 2)[0];
  });
  const mean = draws.reduce((sum, v) => sum + v, 0) / draws.length;
  const deviation = Math.sqrt(draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / draws.length);
  const exact = moments(codes, 40);
  assert.ok(Math.abs(exact.mean[0] - mean) < 0.02 && Math.abs(exact.deviation[0] - deviation) < 0.02);
});

test("a grid that grows step by step is the one made at once, and it may shrink again", () => {
  const codes = someCodes(200);
  const view = createView({ scale: 60, width: 400, height: 400 });
  const grid = new MixtureGrid();
  for (const n of [1, 2, 12, 200, 30]) {
    const { values } = grid.at(codes, n, view, "a");
    const whole = aggregateGrid(codes, n, view, TEXEL);
    const peak = whole.values.reduce((a, b) => Math.max(a, b), 0);
    for (let i = 0; i < values.length; i += 7) assert.ok(Math.abs(values[i] / n - whole.values[i]) < 0.01 * peak);
  }
});

test("holes are counted as the density says, for every n", () => {
  const codes = someCodes(60);
  const draws = normals(mulberry32(2), 600);
  const holes = new Holes(codes, draws);
  assert.equal(holes.at(5), null);
  let rounds = 0;
  while (!holes.step(0)) rounds += 1;
  assert.ok(rounds > 1, "the work can be spread");
  for (const n of [1, 7, 60]) {
    let count = 0;
    for (let d = 0; d < 300; d++) {
      const z = draws.subarray(2 * d, 2 * d + 2);
      const prior = -(z[0] ** 2 + z[1] ** 2) / 2 - Math.log(2 * Math.PI);
      if (logDensity(codes.subarray(0, 4 * n), z) < prior - Math.log(10)) count += 1;
    }
    assert.ok(Math.abs(holes.at(n) - count / 300) < 1e-6);
  }
});

test("even draws are spread as the prior is, more closely than random ones", () => {
  const draws = evenDraws(4000);
  for (const radius of [0.5, 1, 2, 3]) {
    let outside = 0;
    for (let d = 0; d < 4000; d++) outside += Math.hypot(draws[2 * d], draws[2 * d + 1]) > radius ? 1 : 0;
    assert.ok(Math.abs(outside / 4000 - Math.exp(-(radius ** 2) / 2)) < 0.001);
  }
  let [right, corner] = [0, 0];
  for (let d = 0; d < 4000; d++) {
    right += draws[2 * d] > 0.7 ? 1 : 0;
    corner += draws[2 * d] > 0 && draws[2 * d + 1] > 0 ? 1 : 0;
  }
  assert.ok(Math.abs(right / 4000 - 0.24196) < 0.004 && Math.abs(corner / 4000 - 0.25) < 0.004);
});

test("a share's standard error is that of random draws, and never nothing", () => {
  assert.ok(Math.abs(shareError(0.12, 4000) - Math.sqrt((0.12 * 0.88) / 4000)) < 1e-4);
  assert.ok(shareError(0, 4000) > 0.0002);
});

test("the slider goes from one to all and back without loss at its ends", () => {
  assert.deepEqual([countAt(0, 1797), countAt(1, 1797), countAt(0.5, 10_000)], [1, 1797, 100]);
  for (const n of [1, 2, 10, 500, 1797]) assert.equal(countAt(placeOf(n, 1797), 1797), n);
  assert.equal(placeOf(1, 1), 1);
});

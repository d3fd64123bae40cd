// What the story's questions are dealt from, and what they count.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commonest, dealPair, doubled, emptyCorner, growthOf, labelCounts, pictureChange, poolOf, quietSteps, seedOf, shareCloser, stripChange, toStored,
  withoutOne,
} from "../../ui/latent_canvas/frontend/story/dealing.js";
import { mulberry32 } from "../../ui/latent_canvas/frontend/story/random.js";

test("the same seed deals the same numbers, another one others, all in [0, 1)", () => {
  const [a, b, c] = [mulberry32(seedOf("digits/0")), mulberry32(seedOf("digits/0")), mulberry32(seedOf("digits/1"))];
  const [first, again, other] = [a, b, c].map((chance) => Array.from({ length: 1000 }, chance));
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
  assert.ok(first.every((v) => v >= 0 && v < 1));
  assert.equal(mulberry32(1)(), 0.6270739405881613); // as published
});

test("questions are about the first chunk wherever it stands, and about held-out samples where there are any", () => {
  const codes = { n: 6, test: Uint8Array.of(1, 1, 0, 0, 1, 0) };
  const chunks = new Map([[3, { start: 0, count: 2 }], [0, { start: 2, count: 4 }]]);
  assert.deepEqual(poolOf({ codes, chunks }), [4]);
  assert.deepEqual(poolOf({ codes: { ...codes, test: new Uint8Array(6) }, chunks }), [2, 3, 4, 5]);
  assert.deepEqual(poolOf({ codes, chunks: new Map() }), [0, 1, 4]);
});

test("a pair differs by a factor of three to ten where there is one", () => {
  const areas = Float64Array.from({ length: 300 }, (_, i) => 0.01 * 1.02 ** i);
  const pool = Array.from(areas.keys());
  let firstIsLarger = 0;
  for (let seed = 0; seed < 60; seed++) {
    const [a, b] = dealPair(mulberry32(seed), pool, (i) => areas[i]);
    const ratio = Math.max(areas[a] / areas[b], areas[b] / areas[a]);
    assert.ok(ratio >= 3 && ratio <= 10);
    firstIsLarger += areas[a] > areas[b] ? 1 : 0;
  }
  assert.ok(firstIsLarger > 15 && firstIsLarger < 45);
});

test("where no pair differs that much it is the most different one, and one sample makes no pair", () => {
  assert.deepEqual(new Set(dealPair(mulberry32(1), [0, 1, 2], (i) => [1, 1.2, 1.1][i])), new Set([0, 1]));
  assert.deepEqual(new Set(dealPair(mulberry32(1), [0, 1], (i) => [1, 100][i])), new Set([0, 1]));
  assert.equal(dealPair(mulberry32(1), [7], () => 1), null);
});

test("beta is doubled within the model's range, and the other way at its top", () => {
  const betas = [0, 0.05, 0.1, 1, 4.5, 8, 12];
  assert.deepEqual(doubled(1, betas), { to: 2, kind: "double" });
  assert.deepEqual(doubled(8, betas), { to: 12, kind: "top" });
  assert.deepEqual(doubled(12, betas), { to: 6, kind: "halve" });
  assert.deepEqual(doubled(0, betas), { to: 0.1, kind: "first" });
});

test("without the encoder the nearest stored beta is asked about, and never the same one", () => {
  const betas = [0, 0.5, 1, 2.6, 6];
  assert.deepEqual(toStored({ from: 1, to: 2, kind: "double" }, betas), { from: 1, to: 2.6, kind: "raise" });
  assert.deepEqual(toStored({ from: 0.5, to: 1, kind: "double" }, betas), { from: 0.5, to: 1, kind: "double" });
  assert.deepEqual(toStored({ from: 2.6, to: 2.5, kind: "halve" }, betas), { from: 2.6, to: 1, kind: "lower" });
  assert.deepEqual(toStored({ from: 2.6, to: 3, kind: "double" }, betas), { from: 2.6, to: 6, kind: "raise" });
});

test("growth within ten per cent counts as none", () => {
  assert.deepEqual([0.5, 0.92, 1, 1.09, 1.2].map(growthOf), ["shrink", "same", "same", "same", "grow"]);
});

test("steps that change little are tiny ones, or end at the top; of stored values only the latter", () => {
  const betas = [0, 0.5, 1, 8, 9.5, 11, 12];
  const steps = quietSteps(betas, false);
  assert.ok(steps.every(({ from, to, kind }) => (kind === "top" ? from >= 9 && from < 12 && to === 12 : to === 2 * from && to <= 0.002)));
  assert.ok(steps.some(({ kind }) => kind === "double"));
  assert.deepEqual(quietSteps(betas, true), [{ from: 9.5, to: 12, kind: "top" }, { from: 11, to: 12, kind: "top" }]);
});

test("shares leave out the sample they are about, and labels that tie are all the commonest", () => {
  const current = Float32Array.of(0, 0, 1, 1, 1, 0, 1, 1, 0, 3, 1, 1, 5, 0, 1, 1);
  assert.equal(shareCloser(current, [0, 0], 2, 0), 1 / 3);
  assert.equal(shareCloser(current, [0, 0], 1, 0), 0, "what lies just as far is no closer");
  assert.ok(Number.isNaN(shareCloser(current.subarray(0, 4), [0, 0], 2, 0)));
  assert.deepEqual(labelCounts([0, 1, 2, 3], [4, 2, 4, 1]), [[4, 2], [1, 1], [2, 1]]);
  assert.deepEqual(commonest([0, 1, 2, 3, 4], [8, 1, 1, 8, 6]), { labels: [1, 8], count: 2 });
  assert.deepEqual(commonest([0, 2], [8, 1, 8]), { labels: [8], count: 2 });
});

test("the ring waits in the corner with the most room", () => {
  const current = Float32Array.of(3, 3, 1, 1, -3, 3, 1, 1, -3, -3, 1, 1, 1, -1, 1, 1);
  const [x, y] = emptyCorner([-4, 4, -4, 4], current);
  assert.ok(x > 3 && x < 4 && y > -4 && y < -3);
});

test("the picture changes as fast as the decoder's slopes say", () => {
  const decoder = { decode: ([x, y]) => Float32Array.of(2 * x, 2 * x, 8 * y, 8 * y) };
  // Root mean squares 2/√2 and 8/√2 per unit: their geometric mean is 4/√2.
  assert.ok(Math.abs(pictureChange(decoder, [0.3, -0.2], 0.1) - 0.4 / Math.SQRT2) < 1e-6);
});

test("a row of pictures changes as much as they differ from the one in its middle", () => {
  const decoder = { decode: ([x, y]) => Float32Array.of(x, y) };
  // Offsets ±1 change one of two pixels by 1: √(1/2); ±2 by 2: √2; together √((4 + 1) / 4).
  assert.ok(Math.abs(stripChange(decoder, [0.5, 0.5], [-2, -1, 1, 2]) - Math.sqrt(5 / 4)) < 1e-6);
});

test("the others keep their places and labels when one is left out", () => {
  const current = Float32Array.of(0, 0, 1, 1, 1, 0, 1, 1, 0, 3, 1, 1);
  const { codes, labels } = withoutOne(current, [7, 8, 9], 1);
  assert.deepEqual([...codes.subarray(4)], [0, 0, 1, 1, 0, 3, 1, 1]);
  assert.deepEqual([...labels.subarray(1)], [7, 9]);
  assert.ok(codes[0] > 1e5);
  const first = withoutOne(current, [7, 8, 9], 0);
  assert.deepEqual([...first.codes.subarray(4)], [...current.subarray(4)]);
});

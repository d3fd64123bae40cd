import "./texts.js";

import assert from "node:assert/strict";
import test from "node:test";

import { apart, shares } from "../../ui/latent_canvas/frontend/weight/buys_and_costs.js";
import {
  between, betaTicks, clipLine, clipSegment, edge, linePath, linear, marginalPaths, normalPath, stack, tangent, valueAt,
} from "../../ui/latent_canvas/frontend/weight/geometry.js";
import { rangeOf } from "../../ui/latent_canvas/frontend/weight/tradeoff.js";

const RANGE = { xmin: 0, xmax: 10, ymin: -5, ymax: 5 };
const numbers = (path) => path.match(/-?[\d.]+/g).map(Number);

test("a scale maps its ends, and an empty one maps to its start", () => {
  const scale = linear(2, 4, 100, 0);
  assert.deepEqual([2, 3, 4].map(scale), [100, 50, 0]);
  assert.equal(linear(1, 1, 7, 9)(1), 7);
});

test("a path is broken where a point is not known", () => {
  assert.equal(linePath([[0, 0], [1.26, 2], [NaN, 3], [4, 5], [6, 7]]), "M0 0L1.3 2M4 5L6 7");
});

test("clipping keeps what is inside, cuts at the edges and drops the rest", () => {
  assert.deepEqual(clipSegment([1, 1], [2, 2], RANGE), [[1, 1], [2, 2]]);
  assert.deepEqual(clipSegment([-5, 0], [15, 0], RANGE), [[0, 0], [10, 0]]);
  assert.deepEqual(clipSegment([5, -15], [5, 15], RANGE), [[5, -5], [5, 5]]);
  assert.equal(clipSegment([-1, 0], [-1, 4], RANGE), null);
  assert.equal(clipSegment([12, 4], [9, 7], RANGE), null);
});

test("a clipped line is broken where it left the range", () => {
  const line = clipLine([[0, 0], [2, 4], [4, 8], [6, 4], [8, 0]], RANGE);
  assert.equal(linePath(line), "M0 0L2 4L2.5 5M5.5 5L6 4L8 0");
});

test("the tangent goes through its point with its slope and ends at the edges", () => {
  for (const slope of [-0.2, -1, -30, 0]) {
    const [a, b] = tangent([4, 1], slope, RANGE);
    for (const [x, y] of [a, b]) {
      assert.ok(Math.abs(y - 1 - slope * (x - 4)) < 1e-9);
      const onEdge = [x - 0, x - 10, y - 5, y + 5].some((d) => Math.abs(d) < 1e-9);
      assert.ok(onEdge, `${x} ${y}`);
    }
    assert.ok(a[0] < b[0]);
  }
});

test("what lies outside is moved to the edge with an arrow towards it", () => {
  assert.deepEqual(edge([4, 1], RANGE), { point: [4, 1], arrow: "" });
  assert.deepEqual(edge([34, 1], RANGE), { point: [10, 1], arrow: "→" });
  assert.deepEqual(edge([4, 9], RANGE), { point: [4, 5], arrow: "↑" });
  assert.deepEqual(edge([34, -9], RANGE), { point: [10, -5], arrow: "↘" });
});

test("between rows the place is linear in the slider's position and stops at both ends", () => {
  const positions = [0, 0.25, 1];
  const values = [10, 20, 0];
  const at = (p) => valueAt(values, between(positions, p));
  assert.deepEqual([-1, 0, 0.125, 0.25, 0.625, 1, 2].map(at), [10, 10, 15, 20, 10, 0, 0]);
  assert.equal(valueAt([3], between([0], 0.7)), 3);
});

test("a marginal above the map runs left to right and rises to its full thickness", () => {
  const { line, area, peak } = marginalPaths([0, 0.5, 1], { axis: "top", lengthPx: 100, thicknessPx: 40, top: 1 });
  assert.equal(line, "M0 40L50 20L100 0");
  assert.equal(area, "M0 40L0 40L50 20L100 0L100 40Z");
  assert.equal(peak, null);
});

test("a marginal beside the map runs bottom to top and grows to the right", () => {
  assert.equal(marginalPaths([0, 0.5, 1], { axis: "right", lengthPx: 100, thicknessPx: 40, top: 1 }).line, "M0 100L20 50L40 0");
});

test("a peak above the top is cut off there and pointed at", () => {
  const { line, peak } = marginalPaths([0, 2, 3, 0.5], { axis: "top", lengthPx: 90, thicknessPx: 40, top: 1 });
  assert.equal(line, "M0 40L30 0L60 0L90 20");
  assert.deepEqual(peak, [60, 0]);
});

test("the normal curve peaks in the middle at 1/√2π", () => {
  const points = numbers(normalPath({ axis: "top", from: -3, to: 3, lengthPx: 120, thicknessPx: 100, top: 1 }));
  const heights = points.filter((_, i) => i % 2 === 1);
  assert.equal(Math.min(...heights), heights[60]);
  assert.ok(Math.abs(heights[60] - (100 - 39.894)) < 0.06);
  assert.ok(Math.abs(heights[80] - (100 - 100 * 0.24197)) < 0.06);
});

test("stacked segments touch, and a part below 0 takes no room", () => {
  const parts = stack([2, -0.01, 1], linear(0, 10, 0, 100));
  assert.deepEqual(parts, [{ x: 0, width: 20 }, { x: 20, width: 0 }, { x: 20, width: 10 }]);
});

test("marks of β keep their distance and include both ends", () => {
  for (const [betaMax, width] of [[12, 300], [40, 700], [12, 90]]) {
    const marks = betaTicks(betaMax, width, 30);
    assert.equal(marks[0].text, "0");
    assert.equal(marks[marks.length - 1].at, 1);
    for (let i = 1; i < marks.length; i++) assert.ok((marks[i].at - marks[i - 1].at) * width >= 30);
  }
});

test("the plot follows the shared curve; other points stretch it by no more than half", () => {
  const curve = [{ beta: 0, rate: 16, distortion: -22 }, { beta: 12, rate: 0, distortion: 8 }];
  const { xmax, ymax, ymin } = rangeOf(curve, [{ beta: 0, rate: 40, distortion: 500 }]);
  assert.ok(xmax > 16 && xmax < 18);
  assert.ok(ymax > 23 && ymax < 28);
  assert.ok(ymin < -22 && ymin > -30);
});

test("what β costs is the lost share of the reachable improvement", () => {
  const rows = [{ holes: [0.4, 0], distortion: [-22, 0] }, { holes: [0.01, 0], distortion: [-7, 0] }, { holes: [0, 0], distortion: [8, 0] }];
  assert.deepEqual(rows.map((row) => shares(row, rows)), [[40, 0], [1, 50], [0, 100]]);
  assert.ok(Number.isNaN(shares({ holes: [0, 0] }, rows)[1]));
});

test("readings that would overlap are moved apart about their middle", () => {
  assert.deepEqual(apart([10, 50], 14), [10, 50]);
  assert.deepEqual(apart([20, 24], 14), [15, 29]);
  assert.deepEqual(apart([24, 20], 14), [29, 15]);
  assert.deepEqual(apart([NaN, 20], 14), [NaN, 20]);
});

// Contours of the aggregate posterior: levels and outlines against what a Gaussian's must be.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createView } from "../../ui/latent_canvas/frontend/view.js";
import { aggregateGrid } from "../../ui/latent_canvas/frontend/weight/aggregate.js";
import { MASSES, isobands, massLevels, svgPath, tracePath } from "../../ui/latent_canvas/frontend/weight/contours.js";
import { random } from "./random.js";

const VIEW = createView({ scale: 560 / 6.5, width: 560, height: 560 });
const TEXEL = 3;
const TOTAL = (VIEW.scale / TEXEL) ** 2;
const STANDARD = Float32Array.of(0, 0, 1, 1);

const latent = ({ points }, p) => [(points[2 * p] - 280) / VIEW.scale, (280 - points[2 * p + 1]) / VIEW.scale];

function someCodes(n, least) {
  const next = random(7);
  const codes = new Float32Array(4 * n);
  for (let c = 0; c < codes.length; c += 4) codes.set([4 * next() - 2, 4 * next() - 2, least + next(), least + next()], c);
  return codes;
}

/** Signed area in CSS pixels of all rings. */
function areaOf({ points, starts }) {
  let area = 0;
  for (let r = 0; r + 1 < starts.length; r++) {
    for (let p = starts[r]; p < starts[r + 1]; p++) {
      const q = p + 1 < starts[r + 1] ? p + 1 : starts[r];
      area += (points[2 * p] * points[2 * q + 1] - points[2 * q] * points[2 * p + 1]) / 2;
    }
  }
  return Math.abs(area);
}

test("no samples give no outlines", () => {
  const grid = aggregateGrid(new Float32Array(0), 0, VIEW, TEXEL);
  for (const level of massLevels(grid.values, MASSES.map((m) => m.mass), TOTAL)) assert.equal(isobands(grid, level).points.length, 0);
});

test("where q is the prior, the contours are the prior's circles", () => {
  const grid = aggregateGrid(STANDARD, 1, VIEW, TEXEL);
  const levels = massLevels(grid.values, MASSES.map((m) => m.mass), TOTAL);
  for (const [i, { k }] of MASSES.entries()) {
    assert.ok(Math.abs(levels[i] / (Math.exp(-k * k / 2) / (2 * Math.PI)) - 1) < 0.01, `level at ${k}σ`);
    const rings = isobands(grid, levels[i]);
    assert.equal(rings.starts.length, 2, "one ring");
    for (let p = 0; p < rings.starts[1]; p++) {
      const [x, y] = latent(rings, p);
      assert.ok(Math.abs(Math.hypot(x, y) - k) < 0.01, `${Math.hypot(x, y)} against ${k}`);
    }
    assert.ok(Math.abs(areaOf(rings) / (Math.PI * (k * VIEW.scale) ** 2) - 1) < 0.01);
  }
});

test("the densest places hold the share of the mass that was asked for, in a mixture too", () => {
  const grid = aggregateGrid(someCodes(200, 0.05), 200, VIEW, TEXEL);
  const masses = [0.1, 0.3, 0.5, 0.7];
  for (const [i, level] of massLevels(grid.values, masses, TOTAL).entries()) {
    const held = grid.values.reduce((sum, v) => sum + (v >= level ? v : 0), 0) / TOTAL;
    assert.ok(Math.abs(held - masses[i]) < 0.004, `${held} against ${masses[i]}`);
  }
});

test("two places far apart have a ring each", () => {
  const grid = aggregateGrid(Float32Array.of(-2, 0, 0.3, 0.3, 2, 0, 0.3, 0.3), 2, VIEW, TEXEL);
  assert.equal(isobands(grid, 0.2).starts.length, 3);
});

test("a hole is a ring of its own, turned the other way, so that areas subtract", () => {
  const codes = new Float32Array(4 * 60);
  for (let i = 0; i < 60; i++) codes.set([2 * Math.cos(i * Math.PI / 30), 2 * Math.sin(i * Math.PI / 30), 0.3, 0.3], 4 * i);
  const grid = aggregateGrid(codes, 60, VIEW, TEXEL);
  const level = 0.04;
  const rings = isobands(grid, level);
  assert.equal(rings.starts.length, 3);
  const inside = grid.values.filter((v) => v >= level).length * TEXEL * TEXEL;
  assert.ok(Math.abs(areaOf(rings) / inside - 1) < 0.02);
});

test("a region that leaves the grid is closed along its border", () => {
  const grid = aggregateGrid(Float32Array.of(3.25, 0, 1, 1), 1, VIEW, TEXEL);
  const rings = isobands(grid, 0.05);
  const inside = grid.values.filter((v) => v >= 0.05).length * TEXEL * TEXEL;
  assert.ok(Math.abs(areaOf(rings) / inside - 1) < 0.03);
});

test("diagonal neighbours are joined or parted by the mean of the four, and every crossing is used once", () => {
  for (const [a, b] of [[1, 0.9], [1, 0.05]]) {
    const grid = { width: 2, height: 2, values: Float32Array.of(a, b, b, a), texel: 1 };
    assert.equal(isobands(grid, 0.6).starts.length - 1, (a + b) / 2 >= 0.6 ? 1 : 2);
  }
  const next = random(3);
  const noise = { width: 40, height: 40, values: Float32Array.from({ length: 1600 }, next), texel: 1 };
  const rings = isobands(noise, 0.5);
  let crossings = 0;
  const at = (i, j) => (i < 0 || j < 0 || i > 39 || j > 39 ? 0 : noise.values[40 * j + i]) >= 0.5;
  for (let j = -1; j < 40; j++) for (let i = -1; i < 40; i++) crossings += Number(at(i, j) !== at(i + 1, j)) + Number(at(i, j) !== at(i, j + 1));
  assert.equal(rings.starts[rings.starts.length - 1], crossings);
});

test("the path on the canvas and the SVG path have the same points", () => {
  const rings = isobands(aggregateGrid(someCodes(5, 0.2), 5, VIEW, TEXEL), 0.1);
  const points = [];
  tracePath({ moveTo: (x, y) => points.push([x, y]), lineTo: (x, y) => points.push([x, y]), closePath: () => {} }, rings);
  const written = [...svgPath(rings, 3).matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  assert.equal(written.length, points.length);
  for (const [i, [x, y]] of written.entries()) assert.ok(Math.abs(x - points[i][0]) < 1e-3 && Math.abs(y - points[i][1]) < 1e-3);
});

import assert from "node:assert/strict";
import test from "node:test";

import { nearest } from "../../ui/latent_canvas/frontend/codes.js";
import { plainDrawing, prepare, smooth } from "../../ui/latent_canvas/frontend/story/prepare.js";
import { shippedModel } from "./models.js";
import { random } from "./random.js";

const MNIST = { stroke: 2.5, height: 20, width: 20, centring: "mass", centre: [14.5, 14.5] };
const DIGITS = { stroke: 1.45, height: 8, width: 6, centring: "box", centre: [4.1, 4] };
const TARGETS = [
  { shape: [28, 28], levels: 255, drawing: MNIST }, { shape: [8, 8], levels: 16, drawing: DIGITS }, { shape: [28, 28], levels: 255, drawing: null },
  { shape: [12, 20, 3], levels: 255, drawing: null },
];

/** Points along a curve, s from 0 to 1. */
const curve = (at, count = 60) => Array.from({ length: count + 1 }, (_, i) => at(i / count));
const ellipse = (cx, cy, rx, ry, from = 0, turn = 2 * Math.PI) => curve((s) => [cx + rx * Math.sin(from + s * turn), cy - ry * Math.cos(from + s * turn)]);
const line = (x1, y1, x2, y2, count = 30) => curve((s) => [x1 + s * (x2 - x1), y1 + s * (y2 - y1)], count);
const SHAPES = {
  0: [ellipse(0.5, 0.5, 0.22, 0.32)],
  1: [line(0.5, 0.15, 0.5, 0.85)],
  3: [[...ellipse(0.48, 0.34, 0.17, 0.16, -1.2, 1.2 + Math.PI), ...ellipse(0.48, 0.67, 0.2, 0.18, 0, Math.PI + 1.3)]],
  7: [[...line(0.28, 0.2, 0.7, 0.2), ...line(0.7, 0.2, 0.42, 0.85)]],
};

const sum = (values) => values.reduce((a, b) => a + b, 0);

/** The box around pixels above `least`: left, right, top, bottom, edges of pixels. */
function boxOf(pixels, [rows, columns, channels = 1], least = 0.2) {
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < rows * columns; i++) {
    if (pixels[i * channels] <= least) continue;
    const [x, y] = [i % columns, Math.floor(i / columns)];
    box[0] = Math.min(box[0], x);
    box[1] = Math.max(box[1], x + 1);
    box[2] = Math.min(box[2], y);
    box[3] = Math.max(box[3], y + 1);
  }
  return box;
}

function massOf(pixels, [, columns]) {
  const total = sum(pixels);
  return [sum(pixels.map((v, i) => v * ((i % columns) + 0.5))) / total, sum(pixels.map((v, i) => v * (Math.floor(i / columns) + 0.5))) / total];
}

test("nothing drawn is no picture", () => {
  for (const target of TARGETS) {
    assert.equal(prepare([], target), null);
    assert.equal(prepare([[]], target), null);
    assert.equal(prepare([[[NaN, 0.5]]], target), null);
  }
});

test("a drawing becomes as high as the data set's, wherever and however large it was drawn", () => {
  for (const [size, x, y] of [[1, 0, 0], [0.5, 0.4, 0.1], [0.3, 0.05, 0.6]]) {
    const drawn = SHAPES[0].map((points) => points.map(([a, b]) => [x + size * a, y + size * b]));
    const pixels = prepare(drawn, TARGETS[0]);
    const [, , top, bottom] = boxOf(pixels, [28, 28]);
    assert.ok(Math.abs(bottom - top - 20) <= 1, `${size}: ${bottom - top} rows`);
    const small = prepare(drawn, TARGETS[1]);
    const [, , above, below] = boxOf(small, [8, 8], 0.01);
    assert.deepEqual([above, below], [0, 8]);
  }
});

test("what is wide is made to fit the data set's usual width", () => {
  const flat = [[...line(0.1, 0.45, 0.9, 0.5)]];
  const [left, right] = boxOf(prepare(flat, TARGETS[0]), [28, 28]);
  assert.ok(right - left <= 21 && right - left >= 19);
  const [from, to] = boxOf(prepare(flat, TARGETS[1]), [8, 8], 0.3);
  assert.ok(to - from <= 7);
});

test("the centre of mass, or the middle of the box, lies where the data set has it", () => {
  // Heavy on the left, a thin tail to the right.
  const lopsided = [...SHAPES[0].map((points) => points.map(([x, y]) => [0.6 * x, y])), line(0.4, 0.5, 0.6, 0.5)];
  const pixels = prepare(lopsided, TARGETS[0]);
  const mass = massOf(pixels, [28, 28]);
  for (const at of mass) assert.ok(Math.abs(at - 14.5) < 0.15, `${mass}`);
  const boxed = prepare(lopsided, { ...TARGETS[0], drawing: { ...MNIST, centring: "box", centre: [14, 14] } });
  const [left, right, top, bottom] = boxOf(boxed, [28, 28], 0.01);
  assert.ok(Math.abs((left + right) / 2 - 14) <= 0.5 && Math.abs((top + bottom) / 2 - 14) <= 0.5);
});

test("a stroke is as wide as the data set's: a line's ink is its width times its length", () => {
  for (const [drawing, shape, levels] of [[MNIST, [28, 28], 255], [DIGITS, [8, 8], 16]]) {
    const pixels = prepare(SHAPES[1], { shape, levels, drawing });
    const expected = drawing.stroke * (drawing.height - drawing.stroke) + Math.PI * (drawing.stroke / 2) ** 2;
    assert.ok(Math.abs(sum(pixels) / expected - 1) < 0.08, `${sum(pixels)} instead of ${expected}`);
  }
});

test("pixels are multiples of 1 / levels between 0 and 1, and smooth at edges", () => {
  for (const target of TARGETS) {
    const pixels = prepare(SHAPES[3], target);
    assert.equal(pixels.length, target.shape.reduce((a, b) => a * b));
    for (const v of pixels) assert.ok(v >= 0 && v <= 1 && Math.abs(v * target.levels - Math.round(v * target.levels)) < 1e-4);
    assert.ok(pixels.some((v) => v > 0.85) && pixels.some((v) => v === 0) && pixels.some((v) => v > 0.2 && v < 0.8));
  }
});

test("the three channels of a colour picture are the same", () => {
  const pixels = prepare(SHAPES[0], TARGETS[3]);
  for (let i = 0; i < pixels.length; i += 3) assert.ok(pixels[i] === pixels[i + 1] && pixels[i] === pixels[i + 2]);
});

test("without a data set of drawings most of the frame is filled", () => {
  const plain = plainDrawing([28, 28]);
  assert.ok(Math.abs(plain.height - 22.4) < 1e-9 && Math.abs(plain.stroke - 28 / 12) < 1e-9);
  const [left, right, top, bottom] = boxOf(prepare(SHAPES[0], TARGETS[2]), [28, 28], 0.01);
  assert.ok(bottom - top >= 22 && bottom - top <= 24 && right - left < bottom - top);
  assert.ok(Math.abs((top + bottom) / 2 - 14) <= 1);
});

test("dots, scribbles and points outside stay finite and inside", () => {
  const odd = { dot: [[[0.3, 0.7]]], twice: [[[0.3, 0.7], [0.3, 0.7]]], scribble: [line(0.5, 0.5, 0.52, 0.51, 5)], corner: [[[0, 0], [1, 1]]], far: [[[-3, 9], [4, -2]]] };
  for (const target of TARGETS) {
    for (const [name, strokes] of Object.entries(odd)) {
      const pixels = prepare(strokes, target);
      assert.ok(pixels.every(Number.isFinite), name);
      assert.ok(sum(pixels) > 0.5, `${name}: something is seen`);
    }
  }
  const dot = prepare(odd.dot, TARGETS[0]);
  assert.ok(sum(dot) < 8, "a dot stays one");
  const scribble = boxOf(prepare(odd.scribble, TARGETS[0]), [28, 28]);
  assert.ok(scribble[1] - scribble[0] < 10, "a scribble is not blown up to a digit");
});

test("a corner is rounded and the ends stay where they were", () => {
  const corner = [[0, 0], [0.5, 0], [0.5, 0.5]];
  const line = smooth(corner);
  assert.deepEqual(line[0], [0, 0]);
  assert.deepEqual(line[line.length - 1], [0.5, 0.5]);
  assert.ok(line.length > 4);
});

test("thousands of points take a few milliseconds", () => {
  const next = random(3);
  const strokes = Array.from({ length: 10 }, () => Array.from({ length: 800 }, () => [next(), next()]));
  const smoothly = Array.from({ length: 10 }, (_, k) => ellipse(0.5, 0.5, 0.1 + 0.03 * k, 0.4).flatMap((p) => Array(14).fill(p)));
  prepare(smoothly, TARGETS[0]);
  const spent = Array.from({ length: 8 }, () => {
    const began = performance.now();
    prepare(smoothly, TARGETS[0]);
    return performance.now() - began;
  });
  assert.ok(Math.min(...spent) < 12, `${spent} ms`);
  assert.ok(prepare(strokes, TARGETS[0]).every((v) => v >= 0 && v <= 1));
});

for (const name of ["digits", "mnist"]) {
  test(`${name}: drawn digits land among the samples of their class`, () => {
    const { encoder, current, labels, statistics, spec } = shippedModel(name, 0.3);
    for (const [digit, strokes] of Object.entries(SHAPES)) {
      const pixels = prepare(strokes, { shape: spec.shape, levels: statistics.levels, drawing: statistics.drawing });
      const { mu } = encoder.encode(pixels);
      const around = Array.from(nearest(current, mu, 30), (i) => labels[i]);
      const own = around.filter((label) => label === Number(digit)).length;
      assert.ok(own >= 12, `${name}: a drawn ${digit} lies among ${around}`);
    }
  });
}

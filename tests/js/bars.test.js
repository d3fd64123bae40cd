// Rows of a table: values in the data's own units, and pictures of bars.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BARS_MARGIN, BARS_SIDE, barPicture, columnsOf, inUnits, isTable, meanText, onGround, rowText, unitsText, valueText, widthText } from "../../ui/latent_canvas/frontend/bars.js";

const column = (low, high, decimals, name = "x") => ({ name, low, high, decimals });

/** @param {import("../../ui/latent_canvas/frontend/bars.js").Picture} picture @param {number} x @param {number} y */
const at = ({ data, width }, x, y) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)];

test("only a single number of sizes is a table", () => {
  assert.deepEqual([[13], [8, 8], [16, 16, 3]].map(isTable), [true, false, false]);
});

test("a value lies between the column's lowest and highest", () => {
  const proline = column(278, 1680, 0);
  assert.equal(inUnits(proline, 0), 278);
  assert.equal(inUnits(proline, 1), 1680);
  assert.equal(inUnits(proline, 0.25), 628.5);
});

test("a value is written with the data's decimals, thousands apart and a real minus sign", () => {
  assert.equal(valueText(column(278, 1680, 0), 1), "1,680");
  assert.equal(valueText(column(11.03, 14.83, 2), 0.5), "12.93");
  assert.equal(valueText(column(-2500, 4000, 2), 0), "−2,500.00");
});

test("what rounds to nothing has no sign", () => {
  assert.equal(valueText(column(-1, 1, 3), 0.49999), "0.000");
  assert.equal(valueText(column(-1, 1, 3), 0.4), "−0.200");
});

test("very large numbers and very narrow ranges are written with a power of ten", () => {
  assert.equal(valueText(column(0, 2e12, 0), 0.5), "1.000e12");
  assert.equal(valueText(column(0, 1e-7, 6), 1), "1.000e−7");
});

test("decimals that are too few for the range become more", () => {
  assert.equal(unitsText(column(0.00001, 0.00009, 4), 0.00005), "0.000050");
});

test("of whole numbers in a small range, what is decoded can be told apart and the data's own stay whole", () => {
  const yesOrNo = column(0, 1, 0);
  assert.deepEqual([0, 0.38, 0.62, 1].map((x) => valueText(yesOrNo, x)), ["0", "0.4", "0.6", "1"]);
  assert.equal(valueText(column(278, 1680, 0), 0.3337), "746");
  const stars = column(1, 5, 0);
  for (let value = 1; value <= 5; value++) assert.equal(valueText(stars, Math.fround((value - 1) / 4)), String(value));
});

test("a mean has a decimal more than a value", () => {
  assert.equal(meanText(column(0, 1, 0), 0.62), "0.62");
  assert.equal(meanText(column(278, 1680, 0), 0.3337), "745.8");
  assert.equal(meanText(column(11.03, 14.83, 2), 0.5), "12.930");
});

test("a width is told without the column's lowest value", () => {
  assert.equal(widthText(column(100, 300, 1), 0.1), "20.00");
});

test("columns without names are numbered and go from 0 to 1", () => {
  const columns = columnsOf({ shape: [3], columns: [] });
  assert.equal(columns.length, 3);
  assert.deepEqual(columns.map(({ low, high }) => [low, high]), [[0, 1], [0, 1], [0, 1]]);
  const own = [column(0, 5, 0)];
  assert.equal(columnsOf({ shape: [1], columns: own }), own);
});

test("a row as text names at most two dozen columns", () => {
  const columns = Array.from({ length: 30 }, (_, i) => column(0, 10, 0, `c${i}`));
  const text = rowText(columns, new Float32Array(30).fill(0.5));
  assert.ok(text.startsWith("c0 5 · c1 5"));
  assert.ok(text.includes("c23 5"));
  assert.ok(!text.includes("c24"));
  assert.ok(text.endsWith("…"));
});

test("bars lie one below the other, each as long as its value", () => {
  const picture = barPicture([0, 0.5, 1], { side: 30, margin: 0, ink: [10, 20, 30], track: [100, 100, 100, 50] });
  const [ink, track] = [[10, 20, 30, 255], [100, 100, 100, 50]];
  for (const [line, length] of [[0, 0], [1, 15], [2, 30]]) {
    const y = 10 * line + 3;
    assert.deepEqual(Array.from({ length: 30 }, (_, x) => String(at(picture, x, y)) === String(ink)), Array.from({ length: 30 }, (_, x) => x < length));
    if (length < 30) assert.deepEqual(at(picture, 29, y), track);
  }
});

test("between bars there is a gap where there is room, and the margin stays free", () => {
  const picture = barPicture([1, 1], { side: 40, margin: 4 });
  const free = (/** @type {number} */ y) => at(picture, 20, y)[3] === 0;
  assert.ok([0, 1, 2, 3, 36, 37, 38, 39].every(free));
  assert.ok([17, 18, 19].every(free));
  assert.ok(![4, 10, 20, 30, 35].some(free));
  assert.equal(at(picture, 3, 10)[3], 0);
  assert.equal(at(picture, 36, 10)[3], 0);
});

test("a bar's end grows smoothly within a pixel", () => {
  const alphas = [0.5, 0.51, 0.52].map((value) => at(barPicture([value], { side: 50, margin: 0, ink: [0, 0, 0], track: [0, 0, 0, 0] }), 25, 10)[3]);
  assert.deepEqual(alphas, [0, 128, 255]);
});

test("of more columns than lines each line is the mean of several, and all of them count", () => {
  const values = Float32Array.from({ length: 4000 }, (_, i) => (i < 2000 ? 1 : 0));
  const picture = barPicture(values, { side: 20, margin: 0, ink: [0, 0, 0], track: [0, 0, 0, 0] });
  assert.deepEqual(Array.from({ length: 20 }, (_, y) => at(picture, 10, y)[3]), [...Array(10).fill(255), ...Array(10).fill(0)]);
});

test("values beyond their range do not leave the picture", () => {
  const picture = barPicture([-1, 2, NaN]);
  assert.equal(picture.data.length, 4 * BARS_SIDE * BARS_SIDE);
  assert.equal(at(picture, BARS_MARGIN - 1, 60)[3], 0);
});

test("a ground fills what is transparent and keeps what is solid", () => {
  const flat = onGround({ width: 2, height: 1, data: Uint8ClampedArray.of(10, 20, 30, 255, 0, 0, 0, 0) }, [200, 210, 220]);
  assert.deepEqual([...flat.data], [10, 20, 30, 255, 200, 210, 220, 255]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { halfTable, halfToFloat, halfToLog } from "../../ui/latent_canvas/frontend/half.js";
import {
  betaToSlider, betaToU, chebyshev, formatBeta, nearestNode, sliderToBeta,
} from "../../ui/latent_canvas/frontend/scale.js";

test("halves known by heart are read from their bits", () => {
  const known = [
    [0x0000, 0], [0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0x0400, 2 ** -14], [0x0001, 2 ** -24],
    [0x3555, 0.333251953125], [0x7c00, Infinity], [0xfc00, -Infinity], [0x7e00, NaN], [0x8000, -0],
  ];
  const values = halfToFloat(Uint16Array.from(known, ([bits]) => bits));
  known.forEach(([, value], i) => assert.ok(Object.is(values[i], value), `${values[i]} is not ${value}`));
});

test("positive halves rise with their bits and neighbours differ by the format's step", () => {
  const table = halfTable();
  for (let bits = 1; bits < 0x7c00; bits++) {
    const step = 2 ** (Math.max(Math.floor(Math.log2(table[bits - 1] || 2 ** -24)), -14) - 10);
    assert.equal(table[bits] - table[bits - 1], step);
    assert.equal(table[bits | 0x8000], -table[bits]);
  }
});

test("logarithms of halves are those of their values", () => {
  const logs = halfToLog(Uint16Array.of(0x3c00, 0x3800, 0x0400, 0, 0xbc00));
  assert.deepEqual([...logs], [0, Math.fround(-Math.LN2), Math.fround(-14 * Math.LN2), -Infinity, NaN]);
});

test("the slider's ends are exact and its middle inverts", () => {
  for (const betaMax of [1, 12, 32]) {
    assert.equal(sliderToBeta(0, betaMax), 0);
    assert.equal(sliderToBeta(1, betaMax), betaMax);
    assert.equal(betaToSlider(0, betaMax), 0);
    assert.ok(Math.abs(betaToSlider(betaMax, betaMax) - 1) < 1e-15);
    for (let s = 0; s <= 1; s += 0.01) assert.ok(Math.abs(betaToSlider(sliderToBeta(s, betaMax), betaMax) - s) < 1e-14);
  }
});

test("the slider follows asinh written out as a logarithm", () => {
  const log = (/** @type {number} */ x) => Math.log(x + Math.sqrt(x * x + 1));
  assert.ok(Math.abs(betaToSlider(4.5, 12) - log((4.5 * 200) / 12) / log(200)) < 1e-14);
});

test("u runs from -1 at beta 0 to 1 at the largest beta of training, in ln(beta + offset)", () => {
  const scale = { offset: 0.003, train_max: 16 };
  assert.equal(betaToU(0, scale), -1);
  assert.equal(betaToU(16, scale), 1);
  const middle = Math.sqrt(0.003 * 16.003) - 0.003; // the geometric mean of the ends lies half way
  assert.ok(Math.abs(betaToU(middle, scale)) < 1e-14);
});

test("Chebyshev polynomials are cosines of multiples", () => {
  for (const u of [-1, -0.3, 0, 0.5, 1]) {
    chebyshev(u, 5).forEach((t, n) => assert.ok(Math.abs(t - Math.cos((n + 1) * Math.acos(u))) < 1e-14));
  }
  assert.deepEqual(chebyshev(0.5, 1), [0.5]);
});

test("beta is written short", () => {
  const texts = [
    [0, "0"], [0.003, "0.003"], [0.0123, "0.012"], [0.1, "0.1"], [0.996, "1.0"], [1, "1.0"], [4.5, "4.5"], [9.94, "9.9"],
    [9.96, "10"], [12, "12"], [31.6, "32"], [123.4, "123"], [0.00001, "0.00001"],
  ];
  for (const [beta, text] of texts) assert.equal(formatBeta(Number(beta)), text);
});

test("the nearest stored beta is the nearest in ln(beta + offset)", () => {
  const betas = [0, 0.01, 1, 4];
  assert.equal(nearestNode(betas, 0.01), 1);
  assert.equal(nearestNode(betas, 1.9), 2); // the geometric mean of 1.003 and 4.003 is 2.004
  assert.equal(nearestNode(betas, 2.1), 3);
  assert.equal(nearestNode(betas, 99), 3);
  assert.equal(nearestNode(betas, 0), 0);
});

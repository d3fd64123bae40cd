import assert from "node:assert/strict";
import test from "node:test";

import { Decoder } from "../../ui/latent_canvas/frontend/decoder.js";
import { ACTIVATIONS } from "../../ui/latent_canvas/frontend/network.js";
import { random } from "./random.js";

const DEGREE = 3;

/**
 * A decoder with random weights.
 * @param {number[]} widths from z to pixels
 * @param {string[]} activations one per layer
 */
function makeDecoder(widths, activations = widths.slice(1).map((_, i, all) => (i + 1 < all.length ? "gelu_tanh" : "sigmoid"))) {
  const next = random(1);
  let size = 0;
  const take = (/** @type {number} */ count) => (size += count) - count;
  const layers = activations.map((activation, i) => {
    const [inputs, outputs] = [widths[i], widths[i + 1]];
    return {
      kind: "dense", in: inputs, out: outputs, activation, weight: take(inputs * outputs), bias: take(outputs),
      gain: take(DEGREE * outputs), shift: take(DEGREE * outputs),
    };
  });
  const weights = Float32Array.from({ length: size }, () => next() - 0.5);
  const beta = { offset: 0.003, train_max: 16, degree: DEGREE };
  return { spec: { latent_dim: widths[0], shape: [widths[widths.length - 1]], beta, layers }, weights };
}

/** @type {Record<string, (x: number) => number>} */
const TEXTBOOK = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x) => (1 + Math.tanh(x / 2)) / 2,
  silu: (x) => (x * (1 + Math.tanh(x / 2))) / 2,
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

/** The formulas of design.md, one number at a time. */
function naive({ spec, weights }, z, beta) {
  const { offset, train_max } = spec.beta;
  const u = (2 * (Math.log(beta + offset) - Math.log(offset))) / (Math.log(train_max + offset) - Math.log(offset)) - 1;
  const t = [u, 2 * u * u - 1, 4 * u ** 3 - 3 * u];
  let x = [...z];
  for (const layer of spec.layers) {
    const y = [];
    for (let j = 0; j < layer.out; j++) {
      let a = weights[layer.bias + j];
      for (let i = 0; i < layer.in; i++) a += x[i] * weights[layer.weight + i * layer.out + j];
      let [g, h] = [0, 0];
      for (let n = 0; n < 3; n++) {
        if (layer.gain != null) g += t[n] * weights[layer.gain + n * layer.out + j];
        if (layer.shift != null) h += t[n] * weights[layer.shift + n * layer.out + j];
      }
      y.push(TEXTBOOK[layer.activation](a * (1 + g) + h));
    }
    x = y;
  }
  return x;
}

function assertClose(actual, expected, tolerance = 1e-6) {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(actual[i] - value) <= tolerance, `${i}: ${actual[i]} is not ${value}`));
}

test("a decode is what the formulas say, for widths that fill groups and widths that do not", () => {
  for (const widths of [[2, 16, 8], [2, 5, 13, 7], [3, 1, 1], [9, 33, 20]]) {
    const made = makeDecoder(widths);
    const decoder = new Decoder(made.spec, made.weights);
    for (const beta of [0, 0.003, 1, 12]) {
      decoder.setBeta(beta);
      const z = Array.from({ length: widths[0] }, (_, i) => 0.7 - i);
      assertClose(decoder.decode(z), naive(made, z, beta));
    }
  }
});

test("every activation has its textbook values, far out too", () => {
  assert.deepEqual(Object.keys(ACTIVATIONS).sort(), Object.keys(TEXTBOOK).sort());
  for (const [name, activate] of Object.entries(ACTIVATIONS)) {
    const inputs = [-1000, -30, -3, -0.5, 0, 1e-9, 0.5, 3, 30, 1000];
    const values = Float64Array.from(inputs);
    activate(values, inputs.length);
    assertClose(values, inputs.map(TEXTBOOK[name]), 1e-12);
  }
});

test("a layer without gain and shift takes no notice of beta", () => {
  const made = makeDecoder([2, 6, 4]);
  for (const layer of made.spec.layers) Object.assign(layer, { gain: null, shift: undefined });
  const decoder = new Decoder(made.spec, made.weights);
  const before = decoder.decode([0.1, 0.2]);
  decoder.setBeta(7);
  assert.deepEqual(decoder.decode([0.1, 0.2]), before);
  assertClose(before, naive(made, [0.1, 0.2], 7));
});

test("many points at once give what they give one by one", () => {
  const made = makeDecoder([2, 37, 19]);
  const decoder = new Decoder(made.spec, made.weights);
  decoder.setBeta(0.4);
  for (const m of [0, 1, 2, 7, 8, 9, 21]) {
    const zs = Float32Array.from({ length: 2 * m }, (_, i) => Math.sin(i));
    const together = decoder.decodeMany(zs);
    assert.equal(together.length, 19 * m);
    for (let p = 0; p < m; p++) {
      assertClose(together.subarray(19 * p, 19 * (p + 1)), naive(made, zs.subarray(2 * p, 2 * p + 2), 0.4));
    }
  }
});

test("a point that is not a number spoils no other point", () => {
  const made = makeDecoder([2, 9, 5]);
  const decoder = new Decoder(made.spec, made.weights);
  assert.ok(decoder.decodeMany([NaN, 1, 0.5, 0.5]).subarray(0, 5).every(Number.isNaN));
  assertClose(decoder.decodeMany([0.3, 0.3, 0.5, 0.5]).subarray(5), naive(made, [0.5, 0.5], 0));
});

test("a decode into a given array returns it, and without one a fresh array", () => {
  const made = makeDecoder([2, 4, 3]);
  const decoder = new Decoder(made.spec, made.weights);
  const out = new Float32Array(3);
  assert.equal(decoder.decode([0, 1], out), out);
  assert.notEqual(decoder.decode([0, 1]), decoder.decode([0, 1]));
});

test("weights that come as halves are read", () => {
  const made = makeDecoder([2, 3]);
  const halves = new Uint16Array(made.weights.length).fill(0x3c00);
  const ones = { spec: made.spec, weights: new Float32Array(halves.length).fill(1) };
  assertClose(Decoder.fromHalf(made.spec, halves).decode([0.5, -1]), naive(ones, [0.5, -1], 0));
});

test("a spec that does not fit is refused with what was expected and what came", () => {
  const cases = /** @type {[RegExp, (spec: any) => void][]} */ ([
    [/layer 0: expected kind to be one of dense, conv, .*, got lstm/, (spec) => (spec.layers[0].kind = "lstm")],
    [/layer 1: expected activation to be one of .*gelu_tanh.*, got swish/, (spec) => (spec.layers[1].activation = "swish")],
    [/layer 0: expected kind .* got toString/, (spec) => (spec.layers[0].kind = "toString")],
    [/layer 1: expected shift to be the offset of 9 numbers within the \d+ weights, got \d+/, (spec) => (spec.layers[1].shift += 1)],
    [/layer 0: expected weight .* got -1/, (spec) => (spec.layers[0].weight = -1)],
    [/layer 0: expected bias .* got undefined/, (spec) => delete spec.layers[0].bias],
    [/layer 0: expected a whole number for in, got 2.5/, (spec) => (spec.layers[0].in = 2.5)],
    [/layer 0: expected 3 inputs, got 2/, (spec) => (spec.latent_dim = 3)],
    [/last layer to give 64 numbers, got 3/, (spec) => (spec.shape = [8, 8])],
    [/at least 1 layer, got 0/, (spec) => (spec.layers = [])],
  ]);
  for (const [message, spoil] of cases) {
    const { spec, weights } = makeDecoder([2, 4, 3]);
    spoil(spec);
    assert.throws(() => new Decoder(spec, weights), message);
  }
});

test("a z of the wrong size, a small array and a beta that is none are refused", () => {
  const { spec, weights } = makeDecoder([2, 4, 3]);
  const decoder = new Decoder(spec, weights);
  assert.throws(() => decoder.decode([1, 2, 3]), /z of 2 numbers per point, got 3/);
  assert.throws(() => decoder.decode([1, 2], new Float32Array(2)), /room for 3 pixels, got 2/);
  for (const beta of [NaN, -1, Infinity]) assert.throws(() => decoder.setBeta(beta), /at least 0/);
});

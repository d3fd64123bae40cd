/**
 * The layers of an imported decoder, one kind each (vae_core/layers/records.py says what they are).
 *
 * Between layers a point is flat; images are channel-first.
 * @module
 */

import { convolution } from "./convolution.js";
import { named, padded, partsOf } from "./layer_parts.js";

/**
 * @typedef {import("./network.js").Layer} Layer
 * @typedef {Record<string, any>} Spec a record with the offsets of its parts
 * @typedef {(spec: Spec, weights: Float32Array) => Layer} Make
 * @typedef {(x: Float64Array, from: number, a: Float64Array, to: number) => void} Run one point, from x[from] on to a[to] on
 */

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };
const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);

/** One number to another, given the layer's parameters. @type {Readonly<Record<string, (spec: Spec) => (x: number) => number>>} */
const FUNCTIONS = Object.freeze({
  identity: () => (x) => x,
  relu: () => (x) => (x > 0 ? x : 0),
  leaky_relu: ({ slope }) => (x) => (x > 0 ? x : slope * x),
  elu: ({ alpha }) => (x) => (x > 0 ? x : alpha * Math.expm1(x)),
  selu: () => (x) => SELU.scale * (x > 0 ? x : SELU.alpha * Math.expm1(x)),
  gelu: () => (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  gelu_tanh: () => (x) => x / (1 + Math.exp(-GELU_SLOPE * x * (1 + 0.044715 * x * x))),
  silu: () => (x) => x / (1 + Math.exp(-x)),
  tanh: () => Math.tanh,
  sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  softplus: ({ beta, threshold }) => (x) => (beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta),
  clip: ({ low, high }) => (x) => (x < low ? low : x > high ? high : x),
  hardsigmoid: () => (x) => Math.min(1, Math.max(0, x / 6 + 0.5)),
  hardswish: () => (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
  mish: () => (x) => x * Math.tanh(x > 20 ? x : Math.log1p(Math.exp(x))),
  softsign: () => (x) => x / (1 + Math.abs(x)),
  exp: () => Math.exp,
});

/** @type {Readonly<Record<string, Make>>} */
export const CHAIN_LAYERS = Object.freeze({
  conv: (spec, weights) => convolved(spec, weights, false),
  conv_transpose: (spec, weights) => convolved(spec, weights, true),
  affine: makeAffine,
  norm: makeNorm,
  upsample: makeUpsample,
  gather: makeGather,
  activation: makeActivation,
});

/**
 * A layer that knows nothing of beta, from what it does to one point.
 * @param {number} inputs @param {number} outputs @param {Run} run
 * @returns {Layer}
 */
function layerOf(inputs, outputs, run) {
  const [from, to] = [padded(inputs), padded(outputs)];
  return {
    inputs,
    outputs,
    setFeatures() {},
    run(x, a, m) {
      for (let p = 0; p < m; p++) run(x, p * from, a, p * to);
    },
  };
}

/** @param {Spec} spec @param {Float32Array} weights @param {boolean} transposed */
function convolved(spec, weights, transposed) {
  const { inputs, outputs, run } = convolution(spec, weights, transposed);
  return layerOf(inputs, outputs, run);
}

/** @type {(shape: unknown) => number} */
const product = (shape) => (Array.isArray(shape) ? shape.reduce((all, size) => all * size, 1) : Number(shape));

/** @type {Make} */
function makeAffine(spec, weights) {
  const { in: inputs, channels } = spec;
  const part = partsOf(spec, weights, [inputs, spec.out]);
  const [scale, shift] = [part("scale", channels), part("shift", channels)];
  const size = inputs / channels;
  return layerOf(inputs, inputs, (x, from, a, to) => {
    for (let c = 0, i = 0; c < channels; c++) {
      for (let k = 0; k < size; k++, i++) a[to + i] = x[from + i] * scale[c] + shift[c];
    }
  });
}

/** @type {Make} */
function makeNorm(spec, weights) {
  const { in: inputs, groups, eps } = spec;
  const part = partsOf(spec, weights, [inputs, spec.out]);
  const [scale, shift] = [part("scale", inputs), part("shift", inputs)];
  const size = inputs / groups;
  return layerOf(inputs, inputs, (x, from, a, to) => {
    for (let first = 0; first < inputs; first += size) {
      let sum = 0, squares = 0;
      for (let i = first; i < first + size; i++) sum += x[from + i];
      const mean = sum / size;
      for (let i = first; i < first + size; i++) squares += (x[from + i] - mean) ** 2;
      const factor = 1 / Math.sqrt(squares / size + eps);
      for (let i = first; i < first + size; i++) a[to + i] = (x[from + i] - mean) * factor * scale[i] + shift[i];
    }
  });
}

/** Bilinear. @type {Make} */
function makeUpsample(spec, weights) {
  const [inputs, outputs] = [product(spec.in), product(spec.out)];
  partsOf(spec, weights, [inputs, outputs]);
  const [channels, height, width] = spec.in;
  const [, tall, wide] = spec.out;
  const [down, across] = [places(height, tall, spec.align_corners), places(width, wide, spec.align_corners)];
  return layerOf(inputs, outputs, (x, from, a, to) => {
    for (let c = 0, out = to; c < channels; c++) {
      const base = from + c * height * width;
      for (const [i, next, share] of down) {
        for (const [j, beside, part] of across) {
          const upper = x[base + i * width + j] * (1 - part) + x[base + i * width + beside] * part;
          const lower = x[base + next * width + j] * (1 - part) + x[base + next * width + beside] * part;
          a[out++] = upper * (1 - share) + lower * share;
        }
      }
    }
  });
}

/**
 * Of each new place along one axis: the old one before it, the one after, and how far it is between them.
 * @param {number} size @param {number} to @param {boolean} corners
 * @returns {[number, number, number][]}
 */
function places(size, to, corners) {
  return Array.from({ length: to }, (_, k) => {
    const at = corners ? (to > 1 ? (k * (size - 1)) / (to - 1) : 0) : Math.max(0, ((k + 0.5) * size) / to - 0.5);
    const before = Math.min(size - 1, Math.floor(at));
    return [before, Math.min(size - 1, before + 1), at - before];
  });
}

/** @type {Make} */
function makeGather(spec, weights) {
  const { in: inputs, out: outputs } = spec;
  const index = Int32Array.from(partsOf(spec, weights, [inputs, outputs])("index", outputs));
  if (index.some((i) => i < -1 || i >= inputs)) throw new Error(`expected index from -1 to ${inputs - 1}, got others.`);
  return layerOf(inputs, outputs, (x, from, a, to) => {
    for (let i = 0; i < outputs; i++) a[to + i] = index[i] < 0 ? 0 : x[from + index[i]];
  });
}

/** @type {Make} */
function makeActivation(spec, weights) {
  const { in: inputs } = spec;
  partsOf(spec, weights, [inputs, spec.out]);
  const change = named(FUNCTIONS, spec.name, "name")(spec);
  return layerOf(inputs, inputs, (x, from, a, to) => {
    for (let i = 0; i < inputs; i++) a[to + i] = change(x[from + i]);
  });
}

/** The error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). @param {number} x */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

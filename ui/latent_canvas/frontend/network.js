/**
 * A network in the browser, for any beta, in plain JavaScript: decoder.js and encoder.js are such networks.
 *
 * A layer is a = W x + b, then feature-wise linear modulation (FiLM: Perez et al. 2018) by the Chebyshev features t(u)
 * of beta, a (1 + G^T t) + H^T t, then an activation. Gain and shift are worked out once per beta, and buffers are made
 * once per network, so that running it while a pointer moves allocates nothing.
 * @module
 */

import { CHAIN_LAYERS } from "./chain_layers.js";
import { GROUP, named, padded, partsOf } from "./layer_parts.js";
import { betaToU, chebyshev } from "./scale.js";

/** Points per pass over the weights. */
const BLOCK = 8;

/**
 * One layer of the spec. Offsets count elements of the one weights array; weight is [in][out] and gain and shift are
 * [degree][out], row by row. A layer without gain and shift takes no notice of beta.
 * @typedef {object} LayerSpec
 * @property {string} kind a name in LAYERS
 * @property {number} in
 * @property {number} out
 * @property {number} weight
 * @property {number} bias
 * @property {number | null} [gain]
 * @property {number | null} [shift]
 * @property {string} activation a name in ACTIVATIONS
 */
/**
 * @typedef {object} NetworkSpec
 * @property {number} latent_dim
 * @property {number[]} shape [h, w], [h, w, 3] or [d]
 * @property {{offset: number, train_max: number, degree: number}} beta
 * @property {LayerSpec[]} layers
 */
/**
 * A layer made ready: `setFeatures` takes t(u), `run` maps m points of `inputs` to m points of `outputs` numbers. In x
 * and a, point p starts at p * padded(inputs) and p * padded(outputs); what lies between points is finite.
 * @typedef {object} Layer
 * @property {number} inputs numbers per point
 * @property {number} outputs numbers per point
 * @property {(features: number[]) => void} setFeatures
 * @property {(x: Float64Array, a: Float64Array, m: number) => void} run
 */
/**
 * @callback MakeLayer
 * @param {LayerSpec} layer
 * @param {Float32Array} weights
 * @param {number} degree
 * @returns {Layer}
 */

/**
 * In place on the first `count` numbers.
 * @type {Readonly<Record<string, (a: Float64Array, count: number) => void>>}
 */
export const ACTIVATIONS = Object.freeze({
  identity: () => {},
  relu: (a, count) => {
    for (let i = 0; i < count; i++) if (a[i] < 0) a[i] = 0;
  },
  silu: (a, count) => {
    for (let i = 0; i < count; i++) a[i] /= 1 + Math.exp(-a[i]);
  },
  tanh: (a, count) => {
    for (let i = 0; i < count; i++) a[i] = Math.tanh(a[i]);
  },
  sigmoid: (a, count) => {
    for (let i = 0; i < count; i++) a[i] = 1 / (1 + Math.exp(-a[i]));
  },
  // 1/2 (1 + tanh y) is sigmoid(2y), and one exp is cheaper than one tanh.
  gelu_tanh: (a, count) => {
    for (let i = 0; i < count; i++) {
      const x = a[i];
      a[i] = x / (1 + Math.exp(-GELU_SLOPE * x * (1 + 0.044715 * x * x)));
    }
  },
});

const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);

/** @type {Readonly<Record<string, MakeLayer>>} */
export const LAYERS = Object.freeze({ dense: makeDense, ...CHAIN_LAYERS });

/** A chain of layers that takes points of numbers to points of numbers, for any beta. */
export class Network {
  /**
   * Starts at beta = 0.
   * @param {NetworkSpec} spec
   * @param {Float32Array} weights every layer's numbers, where spec's offsets say
   * @param {string} name of the network in messages
   * @param {number} inputs numbers per point that go in
   * @param {number} outputs numbers per point that come out
   * @throws {Error} that says what was expected and what came
   */
  constructor(spec, weights, name, inputs, outputs) {
    this.spec = spec;
    this.inputs = inputs;
    this.outputs = outputs;
    this.layers = spec.layers.map((layer, i) => makeLayer(layer, `${name} layer ${i}`, weights, spec.beta.degree));
    checkChain(this.layers, name, inputs, outputs);
    /** Of every layer the numbers that go in; the last one's are what came out. */
    this.buffers = [inputs, ...this.layers.map((layer) => layer.outputs)].map((width) => new Float64Array(padded(width) * BLOCK));
    this.beta = NaN;
    this.setBeta(0);
  }

  /**
   * Sets beta for every run that follows.
   * @param {number} beta at least 0
   */
  setBeta(beta) {
    if (!(beta >= 0 && beta < Infinity)) throw new Error(`Expected beta of at least 0, got ${beta}.`);
    if (beta === this.beta) return;
    const features = chebyshev(betaToU(beta, this.spec.beta), this.spec.beta.degree);
    for (const layer of this.layers) layer.setFeatures(features);
    this.beta = beta;
  }

  /**
   * Runs m points, a few points per pass over the weights.
   * @param {ArrayLike<number>} xs [m][inputs]
   * @param {Float32Array | Float64Array} out [m][outputs] or longer
   * @param {number} count m
   */
  run(xs, out, count) {
    const { inputs, outputs } = this;
    const last = this.layers.length;
    for (let first = 0; first < count; first += BLOCK) {
      const m = Math.min(BLOCK, count - first);
      copyPoints(xs, first * inputs, inputs, this.buffers[0], 0, padded(inputs), inputs, m);
      for (let i = 0; i < last; i++) this.layers[i].run(this.buffers[i], this.buffers[i + 1], m);
      copyPoints(this.buffers[last], 0, padded(outputs), out, first * outputs, outputs, outputs, m);
    }
  }

  /**
   * What the first point of the last run was after a layer.
   * @param {number} layer 0 is what went in
   * @returns {Float64Array} a view; the next run overwrites it
   */
  activations(layer) {
    return this.buffers[layer].subarray(0, layer === 0 ? this.inputs : this.layers[layer - 1].outputs);
  }
}

/**
 * @param {ArrayLike<number>} source
 * @param {number} from
 * @param {number} stride
 * @param {Float32Array | Float64Array} target
 * @param {number} to
 * @param {number} span
 * @param {number} width numbers of each point to copy
 * @param {number} m points
 */
function copyPoints(source, from, stride, target, to, span, width, m) {
  for (let p = 0; p < m; p++) {
    for (let i = 0; i < width; i++) target[to + p * span + i] = source[from + p * stride + i];
  }
}

/**
 * @param {LayerSpec} layer
 * @param {string} name
 * @param {Float32Array} weights
 * @param {number} degree
 * @returns {Layer}
 */
function makeLayer(layer, name, weights, degree) {
  try {
    return named(LAYERS, layer.kind, "kind")(layer, weights, degree);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Every layer must take what the one before gives, from the inputs to the outputs.
 * @param {Layer[]} layers
 * @param {string} name
 * @param {number} inputs
 * @param {number} outputs
 */
function checkChain(layers, name, inputs, outputs) {
  if (!layers.length) throw new Error(`${name}: expected at least 1 layer, got 0.`);
  layers.reduce((width, layer, i) => {
    if (layer.inputs === width) return layer.outputs;
    throw new Error(`${name} layer ${i}: expected ${width} inputs, got ${layer.inputs}.`);
  }, inputs);
  const last = layers[layers.length - 1].outputs;
  if (last !== outputs) throw new Error(`${name}: expected the last layer to give ${outputs} numbers, got ${last}.`);
}

/** @type {MakeLayer} */
function makeDense(layer, weights, degree) {
  const { in: inputs, out: outputs } = layer;
  const part = partsOf(layer, weights, [inputs, outputs]);
  const groups = grouped(part("weight", inputs * outputs), inputs, outputs);
  const bias = part("bias", outputs);
  const gainWeights = layer.gain == null ? null : part("gain", degree * outputs);
  const shiftWeights = layer.shift == null ? null : part("shift", degree * outputs);
  const activate = named(ACTIVATIONS, layer.activation, "activation");
  const gain = new Float64Array(outputs).fill(1);
  const shift = bias.slice();
  return {
    inputs,
    outputs,
    setFeatures(features) {
      // a (1 + g) + h with a = W x + b, written as (W x) gain + shift.
      for (let j = 0; j < outputs; j++) {
        gain[j] = 1 + modulation(gainWeights, features, j, outputs);
        shift[j] = bias[j] * gain[j] + modulation(shiftWeights, features, j, outputs);
      }
    },
    run(x, a, m) {
      multiply(groups, x, a, inputs, outputs, m);
      const span = padded(outputs);
      for (let p = 0; p < m; p++) {
        for (let j = 0, i = p * span; j < outputs; j++, i++) a[i] = a[i] * gain[j] + shift[j];
      }
      activate(a, m * span);
    },
  };
}

/**
 * Column j of F^T t; 0 where the layer has no such modulation.
 * @param {Float64Array | null} weights [degree][width]
 * @param {number[]} features [degree]
 * @param {number} j
 * @param {number} width
 */
function modulation(weights, features, j, width) {
  return weights ? features.reduce((sum, t, n) => sum + t * weights[n * width + j], 0) : 0;
}

/**
 * W's rows in groups of 8, column by column, so that a pass over one group reads memory in a straight line; rows of
 * zeros fill the last group.
 * @param {Float64Array} weight [inputs][outputs]
 * @param {number} inputs
 * @param {number} outputs
 * @returns {Float64Array} [padded(inputs) / 8][outputs][8]
 */
function grouped(weight, inputs, outputs) {
  const groups = new Float64Array(padded(inputs) * outputs);
  for (let i = 0; i < inputs; i++) {
    const start = (i - (i % GROUP)) * outputs + (i % GROUP);
    for (let j = 0; j < outputs; j++) groups[start + j * GROUP] = weight[i * outputs + j];
  }
  return groups;
}

/**
 * a = x W for m points: two points together, so that a weight that is read serves both, and an odd one alone.
 * @param {Float64Array} groups grouped(W)
 * @param {Float64Array} x [m][padded(inputs)]
 * @param {Float64Array} a [m][padded(outputs)]
 * @param {number} inputs
 * @param {number} outputs
 * @param {number} m
 */
function multiply(groups, x, a, inputs, outputs, m) {
  const [from, to] = [padded(inputs), padded(outputs)];
  a.fill(0, 0, m * to);
  for (let i = 0; i < inputs; i += GROUP) {
    const start = i * outputs;
    for (let p = 0; p + 1 < m; p += 2) addToPair(groups, start, x, p * from + i, from, a, p * to, to, outputs);
    if (m % 2) addToOne(groups, start, x, (m - 1) * from + i, a, (m - 1) * to, outputs);
  }
}

/**
 * Adds one group of 8 rows, times the 8 inputs from x[at] on, to the sums from a[to] on.
 * @param {Float64Array} w
 * @param {number} start where the group starts
 * @param {Float64Array} x
 * @param {number} at
 * @param {Float64Array} a
 * @param {number} to
 * @param {number} outputs
 */
function addToOne(w, start, x, at, a, to, outputs) {
  const [x0, x1, x2, x3] = [x[at], x[at + 1], x[at + 2], x[at + 3]];
  const [x4, x5, x6, x7] = [x[at + 4], x[at + 5], x[at + 6], x[at + 7]];
  for (let j = to, k = start; j < to + outputs; j++, k += GROUP) {
    const near = x0 * w[k] + x1 * w[k + 1] + (x2 * w[k + 2] + x3 * w[k + 3]);
    const far = x4 * w[k + 4] + x5 * w[k + 5] + (x6 * w[k + 6] + x7 * w[k + 7]);
    a[j] += near + far;
  }
}

/**
 * The same for two points, the second `stride` further on in x and `span` further on in a.
 * @param {Float64Array} w
 * @param {number} start
 * @param {Float64Array} x
 * @param {number} at
 * @param {number} stride
 * @param {Float64Array} a
 * @param {number} to
 * @param {number} span
 * @param {number} outputs
 */
function addToPair(w, start, x, at, stride, a, to, span, outputs) {
  const next = at + stride;
  const [x0, x1, x2, x3] = [x[at], x[at + 1], x[at + 2], x[at + 3]];
  const [x4, x5, x6, x7] = [x[at + 4], x[at + 5], x[at + 6], x[at + 7]];
  const [y0, y1, y2, y3] = [x[next], x[next + 1], x[next + 2], x[next + 3]];
  const [y4, y5, y6, y7] = [x[next + 4], x[next + 5], x[next + 6], x[next + 7]];
  // One name per weight: taking a list apart in this loop is slower by half.
  for (let j = to, k = start; j < to + outputs; j++, k += GROUP) {
    const w0 = w[k];
    const w1 = w[k + 1];
    const w2 = w[k + 2];
    const w3 = w[k + 3];
    const w4 = w[k + 4];
    const w5 = w[k + 5];
    const w6 = w[k + 6];
    const w7 = w[k + 7];
    a[j] += x0 * w0 + x1 * w1 + (x2 * w2 + x3 * w3) + (x4 * w4 + x5 * w5 + (x6 * w6 + x7 * w7));
    a[j + span] += y0 * w0 + y1 * w1 + (y2 * w2 + y3 * w3) + (y4 * w4 + y5 * w5 + (y6 * w6 + y7 * w7));
  }
}

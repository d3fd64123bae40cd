// The encoder in the browser: one sample's μ and log σ² from its pixels, for any beta.

import { halfToFloat } from "./half.js";
import { Network } from "./network.js";

/** @typedef {import("./network.js").NetworkSpec} EncoderSpec */
/**
 * One sample's Gaussian.
 * @typedef {object} Code
 * @property {number[]} mu [latent_dim]
 * @property {number[]} logVar [latent_dim], log σ²
 * @property {number[]} sigma [latent_dim]
 */

export class Encoder extends Network {
  /**
   * Starts at beta = 0.
   * @param {EncoderSpec} spec
   * @param {Float32Array} weights every layer's numbers, where spec's offsets say
   * @throws {Error} that says what was expected and what came
   */
  constructor(spec, weights) {
    super(spec, weights, "Encoder", spec.shape.reduce((product, size) => product * size, 1), 2 * spec.latent_dim);
    this.latentDim = spec.latent_dim;
    this.out = new Float64Array(this.outputs);
  }

  /**
   * @param {EncoderSpec} spec
   * @param {Uint16Array} halves the weights as float16 bits, as they travel
   */
  static fromHalf(spec, halves) {
    return new Encoder(spec, halfToFloat(halves));
  }

  /**
   * @param {ArrayLike<number>} pixels one sample in [0, 1], row by row
   * @returns {Code} the same for the same pixels and beta, always
   */
  encode(pixels) {
    if (pixels.length !== this.inputs) throw new Error(`Expected a sample of ${this.inputs} numbers, got ${pixels.length}.`);
    this.run(pixels, this.out, 1);
    const mu = Array.from(this.out.subarray(0, this.latentDim));
    const logVar = Array.from(this.out.subarray(this.latentDim));
    return { mu, logVar, sigma: logVar.map((v) => Math.exp(v / 2)) };
  }
}

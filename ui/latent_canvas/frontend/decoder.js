// The decoder in the browser: p(x|z)'s mean image from z, for any beta.

import { halfToFloat } from "./half.js";
import { Network } from "./network.js";

/** @typedef {import("./network.js").NetworkSpec} DecoderSpec */

export class Decoder extends Network {
  /**
   * Starts at beta = 0.
   * @param {DecoderSpec} spec
   * @param {Float32Array} weights every layer's numbers, where spec's offsets say
   * @throws {Error} that says what was expected and what came
   */
  constructor(spec, weights) {
    super(spec, weights, "Decoder", spec.latent_dim, spec.shape.reduce((product, size) => product * size, 1));
    this.pixels = this.outputs;
  }

  /**
   * @param {DecoderSpec} spec
   * @param {Uint16Array} halves the weights as float16 bits, as they travel
   */
  static fromHalf(spec, halves) {
    return new Decoder(spec, halfToFloat(halves));
  }

  /**
   * The mean image at z.
   * @param {ArrayLike<number>} z [latent_dim]
   * @param {Float32Array} [out] [pixels]; pass the same one again and a decode allocates nothing
   * @returns {Float32Array} out, in [0, 1] when the last activation is the sigmoid
   */
  decode(z, out = new Float32Array(this.pixels)) {
    return this.decodeMany(z, out);
  }

  /**
   * The mean images of m points, a few points per pass over the weights.
   * @param {ArrayLike<number>} zs [m][latent_dim]
   * @param {Float32Array} [out] [m][pixels] or longer
   * @returns {Float32Array} out
   */
  decodeMany(zs, out = new Float32Array(Math.floor(zs.length / this.inputs) * this.pixels)) {
    const count = zs.length / this.inputs;
    if (!Number.isInteger(count)) throw new Error(`Expected z of ${this.inputs} numbers per point, got ${zs.length} numbers.`);
    if (out.length < count * this.pixels) {
      throw new Error(`Expected room for ${count * this.pixels} pixels, got ${out.length}.`);
    }
    this.run(zs, out, count);
    return out;
  }
}

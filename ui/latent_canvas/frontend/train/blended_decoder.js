// The decoder between two states of a training: what both make of a point, mixed pixel by pixel.

/** @typedef {import("../decoder.js").Decoder} Decoder */

export class BlendedDecoder {
  /**
   * @param {Decoder} from
   * @param {Decoder} to
   * @param {number} share 0 gives `from`, 1 gives `to`
   */
  constructor(from, to, share) {
    this.from = from;
    this.to = to;
    this.share = share;
    this.pixels = from.pixels;
    this.scratch = new Float32Array(from.pixels);
  }

  get beta() {
    return this.to.beta;
  }

  /** @param {number} beta */
  setBeta(beta) {
    this.from.setBeta(beta);
    this.to.setBeta(beta);
  }

  /**
   * @param {ArrayLike<number>} z
   * @param {Float32Array} [out]
   */
  decode(z, out = new Float32Array(this.pixels)) {
    return this.decodeMany(z, out);
  }

  /**
   * @param {ArrayLike<number>} zs [m][latent_dim]
   * @param {Float32Array} [out] [m][pixels] or longer
   */
  decodeMany(zs, out = new Float32Array((zs.length / this.from.inputs) * this.pixels)) {
    const length = (zs.length / this.from.inputs) * this.pixels;
    if (this.scratch.length < length) this.scratch = new Float32Array(length);
    this.from.decodeMany(zs, out);
    this.to.decodeMany(zs, this.scratch);
    for (let i = 0; i < length; i++) out[i] += this.share * (this.scratch[i] - out[i]);
    return out;
  }
}

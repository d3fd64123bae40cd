// The decoder of a model that is seen in a plane: it decodes places of the plane on show, at the beta that is chosen.

import { blendAt, gridOf } from "./grid_decoder.js";
import { Network } from "./network.js";
import { nearestNode } from "./scale.js";

/**
 * @typedef {import("./grid_decoder.js").Grid} Grid
 * @typedef {import("./space_codes.js").SpaceCodes} SpaceCodes
 *
 * @typedef {object} StepsSpec what the server sends (ui/latent_canvas/imported.py)
 * @property {"steps"} kind
 * @property {number} latent_dim
 * @property {number[]} shape
 * @property {{offset: number, train_max: number, degree: number}} beta
 * @property {({layers: import("./network.js").LayerSpec[]} | {served: boolean, why: string})[]} decoders one per beta, or one for all
 *
 * @typedef {{network: Network | null, grids: Grid[], served: boolean, why: string}} Member
 */

export class ImportedDecoder {
  /**
   * @param {StepsSpec | import("./network.js").NetworkSpec} spec of one network, that one for every beta
   * @param {Float32Array} weights
   * @param {(Grid & {decoder: number})[]} grids
   * @param {SpaceCodes} codes whose plane is decoded
   */
  constructor(spec, weights, grids, codes) {
    this.spec = spec;
    this.codes = codes;
    this.inputs = 2;
    this.pixels = spec.shape.reduce((product, size) => product * size, 1);
    const decoders = "decoders" in spec ? spec.decoders : [{ layers: spec.layers }];
    /** @type {Member[]} */
    this.members = decoders.map((decoder, k) => {
      const own = grids.filter((grid) => grid.decoder === k);
      if (!("layers" in decoder)) return { network: null, grids: own, served: decoder.served, why: decoder.why };
      const network = new Network({ ...spec, layers: decoder.layers }, weights, "Decoder", spec.latent_dim, this.pixels);
      return { network, grids: own, served: false, why: "" };
    });
    this.beta = 0;
    this.node = 0;
    this.z = new Float64Array(spec.latent_dim);
    /** Places as the network takes them, [m][d]. */
    this.lifted = this.z;
    /** What the server decoded last, where the browser cannot. @type {{z: number[], beta: number, values: Float32Array} | null} */
    this.served = null;
    this.setBeta(0);
  }

  /** @param {number} beta */
  setBeta(beta) {
    this.beta = beta;
    this.node = nearestNode(this.codes.betas, beta);
    this.member.network?.setBeta(beta);
  }

  /** @returns {Member} */
  get member() {
    return this.members[Math.min(this.node, this.members.length - 1)];
  }

  /** Pictures are blended of a grid: near the decoder's own, and not the same. */
  get approximate() {
    return this.member.network === null;
  }

  /**
   * The server's own picture of a place, where it has sent it.
   * @param {ArrayLike<number>} place x, y in the plane
   * @returns {Float32Array | null}
   */
  exactAt(place) {
    const { served } = this;
    if (!served || served.beta !== this.beta) return null;
    const z = this.codes.lift(place[0], place[1], this.node, this.z);
    return served.z.every((value, j) => value === z[j]) ? served.values : null;
  }

  /**
   * What to ask the server for, where only it can decode a place.
   * @param {ArrayLike<number>} place x, y in the plane
   * @returns {{z: number[], beta: number} | null}
   */
  toServe(place) {
    if (!this.member.served || this.exactAt(place)) return null;
    return { z: Array.from(this.codes.lift(place[0], place[1], this.node, this.z)), beta: this.beta };
  }

  /** There is nothing to decode this plane with. */
  get blind() {
    return this.approximate && !this.#grid;
  }

  get #grid() {
    return gridOf(this.member.grids, this.codes.plane);
  }

  /**
   * @param {ArrayLike<number>} place x, y in the plane
   * @param {Float32Array} [out] [pixels]
   */
  decode(place, out = new Float32Array(this.pixels)) {
    return this.decodeMany(place, out);
  }

  /**
   * @param {ArrayLike<number>} places [m][2]
   * @param {Float32Array} [out] [m][pixels] or longer
   * @returns {Float32Array} out; zeros where this plane cannot be decoded
   */
  decodeMany(places, out = new Float32Array((places.length / 2) * this.pixels)) {
    const { network } = this.member;
    if (network) return this.#decodeLifted(network, places, out);
    const grid = this.#grid;
    for (let i = 0, start = 0; i < places.length; i += 2, start += this.pixels) {
      if (grid && !this.codes.aligned) blendAt(grid, places[i], places[i + 1], out, start, this.pixels);
      else out.fill(0, start, start + this.pixels);
    }
    return out;
  }

  /**
   * All places at once: the network takes several points per pass over its weights.
   * @param {Network} network @param {ArrayLike<number>} places @param {Float32Array} out
   */
  #decodeLifted(network, places, out) {
    const { latent_dim: d } = this.spec;
    const count = places.length / 2;
    if (this.lifted.length !== count * d) this.lifted = new Float64Array(count * d);
    for (let i = 0; i < count; i++) {
      this.codes.lift(places[2 * i], places[2 * i + 1], this.node, this.lifted.subarray(i * d, (i + 1) * d));
    }
    network.run(this.lifted, out, count);
    return out;
  }

  /**
   * The picture at a place of the member's own latent space.
   * @param {ArrayLike<number>} z [d]
   * @param {Float32Array} [out]
   * @returns {Float32Array | null} null where the browser has no such decoder
   */
  decodeFull(z, out = new Float32Array(this.pixels)) {
    const { network, grids } = this.member;
    if (network) network.run(z, out, 1);
    else if (this.spec.latent_dim === 2 && grids.length) blendAt(grids[0], z[0], z[1], out, 0, this.pixels);
    else return null;
    return out;
  }
}

// The decoder of a model that is seen in a plane: it decodes places of the plane on show, at the beta that is chosen.

import { blendAt, gridOf } from "./grid_decoder.js";
import { Network } from "./network.js";
import { nearestNode } from "./scale.js";
import { ServedPictures } from "./served_pictures.js";

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
 * @typedef {{beta: number, axes: number[][], rest: number[]}} PlaneWish a plane whose grid of decodes is missing
 */

/** A member keeps the grids that came with it, and so many that the server made since. */
const MORE_GRIDS = 3;

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
    /** How many grids of each member the server made since. @type {number[]} */
    this.added = [];
    this.beta = 0;
    this.node = 0;
    this.z = new Float64Array(spec.latent_dim);
    /** Places as the network takes them, [m][d]. */
    this.lifted = this.z;
    this.served = new ServedPictures(this.pixels);
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
    if (!this.member.served) return null;
    return this.served.find(this.codes.lift(place[0], place[1], this.node, this.z), this.beta);
  }

  /**
   * The pictures that were missed and that only the server can decode; from now on none has been.
   * @param {ArrayLike<number>} [place] x, y of one more, in the plane
   * @returns {import("./served_pictures.js").Wish | null}
   */
  missed(place) {
    if (place && this.member.served) this.served.miss(this.codes.lift(place[0], place[1], this.node, this.z), this.beta);
    return this.served.takeWish();
  }

  /** The plane on show, where the server must decode a grid of it first. @returns {PlaneWish | null} */
  planeToServe() {
    if (!this.member.served || !this.blind) return null;
    const { axes, rest } = this.#plane;
    return { beta: this.beta, axes: axes.map((axis) => Array.from(axis)), rest: Array.from(rest) };
  }

  /** @param {number} k of the decoder @param {Grid} grid made by the server since */
  addGrid(k, grid) {
    const member = this.members[k];
    const first = member.grids.length - (this.added[k] ?? 0);
    if (member.grids.length - first >= MORE_GRIDS) member.grids.splice(first, 1);
    else this.added[k] = (this.added[k] ?? 0) + 1;
    member.grids.push(grid);
  }

  /** There is nothing to decode this plane with, or not yet. */
  get blind() {
    return this.approximate && !this.#grid;
  }

  /** The plane on show in the member's own latent space. */
  get #plane() {
    const { plane } = this.codes;
    if (!this.codes.aligned) return plane;
    return { axes: this.codes.axes(this.node), rest: this.codes.own(plane.rest, this.node) };
  }

  get #grid() {
    return gridOf(this.member.grids, this.#plane);
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
      if (grid) blendAt(grid, places[i], places[i + 1], out, start, this.pixels);
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
   * @returns {Float32Array | null} null where the browser has no such decoder, and the server's picture has not come
   */
  decodeFull(z, out = new Float32Array(this.pixels)) {
    const { network, grids, served } = this.member;
    const exact = served ? this.served.find(z, this.beta) : null;
    if (served && !exact) this.served.miss(z, this.beta);
    if (network) network.run(z, out, 1);
    else if (exact) out.set(exact);
    else if (this.spec.latent_dim === 2 && grids.length) blendAt(grids[0], z[0], z[1], out, 0, this.pixels);
    else return null;
    return out;
  }
}

// Codes of any number of dimensions, as seen in a plane. Between stored betas they are interpolated where one network knows all
// of them, as in codes.js; where each beta is a model of its own there is nothing between.

import { CodeStack, nearest } from "./codes.js";
import { halfToFloat } from "./half.js";
import { nearestNode } from "./scale.js";
import { Plane } from "./space.js";

/** Correlations below do not show: the ellipse's axes are the map's. */
const UPRIGHT = 1e-9;
/** A thinner ellipse than of this correlation is drawn as thin as it: a thousandth of its length. */
const STEEPEST = 0.9999995;
/** Pictures of so many betas are remembered: two maps side by side, and one more. */
const REMEMBERED = 3;

/**
 * @typedef {object} Slice samples of one chunk at one beta
 * @property {Float32Array} values [n][2d], μ then σ
 * @property {number} n
 *
 * @typedef {object} Seen
 * @property {Float32Array} values [n][4]: x, y and the deviations of both
 * @property {Float32Array | null} correlation
 */

export class SpaceCodes extends CodeStack {
  /** @type {{beta: number, n: number, slices: Slice[]}} the last beta between two stored ones */
  #mixed = { beta: NaN, n: 0, slices: [] };
  /** @type {Map<string, Seen>} */
  #seen = new Map();
  /** The plane in which they were seen. @type {Plane | null} */
  #seenIn = null;
  #rates = { key: "", values: new Float32Array(0) };

  /**
   * @param {ArrayLike<number>} betas ascending
   * @param {import("./scale.js").BetaScale} scale
   * @param {number} d latent dimensions
   * @param {Float64Array[] | null} rotations [K], each [d][d]: what turns a member's codes onto the one's before
   * @param {boolean} [stepped] every beta is a model of its own
   */
  constructor(betas, scale, d, rotations, stepped = true) {
    super(betas, scale);
    this.d = d;
    this.width = 2 * d;
    this.rotations = rotations;
    this.stepped = stepped;
    /** The maps of a family are turned onto each other. */
    this.aligned = false;
    this.plane = Plane.ofDimensions(0, 1, d);
    /** Samples as they came, one array per chunk: [K][n][2d]. @type {Slice[]} */
    this.parts = [];
  }

  /** @param {import("./codes.js").Chunk["mu_sigma"]} mu_sigma [K][n][2d] @param {number} n @override */
  addCodes(mu_sigma, n) {
    this.parts.push({ values: mu_sigma instanceof Float32Array ? mu_sigma : halfToFloat(mu_sigma), n });
  }

  /** @param {number} beta @override */
  between(beta) {
    return this.stepped ? { node: nearestNode(this.betas, beta), share: 0 } : super.between(beta);
  }

  /**
   * The codes at beta, chunk by chunk.
   * @param {number} beta
   * @returns {Slice[]} not to be written to
   */
  #at(beta) {
    const { node, share } = this.between(beta);
    if (share === 0) return this.parts.map(({ values, n }) => ({ values: values.subarray(this.width * n * node, this.width * n * (node + 1)), n }));
    if (this.#mixed.beta !== beta || this.#mixed.n !== this.n) {
      const slices = this.parts.map(({ values, n }) => ({ values: mix(values.subarray(this.width * n * node), n, this.d, share), n }));
      this.#mixed = { beta, n: this.n, slices };
    }
    return this.#mixed.slices;
  }

  /**
   * The axes of the plane as this beta's codes are multiplied by: turned back where the family is aligned.
   * @param {number} node
   * @returns {Float64Array[]} [2][d]
   */
  axes(node) {
    const turn = this.aligned ? this.rotations?.[node] : undefined;
    if (!turn) return this.plane.axes;
    // A turned code is μ Q, so that P (μ Q)ᵀ = (P Qᵀ) μᵀ.
    return this.plane.axes.map((axis) => axis.map((_, i) => axis.reduce((sum, value, j) => sum + value * turn[i * this.d + j], 0)));
  }

  /**
   * @param {number} beta
   * @param {Float32Array<ArrayBuffer>} [out] [n][4]
   * @returns {Float32Array<ArrayBuffer>} out: x, y and the deviations of both, in the plane; `correlation` follows
   * @override
   */
  at(beta, out = new Float32Array(4 * this.n)) {
    if (out.length !== 4 * this.n) throw new Error(`Expected room for ${4 * this.n} numbers, got ${out.length}.`);
    const { node, share } = this.between(beta);
    if (!this.#seenIn || !sameAxes(this.#seenIn, this.plane)) this.#seen.clear();
    this.#seenIn = this.plane;
    const key = `${node} ${share} ${this.n} ${this.aligned}`;
    let seen = this.#seen.get(key);
    if (!seen) {
      seen = project(this.#at(beta), this.n, this.d, shadow(this.axes(node)));
      if (this.#seen.size === REMEMBERED) this.#seen.delete(/** @type {string} */ (this.#seen.keys().next().value));
      this.#seen.set(key, seen);
    }
    out.set(seen.values);
    this.correlation = seen.correlation;
    return out;
  }

  /** @param {number} index @param {number} node @returns {{mu: number[], sigma: number[]}} in all dimensions @override */
  exact(index, node) {
    return this.#codeAt(index, this.betas[node]);
  }

  /** One sample's μ at beta, as the map has it. @param {number} index @param {number} beta @returns {number[]} [d] */
  meanAt(index, beta) {
    return this.#codeAt(index, beta).mu;
  }

  /** @param {number} index @param {number} beta */
  #codeAt(index, beta) {
    let i = index;
    for (const { values, n } of this.#at(beta)) {
      const at = 2 * this.d * i;
      if (i < n) return { mu: Array.from(values.subarray(at, at + this.d)), sigma: Array.from(values.subarray(at + this.d, at + 2 * this.d)) };
      i -= n;
    }
    throw new Error(`Expected a sample below ${this.n}, got ${index}.`);
  }

  /** @param {number} index @param {number} node @returns {{mu: number[], sigma: number[]}} of two numbers each @override */
  inPlane(index, node) {
    const { mu, sigma } = this.exact(index, node);
    const slice = { values: Float32Array.of(...mu, ...sigma), n: 1 };
    const [x, y, sx, sy] = project([slice], 1, this.d, shadow(this.axes(node))).values;
    return { mu: [x, y], sigma: [sx, sy] };
  }

  /** R of every sample, over all dimensions, in nats. @param {number} beta @returns {Float32Array} [n], the caller's own @override */
  ratesAt(beta) {
    const { d } = this;
    const key = `${beta} ${this.n}`;
    if (this.#rates.key !== key) {
      const values = new Float32Array(this.n);
      let i = 0;
      for (const { values: codes } of this.#at(beta)) {
        for (let at = 0; at < codes.length; at += 2 * d, i++) {
          let sum = 0;
          for (let j = at; j < at + d; j++) sum += (codes[j] * codes[j] + codes[j + d] * codes[j + d] - 1) / 2 - Math.log(codes[j + d]);
          values[i] = sum;
        }
      }
      this.#rates = { key, values };
    }
    return this.#rates.values.slice();
  }

  /**
   * The samples whose μ is nearest to a place of the plane, in all dimensions.
   * @param {ArrayLike<number>} place x, y
   * @param {number} beta
   * @param {Float32Array} current
   * @param {number} m
   * @param {import("./codes.js").Mask} [mask]
   * @override
   */
  nearestTo(place, beta, current, m, mask) {
    const { d } = this;
    if (d === 2) return nearest(current, place, m, mask);
    const z = this.lift(place[0], place[1], this.between(beta).node);
    // As codes along one axis: the distance to the left of 0.
    const line = new Float32Array(4 * this.n);
    let i = 0;
    for (const { values } of this.#at(beta)) {
      for (let at = 0; at < values.length; at += 2 * d, i++) {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += (values[at + j] - z[j]) ** 2;
        line[4 * i] = Math.sqrt(sum);
      }
    }
    return nearest(line, [0, 0], m, mask);
  }

  /**
   * A place of the plane in the member's own latent space.
   * @param {number} x @param {number} y @param {number} node
   * @param {Float64Array} [out] [d]
   */
  lift(x, y, node, out = new Float64Array(this.d)) {
    const turn = this.aligned && this.rotations !== null;
    const z = this.plane.lift(x, y, turn ? undefined : out);
    return turn ? this.own(z, node, out) : z;
  }

  /**
   * A point, turned back into the member's own latent space where the family is aligned: z Qᵀ.
   * @override
   * @param {ArrayLike<number>} z [d]
   * @param {number} node
   * @param {Float64Array} [out] [d]
   * @returns {Float64Array} out
   */
  own(z, node, out = new Float64Array(this.d)) {
    const turn = this.aligned ? this.rotations?.[node] : undefined;
    for (let i = 0; i < this.d; i++) {
      out[i] = turn ? 0 : z[i];
      for (let j = 0; turn && j < this.d; j++) out[i] += turn[i * this.d + j] * z[j];
    }
    return out;
  }

  /**
   * log q(z) in all dimensions, of the first samples that `current` holds.
   * @override
   * @param {ArrayLike<number>} z [d], in the turned space where the family is aligned
   * @param {number} beta
   * @param {Float32Array} current
   * @returns {number} nats
   */
  logDensityAt(z, beta, current) {
    const { d } = this;
    const own = this.own(z, this.between(beta).node);
    let left = current.length / 4, top = -Infinity, sum = 0;
    const count = left;
    for (const { values, n } of this.#at(beta)) {
      const end = 2 * d * Math.min(n, left);
      for (let at = 0; at < end; at += 2 * d) {
        let term = 0;
        for (let j = 0; j < d; j++) {
          const sigma = values[at + d + j];
          term -= ((own[j] - values[at + j]) / sigma) ** 2 / 2 + Math.log(sigma);
        }
        if (term <= top) sum += Math.exp(term - top);
        else {
          sum = sum * Math.exp(top - term) + 1;
          top = term;
        }
      }
      left = Math.max(0, left - n);
    }
    return count ? top + Math.log(sum) - Math.log(count) - (d / 2) * Math.log(2 * Math.PI) : -Infinity;
  }
}

/**
 * What of two axes counts: the dimensions along which one of them is not 0.
 * @typedef {object} Shadow
 * @property {Int32Array} dimensions
 * @property {Float64Array} right
 * @property {Float64Array} up
 * @property {boolean} turned some dimension counts in both, so that Gaussians are turned
 *
 * @param {ArrayLike<number>[]} axes
 * @returns {Shadow}
 */
function shadow([a, b]) {
  const dimensions = Int32Array.from(Array.from(a, (_, j) => j).filter((j) => a[j] !== 0 || b[j] !== 0));
  const [right, up] = [a, b].map((axis) => Float64Array.from(dimensions, (j) => axis[j]));
  return { dimensions, right, up, turned: right.some((value, k) => value !== 0 && up[k] !== 0) };
}

/**
 * N(μ, diag σ²) as the plane sees it: mean P μ and covariance P diag(σ²) Pᵀ.
 * @param {Slice[]} slices @param {number} n of all of them @param {number} d @param {Shadow} shadow
 * @returns {Seen}
 */
function project(slices, n, d, { dimensions, right, up, turned }) {
  const out = new Float32Array(4 * n);
  const correlation = turned ? new Float32Array(n) : null;
  let i = 0, steepest = 0;
  for (const { values } of slices) {
    for (let at = 0; at < values.length; at += 2 * d, i++) {
      let x = 0, y = 0, xx = 0, yy = 0, xy = 0;
      for (let k = 0; k < dimensions.length; k++) {
        const place = at + dimensions[k];
        const a = right[k], b = up[k], mu = values[place], sigma = values[place + d];
        const u = a * sigma, v = b * sigma;
        x += a * mu;
        y += b * mu;
        xx += u * u;
        yy += v * v;
        xy += u * v;
      }
      const sx = Math.sqrt(xx), sy = Math.sqrt(yy);
      out[4 * i] = x;
      out[4 * i + 1] = y;
      out[4 * i + 2] = sx;
      out[4 * i + 3] = sy;
      if (!correlation) continue;
      correlation[i] = Math.min(STEEPEST, Math.max(-STEEPEST, xy / (sx * sy)));
      steepest = Math.max(steepest, Math.abs(correlation[i]));
    }
  }
  return { values: out, correlation: steepest > UPRIGHT ? correlation : null };
}

/**
 * Between two stored betas μ and ln σ are linear in u, as in codes.js.
 * @param {Float32Array} values [2 or more nodes][n][2d] @param {number} n @param {number} d @param {number} share from the first node towards the second
 * @returns {Float32Array} [n][2d]
 */
function mix(values, n, d, share) {
  const width = 2 * d * n;
  const out = new Float32Array(width);
  for (let at = 0; at < width; at += 2 * d) {
    for (let j = at; j < at + d; j++) out[j] = values[j] + share * (values[j + width] - values[j]);
    for (let j = at + d; j < at + 2 * d; j++) out[j] = values[j] * Math.exp(share * Math.log(values[j + width] / values[j]));
  }
  return out;
}

/** Where codes are the same in both. @param {Plane} a @param {Plane} b */
function sameAxes(a, b) {
  return a === b || a.axes.every((axis, k) => axis.every((value, j) => value === b.axes[k][j]));
}

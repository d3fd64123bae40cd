// Codes of an imported model: any number of dimensions, as seen in a plane; one or several betas with nothing between them.

import { CodeStack, nearest } from "./codes.js";
import { halfToFloat } from "./half.js";
import { nearestNode } from "./scale.js";
import { Plane } from "./space.js";

/** Correlations below do not show: the ellipse's axes are the map's. */
const UPRIGHT = 1e-9;

export class SpaceCodes extends CodeStack {
  /**
   * @param {ArrayLike<number>} betas ascending; each of a model of its own
   * @param {import("./scale.js").BetaScale} scale
   * @param {number} d latent dimensions
   * @param {Float64Array[] | null} rotations [K], each [d][d]: what turns a member's codes onto the one's before
   */
  constructor(betas, scale, d, rotations) {
    super(betas, scale);
    this.d = d;
    this.rotations = rotations;
    /** The maps of a family are turned onto each other. */
    this.aligned = false;
    this.plane = Plane.ofDimensions(0, 1, d);
    /** Samples as they came, one array per chunk: [K][n][2d], μ then σ. @type {{values: Float32Array, n: number}[]} */
    this.parts = [];
  }

  /** @param {import("./codes.js").Chunk} chunk with [K][n][2d] numbers @override */
  addChunk({ mu_sigma, labels, ids, test }) {
    const n = labels.length;
    const expected = this.betas.length * n * 2 * this.d;
    if (mu_sigma.length !== expected) throw new Error(`Expected ${expected} numbers of codes for ${n} samples, got ${mu_sigma.length}.`);
    this.parts.push({ values: mu_sigma instanceof Float32Array ? mu_sigma : halfToFloat(mu_sigma), n });
    this.addSamples(labels, ids, test);
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
    const { d } = this;
    const node = nearestNode(this.betas, beta);
    const [right, up] = this.axes(node).map(sparse);
    const shared = both(right, up);
    const turned = shared.length ? new Float32Array(this.n) : null; // a new one: another map may still show the last
    let i = 0;
    let steepest = 0;
    for (const { values, n } of this.parts) {
      for (let at = 2 * d * n * node, end = at + 2 * d * n; at < end; at += 2 * d, i++) {
        let x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (const [j, a] of right) {
          const v = a * values[at + d + j];
          x += a * values[at + j];
          xx += v * v;
        }
        for (const [j, b] of up) {
          const v = b * values[at + d + j];
          y += b * values[at + j];
          yy += v * v;
        }
        const [sx, sy] = [Math.sqrt(xx), Math.sqrt(yy)];
        out[4 * i] = x;
        out[4 * i + 1] = y;
        out[4 * i + 2] = sx;
        out[4 * i + 3] = sy;
        if (!turned) continue;
        for (const [j, a, b] of shared) xy += a * b * values[at + d + j] ** 2;
        turned[i] = xy / (sx * sy);
        steepest = Math.max(steepest, Math.abs(turned[i]));
      }
    }
    this.correlation = steepest > UPRIGHT ? turned : null;
    return out;
  }

  /** @param {number} index @param {number} node @returns {{mu: number[], sigma: number[]}} in all dimensions @override */
  exact(index, node) {
    let i = index;
    for (const { values, n } of this.parts) {
      if (i < n) {
        const at = 2 * this.d * (node * n + i);
        return { mu: Array.from(values.subarray(at, at + this.d)), sigma: Array.from(values.subarray(at + this.d, at + 2 * this.d)) };
      }
      i -= n;
    }
    throw new Error(`Expected a sample below ${this.n}, got ${index}.`);
  }

  /** R of every sample, over all dimensions, in nats. @param {number} beta @returns {Float32Array} [n] @override */
  ratesAt(beta) {
    const { d } = this;
    const node = nearestNode(this.betas, beta);
    const out = new Float32Array(this.n);
    let i = 0;
    for (const { values, n } of this.parts) {
      for (let at = 2 * d * n * node, end = at + 2 * d * n; at < end; at += 2 * d, i++) {
        for (let j = at; j < at + d; j++) out[i] += (values[j] ** 2 + values[j + d] ** 2 - 1) / 2 - Math.log(values[j + d]);
      }
    }
    return out;
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
    const node = nearestNode(this.betas, beta);
    const z = this.lift(place[0], place[1], node);
    // As codes along one axis: the distance to the left of 0.
    const line = new Float32Array(4 * this.n);
    let i = 0;
    for (const { values, n } of this.parts) {
      for (let at = 2 * d * n * node, end = at + 2 * d * n; at < end; at += 2 * d, i++) {
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
    const node = nearestNode(this.betas, beta);
    const own = this.own(z, node);
    let left = current.length / 4, top = -Infinity, sum = 0;
    const count = left;
    for (const { values, n } of this.parts) {
      const end = 2 * d * (n * node + Math.min(n, left));
      for (let at = 2 * d * n * node; at < end; at += 2 * d) {
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

/** Where an axis is not 0. @param {ArrayLike<number>} axis @returns {[number, number][]} index and value */
function sparse(axis) {
  return Array.from(axis, (value, j) => /** @type {[number, number]} */ ([j, value])).filter(([, value]) => value !== 0);
}

/** @param {[number, number][]} right @param {[number, number][]} up @returns {[number, number, number][]} where neither is 0 */
function both(right, up) {
  const other = new Map(up);
  return right.flatMap(([j, a]) => (other.has(j) ? [/** @type {[number, number, number]} */ ([j, a, other.get(j)])] : []));
}

// What one input x costs under any Gaussian in two dimensions: D by Gauss–Hermite quadrature, R exactly, and both along the width.

import { rate } from "../codes.js";

/**
 * @typedef {import("../decoder.js").Decoder} Decoder
 * @typedef {{likelihood: "gaussian" | "bernoulli", sigma_x: number}} Likelihood
 * @typedef {{nodes: number[], weights: number[]}} Rule one-dimensional, for N(0, 1); the weights sum to 1
 * @typedef {object} Pairs the tensor product of a rule with itself
 * @property {Float64Array} nodes [m][2]
 * @property {Float64Array} weights [m]
 * @typedef {object} Least where the sum is least along the width
 * @property {number} width
 * @property {number} sum nats
 * @property {"" | "low" | "high"} edge of the widths that it lies on
 * @property {number} narrow the sum at the narrowest width, nats
 */

/** The largest number below 1 that a double knows differs from it by this: a mean so near to 0 or 1 costs at most 36.7 nats. */
const TINY = 2 ** -53;
/** Bisections to a root of full precision. */
const BISECTIONS = 60;

/** Heₙ(x) and Heₙ₋₁(x) by Heₙ₊₁ = x Heₙ − n Heₙ₋₁. @param {number} n @param {number} x @returns {[number, number]} */
function hermite(n, x) {
  let [before, now] = [0, 1];
  for (let k = 0; k < n; k++) [before, now] = [now, x * now - k * before];
  return [now, before];
}

/**
 * Gauss–Hermite nodes and weights for the expectation under N(0, 1): exact for polynomials up to degree 2n − 1.
 * The roots of Heₙ lie one between each two of Heₙ₋₁; the weight at xᵢ is (n − 1)! / (n Heₙ₋₁(xᵢ)²).
 * @param {number} n 1 or more
 * @returns {Rule} nodes rising
 */
export function gaussHermite(n) {
  /** @type {number[]} */
  let roots = [];
  for (let k = 1; k <= n; k++) {
    const reach = 2 * Math.sqrt(k) + 1;
    const fences = [-reach, ...roots, reach];
    roots = fences.slice(1).map((high, i) => rootBetween(k, fences[i], high));
  }
  let factor = 1 / n;
  for (let k = 2; k < n; k++) factor *= k;
  return { nodes: roots, weights: roots.map((x) => factor / hermite(n, x)[1] ** 2) };
}

/** @param {number} n @param {number} low @param {number} high the ends differ in sign */
function rootBetween(n, low, high) {
  const rising = hermite(n, high)[0] > 0;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (hermite(n, middle)[0] > 0 === rising) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** @type {Map<number, Pairs>} */
const made = new Map();

/** @param {number} n nodes along each axis @returns {Pairs} */
export function pairsOf(n) {
  const found = made.get(n);
  if (found) return found;
  const { nodes, weights } = gaussHermite(n);
  const pairs = {
    nodes: Float64Array.from(nodes.flatMap((a) => nodes.flatMap((b) => [a, b]))),
    weights: Float64Array.from(weights.flatMap((a) => weights.map((b) => a * b))),
  };
  made.set(n, pairs);
  return pairs;
}

/**
 * −log p(x|z) in nats for the mean image p, as vae_core/objectives.py counts it.
 * @param {ArrayLike<number>} x [pixels]
 * @param {Float64Array} means several mean images end to end
 * @param {number} from where this one starts
 * @param {Likelihood} likelihood
 */
export function cost(x, means, from, { likelihood, sigma_x }) {
  const pixels = x.length;
  let sum = 0;
  if (likelihood === "bernoulli") {
    for (let i = 0, j = from; i < pixels; i++, j++) {
      const p = means[j];
      if (x[i] > 0) sum -= x[i] * Math.log(Math.max(TINY, p));
      if (x[i] < 1) sum -= (1 - x[i]) * Math.log(Math.max(TINY, 1 - p));
    }
    return sum;
  }
  for (let i = 0, j = from; i < pixels; i++, j++) sum += (means[j] - x[i]) ** 2;
  return sum / (2 * sigma_x ** 2) + pixels * Math.log(sigma_x * Math.sqrt(2 * Math.PI));
}

/** How many nodes along each axis a Gaussian of this width needs; the wider, the more the decoder changes inside it. @param {number} width larger σ */
export function nodesFor(width) {
  return width < 0.04 ? 3 : width < 0.12 ? 5 : width < 0.4 ? 7 : 9;
}

/** D(μ, σ) = E_ε[−log p(x | μ + σ·ε)] of one input x. */
export class Distortion {
  /** @param {Decoder} decoder at its β @param {Likelihood} likelihood */
  constructor(decoder, likelihood) {
    if (decoder.inputs !== 2) throw new Error(`Expected a latent space of 2 dimensions, got ${decoder.inputs}.`);
    this.decoder = decoder;
    this.likelihood = likelihood;
    /** @type {ArrayLike<number>} */
    this.x = new Float32Array(decoder.pixels);
    this.zs = new Float64Array(0);
    this.means = new Float64Array(0);
    /** Average of the pictures under the last Gaussian. */
    this.average = new Float32Array(decoder.pixels);
  }

  /** Without any noise. @param {number} x @param {number} y @returns {number} nats */
  at(x, y) {
    this.#room(1);
    this.zs[0] = x;
    this.zs[1] = y;
    this.decoder.run(this.zs, this.means, 1);
    return cost(this.x, this.means, 0, this.likelihood);
  }

  /**
   * @param {ArrayLike<number>} mu
   * @param {ArrayLike<number>} sigma
   * @param {number} [n] nodes along each axis
   * @returns {number} nats
   */
  under(mu, sigma, n = nodesFor(Math.max(sigma[0], sigma[1]))) {
    const { nodes, weights } = pairsOf(n);
    const count = weights.length;
    this.#room(count);
    for (let i = 0; i < 2 * count; i++) this.zs[i] = mu[i & 1] + sigma[i & 1] * nodes[i];
    this.decoder.run(this.zs, this.means, count);
    const { pixels } = this.decoder;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += weights[i] * cost(this.x, this.means, i * pixels, this.likelihood);
    return sum;
  }

  /**
   * The same; the weighted average of the pictures is in `average` afterwards.
   * @param {ArrayLike<number>} mu
   * @param {ArrayLike<number>} sigma
   * @param {number} [n] nodes along each axis
   * @returns {number} nats
   */
  underWithAverage(mu, sigma, n = nodesFor(Math.max(sigma[0], sigma[1]))) {
    const value = this.under(mu, sigma, n);
    const { average, means } = this;
    const { weights } = pairsOf(n);
    average.fill(0);
    for (let i = 0, k = 0; i < weights.length; i++) for (let j = 0; j < average.length; j++, k++) average[j] += weights[i] * means[k];
    return value;
  }

  /** @param {number} count points */
  #room(count) {
    if (this.zs.length < 2 * count) this.zs = new Float64Array(2 * count);
    if (this.means.length < count * this.decoder.pixels) this.means = new Float64Array(count * this.decoder.pixels);
  }
}

/**
 * D and R of one input along the width of its Gaussian, √(σ₁σ₂), with μ and σ₁ : σ₂ kept. D is worked out a few widths at a
 * time, coarse ones first; while things change, values of a moment ago stand in.
 */
export class WidthCurve {
  /** @param {number} low smallest width @param {number} high largest @param {number} count of widths, equally far apart on a logarithmic scale */
  constructor(low, high, count) {
    this.widths = Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)));
    this.d = new Float64Array(count).fill(NaN);
    this.r = new Float64Array(count).fill(NaN);
    /** For what a width's D was worked out. @type {string[]} */
    this.known = new Array(count).fill("");
    this.order = coarseFirst(count);
    this.next = 0;
    this.key = "";
    this.mu = [0, 0];
    /** σ at width 1. */
    this.shape = [1, 1];
  }

  /** Forget all, for another input. */
  clear() {
    this.d.fill(NaN);
    this.known.fill("");
    this.next = 0;
  }

  /**
   * @param {ArrayLike<number>} mu
   * @param {ArrayLike<number>} sigma any on the curve
   * @param {string} rest what else D depends on
   */
  follow(mu, sigma, rest) {
    const width = Math.sqrt(sigma[0] * sigma[1]);
    const shape = [sigma[0] / width, sigma[1] / width];
    const key = [rest, mu[0].toFixed(5), mu[1].toFixed(5), Math.log(shape[0]).toFixed(4)].join();
    if (key === this.key) return;
    Object.assign(this, { key, shape, mu: [mu[0], mu[1]] });
    for (const [i, w] of this.widths.entries()) this.r[i] = this.rateAt(w);
  }

  /** R at a width of the curve, nats. @param {number} width */
  rateAt(width) {
    return rate(this.mu[0], this.mu[1], width * this.shape[0], width * this.shape[1]);
  }

  /** Every width's D belongs to what the curve follows. */
  get settled() {
    return this.known.every((key) => key === this.key);
  }

  /**
   * Work on it, at least one width.
   * @param {Distortion} distortion
   * @param {number} ms at most about so long
   * @param {number} [most] nodes along each axis; what that leaves rough is done again when more are allowed
   */
  work(distortion, ms, most = Infinity) {
    const until = performance.now() + ms;
    const { order, known, key, widths, shape, mu } = this;
    for (let tries = 0; tries < order.length; tries++) {
      const i = order[this.next];
      this.next = (this.next + 1) % order.length;
      const sigma = [widths[i] * shape[0], widths[i] * shape[1]];
      const wanted = nodesFor(Math.max(sigma[0], sigma[1]));
      const name = wanted > most ? `${key}~` : key;
      if (known[i] === key || known[i] === name) continue;
      this.d[i] = distortion.under(mu, sigma, Math.min(wanted, most));
      known[i] = name;
      if (performance.now() > until) break;
    }
  }

  /**
   * Where D + β·R is least along the curve: a parabola through the lowest width and its neighbours.
   * @param {number} beta
   * @returns {Least | null} null while too little is known
   */
  least(beta) {
    const at = this.widths.map((_, i) => i).filter((i) => Number.isFinite(this.d[i]));
    if (at.length < 5) return null;
    const sums = at.map((i) => this.d[i] + beta * this.r[i]);
    let best = 0;
    for (let k = 1; k < sums.length; k++) if (sums[k] < sums[best] - FLAT) best = k;
    const width = this.widths[at[best]];
    if (best === 0) return { width, sum: sums[0], edge: "low", narrow: sums[0] };
    if (best === sums.length - 1) return { width, sum: sums[best], edge: "high", narrow: sums[0] };
    const logs = [best - 1, best, best + 1].map((k) => Math.log(this.widths[at[k]]));
    const top = vertex(logs, sums.slice(best - 1, best + 2));
    return { width: Math.exp(top.x), sum: top.y, edge: "", narrow: sums[0] };
  }
}

/** Sums that differ by less than this, nats, are equally good; the narrower counts. */
const FLAT = 0.005;

/** The lowest point of the parabola through three points. @param {number[]} x rising @param {number[]} y the middle one is lowest */
function vertex([a, b, c], [p, q, r]) {
  const left = (q - p) / (b - a), right = (r - q) / (c - b);
  const bend = (right - left) / (c - a);
  if (!(bend > 0)) return { x: b, y: q };
  const x = (a + b) / 2 - left / (2 * bend);
  return { x, y: p + left * (x - a) + bend * (x - a) * (x - b) };
}

/** 0 … count − 1, every eighth first, then what lies halfway between, and so on. @param {number} count */
function coarseFirst(count) {
  const order = new Set([0, count - 1]);
  for (const stride of [8, 4, 2, 1]) for (let i = 0; i < count; i += stride) order.add(i);
  return [...order];
}

// The mixture of the first n samples' Gaussians: its order, its mean and deviation, and where it leaves holes. No page elements here.

import { aggregateGrid } from "../weight/aggregate.js";

/**
 * @typedef {import("../view.js").View} View
 * @typedef {import("../weight/aggregate.js").Grid} Grid
 */

/** Step of the grid, CSS pixels. */
export const TEXEL = 2;
/** A hole is where the mixture has less than this share of the prior's density. */
const HOLE = 0.1;
/** Beyond this squared distance in σ a Gaussian adds nothing to a sum of doubles that matters here (exp(−40)). */
const FAR2 = 80;

/**
 * The codes in the order in which they are added: one first, then all others as they came.
 * @param {Float32Array} current [n][4]
 * @param {number} first index of the sample that comes first; -1 for a Gaussian that is none of them
 * @param {{mu: ArrayLike<number>, sigma: ArrayLike<number>}} gaussian of it, where first is -1
 * @returns {{codes: Float32Array, order: Int32Array}} order: indices, -1 for the one that is none of them
 */
export function orderCodes(current, first, gaussian) {
  const n = current.length / 4;
  const others = Array.from({ length: n }, (_, i) => i).filter((i) => i !== first);
  const order = Int32Array.of(first, ...others);
  const codes = new Float32Array(4 * order.length);
  for (const [at, index] of order.entries()) {
    if (index >= 0) codes.set(current.subarray(4 * index, 4 * index + 4), 4 * at);
    else codes.set([gaussian.mu[0], gaussian.mu[1], gaussian.sigma[0], gaussian.sigma[1]], 4 * at);
  }
  return { codes, order };
}

/**
 * Mean and standard deviation of the mixture, exactly: its variance is the mean of the σ² and the variance of the μ.
 * @param {Float32Array} codes [n or more][4]
 * @param {number} n at least 1
 * @returns {{mean: [number, number], deviation: [number, number]}}
 */
export function moments(codes, n) {
  const sums = new Float64Array(6); // of μ, μ² and σ² along both axes
  for (let c = 0; c < 4 * n; c += 4) {
    for (const axis of [0, 1]) {
      const [mu, sigma] = [codes[c + axis], codes[c + 2 + axis]];
      sums[axis] += mu;
      sums[2 + axis] += mu * mu;
      sums[4 + axis] += sigma * sigma;
    }
  }
  const mean = /** @type {[number, number]} */ ([sums[0] / n, sums[1] / n]);
  const deviation = /** @type {[number, number]} */ ([0, 1].map((a) => Math.sqrt(sums[4 + a] / n + Math.max(0, sums[2 + a] / n - mean[a] ** 2))));
  return { mean, deviation };
}

/** The sum of the first n densities on a view's grid; what is added costs only what is new. */
export class MixtureGrid {
  constructor() {
    this.key = "";
    this.n = 0;
    this.values = new Float32Array(0);
    this.scratch = new Float32Array(0);
  }

  /**
   * @param {Float32Array} codes [n or more][4]
   * @param {number} n
   * @param {View} view
   * @param {string} key changes with the codes and the view
   * @returns {Grid} values: sums of n densities, so that a mass of 1 stands for n
   */
  at(codes, n, view, key) {
    const [width, height] = [Math.ceil(view.width / TEXEL), Math.ceil(view.height / TEXEL)];
    if (this.values.length !== width * height) {
      this.values = new Float32Array(width * height);
      this.scratch = new Float32Array(width * height);
      this.key = "";
    }
    if (key !== this.key || n < this.n) {
      this.values.fill(0);
      this.key = key;
      this.n = 0;
    }
    const more = n - this.n;
    if (more > 0) {
      const { values } = aggregateGrid(codes.subarray(4 * this.n, 4 * n), more, view, TEXEL, this.scratch);
      for (let i = 0; i < values.length; i++) this.values[i] += more * values[i];
      this.n = n;
    }
    return { width, height, values: this.values, texel: TEXEL, view };
  }
}

/** 1 / g and 1 / g² of the plastic number g, by which the points of Roberts' sequence fill a square evenly. */
const [ACROSS, UP] = [0.7548776662466927, 0.5698402909980532];

/**
 * Points that stand for draws of the prior, spread over it evenly instead of by chance (a sequence of low discrepancy).
 * @param {number} count
 * @returns {Float64Array} [count][2]
 */
export function evenDraws(count) {
  const draws = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - ((0.5 + (i + 0.5) * ACROSS) % 1)));
    const angle = 2 * Math.PI * ((0.5 + (i + 0.5) * UP) % 1);
    draws[2 * i] = radius * Math.cos(angle);
    draws[2 * i + 1] = radius * Math.sin(angle);
  }
  return draws;
}

/**
 * Standard error of a share among random draws, that of a share with one hit and one miss more, so that no hit at all
 * is not taken for certainty (as in vae_core/table.py).
 * @param {number} share
 * @param {number} draws
 */
export function shareError(share, draws) {
  const p = (share * draws + 1) / (draws + 2);
  return Math.sqrt((p * (1 - p)) / draws);
}

/** For every n the share of the prior's draws that fall where the mixture of the first n is below a tenth of the prior. */
export class Holes {
  /**
   * @param {Float32Array} codes [N][4]
   * @param {ArrayLike<number>} draws [m][2] of the prior
   */
  constructor(codes, draws) {
    this.codes = codes;
    this.draws = draws;
    const m = draws.length / 2;
    /** Of the first `done` Gaussians, without the factor 1 / 2π. */
    this.sums = new Float64Array(m);
    this.least = Float64Array.from({ length: m }, (_, d) => HOLE * Math.exp(-(draws[2 * d] ** 2 + draws[2 * d + 1] ** 2) / 2));
    this.shares = new Float32Array(codes.length / 4 + 1).fill(1);
    this.done = 0;
  }

  /**
   * Go on for about so long.
   * @param {number} ms
   * @returns {boolean} every n is known
   */
  step(ms) {
    const end = performance.now() + ms;
    const total = this.codes.length / 4;
    while (this.done < total) {
      this.#add();
      if (this.done % 8 === 0 && performance.now() > end) break;
    }
    return this.done === total;
  }

  #add() {
    const { codes, draws, sums, least } = this;
    const [m1, m2, s1, s2] = codes.subarray(4 * this.done, 4 * this.done + 4);
    const peak = 1 / (s1 * s2);
    const n = this.done + 1;
    let holes = 0;
    for (let d = 0; d < sums.length; d++) {
      const a = (draws[2 * d] - m1) / s1;
      const b = (draws[2 * d + 1] - m2) / s2;
      const far = a * a + b * b;
      if (far < FAR2) sums[d] += peak * Math.exp(-far / 2);
      if (sums[d] < n * least[d]) holes += 1;
    }
    this.done = n;
    this.shares[n] = holes / sums.length;
  }

  /** @param {number} n @returns {number | null} null where it is not known yet */
  at(n) {
    return n <= this.done ? this.shares[n] : null;
  }
}

/**
 * The slider's scale: 1 at 0, the whole number at 1, even steps in the logarithm between.
 * @param {number} s in [0, 1]
 * @param {number} total
 */
export function countAt(s, total) {
  return Math.min(total, Math.max(1, Math.round(total ** s)));
}

/** @param {number} n @param {number} total @returns {number} in [0, 1] */
export function placeOf(n, total) {
  return total > 1 ? Math.log(n) / Math.log(total) : 1;
}

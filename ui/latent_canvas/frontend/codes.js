/**
 * Codes along beta: every sample's mu and sigma at any beta, and what follows from them at one beta.
 *
 * `current` below is a Float32Array [n][4] with mu1, mu2, sigma1, sigma2 of each sample at the chosen beta.
 * @module
 */

import { halfTable, halfToFloat, halfToLog } from "./half.js";
import { betaToU } from "./scale.js";

/**
 * Samples as they travel; arrays of n numbers and one of K * n * 4.
 * @typedef {object} Chunk
 * @property {Uint16Array | Float32Array} mu_sigma halves, [K][n][4]: mu1, mu2, sigma1, sigma2 at every stored beta; of an
 *   imported model (space_codes.js) floats, [K][n][2d]
 * @property {Uint8Array | Int32Array} labels
 * @property {Int32Array} ids places in the data set
 * @property {Uint8Array} test 1 for samples held out of training
 */
/**
 * @typedef {object} Stack
 * @property {Uint16Array} halves as they came
 * @property {Float32Array} values [K][n][4]: mu1, mu2, ln sigma1, ln sigma2
 * @property {number} n
 * @property {boolean} [between] values are not those of the halves, but on the way from or to them
 */
/**
 * Says which samples count.
 * @typedef {(index: number) => boolean} Mask
 */

/** mu and sigma of all samples that have arrived, at the stored betas and between. */
export class CodeStack {
  /**
   * @param {ArrayLike<number>} betas ascending; where codes were computed
   * @param {import("./scale.js").BetaScale} scale
   */
  constructor(betas, scale) {
    this.betas = Float64Array.from(betas);
    this.scale = scale;
    this.u = this.betas.map((beta) => betaToU(beta, scale));
    /** Numbers of one sample at one beta. */
    this.width = 4;
    /** @type {Stack[]} */
    this.stacks = [];
    this.labels = new Uint8Array(0);
    this.ids = new Int32Array(0);
    this.test = new Uint8Array(0);
    /** Of each sample's Gaussian in the plane at the last `at`; null where all stand upright. @type {Float32Array | null} */
    this.correlation = null;
  }

  /** Samples so far. */
  get n() {
    return this.labels.length;
  }

  /**
   * Adds samples after those that are there.
   * @param {Chunk} chunk
   * @throws {Error} when the arrays' lengths do not fit each other, or a label is not a byte
   */
  addChunk({ mu_sigma, labels, ids, test }) {
    const n = labels.length;
    const expected = { mu_sigma: this.betas.length * n * this.width, ids: n, test: n };
    for (const [name, array] of Object.entries({ mu_sigma, ids, test })) {
      const length = expected[/** @type {keyof typeof expected} */ (name)];
      if (array.length !== length) {
        throw new Error(`Expected ${length} numbers of ${name} for ${n} samples, got ${array.length}.`);
      }
    }
    const odd = labels.find((label) => label < 0 || label > 255);
    if (odd !== undefined) throw new Error(`Expected labels from 0 to 255, got ${odd}.`);
    this.addCodes(mu_sigma, n);
    const before = this.n;
    this.labels = append(new Uint8Array(before + n), this.labels, labels);
    this.ids = append(new Int32Array(before + n), this.ids, ids);
    this.test = append(new Uint8Array(before + n), this.test, test);
  }

  /** @param {Chunk["mu_sigma"]} mu_sigma @param {number} n */
  addCodes(mu_sigma, n) {
    if (!(mu_sigma instanceof Uint16Array)) throw new Error("Expected codes as halves, got floats.");
    this.stacks.push({ halves: mu_sigma, values: muAndLogSigma(mu_sigma), n });
  }

  /**
   * The same samples, coded anew: a network in training does that all the time.
   * @param {Uint16Array} halves what `exact` answers with
   * @param {Float32Array} values what `at` answers with
   * @param {boolean} between values are not those of the halves
   */
  replace(halves, values, between) {
    const length = 4 * this.n * this.betas.length;
    if (halves.length !== length || values.length !== length) {
      throw new Error(`Expected ${length} numbers for ${this.n} samples, got ${halves.length} and ${values.length}.`);
    }
    this.stacks = [{ halves, values, n: this.n, between }];
  }

  /**
   * Codes at beta: as stored at a stored beta; between two, mu and ln sigma are linear in u. Beta outside the stored
   * range counts as its nearer end.
   * @param {number} beta
   * @param {Float32Array<ArrayBuffer>} [out] [n][4]
   * @returns {Float32Array<ArrayBuffer>} out: mu1, mu2, sigma1, sigma2
   */
  at(beta, out = new Float32Array(4 * this.n)) {
    if (out.length !== 4 * this.n) throw new Error(`Expected room for ${4 * this.n} numbers, got ${out.length}.`);
    const { node, share } = this.between(beta);
    let start = 0;
    for (const stack of this.stacks) {
      const part = out.subarray(start, start + 4 * stack.n);
      const [from, to] = [4 * stack.n * node, 4 * stack.n * (node + 1)];
      if (share === 0 && !stack.between) halfToFloat(stack.halves.subarray(from, to), part);
      else interpolate(stack.values.subarray(from), 4 * stack.n, share, part);
      start += 4 * stack.n;
    }
    return out;
  }

  /**
   * One sample's code as computed at a stored beta, never interpolated.
   * @param {number} index
   * @param {number} node index into betas
   * @returns {{mu: number[], sigma: number[]}}
   */
  exact(index, node) {
    let i = index;
    for (const { halves, n } of this.stacks) {
      if (i < n) {
        const [mu1, mu2, sigma1, sigma2] = halfToFloat(halves.subarray(4 * (node * n + i), 4 * (node * n + i + 1)));
        return { mu: [mu1, mu2], sigma: [sigma1, sigma2] };
      }
      i -= n;
    }
    throw new Error(`Expected a sample below ${this.n}, got ${index}.`);
  }

  /** The same as the map shows it. @param {number} index @param {number} node @returns {{mu: number[], sigma: number[]}} */
  inPlane(index, node) {
    return this.exact(index, node);
  }

  /** R of every sample in nats, where `current` holds its codes at beta. @param {number} _beta @param {Float32Array} current */
  ratesAt(_beta, current) {
    return rates(current);
  }

  /** log q(z) in nats. @param {ArrayLike<number>} z @param {number} _beta @param {Float32Array} current codes at beta, or the first of them */
  logDensityAt(z, _beta, current) {
    return logDensity(current, z);
  }

  /** A point in the latent space of a beta's own model. @param {number[]} z @param {number} _node @returns {ArrayLike<number>} */
  own(z, _node) {
    return z;
  }

  /**
   * The m samples whose mu is nearest to a place of the map.
   * @param {ArrayLike<number>} place @param {number} _beta @param {Float32Array} current codes at beta
   * @param {number} m @param {Mask} [mask]
   */
  nearestTo(place, _beta, current, m, mask) {
    return nearest(current, place, m, mask);
  }

  /**
   * One sample's mu at beta in other codes of the same samples.
   * @param {Float32Array} values [K][n][4]
   * @param {number} index
   * @param {number} beta
   * @returns {[number, number]}
   */
  meanIn(values, index, beta) {
    const { node, share } = this.between(beta);
    const at = 4 * (node * this.n + index);
    const next = share === 0 ? at : at + 4 * this.n;
    return [values[at] + share * (values[next] - values[at]), values[at + 1] + share * (values[next + 1] - values[at + 1])];
  }

  /**
   * The stored beta at or below, and how far in u towards the next one; share 0 means exactly there.
   * @param {number} beta
   */
  between(beta) {
    const last = this.betas.length - 1;
    const above = this.betas.findIndex((stored) => stored > beta);
    if (above < 0) return { node: last, share: 0 };
    if (above === 0) return { node: 0, share: 0 };
    const [low, high] = [this.u[above - 1], this.u[above]];
    return { node: above - 1, share: (betaToU(beta, this.scale) - low) / (high - low) };
  }
}

/**
 * R of one sample: KL(N(mu, diag sigma^2) || N(0, I)) = 1/2 sum (mu^2 + sigma^2 - 1) - sum ln sigma, in nats.
 * @param {number} mu1
 * @param {number} mu2
 * @param {number} sigma1
 * @param {number} sigma2
 * @returns {number}
 */
export function rate(mu1, mu2, sigma1, sigma2) {
  return (mu1 * mu1 + mu2 * mu2 + sigma1 * sigma1 + sigma2 * sigma2) / 2 - 1 - Math.log(sigma1 * sigma2);
}

/**
 * The rate of every sample.
 * @param {Float32Array} current
 * @param {Float32Array} [out] [n]
 * @returns {Float32Array} out, nats
 */
export function rates(current, out = new Float32Array(current.length / 4)) {
  for (let i = 0, c = 0; c < current.length; i++, c += 4) {
    out[i] = rate(current[c], current[c + 1], current[c + 2], current[c + 3]);
  }
  return out;
}

/**
 * How many samples' ellipses of semi-axes k sigma hold z, edge included.
 * @param {Float32Array} current
 * @param {ArrayLike<number>} z
 * @param {number} k
 * @param {Mask} [mask] only samples for which it is true
 * @param {Float32Array | null} [correlation] [n], where the ellipses are turned
 * @returns {number}
 */
export function covering(current, z, k, mask, correlation = null) {
  let count = 0;
  for (let i = 0, c = 0; c < current.length; i++, c += 4) {
    if (mahalanobis2(current, c, z[0], z[1], correlation ? correlation[i] : 0) <= k * k && (!mask || mask(i))) count++;
  }
  return count;
}

/**
 * The m samples whose mu is nearest to z, nearest first; of two equally near the one that came first.
 * @param {Float32Array} current
 * @param {ArrayLike<number>} z
 * @param {number} m
 * @param {Mask} [mask] only samples for which it is true
 * @returns {Int32Array} at most m indices
 */
export function nearest(current, z, m, mask) {
  const found = new Int32Array(m);
  const distances = new Float64Array(m);
  let count = 0;
  for (let i = 0, c = 0; c < current.length; i++, c += 4) {
    const distance = (current[c] - z[0]) ** 2 + (current[c + 1] - z[1]) ** 2;
    if (count === m && !(distance < distances[m - 1])) continue;
    if (mask && !mask(i)) continue;
    let place = count < m ? count++ : m - 1;
    for (; place > 0 && distances[place - 1] > distance; place--) {
      found[place] = found[place - 1];
      distances[place] = distances[place - 1];
    }
    found[place] = i;
    distances[place] = distance;
  }
  return found.subarray(0, count);
}

/**
 * The sample under the pointer: of those whose k sigma ellipse holds (x, y) or whose mu is within the radius, the one
 * with the nearest mu.
 * @param {Float32Array} current
 * @param {number} x latent units
 * @param {number} y
 * @param {number} kSigma
 * @param {number} radius latent units
 * @param {Mask} [mask]
 * @param {Float32Array | null} [correlation] [n], where the ellipses are turned
 * @returns {number} its index, -1 for none
 */
export function pick(current, x, y, kSigma, radius, mask, correlation = null) {
  let best = -1;
  let bestDistance = Infinity;
  for (let i = 0, c = 0; c < current.length; i++, c += 4) {
    const distance = (current[c] - x) ** 2 + (current[c + 1] - y) ** 2;
    if (distance >= bestDistance) continue;
    if (distance > radius * radius && mahalanobis2(current, c, x, y, correlation ? correlation[i] : 0) > kSigma * kSigma) continue;
    if (mask && !mask(i)) continue;
    best = i;
    bestDistance = distance;
  }
  return best;
}

/**
 * log q(z) of the aggregate posterior q(z) = (1/n) sum N(z; mu_i, diag sigma_i^2), by log-sum-exp.
 * @param {Float32Array} current
 * @param {ArrayLike<number>} z
 * @returns {number} nats; -Infinity without samples
 */
export function logDensity(current, z) {
  let top = -Infinity;
  let sum = 0;
  for (let c = 0; c < current.length; c += 4) {
    const term = -mahalanobis2(current, c, z[0], z[1]) / 2 - Math.log(current[c + 2] * current[c + 3]);
    if (term <= top) sum += Math.exp(term - top);
    else {
      sum = sum * Math.exp(top - term) + 1;
      top = term;
    }
  }
  if (!current.length) return -Infinity;
  return top + Math.log(sum) - Math.log(current.length / 4) - Math.log(2 * Math.PI);
}

/**
 * The box that holds every k sigma ellipse.
 * @param {Float32Array} current
 * @param {number} k
 * @returns {[number, number, number, number]} xmin, xmax, ymin, ymax; the prior's own without samples
 */
export function dataBounds(current, k) {
  if (!current.length) return [-k, k, -k, k];
  const box = /** @type {[number, number, number, number]} */ ([Infinity, -Infinity, Infinity, -Infinity]);
  for (let c = 0; c < current.length; c += 4) {
    const [a, b] = [k * current[c + 2], k * current[c + 3]];
    box[0] = Math.min(box[0], current[c] - a);
    box[1] = Math.max(box[1], current[c] + a);
    box[2] = Math.min(box[2], current[c + 1] - b);
    box[3] = Math.max(box[3], current[c + 1] + b);
  }
  return box;
}

/**
 * The share of the 2-D prior N(0, I) that lies farther than r from the middle: exp(-r^2 / 2).
 * @param {number} r
 * @returns {number}
 */
export function priorTail(r) {
  return Math.exp((-r * r) / 2);
}

/**
 * @template {Uint8Array | Int32Array} T
 * @param {T} room
 * @param {T} first
 * @param {ArrayLike<number>} second
 * @returns {T} room, filled with both
 */
function append(room, first, second) {
  room.set(first);
  room.set(second, first.length);
  return room;
}

/**
 * @param {Uint16Array} halves [..][4]
 * @returns {Float32Array} [..][4] with ln sigma for sigma
 */
export function muAndLogSigma(halves) {
  const values = halfToLog(halves);
  const table = halfTable();
  for (let c = 0; c < halves.length; c += 4) {
    values[c] = table[halves[c]];
    values[c + 1] = table[halves[c + 1]];
  }
  return values;
}

/**
 * @param {Float32Array} values [2 or more nodes][width]
 * @param {number} width numbers per node
 * @param {number} share from the first node towards the second
 * @param {Float32Array} out [width]
 */
function interpolate(values, width, share, out) {
  // The last node has none after it.
  for (let c = 0, d = share === 0 ? 0 : width; c < width; c += 4, d += 4) {
    out[c] = values[c] + share * (values[d] - values[c]);
    out[c + 1] = values[c + 1] + share * (values[d + 1] - values[c + 1]);
    out[c + 2] = Math.exp(values[c + 2] + share * (values[d + 2] - values[c + 2]));
    out[c + 3] = Math.exp(values[c + 3] + share * (values[d + 3] - values[c + 3]));
  }
}

/**
 * Squared distance of (x, y) from sample c/4's mu in units of its sigma.
 * @param {Float32Array} current
 * @param {number} c
 * @param {number} x
 * @param {number} y
 * @param {number} [rho] correlation
 */
function mahalanobis2(current, c, x, y, rho = 0) {
  const a = (x - current[c]) / current[c + 2];
  const b = (y - current[c + 1]) / current[c + 3];
  return rho ? (a * a - 2 * rho * a * b + b * b) / (1 - rho * rho) : a * a + b * b;
}

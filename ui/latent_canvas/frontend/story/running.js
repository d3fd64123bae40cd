// Mean and standard deviation of numbers that come one by one, and the trail of both for a chart.

/** The trail keeps every step up to here, then steps that grow with n. */
const DENSE = 60;
const GROWTH = 1.03;

/**
 * The share of samples whose mean, and whose deviation, lies inside the drawn band: ±1.96 standard errors.
 */
export const BAND = 1.96;

export class Running {
  constructor() {
    this.n = 0;
    this.mean = 0;
    this.squares = 0;
    /** @type {{n: number, mean: number, deviation: number}[]} */
    this.trail = [];
    this.next = 1;
  }

  /** @returns {number} the sample's standard deviation (divisor n − 1); NaN below two numbers */
  get deviation() {
    return this.n > 1 ? Math.sqrt(this.squares / (this.n - 1)) : NaN;
  }

  /** @param {number} value by Welford's recurrence, which loses no digits */
  add(value) {
    this.n += 1;
    const before = value - this.mean;
    this.mean += before / this.n;
    this.squares += before * (value - this.mean);
    if (this.n < this.next) return;
    this.trail.push({ n: this.n, mean: this.mean, deviation: this.deviation });
    this.next = this.n < DENSE ? this.n + 1 : Math.ceil(this.n * GROWTH);
  }
}

/**
 * Standard errors of the mean and of the deviation of n draws of a normal with this σ: σ/√n and σ/√(2(n − 1)).
 * @param {number} sigma
 * @param {number} n
 * @returns {{mean: number, deviation: number}} the second is Infinity below two draws
 */
export function standardErrors(sigma, n) {
  return { mean: sigma / Math.sqrt(n), deviation: n > 1 ? sigma / Math.sqrt(2 * (n - 1)) : Infinity };
}

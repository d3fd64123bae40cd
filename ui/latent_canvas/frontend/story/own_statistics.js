// A data set's numbers from the samples at hand, for a model that comes without them: exact over those samples.

/**
 * @typedef {import("../store.js").Statistics} Statistics
 */

const BINS = 32;
const LEVELS = 255;

/** Takes samples one by one. */
export class OwnStatistics {
  /** @param {number} pixels numbers per sample */
  constructor(pixels) {
    this.samples = 0;
    // Welford's running mean and sum of squared distances from it.
    this.mean = new Float64Array(pixels);
    this.squares = new Float64Array(pixels);
    this.histogram = new Int32Array(pixels * BINS);
  }

  /** @param {Float32Array} values in [0, 1] */
  add(values) {
    this.samples += 1;
    for (let i = 0; i < values.length; i++) {
      const away = values[i] - this.mean[i];
      this.mean[i] += away / this.samples;
      this.squares[i] += away * (values[i] - this.mean[i]);
      this.histogram[i * BINS + Math.min(BINS - 1, Math.max(0, Math.floor(values[i] * BINS + 1e-6)))] += 1;
    }
  }

  /** @returns {Statistics} of the samples so far */
  result() {
    return {
      samples: this.samples, levels: LEVELS, bins: BINS, mean: Float32Array.from(this.mean),
      deviation: Float32Array.from(this.squares, (sum) => Math.sqrt(sum / Math.max(1, this.samples))), histogram: this.histogram.slice(), drawing: null,
    };
  }
}

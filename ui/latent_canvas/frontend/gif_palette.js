/**
 * At most 256 colours for frames that have more: median cut (Heckbert, "Color image quantization for frame buffer display",
 * 1982) over a histogram of five bits a channel. Every box of colours gives its mean.
 * @module
 */

const BITS = 5;
const BINS = 1 << (3 * BITS);

/** @typedef {{red: Float64Array, green: Float64Array, blue: Float64Array, count: Float64Array}} Sums per bin */
/** @typedef {{bins: number[], axis: 0 | 1 | 2, spread: number}} Box bins, the axis along which they differ most, and how much that counts */

/**
 * @param {ReadonlyArray<ArrayLike<number>>} frames RGBA
 * @param {number} most colours
 * @returns {Uint8Array} r, g, b of each
 */
export function commonColors(frames, most) {
  const sums = gather(frames);
  const all = Array.from({ length: BINS }, (_, bin) => bin).filter((bin) => sums.count[bin] > 0);
  const boxes = [boxOf(all, sums)];
  while (boxes.length < most) {
    const widest = boxes.reduce((best, box, i) => (box.spread > boxes[best].spread ? i : best), 0);
    if (boxes[widest].spread === 0) break;
    boxes.push(...split(boxes.splice(widest, 1)[0], sums));
  }
  return Uint8Array.from(boxes.flatMap(({ bins }) => meanOf(bins, sums)));
}

/** @param {ReadonlyArray<ArrayLike<number>>} frames @returns {Sums} */
function gather(frames) {
  const [red, green, blue, count] = Array.from({ length: 4 }, () => new Float64Array(BINS));
  const shift = 8 - BITS;
  for (const frame of frames) {
    for (let i = 0; i < frame.length; i += 4) {
      const bin = ((frame[i] >> shift) << (2 * BITS)) | ((frame[i + 1] >> shift) << BITS) | (frame[i + 2] >> shift);
      red[bin] += frame[i];
      green[bin] += frame[i + 1];
      blue[bin] += frame[i + 2];
      count[bin] += 1;
    }
  }
  return { red, green, blue, count };
}

/** @param {number} bin @param {0 | 1 | 2} axis @param {Sums} sums @returns {number} the mean of its colours there */
function levelOf(bin, axis, { red, green, blue, count }) {
  return [red, green, blue][axis][bin] / count[bin];
}

/** @param {number[]} bins @param {Sums} sums @returns {Box} */
function boxOf(bins, sums) {
  let weight = 0;
  for (const bin of bins) weight += sums.count[bin];
  let [axis, widest] = [/** @type {0 | 1 | 2} */ (0), -1];
  for (const candidate of /** @type {const} */ ([0, 1, 2])) {
    let [low, high] = [Infinity, -Infinity];
    for (const bin of bins) {
      const level = levelOf(bin, candidate, sums);
      [low, high] = [Math.min(low, level), Math.max(high, level)];
    }
    if (high - low > widest) [axis, widest] = [candidate, high - low];
  }
  // A few pixels far off count as well as many that hardly differ.
  return { bins, axis, spread: bins.length < 2 ? 0 : widest * Math.sqrt(Math.sqrt(weight)) };
}

/** Where the pixels on both sides are about as many. @param {Box} box @param {Sums} sums @returns {Box[]} */
function split({ bins, axis }, sums) {
  const sorted = [...bins].sort((a, b) => levelOf(a, axis, sums) - levelOf(b, axis, sums));
  const total = sorted.reduce((sum, bin) => sum + sums.count[bin], 0);
  let [at, before] = [0, 0];
  while (at < sorted.length - 1 && (at === 0 || before + sums.count[sorted[at]] / 2 < total / 2)) before += sums.count[sorted[at++]];
  return [boxOf(sorted.slice(0, at), sums), boxOf(sorted.slice(at), sums)];
}

/** @param {number[]} bins @param {Sums} sums @returns {number[]} r, g, b */
function meanOf(bins, { red, green, blue, count }) {
  let [r, g, b, n] = [0, 0, 0, 0];
  for (const bin of bins) [r, g, b, n] = [r + red[bin], g + green[bin], b + blue[bin], n + count[bin]];
  return [r, g, b].map((sum) => Math.round(sum / n));
}

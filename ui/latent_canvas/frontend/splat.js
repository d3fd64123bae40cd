/**
 * Sums of many Gaussians on a grid, each added to a grid that is just fine enough for it.
 *
 * Grid level l has one node every 2^l texels in that direction, and sigma spans at least two of its steps: a wide Gaussian
 * costs no more than a narrow one. The levels are then summed from coarse to fine by cubic interpolation (error below 0.5 % of
 * the peak along each axis where sigma is just two steps, a sixteenth of that where it is nearly four). Of a turned Gaussian the
 * shorter semi-axis spans at least three steps: both axes' errors add up in it.
 */

const CUT = 3.5; // sigmas, where nothing else is asked for
const STEPS_PER_SIGMA = 2; // least, where a coarser grid is at hand
const STEPS_PER_TURNED = 3.2; // for an error below 0.1 % of the peak
export const MIN_SIGMA = 1; // texels; narrower Gaussians are drawn this wide, with the same mass
const PAD = 3; // nodes outside the picture on each side, for the interpolation
const CUBIC_NEAR = 9 / 16;
const CUBIC_FAR = 1 / 16;
const LEVELS = 12;

/** Grids at every pair of levels (x, y) and for every group, made when the first Gaussian falls into them. */
export class Splat {
  /** @type {(Float32Array | undefined)[]} */
  #grids = [];
  #alongX;
  #alongY;

  /** @param {number} width texels @param {number} height @param {number} groups @param {number} [cut] how far a Gaussian reaches, sigmas */
  constructor(width, height, groups, cut = CUT) {
    this.groups = groups;
    this.cut = cut;
    this.columns = Array.from({ length: LEVELS }, (_, level) => nodes(width, level));
    this.rows = Array.from({ length: LEVELS }, (_, level) => nodes(height, level));
    this.width = width;
    this.height = height;
    this.#alongX = new Float64Array(this.columns[0]); // no level has more nodes, so every kernel fits
    this.#alongY = new Float64Array(this.rows[0]);
  }

  /**
   * @param {number} group @param {number} x centre, in texels @param {number} y
   * @param {number} sigmaX texels @param {number} sigmaY @param {number} mass
   * @param {number} [rho] correlation of x and y
   */
  add(group, x, y, sigmaX, sigmaY, mass, rho = 0) {
    if (rho) return this.#addTurned(group, x, y, sigmaX, sigmaY, mass, rho);
    const sx = Math.max(MIN_SIGMA, sigmaX), sy = Math.max(MIN_SIGMA, sigmaY);
    const { cut } = this;
    if (x + cut * sx < 0 || x - cut * sx > this.width || y + cut * sy < 0 || y - cut * sy > this.height) return;
    const [lx, ly] = levelsOf(sx, sy);
    const columns = this.columns[lx], rows = this.rows[ly];
    const [x0, x1] = writeKernel(this.#alongX, x, sx, lx, columns, cut);
    const [y0, y1] = writeKernel(this.#alongY, y, sy, ly, rows, cut);
    const slot = (group * LEVELS + lx) * LEVELS + ly;
    const grid = this.#grids[slot] ??= new Float32Array(columns * rows);
    const peak = mass / (2 * Math.PI * sx * sy);
    for (let row = y0; row <= y1; row++) {
      const factor = peak * this.#alongY[row - y0];
      for (let column = x0, at = row * columns + x0; column <= x1; column++, at++) {
        grid[at] += factor * this.#alongX[column - x0];
      }
    }
  }

  /**
   * Row by row: along each, x is a Gaussian around a mean that moves with y. Its level is the shorter semi-axis's.
   * @param {number} group @param {number} x @param {number} y @param {number} sigmaX @param {number} sigmaY
   * @param {number} mass @param {number} rho
   */
  #addTurned(group, x, y, sigmaX, sigmaY, mass, rho) {
    const { cut } = this;
    let xx = sigmaX * sigmaX, yy = sigmaY * sigmaY, xy = rho * sigmaX * sigmaY;
    const middle = (xx + yy) / 2, spread = Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy);
    let short = middle - spread; // variance along the shorter semi-axis
    if (short < MIN_SIGMA * MIN_SIGMA) {
      // Widened across, and along where that is too narrow as well, so that no row misses what the next one has.
      const long = Math.max(middle + spread, MIN_SIGMA * MIN_SIGMA);
      short = MIN_SIGMA * MIN_SIGMA;
      const shrink = spread > 0 ? (long - short) / (2 * spread) : 0, lean = (xx - yy) / 2;
      xx = (long + short) / 2 + shrink * lean;
      yy = (long + short) / 2 - shrink * lean;
      xy *= shrink;
    }
    const sx = Math.sqrt(xx), sy = Math.sqrt(yy);
    if (x + cut * sx < 0 || x - cut * sx > this.width || y + cut * sy < 0 || y - cut * sy > this.height) return;
    const within = Math.sqrt(Math.max(short, xx - (xy * xy) / yy)); // of x where y is known
    const level = levelOf(Math.sqrt(short), STEPS_PER_TURNED), step = 2 ** level;
    const columns = this.columns[level], rows = this.rows[level];
    const [y0, y1] = writeKernel(this.#alongY, y, sy, level, rows, cut);
    const slot = (group * LEVELS + level) * LEVELS + level;
    const grid = this.#grids[slot] ??= new Float32Array(columns * rows);
    const peak = mass / (2 * Math.PI * within * sy);
    const r = step / within, reach = cut / r, shrink = Math.exp(-r * r);
    for (let row = y0; row <= y1; row++) {
      const centre = (x + (xy / yy) * ((row - PAD) * step - y)) / step + PAD;
      const first = Math.max(0, Math.ceil(centre - reach)), last = Math.min(columns - 1, Math.floor(centre + reach));
      if (first > last) continue;
      // exp(-((column - centre) r)^2 / 2) by its own recurrence: each step multiplies by a factor that itself shrinks evenly.
      const from = (first - centre) * r;
      let value = peak * this.#alongY[row - y0] * Math.exp(-0.5 * from * from);
      let factor = Math.exp(-r * from - 0.5 * r * r);
      for (let at = row * columns + first, end = row * columns + last; at <= end; at++) {
        grid[at] += value;
        value *= factor;
        factor *= shrink;
      }
    }
  }

  /** @param {number} group @param {Float32Array} [out] @returns {Float32Array} out, width * height */
  sumLevels(group, out = new Float32Array(this.width * this.height)) {
    /** @type {Float32Array | undefined} */
    let sum;
    for (let ly = LEVELS - 1; ly >= 0; ly--) {
      const row = this.#sumAlongX(group, ly);
      if (sum) sum = refineRows(sum, this.columns[0], this.rows[ly]);
      sum = plus(sum, row);
    }
    return crop(sum, this.columns[0], this.width, this.height, out);
  }

  /** @param {number} group @param {number} ly @returns {Float32Array | undefined} columns at level 0, rows at level ly */
  #sumAlongX(group, ly) {
    /** @type {Float32Array | undefined} */
    let sum;
    for (let lx = LEVELS - 1; lx >= 0; lx--) {
      if (sum) sum = refineColumns(sum, this.columns[lx + 1], this.columns[lx], this.rows[ly]);
      const slot = (group * LEVELS + lx) * LEVELS + ly;
      sum = plus(sum, this.#grids[slot]);
      this.#grids[slot] = undefined;
    }
    return sum;
  }
}

/** Nodes of one axis at a level, PAD more on each side. @param {number} size texels @param {number} level */
function nodes(size, level) {
  return Math.ceil((size - 1) / 2 ** level) + 1 + 2 * PAD;
}

/**
 * Neighbouring levels become one, the finer: fewer grids to sum.
 * @param {number} sigmaX texels @param {number} sigmaY @returns {[number, number]}
 */
function levelsOf(sigmaX, sigmaY) {
  const lx = levelOf(sigmaX), ly = levelOf(sigmaY);
  const finer = Math.min(lx, ly);
  return Math.abs(lx - ly) <= 1 ? [finer, finer] : [lx, ly];
}

/** @param {number} sigma texels @param {number} [steps] least of the grid in it @returns {number} */
function levelOf(sigma, steps = STEPS_PER_SIGMA) {
  return Math.min(LEVELS - 1, Math.max(0, 31 - Math.clz32(sigma / steps)));
}

/**
 * exp(-d^2/2) at the nodes within `cut` sigmas of the centre.
 * @param {Float64Array} out @param {number} centre texels @param {number} sigma @param {number} level @param {number} count @param {number} cut
 * @returns {[number, number]} first and last node
 */
function writeKernel(out, centre, sigma, level, count, cut) {
  const step = 2 ** level;
  const at = centre / step + PAD, reach = cut * sigma / step;
  const first = Math.max(0, Math.ceil(at - reach)), last = Math.min(count - 1, Math.floor(at + reach));
  const factor = -0.5 * (step / sigma) ** 2;
  for (let i = first; i <= last; i++) out[i - first] = Math.exp(factor * (i - at) ** 2);
  return [first, last];
}

/** Adds b to a where both are. @param {Float32Array | undefined} a @param {Float32Array | undefined} b */
function plus(a, b) {
  if (!a || !b) return a ?? b;
  for (let i = 0; i < a.length; i++) a[i] += b[i];
  return a;
}

/**
 * Twice as many columns, by cubic interpolation between the coarse ones.
 * @param {Float32Array} coarse @param {number} from columns @param {number} to columns @param {number} rows
 */
function refineColumns(coarse, from, to, rows) {
  const fine = new Float32Array(to * rows);
  for (let row = 0; row < rows; row++) {
    const at = row * from;
    for (let j = 0, out = row * to; j < to; j++, out++) {
      const i = at + ((j + PAD) >> 1); // node j lies on coarse node (j - PAD) / 2 + PAD, or between that and the next
      if (((j + PAD) & 1) === 0) fine[out] = coarse[i];
      else fine[out] = CUBIC_NEAR * (coarse[i] + coarse[i + 1]) - CUBIC_FAR * (coarse[i - 1] + coarse[i + 2]);
    }
  }
  return fine;
}

/** @param {Float32Array} coarse @param {number} columns @param {number} to rows */
function refineRows(coarse, columns, to) {
  const fine = new Float32Array(columns * to);
  for (let j = 0; j < to; j++) {
    const begin = ((j + PAD) >> 1) * columns, out = j * columns;
    if (((j + PAD) & 1) === 0) { fine.set(coarse.subarray(begin, begin + columns), out); continue; }
    for (let c = 0, i = begin; c < columns; c++, i++) {
      fine[out + c] = CUBIC_NEAR * (coarse[i] + coarse[i + columns]) - CUBIC_FAR * (coarse[i - columns] + coarse[i + 2 * columns]);
    }
  }
  return fine;
}

/** @param {Float32Array | undefined} padded @param {number} columns @param {number} width @param {number} height @param {Float32Array} out */
function crop(padded, columns, width, height, out) {
  if (!padded) return out.fill(0);
  for (let row = 0; row < height; row++) {
    const at = (row + PAD) * columns + PAD;
    out.set(padded.subarray(at, at + width), row * width);
  }
  return out;
}

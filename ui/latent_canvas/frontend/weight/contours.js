/** Contours of a density on a grid: levels that hold a given share of the mass, and their outlines by marching squares. */

/**
 * @typedef {import("./aggregate.js").Grid} Grid
 * @typedef {object} Rings closed outlines, without their repeated last point
 * @property {Float32Array} points [m][2] in CSS pixels from the grid's top left corner
 * @property {Int32Array} starts where each ring starts, in points; and at the end m
 */

/** Shares of a 2-D standard normal within kσ, 1 − exp(−k²/2): where q is the prior its contours are these circles. */
export const MASSES = Object.freeze([0.5, 1, 1.5, 2, 2.5, 3].map((k) => Object.freeze({ k, mass: 1 - Math.exp((-k * k) / 2) })));

/** The bits of a positive float rise with it: cells are counted by their upper bits, 2⁸ steps to each power of two. */
const SHIFT = 15;
const BINS = 1 << (31 - SHIFT);
const counts = new Float64Array(BINS);

/**
 * Levels such that the places at least that dense hold each share of the mass.
 * @param {Float32Array} values densities, all of one cell size
 * @param {number[]} masses shares, rising
 * @param {number} total the sum of values that stands for a mass of 1 (some may lie outside the grid)
 * @returns {number[]} a level for each share; the smallest positive density where the grid holds less than that
 */
export function massLevels(values, masses, total) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  counts.fill(0);
  let [low, high] = [BINS, -1];
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] > 0)) continue;
    const bin = bits[i] >>> SHIFT;
    counts[bin] += values[i];
    if (bin < low) low = bin;
    if (bin > high) high = bin;
  }
  const levels = [];
  let sum = 0;
  let bin = high;
  for (const mass of masses) {
    while (bin >= low && sum + counts[bin] < mass * total) sum += counts[bin--];
    levels.push(bin < low ? edge(low) : within(bin, counts[bin] > 0 ? (mass * total - sum) / counts[bin] : 0));
  }
  return levels;
}

/** The lower edge of a bin. @param {number} bin */
function edge(bin) {
  return new Float32Array(Uint32Array.of(bin << SHIFT).buffer)[0];
}

/** The level that leaves a share of a bin's mass above it. @param {number} bin @param {number} share */
function within(bin, share) {
  const [low, high] = [edge(bin), edge(bin + 1)];
  return high - share * (high - low);
}

/**
 * Outlines of {value ≥ level}; beyond the grid the value is 0, so that every outline is closed. Crossings are
 * interpolated in the logarithm, in which a Gaussian's flank is nearly straight; saddles are decided by the mean of the four.
 * @param {Grid} grid
 * @param {number} level above 0
 * @returns {Rings}
 */
export function isobands(grid, level) {
  if (!(level > 0)) return { points: new Float32Array(0), starts: Int32Array.of(0) };
  const march = new March(grid, level);
  const w = grid.width + 1;
  for (let j = 0; j <= grid.height; j++) {
    const above = (j - 1) * grid.width;
    const below = j * grid.width;
    let upper = false;
    let lower = false;
    for (let i = 0; i < w; i++) {
      const right = i < grid.width;
      const upperRight = right && j > 0 && grid.values[above + i] >= level;
      const lowerRight = right && j < grid.height && grid.values[below + i] >= level;
      if (upper !== upperRight || lower !== lowerRight || upper !== lower) march.cell(i, j, upper, upperRight, lowerRight, lower);
      upper = upperRight;
      lower = lowerRight;
    }
  }
  return march.rings();
}

/**
 * Crossings lie on the edges between neighbouring nodes; each is the start of one segment and the end of another.
 * Cell (i, j) has the nodes (i − 1, j − 1) to (i, j) at its corners. Edge 2e goes right from a node, edge 2e + 1 down.
 */
class March {
  /** @param {Grid} grid @param {number} level */
  constructor(grid, level) {
    this.grid = grid;
    this.level = level;
    this.columns = grid.width + 2; // nodes with one column and row of zeros on each side
    /** @type {Map<number, number>} edge → the edge that follows it, with the dense side on the left */
    this.next = new Map();
  }

  /**
   * @param {number} i @param {number} j
   * @param {boolean} a upper left is inside @param {boolean} b upper right @param {boolean} c lower right @param {boolean} d lower left
   */
  cell(i, j, a, b, c, d) {
    const node = j * this.columns + i; // of the upper left corner
    const [top, left] = [2 * node, 2 * node + 1];
    const [right, bottom] = [2 * (node + 1) + 1, 2 * (node + this.columns)];
    const { next } = this;
    const sides = Number(a) | (Number(b) << 1) | (Number(c) << 2) | (Number(d) << 3);
    switch (sides) {
      case 1: next.set(left, top); break;
      case 2: next.set(top, right); break;
      case 3: next.set(left, right); break;
      case 4: next.set(right, bottom); break;
      case 6: next.set(top, bottom); break;
      case 7: next.set(left, bottom); break;
      case 8: next.set(bottom, left); break;
      case 9: next.set(bottom, top); break;
      case 11: next.set(bottom, right); break;
      case 12: next.set(right, left); break;
      case 13: next.set(right, top); break;
      case 14: next.set(top, left); break;
      default: this.#saddle(sides === 5, this.#middle(i, j) >= this.level, { top, left, right, bottom });
    }
  }

  /**
   * @param {boolean} falling upper left and lower right are inside, else the other two
   * @param {boolean} joined they are one region
   * @param {{top: number, left: number, right: number, bottom: number}} edges
   */
  #saddle(falling, joined, { top, left, right, bottom }) {
    const { next } = this;
    if (falling) {
      next.set(left, joined ? bottom : top);
      next.set(right, joined ? top : bottom);
    } else {
      next.set(top, joined ? left : right);
      next.set(bottom, joined ? right : left);
    }
  }

  /** @param {number} i @param {number} j */
  #middle(i, j) {
    return (this.#at(i, j) + this.#at(i + 1, j) + this.#at(i, j + 1) + this.#at(i + 1, j + 1)) / 4;
  }

  /** @param {number} column @param {number} row */
  #outside(column, row) {
    return column === 0 || row === 0 || column > this.grid.width || row > this.grid.height;
  }

  /** The value at a node of the widened grid. @param {number} column @param {number} row */
  #at(column, row) {
    const { width, height, values } = this.grid;
    const [i, j] = [column - 1, row - 1];
    return i < 0 || j < 0 || i >= width || j >= height ? 0 : values[j * width + i];
  }

  /** @returns {Rings} */
  rings() {
    const points = new Float32Array(2 * this.next.size);
    const starts = [];
    let m = 0;
    for (const first of this.next.keys()) {
      let edge = this.next.get(first);
      if (edge === undefined || edge < 0) continue; // walked already
      starts.push(m);
      let from = first;
      while (edge !== undefined && edge >= 0) {
        this.#place(from, points, 2 * m++);
        this.next.set(from, -1);
        from = edge;
        edge = this.next.get(from);
      }
    }
    starts.push(m);
    return { points, starts: Int32Array.from(starts) };
  }

  /** @param {number} edge @param {Float32Array} points @param {number} at */
  #place(edge, points, at) {
    const node = edge >> 1;
    const [column, row] = [node % this.columns, Math.floor(node / this.columns)];
    const down = edge & 1;
    const [toColumn, toRow] = [column + 1 - down, row + down];
    // Along the grid's border the outline runs outside, where a picture cuts it off.
    const share = this.#outside(column, row) ? 0 : this.#outside(toColumn, toRow) ? 1 : crossing(this.#at(column, row), this.#at(toColumn, toRow), this.level);
    const { texel } = this.grid;
    points[at] = (column - 0.5 + (down ? 0 : share)) * texel;
    points[at + 1] = (row - 0.5 + (down ? share : 0)) * texel;
  }
}

/** Where between two values the level lies, 0 to 1. @param {number} a @param {number} b @param {number} level */
function crossing(a, b, level) {
  if (a > 0 && b > 0) return Math.log(level / a) / Math.log(b / a);
  return (level - a) / (b - a);
}

/**
 * @param {{moveTo: (x: number, y: number) => void, lineTo: (x: number, y: number) => void, closePath: () => void}} context a path to add to
 * @param {Rings} rings
 */
export function tracePath(context, { points, starts }) {
  for (let r = 0; r + 1 < starts.length; r++) {
    context.moveTo(points[2 * starts[r]], points[2 * starts[r] + 1]);
    for (let p = starts[r] + 1; p < starts[r + 1]; p++) context.lineTo(points[2 * p], points[2 * p + 1]);
    context.closePath();
  }
}

/**
 * @param {Rings} rings
 * @param {number} [decimals]
 * @returns {string} the "d" of an SVG path
 */
export function svgPath(rings, decimals = 1) {
  let d = "";
  const write = (/** @type {string} */ letter) => (/** @type {number} */ x, /** @type {number} */ y) => {
    d += `${letter}${x.toFixed(decimals)} ${y.toFixed(decimals)}`;
  };
  tracePath({ moveTo: write("M"), lineTo: write("L"), closePath: () => { d += "Z"; } }, rings);
  return d;
}

/** Opacity of one band: each of the six lies over the ones outside it, so that the middle is darkest. */
export const BAND_ALPHA = 0.17;

/**
 * Fill the bands between the levels of MASSES, one over the other, with outlines at whole σ.
 * @param {CanvasRenderingContext2D} context
 * @param {Rings[]} bands one for each of MASSES
 * @param {string} color CSS
 * @param {number} lineWidth CSS pixels; a line wider than a hairline takes many times as long for tens of thousands of points
 */
export function paintBands(context, bands, color, lineWidth) {
  context.save();
  context.fillStyle = context.strokeStyle = color;
  context.lineWidth = lineWidth;
  for (let i = bands.length - 1; i >= 0; i--) {
    context.beginPath();
    tracePath(context, bands[i]);
    context.globalAlpha = BAND_ALPHA;
    context.fill("evenodd");
    if (!Number.isInteger(MASSES[i].k)) continue;
    context.globalAlpha = 0.8;
    context.stroke();
  }
  context.restore();
}

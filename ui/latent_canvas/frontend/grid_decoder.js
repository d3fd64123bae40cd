// A decoder of which only pictures are known: at the crossings of a grid in one or two planes, blended between them.

/**
 * @typedef {object} Grid
 * @property {number[][]} axes [2][d]
 * @property {number[]} rest [d]
 * @property {[number, number, number, number]} bounds xmin, xmax, ymin, ymax
 * @property {number} side crossings along a side
 * @property {Uint8Array} decodes [side][side][pixels], the first row at ymin; k stands for k / 255
 */

/** Two planes are one where no number differs by more. */
const SAME = 1e-5;

/**
 * The grid of a plane among those that are known.
 * @param {Grid[]} grids
 * @param {{axes: ArrayLike<number>[], rest: ArrayLike<number>}} plane
 * @returns {Grid | null}
 */
export function gridOf(grids, plane) {
  const like = (/** @type {ArrayLike<number>} */ a, /** @type {ArrayLike<number>} */ b) => Array.from(a).every((value, j) => Math.abs(value - b[j]) < SAME);
  return grids.find(({ axes, rest }) => like(rest, plane.rest) && axes.every((axis, k) => like(axis, plane.axes[k]))) ?? null;
}

/**
 * The picture at a place of the grid's plane, blended from the four around it; outside, the nearest edge's.
 * @param {Grid} grid
 * @param {number} x
 * @param {number} y
 * @param {Float32Array} out
 * @param {number} start where in `out` the picture begins
 * @param {number} pixels
 */
export function blendAt({ bounds: [left, right, low, high], side, decodes }, x, y, out, start, pixels) {
  const across = Math.min(Math.max(((x - left) / (right - left)) * (side - 1), 0), side - 1);
  const up = Math.min(Math.max(((y - low) / (high - low)) * (side - 1), 0), side - 1);
  const [i, j] = [Math.min(Math.floor(across), side - 2), Math.min(Math.floor(up), side - 2)];
  const [u, v] = [across - i, up - j];
  const here = (j * side + i) * pixels;
  const above = here + side * pixels;
  const [a, b, c, d] = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v].map((share) => share / 255);
  for (let k = 0; k < pixels; k++) {
    out[start + k] = a * decodes[here + k] + b * decodes[here + pixels + k] + c * decodes[above + k] + d * decodes[above + pixels + k];
  }
}

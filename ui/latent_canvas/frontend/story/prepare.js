// From strokes on the pad to the picture the encoder gets: scaled, inked and centred as the data set's own pictures are.

/**
 * @typedef {readonly [number, number]} Point x, y on the pad, from 0 to 1 from its left and top edge
 * @typedef {import("../store.js").Drawing} Drawing
 * @typedef {object} Target what the data set's pictures are like
 * @property {number[]} shape [h, w] or [h, w, 3]
 * @property {number} [levels] pixels hold multiples of 1 / levels
 * @property {Drawing | null} [drawing] null where they are no drawings
 */

/** Parts of a pixel's side that are inked or not: digits count 4 × 4 parts, which makes their 16 levels. */
const PARTS = 6;
const PARTS_OF_FEW_LEVELS = 4;
const MANY_LEVELS = 32;
/** Without a data set of drawings: the share of the picture to fill, and of its size that a stroke is wide. */
const PLAIN_FILL = 0.8;
const PLAIN_STROKE = 1 / 12;
/** A dot or a small scribble is enlarged at most so many times beyond the picture's own scale. */
const MOST_ENLARGED = 4;
/** Pieces of one curve between two points of a stroke. */
const PIECES = 4;
/** Points nearer to each other than this share of the pad, or than this share of the stroke's width, add nothing. */
const NEAREST = 0.006;
const NEAR = 0.1;

/**
 * The picture of a drawing.
 * @param {Point[][]} strokes
 * @param {Target} target
 * @returns {Float32Array | null} in [0, 1], row by row, as many numbers as `shape` says; null where nothing is drawn
 */
export function prepare(strokes, { shape, levels = 255, drawing = null }) {
  const lines = strokes.map((points) => smooth(thinned(points))).filter((line) => line.length > 0);
  if (!lines.length) return null;
  const facts = drawing ?? plainDrawing(shape);
  const parts = levels < MANY_LEVELS ? PARTS_OF_FEW_LEVELS : PARTS;
  const mask = inkOf(lines, facts, shape, parts);
  const [x, y] = placeOf(mask, facts, shape, parts);
  return toPixels(mask, x, y, shape, levels, parts);
}

/**
 * How a drawing is prepared for pictures that are no drawings.
 * @param {number[]} shape
 * @returns {Drawing}
 */
export function plainDrawing([height, width]) {
  return {
    stroke: PLAIN_STROKE * Math.min(height, width), height: PLAIN_FILL * height, width: PLAIN_FILL * width, centring: "box", centre: [width / 2, height / 2],
  };
}

/**
 * A stroke without points that are no places, or too near to the one before to be told from it.
 * @param {Point[]} points
 * @returns {Point[]}
 */
function thinned(points) {
  /** @type {Point[]} */
  const kept = [];
  for (const [i, [x, y]] of points.entries()) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const last = kept[kept.length - 1];
    if (!last || i === points.length - 1 || Math.hypot(x - last[0], y - last[1]) >= NEAREST) kept.push([x, y]);
  }
  return kept;
}

/**
 * A stroke without its corners: curves that pass between its points, as straight pieces.
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function smooth(points) {
  if (points.length < 3) return points;
  const middle = (/** @type {Point} */ a, /** @type {Point} */ b) => /** @type {Point} */ ([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
  const line = [points[0]];
  for (let i = 1; i < points.length - 1; i++) {
    const [from, through, to] = [line[line.length - 1], points[i], i === points.length - 2 ? points[i + 1] : middle(points[i], points[i + 1])];
    for (let k = 1; k <= PIECES; k++) {
      const t = k / PIECES;
      const [a, b, c] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
      line.push([a * from[0] + b * through[0] + c * to[0], a * from[1] + b * through[1] + c * to[1]]);
    }
  }
  return line;
}

/** @typedef {{width: number, height: number, inked: Uint8Array}} Mask parts of pixels around a drawing, row by row: 1 where there is ink */

/**
 * The drawing by itself, at the size and with the stroke of the data set's.
 * @param {Point[][]} lines
 * @param {Drawing} facts
 * @param {number[]} shape
 * @param {number} parts
 * @returns {Mask}
 */
function inkOf(lines, facts, [rows, columns], parts) {
  const [left, right, top, bottom] = boxOf(lines);
  const fitting = (/** @type {number} */ room, /** @type {number} */ length) => (length > 0 ? (room - facts.stroke) / length : Infinity);
  const scale = Math.min(fitting(facts.height, bottom - top), fitting(facts.width, right - left), MOST_ENLARGED * Math.min(rows, columns));
  const unit = Math.max(0, scale) * parts;
  const radius = (facts.stroke * parts) / 2;
  const size = (/** @type {number} */ length) => Math.max(1, Math.round(length * unit + 2 * radius));
  const mask = { width: size(right - left), height: size(bottom - top), inked: new Uint8Array(0) };
  mask.inked = new Uint8Array(mask.width * mask.height);
  // A mask of whole parts may be a little larger or smaller than the drawing: that stands in its middle.
  const [dx, dy] = [(mask.width - (right - left) * unit) / 2, (mask.height - (bottom - top) * unit) / 2];
  for (const line of lines) {
    let [x, y] = [(line[0][0] - left) * unit + dx, (line[0][1] - top) * unit + dy];
    if (line.length === 1) inkSegment(mask, x, y, x, y, radius);
    for (let i = 1; i < line.length; i++) {
      const [nextX, nextY] = [(line[i][0] - left) * unit + dx, (line[i][1] - top) * unit + dy];
      if (i < line.length - 1 && Math.hypot(nextX - x, nextY - y) < 2 * NEAR * radius) continue;
      inkSegment(mask, x, y, nextX, nextY, radius);
      [x, y] = [nextX, nextY];
    }
  }
  return mask;
}

/**
 * Every part whose middle lies within `radius` of a segment.
 * @param {Mask} mask @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {number} radius
 */
function inkSegment({ width, height, inked }, x1, y1, x2, y2, radius) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const [first, last] = [Math.max(0, Math.floor(Math.min(y1, y2) - radius)), Math.min(height - 1, Math.ceil(Math.max(y1, y2) + radius))];
  const [start, end] = [Math.max(0, Math.floor(Math.min(x1, x2) - radius)), Math.min(width - 1, Math.ceil(Math.max(x1, x2) + radius))];
  for (let row = first; row <= last; row++) {
    const ry = row + 0.5 - y1;
    for (let column = start; column <= end; column++) {
      const rx = column + 0.5 - x1;
      const along = squared > 0 ? Math.min(1, Math.max(0, (rx * dx + ry * dy) / squared)) : 0;
      const [ox, oy] = [rx - along * dx, ry - along * dy];
      if (ox * ox + oy * oy <= radius * radius) inked[row * width + column] = 1;
    }
  }
}

/** @param {Point[][]} lines @returns {[number, number, number, number]} left, right, top, bottom */
function boxOf(lines) {
  const box = /** @type {[number, number, number, number]} */ ([Infinity, -Infinity, Infinity, -Infinity]);
  for (const line of lines) {
    for (const [x, y] of line) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.max(box[1], x);
      box[2] = Math.min(box[2], y);
      box[3] = Math.max(box[3], y);
    }
  }
  return box;
}

/**
 * Where the mask's left and top edge come to lie, in parts: centred as the data set has it, but inside where it fits.
 * @param {Mask} mask @param {Drawing} facts @param {number[]} shape @param {number} parts
 * @returns {[number, number]}
 */
function placeOf(mask, facts, [rows, columns], parts) {
  const [x, y] = facts.centring === "mass" ? massOf(mask) : [mask.width / 2, mask.height / 2];
  const place = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ room) => {
    const spare = room - length;
    return Math.round(spare < 0 ? spare / 2 : Math.min(spare, Math.max(0, at)));
  };
  return [place(facts.centre[0] * parts - x, mask.width, columns * parts), place(facts.centre[1] * parts - y, mask.height, rows * parts)];
}

/** @param {Mask} mask @returns {[number, number]} the ink's centre of mass; the middle where there is none */
function massOf({ width, height, inked }) {
  let [count, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!inked[row * width + column]) continue;
      count += 1;
      x += column + 0.5;
      y += row + 0.5;
    }
  }
  return count ? [x / count, y / count] : [width / 2, height / 2];
}

/**
 * How much of every pixel is inked, in steps of 1 / levels.
 * @param {Mask} mask @param {number} left @param {number} top @param {number[]} shape @param {number} levels @param {number} parts
 * @returns {Float32Array}
 */
function toPixels({ width, height, inked }, left, top, [rows, columns, channels = 1], levels, parts) {
  const counts = new Int32Array(rows * columns);
  for (let row = 0; row < height; row++) {
    const y = Math.floor((row + top) / parts);
    if (y < 0 || y >= rows) continue;
    for (let column = 0; column < width; column++) {
      const x = Math.floor((column + left) / parts);
      if (x >= 0 && x < columns) counts[y * columns + x] += inked[row * width + column];
    }
  }
  const pixels = new Float32Array(rows * columns * channels);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.round((counts[Math.floor(i / channels)] / (parts * parts)) * levels) / levels;
  return pixels;
}

// Rows of a table: their values in the data's own units, and small pictures in which every column is a bar.

import { t } from "./texts.js";

/**
 * @typedef {object} Column of a table; a value x in [0, 1] stands for low + x · (high − low)
 * @property {string} name
 * @property {number} low the data's least value
 * @property {number} high the largest
 * @property {number} decimals of the data's own numbers
 *
 * @typedef {object} Picture RGBA pixels, row by row
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray<ArrayBuffer>} data
 */

/** A picture of bars has so many pixels a side. */
export const BARS_SIDE = 128;
/** So many of them are left free at each edge. */
export const BARS_MARGIN = 6;
/** A bar, and the rest of its way to the highest value: to be seen on a light ground and on a dark one. */
const INK = [84, 118, 214];
const TRACK = [128, 132, 145, 70];
/** Between two bars that are at least so many pixels thick there is a gap, this share of them. */
const GAP_FROM = 3;
const GAP_SHARE = 0.26;
/** Numbers of this size and beyond, and ranges narrower than this, are written with a power of ten. */
const LARGEST_PLAIN = 1e9;
const NARROWEST_PLAIN = 1e-5;
const MOST_DECIMALS = 6;
/** This near to a whole number float32 cannot tell it from one. */
const WHOLE = 1e-5;
/** A line of text names at most so many columns. */
const NAMED = 24;

/**
 * @param {number[]} shape of one sample
 * @returns {boolean} a row of numbers, not a picture
 */
export function isTable(shape) {
  return shape.length === 1;
}

/**
 * The columns of a model's data; without any on its card they are numbered and go from 0 to 1.
 * @param {{shape: number[], columns?: Column[]}} spec
 * @returns {Column[]}
 */
export function columnsOf({ shape, columns }) {
  if (columns?.length) return columns;
  return Array.from({ length: shape[0] }, (_, i) => ({ name: t("map.bars.column", { number: i + 1 }), low: 0, high: 1, decimals: 3 }));
}

/**
 * @param {Column} column
 * @param {number} x in [0, 1]
 * @returns {number} in the data's units
 */
export function inUnits({ low, high }, x) {
  return low + x * (high - low);
}

/** @type {Map<number, Intl.NumberFormat>} decimals → what writes them */
const formats = new Map();

/**
 * @param {number} value
 * @param {number} decimals
 */
function withDecimals(value, decimals) {
  let format = formats.get(decimals);
  if (!format) formats.set(decimals, (format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })));
  // What rounds to nothing has no sign.
  return format.format(value).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}

/**
 * @param {Column} column
 * @param {number} x in [0, 1]
 * @returns {string} in the data's units, with the data's decimals
 */
export function valueText(column, x) {
  return unitsText(column, inUnits(column, x));
}

/**
 * @param {Column} column
 * @param {number} value in the data's units
 * @returns {string}
 */
export function unitsText({ low, high, decimals }, value) {
  const plain = Math.max(Math.abs(low), Math.abs(high)) < LARGEST_PLAIN && high - low >= NARROWEST_PLAIN;
  if (!plain) return value.toExponential(3).replaceAll("-", "−").replace("e+", "e");
  // A whole number of whole numbers stays one, so that a sample's own values look as they do in its file.
  const whole = decimals === 0 && Math.abs(value - Math.round(value)) < WHOLE;
  return withDecimals(value, whole ? 0 : enoughDecimals(low, high, decimals));
}

/** Where the data's decimals are few, so many that ten values can be told apart. @param {number} low @param {number} high @param {number} decimals */
function enoughDecimals(low, high, decimals) {
  const apart = high > low ? Math.ceil(1 - Math.log10(high - low) - 1e-9) : 0;
  return Math.min(MOST_DECIMALS, Math.max(decimals, apart));
}

/**
 * A mean of many values: the same units, one more decimal than a single value has.
 * @param {Column} column
 * @param {number} x in [0, 1]
 * @returns {string}
 */
export function meanText(column, x) {
  const { low, high, decimals } = column;
  return unitsText({ ...column, decimals: Math.min(MOST_DECIMALS, enoughDecimals(low, high, decimals) + 1) }, inUnits(column, x));
}

/**
 * A width, which is a difference of two values: the same units, one more decimal.
 * @param {Column} column
 * @param {number} width as a share of the column's range
 * @returns {string}
 */
export function widthText({ low, high, decimals }, width) {
  const range = high - low;
  return unitsText({ name: "", low: 0, high: range, decimals: Math.min(MOST_DECIMALS, enoughDecimals(low, high, decimals) + 1) }, width * range);
}

/**
 * A row as one line of text.
 * @param {Column[]} columns
 * @param {ArrayLike<number>} values in [0, 1]
 * @returns {string} "alcohol 13.20 · ash 2.14"
 */
export function rowText(columns, values) {
  const parts = columns.slice(0, NAMED).map((column, i) => `${column.name} ${valueText(column, values[i])}`);
  return parts.join(" · ") + (columns.length > NAMED ? " · …" : "");
}

/**
 * Every column as a bar from its lowest value at the left to its highest at the right, the first one on top. All pictures have the same scale.
 * Where there are more columns than pixels, a line is the mean of several.
 * @param {ArrayLike<number>} values in [0, 1]
 * @param {{side?: number, margin?: number, ink?: number[], track?: number[]}} [options] margin: pixels left free all around; ink: rgb and, if it is not solid, opacity to 255; track: rgba
 * @returns {Picture}
 */
export function barPicture(values, { side = BARS_SIDE, margin = BARS_MARGIN, ink = INK, track = TRACK } = {}) {
  const data = new Uint8ClampedArray(4 * side * side);
  const inner = side - 2 * margin;
  const lines = Math.min(inner, values.length);
  for (let line = 0; line < lines; line++) {
    const [first, last] = [Math.floor((line * values.length) / lines), Math.floor(((line + 1) * values.length) / lines)];
    let sum = 0;
    for (let i = first; i < last; i++) sum += values[i];
    const top = Math.round((line * inner) / lines);
    const thick = Math.round(((line + 1) * inner) / lines) - top;
    const gap = thick >= GAP_FROM && line < lines - 1 ? Math.max(1, Math.round(GAP_SHARE * thick)) : 0;
    drawBar(data, side, margin, margin + top, thick - gap, Math.min(1, Math.max(0, sum / (last - first))), ink, track);
  }
  return { width: side, height: side, data };
}

/**
 * @param {Uint8ClampedArray} data RGBA
 * @param {number} side
 * @param {number} margin
 * @param {number} top
 * @param {number} thick
 * @param {number} value in [0, 1]
 * @param {number[]} ink
 * @param {number[]} track
 */
function drawBar(data, side, margin, top, thick, value, ink, track) {
  const inner = side - 2 * margin;
  const line = new Uint8ClampedArray(4 * inner);
  for (let x = 0; x < inner; x++) {
    const part = Math.min(1, Math.max(0, value * inner - x)); // of this pixel, so that a bar grows smoothly
    const [over, under] = [(ink[3] ?? 255) * part, (1 - part) * track[3]];
    for (let c = 0; c < 3; c++) line[4 * x + c] = (over * ink[c] + under * track[c]) / (over + under || 1);
    line[4 * x + 3] = over + under;
  }
  for (let y = top; y < top + thick; y++) data.set(line, 4 * (y * side + margin));
}

/**
 * The same picture on a ground, for files that know no transparency.
 * @param {Picture} picture
 * @param {number[]} ground rgb
 * @returns {Picture}
 */
export function onGround({ width, height, data }, ground) {
  const flat = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const part = data[i + 3] / 255;
    for (let c = 0; c < 3; c++) flat[i + c] = part * data[i + c] + (1 - part) * ground[c];
    flat[i + 3] = 255;
  }
  return { width, height, data: flat };
}

// Pictures of samples: decoded values painted pixel for pixel, a table's as bars, and the parts that bring the originals.

import { BARS_SIDE, barPicture, columnsOf, isTable, rowText } from "./bars.js";
import { context2d } from "./dom.js";

/**
 * How many pixels wide and high an image of this shape is. A table's D values are a strip one pixel high.
 * @param {number[]} shape [h, w], [h, w, 3] or [d]
 * @returns {{width: number, height: number, channels: number}}
 */
export function imageSize(shape) {
  if (isTable(shape)) return { width: shape[0], height: 1, channels: 1 };
  return { width: shape[1], height: shape[0], channels: shape[2] ?? 1 };
}

/**
 * How many pixels wide and high the picture of a sample is that `toImageData` makes.
 * @param {number[]} shape
 * @returns {{width: number, height: number}}
 */
export function pictureSize(shape) {
  return isTable(shape) ? { width: BARS_SIDE, height: BARS_SIDE } : imageSize(shape);
}

/**
 * Paint an image at its own resolution, one pixel per pixel; a table's row as a picture of bars. The canvas is resized where needed.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values in [0, 1], row by row
 * @param {number[]} shape
 */
export function paintImage(canvas, values, shape) {
  const { width, height } = pictureSize(shape);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  markBars(canvas, isTable(shape));
  context2d(canvas).putImageData(toImageData(values, shape), 0, 0);
}

/**
 * What a picture is of: `shape` and, for a table, `columns` as ModelSpec has them.
 * @typedef {{shape: number[], columns?: import("./bars.js").Column[]}} SampleSpec
 * @typedef {string | (() => string)} Name of a picture; "" where its element has one of its own
 */

/**
 * Paint a sample so that a table's bars, which have neither names nor units, can be read: their row is the tooltip, and joins the name.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values in [0, 1]; may be a buffer that later pictures share
 * @param {SampleSpec} spec
 * @param {Name} [name]
 * @param {HTMLElement} [on] what has the tooltip and the name: the canvas, or a button around it
 */
export function paintSample(canvas, values, spec, name = "", on = canvas) {
  paintImage(canvas, values, spec.shape);
  if (isTable(spec.shape)) sayRowSoon(on, { spec, values, name });
}

/**
 * The same for an original.
 * @param {HTMLCanvasElement} canvas
 * @param {{sheet: Originals, tile: number}} original
 * @param {SampleSpec} spec
 * @param {Name} [name]
 * @param {HTMLElement} [on]
 */
export function paintOriginal(canvas, { sheet, tile }, spec, name = "", on = canvas) {
  sheet.paint(canvas, tile);
  if (isTable(spec.shape)) sayRowSoon(on, { spec, values: sheet.values(tile, 1), name });
}

/** A hand that moves is not kept waiting for words: they follow this often, milliseconds. */
const SAY_MS = 200;
/** @type {Map<HTMLElement, {spec: SampleSpec, values: Float32Array, name: Name}>} whose words are to come */
const unsaid = new Map();

/** @param {HTMLElement} element @param {{spec: SampleSpec, values: Float32Array, name: Name}} what */
function sayRowSoon(element, what) {
  if (!unsaid.size) setTimeout(sayRows, SAY_MS);
  unsaid.set(element, what);
}

function sayRows() {
  for (const [element, { spec, values, name }] of unsaid) {
    const row = rowText(columnsOf(spec), values);
    const own = typeof name === "string" ? name : name();
    if (element.localName === "canvas") element.setAttribute("role", "img");
    element.title = own ? `${own}\n${row}` : row;
    if (own) element.setAttribute("aria-label", `${own}: ${row}`);
  }
  unsaid.clear();
}

/** Pictures are enlarged pixel by pixel on black, bars smoothly on the page's own ground (style.css). @param {HTMLCanvasElement} canvas @param {boolean} bars */
function markBars(canvas, bars) {
  if (canvas.classList.contains("bar-picture") !== bars) canvas.classList.toggle("bar-picture", bars);
}

/**
 * @param {Float32Array} values
 * @param {number[]} shape
 * @returns {ImageData}
 */
export function toImageData(values, shape) {
  if (isTable(shape)) {
    const picture = barPicture(values);
    return new ImageData(picture.data, picture.width, picture.height);
  }
  const { width, height, channels } = imageSize(shape);
  const image = new ImageData(width, height);
  const step = channels === 3 ? 1 : 0;
  // Stored as clamped bytes, which rounds.
  for (let i = 0; i < width * height; i++) {
    const from = i * channels;
    image.data[4 * i] = 255 * values[from];
    image.data[4 * i + 1] = 255 * values[from + step];
    image.data[4 * i + 2] = 255 * values[from + 2 * step];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/**
 * Original samples of one chunk.
 * @typedef {object} Originals
 * @property {(canvas: HTMLCanvasElement, tile: number) => void} paint
 * @property {(tile: number, levels: number) => Float32Array} values of one sample, in [0, 1] as the network saw them;
 *   levels: where they came as bytes they are the nearest multiples of 1 / levels
 */

/** Original images of one chunk of samples, laid out as tiles of one bitmap, row by row. @implements {Originals} */
export class SpriteSheet {
  /**
   * @param {ImageBitmap} bitmap
   * @param {number} columns tiles in a row
   * @param {number[]} shape
   */
  constructor(bitmap, columns, shape) {
    this.bitmap = bitmap;
    this.columns = columns;
    this.size = imageSize(shape);
    /** @type {HTMLCanvasElement | null} on which images are read */
    this.reading = null;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} tile
   */
  paint(canvas, tile) {
    const { width, height } = this.size;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    markBars(canvas, false);
    const x = (tile % this.columns) * width;
    const y = Math.floor(tile / this.columns) * height;
    context2d(canvas).drawImage(this.bitmap, x, y, width, height, 0, 0, width, height);
  }

  /**
   * @param {number} tile
   * @param {number} levels
   */
  values(tile, levels) {
    const canvas = (this.reading ??= document.createElement("canvas"));
    this.paint(canvas, tile);
    const { width, height, channels } = this.size;
    const { data } = context2d(canvas).getImageData(0, 0, width, height);
    const values = new Float32Array(width * height * channels);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < channels; c++) values[i * channels + c] = Math.round((data[4 * i + c] / 255) * levels) / levels;
    }
    return values;
  }
}

/** Original rows of one chunk of a table's samples. @implements {Originals} */
export class RowSheet {
  /**
   * @param {Float32Array} rows [n][d]
   * @param {number[]} shape
   */
  constructor(rows, shape) {
    this.rows = rows;
    this.shape = shape;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} tile
   */
  paint(canvas, tile) {
    paintImage(canvas, this.values(tile), this.shape);
  }

  /** @param {number} tile */
  values(tile) {
    const [columns] = this.shape;
    return this.rows.subarray(tile * columns, (tile + 1) * columns);
  }
}

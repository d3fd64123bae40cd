// Pictures of samples: decoded values painted pixel for pixel, and the sprite sheets that bring the originals.

import { context2d } from "./dom.js";

/**
 * How many pixels wide and high an image of this shape is. A table's D values are a strip one pixel high.
 * @param {number[]} shape [h, w], [h, w, 3] or [d]
 * @returns {{width: number, height: number, channels: number}}
 */
export function imageSize(shape) {
  if (shape.length === 1) return { width: shape[0], height: 1, channels: 1 };
  return { width: shape[1], height: shape[0], channels: shape[2] ?? 1 };
}

/**
 * Paint an image at its own resolution, one pixel per pixel; the canvas is resized where needed.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values in [0, 1], row by row
 * @param {number[]} shape
 */
export function paintImage(canvas, values, shape) {
  const { width, height } = imageSize(shape);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  context2d(canvas).putImageData(toImageData(values, shape), 0, 0);
}

/**
 * @param {Float32Array} values
 * @param {number[]} shape
 * @returns {ImageData}
 */
export function toImageData(values, shape) {
  const { width, height, channels } = imageSize(shape);
  const image = new ImageData(width, height);
  const step = channels === 3 ? 1 : 0;
  for (let i = 0; i < width * height; i++) {
    const from = i * channels;
    image.data[4 * i] = 255 * values[from] + 0.5;
    image.data[4 * i + 1] = 255 * values[from + step] + 0.5;
    image.data[4 * i + 2] = 255 * values[from + 2 * step] + 0.5;
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Original images of one chunk of samples, laid out as tiles of one bitmap, row by row. */
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
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} tile
   */
  paint(canvas, tile) {
    const { width, height } = this.size;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const x = (tile % this.columns) * width;
    const y = Math.floor(tile / this.columns) * height;
    context2d(canvas).drawImage(this.bitmap, x, y, width, height, 0, 0, width, height);
  }
}

// The manifold under the map: a lattice of decodes, each at its own place in the latent space.

import { barPicture, isTable } from "./bars.js";
import { context2d } from "./dom.js";
import { imageSize } from "./images.js";
import { bounds, toScreen } from "./view.js";

/**
 * @typedef {import("./view.js").View} View
 * @typedef {import("./store.js").MapDecoder} Decoder
 * @typedef {{spacing: number, i0: number, j0: number, columns: number, rows: number}} Lattice cells of `spacing`
 *   latent units; cell (i, j) has its centre at (i·spacing, j·spacing), j upwards
 */

/** A cell is at least this wide, in CSS pixels; it is split in four when it reaches twice that. */
const CELL_PX = 34;
/** A table's tile is so many pixels a side, and its bars keep off the edge by so many. */
const BARS_PX = 44;
const BARS_MARGIN = 5;
/** Opacity of bars, and of the rest of their way to the highest value, of 255: the ellipses above stay in sight. */
const BARS_ALPHA = 150;
const TRACK_ALPHA = 28;
/** Points decoded in one pass over the weights. */
const BLOCK = 8;

/** Decodes a lattice bit by bit, so that the map stays responsive, and keeps what still fits when the view moves. */
export class Manifold {
  /** @param {Decoder} decoder @param {number[]} shape */
  constructor(decoder, shape) {
    this.decoder = decoder;
    this.shape = shape;
    this.table = isTable(shape);
    this.size = this.table ? { width: BARS_PX, height: BARS_PX } : imageSize(shape);
    this.atlas = document.createElement("canvas");
    /** @type {Lattice} */
    this.lattice = { spacing: 0, i0: 0, j0: 0, columns: 0, rows: 0 };
    /** @type {[number, number][]} cells still to decode, nearest to the middle last */
    this.todo = [];
    this.zs = new Float32Array(2 * BLOCK);
    this.pixels = new Float32Array(BLOCK * shape.reduce((product, size) => product * size, 1));
    /** @type {[number, number, number]} the colour that stands for 1 */
    this.ink = [255, 255, 255];
  }

  /**
   * Everything is stale: β, the decoder or the ink has changed. Old tiles stay until new ones replace them; those that have
   * waited longest come first, so that all have their turn however often this is called.
   */
  invalidate() {
    const waiting = new Set(this.todo.map(String));
    this.todo = [...cells(this.lattice).filter((cell) => !waiting.has(String(cell))), ...this.todo];
  }

  /**
   * @param {[number, number, number]} ink
   */
  setInk(ink) {
    if (ink.join() === this.ink.join()) return;
    this.ink = ink;
    this.invalidate();
  }

  /**
   * Lay the lattice under a view; tiles that both lattices share are kept.
   * @param {View} view
   */
  setView(view) {
    const next = latticeFor(view);
    const old = this.lattice;
    if (JSON.stringify(next) === JSON.stringify(old)) return;
    const { width, height } = this.size;
    const atlas = document.createElement("canvas");
    atlas.width = next.columns * width;
    atlas.height = next.rows * height;
    const fresh = cells(next);
    if (next.spacing === old.spacing) {
      const dx = (old.i0 - next.i0) * width;
      const dy = (next.j0 + next.rows - (old.j0 + old.rows)) * height;
      if (this.atlas.width && this.atlas.height) context2d(atlas).drawImage(this.atlas, dx, dy);
      const pending = new Set(this.todo.map(String));
      this.todo = fresh.filter(([i, j]) => !holds(old, i, j) || pending.has(String([i, j])));
    } else this.todo = fresh;
    this.atlas = atlas;
    this.lattice = next;
  }

  /**
   * Decode until the budget is spent.
   * @param {number} budgetMs
   * @returns {boolean} true when every cell is up to date
   */
  step(budgetMs) {
    const until = performance.now() + budgetMs;
    while (this.todo.length && performance.now() < until) this.#decodeBlock(this.todo.splice(-BLOCK));
    return this.todo.length === 0;
  }

  /** @param {[number, number][]} block */
  #decodeBlock(block) {
    const { spacing } = this.lattice;
    for (const [n, [i, j]] of block.entries()) {
      this.zs[2 * n] = i * spacing;
      this.zs[2 * n + 1] = j * spacing;
    }
    const count = this.pixels.length / BLOCK;
    this.decoder.decodeMany(this.zs.subarray(0, 2 * block.length), this.pixels);
    for (const [n, [i, j]] of block.entries()) this.#paint(i, j, this.pixels.subarray(n * count, (n + 1) * count));
  }

  /**
   * @param {number} i
   * @param {number} j
   * @param {Float32Array} values
   */
  #paint(i, j, values) {
    const { width, height } = this.size;
    const { i0, j0, rows } = this.lattice;
    context2d(this.atlas).putImageData(this.#tile(values), (i - i0) * width, (j0 + rows - 1 - j) * height);
  }

  /** @param {Float32Array} values @returns {ImageData} */
  #tile(values) {
    if (this.table) {
      const { data, width, height } = barPicture(values, { side: BARS_PX, margin: BARS_MARGIN, ink: [...this.ink, BARS_ALPHA], track: [...this.ink, TRACK_ALPHA] });
      return new ImageData(data, width, height);
    }
    const { width, height, channels } = imageSize(this.shape);
    const image = new ImageData(width, height);
    for (let p = 0; p < width * height; p++) {
      if (channels === 3) for (let c = 0; c < 3; c++) image.data[4 * p + c] = 255 * values[3 * p + c];
      else image.data.set(this.ink, 4 * p);
      image.data[4 * p + 3] = channels === 3 ? 255 : 255 * values[p];
    }
    return image;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {View} view
   * @param {number} dpr
   */
  draw(context, view, dpr) {
    const { spacing, i0, j0, columns, rows } = this.lattice;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (!columns) return;
    const [left, top] = toScreen(view, (i0 - 0.5) * spacing, (j0 + rows - 0.5) * spacing);
    context.imageSmoothingEnabled = true;
    context.globalAlpha = 0.75;
    context.drawImage(this.atlas, left, top, columns * spacing * view.scale, rows * spacing * view.scale);
    context.globalAlpha = 1;
  }
}

/**
 * @param {View} view
 * @returns {Lattice}
 */
export function latticeFor(view) {
  const spacing = 2 ** Math.ceil(Math.log2(CELL_PX / view.scale));
  const [xmin, xmax, ymin, ymax] = bounds(view);
  const i0 = Math.round(xmin / spacing);
  const j0 = Math.round(ymin / spacing);
  const columns = Math.round(xmax / spacing) - i0 + 1;
  const rows = Math.round(ymax / spacing) - j0 + 1;
  return { spacing, i0, j0, columns, rows };
}

/**
 * @param {Lattice} lattice
 * @param {number} i
 * @param {number} j
 */
function holds({ i0, j0, columns, rows }, i, j) {
  return i >= i0 && i < i0 + columns && j >= j0 && j < j0 + rows;
}

/**
 * All cells of a lattice, the middle ones last: work is taken from the end.
 * @param {Lattice} lattice
 * @returns {[number, number][]}
 */
function cells({ i0, j0, columns, rows }) {
  const all = /** @type {[number, number][]} */ ([]);
  for (let j = j0; j < j0 + rows; j++) for (let i = i0; i < i0 + columns; i++) all.push([i, j]);
  const [ci, cj] = [i0 + columns / 2, j0 + rows / 2];
  const distance = (/** @type {[number, number]} */ [i, j]) => (i - ci) ** 2 + (j - cj) ** 2;
  return all.sort((a, b) => distance(b) - distance(a));
}

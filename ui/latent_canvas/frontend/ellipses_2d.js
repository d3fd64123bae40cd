/**
 * Every posterior as an ellipse, on a 2-D canvas: the renderer for machines without a GPU.
 *
 * Lines are one device pixel wide (two lines side by side where the screen is dense): a software rasteriser draws such
 * hairlines straight into the pixels, five to ten times faster than it outlines and fills a stroke of any other width.
 * Hairlines also blend where they cross inside one path, so one path per group and batch looks like one per ellipse.
 */

import { chooseInk, groupColors, turnedAxes, writeGroups } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene @typedef {import("./scene.js").Ink} Ink @typedef {import("./view.js").View} View */
/** @typedef {{drawn: number, done: boolean}} Progress */
/** @typedef {{view: View, scene: Scene, dpr: number, ink: Ink, count: number, next: number}} Job */

const TAU = 2 * Math.PI;
const BATCH = 768; // samples between two looks at the clock: 1 to 5 ms
const HIDDEN = 255;

export class Ellipses2D {
  /** @type {Job | null} */
  #job = null;
  #groups = new Uint8Array(BATCH);
  #sorted = new Uint32Array(BATCH);
  #starts = new Uint32Array(HIDDEN + 2);
  #context;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser gives no 2-D canvas.");
    this.#context = context;
  }

  /** The 2-D canvas keeps no copy of the scene. @param {Scene} _scene */
  setData(_scene) {}

  /**
   * Clears the canvas and draws the first `limit` samples, as far as the time goes; `resume` draws the rest.
   * @param {View} view @param {Scene} scene
   * @param {{dpr?: number, budgetMs?: number, limit?: number}} [options]
   * @returns {Progress}
   */
  draw(view, scene, { dpr = 1, budgetMs = Infinity, limit = scene.n } = {}) {
    const count = Math.min(limit, scene.n);
    fitCanvas(this.canvas, view, dpr);
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#job = { view, scene, dpr, ink: chooseInk(view, scene, count, dpr), count, next: 0 };
    return this.resume(budgetMs);
  }

  /** @param {number} budgetMs at least one batch is drawn @returns {Progress} */
  resume(budgetMs) {
    const job = this.#job;
    if (!job) return { drawn: 0, done: true };
    const end = performance.now() + budgetMs;
    while (job.next < job.count) {
      this.#drawBatch(job, job.next, Math.min(job.count, job.next + BATCH));
      job.next = Math.min(job.count, job.next + BATCH);
      if (budgetMs === Infinity) continue;
      this.#flush();
      if (performance.now() >= end) break;
    }
    return { drawn: job.next, done: job.next >= job.count };
  }

  destroy() {
    this.#job = null;
    this.canvas.width = this.canvas.height = 0;
  }

  /** Canvases record and draw later; reading a pixel makes the clock tell the truth. */
  #flush() {
    this.#context.getImageData(0, 0, 1, 1);
  }

  /** @param {Job} job @param {number} begin @param {number} end */
  #drawBatch({ view, scene, dpr, ink }, begin, end) {
    const context = this.#context;
    const colors = groupColors(scene);
    this.#sortByGroup(scene, begin, end, colors.length);
    context.lineWidth = 1;
    for (let turn = 0; turn < colors.length; turn++) {
      const group = (turn + begin / BATCH) % colors.length; // another colour comes last each time
      const members = this.#sorted.subarray(this.#starts[group], this.#starts[group + 1]);
      if (!members.length) continue;
      context.strokeStyle = context.fillStyle = colors[group];
      const place = projection(view, scene, dpr, this.canvas);
      const turned = scene.correlation ?? null;
      if (ink.fill) fillInside(context, scene.codes, turned, members, place, ink);
      drawOutlines(context, scene.codes, turned, members, place, ink);
    }
  }

  /** Counting sort of a batch. @param {Scene} scene @param {number} begin @param {number} end @param {number} count of groups */
  #sortByGroup(scene, begin, end, count) {
    const starts = this.#starts.fill(0);
    writeGroups(scene, begin, end, this.#groups, HIDDEN);
    for (let i = 0; i < end - begin; i++) starts[this.#groups[i] + 1]++;
    for (let g = 0; g < count; g++) starts[g + 1] += starts[g];
    const next = starts.slice(0, count);
    for (let i = begin; i < end; i++) {
      const group = this.#groups[i - begin];
      if (group < count) this.#sorted[next[group]++] = i;
    }
  }
}

/**
 * Latent units to device pixels, and what of them is on the canvas.
 * @typedef {{scale: number, left: number, top: number, width: number, height: number, k: number}} Projection
 * @param {View} view @param {Scene} scene @param {number} dpr @param {HTMLCanvasElement} canvas @returns {Projection}
 */
function projection(view, scene, dpr, canvas) {
  const scale = view.scale * dpr;
  return {
    scale, left: view.width * dpr / 2 - view.x0 * scale, top: view.height * dpr / 2 + view.y0 * scale,
    width: canvas.width, height: canvas.height, k: scene.kSigma * scale,
  };
}

/**
 * @param {CanvasRenderingContext2D} context @param {Float32Array} codes @param {Float32Array | null} turned @param {Uint32Array} members
 * @param {Projection} place @param {Ink} ink
 */
function drawOutlines(context, codes, turned, members, { scale, left, top, width, height, k }, ink) {
  const { dot, alpha, line } = ink;
  let dots = 0;
  context.globalAlpha = alpha;
  context.beginPath();
  for (const i of members) {
    const x = left + codes[4 * i] * scale, y = top - codes[4 * i + 1] * scale;
    const a = codes[4 * i + 2] * k, b = codes[4 * i + 3] * k;
    if (x + a < -2 || x - a > width + 2 || y + b < -2 || y - b > height + 2) continue;
    if (a < dot && b < dot) { dots++; continue; }
    addEllipse(context, x, y, a, b, line, turned ? turned[i] : 0);
  }
  context.stroke();
  if (dots) fillDots(context, codes, members, { scale, left, top, width, height, k }, ink);
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} a @param {number} b
 * @param {number} line two hairlines half a pixel to each side make a line of two
 * @param {number} rho correlation
 */
function addEllipse(context, x, y, a, b, line, rho) {
  const shift = line > 1 ? 0.5 : 0;
  if (rho) {
    const [long, short, angle] = turnedAxes(a, b, rho);
    addTurned(context, x, y, long + shift, short + shift, -angle);
    if (shift && short >= 1) addTurned(context, x, y, long - shift, short - shift, -angle);
    return;
  }
  context.moveTo(x + a + shift, y);
  context.ellipse(x, y, a + shift, b + shift, 0, 0, TAU);
  if (!shift || a < 1 || b < 1) return;
  context.moveTo(x + a - shift, y);
  context.ellipse(x, y, a - shift, b - shift, 0, 0, TAU);
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} long @param {number} short
 * @param {number} angle on the screen, where y grows downwards
 */
function addTurned(context, x, y, long, short, angle) {
  context.moveTo(x + long * Math.cos(angle), y + long * Math.sin(angle));
  context.ellipse(x, y, long, short, angle, 0, TAU);
}

/**
 * Squares: at this size nobody can tell them from discs, and they are twice as fast.
 * @param {CanvasRenderingContext2D} context @param {Float32Array} codes @param {Uint32Array} members
 * @param {Projection} place @param {Ink} ink
 */
function fillDots(context, codes, members, { scale, left, top, width, height, k }, { dot, alpha }) {
  const side = dot * Math.sqrt(Math.PI); // the square of the disc's area
  context.globalAlpha = Math.min(1, alpha * 1.5);
  context.beginPath();
  for (const i of members) {
    if (codes[4 * i + 2] * k >= dot || codes[4 * i + 3] * k >= dot) continue;
    const x = left + codes[4 * i] * scale, y = top - codes[4 * i + 1] * scale;
    if (x < -2 || x > width + 2 || y < -2 || y > height + 2) continue;
    context.rect(x - side / 2, y - side / 2, side, side);
  }
  context.fill();
}

/**
 * One fill per ellipse, so that overlaps show.
 * @param {CanvasRenderingContext2D} context @param {Float32Array} codes @param {Float32Array | null} turned @param {Uint32Array} members
 * @param {Projection} place @param {Ink} ink
 */
function fillInside(context, codes, turned, members, { scale, left, top, width, height, k }, { fill, dot }) {
  context.globalAlpha = fill;
  for (const i of members) {
    const x = left + codes[4 * i] * scale, y = top - codes[4 * i + 1] * scale;
    const a = codes[4 * i + 2] * k, b = codes[4 * i + 3] * k;
    if (a < dot && b < dot || x + a < 0 || x - a > width || y + b < 0 || y - b > height) continue;
    context.beginPath();
    const [long, short, angle] = turned ? turnedAxes(a, b, turned[i]) : [a, b, 0];
    context.ellipse(x, y, long, short, -angle, 0, TAU);
    context.fill();
  }
}

/** Gives the canvas one pixel per device pixel. @param {HTMLCanvasElement} canvas @param {View} view @param {number} dpr */
export function fitCanvas(canvas, view, dpr) {
  const width = Math.max(1, Math.round(view.width * dpr));
  const height = Math.max(1, Math.round(view.height * dpr));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

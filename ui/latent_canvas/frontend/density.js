// The density of the aggregate posterior as a glowing cloud in each class's hue, computed on the CPU (splat.js).

import { groupColors, parseColor, writeGroups } from "./scene.js";
import { Splat } from "./splat.js";
import { bounds } from "./view.js";

/** @typedef {import("./scene.js").Scene} Scene @typedef {import("./view.js").View} View */
/** @typedef {{width: number, height: number, data: Uint8ClampedArray}} Picture */

const MAX_GROUPS = 12;
const BATCH = 512; // samples between two looks at the clock: about 0.5 ms
const TONE_BATCH = 12288; // texels between two looks at the clock: about 1 ms
const HIDDEN = 255;
const EXPOSURE = 1.5; // opacity 0.6 at the typical density
const FAINTEST = 0.004; // of the typical density: what is below, down to the cut, is not shown
const MOST_TINT = 0.3;

export class DensityRenderer {
  /** @type {Picture | null} the last finished picture, not premultiplied */
  image = null;
  /** @type {View | null} the view that `image` shows */
  view = null;
  /** css pixels per texel of `image` */
  texel = 3;
  /** @type {Work | null} */
  #work = null;
  /** @type {ToneMap | null} the last part of the work */
  #toning = null;

  /**
   * Begins a new picture; `image` stays until `step` has finished it.
   * @param {View} view @param {Scene} scene
   * @param {{texel?: number, limit?: number}} [options] css px per texel; only the first `limit` samples
   */
  start(view, scene, { texel = 3, limit = scene.n } = {}) {
    this.cancel();
    this.#work = new Work(view, scene, texel, Math.min(limit, scene.n));
  }

  /** @param {number} [budgetMs] @returns {boolean} done */
  step(budgetMs = Infinity) {
    const work = this.#work;
    if (!work) return true;
    const end = performance.now() + budgetMs;
    do {
      if (this.#advance(work)) return true;
    } while (performance.now() < end);
    return false;
  }

  cancel() {
    this.#work = this.#toning = null;
  }

  /** @param {Work} work @returns {boolean} done */
  #advance(work) {
    if (!work.done) work.advance();
    else this.#toning ??= new ToneMap(work.densities, work.colors, work.width, work.height, work.scene.dark ?? false);
    if (!this.#toning?.advance()) return false;
    this.image = this.#toning.picture;
    this.view = work.view;
    this.texel = work.texel;
    this.cancel();
    return true;
  }
}

/**
 * The density of each colour group at the texel centres of a view, in one go: 1/n times the sum of the samples' densities
 * (per unit of latent area), n being all samples drawn or not.
 * @param {View} view @param {Scene} scene @param {number} [texel] css px
 * @returns {{width: number, height: number, densities: Float32Array[]}} row 0 is the top
 */
export function density(view, scene, texel = 3) {
  const work = new Work(view, scene, texel, scene.n);
  while (!work.done) work.advance();
  return { width: work.width, height: work.height, densities: work.densities };
}

/** One picture in the making. */
class Work {
  /** @type {Float32Array[]} finished groups */
  densities = [];
  #next = 0;
  #groups = new Uint8Array(BATCH);

  /** @param {View} view @param {Scene} scene @param {number} texel @param {number} limit */
  constructor(view, scene, texel, limit) {
    this.view = view;
    this.scene = scene;
    this.texel = texel;
    this.limit = limit;
    this.width = Math.ceil(view.width / texel);
    this.height = Math.ceil(view.height / texel);
    const palette = hues(scene);
    this.colors = palette.colors;
    this.groupHue = palette.groupHue;
    this.splat = new Splat(this.width, this.height, this.colors.length);
  }

  get done() {
    return this.densities.length >= this.colors.length;
  }

  /** One batch of samples, or the sum of one group's levels. */
  advance() {
    if (this.#next < this.limit) this.#addBatch();
    else this.densities.push(this.splat.sumLevels(this.densities.length));
  }

  #addBatch() {
    const { scene, view, texel, splat } = this;
    const begin = this.#next, end = Math.min(this.limit, begin + BATCH);
    const scale = view.scale / texel; // texels per latent unit
    const [xmin, , , ymax] = bounds(view);
    const mass = scale * scale / this.limit; // from per texel to per latent area
    writeGroups(scene, begin, end, this.#groups, HIDDEN);
    for (let i = begin; i < end; i++) {
      const group = this.#groups[i - begin];
      if (group === HIDDEN) continue;
      const x = (scene.codes[4 * i] - xmin) * scale - 0.5;
      const y = (ymax - scene.codes[4 * i + 1]) * scale - 0.5;
      const rho = scene.correlation ? -scene.correlation[i] : 0; // rows run downwards
      splat.add(this.groupHue[group], x, y, scene.codes[4 * i + 2] * scale, scene.codes[4 * i + 3] * scale, mass, rho);
    }
    this.#next = end;
  }
}

/**
 * At most MAX_GROUPS hues: groups of one colour share one, and so do neighbours on a long ramp.
 * @param {Scene} scene @returns {{colors: string[], groupHue: Uint8Array}}
 */
function hues(scene) {
  const all = groupColors(scene);
  const unique = [...new Set(all)];
  const colors = unique.length <= MAX_GROUPS ? unique
    : Array.from({ length: MAX_GROUPS }, (_, i) => unique[Math.floor((i + 0.5) * unique.length / MAX_GROUPS)]);
  const groupHue = Uint8Array.from(all, (color) => Math.floor(unique.indexOf(color) * colors.length / unique.length));
  return { colors, groupHue };
}

/**
 * Colour by the mix of hues, opacity by x / (1 + x) of the density relative to `typical`, the mean density that the mass in
 * the picture sees: so narrow peaks and wide clouds are both well exposed. The densest places also turn brighter on a dark
 * background and deeper on a light one, which keeps shape where opacity has run out.
 * @param {Float32Array[]} densities @param {string[]} colors @param {number} width @param {number} height @param {boolean} dark
 * @returns {Picture}
 */
export function toneMap(densities, colors, width, height, dark) {
  const toning = new ToneMap(densities, colors, width, height, dark);
  while (!toning.advance());
  return toning.picture;
}

/** `toneMap` in bands of rows. */
class ToneMap {
  #next = 0; // texel

  /** @param {Float32Array[]} densities @param {string[]} colors @param {number} width @param {number} height @param {boolean} dark */
  constructor(densities, colors, width, height, dark) {
    this.densities = densities;
    this.inks = colors.map(parseColor);
    this.tint = dark ? 255 : 20;
    this.total = new Float32Array(width * height);
    for (const group of densities) for (let i = 0; i < this.total.length; i++) this.total[i] += Math.max(0, group[i]);
    this.typical = massMean(this.total) || Infinity;
    /** @type {Picture} */
    this.picture = { width, height, data: new Uint8ClampedArray(4 * width * height) };
  }

  /** @returns {boolean} done */
  advance() {
    const { densities, inks, tint, total, typical, picture: { data } } = this;
    const end = Math.min(total.length, this.#next + TONE_BATCH);
    for (let i = this.#next; i < end; i++) {
      const level = total[i] / typical - FAINTEST;
      if (level <= 0) continue;
      const x = EXPOSURE * Math.sqrt(level * Math.sqrt(level)); // level^0.75
      mixHues(data, 4 * i, densities, i, inks, tint, Math.min(MOST_TINT, 0.16 * Math.max(0, level - 0.5)));
      data[4 * i + 3] = 255 * x / (1 + x);
    }
    this.#next = end;
    return end === total.length;
  }
}

/**
 * Weights d^1.5: the leading hue stays clear, and borders stay soft.
 * @param {Uint8ClampedArray} data @param {number} at @param {Float32Array[]} densities @param {number} i
 * @param {[number, number, number][]} inks @param {number} tint grey value mixed in @param {number} share of it
 */
function mixHues(data, at, densities, i, inks, tint, share) {
  let r = 0, g = 0, b = 0, sum = 0;
  for (let k = 0; k < inks.length; k++) {
    const d = densities[k][i];
    if (d <= 0) continue;
    const weight = d * Math.sqrt(d);
    sum += weight;
    r += weight * inks[k][0];
    g += weight * inks[k][1];
    b += weight * inks[k][2];
  }
  const scale = sum > 0 ? (1 - share) / sum : 0;
  data[at] = r * scale + tint * share;
  data[at + 1] = g * scale + tint * share;
  data[at + 2] = b * scale + tint * share;
}

/** @param {Float32Array} total @returns {number} sum of squares over sum */
function massMean(total) {
  let sum = 0, squares = 0;
  for (const d of total) { sum += d; squares += d * d; }
  return sum > 0 ? squares / sum : 0;
}

// The rows of small pictures: draws of the Gaussian, and what is decoded 1, 2 and 3σ away from its mean in eight directions.

import { h, setText } from "../dom.js";
import { paintImage } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {{mark: (index: number) => void, go: (index: number) => void, again: () => void}} RowActions index of a picture, -1 for none
 */

/** Pictures in a row. */
export const ACROSS = 8;
/** How far away the rows below the draws are, in σ. */
export const AWAY = [1, 2, 3];
const ROWS = 1 + AWAY.length;

/** ε of every picture: the draws, then the directions from the east anticlockwise. @param {number} seed @returns {Float64Array} [ROWS * ACROSS][2] */
export function epsilons(seed) {
  const out = new Float64Array(2 * ROWS * ACROSS);
  const next = generator(seed);
  for (let i = 0; i < ACROSS; i++) {
    // Box and Muller 1958: two uniform numbers make two independent normal ones.
    const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
    out[2 * i] = radius * Math.cos(angle);
    out[2 * i + 1] = radius * Math.sin(angle);
  }
  for (const [row, k] of AWAY.entries()) {
    for (let i = 0; i < ACROSS; i++) {
      const angle = (2 * Math.PI * i) / ACROSS, at = 2 * ((row + 1) * ACROSS + i);
      out[at] = k * Math.cos(angle);
      out[at + 1] = k * Math.sin(angle);
    }
  }
  return out;
}

/** Uniform numbers in [0, 1) that a seed repeats (mulberry32, T. Ettinger, public domain). @param {number} seed */
function generator(seed) {
  let state = (seed * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Mean absolute difference per pixel in grey levels of 255. @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
export function greyLevels(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return (255 * sum) / a.length;
}

/** @param {number} levels */
export function levelsText(levels) {
  return levels.toFixed(levels < 9.95 ? 1 : 0);
}

export class PictureRows {
  /** @param {RowActions} actions @param {AbortSignal} signal */
  constructor(actions, signal) {
    this.pixels = new Float32Array(0);
    this.tiles = Array.from({ length: ROWS * ACROSS }, (_, i) => {
      const canvas = h("canvas", {});
      const frame = h("div", { class: "frame" }, canvas);
      const button = h("button", { type: "button", class: "thumb", tabindex: i ? "-1" : "0", "data-testid": i < ACROSS ? "draw" : "away" }, frame);
      button.addEventListener("pointerenter", () => actions.mark(i), { signal });
      button.addEventListener("pointerleave", () => actions.mark(-1), { signal });
      button.addEventListener("focus", () => actions.mark(i), { signal });
      button.addEventListener("blur", () => actions.mark(-1), { signal });
      button.addEventListener("click", () => actions.go(i), { signal });
      return { button, canvas };
    });
    this.differences = Array.from({ length: ROWS }, (_, row) => h("span", { "data-testid": `differs-${row}` }));
    const again = h("button", { type: "button", class: "again", "data-testid": "draw-again" }, t("story_width.again"));
    again.addEventListener("click", actions.again, { signal });
    const names = [
      [h("strong", {}, ...rich("story_width.draws")), again],
      ...AWAY.map((k) => [h("strong", {}, t("story_width.away", { k })), h("span", {}, t("story_width.inside", { percent: insidePercent(k) }))]),
    ];
    const rows = names.map((name, row) => h("div", { class: "width-row", role: "group", "aria-label": name[0].textContent ?? "" },
      h("div", { class: "width-row-name" }, ...name),
      h("div", { class: "width-tiles" }, ...this.tiles.slice(row * ACROSS, (row + 1) * ACROSS).map(({ button }) => button)),
      h("div", { class: "differs", title: t("story_width.differs.why") }, this.differences[row], h("small", {}, t("story_width.differs")))));
    this.root = h("section", { class: "width-rows", "data-arrows": true, "aria-label": t("story_width.rows") }, ...rows);
    this.root.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  /** Arrows go from picture to picture; one of them is a stop of the Tab key. @param {KeyboardEvent} event */
  #key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ACROSS, ArrowUp: -ACROSS }[event.key];
    const at = this.tiles.findIndex(({ button }) => button === event.target);
    if (!by || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const to = at + by;
    const sameRow = Math.floor(to / ACROSS) === Math.floor(at / ACROSS);
    if (to < 0 || to >= this.tiles.length || (Math.abs(by) === 1 && !sameRow)) return;
    this.tiles[at].button.tabIndex = -1;
    this.tiles[to].button.tabIndex = 0;
    this.tiles[to].button.focus();
  }

  /**
   * @param {Model} model
   * @param {Float32Array} zs [ROWS * ACROSS][2]
   * @param {Float32Array} centre the picture at μ
   */
  draw(model, zs, centre) {
    const { decoder, spec } = model;
    const { pixels: size } = decoder;
    if (this.pixels.length !== this.tiles.length * size) this.pixels = new Float32Array(this.tiles.length * size);
    decoder.decodeMany(zs, this.pixels);
    const levels = this.tiles.map(({ canvas }, i) => {
      const picture = this.pixels.subarray(i * size, (i + 1) * size);
      paintImage(canvas, picture, spec.shape);
      return greyLevels(picture, centre);
    });
    for (const [row, place] of this.differences.entries()) {
      const mean = levels.slice(row * ACROSS, (row + 1) * ACROSS).reduce((sum, value) => sum + value, 0) / ACROSS;
      setText(place, levelsText(mean));
      place.dataset.levels = mean.toFixed(3);
    }
    for (const [i, { button }] of this.tiles.entries()) {
      const away = { k: AWAY[Math.floor(i / ACROSS) - 1], degrees: (360 / ACROSS) * (i % ACROSS) };
      const name = i < ACROSS ? t("story_width.draw_name", { i: i + 1 }) : t("story_width.away_name", away);
      button.setAttribute("aria-label", name);
    }
  }
}

/** How much of a Gaussian in the plane lies within k σ: 1 − exp(−k²/2). @param {number} k @returns {number} */
export function inside(k) {
  return -Math.expm1((-k * k) / 2);
}

/** @param {number} k */
export function insidePercent(k) {
  const percent = 100 * inside(k);
  if (percent > 99.9) return "> 99.9";
  return percent > 98.5 ? percent.toFixed(1) : String(Math.round(percent));
}

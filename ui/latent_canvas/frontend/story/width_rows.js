// The pictures around one sample's Gaussian: draws, its rim and far outside; and the graph of how much the picture changes on the way.

import { h, setText } from "../dom.js";
import { isTable } from "../bars.js";
import { paintSample } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { Chart, frame, halo, label } from "../weight/chart.js";
import { linePath, linear, numberTicks } from "../weight/geometry.js";
import { s, set } from "../weight/svg.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("../decoder.js").Decoder} Decoder
 * @typedef {{mark: (index: number) => void, go: (index: number) => void, again: () => void}} RowActions index of a picture, -1 for none
 */

/** Pictures in a row, and directions that are looked at. */
export const ACROSS = 8;
/** Up to so many σ a place counts as inside: 98.9 % of the draws. */
export const RIM = 3;
const ROWS = 3;
/** How far out the last row may be, in σ; the nearest where the picture has changed enough is taken. */
const FARS = [4, 6, 8, 10, 15, 20, 30, 40, 60, 100, 200, 400];
/** And it is no farther than this in latent units: beyond, the map is empty. */
const REACH = 3;
/** The picture has changed enough when it differs by this share of what two samples differ by. */
const ENOUGH = 0.4;
/** Samples whose pictures are compared with each other. */
const COMPARED = 24;
/** Places along each direction of the graph, and how far beyond the last row it goes. */
const POINTS = 15;
const BEYOND = 1.1;

/**
 * ε of every picture: the draws, then the directions from the east anticlockwise, at the rim and far outside.
 * @param {number} seed
 * @param {number} far σ
 * @returns {Float64Array} [ROWS * ACROSS][2]
 */
export function epsilons(seed, far) {
  const out = new Float64Array(2 * ROWS * ACROSS);
  const next = generator(seed);
  for (let i = 0; i < ACROSS; i++) {
    // Box and Muller 1958: two uniform numbers make two independent normal ones.
    const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
    out[2 * i] = radius * Math.cos(angle);
    out[2 * i + 1] = radius * Math.sin(angle);
  }
  for (const [row, k] of [RIM, far].entries()) {
    for (let i = 0; i < ACROSS; i++) out.set(towards(i, k), 2 * ((row + 1) * ACROSS + i));
  }
  return out;
}

/** @param {number} direction 0 for the east, anticlockwise @param {number} k σ @returns {[number, number]} ε */
function towards(direction, k) {
  const angle = (2 * Math.PI * direction) / ACROSS;
  return [k * Math.cos(angle), k * Math.sin(angle)];
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

/** Differences are measured in grey levels; a table's are told in percent of a column's range. @param {number[]} shape @returns {number} units per grey level */
export function unitOf(shape) {
  return isTable(shape) ? 100 / 255 : 1;
}

/** @param {number} levels @param {number} unit of `unitOf` */
export function levelsText(levels, unit) {
  const told = levels * unit;
  return told.toFixed(told < 9.95 ? 1 : 0);
}

/**
 * How much the pictures of two samples differ on average, each decoded at its μ: the measure of "another picture".
 * @param {Decoder} decoder at β
 * @param {Float32Array} current codes at β, [n][4]
 * @returns {number} grey levels; 0 for a single sample
 */
export function betweenSamples(decoder, current) {
  const n = current.length / 4, m = Math.min(COMPARED, n);
  const at = Array.from({ length: m }, (_, i) => Math.floor((i * n) / m));
  const pictures = at.map((i) => decoder.decode(current.subarray(4 * i, 4 * i + 2)));
  let sum = 0;
  for (let i = 0; i < m; i++) for (let j = 0; j < i; j++) sum += greyLevels(pictures[i], pictures[j]);
  return m < 2 ? 0 : sum / ((m * (m - 1)) / 2);
}

/** What decoding at k σ in each direction changes. */
export class Around {
  /** @param {Decoder} decoder at β @param {ArrayLike<number>} mu @param {ArrayLike<number>} sigma @param {Float32Array} centre the picture at μ */
  constructor(decoder, mu, sigma, centre) {
    this.decoder = decoder;
    this.centre = centre;
    this.mu = [mu[0], mu[1]];
    this.sigma = [sigma[0], sigma[1]];
    this.room = new Float32Array(decoder.pixels);
  }

  /** @param {number} direction @param {number} k σ @returns {number} grey levels */
  levels(direction, k) {
    const z = towards(direction, k).map((e, j) => this.mu[j] + this.sigma[j] * e);
    return greyLevels(this.decoder.decode(z, this.room), this.centre);
  }

  /** On average over the directions. @param {number} k σ */
  average(k) {
    let sum = 0;
    for (let i = 0; i < ACROSS; i++) sum += this.levels(i, k);
    return sum / ACROSS;
  }

  /**
   * How far the last row lies: where the picture is clearly another one, if that comes within reach.
   * @param {number} between grey levels that two samples differ by
   * @returns {number} σ
   */
  far(between) {
    const within = FARS.filter((k, i) => i === 0 || k * Math.max(...this.sigma) <= REACH);
    let [low, high] = [0, within.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.average(within[middle]) >= ENOUGH * between) high = middle;
      else low = middle + 1;
    }
    return within[low];
  }
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
    this.differences = Array.from({ length: ROWS }, (_, row) => h("p", { class: "differs", "data-testid": `differs-${row}` }));
    const again = h("button", { type: "button", class: "again", "data-testid": "draw-again" }, t("story_width.again"));
    again.addEventListener("click", actions.again, { signal });
    this.farName = h("strong", {});
    const names = [
      [h("strong", {}, ...rich("story_width.draws")), again],
      [h("strong", {}, t("story_width.rim", { k: RIM })), h("span", {}, t("story_width.rim.note", { percent: insidePercent(RIM) }))],
      [this.farName, h("span", {}, t("story_width.far.note"))],
    ];
    this.groups = names.map((name, row) => h("div", { class: "width-row", role: "group", "aria-label": name[0].textContent ?? "" },
      h("div", { class: "width-row-name" }, ...name),
      h("div", { class: "width-tiles" }, ...this.tiles.slice(row * ACROSS, (row + 1) * ACROSS).map(({ button }) => button)),
      this.differences[row]));
    this.root = h("section", { class: "width-rows", "data-arrows": true, "aria-label": t("story_width.rows") }, ...this.groups);
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
   * @param {number} far how many σ away the last row is
   */
  draw(model, zs, centre, far) {
    const { decoder, spec } = model;
    const { pixels: size } = decoder;
    if (this.pixels.length !== this.tiles.length * size) this.pixels = new Float32Array(this.tiles.length * size);
    decoder.decodeMany(zs, this.pixels);
    const nameOf = (/** @type {number} */ i) => {
      const away = { k: i < 2 * ACROSS ? RIM : far, degrees: (360 / ACROSS) * (i % ACROSS) };
      return i < ACROSS ? t("story_width.draw_name", { i: i + 1 }) : t("story_width.away_name", away);
    };
    const levels = this.tiles.map(({ canvas, button }, i) => {
      const picture = this.pixels.subarray(i * size, (i + 1) * size);
      button.setAttribute("aria-label", nameOf(i));
      paintSample(canvas, picture, spec, nameOf(i), button);
      return greyLevels(picture, centre);
    });
    for (const [row, place] of this.differences.entries()) {
      const mean = levels.slice(row * ACROSS, (row + 1) * ACROSS).reduce((sum, value) => sum + value, 0) / ACROSS;
      setText(place, t("story_width.differs", { levels: levelsText(mean, unitOf(spec.shape)) }));
      place.dataset.levels = mean.toFixed(3);
    }
    setText(this.farName, t("story_width.far", { k: far }));
    this.groups[2].setAttribute("aria-label", t("story_width.far", { k: far }));
  }
}

const MARGIN = { left: 44, right: 8, top: 8, bottom: 38 };

/** How different the picture is, against the distance from μ in σ: eight directions and their average, worked out one direction a frame. */
export class ChangeGraph extends Chart {
  constructor() {
    super("width-graph", t("story_width.graph"));
    /** @type {Around | null} */
    this.around = null;
    this.far = 10;
    /** What two samples differ by. */
    this.between = 0;
    /** Units that are told, per grey level. */
    this.unit = 1;
    this.color = "#4457c0";
    /** @type {number[][]} grey levels of each direction that has been worked out, at μ and the POINTS places */
    this.known = [];
    this.at = { k: 0, levels: 0 };
    this.x = linear(0, 1, 0, 1);
    this.y = linear(0, 1, 0, 1);
    this.dot = s("circle", { r: 5.5, "stroke-width": 2 });
  }

  /** @param {Around} around @param {number} far σ @param {number} between grey levels @param {string} color of the ellipse @param {number} unit of `unitOf` */
  follow(around, far, between, color, unit) {
    Object.assign(this, { around, far, between, color, unit, known: [] });
    this.redraw();
  }

  get settled() {
    return this.known.length === ACROSS;
  }

  /** One direction more. */
  work() {
    const { around, known } = this;
    if (!around || this.settled) return;
    const direction = known.length;
    known.push([0, ...Array.from({ length: POINTS }, (_, i) => around.levels(direction, this.#k(i + 1)))]);
    this.redraw();
  }

  /** @param {number} i 0 at μ */
  #k(i) {
    return (BEYOND * this.far * i) / POINTS;
  }

  /** Where the handle is. @param {number} k σ @param {number} levels */
  show(k, levels) {
    this.at = { k, levels };
    const { x, y } = this;
    const [cx, cy] = [x(Math.min(k, BEYOND * this.far)), Math.max(y(levels), MARGIN.top)];
    set(this.dot, { cx: cx.toFixed(2), cy: cy.toFixed(2) });
  }

  /** @override */
  layout() {
    const { ink, width, height, far, between, known, color, unit } = this;
    const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
    const top = Math.max(3, 1.25 * between, ...known.map((levels) => levels[POINTS]).filter(Number.isFinite));
    const [x, y] = [this.x, this.y] = [linear(0, BEYOND * far, box.left, box.right), linear(0, top, box.bottom, box.top)];
    const marks = x(1) - x(0) > 14 ? [0, 1, 2, RIM] : [0, RIM];
    const ticks = [...marks, ...(far > 8 ? [far / 2] : []), far].map((at) => ({ at, text: String(at) }));
    const bands = [RIM, 2, 1].map((k) => s("rect", {
      x: box.left, y: box.top, width: x(k) - box.left, height: box.bottom - box.top, fill: color, "fill-opacity": 0.13,
    }));
    const axes = frame(box, { ticks, scale: x, title: t("story_width.graph.x") }, { ticks: numberTicks(0, top * unit, 4).map(({ at, text }) => ({ at: at / unit, text })), scale: y, title: t("story_width.graph.y") }, ink);
    const path = (/** @type {number[]} */ levels) => linePath(levels.map((value, i) => [x(this.#k(i)), Math.max(box.top, y(value))]));
    const thin = known.map((levels) => s("path", { d: path(levels), fill: "none", stroke: ink.soft, "stroke-opacity": 0.55, "stroke-width": 1 }));
    const mean = Array.from({ length: POINTS + 1 }, (_, i) => known.reduce((sum, levels) => sum + levels[i], 0) / known.length);
    const thick = s("path", { d: this.settled ? path(mean) : "", fill: "none", stroke: ink.text, "stroke-width": 2.6 });
    const line = between > 0 ? [
      s("line", { x1: box.left, x2: box.right, y1: y(between), y2: y(between), stroke: ink.text, "stroke-dasharray": "4 4" }),
      label(t("story_width.graph.between", { levels: levelsText(between, unit) }), box.right - 2, y(between) - box.top > 30 ? y(between) - 5 : y(between) + 13, { "text-anchor": "end", fill: ink.text, ...halo(ink) }),
    ] : [];
    const name = x(RIM) - box.left > 60
      ? [label(t("story_width.graph.inside"), (box.left + x(RIM)) / 2, box.top + 12, { "text-anchor": "middle", fill: ink.text, "font-weight": 600, ...halo(ink) })] : [];
    set(this.dot, { fill: ink.background, stroke: ink.accent, "stroke-width": 3 });
    this.root.replaceChildren(...bands, axes, ...thin, thick, ...line, ...name, this.dot);
    this.show(this.at.k, this.at.levels);
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

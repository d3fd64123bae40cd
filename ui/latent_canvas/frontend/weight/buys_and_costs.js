// What β buys, fewer holes, and what it costs, distortion; both in percent along the slider's own scale.

import { classColors } from "../palette.js";
import { betaToSlider, formatBeta } from "../scale.js";
import { t } from "../texts.js";
import { Chart, FONT, diamondPath, frame, halo, label } from "./chart.js";
import { betaTicks, between, linePath, linear, numberTicks, textWidth, valueAt } from "./geometry.js";
import { fixed, lostShare, percentText } from "./rows.js";
import { s, set } from "./svg.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {{values: number[], positions: number[]}} Curve values in percent
 * @typedef {{dot: SVGCircleElement, text: SVGTextElement}} Reading what a curve says at β
 */

const MARGIN = { left: 48, right: 14, top: 44, bottom: 42 };
const COST = classColors(7)[6];
/** What β buys and what it costs, at length and in few words. */
const NAMES = ["weight.buys.holes", "weight.buys.lost"];
const SHORT_NAMES = ["weight.buys.holes.short", "weight.buys.lost.short"];

export class BuysAndCosts extends Chart {
  constructor() {
    super("buys-and-costs", t("weight.buys.chart"));
    this.rows = /** @type {Row[]} */ ([]);
    this.references = /** @type {Row[]} */ ([]);
    this.curves = /** @type {Curve[]} */ ([]);
    this.betaMax = 1;
    this.beta = 0;
    this.scale = { x: linear(0, 1, 0, 1), y: linear(0, 100, 1, 0) };
    this.line = s("line", { "stroke-width": 1.2 });
    /** @type {Reading[]} */
    this.readings = NAMES.map(() => ({ dot: s("circle", { r: 5, "stroke-width": 2 }), text: label("", 0, 0, { "font-weight": 600 }) }));
    /** @type {Row | null} */
    this.row = null;
  }

  /** @param {{rows: Row[], references?: Row[], betaMax: number}} data references: rows of the VAEs trained at one β alone */
  setData({ rows, references = [], betaMax }) {
    this.rows = [...rows].sort((a, b) => a.beta - b.beta);
    this.references = references;
    this.betaMax = betaMax || 1;
    this.curves = [0, 1].map((kind) => {
      const known = this.rows.map((row) => ({ at: betaToSlider(row.beta, this.betaMax), value: shares(row, this.rows)[kind] })).filter(({ value }) => Number.isFinite(value));
      return { values: known.map((p) => p.value), positions: known.map((p) => p.at) };
    });
    this.redraw();
  }

  /**
   * @param {number} beta of the slider, or of the row
   * @param {Row | null} [row] its numbers if they are not the curves': a separately trained model's
   */
  set(beta, row = null) {
    this.beta = beta;
    this.row = row;
    if (this.line.parentNode) this.#move();
  }

  /** @override */
  layout() {
    if (!this.rows.length) return;
    const { ink, width, height } = this;
    const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
    this.scale = { x: linear(0, 1, box.left, box.right), y: linear(0, 100, box.bottom, box.top) };
    const x = { ticks: betaTicks(this.betaMax, box.right - box.left), scale: this.scale.x, title: t("weight.buys.beta") };
    const y = { ticks: numberTicks(0, 100, height / 60), scale: this.scale.y, title: t("weight.buys.percent") };
    set(this.line, { y1: box.top, y2: box.bottom, stroke: ink.text });
    for (const [i, { dot, text }] of this.readings.entries()) {
      set(dot, { fill: this.#color(i), stroke: ink.background });
      set(text, { fill: ink.text, ...halo(ink) });
    }
    const moving = this.readings.flatMap(({ dot, text }) => [dot, text]);
    this.root.replaceChildren(frame(box, x, y, ink), this.#legend(), ...this.curves.map((curve, i) => this.#curve(curve, i)), this.line, ...moving, this.#diamonds());
    this.#move();
  }

  /** @param {number} i */
  #color(i) {
    return i === 0 ? this.ink.accent : COST;
  }

  /** The look of a curve: the second is dashed too, for who cannot tell their colours. @param {number} i */
  #look(i) {
    return { stroke: this.#color(i), "stroke-width": 2.2, "stroke-dasharray": i === 0 ? undefined : "8 3", fill: "none", "stroke-linejoin": "round" };
  }

  /** @param {Curve} curve @param {number} i */
  #curve({ values, positions }, i) {
    const points = values.map((value, k) => /** @type {const} */ ([this.scale.x(positions[k]), this.scale.y(clamp(value))]));
    return s("path", { d: linePath(points), ...this.#look(i) });
  }

  #legend() {
    const long = NAMES.map((key) => t(key));
    const fits = long.every((name) => textWidth(name, FONT) + 40 < this.width);
    const names = fits ? long : SHORT_NAMES.map((key) => t(key));
    const lines = names.flatMap((name, i) => [s("line", { x1: 6, x2: 30, y1: 8 + 16 * i, y2: 8 + 16 * i, ...this.#look(i) }), label(name, 36, 12 + 16 * i, { fill: this.ink.text })]);
    return s("g", {}, ...lines);
  }

  #diamonds() {
    const marks = this.references.flatMap((row) => shares(row, this.rows).map((value, i) => {
      if (!Number.isFinite(value)) return null;
      const place = diamondPath(this.scale.x(betaToSlider(row.beta, this.betaMax)), this.scale.y(clamp(value)), 5.5);
      const says = t(i === 0 ? "weight.buys.alone.holes" : "weight.buys.alone.lost", { beta: formatBeta(row.beta), share: percentText(fixed(value, 1)) });
      return s("path", { d: place, fill: "none", "pointer-events": "all", stroke: this.#color(i), "stroke-width": 1.8 }, s("title", {}, says));
    }));
    return s("g", {}, ...marks);
  }

  #move() {
    const position = betaToSlider(this.beta, this.betaMax);
    const x = this.scale.x(position);
    set(this.line, { x1: x.toFixed(2), x2: x.toFixed(2) });
    const values = this.row ? shares(this.row, this.rows) : this.curves.map((curve) => valueAt(curve.values, between(curve.positions, position)));
    const heights = apart(values.map((value) => this.scale.y(clamp(value))), FONT + 3);
    for (const [i, { dot, text }] of this.readings.entries()) {
      const known = Number.isFinite(values[i]) ? "visible" : "hidden";
      set(dot, { visibility: known });
      set(text, { visibility: known });
      if (known === "hidden") continue;
      set(dot, { cx: x.toFixed(2), cy: this.scale.y(clamp(values[i])).toFixed(2) });
      const says = percentText(fixed(values[i], 1));
      if (text.textContent !== says) text.textContent = says;
      const end = position > 0.8;
      set(text, { x: (end ? x - 9 : x + 9).toFixed(1), y: (heights[i] - 4).toFixed(1), "text-anchor": end ? "end" : "start" });
    }
  }
}

/** Holes and lost improvement, in percent; NaN where not known. @param {Row} row @param {Row[]} rows @returns {[number, number]} */
export function shares(row, rows) {
  return [100 * row.holes[0], row.distortion ? 100 * lostShare(row.distortion[0], rows) : NaN];
}

/**
 * Two heights at least so far apart, moved as little as that takes.
 * @param {number[]} heights @param {number} room
 * @returns {number[]}
 */
export function apart(heights, room) {
  const [a, b] = heights;
  const missing = (room - Math.abs(a - b)) / 2;
  if (!(missing > 0)) return heights;
  return a <= b ? [a - missing, b + missing] : [a + missing, b - missing];
}

/** @param {number} percent */
function clamp(percent) {
  return Math.min(100, Math.max(0, percent));
}

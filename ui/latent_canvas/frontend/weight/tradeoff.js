// Rate against distortion: the curve along β, where β stands on it, and the line of slope −β that touches it there.

import { classColors } from "../palette.js";
import { betaToSlider, formatBeta } from "../scale.js";
import { t } from "../texts.js";
import { Chart, FONT, diamondPath, frame, halo, label } from "./chart.js";
import { between, clipLine, edge, linePath, linear, numberTicks, padded, tangent, textWidth, valueAt } from "./geometry.js";
import { fixed } from "./rows.js";
import { s, set } from "./svg.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {{beta: number, rate: number, distortion: number}} RatePoint
 * @typedef {{from: number, to: number, y: number}} Taken where a label stands, in pixels
 *
 * @typedef {object} TradeOffData
 * @property {Row[]} rows of the shared model; those without a distortion are left out
 * @property {RatePoint[]} [heldOut] the same model on samples that were kept out of training
 * @property {RatePoint[]} [references] VAEs trained at one β alone
 * @property {number} [betaMax] of the slider; the largest row's where it is not given
 * @property {boolean} [family] the rows are of models that were trained apart
 */

const MARGIN = { left: 58, right: 16, top: 14, bottom: 42 };
const HELD_OUT = classColors(7)[6];
/** A title along the upright axis that has less room than this is cut short. */
const LONG_TITLE = 280;
/** Other points than the shared curve’s may stretch the plot by so much of its height; beyond they are cut off. */
const STRETCH = 0.5;
const LEGEND_WIDTH = 175;

export class TradeOff extends Chart {
  constructor() {
    super("tradeoff", t("weight.tradeoff.chart"));
    this.curve = /** @type {RatePoint[]} */ ([]);
    this.heldOut = /** @type {RatePoint[]} */ ([]);
    this.references = /** @type {RatePoint[]} */ ([]);
    this.betaMax = 1;
    this.shared = "weight.tradeoff.shared";
    this.beta = 0;
    this.positions = /** @type {number[]} */ ([]);
    this.range = { xmin: 0, xmax: 1, ymin: 0, ymax: 1 };
    this.scale = { x: linear(0, 1, 0, 1), y: linear(0, 1, 0, 1) };
    this.line = s("line", { "stroke-width": 1.5, "stroke-dasharray": "6 4" });
    /** The legend’s words for the line, with the slope that it has now. */
    this.name = label("", 0, 0, {});
    this.dot = s("circle", { r: 7, "stroke-width": 2.5 });
    /** @type {{rate: number, distortion: number} | null} */
    this.at = null;
  }

  /** @param {TradeOffData} data */
  setData({ rows, heldOut = [], references = [], betaMax, family = false }) {
    this.shared = family ? "weight.tradeoff.family" : "weight.tradeoff.shared";
    const known = (/** @type {RatePoint[]} */ points) => points.filter((p) => Number.isFinite(p.rate) && Number.isFinite(p.distortion)).sort((a, b) => a.beta - b.beta);
    this.curve = known(rows.map(({ beta, rate, distortion }) => ({ beta, rate, distortion: distortion?.[0] ?? NaN })));
    this.heldOut = known(heldOut);
    this.references = known(references);
    this.betaMax = betaMax || this.curve[this.curve.length - 1]?.beta || 1;
    this.positions = this.curve.map(({ beta }) => betaToSlider(beta, this.betaMax));
    this.range = rangeOf(this.curve, [...this.heldOut, ...this.references]);
    this.redraw();
  }

  /**
   * @param {number} beta of the slider
   * @param {{rate: number, distortion: number} | null} [at] where the point is if not on the curve: a separately trained model
   */
  set(beta, at = null) {
    this.beta = beta;
    this.at = at;
    if (this.dot.parentNode) this.#move();
  }

  /** @override */
  layout() {
    const { ink, width, height, range } = this;
    if (!this.curve.length) return this.root.replaceChildren(label(t("weight.tradeoff.unknown"), 8, 24, { fill: ink.soft }));
    const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
    this.scale = { x: linear(range.xmin, range.xmax, box.left, box.right), y: linear(range.ymin, range.ymax, box.bottom, box.top) };
    const long = box.bottom - box.top >= LONG_TITLE;
    const x = { ticks: numberTicks(range.xmin, range.xmax, width / 70), scale: this.scale.x, title: t(width > 360 ? "weight.tradeoff.rate" : "weight.tradeoff.rate.short") };
    const y = { ticks: numberTicks(range.ymin, range.ymax, height / 55), scale: this.scale.y, title: t(long ? "weight.tradeoff.distortion" : "weight.tradeoff.distortion.short") };
    set(this.line, { stroke: ink.text });
    set(this.dot, { fill: ink.accent, stroke: ink.background });
    this.root.replaceChildren(frame(box, x, y, ink), this.#curves(), this.line, this.#points(), this.dot, this.#diamonds(box), this.#legend(box));
    this.#move();
  }

  /** @param {Point} point @returns {Point} */
  #place([x, y]) {
    return [this.scale.x(x), this.scale.y(y)];
  }

  #curves() {
    const path = (/** @type {RatePoint[]} */ points) => linePath(clipLine(points.map(({ rate, distortion }) => [rate, distortion]), this.range).map((p) => this.#place(p)));
    return s("g", { fill: "none", "stroke-linejoin": "round" },
      s("path", { d: path(this.heldOut), stroke: HELD_OUT, "stroke-width": 1.3 }),
      s("path", { d: path(this.curve), stroke: this.ink.accent, "stroke-width": 2.5 }));
  }

  /** Every stored β as a small dot that says its numbers. */
  #points() {
    const dots = this.curve.map(({ beta, rate, distortion }) => {
      const [cx, cy] = this.#place([rate, distortion]);
      return s("g", {}, s("circle", { cx, cy, r: 2, fill: this.ink.accent }), s("circle", { cx, cy, r: 6, fill: this.ink.accent, "fill-opacity": 0 }), title("weight.tradeoff.point", { beta, rate, distortion }));
    });
    return s("g", {}, ...dots);
  }

  /** Below the curve, which is convex, their labels have room. @param {import("./geometry.js").Box} box */
  #diamonds({ left, right, bottom }) {
    const { ink } = this;
    const taken = /** @type {Taken[]} */ ([]);
    return s("g", {}, ...this.references.map((reference) => {
      const { point, arrow } = edge([reference.rate, reference.distortion], this.range);
      const [x, y] = this.#place(point);
      const text = `β ${formatBeta(reference.beta).replace(/\.0$/, "")}${arrow && `: ${beyond(reference, arrow)} ${arrow}`}`;
      const wide = textWidth(text, FONT);
      const from = x - 9 - wide < left ? x + 9 : Math.min(x - 8, right - 4) - wide;
      const at = free(taken, from, Math.min(bottom - 5, y + 14), wide);
      return s("g", {},
        s("path", { d: diamondPath(x, y, 6), fill: "none", "pointer-events": "all", stroke: ink.text, "stroke-width": 1.8 }, title("weight.tradeoff.point.alone", reference)),
        label(text, from + wide, at, { fill: ink.soft, "text-anchor": "end", ...halo(ink) }));
    }));
  }

  /** In the corner that a falling curve leaves free. @param {import("./geometry.js").Box} box */
  #legend({ right, top }) {
    const { ink, name } = this;
    const swatch = (/** @type {Record<string, string | number>} */ look) => (/** @type {number} */ x, /** @type {number} */ y) => s("line", { x1: x, x2: x + 20, y1: y, y2: y, ...look });
    const diamond = (/** @type {number} */ x, /** @type {number} */ y) => s("path", { d: diamondPath(x + 10, y, 5), fill: "none", stroke: ink.text, "stroke-width": 1.6 });
    const entries = [
      { text: label(t(this.shared), 0, 0, {}), draw: swatch({ stroke: ink.accent, "stroke-width": 2.5 }), shown: true },
      { text: label(t("weight.tradeoff.held_out"), 0, 0, {}), draw: swatch({ stroke: HELD_OUT, "stroke-width": 1.3 }), shown: this.heldOut.length > 0 },
      { text: name, draw: swatch({ stroke: ink.text, "stroke-width": 1.5, "stroke-dasharray": "6 4" }), shown: true },
      { text: label(t("weight.tradeoff.alone"), 0, 0, {}), draw: diamond, shown: this.references.length > 0 },
    ].filter(({ shown }) => shown);
    const left = right - LEGEND_WIDTH;
    const ground = s("rect", { x: left - 6, y: top - 4, width: LEGEND_WIDTH + 6, height: 17 * entries.length + 6, fill: ink.background, "fill-opacity": 0.85 });
    return s("g", { fill: ink.text }, ground, ...entries.flatMap(({ text, draw }, i) => {
      const y = top + 8 + 17 * i;
      set(text, { x: left + 27, y: y + 4 });
      return [draw(left, y), text];
    }));
  }

  #move() {
    const place = between(this.positions, betaToSlider(this.beta, this.betaMax));
    const onCurve = /** @type {Point} */ ([valueAt(this.curve.map((p) => p.rate), place), valueAt(this.curve.map((p) => p.distortion), place)]);
    const now = this.at ? edge([this.at.rate, this.at.distortion], this.range).point : onCurve;
    const [cx, cy] = this.#place(now);
    set(this.dot, { cx: cx.toFixed(2), cy: cy.toFixed(2) });
    const says = t("weight.tradeoff.slope", { slope: `${this.beta > 0 ? "−" : ""}${formatBeta(this.beta)}` });
    if (this.name.textContent !== says) this.name.textContent = says;
    const touching = this.at ? null : tangent(now, -this.beta, this.range);
    set(this.line, { visibility: touching ? "visible" : "hidden" });
    if (!touching) return;
    const [[x1, y1], [x2, y2]] = touching.map((p) => this.#place(p));
    set(this.line, { x1: x1.toFixed(2), y1: y1.toFixed(2), x2: x2.toFixed(2), y2: y2.toFixed(2) });
  }
}

/**
 * What the plot shows: the shared curve, and of other points’ distortions as much as does not squash it.
 * @param {RatePoint[]} curve @param {RatePoint[]} others
 */
export function rangeOf(curve, others) {
  const distortions = curve.map((p) => p.distortion);
  const [low, high] = [Math.min(...distortions), Math.max(...distortions)];
  const reach = STRETCH * (high - low);
  const heights = others.map((p) => Math.min(high + reach, Math.max(low - reach, p.distortion)));
  const [ymin, ymax] = padded(Math.min(low, ...heights), Math.max(high, ...heights), 0.07);
  return { xmin: 0, xmax: 1.06 * Math.max(1e-3, ...curve.map((p) => p.rate)), ymin, ymax };
}

/** The height of a label, moved down where another one stands. @param {Taken[]} taken @param {number} from @param {number} y @param {number} wide */
function free(taken, from, y, wide) {
  const clash = () => taken.some((other) => from < other.to - 3 && from + wide > other.from + 3 && Math.abs(other.y - y) < FONT + 1);
  for (let tries = 0; clash() && tries < 6; tries++) y += FONT + 2;
  taken.push({ from, to: from + wide, y });
  return y;
}

/** What of a point outside the plot the edge does not show. @param {RatePoint} point @param {string} arrow */
function beyond({ rate, distortion }, arrow) {
  const parts = ["←→↖↗↘↙".includes(arrow) ? `R ${fixed(rate, 1)}` : "", "↑↓↖↗↘↙".includes(arrow) ? `D ${fixed(distortion, 1)}` : ""];
  return parts.filter(Boolean).join(", ");
}

/** @param {string} key of the text @param {RatePoint} point */
function title(key, { beta, rate, distortion }) {
  return s("title", {}, t(key, { beta: formatBeta(beta), rate: fixed(rate, 2), distortion: fixed(distortion, 2) }));
}

// The extra error, β·R and their sum along the width of one sample's Gaussian, and the same three as bars on the same scale of nats.

import { classColors } from "../palette.js";
import { t } from "../texts.js";
import { Chart, diamondPath, frame, halo, label } from "../weight/chart.js";
import { clipLine, linePath, linear, numberTicks } from "../weight/geometry.js";
import { s, set } from "../weight/svg.js";
import { significant } from "../words.js";

/**
 * @typedef {import("../weight/geometry.js").Point} Point
 * @typedef {{d: number, r: number, sum: number}} Terms nats: the extra error, β·R, and both
 * @typedef {object} Curves
 * @property {ArrayLike<number>} widths
 * @property {ArrayLike<number>} d the extra error; NaN where not known yet
 * @property {(width: number) => number} r β·R
 * @typedef {object} Marks
 * @property {Terms & {width: number}} hand
 * @property {Terms & {width: number}} encoder
 * @property {{width: number, sum: number} | null} least
 */

const [D_COLOR, , , , , , R_COLOR] = classColors(7);
const MARGIN = { left: 52, right: 6, top: 20, bottom: 40 };
/** Marks of the axis of widths. */
const WIDTHS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
/** Points drawn between two that are known. */
const BETWEEN = 4;
const BAR = 26;
const BAR_GAP = 16;

export { D_COLOR, R_COLOR };

export class BalanceChart extends Chart {
  /** @param {(width: number, done: boolean) => void} onWidth a hand chooses a width in the chart @param {AbortSignal} signal */
  constructor(onWidth, signal) {
    super("balance-chart", t("story_balance.chart"));
    this.low = 0.004;
    this.high = 4;
    this.range = { ymin: 0, ymax: 10 };
    this.box = { left: 0, right: 1, top: 0, bottom: 1 };
    this.x = linear(0, 1, 0, 1);
    this.y = linear(0, 1, 0, 1);
    /** @type {Curves | null} */
    this.curves = null;
    /** @type {Marks | null} */
    this.marks = null;
    const curve = { fill: "none", "stroke-linejoin": "round" };
    const line = (/** @type {string} */ stroke, /** @type {number} */ width) => s("path", { ...curve, stroke, "stroke-width": width });
    this.lines = { d: line(D_COLOR, 2), r: line(R_COLOR, 2), sum: line("", 2.8) };
    this.hand = { line: s("line", { "stroke-width": 2 }), dots: [D_COLOR, R_COLOR, ""].map((fill) => s("circle", { r: 5, fill, "stroke-width": 2 })) };
    this.encoder = {
      line: s("line", { "stroke-dasharray": "2 4", "stroke-width": 1.5 }), mark: s("path", { "stroke-width": 2 }), name: label("", 0, 0, {}),
    };
    this.least = { mark: s("circle", { r: 9, fill: "none", "stroke-width": 2 }), name: label("", 0, 0, { "font-weight": 600 }) };
    const words = { "text-anchor": "middle", "font-size": 12 };
    this.bars = [D_COLOR, R_COLOR, ""].map((fill) => ({
      bar: s("rect", { rx: 3, fill }), was: s("line", { "stroke-width": 2 }), number: label("", 0, 0, { ...words, "font-weight": 600 }), name: label("", 0, 0, words),
    }));
    this.#listen(onWidth, signal);
  }

  /** @param {(width: number, done: boolean) => void} onWidth @param {AbortSignal} signal */
  #listen(onWidth, signal) {
    let held = false;
    const tell = (/** @type {PointerEvent} */ event, /** @type {boolean} */ done) => {
      const { left, width } = this.root.getBoundingClientRect();
      const { box, low, high } = this;
      const share = ((event.clientX - left) * (this.width / width) - box.left) / (box.right - box.left);
      onWidth(low * (high / low) ** Math.min(1, Math.max(0, share)), done);
    };
    this.root.addEventListener("pointerdown", (event) => {
      const { left, width } = this.root.getBoundingClientRect();
      if (event.button > 0 || (event.clientX - left) * (this.width / width) > this.box.right + BAR_GAP / 2) return;
      held = true;
      this.root.setPointerCapture(event.pointerId);
      tell(event, false);
    }, { signal });
    this.root.addEventListener("pointermove", (event) => held && tell(event, false), { signal });
    for (const ending of /** @type {const} */ (["pointerup", "pointercancel"])) {
      this.root.addEventListener(ending, (event) => {
        if (!held) return;
        held = false;
        tell(event, true);
      }, { signal });
    }
  }

  /** What the axes show. @param {number} low width @param {number} high @param {number} ymin nats @param {number} ymax */
  setRange(low, high, ymin, ymax) {
    if (low === this.low && high === this.high && ymin === this.range.ymin && ymax === this.range.ymax) return;
    Object.assign(this, { low, high, range: { ymin, ymax } });
    this.redraw();
  }

  /** Shares of the chart's width before and after the axis of widths: what lies under it can be aligned. */
  get insets() {
    return { left: this.box.left, right: this.width - this.box.right };
  }

  /** @param {Curves} curves @param {Marks} marks */
  show(curves, marks) {
    this.curves = curves;
    this.marks = marks;
    if (this.lines.sum.parentNode) this.#move();
  }

  /** @override */
  layout() {
    const { ink, width, height, low, high, range } = this;
    const bars = 3 * BAR + 3 * BAR_GAP;
    const box = this.box = { left: MARGIN.left, right: width - MARGIN.right - bars, top: MARGIN.top, bottom: height - MARGIN.bottom };
    this.x = linear(Math.log(low), Math.log(high), box.left, box.right);
    this.y = linear(range.ymin, range.ymax, box.bottom, box.top);
    const room = box.right - box.left > 330 ? 1 : 2;
    const ticks = WIDTHS.filter((w, i) => w >= low && w <= high && (room === 1 || i % 2 === 0)).map((w) => ({ at: Math.log(w), text: String(w) }));
    const x = { ticks, scale: this.x, title: t("story_balance.axis.width") };
    const y = { ticks: numberTicks(range.ymin, range.ymax, height / 50), scale: this.y, title: t("story_balance.axis.nats") };
    for (const element of [this.lines.sum, this.hand.line]) set(element, { stroke: ink.text });
    for (const dot of this.hand.dots) set(dot, { stroke: ink.background });
    set(this.hand.dots[2], { fill: ink.text });
    set(this.encoder.line, { stroke: ink.soft });
    set(this.encoder.mark, { stroke: ink.accent, fill: ink.background });
    set(this.encoder.name, { fill: ink.accent, ...halo(ink) });
    set(this.least.mark, { stroke: ink.text });
    set(this.least.name, { fill: ink.text, ...halo(ink) });
    set(this.bars[2].bar, { fill: ink.text });
    const zero = s("line", { x1: box.left, x2: width - MARGIN.right, y1: this.y(0), y2: this.y(0), stroke: ink.soft, "stroke-width": 1 });
    for (const [i, { was, number, name }] of this.bars.entries()) {
      set(was, { stroke: ink.accent });
      const middle = box.right + BAR_GAP + i * (BAR + BAR_GAP) + BAR / 2;
      set(number, { x: middle, fill: ink.text, ...halo(ink) });
      set(name, { x: middle, y: box.bottom + 16, fill: ink.text });
      name.textContent = [t("story_balance.bar.d"), "β·R", t("story_balance.bar.sum")][i];
    }
    this.root.replaceChildren(
      frame(box, x, y, ink), zero, this.encoder.line, this.lines.d, this.lines.r, this.lines.sum, this.hand.line, this.least.mark, this.encoder.mark,
      ...this.hand.dots, this.encoder.name, this.least.name, ...this.bars.flatMap(({ bar, was, number, name }) => [bar, was, number, name]),
    );
    this.#move();
  }

  /** @param {number} width @param {number} nats @returns {Point} pixels, kept in the picture */
  #place(width, nats) {
    const { box } = this;
    return [Math.min(box.right, Math.max(box.left, this.x(Math.log(width)))), Math.min(box.bottom, Math.max(box.top, this.y(nats)))];
  }

  #move() {
    const { curves, marks, box, range } = this;
    if (!curves || !marks) return;
    const limits = { xmin: Math.log(this.low), xmax: Math.log(this.high), ymin: range.ymin, ymax: range.ymax };
    const known = Array.from(curves.widths, (_, i) => i).filter((i) => Number.isFinite(curves.d[i]));
    const fine = smooth(known.map((i) => [Math.log(curves.widths[i]), curves.d[i]]), BETWEEN);
    const r = fine.map(([x]) => curves.r(Math.exp(x)));
    const path = (/** @type {(point: Point, r: number) => number} */ value) => {
      const points = fine.map((point, i) => /** @type {Point} */ ([point[0], value(point, r[i])]));
      return linePath(clipLine(points, limits).map(([x, y]) => [this.x(x), this.y(y)]));
    };
    set(this.lines.d, { d: path(([, d]) => d) });
    set(this.lines.r, { d: path((_, rate) => rate) });
    set(this.lines.sum, { d: path(([, d], rate) => d + rate) });
    this.#mark(marks);
    for (const [i, value] of [marks.hand.d, marks.hand.r, marks.hand.sum].entries()) {
      const { bar, was, number } = this.bars[i];
      const left = box.right + BAR_GAP + i * (BAR + BAR_GAP);
      const at = this.#place(1, value)[1], from = this.y(0);
      set(bar, { x: left, width: BAR, y: Math.min(at, from).toFixed(2), height: Math.max(1, Math.abs(at - from)).toFixed(2) });
      const before = this.#place(1, [marks.encoder.d, marks.encoder.r, marks.encoder.sum][i])[1];
      set(was, { x1: left - 4, x2: left + BAR + 4, y1: before.toFixed(2), y2: before.toFixed(2) });
      const beyond = value > range.ymax ? " ↑" : value < range.ymin ? " ↓" : "";
      const text = short(value) + beyond;
      if (number.textContent !== text) number.textContent = text;
      const top = Math.min(at, from);
      set(number, { y: ((before < top + 2 && before > top - 18 ? before : top) - 5).toFixed(2) });
    }
  }

  /** @param {Marks} marks */
  #mark({ hand, encoder, least }) {
    const { box } = this;
    for (const [i, value] of [hand.d, hand.r, hand.sum].entries()) {
      const [cx, cy] = this.#place(hand.width, value);
      set(this.hand.dots[i], { cx: cx.toFixed(2), cy: cy.toFixed(2) });
      if (i === 0) set(this.hand.line, { x1: cx.toFixed(2), x2: cx.toFixed(2), y1: box.top, y2: box.bottom });
    }
    const [ex, ey] = this.#place(encoder.width, encoder.sum);
    const outside = encoder.width < this.low ? "◀ " : "";
    set(this.encoder.line, { x1: ex, x2: ex, y1: box.top, y2: box.bottom });
    set(this.encoder.mark, { d: diamondPath(ex, ey, 7) });
    const name = `${outside}${t("story_balance.mark.encoder")}`;
    if (this.encoder.name.textContent !== name) this.encoder.name.textContent = name;
    const early = ex < box.left + 50;
    set(this.encoder.name, { x: early ? Math.max(ex - 4, box.left) : Math.min(ex, box.right - 40), y: box.top - 7, "text-anchor": early ? "start" : "middle" });
    const seen = least ? "visible" : "hidden";
    set(this.least.mark, { visibility: seen });
    set(this.least.name, { visibility: seen });
    if (!least) return;
    const [lx, ly] = this.#place(least.width, least.sum);
    set(this.least.mark, { cx: lx, cy: ly });
    const text = t("story_balance.mark.least", { sigma: significant(least.width) });
    if (this.least.name.textContent !== text) this.least.name.textContent = text;
    const high = ly < box.top + 34;
    const side = lx < box.left + 60 ? "start" : lx > box.right - 60 ? "end" : "middle";
    set(this.least.name, { x: side === "start" ? lx + 4 : side === "end" ? lx - 4 : lx, y: high ? ly + 25 : ly - 15, "text-anchor": side });
  }
}

/** @param {number} value nats */
export function short(value) {
  const digits = Math.abs(value) < 9.95 ? 1 : 0;
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace("-", "\u2212");
}

/**
 * A smooth curve through points: cubic pieces whose slope at a point is that of the parabola through it and its neighbours.
 * @param {Point[]} points x rising
 * @param {number} pieces of each interval
 * @returns {Point[]}
 */
export function smooth(points, pieces) {
  if (points.length < 3) return points;
  const slopes = points.map((_, i) => slopeAt(points, i));
  /** @type {Point[]} */
  const out = [points[0]];
  for (let i = 1; i < points.length; i++) {
    const [[a, p], [b, q]] = [points[i - 1], points[i]];
    const wide = b - a;
    for (let k = 1; k <= pieces; k++) {
      const u = k / pieces, v = 1 - u;
      out.push([a + u * wide, v * v * (1 + 2 * u) * p + u * u * (1 + 2 * v) * q + u * v * wide * (v * slopes[i - 1] - u * slopes[i])]);
    }
  }
  return out;
}

/** @param {Point[]} points @param {number} i */
function slopeAt(points, i) {
  const rise = (/** @type {number} */ k) => (points[k + 1][1] - points[k][1]) / (points[k + 1][0] - points[k][0]);
  if (i === 0) return rise(0);
  if (i === points.length - 1) return rise(i - 1);
  const before = points[i][0] - points[i - 1][0], after = points[i + 1][0] - points[i][0];
  return (rise(i - 1) * after + rise(i) * before) / (before + after);
}

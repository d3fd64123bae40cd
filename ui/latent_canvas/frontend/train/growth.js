// D and R over the time of training, growing while it goes on, each as a small chart.

import { h, setText } from "../dom.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { Chart, frame } from "../weight/chart.js";
import { linePath, linear, numberTicks, valueAt } from "../weight/geometry.js";
import { ticks } from "../view.js";
import { s, set } from "../weight/svg.js";
import { significant3 } from "./told.js";

/**
 * @typedef {readonly [number, number, number, number, number]} CurvePoint share, step, seconds, D, R
 * @typedef {{seconds: number[], values: number[]}} Series
 */

/** The numbers on the left have no title: the unit stands with the value above. */
const MARGIN = { left: 48, right: 10, top: 8, bottom: 40 };
const HEIGHT = 142;
/** With this many points the first steep fall no longer sets the scale: that share of the points may lie above the chart. */
const MANY = 20;
const CUT_SHARE = 0.04;
/** The axis has so many nats at least: less is nothing that anyone must see. */
const LEAST_NATS = 1;

/** One quantity over time. */
class GrowthChart extends Chart {
  /** @param {string} testid @param {string} name */
  constructor(testid, name) {
    super(testid, name);
    this.seconds = /** @type {number[]} */ ([]);
    this.values = /** @type {number[]} */ ([]);
    this.until = 1;
    /** @type {number | null} */
    this.cursor = null;
    this.clip = `clip-${testid}`;
    this.line = s("path", { fill: "none", "stroke-width": 2, "stroke-linejoin": "round" });
    this.dot = s("circle", { r: 4, "stroke-width": 2 });
    this.mark = s("line", { "stroke-width": 1.5, "stroke-dasharray": "3 3" });
    this.scale = { x: linear(0, 1, 0, 1), y: linear(0, 1, 0, 1) };
    this.framed = "";
  }

  /** @param {number[]} seconds @param {number[]} values @param {number} until end of the axis, seconds */
  setData(seconds, values, until) {
    this.seconds = seconds;
    this.values = values;
    this.until = until;
    if (this.width > 0) this.#draw();
  }

  /** @param {number | null} seconds where the timeline stands, null at the newest state */
  setCursor(seconds) {
    if (seconds === this.cursor) return;
    this.cursor = seconds;
    if (this.width > 0) this.#move();
  }

  /** @override */
  layout() {
    this.framed = "";
    this.#draw();
  }

  /** The frame only where its numbers change; the line always. */
  #draw() {
    const { width, height, ink, until } = this;
    const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
    const [low, high] = rangeOf(this.values);
    this.scale = { x: linear(0, until, box.left, box.right), y: linear(low, high, box.bottom, box.top) };
    const asked = JSON.stringify([box, low, high, until, ink]);
    if (asked !== this.framed) {
      this.framed = asked;
      const x = { ticks: numberTicks(0, until, box.right / 80), scale: this.scale.x, title: t("live.curve.time") };
      const y = { ticks: numberTicks(low, high, 4), scale: this.scale.y, title: "" };
      set(this.line, { stroke: ink.accent, "clip-path": `url(#${this.clip})` });
      set(this.dot, { fill: ink.accent, stroke: ink.background });
      set(this.mark, { stroke: ink.text, y1: box.top, y2: box.bottom });
      const room = s("rect", { x: box.left, y: box.top - 3, width: Math.max(0, box.right - box.left + 6), height: box.bottom - box.top + 6 });
      this.root.replaceChildren(s("clipPath", { id: this.clip }, room), frame(box, x, y, ink), this.line, this.mark, this.dot);
    }
    const { x, y } = this.scale;
    set(this.line, { d: linePath(this.seconds.map((at, i) => [x(at), y(this.values[i])])) });
    this.#move();
  }

  #move() {
    const { seconds, values, cursor } = this;
    const { x, y } = this.scale;
    const last = seconds.length - 1;
    const at = cursor ?? seconds[last] ?? 0;
    const shown = last >= 0;
    set(this.dot, { visibility: shown ? "visible" : "hidden", ...(shown ? { cx: x(at), cy: y(Math.min(rangeOf(values)[1], valueOver(seconds, values, at))) } : {}) });
    set(this.mark, { visibility: cursor === null ? "hidden" : "visible", x1: x(at), x2: x(at) });
  }
}

export class Growth {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.charts = [new GrowthChart("curve-distortion", t("live.curve.distortion.name")), new GrowthChart("curve-rate", t("live.curve.rate.name"))];
    this.values = [h("span", { class: "now", "data-testid": "distortion-now" }), h("span", { class: "now", "data-testid": "rate-now" })];
    const names = [rich("live.curve.distortion"), rich("live.curve.rate")];
    const figures = this.charts.map(({ root }, i) => h("div", { class: "chart growth" }, h("h3", {}, ...names[i], " ", this.values[i]), root));
    this.root = h("section", { class: "growths", "aria-label": t("live.curves") }, ...figures, h("p", { class: "note" }, t("live.curves.note")));
    /** @type {CurvePoint[]} */
    this.points = [];
    this.seconds = /** @type {number[]} */ ([]);
    const observer = new ResizeObserver(() => {
      for (const [i, chart] of this.charts.entries()) chart.setSize(Math.round(figures[i].clientWidth), HEIGHT);
    });
    for (const figure of figures) observer.observe(figure);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {import("../theme.js").Ink} ink */
  setInk(ink) {
    for (const chart of this.charts) chart.setInk(ink);
  }

  /**
   * @param {CurvePoint[]} points by time
   * @param {number | null} left seconds of training to come
   */
  set(points, left) {
    this.points = points;
    this.seconds = points.map((point) => point[2]);
    const end = this.seconds[points.length - 1] ?? 0;
    const until = roundUp(Math.max(end + (left ?? 0), 1));
    for (const [i, chart] of this.charts.entries()) chart.setData(this.seconds, points.map((point) => point[3 + i]), left || !end ? until : end);
  }

  /** @param {number | null} seconds @param {{distortion: number, rate: number} | null} at values of the state that is shown */
  show(seconds, at) {
    for (const chart of this.charts) chart.setCursor(seconds);
    const numbers = at ? [at.distortion, at.rate] : [NaN, NaN];
    for (const [i, output] of this.values.entries()) setText(output, Number.isFinite(numbers[i]) ? t("live.nats", { value: significant3(numbers[i]) }) : "");
  }

  /** At rest, for screen readers: where each curve began and where it is. */
  describe() {
    const [first, last] = [this.points[0], this.points[this.points.length - 1]];
    if (!first || !last) return;
    for (const [i, chart] of this.charts.entries()) {
      const values = { from: significant3(first[3 + i]), to: significant3(last[3 + i]), s: Math.round(last[2]) };
      chart.describe(t(i === 0 ? "live.curve.distortion.spoken" : "live.curve.rate.spoken", values));
    }
  }
}

/**
 * @param {number[]} values
 * @returns {[number, number]} of the axis; once there are many values the highest few, which come first, lie above it
 */
export function rangeOf(values) {
  if (!values.length) return [0, 1];
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[0];
  const high = sorted[values.length < MANY ? values.length - 1 : Math.ceil((1 - CUT_SHARE) * (values.length - 1))];
  // To the next round numbers, so that the axis stands still while the curve grows.
  const bottom = low >= 0 && (low < 0.4 * high || high < LEAST_NATS) ? 0 : low;
  const top = Math.max(high, bottom + LEAST_NATS);
  const { step } = ticks(bottom, top, 4);
  return [Math.floor(bottom / step) * step, Math.ceil(top / step + 0.05) * step];
}

/** @param {number} seconds @returns {number} 1, 1.5, 2, 3, 4, 6 or 8 times a power of ten, at least that long */
export function roundUp(seconds) {
  const power = 10 ** Math.floor(Math.log10(seconds));
  return power * ([1, 1.5, 2, 3, 4, 6, 8].find((m) => m * power >= seconds * 0.999) ?? 10);
}

/** @param {number[]} seconds rising @param {number[]} values @param {number} at */
export function valueOver(seconds, values, at) {
  const above = seconds.findIndex((value) => value >= at);
  if (above < 0) return values[values.length - 1];
  if (above === 0) return values[0];
  const [a, b] = [seconds[above - 1], seconds[above]];
  return valueAt(values, { index: above - 1, share: b > a ? (at - a) / (b - a) : 0 });
}

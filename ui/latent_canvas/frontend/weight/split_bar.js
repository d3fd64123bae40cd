// The rate as a stacked bar: what tells samples apart, and the three ways in which q(z) misses the prior.

import { classColors } from "../palette.js";
import { t } from "../texts.js";
import { group } from "../words.js";
import { Chart, FONT, label } from "./chart.js";
import { linear, numberTicks, stack, textWidth } from "./geometry.js";
import { fixed, isMany, marginalSum } from "./rows.js";
import { s, set } from "./svg.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {{short: string, long: () => string, color: string, value: (row: Row) => number}} Part
 */

/** Blue and orange for what matters, purple and grey for the marginals: apart in hue and in lightness. */
const [BLUE, ORANGE, , GREY] = classColors(4);
/** The palette’s own purple hardly shows on a dark page. */
const PURPLE = "#a06cd5";
/** @type {Part[]} */
const PARTS = [
  { short: "I", long: () => t("weight.split.information"), color: BLUE, value: (row) => row.mutual_information[0] },
  { short: "TC", long: () => t("weight.split.correlation"), color: ORANGE, value: (row) => row.total_correlation[0] },
  { short: "KL(q(z₁))", long: () => "KL(q(z₁) ‖ N(0, 1))", color: PURPLE, value: (row) => row.marginal_kl[0][0] },
  { short: "KL(q(z₂))", long: () => "KL(q(z₂) ‖ N(0, 1))", color: GREY, value: (row) => row.marginal_kl[1]?.[0] ?? 0 },
];
/** The same of more than two dimensions. @type {Part[]} */
const PARTS_OF_MANY = [
  PARTS[0],
  { ...PARTS[1], long: () => t("weight.split.correlation.many") },
  { short: "Σ KL(q(zⱼ))", long: () => "Σⱼ KL(q(zⱼ) ‖ N(0, 1))", color: PURPLE, value: (row) => marginalSum(row)[0] },
];
/** Text over the colours, on light and dark pages alike. */
const OVER = "#111111";
const BAR = { top: 18, height: 24 };
const SIDE = 6;
const LEGEND_TOP = BAR.top + BAR.height + 34;
const LEGEND_LINE = 16;

export class SplitBar extends Chart {
  constructor() {
    super("split-bar", t("weight.split.chart"));
    /** @type {Row | null} */
    this.row = null;
    this.most = this.usual = 1;
    this.samples = 0;
    this.list = PARTS;
    this.scale = linear(0, 1, 0, 1);
    /** @type {{rect: SVGRectElement, text: SVGTextElement, value: SVGTextElement}[]} */
    this.parts = [];
  }

  /** @param {Row[]} rows the scale is the same for all of them @param {number} samples N */
  setRows(rows, samples) {
    this.samples = samples;
    this.list = rows.some(isMany) ? PARTS_OF_MANY : PARTS;
    this.most = this.usual = Math.max(Math.log(samples), ...rows.map((row) => row.rate)) * 1.01;
    this.row ??= rows[0] ?? null;
    this.redraw();
  }

  /** @param {Row} row */
  set(row) {
    this.row = row;
    // A separately trained model may lie far beyond the rows: the scale then grows to hold it.
    const most = Math.max(this.usual, 1.01 * row.rate);
    if (most !== this.most) {
      this.most = most;
      this.redraw();
    } else if (this.parts.length) this.#move(row);
  }

  /** @override */
  layout() {
    if (!this.samples) return;
    const { ink, width } = this;
    this.scale = linear(0, this.most, SIDE, width - SIDE);
    this.parts = this.list.map(({ color }) => ({
      rect: s("rect", { y: BAR.top, height: BAR.height, fill: color }),
      text: label("", 0, BAR.top + 16, { fill: OVER, "text-anchor": "middle", "font-weight": 600 }),
      value: label("", 0, 0, { fill: ink.text, "font-weight": 600 }),
    }));
    const track = s("rect", { x: SIDE, width: width - 2 * SIDE, y: BAR.top, height: BAR.height, fill: ink.line, "fill-opacity": 0.35 });
    this.root.replaceChildren(track, ...this.parts.map((part) => part.rect), ...this.parts.map((part) => part.text), this.#axis(), this.#mark(), this.#legend());
    if (this.row) this.#move(this.row);
  }

  #axis() {
    const y = BAR.top + BAR.height;
    const axis = s("g", { fill: this.ink.soft, stroke: "none" }, s("path", { d: `M${SIDE} ${y + 0.5}H${this.width - SIDE}`, stroke: this.ink.line }));
    const marks = numberTicks(0, this.most, this.width / 70);
    for (const [i, { at, text }] of marks.entries()) {
      const x = this.scale(at);
      const last = i === marks.length - 1;
      axis.append(s("line", { x1: x, x2: x, y1: y, y2: y + 4, stroke: this.ink.soft }));
      axis.append(label(last ? t("weight.split.tick", { value: text }) : text, x, y + 15, { "text-anchor": i === 0 ? "start" : last && x > this.width - 40 ? "end" : "middle" }));
    }
    return axis;
  }

  /** ln N: so many nats name every sample. */
  #mark() {
    const { ink, width } = this;
    const all = Math.log(this.samples);
    const x = this.scale(all);
    const long = t("weight.split.all", { samples: group(this.samples), all: fixed(all, 2) });
    const room = Math.max(x, width - x);
    const text = textWidth(long, FONT) < room ? long : `ln N = ${fixed(all, 2)}`;
    const anchor = x > width / 2 ? "end" : "start";
    return s("g", {},
      s("line", { x1: x, x2: x, y1: BAR.top - 5, y2: BAR.top + BAR.height + 3, stroke: ink.text, "stroke-width": 2 }),
      label(text, anchor === "end" ? x - 5 : x + 5, BAR.top - 7, { fill: ink.text, "text-anchor": anchor }));
  }

  #legend() {
    const { ink, width } = this;
    const legend = s("g", { fill: ink.soft });
    const names = this.list.map(({ long }) => long());
    const wanted = names.map((name) => 16 + 40 + textWidth(name, FONT) + 14);
    const columns = wanted.reduce((sum, one) => sum + one, 0) < width ? 4 : width > 2 * Math.max(...wanted) ? 2 : 1;
    let x = SIDE;
    for (const [i, { short, color }] of this.list.entries()) {
      const at = columns === 4 ? x : SIDE + (i % 2) * (width / 2);
      const y = LEGEND_TOP + (columns === 4 ? 0 : Math.floor(i / 2) * LEGEND_LINE);
      const { value } = this.parts[i];
      set(value, { x: at + 15, y });
      legend.append(s("rect", { x: at, y: y - 9, width: 10, height: 10, fill: color }), value, label(columns === 1 ? short : names[i], at + 52, y, {}));
      x += wanted[i];
    }
    return legend;
  }

  /** @param {Row} row */
  #move(row) {
    const values = this.list.map((part) => part.value(row));
    for (const [i, { x, width }] of stack(values, this.scale).entries()) {
      const { rect, text, value } = this.parts[i];
      const { short } = this.list[i];
      set(rect, { x: x.toFixed(2), width: Math.max(0, width - (width > 3 ? 1 : 0)).toFixed(2) });
      const says = `${short} ${fixed(values[i], 2)}`;
      const shown = [says, short].find((one) => textWidth(one, FONT) + 6 < width) ?? "";
      change(text, shown);
      if (shown) set(text, { x: (x + width / 2).toFixed(1) });
      change(value, fixed(values[i], 2));
    }
  }
}

/** @param {SVGTextElement} element @param {string} text */
function change(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

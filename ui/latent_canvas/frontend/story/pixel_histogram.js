// One pixel's values over all samples: a histogram with its mean and standard deviation, and lines down to single samples.

import { meanText, unitsText } from "../bars.js";
import { t } from "../texts.js";
import { Chart, halo, label } from "../weight/chart.js";
import { linear, numberTicks } from "../weight/geometry.js";
import { s, set } from "../weight/svg.js";
import { group, number } from "../words.js";

/**
 * @typedef {object} PixelValues
 * @property {ArrayLike<number>} counts samples per bin
 * @property {boolean} discrete every bin is one value, k / (bins - 1); else bins are equally wide over [0, 1]
 * @property {number} mean
 * @property {number} deviation
 * @property {number[]} marks single samples' values, from left to right
 * @property {import("../bars.js").Column | null} column of a table whose values they are: the axis is in its units
 * @property {number} columns below the chart: where the samples' pictures stand, the first ones in the first
 */

/** μ − σ and μ + σ of values in [0, 1] never lie beyond these. */
const [LOW, HIGH] = [-0.22, 1.22];
const LEFT = 44;
const TOP = 22;
/** Room below the bars for the lines to the samples. */
const BELOW = 46;
const VALUES = [0, 0.25, 0.5, 0.75, 1];

export class PixelHistogram extends Chart {
  /** @param {{pointed: (bin: number) => void}} actions pointed: hears over which bar the pointer is, -1 for none @param {AbortSignal} signal */
  constructor({ pointed }, signal) {
    super("pixel-histogram", t("story_pixels.histogram"));
    this.pointed = pointed;
    /** @type {PixelValues | null} */
    this.values = null;
    /** @type {SVGRectElement[]} */
    this.rects = [];
    /** @type {SVGPathElement[]} */
    this.leads = [];
    this.bin = -1;
    this.root.addEventListener("pointermove", (event) => this.#point(event), { signal });
    this.root.addEventListener("pointerdown", (event) => this.#point(event), { signal });
    this.root.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && this.setBin(-1), { signal });
  }

  /** @param {PixelValues} values */
  show(values) {
    this.values = values;
    this.redraw();
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { values } = this;
    if (!values) return;
    const x = event.clientX - this.root.getBoundingClientRect().left;
    const within = (/** @type {SVGRectElement} */ rect) => {
      const [start, width] = ["x", "width"].map((name) => Number(rect.getAttribute(name)));
      return x >= start - 1 && x <= start + width + 1;
    };
    this.setBin(this.rects.findIndex(within));
  }

  /** @param {number} bin to make stand out; -1 for none */
  setBin(bin) {
    if (bin === this.bin) return;
    this.bin = bin;
    this.#shade();
    this.pointed(bin);
  }

  #shade() {
    for (const [i, rect] of this.rects.entries()) set(rect, { "fill-opacity": this.bin < 0 ? 0.75 : i === this.bin ? 1 : 0.4 });
  }

  /** @param {number} index of a mark to make stand out; -1 for none */
  lightUp(index) {
    const { accent, soft } = this.ink;
    for (const [i, lead] of this.leads.entries()) set(lead, { stroke: i === index ? accent : soft, "stroke-width": i === index ? 2.5 : 1 });
  }

  /** @override */
  layout() {
    const { values, ink, width, height } = this;
    if (!values) return;
    const { counts, discrete, mean, deviation, column } = values;
    const bottom = height - BELOW;
    const x = linear(LOW, HIGH, LEFT, width - 4);
    const most = Array.from(counts).reduce((a, b) => Math.max(a, b), 1);
    const y = linear(0, most, bottom, TOP);
    const round = (/** @type {number} */ v) => Math.round(10 * v) / 10;

    const [from, to] = [x(mean - deviation), x(mean + deviation)];
    const band = s("rect", {
      x: round(from), width: Math.max(1, round(to - from)), y: TOP, height: bottom - TOP, fill: ink.accent, "fill-opacity": 0.16, "data-testid": "sigma-band",
    });

    const grid = s("g", { fill: ink.soft, "text-anchor": "end" });
    for (const count of most > 1 ? [most, most / 2] : [most]) {
      grid.append(s("line", { x1: LEFT, x2: width - 4, y1: round(y(count)), y2: round(y(count)), stroke: ink.line, "stroke-opacity": 0.7 }));
      grid.append(label(group(count), LEFT - 5, round(y(count)) + 4, {}));
    }
    grid.append(s("line", { x1: LEFT, x2: width - 4, y1: bottom, y2: bottom, stroke: ink.soft }));

    const step = 1 / (discrete ? counts.length - 1 : counts.length);
    const wide = Math.max(1, (x(step) - x(0)) * 0.86);
    this.rects = Array.from(counts, (count, i) => {
      const middle = x(discrete ? i * step : (i + 0.5) * step);
      const high = count > 0 ? Math.max(1.5, bottom - y(count)) : 0;
      return s("rect", { x: round(middle - wide / 2), width: round(wide), y: round(bottom - high), height: round(high), fill: ink.text, "data-count": count });
    });
    this.#shade();

    const lines = this.#leads(values, x, bottom);
    const numbers = s("g", { fill: ink.text, "text-anchor": "middle", ...halo(ink) });
    for (const { at, text } of column ? columnTicks(column) : VALUES.map((at) => ({ at, text: String(at) }))) numbers.append(label(text, round(x(at)), bottom + 15, {}));
    const meanWords = column ? meanText(column, mean) : number(mean);
    this.root.replaceChildren(band, grid, s("g", {}, ...this.rects), this.#middle(mean, deviation, x, bottom, meanWords), lines, numbers);
  }

  /**
   * μ as a line and σ as two arrows from it.
   * @param {number} mean @param {number} deviation @param {(v: number) => number} x @param {number} bottom @param {string} meanWords
   */
  #middle(mean, deviation, x, bottom, meanWords) {
    const { ink } = this;
    const [from, at, to] = [x(mean - deviation), x(mean), x(mean + deviation)];
    const words = s("g", { fill: ink.accent, "font-size": 13, "font-weight": 600, "text-anchor": "middle", ...halo(ink) });
    words.append(label(`μ = ${meanWords}`, Math.min(this.width - 36, Math.max(LEFT + 34, at)), 14, {}));
    const wide = to - at > 26;
    if (wide) for (const end of [from, to]) words.append(label("σ", (at + end) / 2, TOP + 22, {}));
    const y = TOP + 8;
    const tip = (/** @type {number} */ end, /** @type {number} */ way) => `M${end + way} ${y - 4}L${end} ${y}L${end + way} ${y + 4}`;
    return s("g", {},
      s("path", { d: wide ? `M${from} ${y}H${to}${tip(from, 4)}${tip(to, -4)}` : "", fill: "none", stroke: ink.accent, "stroke-width": 1.5 }),
      s("line", { x1: at, x2: at, y1: TOP - 2, y2: bottom, stroke: ink.accent, "stroke-width": 2.5, "data-testid": "mu-line" }), words);
  }

  /**
   * From every sample's value down to where its picture stands below the chart, one column each.
   * @param {PixelValues} values @param {(v: number) => number} x @param {number} bottom
   */
  #leads({ marks, columns }, x, bottom) {
    const { ink, width, height } = this;
    this.leads = marks.map((value, i) => {
      const to = ((i + 0.5) / columns) * width;
      return s("path", { d: `M${x(value).toFixed(1)} ${bottom - 5}v9L${to.toFixed(1)} ${height - 1}`, fill: "none", stroke: ink.soft, "stroke-width": 1 });
    });
    return s("g", {}, ...this.leads);
  }
}

/** Round numbers of a column's own units. @param {import("../bars.js").Column} column @returns {{at: number, text: string}[]} at: in [0, 1] */
function columnTicks(column) {
  const { low, high } = column;
  const ticks = numberTicks(low, high, 4);
  // As many decimals as tell neighbours apart.
  const step = ticks.length > 1 ? ticks[1].at - ticks[0].at : high - low;
  const decimals = Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return ticks.map(({ at }) => ({ at: (at - low) / (high - low), text: unitsText({ ...column, decimals }, at) }));
}

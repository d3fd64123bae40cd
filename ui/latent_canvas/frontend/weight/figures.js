// The charts around the map: the split of the rate, the trade-off along β, what β buys and costs; and saving any of them.

import { h, setShown, setText } from "../dom.js";
import { formatBeta } from "../scale.js";
import { BuysAndCosts, SplitBar, TradeOff } from "./charts.js";
import { planeSvg } from "./plane_svg.js";
import { stripsSvg } from "./strips_svg.js";
import { fixed, slope } from "./rows.js";
import { exportButtons, joined, serialize } from "./svg.js";

/**
 * @typedef {import("./choice.js").Shown} Shown
 * @typedef {import("./charts.js").Ink} Ink
 */

/** Heights of the charts, in CSS pixels; their widths are the page's. */
const HEIGHTS = { split: 112, tradeoff: 340, buys: 260 };

export class Figures {
  /**
   * @param {import("./weight_view.js").WeightView} view
   * @param {AbortSignal} signal
   */
  constructor(view, signal) {
    this.view = view;
    this.charts = { split: new SplitBar(), tradeoff: new TradeOff(), buys: new BuysAndCosts() };
    this.splitTitle = h("h3", {}, "What the rate is spent on");
    this.split = this.#figure("split", this.splitTitle, "", signal);
    const rd = this.#figure("tradeoff", h("h2", {}, "The trade-off"),
      "Every β takes the point of the curve where one nat of rate is worth β nats of distortion: there the curve’s slope is about −β (the line). ", signal);
    this.diamonds = h("span", {}, "Diamonds: VAEs trained at one β alone, the same network and number of epochs; the nearer they lie, the less one shared network costs.");
    this.measured = h("span", { "data-testid": "measured-slope" });
    rd.querySelector("p")?.append(this.measured, " ", this.diamonds);
    /** @type {import("./rows.js").Row[]} */
    this.rows = [];
    const buys = this.#figure("buys", h("h2", {}, "What β buys, and what it costs"),
      "Turning β up closes the holes: draws of the prior land where samples live. It costs sharpness: the reconstructions lose what the code no longer says.", signal);
    this.tradeoff = h("div", { class: "charts" }, rd, buys);
    this.planeButtons = exportButtons(() => this.#sized(joined(this.#sides().map(({ plane, title }) => planeSvg(plane, title)), "row")), () => `${view.fileName()}-aggregate-posterior`, signal, "plane-export");
    this.stripButtons = exportButtons(() => this.#sized(joined(this.#sides().map(({ strips, title }) => stripsSvg(strips, view.ink, title)), "column")), () => `${view.fileName()}-pictures`, signal, "strips-export");
    const observer = new ResizeObserver(() => this.#resize());
    for (const figure of [this.split, rd, buys]) observer.observe(figure);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /**
   * @param {keyof typeof HEIGHTS} name
   * @param {HTMLElement} title
   * @param {string} note
   * @param {AbortSignal} signal
   */
  #figure(name, title, note, signal) {
    const chart = this.charts[name];
    const buttons = exportButtons(() => this.#sized(/** @type {SVGSVGElement} */ (chart.root)), () => `${this.view.fileName()}-${name}`, signal, `${name}-export`);
    return h("section", { class: "chart", "data-chart": name }, h("div", { class: "chart-head" }, title, buttons), chart.root, note ? h("p", {}, note) : null);
  }

  /** @param {SVGSVGElement} svg */
  #sized(svg) {
    const box = svg.viewBox.baseVal;
    return { svg: serialize(svg, this.view.ink.background), width: box.width, height: box.height };
  }

  /** What is on show: one side, or two where something is pinned. */
  #sides() {
    const { planes, strips, current, pinned } = this.view;
    const sides = [{ plane: planes.pinned, strips: strips.pinned, shown: pinned }, { plane: planes.current, strips: strips.current, shown: current }];
    return sides.flatMap(({ shown, ...side }) => (shown ? [{ ...side, title: caption(shown) }] : []));
  }

  #resize() {
    for (const [name, chart] of Object.entries(this.charts)) {
      const width = Math.floor(chart.root.parentElement?.clientWidth ?? 0);
      if (width) chart.setSize(width, HEIGHTS[/** @type {keyof typeof HEIGHTS} */ (name)]);
    }
  }

  /** @param {import("../store.js").Table} table @param {import("../store.js").ModelSpec} spec */
  open({ rows, heldOut, references }, spec) {
    const points = references.map(({ beta, row }) => ({ beta, rate: row.rate, distortion: row.distortion?.[0] ?? NaN, row }));
    this.rows = rows;
    setShown(this.diamonds, references.length > 0);
    this.charts.split.setRows(rows, spec.samples);
    this.charts.tradeoff.setData({ rows, heldOut, references: points, betaMax: spec.beta_max });
    this.charts.buys.setData({ rows, references: references.map(({ row }) => row), betaMax: spec.beta_max });
  }

  /** @param {Ink} ink */
  setInk(ink) {
    for (const chart of Object.values(this.charts)) chart.setInk(ink);
  }

  /** @param {number} beta of the slider @param {Shown} shown */
  set(beta, shown) {
    setText(this.splitTitle, `What the rate is spent on: R = ${shown.row.rate.toFixed(2)} nats`);
    this.charts.split.set(shown.row);
    const { row } = shown;
    const at = shown.separate ? { rate: row.rate, distortion: row.distortion?.[0] ?? NaN } : null;
    setText(this.measured, shown.separate ? "" : measuredSlope(this.rows, row));
    this.charts.tradeoff.set(shown.separate ? shown.beta : beta, at);
    this.charts.buys.set(shown.separate ? shown.beta : beta, shown.separate ? row : null);
  }

  /** For screen readers, at rest. @param {Shown} shown @param {string} title */
  describe({ row }, title) {
    const words = `β = ${formatBeta(row.beta)}: ${title}`;
    for (const chart of Object.values(this.charts)) chart.describe(`${words} Rate ${row.rate.toFixed(2)} nats, mutual information ${row.mutual_information[0].toFixed(2)} nats.`);
  }
}

/**
 * The check on the curve: between the neighbours of a row it should fall by about β nats per nat.
 * @param {import("./rows.js").Row[]} rows by rising β
 * @param {import("./rows.js").Row} row one of them
 */
function measuredSlope(rows, row) {
  const at = rows.indexOf(row);
  if (at <= 0 || at === rows.length - 1) return "";
  const [measured] = slope([rows[at - 1], rows[at + 1]]);
  return Number.isNaN(measured) ? "" : `Measured between the stored β on either side: ${fixed(measured, 2)} nats per nat.`;
}

/** @param {Shown} shown */
function caption({ model, beta, separate }) {
  return separate ? model.spec.title : `${model.spec.title} · β = ${formatBeta(beta)}`;
}

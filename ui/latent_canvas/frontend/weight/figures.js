// The charts around the map: the split of the rate, the trade-off along β, what β buys and costs; and saving any of them.

import { h, setShown, setText } from "../dom.js";
import { formatBeta } from "../scale.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
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
    this.splitTitle = h("h3", {}, t("weight.split.title"));
    this.split = this.#figure("split", this.splitTitle, null, signal);
    this.diamonds = h("span", {}, ...rich("weight.tradeoff.diamonds"));
    this.measured = h("span", { "data-testid": "measured-slope" });
    const along = h("p", {}, ...rich("weight.tradeoff.note"), this.measured, this.diamonds);
    const rd = this.#figure("tradeoff", h("h2", {}, t("weight.tradeoff.title")), along, signal);
    /** @type {import("./rows.js").Row[]} */
    this.rows = [];
    const buys = this.#figure("buys", h("h2", {}, t("weight.buys.title")), h("p", {}, ...rich("weight.buys.note")), signal);
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
   * @param {HTMLElement | null} note
   * @param {AbortSignal} signal
   */
  #figure(name, title, note, signal) {
    const chart = this.charts[name];
    const buttons = exportButtons(() => this.#sized(/** @type {SVGSVGElement} */ (chart.root)), () => `${this.view.fileName()}-${name}`, signal, `${name}-export`);
    return h("section", { class: "chart", "data-chart": name }, h("div", { class: "chart-head" }, title, buttons), chart.root, note);
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
    this.charts.tradeoff.setData({ rows, heldOut, references: points, betaMax: spec.beta_max, family: spec.family });
    this.charts.buys.setData({ rows, references: references.map(({ row }) => row), betaMax: spec.beta_max });
  }

  /** @param {Ink} ink */
  setInk(ink) {
    for (const chart of Object.values(this.charts)) chart.setInk(ink);
  }

  /** @param {number} beta of the slider @param {Shown} shown */
  set(beta, shown) {
    setText(this.splitTitle, t("weight.split.title.now", { rate: shown.row.rate.toFixed(2) }));
    this.charts.split.set(shown.row);
    const { row } = shown;
    const at = shown.separate ? { rate: row.rate, distortion: row.distortion?.[0] ?? NaN } : null;
    setText(this.measured, shown.separate ? "" : measuredSlope(this.rows, row));
    this.charts.tradeoff.set(shown.separate ? shown.beta : beta, at);
    this.charts.buys.set(shown.separate ? shown.beta : beta, shown.separate ? row : null);
  }

  /** For screen readers, at rest. @param {Shown} shown @param {string} title */
  describe({ row }, title) {
    const [rate, information] = [row.rate, row.mutual_information[0]].map((value) => value.toFixed(2));
    const words = t("weight.chart.says", { beta: formatBeta(row.beta), title, rate, information });
    for (const chart of Object.values(this.charts)) chart.describe(words);
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
  return Number.isNaN(measured) ? "" : t("weight.tradeoff.measured", { slope: fixed(measured, 2) });
}

/** @param {Shown} shown */
function caption({ model, beta, separate }) {
  return separate ? model.spec.title : `${model.spec.title} · β = ${formatBeta(beta)}`;
}

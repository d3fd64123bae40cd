// What each dimension of a latent space does: its KL, the variance of μ, the mean σ, and whether it is in use.

import { h, setShown, setText } from "../dom.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { significant } from "../words.js";
import { dimensionName } from "./names.js";

/** Rows that are shown at once. */
const FIRST = 12;

export class DimensionTable {
  /**
   * @param {(dimension: number, side: 0 | 1) => void} onPick a dimension for the axis to the right (0) or upwards (1)
   * @param {AbortSignal} signal
   */
  constructor(onPick, signal) {
    this.onPick = onPick;
    this.signal = signal;
    this.all = false;
    this.body = h("tbody", {});
    const heads = ["planes.table.dimension", "planes.table.kl", "planes.table.variance", "planes.table.sigma"].map((key) => h("th", { scope: "col" }, ...rich(key)));
    this.table = h("table", { class: "dimensions" }, h("thead", {}, h("tr", {}, ...heads, h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, t("planes.table.show"))))), this.body);
    this.summary = h("p", { class: "note", "data-testid": "dimensions-summary" });
    this.more = h("button", { type: "button", "data-testid": "dimensions-all" });
    this.more.addEventListener("click", () => { this.all = true; this.#fill(); }, { signal });
    this.whose = h("p", { class: "note" });
    this.root = h("details", { class: "plane-details", open: true, "data-testid": "dimensions" }, h("summary", {}, t("planes.table.title")), this.summary, this.whose, this.table, this.more);
    /** @type {{facts: import("../store.js").Dimension[], order: number[], shown: [number, number] | null}} */
    this.last = { facts: [], order: [], shown: null };
  }

  /**
   * @param {import("../store.js").Dimension[]} facts @param {number[]} order the largest KL first
   * @param {[number, number] | null} shown the dimensions on the map's axes
   * @param {string} [whose] says whose they are, where they are not this beta's
   */
  show(facts, order, shown, whose = "") {
    setText(this.whose, whose);
    this.last = { facts, order, shown };
    this.#fill();
  }

  #fill() {
    const { facts, order, shown } = this.last;
    const active = facts.filter((fact) => fact.active).length;
    setText(this.summary, active === facts.length ? t("planes.table.all_active", { count: active }) : t("planes.table.active", { active, idle: facts.length - active }));
    const top = Math.max(1e-9, ...facts.map(({ kl }) => kl));
    const listed = this.all ? order : order.slice(0, FIRST);
    this.body.replaceChildren(...listed.map((j) => this.#row(j, facts[j], facts[j].kl / top, shown)));
    setText(this.more, t("planes.table.more", { count: order.length }));
    setShown(this.more, listed.length < order.length);
  }

  /** @param {number} j @param {import("../store.js").Dimension} fact @param {number} share @param {[number, number] | null} shown */
  #row(j, { kl, variance, sigma, active }, share, shown) {
    const bar = h("i", { class: "kl-bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(share));
    const buttons = /** @type {const} */ ([0, 1]).map((side) => {
      const name = dimensionName(j);
      const button = h("button", { type: "button", class: "quiet", "aria-pressed": String(shown?.[side] === j), "aria-label": t(side ? "planes.table.pick.up" : "planes.table.pick.across", { name }) }, side ? "↑" : "→");
      button.addEventListener("click", () => this.onPick(j, side), { signal: this.signal });
      return button;
    });
    return h("tr", { class: active ? "" : "idle", "data-dimension": j }, h("th", { scope: "row" }, dimensionName(j), active ? null : h("small", {}, t("planes.table.idle"))),
      h("td", {}, bar, kl.toFixed(2)), h("td", {}, variance.toFixed(2)), h("td", {}, significant(sigma)), h("td", { class: "picks" }, ...buttons));
  }
}

// What stands beside the mixture's map: the count with its buttons, the newest samples, the line of holes, mean and deviation, and the links onward.

import { h, setText } from "../dom.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { group, number } from "../words.js";
import { HolesLine } from "./holes_line.js";
import { countAt, placeOf } from "./mixture.js";

/** Pictures of the newest samples. */
const NEWEST = 10;
const SLIDER_STEPS = 2000;
/** A round number under the slider leaves the last one room. */
const LAST_ROUND = 0.9;
/** Addresses of the pages that the links lead to. */
const ONWARD = /** @type {const} */ ({ map: "latent_map", weight: "kl_weight" });

/**
 * @typedef {keyof typeof ONWARD} Page
 * @typedef {object} Actions
 * @property {(by: number) => void} add
 * @property {() => void} fill
 * @property {() => void} over
 * @property {(n: number) => void} set
 * @property {() => void} rest the slider was released
 * @property {(page: Page) => void} leave
 * @property {() => void} again
 */

export class MixtureSide {
  /** @param {Actions} actions @param {AbortSignal} signal */
  constructor(actions, signal) {
    this.total = 0;
    this.count = h("strong", { "data-testid": "count" });
    this.of = h("span", { "data-testid": "count-of" });
    this.first = h("span", { class: "note", "data-testid": "first" });
    const button = (/** @type {string} */ name, /** @type {() => void} */ act) => {
      const made = h("button", {
        type: "button", class: name === "all" ? "primary" : undefined, "data-testid": `add-${name}`, title: t(`story_mixture.add.${name}.why`),
      }, t(`story_mixture.add.${name}`));
      made.addEventListener("click", act, { signal });
      return made;
    };
    this.adders = [button("one", () => actions.add(1)), button("ten", () => actions.add(10)), button("all", actions.fill)];
    this.over = button("over", actions.over);
    this.newest = Array.from({ length: NEWEST }, () => {
      const canvas = h("canvas", {});
      return { canvas, at: -1, root: h("div", { class: "newest-tile" }, h("div", { class: "frame" }, canvas)) };
    });
    this.slider = h("input", {
      type: "range", min: "0", max: String(SLIDER_STEPS), step: "1", "data-testid": "count-slider", "aria-label": t("story_mixture.slider"),
    });
    this.slider.addEventListener("input", () => actions.set(countAt(Number(this.slider.value) / SLIDER_STEPS, this.total)), { signal });
    this.slider.addEventListener("change", actions.rest, { signal });
    this.slider.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!by) return;
      event.preventDefault();
      actions.add(by);
    }, { signal });
    this.ticks = h("div", { class: "ticks", "aria-hidden": "true" });
    this.line = new HolesLine();
    this.holes = h("strong", { "data-testid": "holes" });
    this.cells = Array.from({ length: 4 }, (_, i) => h("td", { "data-testid": `moment-${i}` }));
    this.result = h("p", { class: "mixture-result", "data-testid": "mixture-result" });
    this.links = /** @type {Page[]} */ (Object.keys(ONWARD)).map((page) => this.#link(page, actions, signal));
    const again = h("button", { type: "button", "data-testid": "again" }, "↺ ", t("story_mixture.again"));
    again.addEventListener("click", actions.again, { signal });
    this.onwards = h("nav", { class: "onwards", "aria-label": t("story_mixture.onwards") }, ...this.links.map(({ root }) => root), again);
    this.root = h("div", { class: "mixture-side" },
      h("div", { class: "mixture-count" },
        h("p", { class: "count" }, this.count, h("span", { class: "count-words" }, this.of, this.first)),
        h("div", { class: "row" }, ...this.adders, this.over)),
      h("div", { class: "mixture-line" },
        h("div", { class: "line-head" }, h("p", { class: "holes-text" }, ...rich("story_mixture.holes"), " ", this.holes),
          h("div", { class: "newest", "data-testid": "newest", "aria-hidden": "true" }, ...this.newest.map(({ root }) => root))),
        this.line.canvas, this.slider, this.ticks),
      h("div", { class: "mixture-says" }, this.#table(), this.result));
  }

  #table() {
    const [across, acrossWide, up, upWide] = this.cells;
    const row = (/** @type {string} */ key, /** @type {Node[]} */ ...cells) => h("tr", {}, h("th", { scope: "row" }, ...rich(key)), ...cells);
    const column = (/** @type {string} */ key) => h("th", { scope: "col" }, ...rich(key));
    return h("table", { class: "moments" },
      h("thead", {}, h("tr", {}, h("td", {}), column("story_mixture.table.mean"), column("story_mixture.table.deviation"))),
      h("tbody", {}, row("story_mixture.table.across", across, acrossWide), row("story_mixture.table.up", up, upWide),
        row("story_mixture.table.prior", h("td", {}, "0"), h("td", {}, "1"))));
  }

  /** @param {Page} page @param {Actions} actions @param {AbortSignal} signal */
  #link(page, actions, signal) {
    const root = h("a", { class: "onward", href: ONWARD[page], "data-testid": `to-${page}` },
      h("strong", {}, t(`story_mixture.to.${page}`), " →"), h("span", {}, t(`story_mixture.to.${page}.why`)));
    root.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return;
      event.preventDefault();
      actions.leave(page);
    }, { signal });
    return { root, page };
  }

  /** Round numbers under the slider, and the whole. @param {number} total */
  #setTicks(total) {
    this.total = total;
    const round = [1, 10, 100, 1000, 10_000, 100_000].filter((n) => n === 1 || placeOf(n, total) < LAST_ROUND);
    this.ticks.replaceChildren(...[...new Set([...round, total])].map((n) => {
      const tick = h("span", { class: "tick" }, group(n));
      tick.style.setProperty("--at", String(n === total ? 1 : placeOf(n, total)));
      return tick;
    }));
  }

  /** @param {URLSearchParams} params with which the other pages open */
  setParams(params) {
    for (const { root, page } of this.links) root.setAttribute("href", `${ONWARD[page]}?${params}`);
  }

  /**
   * @param {number} n
   * @param {number} total
   * @param {string} of behind the number
   * @param {string} spoken the count as a sentence
   * @param {{mean: [number, number], deviation: [number, number]}} moments
   */
  setCount(n, total, of, spoken, { mean, deviation }) {
    if (total !== this.total) this.#setTicks(total);
    setText(this.count, group(n));
    setText(this.of, of);
    for (const [i, value] of [mean[0], deviation[0], mean[1], deviation[1]].entries()) setText(this.cells[i], number(value));
    this.slider.value = String(Math.round(SLIDER_STEPS * placeOf(n, total)));
    this.slider.setAttribute("aria-valuetext", spoken);
    // Not disabled: the button keeps the focus when there is nothing more to add.
    for (const button of this.adders) button.setAttribute("aria-disabled", String(n >= total));
    this.over.setAttribute("aria-disabled", String(n === 1));
  }

  /**
   * The newest first.
   * @param {number} n
   * @param {boolean} anew pictures may have become others
   * @param {(at: number, canvas: HTMLCanvasElement) => string} paint the at-th Gaussian's sample; returns its colour
   */
  setNewest(n, anew, paint) {
    for (const [i, tile] of this.newest.entries()) {
      const at = n - 1 - i;
      if (at === tile.at && !anew) continue;
      tile.at = at;
      tile.root.classList.toggle("empty", at < 0);
      if (at >= 0) tile.root.style.setProperty("--class", paint(at, tile.canvas));
    }
  }
}

// Everything above the map that changes what is drawn: which samples, how wide, in which colours, on which ground.

import { h, segmented, setShown, setText, toggle } from "./dom.js";
import { RAMP } from "./palette.js";
import { t } from "./texts.js";
import { number } from "./words.js";

/**
 * @typedef {import("./address.js").ViewState} ViewState
 * @typedef {object} ToolbarActions
 * @property {(change: Partial<ViewState>) => void} change
 * @property {(index: number, alone: boolean) => void} clickClass
 * @property {() => void} savePicture
 */

const K_MIN = 0.25;
const K_MAX = 3;

export class Toolbar {
  /**
   * @param {ToolbarActions} actions
   * @param {AbortSignal} signal
   */
  constructor(actions, signal) {
    this.actions = actions;
    this.signal = signal;
    const { change } = actions;
    const shows = { all: t("map.tools.show.all"), class: t("map.tools.show.class"), selected: t("map.tools.show.selected") };
    this.show = segmented(t("map.tools.show"), shows, (show) => change({ show }), signal);
    const colours = { label: t("map.tools.colour.label"), rate: t("map.tools.colour.rate") };
    this.colour = segmented(t("map.tools.colour.by"), colours, (colour) => change({ colour }), signal);
    this.colour.root.title = t("map.tools.colour.why");
    this.k = h("input", {
      type: "range", min: String(K_MIN), max: String(K_MAX), step: "0.05", "data-testid": "k-slider", "aria-label": t("map.tools.ellipses.size"),
    });
    this.kValue = h("output", {});
    this.k.addEventListener("input", () => change({ k: Number(this.k.value) }), { signal });
    this.grid = toggle(t("map.tools.grid"), t("map.tools.grid.why"), "grid-switch");
    this.cloud = toggle(t("map.tools.cloud"), t("map.tools.cloud.why"), "cloud-switch");
    this.grid.input.addEventListener("change", () => change({ grid: this.grid.input.checked }), { signal });
    this.cloud.input.addEventListener("change", () => change({ cloud: this.cloud.input.checked }), { signal });
    this.save = h("button", { type: "button", title: t("map.tools.save.why"), "data-testid": "save-picture" }, t("map.tools.save"));
    this.save.addEventListener("click", actions.savePicture, { signal });
    this.root = h("div", { class: "toolbar" },
      field(t("map.tools.show"), this.show.root),
      h("label", { class: "field k" }, h("span", {}, t("map.tools.ellipses")), this.k, this.kValue),
      field(t("map.tools.colour"), this.colour.root), this.grid.root, this.cloud.root, this.save);
    this.legend = h("div", { class: "legend", role: "group", "aria-label": t("map.tools.classes") });
    /** @type {HTMLButtonElement[]} */
    this.chips = [];
    this.ramp = h("div", { class: "ramp" }, h("span", {}), h("i", {}), h("span", {}));
    this.ramp.style.setProperty("--ramp", `linear-gradient(to right, ${RAMP.join(",")})`);
  }

  /**
   * @param {string[]} names
   * @param {string[]} colors
   */
  setClasses(names, colors) {
    this.chips = names.map((name, index) => {
      const chip = h("button", { type: "button", class: "chip", title: t("map.tools.class.why") }, name);
      chip.style.setProperty("--class", colors[index]);
      chip.addEventListener("click", (event) => this.actions.clickClass(index, event.detail > 1), { signal: this.signal });
      return chip;
    });
    this.legend.replaceChildren(...this.chips, this.ramp);
  }

  /** @param {ViewState} state */
  set(state) {
    this.show.set(state.show);
    this.colour.set(state.colour);
    this.k.value = String(state.k);
    this.k.setAttribute("aria-valuetext", `${state.k} σ`);
    setText(this.kValue, `${Number(state.k.toFixed(2))}σ`);
    this.grid.input.checked = state.grid;
    this.cloud.input.checked = state.cloud;
    this.cloud.input.disabled = state.colour === "rate"; // the density is drawn in the classes' hues
    for (const [i, chip] of this.chips.entries()) {
      const on = state.show === "class" ? state.only === i : !state.hidden.includes(i);
      chip.setAttribute("aria-pressed", String(on));
    }
    this.legend.classList.toggle("by-rate", state.colour === "rate");
    setShown(this.ramp, state.colour === "rate");
  }

  /** @param {number} top the rate in nats at the ramp's bright end */
  setRateRange(top) {
    const [low, , high] = this.ramp.children;
    setText(/** @type {HTMLElement} */ (low), t("map.tools.ramp.low"));
    setText(/** @type {HTMLElement} */ (high), t("map.tools.ramp.high", { top: number(top) }));
  }
}

/**
 * @param {string} name
 * @param {HTMLElement} control
 */
function field(name, control) {
  return h("div", { class: "field" }, h("span", {}, name), control);
}

// The KL weight's slider: its scale gives the interesting region room, and it rests where codes were computed.

import { h, setShown, setText } from "./dom.js";
import { betaToSlider, formatBeta, nearestNode, sliderToBeta } from "./scale.js";
import { plainText, rich } from "./terms.js";
import { t } from "./texts.js";

/** Positions of the slider; fine enough that none is seen. */
const STEPS = 10_000;

export class BetaSlider {
  /**
   * @param {(beta: number, resting: boolean) => void} onChange
   * @param {AbortSignal} signal
   */
  constructor(onChange, signal) {
    this.onChange = onChange;
    this.betas = [0, 1];
    this.beta = 0;
    this.stepped = false;
    this.input = h("input", {
      type: "range", min: "0", max: String(STEPS), step: "1", "data-testid": "beta-slider", "aria-label": plainText(t("map.beta")),
    });
    this.value = h("output", { class: "beta-value" });
    this.ticks = h("div", { class: "ticks", "aria-hidden": "true" });
    const name = h("div", { class: "beta-name" }, h("strong", {}, ...rich("map.beta")), this.value);
    const low = h("span", {}, ...rich("map.beta.low"));
    const high = h("span", {}, ...rich("map.beta.high"));
    /** What the ends mean, of a network that knows every β. */
    this.ends = h("div", { class: "ends" }, low, high);
    const track = h("div", { class: "beta-track" }, this.input, this.ticks, this.ends);
    this.note = h("p", { class: "note beta-note", "data-testid": "beta-note" });
    this.root = h("div", { class: "beta" }, name, track, this.note);
    this.input.addEventListener("input", () => this.#moved(false), { signal });
    this.input.addEventListener("change", () => this.#moved(true), { signal });
    this.input.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  get betaMax() {
    return this.betas[this.betas.length - 1];
  }

  /**
   * @param {number[]} betas where codes were computed
   * @param {number} collapse β at which the linear VAE collapses
   * @param {boolean} [stepped] each is a model of its own: there is nothing between them
   */
  setModel(betas, collapse, stepped = false) {
    this.betas = betas;
    this.stepped = stepped;
    const alone = betas.length < 2;
    this.input.disabled = alone;
    setShown(this.ends, !stepped);
    this.root.classList.toggle("alone", alone);
    setText(this.note, alone ? t("map.beta.alone", { beta: formatBeta(betas[0]) }) : stepped ? t("map.beta.steps", { count: betas.length }) : "");
    this.input.max = String(stepped ? betas.length - 1 : STEPS);
    const marks = stepped ? betas.slice(0, -1) : roomyMarks(this.betaMax);
    this.ticks.replaceChildren(
      ...marks.map((b) => this.#tick(b, formatBeta(b), "", "")),
      this.#tick(this.betaMax, formatBeta(this.betaMax), "last", ""),
    );
    if (!stepped && collapse > 0 && collapse < this.betaMax) {
      const why = t("map.beta.collapse", { beta: collapse.toFixed(1) });
      this.ticks.append(this.#tick(collapse, "▲", "collapse", why));
    }
  }

  /** The control, unless there is but one β. @returns {HTMLElement | null} */
  get turnable() {
    return this.betas.length === 1 ? null : this.root;
  }

  /**
   * @param {number} beta
   * @param {string} text
   * @param {string} kind
   * @param {string} title
   */
  #tick(beta, text, kind, title) {
    const tick = h("span", { class: `tick ${kind}`, title: title || undefined }, text);
    tick.style.setProperty("--at", String(this.#position(beta)));
    return tick;
  }

  /** @param {number} beta @returns {number} in [0, 1]; models of their own stand at equal distances */
  #position(beta) {
    return this.stepped ? nearestNode(this.betas, beta) / Math.max(1, this.betas.length - 1) : betaToSlider(beta, this.betaMax || 1);
  }

  /** @param {number} beta */
  set(beta) {
    this.beta = beta;
    this.input.value = String(Math.round(Number(this.input.max) * this.#position(beta)));
    this.input.setAttribute("aria-valuetext", `β = ${formatBeta(beta)}`);
    setText(this.value, formatBeta(beta));
  }

  /** @param {boolean} resting */
  #moved(resting) {
    const beta = this.stepped ? this.betas[Number(this.input.value)] : sliderToBeta(Number(this.input.value) / STEPS, this.betaMax);
    const rest = this.betas[nearestNode(this.betas, beta)];
    this.onChange(resting || this.stepped ? rest : beta, resting);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = /** @type {Record<string, number>} */ ({
      ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity,
    })[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const last = this.betas.length - 1;
    const at = nearestNode(this.betas, this.beta) + steps;
    this.onChange(this.betas[Math.min(Math.max(at, 0), last)], true);
  }
}

/** Ticks stand at least this far apart, in shares of the slider. */
const TICK_ROOM = 0.07;

/**
 * @param {number} betaMax
 * @returns {number[]} round values of β that leave each other, and the last tick, room
 */
function roomyMarks(betaMax) {
  /** @type {number[]} */
  const marks = [];
  for (const beta of [0, 0.1, 0.3, 1, 3, 10, 30]) {
    const at = betaToSlider(beta, betaMax);
    const last = marks.length ? betaToSlider(marks[marks.length - 1], betaMax) : -1;
    if (at - last >= TICK_ROOM && 1 - at >= TICK_ROOM) marks.push(beta);
  }
  return marks;
}

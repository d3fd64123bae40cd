// The timeline of a training: a slider through its stored states, and a film of them all.

import { h, setShown, setText } from "../dom.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";

/** Positions of the slider between two states. */
const FINE = 100;
/** From the first state to the last, in milliseconds. */
const FILM_MS = 8_000;

export class Timeline {
  /**
   * @param {{move: (position: number) => void, rest: () => void, newest: () => void, touch: () => void}} actions position: from 0 to the number of states less one
   * @param {AbortSignal} signal
   */
  constructor(actions, signal) {
    this.actions = actions;
    this.count = 0;
    this.position = 0;
    this.frameId = 0;
    this.words = "";
    this.input = h("input", { type: "range", min: "0", max: "0", step: "1", "data-testid": "timeline", "aria-label": t("live.timeline") });
    this.play = h("button", { type: "button", class: "play", "data-testid": "film" }, "▶");
    this.says = h("span", { class: "place", "data-testid": "timeline-place" });
    this.newest = h("button", { type: "button", "data-testid": "newest", title: t("live.timeline.newest.why") }, t("live.timeline.newest"));
    this.fetching = h("span", { class: "note", "data-testid": "fetched" });
    this.stops = h("div", { class: "stops", "aria-hidden": "true" });
    this.hint = h("p", { class: "note" });
    const head = h("div", { class: "row timeline-head" }, h("h3", {}, ...rich("live.timeline.title")), this.says, this.fetching, this.newest);
    const track = h("div", { class: "timeline-track" }, this.input, this.stops);
    this.root = h("section", { class: "timeline", "aria-label": t("live.timeline") }, head, h("div", { class: "timeline-row" }, this.play, track), this.hint);
    this.input.addEventListener("input", () => this.#moved(), { signal });
    this.input.addEventListener("change", () => this.actions.rest(), { signal });
    this.input.addEventListener("pointerdown", () => this.actions.touch(), { signal });
    this.input.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.play.addEventListener("click", () => (this.playing ? this.stop() : this.#start()), { signal });
    this.newest.addEventListener("click", () => this.#toNewest(), { signal });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frameId));
    this.#showPlay();
  }

  get playing() {
    return this.frameId !== 0;
  }

  /**
   * @param {number} count stored states
   * @param {boolean} open it can be used now
   * @param {boolean} early nothing is stored yet
   */
  set(count, open, early) {
    if (count !== this.count) {
      this.count = count;
      this.input.max = String(FINE * Math.max(0, count - 1));
      this.stops.replaceChildren(...Array.from({ length: count }, (_, i) => {
        const stop = h("i", {});
        stop.style.setProperty("--at", String(count > 1 ? i / (count - 1) : 0));
        return stop;
      }));
    }
    const usable = open && count > 1;
    if (!usable) this.stop();
    this.input.disabled = this.play.disabled = !usable;
    this.root.classList.toggle("closed", !usable);
    setText(this.hint, usable ? "" : t(early ? "live.timeline.later" : "live.timeline.pause_first"));
    setShown(this.hint, !usable);
  }

  /**
   * @param {number} position
   * @param {string} words of the place
   * @param {boolean} newest the map shows the newest state, not one of the timeline's
   */
  show(position, words, newest) {
    this.position = position;
    const value = String(Math.round(FINE * position));
    if (this.input.value !== value) this.input.value = value;
    if (words !== this.words) this.input.setAttribute("aria-valuetext", words);
    this.words = words;
    setText(this.says, words);
    this.newest.disabled = newest;
  }

  /** @param {number} have @param {number} count states that are here, of how many */
  showFetched(have, count) {
    const some = have > 0 && have < count;
    setText(this.fetching, some ? t("live.timeline.fetched", { have, count }) : "");
  }

  /** @param {(place: number) => boolean} have */
  markStops(have) {
    for (const [i, stop] of [...this.stops.children].entries()) stop.classList.toggle("there", have(i));
  }

  /** The button closes itself: the focus goes to the slider that it has moved. */
  #toNewest() {
    if (!this.input.disabled) this.input.focus({ preventScroll: true });
    this.actions.newest();
  }

  #moved() {
    this.stop();
    this.position = Number(this.input.value) / FINE;
    this.actions.move(this.position);
  }

  /** Keys go from state to state. @param {KeyboardEvent} event */
  #key(event) {
    const steps = /** @type {Record<string, number>} */ ({
      ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity,
    })[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.stop();
    this.actions.touch();
    const from = steps > 0 ? Math.floor(this.position + 1e-6) : Math.ceil(this.position - 1e-6);
    this.actions.move(Math.min(Math.max(from + steps, 0), this.count - 1));
    this.actions.rest();
  }

  #start() {
    this.actions.touch();
    const last = this.count - 1;
    const from = this.position >= last - 1e-6 || this.newest.disabled ? 0 : this.position;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    let began = 0;
    const step = (/** @type {number} */ now) => {
      began ||= now - (from / last) * FILM_MS;
      const position = Math.min(last, ((now - began) / FILM_MS) * last);
      this.frameId = position < last ? requestAnimationFrame(step) : 0;
      // Whoever prefers no motion sees state after state.
      this.actions.move(still ? Math.floor(position) : position);
      if (position < last) return;
      this.#showPlay();
      this.actions.rest();
    };
    this.frameId = requestAnimationFrame(step);
    this.#showPlay();
  }

  stop() {
    if (!this.playing) return;
    cancelAnimationFrame(this.frameId);
    this.frameId = 0;
    this.#showPlay();
    this.actions.rest();
  }

  #showPlay() {
    const text = t(this.playing ? "live.film.stop" : "live.film");
    setText(this.play, this.playing ? "❚❚" : "▶");
    this.play.title = text;
    this.play.setAttribute("aria-label", text);
  }
}

// A tour: call-outs beside the real controls, each of which waits until somebody has really done what it asks for.

import { lower, raise } from "./demo.js";
import { h, setText } from "./dom.js";
import { isOffered } from "./lesson.js";
import { rich } from "./terms.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Step
 * @property {() => string} text key of what to do
 * @property {string} done key of what has been seen, said once it is done
 * @property {Record<string, string>} [values] for both texts
 * @property {() => HTMLElement | null} target the control: it is ringed and pointed at
 * @property {() => (() => boolean)} watch called as the step begins; what it returns says whether the action has happened since
 * @property {() => boolean} [over] there is nothing left to do, and the step is left out
 * @property {() => boolean} [held] a hand holds the control: the card gets out of its way
 * @property {boolean} [clear] what is beside the control is to be watched: the card goes below or above it
 * @property {boolean} [still] the card stays where it is while the control moves
 *
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 * @typedef {"right" | "left" | "below" | "above" | "over"} Side
 * @typedef {{x: number, y: number, side: Side, arrow: number}} Placed arrow: along the card's side, in pixels from its corner
 */

/** What has been done stays on the card for this long before the next step; the last words stay longer. Milliseconds. */
const CONFIRM_MS = 2_600;
const FAREWELL_MS = 6_000;
/** The control may have moved with the layout: the card follows this often. */
const FOLLOW_MS = 250;
/** Room between control and card, and from the card to the window's edge, in pixels. */
const GAP = 16;
const EDGE = 8;
/** Streamlit's header covers the window's top. */
const HEADER = 52;

export class Tour {
  /**
   * @param {HTMLElement} root the view's
   * @param {Step[]} steps
   * @param {() => HTMLElement} home the button that starts it
   * @param {AbortSignal} signal
   */
  constructor(root, steps, home, signal) {
    this.root = root;
    this.steps = steps;
    this.home = home;
    this.at = -1;
    /** @type {Step[]} */
    this.taken = [];
    this.done = () => false;
    this.confirming = false;
    /** @type {HTMLElement | null} */
    this.target = null;
    /** @type {Box | null} where a moving control was, from the root's corner */
    this.stillBox = null;
    this.timer = 0;
    this.follower = 0;
    this.frameId = 0;
    this.count = h("strong", { id: "tour-count", "data-testid": "tour-count" });
    this.words = h("p", { "data-testid": "tour-words" });
    this.skip = h("button", { type: "button", "data-testid": "tour-skip" });
    const quit = h("button", { type: "button", "data-testid": "tour-end" }, t("extras.tour.end"));
    const said = h("div", { "aria-live": "polite" }, this.count, this.words);
    this.card = h("div", {
      class: "tour-card", role: "dialog", "aria-labelledby": "tour-count", popover: "manual", hidden: true, "data-testid": "tour-card",
    }, h("i", { class: "tour-arrow", "aria-hidden": "true" }), said, h("div", { class: "row" }, this.skip, quit));
    this.skip.addEventListener("click", () => this.#next(), { signal });
    quit.addEventListener("click", () => this.end(), { signal });
    const place = () => this.at >= 0 && this.#place();
    window.addEventListener("scroll", place, { signal, capture: true, passive: true });
    window.addEventListener("resize", () => { this.stillBox = null; place(); }, { signal });
    window.addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
    signal.addEventListener("abort", () => this.#halt());
  }

  /** @returns {Step[]} those whose control is there */
  get offered() {
    return this.steps.filter(({ target }) => isOffered(target()) && !target()?.closest("[hidden]"));
  }

  start() {
    this.end();
    this.taken = this.offered.filter(({ over }) => !over?.());
    this.root.dataset.tour = "running";
    this.#begin(0);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || this.at < 0 || this.root.querySelector("dialog[open], .term-note:not([hidden])")) return;
    event.stopPropagation(); // it ends the tour and nothing else
    this.end();
  }

  #next() {
    this.#begin(this.at + 1);
  }

  /** @param {number} at @returns {void} */
  #begin(at) {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frameId);
    this.at = at;
    this.confirming = false;
    this.stillBox = null;
    const step = this.taken[at];
    if (!step) return this.#farewell();
    if (step.over?.() || !step.target()) return this.#begin(at + 1);
    // Somebody who works with the keyboard stands on the card's own buttons: on to the control. Elsewhere the focus is let be.
    const focus = this.#holdsFocus();
    this.#aim(step.target());
    setText(this.count, t("extras.tour.step", { at: at + 1, count: this.taken.length }));
    this.words.replaceChildren(...rich(step.text(), step.values));
    setText(this.skip, t("extras.tour.skip"));
    this.card.classList.remove("confirmed", "last");
    raise(this.card);
    if (focus) focusable(this.target)?.focus({ preventScroll: true });
    this.done = step.watch();
    this.#place();
    clearInterval(this.follower);
    this.follower = window.setInterval(() => this.#place(), FOLLOW_MS);
    this.#watch(step);
  }

  /** @param {Step} step */
  #watch(step) {
    this.frameId = requestAnimationFrame(() => {
      this.card.classList.toggle("aside", step.held?.() === true);
      if (this.done()) this.#confirm(step);
      else this.#watch(step);
    });
  }

  /** @param {Step} step */
  #confirm(step) {
    this.confirming = true;
    this.card.classList.remove("aside");
    this.card.classList.add("confirmed");
    this.words.replaceChildren(h("b", { class: "tour-tick", "aria-label": t("extras.tour.done") }, "✓"), " ", ...rich(step.done, step.values));
    setText(this.skip, t(this.taken[this.at + 1] ? "extras.tour.next" : "extras.tour.finish"));
    this.#place();
    this.timer = window.setTimeout(() => this.#next(), CONFIRM_MS);
  }

  #farewell() {
    this.at = this.taken.length;
    this.#aim(this.home());
    setText(this.count, t("extras.tour.over"));
    this.words.replaceChildren(...rich("extras.tour.again", { name: t("extras.tour") }));
    this.card.classList.remove("confirmed", "aside");
    this.card.classList.add("last");
    raise(this.card);
    this.#place();
    this.root.dataset.tour = "over";
    this.timer = window.setTimeout(() => this.end(), FAREWELL_MS);
  }

  end() {
    const focus = this.at >= 0 && this.#holdsFocus();
    this.#halt();
    this.at = -1;
    delete this.root.dataset.tour;
    lower(this.card);
    if (focus) this.home().focus({ preventScroll: true });
  }

  #halt() {
    clearTimeout(this.timer);
    clearInterval(this.follower);
    cancelAnimationFrame(this.frameId);
    this.target?.classList.remove("tour-target");
    this.target = null;
  }

  #holdsFocus() {
    const active = /** @type {ShadowRoot | Document} */ (this.root.getRootNode()).activeElement;
    return active !== null && (this.card.contains(active) || active === this.home());
  }

  /** @param {HTMLElement | null} target */
  #aim(target) {
    this.target?.classList.remove("tour-target");
    this.target = target;
    if (!target) return;
    target.classList.add("tour-target");
    const { top, bottom } = boxOf(target);
    if (top >= this.#covered(target) && bottom <= window.innerHeight - EDGE) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    target.scrollIntoView({ block: bottom - top > 0.7 * window.innerHeight ? "nearest" : "center", behavior: calm ? "auto" : "smooth" });
  }

  /** @param {HTMLElement} target @returns {number} height of what stays over the window's top while the page scrolls, in pixels */
  #covered(target) {
    let covered = HEADER;
    for (const part of this.root.querySelectorAll(".decoded-card, .beta-bar")) {
      if (getComputedStyle(part).position === "sticky" && !part.contains(target)) covered += part.clientHeight;
    }
    return covered;
  }

  #place() {
    if (!this.target) return;
    const outer = this.root.getBoundingClientRect();
    let box = boxOf(this.target);
    if (this.taken[this.at]?.still) {
      this.stillBox ??= moved(box, -outer.left, -outer.top);
      box = moved(this.stillBox, outer.left, outer.top);
    }
    const { x, y, side, arrow } = placeCard(box, this.card.offsetWidth, this.card.offsetHeight, window.innerWidth, window.innerHeight, this.taken[this.at]?.clear);
    this.card.style.left = `${Math.round(x)}px`;
    this.card.style.top = `${Math.round(y)}px`;
    this.card.dataset.side = side;
    this.card.style.setProperty("--arrow", `${Math.round(arrow)}px`);
  }
}

/** β has been turned where it has changed by this share. */
const TURNED = 0.2;

/**
 * "Turn β to the right", or to the left where it is at its end already; done once it has come to rest elsewhere.
 * @param {string} kind of page
 * @param {() => HTMLElement | null} target
 * @param {() => number} beta
 * @param {() => number} betaMax
 * @param {() => boolean} moving
 * @returns {Step}
 */
export function betaStep(kind, target, beta, betaMax, moving) {
  const isHigh = () => beta() > 0.6 * betaMax();
  return {
    text: () => `extras.${kind}.beta.${isHigh() ? "left" : "right"}`, done: `extras.${kind}.beta.done`, target, held: moving, clear: true,
    watch: () => {
      const [before, left] = [beta(), isHigh()];
      const least = Math.max(TURNED * before, 0.02);
      return () => !moving() && (left ? before - beta() : beta() - before) > least;
    },
  };
}

/**
 * Where the card stands: beside the control where there is room, else over its far end, always inside the window.
 * @param {Box} target in the window
 * @param {number} width of the card
 * @param {number} height of the card
 * @param {number} windowWidth
 * @param {number} windowHeight
 * @param {boolean} [clear] below or above it rather than beside it
 * @returns {Placed}
 */
export function placeCard(target, width, height, windowWidth, windowHeight, clear = false) {
  const middle = { x: (target.left + target.right) / 2, y: (target.top + target.bottom) / 2 };
  const inX = (/** @type {number} */ x) => Math.max(EDGE, Math.min(x, windowWidth - width - EDGE));
  const inY = (/** @type {number} */ y) => Math.max(EDGE, Math.min(y, windowHeight - height - EDGE));
  const beside = inY(middle.y - height / 2);
  const along = inX(middle.x - width / 2);
  /** @type {[Side, boolean, number, number][]} */
  const ways = [
    ["right", target.right + GAP + width + EDGE <= windowWidth, target.right + GAP, beside],
    ["left", target.left - GAP - width >= EDGE, target.left - GAP - width, beside],
    ["below", target.bottom + GAP + height + EDGE <= windowHeight, along, target.bottom + GAP],
    ["above", target.top - GAP - height >= EDGE, along, target.top - GAP - height],
  ];
  if (clear) ways.push(...ways.splice(0, 2));
  const found = ways.find(([, fits]) => fits);
  if (!found) return { x: along, y: inY(target.bottom - height - GAP), side: "over", arrow: 0 };
  const [side, , x, y] = found;
  const sideways = side === "right" || side === "left";
  const room = sideways ? height : width;
  const arrow = Math.min(Math.max(sideways ? middle.y - y : middle.x - x, GAP), room - GAP);
  return { x, y, side, arrow };
}

/** A control without a size of its own, such as the map's ring, is taken as large as a finger. */
const FINGER = 22;

/** @param {HTMLElement} element @returns {Box} in the window */
function boxOf(element) {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const pad = right - left < 1 ? FINGER : 0;
  return { left: left - pad, top: top - pad, right: right + pad, bottom: bottom + pad };
}

/** @param {Box} box @param {number} dx @param {number} dy @returns {Box} */
function moved({ left, top, right, bottom }, dx, dy) {
  return { left: left + dx, top: top + dy, right: right + dx, bottom: bottom + dy };
}

/**
 * @param {HTMLElement | null} element
 * @returns {HTMLElement | null} what of it takes the focus: itself, a field in it, or a button that does something
 */
function focusable(element) {
  if (!element || element.matches("button, input, [tabindex]")) return element;
  return element.querySelector("input") ?? element.querySelector("button:not(.term), [tabindex]");
}

/** What has become of the offers, where the browser keeps nothing. @type {Map<string, string>} */
const memory = new Map();
/** Kinds of page on which the offer was first made since the page was loaded: it stays until it is answered. @type {Set<string>} */
const open = new Set();

/** @param {string} kind */
function keyOf(kind) {
  return `latent-space-explorer.tour.${kind}`;
}

/**
 * Whether to offer the tour of this kind of page: on the first visit, and never on another.
 * @param {string} kind
 * @returns {boolean}
 */
export function offersTour(kind) {
  if (open.has(kind)) return true;
  if (read(keyOf(kind)) !== null) return false;
  write(keyOf(kind), "offered");
  open.add(kind);
  return true;
}

/** The offer was answered, or the tour was taken without it. @param {string} kind @param {"taken" | "dismissed"} answer */
export function answerOffer(kind, answer) {
  open.delete(kind);
  write(keyOf(kind), answer);
}

/** @param {string} key */
function read(key) {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

/** @param {string} key @param {string} value */
function write(key, value) {
  memory.set(key, value);
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // A private window may keep nothing: this page's own memory has to do.
  }
}

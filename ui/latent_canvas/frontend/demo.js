// Demo mode, for a projector: no menus, everything larger, and something that moves by itself until someone touches it.

import { h, setShown } from "./dom.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Attract what moves by itself, and how
 * @property {() => boolean} ready it can begin now: everything is drawn, and no hand or player moves anything
 * @property {() => void} begin remember what the person had
 * @property {(seconds: number) => void} move be where a glide is after so many seconds
 * @property {(count: number) => void} jump be at the place after so many steps, for those who prefer no motion
 * @property {(event: Event | null) => void} end restore what the person had; event: the touch that ended it
 */

/** The parameter of the address, and the key. */
const PARAMETER = "demo";
const KEY = "d";
/** The attract loop waits this long at first, and this long once somebody has touched something, in milliseconds. */
const FIRST_WAIT_MS = 2_000;
const IDLE_MS = 30_000;
/** A view that cannot begin yet is asked again after this time. */
const AGAIN_MS = 500;
/** Without motion, it goes from place to place in this time. */
const JUMP_MS = 4_000;
/** The corner with the way out is seen for this long. */
const CORNER_MS = 4_000;
/** After a pause (a hidden tab) a glide goes on where it was: a frame counts for at most this long. */
const LONGEST_FRAME_MS = 100;

/** Demo mode is the page's, whichever views it shows. */
const mode = { on: new URLSearchParams(globalThis.location?.search ?? "").get(PARAMETER) === "1" };
/** @type {Set<Demo>} */
const views = new Set();

/** @returns {boolean} */
export function isDemo() {
  return mode.on;
}

/** @param {boolean} on */
export function setDemo(on) {
  if (mode.on === on) return;
  mode.on = on;
  for (const view of views) view.show();
}

export class Demo {
  /**
   * @param {HTMLElement} root the view's
   * @param {Attract | null} attract
   * @param {{busy: () => boolean} | undefined} teller told nothing while something moves by itself
   * @param {AbortSignal} signal
   */
  constructor(root, attract, teller, signal) {
    this.root = root;
    this.attract = attract;
    this.attracting = false;
    this.on = false;
    this.wait = FIRST_WAIT_MS;
    this.timer = 0;
    this.frameId = 0;
    this.cornerTimer = 0;
    const name = t("extras.demo.leave");
    const leave = h("button", { type: "button", "aria-label": name, title: name, "data-testid": "demo-leave" }, "×");
    leave.addEventListener("click", () => setDemo(false), { signal });
    const hint = h("span", {}, t("extras.demo.hint"));
    this.corner = h("div", { class: "demo-corner", popover: "manual", hidden: true, "data-testid": "demo-corner" }, hint, leave);
    root.append(this.corner);
    if (teller) {
      const busy = teller.busy;
      teller.busy = () => this.attracting || busy();
    }
    this.#listen(signal);
    views.add(this);
    this.show();
    signal.addEventListener("abort", () => {
      views.delete(this);
      this.attracting = false;
      this.#halt();
      clearTimeout(this.cornerTimer);
    });
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const touched = (/** @type {Event} */ event) => this.on && this.#touched(event);
    for (const type of ["pointerdown", "keydown", "wheel"]) window.addEventListener(type, touched, { signal, capture: true, passive: true });
    window.addEventListener("pointermove", () => this.on && !this.attracting && this.#arm(this.wait), { signal, passive: true });
    window.addEventListener("keydown", (event) => this.#key(event), { signal });
    window.addEventListener("keydown", (event) => this.#escape(event), { signal, capture: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Where a page shows more views than one, the first of them answers for all.
    if (event.key.toLowerCase() !== KEY || event.repeat || event.defaultPrevented || views.values().next().value !== this) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping(event)) return;
    setDemo(!mode.on);
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key !== "Escape" || !mode.on || this.root.querySelector("dialog[open], .term-note:not([hidden])")) return;
    event.stopPropagation(); // it leaves demo mode and nothing else: what is selected stays so
    setDemo(false);
  }

  /** Demo mode has begun or ended. */
  show() {
    if (this.on === mode.on) return;
    this.on = mode.on;
    this.root.classList.toggle("demo", mode.on);
    document.documentElement.classList.toggle("demo", mode.on);
    writeDemo(mode.on);
    if (mode.on) {
      this.wait = FIRST_WAIT_MS;
      this.#arm(this.wait);
      this.#showCorner();
    } else {
      this.#stop(null);
      this.#halt();
      this.#hideCorner();
    }
  }

  /** @param {Event} event */
  #touched(event) {
    this.#stop(event);
    this.wait = IDLE_MS;
    this.#arm(this.wait);
    if (event.type === "pointerdown" && /** @type {PointerEvent} */ (event).pointerType === "touch") this.#showCorner();
  }

  /** @param {number} ms until something moves by itself, unless something happens */
  #arm(ms) {
    clearTimeout(this.timer);
    if (this.attract && this.on) this.timer = window.setTimeout(() => this.#begin(), ms);
  }

  #begin() {
    const { attract } = this;
    if (!attract) return;
    if (!attract.ready() || document.hidden) return this.#arm(AGAIN_MS);
    this.attracting = true;
    this.root.dataset.attract = "true";
    attract.begin();
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) this.#jump(attract, 0);
    else this.#glide(attract);
  }

  /** @param {Attract} attract @param {number} count */
  #jump(attract, count) {
    attract.jump(count);
    this.timer = window.setTimeout(() => this.#jump(attract, count + 1), JUMP_MS);
  }

  /** @param {Attract} attract */
  #glide(attract) {
    let [passed, last] = [0, 0];
    const step = (/** @type {number} */ now) => {
      passed += last ? Math.min(now - last, LONGEST_FRAME_MS) : 0;
      last = now;
      this.frameId = requestAnimationFrame(step);
      attract.move(passed / 1000);
    };
    this.frameId = requestAnimationFrame(step);
  }

  /** @param {Event | null} event */
  #stop(event) {
    if (!this.attracting) return;
    this.#halt();
    this.attracting = false;
    delete this.root.dataset.attract;
    this.attract?.end(event);
  }

  #halt() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frameId);
  }

  #showCorner() {
    clearTimeout(this.cornerTimer);
    raise(this.corner);
    this.cornerTimer = window.setTimeout(() => this.#hideCorner(), CORNER_MS);
  }

  #hideCorner() {
    clearTimeout(this.cornerTimer);
    lower(this.corner);
  }
}

/** @param {boolean} on */
function writeDemo(on) {
  const url = new URL(window.location.href);
  if ((url.searchParams.get(PARAMETER) === "1") === on) return;
  if (on) url.searchParams.set(PARAMETER, "1");
  else url.searchParams.delete(PARAMETER);
  url.search = url.search.replaceAll("%2C", ",").replaceAll("%3B", ";");
  window.history.replaceState(window.history.state, "", url);
}

/** @param {Event} event @returns {boolean} its letters belong to a field of text */
function isTyping(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button", "submit"].includes(target.type);
  return target.matches("textarea, select") || target.isContentEditable || target.closest("dialog[open]") !== null;
}

/**
 * Show an element above everything else on the page, in the browser's top layer where there is one.
 * @param {HTMLElement} element with the attribute popover="manual"
 */
export function raise(element) {
  setShown(element, true);
  if ("showPopover" in element && element.isConnected && !element.matches(":popover-open")) element.showPopover();
}

/** @param {HTMLElement} element */
export function lower(element) {
  if ("hidePopover" in element && element.matches(":popover-open")) element.hidePopover();
  setShown(element, false);
}

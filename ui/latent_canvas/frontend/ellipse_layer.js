/**
 * The picture of all ellipses, kept answering within a frame: what cannot be drawn in time is drawn piece by piece behind
 * the picture that is shown, which moves with the view meanwhile.
 *
 * - A changed scene is drawn at once: every sample if there is time, else the first ones, in ink that looks the same.
 * - A changed view is drawn at once if there is time; else the last picture is shifted and stretched under it.
 * - What is not yet the full picture of the latest view is worked on in slices and swapped in when it is complete.
 */

import { chooseInk } from "./scene.js";
import { resize, toLatent, toScreen } from "./view.js";

/** @typedef {import("./scene.js").Scene} Scene @typedef {import("./view.js").View} View */
/** @typedef {import("./ellipses_2d.js").Ellipses2D | import("./ellipses_gl.js").EllipsesGL} Ellipses */
/** @typedef {{source: HTMLCanvasElement, view: View, drawn: number, opacity: number}} Shown */

const DRAFT_MS = 9; // for the picture of a changed scene or view
const FIRST_GUESS_MS = 0.0025; // per sample, before anything was measured
const FIXED_COST = 300; // samples that clearing and reading back a canvas are worth
const LEAST_DRAFT = 512; // samples
const OVERSCAN = 64; // css px on each side that a slow picture is larger, so that a pan finds something there

export class EllipseLayer {
  /** @type {Shown | null} */
  #shown = null;
  /** @type {View | null} the view of the picture being drawn in slices */
  #running = null;
  #perSample = FIRST_GUESS_MS;
  #drawn = 0;
  #spent = 0;
  #store = document.createElement("canvas");
  #storeContext;

  /** @param {Ellipses} ellipses */
  constructor(ellipses) {
    this.ellipses = ellipses;
    this.#storeContext = this.#store.getContext("2d", { willReadFrequently: ellipses.canvas.dataset.kind !== "webgl2" });
  }

  /** How many samples the picture on show holds. */
  get drawn() {
    return this.#shown?.drawn ?? 0;
  }

  /** The scene is new or has changed: shows it at once. @param {View} view @param {Scene} scene @param {number} dpr */
  drawScene(view, scene, dpr) {
    this.ellipses.setData(scene);
    this.#drawAtOnce(view, scene, dpr, this.#draftSize(scene.n));
  }

  /**
   * Works towards the full picture of `view`.
   * @param {View} view @param {Scene} scene @param {number} dpr
   * @param {number} budgetMs @param {boolean} still the view is the one of the last frame
   * @returns {boolean} the picture on show is complete
   */
  refine(view, scene, dpr, budgetMs, still) {
    if (this.#isComplete(view, scene)) { this.#running = null; return true; }
    if (!this.#isSlow(scene)) { this.#drawAtOnce(view, scene, dpr, scene.n); return true; }
    if (this.#running && (covers(this.#running, view) || !still)) this.#measure(() => this.ellipses.resume(budgetMs));
    else this.#begin(view, scene, dpr, budgetMs);
    if (this.#drawn < scene.n || !this.#running) return false;
    this.#perSample = this.#spent / scene.n;
    this.#shown = { source: this.ellipses.canvas, view: this.#running, drawn: scene.n, opacity: chooseInk(view, scene, scene.n, dpr).layer };
    this.#running = null;
    return this.#isComplete(view, scene);
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view @param {number} dpr */
  compose(context, view, dpr) {
    if (!this.#shown) return;
    context.globalAlpha = this.#shown.opacity;
    place(context, this.#shown.source, this.#shown.view, view, dpr);
    context.globalAlpha = 1;
  }

  /** Forgets all pictures. */
  clear() {
    this.#shown = this.#running = null;
  }

  destroy() {
    this.clear();
    this.ellipses.destroy();
    this.#store.width = this.#store.height = 0;
  }

  /** A power of two where it is not all, so that the number does not flicker while a scene morphs. @param {number} n */
  #draftSize(n) {
    const affordable = DRAFT_MS / this.#perSample;
    if (n <= 1.3 * affordable) return n;
    return Math.min(n, Math.max(LEAST_DRAFT, 2 ** Math.floor(Math.log2(affordable))));
  }

  /** @param {Scene} scene */
  #isSlow(scene) {
    return scene.n * this.#perSample > 1.3 * DRAFT_MS;
  }

  /** @param {View} view @param {Scene} scene */
  #isComplete(view, scene) {
    return this.#shown !== null && this.#shown.drawn === scene.n && covers(this.#shown.view, view);
  }

  /** @param {View} view @param {Scene} scene @param {number} dpr @param {number} limit */
  #drawAtOnce(view, scene, dpr, limit) {
    const whole = limit === scene.n;
    this.#spent = 0;
    this.#measure(() => this.ellipses.draw(view, scene, { dpr, limit, budgetMs: whole && !this.#isSlow(scene) ? 1e9 : 2 * DRAFT_MS }));
    this.#perSample = 0.7 * this.#perSample + 0.3 * this.#spent / (this.#drawn + FIXED_COST);
    this.#running = null;
    this.#shown = { source: this.ellipses.canvas, view, drawn: this.#drawn, opacity: chooseInk(view, scene, limit, dpr).layer };
  }

  /** Starts the full picture behind the one on show. @param {View} view @param {Scene} scene @param {number} dpr @param {number} budgetMs */
  #begin(view, scene, dpr, budgetMs) {
    this.#keepShown();
    this.#running = resize(view, view.width + 2 * OVERSCAN, view.height + 2 * OVERSCAN);
    const target = this.#running;
    this.#spent = 0;
    this.#measure(() => this.ellipses.draw(target, scene, { dpr, budgetMs }));
  }

  /** Copies the picture on show away from the canvas that is about to be drawn on. */
  #keepShown() {
    const shown = this.#shown;
    if (!shown || shown.source === this.#store) return;
    this.#store.width = shown.source.width;
    this.#store.height = shown.source.height;
    this.#storeContext?.drawImage(shown.source, 0, 0);
    this.#shown = { ...shown, source: this.#store };
  }

  /** @param {() => import("./ellipses_2d.js").Progress} draw */
  #measure(draw) {
    const before = performance.now();
    this.#drawn = draw().drawn;
    this.#spent += performance.now() - before;
  }
}

/** A picture of `have` shows all of `want` at its own scale. @param {View} have @param {View} want */
function covers(have, want) {
  return have.x0 === want.x0 && have.y0 === want.y0 && have.scale === want.scale
    && have.width >= want.width && have.height >= want.height;
}

/**
 * Draws a picture of one view where it belongs in another.
 * @param {CanvasRenderingContext2D} context @param {CanvasImageSource} source
 * @param {View} from @param {View} to @param {number} dpr
 */
export function place(context, source, from, to, dpr) {
  const ratio = to.scale / from.scale;
  const [left, top] = toScreen(to, ...toLatent(from, 0, 0)).map((p) => p * dpr);
  const exact = Math.abs(ratio - 1) < 1e-9; // no smoothing: keep the lines sharp
  const x = exact ? Math.round(left) : left, y = exact ? Math.round(top) : top;
  if (exact && source instanceof HTMLCanvasElement && source.width === Math.round(from.width * dpr)) context.drawImage(source, x, y);
  else context.drawImage(source, x, y, from.width * ratio * dpr, from.height * ratio * dpr);
}

// What part of the latent space the map shows: the whole of it, or what hands have panned and zoomed to.

import { glide, wholeView } from "./framing.js";
import { bounds, fromBounds, resize, zoomAt } from "./view.js";

/** @typedef {import("./view.js").View} View */

const ZOOM_LIMITS = { min: 12, max: 40_000 };

export class Camera {
  /** @param {import("./canvas.js").LatentCanvas} canvas whose `view` this moves; `state.view` is what a person has chosen, null for the whole map */
  constructor(canvas) {
    this.canvas = canvas;
    this.gliding = new AbortController();
    /** @type {View | null} where a glide that is under way leads */
    this.target = null;
  }

  /** @param {number} width @param {number} height */
  resized(width, height) {
    const { canvas } = this;
    this.stop(); // it leads to a view of the old size
    canvas.view = resize(canvas.view, width, height);
    if (canvas.model) this.place();
    canvas.painter.invalidate("view");
  }

  place() {
    const { canvas } = this;
    const { width, height } = canvas.stage;
    if (!width || !canvas.model) return;
    const own = canvas.state.view;
    canvas.view = own ? fromBounds(own, width, height) : wholeView(canvas.painter.current, width, height);
    canvas.painter.invalidate("view");
  }

  reset() {
    this.canvas.state.view = null;
    this.canvas.teller.restSoon();
  }

  /**
   * Where the person has chosen no view, the whole map is shown; β may have changed how far that reaches.
   * @param {number} [tolerance] a change of scale by less than this share is let be
   */
  frameWhole(tolerance = 0.02) {
    const { canvas } = this;
    const { width, height } = canvas.stage;
    if (canvas.state.view || !width) return;
    const target = wholeView(canvas.painter.current, width, height);
    const { view } = canvas;
    // One that is under way goes on: begun anew in every frame, it would never leave its slow start.
    if (nearly(target, view, tolerance) || (this.target && nearly(target, this.target, tolerance))) return;
    this.stop();
    this.gliding = new AbortController();
    this.target = target;
    const show = (/** @type {View} */ between) => {
      canvas.view = between;
      if (between === target) this.target = null;
      canvas.painter.invalidate("view");
    };
    glide(view, target, show, this.gliding.signal);
  }

  /** @param {number} x @param {number} y @param {number} factor */
  zoom(x, y, factor) {
    this.set(zoomAt(this.canvas.view, x, y, factor, ZOOM_LIMITS));
  }

  /** @param {number} factor */
  zoomMiddle(factor) {
    this.zoom(this.canvas.stage.width / 2, this.canvas.stage.height / 2, factor);
  }

  /** @param {View} view chosen by a hand */
  set(view) {
    const { canvas } = this;
    this.stop();
    canvas.view = view;
    canvas.state.view = /** @type {[number, number, number, number]} */ (bounds(view));
    canvas.moving = true;
    canvas.painter.invalidate("view");
    canvas.teller.restSoon();
  }

  stop() {
    this.gliding.abort();
    this.target = null;
  }
}

/** @param {View} a @param {View} b @param {number} tolerance of the scale */
function nearly(a, b, tolerance) {
  return Math.abs(a.scale / b.scale - 1) < tolerance && a.x0 === b.x0 && a.y0 === b.y0;
}

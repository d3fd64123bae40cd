/** The picture of the aggregate posterior's density under the ellipses, computed in slices like them. */

import { DensityRenderer } from "./density.js";
import { place } from "./ellipse_layer.js";
import { typicalSigma } from "./scene.js";
import { MIN_SIGMA } from "./splat.js";
import { resize } from "./view.js";

/** @typedef {import("./scene.js").Scene} Scene @typedef {import("./view.js").View} View */

const TEXEL = 3; // css px
const DRAFT_TEXEL = 8;
const DRAFT_SAMPLES = 1500;
const DRAFT_MS = 7; // per frame
const OVERSCAN = 48; // css px, a multiple of both texels
// Gaussians narrower than the smallest kernel look as wide as it: from there the cloud fades, and at a third it is gone.
const FULL_SIGMA = TEXEL * MIN_SIGMA; // css px
const GONE_SIGMA = FULL_SIGMA / 3;

/** How much of the cloud to show. @param {number} sigma of a typical Gaussian, css px @returns {number} 0 to 1 */
export function cloudOpacity(sigma) {
  const t = Math.min(1, Math.max(0, (sigma - GONE_SIGMA) / (FULL_SIGMA - GONE_SIGMA)));
  return t * t * (3 - 2 * t);
}

export class CloudLayer {
  #density = new DensityRenderer();
  #canvas = document.createElement("canvas");
  #draftOf = 0; // samples of the scene whose draft is running
  #sigma = 0; // of a typical Gaussian, latent units
  /** @type {View | null} */
  #shown = null;
  /** @type {View | null} */
  #running = null;
  /** @type {View | null} the view whose full picture is on show or running */
  #wanted = null;

  /** A coarse picture of a changed scene, at once or over a few frames. @param {View} view @param {Scene} scene */
  drawScene(view, scene) {
    this.#sigma = typicalSigma(scene);
    if (!this.#opacity(view)) return this.clear();
    // While the scene changes with every frame, a slow draft is finished rather than begun anew: the cloud lags a little.
    if (!this.#running || this.#draftOf !== scene.n || !this.#shown) this.#begin(view, scene, DRAFT_TEXEL, DRAFT_SAMPLES);
    this.#draftOf = scene.n;
    this.#step(this.#shown ? DRAFT_MS : Infinity);
    this.#wanted = null;
  }

  /**
   * @param {View} view @param {Scene} scene @param {number} budgetMs
   * @param {boolean} still the view is the one of the last frame
   * @returns {boolean} the picture on show is complete
   */
  refine(view, scene, budgetMs, still) {
    if (!this.#opacity(view)) return true;
    if (this.#wanted !== view && (still || !this.#running)) {
      this.#begin(view, scene, TEXEL, scene.n);
      this.#draftOf = 0;
      this.#wanted = view;
    }
    if (this.#running) this.#step(budgetMs);
    return !this.#running && this.#wanted === view;
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view @param {number} dpr */
  compose(context, view, dpr) {
    const opacity = this.#opacity(view);
    if (!this.#shown || !opacity) return;
    context.globalAlpha = opacity;
    place(context, this.#canvas, this.#shown, view, dpr);
    context.globalAlpha = 1;
  }

  clear() {
    this.#density.cancel();
    this.#shown = this.#running = this.#wanted = null;
  }

  destroy() {
    this.clear();
    this.#canvas.width = this.#canvas.height = 0;
  }

  /** @param {View} view */
  #opacity(view) {
    return cloudOpacity(this.#sigma * view.scale);
  }

  /** @param {View} view @param {Scene} scene @param {number} texel @param {number} limit */
  #begin(view, scene, texel, limit) {
    // Whole texels, with the view's centre on a texel's edge, so that the picture does not shift between sizes.
    const cells = (/** @type {number} */ size) => 2 * Math.ceil((size / 2 + OVERSCAN) / texel) * texel;
    this.#running = resize(view, cells(view.width), cells(view.height));
    this.#density.start(this.#running, scene, { texel, limit });
  }

  /** @param {number} budgetMs */
  #step(budgetMs) {
    const picture = this.#density.step(budgetMs) ? this.#density.image : null;
    if (!picture) return;
    this.#canvas.width = picture.width;
    this.#canvas.height = picture.height;
    const pixels = new ImageData(/** @type {Uint8ClampedArray<ArrayBuffer>} */ (picture.data), picture.width, picture.height);
    this.#canvas.getContext("2d", { willReadFrequently: true })?.putImageData(pixels, 0, 0);
    this.#shown = this.#running;
    this.#running = null;
  }
}

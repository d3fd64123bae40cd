/** The map's picture: density and ellipses on one canvas, at most one draw per animation frame. */

import { CloudLayer } from "./cloud_layer.js";
import { EllipseLayer } from "./ellipse_layer.js";
import { Ellipses2D, fitCanvas } from "./ellipses_2d.js";
import { EllipsesGL } from "./ellipses_gl.js";

/** @typedef {import("./scene.js").Scene} Scene @typedef {import("./view.js").View} View */
/** @typedef {"webgl2" | "canvas2d"} RendererName */

const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;
const MOVING_MS = 10; // of work per frame while the hand moves: leaves room for decoding and painting
const RESTING_MS = 20;

export class MapRenderer {
  /** @type {RendererName} */
  renderer;
  /** @type {Scene | null} */
  #scene = null;
  /** @type {View | null} */
  #view = null;
  /** @type {View | null} the view of the last frame */
  #lastView = null;
  #moving = false;
  #sceneChanged = false;
  #complete = false;
  #context;
  #ellipses;
  #cloud = new CloudLayer();
  #dpr;

  /**
   * @param {HTMLCanvasElement} canvas what is shown; its css size is the owner's, its pixels are set here
   * @param {{prefer?: RendererName, dpr?: number}} [options] `prefer` takes that renderer even where the other is faster;
   *   `dpr` fixes the device pixels per css pixel (otherwise the window's, at most 2)
   */
  constructor(canvas, { prefer, dpr } = {}) {
    this.canvas = canvas;
    this.#dpr = dpr;
    const ellipses = chooseEllipses(prefer);
    this.renderer = ellipses instanceof EllipsesGL ? "webgl2" : "canvas2d";
    this.#ellipses = new EllipseLayer(ellipses);
    const context = canvas.getContext("2d", { willReadFrequently: this.renderer === "canvas2d" });
    if (!context) throw new Error("This browser gives no 2-D canvas.");
    this.#context = context;
  }

  /** Samples in the picture on show, of how many, and whether it is the final picture of the latest scene and view. */
  get progress() {
    return { drawn: this.#ellipses.drawn, total: this.#scene?.n ?? 0, complete: this.#complete };
  }

  /** The next frame shows this scene. Call again after anything in it changed, also in place. @param {Scene} scene */
  setScene(scene) {
    if (scene.codes.length < 4 * scene.n || scene.classes.length < scene.n) {
      throw new RangeError(`A scene of ${scene.n} samples needs ${4 * scene.n} numbers and ${scene.n} classes; `
        + `got ${scene.codes.length} and ${scene.classes.length}`);
    }
    this.#scene = scene;
    this.#sceneChanged = true;
    this.#complete = false;
  }

  /**
   * The next frame shows this view.
   * @param {View} view @param {{moving?: boolean}} [options] the hand is moving it: take less time per frame
   */
  setView(view, { moving = false } = {}) {
    this.#view = view;
    this.#moving = moving;
    this.#complete = false;
  }

  /**
   * Draws what there is time for; the owner calls it once per animation frame while it returns true, or something changed.
   * @param {number} [_now] of the animation frame
   * @returns {boolean} another frame is needed
   */
  frame(_now = 0) {
    if (this.#complete || !this.#scene || !this.#view) return false;
    this.#replaceLostContext();
    this.#work(this.#moving ? MOVING_MS : RESTING_MS);
    this.#compose();
    return !this.#complete;
  }

  /** Completes the picture, however long it takes: for saving it, and for tests. */
  finish() {
    while (this.frame());
  }

  /** Frees the canvases and the GPU's memory. */
  destroy() {
    this.#ellipses.destroy();
    this.#cloud.destroy();
    this.#scene = this.#view = this.#lastView = null;
  }

  get #pixelRatio() {
    return this.#dpr ?? Math.min(2, globalThis.devicePixelRatio || 1);
  }

  /** @param {number} budgetMs */
  #work(budgetMs) {
    const view = this.#view, scene = this.#scene, dpr = this.#pixelRatio;
    if (!view || !scene) return;
    const still = view === this.#lastView;
    this.#lastView = view;
    const cloud = scene.cloud ?? false, outlines = scene.outlines ?? true;
    if (this.#sceneChanged) {
      this.#sceneChanged = false;
      if (cloud) this.#cloud.drawScene(view, scene); else this.#cloud.clear();
      if (outlines) this.#ellipses.drawScene(view, scene, dpr); else this.#ellipses.clear();
      return;
    }
    const clouded = !cloud || this.#cloud.refine(view, scene, 0.4 * budgetMs, still);
    const outlined = !outlines || this.#ellipses.refine(view, scene, dpr, clouded ? budgetMs : budgetMs / 2, still);
    this.#complete = clouded && outlined;
  }

  #compose() {
    const view = this.#view, context = this.#context, dpr = this.#pixelRatio;
    if (!view) return;
    fitCanvas(this.canvas, view, dpr);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#cloud.compose(context, view, dpr);
    this.#ellipses.compose(context, view, dpr);
  }

  #replaceLostContext() {
    const { ellipses } = this.#ellipses;
    if (!(ellipses instanceof EllipsesGL) || !ellipses.lost) return;
    this.#ellipses.destroy();
    this.#ellipses = new EllipseLayer(new Ellipses2D(document.createElement("canvas")));
    this.renderer = "canvas2d";
    this.#sceneChanged = true;
  }
}

/** @param {RendererName} [prefer] @returns {Ellipses2D | EllipsesGL} */
function chooseEllipses(prefer) {
  if (prefer === "webgl2" || (prefer !== "canvas2d" && hasHardwareGpu())) {
    const canvas = document.createElement("canvas");
    try {
      canvas.dataset.kind = "webgl2";
      return new EllipsesGL(canvas);
    } catch (error) {
      console.warn("Drawing without WebGL:", error); // a machine with a GPU and a broken driver still gets its map
    }
  }
  return new Ellipses2D(document.createElement("canvas"));
}

/** WebGL 2 runs, and on a real GPU. @returns {boolean} */
export function hasHardwareGpu() {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : gl.getParameter(gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !SOFTWARE.test(name);
}

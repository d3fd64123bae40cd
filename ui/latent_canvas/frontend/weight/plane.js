// One latent plane: q(z) as filled contours over the prior's circles, the ellipses if wanted, and the marginals at its sides.

import { dataBounds, pick } from "../codes.js";
import { context2d, h, setShown, setText } from "../dom.js";
import { attachPointers } from "../drag.js";
import { wholeView } from "../framing.js";
import { MapRenderer } from "../map_renderer.js";
import { drawOverlay } from "../overlay.js";
import { turnedAxes } from "../scene.js";
import { SpaceCodes } from "../space_codes.js";
import { zoomButtons } from "../stage.js";
import { t } from "../texts.js";
import { bounds, createView, fit, fromBounds, pan, toLatent, zoomAt } from "../view.js";
import { aggregateGrid, marginal } from "./aggregate.js";
import { MarginalCurve } from "./charts.js";
import { MASSES, isobands, massLevels, paintBands } from "./contours.js";

/**
 * @typedef {import("../view.js").View} View
 * @typedef {import("./choice.js").Shown} Shown
 * @typedef {import("./charts.js").Ink} Ink
 *
 * @typedef {object} PlaneScene
 * @property {Shown} shown
 * @property {Ink} ink
 * @property {boolean} dark
 * @property {string[]} colors of the classes
 * @property {boolean} ellipses
 * @property {number} selected index of the selected sample in the codes, -1 for none
 * @property {number} hovered
 * @property {[number, number][]} draws of the prior, numbered on the map
 * @property {[string, string]} [axes] what the axes are called, where they are not z₁ and z₂
 * @property {boolean} moving β or the view moves: samples beyond the first few thousand wait until it rests
 */

/** Contours are computed on a grid of this step, in CSS pixels. */
const TEXEL = 3;
/** While something moves, at most so many samples make up the contours: they come shuffled, so any first ones stand for all. */
const MOVING_SAMPLES = 5_000;
/** The finest grid over the whole plane, in texels: what is narrower is drawn this narrow when the map is zoomed in. */
const FINEST = 512;
/** Beyond so many σ of every sample q(z) has no mass worth a contour. */
const REACH_SIGMA = 3.5;
const SHARES = MASSES.map(({ mass }) => mass);
/** The map is at least this small a part of the picture, and at most this large, in pixels per latent unit. */
const ZOOM = { span: 30, max: 40_000 };
const PICK_PX = 7;
/** Thickness of the marginals beside the map, in CSS pixels; style.css leaves them this room. */
export const MARGINAL_PX = 64;
const MAX_DPR = 2;

export class Plane {
  /**
   * @param {{view: (view: View | null) => void, hover: (index: number) => void, select: (index: number) => void, resized: () => void}} actions
   *   `view` null asks for the whole map
   * @param {string} name for screen readers and tests
   * @param {AbortSignal} signal
   */
  constructor(actions, name, signal) {
    this.actions = actions;
    this.fill = h("canvas", { class: "layer", "aria-hidden": "true", "data-testid": "contours" });
    this.map = h("canvas", { class: "layer", "aria-hidden": "true" });
    this.top = h("canvas", { class: "layer", "aria-hidden": "true" });
    this.tip = h("div", { class: "tip", "aria-hidden": "true" });
    const zoom = zoomButtons({ zoom: (factor) => this.#zoomMiddle(factor), reset: () => actions.view(null) }, signal);
    this.stage = h("div", { class: "stage", tabindex: "0", role: "group", "aria-label": t("weight.plane.label"), "data-testid": `${name}-stage` }, this.fill, this.map, this.top, this.tip, zoom);
    this.title = h("h3", { class: "plane-title", "data-testid": `${name}-title` });
    this.above = new MarginalCurve("top");
    this.beside = new MarginalCurve("right");
    this.root = h("figure", { class: "plane", "data-testid": name }, this.title, this.above.root, this.stage, this.beside.root);
    this.fillContext = context2d(this.fill);
    this.topContext = context2d(this.top);
    this.width = 0;
    this.view = createView();
    /** @type {PlaneScene | null} */
    this.scene = null;
    /** @type {MapRenderer | null} */
    this.renderer = null;
    this.levels = { key: "", values: /** @type {number[]} */ ([]) };
    /** @type {import("./contours.js").Rings[]} */
    this.bands = [];
    this.contourMs = 0;
    attachPointers(this.stage, null, this.#gestures(), signal);
    this.stage.addEventListener("keydown", (event) => this.#key(event), { signal });
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(this.stage);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {"webgl2" | "canvas2d" | null} prefer */
  open(prefer) {
    this.renderer ??= new MapRenderer(this.map, { prefer: prefer ?? undefined });
  }

  #gestures() {
    const nothing = () => {};
    return {
      dragStart: nothing, drag: nothing, dragEnd: nothing, rest: nothing,
      tap: (/** @type {number} */ x, /** @type {number} */ y) => this.actions.select(this.#pickAt(x, y)),
      pan: (/** @type {number} */ dx, /** @type {number} */ dy) => this.actions.view(pan(this.view, dx, dy)),
      zoom: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ factor) =>
        this.actions.view(zoomAt(this.view, x, y, factor, this.#limits)),
      hover: (/** @type {number} */ x, /** @type {number} */ y) => this.#hoverAt(x, y),
      leave: () => this.#hoverAt(-1, -1),
    };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const acts = /** @type {Record<string, () => void>} */ ({
      "+": () => this.#zoomMiddle(1.4), "=": () => this.#zoomMiddle(1.4), "-": () => this.#zoomMiddle(1 / 1.4), 0: () => this.actions.view(null),
      ArrowLeft: () => this.actions.view(pan(this.view, 40, 0)), ArrowRight: () => this.actions.view(pan(this.view, -40, 0)),
      ArrowUp: () => this.actions.view(pan(this.view, 0, 40)), ArrowDown: () => this.actions.view(pan(this.view, 0, -40)),
    });
    if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  get #limits() {
    return { min: this.width / ZOOM.span, max: ZOOM.max };
  }

  /** @param {number} factor */
  #zoomMiddle(factor) {
    this.actions.view(zoomAt(this.view, this.width / 2, this.width / 2, factor, this.#limits));
  }

  /** @param {number} x @param {number} y */
  #pickAt(x, y) {
    if (!this.scene || x < 0) return -1;
    const [zx, zy] = toLatent(this.view, x, y);
    return pick(this.scene.shown.current, zx, zy, 1, PICK_PX / this.view.scale, undefined, this.scene.shown.correlation);
  }

  /** @param {number} x @param {number} y */
  #hoverAt(x, y) {
    const index = this.#pickAt(x, y);
    this.tip.classList.toggle("shown", index >= 0);
    if (this.scene && index >= 0) {
      const { model, codes } = this.scene.shown;
      setText(this.tip, t("weight.sample", { label: model.spec.label_names[codes.labels[index]], id: codes.ids[index] }));
      this.tip.style.transform = `translate(${Math.min(x + 12, this.width - 150)}px, ${y + 14}px)`;
    }
    this.actions.hover(index);
  }

  #resized() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.width = width;
    const dpr = Math.min(window.devicePixelRatio || 1, MAX_DPR);
    for (const canvas of [this.fill, this.top]) {
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
    }
    this.actions.resized();
  }

  /**
   * @param {[number, number, number, number] | null} box what is chosen to be shown; null for the whole map
   * @param {Shown[]} all the maps that share the view
   */
  place(box, all) {
    if (!this.width) return;
    if (box) this.view = fromBounds(box, this.width, this.width);
    else {
      const views = all.map(({ current }) => wholeView(current, this.width, this.width));
      this.view = views.reduce((a, b) => (b.scale < a.scale ? b : a));
    }
  }

  /** @param {PlaneScene} scene */
  draw(scene) {
    this.scene = scene;
    if (!this.width) return;
    this.tip.classList.remove("shown"); // what is under the pointer has changed
    const began = performance.now();
    this.#contour();
    this.#paint();
    this.#drawMarginals();
    this.contourMs = performance.now() - began;
    this.#drawEllipses();
    this.drawOverlay();
  }

  get #n() {
    const { shown, moving } = /** @type {PlaneScene} */ (this.scene);
    return moving ? Math.min(MOVING_SAMPLES, shown.codes.n) : shown.codes.n;
  }

  #contour() {
    const { shown } = /** @type {PlaneScene} */ (this.scene);
    const n = this.#n;
    const box = dataBounds(shown.current, REACH_SIGMA);
    const [xmin, xmax, ymin, ymax] = bounds(this.view);
    const inSight = box[0] >= xmin && box[1] <= xmax && box[2] >= ymin && box[3] <= ymax;
    const whole = fit(box, this.width, this.width);
    const narrowest = this.width / whole.scale / FINEST;
    const seen = !inSight && TEXEL / this.view.scale < narrowest ? widened(shown.current, shown.correlation, narrowest) : shown;
    const grid = aggregateGrid(seen.current, n, this.view, TEXEL, undefined, seen.correlation);
    const levels = inSight ? massLevels(grid.values, SHARES, total(this.view, TEXEL)) : this.#wholeLevels(seen, n, whole);
    this.bands = levels.map((level) => isobands(grid, level));
  }

  /**
   * The picture does not hold all of q's mass: the levels come from the whole plane, in steps as fine as the picture's.
   * @param {Seen} seen @param {number} n @param {View} whole
   */
  #wholeLevels({ current, correlation }, n, whole) {
    const { shown } = /** @type {PlaneScene} */ (this.scene);
    const texel = Math.max((TEXEL * whole.scale) / this.view.scale, this.width / FINEST);
    const key = [shown.key, n, texel, this.width].join();
    if (this.levels.key !== key) {
      const grid = aggregateGrid(current, n, whole, texel, undefined, correlation);
      this.levels = { key, values: massLevels(grid.values, SHARES, total(whole, texel)) };
    }
    return this.levels.values;
  }

  #paint() {
    const { ink } = /** @type {PlaneScene} */ (this.scene);
    const context = this.fillContext;
    const dpr = this.fill.width / this.width;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, this.width, this.width);
    paintBands(context, this.bands, ink.accent, 1 / dpr);
  }

  #drawMarginals() {
    const { shown, ink, axes = ["z₁", "z₂"] } = /** @type {PlaneScene} */ (this.scene);
    const [xmin, xmax, ymin, ymax] = bounds(this.view);
    const count = Math.max(16, Math.round(this.width / 2));
    const sides = /** @type {const} */ ([[this.above, 0, xmin, xmax], [this.beside, 1, ymin, ymax]]);
    for (const [curve, axis, from, to] of sides) {
      const values = marginal(shown.current, this.#n, axis, from, to, count);
      curve.setName(axes[axis]);
      curve.setInk(ink);
      curve.draw({ from, to, values, lengthPx: this.width, thicknessPx: MARGINAL_PX, top: MARGINAL_TOP });
    }
  }

  #drawEllipses() {
    const { shown, colors, ellipses, dark } = /** @type {PlaneScene} */ (this.scene);
    setShown(this.map, ellipses);
    if (!ellipses || !this.renderer) return;
    this.renderer.setScene({
      n: shown.codes.n, codes: shown.current, correlation: shown.correlation, classes: shown.codes.labels, colors, visible: new Uint8Array(colors.length).fill(1),
      kSigma: 1, cloud: false, outlines: true, dark,
    });
    this.renderer.setView(this.view, { moving: this.scene?.moving });
    this.renderer.frame();
  }

  /** Go on with a picture of ellipses that did not fit into one frame. @returns {boolean} another frame is needed */
  refine() {
    return Boolean(this.scene?.ellipses && this.renderer?.frame());
  }

  drawOverlay() {
    if (!this.scene || !this.width) return;
    const { ink, selected, hovered, draws, axes } = this.scene;
    drawOverlay(this.topContext, {
      view: this.view, ink: { ...ink, accent: ink.text }, labels: [], kSigma: 1, selected: this.#gaussian(selected),
      hovered: this.#gaussian(hovered), pins: draws, path: new Float32Array(0), strongPrior: true, axes,
    }, this.top.width / this.width);
  }

  /** @param {number} index */
  #gaussian(index) {
    const current = this.scene?.shown.current;
    if (!current || index < 0 || 4 * index >= current.length) return null;
    const [m1, m2, s1, s2] = current.subarray(4 * index, 4 * index + 4);
    const rho = this.scene?.shown.correlation?.[index] ?? 0;
    return { mu: /** @type {[number, number]} */ ([m1, m2]), sigma: /** @type {[number, number]} */ ([s1, s2]), rho };
  }

  destroy() {
    this.renderer?.destroy();
  }
}

/**
 * Where points of the latent space are on the map.
 * @param {number[][]} points [m][d] @param {import("../store.js").Model} model
 * @returns {[number, number][]}
 */
export function placesOf(points, { codes }) {
  return points.map((z) => (codes instanceof SpaceCodes && codes.d > 2 ? codes.plane.project(z) : [z[0], z[1]]));
}

/** Density at full thickness of a marginal: N(0, 1) takes two thirds of it. */
const MARGINAL_TOP = 1.5 / Math.sqrt(2 * Math.PI);

/** Sum of a grid's values that stands for a mass of 1. @param {View} view @param {number} texel CSS pixels */
function total(view, texel) {
  return (view.scale / texel) ** 2;
}

/** @typedef {{current: Float32Array, correlation: Float32Array | null}} Seen codes [n][4], and how far each Gaussian is turned [n] */

/**
 * The codes with no Gaussian narrower than `least`, in any direction.
 * @param {Float32Array} codes @param {Float32Array | null} correlation @param {number} least
 * @returns {Seen}
 */
export function widened(codes, correlation, least) {
  const current = codes.slice();
  const turned = correlation?.slice() ?? null;
  for (let c = 0; c < current.length; c += 4) {
    const rho = turned?.[c / 4] ?? 0;
    const [long, short, angle] = turnedAxes(current[c + 2], current[c + 3], rho);
    if (short >= least) continue;
    if (turned && rho) {
      const [a, b] = [Math.max(long, least) ** 2, least ** 2];
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      current[c + 2] = Math.sqrt(a * cos * cos + b * sin * sin);
      current[c + 3] = Math.sqrt(a * sin * sin + b * cos * cos);
      turned[c / 4] = ((a - b) * cos * sin) / (current[c + 2] * current[c + 3]);
    } else {
      current[c + 2] = Math.max(current[c + 2], least);
      current[c + 3] = Math.max(current[c + 3], least);
    }
  }
  return { current, correlation: turned };
}

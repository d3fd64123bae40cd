// One mounted latent map: holds the state, listens to hands and server, and draws at most once per animation frame.

import { fromInitial, toParams } from "./address.js";
import { BetaSlider } from "./beta_slider.js";
import { Camera } from "./camera.js";
import { pick } from "./codes.js";
import { h, saveFile, setShown, setText } from "./dom.js";
import { attachPointers } from "./drag.js";
import { ImportedDecoder } from "./imported_decoder.js";
import { attachKeys } from "./keys.js";
import { attachMapExtras } from "./map_extras.js";
import { Painter } from "./painter.js";
import { PlanePanel } from "./planes/plane_panel.js";
import { Panel } from "./panel.js";
import { PathPanel } from "./path_panel.js";
import { formatBeta } from "./scale.js";
import { clickClass, shownMask } from "./showing.js";
import { Stage } from "./stage.js";
import { getModel, onChange } from "./store.js";
import { Teller } from "./teller.js";
import { attachTerms, rich } from "./terms.js";
import { t } from "./texts.js";
import { Toolbar } from "./toolbar.js";
import { bounds, createView, pan, toLatent } from "./view.js";
import { group } from "./words.js";

/**
 * @typedef {import("./address.js").ViewState} ViewState
 * @typedef {import("./store.js").Model} Model
 * @typedef {object} ViewData what the page's Python sends with the view
 * @property {string} digest
 * @property {string} model
 * @property {Partial<ViewState>} initial
 * @property {number} start β to begin with where the address names none
 * @property {boolean} originals whether original images can be asked for
 * @property {string} missing why they cannot
 * @property {"webgl2" | "canvas2d" | null} renderer
 */

/** z stays in this square: the prior's mass beyond is 1e-22. */
const Z_LIMIT = 10;
/** A sample is under the pointer when its μ is this near, in CSS pixels, or inside its ellipse. */
const PICK_PX = 7;

export class LatentCanvas {
  /**
   * @param {HTMLElement | ShadowRoot} parent
   * @param {{extras?: boolean}} [options] extras: with its tour, demo mode and lesson links; a page that has the map as a part has its own
   */
  constructor(parent, { extras = true } = {}) {
    this.abort = new AbortController();
    const { signal } = this.abort;
    /** @type {Model | null} */
    this.model = null;
    /** @type {ViewData | null} */
    this.data = null;
    /** @type {ViewState} */
    this.state = fromInitial("", 1, {});
    this.view = createView();
    /** The model was changed on this page: the server has forgotten the view. */
    this.switched = false;
    this.moving = false;
    this.dragging = false;
    this.hovered = -1;
    this.selectedIndex = -1;
    this.painter = new Painter(this);
    this.camera = new Camera(this);
    this.teller = new Teller(toParams, () => this.dragging, () => this.#rest(), signal);
    this.toolbar = this.#makeToolbar(signal);
    this.beta = new BetaSlider((beta, resting) => this.setBeta(beta, resting), signal);
    this.panel = this.#makePanel(signal);
    this.paths = this.#makePaths(signal);
    /** The plane through more than two dimensions, of models that have them. */
    this.planes = new PlanePanel(this, signal);
    this.stage = this.#makeStage(signal);
    this.status = h("p", { class: "status", "data-testid": "status" });
    this.intro = h("p", { class: "intro" }, ...rich("map.intro"));
    this.more = h("button", { type: "button", "data-testid": "load-all" });
    this.root = this.#layOut();
    this.more.addEventListener("click", () => this.#loadAll(), { signal });
    attachPointers(this.stage.root, this.stage.handle, this.#gestures(), signal);
    attachKeys(this.root, this.stage.root, this, signal);
    attachTerms(this.root, signal);
    onChange((digest) => digest === this.data?.digest && this.#modelChanged(), signal);
    parent.append(this.root);
    if (extras) attachMapExtras(this, signal);
  }

  /** @param {AbortSignal} signal */
  #makeToolbar(signal) {
    return new Toolbar({
      change: (part) => this.change(part),
      clickClass: (index, alone) => this.change(clickClass(this.state, index, alone, this.painter.colors.length)),
      savePicture: () => this.#savePicture(),
    }, signal);
  }

  /** @param {AbortSignal} signal */
  #makePanel(signal) {
    return new Panel({
      select: (index) => this.select(index),
      focus: (index) => this.#hover(index, ""),
      clear: () => this.select(-1),
    }, signal);
  }

  /** @param {AbortSignal} signal */
  #makePaths(signal) {
    return new PathPanel({
      pin: () => this.pin(),
      unpin: () => this.change({ pins: this.state.pins.slice(0, -1) }),
      clear: () => this.change({ pins: [] }),
      through: (through) => this.change({ through }),
      visit: (z) => this.moveTo(z),
      decode: (z) => /** @type {Model} */ (this.model).decoder.decode(z),
      fileName: () => this.#fileName(),
    }, signal);
  }

  /** @param {AbortSignal} signal */
  #makeStage(signal) {
    return new Stage({
      zoom: (factor) => this.zoomMiddle(factor),
      reset: () => this.resetView(),
      resize: (width, height) => this.camera.resized(width, height),
    }, signal);
  }

  #layOut() {
    const statusRow = h("div", { class: "row status-row" }, this.status, this.more);
    const under = h("div", { class: "under" }, this.toolbar.legend, statusRow);
    const rest = h("div", { class: "rest" }, this.panel.card, this.panel.nearest, this.paths.root);
    const left = h("div", { class: "column left" }, this.stage.root, under, this.planes.root);
    const right = h("div", { class: "column right" }, this.panel.root, this.beta.root, rest);
    const layout = h("div", { class: "layout" }, this.toolbar.root, left, right);
    return h("div", { class: "latent-canvas", "data-testid": "latent-canvas" }, this.intro, layout, this.panel.live);
  }

  #gestures() {
    return {
      dragStart: () => this.#startDrag(),
      drag: (/** @type {number} */ x, /** @type {number} */ y) => this.moveTo(toLatent(this.view, x, y)),
      dragEnd: () => this.#endDrag(),
      tap: (/** @type {number} */ x, /** @type {number} */ y) => this.#tap(x, y),
      pan: (/** @type {number} */ dx, /** @type {number} */ dy) => this.camera.set(pan(this.view, dx, dy)),
      zoom: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ factor) => this.camera.zoom(x, y, factor),
      rest: () => this.teller.restSoon(),
      hover: (/** @type {number} */ x, /** @type {number} */ y) => this.#hoverAt(x, y),
      leave: () => this.#hover(-1, ""),
    };
  }

  // ---- what the server says

  /**
   * @param {any} component arguments of Streamlit's call
   * @param {ViewData} data
   */
  update(component, data) {
    this.teller.setStateValue = component.setStateValue;
    const before = this.data;
    this.data = data;
    this.painter.readTheme();
    if (before?.digest === data.digest) return;
    this.switched = before !== null;
    this.model = null;
    this.root.removeAttribute("data-ready");
    const { beta, z, k, colour, grid, cloud } = this.state;
    this.state = fromInitial(data.model, data.start, before ? { beta, z, k, colour, grid, cloud } : data.initial);
    this.teller.open(data.digest);
    this.#modelChanged();
  }

  #modelChanged() {
    const model = getModel(/** @type {ViewData} */ (this.data).digest);
    if (!model || model.codes.n === 0) return;
    const fresh = this.model !== model;
    this.model = model;
    if (fresh) this.#openModel(model);
    this.selectedIndex = model.codes.ids.indexOf(this.state.selected);
    if (!fresh) this.planes.arrived();
    this.#wantOriginal(this.selectedIndex);
    this.#showMore();
    setText(this.more, t("map.load_all", { total: group(model.spec.samples) }));
    this.painter.invalidate("beta", "scene", "sample", "view");
  }

  /** @param {Model} model */
  #openModel(model) {
    const { spec } = model;
    this.beta.setModel(spec.betas, spec.beta_collapse, spec.imported);
    this.state.beta = Math.min(this.state.beta, spec.beta_max);
    this.state.only = Math.min(this.state.only, spec.label_names.length - 1);
    this.hovered = -1;
    if (this.state.show === "selected" && this.state.selected < 0) this.state.show = "all";
    this.planes.open(model);
    this.intro.replaceChildren(...rich(spec.betas.length > 1 ? "map.intro" : "map.intro.alone"));
    this.painter.openModel(model, this.data?.renderer ?? null);
    this.toolbar.setClasses(spec.label_names, this.painter.colors);
    this.beta.set(this.state.beta);
    this.toolbar.set(this.state);
    this.paths.set(this.state.pins, this.state.through, spec.shape);
    this.camera.place();
    // The address learns of the model now; the server knows what it has just sent.
    this.teller.tell(this.state, !this.switched);
    if (model.decoder instanceof ImportedDecoder && model.decoder.approximate) this.teller.restSoon();
  }

  // ---- what hands do

  /** @param {Partial<ViewState>} part */
  change(part) {
    Object.assign(this.state, part);
    if (part.show === "selected" && this.state.selected < 0) return this.selectNearest();
    this.toolbar.set(this.state);
    this.painter.invalidate("scene", "sample");
    if (part.selected !== undefined) this.selectedIndex = this.model?.codes.ids.indexOf(part.selected) ?? -1;
    if (("pins" in part || "through" in part) && this.model) {
      this.paths.set(this.state.pins, this.state.through, this.model.spec.shape);
      this.painter.invalidate("path");
    }
    if ("grid" in part) this.painter.invalidate("ground");
    this.planes.changed(part);
    this.teller.restSoon();
  }

  /**
   * @param {readonly [number, number]} z
   */
  moveTo(z) {
    const clamp = (/** @type {number} */ v) => Math.min(Math.max(v, -Z_LIMIT), Z_LIMIT);
    this.state.z = [clamp(z[0]), clamp(z[1])];
    this.painter.moveZ();
    if (this.model) this.teller.picturesSoon(this.model.decoder, this.state.z);
    if (!this.dragging) this.teller.restSoon();
  }

  /**
   * Move z by keys, and bring it back into sight where it had left.
   * @param {number} dx latent units
   * @param {number} dy
   */
  nudge(dx, dy) {
    this.paths.stop();
    const [x, y] = this.state.z;
    this.moveTo([x + dx, y + dy]);
    const [xmin, xmax, ymin, ymax] = bounds(this.view);
    const [zx, zy] = this.state.z;
    if (zx < xmin || zx > xmax || zy < ymin || zy > ymax) this.camera.set(createView({ ...this.view, x0: zx, y0: zy }));
  }

  #startDrag() {
    this.dragging = true;
    this.teller.lookAway();
    this.paths.stop();
    this.#hover(-1, "");
    this.stage.root.classList.add("dragging");
  }

  #endDrag() {
    this.dragging = false;
    this.stage.root.classList.remove("dragging");
    this.teller.restSoon();
  }

  /**
   * @param {number} beta
   * @param {boolean} resting the slider was released
   */
  setBeta(beta, resting) {
    this.state.beta = beta;
    this.beta.set(beta);
    this.moving = !resting;
    this.planes.changed({ beta });
    this.painter.invalidate("beta");
    if (resting) this.teller.restSoon();
  }

  /** @param {number} x @param {number} y */
  #tap(x, y) {
    this.paths.stop();
    this.stage.handle.focus({ preventScroll: true });
    this.moveTo(toLatent(this.view, x, y));
    const index = this.#pickAt(x, y);
    if (index >= 0) this.select(index);
  }

  /** @param {number} index in the model's codes; -1 clears */
  select(index) {
    const id = index < 0 || !this.model ? -1 : this.model.codes.ids[index];
    this.#wantOriginal(index);
    const show = id < 0 && this.state.show === "selected" ? "all" : this.state.show;
    this.change({ selected: id, show });
  }

  /** Select the sample whose μ is nearest to z. */
  selectNearest() {
    const mask = this.state.show === "selected" ? undefined : this.shownMask();
    const [index] = this.#nearest(mask);
    if (index !== undefined) this.select(index);
  }

  /** @param {import("./codes.js").Mask} [mask] */
  #nearest(mask) {
    return this.model?.codes.nearestTo(this.state.z, this.state.beta, this.painter.current, 1, mask) ?? [];
  }

  pin() {
    this.change({ pins: [...this.state.pins, [...this.state.z]] });
  }

  /** @param {number} x @param {number} y */
  #pickAt(x, y) {
    if (this.state.show === "selected") return -1;
    const [lx, ly] = toLatent(this.view, x, y);
    return pick(this.painter.current, lx, ly, this.state.k, PICK_PX / this.view.scale, this.shownMask(), this.model?.codes.correlation);
  }

  /** @param {number} x @param {number} y */
  #hoverAt(x, y) {
    if (this.dragging || !this.model) return;
    const index = this.#pickAt(x, y);
    const label = index < 0 ? "" : this.model.spec.label_names[this.model.codes.labels[index]];
    this.#hover(index, index < 0 ? "" : t("map.tip", { label, id: this.model.codes.ids[index] }), x, y);
  }

  /** @param {number} index @param {string} tip @param {number} [x] @param {number} [y] */
  #hover(index, tip, x = 0, y = 0) {
    this.stage.showTip(tip, x, y);
    this.stage.root.classList.toggle("over-sample", index >= 0);
    if (index === this.hovered) return;
    this.hovered = index;
    this.#wantOriginal(index);
    this.painter.invalidate("sample");
  }

  // ---- at rest

  resetView() {
    this.camera.reset();
  }

  /** @param {number} factor */
  zoomMiddle(factor) {
    this.camera.zoomMiddle(factor);
  }

  #rest() {
    if (!this.model) return;
    this.moving = false;
    this.painter.invalidate("view", "sample");
    this.camera.frameWhole();
    this.teller.tell(this.state, this.paths.playing !== 0);
    // The strip of neighbours shows originals from the first rest on.
    this.#wantOriginal(this.#nearest()[0] ?? -1);
    this.teller.wantPictures(this.model.decoder, this.state.z);
    this.panel.sayWords();
  }

  /** @param {number} index a sample that is looked at, -1 for none */
  #wantOriginal(index) {
    this.teller.lookAway();
    if (index >= 0 && this.data?.originals && !this.model?.original(index)) this.teller.wantOriginals();
  }

  #loadAll() {
    this.teller.want({ all: true });
    this.#showMore();
  }

  #showMore() {
    setShown(this.more, !this.teller.wanted.all && this.model !== null && this.model.codes.n < this.model.spec.samples);
  }

  /** @returns {((index: number) => boolean) | undefined} which samples the map shows; undefined for all */
  shownMask() {
    return shownMask(this.state, this.model?.codes.labels ?? [], this.selectedIndex);
  }

  #fileName() {
    return `${this.state.model}-beta-${formatBeta(this.state.beta)}`;
  }

  #savePicture() {
    const { ink } = this.painter;
    const { model, state } = this;
    if (!model) return;
    this.painter.finish();
    const caption = t("map.caption", { title: model.spec.title, beta: formatBeta(state.beta), k: state.k });
    this.stage.picture(ink.background, caption, ink.text).toBlob((blob) => blob && saveFile(blob, `${this.#fileName()}.png`));
  }

  destroy() {
    this.abort.abort();
    this.camera.stop();
    this.painter.destroy();
    this.root.remove();
  }
}

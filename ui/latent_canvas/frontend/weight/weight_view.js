// The page of the KL weight: holds the state, listens to hands and server, and draws at most once per animation frame.

import { weightParams, weightState } from "../address.js";
import { BetaSlider } from "../beta_slider.js";
import { h, setShown, setText } from "../dom.js";
import { glide } from "../framing.js";
import { classColors } from "../palette.js";
import { PlanePanel } from "../planes/plane_panel.js";
import { formatBeta, nearestNode } from "../scale.js";
import { getModel, getTable, onChange } from "../store.js";
import { Teller } from "../teller.js";
import { attachTerms, rich } from "../terms.js";
import { t } from "../texts.js";
import { isDark, readInk } from "../theme.js";
import { bounds } from "../view.js";
import { group } from "../words.js";
import { Chooser, nearestReference, titleOf, whySeparate } from "./choice.js";
import { hostOf, makeControls } from "./controls.js";
import { Figures } from "./figures.js";
import { layOut, showAlong } from "./layout.js";
import { Numbers } from "./numbers.js";
import { Plane, placesOf } from "./plane.js";
import { Player } from "./player.js";
import { regime, remembers } from "./regime.js";
import { Strips, oneOfEach, withSelected } from "./strips.js";
import { attachWeightExtras } from "./weight_extras.js";

/**
 * @typedef {import("../address.js").WeightState} WeightState
 * @typedef {import("./choice.js").Shown} Shown
 * @typedef {"beta" | "view" | "sample" | "pinned" | "chosen"} Part
 * @typedef {object} WeightData what the page's Python sends with the view
 * @property {string} digest
 * @property {string} model
 * @property {Partial<WeightState>} initial
 * @property {number} start
 * @property {string} missing
 * @property {"webgl2" | "canvas2d" | null} renderer
 */

/** Samples in the strip of reconstructions. */
const STRIP_SAMPLES = 10;

export class WeightView {
  /** @param {HTMLElement | ShadowRoot} parent */
  constructor(parent) {
    this.abort = new AbortController();
    const { signal } = this.abort;
    /** @type {WeightData | null} */
    this.data = null;
    /** @type {WeightState} */
    this.state = weightState("", 1, {});
    /** @type {Shown | null} */
    this.current = null;
    /** @type {Shown | null} */
    this.pinned = null;
    this.choosers = { current: new Chooser(), pinned: new Chooser() };
    this.ink = { text: "#222", background: "#fff", accent: "#4457c0", soft: "#667", line: "#ccc" };
    this.dark = false;
    this.switched = false; // the model was changed on this page
    this.moving = false;
    this.hovered = -1;
    this.player = new Player((beta) => this.setBeta(beta, false));
    this.gliding = new AbortController();
    this.dirty = /** @type {Set<Part>} */ (new Set());
    this.frameId = 0;
    this.frames = 0;
    /** @type {number[]} data-set indices of the samples in the strip */
    this.stripped = [];
    /** @type {string[]} */
    this.colors = [];
    this.teller = new Teller(weightParams, () => this.player.playing, () => this.#rest(), signal);
    this.beta = new BetaSlider((beta, resting) => { this.stop(); this.setBeta(beta, resting); }, signal);
    const planeActions = (/** @type {boolean} */ pinned) => ({
      view: (/** @type {import("../view.js").View | null} */ view) => this.#setView(view),
      hover: (/** @type {number} */ index) => this.#hover(index, pinned),
      select: (/** @type {number} */ index) => this.#select(index, pinned),
      resized: () => this.invalidate("view"),
    });
    this.planes = { current: new Plane(planeActions(false), "plane", signal), pinned: new Plane(planeActions(true), "pinned-plane", signal) };
    /** The plane through more than two dimensions, and a family's alignment. */
    this.planePanel = new PlanePanel(hostOf(this), signal);
    this.numbers = new Numbers();
    this.strips = { current: new Strips(0), pinned: new Strips(0) };
    this.figures = new Figures(this, signal);
    this.words = { intro: h("p", { class: "intro" }, ...rich("weight.intro")), title: h("h3", { "data-testid": "regime-title" }), text: h("p", { "data-testid": "regime-text" }), remembers: h("p", { class: "remembers", "data-testid": "remembers" }) };
    this.controls = makeControls(this, signal);
    this.why = h("p", { class: "why-separate", "data-testid": "why-separate" });
    this.status = h("p", { class: "status", "data-testid": "status" });
    this.live = h("div", { class: "visually-hidden", "aria-live": "polite" });
    this.opened = false;
    this.glided = false;
    this.root = layOut(this);
    attachTerms(this.root, signal);
    onChange((digest) => this.#arrived(digest), signal);
    parent.append(this.root);
    attachWeightExtras(this, signal);
  }

  // ---- what the server says

  /**
   * @param {any} component arguments of Streamlit's call
   * @param {WeightData} data
   */
  update(component, data) {
    this.teller.setStateValue = component.setStateValue;
    const before = this.data;
    this.data = data;
    this.#readTheme();
    if (before?.digest === data.digest) return;
    this.stop();
    this.switched = before !== null;
    this.root.removeAttribute("data-ready");
    this.current = this.pinned = null;
    this.opened = false;
    this.state = weightState(data.model, data.start, before ? { ellipses: this.state.ellipses, beta: data.initial.beta ?? this.state.beta } : data.initial);
    this.teller.open(data.digest);
    if (data.initial.separate || data.initial.compare?.separate) this.teller.wanted = { ...this.teller.wanted, separate: true };
    this.#arrived(data.digest);
  }

  /** @param {string} digest of the model that something has come of */
  #arrived(digest) {
    const { data } = this;
    const table = data && getTable(data.digest);
    if (!data || !table || (digest !== data.digest && !table.references.some((r) => r.digest === digest))) return;
    const model = getModel(data.digest);
    if (!model || model.codes.n === 0) return;
    if (this.opened) this.planePanel.arrived();
    else this.#open(model, table);
    setText(this.controls.more, t("weight.more", { total: group(model.spec.samples) }));
    this.#showMore();
    this.invalidate("beta", "pinned", "view", "sample");
  }

  /** @param {import("../store.js").Model} model @param {import("../store.js").Table} table */
  #open(model, table) {
    this.opened = true;
    const { spec } = model;
    this.beta.setModel(spec.betas, spec.beta_collapse, spec.imported);
    this.planePanel.open(model);
    showAlong(this, spec.betas.length > 1);
    // An address may name any β: pictures and numbers agree where codes were computed.
    const stored = (/** @type {number} */ beta) => spec.betas[nearestNode(spec.betas, beta)];
    this.state.beta = stored(this.state.beta);
    if (this.state.compare) this.state.compare.beta = stored(this.state.compare.beta);
    this.beta.set(this.state.beta);
    if (!table.references.length) Object.assign(this.state, { separate: false, compare: this.state.compare && { ...this.state.compare, separate: false } });
    this.colors = classColors(spec.label_names.length);
    this.stripped = oneOfEach(model.codes.labels, STRIP_SAMPLES).map((index) => model.codes.ids[index]);
    for (const side of /** @type {const} */ (["current", "pinned"])) {
      const fresh = new Strips(table.draws.length);
      this.strips[side].root.replaceWith(fresh.root);
      this.strips[side] = fresh;
      this.planes[side].open(this.data?.renderer ?? null);
    }
    setShown(this.controls.separate.root, table.references.length > 0);
    this.figures.open(table, spec);
    this.#showControls();
    this.teller.tell(this.state, !this.switched);
  }

  #readTheme() {
    const ink = readInk(this.root);
    if (JSON.stringify(ink) === JSON.stringify(this.ink)) return;
    this.ink = ink;
    this.dark = isDark(ink.background);
    this.figures.setInk(ink);
    this.invalidate("beta", "pinned");
  }

  // ---- what hands do

  /** @param {Partial<WeightState>} part */
  change(part) {
    Object.assign(this.state, part);
    if (this.state.separate || this.state.compare?.separate) this.teller.want({ separate: true });
    this.#showControls();
    this.planePanel.changed(part);
    this.invalidate("beta", "pinned", "view", "sample");
    this.teller.restSoon();
  }

  #showControls() {
    const { ellipses, separate, compare } = this.controls;
    const { state } = this;
    ellipses.input.checked = state.ellipses;
    separate.input.checked = state.separate;
    setText(compare, t(state.compare ? "weight.unpin" : "weight.pin"));
    compare.setAttribute("aria-pressed", String(state.compare !== null));
    this.root.classList.toggle("comparing", state.compare !== null);
    for (const part of [this.planes.pinned.root, this.strips.pinned.root]) setShown(part, state.compare !== null);
  }

  /**
   * @param {number} beta
   * @param {boolean} resting the slider was released
   */
  setBeta(beta, resting) {
    this.state.beta = this.beta.stepped ? this.beta.betas[nearestNode(this.beta.betas, beta)] : beta;
    this.planePanel.changed({ beta });
    this.beta.set(this.state.beta);
    this.moving = !resting;
    this.invalidate("beta");
    if (resting) this.teller.restSoon();
  }

  play() {
    this.controls.play.textContent = "❚❚";
    this.player.start(this.state.beta, this.beta.betaMax);
  }

  /** Stop playing; β comes to rest where codes were computed. */
  stop() {
    if (!this.player.playing) return;
    this.player.stop();
    this.controls.play.textContent = "▶";
    const { betas } = this.beta;
    this.setBeta(betas[nearestNode(betas, this.state.beta)], true);
  }

  /** @param {import("../view.js").View | null} view null for the whole map */
  #setView(view) {
    this.gliding.abort();
    this.state.view = view && /** @type {[number, number, number, number]} */ (bounds(view));
    this.moving = view !== null;
    this.invalidate("view");
    this.teller.restSoon();
  }

  /** @param {number} index in the codes of the map it was found on @param {boolean} pinned */
  #hover(index, pinned) {
    const id = this.#idOf(index, pinned);
    if (id === this.hovered) return;
    this.hovered = id;
    this.invalidate("sample");
  }

  /** @param {number} index @param {boolean} pinned */
  #select(index, pinned) {
    this.state.selected = this.#idOf(index, pinned);
    this.planePanel.changed({ selected: this.state.selected });
    this.invalidate("sample", "chosen");
    this.teller.restSoon();
  }

  /** @param {number} index @param {boolean} pinned @returns {number} the data set's, the same on both maps */
  #idOf(index, pinned) {
    const shown = pinned ? this.pinned : this.current;
    return index >= 0 && shown ? shown.codes.ids[index] : -1;
  }

  loadAll() {
    this.teller.want({ all: true });
    this.#showMore();
  }

  #showMore() {
    const model = this.data && getModel(this.data.digest);
    setShown(this.controls.more, Boolean(model && !this.teller.wanted.all && model.codes.n < model.spec.samples));
  }

  #rest() {
    if (!this.current) return;
    this.moving = false;
    this.invalidate("beta", "view");
    this.#frameWhole();
    this.teller.tell(this.state, false);
    setText(this.live, t("weight.live", { beta: formatBeta(this.state.beta), title: this.words.title.textContent ?? "", remembers: this.words.remembers.textContent ?? "" }));
    this.figures.describe(this.current, this.words.title.textContent ?? "");
  }

  /** Where the person has chosen no view, the whole map glides to what β now needs. */
  #frameWhole() {
    const plane = this.planes.current;
    if (this.state.view || !plane.width) return;
    const from = plane.view;
    plane.place(null, [this.current, this.pinned].filter((shown) => shown !== null));
    const target = plane.view;
    plane.view = from;
    if (Math.abs(target.scale / from.scale - 1) < 0.02) return;
    this.gliding.abort();
    this.gliding = new AbortController();
    glide(from, target, (view) => {
      for (const side of [this.planes.current, this.planes.pinned]) side.view = view;
      this.glided = true;
      this.invalidate("view");
    }, this.gliding.signal);
  }

  // ---- drawing

  /** @param {Part[]} parts */
  invalidate(...parts) {
    for (const part of parts) this.dirty.add(part);
    if (!this.frameId) this.frameId = requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.frameId = 0;
    const { data, dirty } = this;
    if (!data || !this.opened) return;
    this.dirty = new Set();
    const { state } = this;
    if (dirty.has("beta")) this.current = this.choosers.current.resolve(data.digest, state) ?? this.current;
    if (dirty.has("pinned")) this.pinned = state.compare && this.choosers.pinned.resolve(data.digest, state.compare);
    const table = getTable(data.digest);
    if (!this.current || !table) return;
    this.#drawPlanes(dirty, table);
    if (["beta", "pinned", "chosen"].some((part) => dirty.has(/** @type {Part} */ (part)))) this.#drawRest(this.current, table, dirty);
    this.frames += 1;
    this.#tell(this.current);
    if (this.planes.current.refine() || (this.pinned && this.planes.pinned.refine())) this.invalidate();
  }

  /** @param {Set<Part>} dirty @param {import("../store.js").Table} table */
  #drawPlanes(dirty, table) {
    const { current, pinned } = this.planes;
    if (dirty.has("view") && !this.glided) {
      // While β moves the frame stands still; at rest it glides to where everything is in sight.
      if (this.state.view || !this.moving) for (const plane of [current, pinned]) plane.place(this.state.view, [this.current, this.pinned].filter((shown) => shown !== null));
    }
    this.glided = false;
    /** @type {[Plane, Shown | null, boolean][]} */
    const sides = [[current, this.current, dirty.has("beta")], [pinned, this.pinned, dirty.has("pinned")]];
    for (const [plane, shown, changed] of sides) {
      if (!shown) continue;
      const title = titleOf(shown);
      setText(plane.title, this.pinned ? t(plane === pinned ? "weight.pinned" : "weight.now", { title }) : title);
      const index = (/** @type {number} */ id) => (id < 0 ? -1 : shown.codes.ids.indexOf(id));
      const scene = {
        shown, ink: this.ink, dark: this.dark, colors: this.colors, ellipses: this.state.ellipses, moving: this.moving,
        selected: index(this.state.selected), hovered: index(this.hovered), draws: placesOf(table.draws, shown.model), axes: this.planePanel.axes,
      };
      if (changed || dirty.has("view")) plane.draw(scene);
      else if (dirty.has("sample")) {
        plane.scene = scene;
        plane.drawOverlay();
      }
    }
  }

  /**
   * @param {Shown} current
   * @param {import("../store.js").Table} table
   * @param {Set<Part>} dirty
   */
  #drawRest(current, table, dirty) {
    const shared = getModel(/** @type {WeightData} */ (this.data).digest);
    if (!shared) return;
    const { pinned, state } = this;
    const samples = shared.spec.samples;
    const { title, text, name } = regime(current.row, table.rows, samples);
    setText(this.words.title, title);
    setText(this.words.text, text);
    setText(this.words.remembers, remembers(current.row, samples));
    this.root.dataset.regime = name;
    const titled = (/** @type {Shown} */ shown) => ({ row: shown.row, title: titleOf(shown) });
    this.numbers.show(titled(current), pinned && titled(pinned), samples, current.separate ? current.beta : state.beta);
    this.figures.set(state.beta, current);
    const words = { missing: Boolean(this.data?.missing), moving: this.moving };
    const strip = withSelected(this.stripped, this.state.selected, shared.codes);
    const chosen = dirty.has("chosen");
    if (chosen || dirty.has("beta")) this.strips.current.draw(current, shared, strip, table.draws, { ...words, name: pinned ? t("weight.now", { title: titleOf(current) }) : "" });
    if (pinned && (chosen || dirty.has("pinned"))) this.strips.pinned.draw(pinned, shared, strip, table.draws, { ...words, name: t("weight.pinned", { title: titleOf(pinned) }) });
    setText(this.why, whySeparate(current, nearestReference(table.references, state.beta), state.separate));
    if (!this.moving) this.teller.wantPictures(shared.decoder);
  }

  /** State for tests and for anyone who scripts the page; docs/architecture.md names these attributes. */
  #tell(/** @type {Shown} */ current) {
    const { state, planes, strips } = this;
    const total = getModel(/** @type {WeightData} */ (this.data).digest)?.spec.samples ?? current.codes.n;
    Object.assign(this.root.dataset, {
      model: state.model, beta: String(Number(state.beta.toPrecision(6))), shownBeta: String(Number(current.beta.toPrecision(6))),
      separate: String(current.separate), samples: String(current.codes.n), rowBeta: String(current.row.beta), selected: String(state.selected),
      compare: state.compare ? `${Number(state.compare.beta.toPrecision(6))}` : "", view: bounds(planes.current.view).map((v) => v.toFixed(4)).join(","),
      contourMs: planes.current.contourMs.toFixed(3), stripsMs: strips.current.ms.toFixed(3), frames: String(this.frames),
      ready: String(planes.current.width > 0),
    });
    const loaded = current.codes.n;
    setText(this.status, t(loaded === total ? "weight.status.all" : "weight.status.part", { loaded: group(loaded), total: group(total) }));
  }

  /** Of a file, without its ending. */
  fileName() {
    return `${this.state.model}-beta-${formatBeta(this.state.beta)}`;
  }

  destroy() {
    this.stop();
    this.abort.abort();
    this.gliding.abort();
    cancelAnimationFrame(this.frameId);
    this.planes.current.destroy();
    this.planes.pinned.destroy();
    this.root.remove();
  }
}

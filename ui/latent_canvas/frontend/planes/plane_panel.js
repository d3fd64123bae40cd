// Which plane of a latent space of more than two dimensions the map shows, and where the other dimensions are held.

import { addStyles, h, segmented, setShown, setText } from "../dom.js";
import { formatBeta, nearestNode } from "../scale.js";
import { frameOf, missingSamples, planeOf, ranked, readHold, readPlane, writeHold } from "../space.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { number } from "../words.js";
import { DimensionTable } from "./dimension_table.js";
import { axisNames, dimensionName } from "./names.js";
import { Traversals } from "./traversals.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {{plane: string, hold: string, align: boolean, selected: number, beta: number}} PlaneState
 *
 * @typedef {object} Host the view that the panel belongs to
 * @property {PlaneState} state
 * @property {(change: Partial<PlaneState>) => void} change
 * @property {{invalidate: (...parts: any[]) => void}} painter
 * @property {{restSoon: () => void}} teller
 * @property {(z: [number, number]) => void} [moveTo] the place that is decoded, where there is one
 */

/** Sliders that are shown at once: the dimensions that tell most. */
const FIRST_SLIDERS = 6;
/** A slider reaches so many of the prior's deviations. */
const REACH = 3;
const SLOTS = ["A", "B", "C"];

export class PlanePanel {
  /** @param {Host} host @param {AbortSignal} signal */
  constructor(host, signal) {
    this.host = host;
    this.signal = signal;
    /** @type {Model | null} */
    this.model = null;
    /** What the axes are called; undefined of two dimensions. @type {[string, string] | undefined} */
    this.axes = undefined;
    this.node = 0;
    /** @type {number[]} data-set indices of the samples that the plane goes through, as far as they are chosen */
    this.picked = [];
    this.allSliders = false;
    const kinds = { dims: t("planes.kind.dims"), pca: t("planes.kind.pca"), samples: t("planes.kind.samples") };
    this.kind = segmented(t("planes.kind"), kinds, (kind) => this.#choose(kind), signal);
    this.selects = [t("planes.across"), t("planes.up")].map((label, side) => {
      const select = h("select", { "aria-label": label, "data-testid": `plane-${side ? "up" : "across"}` });
      select.addEventListener("change", () => this.#pickDimension(side, Number(select.value)), { signal });
      return { label, select };
    });
    this.dims = h("div", { class: "row plane-dims" }, ...this.selects.map(({ label, select }) => h("label", { class: "field" }, h("span", {}, label), select)));
    this.share = h("p", { class: "note", "data-testid": "plane-share" });
    this.slots = SLOTS.map((name, slot) => {
      const button = h("button", { type: "button", "data-testid": `plane-slot-${name}` });
      button.addEventListener("click", () => this.#pickSample(slot), { signal });
      return button;
    });
    this.samples = h("div", { class: "plane-samples" }, h("p", { class: "note" }, t("planes.samples.how")), h("div", { class: "row" }, ...this.slots));
    this.complaint = h("p", { class: "note plane-complaint", role: "status" });
    const holds = { zero: t("planes.hold.zero"), sample: t("planes.hold.sample"), sliders: t("planes.hold.sliders") };
    this.zero = holds.zero;
    this.hold = segmented(t("planes.hold"), holds, (hold) => this.#hold(hold), signal);
    this.sliders = h("div", { class: "plane-sliders", "data-testid": "plane-sliders" });
    this.blind = h("p", { class: "note plane-complaint", "data-testid": "plane-blind" });
    this.align = h("input", { type: "checkbox", role: "switch", "data-testid": "align-switch" });
    this.align.addEventListener("change", () => host.change({ align: this.align.checked }), { signal });
    this.family = h("label", { class: "switch", title: t("planes.align.why") }, this.align, h("span", { class: "track" }), t("planes.align"));
    this.table = new DimensionTable((j, side) => this.#pickDimension(side, j), signal);
    this.traversals = new Traversals((j, value) => this.#visit(j, value), () => host.teller.restSoon(), signal);
    this.intro = h("p", { class: "note" });
    this.title = h("h3", {}, ...rich("planes.title"));
    this.body = h("div", { class: "plane-body" }, this.intro, this.kind.root, this.dims, this.share, this.samples, this.complaint,
      h("div", { class: "field" }, h("span", {}, t("planes.hold")), this.hold.root), this.sliders, this.blind, this.table.root, this.traversals.root);
    this.root = h("section", { class: "plane-panel", "data-testid": "plane-panel", "aria-label": t("planes.title") }, this.title, this.body, this.family);
    setShown(this.root, false);
  }

  /** @param {Model} model */
  open(model) {
    this.model = model;
    const many = model.d > 2;
    const family = Boolean(model.spec.rotations);
    setShown(this.root, many || family);
    setShown(this.body, many);
    setShown(this.title, many);
    setShown(this.family, family);
    this.axes = undefined;
    this.picked = readPlane(this.host.state.plane)?.kind === "samples" ? readPlane(this.host.state.plane)?.numbers ?? [] : [];
    if (!many && !family) return;
    void addStyles(/** @type {ShadowRoot} */ (this.root.getRootNode()), [new URL("./planes.css", import.meta.url)]);
    this.intro.replaceChildren(...rich("planes.intro", { count: model.d }));
    this.#apply();
    this.#show();
  }

  /** What the view's state has changed. @param {Partial<PlaneState>} part */
  changed(part) {
    if (!this.model || this.root.hidden) return;
    const { hold, plane } = this.host.state;
    const stale = "plane" in part || "hold" in part || "align" in part
      || ("beta" in part && this.node !== nearestNode(this.model.spec.betas, this.host.state.beta)) || ("selected" in part && hold === "sample");
    if (stale) {
      this.#apply();
      this.host.painter.invalidate("beta", "scene", "sample", "path", "ground");
    }
    if ("plane" in part && readPlane(plane)?.kind !== "samples") this.picked = [];
    if (stale || "selected" in part) this.#show();
  }

  /** More samples have come: perhaps those that the plane goes through. */
  arrived() {
    this.traversals.arrived();
    if (!this.root.hidden && (readPlane(this.host.state.plane)?.kind === "samples" || this.host.state.hold === "sample")) this.changed({ plane: this.host.state.plane });
  }

  #apply() {
    const { model, host } = this;
    if (!model) return;
    this.node = nearestNode(model.spec.betas, host.state.beta);
    model.setPlane(planeOf(model, host.state, this.node), host.state.align);
    const { plane } = /** @type {import("../space_codes.js").SpaceCodes} */ (model.codes);
    this.axes = model.d > 2 ? axisNames(plane, host.state.plane) : undefined;
  }

  #show() {
    const { model, host, node } = this;
    if (!model) return;
    this.align.checked = host.state.align;
    if (model.d <= 2) return;
    const { plane } = /** @type {import("../space_codes.js").SpaceCodes} */ (model.codes);
    const frame = frameOf(model.spec, host.state.align, node);
    const facts = model.spec.dimensions?.[frame] ?? [];
    const order = ranked(facts);
    const kind = this.picked.length || readPlane(host.state.plane)?.kind === "samples" ? "samples" : host.state.plane === "pca" ? "pca" : "dims";
    this.kind.set(kind);
    setShown(this.dims, kind === "dims");
    setShown(this.share, kind === "pca");
    setShown(this.samples, kind === "samples");
    const shown = plane.dimensions;
    for (const [side, { select }] of this.selects.entries()) {
      select.replaceChildren(...order.map((j) => h("option", { value: j, selected: shown?.[side] === j }, t(facts[j].active ? "planes.dimension" : "planes.dimension.collapsed", { name: dimensionName(j), kl: facts[j].kl.toFixed(2) }))));
    }
    const share = model.spec.principal?.[frame].share ?? [0, 0];
    this.share.replaceChildren(...rich("planes.pca.share", { first: Math.round(100 * share[0]), second: Math.round(100 * share[1]) }));
    this.#showSlots(model, kind === "samples");
    setText(/** @type {HTMLElement} */ (this.hold.root.firstElementChild), kind === "samples" ? t("planes.hold.through") : this.zero);
    this.#showHold(model, order, shown);
    const blind = "blind" in model.decoder && model.decoder.blind && !model.decoder.member.served;
    setText(this.blind, blind ? t("planes.blind") : "");
    this.table.show(facts, order, shown, frame === node ? "" : t("planes.table.aligned", { beta: formatBeta(model.spec.betas[frame]) }));
    this.traversals.show(model, order, plane, host.state.beta, facts);
  }

  /** @param {Model} model @param {boolean} asked */
  #showSlots(model, asked) {
    const named = (/** @type {number} */ id) => {
      const at = model.codes.ids.indexOf(id);
      return at < 0 ? `#${id}` : `${model.spec.label_names[model.codes.labels[at]]} #${id}`;
    };
    for (const [slot, button] of this.slots.entries()) {
      const id = this.picked[slot];
      setText(button, `${SLOTS[slot]}: ${id === undefined ? t("planes.samples.take") : named(id)}`);
      button.disabled = this.host.state.selected < 0;
    }
    const coming = asked && missingSamples(model, this.host.state.plane).length > 0;
    const line = asked && !coming && this.picked.length === 3 && new Set(this.picked).size === 3 && !this.#spans(model);
    const twice = asked && this.picked.length === 3 && new Set(this.picked).size < 3;
    setText(this.complaint, twice ? t("planes.samples.twice") : line ? t("planes.samples.line") : "");
  }

  /** @param {Model} model whether the three samples span the plane that is shown */
  #spans(model) {
    return readPlane(this.host.state.plane)?.kind !== "samples" || planeOf(model, this.host.state, this.node).dimensions === null;
  }

  /** @param {Model} model @param {number[]} order @param {[number, number] | null} shown */
  #showHold(model, order, shown) {
    const { hold } = this.host.state;
    this.hold.set(hold === "" ? "zero" : hold === "sample" ? "sample" : "sliders");
    const sliding = hold !== "" && hold !== "sample";
    setShown(this.sliders, sliding);
    if (!sliding) return this.sliders.replaceChildren();
    const held = readHold(hold, model.d);
    const others = order.filter((j) => !shown?.includes(j));
    const listed = this.allSliders ? others : others.slice(0, FIRST_SLIDERS);
    const key = listed.join();
    if (this.sliders.dataset.of !== key) this.#makeSliders(listed, others.length);
    this.sliders.dataset.of = key;
    for (const input of this.sliders.querySelectorAll("input")) {
      const value = held[Number(input.dataset.dimension)];
      if (document.activeElement !== input && input.getRootNode() instanceof ShadowRoot ? /** @type {ShadowRoot} */ (input.getRootNode()).activeElement !== input : true) input.value = String(value);
      const output = input.parentElement?.querySelector("output");
      if (output) setText(output, number(value));
    }
  }

  /** @param {number[]} listed @param {number} count of all that could be */
  #makeSliders(listed, count) {
    const rows = listed.map((j) => {
      const name = dimensionName(j);
      const input = h("input", { type: "range", min: -REACH, max: REACH, step: "0.05", "data-dimension": j, "aria-label": t("planes.slider", { name }) });
      input.addEventListener("input", () => this.#slide(j, Number(input.value)), { signal: this.signal });
      return h("label", { class: "plane-slider" }, h("span", {}, name), input, h("output", {}));
    });
    const reset = h("button", { type: "button", "data-testid": "plane-reset" }, t("planes.sliders.reset"));
    reset.addEventListener("click", () => this.host.change({ hold: "0:0" }), { signal: this.signal });
    const more = h("button", { type: "button" }, t("planes.sliders.all", { count }));
    more.addEventListener("click", () => { this.allSliders = true; this.#show(); }, { signal: this.signal });
    setShown(more, listed.length < count);
    this.sliders.replaceChildren(...rows, h("div", { class: "row" }, reset, more));
  }

  /** @param {number} j @param {number} value */
  #slide(j, value) {
    if (!this.model) return;
    const held = readHold(this.host.state.hold, this.model.d);
    held[j] = value;
    this.host.change({ hold: writeHold(held) || "0:0" });
  }

  /** @param {"dims" | "pca" | "samples"} kind */
  #choose(kind) {
    this.picked = [];
    if (kind !== "samples") return this.host.change({ plane: kind === "pca" ? "pca" : "" });
    this.picked = this.host.state.selected >= 0 ? [this.host.state.selected] : [-1];
    if (this.picked[0] < 0) this.picked = [];
    this.#show();
    this.kind.set("samples");
    setShown(this.samples, true);
    setShown(this.dims, false);
    setShown(this.share, false);
  }

  /** @param {number} side @param {number} j */
  #pickDimension(side, j) {
    const { model } = this;
    if (!model) return;
    const order = ranked(model.spec.dimensions?.[frameOf(model.spec, this.host.state.align, this.node)] ?? []);
    const before = /** @type {import("../space_codes.js").SpaceCodes} */ (model.codes).plane.dimensions ?? [order[0], order[1]];
    const pair = [...before];
    if (pair[1 - side] === j) pair[1 - side] = before[side]; // they change places
    pair[side] = j;
    this.host.change({ plane: `dims:${pair.join(",")}` });
  }

  /** The selected sample becomes one of the three. @param {number} slot */
  #pickSample(slot) {
    const { selected } = this.host.state;
    if (selected < 0) return;
    this.picked[slot] = selected;
    const whole = this.picked.length === 3 && [0, 1, 2].every((i) => this.picked[i] !== undefined);
    if (whole && new Set(this.picked).size === 3) this.host.change({ plane: `samples:${this.picked.join(",")}` });
    else this.#show();
  }

  /** @param {"zero" | "sample" | "sliders"} hold */
  #hold(hold) {
    const { model, host } = this;
    if (!model) return;
    if (hold !== "sliders") return host.change({ hold: hold === "zero" ? "" : "sample" });
    // From where they are now.
    host.change({ hold: writeHold(/** @type {import("../space_codes.js").SpaceCodes} */ (model.codes).plane.rest) || "0:0" });
  }

  /** A picture of a traversal: the map shows its dimension, with the ring there. @param {number} j @param {number} value */
  #visit(j, value) {
    const { model } = this;
    if (!model) return;
    const [first, second] = ranked(model.spec.dimensions?.[frameOf(model.spec, this.host.state.align, this.node)] ?? []);
    const shown = /** @type {import("../space_codes.js").SpaceCodes} */ (model.codes).plane.dimensions;
    if (!shown?.includes(j)) this.host.change({ plane: `dims:${j},${first === j ? second : first}` });
    const { plane } = /** @type {import("../space_codes.js").SpaceCodes} */ (model.codes);
    const z = this.traversals.from.slice();
    z[j] = value;
    this.host.moveTo?.(plane.project(z));
  }
}

// Step 6: the samples' Gaussians are added one by one, and their mixture fills in to the aggregate posterior.

import { STORY_NAMES, storyParams } from "../address.js";
import { h, setText } from "../dom.js";
import { paintImage } from "../images.js";
import { formatBeta, nearestNode } from "../scale.js";
import { nodesOf, rich } from "../terms.js";
import { isBrowsersOwn, language, t } from "../texts.js";
import { group, number } from "../words.js";
import { mapBox, mulberry32, normals } from "./dealing.js";
import { HolesLine } from "./holes_line.js";
import { LatentPlane } from "./latent_plane.js";
import { Holes, countAt, moments, orderCodes, placeOf } from "./mixture.js";
import { MixtureMap } from "./mixture_map.js";
import { PriorDraws } from "./prior_draws.js";
import { Step } from "./step.js";

/** @typedef {import("./step.js").Change} Change */

/** "All" takes so long, and one flash. */
const FILL_MS = 2500;
const FLASH_MS = 700;
/** Pictures of the newest samples. */
const NEWEST = 10;
const SLIDER_STEPS = 2000;
/** Draws of the prior among which holes are counted, always the same ones. */
const DRAWS = 2000;
const DRAWS_SEED = 20_260_101;
/** Time a frame gives to counting holes. */
const HOLES_MS = 4;
/** Above this share of holes the mixture is not nearly the prior. */
const MANY_HOLES = 0.2;
/** Where one Gaussian alone leaves fewer holes than this, all of them are the prior already. */
const COLLAPSED_HOLES = 0.05;

export class MixtureStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_mixture");
    this.signal = signal;
    this.n = 1;
    this.key = "";
    this.codes = new Float32Array(0);
    this.order = new Int32Array(0);
    this.holes = new Holes(this.codes, this.codes);
    this.fill = /** @type {{from: number, began: number} | null} */ (null);
    this.flash = { from: 0, began: -Infinity };
    /** Said when holes are known at this n. */
    this.unsaid = false;
    this.map = new MixtureMap();
    this.line = new HolesLine();
    this.draws = new PriorDraws(story, () => this.redraw(), signal);
    this.plane = new LatentPlane({ label: t("story_mixture.plane"), testid: "mixture-plane", resized: () => this.redraw() }, signal);
    this.body.append(this.#layout());
  }

  get total() {
    return this.order.length;
  }

  // ---- what it is made of

  #layout() {
    this.count = h("strong", { "data-testid": "count" });
    this.of = h("span", { "data-testid": "count-of" });
    this.buttons = this.#buttons();
    this.newest = Array.from({ length: NEWEST }, () => {
      const canvas = h("canvas", {});
      return { canvas, index: -2, root: h("div", { class: "newest-tile" }, h("div", { class: "frame" }, canvas)) };
    });
    this.slider = h("input", { type: "range", min: "0", max: String(SLIDER_STEPS), step: "1", "data-testid": "count-slider", "aria-label": t("story_mixture.slider") });
    this.slider.addEventListener("input", () => this.#set(countAt(Number(this.slider.value) / SLIDER_STEPS, this.total)), { signal: this.signal });
    this.slider.addEventListener("change", () => this.#speakSoon(), { signal: this.signal });
    this.holesText = h("strong", { "data-testid": "holes" });
    this.cells = Array.from({ length: 4 }, (_, i) => h("td", { "data-testid": `moment-${i}` }));
    this.result = h("p", { class: "mixture-result", "data-testid": "mixture-result" });
    this.firstWords = h("p", { class: "note", "data-testid": "first" });
    const count = h("div", { class: "mixture-count" }, h("p", { class: "count" }, this.count, this.of), h("div", { class: "row" }, ...this.buttons));
    const gone = h("div", { class: "mixture-line" },
      h("p", { class: "holes-text" }, ...rich("story_mixture.holes"), " ", this.holesText), this.line.canvas, this.slider);
    const side = h("div", { class: "mixture-side" }, count,
      h("div", { class: "newest", "data-testid": "newest", "aria-hidden": "true" }, ...this.newest.map((tile) => tile.root)), gone, this.#table(), this.result);
    const left = h("div", { class: "mixture-left" }, this.plane.root, h("p", { class: "note" }, ...rich("story_mixture.legend")), this.firstWords);
    return h("div", { class: "mixture" }, left, side, this.draws.root, this.#cards());
  }

  #buttons() {
    const kinds = /** @type {const} */ ([["one", 1], ["ten", 10], ["all", Infinity], ["over", 0]]);
    return kinds.map(([name, by]) => {
      const button = h("button", { type: "button", class: by === Infinity ? "primary" : undefined, "data-testid": `add-${name}`, title: t(`story_mixture.add.${name}.why`) },
        t(`story_mixture.add.${name}`));
      button.addEventListener("click", () => (by === Infinity ? this.#fillUp() : by === 0 ? this.#startOver() : this.#add(by)), { signal: this.signal });
      return button;
    });
  }

  #table() {
    const head = h("tr", {}, h("td", {}), h("th", { scope: "col" }, ...rich("story_mixture.table.mean")), h("th", { scope: "col" }, ...rich("story_mixture.table.deviation")));
    const row = (/** @type {string} */ key, /** @type {(Node | string)[]} */ cells) => h("tr", {}, h("th", { scope: "row" }, ...rich(key)), ...cells);
    return h("table", { class: "moments" }, h("thead", {}, head), h("tbody", {},
      row("story_mixture.table.across", [this.cells[0], this.cells[1]]), row("story_mixture.table.up", [this.cells[2], this.cells[3]]),
      row("story_mixture.table.prior", [h("td", {}, "0"), h("td", {}, "1")])));
  }

  #cards() {
    this.links = /** @type {const} */ ([["map", "latent_map"], ["weight", "kl_weight"]]).map(([page, path]) => {
      const link = h("a", { class: "onward", href: path, "data-testid": `to-${page}` },
        h("strong", {}, t(`story_mixture.to.${page}`), " →"), h("span", {}, t(`story_mixture.to.${page}.why`)));
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return;
        event.preventDefault();
        this.#nameSample();
        this.story.leaveTo(page);
      }, { signal: this.signal });
      return { link, path };
    });
    const again = h("button", { type: "button", "data-testid": "again" }, "↺ ", t("story_mixture.again"));
    again.addEventListener("click", () => this.story.go("1"), { signal: this.signal });
    return h("nav", { class: "onwards", "aria-label": t("story_mixture.onwards") }, ...this.links.map(({ link }) => link), again);
  }

  /** The sample that the story is about goes along, also where nobody had chosen it. */
  #nameSample() {
    const { subject, state } = this.story;
    if (subject && subject.index >= 0 && state.selected !== subject.id) this.story.select(subject.index);
  }

  // ---- what the hand does

  /** @param {number} by */
  #add(by) {
    if (this.n >= this.total) return;
    const from = this.n;
    this.#set(Math.min(this.total, this.n + by));
    this.flash = { from, began: performance.now() };
    this.#speakSoon();
  }

  #startOver() {
    this.#set(1);
    this.#speakSoon();
  }

  #fillUp() {
    if (this.n >= this.total) return;
    if (calm()) this.#set(this.total);
    else {
      this.fill = { from: this.n, began: performance.now() };
      this.redraw();
    }
    this.#speakSoon();
  }

  /** @param {number} n */
  #set(n) {
    this.fill = null;
    this.flash.began = -Infinity;
    this.n = n;
    this.redraw();
  }

  #speakSoon() {
    this.unsaid = true;
    this.redraw();
  }

  leave() {
    if (this.fill) this.n = this.total;
    this.fill = null;
    this.flash.began = -Infinity;
  }

  // ---- drawing

  /** @param {Set<Change>} changed */
  draw(changed) {
    const { model, subject, state, current, ink, colors } = this.story;
    if (!model || !subject) return;
    this.#order();
    if (this.fill) this.#advance(this.fill);
    const { n, total } = this;
    const known = this.holes.step(HOLES_MS);
    const found = moments(this.codes, n);
    const flash = calm() ? 0 : Math.max(0, 1 - (performance.now() - this.flash.began) / FLASH_MS);
    this.draws.draw();
    if (changed.has("model") || changed.has("beta") || changed.has("enter")) this.plane.show(mapBox(current));
    const colorOf = (/** @type {number} */ at) => (this.order[at] < 0 ? ink.accent : colors[model.codes.labels[this.order[at]]]);
    this.plane.draw({
      ink, prior: true,
      under: (context, view) => this.map.paint(context, view, {
        codes: this.codes, key: this.key, n, colorOf, ink, moments: found, flash: { from: this.flash.from, strength: flash * flash }, draws: this.draws.z,
      }),
    });
    this.#words(found);
    this.#drawNewest(changed);
    this.line.draw(this.holes, n, total, ink);
    const share = this.holes.at(n);
    Object.assign(this.root.dataset, {
      n: String(n), total: String(total), holes: share === null ? "" : share.toFixed(4),
      mean: found.mean.map((v) => v.toFixed(4)).join(","), deviation: found.deviation.map((v) => v.toFixed(4)).join(","), filling: String(this.fill !== null),
    });
    for (const { link, path } of this.links ?? []) link.setAttribute("href", `${path}?${this.#params(state)}`);
    if (this.fill || flash > 0 || !known) this.redraw();
    else if (this.unsaid) {
      this.unsaid = false;
      this.story.say(`${this.#countWords()} ${this.result?.textContent ?? ""}`);
    }
  }

  /** The order in which Gaussians are added, anew where what it is made of has changed. */
  #order() {
    const { model, subject, state, current } = this.story;
    if (!model || !subject) return;
    const drawn = subject.index < 0 ? subject.mu.join() : "";
    const key = [model.spec.digest, model.codes.n, state.beta, subject.index, drawn].join();
    if (key === this.key) return;
    const was = this.key.split(",");
    const all = this.n === this.total && this.total > 1;
    this.key = key;
    Object.assign(this, orderCodes(current, subject.index, subject));
    this.holes = new Holes(this.codes, normals(mulberry32(DRAWS_SEED), 2 * DRAWS));
    // Another model or first sample begins again; at another β, or with more samples, as many go on.
    if (was[0] !== model.spec.digest || was[3] !== String(subject.index)) this.n = 1;
    else if (all) this.n = this.total;
    this.n = Math.min(this.n, this.total);
    this.fill = null;
  }

  /** @param {{from: number, began: number}} fill */
  #advance({ from, began }) {
    const s = Math.min(1, (performance.now() - began) / FILL_MS);
    this.n = s === 1 ? this.total : Math.round(from * (this.total / from) ** s);
    if (s === 1) this.fill = null;
  }

  #countWords() {
    return t("story_mixture.count", { n: group(this.n), count: this.n, total: group(this.total) });
  }

  /** @param {{mean: [number, number], deviation: [number, number]}} found */
  #words({ mean, deviation }) {
    const { model, subject } = this.story;
    if (!model || !subject || !this.count || !this.of || !this.holesText || !this.cells || !this.slider || !this.firstWords) return;
    setText(this.count, group(this.n));
    const all = model.codes.n < model.spec.samples ? "story_mixture.of.part" : "story_mixture.of";
    setText(this.of, t(all, { total: group(this.total), samples: group(model.spec.samples) }));
    const share = this.holes.at(this.n);
    setText(this.holesText, share === null ? "…" : percent(share));
    for (const [i, value] of [mean[0], deviation[0], mean[1], deviation[1]].entries()) setText(this.cells[i], number(value));
    this.slider.value = String(Math.round(SLIDER_STEPS * placeOf(this.n, this.total)));
    this.slider.setAttribute("aria-valuetext", this.#countWords());
    const first = subject.source === "drawing" ? "story_mixture.first.drawing" : "story_mixture.first";
    setText(this.firstWords, t(first, { name: this.story.subjectName }));
    for (const [i, button] of (this.buttons ?? []).entries()) button.setAttribute("aria-disabled", String(i < 3 ? this.n >= this.total : this.n === 1));
    this.#result(share);
  }

  /** @param {number | null} share of holes */
  #result(share) {
    const { state, model, data } = this.story;
    if (!this.result || !model || this.fill || share === null) return;
    const one = this.holes.at(1) ?? 1;
    const collapsed = one < COLLAPSED_HOLES;
    let kind = this.n === 1 ? "one" : this.n < this.total ? "some" : share > MANY_HOLES ? "all.holes" : "all";
    if (collapsed) kind = this.n < this.total ? "collapsed" : "all.collapsed";
    const start = data?.start ?? 1;
    const key = [kind, this.n, percent(share), state.beta].join();
    if (this.result.dataset.key === key) return;
    this.result.dataset.key = key;
    this.result.dataset.kind = kind;
    const values = { n: group(this.n), total: group(this.total), holes: percent(share), beta: formatBeta(state.beta), start: formatBeta(start) };
    const other = kind.startsWith("all.") && Math.abs(start - state.beta) > 1e-6 ? [" ", this.#toStart(start)] : [];
    this.result.replaceChildren(...nodesOf(t(`story_mixture.result.${kind}`, values)), ...other);
  }

  /** @param {number} start */
  #toStart(start) {
    const { model } = this.story;
    const beta = model ? model.spec.betas[nearestNode(model.spec.betas, start)] : start;
    const button = h("button", { type: "button", class: "inline", "data-testid": "to-start-beta" }, t("story_mixture.look_at", { beta: formatBeta(beta) }));
    button.addEventListener("click", () => {
      this.story.setBeta(beta, true);
      this.buttons?.[2].focus();
      this.#speakSoon();
    }, { signal: this.signal });
    return button;
  }

  /** @param {Set<Change>} changed pictures are painted again where they may have become others */
  #drawNewest(changed) {
    const { model, subject, current, colors, ink } = this.story;
    if (!model || !subject) return;
    const fresh = changed.has("model") || changed.has("beta") || changed.has("subject") || changed.has("enter");
    for (const [i, tile] of (this.newest ?? []).entries()) {
      const at = this.n - 1 - i;
      const index = at >= 0 ? this.order[at] : -2;
      if (index === tile.index && !fresh) continue;
      tile.index = index;
      tile.root.classList.toggle("empty", index < -1);
      if (index < -1) continue;
      const original = index >= 0 ? model.original(index) : null;
      if (original) original.sheet.paint(tile.canvas, original.tile);
      else paintImage(tile.canvas, index < 0 ? subject.pixels : model.decoder.decode(current.subarray(4 * index, 4 * index + 2)), model.spec.shape);
      tile.root.style.setProperty("--class", index < 0 ? ink.accent : colors[model.codes.labels[index]]);
    }
  }

  /** The address of another page with this sample and β. @param {import("../address.js").StoryState} state */
  #params(state) {
    const { subject } = this.story;
    const params = storyParams({ ...state, selected: subject?.id ?? -1 });
    params.delete(STORY_NAMES[3]);
    if (!isBrowsersOwn()) params.set("lang", language());
    return params;
  }
}

/** @returns {boolean} the reader prefers no motion */
function calm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** @param {number} share */
function percent(share) {
  if (share > 0 && share < 0.005) return t("story_mixture.percent.little");
  return t("story_mixture.percent", { value: Math.round(100 * share) });
}

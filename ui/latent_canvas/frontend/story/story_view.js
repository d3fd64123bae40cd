// The story: which step is shown, the model, β and sample it is about, and one draw per animation frame.

import { storyParams } from "../address.js";
import { h, setShown, setText } from "../dom.js";
import { isOffered } from "../lesson.js";
import { classColors } from "../palette.js";
import { labelPlaces } from "../sample.js";
import { formatBeta, nearestNode } from "../scale.js";
import { getModel, onChange } from "../store.js";
import { Teller } from "../teller.js";
import { attachTerms } from "../terms.js";
import { t } from "../texts.js";
import { isDark, readInk } from "../theme.js";
import { Picker } from "./picker.js";
import { Rail } from "./rail.js";
import { STEPS } from "./steps.js";
import { attachStoryExtras } from "./story_extras.js";
import { drawnSubject, sampleSubject, withCode } from "./subject.js";

/**
 * @typedef {import("../address.js").StoryState} StoryState
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("./step.js").Change} Change
 * @typedef {import("./step.js").Step} Step
 * @typedef {import("./subject.js").Subject} Subject
 * @typedef {object} StoryData what the page's Python sends with the view
 * @property {string} digest
 * @property {string} model
 * @property {Partial<StoryState>} initial
 * @property {number} start β to begin with
 * @property {boolean} originals whether there are original images
 * @property {boolean} encoder whether the encoder runs in the browser; without it samples keep their stored codes, and there is no drawing
 */

/** Stylesheets of this page. */
export const STYLES = [
  "story", "pixels", "encoder", "noise", "width", "balance", "questions", "mixture",
].map((name) => new URL(`./${name}.css`, import.meta.url));

export class StoryView {
  /** @param {HTMLElement | ShadowRoot} parent */
  constructor(parent) {
    this.abort = new AbortController();
    const { signal } = this.abort;
    /** @type {StoryData | null} */
    this.data = null;
    /** @type {Model | null} with its decoder and encoder at the story's β */
    this.model = null;
    /** @type {StoryState} */
    this.state = { model: "", beta: 1, selected: -1, step: STEPS[0][0] };
    /** Codes at β, [n][4]: μ₁, μ₂, σ₁, σ₂. */
    this.current = new Float32Array(0);
    /** @type {Subject | null} the input that steps 2 to 5 are about */
    this.subject = null;
    /** @type {Float32Array | null} the last drawing, prepared as the model knows its data */
    this.drawing = null;
    /** @type {string[]} one colour for each class */
    this.colors = [];
    this.ink = { text: "#222", background: "#fff", accent: "#4457c0", soft: "#667", line: "#ccc" };
    this.dark = false;
    this.words = { key: "", places: /** @type {{xy: [number, number], text: string, color: string}[]} */ ([]) };
    /** The model was changed on this page. */
    this.switched = false;
    this.dirty = /** @type {Set<Change>} */ (new Set());
    this.frameId = 0;
    this.frames = 0;
    /** @type {(key: string, value: unknown) => void} */
    this.setTriggerValue = () => {};
    this.teller = new Teller(storyParams, () => false, () => this.teller.tell(this.state, false), signal);
    this.picker = new Picker(this, signal);
    this.steps = new Map(STEPS.map(([address, Screen]) => [address, new Screen(this, signal)]));
    this.rail = new Rail(STEPS.map(([address]) => ({ address, title: this.#step(address).title.textContent ?? "" })), (address) => this.go(address), signal);
    this.live = h("div", { class: "visually-hidden", "aria-live": "polite", "data-testid": "live" });
    const screens = h("div", { class: "screens" }, ...[...this.steps.values()].map((step) => step.root));
    const tools = h("div", { class: "story-tools" });
    const head = h("div", { class: "story-head" }, this.rail.root, tools);
    this.root = h("div", { class: "latent-canvas story-view", "data-testid": "story-view" }, head, screens, this.rail.nav, this.live);
    this.root.querySelector(".picker-slot")?.append(this.picker.root);
    attachTerms(this.root, signal);
    window.addEventListener("keydown", (event) => this.#key(event), { signal });
    onChange((digest) => digest === this.data?.digest && this.#modelChanged(), signal);
    parent.append(this.root);
    attachStoryExtras(this, tools, signal);
  }

  /** @param {string} address */
  #step(address) {
    return /** @type {Step} */ (this.steps.get(address));
  }

  get step() {
    return this.#step(this.state.step);
  }

  // ---- what the server says

  /**
   * @param {any} component arguments of Streamlit's call
   * @param {StoryData} data
   */
  update(component, data) {
    this.teller.setStateValue = component.setStateValue;
    this.setTriggerValue = component.setTriggerValue;
    const before = this.data;
    this.data = data;
    this.#readTheme();
    if (before?.digest === data.digest) return;
    this.root.removeAttribute("data-ready");
    this.switched = before !== null;
    this.model = null;
    this.subject = null;
    this.drawing = null;
    const { step, beta } = before ? this.state : { step: data.initial.step ?? STEPS[0][0], beta: data.initial.beta ?? data.start };
    this.state = { model: data.model, step, beta, selected: before ? -1 : data.initial.selected ?? -1 };
    this.teller.open(data.digest);
    this.#showStep();
    this.#modelChanged();
  }

  #modelChanged() {
    const model = getModel(/** @type {StoryData} */ (this.data).digest);
    if (!model || model.codes.n === 0 || (this.data?.encoder && !model.encoder)) return;
    const fresh = this.model !== model;
    this.model = model;
    if (fresh) {
      this.colors = classColors(model.spec.label_names.length);
      // Numbers are stored for some β: the story stands on one of them, as the other pages do.
      this.state.beta = model.spec.betas[nearestNode(model.spec.betas, Math.min(this.state.beta, model.spec.beta_max))];
      this.picker.indices = [];
      // Another model: the server has forgotten where the story was.
      this.teller.tell(this.state, !this.switched);
    }
    this.#followBeta();
    this.invalidate("model", "beta", "subject");
  }

  #readTheme() {
    const ink = readInk(this.root);
    if (JSON.stringify(ink) === JSON.stringify(this.ink)) return;
    this.ink = ink;
    this.dark = isDark(ink.background);
    this.invalidate("theme");
  }

  // ---- what the story is about

  #followBeta() {
    const { model, state } = this;
    if (!model) return;
    this.current = model.codes.at(state.beta, this.current.length === 4 * model.codes.n ? this.current : undefined);
    model.decoder.setBeta(state.beta);
    model.encoder?.setBeta(state.beta);
    if (this.subject?.source === "drawing") this.subject = withCode(model, this.subject);
    else {
      // A sample that was asked for may have come only now; until then another one stands in.
      const asked = state.selected < 0 ? -1 : model.codes.ids.indexOf(state.selected);
      this.#takeSample(asked >= 0 ? asked : this.subject?.index ?? -1);
    }
  }

  /** @param {number} index in the codes; the picker's first where there is none */
  #takeSample(index) {
    const { model } = this;
    if (!model) return;
    if (index < 0) {
      if (!this.picker.indices.length) this.picker.fill();
      index = this.picker.indices[0] ?? 0;
    }
    this.subject = withCode(model, sampleSubject(model, this.current, index));
  }

  /** @param {number} index in the model's codes */
  select(index) {
    if (!this.model || index < 0) return;
    this.#takeSample(index);
    this.state.selected = this.model.codes.ids[index];
    this.invalidate("subject");
    this.teller.restSoon();
  }

  /** @param {Float32Array} pixels a drawing, prepared as the model knows its data: the story goes on with it */
  draw(pixels) {
    if (!this.model) return;
    this.drawing = pixels;
    this.subject = drawnSubject(this.model, pixels);
    if (this.state.selected >= 0) {
      // The address holds no drawing; it must not name a sample that is not shown.
      this.state.selected = -1;
      this.teller.tell(this.state, true);
    }
    this.invalidate("subject");
  }

  /**
   * @param {number} beta
   * @param {boolean} resting the slider was released
   */
  setBeta(beta, resting) {
    this.state.beta = beta;
    this.#followBeta();
    this.invalidate("beta", "subject");
    if (resting) this.teller.restSoon();
  }

  /** Where the names of the classes stand: at the median μ of each. @returns {{xy: [number, number], text: string, color: string}[]} */
  get classWords() {
    const { model, current, colors, ink } = this;
    if (!model) return [];
    const key = `${this.state.beta} ${model.codes.n} ${ink.text}`;
    if (this.words.key !== key) {
      this.words = { key, places: labelPlaces(current, model, colors, () => true).map(({ x, y, text }) => ({ xy: /** @type {[number, number]} */ ([x, y]), text, color: ink.text })) };
    }
    return this.words.places;
  }

  /** What the subject is called: "a 7 (sample 1,234)" or "your drawing". */
  get subjectName() {
    const { subject, model } = this;
    if (!subject || !model) return "";
    if (subject.source === "drawing") return t("story.your_drawing");
    return t("story.sample_name", { id: subject.id.toLocaleString("en-US"), label: model.spec.label_names[subject.label] });
  }

  // ---- from step to step

  /** @param {string} address */
  go(address) {
    if (!this.steps.has(address) || address === this.state.step) return;
    this.show(address);
    this.step.title.focus({ preventScroll: true });
    this.root.scrollIntoView?.({ block: "start" });
    this.teller.restSoon();
  }

  /** Show a step without a word to anybody. @param {string} address */
  show(address) {
    this.step.leave();
    this.state.step = address;
    this.#showStep();
  }

  /** Of all steps, in their order. */
  get addresses() {
    return [...this.steps.keys()];
  }

  #showStep() {
    for (const [address, step] of this.steps) setShown(step.root, address === this.state.step);
    this.step.root.querySelector(".picker-slot")?.append(this.picker.root);
    this.rail.set(this.state.step);
    this.step.enter();
    this.invalidate("enter", "size");
  }

  /** @param {KeyboardEvent} event arrows go on and back, unless what has the focus has a use for them */
  #key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const path = event.composedPath();
    const target = /** @type {HTMLElement} */ (path[0]);
    // Right after the page has come, nothing has the focus yet.
    if (event.defaultPrevented || !(target === document.body || path.includes(this.root)) || !isOffered(this.rail.root)) return;
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target.matches("input, textarea, select, summary") || target.closest("[data-arrows]")) return;
    event.preventDefault();
    this.goBy(by);
  }

  /** @param {number} by 1 for the next step, −1 for the one before */
  goBy(by) {
    const { addresses } = this;
    const to = addresses[addresses.indexOf(this.state.step) + by];
    if (to) this.go(to);
  }

  /** Follow a link to another page of the app, with this sample and β. @param {"map" | "weight" | "start"} page */
  leaveTo(page) {
    this.teller.tell(this.state, false);
    this.setTriggerValue("go", page);
  }

  /** @param {string} text for screen readers */
  say(text) {
    setText(this.live, text);
  }

  // ---- drawing

  /** @param {Change[]} parts */
  invalidate(...parts) {
    for (const part of parts) this.dirty.add(part);
    if (!this.frameId) this.frameId = requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.frameId = 0;
    const { model, subject, state } = this;
    if (!model || !subject) return;
    const changed = this.dirty;
    this.dirty = new Set();
    if (["model", "subject", "beta", "enter"].some((part) => changed.has(/** @type {Change} */ (part))) && this.picker.root.isConnected) this.picker.draw();
    this.step.draw(changed);
    this.rail.setLinks((step) => storyParams({ ...state, step }));
    this.frames += 1;
    Object.assign(this.root.dataset, {
      ready: "true", model: state.model, step: state.step, beta: formatBeta(state.beta), sample: String(subject.id), source: subject.source,
      mu: subject.mu.map((v) => v.toFixed(4)).join(","), sigma: subject.sigma.map((v) => v.toPrecision(4)).join(","), frames: String(this.frames),
    });
  }

  destroy() {
    this.step.leave();
    this.abort.abort();
    cancelAnimationFrame(this.frameId);
    this.root.remove();
  }
}

// Step 6: the samples' Gaussians are added one by one, and their mixture fills in to the aggregate posterior.

import { storyParams } from "../address.js";
import { h, setText } from "../dom.js";
import { paintOriginal, paintSample } from "../images.js";
import { formatBeta, nearestNode } from "../scale.js";
import { nodesOf, rich } from "../terms.js";
import { isBrowsersOwn, language, sentences, t } from "../texts.js";
import { group, number, significant } from "../words.js";
import { mapBox } from "./dealing.js";
import { LatentPlane } from "./latent_plane.js";
import { Holes, evenDraws, moments, orderCodes, shareError } from "./mixture.js";
import { MixtureMap } from "./mixture_map.js";
import { MixtureSide } from "./mixture_side.js";
import { PriorDraws } from "./prior_draws.js";
import { Step } from "./step.js";

/** @typedef {import("./step.js").Change} Change */

/** "All" takes so long, and one flash. */
const FILL_MS = 2500;
const FLASH_MS = 700;
/** Points that stand for draws of the prior, among which holes are counted: as many as the model's table has. */
const DRAWS = 4000;
/** Time a frame gives to counting holes. */
const HOLES_MS = 4;
/** Above this share of holes the mixture is not nearly the prior. */
const MANY_HOLES = 0.15;
/** Below this share that is covered nobody would say "most". */
const MOST = 0.5;
/** Mean and deviation this near to 0 and 1 are nearly those of the prior. */
const NEAR = 0.1;
/** Where one Gaussian alone leaves fewer holes than this, it is nearly the prior by itself. */
const COLLAPSED_HOLES = 0.05;

export class MixtureStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_mixture");
    this.signal = signal;
    this.n = 1;
    /** What the codes below were made of, and what it was about. */
    this.key = "";
    this.about = "";
    this.codes = new Float32Array(0);
    this.order = new Int32Array(0);
    this.holes = new Holes(this.codes, this.codes);
    /** @type {{from: number, began: number} | null} all are being added */
    this.filling = null;
    this.flash = { from: 0, began: -Infinity };
    /** The count has rested and was not announced yet. */
    this.unsaid = false;
    this.map = new MixtureMap();
    this.draws = new PriorDraws(story, () => this.redraw(), signal);
    this.plane = new LatentPlane({ label: t("story_mixture.plane"), testid: "mixture-plane", resized: () => this.redraw() }, signal);
    this.side = new MixtureSide({
      add: (by) => this.#add(by), fill: () => this.#fill(), over: () => this.#over(), set: (n) => this.#set(n), rest: () => this.#speakSoon(),
      leave: (page) => this.#leaveTo(page), again: () => this.story.go("1"),
    }, signal);
    this.numbered = h("span", {}, t("story_mixture.legend.numbers"));
    const notes = h("p", { class: "note" }, ...rich("story_mixture.legend"), t("language.between"), this.numbered);
    const left = h("div", { class: "mixture-left" }, this.plane.root, notes);
    this.take = h("p", { class: "take", "data-testid": "mixture-take" });
    this.answer = h("p", {});
    const answer = h("section", { class: "mixture-answer", "data-testid": "story-answer" }, h("h3", {}, t("story_mixture.answer.title")), this.answer);
    this.body.append(h("div", { class: "mixture" }, left, this.side.root, this.draws.root, this.take, answer));
    const maths = this.root.querySelector(".maths");
    this.root.append(h("div", { class: "mixture-foot" }, ...(maths ? [maths] : []), this.side.onwards));
  }

  get total() {
    return this.order.length;
  }

  // ---- what the hand does

  /** @param {number} by may be negative */
  #add(by) {
    const from = this.n;
    const to = Math.min(this.total, Math.max(1, from + by));
    if (to === from) return;
    this.#set(to);
    if (to > from) this.flash = { from, began: performance.now() };
    this.#speakSoon();
  }

  #fill() {
    if (this.n >= this.total || this.filling) return;
    if (calm()) this.#set(this.total);
    else this.filling = { from: this.n, began: performance.now() };
    this.#speakSoon();
  }

  /** @override @param {number} second */
  showOff(second) {
    if (second === 1) this.#over();
    else if (second < 4) this.#add(1);
    else if (second < 7) this.#add(10);
    else if (second === 7) this.#fill();
  }

  #over() {
    this.#set(1);
    this.#speakSoon();
  }

  /** @param {number} n */
  #set(n) {
    this.filling = null;
    this.flash.began = -Infinity;
    this.n = n;
    this.redraw();
  }

  #speakSoon() {
    this.unsaid = true;
    this.redraw();
  }

  /** The sample that the story is about goes along, also where nobody had chosen it. @param {"map" | "weight"} page */
  #leaveTo(page) {
    const { subject, state } = this.story;
    if (subject && subject.index >= 0 && state.selected !== subject.id) this.story.select(subject.index);
    this.story.leaveTo(page);
  }

  /** @override */
  leave() {
    if (this.filling) this.n = this.total;
    this.filling = null;
    this.flash.began = -Infinity;
  }

  // ---- drawing

  /**
   * @override
   * @param {Set<Change>} changed
   */
  draw(changed) {
    const { model, subject, current, ink } = this.story;
    if (!model || !subject) return;
    this.#arrange();
    this.#advance();
    const known = this.holes.step(HOLES_MS);
    const all = this.n === this.total && !this.filling;
    this.draws.draw(all);
    const anew = changed.has("model") || changed.has("beta") || changed.has("subject") || changed.has("enter");
    if (anew) this.plane.show(mapBox(current));
    const found = moments(this.codes, this.n);
    const flash = calm() ? 0 : Math.max(0, 1 - (performance.now() - this.flash.began) / FLASH_MS);
    this.plane.draw({
      ink, prior: true,
      under: (context, view) => this.map.paint(context, view, {
        codes: this.codes, key: this.key, n: this.n, colorOf: (at) => this.#color(at), ink, moments: found,
        flash: { from: this.flash.from, strength: flash * flash }, draws: all ? this.draws.z : null,
      }),
    });
    this.#words(found, all);
    this.side.setNewest(this.n, anew, (at, canvas) => this.#picture(at, canvas));
    this.side.line.draw(this.holes, this.n, this.total, ink);
    this.#report(found);
    if (this.filling || flash > 0 || !known) return this.redraw();
    if (this.unsaid) this.story.say(`${this.#countWords()} ${this.side.result.textContent}`);
    this.unsaid = false;
  }

  /** The Gaussians in their order, anew where the model, β or the first one has changed. */
  #arrange() {
    const { model, subject, state, current } = this.story;
    if (!model || !subject) return;
    const about = [model.spec.digest, subject.index, subject.index < 0 ? subject.pixels.join() : ""].join();
    const key = [about, model.codes.n, state.beta].join();
    if (key === this.key) return;
    const full = this.n === this.total && this.total > 1;
    Object.assign(this, orderCodes(current, subject.index, subject));
    this.holes = new Holes(this.codes, evenDraws(DRAWS));
    // Another model or another first sample begins again; at another β, or with more samples there, as many stay.
    if (about !== this.about) this.n = 1;
    else if (full) this.n = this.total;
    this.n = Math.min(this.n, this.total);
    this.filling = null;
    this.key = key;
    this.about = about;
  }

  #advance() {
    if (!this.filling) return;
    const { from, began } = this.filling;
    const s = Math.min(1, (performance.now() - began) / FILL_MS);
    this.n = s === 1 ? this.total : Math.round(from * (this.total / from) ** s);
    if (s === 1) this.filling = null;
  }

  /** @param {number} at */
  #color(at) {
    const { model, colors, ink } = this.story;
    const index = this.order[at];
    return model && index >= 0 ? colors[model.codes.labels[index]] : ink.accent;
  }

  /** @param {number} at @param {HTMLCanvasElement} canvas */
  #picture(at, canvas) {
    const { model, subject, current } = this.story;
    const index = this.order[at];
    const original = index >= 0 ? model?.original(index) : null;
    if (original && model) paintOriginal(canvas, original, model.spec);
    else if (model && subject) {
      paintSample(canvas, index < 0 ? subject.pixels : model.decoder.decode(current.subarray(4 * index, 4 * index + 2)), model.spec);
    }
    return this.#color(at);
  }

  #countWords() {
    return t("story_mixture.count", { n: group(this.n), total: group(this.total) });
  }

  /** @param {{mean: [number, number], deviation: [number, number]}} found @param {boolean} all every Gaussian is in */
  #words(found, all) {
    const { model, subject, state } = this.story;
    if (!model || !subject) return;
    this.side.setCount(this.n, this.total, t("story_mixture.of", { total: group(this.total), count: this.total }), this.#countWords(), found);
    const share = this.holes.at(this.n);
    setText(this.side.holes, share === null ? "…" : withError(share));
    const values = { name: this.story.subjectName, loaded: group(model.codes.n), samples: group(model.spec.samples) };
    const first = t(subject.source === "drawing" ? "story_mixture.first.drawing" : "story_mixture.first", values);
    setText(this.side.first, sentences([first, model.codes.n < model.spec.samples ? t("story_mixture.part", values) : ""]));
    this.numbered.classList.toggle("waiting", !all);
    const params = storyParams({ ...state, selected: subject.id });
    params.delete("step");
    if (!isBrowsersOwn()) params.set("lang", language());
    this.side.setParams(params);
    this.#takeAway(all ? share : null);
    this.#answerWords();
    if (share !== null && !this.filling) this.#result(share, found);
  }

  /** What there is to take away, once it can be seen. @param {number | null} share of holes, when all are in */
  #takeAway(share) {
    const { take } = this;
    take.classList.toggle("waiting", share === null);
    if (share === null) return;
    const collapsed = (this.holes.at(1) ?? 1) < COLLAPSED_HOLES;
    const kind = collapsed ? "collapsed" : 1 - share > MOST ? "most" : "little";
    const key = [kind, percent(1 - share)].join();
    if (take.dataset.key === key) return;
    Object.assign(take.dataset, { key, kind });
    take.replaceChildren(h("strong", {}, t("story.take")), " ", ...rich(`story_mixture.take.${kind}`, { covered: percent(1 - share) }));
  }

  /** The story's own question, answered with this one sample's numbers. */
  #answerWords() {
    const { subject } = this.story;
    if (!subject) return;
    const pair = (/** @type {number[]} */ values, /** @type {(value: number) => string} */ text) => `(${values.map(text).join(", ")})`;
    const values = { name: this.story.subjectName, mu: pair(subject.mu, number), sigma: pair(subject.sigma, significant) };
    const key = Object.values(values).join();
    if (this.answer.dataset.key === key) return;
    this.answer.dataset.key = key;
    this.answer.replaceChildren(...rich("story_mixture.answer", values));
  }

  /** @param {number} share of holes @param {{mean: [number, number], deviation: [number, number]}} found */
  #result(share, found) {
    const { state, data, model } = this.story;
    const { result } = this.side;
    const key = [this.key, this.n].join();
    if (result.dataset.key === key) return;
    const kind = this.#kind(share, found);
    Object.assign(result.dataset, { key, kind });
    const start = data?.start ?? 1;
    const [s1, s2] = found.deviation.map(number);
    const values = { n: group(this.n), total: group(this.total), holes: percent(share), beta: formatBeta(state.beta), s1, s2 };
    const elsewhere = kind.startsWith("all.") && Math.abs(start - state.beta) > 1e-6 ? [" ", this.#toStart(start)] : [];
    const part = model && model.codes.n < model.spec.samples && ["all", "all.holes", "all.gaps", "all.apart"].includes(kind);
    const more = part ? t("story_mixture.result.part", { samples: group(model.spec.samples) }) : "";
    result.replaceChildren(h("span", {}, ...nodesOf(sentences([t(`story_mixture.result.${kind}`, values), more]))), ...elsewhere);
  }

  /** @param {number} share @param {{mean: [number, number], deviation: [number, number]}} found */
  #kind(share, { mean, deviation }) {
    const { state, data } = this.story;
    const all = this.n === this.total;
    if ((this.holes.at(1) ?? 1) < COLLAPSED_HOLES) return all ? "all.collapsed" : "collapsed";
    if (this.n === 1) return "one";
    if (!all) return "some";
    if (share > MANY_HOLES) return state.beta < (data?.start ?? 1) ? "all.holes" : "all.gaps";
    const off = Math.max(...mean.map(Math.abs), ...deviation.map((d) => Math.abs(d - 1)));
    return off > NEAR ? "all.apart" : "all";
  }

  /** @param {number} start */
  #toStart(start) {
    const betas = this.story.model?.spec.betas ?? [start];
    const beta = betas[nearestNode(betas, start)];
    const button = h("button", { type: "button", class: "inline", "data-testid": "to-start-beta" }, t("story_mixture.look_at", { beta: formatBeta(beta) }));
    button.addEventListener("click", () => {
      this.side.adders[2].focus();
      this.story.setBeta(beta, true);
      this.#speakSoon();
    }, { signal: this.signal });
    return button;
  }

  /** Numbers for tests. @param {{mean: [number, number], deviation: [number, number]}} found */
  #report({ mean, deviation }) {
    const share = this.holes.at(this.n);
    Object.assign(this.root.dataset, {
      n: String(this.n), total: String(this.total), holes: share === null ? "" : share.toFixed(4), filling: String(this.filling !== null),
      mean: mean.map((v) => v.toFixed(4)).join(","), deviation: deviation.map((v) => v.toFixed(4)).join(","),
    });
  }
}

/** @returns {boolean} the reader prefers no motion */
function calm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** @param {number} share of holes @returns {string} in percent, with its standard error rounded up */
function withError(share) {
  const error = 100 * shareError(share, DRAWS);
  const digits = error < 0.5 ? 1 : 0;
  const up = Math.ceil(error * 10 ** digits) / 10 ** digits;
  return t("story_mixture.percent.error", { value: (100 * share).toFixed(digits), error: up.toFixed(digits) });
}

/** @param {number} share */
function percent(share) {
  if (share > 0 && share < 0.005) return t("story_mixture.percent.little");
  if (share < 1 && share >= 0.995) return t("story_mixture.percent.nearly");
  return t("story_mixture.percent", { value: Math.round(100 * share) });
}

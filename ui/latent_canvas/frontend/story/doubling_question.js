// Question after step 5: what will doubling β do to this ellipse?

import { h, setShown, setText } from "../dom.js";
import { paintSample } from "../images.js";
import { formatBeta, nearestNode } from "../scale.js";
import { nodesOf } from "../terms.js";
import { sentences, t } from "../texts.js";
import { significant } from "../words.js";
import { doubled, growthOf, pickOne, poolOf, quietSteps, toStored } from "./dealing.js";
import { LatentPlane } from "./latent_plane.js";
import { Choices, Question, progress, unmarked } from "./question.js";
import { sampleSubject } from "./subject.js";

/**
 * @typedef {import("./subject.js").Subject} Subject
 * @typedef {"grow" | "shrink" | "same"} Growth
 * @typedef {{mu: number[], sigma: number[]}} Gaussian
 */

/** The ellipse morphs in so long. */
const MORPH_MS = 1400;
/** Other samples whose μ move along as dots. */
const DOTS = 1200;
/** The plane reaches so many σ to each side before the answer, and at least so many after. */
const REACH = { before: 5.5, after: 2.6 };
/** In later rounds these shares of questions are about a step that changes hardly anything, and about half of β instead of twice. */
const QUIET_SHARE = 0.3;
const HALVE_SHARE = 0.3;
/** Samples that are tried for a step that changes hardly anything. */
const QUIET_TRIES = 12;
/** A Gaussian this wide along both axes is nearly the prior. */
const NEARLY_PRIOR = 0.85;
/** Below this share of its range β hardly counts. */
const SMALL_BETA = 0.01;
/** A way of the centre that is worth a word, in σ. */
const MOVED = 1;
const GROWTHS = /** @type {const} */ (["grow", "shrink", "same"]);

export class DoublingQuestion extends Question {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_doubling", signal);
    /** @type {Subject | null} */
    this.subject = null;
    this.step = { from: 1, to: 2, kind: "double" };
    /** @type {Gaussian} */
    this.before = { mu: [0, 0], sigma: [1, 1] };
    /** @type {Gaussian | null} what the model answered */
    this.after = null;
    this.began = 0;
    /** @type {Growth | null} */
    this.guess = null;
    /** Codes of other samples before and after, [DOTS][4], and in between. */
    this.dots = { before: new Float32Array(0), after: new Float32Array(0), now: new Float32Array(0) };
    this.plane = new LatentPlane({ label: t("story_doubling.plane"), testid: "doubling-plane", resized: () => this.redraw() }, signal);
    this.choices = new Choices(t("story_doubling.choose"), [...GROWTHS], (value) => [t(`story_doubling.choose.${value}`)], (value) => this.#choose(value), signal);
    this.betaWords = h("p", { class: "beta-words", "data-testid": "beta-words" });
    this.pictures = ["original", "before", "after"].map((name) => {
      const canvas = h("canvas", { role: "img" });
      const caption = h("figcaption", {});
      return { name, canvas, caption, root: h("figure", {}, h("div", { class: "frame" }, canvas), caption) };
    });
    const side = h("div", { class: "quiz-side" }, this.ask, h("div", { class: "row choosing" }, this.choices.root, this.another), this.answer, this.take,
      h("div", { class: "pictures" }, ...this.pictures.map(({ root }) => root)));
    this.body.append(h("div", { class: "quiz doubling" }, h("div", { class: "quiz-plane" }, this.plane.root, this.betaWords), side));
  }

  /** @override */
  about() {
    const { subject } = this.story;
    return [super.about(), subject?.index, subject?.source, subject && subject.index < 0 ? subject.pixels.join() : ""].join();
  }

  /**
   * The first question is about the story's own sample and β, the others about any.
   * @override
   * @param {import("./dealing.js").Chance} chance
   */
  deal(chance) {
    const { model, subject, state, current } = this.story;
    if (!model || !subject) return;
    const { betas } = model.spec;
    const known = betas.length > 1;
    for (const part of [this.lead, this.choices.root, this.another]) setShown(part, known);
    this.subject = subject;
    this.step = { from: state.beta, ...doubled(state.beta, betas) };
    if (this.round > 0 && !(chance() < QUIET_SHARE && this.#dealQuiet(chance))) {
      this.subject = sampleSubject(model, current, pickOne(chance, poolOf(model)));
      const top = betas[betas.length - 1];
      const halve = chance() < HALVE_SHARE;
      const fitting = betas.filter((beta) => beta >= SMALL_BETA * top && (halve || 2 * beta <= top));
      const from = fitting.length ? pickOne(chance, fitting) : top;
      this.step = { from, ...(halve || !fitting.length ? { to: from / 2, kind: "halve" } : doubled(from, betas)) };
    }
    if (!this.#encodes) this.step = toStored(this.step, betas);
    const { from } = this.step;
    this.before = this.#gaussianAt(from);
    this.after = null;
    this.guess = null;
    const codes = model.codes.at(from).subarray(0, 4 * DOTS);
    this.dots = { before: codes, after: codes, now: codes.slice() };
    this.plane.show(square([this.before], REACH.before));
    this.#say();
  }

  /**
   * A sample and a step of β with which its ellipse stays about the same, for a reason that can be told.
   * @param {import("./dealing.js").Chance} chance
   * @returns {boolean} there is one among those tried
   */
  #dealQuiet(chance) {
    const { model, current } = this.story;
    if (!model) return false;
    const pool = poolOf(model);
    for (let i = 0; i < QUIET_TRIES; i++) {
      this.subject = sampleSubject(model, current, pickOne(chance, pool));
      const steps = quietSteps(model.spec.betas, !this.#encodes).filter((step) => {
        [this.before, this.after] = [this.#gaussianAt(step.from), this.#gaussianAt(step.to)];
        this.step = step;
        return growthOf(area(this.after) / area(this.before)) === "same" && this.#reason("same") !== "";
      });
      if (!steps.length) continue;
      this.step = pickOne(chance, steps);
      return true;
    }
    return false;
  }

  #say() {
    const { model } = this.story;
    const { subject, step } = this;
    if (!model || !subject) return;
    const label = subject.index < 0 ? "" : unmarked(this.labelOf(subject.index));
    const name = subject.index < 0 ? t("story.your_drawing") : t("story.sample_name", { id: subject.id.toLocaleString("en-US"), label });
    const values = { name, from: formatBeta(step.from), to: formatBeta(step.to) };
    const parts = ["story_doubling.ask", `story_doubling.ask.${step.kind}`, "story_doubling.ask.will"];
    const asked = model.spec.betas.length > 1 ? sentences(parts.map((key) => t(key, values))) : t("story_doubling.one_beta", { beta: formatBeta(model.spec.betas[0]) });
    this.ask.replaceChildren(...nodesOf(asked));
    Object.assign(this.root.dataset, { index: String(subject.id), from: String(step.from), to: String(step.to) });
    delete this.root.dataset.ratio;
  }

  get #encodes() {
    return Boolean(this.story.model?.encoder) && this.subject?.source !== "reconstruction";
  }

  /** What the encoder says at some β; without it, or without the picture, what was stored nearest to that β. @param {number} beta @returns {Gaussian} */
  #gaussianAt(beta) {
    const { model, state } = this.story;
    const { subject } = this;
    if (!model || !subject) return this.before;
    const { encoder, codes, spec } = model;
    if (!encoder || !this.#encodes) return codes.exact(subject.index, nearestNode(spec.betas, beta));
    encoder.setBeta(beta);
    const { mu, sigma } = encoder.encode(subject.pixels);
    encoder.setBeta(state.beta);
    return { mu, sigma };
  }

  /** @override */
  guessAnything() {
    if (this.story.model && this.story.model.spec.betas.length > 1) this.#choose(GROWTHS[this.round % GROWTHS.length]);
  }

  /** @param {Growth} guess */
  #choose(guess) {
    const { model } = this.story;
    const { step, before } = this;
    if (!model || this.answered) return;
    this.guess = guess;
    this.after = this.#gaussianAt(step.to);
    this.began = performance.now();
    const all = { before: model.codes.at(step.from), after: model.codes.at(step.to) };
    this.dots.after = all.after.subarray(0, 4 * DOTS);
    this.plane.show(square([before, this.after], REACH.after, this.plane.box), true);
    const ratio = area(this.after) / area(before);
    const growth = growthOf(ratio);
    this.root.dataset.ratio = ratio.toPrecision(5);
    const sigmas = (/** @type {Gaussian} */ { sigma }) => `(${significant(sigma[0])}, ${significant(sigma[1])})`;
    const values = {
      from: formatBeta(step.from), to: formatBeta(step.to), before: sigmas(before), after: sigmas(this.after), ratio: ratioText(ratio),
      percent: Math.round(100 * Math.abs(ratio - 1)),
    };
    const reason = this.#reason(growth);
    const others = sentences([othersWords(all, growth), this.#movedWords()]);
    const lines = [t(`story_doubling.${growth}`, values), reason && t(`story_doubling.why.${reason}`), others];
    const kind = guess === growth ? "right" : "other";
    this.reveal({ kind, verdict: t(`story_question.verdict.${kind}`), lines: lines.filter((line) => line !== "") });
  }

  /** @param {Growth} growth @returns {string} the end of a key; empty where there is nothing to tell */
  #reason(growth) {
    const { from, to } = this.step;
    const { betas } = /** @type {import("../store.js").Model} */ (this.story.model).spec;
    const usual = to > from ? "grow" : "shrink";
    if (growth === usual) return growth;
    if (growth !== "same") return "unusual";
    const centred = [this.before, this.after].every((g) => !g || Math.hypot(...g.mu) < 1 - NEARLY_PRIOR);
    if (centred && Math.min(...this.before.sigma, ...(this.after?.sigma ?? [])) > NEARLY_PRIOR) return "prior";
    return Math.max(from, to) < SMALL_BETA * betas[betas.length - 1] ? "small" : "";
  }

  /** The question is about the size; that the centre moves too can be seen, and is said. */
  #movedWords() {
    const { before, after } = this;
    const moved = after ? Math.hypot(...before.mu.map((v, i) => (after.mu[i] - v) / before.sigma[i])) : 0;
    return moved > MOVED ? t("story_doubling.moved") : "";
  }

  /**
   * @override
   * @param {boolean} anew
   */
  paint(anew) {
    const { model, colors, ink } = this.story;
    const { subject, before, after, step } = this;
    if (!model || !subject) return;
    const s = after ? progress(this.began, MORPH_MS) : 0;
    const now = !after ? before : s === 1 ? after : this.#between(s);
    const color = subject.label < 0 ? ink.accent : colors[subject.label];
    const { now: dots } = this.dots;
    for (let i = 0; i < dots.length; i++) dots[i] = this.dots.before[i] + s * (this.dots.after[i] - this.dots.before[i]);
    this.plane.draw({
      ink, prior: true, samples: { codes: dots, labels: model.codes.labels, colors },
      ellipses: [
        ...(after ? [{ mu: before.mu, sigma: before.sigma, ks: [2, 1], color: ink.soft, dash: [5, 4], width: 1.5 }] : []),
        { mu: now.mu, sigma: now.sigma, ks: [2, 1], color, filled: true, width: 3 },
      ],
    });
    const beta = s === 0 ? step.from : s === 1 ? step.to : this.#betaAt(s);
    setText(this.betaWords, t("story_doubling.beta", { beta: formatBeta(beta), s1: significant(now.sigma[0]), s2: significant(now.sigma[1]) }));
    this.choices.set(this.guess, after ? [growthOf(area(after) / area(before))] : []);
    if (anew || (after && s === 1)) this.#drawPictures(s === 1);
    if (after && s < 1) this.redraw();
  }

  /** @param {number} s @returns {number} β on the way */
  #betaAt(s) {
    const { from, to } = this.step;
    return from > 0 ? from * (to / from) ** s : s * to;
  }

  /** On the way: what the encoder says there; where only stored codes are known, between the two. @param {number} s @returns {Gaussian} */
  #between(s) {
    if (this.#encodes || !this.after) return this.#gaussianAt(this.#betaAt(s));
    const { before, after } = this;
    return {
      mu: before.mu.map((v, i) => v + s * (after.mu[i] - v)),
      sigma: before.sigma.map((v, i) => v * (after.sigma[i] / v) ** s),
    };
  }

  /** The picture, and what comes back of it before and after; what is not known yet is hidden by its style. @param {boolean} answered */
  #drawPictures(answered) {
    const { model, state } = this.story;
    const { subject, step, before, after } = this;
    if (!model || !subject) return;
    for (const { name, canvas, caption, root } of this.pictures) {
      const known = name !== "after" || (answered && after !== null);
      root.classList.toggle("unknown", !known);
      const values = { beta: formatBeta(name === "after" ? step.to : step.from) };
      const words = t(name === "original" ? `story_doubling.picture.${subject.source}` : "story_doubling.picture.decoded", values);
      setText(caption, words);
      canvas.setAttribute("aria-label", words);
      if (name === "original") {
        paintSample(canvas, subject.pixels, model.spec, words);
        continue;
      }
      model.decoder.setBeta(name === "after" ? step.to : step.from);
      paintSample(canvas, model.decoder.decode((known && after && name === "after" ? after : before).mu), model.spec, words);
    }
    model.decoder.setBeta(state.beta);
  }
}

/** @param {Gaussian} gaussian */
function area({ sigma }) {
  return sigma[0] * sigma[1];
}

/**
 * A square that holds Gaussians at k σ, and no smaller than one before.
 * @param {Gaussian[]} gaussians
 * @param {number} k
 * @param {import("./latent_plane.js").Bounds} [least]
 * @returns {import("./latent_plane.js").Bounds}
 */
function square(gaussians, k, least) {
  const [x, y] = [0, 1].map((axis) => {
    const reach = k === REACH.before ? gaussians.map(({ sigma }) => k * Math.max(...sigma)) : gaussians.map(({ sigma }) => k * sigma[axis]);
    const own = least ? [least[2 * axis], least[2 * axis + 1]] : [Infinity, -Infinity];
    return {
      low: Math.min(own[0], ...gaussians.map(({ mu }, i) => mu[axis] - reach[i])), high: Math.max(own[1], ...gaussians.map(({ mu }, i) => mu[axis] + reach[i])),
    };
  });
  const half = Math.max(x.high - x.low, y.high - y.low) / 2;
  const [cx, cy] = [(x.low + x.high) / 2, (y.low + y.high) / 2];
  return [cx - half, cx + half, cy - half, cy + half];
}

/** @param {number} ratio */
function ratioText(ratio) {
  return ratio >= 9.95 ? String(Math.round(ratio)) : ratio >= 0.1 ? ratio.toFixed(ratio < 1 ? 2 : 1) : ratio.toPrecision(1);
}

/**
 * How many of all samples do what this one does.
 * @param {{before: Float32Array, after: Float32Array}} all codes, [n][4] each
 * @param {Growth} growth
 */
function othersWords({ before, after }, growth) {
  const n = before.length / 4;
  let alike = 0;
  for (let c = 0; c < before.length; c += 4) {
    if (growthOf((after[c + 2] * after[c + 3]) / (before[c + 2] * before[c + 3])) === growth) alike += 1;
  }
  return n > 1 ? t(`story_doubling.others.${growth}`, { percent: Math.round((100 * alike) / n) }) : "";
}

// Question after step 4: of two samples, which one may be placed less exactly, that is, which has the wider ellipse?

import { h, setShown, setText } from "../dom.js";
import { paintSample } from "../images.js";
import { plainText } from "../terms.js";
import { sentences, t } from "../texts.js";
import { significant } from "../words.js";
import { dealPair, pictureChange, poolOf, stripChange } from "./dealing.js";
import { LatentPlane, boxAround } from "./latent_plane.js";
import { Choices, Question, progress, unmarked } from "./question.js";
import { sampleSubject, withCode } from "./subject.js";

/**
 * @typedef {import("./subject.js").Subject} Subject
 * @typedef {"left" | "right"} Side
 */

/** Areas within this factor are a tie. */
const TIE = 1.1;
/** The planes reach so many of the widest σ to each side. */
const REACH = 3.4;
const GROW_MS = 900;
/** Pictures at the centre and beside it, in steps. */
const WALK = [-2, -1, 0, 1, 2];
/** A picture's change around the centre is measured over so much of the narrowest σ. */
const SMALL_STEP = 0.5;
/** The reason is given where pictures change this much more around the narrower one, in a small step and in those that are shown. */
const FASTER = 1.3;
const SEEN = 1.5;
const SIDES = /** @type {const} */ (["left", "right"]);

export class SurenessQuestion extends Question {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_sureness", signal);
    /** @type {[number, number] | null} */
    this.pair = null;
    /** @type {Side | null} */
    this.guess = null;
    /** @type {[Subject, Subject] | null} what the model answered */
    this.found = null;
    this.began = 0;
    /** What is said when the measured reason holds, and can be seen, for this pair. */
    this.reason = "";
    this.canvases = { left: h("canvas", {}), right: h("canvas", {}) };
    this.captions = { left: h("span", {}), right: h("span", {}) };
    const content = (/** @type {Side} */ side) => [h("div", { class: "frame" }, this.canvases[side]), this.captions[side]];
    this.choices = new Choices(t("story_sureness.choose"), [...SIDES], content, (side) => this.#choose(side), signal);
    this.sides = SIDES.map((side) => {
      const plane = new LatentPlane({ label: t(`story_sureness.plane.${side}`), testid: `sureness-${side}`, resized: () => this.redraw() }, signal);
      const words = h("p", { class: "sigma-words", "data-testid": `sigma-${side}` });
      return { side, plane, words, root: h("div", { class: "sureness-side" }, plane.root, words) };
    });
    this.planes = h("div", { class: "sureness-planes" }, ...this.sides.map(({ root }) => root));
    this.walks = SIDES.map((side) => {
      const canvases = WALK.map(() => h("canvas", {}));
      const frames = canvases.map((canvas) => h("div", { class: "frame" }, canvas));
      return { canvases, root: h("div", { class: "walk" }, h("span", {}, t(`story_sureness.walk.${side}`)), ...frames) };
    });
    this.walkTitle = h("h3", {});
    this.walk = h("div", { class: "walks", "aria-hidden": "true", "data-testid": "walks", hidden: true }, this.walkTitle, ...this.walks.map(({ root }) => root));
    this.none = h("p", { class: "note", hidden: true }, t("story_sureness.none"));
    const left = h("div", { class: "sureness-left" }, this.ask, this.none, this.choices.root, this.planes);
    const right = h("div", { class: "quiz-side" }, h("div", { class: "row" }, this.another), this.answer, this.walk, this.take);
    this.body.append(h("div", { class: "quiz sureness" }, left, right));
  }

  /**
   * @override
   * @param {import("./dealing.js").Chance} chance
   */
  deal(chance) {
    const { model, current } = this.story;
    if (!model) return;
    this.pair = dealPair(chance, poolOf(model), (i) => current[4 * i + 2] * current[4 * i + 3]);
    this.guess = null;
    this.found = null;
    this.reason = "";
    setShown(this.none, !this.pair);
    setShown(this.choices.root, this.pair !== null);
    setText(this.ask, this.pair ? t("story_sureness.ask") : "");
    this.root.dataset.pair = this.pair?.map((i) => model.codes.ids[i]).join() ?? "";
    delete this.root.dataset.areas;
  }

  /** @override */
  guessAnything() {
    if (this.pair) this.#choose(SIDES[this.round % SIDES.length]);
  }

  /** @param {Side} side */
  #choose(side) {
    const { model, current } = this.story;
    if (!model || !this.pair || this.answered) return;
    this.guess = side;
    const [a, b] = this.pair.map((i) => withCode(model, sampleSubject(model, current, i)));
    this.found = [a, b];
    this.began = performance.now();
    const areas = this.found.map(({ sigma }) => sigma[0] * sigma[1]);
    const ratio = Math.max(...areas) / Math.min(...areas);
    const wider = areas[0] > areas[1] ? 0 : 1;
    const tie = ratio < TIE;
    this.root.dataset.areas = areas.map((v) => v.toPrecision(5)).join();
    const kind = tie ? "tie" : side === SIDES[wider] ? "right" : "other";
    const values = {
      wider: t(`story_sureness.${SIDES[wider]}`), other: t(`story_sureness.${SIDES[1 - wider]}`), chosen: t(`story_sureness.${side}`),
      label: unmarked(this.labelOf(this.pair[wider])), ratio: ratio.toFixed(1),
    };
    this.reason = tie ? "" : this.#reasonWords(wider, values);
    const says = kind === "right" ? ["wider.chosen"] : ["chose", tie ? "tie" : "wider"];
    const lines = [sentences(says.map((key) => t(`story_sureness.${key}`, values))), this.reason].filter((line) => line !== "");
    this.reveal({ kind, verdict: t(`story_question.verdict.${kind}`), lines });
  }

  /**
   * The reason that can be measured: where the decoder's picture changes slowly, a loose place costs little. It is given
   * only where that is so for this pair, and where the pictures in the two rows show it.
   * @param {number} wider which of the two has the wider ellipse
   * @param {Record<string, string>} values
   * @returns {string} empty where it is not so
   */
  #reasonWords(wider, values) {
    const { model } = this.story;
    if (!model || !this.found) return "";
    const small = SMALL_STEP * Math.min(...this.found.flatMap(({ sigma }) => sigma));
    const offsets = WALK.filter((steps) => steps !== 0).map((steps) => steps * this.#walkStep());
    const faster = this.found.map(({ mu }) => pictureChange(model.decoder, mu, small)).reduce((a, b) => (wider === 0 ? b / a : a / b));
    const seen = this.found.map(({ mu }) => stripChange(model.decoder, mu, offsets)).reduce((a, b) => (wider === 0 ? b / a : a / b));
    this.root.dataset.faster = [faster, seen].map((v) => v.toFixed(2)).join();
    return faster >= FASTER && seen >= SEEN ? t("story_sureness.reason", { ...values, times: seen.toFixed(1) }) : "";
  }

  /** The step from picture to picture in both rows, latent units. */
  #walkStep() {
    return roundStep(Math.max(...(this.found ?? []).flatMap(({ sigma }) => sigma)));
  }

  /**
   * @override
   * @param {boolean} anew
   */
  paint(anew) {
    const { model, pair, found } = this;
    const { colors, ink, current } = this.story;
    setShown(this.planes, pair !== null);
    for (const side of SIDES) setText(this.captions[side], t(this.#captionKey(side)));
    if (!model || !pair) return;
    const s = found ? progress(this.began, GROW_MS) : 0;
    const widest = Math.max(...(found ?? []).flatMap(({ sigma }) => sigma));
    for (const [i, { side, plane, words, root }] of this.sides.entries()) {
      const label = model.codes.labels[pair[i]];
      if (anew) {
        this.picture(this.canvases[side], pair[i]);
        this.canvases[side].setAttribute("aria-label", plainText(this.labelOf(pair[i])));
      }
      root.classList.toggle("waiting", !found);
      if (!found) {
        setText(words, "");
        plane.draw({ ink });
        continue;
      }
      const { mu, sigma } = found[i];
      plane.show(boxAround(mu, [widest, widest], REACH));
      const grown = sigma.map((v) => Math.max(1e-6, s * v));
      plane.draw({
        ink, samples: { codes: current, labels: model.codes.labels, colors },
        ellipses: [{ mu, sigma: grown, ks: [2, 1], color: colors[label], filled: true, width: 3 }],
      });
      setText(words, t("story_sureness.sigma", { s1: significant(sigma[0]), s2: significant(sigma[1]) }));
    }
    this.choices.set(this.guess, this.#right());
    if (anew || (found && s === 1) || !found) this.#drawWalks();
    if (found && s < 1) this.redraw();
  }

  /** @param {Side} side @returns {string} a key: what the card is called, before and after the answer */
  #captionKey(side) {
    if (!this.found) return "story_sureness.choose.this";
    const right = this.#right().includes(side);
    if (side === this.guess) return right ? "story_sureness.card.chosen.wider" : "story_sureness.card.chosen";
    return right ? "story_sureness.card.wider" : "story_sureness.card.other";
  }

  /** What the decoder makes of places beside the two centres. */
  #drawWalks() {
    const { model, found } = this;
    setShown(this.walk, this.reason !== "");
    if (!model || !found || this.reason === "") return;
    const step = this.#walkStep();
    setText(this.walkTitle, t("story_sureness.walk", { step }));
    for (const [i, { canvases }] of this.walks.entries()) {
      const [x, y] = found[i].mu;
      for (const [j, canvas] of canvases.entries()) paintSample(canvas, model.decoder.decode([x + WALK[j] * step, y]), model.spec);
    }
  }

  get model() {
    return this.story.model;
  }

  /** @returns {Side[]} */
  #right() {
    if (!this.found) return [];
    const [a, b] = this.found.map(({ sigma }) => sigma[0] * sigma[1]);
    if (Math.max(a, b) / Math.min(a, b) < TIE) return [...SIDES];
    return [a > b ? "left" : "right"];
  }
}

/** The round number next to a width: 1, 2 or 5 times a power of ten. @param {number} width */
function roundStep(width) {
  const power = 10 ** Math.floor(Math.log10(width));
  const times = width / power;
  return Number(((times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10) * power).toPrecision(1));
}

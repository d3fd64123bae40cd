// A question between two steps: it is dealt, guessed at with one gesture, answered by the model, and then another one can be dealt.

import { h, setShown, setText } from "../dom.js";
import { paintOriginal, paintSample } from "../images.js";
import { nodesOf } from "../terms.js";
import { sentences, t } from "../texts.js";
import { seedOf } from "./dealing.js";
import { mulberry32 } from "./random.js";
import { Step } from "./step.js";

/**
 * @typedef {import("./dealing.js").Chance} Chance
 * @typedef {import("./step.js").Change} Change
 * @typedef {import("./story_view.js").StoryView} StoryView
 * @typedef {object} Answer what is said about a guess
 * @property {string} kind "right", "other", "tie", or a question's own; the verdict's looks
 * @property {string} verdict in a few words
 * @property {string[]} lines sentences that explain the result, with marks as in text files
 */

export class Question extends Step {
  /**
   * @param {StoryView} story
   * @param {string} name of the text file
   * @param {AbortSignal} signal
   */
  constructor(story, name, signal) {
    super(story, name);
    this.signal = signal;
    this.round = 0;
    /** What the question is about: another model or β deals anew. */
    this.key = "";
    this.answered = false;
    /** The question has just been dealt. */
    this.fresh = false;
    this.ask = h("p", { class: "ask", "data-testid": "ask" });
    this.verdict = h("p", { class: "verdict", "data-testid": "verdict" });
    this.why = h("div", { class: "why", "data-testid": "why" });
    this.answer = h("div", { class: "answer", "data-testid": "answer", hidden: true }, this.verdict, this.why);
    this.another = h("button", { type: "button", class: "another", "data-testid": "another" }, t("story_question.another"));
    this.another.addEventListener("click", () => this.#next(), { signal });
    /** What there is to take away; it would give the answer away before one is made. */
    this.take = /** @type {HTMLElement} */ (this.root.querySelector(".take"));
    setShown(this.take, false);
    this.root.classList.add("quiz-step");
  }

  #next() {
    this.round += 1;
    this.#deal();
    this.redraw();
    this.story.say(this.ask.textContent ?? "");
  }

  #deal() {
    const { model } = this.story;
    if (!model) return;
    this.answered = false;
    this.fresh = true;
    setShown(this.answer, false);
    setShown(this.take, false);
    this.root.dataset.round = String(this.round);
    delete this.root.dataset.verdict;
    this.deal(mulberry32(seedOf(`${model.spec.name}/${this.name}/${this.round}`)));
  }

  /** What the present question hangs on; when it changes the first question is dealt. @returns {string} */
  about() {
    const { model, state } = this.story;
    return [model?.spec.digest, model?.chunks.has(0), state.beta].join();
  }

  /**
   * Choose what is asked, and say it in `ask`.
   * @param {Chance} chance the same for everybody in this round
   */
  deal(chance) {
    void chance;
  }

  /** @override @param {number} second a guess, then another question */
  showOff(second) {
    if (second === 5) this.guessAnything();
    if (second === 11) this.#next();
  }

  /** Demo mode: make some guess. */
  guessAnything() {}

  /**
   * Say what the model answers.
   * @param {Answer} answer
   */
  reveal({ kind, verdict, lines }) {
    this.answered = true;
    this.root.dataset.verdict = kind;
    this.answer.dataset.kind = kind;
    setText(this.verdict, verdict);
    this.why.replaceChildren(...lines.map((line) => h("p", {}, ...nodesOf(line))));
    setShown(this.answer, true);
    setShown(this.take, true);
    this.story.say(sentences([verdict, ...[...this.why.children].map((line) => line.textContent ?? "")]));
    // On a phone the answer may have come up below the edge of the screen.
    this.why.firstElementChild?.scrollIntoView({ block: "nearest", behavior: isCalm() ? "auto" : "smooth" });
    this.redraw();
  }

  /**
   * @override
   * @param {Set<Change>} changed
   */
  draw(changed) {
    const about = this.about();
    if (about !== this.key) {
      this.key = about;
      this.round = 0;
      this.#deal();
    }
    this.root.classList.toggle("answered", this.answered);
    this.another.classList.toggle("primary", this.answered);
    const anew = this.fresh || [...changed].some((part) => part !== "own");
    this.fresh = false;
    this.paint(anew);
  }

  /** @param {boolean} anew pictures may have become others; else only something moves */
  paint(anew) {
    void anew;
  }

  /**
   * A sample's picture: its original, else what the decoder makes of its code.
   * @param {HTMLCanvasElement} canvas
   * @param {number} index
   */
  picture(canvas, index) {
    const { model, current } = this.story;
    const original = model?.original(index);
    if (original && model) paintOriginal(canvas, original, model.spec);
    else if (model) paintSample(canvas, model.decoder.decode(current.subarray(4 * index, 4 * index + 2)), model.spec);
  }

  /** @param {number} index @returns {string} the sample's class */
  labelOf(index) {
    const { model } = this.story;
    return model ? model.spec.label_names[model.codes.labels[index]] : "";
  }
}

/**
 * Buttons of which one is the guess. They stay where they are once it is made, so that the focus does too.
 * @template {string} V
 */
export class Choices {
  /**
   * @param {string} label what is chosen, for screen readers
   * @param {V[]} values
   * @param {(value: V) => (Node | string)[]} content of a button
   * @param {(value: V) => void} choose
   * @param {AbortSignal} signal
   */
  constructor(label, values, content, choose, signal) {
    this.root = h("div", { class: "choices", role: "group", "aria-label": label });
    this.buttons = /** @type {Map<V, HTMLButtonElement>} */ (new Map());
    this.open = true;
    for (const value of values) {
      const button = h("button", { type: "button", "data-testid": `choose-${value}` }, ...content(value));
      button.addEventListener("click", () => this.open && choose(value), { signal });
      this.buttons.set(value, button);
      this.root.append(button);
    }
  }

  /**
   * @param {V | null} guess
   * @param {V[]} right the answers that are right; none while nothing was guessed
   */
  set(guess, right) {
    this.open = guess === null;
    for (const [value, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(value === guess));
      button.setAttribute("aria-disabled", String(guess !== null));
      button.classList.toggle("is-answer", right.includes(value));
    }
  }
}

/** A name from data for a text with marks: what would be read as a mark is written otherwise. @param {string} name */
export function unmarked(name) {
  return name.replaceAll("*", "\u2217").replaceAll("[[", "[\u200b[");
}

/** How far a movement has come, from its beginning; 1 at once where the reader prefers no motion. @param {number} began @param {number} ms */
export function progress(began, ms) {
  if (isCalm()) return 1;
  const s = Math.min(1, Math.max(0, performance.now() - began) / ms);
  return s * s * (3 - 2 * s);
}

/** @returns {boolean} the reader prefers no motion */
function isCalm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Question after step 2: where on the map will the encoder put this picture?

import { nearest } from "../codes.js";
import { h, setShown, setText } from "../dom.js";
import { plainText, rich } from "../terms.js";
import { sentences, t } from "../texts.js";
import { toScreen } from "../view.js";
import { number, significant } from "../words.js";
import { commonest, emptyCorner, labelCounts, mapBox, pickOne, poolOf, shareCloser, withoutOne } from "./dealing.js";
import { LatentPlane } from "./latent_plane.js";
import { Question, progress, unmarked } from "./question.js";
import { sampleSubject, withCode } from "./subject.js";

/** The ellipse glides from the guess to its place in so long. */
const GLIDE_MS = 1100;
const GUESS_PX = 8;
const FOUND_PX = 15;
const WORD_PX = 34;
/** About the size of a name's letters. */
const LETTER_PX = 8;
const NAME_PX = 15;
/** Neighbours that are counted and shown. */
const NEIGHBOURS = 8;
/** Chances to find a sample that lies on the map that is shown. */
const TRIES = 30;
/** Shares of the other samples that lie closer, up to which a guess is called very close, or close. */
const VERY_CLOSE = 0.02;
const CLOSE = 0.1;
/** Of so many classes that are equally frequent the names are said. */
const NAMED = 3;

export class LandingQuestion extends Question {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_landing", signal);
    this.index = 0;
    /** @type {[number, number]} */
    this.guess = [0, 0];
    /** @type {import("./subject.js").Subject | null} what the model answered */
    this.found = null;
    this.began = 0;
    this.others = withoutOne(new Float32Array(4), [0], 0);
    /** @type {Int32Array} */
    this.neighbours = new Int32Array(0);
    /** The ring has left the corner where it waits. */
    this.moved = false;
    this.canvas = h("canvas", { role: "img", "aria-label": t("story_landing.picture") });
    this.plane = new LatentPlane({ label: t("story_landing.plane"), testid: "landing-plane", resized: () => this.redraw() }, signal);
    this.plane.root.classList.add("tappable");
    this.plane.onTap((x, y) => this.#land([x, y]));
    this.handle = this.plane.addHandle({ name: "guess-handle", label: t("story_landing.handle"), onMove: (x, y) => this.#aim(x, y) });
    let moved = false;
    this.handle.root.addEventListener("pointerdown", () => (moved = false), { signal });
    this.handle.root.addEventListener("pointermove", (event) => (moved ||= event.buttons > 0 && Math.hypot(event.movementX, event.movementY) > 0), { signal });
    // Pressed, not dragged, the ring is a place like any other; so Enter answers too.
    this.handle.root.addEventListener("click", (event) => (event.detail === 0 || !moved) && this.#here(), { signal });
    this.here = h("button", { type: "button", class: "primary", "data-testid": "here" }, t("story_landing.here"));
    this.here.addEventListener("click", () => this.#here(), { signal });
    this.thumbs = Array.from({ length: NEIGHBOURS }, () => {
      const canvas = h("canvas", {});
      const text = h("span", {});
      return { canvas, text, root: h("div", { class: "thumb" }, h("div", { class: "frame" }, canvas), text) };
    });
    this.around = h("div", { class: "around", hidden: true }, h("h3", {}, t("story_landing.around")),
      h("div", { class: "thumbs", "data-testid": "neighbours" }, ...this.thumbs.map(({ root }) => root)));
    const asked = h("div", { class: "asked" }, h("div", { class: "frame big" }, this.canvas), h("div", {}, this.ask, h("p", { class: "note" }, ...rich("story_landing.how"))));
    const side = h("div", { class: "quiz-side" }, h("div", { class: "row" }, this.here, this.another), this.answer, this.around, this.take);
    this.body.append(h("div", { class: "quiz landing" }, asked, h("div", { class: "quiz-plane" }, this.plane.root), side));
  }

  /**
   * @override
   * @param {import("./dealing.js").Chance} chance
   */
  deal(chance) {
    const { model, current } = this.story;
    if (!model) return;
    const pool = poolOf(model);
    const [xmin, xmax, ymin, ymax] = mapBox(current);
    for (let i = 0; i < TRIES; i++) {
      this.index = pickOne(chance, pool);
      const [x, y] = current.subarray(4 * this.index, 4 * this.index + 2);
      if (x > xmin && x < xmax && y > ymin && y < ymax) break;
    }
    this.found = null;
    this.moved = false;
    this.guess = emptyCorner(mapBox(current), current);
    this.others = withoutOne(current, model.codes.labels, this.index);
    setShown(this.around, false);
    const unseen = model.codes.test[this.index] === 1 ? t("story_landing.unseen") : "";
    const standIn = model.original(this.index) || !this.story.data || this.story.data.originals ? "" : t("story_landing.stand_in");
    setText(this.ask, sentences([t("story_landing.ask"), unseen, standIn]));
    Object.assign(this.root.dataset, { index: String(model.codes.ids[this.index]), guess: this.guess.map((v) => v.toFixed(3)).join(",") });
  }

  /** @param {number} x @param {number} y */
  #aim(x, y) {
    if (this.answered) return;
    this.moved = true;
    const [xmin, xmax, ymin, ymax] = this.plane.box;
    this.guess = [Math.min(xmax, Math.max(xmin, x)), Math.min(ymax, Math.max(ymin, y))];
    this.redraw();
  }

  /** The ring's place is the guess, once it was moved there. */
  #here() {
    if (this.moved) this.#land(this.guess);
  }

  /** @override */
  guessAnything() {
    this.#land([0.8, 0.6]);
  }

  /** The guess is made: the model answers. @param {[number, number]} guess */
  #land(guess) {
    const { model, current } = this.story;
    if (!model || this.answered) return;
    // The ring goes: whoever held it by the keyboard goes on with the next question.
    if (this.handle.root.matches(":focus")) this.another.focus({ preventScroll: true });
    this.guess = guess;
    this.found = withCode(model, sampleSubject(model, current, this.index));
    this.began = performance.now();
    const { mu, sigma } = this.found;
    const distance = Math.hypot(mu[0] - guess[0], mu[1] - guess[1]);
    const closer = shareCloser(current, mu, distance, this.index);
    const other = (/** @type {number} */ i) => i !== this.index;
    this.neighbours = nearest(current, mu, NEIGHBOURS, other);
    const inside = ((guess[0] - mu[0]) / sigma[0]) ** 2 + ((guess[1] - mu[1]) / sigma[1]) ** 2 <= 4;
    Object.assign(this.root.dataset, { mu: mu.map((v) => v.toFixed(4)).join(","), distance: distance.toFixed(4), closer: closer.toFixed(4) });
    const values = {
      label: unmarked(this.labelOf(this.index)), id: model.codes.ids[this.index].toLocaleString("en-US"),
      x: number(mu[0]), y: number(mu[1]), s1: significant(sigma[0]), s2: significant(sigma[1]),
    };
    const lines = [t("story_landing.it_is", values)];
    if (!this.neighbours.length) return this.reveal({ kind: "alone", verdict: t("story_landing.verdict.alone"), lines });
    const under = nearest(current, guess, NEIGHBOURS, other);
    const kind = this.#kind(closer, inside, under);
    const percent = Math.round(100 * closer);
    lines.push(sentences([t(closerKey(closer), { count: percent, percent }), inside ? t("story_landing.inside") : ""]));
    if (model.spec.label_names.length > 1) lines.push(this.#amongWords(under));
    this.reveal({ kind, verdict: t(`story_landing.verdict.${kind}`), lines });
  }

  /**
   * How good the guess is: by the classes there and around the real place, and by how many samples lie closer.
   * @param {number} closer
   * @param {boolean} inside its ellipse
   * @param {Int32Array} under samples nearest to the guess
   */
  #kind(closer, inside, under) {
    const { model } = this.story;
    const { labels, label_names: names } = { labels: model?.codes.labels ?? [], label_names: model?.spec.label_names ?? [] };
    const around = commonest(this.neighbours, labels).labels;
    const alike = commonest(under, labels).labels.some((label) => around.includes(label));
    if (closer <= VERY_CLOSE && (alike || inside)) return "very";
    if (closer <= CLOSE) return alike ? "close" : "near";
    if (inside) return "inside";
    return alike && names.length > 1 ? "class" : "far";
  }

  /** What lives around the guess, and around the real place. @param {Int32Array} under samples nearest to the guess */
  #amongWords(under) {
    const { model } = this.story;
    const labels = model?.codes.labels ?? [];
    const own = labels[this.index];
    const around = commonest(this.neighbours, labels);
    const ownCount = labelCounts(this.neighbours, labels).find(([label]) => label === own)?.[1] ?? 0;
    const words = t("story_landing.among", { of: this.neighbours.length, there: this.#mostWords(under), around: this.#mostWords(this.neighbours) });
    return sentences([words, ownCount < around.count ? t("story_landing.among.strange", { label: unmarked(this.labelOf(this.index)) }) : ""]);
  }

  /** Which class is the most frequent one; of several all are named. @param {Int32Array} indices at least one */
  #mostWords(indices) {
    const { model } = this.story;
    const { labels, count } = commonest(indices, model?.codes.labels ?? []);
    const [first, ...more] = labels.map((label) => t("story_landing.quoted", { label: unmarked(model?.spec.label_names[label] ?? "") }));
    if (labels.length > NAMED) return t("story_landing.most.none", { count });
    if (!more.length) return t(count === indices.length ? "story_landing.most.all" : "story_landing.most.one", { count, label: first });
    const list = [first, ...more.slice(0, -1)].reduce((a, b) => t("story_landing.list", { a, b }));
    return t("story_landing.most.tie", { count, labels: t("story_landing.list.and", { a: list, b: more[more.length - 1] }) });
  }

  /**
   * @override
   * @param {boolean} anew
   */
  paint(anew) {
    const { model, colors, ink } = this.story;
    if (!model) return;
    if (anew) {
      this.picture(this.canvas, this.index);
      this.plane.show(mapBox(this.story.current));
    }
    const s = this.found ? progress(this.began, GLIDE_MS) : 0;
    this.handle.moveTo(...this.guess);
    setShown(this.handle.root, !this.found);
    this.here.setAttribute("aria-disabled", String(this.answered || !this.moved));
    const color = colors[model.codes.labels[this.index]];
    this.plane.draw({
      ink, prior: true, samples: { ...this.others, colors }, words: [...this.#guessWord(), ...this.#names()], under: (context, view) => this.#way(context, view, s),
      ellipses: this.found ? [this.#ring(this.guess, GUESS_PX), this.#ring(this.#at(this.found, s), FOUND_PX), this.#ellipse(this.found, s, color)] : [],
    });
    this.#drawAround(s === 1);
    this.canvas.setAttribute("aria-label", this.found ? t("story_landing.picture.of", { label: this.labelOf(this.index) }) : t("story_landing.picture"));
    if (this.found && s < 1) this.redraw();
  }

  #names() {
    if ((this.story.model?.spec.label_names.length ?? 0) < 2) return [];
    const placed = this.story.classWords.map((word) => ({ ...word, xy: Float32Array.from(word.xy) }));
    spread(placed, this.plane.view.scale);
    return placed;
  }

  /** @param {import("./subject.js").Subject} found @param {number} s @param {string} color */
  #ellipse(found, s, color) {
    return { mu: this.#at(found, s), sigma: found.sigma, ks: [2, 1], color, filled: true, width: 3 };
  }

  /** A ring of a few pixels, for what would be too small to find. @param {number[]} mu @param {number} px */
  #ring(mu, px) {
    const radius = px / this.plane.view.scale;
    return { mu, sigma: [radius, radius], ks: [1], color: this.story.ink.text, width: 1.5 };
  }

  /** Above or below its ring, whichever is nearer to the middle. */
  #guessWord() {
    if (!this.found) return [];
    const [x, y] = this.guess;
    const up = y > this.found.mu[1] === y < this.plane.box[3] - WORD_PX / this.plane.view.scale;
    const lift = (up ? GUESS_PX + 6 : -GUESS_PX - 16) / this.plane.view.scale;
    return [{ xy: [x, y + lift], text: t("story_landing.your_guess"), color: this.story.ink.text }];
  }

  /** On its way from the guess to its place. @param {import("./subject.js").Subject} found @param {number} s */
  #at({ mu }, s) {
    return [0, 1].map((axis) => this.guess[axis] + s * (mu[axis] - this.guess[axis]));
  }

  /** The line from the guess. @param {CanvasRenderingContext2D} context @param {import("../view.js").View} view @param {number} s */
  #way(context, view, s) {
    const { ink } = this.story;
    if (!this.found) return;
    const [from, to] = [toScreen(view, ...this.guess), toScreen(view, ...this.found.mu)];
    context.save();
    context.strokeStyle = ink.text;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(from[0] + s * (to[0] - from[0]), from[1] + s * (to[1] - from[1]));
    context.stroke();
    context.restore();
  }

  /** @param {boolean} arrived */
  #drawAround(arrived) {
    const { model, colors } = this.story;
    const shown = Boolean(this.found) && arrived && this.neighbours.length > 0;
    if (!model || !shown || !this.around.hidden) return setShown(this.around, shown);
    for (const [i, { canvas, text, root }] of this.thumbs.entries()) {
      setShown(root, i < this.neighbours.length);
      if (i >= this.neighbours.length) continue;
      const index = this.neighbours[i];
      this.picture(canvas, index);
      canvas.setAttribute("aria-label", plainText(this.labelOf(index)));
      root.style.setProperty("--class", colors[model.codes.labels[index]]);
      setText(text, this.labelOf(index));
    }
    setShown(this.around, true);
  }
}

/** @param {number} closer share of the other samples that lie closer than the guess @returns {string} a key */
function closerKey(closer) {
  if (closer === 0) return "story_landing.closer.none";
  if (closer < 0.005) return "story_landing.closer.few";
  return closer > 0.995 ? "story_landing.closer.all" : "story_landing.closer";
}

/**
 * Names that would lie over each other move apart, downwards.
 * @param {{xy: Float32Array, text: string}[]} names
 * @param {number} scale CSS pixels per latent unit
 */
function spread(names, scale) {
  const wide = (/** @type {string} */ text) => (Math.min(20, text.length) * LETTER_PX) / scale;
  const high = NAME_PX / scale;
  const done = /** @type {typeof names} */ ([]);
  for (const name of [...names].sort((a, b) => b.xy[1] - a.xy[1])) {
    for (const other of done) {
      const [dx, dy] = [Math.abs(name.xy[0] - other.xy[0]), other.xy[1] - name.xy[1]];
      if (dx < (wide(name.text) + wide(other.text)) / 2 && Math.abs(dy) < high) name.xy[1] = other.xy[1] - high;
    }
    done.push(name);
  }
}

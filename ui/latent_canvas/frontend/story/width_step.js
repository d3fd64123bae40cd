// Step 4, what the width means: a handle inside one Gaussian, the picture decoded there, and the pictures around.

import { nearest } from "../codes.js";
import { h, setText } from "../dom.js";
import { paintImage } from "../images.js";
import { formatBeta } from "../scale.js";
import { t } from "../texts.js";
import { bounds } from "../view.js";
import { significant } from "../words.js";
import { LatentPlane, boxAround } from "./latent_plane.js";
import { Step } from "./step.js";
import { Ends } from "./width_ends.js";
import { ACROSS, AWAY, PictureRows, epsilons, greyLevels, insidePercent, levelsText } from "./width_rows.js";

/** The plane shows so many σ to each side. */
const IN_SIGHT = 3.9;
/** Samples whose classes are named. */
const NEIGHBOURS = 8;

export class WidthStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_width");
    /** The handle's place, z = μ + σ·ε: with another Gaussian it keeps its ε. */
    this.epsilon = [0, 0];
    this.seed = 1;
    this.eps = epsilons(this.seed);
    this.zs = new Float32Array(this.eps.length);
    this.marked = -1;
    this.subjectKey = "";
    this.centre = new Float32Array(0);
    this.here = new Float32Array(0);
    this.plane = new LatentPlane({ label: t("story_width.plane"), testid: "width-plane", resized: () => this.redraw() }, signal);
    this.handle = this.plane.addHandle({
      name: "width-handle", label: t("story_width.handle"), onMove: (x, y) => this.#moveTo(x, y), onEnd: () => this.story.say(this.#spoken()),
    });
    this.plane.onTap((x, y) => {
      this.#moveTo(x, y);
      this.handle.root.focus({ preventScroll: true });
    });
    this.rows = new PictureRows({
      mark: (index) => this.#mark(index),
      go: (index) => this.#goTo(index),
      again: () => this.#again(),
    }, signal);
    this.ends = new Ends((index) => story.select(index), signal);
    this.canvases = { x: h("canvas", {}), mu: h("canvas", {}), z: h("canvas", { "data-testid": "decoded" }) };
    this.words = { distance: h("p", { class: "distance", "data-testid": "distance" }), differs: h("p", {}), nearest: h("p", { "data-testid": "nearest" }) };
    this.captions = { x: h("figcaption", {}), sigma: h("p", { class: "note", "data-testid": "width-sigma" }) };
    const back = h("button", { type: "button", "data-testid": "back-to-mu" }, t("story_width.back"));
    back.addEventListener("click", () => this.#set([0, 0]), { signal });
    const small = h("div", { class: "width-small" },
      h("figure", {}, h("div", { class: "frame" }, this.canvases.x), this.captions.x),
      h("figure", {}, h("div", { class: "frame" }, this.canvases.mu), h("figcaption", {}, t("story_width.at_mu"))));
    const live = h("section", { class: "width-live" },
      h("figure", { class: "big" }, h("div", { class: "frame" }, this.canvases.z), h("figcaption", {}, t("story_width.at_handle"))),
      h("div", { class: "width-words" }, this.words.distance, this.words.differs, this.words.nearest), small);
    const left = h("div", { class: "width-left" }, this.plane.root, h("div", { class: "row width-under" }, this.captions.sigma, back));
    this.body.append(h("div", { class: "picker-slot" }), h("div", { class: "width-grid" }, live, left, this.rows.root, this.ends.root));
  }

  // ---- the hand

  /** @param {number} x @param {number} y latent; kept inside the picture */
  #moveTo(x, y) {
    const { subject } = this.story;
    if (!subject) return;
    const [xmin, xmax, ymin, ymax] = bounds(this.plane.view);
    const at = [Math.min(xmax, Math.max(xmin, x)), Math.min(ymax, Math.max(ymin, y))];
    this.#set(at.map((v, j) => (v - subject.mu[j]) / subject.sigma[j]));
  }

  /** @param {number[]} epsilon */
  #set(epsilon) {
    this.epsilon = epsilon;
    this.redraw();
  }

  /** @param {number} index of a small picture */
  #goTo(index) {
    this.#set([this.eps[2 * index], this.eps[2 * index + 1]]);
    requestAnimationFrame(() => this.story.say(this.#spoken()));
  }

  /** @param {number} index of a small picture, -1 for none */
  #mark(index) {
    this.marked = index;
    this.redraw();
  }

  #again() {
    this.eps = epsilons(++this.seed);
    this.subjectKey = "";
    this.redraw();
  }

  /** @override @param {number} second the handle goes outwards in a spiral */
  showOff(second) {
    const [radius, angle] = [0.3 * (second % 12), 1.1 * second];
    this.#set([radius * Math.cos(angle), radius * Math.sin(angle)]);
  }

  #spoken() {
    return Object.values(this.words).map(({ textContent }) => textContent).join(" ");
  }

  // ---- drawing

  /** @override @param {Set<import("./step.js").Change>} changed */
  draw(changed) {
    const { story } = this;
    const { model, subject, current } = story;
    if (!model || !subject) return;
    const entering = changed.has("enter") || changed.has("model");
    if (["model", "beta", "subject", "enter", "theme"].some((part) => changed.has(/** @type {import("./step.js").Change} */ (part)))) {
      this.ends.draw(model, current, story.colors, subject.index);
    }
    const key = [model.spec.digest, story.state.beta, subject.id, subject.source, ...subject.mu, ...subject.sigma, this.seed].join();
    if (key !== this.subjectKey) {
      const fresh = this.root.dataset.sample !== `${subject.id}` || this.root.dataset.model !== model.spec.digest || subject.id < 0;
      if (fresh && this.subjectKey !== "") this.epsilon = [0, 0];
      this.subjectKey = key;
      this.#newSubject();
    }
    this.plane.show(boxAround(subject.mu, subject.sigma, IN_SIGHT), !entering);
    this.#drawHere();
    this.#drawPlane();
  }

  /** What changes with the sample alone. */
  #newSubject() {
    const { model, subject, state } = this.story;
    if (!model || !subject) return;
    const { mu, sigma } = subject;
    for (let i = 0; i < this.eps.length; i++) this.zs[i] = mu[i & 1] + sigma[i & 1] * this.eps[i];
    if (this.centre.length !== model.decoder.pixels) {
      this.centre = new Float32Array(model.decoder.pixels);
      this.here = new Float32Array(model.decoder.pixels);
    }
    model.decoder.decode(mu, this.centre);
    paintImage(this.canvases.mu, this.centre, model.spec.shape);
    paintImage(this.canvases.x, subject.pixels, model.spec.shape);
    setText(this.captions.x, t(`story_width.source.${subject.source}`));
    setText(this.captions.sigma, t("story_width.sigma", { beta: formatBeta(state.beta), first: significant(sigma[0]), second: significant(sigma[1]) }));
    this.rows.draw(model, this.zs, this.centre);
    Object.assign(this.root.dataset, {
      model: model.spec.digest, sample: String(subject.id), draws: Array.from(this.zs.subarray(0, 2 * ACROSS), (v) => v.toFixed(5)).join(","),
    });
  }

  /** What changes with the handle. */
  #drawHere() {
    const { model, subject, current } = this.story;
    if (!model || !subject) return;
    const { epsilon, words } = this;
    const z = epsilon.map((e, j) => subject.mu[j] + subject.sigma[j] * e);
    const distance = Math.hypot(epsilon[0], epsilon[1]);
    model.decoder.decode(z, this.here);
    paintImage(this.canvases.z, this.here, model.spec.shape);
    this.handle.moveTo(z[0], z[1]);
    const levels = greyLevels(this.here, this.centre);
    setText(words.distance, distance < 0.005 ? t("story_width.at_the_mean") : t("story_width.distance", { k: distance.toFixed(distance < 10 ? 1 : 0) }));
    if (distance < 0.005) setText(words.differs, t("story_width.no_difference"));
    else setText(words.differs, t("story_width.difference", { levels: levelsText(levels), percent: insidePercent(distance) }));
    const around = nearest(current, z, Math.min(NEIGHBOURS, model.codes.n));
    setText(words.nearest, this.#neighbours(around));
    Object.assign(this.root.dataset, {
      z: z.map((v) => v.toFixed(5)).join(","), distance: distance.toFixed(3), levels: levels.toFixed(2), epsilon: epsilon.map((v) => v.toFixed(4)).join(","),
    });
  }

  /** What classes the samples have whose μ are nearest. @param {Int32Array} indices */
  #neighbours(indices) {
    const { model, subject } = this.story;
    if (!model || !subject || model.spec.label_names.length < 2) return "";
    const { labels } = model.codes;
    const names = model.spec.label_names;
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const index of indices) counts.set(labels[index], (counts.get(labels[index]) ?? 0) + 1);
    const ranked = [...counts].sort((a, b) => b[1] - a[1]);
    const found = ranked.map(([label, n]) => t("story_width.nearest.part", { n, label: names[label] })).join(t("story_width.nearest.comma"));
    const all = ranked.length === 1
      ? t("story_width.nearest.all", { count: indices.length, label: names[ranked[0][0]] })
      : t("story_width.nearest.mixed", { count: indices.length, found });
    const own = counts.get(subject.label) ?? 0;
    if (subject.label < 0 || own * 2 > indices.length) return all;
    return `${all} ${t(own ? "story_width.nearest.few" : "story_width.nearest.none", { label: names[subject.label] })}`;
  }

  #drawPlane() {
    const { model, subject, current, colors, ink } = this.story;
    if (!model || !subject) return;
    const { mu, sigma } = subject;
    const color = subject.label < 0 ? ink.accent : colors[subject.label];
    const { zs, marked } = this;
    const mark = zs.subarray(2 * marked, 2 * marked + 2);
    this.plane.draw({
      ink,
      samples: { codes: current, labels: model.codes.labels, colors },
      ellipses: [{ mu, sigma, ks: [...AWAY], color, filled: true }],
      dots: [
        { xy: zs.subarray(2 * ACROSS), color: ink.soft, radius: 2, alpha: 0.6 },
        { xy: zs.subarray(0, 2 * ACROSS), color: ink.text, radius: 3.5, alpha: 0.9 },
        ...(marked < 0 ? [] : [{ xy: mark, color: ink.background, radius: 9, alpha: 1 }, { xy: mark, color: ink.accent, radius: 7, alpha: 1 }]),
      ],
      words: AWAY.map((k) => ({ xy: [mu[0], mu[1] + k * sigma[1]], text: `${k}σ`, color: ink.soft })),
    });
    this.handle.moveTo(mu[0] + sigma[0] * this.epsilon[0], mu[1] + sigma[1] * this.epsilon[1]);
  }
}

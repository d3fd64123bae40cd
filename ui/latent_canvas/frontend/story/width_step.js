// Step 4, what the width means: a handle inside one Gaussian and out of it, the picture decoded there, and the pictures around.

import { nearest } from "../codes.js";
import { h, setShown, setText } from "../dom.js";
import { paintSample } from "../images.js";
import { formatBeta } from "../scale.js";
import { t } from "../texts.js";
import { bounds } from "../view.js";
import { significant } from "../words.js";
import { LatentPlane, boxAround } from "./latent_plane.js";
import { Step } from "./step.js";
import { Ends } from "./width_ends.js";
import { ACROSS, Around, ChangeGraph, PictureRows, RIM, betweenSamples, epsilons, greyLevels, insidePercent, levelsText, unitOf } from "./width_rows.js";

/** The plane reaches so much farther than the row of pictures outside. */
const IN_SIGHT = 1.13;
/** Samples whose classes are named. */
const NEIGHBOURS = 8;
/** Shares of what two samples differ by: below the first the picture is still the same, above the second another one. */
const CHANGING = 0.3;
const ANOTHER = 0.5;
/** Two samples that differ by less than this, grey levels, look alike: the map has collapsed. */
const ALIKE = 3;

export class WidthStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_width");
    /** The handle's place, z = μ + σ·ε: with another Gaussian it keeps its ε. */
    this.epsilon = [0, 0];
    this.seed = 1;
    /** How far outside the last row of pictures is, in σ. */
    this.far = 10;
    this.eps = epsilons(this.seed, this.far);
    /** What two samples' pictures differ by, in grey levels, and for what that was worked out. */
    this.between = { key: "", levels: 0 };
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
    this.graph = new ChangeGraph();
    this.graphBox = h("div", { class: "width-graph" }, this.graph.root);
    this.reading = h("p", { "data-testid": "width-reading" });
    this.twoAxes = h("p", { class: "note" }, t("story_width.two_axes", { percent: insidePercent(1) }));
    this.canvases = { x: h("canvas", {}), mu: h("canvas", {}), z: h("canvas", { "data-testid": "decoded" }) };
    this.words = {
      distance: h("p", { class: "distance", "data-testid": "distance" }), differs: h("p", {}), verdict: h("p", { "data-testid": "width-verdict" }),
      nearest: h("p", { "data-testid": "nearest" }),
    };
    this.captions = { x: h("figcaption", {}), sigma: h("p", { class: "note", "data-testid": "width-sigma" }) };
    const back = h("button", { type: "button", "data-testid": "back-to-mu" }, t("story_width.back"));
    back.addEventListener("click", () => this.#set([0, 0]), { signal });
    const small = h("div", { class: "width-small" },
      h("figure", {}, h("div", { class: "frame" }, this.canvases.x), this.captions.x),
      h("figure", {}, h("div", { class: "frame" }, this.canvases.mu), h("figcaption", {}, t("story_width.at_mu"))));
    const live = h("section", { class: "width-live" }, small,
      h("figure", { class: "big" }, h("div", { class: "frame" }, this.canvases.z), h("figcaption", {}, t("story_width.at_handle"))),
      h("div", { class: "width-words" }, ...Object.values(this.words)));
    const left = h("div", { class: "width-left" }, this.plane.root, h("div", { class: "row width-under" }, this.captions.sigma, back));
    const notes = h("div", { class: "width-notes" }, this.reading, this.twoAxes);
    this.body.classList.add("width-body");
    this.body.append(h("div", { class: "picker-slot" }), h("div", { class: "width-grid" }, live, left, this.graphBox, this.rows.root, notes), this.ends.root);
    const observer = new ResizeObserver(() => this.graph.setSize(this.graphBox.clientWidth, this.graphBox.clientHeight));
    observer.observe(this.graphBox);
    signal.addEventListener("abort", () => observer.disconnect());
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
    this.eps = epsilons(++this.seed, this.far);
    this.#newPictures();
    this.redraw();
  }

  /** @override @param {number} second the handle goes outwards in a spiral */
  showOff(second) {
    const [radius, angle] = [(this.far * (second % 12)) / 11, 0.7 * second];
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
    const key = [model.spec.digest, story.state.beta, subject.id, subject.source, ...subject.mu, ...subject.sigma].join();
    if (key !== this.subjectKey) {
      const fresh = this.root.dataset.sample !== `${subject.id}` || this.root.dataset.model !== model.spec.digest || subject.id < 0;
      if (fresh && this.subjectKey !== "") this.epsilon = [0, 0];
      this.subjectKey = key;
      this.#newSubject();
    }
    if (changed.has("theme")) this.graph.setInk(story.ink);
    if (!this.graph.settled) {
      this.graph.work();
      this.redraw();
    }
    this.plane.show(boxAround(subject.mu, subject.sigma, IN_SIGHT * this.far), !entering);
    this.#drawHere();
    this.#drawPlane();
  }

  /** What changes with the sample alone. */
  #newSubject() {
    const { model, subject, state, current, ink } = this.story;
    if (!model || !subject) return;
    const decoder = /** @type {import("../decoder.js").Decoder} */ (model.decoder); // the story is told of no imported model
    const { mu, sigma } = subject;
    if (this.centre.length !== decoder.pixels) {
      this.centre = new Float32Array(decoder.pixels);
      this.here = new Float32Array(decoder.pixels);
    }
    decoder.decode(mu, this.centre);
    paintSample(this.canvases.mu, this.centre, model.spec, t("story_width.at_mu"));
    paintSample(this.canvases.x, subject.pixels, model.spec, t(`story_width.source.${subject.source}`));
    setText(this.captions.x, t(`story_width.source.${subject.source}`));
    setText(this.captions.sigma, t("story_width.sigma", { beta: formatBeta(state.beta), first: significant(sigma[0]), second: significant(sigma[1]) }));
    const key = [model.spec.digest, state.beta, current.length].join();
    if (this.between.key !== key) this.between = { key, levels: betweenSamples(decoder, current) };
    const around = new Around(decoder, mu, sigma, this.centre);
    this.far = around.far(this.between.levels);
    this.eps = epsilons(this.seed, this.far);
    this.graph.setInk(ink);
    this.graph.follow(around, this.far, this.between.levels, this.#color(), unitOf(model.spec.shape));
    const rim = around.average(RIM);
    const reading = this.between.levels < ALIKE ? "alike" : rim < CHANGING * this.between.levels ? "same" : "wide";
    const [rimText, betweenText] = [rim, this.between.levels].map((levels) => levelsText(levels, unitOf(model.spec.shape)));
    const said = { rim: rimText, between: betweenText };
    setText(this.reading, reading === "same" ? "" : t(`story_width.reading.${reading}`, said));
    setShown(this.twoAxes, reading === "same");
    this.#newPictures();
    Object.assign(this.root.dataset, { model: model.spec.digest, sample: String(subject.id), far: String(this.far), between: this.between.levels.toFixed(2) });
  }

  /** The rows of pictures, where ε is new. */
  #newPictures() {
    const { model, subject } = this.story;
    if (!model || !subject) return;
    if (this.zs.length !== this.eps.length) this.zs = new Float32Array(this.eps.length);
    for (let i = 0; i < this.eps.length; i++) this.zs[i] = subject.mu[i & 1] + subject.sigma[i & 1] * this.eps[i];
    this.rows.draw(model, this.zs, this.centre, this.far);
    this.root.dataset.draws = Array.from(this.zs.subarray(0, 2 * ACROSS), (v) => v.toFixed(5)).join(",");
  }

  /** The ellipse's. */
  #color() {
    const { subject, colors, ink } = this.story;
    return !subject || subject.label < 0 ? ink.accent : colors[subject.label];
  }

  /** What changes with the handle. */
  #drawHere() {
    const { model, subject, current } = this.story;
    if (!model || !subject) return;
    const { epsilon, words } = this;
    const z = epsilon.map((e, j) => subject.mu[j] + subject.sigma[j] * e);
    const distance = Math.hypot(epsilon[0], epsilon[1]);
    model.decoder.decode(z, this.here);
    paintSample(this.canvases.z, this.here, model.spec, t("story_width.at_handle"));
    this.handle.moveTo(z[0], z[1]);
    const levels = greyLevels(this.here, this.centre);
    this.graph.show(distance, levels);
    const away = distance >= 0.005, out = distance > RIM;
    const k = distance.toFixed(distance < 10 ? 1 : 0);
    setText(words.distance, away ? t(`story_width.distance.${out ? "outside" : "inside"}`, { k }) : t("story_width.at_the_mean"));
    setText(words.differs, away ? t(`story_width.difference.${out ? "outside" : "inside"}`, { levels: levelsText(levels, unitOf(model.spec.shape)), percent: insidePercent(distance) }) : t("story_width.no_difference"));
    setText(words.verdict, away ? this.#verdict(levels, out) : "");
    setText(words.nearest, out ? this.#neighbours(nearest(current, z, Math.min(NEIGHBOURS, model.codes.n))) : "");
    Object.assign(this.root.dataset, {
      z: z.map((v) => v.toFixed(5)).join(","), distance: distance.toFixed(3), levels: levels.toFixed(2), epsilon: epsilon.map((v) => v.toFixed(4)).join(","),
    });
  }

  /** @param {number} levels that the handle's picture differs by @param {boolean} out of the ellipse */
  #verdict(levels, out) {
    const { between } = this;
    if (between.levels < ALIKE) return t("story_width.verdict.alike");
    const share = levels / between.levels;
    if (!out) return t(`story_width.verdict.inside.${share < CHANGING ? "same" : "changing"}`);
    return t(`story_width.verdict.outside.${share < CHANGING ? "same" : share < ANOTHER ? "changing" : "other"}`);
  }

  /** What classes the samples have whose μ are nearest. @param {Int32Array} indices */
  #neighbours(indices) {
    const { model } = this.story;
    if (!model || model.spec.label_names.length < 2) return "";
    const names = model.spec.label_names;
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const index of indices) counts.set(model.codes.labels[index], (counts.get(model.codes.labels[index]) ?? 0) + 1);
    const ranked = [...counts].sort((a, b) => b[1] - a[1]);
    if (ranked.length === 1) return t("story_width.nearest.all", { count: indices.length, label: names[ranked[0][0]] });
    const found = ranked.map(([label, n]) => t("story_width.nearest.part", { n, label: names[label] })).join(t("story_width.nearest.comma"));
    return t("story_width.nearest.mixed", { count: indices.length, found });
  }

  #drawPlane() {
    const { model, subject, current, colors, ink } = this.story;
    if (!model || !subject) return;
    const { mu, sigma } = subject;
    const { zs, marked, far } = this;
    const color = this.#color();
    const mark = zs.subarray(2 * marked, 2 * marked + 2);
    const above = (/** @type {number} */ k) => ({ xy: [mu[0], mu[1] + k * sigma[1]], text: `${k}σ`, color: ink.soft });
    this.plane.draw({
      ink,
      samples: { codes: current, labels: model.codes.labels, colors },
      ellipses: [
        { mu, sigma, ks: [RIM, 2, 1], color, filled: true },
        { mu, sigma, ks: [far], color: ink.soft, dash: [3, 5], width: 1.5 },
      ],
      dots: [
        { xy: zs.subarray(2 * ACROSS), color: ink.soft, radius: 2.5, alpha: 0.8 },
        { xy: zs.subarray(0, 2 * ACROSS), color: ink.text, radius: 3, alpha: 0.9 },
        ...(marked < 0 ? [] : [{ xy: mark, color: ink.background, radius: 9, alpha: 1 }, { xy: mark, color: ink.accent, radius: 7, alpha: 1 }]),
      ],
      words: [above(RIM), above(far)],
    });
    this.handle.moveTo(mu[0] + sigma[0] * this.epsilon[0], mu[1] + sigma[1] * this.epsilon[1]);
  }
}

// Step 2: a sample, or a drawing, runs through the encoder; out of its two heads come μ and log σ².

import { isTable } from "../bars.js";
import { h, segmented, setShown, setText } from "../dom.js";
import { imageSize, paintSample } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { number, significant } from "../words.js";
import { Diagram } from "./diagram.js";
import { unfamiliar } from "./familiar.js";
import { LatentPlane } from "./latent_plane.js";
import { Pad } from "./pad.js";
import { Step } from "./step.js";

/** The heads' colours: μ is a place, log σ² a width. */
const HEADS = { light: { mu: "#1d6fb8", logVar: "#b8541d" }, dark: { mu: "#7cc0ff", logVar: "#ffab73" } };
const WHOLE = /** @type {[number, number, number, number]} */ ([-3.4, 3.4, -3.4, 3.4]);

export class EncoderStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_encoder");
    /** @type {"sample" | "draw"} */
    this.input = "sample";
    this.times = 0;
    /** What came out the last time this very input went in. */
    this.last = "";
    this.key = "";
    this.choice = segmented(t("story_encoder.what_goes_in"), { sample: t("story_encoder.a_sample"), draw: t("story_encoder.a_drawing") }, (input) => this.#choose(input), signal);
    this.why = h("p", { class: "note", "data-testid": "why-no-drawing" });
    this.slot = h("div", { class: "picker-slot" });
    this.pad = new Pad(story, { changed: (pixels) => this.#drawn(pixels) }, signal);
    this.picture = h("canvas", { role: "img", "aria-label": t("story_encoder.picture"), "data-testid": "input-picture" });
    this.pictureName = h("figcaption", {});
    this.sample = h("div", { class: "encoder-sample" }, h("figure", { class: "input-figure" }, h("div", { class: "frame" }, this.picture), this.pictureName), this.slot);
    this.again = h("button", { type: "button", "data-testid": "send-again" }, t("story_encoder.again"));
    this.again.addEventListener("click", () => this.#again(), { signal });
    this.same = h("span", { class: "same", "data-testid": "same" });
    this.diagram = new Diagram(() => this.redraw(), signal);
    this.numbers = h("dl", { class: "heads", "data-testid": "heads" });
    this.values = [h("dd", { class: "mu" }), h("dd", { class: "log-var" }), h("dd", {})];
    this.numbers.append(h("dt", {}, t("story_encoder.mu")), this.values[0], h("dt", {}, t("story_encoder.log_var")), this.values[1], h("dt", {}, t("story_encoder.sigma")), this.values[2]);
    this.warning = h("p", { class: "unfamiliar", role: "status", "data-testid": "unfamiliar" });
    this.plane = new LatentPlane({ label: t("story_encoder.plane"), testid: "encoder-plane", resized: () => this.redraw() }, signal);
    const left = h("div", { class: "encoder-left" }, this.choice.root, this.why, this.sample, this.pad.root);
    const right = h("div", { class: "encoder-right" }, this.plane.root);
    const through = h("div", { class: "encoder-through" }, this.diagram.root, h("div", { class: "row" }, this.numbers, this.again, this.same), this.warning);
    this.body.append(h("div", { class: "encoder-grid" }, left, through, right));
    this.choice.set(this.input);
  }

  // ---- what hands do

  /** @param {"sample" | "draw"} input */
  #choose(input) {
    this.input = input;
    this.choice.set(input);
    const { story } = this;
    if (input === "draw" && story.drawing) story.draw(story.drawing);
    if (input === "sample" && story.subject?.source === "drawing") story.select(this.story.picker.indices[0] ?? 0);
    story.invalidate("subject");
  }

  /** @param {Float32Array | null} pixels */
  #drawn(pixels) {
    if (pixels) this.story.draw(pixels);
    else {
      // Nothing is drawn any more: the story goes on with a sample.
      this.story.drawing = null;
      if (this.story.subject?.source === "drawing") this.story.select(this.story.picker.indices[0] ?? 0);
      this.story.invalidate("subject");
    }
  }

  /** The very same pixels once more: a function gives the very same numbers. */
  #again() {
    const { model, subject } = this.story;
    if (!model?.encoder || !subject) return;
    const { mu, logVar } = model.encoder.encode(subject.pixels);
    this.times += 1;
    const same = JSON.stringify([mu, logVar]) === this.last;
    setText(this.same, t(same ? "story_encoder.same" : "story_encoder.not_same", { count: this.times }));
    this.story.say(this.same.textContent ?? "");
    this.diagram.run();
  }

  /** @override */
  enter() {
    this.input = this.story.subject?.source === "drawing" ? "draw" : "sample";
    this.choice.set(this.input);
    this.diagram.run();
  }

  /** @override @param {number} second */
  showOff(second) {
    const { indices } = this.story.picker;
    if (second % 3 === 0 && indices.length) this.story.select(indices[(second / 3) % indices.length]);
  }

  // ---- drawing

  /** @override @param {Set<import("./step.js").Change>} changed */
  draw(changed) {
    const { model, subject, data } = this.story;
    if (!model || !subject) return;
    const kind = isTable(model.spec.shape) ? "table" : imageSize(model.spec.shape).channels > 1 ? "colour" : "";
    const canDraw = Boolean(model.encoder) && kind === "";
    if (changed.has("model") || changed.has("enter")) this.lead.replaceChildren(...rich(kind === "colour" ? "story_encoder.lead_colour" : "story_encoder.lead"));
    if (!canDraw) this.input = "sample";
    const drawing = this.input === "draw";
    setShown(this.choice.root, canDraw);
    setShown(this.why, !canDraw);
    setText(this.why, canDraw ? "" : t(data?.encoder ? `story_encoder.no_drawing_${kind}` : "story_encoder.no_encoder"));
    setShown(this.sample, !drawing);
    setShown(this.pad.root, drawing);
    const empty = drawing && !this.story.drawing;
    if (changed.has("subject") || changed.has("beta") || changed.has("enter") || changed.has("model")) this.#newInput(drawing);
    this.#drawNumbers(empty);
    this.#drawPlane(empty);
  }

  /** @param {boolean} drawing while a hand draws, the numbers follow at once, without the wave */
  #newInput(drawing) {
    const { model, subject, story } = { model: this.story.model, subject: this.story.subject, story: this.story };
    if (!model || !subject) return;
    const key = `${subject.source} ${subject.id} ${story.state.beta}`;
    if (!drawing && key !== this.key) this.diagram.run();
    if (key !== this.key || drawing) {
      this.times = 1;
      setText(this.same, "");
    }
    this.key = key;
    paintSample(this.picture, subject.pixels, model.spec, t("story_encoder.picture"));
    const source = subject.source === "reconstruction" ? t("story_encoder.stands_in") : "";
    setText(this.pictureName, `${story.subjectName}${source && ` ${source}`}`);
    setText(this.warning, drawing && story.drawing ? this.#unfamiliarWords() : "");
    setShown(this.warning, this.warning.textContent !== "");
  }

  #unfamiliarWords() {
    const { model, subject, current } = this.story;
    const why = model && subject && unfamiliar(model, current, subject);
    return why ? t(`story_encoder.unfamiliar_${why}`) : "";
  }

  /** @param {boolean} empty nothing is drawn yet */
  #drawNumbers(empty) {
    const { model, subject, ink, dark } = this.story;
    if (!model || !subject) return;
    const heads = dark ? HEADS.dark : HEADS.light;
    setShown(this.again, Boolean(model.encoder) && !empty);
    setShown(this.diagram.root, Boolean(model.encoder));
    let logVar = subject.sigma.map((s) => 2 * Math.log(s));
    if (model.encoder) {
      const input = empty ? new Float32Array(model.decoder.pixels) : subject.pixels;
      const code = model.encoder.encode(input);
      if (subject.source !== "reconstruction") logVar = code.logVar;
      this.last = JSON.stringify([code.mu, code.logVar]);
      this.diagram.draw(model.encoder, input, model.spec.shape, ink, heads);
    }
    const pair = (/** @type {number[]} */ values, /** @type {(v: number) => string} */ say) => `(${values.map(say).join(", ")})`;
    setText(this.values[0], empty ? "–" : pair(subject.mu, number));
    setText(this.values[1], empty ? "–" : pair(logVar, number));
    setText(this.values[2], empty ? "–" : pair(subject.sigma, significant));
    this.root.style.setProperty("--mu", heads.mu);
    this.root.style.setProperty("--log-var", heads.logVar);
    Object.assign(this.root.dataset, {
      input: empty ? "empty" : subject.source, mu: subject.mu.map((v) => v.toFixed(5)).join(","), logVar: logVar.map((v) => v.toFixed(5)).join(","), times: String(this.times),
    });
  }

  /** Just above the ellipse. @param {import("./subject.js").Subject} subject @param {string} color */
  #hereWord({ mu, sigma }, color) {
    const above = 2 * sigma[1] + 9 / this.plane.view.scale;
    return { xy: [mu[0], mu[1] + above], text: t("story_encoder.here"), color };
  }

  /** @param {boolean} empty */
  #drawPlane(empty) {
    const { model, subject, current, colors, ink, dark } = this.story;
    if (!model || !subject) return;
    const heads = dark ? HEADS.dark : HEADS.light;
    const reach = Math.max(3.4, ...subject.mu.map(Math.abs)) + 0.2;
    this.plane.show(reach > 3.7 ? [-reach, reach, -reach, reach] : WHOLE, true);
    this.plane.draw({
      ink, prior: true, samples: { codes: current, labels: model.codes.labels, colors },
      ellipses: empty ? [] : [{ mu: subject.mu, sigma: subject.sigma, ks: [1, 2], color: ink.text, width: 2, filled: true }],
      words: [...(empty ? [] : [this.#hereWord(subject, heads.mu)]), ...this.story.classWords],
    });
  }
}

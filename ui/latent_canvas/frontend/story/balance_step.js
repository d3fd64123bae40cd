// Step 5, who keeps σ from vanishing: D and β·R of one sample while a hand changes its Gaussian, and where their sum is least.

import { BetaSlider } from "../beta_slider.js";
import { rate } from "../codes.js";
import { h, setText } from "../dom.js";
import { nearestNode } from "../scale.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { toScreen } from "../view.js";
import { number, significant } from "../words.js";
import { BalanceChart, D_COLOR, R_COLOR } from "./balance_chart.js";
import { BalancePictures, PlaneNames, siblingPlaces } from "./balance_pictures.js";
import { NumbersTable, changeOf, nats, readLeast, readState, times } from "./balance_words.js";
import { Distortion, WidthCurve, nodesFor } from "./expected.js";
import { LatentPlane } from "./latent_plane.js";
import { Step } from "./step.js";

/**
 * @typedef {import("./balance_words.js").Answer} Answer
 * @typedef {import("./step.js").Change} Change
 * @typedef {Answer & {floor: number, key: string, about: string, n: number}} Encoder its answer; floor: D at its μ without noise
 */

/** The chart reaches from a sixteenth of the usual width at β = 1 to four times the prior's. */
const NARROWEST = 16;
const WIDEST = 4;
const WIDTHS = 33;
/** No hand makes σ smaller or larger than this. */
const SIGMA = { min: 1e-4, max: 8 };
/** Work on the curve per frame, milliseconds: while a hand moves, and at rest. */
const WORK_MS = { moving: 3, resting: 8 };
/** While a hand moves the hand's own D may take so long; where it takes longer it makes do with fewer nodes. */
const HAND_MS = 5;
const FEW = 5;
/** Steps of the slider. */
const SLIDER = 1000;
/** The plane shows so many of the encoder's σ to each side, more only where the hand's Gaussian would not fit. */
const IN_SIGHT = 4.5;
/** However narrow the Gaussian, the handle of its edge stays so far from the centre's, CSS pixels along each axis. */
const APART = 11;
/** D that two rules disagree on by more than this, nats, is shown as rough. */
const ROUGH = 0.15;

export class BalanceStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_balance");
    /** The hand has changed something: from now on it holds its Gaussian. */
    this.touched = false;
    this.moving = false;
    /** β at which the hand dragged the centre; at any other the centre is the encoder's μ. @type {number | null} */
    this.centredAt = null;
    /** @type {[number, number]} */
    this.mu = [0, 0];
    /** @type {[number, number]} */
    this.sigma = [1, 1];
    /** @type {Distortion | null} */
    this.distortion = null;
    this.curve = new WidthCurve(0.004, WIDEST, WIDTHS);
    /** @type {Encoder | null} */
    this.encoder = null;
    /** @type {{key: string, answer: Answer} | null} */
    this.hand = null;
    /** Drawings so far: each is another input. */
    this.drawings = 0;
    /** @type {import("./subject.js").Subject | null} */
    this.about = null;
    this.decodeMs = 0.05;
    this.rough = { key: "", is: false };
    this.beta = new BetaSlider((beta, resting) => {
      this.moving = !resting;
      this.story.setBeta(beta, resting);
    }, signal);
    this.plane = new LatentPlane({ label: t("story_balance.plane"), testid: "balance-plane", resized: () => this.redraw() }, signal);
    const onEnd = () => this.#rest();
    this.handles = {
      edge: this.plane.addHandle({
        name: "edge-handle", label: t("story_balance.edge"), onMove: (x, y) => this.#change(this.mu, [this.#sigmaOf(x - this.mu[0]), this.#sigmaOf(y - this.mu[1])]), onEnd,
      }),
      centre: this.plane.addHandle({ name: "centre-handle", label: t("story_balance.centre"), onMove: (x, y) => this.#moveCentre(x, y), onEnd }),
    };
    this.names = new PlaneNames();
    this.plane.canvas.after(this.names.root);
    this.chart = new BalanceChart((width, done) => {
      this.#setWidth(width);
      if (done) this.#rest();
    }, signal);
    this.slider = h("input", {
      type: "range", min: "0", max: String(SLIDER), step: "5", "data-testid": "width-slider", "aria-label": t("story_balance.slider"),
    });
    this.slider.addEventListener("input", () => this.#setWidth(this.#widthAt(Number(this.slider.value) / SLIDER)), { signal });
    this.slider.addEventListener("change", () => this.#rest(), { signal });
    this.sliderText = h("output", { "data-testid": "width-text" });
    this.back = h("button", { type: "button", "data-testid": "back-to-encoder" }, t("story_balance.back"));
    this.back.addEventListener("click", () => this.#backToEncoder(), { signal });
    this.handText = { mu: h("span", {}), sigma: h("span", {}) };
    this.table = new NumbersTable();
    this.words = {
      state: h("p", { class: "balance-state", "data-testid": "balance-state" }), least: h("p", { "data-testid": "balance-least" }), floor: h("p", {}),
    };
    this.sliderRow = h("div", { class: "balance-slider" }, this.slider, this.sliderText);
    this.chartBox = h("div", { class: "balance-chart" }, this.chart.root);
    this.pictures = new BalancePictures();
    const legend = h("p", { class: "balance-legend" }, ...[["d", D_COLOR], ["r", R_COLOR], ["sum", ""]].map(([name, color]) => {
      const entry = h("span", {}, h("i", {}), h("span", {}, ...rich(`story_balance.legend.${name}`)));
      if (color) /** @type {HTMLElement} */ (entry.firstChild).style.background = color;
      return entry;
    }));
    const says = h("p", { class: "note", "data-testid": "hand-text" }, this.handText.mu, this.handText.sigma);
    const left = h("div", { class: "balance-left" }, this.plane.root, h("div", { class: "row" }, says, this.back));
    const right = h("div", { class: "balance-right" }, legend, this.chartBox, this.sliderRow,
      h("div", { class: "balance-reading" }, this.table.root, h("div", { class: "balance-words" }, this.words.state, this.words.least)), this.pictures.root);
    this.pictures.notes.append(this.words.floor);
    this.body.classList.add("balance-body");
    this.body.append(h("div", { class: "balance-top" }, h("div", { class: "picker-slot" }), this.beta.root), h("div", { class: "balance-grid" }, right, left));
    const observer = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = this.chartBox;
      if (clientWidth && clientHeight) this.chart.setSize(clientWidth, clientHeight);
      this.redraw();
    });
    observer.observe(this.chartBox);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  // ---- the hand

  /** @param {[number, number]} mu @param {[number, number]} sigma */
  #change(mu, sigma) {
    this.mu = mu;
    this.sigma = /** @type {[number, number]} */ (sigma.map((v) => Math.min(SIGMA.max, Math.max(SIGMA.min, v))));
    this.touched = true;
    this.moving = true;
    this.redraw();
  }

  /** @param {number} x @param {number} y */
  #moveCentre(x, y) {
    this.centredAt = this.story.state.beta;
    this.#change([x, y], this.sigma);
  }

  /** The σ for which the edge's handle lies so far from the centre along an axis. @param {number} offset latent */
  #sigmaOf(offset) {
    return Math.sqrt(Math.max(0, offset ** 2 - (APART / this.plane.view.scale) ** 2));
  }

  /** @param {number} share of the way from the narrowest to the widest */
  #widthAt(share) {
    const { widths } = this.curve;
    return widths[0] * (widths[widths.length - 1] / widths[0]) ** share;
  }

  /** The same shape at another width. @param {number} width */
  #setWidth(width) {
    const factor = width / Math.sqrt(this.sigma[0] * this.sigma[1]);
    this.#change(this.mu, [this.sigma[0] * factor, this.sigma[1] * factor]);
  }

  #rest() {
    this.moving = false;
    this.redraw();
    requestAnimationFrame(() => this.story.say(`${this.words.state.textContent} ${this.words.least.textContent}`));
  }

  #backToEncoder() {
    this.touched = false;
    this.moving = false;
    this.redraw();
  }

  /** @override @param {number} second narrower than the encoder chose, then wider, then its own answer */
  showOff(second) {
    const { subject } = this.story;
    const factor = /** @type {Record<number, number>} */ ({ 2: 0.5, 3: 0.25, 4: 0.12, 7: 2, 8: 4, 9: 6 })[second];
    if (second === 11) this.#backToEncoder();
    else if (factor && subject) this.#setWidth(factor * Math.sqrt(subject.sigma[0] * subject.sigma[1]));
  }

  /** @override */
  leave() {
    this.moving = false;
  }

  // ---- drawing

  /** @override @param {Set<Change>} changed */
  draw(changed) {
    const { model, subject, state } = this.story;
    if (!model || !subject) return;
    if (this.distortion?.decoder !== model.decoder) this.#newModel();
    if (this.about?.id !== subject.id || this.about.source !== subject.source || (subject.id < 0 && this.about.pixels !== subject.pixels)) {
      this.touched = false;
      this.curve.clear();
      this.drawings += 1;
    }
    this.about = subject;
    const { distortion } = this;
    if (!distortion) return;
    distortion.x = subject.pixels;
    this.beta.set(state.beta);
    if (!this.touched) this.sigma = [...subject.sigma];
    if (!this.touched || this.centredAt !== state.beta) {
      this.mu = [...subject.mu];
      this.centredAt = null;
    }
    const hand = this.#handAnswer(distortion);
    const encoder = this.#encoderAnswer(distortion, hand);
    const slow = this.moving && FEW ** 2 * this.decodeMs > WORK_MS.moving / 2;
    this.curve.follow(this.mu, this.sigma, encoder.about);
    if (!this.curve.settled) this.curve.work(distortion, this.moving ? WORK_MS.moving : WORK_MS.resting, slow ? FEW : undefined);
    if (!this.curve.settled) this.redraw();
    this.#show(hand, encoder);
    this.#drawPlane(hand, encoder, !changed.has("enter") && !changed.has("model"));
  }

  #newModel() {
    const { model } = this.story;
    if (!model) return;
    this.distortion = new Distortion(/** @type {import("../decoder.js").Decoder} */ (model.decoder), model.spec);
    this.encoder = this.hand = null;
    this.touched = false;
    this.beta.setModel(model.spec.betas, model.spec.beta_collapse);
    const codes = model.codes.at(model.spec.betas[nearestNode(model.spec.betas, 1)]);
    const widths = Float64Array.from({ length: codes.length / 4 }, (_, i) => Math.sqrt(codes[4 * i + 2] * codes[4 * i + 3])).sort();
    const usual = widths[widths.length >> 1] ?? 0.1;
    this.curve = new WidthCurve(Math.min(2 ** Math.floor(Math.log2(usual / NARROWEST)), WIDEST / 64), WIDEST, WIDTHS);
  }

  /** What D of one Gaussian depends on beside it. */
  #aboutKey() {
    const { subject, state } = this.story;
    return [subject?.id, subject?.source, state.beta, this.drawings].join();
  }

  /** D and R of the hand's Gaussian, and the pictures that come back. @param {Distortion} distortion @returns {Answer} */
  #handAnswer(distortion) {
    const { model, subject } = this.story;
    const n = this.#nodes(this.sigma);
    const key = [this.#aboutKey(), ...this.mu, ...this.sigma, n].join();
    if (this.hand?.key === key || !model || !subject) return /** @type {Answer} */ (this.hand?.answer);
    const began = performance.now();
    const d = distortion.underWithAverage(this.mu, this.sigma, n);
    this.decodeMs += 0.3 * ((performance.now() - began) / n ** 2 - this.decodeMs);
    this.pictures.draw(model, subject, distortion.average, this.mu, this.sigma);
    const answer = this.#answer(this.mu, this.sigma, d);
    this.hand = { key, answer };
    return answer;
  }

  /** @param {Distortion} distortion @param {Answer} hand @returns {Encoder} */
  #encoderAnswer(distortion, hand) {
    const { mu, sigma } = /** @type {import("./subject.js").Subject} */ (this.story.subject);
    const about = this.#aboutKey();
    const n = this.#nodes(sigma);
    const key = [about, ...mu, ...sigma].join();
    if (this.encoder?.key === key && this.encoder.n >= n) return this.encoder;
    const answer = this.touched ? this.#answer(mu, sigma, distortion.under(mu, sigma, n)) : hand;
    return (this.encoder = { ...answer, floor: distortion.at(mu[0], mu[1]), key, about, n });
  }

  /** Nodes for a Gaussian: as many as it needs, or as there is time for. @param {ArrayLike<number>} sigma */
  #nodes(sigma) {
    const wanted = nodesFor(Math.max(sigma[0], sigma[1]));
    return this.moving && wanted > FEW && wanted ** 2 * this.decodeMs > HAND_MS ? FEW : wanted;
  }

  /** @param {[number, number]} mu @param {[number, number]} sigma @param {number} d @returns {Answer} */
  #answer(mu, sigma, d) {
    const r = rate(mu[0], mu[1], sigma[0], sigma[1]);
    return { mu: [...mu], sigma: [...sigma], width: Math.sqrt(sigma[0] * sigma[1]), d, r, sum: d + this.story.state.beta * r };
  }

  /** Whether two rules agree on the hand's D; worked out at rest. */
  #isRough() {
    const { distortion, curve } = this;
    const key = `${curve.key} ${this.sigma.join()}`;
    if (!this.moving && curve.settled && this.rough.key !== key && distortion) {
      const n = nodesFor(Math.max(...this.sigma));
      this.rough = { key, is: Math.abs(distortion.under(this.mu, this.sigma, n) - distortion.under(this.mu, this.sigma, n - 2)) > ROUGH };
    }
    return this.rough.key === key && this.rough.is;
  }

  /** @param {Answer} hand @param {Encoder} encoder */
  #show(hand, encoder) {
    const { beta } = this.story.state;
    const { curve, chart } = this;
    const least = curve.least(beta);
    const above = (/** @type {Answer} */ { d, r, width, sum }) => ({ width, d: d - encoder.floor, r: beta * r, sum: sum - encoder.floor });
    const { widths } = curve;
    const d = Array.from(curve.d, (v) => v - encoder.floor);
    const r = (/** @type {number} */ width) => beta * curve.rateAt(width);
    const ymax = Math.max(0, encoder.d - encoder.floor) + beta * encoder.r + 6 * Math.max(beta, 1);
    const lowest = Math.min(0, encoder.d - encoder.floor, ...d.filter(Number.isFinite));
    chart.setInk(this.story.ink);
    chart.setRange(widths[0], widths[widths.length - 1], lowest < -0.02 * ymax ? Math.max(-ymax, 1.1 * lowest) : 0, ymax);
    chart.show({ widths, d, r }, { hand: above(hand), encoder: above(encoder), least: least && { width: least.width, sum: least.sum - encoder.floor } });
    const { left, right } = chart.insets;
    this.slider.style.margin = `0 0 0 ${Math.max(0, left - 8)}px`;
    this.sliderText.style.width = `${Math.max(0, right - 16)}px`;
    const share = Math.log(hand.width / widths[0]) / Math.log(widths[widths.length - 1] / widths[0]);
    this.slider.value = String(Math.round(SLIDER * share));
    const { factor } = changeOf(hand, encoder);
    const width = { times: times(factor), sigma: significant(hand.width) };
    this.slider.setAttribute("aria-valuetext", t("story_balance.width", width));
    setText(this.sliderText, t("story_balance.width_short", width));
    const rough = this.#isRough();
    this.table.show(hand, encoder, beta, rough);
    setText(this.words.state, readState(hand, encoder, beta, rough));
    if (curve.settled || !this.words.least.textContent || this.moving) setText(this.words.least, readLeast(least, hand, encoder, beta));
    const standIn = this.story.subject?.source === "reconstruction" ? ` ${t("story_balance.stand_in")}` : "";
    setText(this.words.floor, t("story_balance.floor", { floor: nats(encoder.floor) }) + standIn);
    setText(this.handText.mu, `μ = (${hand.mu.map(number).join(", ")})`);
    setText(this.handText.sigma, `σ = (${hand.sigma.map(significant).join(", ")})`);
    this.back.setAttribute("aria-disabled", String(!this.touched));
    const fixed = (/** @type {number} */ v) => v.toFixed(4);
    Object.assign(this.root.dataset, {
      d: fixed(hand.d), r: fixed(hand.r), betaR: fixed(beta * hand.r), sum: fixed(hand.sum), factor: fixed(factor), floor: fixed(encoder.floor), extra: fixed(hand.d - encoder.floor),
      bestFactor: least ? fixed(least.width / encoder.width) : "", bestSigma: least ? least.width.toPrecision(4) : "", bestEdge: least?.edge ?? "",
      mu: hand.mu.map(fixed).join(","), sigma: hand.sigma.map((v) => v.toPrecision(5)).join(","), encoderSum: fixed(encoder.sum),
      settled: String(curve.settled && !this.moving), touched: String(this.touched),
    });
  }

  /** @param {Answer} hand @param {Answer} encoder @param {boolean} glide */
  #drawPlane(hand, encoder, glide) {
    const { model, subject, current, colors, ink } = this.story;
    if (!model || !subject) return;
    if (!this.moving) {
      const { mu, sigma } = encoder;
      const half = Math.max(IN_SIGHT * Math.max(...sigma), ...[0, 1].map((j) => Math.abs(hand.mu[j] - mu[j]) + 1.25 * hand.sigma[j]));
      this.plane.show([mu[0] - half, mu[0] + half, mu[1] - half, mu[1] + half], glide);
    }
    const color = subject.label < 0 ? ink.soft : colors[subject.label];
    const edge = hand.sigma.map((v, j) => hand.mu[j] + Math.hypot(v, APART / this.plane.view.scale));
    this.plane.draw({
      ink,
      prior: true,
      samples: { codes: current, labels: model.codes.labels, colors },
      under: (context, view) => {
        const [x0, y0] = toScreen(view, hand.mu[0], hand.mu[1]), [x1, y1] = toScreen(view, edge[0], edge[1]);
        context.save();
        context.strokeStyle = ink.accent;
        context.setLineDash([3, 3]);
        context.strokeRect(x0, y1, x1 - x0, y0 - y1);
        context.restore();
      },
      ellipses: [
        { mu: encoder.mu, sigma: encoder.sigma, ks: [1], color, filled: true },
        ...(this.touched ? [{ mu: hand.mu, sigma: hand.sigma, ks: [1], color: ink.accent, filled: true }] : []),
      ],
      dots: [{ xy: siblingPlaces(this.mu, this.sigma), color: ink.text, radius: 3, alpha: 0.85 }],
    });
    this.handles.centre.moveTo(hand.mu[0], hand.mu[1]);
    this.handles.edge.moveTo(edge[0], edge[1]);
    this.names.show(this.plane, hand, encoder, this.touched, color, ink);
  }
}

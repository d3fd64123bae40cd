// Step 3: z = μ + σ·ε. A frozen cloud is carried by sliders; then one sample passes through again and again.

import { h, setText } from "../dom.js";
import { t } from "../texts.js";
import { number, significant } from "../words.js";
import { ConvergenceChart } from "./convergence_chart.js";
import { LatentPlane, boxAround } from "./latent_plane.js";
import { mulberry32, normals } from "./random.js";
import { BAND, Running, standardErrors } from "./running.js";
import { Step } from "./step.js";

/** @typedef {[number, number]} Pair */

/** Dots of the frozen cloud, and how many of them are marked so that the eye can follow them. */
const CLOUD = 400;
const MARKED = 6;
/** Below so many passes nearly everything lies inside the band: a tick would say nothing. */
const TICKS_FROM = 30;
/** Draws that stay on the picture. */
const SHOWN = 3000;
/** The frozen cloud's seed and that of the passes: the first ones tried. */
const CLOUD_SEED = 1;
const PASS_SEED = 2;
const MU_LIMIT = 3;
const SIGMA = { least: 0.005, most: 2 };
/** Positions of a slider; fine enough that none is seen. */
const POSITIONS = 600;
const MOVE_MS = 600;
/** A press of 1,000 takes about this long to arrive, so that one sees the numbers run. */
const ARRIVE_MS = 900;
const WHOLE = /** @type {[number, number, number, number]} */ ([-3.4, 3.4, -3.4, 3.4]);

export class NoiseStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_noise");
    this.cloud = normals(mulberry32(CLOUD_SEED), 2 * CLOUD);
    /** @type {Pair} what the sliders say */
    this.mu = [0, 0];
    /** @type {Pair} */
    this.sigma = [1, 1];
    this.byEncoder = false;
    /** A hand has set μ and σ: these are what a pass takes then. */
    this.byHand = false;
    /** @type {{mu: Pair, sigma: Pair} | null} where the sliders are walking to */
    this.target = null;
    this.timer = 0;
    this.coming = 0;
    this.axis = 0;
    this.running = [new Running(), new Running()];
    this.random = mulberry32(PASS_SEED);
    /** @type {number[]} z of the passes, [n][2] */
    this.draws = [];
    this.plane = new LatentPlane({ label: t("story_noise.plane"), testid: "noise-plane", resized: () => this.redraw() }, signal);
    this.handle = this.plane.addHandle({ name: "mu-handle", label: t("story_noise.handle"), onMove: (x, y) => this.#setByHand([x, y], this.sigma) });
    this.sliders = [0, 1].flatMap((axis) => [this.#slider("mu", axis, signal), this.#slider("sigma", axis, signal)]);
    this.letEncoder = this.#button("story_noise.let_encoder", "let-encoder", () => this.#letEncoder(), signal);
    const reset = this.#button("story_noise.reset", "reset-noise", () => this.#moveTo([0, 0], [1, 1], false), signal);
    this.legend = h("p", { class: "note noise-legend" }, t("story_noise.legend"));
    this.what = h("p", { class: "noise-what", "data-testid": "noise-what" });
    this.formula = h("p", { class: "formula", "data-testid": "noise-formula" });
    this.pass = [1, 10, 1000].map((count) => this.#button("story_noise.pass", `pass-${count}`, () => this.#passThrough(count), signal, count.toLocaleString("en-US")));
    this.count = h("p", { class: "noise-count", "data-testid": "noise-count" });
    this.table = this.#makeTable();
    this.axes = [0, 1].map((axis) => this.#button("story_noise.axis", `axis-${axis + 1}`, () => { this.axis = axis; this.redraw(); }, signal, axis ? "z₂" : "z₁"));
    this.meanChart = new ConvergenceChart("mean", t("story_noise.mean_chart"), () => this.redraw(), signal);
    this.deviationChart = new ConvergenceChart("deviation", t("story_noise.deviation_chart"), () => this.redraw(), signal);
    const controls = h("div", { class: "noise-sliders" }, ...this.sliders.map((slider) => slider.root));
    const left = h("div", { class: "noise-left" }, this.plane.root, h("div", { class: "picker-slot" }));
    const charts = h("div", { class: "noise-charts" }, h("figure", {}, h("figcaption", {}, t("story_noise.mean_caption")), this.meanChart.root),
      h("figure", {}, h("figcaption", {}, t("story_noise.deviation_caption")), this.deviationChart.root));
    const chosen = h("div", { class: "segmented", role: "group", "aria-label": t("story_noise.which_axis") }, ...this.axes);
    const right = h("div", { class: "noise-right" }, this.formula, controls, h("div", { class: "row" }, this.letEncoder, reset), this.what,
      h("div", { class: "row" }, h("strong", {}, t("story_noise.pass_again")), ...this.pass, this.count), this.table.root,
      h("div", { class: "row noise-under" }, this.legend, chosen), charts);
    this.body.append(h("div", { class: "duo" }, left, right));
    signal.addEventListener("abort", () => cancelAnimationFrame(this.timer));
  }

  /** @param {string} key @param {string} testid @param {() => void} act @param {AbortSignal} signal @param {string} [count] */
  #button(key, testid, act, signal, count = "") {
    const button = h("button", { type: "button", "data-testid": testid }, t(key, { count }));
    button.addEventListener("click", act, { signal });
    return button;
  }

  /** @param {"mu" | "sigma"} kind @param {number} axis @param {AbortSignal} signal */
  #slider(kind, axis, signal) {
    const name = `${kind === "mu" ? "μ" : "σ"}${axis ? "₂" : "₁"}`;
    const [min, max] = kind === "mu" ? [-MU_LIMIT, MU_LIMIT] : [Math.log(SIGMA.least), Math.log(SIGMA.most)];
    const input = h("input", { type: "range", min: "0", max: String(POSITIONS), step: "1", "aria-label": name, "data-testid": `${kind}-${axis + 1}` });
    const output = h("output", {});
    const set = (/** @type {number} */ value) => (input.value = String(Math.round(((value - min) / (max - min)) * POSITIONS)));
    input.addEventListener("input", () => {
      const value = min + (Number(input.value) / POSITIONS) * (max - min);
      const mu = /** @type {Pair} */ ([...this.mu]);
      const sigma = /** @type {Pair} */ ([...this.sigma]);
      if (kind === "mu") mu[axis] = value;
      else sigma[axis] = Math.exp(value);
      this.#setByHand(mu, sigma);
    }, { signal });
    return { root: h("label", { class: "noise-slider" }, h("b", {}, name), input, output), input, output, set, kind, axis };
  }

  #makeTable() {
    const cells = [0, 1].map(() => [0, 1, 2, 3].map(() => h("td", {})));
    const head = [t("story_noise.axis_head"), "μ(x)", t("story_noise.mean_head"), "σ(x)", t("story_noise.deviation_head")];
    const root = h("table", { class: "noise-table", "data-testid": "noise-table" }, h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...cells.map((row, axis) => h("tr", {}, h("th", { scope: "row" }, axis ? "z₂" : "z₁"), ...row))));
    return { root, cells };
  }

  // ---- what hands do

  /** @param {Pair} mu @param {Pair} sigma */
  #setByHand(mu, sigma) {
    this.byEncoder = false;
    this.byHand = true;
    this.target = null;
    cancelAnimationFrame(this.timer);
    const clamp = (/** @type {number} */ v) => Math.min(MU_LIMIT, Math.max(-MU_LIMIT, v));
    this.#set([clamp(mu[0]), clamp(mu[1])], sigma);
    this.plane.show(WHOLE, true);
  }

  /** @param {Pair} mu @param {Pair} sigma */
  #set(mu, sigma) {
    this.mu = mu;
    this.sigma = sigma;
    this.#forget();
    this.redraw();
  }

  /** Another Gaussian: what was drawn of the one before counts no more. */
  #forget() {
    this.coming = 0;
    this.running = [new Running(), new Running()];
    this.draws = [];
  }

  #letEncoder() {
    const { subject } = this.story;
    if (subject) this.#moveTo(subject.mu, subject.sigma, true);
  }

  /** The sliders walk to their places, and the dots with them. @param {Pair} mu @param {Pair} sigma @param {boolean} byEncoder */
  #moveTo(mu, sigma, byEncoder) {
    this.byEncoder = byEncoder;
    this.byHand = false;
    cancelAnimationFrame(this.timer);
    this.plane.show(byEncoder ? around(mu, sigma) : WHOLE, true);
    if (still()) return this.#set(mu, sigma);
    this.target = { mu, sigma };
    const [fromMu, fromSigma] = [this.mu, this.sigma];
    const began = performance.now();
    const walk = (/** @type {number} */ now) => {
      const s = Math.min(1, Math.max(0, now - began) / MOVE_MS);
      const part = s * s * (3 - 2 * s);
      const at = (/** @type {0 | 1} */ i) => fromMu[i] + part * (mu[i] - fromMu[i]);
      const wide = (/** @type {0 | 1} */ i) => fromSigma[i] * (sigma[i] / fromSigma[i]) ** part;
      if (s === 1) this.#arrive();
      else {
        this.#set([at(0), at(1)], [wide(0), wide(1)]);
        this.timer = requestAnimationFrame(walk);
      }
    };
    this.timer = requestAnimationFrame(walk);
  }

  /** The walk is over, now. */
  #arrive() {
    const { target } = this;
    this.target = null;
    cancelAnimationFrame(this.timer);
    if (target) this.#set(target.mu, target.sigma);
  }

  /** @param {number} count */
  #passThrough(count) {
    this.#arrive();
    if (!this.byEncoder && !this.byHand && this.story.subject) {
      // Nobody has set anything: what passes through is the sample, with its own μ and σ.
      this.byEncoder = true;
      cancelAnimationFrame(this.timer);
      this.#set(this.story.subject.mu, this.story.subject.sigma);
      this.plane.show(around(this.mu, this.sigma), true);
    }
    this.coming += count;
    if (count < 100 || still()) this.#draw(this.coming);
    else {
      const began = performance.now();
      const arrive = (/** @type {number} */ now) => {
        if (!this.coming) return;
        const left = Math.max(0, 1 - (now - began) / ARRIVE_MS);
        this.#draw(this.coming - Math.floor(count * left * left * left));
        if (this.coming) this.timer = requestAnimationFrame(arrive);
      };
      cancelAnimationFrame(this.timer);
      this.timer = requestAnimationFrame(arrive);
    }
  }

  /** @param {number} count passes whose z come now */
  #draw(count) {
    if (count <= 0) return;
    const eps = normals(this.random, 2 * count);
    for (let i = 0; i < count; i++) {
      for (const axis of [0, 1]) {
        const z = this.mu[axis] + this.sigma[axis] * eps[2 * i + axis];
        this.running[axis].add(z);
        this.draws.push(z);
      }
    }
    if (this.draws.length > 2 * SHOWN) this.draws = this.draws.slice(-2 * SHOWN);
    this.coming -= count;
    if (!this.coming) this.story.say(this.#spoken());
    this.redraw();
  }

  #spoken() {
    const [one] = this.running;
    return t("story_noise.spoken", { n: one.n.toLocaleString("en-US"), mean: number(one.mean), mu: number(this.mu[0]), deviation: one.n > 1 ? significant(one.deviation) : "–", sigma: significant(this.sigma[0]) });
  }

  /** @override @param {number} second */
  showOff(second) {
    if (second === 2) this.#setByHand([1.5, 1], [0.4, 0.8]);
    if (second === 4) this.#letEncoder();
    if (second === 6) this.#passThrough(10);
    if (second === 8) this.#passThrough(1000);
  }

  /** @override */
  leave() {
    this.#arrive();
    if (this.coming) this.#draw(this.coming);
  }

  // ---- drawing

  /** @override @param {Set<import("./step.js").Change>} changed */
  draw(changed) {
    const { subject } = this.story;
    if (this.byEncoder && subject) {
      const { mu, sigma } = this.target ?? this;
      const same = subject.mu.every((v, i) => v === mu[i]) && subject.sigma.every((v, i) => v === sigma[i]);
      if (!same) this.#moveTo(subject.mu, subject.sigma, true);
      if (!same && changed.has("enter")) this.#arrive();
    }
    this.#drawSliders();
    this.#drawPlane();
    this.#drawNumbers();
  }

  #drawSliders() {
    for (const { input, output, set, kind, axis } of this.sliders) {
      const value = kind === "mu" ? this.mu[axis] : this.sigma[axis];
      const text = kind === "mu" ? number(value) : significant(value);
      set(kind === "mu" ? value : Math.log(value));
      input.setAttribute("aria-valuetext", text);
      setText(output, text);
    }
    this.handle.moveTo(this.mu[0], this.mu[1]);
  }

  #drawPlane() {
    const { story, cloud, mu, sigma } = this;
    const { ink, colors } = story;
    const carried = new Float64Array(cloud.length);
    for (let i = 0; i < cloud.length; i++) carried[i] = mu[i % 2] + sigma[i % 2] * cloud[i];
    const drawn = this.draws.length > 0;
    const marks = Array.from({ length: MARKED }, (_, i) => colors[i % Math.max(1, colors.length)] ?? ink.accent);
    const z = drawn ? this.draws : carried;
    this.plane.draw({
      ink, prior: true,
      dots: [
        { xy: cloud, color: ink.soft, alpha: 0.4, radius: 1.8 },
        { xy: z, color: ink.accent, alpha: z.length > 2000 ? 0.35 : 0.65, radius: 2 },
        ...(drawn ? [] : [{ xy: cloud.subarray(0, 2 * MARKED), color: marks, radius: 4.5, alpha: 1 }, { xy: carried.subarray(0, 2 * MARKED), color: marks, radius: 4.5, alpha: 1 }]),
      ],
      ellipses: [{ mu, sigma, ks: [1, 2], color: ink.text, width: 1.5 }],
      under: (context, view) => !drawn && threads(context, view, cloud, carried, marks),
    });
  }

  #drawNumbers() {
    const { mu, sigma, running, story } = this;
    const n = running[0].n;
    const pair = (/** @type {Pair} */ values, /** @type {(v: number) => string} */ say) => `(${say(values[0])}, ${say(values[1])})`;
    setText(this.formula, `z = μ + σ · ε = ${pair(mu, number)} + ${pair(sigma, significant)} · ε`);
    setText(this.what, this.byEncoder ? t("story_noise.encoder_set", { name: story.subjectName }) : t("story_noise.hand_set"));
    const counted = this.byEncoder ? "story_noise.count" : "story_noise.count_hand";
    setText(this.count, n ? t(counted, { n: n.toLocaleString("en-US"), count: n }) : t("story_noise.none_yet"));
    this.legend.style.visibility = n >= TICKS_FROM ? "visible" : "hidden";
    for (const axis of [0, 1]) {
      const { mean, deviation } = running[axis];
      const error = standardErrors(sigma[axis], Math.max(1, n));
      const cells = this.table.cells[axis];
      setText(cells[0], number3(mu[axis]));
      const tick = (/** @type {string} */ mark) => (n >= TICKS_FROM ? ` ${mark}` : "");
      setText(cells[1], n ? number3(mean) + tick(within(mean, mu[axis], error.mean)) : "–");
      setText(cells[2], significant3(sigma[axis]));
      setText(cells[3], n > 1 ? significant3(deviation) + tick(within(deviation, sigma[axis], error.deviation)) : "–");
      this.axes[axis].setAttribute("aria-pressed", String(axis === this.axis));
    }
    const { axis } = this;
    this.meanChart.draw(running[axis], mu[axis], sigma[axis], `μ${axis ? "₂" : "₁"}`, story.ink);
    this.deviationChart.draw(running[axis], sigma[axis], sigma[axis], `σ${axis ? "₂" : "₁"}`, story.ink);
    Object.assign(this.root.dataset, {
      n: String(n), mu: mu.map((v) => v.toFixed(4)).join(","), sigma: sigma.map((v) => v.toPrecision(4)).join(","),
      mean: running.map((r) => r.mean.toFixed(5)).join(","), deviation: running.map((r) => r.deviation.toFixed(5)).join(","),
      set: this.byEncoder ? "encoder" : "hand",
    });
  }
}

/** @param {Pair} mu @param {Pair} sigma @returns {[number, number, number, number]} wide enough that the place on the map is still to be seen */
function around(mu, sigma) {
  const [xmin, xmax, ymin, ymax] = boxAround(mu, sigma, 5);
  if (xmax - xmin <= 2 * MU_LIMIT) return [xmin, xmax, ymin, ymax];
  const reach = Math.max(WHOLE[1], ...mu.map((v, i) => Math.abs(v) + 3 * sigma[i]));
  return [-reach, reach, -reach, reach];
}

/** Inside the band of expected error, or (5 times in 100) not. @param {number} value @param {number} target @param {number} error */
function within(value, target, error) {
  return Math.abs(value - target) <= BAND * error ? "✓" : "·";
}

/** @param {number} value */
function number3(value) {
  return value.toFixed(3).replace("-", "−");
}

/** @param {number} value */
function significant3(value) {
  return value >= 0.1 ? value.toFixed(3) : value.toPrecision(3);
}

function still() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * A thread from each marked ε to its z.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../view.js").View} view
 * @param {Float64Array} from
 * @param {Float64Array} to
 * @param {string[]} colors
 */
function threads(context, view, from, to, colors) {
  const screen = (/** @type {Float64Array} */ xy, /** @type {number} */ i) => [view.width / 2 + (xy[2 * i] - view.x0) * view.scale, view.height / 2 - (xy[2 * i + 1] - view.y0) * view.scale];
  context.save();
  context.globalAlpha = 0.5;
  for (const [i, color] of colors.entries()) {
    const [x0, y0] = screen(from, i);
    const [x1, y1] = screen(to, i);
    context.strokeStyle = color;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }
  context.restore();
}

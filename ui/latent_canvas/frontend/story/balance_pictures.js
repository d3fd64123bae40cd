// What comes back under one Gaussian: the sample, the average of the decoded pictures and six of them; and the names and the lens on the plane.

import { h, setText } from "../dom.js";
import { paintSample } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { toScreen } from "../view.js";
import { halo } from "../weight/chart.js";
import { s, set } from "../weight/svg.js";
import { times } from "./balance_words.js";

const SIBLINGS = 6;
/** Radii that share out a Gaussian's draws evenly, each turned by the golden angle. */
const EPSILONS = Array.from({ length: SIBLINGS }, (_, i) => {
  const radius = Math.sqrt(-2 * Math.log(1 - (i + 0.5) / SIBLINGS)), angle = 2.4 * i + 0.6;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});

/** @param {number[]} mu @param {number[]} sigma @returns {number[]} [SIBLINGS][2] */
export function siblingPlaces(mu, sigma) {
  return EPSILONS.flatMap((epsilon) => epsilon.map((e, j) => mu[j] + sigma[j] * e));
}

export class BalancePictures {
  constructor() {
    const figure = (/** @type {string} */ testid, /** @type {string} */ words) => {
      const canvas = h("canvas", { "data-testid": testid });
      const caption = h("figcaption", {}, words);
      return { canvas, caption, root: h("figure", {}, h("div", { class: "frame" }, canvas), words || testid === "balance-x" ? caption : null) };
    };
    this.x = figure("balance-x", "");
    this.average = figure("average", t("story_balance.average"));
    this.siblings = EPSILONS.map(() => figure("sibling", ""));
    this.pixels = new Float32Array(0);
    this.notes = h("div", { class: "balance-notes" }, h("p", {}, ...rich("story_balance.siblings")));
    const group = h("div", { class: "balance-siblings" }, h("div", { class: "tiles" }, ...this.siblings.map(({ root }) => root)), this.notes);
    this.root = h("section", { class: "balance-pictures", "aria-label": t("story_balance.pictures") }, this.x.root, this.average.root, group);
  }

  /**
   * @param {import("../store.js").Model} model
   * @param {import("./subject.js").Subject} subject
   * @param {Float32Array} average of the pictures under the Gaussian
   * @param {number[]} mu
   * @param {number[]} sigma
   */
  draw({ decoder, spec }, subject, average, mu, sigma) {
    paintSample(this.x.canvas, subject.pixels, spec, t(`story_balance.source.${subject.source}`));
    setText(this.x.caption, t(`story_balance.source.${subject.source}`));
    paintSample(this.average.canvas, average, spec, t("story_balance.average"));
    if (this.pixels.length !== SIBLINGS * decoder.pixels) this.pixels = new Float32Array(SIBLINGS * decoder.pixels);
    decoder.decodeMany(siblingPlaces(mu, sigma), this.pixels);
    for (const [i, { canvas }] of this.siblings.entries()) paintSample(canvas, this.pixels.subarray(i * decoder.pixels, (i + 1) * decoder.pixels), spec);
  }
}

/** A hand's ellipse smaller than this, CSS pixels, is shown under a lens. */
const SMALL = 7;
/** The lens: at most so large, CSS pixels, and how much of it the ellipse fills. */
const LENS = { radius: 46, share: 0.48, margin: 8 };

/** The names of both ellipses on the plane, and a lens where the hand's is too small to be seen. */
export class PlaneNames {
  constructor() {
    const words = { "text-anchor": "middle", "font-size": 12, "font-family": "sans-serif", "font-weight": 600 };
    this.encoder = s("text", words, t("story_balance.name.encoder"));
    this.hand = s("text", words, t("story_balance.name.hand"));
    this.rim = s("circle", { "stroke-width": 2 });
    const clip = s("clipPath", { id: "balance-lens" }, this.hole = s("circle", {}));
    this.theirs = s("ellipse", { "fill-opacity": 0.18, "stroke-width": 2 });
    this.mine = s("ellipse", { "fill-opacity": 0.18, "stroke-width": 2 });
    this.dots = EPSILONS.map(() => s("circle", { r: 2.5 }));
    this.line = s("line", { "stroke-width": 1.5 });
    this.name = s("text", words);
    this.lens = s("g", { "data-testid": "balance-lens" }, clip, this.line, this.rim, s("g", { "clip-path": "url(#balance-lens)" }, this.theirs, this.mine, ...this.dots), this.name);
    this.root = s("svg", { class: "plane-names", "aria-hidden": "true" }, this.encoder, this.hand, this.lens);
  }

  /**
   * @param {import("./latent_plane.js").LatentPlane} plane
   * @param {{mu: number[], sigma: number[]}} hand
   * @param {{mu: number[], sigma: number[]}} encoder
   * @param {boolean} touched by the hand: there are two ellipses
   * @param {string} color of the encoder's
   * @param {import("../theme.js").Ink} ink
   */
  show({ view, width, height }, hand, encoder, touched, color, ink) {
    const [hx, hy] = toScreen(view, hand.mu[0], hand.mu[1]), [ex, ey] = toScreen(view, encoder.mu[0], encoder.mu[1]);
    const within = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => Math.min(high, Math.max(low, value)).toFixed(1);
    set(this.encoder, { x: within(ex, 34, width - 34), y: within(ey + encoder.sigma[1] * view.scale + 15, 14, height - 20), fill: ink.text, ...halo(ink) });
    const largest = Math.max(...hand.sigma) * view.scale;
    const small = touched && largest < SMALL;
    set(this.hand, {
      x: within(hx, 24, width - 24), y: within(hy - hand.sigma[1] * view.scale - 6, 14, height - 34), fill: ink.accent, ...halo(ink),
      visibility: touched && !small ? "visible" : "hidden",
    });
    set(this.lens, { visibility: small ? "visible" : "hidden" });
    if (!small) return;
    const { share, margin } = LENS;
    const radius = Math.min(LENS.radius, 0.14 * width);
    const cx = hx > width / 2 + 1 ? radius + margin : width - radius - margin, cy = hy < height / 2 - 1 ? height - radius - margin - 22 : radius + margin;
    const scale = (view.scale * share * radius) / largest;
    const far = Math.hypot(cx - hx, cy - hy) || 1;
    set(this.line, { x1: hx, y1: hy, x2: cx + ((hx - cx) * radius) / far, y2: cy + ((hy - cy) * radius) / far, stroke: ink.accent });
    for (const circle of [this.rim, this.hole]) set(circle, { cx, cy, r: radius });
    set(this.rim, { fill: ink.background, stroke: ink.accent });
    const place = (/** @type {number[]} */ z) => ({ cx: cx + (z[0] - hand.mu[0]) * scale, cy: cy - (z[1] - hand.mu[1]) * scale });
    set(this.theirs, { ...place(encoder.mu), rx: encoder.sigma[0] * scale, ry: encoder.sigma[1] * scale, fill: color, stroke: color });
    set(this.mine, { ...place(hand.mu), rx: hand.sigma[0] * scale, ry: hand.sigma[1] * scale, fill: ink.accent, stroke: ink.accent });
    const places = siblingPlaces(hand.mu, hand.sigma);
    for (const [i, dot] of this.dots.entries()) set(dot, { ...place(places.slice(2 * i, 2 * i + 2)), fill: ink.text });
    this.name.textContent = t("story_balance.name.lens", { times: times(scale / view.scale) });
    set(this.name, { x: cx < width / 2 ? cx - radius + 4 : cx + radius - 4, y: cy + radius + 15, "text-anchor": cx < width / 2 ? "start" : "end", fill: ink.accent, ...halo(ink) });
  }
}

// What comes back under one Gaussian: the sample, the average of the decoded pictures, and six of them at places that keep their ε.

import { h, setText } from "../dom.js";
import { paintImage } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";

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
    paintImage(this.x.canvas, subject.pixels, spec.shape);
    setText(this.x.caption, t(`story_balance.source.${subject.source}`));
    paintImage(this.average.canvas, average, spec.shape);
    if (this.pixels.length !== SIBLINGS * decoder.pixels) this.pixels = new Float32Array(SIBLINGS * decoder.pixels);
    decoder.decodeMany(siblingPlaces(mu, sigma), this.pixels);
    for (const [i, { canvas }] of this.siblings.entries()) paintImage(canvas, this.pixels.subarray(i * decoder.pixels, (i + 1) * decoder.pixels), spec.shape);
  }
}

// Where the parts of the KL weight's page stand.

import { h } from "../dom.js";

const LEGEND = "Filled: q(z), the average of all samples’ Gaussians. Its outlines hold 39 %, 86 % and 99 % of the codes, as much as the prior’s dotted circles at 1, 2 and 3σ: where q(z) is the prior they lie on each other. Gaussians narrower than 3 pixels are drawn that wide. Numbered discs: ten draws of the prior, decoded below. Click a sample to follow it.";

/**
 * @param {import("./weight_view.js").WeightView} view whose parts are made
 * @returns {HTMLDivElement}
 */
export function layOut(view) {
  const { play, ellipses, separate, compare, more } = view.controls;
  const bar = h("div", { class: "beta-bar" }, play, view.beta.root);
  const switches = h("div", { class: "switches" }, compare, ellipses.root, separate.root);
  const legend = h("p", { class: "note" }, LEGEND);
  const planes = h("div", { class: "planes" }, view.planes.pinned.root, view.planes.current.root);
  const under = h("div", { class: "row status-row" }, view.status, more, view.figures.planeButtons);
  const left = h("div", { class: "part" }, planes, under, legend);
  const story = h("section", { class: "story", "aria-label": "What you are looking at", "data-testid": "story" }, view.words.title, view.words.text, view.words.remembers);
  const right = h("div", { class: "part" }, story, view.figures.split, view.numbers.root);
  const layout = h("div", { class: "weight-layout" }, left, right);
  const strips = h("section", { class: "block" }, h("header", {}, h("h2", {}, "What it does to pictures"), view.figures.stripButtons), view.why, view.strips.pinned.root, view.strips.current.root);
  return h("div", { class: "latent-canvas weight-view", "data-testid": "weight-view" }, bar, switches, layout, strips, view.figures.tradeoff, view.live);
}

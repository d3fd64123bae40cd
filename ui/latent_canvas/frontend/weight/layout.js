// Where the parts of the KL weight's page stand.

import { h, setShown } from "../dom.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";

/**
 * @param {import("./weight_view.js").WeightView} view whose parts are made
 * @returns {HTMLDivElement}
 */
export function layOut(view) {
  const { play, ellipses, separate, compare, more } = view.controls;
  const bar = h("div", { class: "beta-bar" }, play, view.beta.root);
  const switches = h("div", { class: "switches" }, compare, ellipses.root, separate.root);
  const legend = h("p", { class: "note" }, ...rich("weight.legend"));
  const planes = h("div", { class: "planes" }, view.planes.pinned.root, view.planes.current.root);
  const under = h("div", { class: "row status-row" }, view.status, more, view.figures.planeButtons);
  const left = h("div", { class: "part" }, planes, under, legend, view.planePanel.root);
  const story = h("section", { class: "story", "aria-label": t("weight.story"), "data-testid": "story" }, view.words.title, view.words.text, view.words.remembers);
  const right = h("div", { class: "part" }, story, view.figures.split, view.numbers.root);
  const layout = h("div", { class: "weight-layout" }, left, right);
  const strips = h("section", { class: "block" }, h("header", {}, h("h2", {}, t("weight.strips.title")), view.figures.stripButtons), view.why, view.strips.pinned.root, view.strips.current.root);
  return h("div", { class: "latent-canvas weight-view", "data-testid": "weight-view" }, view.words.intro, bar, switches, layout, strips, view.figures.tradeoff, view.live);
}

/**
 * Whether there is a β to turn, and what belongs to it.
 * @param {import("./weight_view.js").WeightView} view
 * @param {boolean} along the model knows several β
 */
export function showAlong(view, along) {
  view.words.intro.replaceChildren(...rich(along ? "weight.intro" : "weight.intro.alone"));
  for (const part of [view.controls.play, view.controls.compare, view.figures.tradeoff]) setShown(part, along);
}

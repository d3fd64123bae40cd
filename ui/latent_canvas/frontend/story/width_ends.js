// The samples that the encoder is most and least sure of: their pictures, their σ, and their ellipses drawn to the same scale.

import { h, setShown, setText } from "../dom.js";
import { paintImage } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { s, set } from "../weight/svg.js";
import { group, significant } from "../words.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {ReturnType<typeof makeCard>} Card
 */

/** Side of the small drawings, in their own units, and the share of it that the larger ellipse's 2σ fill. */
const SIDE = 100;
const FILL = 0.92;

/** The samples of the smallest and of the largest σ₁·σ₂. @param {Float32Array} current codes [n][4] @returns {{sure: number, unsure: number}} */
export function extremes(current) {
  let [sure, unsure] = [0, 0];
  const area = (/** @type {number} */ i) => current[4 * i + 2] * current[4 * i + 3];
  for (let i = 1; i < current.length / 4; i++) {
    if (area(i) < area(sure)) sure = i;
    if (area(i) > area(unsure)) unsure = i;
  }
  return { sure, unsure };
}

export class Ends {
  /** @param {(index: number) => void} choose @param {AbortSignal} signal */
  constructor(choose, signal) {
    this.cards = [makeCard("story_width.sure", "sure", choose, signal), makeCard("story_width.unsure", "unsure", choose, signal)];
    this.note = h("p", { class: "note" });
    this.root = h("section", { class: "width-ends" }, ...this.cards.map(({ root }) => root), this.note);
  }

  /**
   * @param {Model} model
   * @param {Float32Array} current codes at β, [n][4]
   * @param {string[]} colors of the classes
   * @param {number} chosen index of the sample that the story is about
   */
  draw(model, current, colors, chosen) {
    const { sure, unsure } = extremes(current);
    const sigmaOf = (/** @type {number} */ i) => [current[4 * i + 2], current[4 * i + 3]];
    const reach = 2 * Math.max(...sigmaOf(sure), ...sigmaOf(unsure));
    for (const [card, index] of /** @type {[Card, number][]} */ ([[this.cards[0], sure], [this.cards[1], unsure]])) {
      const label = model.codes.labels[index];
      const name = t("story.sample_name", { id: model.codes.ids[index].toLocaleString("en-US"), label: model.spec.label_names[label] });
      const original = model.original(index);
      if (original) original.sheet.paint(card.canvas, original.tile);
      else paintImage(card.canvas, model.decoder.decode(current.subarray(4 * index, 4 * index + 2)), model.spec.shape);
      setText(card.source, original ? "" : t("story_width.its_reconstruction"));
      setText(card.name, name);
      const sigma = sigmaOf(index);
      for (const [j, place] of card.sigmas.entries()) setText(place, `${["σ₁", "σ₂"][j]} = ${significant(sigma[j])}`);
      drawEllipses(card, sigma, (FILL * SIDE) / 2 / reach, colors[label]);
      card.drawing.setAttribute("aria-label", t("story_width.drawn_to_scale", { first: significant(sigma[0]), second: significant(sigma[1]) }));
      card.index = index;
      card.button.setAttribute("aria-label", t("story_width.choose_named", { name }));
      card.button.disabled = index === chosen;
      setText(card.button, t(index === chosen ? "story_width.chosen" : "story_width.choose"));
      Object.assign(card.root.dataset, { index: String(index), sigma: sigma.map((v) => v.toPrecision(4)).join(",") });
    }
    const [small, large] = [sure, unsure].map((i) => Math.sqrt(sigmaOf(i)[0] * sigmaOf(i)[1]));
    const factor = large / small;
    setText(this.note, t("story_width.same_scale", { times: factor < 9.95 ? factor.toFixed(1) : group(factor) }));
    setShown(this.cards[1].root, sure !== unsure);
    setShown(this.note, sure !== unsure);
  }
}

/** @param {"story_width.sure" | "story_width.unsure"} key @param {string} testid @param {(index: number) => void} choose @param {AbortSignal} signal */
function makeCard(key, testid, choose, signal) {
  const canvas = h("canvas", {});
  const [name, source] = [h("strong", {}), h("small", {})];
  const sigmas = [h("span", { class: "sigma" }), h("span", { class: "sigma" })];
  const ellipses = [2, 1].map(() => s("ellipse", { cx: SIDE / 2, cy: SIDE / 2, "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }));
  const centre = s("circle", { cx: SIDE / 2, cy: SIDE / 2, r: 1.2 });
  const drawing = s("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", class: "tiny-plane" }, ...ellipses, centre);
  const button = h("button", { type: "button", "data-testid": `choose-${testid}` });
  const body = h("div", { class: "end-body" }, h("div", { class: "frame" }, canvas), drawing, h("div", { class: "end-words" }, ...sigmas, button));
  const root = h("div", { class: "end-card", "data-testid": testid }, h("h3", {}, ...rich(key), " ", name, " ", source), body);
  const card = { root, canvas, name, source, sigmas, ellipses, centre, drawing, button, index: -1 };
  button.addEventListener("click", () => choose(card.index), { signal });
  return card;
}

/** @param {Card} card @param {number[]} sigma @param {number} scale @param {string} color */
function drawEllipses({ ellipses, centre }, sigma, scale, color) {
  for (const [i, k] of [2, 1].entries()) {
    const [rx, ry] = sigma.map((v) => Math.max(0.2, k * v * scale));
    set(ellipses[i], { rx, ry, stroke: color, fill: color, "fill-opacity": i ? 0.2 : 0.08 });
  }
  set(centre, { fill: color });
}

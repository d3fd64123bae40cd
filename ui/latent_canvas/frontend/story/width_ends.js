// The samples of the smallest and of the widest ellipse: their pictures, their σ, and both ellipses drawn to the same scale.

import { h, setShown, setText } from "../dom.js";
import { paintOriginal, paintSample } from "../images.js";
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

/** The samples of the smallest and of the largest σ₁·σ₂. @param {Float32Array} current codes [n][4] @returns {{smallest: number, widest: number}} */
export function extremes(current) {
  let [smallest, widest] = [0, 0];
  const area = (/** @type {number} */ i) => current[4 * i + 2] * current[4 * i + 3];
  for (let i = 1; i < current.length / 4; i++) {
    if (area(i) < area(smallest)) smallest = i;
    if (area(i) > area(widest)) widest = i;
  }
  return { smallest, widest };
}

export class Ends {
  /** @param {(index: number) => void} choose @param {AbortSignal} signal */
  constructor(choose, signal) {
    this.cards = [makeCard("smallest", "sure", choose, signal), makeCard("widest", "unsure", choose, signal)];
    this.root = h("section", { class: "width-ends", "aria-label": t("story_width.ends") }, ...this.cards.map(({ root }) => root));
  }

  /**
   * @param {Model} model
   * @param {Float32Array} current codes at β, [n][4]
   * @param {string[]} colors of the classes
   * @param {number} chosen index of the sample that the story is about
   */
  draw(model, current, colors, chosen) {
    const { smallest, widest } = extremes(current);
    const sigmaOf = (/** @type {number} */ i) => [current[4 * i + 2], current[4 * i + 3]];
    const reach = 2 * Math.max(...sigmaOf(smallest), ...sigmaOf(widest));
    for (const [card, index] of /** @type {[Card, number][]} */ ([[this.cards[0], smallest], [this.cards[1], widest]])) {
      const label = model.codes.labels[index];
      const name = t("story.sample_name", { id: model.codes.ids[index].toLocaleString("en-US"), label: model.spec.label_names[label] });
      const original = model.original(index);
      if (original) paintOriginal(card.canvas, original, model.spec, name);
      else paintSample(card.canvas, model.decoder.decode(current.subarray(4 * index, 4 * index + 2)), model.spec, name);
      const sigma = sigmaOf(index);
      setText(card.sigma, `σ = (${sigma.map(significant).join(", ")})`);
      drawEllipses(card, sigma, (FILL * SIDE) / 2 / reach, colors[label]);
      card.drawing.setAttribute("aria-label", t("story_width.drawn_to_scale", { first: significant(sigma[0]), second: significant(sigma[1]) }));
      card.index = index;
      card.button.setAttribute("aria-label", t("story_width.choose_named", { name }));
      card.button.title = original ? name : `${name} ${t("story_width.its_reconstruction")}`;
      card.button.setAttribute("aria-disabled", String(index === chosen));
      setText(card.button, t(index === chosen ? "story_width.chosen" : "story_width.choose"));
      Object.assign(card.root.dataset, { index: String(index), sigma: sigma.map((v) => v.toPrecision(4)).join(",") });
    }
    const [small, large] = [smallest, widest].map((i) => Math.sqrt(sigmaOf(i)[0] * sigmaOf(i)[1]));
    const factor = large / small;
    setText(this.cards[0].name, t("story_width.smallest"));
    setText(this.cards[1].name, t("story_width.widest", { times: factor < 9.95 ? factor.toFixed(1) : group(factor) }));
    setShown(this.cards[1].root, smallest !== widest);
  }
}

/** @param {"smallest" | "widest"} which @param {string} testid @param {(index: number) => void} choose @param {AbortSignal} signal */
function makeCard(which, testid, choose, signal) {
  const canvas = h("canvas", {});
  const [name, sigma] = [h("strong", {}), h("span", { class: "sigma" })];
  const ellipses = [2, 1].map(() => s("ellipse", { cx: SIDE / 2, cy: SIDE / 2, "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }));
  const centre = s("circle", { cx: SIDE / 2, cy: SIDE / 2, r: 1.2 });
  const drawing = s("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", class: "tiny-plane" }, ...ellipses, centre);
  const button = h("button", { type: "button", "data-testid": `choose-${testid}` });
  const words = h("div", { class: "end-words" }, name, h("span", {}, t(`story_width.${which}.means`)), h("div", { class: "end-last" }, sigma, button));
  const root = h("div", { class: "end-card", "data-testid": testid }, h("div", { class: "frame" }, canvas), drawing, words);
  const card = { root, canvas, name, sigma, ellipses, centre, drawing, button, index: -1 };
  button.addEventListener("click", () => button.getAttribute("aria-disabled") !== "true" && choose(card.index), { signal });
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

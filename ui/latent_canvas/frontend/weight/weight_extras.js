// What the page of the KL weight adds for teaching and showing: its tour, demo mode's sweep of β, what lesson links can hide.

import { attachExtras, hideable as one } from "../extras.js";
import { betaToSlider, nearestNode, sliderToBeta } from "../scale.js";
import { t } from "../texts.js";
import { betaStep } from "../tour.js";

/** @typedef {import("./weight_view.js").WeightView} WeightView */

/**
 * @param {WeightView} view
 * @param {AbortSignal} signal
 */
export function attachWeightExtras(view, signal) {
  const parts = { controls: controlsOf(view), tour: tourOf(view), attract: new Sweep(view) };
  attachExtras(view.root, { kind: "weight", ...parts, view }, signal);
}

/** @param {WeightView} view @returns {import("../lesson.js").Controls} */
function controlsOf({ root, beta, controls, figures, numbers, strips }) {
  return {
    beta: one("beta", () => [beta.root]),
    play: one("play", () => [controls.play]),
    compare: one("compare", () => [controls.compare]),
    ellipses: one("ellipses", () => [controls.ellipses.root]),
    separate: one("separate", () => [controls.separate.root]),
    zoom: one("zoom", () => [...root.querySelectorAll(".zoom")]),
    status: one("status", () => [root.querySelector(".status-row")]),
    legend: one("how_to_read", () => [root.querySelector(".part > .note")]),
    story: one("story", () => [root.querySelector(".story")]),
    rate: one("rate", () => [figures.split]),
    numbers: one("numbers", () => [numbers.root]),
    strips: one("strips", () => [strips.current.root.closest(".block")]),
    charts: one("charts", () => [figures.tradeoff]),
    save: one("save_any", () => [...root.querySelectorAll(".export")]),
  };
}

/** @param {WeightView} view @returns {import("../tour.js").Step[]} */
function tourOf(view) {
  const { controls, beta } = view;
  return [
    betaStep("weight", () => beta.turnable, () => view.state.beta, () => beta.betaMax, () => view.moving),
    {
      text: () => "extras.weight.play", done: "extras.weight.play.done", target: () => controls.play,
      watch: () => {
        let played = false;
        return () => {
          played ||= view.player.playing;
          return played && !view.player.playing;
        };
      },
    },
    {
      text: () => "extras.weight.ellipses", done: "extras.weight.ellipses.done", values: { name: t("weight.ellipses.label") },
      target: () => controls.ellipses.root, over: () => view.state.ellipses, watch: () => () => view.state.ellipses,
    },
    {
      text: () => "extras.weight.compare", done: "extras.weight.compare.done", values: { name: t("weight.pin") }, target: () => controls.compare,
      over: () => view.state.compare !== null, watch: () => () => view.state.compare !== null,
    },
  ];
}

/** From one end of the slider to the other, in seconds: slower than "play", for those who watch from afar. */
const ONE_WAY_SECONDS = 20;
/** Without motion, β goes through so many places of its slider. */
const STOPS = 7;

/** Moves β through its range and back. */
class Sweep {
  /** @param {WeightView} view */
  constructor(view) {
    this.view = view;
    this.beta = 1;
  }

  ready() {
    return this.view.root.dataset.ready === "true" && this.view.opened && !this.view.player.playing;
  }

  begin() {
    this.beta = this.view.state.beta;
  }

  /** @param {number} seconds */
  move(seconds) {
    this.#show((betaToSlider(this.beta, this.view.beta.betaMax) + seconds / ONE_WAY_SECONDS) % 2);
  }

  /** @param {number} count */
  jump(count) {
    this.#show((betaToSlider(this.beta, this.view.beta.betaMax) + (count + 1) / (STOPS - 1)) % 2);
    const { betas } = this.view.beta;
    this.view.setBeta(betas[nearestNode(betas, this.view.state.beta)], false);
  }

  /** @param {number} way up from 0 to 1 and down again to 2 */
  #show(way) {
    this.view.setBeta(sliderToBeta(way <= 1 ? way : 2 - way, this.view.beta.betaMax), false);
  }

  end() {
    this.view.setBeta(this.beta, true);
  }
}

// What the latent map adds for teaching and showing: its tour, what moves by itself in demo mode, what lesson links can hide.

import { betweenStops, ease, onRound, orderRound } from "./attract.js";
import { attachExtras, hideable as one } from "./extras.js";
import { wholeView } from "./framing.js";
import { betaToSlider, sliderToBeta } from "./scale.js";
import { t } from "./texts.js";
import { betaStep } from "./tour.js";
import { lerpView } from "./view.js";

/** @typedef {import("./canvas.js").LatentCanvas} LatentCanvas */

/**
 * @param {LatentCanvas} canvas
 * @param {AbortSignal} signal
 */
export function attachMapExtras(canvas, signal) {
  const parts = { controls: controlsOf(canvas), tour: tourOf(canvas), attract: new Wanderer(canvas) };
  attachExtras(canvas.root, { kind: "map", ...parts, view: canvas }, signal);
}

/** @param {LatentCanvas} canvas @returns {import("./lesson.js").Controls} */
function controlsOf({ root, toolbar, beta, panel, paths }) {
  return {
    show: one("show", () => [toolbar.show.root.closest(".field")]),
    ellipses: one("size", () => [toolbar.k.closest(".field")]),
    colour: one("colour", () => [toolbar.colour.root.closest(".field")]),
    decodes: one("decodes", () => [toolbar.grid.root]),
    density: one("density", () => [toolbar.cloud.root]),
    save: one("save", () => [toolbar.save]),
    zoom: one("zoom", () => [root.querySelector(".zoom")]),
    legend: one("legend", () => [toolbar.legend]),
    status: one("status", () => [root.querySelector(".status-row")]),
    picture: one("picture", () => [panel.root]),
    beta: one("beta", () => [beta.root]),
    sample: one("sample", () => [panel.card]),
    nearest: one("nearest", () => [panel.nearest]),
    path: one("path", () => [paths.root]),
  };
}

/** z has been dragged where it is this far from where it was, in latent units. */
const DRAGGED = 0.3;

/** @param {LatentCanvas} canvas @returns {import("./tour.js").Step[]} */
function tourOf(canvas) {
  const { stage, beta, toolbar, paths } = canvas;
  return [
    {
      text: () => "extras.map.drag", done: "extras.map.drag.done", target: () => stage.handle, still: true, held: () => canvas.dragging,
      watch: () => {
        const [x, y] = canvas.state.z;
        return () => !canvas.dragging && !paths.playing && Math.hypot(canvas.state.z[0] - x, canvas.state.z[1] - y) > DRAGGED;
      },
    },
    {
      text: () => "extras.map.sample", done: "extras.map.sample.done", target: () => stage.root,
      watch: () => {
        const before = canvas.state.selected;
        return () => canvas.state.selected >= 0 && canvas.state.selected !== before;
      },
    },
    betaStep("map", () => beta.turnable, () => canvas.state.beta, () => beta.betaMax, () => canvas.moving),
    {
      text: () => "extras.map.decodes", done: "extras.map.decodes.done", values: { name: t("map.tools.grid") }, target: () => toolbar.grid.root,
      over: () => canvas.state.grid, watch: () => () => canvas.state.grid,
    },
    {
      text: () => "extras.map.legend", done: "extras.map.legend.done", target: () => toolbar.legend,
      watch: () => {
        const before = JSON.stringify(shownClasses(canvas));
        return () => JSON.stringify(shownClasses(canvas)) !== before;
      },
    },
  ];
}

/** @param {LatentCanvas} canvas */
function shownClasses({ state }) {
  return [state.hidden, state.show === "class" ? state.only : -1];
}

/** From class to class in this time, in seconds, and as long from where the person had z to the round. */
const HOP_SECONDS = 2.4;
/** Every other round, β goes through these places of its slider and back to where it was. */
const BETA_STOPS = [0.34, 0.9];
/** Where fewer classes are shown than make a round, z goes round this circle, in latent units. */
const CIRCLE = { radius: 1.3, points: 6 };
/** The view follows what β does to the map: this share of the way in each frame, looked at this often. */
const FOLLOW = { share: 0.05, frames: 12 };

/** Moves z through the middles of the classes, and β from time to time. */
export class Wanderer {
  /** @param {LatentCanvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {{z: [number, number], beta: number}} what the person had */
    this.saved = { z: [0, 0], beta: 1 };
    /** @type {number[]} */
    this.order = [];
    this.target = canvas.view;
    this.frames = 0;
  }

  ready() {
    const { canvas } = this;
    const drawn = canvas.root.dataset.ready === "true" && canvas.model !== null && canvas.painter.model === canvas.model;
    return drawn && !canvas.dragging && !canvas.paths.playing;
  }

  begin() {
    const { state, view } = this.canvas;
    this.saved = { z: [state.z[0], state.z[1]], beta: state.beta };
    this.order = [];
    this.target = view;
    this.frames = 0;
  }

  /** @returns {{x: number, y: number}[]} where the round goes through just now, in its order */
  #stops() {
    const { labels } = this.canvas.painter;
    const places = labels.length > 2 && this.canvas.state.show !== "selected" ? labels : circle(labels[0]);
    if (this.order.length !== places.length) this.order = orderRound(places);
    return this.order.map((i) => places[i]);
  }

  /** The stops of β on the slider's own scale. */
  #betaStops() {
    const own = betaToSlider(this.saved.beta, this.canvas.beta.betaMax);
    return [own, ...BETA_STOPS, own];
  }

  /** @param {number} seconds */
  move(seconds) {
    const { canvas, saved } = this;
    const stops = this.#stops();
    const at = seconds / HOP_SECONDS;
    const round = Math.floor(at / stops.length);
    const goal = onRound(stops, at);
    const near = ease(at);
    canvas.moveTo([saved.z[0] + (goal[0] - saved.z[0]) * near, saved.z[1] + (goal[1] - saved.z[1]) * near]);
    const beta = round % 2 ? sliderToBeta(betweenStops(this.#betaStops(), at / stops.length - round), canvas.beta.betaMax) : saved.beta;
    if (beta !== canvas.state.beta) canvas.setBeta(beta, false);
    this.#follow();
  }

  /** Where the person has chosen no view, the whole map stays in sight. */
  #follow() {
    const { canvas } = this;
    if (canvas.state.view) return;
    if (this.frames++ % FOLLOW.frames === 0) this.target = wholeView(canvas.painter.current, canvas.stage.width, canvas.stage.height);
    if (Math.abs(this.target.scale / canvas.view.scale - 1) < 0.004) return;
    canvas.view = lerpView(canvas.view, this.target, FOLLOW.share);
    canvas.painter.invalidate("view");
  }

  /** @param {number} count */
  jump(count) {
    const { canvas } = this;
    const stops = this.#stops();
    const { x, y } = stops[count % stops.length];
    const betas = this.#betaStops().slice(0, -1);
    const beta = sliderToBeta(betas[Math.floor(count / stops.length) % betas.length], canvas.beta.betaMax);
    canvas.moveTo([x, y]);
    if (count >= stops.length) canvas.setBeta(beta, false);
  }

  /** @param {Event | null} event a touch of the ring itself takes it over where it is */
  end(event) {
    const { canvas, saved } = this;
    if (event?.type !== "pointerdown" || !event.composedPath().includes(canvas.stage.handle)) canvas.moveTo(saved.z);
    if (canvas.state.beta !== saved.beta || canvas.moving) canvas.setBeta(saved.beta, true);
  }
}

/** @param {{x: number, y: number} | undefined} middle */
function circle(middle = { x: 0, y: 0 }) {
  return Array.from({ length: CIRCLE.points }, (_, i) => {
    const angle = (2 * Math.PI * i) / CIRCLE.points;
    return { x: middle.x + CIRCLE.radius * Math.cos(angle), y: middle.y + CIRCLE.radius * Math.sin(angle) };
  });
}

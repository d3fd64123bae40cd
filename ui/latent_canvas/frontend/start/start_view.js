// The start page: a small map to drag at once, the doors to the other pages, and the gallery of models.

import { toParams } from "../address.js";
import { LatentCanvas } from "../canvas.js";
import { h } from "../dom.js";
import { attachExtras, hideable } from "../extras.js";
import { Wanderer } from "../map_extras.js";
import { onChange } from "../store.js";
import { attachTerms, rich } from "../terms.js";
import { group } from "../words.js";
import { Doors } from "./doors.js";
import { Gallery } from "./gallery.js";
import { attachHere } from "./here.js";
import { Invitation } from "./invitation.js";

export const STYLES = [new URL("./start.css", import.meta.url)];

/**
 * @typedef {import("../canvas.js").ViewData & import("./gallery.js").Shelf & {samples: number, shape: number[]}} StartData
 * @typedef {object} Component Streamlit's, renewed at every call
 * @property {(key: string, value: any) => void} setStateValue
 * @property {(key: string, value: any) => void} setTriggerValue
 */

export class StartView {
  /** @param {HTMLElement | ShadowRoot} parent */
  constructor(parent) {
    this.abort = new AbortController();
    const { signal } = this.abort;
    /** @type {Component | null} */
    this.component = null;
    /** @type {StartData | null} */
    this.data = null;
    /** @type {import("../store.js").Model | null} whose pictures the doors show */
    this.drawn = null;
    const hero = h("div", { class: "hero" });
    this.canvas = new LatentCanvas(hero, { extras: false });
    this.lead = h("p", { class: "lead", "data-testid": "lead" });
    this.doors = new Doors((page) => this.#go(page), () => toParams(this.canvas.state), signal);
    this.gallery = new Gallery((name) => this.#pick(name), signal);
    const tools = h("div", { class: "start-tools" });
    this.root = h("div", { class: "latent-canvas start-view", "data-testid": "start-view" }, hero, this.doors.root, this.gallery.root, tools);
    this.#makeSmall(signal);
    this.invitation = new Invitation(this.canvas, signal);
    attachHere(this.canvas, () => isTable(this.data?.shape ?? []));
    onChange((digest) => digest === this.data?.digest && this.#drawDoors(), signal);
    parent.append(this.root);
    this.#attachExtras(tools, signal);
  }

  /** @param {HTMLElement} slot @param {AbortSignal} signal */
  #attachExtras(slot, signal) {
    const { canvas, invitation } = this;
    const controls = {
      beta: hideable("beta", () => [canvas.beta.root]), doors: hideable("doors", () => [this.doors.root]), gallery: hideable("gallery", () => [this.gallery.root]),
    };
    const attract = new Wanderer(canvas);
    const begin = attract.begin.bind(attract);
    attract.begin = () => {
      invitation.decline();
      begin();
    };
    attachExtras(this.root, { kind: "start", controls, attract, slot, view: canvas }, signal);
  }

  /**
   * The map as this page shows it: start.css hides most of it, and the address names no more than the model.
   * @param {AbortSignal} signal
   */
  #makeSmall(signal) {
    const { root, beta, teller } = this.canvas;
    root.classList.add("compact");
    root.querySelector(".layout")?.prepend(this.lead);
    beta.root.append(h("p", { class: "beta-says" }, ...rich("start.beta")));
    teller.toParams = (/** @type {{model: string}} */ { model }) => new URLSearchParams({ model });
    // The wheel scrolls the page here; with Ctrl, and so with two fingers on a touchpad, it zooms.
    root.addEventListener("wheel", (event) => !event.ctrlKey && event.stopPropagation(), { signal, capture: true, passive: true });
    if (!root.querySelector(".term-note")) attachTerms(root, signal);
  }

  /**
   * @param {Component} component
   * @param {StartData} data
   */
  update(component, data) {
    this.component = component;
    const before = this.data;
    this.data = data;
    if (before?.digest !== data.digest) {
      this.lead.replaceChildren(...rich(isTable(data.shape) ? "start.lead_rows" : "start.lead", { count: group(data.samples) }));
    }
    this.gallery.set(data, data.model);
    // Only what this page can change is told: what the other pages know besides stays as it is.
    const setStateValue = (/** @type {string} */ key, /** @type {any} */ value) =>
      component.setStateValue(key, key === "view" ? { beta: value.beta, z: value.z, digest: value.digest } : value);
    this.canvas.update({ setStateValue }, data);
    if (data.initial.z) this.invitation.decline();
    this.#drawDoors();
  }

  #drawDoors() {
    const { model, painter } = this.canvas;
    if (!model || model === this.drawn) return;
    this.drawn = model;
    this.doors.draw(model, painter.colors);
  }

  /** @param {string} page */
  #go(page) {
    // The hand may have left the ring an instant ago, and not have rested yet.
    if (!this.invitation.open) this.canvas.teller.tell(this.canvas.state, false);
    this.component?.setTriggerValue("go", page);
  }

  /** @param {string} name */
  #pick(name) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.canvas.root.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
    if (name !== this.data?.model) this.component?.setTriggerValue("pick", name);
  }

  destroy() {
    this.abort.abort();
    this.invitation.destroy();
    this.canvas.destroy();
    this.root.remove();
  }
}

/** @param {number[]} shape of one sample @returns {boolean} a row of numbers, not a picture */
function isTable(shape) {
  return shape.length === 1;
}

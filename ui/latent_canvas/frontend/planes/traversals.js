// One row of decodes per dimension: it runs from −3 to 3 while all others stay where they are held.

import { h, setShown, setText } from "../dom.js";
import { paintSample } from "../images.js";
import { ImportedDecoder } from "../imported_decoder.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { dimensionName } from "./names.js";

const STEPS = [-3, -2, -1, 0, 1, 2, 3];
/** Rows that are decoded at once: the dimensions that tell most. */
const FIRST = 8;
/** Work per frame, in milliseconds. */
const SLICE_MS = 6;

/** @typedef {{j: number, value: number, canvas: HTMLCanvasElement}} Cell */

export class Traversals {
  /**
   * @param {(dimension: number, value: number) => void} onVisit
   * @param {() => void} onMissing some pictures must come from the server
   * @param {AbortSignal} signal
   */
  constructor(onVisit, onMissing, signal) {
    this.onVisit = onVisit;
    this.onMissing = onMissing;
    this.signal = signal;
    this.rows = h("div", { class: "traversals" });
    this.note = h("p", { class: "note" });
    this.more = h("button", { type: "button" });
    this.all = false;
    this.root = h("details", { class: "plane-details", "data-testid": "traversals" }, h("summary", {}, t("planes.traversals.title")), this.note, this.rows, this.more);
    this.more.addEventListener("click", () => { this.all = true; this.#start(); }, { signal });
    this.root.addEventListener("toggle", () => this.#start(), { signal });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame));
    this.frame = 0;
    /** Where all dimensions but one stay. */
    this.from = new Float64Array(0);
    /** @type {{model: import("../store.js").Model, order: number[], beta: number, key: string} | null} */
    this.job = null;
    this.made = "";
    /** @type {Cell[]} those that are still to be drawn */
    this.left = [];
    /** @type {Cell[]} those that wait for the server's pictures */
    this.missing = [];
  }

  /**
   * @param {import("../store.js").Model} model @param {number[]} order the largest KL first
   * @param {import("../space.js").Plane} plane @param {number} beta @param {import("../store.js").Dimension[]} facts
   */
  show(model, order, plane, beta, facts) {
    this.from = plane.rest.slice();
    const active = order.filter((j) => facts[j].active);
    this.job = { model, order: active.length ? active : order, beta, key: `${model.spec.digest} ${beta} ${model.version} ${Array.from(this.from, (v) => v.toFixed(3)).join()}` };
    this.#start();
  }

  #start() {
    const { job } = this;
    if (!job || !this.root.open) return;
    const { decoder } = job.model;
    const can = decoder instanceof ImportedDecoder && (!decoder.approximate || decoder.member.served);
    this.note.replaceChildren(...rich(can ? "planes.traversals.how" : "planes.traversals.none"));
    setShown(this.rows, can);
    const listed = this.all ? job.order : job.order.slice(0, FIRST);
    setShown(this.more, can && listed.length < job.order.length);
    setText(this.more, t("planes.traversals.all", { count: job.order.length }));
    const key = `${job.key} ${listed.length}`;
    if (!can || key === this.made) return;
    this.made = key;
    const cells = listed.flatMap((j) => STEPS.map((value) => ({ j, value, ...this.#cell(j, value) })));
    this.rows.replaceChildren(...listed.map((j, row) => h("div", { class: "traversal" }, h("span", {}, dimensionName(j)), ...cells.slice(row * STEPS.length, (row + 1) * STEPS.length).map(({ button }) => button))));
    this.left = cells;
    this.missing = [];
    this.#work();
  }

  /** Pictures have come. */
  arrived() {
    if (!this.missing.length) return;
    this.left = [...this.left, ...this.missing];
    this.missing = [];
    this.#work();
  }

  /** @param {number} j @param {number} value */
  #cell(j, value) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const button = h("button", { type: "button", class: "thumb", "aria-label": t("planes.traversals.picture", { name: dimensionName(j), value }), title: `${dimensionName(j)} = ${value}` }, canvas);
    button.addEventListener("click", () => this.onVisit(j, value), { signal: this.signal });
    return { canvas, button };
  }

  /** Draw what is left, as much as a frame bears at a time. */
  #work() {
    cancelAnimationFrame(this.frame);
    const { job } = this;
    if (!job) return;
    const end = performance.now() + SLICE_MS;
    const z = new Float64Array(this.from.length);
    const { codes, decoder } = job.model;
    while (this.left.length && performance.now() < end) {
      const [cell, ...others] = this.left;
      this.left = others;
      z.set(this.from);
      z[cell.j] = cell.value;
      const values = decoder instanceof ImportedDecoder ? decoder.decodeFull(codes.own(Array.from(z), decoder.node)) : null;
      if (values) paintSample(cell.canvas, values, job.model.spec);
      else this.missing.push(cell);
    }
    if (this.left.length) this.frame = requestAnimationFrame(() => this.#work());
    else if (this.missing.length) this.onMissing();
    this.root.dataset.drawn = String(this.rows.querySelectorAll("button").length - this.left.length - this.missing.length);
  }
}

// The same eight samples throughout a training, of different classes as far as there are: the originals, and what they come back as.

import { h, setShown } from "../dom.js";
import { paintOriginal, paintSample, pictureSize } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { oneOfEach } from "../weight/strips.js";

/** @typedef {import("../store.js").Model} Model */

const SAMPLES = 8;

export class SamplesStrip {
  /**
   * @param {(index: number) => void} select
   * @param {AbortSignal} signal
   */
  constructor(select, signal) {
    this.select = select;
    this.signal = signal;
    /** @type {number[]} places in the model's codes */
    this.indices = [];
    /** @type {{values: {label: string, id: number}, original: HTMLCanvasElement, frame: HTMLElement, reconstruction: HTMLCanvasElement, painted: boolean}[]} */
    this.columns = [];
    /** @type {Model | null} */
    this.model = null;
    this.noted = "";
    this.row = h("div", { class: "same-eight", "data-testid": "same-eight" });
    this.note = h("p", { class: "note" });
    this.root = h("section", { class: "strip-card" }, h("h3", {}, ...rich("live.strip")), this.row, this.note);
  }

  /** @param {Model} model with its codes @param {string[]} colors */
  open(model, colors) {
    this.model = model;
    const { codes, spec } = model;
    this.indices = oneOfEach(codes.labels, SAMPLES);
    const { width, height } = pictureSize(spec.shape);
    const columns = this.indices.map((index) => {
      const values = { label: spec.label_names[codes.labels[index]], id: codes.ids[index] };
      const original = h("canvas", { width, height, role: "img", "aria-label": t("live.strip.original", values) });
      const reconstruction = h("canvas", { width, height, role: "img", "aria-label": t("live.strip.reconstruction", values) });
      const frame = h("div", { class: "frame" }, original);
      const parts = [frame, h("div", { class: "frame" }, reconstruction), h("span", {}, values.label)];
      const button = h("button", { type: "button", class: "thumb", title: t("live.strip.select", values) }, ...parts);
      button.style.setProperty("--class", colors[codes.labels[index]]);
      button.addEventListener("click", () => this.select(index), { signal: this.signal });
      return { button, values, original, frame, reconstruction, painted: false };
    });
    this.columns = columns;
    this.row.replaceChildren(...columns.map(({ button }) => button));
    this.showOriginals("");
  }

  /** Originals where they have arrived. @param {string} missing why there are none, "" while they are on their way */
  showOriginals(missing) {
    const { model } = this;
    if (!model) return;
    for (const [i, column] of this.columns.entries()) {
      const found = model.original(this.indices[i]);
      setShown(column.frame, found !== null);
      if (!found || column.painted) continue;
      paintOriginal(column.original, found, model.spec, t("live.strip.original", column.values));
      column.painted = true;
    }
    const note = this.columns.some(({ painted }) => painted) ? "live.strip.pair" : "live.strip.alone";
    if (this.noted === note + missing) return;
    this.noted = note + missing;
    this.note.replaceChildren(...rich(note), missing && note === "live.strip.alone" ? ` ${missing}` : "");
  }

  /** @param {Float32Array[]} pictures */
  draw(pictures) {
    const spec = this.model?.spec;
    if (!spec) return;
    for (const [i, picture] of pictures.entries()) {
      const { reconstruction, values } = this.columns[i];
      paintSample(reconstruction, picture, spec, t("live.strip.reconstruction", values));
    }
  }
}

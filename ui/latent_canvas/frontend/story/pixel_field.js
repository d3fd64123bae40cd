// A picture whose pixels can be chosen by hand or by arrow keys, with a crosshair; a table's columns are bars.

import { h, setShown } from "../dom.js";
import { imageSize, paintImage } from "../images.js";
import { s, set } from "../weight/svg.js";

/** Height of the highest bar, in units of its drawing. */
const HIGH = 100;

export class PixelField {
  /**
   * @param {{label: string, testid: string, choose: (place: number) => void}} options label: for screen readers; choose: hears which
   *   pixel, counted row by row
   * @param {AbortSignal} signal
   */
  constructor({ label, testid, choose }, signal) {
    this.choose = choose;
    this.size = { width: 1, height: 1, channels: 1 };
    this.place = 0;
    this.values = /** @type {Float32Array} */ (new Float32Array(0));
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.path = s("path", { fill: "currentColor" });
    this.bars = s("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, this.path);
    this.around = h("i", { class: "around" });
    this.root = h("div", { class: "pixel-field", tabindex: "0", role: "application", "aria-label": label, "data-arrows": true, "data-testid": testid },
      this.canvas, this.bars, h("i", { class: "across" }), h("i", { class: "down" }), this.around);
    this.#listen(signal);
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { root } = this;
    let held = -1;
    root.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      held = event.pointerId;
      root.setPointerCapture(event.pointerId);
      this.#chooseAt(event);
    }, { signal });
    root.addEventListener("pointermove", (event) => event.pointerId === held && this.#chooseAt(event), { signal });
    for (const ending of /** @type {const} */ (["pointerup", "pointercancel"])) root.addEventListener(ending, () => (held = -1), { signal });
    root.addEventListener("keydown", (event) => {
      const by = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const { width } = this.size;
      this.#choose((this.place % width) + by[0], Math.floor(this.place / width) + by[1]);
    }, { signal });
  }

  /** @param {PointerEvent} event */
  #chooseAt(event) {
    const box = this.root.getBoundingClientRect();
    const { width, height } = this.size;
    this.#choose(Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height));
  }

  /** @param {number} x @param {number} y the nearest pixel where it lies outside */
  #choose(x, y) {
    const { width, height } = this.size;
    const inside = (/** @type {number} */ v, /** @type {number} */ count) => Math.min(count - 1, Math.max(0, v));
    const place = inside(y, height) * width + inside(x, width);
    if (place === this.place) return;
    // At once: keys may come faster than frames.
    this.place = place;
    this.choose(place);
  }

  /**
   * @param {Float32Array} values as many numbers as a sample has, in [0, 1]
   * @param {number[]} shape
   */
  show(values, shape) {
    this.size = imageSize(shape);
    this.values = values;
    const table = shape.length === 1;
    setShown(this.canvas, !table);
    this.bars.style.display = table ? "" : "none";
    this.root.style.aspectRatio = table ? "3 / 2" : `${this.size.width} / ${this.size.height}`;
    if (!table) return paintImage(this.canvas, values, shape);
    set(this.bars, { viewBox: `0 0 ${values.length} ${HIGH}` });
    this.path.setAttribute("d", Array.from(values, (v, i) => `M${i + 0.1} ${HIGH}v${-HIGH * v}h0.8v${HIGH * v}z`).join(""));
  }

  /** @param {number} place of the chosen pixel, counted row by row */
  mark(place) {
    const { width, height, channels } = this.size;
    this.place = place;
    // The box shows its pixel clear of the lines.
    const level = (/** @type {number} */ c) => Math.round(255 * this.values[place * channels + Math.min(c, channels - 1)]);
    this.around.style.background = this.bars.style.display === "none" ? `rgb(${level(0)} ${level(1)} ${level(2)})` : "none";
    const percent = (/** @type {number} */ share) => `${100 * share}%`;
    this.root.style.setProperty("--x", percent((place % width) / width));
    this.root.style.setProperty("--y", percent(Math.floor(place / width) / height));
    this.root.style.setProperty("--w", percent(1 / width));
    this.root.style.setProperty("--h", percent(1 / height));
  }
}

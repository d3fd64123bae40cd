// A picture whose pixels can be chosen by hand or by arrow keys, with a crosshair; a table's columns are a list of bars.

import { BarList } from "../bar_list.js";
import { BARS_MARGIN, BARS_SIDE, columnsOf, isTable } from "../bars.js";
import { h, setShown } from "../dom.js";
import { imageSize, paintImage } from "../images.js";

export class PixelField {
  /**
   * @param {{label: string, testid: string, choose: (place: number) => void, write: (column: import("../bars.js").Column, x: number) => string}} options
   *   label: for screen readers; choose: hears which pixel, counted row by row; write: a value of a table's column as text
   * @param {AbortSignal} signal
   */
  constructor({ label, testid, choose, write }, signal) {
    this.choose = choose;
    this.size = { width: 1, height: 1, channels: 1 };
    this.place = 0;
    this.values = /** @type {Float32Array} */ (new Float32Array(0));
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.list = new BarList({ testid: `${testid}-bars`, label, write });
    this.around = h("i", { class: "around" });
    this.root = h("div", { class: "pixel-field", tabindex: "0", role: "application", "aria-label": label, "data-arrows": true, "data-testid": testid },
      this.canvas, this.list.root, h("i", { class: "across" }), h("i", { class: "down" }), this.around);
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
      if (this.ofTable) this.#choose(0, this.place + by[0] + by[1]);
      else this.#choose((this.place % width) + by[0], Math.floor(this.place / width) + by[1]);
    }, { signal });
  }

  /** @param {PointerEvent} event */
  #chooseAt(event) {
    const box = (this.ofTable ? this.list.list : this.root).getBoundingClientRect();
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

  /** @returns {boolean} its pixels are a table's columns, one below the other */
  get ofTable() {
    return this.root.classList.contains("of-columns");
  }

  /**
   * @param {Float32Array} values as many numbers as a sample has, in [0, 1]
   * @param {import("../store.js").ModelSpec} spec
   * @param {number} [full] the value that is shown white, or as the longest bar
   */
  show(values, spec, full = 1) {
    const { shape } = spec;
    const table = isTable(shape);
    const scaled = values.map((v) => v / (full || 1));
    this.size = table ? { width: 1, height: shape[0], channels: 1 } : imageSize(shape);
    this.values = scaled;
    this.root.classList.toggle("of-columns", table);
    setShown(this.canvas, !table);
    this.root.style.aspectRatio = table ? "" : `${this.size.width} / ${this.size.height}`;
    if (!table) {
      this.list.hide();
      return paintImage(this.canvas, scaled, shape);
    }
    this.list.setColumns(columnsOf(spec));
    this.list.show(values, null, scaled);
  }

  /** @param {number} place of the chosen pixel, counted row by row */
  mark(place) {
    const { width, height, channels } = this.size;
    this.place = place;
    if (this.ofTable) this.list.mark(place, !this.root.matches(":active"));
    // The box shows its pixel clear of the lines.
    const level = (/** @type {number} */ c) => Math.round(255 * this.values[place * channels + Math.min(c, channels - 1)]);
    this.around.style.background = `rgb(${level(0)} ${level(1)} ${level(2)})`;
    if (this.ofTable) return this.#markLine(place);
    const percent = (/** @type {number} */ share) => `${100 * share}%`;
    this.root.style.setProperty("--x", percent((place % width) / width));
    this.root.style.setProperty("--y", percent(Math.floor(place / width) / height));
    this.root.style.setProperty("--w", percent(1 / width));
    this.root.style.setProperty("--h", percent(1 / height));
  }

  /** Where a column's bar lies in small pictures of bars. @param {number} place */
  #markLine(place) {
    const margin = BARS_MARGIN / BARS_SIDE;
    const high = (1 - 2 * margin) / this.size.height;
    for (const [name, share] of Object.entries({ "--x": 0, "--y": margin + place * high, "--w": 1, "--h": high })) this.root.style.setProperty(name, `${100 * share}%`);
  }
}

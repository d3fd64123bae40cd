// A row of a table as a list: every column with its name, a bar from its lowest value to its highest, and the value in the data's own units.

import { valueText } from "./bars.js";
import { addStyles, h, setShown } from "./dom.js";
import { t } from "./texts.js";

/**
 * @typedef {import("./bars.js").Column} Column
 * @typedef {{root: HTMLElement, fill: HTMLElement, mark: HTMLElement, value: Text, original: Text}} Line
 */

const STYLES = [new URL("./bars.css", import.meta.url)];
/** From more columns than this on the lines are narrow, and the list scrolls. */
const ROOMY = 24;
/** While values move, lines out of sight are filled in this long after the last change, in milliseconds. */
const REST_MS = 160;
/** Room for a number, in digits, is kept up to here. */
const LONGEST_NUMBER = 16;
/** Height of a narrow line, CSS pixels: that of style.css. */
const LINE_PX = 16;

export class BarList {
  /**
   * @param {{testid: string, label: string, pairs?: boolean, write?: (column: Column, x: number) => string}} options label: for screen readers;
   *   pairs: an original's value stands beside each value; write: a value x in [0, 1] as text
   */
  constructor({ testid, label, pairs = false, write = valueText }) {
    this.pairs = pairs;
    this.write = write;
    /** @type {Column[]} */
    this.columns = [];
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Float32Array | null} */
    this.values = null;
    /** @type {Float32Array | null} */
    this.originals = null;
    /** @type {ArrayLike<number>} */
    this.lengths = [];
    this.timer = 0;
    /** How far the list is scrolled; reading it from the page would cost a layout at every move of a hand. */
    this.top = 0;
    this.marked = -1;
    this.list = h("dl", {});
    this.head = pairs ? this.#makeHead() : null;
    this.scroll = h("div", { class: "bar-scroll" }, this.list);
    this.root = h("div", { class: pairs ? "bars pairs" : "bars", role: "group", "aria-label": label, "data-testid": testid, hidden: true }, this.head, this.scroll);
    this.scroll.addEventListener("scroll", () => {
      this.top = this.scroll.scrollTop;
      this.#fill();
    }, { passive: true });
  }

  #makeHead() {
    return h("div", { class: "bar-line head", "aria-hidden": "true" }, h("span", {}), h("span", {}),
      h("span", { class: "original-name" }, t("map.sample.original")), h("span", { class: "value-name" }, t("map.bars.reconstruction")));
  }

  /** Most models are not of tables: the looks come with the first that is. */
  async #dress() {
    const parent = this.root.getRootNode();
    this.root.style.visibility = "hidden";
    try {
      await addStyles(parent instanceof ShadowRoot ? parent : document.head, STYLES);
    } finally {
      this.root.style.visibility = ""; // without its looks it can still be read
    }
    if (this.marked >= 0) this.mark(this.marked, true);
  }

  /**
   * Lines for these columns; the same ones are kept.
   * @param {Column[]} columns
   */
  setColumns(columns) {
    if (columns === this.columns) return;
    if (!this.columns.length) void this.#dress();
    this.columns = columns;
    this.values = null;
    this.originals = null;
    this.lines = columns.map((column) => makeLine(column, this.pairs));
    this.list.replaceChildren(...this.lines.map(({ root }) => root));
    this.top = this.scroll.scrollTop = 0;
    const most = columns.flatMap((column) => [0, 1].map((x) => this.write(column, x).length)).reduce((a, b) => Math.max(a, b), 3);
    this.root.style.setProperty("--digits", String(Math.min(LONGEST_NUMBER, most)));
    const roomy = columns.length <= ROOMY;
    this.root.classList.toggle("many", !roomy);
    // A list that scrolls must be reachable by keys.
    if (roomy) this.scroll.removeAttribute("tabindex");
    else this.scroll.setAttribute("tabindex", "0");
    this.scroll.scrollTop = 0;
    this.marked = -1;
  }

  /**
   * Called for every move of a hand: lines in sight follow at once, the others when the hand rests.
   * @param {Float32Array} values in [0, 1], one for each column
   * @param {Float32Array | null} [originals] their own values, where they are known
   * @param {ArrayLike<number>} [lengths] of the bars, in [0, 1]
   */
  show(values, originals = null, lengths = values) {
    setShown(this.root, true);
    this.values = values;
    this.originals = originals;
    this.lengths = lengths;
    if (this.head) this.head.classList.toggle("alone", originals === null);
    this.#fill();
    if (this.lines.length <= ROOMY) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#fillFrom(0, this.lines.length), REST_MS);
  }

  hide() {
    setShown(this.root, false);
  }

  /** One line stands out, and is brought into sight. @param {number} index @param {boolean} scroll */
  mark(index, scroll) {
    this.marked = index;
    for (const [i, { root }] of this.lines.entries()) root.classList.toggle("chosen", i === index);
    const [line, box] = [this.lines[index].root.offsetTop - this.list.offsetTop, this.scroll];
    if (scroll && (line < box.scrollTop || line > box.scrollTop + box.clientHeight - LINE_PX)) box.scrollTop = line - box.clientHeight / 2;
  }

  /** The lines in sight, and one more at each end. */
  #fill() {
    const { lines } = this;
    if (lines.length <= ROOMY) return this.#fillFrom(0, lines.length);
    const first = Math.max(0, Math.floor(this.top / LINE_PX) - 1);
    this.#fillFrom(first, Math.min(lines.length, first + ROOMY + 3));
  }

  /** @param {number} from @param {number} to */
  #fillFrom(from, to) {
    const { values, originals, lengths, lines, columns } = this;
    if (!values) return;
    for (let i = from; i < to; i++) {
      const { fill, mark, value, original } = lines[i];
      fill.style.transform = `scaleX(${Math.min(1, Math.max(0, lengths[i])).toFixed(4)})`;
      setData(value, this.write(columns[i], values[i]));
      if (!this.pairs) continue;
      mark.style.visibility = originals ? "visible" : "hidden";
      if (originals) mark.style.transform = `translateX(${(100 * Math.min(1, Math.max(0, originals[i]))).toFixed(2)}%)`;
      setData(original, originals ? valueText(columns[i], originals[i]) : "");
    }
  }
}

/** @param {Text} node @param {string} text */
function setData(node, text) {
  if (node.data !== text) node.data = text;
}

/** @param {Column} column @param {boolean} pairs @returns {Line} */
function makeLine(column, pairs) {
  const { name } = column;
  const title = t("map.bars.range", { name, low: valueText(column, 0), high: valueText(column, 1) });
  const fill = h("i", { class: "fill" });
  const mark = h("i", { class: "mark" });
  const [value, original] = [document.createTextNode(""), document.createTextNode("")];
  const track = h("span", { class: "track-bar", "aria-hidden": "true" }, fill, pairs ? mark : null);
  const said = (/** @type {string} */ words) => h("span", { class: "visually-hidden" }, words);
  const numbers = pairs
    ? [h("dd", { class: "original-value" }, said(`${t("map.sample.original")}: `), original), h("dd", { class: "value" }, said(`${t("map.bars.reconstruction")}: `), value)]
    : [h("dd", { class: "value" }, value)];
  const root = h("div", { class: "bar-line", title }, h("dt", {}, name), track, ...numbers);
  return { root, fill, mark, value, original };
}

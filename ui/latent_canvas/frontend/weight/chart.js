// The base of every chart: its element, colours and size; and the frame with ticks and titles that charts share.

import { s, set } from "./svg.js";

/**
 * @typedef {import("./svg.js").Ink} Ink
 * @typedef {import("./geometry.js").Box} Box
 * @typedef {import("./geometry.js").Tick} Tick
 * @typedef {import("./geometry.js").Scale} Scale
 */

/** Size of every text that is no title, in pixels. */
export const FONT = 11;

/** Parts that stand still are drawn anew by `layout`, only when data, size or colours change; the rest moves by attributes. */
export class Chart {
  /** @param {string} testid @param {string} label for screen readers, until describe() is called */
  constructor(testid, label) {
    this.root = s("svg", { role: "img", "aria-label": label, "data-testid": testid, "font-family": "sans-serif", "font-size": FONT });
    /** @type {Ink} */
    this.ink = { text: "#222222", background: "#ffffff", accent: "#4457c0", soft: "#666677", line: "#cccccc" };
    this.width = 0;
    this.height = 0;
  }

  /** @param {Ink} ink CSS colours that need no stylesheet */
  setInk(ink) {
    const { text, background, accent, soft, line } = ink;
    const now = this.ink;
    if (text === now.text && background === now.background && accent === now.accent && soft === now.soft && line === now.line) return;
    this.ink = { text, background, accent, soft, line };
    this.redraw();
  }

  /** @param {number} width CSS pixels @param {number} height */
  setSize(width, height) {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    set(this.root, { width, height, viewBox: `0 0 ${width} ${height}` });
    this.redraw();
  }

  /** Call it at rest: a screen reader need not hear every frame. @param {string} text */
  describe(text) {
    this.root.setAttribute("aria-label", text);
  }

  redraw() {
    if (this.width > 0 && this.height > 0) this.layout();
  }

  /** Draw everything anew. */
  layout() {}
}

/**
 * @param {string} text
 * @param {number} x @param {number} y
 * @param {Record<string, string | number | undefined>} attributes
 */
export function label(text, x, y, attributes) {
  return s("text", { x, y, ...attributes }, text);
}

/** A label's attributes that keep it readable over lines. @param {Ink} ink */
export function halo({ background }) {
  return { stroke: background, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke" };
}

/**
 * Grid lines, numbers and titles of a chart with two axes.
 * @param {Box} box
 * @param {{ticks: Tick[], scale: Scale, title: string}} x
 * @param {{ticks: Tick[], scale: Scale, title: string}} y
 * @param {Ink} ink
 */
export function frame(box, x, y, ink) {
  const { left, right, top, bottom } = box;
  const grid = s("g", { stroke: ink.line, "stroke-width": 1 });
  const numbers = s("g", { fill: ink.soft });
  for (const { at, text } of x.ticks) {
    const px = x.scale(at);
    grid.append(s("line", { x1: px, x2: px, y1: bottom, y2: bottom + 4 }));
    numbers.append(label(text, px, bottom + 16, { "text-anchor": "middle" }));
  }
  for (const { at, text } of y.ticks) {
    const py = y.scale(at);
    grid.append(s("line", { x1: left, x2: right, y1: py, y2: py, "stroke-opacity": 0.6 }));
    numbers.append(label(text, left - 6, py + 4, { "text-anchor": "end" }));
  }
  grid.append(s("path", { d: `M${left} ${top}V${bottom}H${right}`, fill: "none" }));
  const middle = (top + bottom) / 2;
  const titles = s("g", { fill: ink.text, "text-anchor": "middle", "font-size": 12 },
    label(x.title, (left + right) / 2, bottom + 33, {}),
    label(y.title, 0, 0, { transform: `translate(13 ${middle}) rotate(-90)` }));
  return s("g", {}, grid, numbers, titles);
}

/** @param {number} x @param {number} y @param {number} radius */
export function diamondPath(x, y, radius) {
  return `M${x - radius} ${y}L${x} ${y - radius}L${x + radius} ${y}L${x} ${y + radius}Z`;
}

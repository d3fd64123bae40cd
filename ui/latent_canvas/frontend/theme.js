// The page's colours, read from its theme, for what is drawn on canvases and in charts.

import { rgbOf } from "./palette.js";

/**
 * @typedef {object} Ink CSS colours
 * @property {string} text
 * @property {string} background
 * @property {string} accent
 * @property {string} soft text of less weight
 * @property {string} line borders and grid lines
 */

/**
 * @param {HTMLElement} root of a view; style.css sets its properties
 * @returns {Ink}
 */
export function readInk(root) {
  const style = getComputedStyle(root);
  const read = (/** @type {string} */ name, /** @type {string} */ other) => style.getPropertyValue(name).trim() || other;
  const [text, background] = [read("--ink", "#222"), read("--ground", "#fff")];
  const [near, far] = [rgbOf(text), rgbOf(background)];
  const soft = `rgb(${near.map((v, i) => Math.round(0.72 * v + 0.28 * far[i])).join(",")})`;
  return { text, background, accent: read("--accent", "#4457c0"), soft, line: read("--line", "#ccc") };
}

/** @param {string} color */
export function isDark(color) {
  const [r, g, b] = rgbOf(color);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
}

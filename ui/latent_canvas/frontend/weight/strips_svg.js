// The picture strips as one SVG, each picture embedded pixel for pixel.

import { t } from "../texts.js";
import { s } from "./svg.js";

const TILE = 64;
const GAP = 8;
const LINE = 18;

/**
 * @param {import("./strips.js").Strips} strips drawn before
 * @param {{text: string}} ink
 * @param {string} caption
 * @returns {SVGSVGElement}
 */
export function stripsSvg({ originals, samples, draws }, ink, caption) {
  const withOriginals = originals.filter(({ root }) => !root.hidden).length === samples.length;
  const rows = [
    ...(withOriginals ? [{ name: t("weight.strips.file.original"), tiles: originals }] : []),
    { name: t("weight.strips.file.samples"), tiles: samples },
    { name: t("weight.strips.file.draws"), tiles: draws },
  ];
  const width = GAP + (TILE + GAP) * Math.max(samples.length, draws.length);
  const height = 36 + rows.length * (TILE + 2 * LINE + GAP);
  const svg = /** @type {SVGSVGElement} */ (s("svg", { width, height, viewBox: `0 0 ${width} ${height}` }));
  const text = (/** @type {string} */ words, /** @type {number} */ x, /** @type {number} */ y, size = 11) => s("text", { x, y, fill: ink.text, "font-size": size }, words);
  svg.append(text(caption, GAP, 22, 15));
  for (const [row, { name, tiles }] of rows.entries()) {
    const top = 36 + row * (TILE + 2 * LINE + GAP);
    svg.append(text(name, GAP, top + 12));
    for (const [i, { canvas, caption: below }] of tiles.entries()) {
      const x = GAP + i * (TILE + GAP);
      svg.append(s("image", { href: canvas.toDataURL(), x, y: top + LINE, width: TILE, height: TILE, style: "image-rendering: pixelated" }));
      svg.append(text(below.textContent ?? "", x, top + LINE + TILE + 13));
    }
  }
  return svg;
}

// SVG elements: a builder, a drawing as text that stands alone, and the buttons that save it.

import { h, saveFile } from "../dom.js";
import { t } from "../texts.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @typedef {import("../theme.js").Ink} Ink colours that need no stylesheet
 * @typedef {{svg: string, width: number, height: number}} Drawing a standalone SVG and its size in CSS pixels
 */

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | undefined>} [attributes]
 * @param {(Node | string | null | undefined)[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  set(element, attributes);
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/**
 * @param {Element} element
 * @param {Record<string, string | number | undefined>} attributes
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, String(value));
}

/**
 * A drawing as a file's text: with its size, its ground and a font that every machine has.
 * @param {SVGSVGElement} svg
 * @param {string} background CSS colour
 * @returns {string}
 */
export function serialize(svg, background) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const { width, height } = sizeOf(svg);
  for (const name of ["class", "style", "data-testid", "x", "y"]) copy.removeAttribute(name);
  set(copy, { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "sans-serif" });
  copy.prepend(s("rect", { width, height, fill: background }));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

/** @param {SVGSVGElement} svg @returns {{width: number, height: number}} from its own attributes, else as it is laid out */
export function sizeOf(svg) {
  const [, , width, height] = (svg.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
  if (width > 0 && height > 0) return { width, height };
  const box = svg.getBoundingClientRect();
  return { width: Number(svg.getAttribute("width")) || box.width, height: Number(svg.getAttribute("height")) || box.height };
}

/** @param {string} svgText @param {string} name with its ending */
export function saveSvg(svgText, name) {
  saveFile(new Blob([svgText], { type: "image/svg+xml" }), name);
}

/**
 * @param {string} svgText standalone
 * @param {number} width CSS pixels
 * @param {number} height
 * @param {string} name with its ending
 * @param {number} [scale] picture pixels per CSS pixel
 */
export async function savePng(svgText, width, height, name, scale = 2) {
  saveFile(await rasterise(svgText, width, height, scale), name);
}

/** @param {string} svgText @param {number} width @param {number} height @param {number} scale @returns {Promise<Blob>} */
async function rasterise(svgText, width, height, scale) {
  const url = URL.createObjectURL(new Blob([svgText], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = h("canvas", { width: String(Math.round(width * scale)), height: String(Math.round(height * scale)) });
    const context = canvas.getContext("2d");
    if (!context) throw new Error(t("weight.export.no_canvas"));
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error(t("weight.export.too_large", { width: canvas.width, height: canvas.height }));
    return blob;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Drawings beside or below each other as one.
 * @param {SVGSVGElement[]} drawings that stand alone
 * @param {"row" | "column"} direction
 * @returns {SVGSVGElement}
 */
export function joined(drawings, direction) {
  if (drawings.length === 1) return drawings[0];
  let [width, height] = [0, 0];
  for (const drawing of drawings) {
    const size = sizeOf(drawing);
    set(drawing, direction === "row" ? { x: width } : { y: height });
    [width, height] = direction === "row" ? [width + size.width, Math.max(height, size.height)] : [Math.max(width, size.width), height + size.height];
  }
  return s("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, ...drawings);
}

/**
 * Two quiet buttons that save a drawing as it is at that moment.
 * @param {() => Drawing} getSvg
 * @param {() => string} getName of the file, without its ending
 * @param {AbortSignal} signal
 * @param {string} [testid] "<testid>-png" and "<testid>-svg" name the buttons for tests
 * @param {string} [what] the drawing's name for screen readers
 * @returns {HTMLSpanElement}
 */
export function exportButtons(getSvg, getName, signal, testid = "export", what = t("weight.export.drawing")) {
  const [png, svg] = ["PNG", "SVG"].map((kind) => {
    const says = t("weight.export.save", { what, kind });
    return h("button", { type: "button", title: says, "aria-label": says, "data-testid": `${testid}-${kind.toLowerCase()}` }, kind);
  });
  svg.addEventListener("click", () => saveSvg(getSvg().svg, `${getName()}.svg`), { signal });
  png.addEventListener("click", () => {
    const { svg: drawn, width, height } = getSvg();
    savePng(drawn, width, height, `${getName()}.png`).catch((error) => png.setAttribute("title", String(error.message ?? error)));
  }, { signal });
  return h("span", { class: "export", role: "group" }, png, svg);
}

// One marginal of q(z) beside the map, over N(0, 1): it shares the map's latent axis.

import { t } from "../texts.js";
import { FONT, halo, label } from "./chart.js";
import { marginalPaths, normalPath } from "./geometry.js";
import { s, set } from "./svg.js";

/**
 * @typedef {import("./svg.js").Ink} Ink
 *
 * @typedef {object} Strip
 * @property {number} from latent, at the left or the lower end
 * @property {number} to
 * @property {ArrayLike<number>} values of the density, at equal steps from `from` to `to`
 * @property {number} lengthPx along the map
 * @property {number} thicknessPx
 * @property {number} top the density at full thickness; the caller keeps it steady
 */

export class MarginalCurve {
  /** @param {"top" | "right"} axis z₁ above the map, or z₂ to its right with the density growing to the right */
  constructor(axis) {
    this.axis = axis;
    this.area = s("path", { stroke: "none", "fill-opacity": 0.28 });
    this.line = s("path", { fill: "none", "stroke-width": 1.6, "stroke-linejoin": "round" });
    this.normal = s("path", { fill: "none", "stroke-width": 1.3, "stroke-dasharray": "5 3" });
    this.hint = label(axis === "top" ? "↑" : "→", 0, 0, { "font-weight": 700, "font-size": 13 });
    this.name = label("", 0, 0, {});
    this.root = s("svg", {
      role: "img", "data-testid": `marginal-${axis}`, "font-family": "sans-serif", "font-size": FONT,
    }, this.area, this.line, this.normal, this.name, this.hint);
    this.setName(axis === "top" ? "z₁" : "z₂");
    /** What the parts that rarely change were drawn for. */
    this.drawn = { ink: "", frame: "" };
  }

  /** @param {string} name of the axis */
  setName(name) {
    const text = t("weight.marginal.name", { axis: name });
    if (this.name.textContent === text) return;
    this.name.textContent = text;
    this.root.setAttribute("aria-label", t("weight.marginal.label", { axis: name }));
  }

  /** @param {Ink} ink */
  setInk(ink) {
    const key = `${ink.text} ${ink.background} ${ink.accent} ${ink.soft}`;
    if (key === this.drawn.ink) return;
    this.drawn.ink = key;
    set(this.area, { fill: ink.accent });
    set(this.line, { stroke: ink.accent });
    set(this.normal, { stroke: ink.text });
    set(this.hint, { fill: ink.text, ...halo(ink) });
    set(this.name, { fill: ink.soft, ...halo(ink) });
  }

  /** @param {Strip} strip */
  draw(strip) {
    const { axis } = this;
    const { from, to, values, lengthPx, thicknessPx, top } = strip;
    const { line, area, peak } = marginalPaths(values, { axis, lengthPx, thicknessPx, top });
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
    this.#point(peak, lengthPx);
    const key = [from, to, lengthPx, thicknessPx, top].join();
    if (key === this.drawn.frame) return;
    this.drawn.frame = key;
    this.normal.setAttribute("d", normalPath({ axis, from, to, lengthPx, thicknessPx, top }));
    const [width, height] = axis === "top" ? [lengthPx, thicknessPx] : [thicknessPx, lengthPx];
    set(this.root, { width, height, viewBox: `0 0 ${width} ${height}` });
    set(this.name, axis === "top" ? { x: 4, y: 11 } : { transform: `translate(${thicknessPx - 11} 4) rotate(90)` });
  }

  /** A small arrow where the highest peak goes on beyond the strip. @param {readonly [number, number] | null} peak @param {number} length */
  #point(peak, length) {
    set(this.hint, { visibility: peak ? "visible" : "hidden" });
    if (!peak) return;
    const [x, y] = peak;
    const kept = (/** @type {number} */ at) => Math.min(length - 14, Math.max(2, at));
    set(this.hint, this.axis === "top" ? { x: kept(x + 4), y: y + 12 } : { x: x - 15, y: kept(y - 4) });
  }
}

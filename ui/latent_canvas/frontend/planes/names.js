// What directions of a latent space of many dimensions are called.

import { readPlane } from "../space.js";
import { t } from "../texts.js";

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";

/** @param {number} j counted from 0 @returns {string} "z₁" of the first dimension */
export function dimensionName(j) {
  return `z${String(j + 1).replace(/[0-9]/g, (digit) => SUBSCRIPTS[Number(digit)])}`;
}

/**
 * The names of the map's axes.
 * @param {import("../space.js").Plane} plane
 * @param {string} text of the view's state
 * @returns {[string, string]}
 */
export function axisNames(plane, text) {
  const found = plane.dimensions;
  if (found) return [dimensionName(found[0]), dimensionName(found[1])];
  if (readPlane(text)?.kind === "samples") return ["A → B", t("planes.axis.across")];
  return [t("planes.axis.principal", { number: 1 }), t("planes.axis.principal", { number: 2 })];
}

// Plain sentences about a place in the latent space. No page elements here.

import { t } from "./texts.js";

/** A place counts as covered by a sample when it lies within this many σ of its μ. */
export const COVER_SIGMA = 2;

/** Where more than this share of all Gaussians cover a place, codes say little. */
const COLLAPSED_SHARE = 0.8;

/**
 * @param {number} value
 * @returns {string} with a real minus sign, two decimals
 */
export function number(value) {
  return (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "\u2212");
}

/**
 * σ spans three decades along β, so it gets significant digits instead of decimals.
 * @param {number} sigma
 * @returns {string}
 */
export function significant(sigma) {
  return sigma >= 0.1 ? sigma.toFixed(2) : sigma.toPrecision(2);
}

/**
 * @param {readonly [number, number]} z
 * @param {[string, string]} [axes] what they are called where z is a place of a plane through more dimensions
 * @returns {string}
 */
export function placeWords(z, axes) {
  if (axes) return axes.map((name, k) => `${name} = ${number(z[k])}`).join(", ");
  return `z = (${number(z[0])}, ${number(z[1])})`;
}

/**
 * How likely the prior finds a place: the share of its draws that land farther out, exp(−r²/2) in two dimensions.
 * @param {number} tail that share
 * @param {boolean} [inPlane] draws are seen in a plane through more dimensions
 * @returns {string}
 */
export function priorWords(tail, inPlane = false) {
  if (inPlane && tail >= 1e-9) {
    if (tail > 0.95) return t("map.prior.middle.space");
    if (tail >= 0.01) return t("map.prior.space", { percent: Math.round(100 * tail) });
    return t("map.prior.far.space", { draws: group(toTwoDigits(1 / tail)) });
  }
  if (tail > 0.95) return t("map.prior.middle");
  if (tail >= 0.1) return t("map.prior.usual", { percent: Math.round(100 * tail) });
  if (tail >= 0.01) return t("map.prior.rather_far", { percent: Math.round(100 * tail) });
  if (tail >= 1e-9) return t("map.prior.far", { draws: group(toTwoDigits(1 / tail)) });
  return t("map.prior.beyond");
}

/**
 * @param {number} covering samples whose Gaussian covers the place
 * @param {number} loaded samples on the map
 * @param {number} total samples of the data set
 * @param {boolean} [inPlane] seen in a plane through more dimensions: who covers a place there may lie beside it in another direction
 * @returns {string}
 */
export function coverWords(covering, loaded, total, inPlane = false) {
  if (loaded === 0) return t("map.cover.no_samples");
  const all = loaded < total ? t("map.cover.loaded", { loaded: group(loaded) }) : t("map.cover.all", { total: group(total) });
  const values = { k: COVER_SIGMA, count: group(covering), all };
  if (inPlane && covering > 0) return t("map.cover.space", values);
  if (covering > COLLAPSED_SHARE * loaded) return t("map.cover.most", values);
  return t(covering === 0 ? "map.cover.none" : "map.cover.some", values);
}

/**
 * @param {number} value
 * @returns {string} 60000 → "60,000"
 */
export function group(value) {
  return Math.round(value).toLocaleString("en-US");
}

/** @param {number} value */
function toTwoDigits(value) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.round(value / unit) * unit;
}

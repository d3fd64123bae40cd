// Plain sentences about a place in the latent space. No page elements here.

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
 * @returns {string}
 */
export function placeWords(z) {
  return `z = (${number(z[0])}, ${number(z[1])})`;
}

/**
 * How likely the prior finds a place: the share of its draws that land farther out, exp(−r²/2) in two dimensions.
 * @param {number} tail that share
 * @returns {string}
 */
export function priorWords(tail) {
  if (tail > 0.95) return "The middle of the prior N(0, I): no place is likelier.";
  if (tail >= 0.1) return `A usual place: ${Math.round(100 * tail)} % of the prior’s draws land farther out.`;
  if (tail >= 0.01) return `Rather far out: only ${Math.round(100 * tail)} % of the prior’s draws land farther out.`;
  if (tail >= 1e-9) return `Far out: 1 in ${group(toTwoDigits(1 / tail))} of the prior’s draws lands farther out.`;
  return "So far out that the prior practically never draws a point here.";
}

/**
 * @param {number} covering samples whose Gaussian covers the place
 * @param {number} loaded samples on the map
 * @param {number} total samples of the data set
 * @returns {string}
 */
export function coverWords(covering, loaded, total) {
  const of = loaded < total ? `the ${group(loaded)} samples on the map` : `${group(total)} samples`;
  const within = `within ${COVER_SIGMA}σ`;
  if (loaded === 0) return "No sample is shown.";
  if (covering > COLLAPSED_SHARE * loaded) {
    return `Within ${COVER_SIGMA}σ of ${group(covering)} of ${of}: nearly every Gaussian covers this place, so codes hardly tell samples apart.`;
  }
  if (covering === 0) return `Not ${within} of any of ${of}: no data here, the decoder makes this picture up.`;
  if (covering === 1) return `Within ${COVER_SIGMA}σ of only 1 of ${of}: data are thin here.`;
  return `Within ${COVER_SIGMA}σ of ${group(covering)} of ${of}: data live here.`;
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

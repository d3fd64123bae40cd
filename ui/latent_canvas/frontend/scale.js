/**
 * The scales of beta: the slider's position s, the network's input u, and the text that shows it.
 *
 * s gives the small betas room and keeps 0 on the slider; u is what the network was trained on. The same formulas are
 * in vae_core/config.py.
 * @module
 */

/** The slider is linear below about beta_max / 200 and logarithmic above. */
const LINEAR_SHARE = 1 / 200;

/** What models add to beta before its logarithm, unless they say otherwise. */
const BETA_OFFSET = 0.003;

/**
 * How the network sees beta.
 * @typedef {{offset: number, train_max: number}} BetaScale
 */

/**
 * s = asinh(beta / b) / asinh(beta_max / b) with b = beta_max / 200.
 * @param {number} beta
 * @param {number} betaMax the slider's largest beta
 * @returns {number} 0 at beta = 0, 1 at beta = betaMax
 */
export function betaToSlider(beta, betaMax) {
  return Math.asinh(beta / (betaMax * LINEAR_SHARE)) / Math.asinh(1 / LINEAR_SHARE);
}

/**
 * The inverse of betaToSlider; both ends are exact.
 * @param {number} s from 0 to 1
 * @param {number} betaMax
 * @returns {number} beta
 */
export function sliderToBeta(s, betaMax) {
  if (s >= 1) return betaMax;
  if (s <= 0) return 0;
  return betaMax * LINEAR_SHARE * Math.sinh(s * Math.asinh(1 / LINEAR_SHARE));
}

/**
 * u = 2 (ln(beta + offset) - ln(offset)) / (ln(train_max + offset) - ln(offset)) - 1.
 * @param {number} beta
 * @param {BetaScale} scale
 * @returns {number} -1 at beta = 0, 1 at beta = train_max
 */
export function betaToU(beta, { offset, train_max }) {
  return (2 * Math.log1p(beta / offset)) / Math.log1p(train_max / offset) - 1;
}

/**
 * Chebyshev polynomials of the first kind, T1(u) to T_degree(u), by T_n = 2u T_(n-1) - T_(n-2).
 * @param {number} u
 * @param {number} degree
 * @returns {number[]} [degree]
 */
export function chebyshev(u, degree) {
  const values = [1, u];
  for (let n = 2; n <= degree; n++) values.push(2 * u * values[n - 1] - values[n - 2]);
  return values.slice(1, degree + 1);
}

/**
 * Beta as short text with two significant digits: "0", "0.003", "1.0", "4.5", "12".
 * @param {number} beta
 * @returns {string}
 */
export function formatBeta(beta) {
  if (!(beta > 0)) return String(beta || 0);
  if (beta >= 9.95) return String(Math.round(beta));
  const rounded = Number(beta.toPrecision(2));
  if (rounded >= 1) return rounded.toFixed(1);
  const decimals = Math.min(20, 1 - Math.floor(Math.log10(rounded)));
  return rounded.toFixed(decimals).replace(/0+$/, "");
}

/**
 * Index of the beta that is nearest in ln(beta + offset), the scale of the network's input u; of two equally near the
 * smaller. The same rule as Codes.nearest in vae_core.
 * @param {ArrayLike<number>} betas ascending
 * @param {number} beta
 * @param {number} [offset] the model's beta offset
 * @returns {number}
 */
export function nearestNode(betas, beta, offset = BETA_OFFSET) {
  const distance = (/** @type {number} */ k) => Math.abs(Math.log((betas[k] + offset) / (beta + offset)));
  let best = 0;
  for (let k = 1; k < betas.length; k++) {
    if (distance(k) < distance(best)) best = k;
  }
  return best;
}

// A row of the table along β: its type, its numbers as text with their errors, and the identities that check it.

import { t } from "../texts.js";

/**
 * @typedef {[number, number]} Pair a value and its error, in nats unless said otherwise
 *
 * @typedef {object} Row what is known of the model at one β; nats per sample
 * @property {number} beta
 * @property {Pair} [distortion] D
 * @property {number} rate R, exact
 * @property {Pair} mutual_information I(x; z)
 * @property {Pair} kl_to_prior KL(q(z) ‖ p(z))
 * @property {Pair} total_correlation TC of q(z)
 * @property {Pair[]} marginal_kl KL(q(zⱼ) ‖ N(0, 1)) of each dimension
 * @property {number} mean_sigma
 * @property {number} min_sigma
 * @property {number} active_units dimensions with Var μ(x) above 0.01
 * @property {Pair} holes share of the prior's draws at places where q(z) < p(z) / 10, in [0, 1]
 * @property {"grid" | "nodes" | "draws"} method
 *
 * @typedef {object} Identity
 * @property {string} name
 * @property {string} text the formula
 * @property {boolean | null} ok null where nothing was checked
 * @property {string} detail the numbers put in
 */

/** What the table's own rounding may cost, relative to the numbers and never less than for numbers of 1. */
const ROUNDING = 1e-6;
/** An error on a grid is a bound; where components were drawn it is a standard error, and 1 in 3 lies beyond it. */
const STANDARD_ERRORS = 3;
const MOST_DECIMALS = 4;
const MINUS = "\u2212";

/** Of more than two dimensions, which are not named one by one. @param {Row} row */
export function isMany(row) {
  return row.marginal_kl.length > 2;
}

/** How far all marginals are from N(0, 1), together: their errors as of independent numbers. @param {Row} row @returns {Pair} */
export function marginalSum({ marginal_kl }) {
  return [marginal_kl.reduce((sum, [value]) => sum + value, 0), Math.hypot(...marginal_kl.map(([, error]) => error))];
}

/**
 * What must hold between the numbers of a row, computed from them.
 * @param {Row} row
 * @param {number} samples N
 * @returns {Identity[]}
 */
export function identities(row, samples) {
  return [rateSplit(row), misfitSplit(row), correlationSign(row), informationRange(row, samples)];
}

/** @param {Row} row @returns {Identity} */
function rateSplit(row) {
  const { rate, mutual_information: kept, kl_to_prior: misfit } = row;
  return { name: "rate", text: "R = I + KL(q ‖ p)", ...equal(row, [rate, 0], [kept, misfit]) };
}

/** @param {Row} row @returns {Identity} */
function misfitSplit(row) {
  const parts = [row.total_correlation, ...row.marginal_kl];
  const text = "KL(q ‖ p) = TC + Σⱼ KL(q(zⱼ) ‖ N(0, 1))";
  if (row.method !== "grid") {
    return { name: "misfit", text, ok: null, detail: t("weight.check.difference") };
  }
  return { name: "misfit", text, ...equal(row, row.kl_to_prior, parts) };
}

/** @param {Row} row @returns {Identity} */
function correlationSign(row) {
  const [value] = row.total_correlation;
  const slack = slackOf(row, [row.total_correlation]);
  return { name: "correlation", text: "TC ≥ 0", ok: value >= -slack, detail: t("weight.check.correlation", { value: exact(value), error: errorText(slack) }) };
}

/** @param {Row} row @param {number} samples @returns {Identity} */
function informationRange(row, samples) {
  const [value] = row.mutual_information;
  const most = Math.min(row.rate, Math.log(samples));
  const slack = slackOf(row, [row.mutual_information]);
  const numbers = { value: exact(value), error: errorText(slack), rate: exact(row.rate), samples, all: exact(Math.log(samples)) };
  const detail = t("weight.check.information", numbers);
  return { name: "information", text: "0 ≤ I ≤ min(R, ln N)", ok: value >= -slack && value <= most + slack, detail };
}

/**
 * @param {Row} row
 * @param {Pair} whole
 * @param {Pair[]} parts
 */
function equal(row, whole, parts) {
  const off = Math.abs(whole[0] - parts.reduce((sum, [value]) => sum + value, 0));
  const slack = slackOf(row, [whole, ...parts]);
  const ok = off <= slack;
  const numbers = { whole: exact(whole[0]), parts: sumText(parts), off: errorText(off), slack: errorText(slack) };
  return { ok, detail: t(ok ? "weight.check.within" : "weight.check.beyond", numbers) };
}

/** How far a sum of these may be off. @param {Row} row @param {Pair[]} pairs */
function slackOf({ method }, pairs) {
  const errors = pairs.reduce((sum, [, error]) => sum + error, 0);
  const size = pairs.reduce((sum, [value]) => sum + Math.abs(value), 0);
  return (method === "grid" ? 1 : STANDARD_ERRORS) * errors + ROUNDING * Math.max(1, size);
}

/** @param {Pair[]} parts */
function sumText(parts) {
  return parts.map(([value]) => exact(value)).join(" + ").replaceAll(`+ ${MINUS}`, `${MINUS} `);
}

/**
 * The value with as many decimals as its error leaves it, and the error rounded up: "5.19 ± 0.02".
 * An error of exactly 0 is that of a closed form and is not written.
 * @param {Pair} pair
 * @param {string} [unit]
 * @returns {string}
 */
export function withError([value, error], unit = "") {
  const tail = unit && ` ${unit}`;
  if (error === 0) return `${exact(value)}${tail}`;
  if (!(error > 0) || !Number.isFinite(error)) return `${fixed(value, 2)} ± ?${tail}`;
  const rounded = roundUp(error);
  const decimals = Math.min(MOST_DECIMALS, Math.max(0, -Math.floor(Math.log10(rounded) + 1e-9)));
  return `${fixed(value, decimals)} ± ${errorText(error)}${tail}`;
}

/** Up to one significant digit. @param {number} error above 0 */
function roundUp(error) {
  const unit = 10 ** Math.floor(Math.log10(error) + 1e-9);
  return Number((Math.ceil(error / unit - 1e-9) * unit).toPrecision(1));
}

/** @param {number} error */
function errorText(error) {
  if (!(error >= 0) || !Number.isFinite(error)) return "?";
  if (error < 10 ** -MOST_DECIMALS * (1 - 1e-9)) return "<0.0001";
  const rounded = roundUp(error);
  return rounded.toFixed(Math.max(0, -Math.floor(Math.log10(rounded) + 1e-9)));
}

/** @param {number} value */
function exact(value) {
  return fixed(value, MOST_DECIMALS);
}

/**
 * @param {number} value
 * @param {number} decimals
 * @returns {string} with a real minus sign, and none before a zero
 */
export function fixed(value, decimals) {
  return (Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value).toFixed(decimals).replace("-", MINUS);
}

/** @param {string | number} value formatted @returns {string} with the sign for percent, as the language sets it */
export function percentText(value) {
  return t("weight.percent", { value });
}

/**
 * −ΔD/ΔR between neighbouring rows: what a nat of rate bought in distortion. Where D + βR is at its least at every β,
 * each lies between the β of its two rows.
 * @param {Row[]} rows by rising β
 * @returns {number[]} [rows − 1], NaN where the distortion is not known or the rate stands still
 */
export function slope(rows) {
  return rows.slice(1).map((row, i) => {
    const step = row.rate - rows[i].rate;
    if (!row.distortion || !rows[i].distortion || step === 0) return NaN;
    return -(row.distortion[0] - rows[i].distortion[0]) / step;
  });
}

/**
 * How much of the improvement in distortion that any β reaches is lost at a given D.
 * @param {number} distortion
 * @param {Row[]} rows
 * @returns {number} 0 at the best row, 1 at the worst; NaN where the rows do not tell
 */
export function lostShare(distortion, rows) {
  const known = rows.flatMap((row) => (row.distortion ? [row.distortion[0]] : []));
  const [best, worst] = [Math.min(...known), Math.max(...known)];
  return worst > best ? (distortion - best) / (worst - best) : NaN;
}

// What a row of numbers along β means, in plain sentences for a reader who has never met a VAE.

import { t } from "../texts.js";
import { group, significant } from "../words.js";
import { fixed, lostShare, percentText } from "./rows.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {"autoencoder" | "useful" | "blur" | "collapse"} Regime
 */

/** e^0.1 = 1.1: a code with fewer nats than this tells hardly more than one group of samples. */
const COLLAPSED_NATS = 0.1;
/** At 1 nat from the prior, q(z) is typically e times as dense as the prior where it has its mass: it leaves other places bare. */
const MISFIT_NATS = 1;
/** Below this share of the improvement in distortion that β can reach, what was lost is more than a detail. */
const KEPT_SHARE = 0.8;
/** Where the distortion is not known: below this share of ln N the code hardly tells samples apart. */
const KEPT_INFORMATION = 0.4;
/** A Gaussian this narrow against the prior's σ of 1 is called tiny. */
const TINY_SIGMA = 0.1;
/** Fewer holes than this are called hardly any. */
const FEW_HOLES = 0.01;
/** Less than this is only called little. */
const LEAST_SHARE = 0.001;
/** Above this share of N, groups are single samples. */
const NEARLY_ALL = 0.9;

/**
 * @param {Row} row
 * @param {Row[]} rows of the shared model along β, against which distortions are measured
 * @param {number} samples N
 * @returns {{name: Regime, title: string, text: string}}
 */
export function regime(row, rows, samples) {
  const name = regimeOf(row, rows, samples);
  const { title, text } = SAYS[name];
  return { name, title: t(title), text: text(row, rows, samples) };
}

/** @param {Row} row @param {Row[]} rows @param {number} samples @returns {Regime} */
function regimeOf(row, rows, samples) {
  const [information] = row.mutual_information;
  if (information < COLLAPSED_NATS || row.active_units === 0) return "collapse";
  if (row.kl_to_prior[0] > MISFIT_NATS) return "autoencoder";
  const kept = keptShare(row, rows);
  const blurred = Number.isNaN(kept) ? information < KEPT_INFORMATION * Math.log(samples) : kept < KEPT_SHARE;
  return blurred ? "blur" : "useful";
}

/** @type {Record<Regime, {title: string, text: (row: Row, rows: Row[], samples: number) => string}>} a title is a text's key */
const SAYS = {
  autoencoder: { title: "weight.regime.autoencoder", text: autoencoder },
  useful: { title: "weight.regime.useful", text: useful },
  blur: { title: "weight.regime.blur", text: blur },
  collapse: { title: "weight.regime.collapse", text: collapse },
};

/** @param {Row} row @param {Row[]} rows */
function autoencoder(row, rows) {
  const gaussian = t(row.mean_sigma < TINY_SIGMA ? "weight.regime.gaussian.tiny" : "weight.regime.gaussian");
  const values = { gaussian, sigma: significant(row.mean_sigma), back: comesBack(row, rows) };
  const [holes] = row.holes;
  if (holes < FEW_HOLES) return t("weight.regime.autoencoder.filled", { ...values, misfit: fixed(row.kl_to_prior[0], 1), hardly: hardlyHoles(holes) });
  return t("weight.regime.autoencoder.text", { ...values, holes: percent(holes) });
}

/** @param {Row} row @param {Row[]} rows @param {number} samples */
function useful(row, rows, samples) {
  const [holes] = row.holes;
  const values = { sigma: significant(row.mean_sigma), ...ofAll(row, samples), back: comesBack(row, rows) };
  if (holes < FEW_HOLES) return t("weight.regime.useful.filled", { ...values, hardly: hardlyHoles(holes) });
  if (holes < 0.5) return t("weight.regime.useful.mostly", { ...values, covered: percent(1 - holes), holes: percent(holes) });
  return t("weight.regime.useful.holes", { ...values, holes: percent(holes) });
}

/** @param {Row} row @param {Row[]} rows @param {number} samples */
function blur(row, rows, samples) {
  const kept = keptShare(row, rows);
  const lost = Number.isNaN(kept) ? "" : t("weight.regime.blur.lost", { kept: percent(kept) });
  const values = { sigma: significant(row.mean_sigma), ...ofAll(row, samples), lost };
  const [holes] = row.holes;
  if (holes < FEW_HOLES) return t("weight.regime.blur.filled", { ...values, hardly: hardlyHoles(holes) });
  return t("weight.regime.blur.holes", { ...values, holes: percent(holes) });
}

/** @param {Row} row @param {Row[]} _rows @param {number} samples */
function collapse(row, _rows, samples) {
  const [holes] = row.holes;
  const values = { sigma: significant(row.mean_sigma), ...ofAll(row, samples) };
  if (holes < FEW_HOLES) return t("weight.regime.collapse.filled", { ...values, hardly: hardlyHoles(holes) });
  return t("weight.regime.collapse.holes", { ...values, holes: percent(holes) });
}

/** @param {number} holes share below FEW_HOLES */
function hardlyHoles(holes) {
  if (!(holes > 0)) return t("weight.hardly.none");
  return t(holes < LEAST_SHARE ? "weight.hardly.little" : "weight.hardly.some", { holes: percent(holes) });
}

/** @param {Row} row @param {Row[]} rows @returns {string} a clause about reconstructions, "" where the distortion is not known */
function comesBack(row, rows) {
  const kept = keptShare(row, rows);
  if (Number.isNaN(kept)) return "";
  return kept >= 0.995 ? t("weight.back.best") : t("weight.back.some", { kept: percent(kept) });
}

/** @param {Row} row @param {Row[]} rows @returns {number} in [0, 1], NaN where not known */
function keptShare(row, rows) {
  if (!row.distortion) return NaN;
  return Math.min(1, Math.max(0, 1 - lostShare(row.distortion[0], rows)));
}

/**
 * "The encoder remembers 4.1 of the 7.5 nats that would name each of the 1,797 samples: …", and what that is worth.
 * @param {Row} row
 * @param {number} samples N
 * @returns {string}
 */
export function remembers(row, samples) {
  const information = Math.max(0, row.mutual_information[0]);
  if (information < 0.005) return t("weight.remembers.nothing", { all: fixed(Math.log(samples), 1), samples: group(samples) });
  return t("weight.remembers.some", { ...ofAll(row, samples), samples: group(samples), groups: groupsWords(information, samples) });
}

/**
 * I nats are as much as knowing which of e^I equally large groups a sample belongs to.
 * @param {number} information nats
 * @param {number} samples N
 * @returns {string}
 */
export function groupsWords(information, samples) {
  const groups = Math.min(samples, Math.exp(information));
  if (groups < 1.95) return t("weight.groups.none");
  if (groups > NEARLY_ALL * samples) return t("weight.groups.all");
  return t("weight.groups.some", { groups: groups < 10 ? Math.round(groups) : group(Number(groups.toPrecision(2))) });
}

/** "4.1" of "7.5", with a second decimal where one would hide the difference. @param {Row} row @param {number} samples */
function ofAll(row, samples) {
  const information = Math.max(0, row.mutual_information[0]);
  const all = Math.log(samples);
  const alike = fixed(information, 1) === fixed(all, 1);
  return { information: fixed(information, information < 1 || alike ? 2 : 1), all: fixed(all, alike ? 2 : 1) };
}

/** @param {number} share */
function percent(share) {
  const value = 100 * Math.min(1, Math.max(0, share));
  if (value > 0 && share < LEAST_SHARE) return t("weight.percent.little");
  return percentText(value < 9.95 && value > 0 ? value.toFixed(1) : Math.round(value));
}

// What a row of numbers along β means, in plain sentences for a reader who has never met a VAE.

import { group, significant } from "../words.js";
import { fixed, lostShare } from "./rows.js";

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
  return { name, title, text: text(row, rows, samples) };
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

/** @type {Record<Regime, {title: string, text: (row: Row, rows: Row[], samples: number) => string}>} */
const SAYS = {
  autoencoder: { title: "Almost a plain autoencoder.", text: autoencoder },
  useful: { title: "A useful compromise.", text: useful },
  blur: { title: "Blurred: the codes say too little.", text: blur },
  collapse: { title: "Collapsed: the codes say next to nothing.", text: collapse },
};

/** @param {Row} row @param {Row[]} rows */
function autoencoder(row, rows) {
  const size = row.mean_sigma < TINY_SIGMA ? "tiny Gaussian" : "Gaussian";
  const own = `Every sample keeps a ${size} of its own (mean σ ${significant(row.mean_sigma)})${comesBack(row, rows)}.`;
  const [holes] = row.holes;
  if (holes < FEW_HOLES) {
    return `${own} Their average q(z) lies ${fixed(row.kl_to_prior[0], 1)} nats from the prior, although ${hardlyHoles(holes)}.`;
  }
  return [
    own,
    `Between them q(z), the average of all these Gaussians, leaves holes: ${percent(holes)} of the prior’s draws land where hardly any sample’s Gaussian reaches.`,
    "Nothing trained the decoder there, so what it makes of such a draw is left to chance.",
  ].join(" ");
}

/** @param {Row} row @param {Row[]} rows @param {number} samples */
function useful(row, rows, samples) {
  const [holes] = row.holes;
  const filled = holes < FEW_HOLES
    ? `fill the prior: ${hardlyHoles(holes)}`
    : `fill most of the prior: ${percent(1 - holes)} of its draws land where samples’ Gaussians reach and the decoder was trained, ${percent(holes)} in holes`;
  return [
    `The samples’ Gaussians (mean σ ${significant(row.mean_sigma)}) ${holes < 0.5 ? filled : `leave holes for ${percent(holes)} of the prior’s draws`}.`,
    `Codes still hold ${ofAll(row, samples)} nats${comesBack(row, rows)}.`,
  ].join(" ");
}

/** @param {Row} row @param {Row[]} rows @param {number} samples */
function blur(row, rows, samples) {
  const kept = keptShare(row, rows);
  const lost = Number.isNaN(kept) ? "" : ` Reconstructions are only ${percent(kept)} of the way from the worst along β to the best.`;
  const [holes] = row.holes;
  return [
    `The Gaussians are wide (mean σ ${significant(row.mean_sigma)}), so many samples share a place: codes hold only ${ofAll(row, samples)} nats.`,
    `For all that share a place the decoder has one picture, an average, and averages are blurred.${lost}`,
    holes < FEW_HOLES ? `In return the prior is filled: ${hardlyHoles(holes)}.` : `Holes still catch ${percent(holes)} of the prior’s draws.`,
  ].join(" ");
}

/** @param {Row} row @param {Row[]} _rows @param {number} samples */
function collapse(row, _rows, samples) {
  const [holes] = row.holes;
  const filled = holes < FEW_HOLES ? `The prior is filled (${hardlyHoles(holes)}), but a draw from it decides next to nothing.` : `Holes catch ${percent(holes)} of the prior’s draws.`;
  return [
    `Every sample gets nearly the same Gaussian (mean σ ${significant(row.mean_sigma)}; the prior has 1): codes hold ${ofAll(row, samples)} nats.`,
    "A place in latent space says next to nothing about the sample, so the best the decoder can do is one average picture, nearly the same everywhere.",
    filled,
  ].join(" ");
}

/** @param {number} holes share below FEW_HOLES */
function hardlyHoles(holes) {
  return holes > 0 ? `only ${percent(holes)} of its draws fall into holes`.replace("only less", "less") : "none of its draws falls into a hole";
}

/** @param {Row} row @param {Row[]} rows @returns {string} a clause about reconstructions, "" where the distortion is not known */
function comesBack(row, rows) {
  const kept = keptShare(row, rows);
  if (Number.isNaN(kept)) return "";
  if (kept >= 0.995) return ", and reconstructions are as good as any β makes them";
  return `, and reconstructions are ${percent(kept)} of the way from the worst along β to the best`;
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
  const would = `that would name each of the ${group(samples)} samples`;
  const information = Math.max(0, row.mutual_information[0]);
  if (information < 0.005) return `The encoder remembers nothing: 0 of the ${fixed(Math.log(samples), 1)} nats ${would}.`;
  return `The encoder remembers ${ofAll(row, samples, "the ")} nats ${would}: ${groupsWords(information, samples)}.`;
}

/**
 * I nats are as much as knowing which of e^I equally large groups a sample belongs to.
 * @param {number} information nats
 * @param {number} samples N
 * @returns {string}
 */
export function groupsWords(information, samples) {
  const groups = Math.min(samples, Math.exp(information));
  if (groups < 1.95) return "less than it takes to tell two equally large groups apart";
  if (groups > NEARLY_ALL * samples) return "enough to tell nearly every sample from all others";
  if (groups < 10) return `as much as telling about ${Math.round(groups)} equally large groups apart`;
  return `as much as telling about ${group(Number(groups.toPrecision(2)))} equally large groups apart`;
}

/** "4.1 of 7.5", with a second decimal where one would hide the difference. @param {Row} row @param {number} samples @param {string} [the] */
function ofAll(row, samples, the = "") {
  const information = Math.max(0, row.mutual_information[0]);
  const all = Math.log(samples);
  const alike = fixed(information, 1) === fixed(all, 1);
  return `${fixed(information, information < 1 || alike ? 2 : 1)} of ${the}${fixed(all, alike ? 2 : 1)}`;
}

/** @param {number} share */
function percent(share) {
  const value = 100 * Math.min(1, Math.max(0, share));
  if (value > 0 && value < 0.1) return "less than 0.1 %";
  return `${value < 9.95 && value > 0 ? value.toFixed(1) : Math.round(value)} %`;
}

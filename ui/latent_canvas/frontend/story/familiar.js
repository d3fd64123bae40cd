// Whether the model has seen anything like this: a drawing's place on the map and its reconstruction against the samples' own.

import { logDensity } from "../codes.js";
import { originalPixels } from "./subject.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("./subject.js").Subject} Subject
 * @typedef {(model: Model, index: number) => Float32Array | null} Read a sample's original pixels; null where they are not at hand
 */

/** What is stranger than this share of the samples is unfamiliar. */
const SHARE = 0.99;
/** With fewer samples than this no share of them says anything. */
const FEWEST = 20;
/** Samples whose places are tried, and others that make up the density: a sample lies in its own Gaussian. */
const PLACES = 300;
const COMPONENTS = 1500;
/** Samples that are decoded: held-out ones where there are so many, for the model knows those it was trained on too well. */
const PICTURES = 200;
const ENOUGH_HELD_OUT = 100;
/** Work of one call, so that a hand that draws feels nothing of it. */
const PLACES_PER_CALL = 60;
const PICTURES_PER_CALL = 10;

/**
 * What is usual at one β, or how much of it is known.
 * @typedef {object} Measured
 * @property {string} key
 * @property {number[]} densities log q at samples' places
 * @property {number[]} errors of reconstructions, mean squared
 * @property {number[]} shares the same, as a share of what an empty picture would miss
 *
 * @typedef {object} Limits
 * @property {Measured} measuring
 * @property {number} density smallest that is usual, at the β for which it was measured last; -Infinity before
 * @property {number} error largest that is usual; Infinity before
 * @property {number} share largest that is usual, never below 1
 * @property {Map<number, Float32Array>} originals read so far
 * @property {number[]} indices of the samples to decode
 */
/** @type {WeakMap<Model, Limits>} */
const known = new WeakMap();

/**
 * Why an input is like nothing the model has seen: its μ lies where hardly any sample does ("place"), or the decoder
 * cannot make it again ("picture"). What is usual is learned from the samples, some at every call, and kept for this β;
 * until it is known, what was known at the β before counts.
 * @param {Model} model decoder at the story's β
 * @param {Float32Array} current codes at β, [n][4]
 * @param {Subject} subject
 * @param {Read} [read]
 * @returns {"place" | "picture" | null}
 */
export function unfamiliar(model, current, subject, read = originalPixels) {
  const limits = limitsOf(model, current);
  measurePlaces(current, limits);
  measurePictures(model, current, limits, read);
  if (logDensity(components(current), subject.mu) < limits.density) return "place";
  const { error, share } = missed(model, subject.mu, subject.pixels);
  return error > limits.error || share > limits.share ? "picture" : null;
}

/** @param {Model} model @param {Float32Array} current @returns {Limits} */
function limitsOf(model, current) {
  const key = `${model.decoder.beta} ${current.length}`;
  let limits = known.get(model);
  if (!limits) known.set(model, (limits = { measuring: nothing(""), density: -Infinity, error: Infinity, share: Infinity, originals: new Map(), indices: [] }));
  if (limits.measuring.key !== key) {
    limits.measuring = nothing(key);
    limits.indices = toDecode(model, current.length / 4);
  }
  return limits;
}

/** @param {string} key @returns {Measured} */
function nothing(key) {
  return { key, densities: [], errors: [], shares: [] };
}

/** @param {Model} model @param {number} n @returns {number[]} samples to decode; codes come in random order, so the first stand for all */
function toDecode(model, n) {
  const all = Array.from({ length: n }, (_, i) => i);
  const heldOut = all.filter((i) => model.codes.test[i]);
  return (heldOut.length >= ENOUGH_HELD_OUT ? heldOut : all).slice(0, PICTURES);
}

/** @param {Float32Array} current @returns {number} samples, the first ones, whose places are tried */
function tried(current) {
  return Math.min(PLACES, Math.floor(current.length / 4 / 5));
}

/** @param {Float32Array} current @returns {Float32Array} codes that make up the density */
function components(current) {
  return current.subarray(4 * tried(current), 4 * (tried(current) + COMPONENTS));
}

/** @param {Float32Array} current @param {Limits} limits */
function measurePlaces(current, limits) {
  const { densities } = limits.measuring;
  const goal = tried(current);
  if (goal < FEWEST || densities.length === goal) return;
  const others = components(current);
  const end = Math.min(goal, densities.length + PLACES_PER_CALL);
  for (let i = densities.length; i < end; i++) densities.push(logDensity(others, current.subarray(4 * i, 4 * i + 2)));
  if (densities.length === goal) limits.density = quantile(densities, 1 - SHARE);
}

/** @param {Model} model @param {Float32Array} current @param {Limits} limits @param {Read} read */
function measurePictures(model, current, limits, read) {
  const { measuring: { errors, shares }, indices, originals } = limits;
  if (indices.length < FEWEST || errors.length === indices.length) return;
  for (let i = errors.length, end = Math.min(indices.length, i + PICTURES_PER_CALL); i < end; i++) {
    const index = indices[i];
    const pixels = originals.get(index) ?? read(model, index);
    if (!pixels) return;
    originals.set(index, pixels);
    const { error, share } = missed(model, current.subarray(4 * index, 4 * index + 2), pixels);
    errors.push(error);
    shares.push(share);
  }
  if (errors.length < indices.length) return;
  limits.error = quantile(errors, SHARE);
  limits.share = Math.max(1, quantile(shares, SHARE));
}

/**
 * By how much the decoder misses pixels: on average squared, and as a share of what an empty picture would miss.
 * @param {Model} model @param {ArrayLike<number>} mu @param {Float32Array} pixels
 */
function missed(model, mu, pixels) {
  const decoded = model.decoder.decode(mu);
  let [sum, ink] = [0, 0];
  for (let i = 0; i < pixels.length; i++) {
    sum += (decoded[i] - pixels[i]) ** 2;
    ink += pixels[i] ** 2;
  }
  return { error: sum / pixels.length, share: ink > 0 ? sum / ink : 0 };
}

/** @param {number[]} values @param {number} share @returns {number} the value that this share of them do not exceed */
function quantile(values, share) {
  const sorted = values.slice().sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

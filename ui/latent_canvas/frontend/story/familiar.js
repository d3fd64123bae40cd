// Whether the model has seen anything like this: a drawing's place on the map and its reconstruction against the samples' own.

import { logDensity } from "../codes.js";
import { originalPixels } from "./subject.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("./subject.js").Subject} Subject
 */

/** What is stranger than this share of the samples is said to be unfamiliar. */
const SHARE = 0.99;
/** Samples whose places are tried, and those that make up the density: none is in both, for a sample lies in its own Gaussian. */
const PLACES = 300;
const COMPONENTS = 1500;
/** Originals that are decoded, and how many of them in one call, so that a hand that draws feels nothing of it. */
const PICTURES = 200;
const PICTURES_PER_CALL = 12;
/** With fewer samples than this no share of them says anything. */
const FEWEST = 20;

/**
 * @typedef {object} Limits of one model
 * @property {{key: string, least: number}} place smallest log density that is usual
 * @property {Float32Array[]} originals read so far
 * @property {{key: string, errors: number[]}} measuring squared errors at this β so far
 * @property {number} most largest squared error that is usual, at the β that was measured last; Infinity before
 */
/** @type {WeakMap<Model, Limits>} */
const known = new WeakMap();

/**
 * Why an input is like nothing the model has seen: its μ lies where hardly any sample does ("place"), or the decoder
 * cannot make it again ("picture"). What is usual is learned from the samples and kept; for pictures it takes some calls.
 * @param {Model} model decoder at the story's β
 * @param {Float32Array} current codes at β, [n][4]
 * @param {Subject} subject
 * @param {(model: Model, index: number) => Float32Array | null} [read] a sample's original pixels, null where they are not at hand
 * @returns {"place" | "picture" | null}
 */
export function unfamiliar(model, current, subject, read = originalPixels) {
  const limits = known.get(model) ?? {
    place: { key: "", least: -Infinity }, originals: [], measuring: { key: "", errors: [] }, most: Infinity,
  };
  known.set(model, limits);
  const key = `${model.decoder.beta} ${current.length}`;
  if (limits.place.key !== key) limits.place = { key, least: leastDensity(current) };
  if (logDensity(components(current), subject.mu) < limits.place.least) return "place";
  measurePictures(model, current, limits, key, read);
  return squaredError(model, subject.mu, subject.pixels) > limits.most ? "picture" : null;
}

/**
 * The log density that this share of the samples reach; -Infinity where there are too few.
 * @param {Float32Array} current
 * @returns {number} nats
 */
function leastDensity(current) {
  const tried = triedPlaces(current);
  if (tried < FEWEST) return -Infinity;
  const others = components(current);
  const found = Array.from({ length: tried }, (_, i) => logDensity(others, current.subarray(4 * i, 4 * i + 2)));
  return quantile(found, 1 - SHARE);
}

/** Codes come in random order: the first of them stand for all. @param {Float32Array} current */
function triedPlaces(current) {
  return Math.min(PLACES, Math.floor(current.length / 4 / 5));
}

/** @param {Float32Array} current @returns {Float32Array} codes that make up the density */
function components(current) {
  const first = triedPlaces(current);
  return current.subarray(4 * first, 4 * (first + COMPONENTS));
}

/**
 * Measure some more of the originals at this β; until all are done, the limit is that of the β before.
 * @param {Model} model @param {Float32Array} current @param {Limits} limits @param {string} key
 * @param {(model: Model, index: number) => Float32Array | null} read
 */
function measurePictures(model, current, limits, key, read) {
  if (limits.measuring.key !== key) limits.measuring = { key, errors: [] };
  const { errors } = limits.measuring;
  const goal = Math.min(PICTURES, current.length / 4);
  if (goal < FEWEST || errors.length === goal) return;
  const end = Math.min(goal, errors.length + PICTURES_PER_CALL);
  for (let i = errors.length; i < end; i++) {
    const pixels = limits.originals[i] ?? read(model, i);
    if (!pixels) return;
    limits.originals[i] = pixels;
    errors.push(squaredError(model, current.subarray(4 * i, 4 * i + 2), pixels));
  }
  if (errors.length === goal) limits.most = quantile(errors, SHARE);
}

/** @param {Model} model @param {ArrayLike<number>} mu @param {Float32Array} pixels @returns {number} mean over the pixels */
function squaredError(model, mu, pixels) {
  const decoded = model.decoder.decode(mu);
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (decoded[i] - pixels[i]) ** 2;
  return sum / pixels.length;
}

/** @param {number[]} values @param {number} share @returns {number} the value that this share of them do not exceed */
function quantile(values, share) {
  const sorted = values.slice().sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

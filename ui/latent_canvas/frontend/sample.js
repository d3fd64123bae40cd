// What the map says of samples: one sample's numbers for the card, class names' places, the top of the rate's ramp.

import { classMedians } from "./medians.js";
import { formatBeta, nearestNode } from "./scale.js";

/**
 * @typedef {import("./store.js").Model} Model
 * @typedef {import("./panel.js").SampleView} SampleView
 */

/** Names of classes are placed by the first this many samples; they come shuffled. */
const SURVEY = 3000;

/**
 * @param {Model} model
 * @param {number} index
 * @param {number} beta
 * @param {Float32Array} current codes at β, [n][4]
 * @param {string[]} colors
 * @param {boolean} pinned
 * @returns {SampleView}
 */
export function describeSample(model, index, beta, current, colors, pinned) {
  const { codes, spec } = model;
  const node = nearestNode(spec.betas, beta);
  const { mu, sigma } = codes.exact(index, node);
  const seen = codes.inPlane(index, node);
  const label = codes.labels[index];
  return {
    index,
    id: codes.ids[index],
    label: spec.label_names[label],
    color: colors[label],
    heldOut: codes.test[index] === 1,
    pinned,
    mu: [seen.mu[0], seen.mu[1]],
    sigma: [seen.sigma[0], seen.sigma[1]],
    rate: mu.reduce((sum, m, j) => sum + (m * m + sigma[j] ** 2 - 1) / 2 - Math.log(sigma[j]), 0),
    computedAt: spec.betas[node] === beta ? "" : formatBeta(spec.betas[node]),
    reconstruction: model.decodeSample(index, beta, current),
  };
}

/**
 * @param {Float32Array} current
 * @param {Model} model
 * @param {string[]} colors
 * @param {(label: number) => boolean} shown
 * @returns {{x: number, y: number, text: string, color: string}[]}
 */
export function labelPlaces(current, model, colors, shown) {
  const n = Math.min(SURVEY, model.codes.n);
  const names = model.spec.label_names;
  const medians = classMedians(current.subarray(0, 4 * n), model.codes.labels.subarray(0, n), names.length);
  return names.flatMap((text, i) => {
    const [x, y] = [medians[2 * i], medians[2 * i + 1]];
    return shown(i) && Number.isFinite(x) ? [{ x, y, text, color: colors[i] }] : [];
  });
}

/**
 * The rate that 99 % of the samples stay below: the bright end of the colour ramp.
 * @param {Float32Array} values rates, nats
 * @returns {number}
 */
export function rateTop(values) {
  const sorted = values.slice(0, SURVEY).sort();
  return Math.max(sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0, 1e-3);
}

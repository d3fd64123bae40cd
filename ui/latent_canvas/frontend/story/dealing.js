// The story's questions as they are dealt, the same to everybody, and counts of what lies around. No page elements here.

import { wholeView } from "../framing.js";
import { nearestNode } from "../scale.js";
import { bounds } from "../view.js";

/** @typedef {import("../store.js").Model} Model */
/** @typedef {() => number} Chance uniform in [0, 1) */

/** A seed from any text, by FNV-1a. @param {string} text */
export function seedOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * The samples that every visitor has, so that all are asked the same: the first chunk, and of it those held out of
 * training where there are any.
 * @param {Model} model
 * @returns {number[]} indices in its codes
 */
export function poolOf({ codes, chunks }) {
  const { start, count } = chunks.get(0) ?? { start: 0, count: codes.n };
  const all = Array.from({ length: count }, (_, i) => start + i);
  const held = all.filter((i) => codes.test[i] === 1);
  return held.length ? held : all;
}

/**
 * @template T
 * @param {Chance} chance
 * @param {ArrayLike<T>} from at least one
 * @returns {T}
 */
export function pickOne(chance, from) {
  return from[Math.floor(chance() * from.length)];
}

/** Samples among which a pair is sought. */
const PAIR_AMONG = 48;
/** Widths of a pair differ clearly, and not absurdly. */
const PAIR_RATIO = { least: 3, most: 10 };

/**
 * Two samples whose values differ by a factor of at least 3 where there are such, in no particular order.
 * @param {Chance} chance
 * @param {number[]} pool indices
 * @param {(index: number) => number} value positive
 * @returns {[number, number] | null} null where the pool has fewer than two
 */
export function dealPair(chance, pool, value) {
  const left = [...pool];
  const among = /** @type {number[]} */ ([]);
  while (among.length < PAIR_AMONG && left.length) among.push(...left.splice(Math.floor(chance() * left.length), 1));
  if (among.length < 2) return null;
  const found = /** @type {{pair: [number, number], ratio: number}[]} */ ([]);
  for (const [i, a] of among.entries()) {
    for (const b of among.slice(i + 1)) {
      const ratio = value(a) / value(b);
      found.push({ pair: [a, b], ratio: Math.max(ratio, 1 / ratio) });
    }
  }
  const clear = found.filter(({ ratio }) => ratio >= PAIR_RATIO.least);
  const fair = clear.filter(({ ratio }) => ratio <= PAIR_RATIO.most);
  if (clear.length) return pickOne(chance, fair.length ? fair : clear).pair;
  return found.reduce((best, one) => (one.ratio > best.ratio ? one : best)).pair;
}

/** Growth within this factor counts as none. */
export const SAME_FACTOR = 1.1;

/**
 * What the question of doubling is about at β: 2β, but never beyond the model's range; at its top half of β, and at 0,
 * where twice is nothing, a first small step.
 * @param {number} beta
 * @param {number[]} betas ascending, where codes were computed
 * @returns {{to: number, kind: "double" | "top" | "halve" | "first"}}
 */
export function doubled(beta, betas) {
  const top = betas[betas.length - 1];
  if (beta <= 0) return { to: betas.find((b) => b >= top / 120) ?? top, kind: "first" };
  if (2 * beta <= top) return { to: 2 * beta, kind: "double" };
  if (beta <= 0.75 * top) return { to: top, kind: "top" };
  return { to: beta / 2, kind: "halve" };
}

/**
 * Without the encoder only stored β can be asked about: the one nearest to what was wanted, another than it starts from.
 * @param {{from: number, to: number, kind: string}} step
 * @param {number[]} betas ascending
 * @returns {{from: number, to: number, kind: string}} "raise" or "lower" where it is not what was wanted
 */
export function toStored({ from, to, kind }, betas) {
  const up = to > from;
  const onward = betas.filter((beta) => (up ? beta > from : beta < from));
  const found = onward.length ? onward[nearestNode(onward, to)] : to;
  const exact = Math.abs(found / to - 1) < 0.02 || kind === "first" || kind === "top";
  return { from, to: found, kind: exact ? kind : up ? "raise" : "lower" };
}

/** Values of β that are next to nothing. */
const TINY = [0.0001, 0.0002, 0.0005, 0.001];
/** From this share of the largest β on, the step to the largest is a small one. */
const NEAR_TOP = 0.75;

/**
 * Steps of β at which a width may well stay as it is: next to nothing twice, and close to the model's largest β.
 * @param {number[]} betas ascending, where codes were computed
 * @param {boolean} stored only these can be asked about
 * @returns {{from: number, to: number, kind: "double" | "top"}[]}
 */
export function quietSteps(betas, stored) {
  const top = betas[betas.length - 1];
  const low = stored ? [] : TINY.filter((beta) => 2 * beta <= top).map((from) => ({ from, to: 2 * from, kind: /** @type {const} */ ("double") }));
  const high = betas.filter((beta) => beta >= NEAR_TOP * top && beta < top).map((from) => ({ from, to: top, kind: /** @type {const} */ ("top") }));
  return [...low, ...high];
}

/**
 * @param {number} ratio of areas
 * @returns {"grow" | "shrink" | "same"}
 */
export function growthOf(ratio) {
  if (ratio > SAME_FACTOR) return "grow";
  return ratio < 1 / SAME_FACTOR ? "shrink" : "same";
}

/**
 * The share of the other samples whose μ lies closer to a place than a guess does.
 * @param {Float32Array} current [n][4]
 * @param {ArrayLike<number>} place
 * @param {number} distance of the guess
 * @param {number} except index that does not count
 * @returns {number} in [0, 1]; NaN without others
 */
export function shareCloser(current, place, distance, except) {
  let [closer, others] = [0, 0];
  for (let i = 0, c = 0; c < current.length; i++, c += 4) {
    if (i === except) continue;
    others += 1;
    if (Math.hypot(current[c] - place[0], current[c + 1] - place[1]) < distance) closer += 1;
  }
  return closer / others;
}

/** A corner keeps this share of the box's width from its edges. */
const CORNER_INSET = 0.09;

/**
 * The corner of a box that is farthest from any sample's μ.
 * @param {import("./latent_plane.js").Bounds} box
 * @param {Float32Array} current [n][4]
 * @returns {[number, number]}
 */
export function emptyCorner([xmin, xmax, ymin, ymax], current) {
  const [dx, dy] = [CORNER_INSET * (xmax - xmin), CORNER_INSET * (ymax - ymin)];
  const corners = /** @type {[number, number][]} */ ([[xmin + dx, ymax - dy], [xmax - dx, ymax - dy], [xmax - dx, ymin + dy], [xmin + dx, ymin + dy]]);
  const room = corners.map(([x, y]) => {
    let least = Infinity;
    for (let c = 0; c < current.length; c += 4) least = Math.min(least, Math.hypot(current[c] - x, current[c + 1] - y));
    return least;
  });
  return corners[room.indexOf(Math.max(...room))];
}

/**
 * How often each label occurs, most often first; of two equally often the smaller label.
 * @param {ArrayLike<number>} indices
 * @param {ArrayLike<number>} labels
 * @returns {[label: number, count: number][]}
 */
export function labelCounts(indices, labels) {
  const counts = /** @type {Map<number, number>} */ (new Map());
  for (const i of Array.from(indices)) counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/**
 * The labels that occur most often: more than one where they tie.
 * @param {ArrayLike<number>} indices at least one
 * @param {ArrayLike<number>} labels
 * @returns {{labels: number[], count: number}} ascending; how often each of them occurs
 */
export function commonest(indices, labels) {
  const counts = labelCounts(indices, labels);
  return { labels: counts.filter(([, count]) => count === counts[0][1]).map(([label]) => label), count: counts[0][1] };
}

/**
 * How far decoded pictures beside a place are from the one at it: root mean square over pictures and pixels.
 * @param {{decode: (z: ArrayLike<number>) => Float32Array}} decoder
 * @param {ArrayLike<number>} place
 * @param {number[]} offsets along the first axis, latent units
 * @returns {number} in units of a pixel's range
 */
export function stripChange(decoder, place, offsets) {
  const [x, y] = [place[0], place[1]];
  const centre = decoder.decode([x, y]).slice();
  let squares = 0;
  for (const offset of offsets) squares += decoder.decode([x + offset, y]).reduce((sum, value, i) => sum + (value - centre[i]) ** 2, 0);
  return Math.sqrt(squares / (centre.length * offsets.length));
}

/**
 * How fast the decoder's picture changes around a place: root mean square over the pixels of the change that a step of
 * the map makes, its geometric mean over the two axes.
 * @param {{decode: (z: ArrayLike<number>) => Float32Array}} decoder
 * @param {ArrayLike<number>} place
 * @param {number} step latent units; the change is that of a whole step
 * @returns {number} in units of a pixel's range
 */
export function pictureChange(decoder, place, step) {
  const [x, y] = [place[0], place[1]];
  const half = step / 2;
  const along = [[half, 0], [0, half]].map(([dx, dy]) => {
    const after = decoder.decode([x + dx, y + dy]).slice();
    const before = decoder.decode([x - dx, y - dy]);
    return Math.sqrt(after.reduce((sum, value, i) => sum + (value - before[i]) ** 2, 0) / after.length);
  });
  return Math.sqrt(along[0] * along[1]);
}

/**
 * The data set's codes without one sample, for a picture of the others: it goes far out of sight. It stands first, so
 * that the picture sees that its dots are new.
 * @param {Float32Array} current [n][4]
 * @param {ArrayLike<number>} labels [n]
 * @param {number} index to leave out
 */
export function withoutOne(current, labels, index) {
  const codes = current.slice();
  const own = Uint8Array.from(labels);
  codes.copyWithin(4 * index, 0, 4);
  own[index] = own[0];
  codes.set([1e6 + index, 1e6, 1, 1]);
  return { codes, labels: own };
}

/**
 * The whole map, as the other pages show it.
 * @param {Float32Array} current
 * @returns {[number, number, number, number]} xmin, xmax, ymin, ymax
 */
export function mapBox(current) {
  return bounds(wholeView(current, 500, 500));
}

// The charts' geometry: scales, paths, clipping and places along β. No page elements here.

import { betaToSlider, formatBeta } from "../scale.js";
import { ticks } from "../view.js";
import { fixed } from "./rows.js";

/**
 * @typedef {readonly [number, number]} Point
 * @typedef {Readonly<{left: number, right: number, top: number, bottom: number}>} Box in pixels; y points down
 * @typedef {Readonly<{xmin: number, xmax: number, ymin: number, ymax: number}>} Range
 * @typedef {{at: number, text: string}} Tick where, in data, and what it says
 * @typedef {(value: number) => number} Scale
 */

/** Marks of the slider's scale that are tried, in this order: decades first, then what fits between them. */
const BETA_MARKS = [0, 0.01, 0.1, 1, 10, 100, 3, 30, 0.3, 0.03];
/** By the row of y, then the column of x: below, within, above. */
const ARROWS = [["↙", "↓", "↘"], ["←", "", "→"], ["↖", "↑", "↗"]];
/** Chinese, Japanese and Korean letters, and the punctuation that goes with them: each as wide as it is high. */
const FULL_WIDTH = /[\u2e80-\ud7af\uf900-\ufaff\uff01-\uff60]/;
/** The normal curve is drawn through so many points. */
const NORMAL_POINTS = 121;

/** @param {number} from @param {number} to @param {number} start @param {number} end @returns {Scale} from → start, to → end */
export function linear(from, to, start, end) {
  const slope = (end - start) / (to - from || 1);
  return (value) => start + (value - from) * slope;
}

/** @param {number} low @param {number} high @param {number} share of the span, added at both ends @returns {[number, number]} */
export function padded(low, high, share) {
  const room = (high - low || 1) * share;
  return [low - room, high + room];
}

/** @param {Iterable<Point>} points pixels; where one is not finite the line is broken @returns {string} */
export function linePath(points) {
  let path = "";
  let pen = "M";
  for (const [x, y] of points) {
    const known = Number.isFinite(x) && Number.isFinite(y);
    if (known) path += `${pen}${round(x)} ${round(y)}`;
    pen = known ? "L" : "M";
  }
  return path;
}

/**
 * Liang and Barsky's clipping of a segment.
 * @param {Point} a @param {Point} b @param {Range} range
 * @returns {[Point, Point] | null} the part inside, null where there is none
 */
export function clipSegment(a, b, { xmin, xmax, ymin, ymax }) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  let [start, end] = [0, 1];
  for (const [step, room] of [[-dx, a[0] - xmin], [dx, xmax - a[0]], [-dy, a[1] - ymin], [dy, ymax - a[1]]]) {
    if (step === 0 && room < 0) return null;
    if (step < 0) start = Math.max(start, room / step);
    else if (step > 0) end = Math.min(end, room / step);
  }
  if (!(start <= end)) return null;
  const at = (/** @type {number} */ t) => /** @type {Point} */ ([a[0] + t * dx, a[1] + t * dy]);
  return [start === 0 ? a : at(start), end === 1 ? b : at(end)];
}

/**
 * What of a polyline lies inside, as points with a NaN point where it leaves and comes back.
 * @param {Point[]} points @param {Range} range @returns {Point[]}
 */
export function clipLine(points, range) {
  /** @type {Point[]} */
  const inside = [];
  for (let i = 1; i < points.length; i++) {
    const part = clipSegment(points[i - 1], points[i], range);
    if (!part) continue;
    const last = inside[inside.length - 1];
    const joined = last && last[0] === part[0][0] && last[1] === part[0][1];
    if (!joined) {
      if (last) inside.push([NaN, NaN]);
      inside.push(part[0]);
    }
    inside.push(part[1]);
  }
  return inside;
}

/**
 * The straight line of a slope through a point, as far as the range goes.
 * @param {Point} through @param {number} slope dy/dx in data @param {Range} range
 * @returns {[Point, Point] | null} from left to right
 */
export function tangent([x, y], slope, range) {
  const at = (/** @type {number} */ x2) => /** @type {Point} */ ([x2, y + slope * (x2 - x)]);
  return clipSegment(at(range.xmin), at(range.xmax), range);
}

/**
 * A point moved onto the edge of the range where it lies outside.
 * @param {Point} point @param {Range} range
 * @returns {{point: Point, arrow: string}} arrow "" inside, else the way to where it is
 */
export function edge([x, y], { xmin, xmax, ymin, ymax }) {
  const across = x > xmax ? 2 : x < xmin ? 0 : 1;
  const up = y > ymax ? 2 : y < ymin ? 0 : 1;
  return { point: [Math.min(xmax, Math.max(xmin, x)), Math.min(ymax, Math.max(ymin, y))], arrow: ARROWS[up][across] };
}

/**
 * Where β lies between rows: linear in the slider's position, so that what follows it moves as evenly as the slider.
 * @param {number[]} positions of the rows, rising
 * @param {number} position
 * @returns {{index: number, share: number}} between rows `index` and `index + 1`
 */
export function between(positions, position) {
  let index = 0;
  while (index < positions.length - 2 && position > positions[index + 1]) index++;
  const [low, high] = [positions[index], positions[index + 1] ?? positions[index]];
  const share = high > low ? (position - low) / (high - low) : 0;
  return { index, share: Math.min(1, Math.max(0, share)) };
}

/** @param {ArrayLike<number>} values @param {{index: number, share: number}} place @returns {number} */
export function valueAt(values, { index, share }) {
  const low = values[index];
  return share === 0 ? low : low + share * (values[index + 1] - low);
}

/**
 * q(zⱼ) as paths over a strip of the map's length.
 * @param {ArrayLike<number>} values density at equal steps, the first at the strip's start and the last at its end
 * @param {{axis: "top" | "right", lengthPx: number, thicknessPx: number, top: number}} strip
 * @returns {{line: string, area: string, peak: Point | null}} peak: the highest of what was cut off at `top`
 */
export function marginalPaths(values, { axis, lengthPx, thicknessPx, top }) {
  const place = placer(axis, lengthPx, thicknessPx, top);
  const last = Math.max(1, values.length - 1);
  let best = -1;
  const points = Array.from(values, (value, i) => {
    if (value > top && (best < 0 || value > values[best])) best = i;
    return place(i / last, value);
  });
  const line = linePath(points);
  if (!points.length) return { line, area: "", peak: null };
  const area = `${linePath([place(0, 0)])}${line.replace("M", "L")}L${place(1, 0).map(round).join(" ")}Z`;
  return { line, area, peak: best < 0 ? null : points[best] };
}

/**
 * N(0, 1) over the same strip.
 * @param {{axis: "top" | "right", from: number, to: number, lengthPx: number, thicknessPx: number, top: number}} strip
 * @returns {string}
 */
export function normalPath({ axis, from, to, lengthPx, thicknessPx, top }) {
  const place = placer(axis, lengthPx, thicknessPx, top);
  return linePath(Array.from({ length: NORMAL_POINTS }, (_, i) => {
    const t = i / (NORMAL_POINTS - 1);
    return place(t, Math.exp(-0.5 * (from + t * (to - from)) ** 2) / Math.sqrt(2 * Math.PI));
  }));
}

/**
 * @param {"top" | "right"} axis @param {number} length @param {number} thickness @param {number} top
 * @returns {(t: number, density: number) => Point} t from 0 to 1 along the latent axis
 */
function placer(axis, length, thickness, top) {
  const high = (/** @type {number} */ density) => thickness * Math.min(1, Math.max(0, density / top));
  if (axis === "top") return (t, density) => [t * length, thickness - high(density)];
  return (t, density) => [high(density), (1 - t) * length];
}

/**
 * Segments of a stacked bar, end to end; what is negative, within its error, takes no room.
 * @param {number[]} parts @param {Scale} scale @returns {{x: number, width: number}[]} pixels
 */
export function stack(parts, scale) {
  let sum = 0;
  return parts.map((part) => {
    const x = scale(sum);
    sum += Math.max(0, part) || 0;
    return { x, width: Math.max(0, scale(sum) - x) };
  });
}

/** @param {number} min @param {number} max @param {number} count about how many @returns {Tick[]} */
export function numberTicks(min, max, count) {
  const { values, decimals } = ticks(min, max, count);
  return values.map((at) => ({ at, text: fixed(at, decimals) }));
}

/**
 * β along the slider's scale, as many marks as have room.
 * @param {number} betaMax @param {number} width pixels @param {number} [room] pixels between two marks
 * @returns {Tick[]} `at` is the slider's position
 */
export function betaTicks(betaMax, width, room = 30) {
  /** @type {Tick[]} */
  const kept = [];
  for (const beta of [0, betaMax, ...BETA_MARKS]) {
    const at = betaToSlider(beta, betaMax);
    if (beta <= betaMax && kept.every((tick) => Math.abs(tick.at - at) * width >= room)) kept.push({ at, text: formatBeta(beta).replace(/\.0$/, "") });
  }
  return kept.sort((a, b) => a.at - b.at);
}

/** About how wide a text is; near enough to keep two apart. @param {string} text @param {number} size of the font */
export function textWidth(text, size) {
  return [...text.normalize("NFC")].reduce((sum, letter) => sum + (FULL_WIDTH.test(letter) ? 1 : 0.56), 0) * size;
}

/** @param {number} value pixels */
function round(value) {
  return Math.round(10 * value) / 10;
}

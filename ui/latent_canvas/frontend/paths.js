/**
 * Paths through latent space: points along a line through two pins or more.
 *
 * "straight" is a straight line in z. "quantiles" is straight in the prior's quantiles p = Phi(z), coordinate by
 * coordinate, so it keeps to places that the prior finds likely and moves faster where the prior is thin. Points are
 * equally spaced along the whole path, in z or in p respectively; the first and the last pin are hit exactly.
 * @module
 */

/** Beyond this many standard deviations the prior's tail is about to underflow a double. */
const LIMIT = 37;

/**
 * Where a coordinate lies on the way from a to b, for t in [0, 1].
 * @typedef {(a: number, b: number, t: number) => number} Blend
 */
/**
 * The way of joining two pins: `distance` measures one coordinate's part of a segment, `blend` walks along it.
 * @typedef {{distance: (a: number, b: number) => number, blend: Blend}} PathKind
 */

/** @type {Readonly<Record<string, PathKind>>} */
export const PATHS = Object.freeze({
  straight: { distance: (a, b) => b - a, blend: (a, b, t) => a + t * (b - a) },
  quantiles: { distance: quantileDistance, blend: quantileBlend },
});

/**
 * Points along a path through pins.
 * @param {ReadonlyArray<ArrayLike<number>>} pins two points or more, d numbers each
 * @param {number} steps how many points, both ends included; at least 2
 * @param {string} [kind] a name in PATHS
 * @returns {Float32Array} [steps][d]
 * @throws {Error} for an unknown kind, fewer than two pins or steps, or pins of different dimensions
 */
export function path(pins, steps, kind = "straight") {
  if (!Object.hasOwn(PATHS, kind)) {
    throw new Error(`Expected a path of ${Object.keys(PATHS).join(" or ")}, got ${kind}.`);
  }
  checkPins(pins, steps);
  const way = PATHS[kind];
  const d = pins[0].length;
  const ends = segmentEnds(pins, way);
  const total = ends[ends.length - 1];
  const points = new Float32Array(steps * d);
  for (let i = 0, k = 0; i < steps; i++) {
    const at = (total * i) / (steps - 1);
    while (k < ends.length - 1 && at > ends[k]) k++;
    const start = k ? ends[k - 1] : 0;
    const t = i === steps - 1 ? 1 : ends[k] > start ? (at - start) / (ends[k] - start) : 0;
    for (let j = 0; j < d; j++) points[i * d + j] = along(way, pins[k][j], pins[k + 1][j], t);
  }
  return points;
}

/**
 * Phi(x), the standard normal's cumulative distribution function. Absolute error below 1e-15,
 * relative error of the lower tail below 1e-8.
 *
 * Rational approximation: Hart et al., Computer Approximations, 1968, algorithm 5666, with the continued fraction for
 * the far tail, both as given by West, Better approximations to cumulative normal functions, Wilmott, 2005.
 * @param {number} x clamped to [-37, 37]
 * @returns {number}
 */
export function normalCdf(x) {
  const r = Math.min(Math.abs(x), LIMIT);
  const tail = Math.exp((-r * r) / 2) * (r < HART_LIMIT ? horner(HART_P, r) / horner(HART_Q, r) : millsRatio(r));
  return x > 0 ? 1 - tail : tail;
}

/**
 * Phi^-1(p), the standard normal's quantile function, to about 1e-9; clamped to [-37, 37].
 *
 * Rational approximation of 7 digits: Wichura, Algorithm AS 241 (PPND7), Applied Statistics 37, 1988; then one Newton
 * step on Phi.
 * @param {number} p
 * @returns {number}
 */
export function normalQuantile(p) {
  if (Number.isNaN(p)) return NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  const smallest = normalCdf(-LIMIT);
  if (p <= smallest) return -LIMIT;
  const x = wichura(p);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  return Math.max(-LIMIT, x - (normalCdf(x) - p) / density);
}

/**
 * @param {ReadonlyArray<ArrayLike<number>>} pins
 * @param {number} steps
 */
function checkPins(pins, steps) {
  if (pins.length < 2) throw new Error(`A path needs at least 2 pins, got ${pins.length}.`);
  if (!Number.isInteger(steps) || steps < 2) throw new Error(`A path needs at least 2 steps, got ${steps}.`);
  const odd = pins.find((pin) => pin.length !== pins[0].length);
  if (odd) throw new Error(`Expected pins of ${pins[0].length} coordinates, got one of ${odd.length}.`);
}

/**
 * Length of the path up to the end of each segment.
 * @param {ReadonlyArray<ArrayLike<number>>} pins
 * @param {PathKind} way
 */
function segmentEnds(pins, way) {
  const ends = new Float64Array(pins.length - 1);
  let total = 0;
  for (let k = 0; k < ends.length; k++) {
    total += Math.hypot(...Array.from(pins[k], (a, j) => way.distance(a, pins[k + 1][j])));
    ends[k] = total;
  }
  return ends;
}

/**
 * Blend that returns both ends exactly, whatever rounding the way's own formula has.
 * @param {PathKind} way
 * @param {number} a
 * @param {number} b
 * @param {number} t
 */
function along(way, a, b, t) {
  if (t <= 0 || a === b) return a;
  return t >= 1 ? b : way.blend(a, b, t);
}

/** @type {Blend} */
function quantileBlend(a, b, t) {
  // Above the middle the work is done in the mirrored, lower tail: there a double resolves p down to 1e-300.
  if (a + b > 0) return -quantileBlend(-a, -b, t);
  const p = normalCdf(a);
  return normalQuantile(p + t * (normalCdf(b) - p));
}

/**
 * @param {number} a
 * @param {number} b
 */
function quantileDistance(a, b) {
  return a + b > 0 ? normalCdf(-a) - normalCdf(-b) : normalCdf(b) - normalCdf(a);
}

// Coefficients from the highest power down.
const HART_LIMIT = 7.07106781186547;
const HART_P = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
  220.206867912376,
];
const HART_Q = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
];

/** Mills' ratio (1 - Phi(r)) / (sqrt(2 pi) phi(r)) for large r, by its continued fraction. @param {number} r */
function millsRatio(r) {
  const fraction = [4, 3, 2, 1].reduce((rest, k) => r + k / rest, r + 0.65);
  return 1 / (fraction * Math.sqrt(2 * Math.PI));
}

const WICHURA_CENTRE = [
  [5.910937472e1, 1.5929113202e2, 5.0434271938e1, 3.3871327179],
  [6.71875636e1, 7.8757757664e1, 1.7895169469e1, 1],
];
const WICHURA_NEAR = [
  [1.7023821103e-1, 1.3067284816, 2.75681539, 1.4234372777],
  [1.2021132975e-1, 7.370016425e-1, 1],
];
const WICHURA_FAR = [
  [1.7337203997e-2, 4.2868294337e-1, 3.081226386, 6.657905115],
  [1.2258202635e-2, 2.4197894225e-1, 1],
];

/** Phi^-1(p) to about 7 digits. @param {number} p in (0, 0.5] */
function wichura(p) {
  const q = p - 0.5;
  if (q >= -0.425) return q * ratio(WICHURA_CENTRE, 0.425 ** 2 - q * q);
  const r = Math.sqrt(-Math.log(p));
  return r <= 5 ? -ratio(WICHURA_NEAR, r - 1.6) : -ratio(WICHURA_FAR, r - 5);
}

/**
 * @param {number[][]} polynomials numerator and denominator
 * @param {number} r
 */
function ratio([numerator, denominator], r) {
  return horner(numerator, r) / horner(denominator, r);
}

/**
 * @param {number[]} coefficients
 * @param {number} x
 */
function horner(coefficients, x) {
  return coefficients.reduce((sum, c) => sum * x + c, 0);
}

/**
 * The view: which part of latent space the canvas shows. An immutable value; every function returns a new one.
 *
 * @typedef {Readonly<{x0: number, y0: number, scale: number, width: number, height: number}>} View
 *   (x0, y0) is the latent point in the centre, `scale` the css pixels per latent unit (the same on both axes),
 *   `width` and `height` the canvas in css pixels. Latent y points up, screen y points down.
 * @typedef {readonly [number, number, number, number]} Bounds  xmin, xmax, ymin, ymax
 * @typedef {Readonly<{min: number, max: number}>} ScaleLimits  css pixels per latent unit
 */

/**
 * @param {{x0?: number, y0?: number, scale?: number, width?: number, height?: number}} [values]
 * @returns {View}
 */
export function createView({ x0 = 0, y0 = 0, scale = 100, width = 1, height = 1 } = {}) {
  const view = { x0, y0, scale, width: Math.max(1, width), height: Math.max(1, height) };
  if (!Object.values(view).every(Number.isFinite) || scale <= 0) {
    throw new RangeError(`A view needs finite numbers and a scale above 0; got ${JSON.stringify({ x0, y0, scale, width, height })}`);
  }
  return Object.freeze(view);
}

/**
 * The same centre and scale on a canvas of another size.
 * @param {View} view @param {number} width css px @param {number} height css px @returns {View}
 */
export function resize(view, width, height) {
  return createView({ ...view, width, height });
}

/** @param {View} view @param {number} x @param {number} y @returns {[number, number]} css px from the top left */
export function toScreen(view, x, y) {
  return [view.width / 2 + (x - view.x0) * view.scale, view.height / 2 - (y - view.y0) * view.scale];
}

/** @param {View} view @param {number} px @param {number} py @returns {[number, number]} latent x, y */
export function toLatent(view, px, py) {
  return [view.x0 + (px - view.width / 2) / view.scale, view.y0 - (py - view.height / 2) / view.scale];
}

/**
 * Zooms so that the latent point under (px, py) stays under it.
 * @param {View} view @param {number} px css px @param {number} py css px
 * @param {number} factor above 1 zooms in
 * @param {ScaleLimits} [limits] the scale is kept within them
 * @returns {View}
 */
export function zoomAt(view, px, py, factor, limits = { min: 1e-3, max: 1e6 }) {
  const scale = Math.min(limits.max, Math.max(limits.min, view.scale * factor));
  const [x, y] = toLatent(view, px, py);
  const x0 = x - (px - view.width / 2) / scale;
  const y0 = y + (py - view.height / 2) / scale;
  return createView({ ...view, x0, y0, scale });
}

/** Moves the picture by (dx, dy) css pixels. @param {View} view @param {number} dx @param {number} dy @returns {View} */
export function pan(view, dx, dy) {
  return createView({ ...view, x0: view.x0 - dx / view.scale, y0: view.y0 + dy / view.scale });
}

/** @param {View} view @returns {[number, number, number, number]} xmin, xmax, ymin, ymax */
export function bounds(view) {
  const halfWidth = view.width / 2 / view.scale;
  const halfHeight = view.height / 2 / view.scale;
  return [view.x0 - halfWidth, view.x0 + halfWidth, view.y0 - halfHeight, view.y0 + halfHeight];
}

/**
 * The largest view of a canvas that holds all of `box`, with equal axes.
 * @param {Bounds} box @param {number} width css px @param {number} height css px
 * @param {number} [padding] css px kept free on every side
 * @returns {View}
 */
export function fit([xmin, xmax, ymin, ymax], width, height, padding = 0) {
  const free = { x: Math.max(1, width - 2 * padding), y: Math.max(1, height - 2 * padding) };
  const across = Math.max(xmax - xmin, 1e-9);
  const up = Math.max(ymax - ymin, 1e-9);
  const scale = Math.min(free.x / across, free.y / up);
  return createView({ x0: (xmin + xmax) / 2, y0: (ymin + ymax) / 2, scale, width, height });
}

/**
 * The inverse of `bounds` on a canvas of the same shape; on another shape the box is shown whole.
 * @param {Bounds} box @param {number} width css px @param {number} height css px @returns {View}
 */
export function fromBounds(box, width, height) {
  return fit(box, width, height, 0);
}

/**
 * Between two views, as a steady zoom about their common fixed point, so that an animated reset does not swing.
 * @param {View} from @param {View} to @param {number} t 0 gives `from`, 1 gives `to`
 * @returns {View} on the canvas of `to`
 */
export function lerpView(from, to, t) {
  const scale = from.scale * (to.scale / from.scale) ** t;
  const span = 1 / to.scale - 1 / from.scale;
  const still = Math.abs(to.scale / from.scale - 1) < 1e-6;
  const s = still ? t : (1 / scale - 1 / from.scale) / span;
  return createView({
    x0: from.x0 + (to.x0 - from.x0) * s, y0: from.y0 + (to.y0 - from.y0) * s, scale, width: to.width, height: to.height,
  });
}

/**
 * Round numbers (1, 2 or 5 times a power of ten apart) inside [min, max].
 * @param {number} min @param {number} max @param {number} [targetCount] about how many
 * @returns {{values: number[], decimals: number, step: number}} `value.toFixed(decimals)` is exact
 */
export function ticks(min, max, targetCount = 6) {
  if (!(max > min) || !(targetCount > 0)) return { values: [], decimals: 0, step: 0 };
  const rough = (max - min) / targetCount;
  const power = Math.floor(Math.log10(rough));
  const mantissa = rough / 10 ** power;
  const nice = mantissa < Math.SQRT2 ? 1 : mantissa < Math.sqrt(10) ? 2 : mantissa < Math.sqrt(50) ? 5 : 10;
  const step = nice * 10 ** power;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  const values = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(decimals)) + 0);
  return { values, decimals, step };
}

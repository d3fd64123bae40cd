/** The aggregate posterior q(z) = (1/n) Σ N(z; μᵢ, diag σᵢ²) from codes [n][4]: its density on a view's grid, and its marginals. */

import { Splat } from "../splat.js";
import { bounds } from "../view.js";

/**
 * @typedef {import("../view.js").View} View
 * @typedef {object} Grid
 * @property {number} width nodes
 * @property {number} height
 * @property {Float32Array} values density per latent area, row by row from the top
 * @property {number} texel CSS pixels between nodes; node (i, j) lies at ((i + 0.5) · texel, (j + 0.5) · texel)
 * @property {View} [view] what the grid covers
 */

/** A component reaches so many σ: where they are narrow, less would show its cut as the corners of a square. */
const REACH = 5;

/**
 * Gaussians narrower than a texel are drawn one texel wide, with the same mass.
 * @param {Float32Array} codes [n or more][4]: μ₁, μ₂, σ₁, σ₂
 * @param {number} n
 * @param {View} view
 * @param {number} texel CSS pixels
 * @param {Float32Array} [out] for the values, [width · height]
 * @param {Float32Array | null} [correlation] [n], where the Gaussians are turned
 * @returns {Grid}
 */
export function aggregateGrid(codes, n, view, texel, out, correlation = null) {
  const width = Math.ceil(view.width / texel);
  const height = Math.ceil(view.height / texel);
  const splat = new Splat(width, height, 1, REACH);
  const scale = view.scale / texel;
  const [xmin, , , ymax] = bounds(view);
  const mass = (scale * scale) / Math.max(1, n);
  for (let c = 0; c < 4 * n; c += 4) {
    splat.add(0, (codes[c] - xmin) * scale - 0.5, (ymax - codes[c + 1]) * scale - 0.5, codes[c + 2] * scale, codes[c + 3] * scale, mass, correlation ? -correlation[c / 4] : 0);
  }
  return { width, height, values: splat.sumLevels(0, out), texel, view };
}

/**
 * Density of one coordinate, exactly, but for components narrower than the step between points: they are drawn that wide.
 * @param {Float32Array} codes [n or more][4]
 * @param {number} n
 * @param {0 | 1} axis
 * @param {number} from latent units
 * @param {number} to
 * @param {number} count points, both ends included
 * @param {Float32Array} [out]
 * @returns {Float32Array} [count]
 */
export function marginal(codes, n, axis, from, to, count, out = new Float32Array(count)) {
  out.fill(0);
  const step = (to - from) / (count - 1);
  for (let c = axis; c < 4 * n; c += 4) {
    const sigma = Math.max(codes[c + 2], step);
    const at = (codes[c] - from) / step;
    const reach = (REACH * sigma) / step;
    const first = Math.max(0, Math.ceil(at - reach));
    const last = Math.min(count - 1, Math.floor(at + reach));
    if (first > last) continue;
    // exp(−½((i − at)·r)²) by its own recurrence: each step multiplies by a factor that itself shrinks evenly.
    const r = step / sigma;
    const d = (first - at) * r;
    const shrink = Math.exp(-r * r);
    let value = Math.exp(-0.5 * d * d) / (sigma * n * Math.sqrt(2 * Math.PI));
    let factor = Math.exp(-r * d - 0.5 * r * r);
    for (let i = first; i <= last; i++) {
      out[i] += value;
      value *= factor;
      factor *= shrink;
    }
  }
  return out;
}

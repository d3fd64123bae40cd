// The view that shows the whole map, and the glide from one view to another.

import { dataBounds } from "./codes.js";
import { fit, lerpView } from "./view.js";

/** @typedef {import("./view.js").View} View */

/** The whole map reaches at least to the prior's 3σ circle and at most this far, in latent units. */
const REACH = { least: 3.25, most: 6.5 };
const PADDING_PX = 4;
const GLIDE_MS = 260;

/**
 * @param {Float32Array} current codes at the chosen β, [n][4]
 * @param {number} width CSS pixels
 * @param {number} height
 * @returns {View} centred on the prior
 */
export function wholeView(current, width, height) {
  const [xmin, xmax, ymin, ymax] = dataBounds(current, 1);
  const reach = Math.min(REACH.most, Math.max(REACH.least, -xmin, xmax, -ymin, ymax));
  return fit([-reach, reach, -reach, reach], width, height, PADDING_PX);
}

/**
 * Move from one view to another in a quarter of a second, or at once where the reader prefers no motion.
 * @param {View} from
 * @param {View} to
 * @param {(view: View) => void} show
 * @param {AbortSignal} signal ends the glide
 */
export function glide(from, to, show, signal) {
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return show(to);
  const began = performance.now();
  const step = (/** @type {number} */ now) => {
    if (signal.aborted) return;
    const t = Math.min(1, Math.max(0, now - began) / GLIDE_MS);
    show(t === 1 ? to : lerpView(from, to, t * t * (3 - 2 * t)));
    if (t < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

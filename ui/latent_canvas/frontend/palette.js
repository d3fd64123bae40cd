// Colours of classes and of values: distinguishable without full colour vision, on light and on dark pages.

/** M. A. Petroff, "Accessible Color Sequences for Data Visualization", arXiv:2107.02270, the ten-colour sequence. */
const TEN = [
  "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
];
const GOLDEN_ANGLE = 137.508;

/**
 * @param {number} count classes
 * @returns {string[]} "#rrggbb" each; past ten classes hues are spread by the golden angle
 */
export function classColors(count) {
  return Array.from({ length: count }, (_, i) => TEN[i] ?? hslToHex((i * GOLDEN_ANGLE) % 360, 0.6, i % 2 ? 0.45 : 0.62));
}

/** Ends and middle of the ramp for values: dark blue, teal, yellow; lightness rises all along. */
const RAMP_STOPS = [[45, 60, 140], [40, 110, 150], [50, 160, 140], [140, 195, 90], [250, 215, 60]];
export const RAMP = Array.from({ length: 32 }, (_, i) => ramp(i / 31));

/**
 * @param {number} t in [0, 1]
 * @returns {string}
 */
function ramp(t) {
  const at = Math.min(t * (RAMP_STOPS.length - 1), RAMP_STOPS.length - 1 - 1e-9);
  const [low, high] = [RAMP_STOPS[Math.floor(at)], RAMP_STOPS[Math.floor(at) + 1]];
  return hex(low.map((v, c) => v + (high[c] - v) * (at % 1)));
}

/**
 * @param {number} hue degrees
 * @param {number} saturation
 * @param {number} lightness
 */
function hslToHex(hue, saturation, lightness) {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (/** @type {number} */ n) => {
    const k = (n + hue / 30) % 12;
    return 255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return hex([channel(0), channel(8), channel(4)]);
}

/** @param {number[]} rgb 0 to 255 */
function hex(rgb) {
  return `#${rgb.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Any CSS colour as numbers, by the browser's own reading of it.
 * @param {string} color
 * @returns {[number, number, number]} 0 to 255
 */
export function rgbOf(color) {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return [0, 0, 0];
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

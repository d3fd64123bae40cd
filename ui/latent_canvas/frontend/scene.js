/**
 * The scene: what every renderer draws, in which ink and in which order.
 *
 * @typedef {object} Scene
 * @property {number} n samples; they come shuffled, so that any first m of them stand for all
 * @property {Float32Array} codes n * 4: mu1, mu2, sigma1, sigma2, in latent units
 * @property {Float32Array | null} [correlation] n numbers: how far the ellipses are turned; none where all stand upright
 * @property {Uint8Array} classes n class indices
 * @property {string[]} colors "#rrggbb" per class
 * @property {Uint8Array} visible 1 or 0 per class
 * @property {number} kSigma semi-axes are kSigma * sigma
 * @property {Float32Array | null} [values] n numbers in [0, 1]: colour by these instead of by class
 * @property {string[]} [ramp] colours for `values`, lowest first
 * @property {boolean} [cloud] draw the density of the aggregate posterior (default false)
 * @property {boolean} [outlines] draw the ellipses (default true)
 * @property {boolean} [dark] the background is dark (default false)
 *
 * @typedef {import("./view.js").View} View
 *
 * @typedef {object} Ink how one ellipse is drawn; lengths in device pixels
 * @property {number} alpha of the outline, 0 to 1
 * @property {number} fill alpha of the inside, 0 for none
 * @property {number} dot radius of the disc that stands for an ellipse too small to see
 * @property {number} line width of the outline
 * @property {number} layer opacity of the whole picture over the cloud, which shows through where outlines have run together
 */

const TAU = 2 * Math.PI;
const SURVEY = 1024; // samples looked at to choose the ink
const FILLED = 600; // more ellipses than this are not filled: it takes long, and shows less

/** What shares a colour: one group per class, or per step of the ramp. @param {Scene} scene @returns {string[]} */
export function groupColors(scene) {
  return scene.values && scene.ramp?.length ? scene.ramp : scene.colors;
}

/**
 * The group of each of the samples [begin, end); `hidden` where the sample's class is not shown.
 * @param {Scene} scene @param {number} begin @param {number} end
 * @param {Uint8Array} out at least end - begin long @param {number} [hidden]
 */
export function writeGroups(scene, begin, end, out, hidden = 255) {
  const { classes, visible, values, ramp } = scene;
  const steps = values && ramp?.length ? ramp.length : 0;
  for (let i = begin; i < end; i++) {
    if (!visible[classes[i]]) out[i - begin] = hidden;
    else if (!steps || !values) out[i - begin] = classes[i];
    else out[i - begin] = Math.min(steps - 1, Math.max(0, Math.floor(values[i] * steps)));
  }
}

/**
 * The ink for `drawn` samples of the scene. Outlines become fainter as they cover each other more: with L the length of
 * outline per unit of area of the cloud, alpha falls as 1 / (1 + L)^0.6, so that a few read well and many do not saturate.
 * @param {View} view @param {Scene} scene @param {number} drawn how many samples will be drawn @param {number} dpr
 * @returns {Ink}
 */
export function chooseInk(view, scene, drawn, dpr) {
  const s = survey(scene);
  const shown = drawn * s.share;
  const scale = view.scale * dpr;
  const line = dpr >= 1.5 ? 2 : 1;
  const radius = Math.max(s.radius * scale, 1);
  const area = Math.PI * (2 * s.spread + s.radius) ** 2 * scale * scale + 1;
  const cover = shown * TAU * radius * line / area;
  const alpha = Math.min(0.9, Math.max(0.06, 0.95 / (1 + cover) ** 0.6));
  const fill = scene.cloud || shown > FILLED ? 0 : Math.min(0.16, 0.35 * alpha / (1 + shown * Math.PI * radius * radius / area));
  const dot = dpr * Math.min(1.4, Math.max(0.8, 60 / Math.sqrt(shown + 1)));
  const layer = scene.cloud ? Math.max(0.4, 1 / Math.sqrt(1 + cover / 20)) : 1;
  return { alpha, fill: fill < 0.012 ? 0 : fill, dot, line, layer };
}

/**
 * Share of samples shown, mean radius and spread of the centres (latent units), from the first samples.
 * @param {Scene} scene @returns {{share: number, radius: number, spread: number}}
 */
function survey({ n, codes, classes, visible, kSigma }) {
  const count = Math.min(n, SURVEY);
  let shown = 0, radius = 0, x = 0, y = 0, squares = 0;
  for (let i = 0, j = 0; i < count; i++, j += 4) {
    if (!visible[classes[i]]) continue;
    shown++;
    radius += (codes[j + 2] + codes[j + 3]) * 0.5 * kSigma;
    x += codes[j];
    y += codes[j + 1];
    squares += codes[j] ** 2 + codes[j + 1] ** 2;
  }
  if (!shown) return { share: 0, radius: 0, spread: 1 };
  const variance = (squares - (x * x + y * y) / shown) / shown / 2;
  return { share: shown / count, radius: radius / shown, spread: Math.sqrt(Math.max(variance, 1e-12)) };
}

/**
 * The width of a typical Gaussian on show: the median over the first samples of the geometric mean of both semi-axes at
 * one sigma, in latent units.
 * @param {Scene} scene @returns {number} 0 where no sample is on show
 */
export function typicalSigma({ n, codes, correlation, classes, visible }) {
  const sigmas = [];
  for (let i = 0; i < Math.min(n, SURVEY); i++) {
    if (!visible[classes[i]]) continue;
    const flat = correlation ? Math.sqrt(1 - correlation[i] ** 2) : 1;
    sigmas.push(Math.sqrt(codes[4 * i + 2] * codes[4 * i + 3] * flat));
  }
  return sigmas.sort((a, b) => a - b)[sigmas.length >> 1] ?? 0;
}

/**
 * Semi-axes and angle of the ellipse whose deviations along x and y are a and b, with the correlation rho.
 * @param {number} a @param {number} b @param {number} rho
 * @returns {[number, number, number]} the longer semi-axis, the shorter one, the longer one's angle from x towards y
 */
export function turnedAxes(a, b, rho) {
  const [xx, yy, xy] = [a * a, b * b, rho * a * b];
  const middle = (xx + yy) / 2, half = (xx - yy) / 2;
  const spread = Math.hypot(half, xy);
  return [Math.sqrt(middle + spread), Math.sqrt(Math.max(0, middle - spread)), Math.atan2(xy, half) / 2];
}

/** @param {string} color "#rrggbb" @returns {[number, number, number]} 0 to 255 */
export function parseColor(color) {
  const value = Number.parseInt(color.slice(1), 16);
  if (!/^#[0-9a-f]{6}$/i.test(color)) throw new Error(`A colour is written "#rrggbb"; got "${color}"`);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

// What is drawn over the ellipses: axes, the prior's circles, class names, the selected Gaussian, pins and path.

import { turnedAxes } from "./scene.js";
import { t } from "./texts.js";
import { bounds, ticks, toScreen } from "./view.js";

/**
 * @typedef {import("./view.js").View} View
 * @typedef {import("./theme.js").Ink} Ink
 *
 * @typedef {object} OverlayScene
 * @property {View} view
 * @property {Ink} ink
 * @property {{x: number, y: number, text: string, color: string}[]} labels class names at their median μ
 * @property {{mu: [number, number], sigma: [number, number], rho?: number} | null} selected
 * @property {{mu: [number, number], sigma: [number, number], rho?: number} | null} hovered
 * @property {[string, string]} [axes] what the axes are called, where they are not z₁ and z₂
 * @property {number} kSigma
 * @property {[number, number][]} pins
 * @property {Float32Array} path [steps][2], empty without pins
 * @property {boolean} [strongPrior] the prior's circles are what the picture is compared with
 */

/**
 * @param {CanvasRenderingContext2D} context sized to the view at `dpr`
 * @param {OverlayScene} scene
 * @param {number} dpr device pixels per CSS pixel
 */
export function drawOverlay(context, scene, dpr) {
  const { width, height } = scene.view;
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, width, height);
  drawPrior(context, scene);
  drawAxes(context, scene);
  if (scene.hovered) drawGaussian(context, scene, scene.hovered, [scene.kSigma], 1.5);
  if (scene.selected) drawGaussian(context, scene, scene.selected, [1, 2, 3], 2);
  drawPath(context, scene);
  drawLabels(context, scene);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {OverlayScene} scene
 */
function drawPrior(context, { view, ink, strongPrior }) {
  const [cx, cy] = toScreen(view, 0, 0);
  context.save();
  context.strokeStyle = ink.text;
  context.fillStyle = ink.text;
  context.setLineDash([2, 4]);
  context.font = "11px sans-serif";
  context.textAlign = "center";
  for (const k of [1, 2, 3]) {
    const radius = k * view.scale;
    context.globalAlpha = strongPrior ? 0.9 : 0.45;
    context.lineWidth = strongPrior ? 1.5 : 1;
    context.beginPath();
    context.arc(cx, cy, radius, 0, 2 * Math.PI);
    context.stroke();
    // The name stands on the circle at 45° down, clear of the axes and of the numbers along them.
    context.globalAlpha = 0.75;
    haloText(context, k === 1 ? t("map.prior_circle", { k }) : `${k}σ`, cx + radius * Math.SQRT1_2, cy + radius * Math.SQRT1_2 + 4, ink.background);
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {OverlayScene} scene
 */
function drawAxes(context, { view, ink, axes = ["z₁", "z₂"] }) {
  const [xmin, xmax, ymin, ymax] = bounds(view);
  context.save();
  context.strokeStyle = ink.text;
  context.fillStyle = ink.text;
  context.font = "11px sans-serif";
  context.lineWidth = 1;
  context.textAlign = "center";
  const xTicks = ticks(xmin, xmax, Math.max(3, view.width / 90));
  const yTicks = ticks(ymin, ymax, Math.max(3, view.height / 90));
  for (const value of xTicks.values) {
    const [x] = toScreen(view, value, 0);
    const label = tickText(value, xTicks.decimals);
    mark(context, x, view.height - 5, x, view.height);
    if (x > 26 && x < view.width - 44) haloText(context, label, x, view.height - 9, ink.background);
  }
  context.textAlign = "left";
  for (const value of yTicks.values) {
    const [, y] = toScreen(view, 0, value);
    const label = tickText(value, yTicks.decimals);
    mark(context, 0, y, 5, y);
    if (y > 22 && y < view.height - 22) haloText(context, label, 8, y + 4, ink.background);
  }
  context.globalAlpha = 0.8;
  context.font = "italic 13px serif";
  context.textAlign = "right";
  haloText(context, axes[0], view.width - 12, view.height - 9, ink.background);
  context.textAlign = "left";
  haloText(context, axes[1], 8, 16, ink.background);
  context.restore();
}

/**
 * @param {number} value
 * @param {number} decimals
 */
function tickText(value, decimals) {
  return value.toFixed(decimals).replace("-", "\u2212");
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function mark(context, x0, y0, x1, y1) {
  context.globalAlpha = 0.5;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  context.globalAlpha = 0.75;
}

/**
 * One Gaussian's contours, in the text colour over a halo of the background: visible over any class.
 * @param {CanvasRenderingContext2D} context
 * @param {OverlayScene} scene
 * @param {{mu: [number, number], sigma: [number, number], rho?: number}} code
 * @param {number[]} multiples k of each contour
 * @param {number} width
 */
function drawGaussian(context, { view, ink }, { mu, sigma, rho = 0 }, multiples, width) {
  const [x, y] = toScreen(view, mu[0], mu[1]);
  const [long, short, angle] = rho ? turnedAxes(sigma[0], sigma[1], rho) : [...sigma, 0];
  context.save();
  for (const [color, extra, alpha] of /** @type {[string, number, number][]} */ ([[ink.background, 2.5, 0.8], [ink.text, 0, 1]])) {
    context.strokeStyle = color;
    context.lineWidth = width + extra;
    for (const k of multiples) {
      context.globalAlpha = multiples.length > 1 ? alpha * (1.15 - 0.25 * k) : alpha;
      context.beginPath();
      context.ellipse(x, y, k * long * view.scale, k * short * view.scale, -angle, 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.beginPath();
    context.arc(x, y, 2.2 + extra / 2, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {OverlayScene} scene
 */
function drawPath(context, { view, ink, pins, path }) {
  context.save();
  context.strokeStyle = ink.accent;
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.beginPath();
  for (let i = 0; i < path.length; i += 2) {
    const [x, y] = toScreen(view, path[i], path[i + 1]);
    context.lineTo(x, y);
  }
  context.stroke();
  context.font = "bold 11px sans-serif";
  context.textAlign = "center";
  for (const [index, pin] of pins.entries()) {
    const [x, y] = toScreen(view, pin[0], pin[1]);
    context.fillStyle = ink.accent;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = ink.background;
    context.fillText(String(index + 1), x, y + 4);
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {OverlayScene} scene
 */
function drawLabels(context, { view, ink, labels }) {
  context.save();
  context.font = "600 15px sans-serif";
  context.textAlign = "center";
  context.fillStyle = ink.text;
  for (const { x, y, text } of apart(context, view, labels)) haloText(context, text, x, y + 5, ink.background, 4);
  context.restore();
}

/** Height of a class's name, in CSS pixels. */
const LABEL_PX = 17;

/**
 * Names that would stand on each other are moved down, one after the other from the top.
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {OverlayScene["labels"]} labels
 * @returns {{x: number, y: number, text: string}[]} in CSS pixels
 */
function apart(context, view, labels) {
  const placed = /** @type {{x: number, y: number, text: string, half: number}[]} */ ([]);
  const wanted = labels.map(({ x, y, text }) => ({ at: toScreen(view, x, y), text, half: context.measureText(text).width / 2 + 2 }));
  for (const { at: [x, top], text, half } of wanted.sort((a, b) => a.at[1] - b.at[1])) {
    let y = top;
    for (const other of placed) {
      if (Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < LABEL_PX) y = other.y + LABEL_PX;
    }
    // A name that would end up far from its place says nothing; the legend has it.
    if (y - top <= 2 * LABEL_PX) placed.push({ x, y, text, half });
  }
  return placed;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} halo
 * @param {number} [width]
 */
function haloText(context, text, x, y, halo, width = 3) {
  const { strokeStyle, lineWidth } = context;
  const dash = context.getLineDash();
  context.setLineDash([]);
  context.strokeStyle = halo;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
  Object.assign(context, { strokeStyle, lineWidth });
  context.setLineDash(dash);
}

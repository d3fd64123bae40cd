// The map of the mixture: its contours over the prior's circles, single ellipses while they are few, and its own mean and deviation.

import { toScreen } from "../view.js";
import { MASSES, isobands, massLevels, paintBands } from "../weight/contours.js";
import { MixtureGrid, TEXEL } from "./mixture.js";

/**
 * @typedef {import("../view.js").View} View
 * @typedef {import("../theme.js").Ink} Ink
 * @typedef {object} MixtureScene
 * @property {Float32Array} codes in the order in which they were added, [n or more][4]
 * @property {string} key changes with the codes
 * @property {number} n
 * @property {(at: number) => string} colorOf the class colour of the at-th
 * @property {Ink} ink
 * @property {{mean: [number, number], deviation: [number, number]}} moments
 * @property {{from: number, strength: number}} flash the Gaussians from this one on have just been added; 0 ends the flash
 * @property {ArrayLike<number> | null} draws [m][2] of the prior, numbered
 */

/** Single ellipses are drawn up to so many; beyond they fade. */
const SINGLES = 60;
const SINGLES_GONE = 130;
/** Semi-axes of the outlines, in σ. */
const OUTLINE_SIGMA = 2;
const OUTLINE_PX = 0.75;
const SHARES = MASSES.map(({ mass }) => mass);

export class MixtureMap {
  constructor() {
    this.grid = new MixtureGrid();
    this.key = "";
    /** @type {import("../weight/contours.js").Rings[]} */
    this.bands = [];
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {View} view
   * @param {MixtureScene} scene
   */
  paint(context, view, scene) {
    this.#contour(view, scene);
    context.save();
    paintBands(context, this.bands, scene.ink.accent, OUTLINE_PX);
    this.#paintSingles(context, view, scene);
    paintMoments(context, view, scene);
    paintDraws(context, view, scene);
    context.restore();
  }

  /** @param {View} view @param {MixtureScene} scene */
  #contour(view, { codes, key, n }) {
    const place = [key, view.x0, view.y0, view.scale, view.width, view.height].join();
    if (this.key === `${place}|${n}`) return;
    this.key = `${place}|${n}`;
    const grid = this.grid.at(codes, n, view, place);
    const levels = massLevels(grid.values, SHARES, n * (view.scale / TEXEL) ** 2);
    this.bands = levels.map((level) => isobands(grid, level));
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view @param {MixtureScene} scene */
  #paintSingles(context, view, { codes, n, colorOf, flash }) {
    const fade = Math.min(1, Math.max(0, (SINGLES_GONE - n) / (SINGLES_GONE - SINGLES)));
    const fresh = flash.strength > 0 ? flash.from : n;
    for (let at = fade > 0 ? 0 : fresh; at < n; at++) {
      const strength = at >= fresh ? flash.strength : 0;
      context.fillStyle = context.strokeStyle = colorOf(at);
      const grown = 1 + 1.6 * strength;
      outline(context, view, codes, at, OUTLINE_SIGMA * grown);
      context.globalAlpha = 0.55 * strength;
      if (strength > 0) context.fill();
      context.globalAlpha = Math.max(0.85 * fade, strength);
      context.lineWidth = 1.4 + 1.6 * strength;
      context.stroke();
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {Float32Array} codes @param {number} at @param {number} k */
function outline(context, view, codes, at, k) {
  const [m1, m2, s1, s2] = codes.subarray(4 * at, 4 * at + 4);
  const [x, y] = toScreen(view, m1, m2);
  context.beginPath();
  context.ellipse(x, y, Math.max(1.5, k * s1 * view.scale), Math.max(1.5, k * s2 * view.scale), 0, 0, 2 * Math.PI);
}

/** The mixture's mean as a point, one standard deviation to each side of it. @param {CanvasRenderingContext2D} context @param {View} view @param {MixtureScene} scene */
function paintMoments(context, view, { moments: { mean, deviation }, ink }) {
  const [x, y] = toScreen(view, mean[0], mean[1]);
  const [dx, dy] = deviation.map((d) => d * view.scale);
  // Of one narrow Gaussian the cross is no larger than its ellipse.
  const half = Math.min(dx, dy) / 2;
  const cap = Math.min(5, half);
  const trace = () => {
    context.beginPath();
    for (const side of [-1, 1]) {
      context.moveTo(x, y);
      context.lineTo(x + side * dx, y);
      context.moveTo(x + side * dx, y - cap);
      context.lineTo(x + side * dx, y + cap);
      context.moveTo(x, y);
      context.lineTo(x, y + side * dy);
      context.moveTo(x - cap, y + side * dy);
      context.lineTo(x + cap, y + side * dy);
    }
    context.stroke();
  };
  context.globalAlpha = 0.8;
  context.strokeStyle = ink.background;
  context.lineWidth = 4.5;
  trace();
  context.globalAlpha = 1;
  context.strokeStyle = context.fillStyle = ink.text;
  context.lineWidth = 1.75;
  trace();
  context.beginPath();
  context.arc(x, y, Math.min(3.5, 1 + half), 0, 2 * Math.PI);
  context.fill();
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {MixtureScene} scene */
function paintDraws(context, view, { draws, ink }) {
  if (!draws) return;
  context.font = "600 10px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let d = 0; 2 * d < draws.length; d++) {
    const [x, y] = toScreen(view, draws[2 * d], draws[2 * d + 1]);
    context.beginPath();
    context.arc(x, y, 7.5, 0, 2 * Math.PI);
    context.fillStyle = ink.background;
    context.strokeStyle = ink.text;
    context.lineWidth = 1.25;
    context.globalAlpha = 0.9;
    context.fill();
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = ink.text;
    context.fillText(String(d + 1), x, y + 0.5);
  }
}

// The line of the holes: the share of the prior's draws that the mixture leaves out, against how many Gaussians it has.

import { context2d, h } from "../dom.js";
import { t } from "../texts.js";
import { countAt, placeOf } from "./mixture.js";

/**
 * @typedef {import("../theme.js").Ink} Ink
 * @typedef {import("./mixture.js").Holes} Holes
 */

/** The slider below travels so far inside its ends, CSS pixels: the line is drawn over the same way. */
const INSET = 8;
const TOP = 7;
const BOTTOM = 5;
/** Points of the line. */
const POINTS = 160;

export class HolesLine {
  constructor() {
    this.canvas = h("canvas", { class: "holes-line", "aria-hidden": "true", "data-testid": "holes-line" });
  }

  /**
   * @param {Holes} holes
   * @param {number} n the line is drawn up to it
   * @param {number} total
   * @param {Ink} ink
   */
  draw(holes, n, total, ink) {
    const { canvas } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    const dpr = Math.min(window.devicePixelRatio || 1, 2);
    if (canvas.width !== Math.round(width * dpr)) canvas.width = Math.round(width * dpr);
    if (canvas.height !== Math.round(height * dpr)) canvas.height = Math.round(height * dpr);
    const context = context2d(canvas);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, width, height);
    const x = (/** @type {number} */ count) => INSET + placeOf(count, total) * (width - 2 * INSET);
    const y = (/** @type {number} */ share) => TOP + (1 - share) * (height - TOP - BOTTOM);
    context.strokeStyle = ink.line;
    context.lineWidth = 1;
    context.beginPath();
    for (const share of [0, 0.5, 1]) {
      context.moveTo(0, Math.round(y(share)) + 0.5);
      context.lineTo(width, Math.round(y(share)) + 0.5);
    }
    context.stroke();
    const upTo = Math.min(n, holes.done);
    if (upTo < 1) return;
    context.beginPath();
    for (let i = 0; i <= POINTS; i++) {
      const count = Math.min(upTo, countAt(i / POINTS, total));
      context.lineTo(x(count), y(holes.shares[count]));
      if (count === upTo) break;
    }
    context.strokeStyle = context.fillStyle = ink.accent;
    context.lineWidth = 2.5;
    context.lineJoin = "round";
    context.stroke();
    context.lineTo(x(upTo), y(0));
    context.lineTo(x(1), y(0));
    context.globalAlpha = 0.14;
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = ink.soft;
    context.font = "11px sans-serif";
    context.fillText(t("story_mixture.percent", { value: 100 }), 2 + INSET, y(1) + 14);
    context.fillStyle = ink.accent;
    context.beginPath();
    context.arc(x(upTo), y(holes.shares[upTo]), 4.5, 0, 2 * Math.PI);
    context.fill();
  }
}

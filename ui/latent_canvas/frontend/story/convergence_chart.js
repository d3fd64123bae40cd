// How mean and deviation of the draws run into μ and σ: two small charts over the number of passes, with the band of expected error.

import { context2d, h } from "../dom.js";
import { BAND, standardErrors } from "./running.js";

/**
 * @typedef {import("./running.js").Running} Running
 * @typedef {import("../theme.js").Ink} Ink
 */

const MAX_DPR = 2;
const LEFT = 44;
const BOTTOM = 20;
const TOP = 8;

export class ConvergenceChart {
  /**
   * @param {"mean" | "deviation"} what
   * @param {string} label for screen readers
   * @param {() => void} resized
   * @param {AbortSignal} signal
   */
  constructor(what, label, resized, signal) {
    this.what = what;
    this.root = h("canvas", { class: "convergence", role: "img", "aria-label": label, "data-testid": `convergence-${what}` });
    const observer = new ResizeObserver(() => resized());
    observer.observe(this.root);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /**
   * @param {Running} running
   * @param {number} target μ or σ, the value it must run into
   * @param {number} sigma of the Gaussian that is drawn from
   * @param {string} name of the target at the axis
   * @param {Ink} ink
   */
  draw(running, target, sigma, name, ink) {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const dpr = Math.min(window.devicePixelRatio || 1, MAX_DPR);
    this.root.width = Math.round(width * dpr);
    this.root.height = Math.round(height * dpr);
    const context = context2d(this.root);
    context.scale(dpr, dpr);
    const last = Math.max(100, 1.1 * running.n);
    const first = this.what === "mean" ? 1 : 2;
    // The band at the first passes is wider than the picture: the axis shows what is left after four.
    const reach = BAND * standardErrors(sigma, 4)[this.what] * 1.25;
    const x = (/** @type {number} */ n) => LEFT + (Math.log(n / first) / Math.log(last / first)) * (width - LEFT - 6);
    const y = (/** @type {number} */ value) => TOP + ((target + reach - value) / (2 * reach)) * (height - TOP - BOTTOM);
    this.#band(context, x, y, target, sigma, first, last, ink);
    this.#axes(context, x, y, target, reach, last, width, height, name, ink);
    this.#line(context, running, x, y, ink, width, height);
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {(n: number) => number} x @param {(v: number) => number} y
   * @param {number} target @param {number} sigma @param {number} first @param {number} last @param {Ink} ink
   */
  #band(context, x, y, target, sigma, first, last, ink) {
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP, context.canvas.clientWidth - LEFT, context.canvas.clientHeight - TOP - BOTTOM);
    context.clip();
    context.fillStyle = ink.accent;
    context.globalAlpha = 0.16;
    context.beginPath();
    const steps = 80;
    for (let side = 1; side >= -1; side -= 2) {
      for (let i = 0; i <= steps; i++) {
        const n = first * (last / first) ** ((side > 0 ? i : steps - i) / steps);
        context.lineTo(x(n), y(target + side * BAND * Math.min(1e3, standardErrors(sigma, n)[this.what])));
      }
    }
    context.fill();
    context.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {(n: number) => number} x @param {(v: number) => number} y
   * @param {number} target @param {number} reach @param {number} last passes at the right end @param {number} width @param {number} height @param {string} name @param {Ink} ink
   */
  #axes(context, x, y, target, reach, last, width, height, name, ink) {
    context.strokeStyle = ink.line;
    context.beginPath();
    context.moveTo(LEFT, TOP);
    context.lineTo(LEFT, height - BOTTOM);
    context.lineTo(width, height - BOTTOM);
    context.stroke();
    context.fillStyle = ink.soft;
    context.font = "11px sans-serif";
    for (let n = this.what === "mean" ? 1 : 10; n <= last; n *= 10) {
      const text = n.toLocaleString("en-US");
      const half = context.measureText(text).width / 2;
      context.textAlign = "center";
      context.fillText(text, Math.min(x(n), width - half - 1), height - 6);
    }
    context.textAlign = "right";
    const digits = Math.max(2, 1 - Math.floor(Math.log10(reach)));
    for (const at of [target - reach / 1.25, target + reach / 1.25]) context.fillText(at.toFixed(digits).replace("-", "−"), LEFT - 4, y(at) + 4);
    context.strokeStyle = context.fillStyle = ink.text;
    context.font = "600 12px sans-serif";
    context.fillText(name, LEFT - 4, y(target) + 4);
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(LEFT, y(target));
    context.lineTo(width, y(target));
    context.stroke();
    context.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Running} running @param {(n: number) => number} x @param {(v: number) => number} y
   * @param {Ink} ink @param {number} width @param {number} height
   */
  #line(context, running, x, y, ink, width, height) {
    const points = running.trail.filter((point) => Number.isFinite(point[this.what]));
    if (!points.length) return;
    const end = { n: running.n, mean: running.mean, deviation: running.deviation };
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP - 3, width - LEFT, height - TOP - BOTTOM + 6);
    context.clip();
    context.strokeStyle = context.fillStyle = ink.accent;
    context.lineWidth = 2;
    context.beginPath();
    for (const point of [...points, end]) context.lineTo(x(point.n), y(point[this.what]));
    context.stroke();
    context.beginPath();
    context.arc(x(end.n), y(end[this.what]), 4, 0, 2 * Math.PI);
    context.fill();
    context.restore();
  }
}

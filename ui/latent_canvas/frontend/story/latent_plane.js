// A small map for the story: the data set's codes as faint dots, Gaussians as ellipses, clouds of draws, and handles to drag.

import { context2d, h } from "../dom.js";
import { bounds, createView, fromBounds, lerpView, ticks, toLatent, toScreen } from "../view.js";

/**
 * @typedef {import("../view.js").View} View
 * @typedef {import("../theme.js").Ink} Ink
 * @typedef {[number, number, number, number]} Bounds xmin, xmax, ymin, ymax in latent units
 *
 * @typedef {object} Ellipse a Gaussian, drawn to the axes' scale
 * @property {ArrayLike<number>} mu
 * @property {ArrayLike<number>} sigma
 * @property {number[]} ks semi-axes in σ, each an outline
 * @property {string} color CSS
 * @property {boolean} [filled] the smallest outline is filled softly
 * @property {number[]} [dash]
 * @property {number} [width] CSS pixels
 *
 * @typedef {object} Dots
 * @property {ArrayLike<number>} xy [n][2] latent
 * @property {string | string[]} color CSS, one for all or one each
 * @property {number} [radius] CSS pixels
 * @property {number} [alpha]
 * @property {number} [count] only the first so many
 *
 * @typedef {object} PlaneScene
 * @property {Ink} ink
 * @property {{codes: Float32Array, labels: ArrayLike<number>, colors: string[]} | null} [samples] the data set's codes as faint dots
 * @property {Ellipse[]} [ellipses]
 * @property {Dots[]} [dots]
 * @property {boolean} [prior] the prior's circles at 1, 2, 3σ
 * @property {{xy: ArrayLike<number>, text: string, color: string}[]} [words] names at places; the first ones where they would cover each other
 * @property {(context: CanvasRenderingContext2D, view: View) => void} [under] drawn first of all
 *
 * @typedef {object} Handle a point that can be dragged, also by arrow keys (Shift: finely)
 * @property {HTMLButtonElement} root
 * @property {(x: number, y: number) => void} moveTo latent
 */

const MAX_DPR = 2;
/** A plane narrower than this has room for three numbers along an axis. */
const NARROW_PX = 260;
const WORD_FONT = "600 13px sans-serif";
/** Height of a word, CSS pixels. */
const WORD_PX = 15;
const GLIDE_MS = 450;
/** Share of the plane's width that an arrow key moves a handle. */
const KEY_STEP = 0.02;
/** At most this many of the data set's codes are drawn. */
const MAX_DOTS = 6000;

export class LatentPlane {
  /**
   * @param {{label: string, testid: string, resized: () => void}} options label: what the picture shows, for screen readers
   * @param {AbortSignal} signal
   */
  constructor({ label, testid, resized }, signal) {
    this.signal = signal;
    this.canvas = h("canvas", { class: "layer", role: "img", "aria-label": label });
    this.root = h("div", { class: "stage latent-plane", "data-testid": testid }, this.canvas);
    this.context = context2d(this.canvas);
    /** The faint dots, drawn anew only when they change. */
    this.ground = h("canvas", {});
    this.groundKey = "";
    this.view = createView();
    /** @type {Bounds} what must be in sight */
    this.box = [-3.4, 3.4, -3.4, 3.4];
    this.width = 0;
    this.height = 0;
    /** @type {{handle: Handle, at: [number, number]}[]} */
    this.handles = [];
    this.glideId = 0;
    this.resized = resized;
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(this.root);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.glideId);
    });
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height || (width === this.width && height === this.height)) return;
    Object.assign(this, { width, height });
    const dpr = Math.min(window.devicePixelRatio || 1, MAX_DPR);
    this.canvas.width = Math.round(width * dpr);
    this.canvas.height = Math.round(height * dpr);
    this.view = fromBounds(this.box, width, height);
    this.resized();
  }

  /**
   * What the plane shows, at once or in a glide (never one where the reader prefers no motion).
   * @param {Bounds} box
   * @param {boolean} [glide]
   */
  show(box, glide = false) {
    if (box.every((v, i) => Math.abs(v - this.box[i]) < 1e-9)) return;
    this.box = box;
    cancelAnimationFrame(this.glideId);
    if (!this.width) return;
    const [from, to] = [this.view, fromBounds(box, this.width, this.height)];
    if (!glide || window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.view = to;
      return this.resized();
    }
    const began = performance.now();
    const step = (/** @type {number} */ now) => {
      const s = Math.min(1, Math.max(0, now - began) / GLIDE_MS);
      this.view = s === 1 ? to : lerpView(from, to, s * s * (3 - 2 * s));
      this.resized();
      if (s < 1) this.glideId = requestAnimationFrame(step);
    };
    this.glideId = requestAnimationFrame(step);
  }

  /**
   * @param {{name: string, label: string, onMove: (x: number, y: number) => void, onEnd?: () => void}} options name: for tests; label: what it is and does
   * @returns {Handle}
   */
  addHandle({ name, label, onMove, onEnd = () => {} }) {
    const { signal } = this;
    const root = h("button", { type: "button", class: "handle", "data-testid": name, "aria-label": label, title: label });
    const entry = { handle: /** @type {Handle} */ ({ root, moveTo: (x, y) => this.#place(entry, x, y) }), at: /** @type {[number, number]} */ ([0, 0]) };
    let grip = /** @type {{dx: number, dy: number} | null} */ (null);
    const place = (/** @type {PointerEvent} */ event) => {
      const box = this.root.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    root.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      const [x, y] = place(event);
      const [hx, hy] = toScreen(this.view, ...entry.at);
      grip = { dx: hx - x, dy: hy - y };
      root.setPointerCapture(event.pointerId);
      root.focus({ preventScroll: true });
      event.preventDefault();
    }, { signal });
    root.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const [x, y] = place(event);
      onMove(...toLatent(this.view, x + grip.dx, y + grip.dy));
    }, { signal });
    for (const ending of /** @type {const} */ (["pointerup", "pointercancel"])) {
      root.addEventListener(ending, () => {
        if (!grip) return;
        grip = null;
        onEnd();
      }, { signal });
    }
    root.addEventListener("keydown", (event) => {
      const arrow = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] })[event.key];
      if (!arrow) return;
      event.preventDefault();
      event.stopPropagation();
      const step = ((this.width / this.view.scale) * KEY_STEP) / (event.shiftKey ? 5 : 1);
      onMove(entry.at[0] + step * arrow[0], entry.at[1] + step * arrow[1]);
      onEnd();
    }, { signal });
    this.handles.push(entry);
    this.root.append(root);
    return entry.handle;
  }

  /** @param {{handle: Handle, at: [number, number]}} entry @param {number} x @param {number} y */
  #place(entry, x, y) {
    entry.at = [x, y];
    const [px, py] = toScreen(this.view, x, y);
    entry.handle.root.classList.toggle("outside", px < 0 || py < 0 || px > this.width || py > this.height);
    entry.handle.root.style.transform = `translate(${px}px, ${py}px)`;
  }

  /**
   * Where a click or tap on the plane is, in latent units.
   * @param {(x: number, y: number) => void} tell
   */
  onTap(tell) {
    this.root.addEventListener("click", (event) => {
      if (event.target instanceof HTMLButtonElement) return;
      const box = this.root.getBoundingClientRect();
      tell(...toLatent(this.view, event.clientX - box.left, event.clientY - box.top));
    }, { signal: this.signal });
  }

  /** @param {PlaneScene} scene */
  draw(scene) {
    const { context, width, height } = this;
    if (!width) return;
    const dpr = this.canvas.width / width;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, width, height);
    scene.under?.(context, this.view);
    if (scene.samples) this.#drawSamples(scene.samples, dpr);
    this.#drawAxes(scene.ink);
    if (scene.prior) this.#drawPrior(scene.ink);
    for (const dots of scene.dots ?? []) this.#drawDots(dots);
    for (const ellipse of scene.ellipses ?? []) this.#drawEllipse(ellipse);
    this.#drawWords(scene.words ?? [], scene.ink);
    for (const entry of this.handles) this.#place(entry, ...entry.at);
  }

  /** @param {NonNullable<PlaneScene["samples"]>} samples @param {number} dpr */
  #drawSamples({ codes, labels, colors }, dpr) {
    const n = Math.min(MAX_DOTS, codes.length / 4);
    // Codes change in place with β: a few of them stand for all.
    const key = [this.width, this.height, ...bounds(this.view), n, codes[0], codes[1], codes[4 * n - 4], colors.join()].join();
    if (key !== this.groundKey) {
      this.groundKey = key;
      this.ground.width = this.canvas.width;
      this.ground.height = this.canvas.height;
      const context = context2d(this.ground);
      context.setTransform(dpr, 0, 0, dpr, 0, 0);
      context.globalAlpha = n > 1000 ? 0.38 : 0.5;
      const radius = n > 1000 ? 1.5 : 2;
      for (const [label, color] of colors.entries()) {
        context.fillStyle = color;
        context.beginPath();
        for (let i = 0; i < n; i++) {
          if (labels[i] !== label) continue;
          const [x, y] = toScreen(this.view, codes[4 * i], codes[4 * i + 1]);
          context.moveTo(x + radius, y);
          context.arc(x, y, radius, 0, 2 * Math.PI);
        }
        context.fill();
      }
    }
    this.context.drawImage(this.ground, 0, 0, this.width, this.height);
  }

  /** @param {Ink} ink */
  #drawAxes(ink) {
    const { context, view, width, height } = this;
    const [xmin, xmax, ymin, ymax] = bounds(view);
    context.save();
    context.fillStyle = ink.soft;
    context.font = "11px sans-serif";
    context.globalAlpha = 0.9;
    const count = width < NARROW_PX ? 3 : 5;
    const across = ticks(xmin, xmax, count);
    const up = ticks(ymin, ymax, count);
    context.textAlign = "center";
    for (const x of across.values) {
      const px = toScreen(view, x, 0)[0];
      if (px > 24 && px < width - 24) context.fillText(minus(x.toFixed(across.decimals)), px, height - 5);
    }
    context.textAlign = "left";
    for (const y of up.values) {
      const py = toScreen(view, 0, y)[1];
      if (py > 14 && py < height - 20) context.fillText(minus(y.toFixed(up.decimals)), 4, py + 4);
    }
    context.restore();
  }

  /** @param {Ink} ink */
  #drawPrior(ink) {
    const { context, view } = this;
    const [cx, cy] = toScreen(view, 0, 0);
    context.save();
    context.strokeStyle = ink.text;
    context.globalAlpha = 0.55;
    context.setLineDash([2, 4]);
    for (const k of [1, 2, 3]) {
      context.beginPath();
      context.arc(cx, cy, k * view.scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.restore();
  }

  /** @param {Dots} dots */
  #drawDots({ xy, color, radius = 2, alpha = 0.7, count = Math.floor(xy.length / 2) }) {
    const { context, view } = this;
    context.save();
    context.globalAlpha = alpha;
    const each = Array.isArray(color);
    if (!each) {
      context.fillStyle = color;
      context.beginPath();
    }
    for (let i = 0; i < count; i++) {
      const [x, y] = toScreen(view, xy[2 * i], xy[2 * i + 1]);
      if (each) {
        context.fillStyle = color[i];
        context.beginPath();
      }
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
      if (each) context.fill();
    }
    if (!each) context.fill();
    context.restore();
  }

  /** @param {Ellipse} ellipse */
  #drawEllipse({ mu, sigma, ks, color, filled, dash, width = 2 }) {
    const { context, view } = this;
    const [x, y] = toScreen(view, mu[0], mu[1]);
    context.save();
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash ?? []);
    for (const [i, k] of ks.entries()) {
      context.beginPath();
      context.ellipse(x, y, Math.max(0.5, k * sigma[0] * view.scale), Math.max(0.5, k * sigma[1] * view.scale), 0, 0, 2 * Math.PI);
      context.globalAlpha = i === 0 ? 1 : 0.65;
      context.stroke();
      if (filled && i === 0) {
        context.globalAlpha = 0.18;
        context.fill();
      }
    }
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(x, y, 2.5, 0, 2 * Math.PI);
    context.fill();
    context.restore();
  }

  /**
   * Inside the picture, and none over another: those that come first in the list keep their place.
   * @param {NonNullable<PlaneScene["words"]>} words
   * @param {Ink} ink
   */
  #drawWords(words, ink) {
    const { context } = this;
    context.save();
    context.font = WORD_FONT;
    /** @type {{x: number, y: number, half: number}[]} */
    const taken = [];
    for (const { xy, text, color } of words) {
      const [px, py] = toScreen(this.view, xy[0], xy[1]);
      const half = context.measureText(text).width / 2 + 3;
      const x = Math.min(Math.max(px, half), this.width - half);
      const y = Math.min(Math.max(py, WORD_PX), this.height - 6);
      if (taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < WORD_PX)) continue;
      taken.push({ x, y, half });
      this.#word(text, x, y, color, ink);
    }
    context.restore();
  }

  /** @param {string} text @param {number} x @param {number} y @param {string} color @param {Ink} ink */
  #word(text, x, y, color, ink) {
    const { context } = this;
    context.save();
    context.font = WORD_FONT;
    context.textAlign = "center";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = ink.background;
    context.strokeText(text, x, y);
    context.fillStyle = color;
    context.fillText(text, x, y);
    context.restore();
  }
}

/**
 * A box around a Gaussian that shows it at `k` σ, wide enough to be a picture of its own, with the plane's equal axes.
 * @param {ArrayLike<number>} mu
 * @param {ArrayLike<number>} sigma
 * @param {number} k
 * @returns {Bounds}
 */
export function boxAround(mu, sigma, k) {
  const reach = k * Math.max(sigma[0], sigma[1]);
  return [mu[0] - reach, mu[0] + reach, mu[1] - reach, mu[1] + reach];
}

/** @param {string} text */
function minus(text) {
  return text.replace("-", "\u2212");
}

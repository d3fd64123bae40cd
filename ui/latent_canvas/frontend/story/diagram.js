// The encoder as a picture of itself: the input, its hidden layers with their real activations, and the two heads.

import { context2d, h } from "../dom.js";
import { isTable } from "../bars.js";
import { toImageData } from "../images.js";
import { rgbOf } from "../palette.js";
import { t } from "../texts.js";

/**
 * @typedef {import("../encoder.js").Encoder} Encoder
 * @typedef {import("../theme.js").Ink} Ink
 * @typedef {{x: number, y: number, width: number, height: number}} Box CSS pixels
 */

const MAX_DPR = 2;
/** The wave takes this long from the input to the heads. */
const WAVE_MS = 900;
/** Units of a hidden layer are laid out in so many columns. */
const COLUMNS = 8;
const HEIGHT = 190;
const CAPTION = 18;
/** Activations are coloured by their size relative to this share of the layer's largest. */
const FULL_SHARE = 0.6;

export class Diagram {
  /** @param {() => void} redraw @param {AbortSignal} signal */
  constructor(redraw, signal) {
    this.redraw = redraw;
    this.root = h("canvas", { class: "diagram", role: "img", "aria-label": t("story_encoder.diagram"), "data-testid": "diagram" });
    this.picture = h("canvas", {});
    this.began = -Infinity;
    this.timer = 0;
    const observer = new ResizeObserver(() => redraw());
    observer.observe(this.root);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.timer);
    });
  }

  /** Let the sample be seen to run through, from left to right; at once where the reader prefers no motion. */
  run() {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.began = performance.now();
    const go = () => {
      this.redraw();
      if (this.#reached < 1) this.timer = requestAnimationFrame(go);
    };
    cancelAnimationFrame(this.timer);
    this.timer = requestAnimationFrame(go);
  }

  /** How far the wave has come, from 0 to 1. */
  get #reached() {
    return Math.min(1, Math.max(0, (performance.now() - this.began) / WAVE_MS));
  }

  /**
   * @param {Encoder} encoder just run on `pixels`
   * @param {Float32Array} pixels
   * @param {number[]} shape
   * @param {Ink} ink
   * @param {{mu: string, logVar: string}} heads CSS colours
   */
  draw(encoder, pixels, shape, ink, heads) {
    const width = this.root.clientWidth;
    if (!width) return;
    const dpr = Math.min(window.devicePixelRatio || 1, MAX_DPR);
    this.root.width = Math.round(width * dpr);
    this.root.height = Math.round(HEIGHT * dpr);
    const context = context2d(this.root);
    context.scale(dpr, dpr);
    const boxes = layout(encoder, width, shape);
    const last = boxes.length - 1;
    const reached = this.#reached * (last + 1);
    for (let i = 0; i < last; i++) fan(context, boxes[i], boxes[i + 1], ink, reached - i);
    this.#input(context, pixels, shape, boxes[0]);
    const [plus, minus] = [rgbOf(ink.accent), rgbOf(heads.logVar)];
    for (let i = 1; i < last; i++) {
      const part = Math.min(1, Math.max(0, reached - i));
      units(context, encoder.activations(i), boxes[i], plus, minus, ink, part);
      caption(context, t("story_encoder.units", { count: encoder.layers[i - 1].outputs }), boxes[i], ink);
    }
    caption(context, t("story_encoder.input", { count: pixels.length }), boxes[0], ink);
    headBoxes(context, boxes[last], ink, heads, Math.min(1, Math.max(0, reached - last)));
    caption(context, t("story_encoder.heads"), boxes[last], ink);
  }

  /** @param {CanvasRenderingContext2D} context @param {Float32Array} pixels @param {number[]} shape @param {Box} box */
  #input(context, pixels, shape, box) {
    const image = toImageData(pixels, shape);
    this.picture.width = image.width;
    this.picture.height = image.height;
    context2d(this.picture).putImageData(image, 0, 0);
    context.imageSmoothingEnabled = isTable(shape);
    context.drawImage(this.picture, box.x, box.y, box.width, box.height);
  }
}

/**
 * @param {Encoder} encoder @param {number} width @param {number[]} shape
 * @returns {Box[]} input, hidden layers, heads
 */
function layout(encoder, width, shape) {
  const hidden = encoder.layers.length - 1;
  const tall = HEIGHT - CAPTION - 8;
  const gap = Math.max(8, width * 0.05);
  const headWidth = Math.min(76, width * 0.15);
  const picture = Math.min(110, width * 0.2, tall);
  const each = Math.min(84, Math.max(16, (width - picture - headWidth - gap * (hidden + 1)) / Math.max(1, hidden)));
  const spare = (width - picture - headWidth - each * hidden) / (hidden + 1);
  const middle = (/** @type {number} */ height) => 4 + (tall - height) / 2;
  const boxes = [{ x: 0, y: middle(picture), width: picture, height: picture }];
  for (let i = 0; i < hidden; i++) boxes.push({ x: picture + spare * (i + 1) + each * i, y: 4, width: each, height: tall });
  boxes.push({ x: width - headWidth, y: middle(tall * 0.72), width: headWidth, height: tall * 0.72 });
  return boxes;
}

/**
 * @param {CanvasRenderingContext2D} context @param {Box} from @param {Box} to @param {Ink} ink
 * @param {number} reached 0 before the wave, 1 and more behind it
 */
function fan(context, from, to, ink, reached) {
  const part = Math.min(1, Math.max(0, reached));
  context.save();
  context.fillStyle = part > 0 && part < 1 ? ink.accent : ink.line;
  context.globalAlpha = part > 0 && part < 1 ? 0.35 : 0.4;
  context.beginPath();
  context.moveTo(from.x + from.width + 2, from.y);
  context.lineTo(to.x - 2, to.y);
  context.lineTo(to.x - 2, to.y + to.height);
  context.lineTo(from.x + from.width + 2, from.y + from.height);
  context.fill();
  context.restore();
}

/**
 * One cell for each unit, the fuller its colour the farther it is from 0.
 * @param {CanvasRenderingContext2D} context @param {Float64Array} values @param {Box} box
 * @param {number[]} plus rgb @param {number[]} minus rgb @param {Ink} ink @param {number} part of the units that the wave has reached
 */
function units(context, values, box, plus, minus, ink, part) {
  const columns = Math.min(COLUMNS, values.length);
  const rows = Math.ceil(values.length / columns);
  const [w, tall] = [box.width / columns, box.height / rows];
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  context.save();
  context.fillStyle = ink.line;
  context.globalAlpha = 0.35;
  context.fillRect(box.x, box.y, box.width, box.height);
  const shown = Math.round(part * values.length);
  for (let i = 0; i < shown; i++) {
    const [r, g, b] = values[i] >= 0 ? plus : minus;
    context.globalAlpha = Math.min(1, Math.abs(values[i]) / (FULL_SHARE * most));
    context.fillStyle = `rgb(${r},${g},${b})`;
    context.fillRect(box.x + (i % columns) * w, box.y + Math.floor(i / columns) * tall, Math.max(1, w - 0.7), Math.max(1, tall - 0.7));
  }
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Box} box @param {Ink} ink @param {{mu: string, logVar: string}} heads @param {number} part */
function headBoxes(context, box, ink, heads, part) {
  context.save();
  context.font = `600 ${Math.min(15, box.width / 4)}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const half = box.height / 2 - 5;
  for (const [i, [name, color]] of [["μ", heads.mu], ["log σ²", heads.logVar]].entries()) {
    const y = box.y + i * (half + 10);
    context.globalAlpha = 0.12 + 0.2 * part;
    context.fillStyle = color;
    context.fillRect(box.x, y, box.width, half);
    context.globalAlpha = 0.35 + 0.65 * part;
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(box.x + 1, y + 1, box.width - 2, half - 2);
    context.fillStyle = ink.text;
    context.fillText(name, box.x + box.width / 2, y + half / 2);
  }
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {Box} box @param {Ink} ink */
function caption(context, text, box, ink) {
  context.save();
  context.fillStyle = ink.soft;
  context.font = "11px sans-serif";
  const wide = context.measureText(text).width;
  const x = Math.min(Math.max(0, box.x + box.width / 2 - wide / 2), context.canvas.clientWidth - wide);
  context.fillText(text, x, HEIGHT - 5);
  context.restore();
}

// Paths between pinned points: a strip of decodes along the line, played back, and saved as GIF or PNG.

import { isTable, onGround } from "./bars.js";
import { context2d, h, saveFile, segmented, setShown } from "./dom.js";
import { encodeGif } from "./gif.js";
import { pictureSize, toImageData } from "./images.js";
import { path } from "./paths.js";
import { t } from "./texts.js";

/**
 * @typedef {"straight" | "quantiles"} Through
 * @typedef {object} PathActions
 * @property {() => void} pin add z to the pins
 * @property {() => void} unpin take the last pin back
 * @property {() => void} clear
 * @property {(through: Through) => void} through
 * @property {(z: [number, number]) => void} visit move z along while playing
 * @property {(z: Float32Array) => Float32Array} decode
 * @property {() => string} fileName without extension
 */

/** Images in the strip. */
const STRIP = 14;
/** Frames of a GIF, there and back again, and how long each stands. */
const GIF_FRAMES = 40;
const GIF_DELAY_MS = 60;
/** A saved picture's side is brought to at least this many pixels. */
const SAVED_SIDE = 224;
/** Pictures of bars have no frame of their own: so much of one's width is left free between two. */
const BARS_GAP = 0.05;
/** The ground of saved pictures of bars. */
const PAPER = [255, 255, 255];
/** One way along the path, in milliseconds. */
const PLAY_MS = 3500;

export class PathPanel {
  /**
   * @param {PathActions} actions
   * @param {AbortSignal} signal
   */
  constructor(actions, signal) {
    this.actions = actions;
    /** @type {[number, number][]} */
    this.pins = [];
    /** @type {Through} */
    this.through = "straight";
    /** @type {number[]} */
    this.shape = [1];
    this.playing = 0;
    this.strip = h("canvas", { class: "path-strip", hidden: true, "data-testid": "path-strip", role: "img", "aria-label": t("map.path.strip") });
    const ways = { straight: t("map.path.way.straight"), quantiles: t("map.path.way.quantiles") };
    this.ways = segmented(t("map.path.way"), ways, (way) => actions.through(way), signal);
    this.hint = h("p", { class: "note" });
    this.pinButton = this.#button("map.path.pin", "pin", () => actions.pin(), signal);
    this.play = this.#button("map.path.play", "path-play", () => this.togglePlay(), signal);
    const more = [
      this.#button("map.path.unpin", "unpin", () => actions.unpin(), signal),
      this.#button("map.path.clear", "path-clear", () => actions.clear(), signal),
      this.#button("map.path.gif", "path-gif", () => this.saveGif(), signal),
      this.#button("map.path.png", "path-png", () => this.savePng(), signal),
    ];
    this.undo = more[0];
    this.tools = h("div", { class: "row" }, this.ways.root, this.play, ...more.slice(1));
    this.root = h("section", { class: "paths", "aria-label": t("map.paths") },
      h("div", { class: "row" }, h("h3", {}, t("map.path")), this.pinButton, this.undo, this.hint), this.tools, this.strip);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.playing));
  }

  /**
   * @param {string} key of its text; `.why` says what it does
   * @param {string} testid
   * @param {() => void} onClick
   * @param {AbortSignal} signal
   */
  #button(key, testid, onClick, signal) {
    const button = h("button", { type: "button", title: t(`${key}.why`), "data-testid": testid }, t(key));
    button.addEventListener("click", onClick, { signal });
    return button;
  }

  /**
   * @param {[number, number][]} pins
   * @param {Through} through
   * @param {number[]} shape
   */
  set(pins, through, shape) {
    Object.assign(this, { pins, through, shape });
    this.ways.set(through);
    const ready = pins.length > 1;
    setShown(this.tools, ready);
    if (!ready) setShown(this.strip, false);
    setShown(this.undo, pins.length > 0);
    if (!ready) this.stop();
    this.hint.textContent = pins.length ? t("map.path.pins", { count: pins.length }) : t("map.path.empty");
  }

  /** @param {number} steps @returns {Float32Array} [steps][2] */
  path(steps) {
    return this.pins.length > 1 ? path(this.pins, steps, this.through) : new Float32Array(0);
  }

  /** Decode the strip anew: pins, way or β have changed. */
  drawStrip() {
    if (this.pins.length < 2) return;
    const { width, height } = pictureSize(this.shape);
    const gap = this.#gap(width);
    this.strip.width = STRIP * (width + gap) - gap;
    this.strip.height = height;
    this.strip.classList.toggle("of-bars", isTable(this.shape));
    const context = context2d(this.strip);
    for (const [i, image] of this.#images(STRIP).entries()) context.putImageData(image, i * (width + gap), 0);
    setShown(this.strip, true); // only now: an empty strip has another height
  }

  /** Between two pictures of a strip. @param {number} width of one */
  #gap(width) {
    return isTable(this.shape) ? Math.round(BARS_GAP * width) : 0;
  }

  /** As they are saved: enlarged, and not transparent. @param {number} steps @param {number} side at least so many pixels @returns {ImageData[]} */
  #saved(steps, side) {
    const { width, height } = pictureSize(this.shape);
    const factor = Math.max(1, Math.ceil(side / Math.max(width, height)));
    const paper = (/** @type {ImageData} */ image) => {
      const flat = onGround({ width: image.width, height: image.height, data: new Uint8ClampedArray(image.data) }, PAPER);
      return new ImageData(flat.data, flat.width, flat.height);
    };
    return this.#images(steps).map((image) => enlarge(isTable(this.shape) ? paper(image) : image, factor));
  }

  /** @param {number} steps @returns {ImageData[]} */
  #images(steps) {
    const path = this.path(steps);
    return Array.from({ length: steps }, (_, i) => toImageData(this.actions.decode(path.subarray(2 * i, 2 * i + 2)), this.shape));
  }

  togglePlay() {
    if (this.playing) return this.stop();
    this.play.textContent = t("map.path.pause");
    const path = this.path(241);
    const began = performance.now();
    const tick = (/** @type {number} */ now) => {
      const phase = (Math.max(0, now - began) / PLAY_MS) % 2;
      const at = 2 * Math.round(240 * (phase < 1 ? phase : 2 - phase));
      this.actions.visit([path[at], path[at + 1]]);
      this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.play.textContent = t("map.path.play");
  }

  saveGif() {
    const oneWay = this.#saved(GIF_FRAMES, SAVED_SIDE);
    const [{ width, height }] = oneWay;
    const frames = [...oneWay, ...oneWay.slice(1, -1).reverse()].map(({ data }) => new Uint8Array(data.buffer));
    const bytes = encodeGif(frames, width, height, { delayMs: GIF_DELAY_MS, loop: 0 });
    saveFile(new Blob([bytes.slice()], { type: "image/gif" }), `${this.actions.fileName()}-path.gif`);
  }

  savePng() {
    const images = this.#saved(STRIP, SAVED_SIDE / 2);
    const [{ width, height }] = images;
    const gap = this.#gap(width);
    const canvas = h("canvas", { width: String(STRIP * (width + gap) - gap), height: String(height) });
    const context = context2d(canvas);
    if (gap) {
      context.fillStyle = `rgb(${PAPER})`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    for (const [i, image] of images.entries()) context.putImageData(image, i * (width + gap), 0);
    canvas.toBlob((blob) => blob && saveFile(blob, `${this.actions.fileName()}-path.png`));
  }
}

/**
 * Every pixel becomes a square of `factor` by `factor`: enlarged, not smoothed.
 * @param {ImageData} image
 * @param {number} factor
 * @returns {ImageData}
 */
function enlarge(image, factor) {
  const large = new ImageData(image.width * factor, image.height * factor);
  const from = new Uint32Array(image.data.buffer);
  const to = new Uint32Array(large.data.buffer);
  for (let y = 0; y < large.height; y++) {
    const row = Math.floor(y / factor) * image.width;
    for (let x = 0; x < large.width; x++) to[y * large.width + x] = from[row + Math.floor(x / factor)];
  }
  return large;
}

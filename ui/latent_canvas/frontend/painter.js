// Draws a LatentCanvas: collects what has changed and draws it, at most once per animation frame.

import { covering, priorTail } from "./codes.js";
import { ImportedDecoder } from "./imported_decoder.js";
import { Manifold } from "./manifold.js";
import { MapRenderer } from "./map_renderer.js";
import { drawOverlay } from "./overlay.js";
import { RAMP, classColors, rgbOf } from "./palette.js";
import { NEIGHBOURS } from "./panel.js";
import { describeSample, labelPlaces, rateTop } from "./sample.js";
import { showsClass } from "./showing.js";
import { t } from "./texts.js";
import { isDark, readInk } from "./theme.js";
import { bounds, toScreen } from "./view.js";
import { COVER_SIGMA, coverWords, group, placeWords, priorWords } from "./words.js";

/**
 * @typedef {import("./store.js").Model} Model
 * @typedef {"beta" | "codes" | "decoder" | "z" | "scene" | "view" | "sample" | "path" | "ground" | "strip"} Part what must be drawn anew
 */

/** Work on the manifold per frame, in milliseconds; the rest of the frame belongs to the hand. */
const GROUND_MS = 5;
/** The strip of neighbours follows a moving z this often, in milliseconds. */
const STRIP_MS = 90;
/** Steps of the line that is drawn between pins. */
const PATH_STEPS = 121;
/** What moves by itself does not. */
const STILL = Object.freeze({ parts: [], moving: false });

export class Painter {
  /** @param {import("./canvas.js").LatentCanvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.dirty = /** @type {Set<Part>} */ (new Set());
    this.frameId = 0;
    this.frames = 0;
    /** The first move after a frame is decoded at once, in its own event; later ones wait for the next frame. */
    this.decodedEarly = false;
    this.shown = 0;
    this.decodeMs = 0;
    /** What a full frame takes about, and how long it is waited for, milliseconds. */
    this.frameMs = 0;
    this.waitMs = 0;
    this.askedAt = 0;
    this.stripAt = -Infinity;
    /** @type {string[]} */
    this.colors = [];
    /** @type {import("./theme.js").Ink} */
    this.ink = { text: "#222", background: "#fff", accent: "#4457c0", soft: "#666", line: "#ccc" };
    this.dark = false;
    /** @type {Model | null} */
    this.model = null;
    this.current = new Float32Array(0);
    this.pixels = new Float32Array(0);
    this.path = /** @type {Float32Array} */ (new Float32Array(0));
    /** @type {{x: number, y: number, text: string, color: string}[]} */
    this.labels = [];
    /** @type {Manifold | null} */
    this.manifold = null;
    /** @type {MapRenderer | null} */
    this.map = null;
    /**
     * Moves the codes by itself, as training does; asked once per frame.
     * @type {{frame: (now: number) => {parts: Part[], moving: boolean}} | null}
     */
    this.morph = null;
  }

  /**
   * @param {Model} model
   * @param {"webgl2" | "canvas2d" | null} prefer
   */
  openModel(model, prefer) {
    this.model = model;
    this.colors = classColors(model.spec.label_names.length);
    this.manifold = new Manifold(model.decoder, model.spec.shape);
    this.manifold.setInk(rgbOf(this.ink.text));
    this.map ??= new MapRenderer(this.canvas.stage.map, { prefer: prefer ?? undefined });
    this.current = new Float32Array(0);
    this.updateCodes();
    this.invalidate("beta", "path", "view");
  }

  /** Codes and decoder follow β (and samples that have just arrived). */
  updateCodes() {
    const { model } = this;
    if (!model) return;
    this.current = model.codes.at(this.canvas.state.beta, this.current.length === 4 * model.codes.n ? this.current : undefined);
    model.decoder.setBeta(this.canvas.state.beta);
  }

  /** Read the colours of the page, which change with its theme. */
  readTheme() {
    const ink = readInk(this.canvas.root);
    if (JSON.stringify(ink) === JSON.stringify(this.ink)) return;
    this.ink = ink;
    this.dark = isDark(ink.background);
    this.manifold?.setInk(rgbOf(this.ink.text));
    this.invalidate("scene", "ground");
  }

  /** @param {Part[]} parts */
  invalidate(...parts) {
    for (const part of parts) this.dirty.add(part);
    if (this.frameId) return;
    this.frameId = requestAnimationFrame((now) => this.#frame(now));
    this.askedAt = performance.now();
  }

  /** @param {number} now */
  #frame(now) {
    this.frameId = 0;
    const { model, map } = this;
    const { stage } = this.canvas;
    if (!model || !map || !stage.width) return;
    const began = performance.now();
    this.waitMs = Math.max(began - this.askedAt, 0.8 * this.waitMs);
    const dirty = this.dirty;
    this.dirty = new Set();
    const { parts, moving } = this.morph?.frame(now) ?? STILL;
    for (const part of parts) dirty.add(part);
    if (moving) this.invalidate();
    if (dirty.has("beta") || dirty.has("decoder")) this.#useDecoder(model, dirty);
    if (dirty.has("beta") || dirty.has("codes")) this.#useCodes(dirty);
    if (dirty.has("z")) this.drawZ();
    this.decodedEarly = false;
    if (dirty.has("scene")) this.#drawScene(model, map);
    if (dirty.has("view")) map.setView(this.canvas.view, { moving: this.canvas.moving });
    if (map.frame(now)) this.invalidate();
    this.#drawGround(dirty);
    this.#drawOverlay(model, dirty);
    this.#drawSample(model, dirty);
    this.#drawStrip(model, now, dirty);
    if (dirty.has("path")) this.canvas.paths.drawStrip();
    this.frames += 1;
    this.#tell();
    this.frameMs = Math.max(performance.now() - began, 0.8 * this.frameMs);
  }

  /** It is another one, or another β's. @param {Model} model @param {Set<Part>} dirty */
  #useDecoder(model, dirty) {
    model.decoder.setBeta(this.canvas.state.beta);
    if (this.manifold) this.manifold.decoder = model.decoder;
    this.manifold?.invalidate();
    dirty.add("z");
  }

  /** @param {Set<Part>} dirty */
  #useCodes(dirty) {
    this.updateCodes();
    for (const part of /** @type {Part[]} */ (["z", "scene", "sample", "path"])) dirty.add(part);
  }

  /** z has moved under a hand. */
  moveZ() {
    this.#tellZ();
    if (this.decodedEarly) return this.invalidate("z", "strip");
    this.decodedEarly = true;
    this.drawZ();
    this.invalidate("strip");
  }

  /** Decode z and say what its place means. Called from the pointer's event too: nothing here may be slow. */
  drawZ() {
    const { model, canvas } = this;
    if (!model) return;
    const began = performance.now();
    const { z } = canvas.state;
    const count = model.spec.shape.reduce((a, b) => a * b, 1);
    if (this.pixels.length !== count) this.pixels = new Float32Array(count);
    const exact = model.decoder instanceof ImportedDecoder ? model.decoder.exactAt(z) : null;
    if (exact) this.pixels.set(exact);
    else model.decoder.decode(z, this.pixels);
    canvas.panel.showDecoded(this.pixels, model);
    this.#tellApproximate(model, exact !== null);
    this.decodeMs = performance.now() - began;
    const mask = canvas.state.show === "selected" ? undefined : canvas.shownMask();
    const among = mask ? this.shown : model.codes.n;
    const many = model.d > 2;
    const cover = coverWords(covering(this.current, z, COVER_SIGMA, mask, model.codes.correlation), among, model.spec.samples, many);
    canvas.panel.showWords(placeWords(z, canvas.planes?.axes), priorWords(priorTail(Math.hypot(z[0], z[1])), many), cover);
    canvas.stage.placeHandle(...toScreen(canvas.view, z[0], z[1]));
    this.#tellZ();
  }

  /**
   * A decoder that the browser cannot run is blended from pictures; the server's own picture comes when the hand rests.
   * @param {Model} model @param {boolean} exact the picture on show is the server's
   */
  #tellApproximate({ decoder }, exact) {
    const blended = decoder instanceof ImportedDecoder && decoder.approximate;
    this.canvas.root.dataset.approximate = String(blended && !exact);
    if (!blended) return this.canvas.panel.showApproximate("");
    const { served, why } = decoder.member;
    const says = exact ? "planes.exact" : decoder.blind && served ? "planes.blind.waiting" : decoder.blind ? "planes.blind.short" : served ? "planes.approximate.moving" : "planes.approximate";
    this.canvas.panel.showApproximate(t(says));
    this.canvas.panel.approximate.title = why;
  }

  /**
   * @param {Model} model
   * @param {MapRenderer} map
   */
  #drawScene(model, map) {
    const { state, toolbar } = this.canvas;
    const visible = Uint8Array.from(this.colors, (_, i) => (showsClass(state, i) ? 1 : 0));
    let values = null;
    if (state.colour === "rate") {
      values = model.codes.ratesAt(state.beta, this.current);
      const top = rateTop(values);
      toolbar.setRateRange(top);
      for (let i = 0; i < values.length; i++) values[i] /= top;
    }
    if (!this.canvas.dragging) this.invalidate("z"); // what covers z is counted among the samples shown
    this.labels = labelPlaces(this.current, model, this.colors, (i) => visible[i] === 1);
    const { labels: classes, n } = model.codes;
    this.shown = state.show === "selected" ? Number(this.canvas.selectedIndex >= 0) : classes.reduce((sum, c) => sum + visible[c], 0);
    map.setScene({
      n, codes: this.current, correlation: model.codes.correlation, classes, colors: this.colors, visible, kSigma: state.k, values, ramp: RAMP,
      cloud: state.cloud && state.colour === "label", outlines: true, dark: this.dark,
    });
  }

  /** @param {Set<Part>} dirty */
  #drawGround(dirty) {
    const { manifold, canvas } = this;
    const { stage, state, view } = canvas;
    if (!manifold) return;
    if (!state.grid) {
      if (dirty.has("ground")) stage.groundContext.clearRect(0, 0, stage.ground.width, stage.ground.height);
      return;
    }
    manifold.setView(view);
    if (!manifold.step(GROUND_MS)) this.invalidate("ground");
    manifold.draw(stage.groundContext, view, stage.dpr);
  }

  /**
   * @param {Model} model
   * @param {Set<Part>} dirty
   */
  #drawOverlay(model, dirty) {
    const { canvas } = this;
    if (dirty.has("path") || dirty.has("beta")) this.path = canvas.paths.path(PATH_STEPS);
    const [x, y] = toScreen(canvas.view, canvas.state.z[0], canvas.state.z[1]);
    canvas.stage.placeHandle(x, y);
    if (!["view", "scene", "beta", "sample", "path"].some((part) => dirty.has(/** @type {Part} */ (part)))) return;
    drawOverlay(canvas.stage.topContext, {
      view: canvas.view, ink: this.ink, labels: canvas.state.show === "selected" ? [] : this.labels, kSigma: canvas.state.k,
      selected: this.#gaussian(canvas.selectedIndex), hovered: this.#gaussian(canvas.hovered),
      pins: canvas.state.pins, path: this.path, axes: canvas.planes?.axes,
    }, canvas.stage.dpr);
  }

  /** @param {number} index */
  #gaussian(index) {
    if (index < 0) return null;
    const [m1, m2, s1, s2] = this.current.subarray(4 * index, 4 * index + 4);
    const rho = this.model?.codes.correlation?.[index] ?? 0;
    return { mu: /** @type {[number, number]} */ ([m1, m2]), sigma: /** @type {[number, number]} */ ([s1, s2]), rho };
  }

  /**
   * @param {Model} model
   * @param {Set<Part>} dirty
   */
  #drawSample(model, dirty) {
    if (!dirty.has("sample")) return;
    const { hovered, selectedIndex, state, data } = this.canvas;
    const index = hovered >= 0 ? hovered : selectedIndex;
    const sample = index < 0 ? null : describeSample(model, index, state.beta, this.current, this.colors, index === selectedIndex);
    this.canvas.panel.showSample(sample, model, data?.missing ?? "", this.canvas.planes?.axes);
  }

  /**
   * @param {Model} model
   * @param {number} now
   * @param {Set<Part>} dirty
   */
  #drawStrip(model, now, dirty) {
    if (!["z", "strip", "beta", "sample", "scene"].some((part) => dirty.has(/** @type {Part} */ (part)))) return;
    if (now - this.stripAt < STRIP_MS) return this.invalidate("strip");
    this.stripAt = now;
    const { codes, spec } = model;
    const { show, z, beta } = this.canvas.state;
    const found = codes.nearestTo(z, beta, this.current, NEIGHBOURS, show === "selected" ? undefined : this.canvas.shownMask());
    const samples = Array.from(found, (index) => {
      const label = codes.labels[index];
      return { index, id: codes.ids[index], label: spec.label_names[label], color: this.colors[label] };
    });
    const reconstruct = (/** @type {number} */ index) => model.decodeSample(index, beta, this.current);
    this.canvas.panel.showNearest(samples, model, reconstruct, `${this.canvas.state.beta} ${model.version}`);
  }

  #tellZ() {
    const { root, state } = this.canvas;
    root.dataset.z = `${state.z[0].toFixed(4)},${state.z[1].toFixed(4)}`;
    root.dataset.decodeMs = this.decodeMs.toFixed(3);
  }

  /** State for tests and for anyone who scripts the page; docs/architecture.md names these attributes. */
  #tell() {
    const { root, state, view, status } = this.canvas;
    const { model, map } = this;
    if (!model || !map) return;
    this.#tellZ();
    const { shown } = this;
    Object.assign(root.dataset, {
      model: state.model, samples: String(shown), beta: String(Number(state.beta.toPrecision(6))), kSigma: String(state.k),
      frames: String(this.frames), renderer: map.renderer, view: bounds(view).map((v) => v.toFixed(4)).join(","),
      selected: String(state.selected), ready: "true",
    });
    const total = model.spec.samples;
    const all = t(shown === total ? "map.status.all" : "map.status.part", { shown: group(shown), total: group(total) });
    if (status.textContent !== all) status.textContent = all;
  }

  /** Complete the map's picture now, however long it takes. */
  finish() {
    this.map?.finish();
  }

  destroy() {
    cancelAnimationFrame(this.frameId);
    this.map?.destroy();
  }
}

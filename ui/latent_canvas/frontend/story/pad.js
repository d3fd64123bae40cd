// A square to draw on, and beside it the picture that the network gets of the drawing.

import { h, setShown } from "../dom.js";
import { paintImage } from "../images.js";
import { onChange } from "../store.js";
import { t } from "../texts.js";
import { s, set } from "../weight/svg.js";
import { prepare } from "./prepare.js";

/**
 * @typedef {import("./story_view.js").StoryView} StoryView
 * @typedef {import("./prepare.js").Point} Point
 */

/** Side of the square in the drawing's own units, and how wide a stroke is in them. */
const SIDE = 100;
const STROKE = 7;
/** How far an arrow key moves the pen, as a share of the side; a tenth of it with Shift. */
const KEY_STEP = 0.04;
/** A stroke of more points than this goes on as a new one, so that a path that grows stays short. */
const LONGEST = 800;

export class Pad {
  /**
   * @param {StoryView} story
   * @param {{changed: (pixels: Float32Array | null) => void}} actions changed: the drawing as its model knows its data, null when
   *   empty; at most once per animation frame
   * @param {AbortSignal} signal
   */
  constructor(story, { changed }, signal) {
    this.story = story;
    this.changed = changed;
    /** @type {{points: Point[], path: SVGPathElement, goesOn: boolean}[]} goesOn: part of the stroke before */
    this.strokes = [];
    /** Of the pointer that draws; -1 for none. */
    this.pointer = -1;
    this.pen = { at: /** @type {Point} */ ([0.5, 0.5]), down: false };
    this.frameId = 0;
    /** @type {import("../store.js").Model | null} the one that was told of the drawing */
    this.model = null;
    /** @type {import("../store.js").Model | null} the one whose picture is shown */
    this.seen = null;
    this.paths = s("g", { fill: "none", stroke: "currentColor", "stroke-width": STROKE, "stroke-linecap": "round", "stroke-linejoin": "round" });
    this.cursor = s("circle", { class: "pad-cursor", r: STROKE / 2 });
    this.svg = s("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" }, this.paths, this.cursor);
    this.hint = h("span", { class: "pad-hint" }, t("story_pixels.pad.here"));
    const help = h("span", { class: "visually-hidden", id: "pad-help" }, t("story_pixels.pad.help"));
    this.surface = h("div", {
      class: "pad-surface", tabindex: "0", role: "application", "aria-label": t("story_pixels.pad.label"), "aria-describedby": "pad-help",
      "data-arrows": true, "data-testid": "pad-surface",
    }, this.svg, this.hint);
    this.undoButton = h("button", { type: "button", "data-testid": "pad-undo" }, t("story_pixels.pad.undo"));
    this.clearButton = h("button", { type: "button", "data-testid": "pad-clear" }, t("story_pixels.pad.clear"));
    this.undoButton.addEventListener("click", () => this.undo(), { signal });
    this.clearButton.addEventListener("click", () => {
      this.clear();
      this.surface.focus({ preventScroll: true }); // the button has nothing left to do, and would drop the focus
    }, { signal });
    this.preview = h("canvas", { width: "1", height: "1", role: "img", "aria-label": t("story_pixels.pad.gets"), "data-testid": "pad-preview" });
    const figure = h("figure", { class: "pad-gets" }, h("div", { class: "frame" }, this.preview), h("figcaption", {}, t("story_pixels.pad.gets")));
    this.root = h("div", { class: "pad", "data-testid": "pad" }, this.surface, help, h("div", { class: "pad-side" }, figure, this.undoButton, this.clearButton));
    this.#listen(signal);
    this.#refresh();
    // A model that comes, or takes another one's place: the story hears of it first.
    const look = () => !signal.aborted && story.model !== this.seen && this.refresh();
    onChange((digest) => digest === story.data?.digest && requestAnimationFrame(look), signal);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frameId));
  }

  // ---- the hand

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { surface } = this;
    surface.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || this.pointer >= 0) return;
      this.pointer = event.pointerId;
      surface.setPointerCapture(event.pointerId);
      surface.focus({ preventScroll: true });
      event.preventDefault();
      this.pen.down = false;
      surface.classList.remove("by-keys");
      this.#begin(this.#place(event));
    }, { signal });
    surface.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer) return;
      const between = event.getCoalescedEvents?.() ?? [];
      for (const move of between.length ? between : [event]) this.#extend(this.#place(move));
    }, { signal });
    for (const ending of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      surface.addEventListener(ending, (event) => {
        if (event.pointerId === this.pointer) this.pointer = -1;
      }, { signal });
    }
    surface.addEventListener("keydown", (event) => this.#key(event), { signal });
    surface.addEventListener("blur", () => {
      this.pen.down = false;
      surface.classList.remove("by-keys");
      this.#showCursor();
    }, { signal });
  }

  /** @param {PointerEvent} event @returns {Point} */
  #place(event) {
    const box = this.surface.getBoundingClientRect();
    const share = (/** @type {number} */ at, /** @type {number} */ length) => Math.min(1, Math.max(0, at / length));
    return [share(event.clientX - box.left, box.width), share(event.clientY - box.top, box.height)];
  }

  /** @param {KeyboardEvent} event arrows move the pen, Space sets it down or lifts it, Backspace takes a stroke back */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = /** @type {Record<string, Point>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
    if (!by && event.key !== " " && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation();
    this.surface.classList.add("by-keys");
    const { pen } = this;
    if (by) {
      const step = KEY_STEP / (event.shiftKey ? 10 : 1);
      const inside = (/** @type {number} */ v) => Math.min(1, Math.max(0, v));
      pen.at = [inside(pen.at[0] + step * by[0]), inside(pen.at[1] + step * by[1])];
      if (pen.down) this.#extend(pen.at);
    } else if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) this.#begin(pen.at);
      this.story.say(t(pen.down ? "story_pixels.pad.down" : "story_pixels.pad.up"));
    } else this.undo();
    this.#showCursor();
  }

  #showCursor() {
    set(this.cursor, { cx: SIDE * this.pen.at[0], cy: SIDE * this.pen.at[1] });
    this.surface.classList.toggle("pen-down", this.pen.down);
  }

  // ---- strokes

  /** @param {Point} at @param {boolean} [goesOn] with the stroke before, which has become long */
  #begin(at, goesOn = false) {
    if (!goesOn && this.model && this.story.model !== this.model) this.#forget();
    const path = s("path", {});
    this.paths.append(path);
    this.strokes.push({ points: [at], path, goesOn });
    this.pen.at = at;
    this.#soon();
  }

  /** @param {Point} at */
  #extend(at) {
    const stroke = this.strokes[this.strokes.length - 1];
    if (!stroke) return;
    const last = stroke.points[stroke.points.length - 1];
    if (last[0] === at[0] && last[1] === at[1]) return;
    stroke.points.push(at);
    this.pen.at = at;
    this.#soon();
    if (stroke.points.length < LONGEST) return;
    this.#showPath(stroke);
    this.#begin(at, true);
  }

  undo() {
    this.pointer = -1;
    this.pen.down = false;
    while (this.strokes.length) {
      const stroke = /** @type {Pad["strokes"][number]} */ (this.strokes.pop());
      stroke.path.remove();
      if (!stroke.goesOn) break;
    }
    this.#soon();
  }

  /** Take everything away; `changed` hears null. */
  clear() {
    this.#forget();
    this.#soon();
  }

  #forget() {
    this.pointer = -1;
    this.pen.down = false;
    this.strokes = [];
    this.paths.replaceChildren();
  }

  /** Once more, for a model or a data set that has changed; a drawing made for another model is taken away. */
  refresh() {
    if (this.model && this.story.model !== this.model) this.#forget();
    this.#refresh();
  }

  // ---- what is shown

  #soon() {
    if (!this.frameId) this.frameId = requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.frameId = 0;
    const last = this.strokes[this.strokes.length - 1];
    if (last) this.#showPath(last);
    this.changed(this.#refresh());
  }

  /** Show the drawing and its picture. @returns {Float32Array | null} */
  #refresh() {
    const { model } = this.story;
    const empty = this.strokes.length === 0;
    setShown(this.hint, empty);
    this.undoButton.disabled = this.clearButton.disabled = empty;
    this.root.dataset.strokes = String(this.strokes.filter(({ goesOn }) => !goesOn).length);
    this.#showCursor();
    this.model = empty ? null : model;
    this.seen = model;
    if (!model || model.spec.shape.length < 2) return null;
    const { shape } = model.spec;
    const { levels, drawing } = model.statistics ?? { levels: 255, drawing: null };
    const pixels = prepare(this.strokes.map(({ points }) => points), { shape, levels, drawing });
    paintImage(this.preview, pixels ?? new Float32Array(shape.reduce((product, size) => product * size, 1)), shape);
    return pixels;
  }

  /** @param {{points: Point[], path: SVGPathElement}} stroke */
  #showPath({ points, path }) {
    const at = (/** @type {Point} */ [x, y]) => `${(SIDE * x).toFixed(2)} ${(SIDE * y).toFixed(2)}`;
    let d = `M${at(points[0])}`;
    // A point of no length shows as a dot with round ends.
    if (points.length < 3) d += `L${at(points[points.length - 1])}`;
    for (let i = 1; i < points.length - 1; i++) {
      const [a, b] = [points[i], points[i + 1]];
      d += `Q${at(a)} ${at(i === points.length - 2 ? b : [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])}`;
    }
    path.setAttribute("d", d);
  }
}

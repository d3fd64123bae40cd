// The page of one training: the map that moves while it learns, how it stands, and the timeline of what it went through.

import { LatentCanvas } from "../canvas.js";
import { h, setShown, setText } from "../dom.js";
import { getModel, onChange, onMoment } from "../store.js";
import { attachTerms, rich } from "../terms.js";
import { t } from "../texts.js";
import { Controls } from "./controls.js";
import { Growth, valueOver } from "./growth.js";
import { SamplesStrip } from "./samples_strip.js";
import { ShownState } from "./shown_state.js";
import { Supply } from "./supply.js";
import { between } from "./states.js";
import { Timeline } from "./timeline.js";
import { look, placeOnTimeline } from "./told.js";

export const STYLES = [new URL("./train.css", import.meta.url)];

/**
 * @typedef {import("./told.js").Status} Status
 * @typedef {import("./told.js").Progress} Progress
 * @typedef {import("./growth.js").CurvePoint} CurvePoint
 * @typedef {object} TrainingData what the page's Python sends besides what every map is told
 * @property {Status} status
 * @property {number | null} [place] in the queue
 * @property {import("./controls.js").Pace} [pace]
 * @property {Progress | null} [progress]
 * @property {number} [measured] share of the measuring that is done
 * @property {CurvePoint[]} [curve]
 * @property {import("./states.js").StateEntry[]} [states] by rising step
 * @property {string} [message] of a failure, or of what keeps it from being started
 * @typedef {import("../canvas.js").ViewData & TrainingData} TrainData
 * @typedef {object} Component Streamlit's, renewed at every call
 * @property {(key: string, value: any) => void} setStateValue
 * @property {(key: string, value: any) => void} setTriggerValue
 */

/** While it trains the whole map is brought into view where its size is off by this share, so that it does not breathe. */
const FRAME_TOLERANCE = 0.08;
/** The timeline is for looking back: while these go on, the map belongs to what is coming. */
const BUSY = new Set(["waiting", "running", "measuring"]);
/** Nothing is to come. */
const OVER = new Set(["finished", "failed", "interrupted"]);
/** While a hand drags, charts and pictures beside the map keep up this often, milliseconds. */
const DRAGGING_MS = 700;

export class TrainView {
  /** @param {HTMLElement | ShadowRoot} parent */
  constructor(parent) {
    this.abort = new AbortController();
    const { signal } = this.abort;
    /** @type {Component | null} */
    this.component = null;
    /** @type {TrainData | null} */
    this.data = null;
    /** @type {ShownState | null} */
    this.shown = null;
    /** @type {number | null} place on the timeline; null follows the newest state */
    this.position = null;
    this.updates = 0;
    this.nonce = 0;
    /** This view, for the server, which counts the single steps that each has asked for. */
    this.name = Math.random().toString(36).slice(2);
    this.steps = 0;
    this.looked = "";
    this.late = { growth: false, strip: false }; // what has to be drawn anew
    this.caughtUpAt = -Infinity;
    this.drawnBeta = NaN;
    const slot = h("div", {});
    this.canvas = new LatentCanvas(slot, { extras: false });
    this.controls = new Controls((action) => this.#act(action), signal);
    this.says = h("p", { class: "train-look", "data-testid": "train-look" });
    this.strip = new SamplesStrip((index) => this.canvas.select(index), signal);
    this.growth = new Growth(signal);
    this.supply = new Supply((states) => this.#want(states), signal);
    this.timeline = new Timeline({
      move: (position) => this.#scrub(position), rest: () => this.#rest(), newest: () => this.#follow(true), touch: () => this.supply.wantAll(),
    }, signal);
    this.empty = h("p", { class: "train-empty" });
    this.root = h("div", { class: "latent-canvas train-view", "data-testid": "train-view" }, this.controls.root, slot);
    this.#layOut();
    this.canvas.beta.input.disabled = true; // until it is known which β there are
    attachTerms(this.controls.root, signal);
    onChange((digest) => digest === this.data?.digest && this.#open(), signal);
    onMoment((digest) => digest === this.data?.digest && this.#arrived(), signal);
    parent.append(this.root);
  }

  /** The map's own layout takes in what this page has beside it. */
  #layOut() {
    const { canvas } = this;
    canvas.root.classList.add("training");
    canvas.stage.root.append(this.empty);
    const [left, right] = [".left", ".right"].map((name) => /** @type {HTMLElement} */ (canvas.root.querySelector(name)));
    left.append(canvas.beta.root, this.timeline.root, canvas.toolbar.root);
    right.prepend(this.says);
    canvas.panel.root.after(this.strip.root, this.growth.root);
    // The address names the page's own things, not where the ring lies.
    canvas.teller.toParams = () => new URLSearchParams();
    canvas.painter.morph = { frame: (now) => this.#frame(now) };
  }

  // ---- what the server says

  /**
   * @param {Component} component
   * @param {TrainData} data
   */
  update(component, data) {
    this.component = component;
    const before = this.data;
    this.data = data;
    if (before?.digest !== data.digest) this.#reset();
    this.canvas.update({ setStateValue: (/** @type {string} */ key, /** @type {any} */ value) => this.#tell(key, value) }, data);
    this.growth.setInk(this.canvas.painter.ink);
    this.controls.set(data, this.#progress());
    this.late.growth = true;
    if (data.status === "running" && before?.status !== "running") this.#follow(false);
    this.supply.set(data.states ?? [], !BUSY.has(data.status));
    this.timeline.set(this.supply.entries.length, !BUSY.has(data.status), data.status === "waiting");
    this.#open();
    this.#catchUp();
    if (data.status !== before?.status) this.growth.describe(); // with the points that #catchUp has drawn
    this.#show();
  }

  #reset() {
    this.shown = null;
    this.position = null;
    this.updates = 0;
    this.looked = "";
    this.supply.clear();
    this.root.removeAttribute("data-ready");
  }

  /** The newest that is known of it: a state may have come before the page's own numbers. @returns {Progress | null} */
  #progress() {
    const told = this.data?.progress ?? null;
    const newest = this.data ? (getModel(this.data.digest)?.newest ?? null) : null;
    const known = !newest || (told && told.step >= newest.step) ? told : { seconds_left: told?.seconds_left ?? null, ...newest.facts };
    return known && withCurve(known, this.data?.curve ?? []);
  }

  /** Something of the model has arrived: its codes, or original images. */
  #open() {
    const { canvas, data } = this;
    const model = data && getModel(data.digest);
    if (!data || !model || model.codes.n === 0 || canvas.model !== model) return;
    if (this.shown?.model !== model) {
      this.shown = new ShownState(model, () => canvas.dragging, () => this.#frameCost());
      this.strip.open(model, canvas.painter.colors);
      this.#arrived();
    }
    this.strip.showOriginals(data.missing);
  }

  /** A state has arrived. */
  #arrived() {
    const { shown, data, supply } = this;
    if (!shown || !data) return;
    const { model } = shown;
    supply.arrived(model);
    const { newest } = model;
    if (this.position !== null) return this.#standAt(this.position);
    if (!newest || shown.place?.from === newest) return this.#show();
    // What is shown first, the map opens with.
    shown.moveTo(newest, shown.place === null || prefersStill());
    this.updates += 1;
    this.controls.set(data, this.#progress());
    this.canvas.painter.invalidate("codes");
    this.#show();
  }

  // ---- what hands do

  /** @param {import("./controls.js").Action} action */
  #act(action) {
    if (!this.data) return;
    if (["go", "slow", "step", "resume"].includes(action)) this.#follow(true);
    this.nonce += 1;
    // Of two acts between two runs of the server only the second arrives: it says how many steps there were in all.
    this.steps += Number(action === "step");
    this.component?.setTriggerValue("act", {
      digest: this.data.digest, action, view: this.name, steps: this.steps, nonce: `${Date.now()}-${this.nonce}`,
    });
    this.#show();
  }

  /** @param {number} position */
  #scrub(position) {
    this.position = position;
    this.supply.lookAt(position);
    this.#standAt(position);
  }

  /** @param {number} position */
  #standAt(position) {
    const { shown, supply } = this;
    if (!shown) return;
    const { entries } = supply;
    const moment = (/** @type {number} */ place) => supply.momentOf(shown.model, place);
    const found = between(position, entries.length, (place) => moment(place) !== null);
    if (found) {
      const [from, to] = [moment(found.from), moment(found.to)];
      if (from && to) shown.standAt({ from, to, share: found.share });
      this.canvas.painter.invalidate("codes");
    }
    this.#show();
  }

  /** Back to the newest state. @param {boolean} gliding */
  #follow(gliding) {
    this.timeline.stop();
    if (this.position === null) return;
    this.position = null;
    this.supply.lookAt(-1);
    const { shown } = this;
    const newest = shown?.model.newest ?? this.supply.last(shown?.model ?? null);
    if (shown && newest) shown.moveTo(newest, !gliding || prefersStill());
    this.canvas.painter.invalidate("codes");
    this.#show();
  }

  /** The timeline's slider was let go, or the film has ended. */
  #rest() {
    this.#frameWhole();
    this.growth.describe();
  }

  /** @param {string} key @param {any} value of the map */
  #tell(key, value) {
    if (key === "wanted") this.supply.others = value;
    const told = key === "wanted" ? { ...value, states: this.supply.asked } : value;
    this.component?.setStateValue(key, told);
  }

  /** @param {number[]} states indices to be sent next */
  #want(states) {
    if (!this.data) return;
    this.component?.setStateValue("wanted", { ...this.supply.others, digest: this.data.digest, states });
  }

  // ---- drawing

  /** @param {number} now @returns {ReturnType<ShownState["frame"]>} */
  #frame(now) {
    const { shown } = this;
    if (!shown) return { parts: [], moving: false };
    const was = shown.moving;
    const { fresh } = shown;
    const found = shown.frame(now);
    this.late.strip ||= fresh || this.drawnBeta !== this.canvas.state.beta;
    this.#catchUp();
    if (was || fresh) this.root.dataset.tweening = String(found.moving);
    if (was || fresh) this.#frameWhole();
    // Once this frame has been drawn to its end.
    if (this.root.dataset.ready !== "true") queueMicrotask(() => (this.root.dataset.ready = this.canvas.root.dataset.ready ?? "false"));
    return found;
  }

  /** While a hand drags, what does not move under it keeps up only now and then. */
  #catchUp() {
    const { late, canvas, data, shown, strip } = this;
    const now = performance.now();
    if (!data || (canvas.dragging && now - this.caughtUpAt < DRAGGING_MS)) return;
    if (late.growth) this.growth.set(data.curve ?? [], OVER.has(data.status) ? null : (this.#progress()?.seconds_left ?? null));
    if (late.strip && shown) {
      this.drawnBeta = canvas.state.beta;
      strip.draw(shown.reconstructions(strip.indices, canvas.state.beta));
    }
    if (late.growth || late.strip) this.caughtUpAt = now;
    this.late = { growth: false, strip: false };
  }

  /** Milliseconds. A hand is served first: then what the browser's own drawing takes counts too, which shows as waiting. */
  #frameCost() {
    const { frameMs, waitMs } = this.canvas.painter;
    return this.canvas.dragging ? Math.max(2 * frameMs, waitMs) : frameMs;
  }

  #frameWhole() {
    const { canvas } = this;
    if (!canvas.dragging && canvas.model) canvas.camera.frameWhole(FRAME_TOLERANCE);
  }

  /** What the state that is shown says: words, curves' cursor, the timeline's place; and the attributes for tests. */
  #show() {
    const { data, shown, position, supply } = this;
    if (!data) return;
    const progress = this.#progress();
    const at = position === null ? progress : this.#factsAt(position);
    const { status } = this.controls;
    // The last stored state of a training that is over is what it has learned.
    this.#say(look(data.status, at, position !== null && position < supply.entries.length - 1));
    this.growth.show(position === null ? null : (at?.seconds ?? null), at);
    const words = at ? placeOnTimeline({ seconds: at.seconds, epoch: at.epoch }) : "";
    this.timeline.show(position ?? Math.max(0, supply.entries.length - 1), position === null ? t("live.timeline.at_newest") : words, position === null);
    this.timeline.markStops((place) => shown !== null && supply.momentOf(shown.model, place) !== null);
    this.timeline.showFetched(...supply.progress(shown?.model ?? null));
    setShown(this.empty, shown === null);
    setText(this.empty, t(data.status === "failed" ? "live.empty.failed" : "live.empty"));
    Object.assign(this.root.dataset, {
      status: String(status), updates: String(this.updates),
      step: String(at?.step ?? ""), share: String(at?.share ?? ""), stateIndex: position === null ? "" : String(Number(position.toFixed(2))),
      tweening: String(shown?.moving ?? false),
    });
  }

  /**
   * The numbers of a place on the timeline: those of the stored states, and between them the curve's.
   * @param {number} position
   * @returns {Omit<Progress, "seconds_left" | "epoch"> & {epoch: number | null} | null}
   */
  #factsAt(position) {
    const { shown, supply, data } = this;
    const { entries } = supply;
    const nearest = Math.min(entries.length - 1, Math.max(0, Math.round(position)));
    const known = shown ? supply.momentOf(shown.model, nearest)?.facts : undefined;
    if (known && Math.abs(position - nearest) < 1e-6) return withCurve(known, data?.curve ?? []);
    const [low, high] = [entries[Math.floor(position)], entries[Math.ceil(position)]];
    if (!low || !high) return null;
    const share = position - Math.floor(position);
    const step = low.step + share * (high.step - low.step);
    const curve = data?.curve ?? [];
    const along = (/** @type {number} */ part) => valueOver(curve.map((point) => point[1]), curve.map((point) => point[part]), step);
    if (!curve.length) return known ?? null;
    return { step: Math.round(step), share: low.share + share * (high.share - low.share), epoch: known?.epoch ?? null, seconds: along(2), distortion: along(3), rate: along(4) };
  }

  /** @param {ReturnType<typeof look>} what the map shows */
  #say(what) {
    if (what === this.looked) return;
    this.looked = what;
    this.says.replaceChildren(...rich(`live.look.${what}`));
  }

  destroy() {
    this.abort.abort();
    this.canvas.destroy();
    this.root.remove();
  }
}

/**
 * Before the first step of a worker D and R are not known: then the curve says them, if it goes that far.
 * @template {{step: number, distortion: number, rate: number}} F
 * @param {F} facts
 * @param {CurvePoint[]} curve
 * @returns {F}
 */
function withCurve(facts, curve) {
  if (Number.isFinite(facts.distortion) || !curve.length) return facts;
  const steps = curve.map((point) => point[1]);
  const [distortion, rate] = [3, 4].map((part) => valueOver(steps, curve.map((point) => point[part]), facts.step));
  return { ...facts, distortion, rate };
}

function prefersStill() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

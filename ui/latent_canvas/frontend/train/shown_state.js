// Which state of the training the map shows: it puts codes and decoder of that state, or of one between two, into the model.

import { Decoder } from "../decoder.js";
import { Glide, blend } from "../live.js";
import { BlendedDecoder } from "./blended_decoder.js";

/**
 * @typedef {import("../live.js").Moment} Moment
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("./states.js").Between} Between
 * @typedef {{from: Moment, to: Moment, share: number}} Place
 */

/**
 * The map moves on when this many times a frame's cost has passed, so that a slow machine is not kept busy with it; while a hand
 * drags, most frames are the hand's own.
 */
const PATIENCE = { free: 2, dragging: 5 };
/** Decoders that are kept ready: the two of the timeline's place, and one to come. */
const READY = 3;

export class ShownState {
  /**
   * @param {Model} model with its codes
   * @param {() => boolean} dragging a hand holds the ring
   * @param {() => number} cost of a frame, milliseconds
   */
  constructor(model, dragging, cost = () => 0) {
    this.model = model;
    this.dragging = dragging;
    this.cost = cost;
    this.glide = new Glide(model.codes.stacks[0].values.slice());
    /** @type {Map<Moment, Decoder>} the last one used comes last */
    this.decoders = new Map();
    /** @type {Place | null} what is shown or moved to; null for what the model came with */
    this.place = null;
    this.fresh = false; // the decoder is another one than was drawn
    this.behind = false; // the codes are
    this.drawnAt = -Infinity;
  }

  get moving() {
    return this.glide.moving;
  }

  /**
   * Move to a state of the training.
   * @param {Moment} moment
   * @param {boolean} still jump there
   */
  moveTo(moment, still) {
    this.#check(moment);
    if (still) this.glide.jump(moment.values);
    else this.glide.start(moment.values, performance.now());
    this.place = { from: moment, to: moment, share: 0 };
    this.#use(this.#decoderOf(moment));
  }

  /** Be at a place of the timeline. @param {Place} place */
  standAt(place) {
    const { from, to, share } = place;
    this.#check(from);
    this.#check(to);
    if (share === 0 || from === to) this.glide.jump(from.values);
    else this.glide.place(from.values, to.values, share);
    this.place = place;
    if (share === 0 || from === to) return this.#use(this.#decoderOf(from));
    // What the map does with a decoder, this one can: it only decodes.
    this.#use(/** @type {Decoder} */ (/** @type {unknown} */ (new BlendedDecoder(this.#decoderOf(from), this.#decoderOf(to), share))));
  }

  /**
   * Painter asks before it draws.
   * @param {number} now
   * @returns {{parts: ("beta" | "codes" | "decoder")[], moving: boolean}} moving: something is left to draw
   */
  frame(now) {
    const { glide, fresh } = this;
    this.fresh = false;
    this.behind ||= fresh;
    if (!glide.moving && !this.behind) return { parts: [], moving: false };
    // A new decoder costs little and is what a hand sees at once; the ellipses wait for their turn.
    if (now - this.drawnAt < PATIENCE[this.dragging() ? "dragging" : "free"] * this.cost()) return { parts: fresh ? ["decoder"] : [], moving: true };
    this.drawnAt = now;
    this.behind = false;
    const moving = glide.frame(now);
    this.#showCodes();
    return { parts: [fresh ? "beta" : "codes"], moving };
  }

  #showCodes() {
    const { place, glide, model } = this;
    if (!place) return;
    const nearer = place.share < 0.5 ? place.from : place.to;
    const between = glide.moving || (place.share > 0 && place.from !== place.to);
    model.codes.replace(nearer.halves, glide.shown, between);
  }

  /** @param {Decoder} decoder */
  #use(decoder) {
    // A hand may decode with it before the next frame.
    decoder.setBeta(this.model.decoder.beta);
    this.model.decoder = decoder;
    this.model.version += 1;
    this.fresh = true;
  }

  /**
   * @param {Moment} moment
   * @returns {Decoder}
   */
  #decoderOf(moment) {
    const decoder = this.decoders.get(moment) ?? Decoder.fromHalf(this.model.spec.decoder, moment.weights);
    this.decoders.delete(moment);
    this.decoders.set(moment, decoder);
    for (const old of this.decoders.keys()) {
      if (this.decoders.size <= READY) break;
      this.decoders.delete(old);
      old.release();
    }
    return decoder;
  }

  /**
   * What samples come back as in the state that is shown; between two states, what they come back as in both, mixed.
   * @param {number[]} indices
   * @param {number} beta
   * @returns {Float32Array[]} one picture each
   */
  reconstructions(indices, beta) {
    const { place, model } = this;
    if (!place) return this.#decoded(/** @type {Decoder} */ (model.decoder), model.codes.stacks[0].values, indices, beta);
    const { from, to, share } = place;
    const first = this.#decoded(this.#decoderOf(from), from.values, indices, beta);
    if (share === 0 || from === to) return first;
    const second = this.#decoded(this.#decoderOf(to), to.values, indices, beta);
    for (const [i, picture] of first.entries()) blend(picture, second[i], share, picture);
    return first;
  }

  /**
   * @param {Decoder} decoder
   * @param {Float32Array} values of its state's codes
   * @param {number[]} indices
   * @param {number} beta
   */
  #decoded(decoder, values, indices, beta) {
    decoder.setBeta(beta);
    const zs = indices.flatMap((index) => this.model.codes.meanIn(values, index, beta));
    const all = decoder.decodeMany(zs);
    return indices.map((_, i) => all.subarray(i * decoder.pixels, (i + 1) * decoder.pixels));
  }

  /** @param {Moment} moment */
  #check(moment) {
    const { length } = this.glide.shown;
    if (moment.halves.length !== length) throw new Error(`Expected ${length} numbers of codes, got ${moment.halves.length}. Reload the page.`);
  }
}

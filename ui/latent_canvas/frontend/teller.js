// What the canvas tells once the hand rests: the view to the address and the server, and what more it needs to have.

import { writeAddress } from "./address.js";
import { ImportedDecoder } from "./imported_decoder.js";

/** The hand rests when nothing moved for this long, in milliseconds. */
const REST_MS = 140;
/** A picture that only the server can decode is asked for where the hand has held still for so long. */
const STILL_MS = 60;
/** What a page can ask the server for: all samples, their original images, the separately trained models. */
/** And pictures, and a plane's grid of them, of a decoder that only the server can run. */
/**
 * @typedef {{all: boolean, originals: boolean, separate: boolean, decode?: import("./served_pictures.js").Wish,
 *   grid?: import("./imported_decoder.js").PlaneWish}} Wanted
 */
/** @type {Readonly<Wanted>} */
const NOTHING = Object.freeze({ all: false, originals: false, separate: false });

export class Teller {
  /**
   * @param {(state: any) => URLSearchParams} toParams how this page writes its state into the address
   * @param {() => boolean} busy a hand still holds something: nothing is told
   * @param {() => void} onRest
   * @param {AbortSignal} signal
   */
  constructor(toParams, busy, onRest, signal) {
    this.toParams = toParams;
    this.busy = busy;
    this.onRest = onRest;
    /** @type {(key: string, value: any) => void} Streamlit's, renewed at every call */
    this.setStateValue = () => {};
    this.digest = "";
    this.told = "";
    this.wanted = NOTHING;
    this.restTimer = 0;
    this.lookTimer = 0;
    this.pictureTimer = 0;
    signal.addEventListener("abort", () => {
      clearTimeout(this.restTimer);
      clearTimeout(this.lookTimer);
      clearTimeout(this.pictureTimer);
    });
  }

  /** @param {string} digest another model: nothing has been asked of it */
  open(digest) {
    this.digest = digest;
    this.wanted = NOTHING;
  }

  restSoon() {
    clearTimeout(this.restTimer);
    this.restTimer = window.setTimeout(() => !this.busy() && this.onRest(), REST_MS);
  }

  /**
   * @param {object} state the page's
   * @param {boolean} silent the server need not hear of it
   */
  tell(state, silent) {
    writeAddress(this.toParams(state));
    const text = JSON.stringify(state);
    if (text === this.told) return;
    this.told = text;
    if (!silent) this.setStateValue("view", { ...state, digest: this.digest });
  }

  /** @param {Partial<Wanted>} more */
  want(more) {
    const wanted = { ...this.wanted, ...more };
    if (JSON.stringify(wanted) === JSON.stringify(this.wanted)) return;
    this.wanted = wanted;
    this.setStateValue("wanted", { ...wanted, digest: this.digest });
  }

  /**
   * Ask for what only the server can decode: the pictures that were missed, and of a map those of its plane.
   * @param {import("./store.js").MapDecoder} decoder @param {ArrayLike<number>} [place] on the map
   */
  wantPictures(decoder, place) {
    if (!(decoder instanceof ImportedDecoder)) return;
    const decode = decoder.missed(place);
    const grid = place && decoder.planeToServe();
    this.want({ ...(decode && { decode }), ...(grid && { grid }) });
  }

  /**
   * The same of a place, once the hand holds still for a moment, also while it still holds the place.
   * @param {import("./store.js").MapDecoder} decoder @param {ArrayLike<number>} place
   */
  picturesSoon(decoder, place) {
    if (!(decoder instanceof ImportedDecoder && decoder.member.served)) return;
    clearTimeout(this.pictureTimer);
    this.pictureTimer = window.setTimeout(() => this.wantPictures(decoder, place), STILL_MS);
  }

  /** A sample is looked at: ask for original images, unless the look passes. */
  wantOriginals() {
    this.lookTimer = window.setTimeout(() => !this.busy() && this.want({ originals: true }), REST_MS);
  }

  /** The look has passed. */
  lookAway() {
    clearTimeout(this.lookTimer);
  }
}

// What the canvas tells once the hand rests: the view to the address and the server, and what more it needs to have.

import { writeAddress } from "./address.js";

/** @typedef {import("./address.js").ViewState} ViewState */

/** The hand rests when nothing moved for this long, in milliseconds. */
const REST_MS = 140;

export class Teller {
  /**
   * @param {() => boolean} busy a hand still holds something: nothing is told
   * @param {() => void} onRest
   * @param {AbortSignal} signal
   */
  constructor(busy, onRest, signal) {
    this.busy = busy;
    this.onRest = onRest;
    /** @type {(key: string, value: any) => void} Streamlit's, renewed at every call */
    this.setStateValue = () => {};
    this.digest = "";
    this.told = "";
    this.wanted = { all: false, originals: false };
    this.restTimer = 0;
    this.lookTimer = 0;
    signal.addEventListener("abort", () => {
      clearTimeout(this.restTimer);
      clearTimeout(this.lookTimer);
    });
  }

  /** @param {string} digest another model: nothing has been asked of it */
  open(digest) {
    this.digest = digest;
    this.wanted = { all: false, originals: false };
  }

  restSoon() {
    clearTimeout(this.restTimer);
    this.restTimer = window.setTimeout(() => !this.busy() && this.onRest(), REST_MS);
  }

  /**
   * @param {ViewState} state
   * @param {boolean} silent the server need not hear of it
   */
  tell(state, silent) {
    writeAddress(state);
    const text = JSON.stringify(state);
    if (text === this.told) return;
    this.told = text;
    if (!silent) this.setStateValue("view", { ...state, digest: this.digest });
  }

  /** @param {{all?: boolean, originals?: boolean}} more */
  want(more) {
    const wanted = { ...this.wanted, ...more };
    if (wanted.all === this.wanted.all && wanted.originals === this.wanted.originals) return;
    this.wanted = wanted;
    this.setStateValue("wanted", { ...wanted, digest: this.digest });
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

// The stored states of a training as they come from the server: which are there, and which to ask for next.

import { nextWanted } from "./states.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("../live.js").Moment} Moment
 * @typedef {import("./states.js").StateEntry} StateEntry
 */

/** So many are fetched before anyone has touched the timeline. */
const UNASKED = 5;
/** A place that is only passed by is not asked for; milliseconds. */
const LOOK_MS = 120;
/** What was asked for and has not come is asked for again, a few times; milliseconds. */
const PATIENCE_MS = 6_000;
const TRIES = 3;

export class Supply {
  /**
   * @param {(states: number[]) => void} ask
   * @param {AbortSignal} signal
   */
  constructor(ask, signal) {
    this.ask = ask;
    /** @type {StateEntry[]} */
    this.entries = [];
    /** @type {Model | null} */
    this.model = null;
    this.open = false;
    this.all = false;
    this.position = -1;
    /** @type {number[]} */
    this.asked = [];
    this.tries = 0;
    /** @type {Set<string>} states that did not come, however often they were asked for */
    this.failed = new Set();
    /** What else the browser wants, which travels under the same name. */
    this.others = {};
    this.lookTimer = 0;
    this.patience = 0;
    signal.addEventListener("abort", () => {
      clearTimeout(this.lookTimer);
      clearTimeout(this.patience);
    });
  }

  clear() {
    clearTimeout(this.lookTimer);
    clearTimeout(this.patience);
    Object.assign(this, { entries: [], model: null, open: false, all: false, position: -1, asked: [], tries: 0, failed: new Set(), others: {} });
  }

  /**
   * @param {StateEntry[]} entries as the server lists them now
   * @param {boolean} open the timeline can be used
   */
  set(entries, open) {
    this.entries = entries;
    this.open = open;
    if (!open) this.#cancel();
    this.#fetch();
  }

  /** Somebody uses the timeline. */
  wantAll() {
    this.all = true;
    this.#fetch();
  }

  /** @param {number} position on the timeline, -1 for none */
  lookAt(position) {
    this.all ||= position >= 0;
    this.position = position;
    clearTimeout(this.lookTimer);
    if (position >= 0) this.lookTimer = window.setTimeout(() => this.#fetch(), LOOK_MS);
  }

  /** @param {Model} model */
  arrived(model) {
    this.model = model;
    this.#fetch();
  }

  /**
   * @param {Model} model
   * @param {number} place in the list
   * @returns {Moment | null} null until it is here
   */
  momentOf(model, place) {
    const entry = this.entries[place];
    const found = entry && model.states.get(entry.index);
    // An index can have been taken anew since.
    return found && found.step === entry.step ? found : null;
  }

  /** @param {Model | null} model @returns {Moment | null} the last of the stored states that are here */
  last(model) {
    for (let place = this.entries.length - 1; model && place >= 0; place--) {
      const moment = this.momentOf(model, place);
      if (moment) return moment;
    }
    return null;
  }

  /** @param {Model | null} model @returns {[number, number]} states that are here, of how many */
  progress(model) {
    const have = model ? this.entries.filter((_, place) => this.momentOf(model, place)).length : 0;
    return [this.open && this.all ? have : 0, this.entries.length];
  }

  #cancel() {
    clearTimeout(this.patience);
    this.#request([]);
  }

  #fetch() {
    const { model, entries } = this;
    if (!model || !this.open) return;
    const there = new Set(entries.filter((_, place) => this.momentOf(model, place)));
    if (this.#missing().length) return;
    clearTimeout(this.patience);
    this.tries = 0;
    this.#request(nextWanted(entries, (entry) => there.has(entry) || this.failed.has(nameOf(entry)), this.position, this.all ? entries.length : UNASKED));
  }

  /** @param {number[]} states */
  #request(states) {
    if (!states.length && !this.asked.length) return;
    this.asked = states;
    this.ask(states);
    if (states.length) this.patience = window.setTimeout(() => this.#again(), PATIENCE_MS);
  }

  /** What was asked for and can still come. @returns {StateEntry[]} */
  #missing() {
    const { model, entries } = this;
    return entries.filter((entry, place) => this.asked.includes(entry.index) && !this.failed.has(nameOf(entry)) && !(model && this.momentOf(model, place)));
  }

  /** After a few tries the others have their turn: one file that cannot be read must not hold up the rest. */
  #again() {
    this.tries += 1;
    if (this.tries <= TRIES) return this.#request(this.asked);
    for (const entry of this.#missing()) this.failed.add(nameOf(entry));
    this.#fetch();
  }
}

/** An index can be taken anew, by another state. @param {StateEntry} entry */
function nameOf({ index, step }) {
  return `${index} ${step}`;
}

// A network in training: the states that arrive, and how the map moves from one to the next.

import { muAndLogSigma } from "./codes.js";

/** From where the map is to where a new state has it, in milliseconds. */
export const TWEEN_MS = 250;

/**
 * @typedef {object} MomentFacts what payload.py writes beside a state's tensors
 * @property {number} step
 * @property {number} share of the training that is done, 0 to 1
 * @property {number} epoch
 * @property {number} seconds of training
 * @property {number} distortion nats, mean over the drawn β; null before the first step of a worker
 * @property {number} rate nats, likewise
 */

/** One state of a training: codes of every sample and the decoder's weights, as they came. */
export class Moment {
  /** @type {Float32Array | null} */
  #values = null;

  /**
   * @param {MomentFacts} facts
   * @param {Uint16Array} halves codes [K][n][4]: mu1, mu2, sigma1, sigma2
   * @param {Uint16Array} weights halves of the decoder
   */
  constructor(facts, halves, weights) {
    this.facts = facts;
    this.halves = halves;
    this.weights = weights;
  }

  get step() {
    return this.facts.step;
  }

  /** mu1, mu2, ln sigma1, ln sigma2, which is what the map moves in. @returns {Float32Array} [K][n][4] */
  get values() {
    this.#values ??= muAndLogSigma(this.halves);
    return this.#values;
  }

  /** Give back what can be worked out again. */
  release() {
    this.#values = null;
  }
}

/**
 * Between two states: mu and ln sigma are linear in the share.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} share 0 gives `from`, 1 gives `to`
 * @param {Float32Array} out
 */
export function blend(from, to, share, out) {
  for (let i = 0; i < out.length; i++) out[i] = from[i] + share * (to[i] - from[i]);
}

/**
 * Numbers on their way to a target that changes while they move: a cubic from where they are, with the speed they have,
 * to a stop at the target. From rest that is the usual slow start and slow end.
 */
export class Glide {
  /** @param {Float32Array<ArrayBuffer>} values where they are now; copied */
  constructor(values) {
    this.shown = values.slice();
    this.from = values.slice();
    this.speed = new Float32Array(values.length); // per duration
    /** @type {Float32Array} */
    this.target = values.slice();
    this.began = 0;
    this.at = 0; // of the last frame
    this.duration = TWEEN_MS;
    this.moving = false;
  }

  /** Be there at once. @param {Float32Array} target */
  jump(target) {
    this.target = target;
    this.shown.set(target);
    this.moving = false;
  }

  /** Be between two. @param {Float32Array} from @param {Float32Array} to @param {number} share */
  place(from, to, share) {
    blend(from, to, share, this.shown);
    this.moving = false;
  }

  /**
   * @param {Float32Array} target
   * @param {number} now milliseconds
   */
  start(target, now) {
    if (this.moving) this.#speedAt((this.at - this.began) / this.duration);
    else this.speed.fill(0);
    this.from.set(this.shown);
    this.target = target;
    // Under way it goes on from the last frame, without a halt.
    this.began = this.at = this.moving ? this.at : now;
    this.moving = true;
  }

  /** @param {number} s share of the time that has passed */
  #speedAt(s) {
    const { from, speed, target } = this;
    const [a, b, c] = [6 * s * s - 6 * s, 3 * s * s - 4 * s + 1, 6 * s - 6 * s * s];
    for (let i = 0; i < speed.length; i++) speed[i] = a * from[i] + b * speed[i] + c * target[i];
  }

  /**
   * Where the numbers are now, in `shown`.
   * @param {number} now milliseconds
   * @returns {boolean} they will still move
   */
  frame(now) {
    if (!this.moving) return false;
    const s = Math.min(1, Math.max(0, (now - this.began) / this.duration));
    this.at = this.began + s * this.duration;
    this.moving = s < 1;
    const { from, speed, target, shown } = this;
    if (!this.moving) {
      shown.set(target);
      return false;
    }
    const [a, b, c] = [1 - s * s * (3 - 2 * s), s * (1 - s) * (1 - s), s * s * (3 - 2 * s)];
    for (let i = 0; i < shown.length; i++) shown[i] = a * from[i] + b * speed[i] + c * target[i];
    return true;
  }
}

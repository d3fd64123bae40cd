// Runs β through its range and back, steadily on the slider's own scale.

import { betaToSlider, sliderToBeta } from "../scale.js";

/** From one end of the slider to the other, in milliseconds. */
const ONE_WAY_MS = 9_000;

export class Player {
  /** @param {(beta: number) => void} onBeta hears of every frame */
  constructor(onBeta) {
    this.onBeta = onBeta;
    this.frameId = 0;
  }

  get playing() {
    return this.frameId !== 0;
  }

  /**
   * @param {number} beta to start from, upwards
   * @param {number} betaMax
   */
  start(beta, betaMax) {
    this.stop();
    const from = betaToSlider(beta, betaMax);
    let began = 0;
    const step = (/** @type {number} */ now) => {
      began ||= now;
      const way = (from + (now - began) / ONE_WAY_MS) % 2;
      this.frameId = requestAnimationFrame(step);
      this.onBeta(sliderToBeta(way <= 1 ? way : 2 - way, betaMax));
    };
    this.frameId = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.frameId);
    this.frameId = 0;
  }
}

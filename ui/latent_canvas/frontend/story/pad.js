// To be built.

import { h } from "../dom.js";

export class Pad {
  /** @param {import("./story_view.js").StoryView} story @param {{changed: (pixels: Float32Array | null) => void}} actions @param {AbortSignal} signal */
  constructor(story, actions, signal) {
    void story;
    void actions;
    void signal;
    this.root = h("div", { class: "pad" });
  }
}

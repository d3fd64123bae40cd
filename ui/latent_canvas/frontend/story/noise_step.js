// To be built.

import { Step } from "./step.js";

export class NoiseStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_noise");
    void signal;
  }
}

// To be built.

import { Step } from "./step.js";

export class LandingQuestion extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_landing");
    void signal;
  }
}

export class SurenessQuestion extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_sureness");
    void signal;
  }
}

export class DoublingQuestion extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_doubling");
    void signal;
  }
}

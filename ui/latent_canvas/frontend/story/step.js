// One screen of the story: its words around a live body that each step fills.

import { h } from "../dom.js";
import { nodesOf, rich } from "../terms.js";
import { hasText, t } from "../texts.js";

/**
 * @typedef {import("./story_view.js").StoryView} StoryView
 * @typedef {"model" | "beta" | "subject" | "theme" | "size" | "enter" | "own"} Change what is new since a step was last drawn;
 *   "own" is a step's own business
 */

export class Step {
  /**
   * @param {StoryView} story
   * @param {string} name of the step's text file: <name>.title, .lead, .take and, if there is one, .maths (its paragraphs apart by a newline)
   */
  constructor(story, name) {
    this.story = story;
    this.name = name;
    this.title = h("h2", { tabindex: "-1" }, t(`${name}.title`));
    this.lead = h("p", { class: "lead" }, ...rich(`${name}.lead`));
    /** The live part: what there is to do with the hand, and what it shows. */
    this.body = h("div", { class: "step-body" });
    this.root = h("section", { class: "step", "data-testid": name, hidden: true }, this.title, this.lead, this.body, ...this.#after());
  }

  #after() {
    const { name } = this;
    const take = hasText(`${name}.take`) ? [h("p", { class: "take" }, h("strong", {}, t("story.take")), " ", ...rich(`${name}.take`))] : [];
    if (!hasText(`${name}.maths`)) return take;
    const paragraphs = t(`${name}.maths`).split("\n").map((line) => h("p", {}, ...nodesOf(line)));
    return [...take, h("details", { class: "maths" }, h("summary", {}, t("story.maths")), ...paragraphs)];
  }

  /** The step has just become visible; `draw` follows with "enter". */
  enter() {}

  /** The step is left: stop what moves by itself. */
  leave() {}

  /**
   * Draw what has changed; called at most once per animation frame, only while the step is visible and a model is there.
   * @param {Set<Change>} changed
   */
  draw(changed) {
    void changed;
  }

  /**
   * Demo mode: nobody is there, so the step does by itself what a hand would do.
   * @param {number} second of its time, 1, 2, …
   */
  showOff(second) {
    void second;
  }

  /** Draw soon: this step's own state has changed. */
  redraw() {
    this.story.invalidate("own");
  }
}

// What the story adds for showing and teaching: demo mode, in which it turns its own pages, and lesson links.

import { attachExtras, hideable } from "../extras.js";

/** @typedef {import("./story_view.js").StoryView} StoryView */

/** Each screen stays for this long when the story tells itself, in seconds. */
const SCREEN_SECONDS = 14;

/**
 * @param {StoryView} story
 * @param {HTMLElement} slot of the row of buttons
 * @param {AbortSignal} signal
 */
export function attachStoryExtras(story, slot, signal) {
  const { root, rail, picker } = story;
  const all = (/** @type {string} */ selector) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
  const controls = {
    rail: hideable("rail", () => [rail.root, rail.nav]),
    picker: hideable("picker", () => [picker.root]),
    pad: hideable("pad", () => all(".encoder-left > .segmented")),
    take: hideable("take", () => all(".take")),
    maths: hideable("maths", () => all(".maths")),
  };
  attachExtras(root, { kind: "story", controls, attract: new Teller(story), slot, view: story }, signal);
}

/** Tells the story by itself, screen after screen, and each step shows what it can do. */
class Teller {
  /** @param {StoryView} story */
  constructor(story) {
    this.story = story;
    this.home = "";
    /** @type {import("./subject.js").Subject | null} */
    this.subject = null;
    this.first = 0;
    this.screen = -1;
    this.acted = 0;
  }

  ready() {
    return this.story.model !== null;
  }

  begin() {
    const { story } = this;
    this.home = story.state.step;
    this.subject = story.subject;
    this.first = story.addresses.indexOf(this.home);
    this.screen = -1;
  }

  /** @param {number} seconds */
  move(seconds) {
    const screen = Math.floor(seconds / SCREEN_SECONDS);
    if (screen !== this.screen) this.#turn(screen);
    const second = Math.floor(seconds - screen * SCREEN_SECONDS);
    // A step is asked once in each second of its time.
    while (this.acted < second) {
      this.acted += 1;
      this.story.step.showOff(this.acted);
    }
  }

  /** @param {number} count */
  jump(count) {
    this.#turn(count);
  }

  /** @param {number} screen */
  #turn(screen) {
    const { story } = this;
    this.screen = screen;
    this.acted = 0;
    story.show(story.addresses[(this.first + screen) % story.addresses.length]);
  }

  /** A touch of what is on show goes on from here; any other way out leads back. @param {Event | null} event */
  end(event) {
    const { story } = this;
    if (event?.type === "pointerdown" && event.composedPath().includes(story.step.root)) return story.teller.restSoon();
    if (this.subject?.source === "drawing") story.draw(this.subject.pixels);
    else if (this.subject) story.select(this.subject.index);
    story.show(this.home);
  }
}

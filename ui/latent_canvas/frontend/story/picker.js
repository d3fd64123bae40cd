// The row of samples to choose from: one of each class, and others at a press.

import { columnsOf, isTable, rowText } from "../bars.js";
import { h, setText } from "../dom.js";
import { paintImage } from "../images.js";
import { t } from "../texts.js";

/** @typedef {import("./story_view.js").StoryView} StoryView */

/** Samples in the row. */
const SHOWN = 10;

export class Picker {
  /** @param {StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    this.story = story;
    /** @type {number[]} indices in the model's codes */
    this.indices = [];
    this.round = 0;
    this.thumbs = Array.from({ length: SHOWN }, () => this.#makeThumb(signal));
    const more = h("button", { type: "button", "data-testid": "other-samples" }, t("story.other_samples"));
    more.addEventListener("click", () => this.shuffle(), { signal });
    this.root = h("div", { class: "picker", role: "group", "aria-label": t("story.choose_sample") }, ...this.thumbs.map((thumb) => thumb.button), more);
  }

  /** @param {AbortSignal} signal */
  #makeThumb(signal) {
    const canvas = h("canvas", {});
    const text = h("span", {});
    const button = h("button", { type: "button", class: "thumb", "data-testid": "pick" }, h("div", { class: "frame" }, canvas), text);
    const thumb = { button, canvas, text, index: -1 };
    button.addEventListener("click", () => this.story.select(thumb.index), { signal });
    return thumb;
  }

  /** Another sample of each class; the story goes on with the new one of its class. */
  shuffle() {
    const { model, subject } = this.story;
    const label = subject?.label ?? -1;
    this.round += 1;
    this.fill();
    this.story.select(this.indices.find((index) => model?.codes.labels[index] === label) ?? this.indices[0]);
  }

  /** One sample of each class, those of the `round`-th time that each class comes up; without classes just the next ones. */
  fill() {
    const { model } = this.story;
    if (!model) return;
    const { labels, n } = model.codes;
    const classes = Math.min(SHOWN, new Set(labels.subarray(0, 3000)).size);
    const perClass = Math.ceil(SHOWN / Math.max(1, classes));
    /** @type {number[][]} */
    const members = [];
    for (let i = 0; i < n; i++) (members[labels[i]] ??= []).push(i);
    // Of more classes than fit, the next ones come with the next round.
    const first = members.length > SHOWN ? (this.round * SHOWN) % members.length : 0;
    const turned = [...members.slice(first), ...members.slice(0, first)].filter(Boolean);
    const found = turned.flatMap((own) => Array.from({ length: perClass }, (_, j) => own[(this.round * perClass + j) % own.length]));
    this.indices = [...new Set(found)].slice(0, SHOWN);
  }

  draw() {
    const { model, subject, colors, current } = this.story;
    if (!model) return;
    if (!this.indices.length) this.fill();
    for (const [i, thumb] of this.thumbs.entries()) {
      const index = this.indices[i];
      thumb.button.hidden = index === undefined;
      if (index === undefined) continue;
      thumb.index = index;
      const label = model.codes.labels[index];
      const name = model.spec.label_names[label];
      const original = model.original(index);
      if (original) original.sheet.paint(thumb.canvas, original.tile);
      else paintImage(thumb.canvas, model.decoder.decode(current.subarray(4 * index, 4 * index + 2)), model.spec.shape);
      thumb.button.style.setProperty("--class", colors[label]);
      thumb.button.setAttribute("aria-pressed", String(subject?.index === index));
      thumb.button.setAttribute("aria-label", t("story.sample_name", { id: model.codes.ids[index], label: name }));
      thumb.button.title = original && isTable(model.spec.shape) ? `${name}\n${rowText(columnsOf(model.spec), original.sheet.values(original.tile, 1))}` : name;
      setText(thumb.text, name);
    }
  }
}

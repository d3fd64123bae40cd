// Draws of the prior, decoded: the row of new pictures that no sample stands behind.

import { logDensity } from "../codes.js";
import { h, setShown, setText } from "../dom.js";
import { paintSample } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { seedOf } from "./dealing.js";
import { mulberry32, normals } from "./random.js";

/** @typedef {import("./story_view.js").StoryView} StoryView */

/** Pictures in the row. */
const DRAWN = 8;

export class PriorDraws {
  /** @param {StoryView} story @param {() => void} changed @param {AbortSignal} signal */
  constructor(story, changed, signal) {
    this.story = story;
    this.round = 0;
    this.key = "";
    /** @type {Float64Array} [DRAWN][2] */
    this.z = new Float64Array(0);
    this.tiles = Array.from({ length: DRAWN }, (_, i) => {
      const canvas = h("canvas", { role: "img", "aria-label": t("story_mixture.draws.picture", { number: i + 1 }) });
      return { canvas, root: h("div", { class: "draw" }, h("div", { class: "frame" }, canvas), h("span", { "aria-hidden": "true" }, String(i + 1))) };
    });
    const again = h("button", { type: "button", "data-testid": "prior-again" }, t("story_mixture.draws.again"));
    again.addEventListener("click", () => {
      this.round += 1;
      changed();
    }, { signal });
    this.note = h("p", { class: "note", "data-testid": "draws-note" });
    this.invite = h("p", { class: "invite", "data-testid": "draws-invite" }, h("span", {}, ...rich("story_mixture.draws.invite")));
    this.root = h("section", { class: "prior-draws" },
      h("header", {}, h("h3", {}, ...rich("story_mixture.draws.title")), again, this.note),
      h("div", { class: "draw-row", "data-testid": "prior-draws" }, ...this.tiles.map((tile) => tile.root)), this.invite);
  }

  /** @param {boolean} all every Gaussian is in: only then is there a whole mixture that has holes */
  draw(all) {
    const { model, state, current } = this.story;
    this.root.classList.toggle("waiting", !all);
    if (!model || !all) return;
    const key = [model.spec.digest, state.beta, this.round, model.codes.n].join();
    if (key === this.key) return;
    this.key = key;
    this.z = normals(mulberry32(seedOf(`${model.spec.name}/draws/${this.round}`)), 2 * DRAWN);
    let holes = 0;
    for (const [i, { root, canvas }] of this.tiles.entries()) {
      const z = this.z.subarray(2 * i, 2 * i + 2);
      paintSample(canvas, model.decoder.decode(z), model.spec, t("story_mixture.draws.picture", { number: i + 1 }));
      const prior = -(z[0] ** 2 + z[1] ** 2) / 2 - Math.log(2 * Math.PI);
      const hole = logDensity(current, z) < prior - Math.log(10);
      root.classList.toggle("hole", hole);
      holes += hole ? 1 : 0;
    }
    setShown(this.note, holes > 0);
    setText(this.note, t("story_mixture.draws.holes", { count: holes }));
  }
}

// The switches and buttons beside the β slider.

import { h, toggle } from "../dom.js";
import { t } from "../texts.js";

/**
 * The page as the panel of planes knows it.
 * @param {import("./weight_view.js").WeightView} view
 * @returns {import("../planes/plane_panel.js").Host}
 */
export function hostOf(view) {
  return {
    get state() {
      return view.state;
    },
    change: (part) => view.change(part),
    painter: { invalidate: () => view.invalidate("beta", "pinned", "view") },
    teller: view.teller,
  };
}

/**
 * @param {import("./weight_view.js").WeightView} view what they act on
 * @param {AbortSignal} signal
 */
export function makeControls(view, signal) {
  const play = h("button", { type: "button", class: "play", "data-testid": "play", "aria-label": t("weight.play.label"), title: t("weight.play.hint") }, "▶");
  const ellipses = toggle(t("weight.ellipses.label"), t("weight.ellipses.hint"), "ellipses-switch");
  const separate = toggle(t("weight.separate.label"), t("weight.separate.hint"), "separate-switch");
  const compare = h("button", { type: "button", "data-testid": "compare" });
  play.addEventListener("click", () => (view.player.playing ? view.stop() : view.play()), { signal });
  ellipses.input.addEventListener("change", () => view.change({ ellipses: ellipses.input.checked }), { signal });
  separate.input.addEventListener("change", () => view.change({ separate: separate.input.checked }), { signal });
  compare.addEventListener("click", () => view.change({ compare: view.state.compare ? null : { beta: view.state.beta, separate: view.state.separate } }), { signal });
  const more = h("button", { type: "button", "data-testid": "load-all" });
  more.addEventListener("click", () => view.loadAll(), { signal });
  return { play, ellipses, separate, compare, more };
}

// The switches and buttons beside the β slider.

import { h, toggle } from "../dom.js";

/**
 * @param {import("./weight_view.js").WeightView} view what they act on
 * @param {AbortSignal} signal
 */
export function makeControls(view, signal) {
  const play = h("button", { type: "button", class: "play", "data-testid": "play", "aria-label": "Play β through its range and back", title: "Run β through its range and back" }, "▶");
  const ellipses = toggle("Ellipses", "Draw every sample’s Gaussian at 1σ over the contours", "ellipses-switch");
  const separate = toggle("Separately trained", "Show the VAE that was trained at the nearest of a few β alone, instead of the one network that serves every β", "separate-switch");
  const compare = h("button", { type: "button", "data-testid": "compare" });
  play.addEventListener("click", () => (view.player.playing ? view.stop() : view.play()), { signal });
  ellipses.input.addEventListener("change", () => view.change({ ellipses: ellipses.input.checked }), { signal });
  separate.input.addEventListener("change", () => view.change({ separate: separate.input.checked }), { signal });
  compare.addEventListener("click", () => view.change({ compare: view.state.compare ? null : { beta: view.state.beta, separate: view.state.separate } }), { signal });
  const more = h("button", { type: "button", "data-testid": "load-all" });
  more.addEventListener("click", () => view.loadAll(), { signal });
  return { play, ellipses, separate, compare, more };
}

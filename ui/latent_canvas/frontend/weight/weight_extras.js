// What the page of the KL weight adds for teaching and showing: tour, demo mode, lesson links.

/**
 * @param {import("./weight_view.js").WeightView} view
 * @param {AbortSignal} signal
 */
export function attachWeightExtras(view, signal) {
  void view;
  void signal;
}

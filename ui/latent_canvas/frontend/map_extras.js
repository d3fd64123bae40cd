// What the latent map adds for teaching and showing: tour, demo mode, lesson links.

/**
 * @param {import("./canvas.js").LatentCanvas} canvas
 * @param {AbortSignal} signal
 */
export function attachMapExtras(canvas, signal) {
  void canvas;
  void signal;
}

// The keyboard on the map: arrows move z, +/− zoom, and single letters for what has a button too.

const STEP = 0.1;
const FINE_STEP = 0.02;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {HTMLElement} root hears Escape everywhere in the canvas
 * @param {HTMLElement} stage hears the rest while something in it has the focus
 * @param {import("./canvas.js").LatentCanvas} canvas
 * @param {AbortSignal} signal
 */
export function attachKeys(root, stage, canvas, signal) {
  /** @type {Record<string, () => void>} */
  const actions = {
    "+": () => canvas.zoomMiddle(1.4),
    "=": () => canvas.zoomMiddle(1.4),
    "-": () => canvas.zoomMiddle(1 / 1.4),
    "0": () => canvas.resetView(),
    p: () => canvas.pin(),
    Enter: () => canvas.selectNearest(),
  };
  const keydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    const onZoomButton = event.key === "Enter" && /** @type {HTMLElement} */ (event.target).closest?.(".zoom");
    if (onZoomButton || !(arrow || action)) return;
    event.preventDefault();
    event.stopPropagation();
    if (arrow) {
      const step = event.shiftKey ? FINE_STEP : STEP;
      canvas.nudge(arrow[0] * step, arrow[1] * step);
    } else action();
  };
  stage.addEventListener("keydown", keydown, { signal });
  root.addEventListener("keydown", (event) => event.key === "Escape" && canvas.select(-1), { signal });
}

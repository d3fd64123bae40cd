// The whole map in view, also while it keeps changing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Camera } from "../../ui/latent_canvas/frontend/camera.js";
import { createView } from "../../ui/latent_canvas/frontend/view.js";

/** @type {((now: number) => void)[]} */
let frames = [];
let clock = 0;

/** A map of one sample at (reach, 0), on a page whose time goes on with its frames. */
function mapped(context, reach) {
  frames = [];
  clock = 0;
  context.mock.method(performance, "now", () => clock);
  globalThis.window = /** @type {any} */ ({ matchMedia: () => ({ matches: false }) });
  globalThis.requestAnimationFrame = (frame) => frames.push(frame);
  const canvas = /** @type {any} */ ({
    stage: { width: 400, height: 400 }, state: { view: null }, view: createView({ scale: 58, width: 400, height: 400 }),
    painter: { current: Float32Array.of(reach, 0, 0.01, 0.01), invalidate() {} },
  });
  return { canvas, camera: new Camera(canvas) };
}

/** Frames of 16 ms until nothing moves; before each the map reaches farther by `growth`. */
function run({ canvas, camera }, { growth = 0, count = 60, tolerance = 0.08 }) {
  const scales = [];
  for (let i = 0; i < count; i++) {
    canvas.painter.current[0] += growth;
    camera.frameWhole(tolerance);
    clock += 16;
    for (const frame of frames.splice(0)) frame(clock);
    scales.push(canvas.view.scale);
  }
  return scales;
}

test("a map that grows a little in every frame is followed in one glide, not begun anew each time", (context) => {
  const scales = run(mapped(context, 5), { growth: 0.001, count: 18 });
  assert.ok(scales[9] < 58 - 0.4 * (58 - scales.at(-1)), `after 160 of 260 ms it is at ${scales[9]} on its way from 58 to ${scales.at(-1)}`);
  assert.ok(Math.abs(scales.at(-1) / scales.at(-2) - 1) < 1e-6, "it has arrived");
});

test("where the map has become much larger meanwhile the glide leads there", (context) => {
  const map = mapped(context, 4);
  run(map, { count: 5 });
  map.canvas.painter.current[0] = 6;
  const scales = run(map, { count: 40 });
  const expected = scales.at(-1) * 6.5;
  assert.ok(expected > 190 && expected < 220, `the circle of the farthest sample fills the map: ${scales.at(-1)}`);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { bounds, createView, fit, fromBounds, lerpView, pan, resize, ticks, toLatent, toScreen, zoomAt }
  from "../../ui/latent_canvas/frontend/view.js";

const view = createView({ x0: 0.7, y0: -1.2, scale: 83, width: 811, height: 377 });
const close = (/** @type {number[]} */ got, /** @type {number[]} */ want, tolerance = 1e-9) =>
  got.forEach((value, i) => assert.ok(Math.abs(value - want[i]) <= tolerance, `${got} is not ${want}`));

test("the centre of the view is the middle of the canvas, and y points up", () => {
  close(toScreen(view, 0.7, -1.2), [405.5, 188.5]);
  close(toScreen(view, 0.7 + 1, -1.2 + 1), [405.5 + 83, 188.5 - 83]);
});

test("toLatent undoes toScreen", () => close(toLatent(view, ...toScreen(view, 3.25, -7.5)), [3.25, -7.5]));

test("zooming keeps the latent point under the pointer", () => {
  const zoomed = zoomAt(view, 100, 50, 2.5);
  assert.equal(zoomed.scale, 83 * 2.5);
  close(toLatent(zoomed, 100, 50), toLatent(view, 100, 50));
});

test("zooming stops at its limits, and still keeps the point", () => {
  const zoomed = zoomAt(view, 600, 300, 1e9, { min: 1, max: 500 });
  assert.equal(zoomed.scale, 500);
  close(toLatent(zoomed, 600, 300), toLatent(view, 600, 300));
});

test("panning moves every point by the same css pixels", () => {
  const before = toScreen(view, -2, 5);
  close(toScreen(pan(view, 31, -17), -2, 5), [before[0] + 31, before[1] - 17]);
});

test("resizing keeps centre and scale", () => {
  const resized = resize(view, 100, 60);
  close([resized.x0, resized.y0, resized.scale], [0.7, -1.2, 83]);
  close(toScreen(resized, 0.7, -1.2), [50, 30]);
});

test("fit shows the whole box inside the padding, on equal axes", () => {
  const fitted = fit([-4, 2, 1, 3], 500, 400, 20);
  close(toScreen(fitted, -4, 2), [20, 200]);
  close(toScreen(fitted, 2, 2), [480, 200]);
});

test("fromBounds undoes bounds on the same canvas", () => {
  const again = fromBounds(bounds(view), view.width, view.height);
  close(Object.values(again), Object.values(view), 1e-7);
});

test("a box without an extent still gives a view", () => {
  assert.ok(Number.isFinite(fit([1, 1, 2, 2], 300, 300).scale));
});

test("a view is not to be changed, and refuses what is not a number", () => {
  assert.throws(() => { /** @type {any} */ (view).scale = 1; }, TypeError);
  assert.throws(() => createView({ x0: Number.NaN }), RangeError);
  assert.throws(() => createView({ scale: 0 }), RangeError);
});

test("an animated zoom keeps its fixed point still all the way", () => {
  const target = zoomAt(view, 650, 90, 6);
  for (const t of [0, 0.2, 0.5, 0.9, 1]) close(toLatent(lerpView(view, target, t), 650, 90), toLatent(view, 650, 90), 1e-7);
  close(Object.values(lerpView(view, target, 1)), Object.values(target), 1e-9);
});

test("an animated pan at one scale is linear", () => {
  const halfway = lerpView(view, pan(view, 40, 80), 0.5);
  close([halfway.x0, halfway.y0], [0.7 - 20 / 83, -1.2 + 40 / 83]);
});

for (const [min, max, count, values] of /** @type {[number, number, number, number[]][]} */ ([
  [-3.4, 3.4, 6, [-3, -2, -1, 0, 1, 2, 3]],
  [0.013, 0.0871, 4, [0.02, 0.04, 0.06, 0.08]],
  [-1200, 2600, 4, [-1000, 0, 1000, 2000]],
])) {
  test(`ticks of [${min}, ${max}] are round`, () => assert.deepEqual(ticks(min, max, count).values, values));
}

test("ticks have as many decimals as their step needs, and no negative zero", () => {
  const { values, decimals } = ticks(-0.6, 0.6, 6);
  assert.equal(decimals, 1);
  assert.ok(values.every((value) => Number(value.toFixed(decimals)) === value && !Object.is(value, -0)));
});

test("ticks of an empty range are none", () => assert.deepEqual(ticks(1, 1).values, []));

// Which samples are shown, and what a click on the legend changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromInitial } from "../../ui/latent_canvas/frontend/address.js";
import { clickClass, shownMask, showsClass } from "../../ui/latent_canvas/frontend/showing.js";

const state = (part = {}) => fromInitial("digits", 1, part);

test("all samples are shown until something is switched off", () => {
  assert.equal(shownMask(state(), [0, 1, 2], -1), undefined);
  const mask = shownMask(state({ hidden: [1] }), [0, 1, 2], -1);
  assert.deepEqual([0, 1, 2].map((i) => mask(i)), [true, false, true]);
});

test("one class shows only that class, whatever is hidden", () => {
  const one = state({ show: "class", only: 2, hidden: [2] });
  assert.deepEqual([0, 1, 2].map((i) => showsClass(one, i)), [false, false, true]);
});

test("the selected sample is shown alone", () => {
  const mask = shownMask(state({ show: "selected" }), [0, 0, 0], 1);
  assert.deepEqual([0, 1, 2].map((i) => mask(i)), [false, true, false]);
});

test("a click hides a class and shows it again", () => {
  assert.deepEqual(clickClass(state(), 3, false, 10), { hidden: [3] });
  assert.deepEqual(clickClass(state({ hidden: [3, 4] }), 3, false, 10), { hidden: [4] });
});

test("a double click leaves one class alone, and a second one brings all back", () => {
  const alone = clickClass(state({ hidden: [1] }), 1, true, 4);
  assert.deepEqual(alone, { hidden: [0, 2, 3] });
  assert.deepEqual(clickClass(state(alone), 1, true, 4), { hidden: [] });
});

test("with one class shown, a click chooses another", () => {
  assert.deepEqual(clickClass(state({ show: "class", only: 1 }), 5, false, 10), { only: 5 });
});

// The view in the address: only what differs from the usual view, and nothing lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NAMES, fromInitial, toParams } from "../../ui/latent_canvas/frontend/address.js";

test("an untouched view needs the model, β and z alone", () => {
  const params = toParams(fromInitial("digits", 1, {}));
  assert.deepEqual(Object.fromEntries(params), { model: "digits", beta: "1", z: "0,0" });
});

test("every part of a view that was changed is written, under a known name", () => {
  const params = toParams(fromInitial("mnist", 1, {
    beta: 0.12345, z: [0.5, -1.25], k: 2, show: "class", only: 3, selected: 17, colour: "rate", hidden: [1, 4],
    grid: true, cloud: false, view: [-1, 1, -2, 2], pins: [[0, 0], [1, -0.5]], through: "quantiles",
  }));
  assert.deepEqual(Object.fromEntries(params), {
    model: "mnist", beta: "0.1235", z: "0.5,-1.25", k: "2", show: "class", only: "3", sample: "17", colour: "rate",
    hide: "1,4", grid: "1", cloud: "0", view: "-1,1,-2,2", pins: "0,0;1,-0.5", path: "quantiles",
  });
  for (const name of params.keys()) assert.ok(NAMES.includes(name));
});

test("two views do not share their lists", () => {
  const one = fromInitial("digits", 1, {});
  one.hidden.push(3);
  assert.deepEqual(fromInitial("digits", 1, {}).hidden, []);
});

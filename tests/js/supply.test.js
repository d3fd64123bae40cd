// Fetching the stored states of a training.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Supply } from "../../ui/latent_canvas/frontend/train/supply.js";

const ENTRIES = Array.from({ length: 9 }, (_, i) => ({ index: i, step: 10 * i, share: i / 8 }));

/** A supply of which everything is wanted, and the messages that it sends. */
function supplied(context) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window = /** @type {any} */ (globalThis);
  const asked = [];
  const supply = new Supply((states) => asked.push(states), new AbortController().signal);
  const model = /** @type {any} */ ({ states: new Map() });
  supply.set(ENTRIES, true);
  supply.arrived(model);
  supply.wantAll();
  const deliver = (indices) => {
    for (const index of indices) model.states.set(index, { step: 10 * index });
    supply.arrived(model);
  };
  return { asked, deliver, supply, model };
}

test("a state that never comes is given up after some tries, and the others have their turn", (context) => {
  const { asked, deliver, supply, model } = supplied(context);
  const lost = asked[0][1];
  deliver(asked[0].filter((index) => index !== lost));
  assert.equal(asked.length, 1, "the rest waits while there is hope");
  for (let i = 0; i < 4; i++) context.mock.timers.tick(6_001);
  assert.ok(!asked.at(-1).includes(lost));
  while (asked.at(-1).length) deliver(asked.at(-1));
  assert.deepEqual([...model.states.keys()].sort((a, b) => a - b), ENTRIES.map(({ index }) => index).filter((index) => index !== lost));
  const before = asked.length;
  supply.wantAll();
  assert.equal(asked.length, before, "it is not asked for again");
});

test("an index that failed and is taken anew by another state is asked for", (context) => {
  const { asked, deliver, supply } = supplied(context);
  const lost = asked[0][1];
  deliver(asked[0].filter((index) => index !== lost));
  for (let i = 0; i < 4; i++) context.mock.timers.tick(6_001);
  while (asked.at(-1).length) deliver(asked.at(-1));
  supply.set(ENTRIES.map((entry) => (entry.index === lost ? { ...entry, step: entry.step + 1 } : entry)), true);
  assert.deepEqual(asked.at(-1), [lost]);
});

// The view in the address: only what differs from the usual view, and nothing lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { NAMES, fromInitial, toParams, writeAddress } from "../../ui/latent_canvas/frontend/address.js";
import { setTexts } from "../../ui/latent_canvas/frontend/texts.js";

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

/**
 * @param {string} href where the page is
 * @param {string} spoken the language that the server sent
 * @returns {string} the parameter `lang` after the page has written its own parameters
 */
function langAfter(href, spoken) {
  let now = new URL(href);
  Object.defineProperty(globalThis, "navigator", { value: { language: "de-DE" }, configurable: true });
  Object.defineProperty(globalThis, "window", {
    value: { location: now, history: { state: null, replaceState: (/** @type {any} */ _state, /** @type {string} */ _title, /** @type {URL} */ url) => (now = url) } },
    configurable: true,
  });
  setTexts(spoken, {});
  writeAddress(new URLSearchParams({ model: "digits" }));
  assert.equal(now.searchParams.get("model"), "digits");
  return now.searchParams.get("lang") ?? "";
}

test("a language that the browser would not get anyway is written, its own only where it stood already", () => {
  assert.equal(langAfter("http://x/latent_map", "zh-Hans"), "zh-Hans");
  assert.equal(langAfter("http://x/latent_map?lang=en", "zh-Hans"), "zh-Hans");
  assert.equal(langAfter("http://x/latent_map", "de"), "");
  assert.equal(langAfter("http://x/latent_map?lang=de", "de"), "de");
  assert.equal(langAfter("http://x/latent_map?lang=zh-Hans", "de"), "");
  assert.equal(langAfter("http://x/latent_map", ""), "", "no language has come yet");
});

// Streamlit's entry: what one mount says must not change the words of another.

import assert from "node:assert/strict";
import { test } from "node:test";

import mount from "../../ui/latent_canvas/frontend/index.js";
import { setTexts, t } from "../../ui/latent_canvas/frontend/texts.js";

/** A mount of this kind; its language never comes, so that nothing is built. */
const mountOf = (view) => mount({ data: { view: JSON.stringify({ language: "xx", ...view }) }, parentElement: {}, setStateValue: () => {} });

test("the owner's mount leaves the words of a table to the view that shows one", () => {
  globalThis.ShadowRoot = /** @type {any} */ (class {});
  setTexts("en", { word: "picture", "word.table": "row" });
  mountOf({ kind: "map", table: true });
  mountOf({ kind: "owner" });
  assert.equal(t("word"), "row");
  mountOf({ kind: "map" });
  assert.equal(t("word"), "picture");
});

// The cookie that makes a browser's trainings its own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Owner } from "../../ui/latent_canvas/frontend/owner.js";

const [OURS, THEIRS] = ["a".repeat(32), "b".repeat(32)];

/** A browser with these cookies; what Owner writes, and what it tells the server. */
function browser(cookies, protocol = "http:") {
  const written = [];
  globalThis.document = /** @type {any} */ ({ get cookie() { return cookies; }, set cookie(text) { written.push(text); } });
  globalThis.window = /** @type {any} */ ({ location: { protocol } });
  const told = [];
  new Owner().update({ setStateValue: (key, value) => told.push([key, value]) }, { token: OURS });
  return { written, told };
}

test("a browser without a token keeps the one that the server proposes, for this site alone", () => {
  const { written, told } = browser("theme=dark");
  assert.deepEqual(written, [`latent_explorer_owner=${OURS}; path=/; max-age=31536000; SameSite=Strict`]);
  assert.deepEqual(told, []);
});

test("a token that another tab has kept stays, and the server hears of it", () => {
  const { written, told } = browser(`theme=dark; latent_explorer_owner=${THEIRS}`);
  assert.match(written[0], new RegExp(`^latent_explorer_owner=${THEIRS};`));
  assert.deepEqual(told, [["owner", THEIRS]]);
});

test("what is no token of ours is replaced", () => {
  for (const cookies of ["latent_explorer_owner=<b>", `my_latent_explorer_owner=${THEIRS}`, "latent_explorer_owner="]) {
    assert.match(browser(cookies).written[0], new RegExp(`^latent_explorer_owner=${OURS};`));
  }
});

test("where the page came encrypted the cookie travels encrypted only", () => {
  assert.match(browser("", "https:").written[0], /; Secure$/);
});

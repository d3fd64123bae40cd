// Plain sentences about a place.

import "./texts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { coverWords, number, placeWords, priorWords, significant } from "../../ui/latent_canvas/frontend/words.js";

test("numbers have two decimals, a real minus and no negative zero", () => {
  assert.deepEqual([1.239, -0.5, -0.001].map(number), ["1.24", "−0.50", "0.00"]);
  assert.equal(placeWords([0.5, -1.2]), "z = (0.50, −1.20)");
});

test("a small σ keeps two digits", () => {
  assert.deepEqual([0.9649, 0.0831, 0.00026].map(significant), ["0.96", "0.083", "0.00026"]);
});

test("the prior's words follow the share of draws that land farther out", () => {
  assert.match(priorWords(1), /no place is likelier/);
  assert.match(priorWords(0.58), /58 % of the prior’s draws land farther out/);
  assert.match(priorWords(0.02), /only 2 %/);
  assert.match(priorWords(Math.exp(-8)), /1 in 3,000/);
  assert.match(priorWords(1e-12), /practically never/);
});

test("a place that no sample covers is called made up, and a part of the data is called a part", () => {
  assert.match(coverWords(0, 1797, 1797), /^Not within 2σ of any of 1,797 samples/);
  assert.match(coverWords(0, 1797, 1797), /no data here, the decoder makes this picture up/);
  assert.match(coverWords(1, 1797, 1797), /only 1 of 1,797/);
  assert.match(coverWords(1200, 1797, 1797), /^Within 2σ of 1,200 of 1,797 samples: data live here/);
  assert.match(coverWords(64, 3400, 60000), /64 of the 3,400 samples on the map/);
});

test("where nearly all Gaussians cover a place, the collapse is said", () => {
  assert.match(coverWords(1790, 1797, 1797), /codes hardly tell samples apart/);
  assert.equal(coverWords(0, 0, 1797), "No sample is shown.");
});

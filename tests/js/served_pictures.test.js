import assert from "node:assert/strict";
import { test } from "node:test";

import { ServedPictures } from "../../ui/latent_canvas/frontend/served_pictures.js";

test("what was missed last is asked for first, of one beta, and once", () => {
  const pictures = new ServedPictures(2);
  pictures.miss([1, 2], 0.5);
  pictures.miss([3, 4], 1);
  pictures.miss([3, 4], 1);
  pictures.miss([5, 6], 1);
  assert.deepEqual(pictures.takeWish(), { beta: 1, places: [[5, 6], [3, 4]] });
  assert.equal(pictures.takeWish(), null);
});

test("a picture is found at its own place and beta alone, and is not missed", () => {
  const pictures = new ServedPictures(2);
  pictures.put({ beta: 1, places: [[1, 2], [3, 4]] }, Float32Array.of(0.1, 0.2, 0.3, 0.4));
  assert.deepEqual(Array.from(pictures.find([3, 4], 1) ?? []), Array.from(Float32Array.of(0.3, 0.4)));
  assert.equal(pictures.find([3, 4], 2), null);
  pictures.miss([3, 4], 1);
  assert.equal(pictures.takeWish(), null);
});

test("large pictures are asked for few at a time, and the oldest are forgotten", () => {
  const pixels = 1_500_000;
  const pictures = new ServedPictures(pixels);
  for (let i = 0; i < 8; i++) pictures.put({ beta: 1, places: [[i]] }, new Float32Array(pixels));
  assert.equal(pictures.find([0], 1), null);
  assert.notEqual(pictures.find([7], 1), null);
  pictures.miss([8], 1);
  pictures.miss([9], 1);
  assert.deepEqual(pictures.takeWish()?.places, [[9]]);
});

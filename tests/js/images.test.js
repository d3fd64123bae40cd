// Pictures of samples: their pixels, and what is said of a table's bars.

import assert from "node:assert/strict";
import { test } from "node:test";

import { paintSample, toImageData } from "../../ui/latent_canvas/frontend/images.js";

globalThis.ImageData = /** @type {any} */ (class {
  constructor(first, second, third) {
    this.data = typeof first === "number" ? new Uint8ClampedArray(4 * first * second) : first;
    void third;
  }
});

test("a decoded value becomes the nearest byte", () => {
  const values = Float32Array.of(0, 1, 10 / 255, 10.4 / 255, 10.6 / 255, 254.4 / 255);
  const { data } = toImageData(values, [1, 6]);
  assert.deepEqual(Array.from({ length: 6 }, (_, i) => data[4 * i]), [0, 255, 10, 10, 11, 254]);
});

/** As much of a canvas as is painted on. */
function canvas() {
  const attributes = {};
  return /** @type {any} */ ({
    localName: "canvas", attributes, width: 0, height: 0, title: "", classList: { contains: () => false, toggle() {} },
    getContext: () => ({ putImageData() {} }), setAttribute: (name, value) => (attributes[name] = value),
  });
}

test("a table's bars say their row, with names and units, once a hand lets time for it", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const columns = [{ name: "alcohol", low: 10, high: 14, decimals: 1 }, { name: "ash", low: 0, high: 2, decimals: 1 }];
  const [named, bare, picture] = [canvas(), canvas(), canvas()];
  const shared = Float32Array.of(0.1, 0.1);
  paintSample(named, shared, { shape: [2], columns }, "sample 7");
  shared.set([0.5, 0.25]);
  paintSample(named, shared, { shape: [2], columns }, "sample 7");
  paintSample(bare, shared, { shape: [2], columns });
  paintSample(picture, shared, { shape: [1, 2] }, "sample 7");
  assert.equal(named.title, "");
  context.mock.timers.tick(1000);
  assert.equal(named.title, "sample 7\nalcohol 12.0 · ash 0.5");
  assert.deepEqual(named.attributes, { role: "img", "aria-label": "sample 7: alcohol 12.0 · ash 0.5" });
  assert.equal(bare.title, "alcohol 12.0 · ash 0.5");
  assert.deepEqual(bare.attributes, { role: "img" });
  assert.deepEqual([picture.title, picture.attributes], ["", {}]);
});

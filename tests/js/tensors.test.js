// The safetensors messages that bring a model.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readTensors } from "../../ui/latent_canvas/frontend/tensors.js";

/** A message as the format's own description has it, at an odd place of a larger buffer. */
function message(header, data, at = 3) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const buffer = new Uint8Array(at + 8 + text.length + data.length);
  new DataView(buffer.buffer).setBigUint64(at, BigInt(text.length), true);
  buffer.set(text, at + 8);
  buffer.set(data, at + 8 + text.length);
  return buffer.subarray(at);
}

test("tensors of every kind are read from any alignment", () => {
  const header = {
    __metadata__: { json: JSON.stringify({ kind: "codes", chunk: 2 }) },
    ids: { dtype: "I32", shape: [2], data_offsets: [0, 8] },
    codes: { dtype: "F16", shape: [1], data_offsets: [8, 10] },
    test: { dtype: "U8", shape: [1], data_offsets: [10, 11] },
  };
  const { facts, tensors } = readTensors(message(header, [1, 0, 0, 0, 255, 255, 255, 255, 0, 0x3c, 7]));
  assert.deepEqual(facts, { kind: "codes", chunk: 2 });
  assert.deepEqual([...tensors.ids], [1, -1]);
  assert.deepEqual([...tensors.codes], [0x3c00]);
  assert.deepEqual([...tensors.test], [7]);
});

test("a kind of tensor that nobody sends is refused with what was expected and what came", () => {
  const header = { __metadata__: { json: "{}" }, x: { dtype: "F64", shape: [1], data_offsets: [0, 8] } };
  assert.throws(() => readTensors(message(header, new Array(8).fill(0))), /Tensor x: expected U8, F16, I32, F32, got F64/);
});

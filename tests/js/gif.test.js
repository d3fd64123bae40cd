import assert from "node:assert/strict";
import test from "node:test";

import { encodeGif, greys } from "../../ui/latent_canvas/frontend/gif.js";
import { random } from "./random.js";

/** Where the first frame starts in a file with a palette of 2^bits colours and a loop count. */
const HEAD = (/** @type {number} */ bits) => 13 + (3 << bits) + 19;

test("a picture known by hand: the specification's header, loop, frame and end", () => {
  const palette = Uint8Array.of(255, 255, 255, 0, 0, 0);
  const bytes = [...encodeGif([Uint8Array.of(1, 1, 1, 1)], 2, 2, { delayMs: 250, loop: 3, palette })];
  // LZW by hand: clear = 4, pixel 1, the pair (1, 1) = 6, pixel 1, all in 3 bits; entry 7 is then made, so the end, 5, has
  // 4 bits, whose last is 0.
  assert.deepEqual(bytes.slice(0, 13), [...Buffer.from("GIF89a"), 2, 0, 2, 0, 0xf0, 0, 0]);
  assert.deepEqual(bytes.slice(13, 19), [...palette]);
  assert.deepEqual(bytes.slice(19, 38), [0x21, 0xff, 11, ...Buffer.from("NETSCAPE2.0"), 3, 1, 3, 0, 0]);
  assert.deepEqual(bytes.slice(38, 46), [0x21, 0xf9, 4, 4, 25, 0, 0, 0]);
  assert.deepEqual(bytes.slice(46, 57), [0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2]);
  const bits = [0b100, 0b001, 0b110, 0b001, 0b101].reduce((sum, code, i) => sum | (code << (3 * i)), 0);
  assert.deepEqual(bytes.slice(57), [2, bits & 255, bits >> 8, 0, 0x3b]);
});

/**
 * A strict reader of one LZW stream, written from the specification: tables of pixel lists, codes read bit by bit.
 * @param {Uint8Array} bytes from the minimum code size on
 * @returns {{pixels: number[], rest: number}} `rest`: bits after the end code, which must all be in its last byte
 */
function readLzw(bytes) {
  const pixelBits = bytes[0];
  const data = [];
  for (let at = 1; bytes[at]; at += bytes[at] + 1) data.push(...bytes.subarray(at + 1, at + 1 + bytes[at]));
  const [clear, end] = [1 << pixelBits, (1 << pixelBits) + 1];
  const pixels = [];
  let table = /** @type {number[][]} */ ([]);
  let previous = /** @type {number[] | null} */ (null);
  let width = pixelBits + 1;
  for (let bit = 0; bit + width <= 8 * data.length;) {
    let code = 0;
    for (let i = 0; i < width; i++, bit++) code |= ((data[bit >> 3] >> (bit & 7)) & 1) << i;
    if (code === end) return { pixels, rest: 8 * data.length - bit };
    if (code === clear) {
      table = Array.from({ length: clear + 2 }, (_, i) => [i]);
      width = pixelBits + 1;
      previous = null;
      continue;
    }
    const entry = table[code] ?? [...(previous ?? []), (previous ?? [])[0]];
    pixels.push(...entry);
    if (previous && table.length < 4096) table.push([...previous, entry[0]]);
    if (table.length === 1 << width && width < 12) width++;
    previous = entry;
  }
  throw new Error("the stream has no end code");
}

test("a strict reader finds the pixels and then the end code, wherever codes grow or start again", () => {
  const next = random(3);
  const noise = Uint8Array.from({ length: 6000 }, () => 256 * next());
  const lengths = [1, 2, 3, ...Array.from({ length: 24 }, (_, i) => 245 + i), 765, 766, 767, 768, 3836, 3837, 3838, 3839, 6000];
  for (const length of lengths) {
    const { pixels, rest } = readLzw(encodeGif([noise.subarray(0, length)], length, 1).subarray(HEAD(8) + 18));
    assert.deepEqual(pixels, [...noise.subarray(0, length)], `${length} pixels`);
    assert.ok(rest < 8, `${rest} bits after the end of ${length} pixels`);
  }
});

test("the end code has the new width when codes grow just before it", () => {
  // With 128 colours and no pair twice, 127 pixels end there, and an end code of the old width would end a byte too soon.
  const palette = new Uint8Array(3 * 128);
  for (const length of [125, 126, 127, 128]) {
    const pixels = Uint8Array.from({ length }, (_, i) => i % 128);
    const stream = encodeGif([pixels], length, 1, { palette }).subarray(HEAD(7) + 18);
    assert.deepEqual(readLzw(stream).pixels, [...pixels]);
  }
});

test("greys are the palette of indexed frames", () => {
  const bytes = encodeGif([Uint8Array.of(0, 255)], 2, 1);
  assert.deepEqual(bytes.slice(13, 13 + 768), greys());
  assert.deepEqual([...greys().slice(0, 6)], [0, 0, 0, 1, 1, 1]);
});

test("without a loop the file says nothing of repeating", () => {
  const frames = [Uint8Array.of(0)];
  assert.equal(encodeGif(frames, 1, 1, { loop: null }).length, encodeGif(frames, 1, 1, { loop: 0 }).length - 19);
});

test("RGBA frames of few colours bring their own small palette", () => {
  const bytes = encodeGif([Uint8Array.of(10, 20, 30, 255, 200, 0, 0, 255, 10, 20, 30, 255)], 3, 1);
  assert.equal(bytes[10], 0xf0);
  assert.deepEqual([...bytes.slice(13, 19)], [10, 20, 30, 200, 0, 0]);
  assert.equal(bytes[HEAD(1)], 0x21);
});

test("a flat picture is compressed well beyond a byte a pixel", () => {
  assert.ok(encodeGif([new Uint8Array(200 * 200)], 200, 200).length < 1800);
});

test("what is no GIF is refused with what was expected", () => {
  assert.throws(() => encodeGif([], 2, 2), /4 indices or 16 RGBA bytes.* got no frames/);
  assert.throws(() => encodeGif([new Uint8Array(5)], 2, 2), /got 5/);
  assert.throws(() => encodeGif([new Uint8Array(4), new Uint8Array(16)], 2, 2), /got 16/);
  assert.throws(() => encodeGif([new Uint8Array(0)], 0, 2), /got 0 by 2/);
  assert.throws(() => encodeGif([Uint8Array.of(2)], 1, 1, { palette: new Uint8Array(6) }), /below 2.* got 2/);
  assert.throws(() => encodeGif([new Uint8Array(1)], 1, 1, { palette: new Uint8Array(7) }), /got 7 bytes/);
});

/**
 * Animated GIF (GIF89a) from frames of pixels: one global palette, LZW compression.
 *
 * Formats: "Graphics Interchange Format, version 89a", CompuServe, 1990; the loop count is Netscape's application
 * extension of 1995. Pixels are kept exactly whenever all frames together have at most 256 colours.
 * @module
 */

import { commonColors } from "./gif_palette.js";

const MAX_BITS = 12;
const MAX_CODES = 1 << MAX_BITS;
const HASH_SIZE = 1 << 14;

/**
 * @typedef {object} GifOptions
 * @property {number} [delayMs] how long a frame stands; GIF counts in 10 ms, and browsers slow down below 20 ms
 * @property {number | null} [loop] how often it repeats: 0 for ever, null for once
 * @property {Uint8Array} [palette] r, g, b of up to 256 colours; by default 256 greys for indexed frames, and the
 *   frames' own colours for RGBA frames
 */

/**
 * @param {ReadonlyArray<Uint8Array | Uint8ClampedArray>} frames each width * height palette indices, or that many
 *   times r, g, b, a (a is not looked at)
 * @param {number} width
 * @param {number} height
 * @param {GifOptions} [options]
 * @returns {Uint8Array} the file
 * @throws {Error} for no frames, a size that GIF cannot hold, frames of another size, or an index beyond the palette
 */
export function encodeGif(frames, width, height, { delayMs = 80, loop = 0, palette } = {}) {
  const { images, colors } = toIndices(frames, width, height, palette);
  const bits = Math.max(1, Math.ceil(Math.log2(colors.length / 3)));
  const bytes = new Bytes();
  writeHeader(bytes, width, height, colors, bits);
  if (loop !== null) writeLoop(bytes, loop);
  for (const image of images) {
    writeFrameHead(bytes, width, height, Math.max(2, Math.round(delayMs / 10)));
    writeLzw(bytes, image, Math.max(2, bits));
  }
  bytes.write(0x3b);
  return bytes.value();
}

/** The 256 greys, r, g, b each. @returns {Uint8Array} */
export function greys() {
  return Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
}

/** A byte array that grows. */
class Bytes {
  constructor() {
    this.buffer = new Uint8Array(1 << 16);
    this.length = 0;
  }

  /** @param {number[]} values */
  write(...values) {
    this.append(values);
  }

  /** @param {ArrayLike<number>} values */
  append(values) {
    if (this.length + values.length > this.buffer.length) {
      const larger = new Uint8Array(2 * (this.length + values.length));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer.set(values, this.length);
    this.length += values.length;
  }

  value() {
    return this.buffer.slice(0, this.length);
  }
}

/**
 * @param {ReadonlyArray<Uint8Array | Uint8ClampedArray>} frames
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} [palette]
 * @returns {{images: (Uint8Array | Uint8ClampedArray)[], colors: Uint8Array}}
 */
function toIndices(frames, width, height, palette) {
  const size = width * height;
  if (![width, height].every((side) => Number.isInteger(side) && side > 0 && side < 65536)) {
    throw new Error(`Expected a GIF of 1 to 65535 pixels a side, got ${width} by ${height}.`);
  }
  if (palette && (palette.length % 3 || palette.length < 3 || palette.length > 768)) {
    throw new Error(`Expected a palette of 1 to 256 colours of 3 bytes, got ${palette.length} bytes.`);
  }
  const channels = frames.length ? frames[0].length / size : 0;
  const odd = frames.find((frame) => frame.length !== size * channels);
  if (odd || (channels !== 1 && channels !== 4)) {
    const came = frames.length ? (odd ?? frames[0]).length : "no frames";
    throw new Error(`Expected frames of ${size} indices or ${4 * size} RGBA bytes, all alike, got ${came}.`);
  }
  if (channels === 4) return fromRgba(frames, palette);
  const colors = palette ?? greys();
  for (const frame of frames) checkIndices(frame, colors.length / 3);
  return { images: [...frames], colors };
}

/**
 * @param {ArrayLike<number>} frame
 * @param {number} count
 */
function checkIndices(frame, count) {
  for (let i = 0; count < 256 && i < frame.length; i++) {
    if (frame[i] >= count) throw new Error(`Expected indices below ${count}, the palette's size, got ${frame[i]}.`);
  }
}

/**
 * @param {ReadonlyArray<Uint8Array | Uint8ClampedArray>} frames RGBA
 * @param {Uint8Array} [palette]
 */
function fromRgba(frames, palette) {
  const colors = palette ?? ownColors(frames) ?? commonColors(frames, 256);
  /** @type {Map<number, number>} packed colour → index */
  const known = new Map();
  const images = frames.map((frame) => {
    const image = new Uint8Array(frame.length / 4);
    for (let i = 0, packed = -1, index = 0; i < image.length; i++) {
      const color = pack(frame, 4 * i);
      if (color !== packed) {
        packed = color;
        index = known.get(color) ?? nearestColor(colors, color);
        known.set(color, index);
      }
      image[i] = index;
    }
    return image;
  });
  return { images, colors };
}

/**
 * The frames' colours, when there are at most 256 of them.
 * @param {ReadonlyArray<ArrayLike<number>>} frames RGBA
 * @returns {Uint8Array | null}
 */
function ownColors(frames) {
  /** @type {Set<number>} */
  const seen = new Set();
  for (const frame of frames) {
    for (let i = 0, last = -1; i < frame.length; i += 4) {
      const color = pack(frame, i);
      if (color !== last) seen.add((last = color));
      if (seen.size > 256) return null;
    }
  }
  return Uint8Array.from([...seen].flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
}

/**
 * @param {Uint8Array} colors
 * @param {number} color
 */
function nearestColor(colors, color) {
  let best = 0;
  let bestDistance = Infinity;
  for (let i = 0; i < colors.length; i += 3) {
    const [dr, dg, db] = [colors[i] - (color >> 16), colors[i + 1] - ((color >> 8) & 255), colors[i + 2] - (color & 255)];
    const distance = dr * dr + dg * dg + db * db;
    if (distance < bestDistance) [best, bestDistance] = [i / 3, distance];
  }
  return best;
}

/**
 * @param {ArrayLike<number>} rgba
 * @param {number} i
 */
function pack(rgba, i) {
  return (rgba[i] << 16) | (rgba[i + 1] << 8) | rgba[i + 2];
}

/**
 * @param {Bytes} bytes
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} colors
 * @param {number} bits the palette is written with 2^bits entries
 */
function writeHeader(bytes, width, height, colors, bits) {
  const table = new Uint8Array(3 << bits);
  table.set(colors);
  bytes.append(ascii("GIF89a"));
  bytes.write(...word(width), ...word(height), 0xf0 | (bits - 1), 0, 0);
  bytes.append(table);
}

/**
 * @param {Bytes} bytes
 * @param {number} loop
 */
function writeLoop(bytes, loop) {
  bytes.write(0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, ...word(loop), 0);
}

/**
 * @param {Bytes} bytes
 * @param {number} width
 * @param {number} height
 * @param {number} delay hundredths of a second
 */
function writeFrameHead(bytes, width, height, delay) {
  bytes.write(0x21, 0xf9, 4, 0x04, ...word(delay), 0, 0);
  bytes.write(0x2c, ...word(0), ...word(0), ...word(width), ...word(height), 0);
}

/** @param {string} text */
function ascii(text) {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Least significant byte first. @param {number} value */
function word(value) {
  return [value & 255, value >> 8];
}

/**
 * LZW as GIF has it: codes start one bit wider than the pixels, grow to 12 bits, and a clear code starts again when
 * all 4,096 are used. A prefix and a pixel are looked up together in a hash table with open addressing.
 * @param {Bytes} bytes
 * @param {ArrayLike<number>} pixels
 * @param {number} pixelBits
 */
function writeLzw(bytes, pixels, pixelBits) {
  const clear = 1 << pixelBits;
  const out = new CodeWriter(bytes, pixelBits);
  const keys = new Int32Array(HASH_SIZE).fill(-1);
  const codes = new Int16Array(HASH_SIZE);
  let next = clear + 2;
  out.put(clear);
  let prefix = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const key = (prefix << 8) | pixels[i];
    let slot = Math.imul(key, 0x9e3779b1) >>> 18; // the product's upper 14 bits: HASH_SIZE slots
    while (keys[slot] !== key && keys[slot] !== -1) slot = (slot + 1) % HASH_SIZE;
    if (keys[slot] === key) {
      prefix = codes[slot];
      continue;
    }
    out.put(prefix);
    prefix = pixels[i];
    if (next < MAX_CODES) {
      keys[slot] = key;
      codes[slot] = next;
      out.defined(next++);
    } else {
      out.put(clear);
      out.restart();
      keys.fill(-1);
      next = clear + 2;
    }
  }
  out.put(prefix);
  out.defined(next);
  out.put(clear + 1);
  out.end();
}

/** Packs codes of growing width into GIF's sub-blocks of at most 255 bytes, lowest bit first. */
class CodeWriter {
  /**
   * @param {Bytes} bytes
   * @param {number} pixelBits
   */
  constructor(bytes, pixelBits) {
    this.bytes = bytes;
    this.pixelBits = pixelBits;
    this.width = pixelBits + 1;
    this.bits = 0;
    this.held = 0;
    this.block = new Uint8Array(255);
    this.filled = 0;
    bytes.write(pixelBits);
  }

  /** @param {number} code */
  put(code) {
    this.bits |= code << this.held;
    this.held += this.width;
    for (; this.held >= 8; this.held -= 8, this.bits >>>= 8) this.#byte(this.bits & 255);
  }

  /**
   * The reader makes its entries one code later than the writer: once `code` needs one more bit, so does the next code.
   * @param {number} code
   */
  defined(code) {
    if (code === 1 << this.width && this.width < MAX_BITS) this.width++;
  }

  restart() {
    this.width = this.pixelBits + 1;
  }

  end() {
    if (this.held > 0) this.#byte(this.bits & 255);
    this.#flush();
    this.bytes.write(0);
  }

  /** @param {number} value */
  #byte(value) {
    this.block[this.filled++] = value;
    if (this.filled === 255) this.#flush();
  }

  #flush() {
    if (!this.filled) return;
    this.bytes.write(this.filled);
    this.bytes.append(this.block.subarray(0, this.filled));
    this.filled = 0;
  }
}

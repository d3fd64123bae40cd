// Convolutions, plain and transposed, of one point at a time.
//
// Every weight joins a pixel that is read with one that is written; of a transposed convolution the two change places. With
// many channels to write, the innermost loop runs over these, for four channels that are read at a time, and what a ReLU
// has made 0 is passed over. With few, it runs along a row of pixels.

import { partsOf } from "./layer_parts.js";

/** From so many channels to write on, the innermost loop runs over them. */
const MANY = 8;

/**
 * @typedef {object} Shape of a convolution
 * @property {boolean} transposed
 * @property {number} mine channels of a group that are read
 * @property {number} theirs channels of a group that are written
 * @property {number} groups
 * @property {number} height @property {number} width of what is read
 * @property {number} tall @property {number} wide of what is written
 * @property {number} kh @property {number} kw
 * @property {(row: number, i: number) => number} across where a pixel's row meets row i of the kernel on the other side
 * @property {(column: number, j: number) => number} along the same of columns
 *
 * @typedef {import("./chain_layers.js").Run} Run
 */

/**
 * @param {Record<string, any>} spec with the offsets of its parts @param {Float32Array} weights @param {boolean} transposed
 * @returns {{inputs: number, outputs: number, run: Run}}
 */
export function convolution(spec, weights, transposed) {
  const [channels, height, width] = spec.in;
  const [more, tall, wide] = spec.out;
  const [kh, kw] = spec.kernel;
  const [sh, sw] = spec.stride;
  const [top, left] = spec.padding;
  const [dh, dw] = spec.dilation;
  const { groups } = spec;
  const [mine, theirs] = [channels / groups, more / groups];
  const [inputs, outputs] = [channels * height * width, more * tall * wide];
  const part = partsOf(spec, weights, [inputs, outputs]);
  const weight = part("weight", (transposed ? channels * theirs : more * mine) * kh * kw);
  const bias = part("bias", more);
  /** @type {Shape} */
  const shape = {
    transposed, mine, theirs, groups, height, width, tall, wide, kh, kw,
    across: (row, i) => row * sh + i * dh - top, along: (column, j) => column * sw + j * dw - left,
  };
  return { inputs, outputs, run: theirs >= MANY ? overChannels(shape, weight, bias) : overRows(shape, weight, bias, sw) };
}

/**
 * Pairs of pixels that a weight joins, by its place in the kernel.
 * @param {Shape} shape
 * @returns {Int32Array[]} [kh · kw]: read, written, read, written, …
 */
function pairsOf({ transposed, height, width, tall, wide, kh, kw, across, along }) {
  const [rows, columns, otherRows, otherColumns] = transposed ? [height, width, tall, wide] : [tall, wide, height, width];
  return Array.from({ length: kh * kw }, (_, tap) => {
    const [i, j] = [Math.floor(tap / kw), tap % kw];
    const pairs = [];
    for (let row = 0; row < rows; row++) {
      const other = across(row, i);
      if (other < 0 || other >= otherRows) continue;
      for (let column = 0; column < columns; column++) {
        const there = along(column, j);
        if (there < 0 || there >= otherColumns) continue;
        const [own, met] = [row * columns + column, other * otherColumns + there];
        pairs.push(...(transposed ? [own, met] : [met, own]));
      }
    }
    return Int32Array.from(pairs);
  });
}

/** @param {Shape} shape @param {Float64Array} weight @param {Float64Array} bias @returns {Run} */
function overChannels(shape, weight, bias) {
  const { transposed, mine, theirs, groups, height, width, tall, wide, kh, kw } = shape;
  const [taps, read, written] = [kh * kw, height * width, tall * wide];
  const pairs = pairsOf(shape);
  // [group][place in the kernel][channel read][channel written]
  const turned = new Float64Array(weight.length);
  for (let g = 0, to = 0; g < groups; g++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let c = 0; c < mine; c++) {
        for (let o = 0; o < theirs; o++, to++) {
          turned[to] = weight[(transposed ? (g * mine + c) * theirs + o : (g * theirs + o) * mine + c) * taps + tap];
        }
      }
    }
  }
  const sums = new Float64Array(written * theirs);
  return (x, from, a, to) => {
    for (let g = 0; g < groups; g++) {
      sums.fill(0);
      for (let tap = 0; tap < taps; tap++) {
        const joined = pairs[tap];
        for (let c = 0; c < mine; c += 4) {
          const w0 = ((g * taps + tap) * mine + c) * theirs;
          const first = from + (g * mine + c) * read;
          const left = mine - c;
          for (let k = 0; k < joined.length; k += 2) {
            const at = first + joined[k];
            const x0 = x[at], x1 = left > 1 ? x[at + read] : 0, x2 = left > 2 ? x[at + 2 * read] : 0, x3 = left > 3 ? x[at + 3 * read] : 0;
            const target = joined[k + 1] * theirs;
            if (left > 3 && (x0 !== 0 || x1 !== 0) && (x2 !== 0 || x3 !== 0)) {
              for (let o = 0, w = w0; o < theirs; o++, w++) {
                sums[target + o] += x0 * turned[w] + x1 * turned[w + theirs] + x2 * turned[w + 2 * theirs] + x3 * turned[w + 3 * theirs];
              }
              continue;
            }
            if (x0 !== 0 || x1 !== 0) {
              const second = left > 1 ? theirs : 0; // x1 is 0 where there is no second
              for (let o = 0, w = w0; o < theirs; o++, w++) sums[target + o] += x0 * turned[w] + x1 * turned[w + second];
            }
            if (x2 !== 0 || x3 !== 0) {
              const third = w0 + 2 * theirs, fourth = left > 3 ? theirs : 0;
              for (let o = 0, w = third; o < theirs; o++, w++) sums[target + o] += x2 * turned[w] + x3 * turned[w + fourth];
            }
          }
        }
      }
      for (let o = 0; o < theirs; o++) {
        const channel = g * theirs + o;
        for (let k = 0, out = to + channel * written; k < written; k++, out++) a[out] = sums[k * theirs + o] + bias[channel];
      }
    }
  };
}

/**
 * @param {Shape} shape @param {Float64Array} weight @param {Float64Array} bias
 * @param {number} step from one pixel of a row to the next on the other side
 * @returns {Run}
 */
function overRows({ transposed, mine, theirs, groups, height, width, tall, wide, kh, kw, across, along }, weight, bias, step) {
  // Of a transposed one, what is read and what is written change places.
  const [rows, otherRows, otherWide, ownWide] = transposed ? [height, tall, wide, width] : [tall, height, width, wide];
  const spans = Array.from({ length: kw }, (_, j) => span(along(0, j), step, otherWide, ownWide));
  return (x, from, a, to) => {
    for (let o = 0; o < groups * theirs; o++) a.fill(bias[o], to + o * tall * wide, to + (o + 1) * tall * wide);
    for (let g = 0; g < groups; g++) {
      for (let c = 0; c < mine; c++) {
        const source = from + (g * mine + c) * height * width;
        for (let o = 0; o < theirs; o++) {
          const target = to + (g * theirs + o) * tall * wide;
          const at = (transposed ? (g * mine + c) * theirs + o : (g * theirs + o) * mine + c) * kh * kw;
          for (let i = 0; i < kh; i++) {
            for (let row = 0; row < rows; row++) {
              const other = across(row, i);
              if (other < 0 || other >= otherRows) continue;
              for (let j = 0; j < kw; j++) {
                const w = weight[at + i * kw + j];
                const [first, last] = spans[j];
                const shift = along(0, j);
                if (transposed) {
                  const read = source + row * width;
                  const write = target + other * wide + shift;
                  for (let k = first; k <= last; k++) a[write + k * step] += w * x[read + k];
                } else {
                  const read = source + other * width + shift;
                  const write = target + row * wide;
                  for (let k = first; k <= last; k++) a[write + k] += w * x[read + k * step];
                }
              }
            }
          }
        }
      }
    }
  };
}

/**
 * The first and last k of 0 … count − 1 for which k · step + shift is one of 0 … size − 1.
 * @param {number} shift @param {number} step @param {number} size @param {number} count
 * @returns {[number, number]}
 */
function span(shift, step, size, count) {
  return [Math.max(0, Math.ceil(-shift / step)), Math.min(count - 1, Math.floor((size - 1 - shift) / step))];
}

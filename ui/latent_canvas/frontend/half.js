/**
 * Half-precision floats (IEEE 754 binary16), read from their bits by table.
 *
 * Streamlit hands a float16 column to the browser as a Uint16Array, and Float16Array is not in every browser yet.
 * A table of all 65,536 values turns each conversion into one look-up; the second table holds their natural
 * logarithms, since codes are interpolated in ln sigma.
 * @module
 */

const COUNT = 65536;

/** @type {Map<string, Float32Array>} */
const tables = new Map();

/**
 * Every half as a float32, indexed by its bits; built on first use (about 1 ms, 256 kB).
 * @returns {Float32Array} [65536]
 */
export function halfTable() {
  return cached("value", (bits) => halfValue(bits));
}

/**
 * ln of every half, indexed by its bits: -Infinity for both zeros, NaN for negative halves.
 * @returns {Float32Array} [65536]
 */
export function halfLogTable() {
  return cached("log", (bits) => Math.log(halfValue(bits)));
}

/**
 * @param {Uint16Array} bits
 * @param {Float32Array} [out] as long as `bits`
 * @returns {Float32Array} the values, exactly (every half is a float32)
 */
export function halfToFloat(bits, out) {
  return lookUp(halfTable(), bits, out);
}

/**
 * @param {Uint16Array} bits
 * @param {Float32Array} [out] as long as `bits`
 * @returns {Float32Array} the natural logarithms, rounded to float32
 */
export function halfToLog(bits, out) {
  return lookUp(halfLogTable(), bits, out);
}

/**
 * @param {Float32Array} table
 * @param {Uint16Array} bits
 * @param {Float32Array} [out]
 */
function lookUp(table, bits, out = new Float32Array(bits.length)) {
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]];
  return out;
}

/**
 * @param {string} name
 * @param {(bits: number) => number} valueOf
 */
function cached(name, valueOf) {
  const found = tables.get(name);
  if (found) return found;
  const table = new Float32Array(COUNT);
  for (let bits = 0; bits < COUNT; bits++) table[bits] = valueOf(bits);
  tables.set(name, table);
  return table;
}

/**
 * One half from its bits: 1 sign, 5 exponent and 10 fraction bits; exponent 0 is subnormal, 31 is infinite or NaN.
 * @param {number} bits
 */
function halfValue(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

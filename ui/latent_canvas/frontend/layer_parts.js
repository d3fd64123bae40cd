// What every kind of layer needs: how points lie in a buffer, and its numbers out of the one array of weights.

/** Inputs that are multiplied together; in the buffers every point takes a multiple of this. */
export const GROUP = 8;

/**
 * Where the next point starts in a buffer of points of `width` numbers.
 * @param {number} width
 */
export function padded(width) {
  return Math.ceil(width / GROUP) * GROUP;
}

/**
 * Reader of one layer's parts, as doubles: scalar JavaScript multiplies in double precision, and converting every
 * weight on every use costs more than the memory.
 * @param {Record<string, any>} layer
 * @param {Float32Array} weights
 * @param {[unknown, unknown]} sizes numbers per point that go in and come out
 * @returns {(name: string, size: number) => Float64Array}
 */
export function partsOf(layer, weights, [inputs, outputs]) {
  for (const [name, value] of /** @type {[string, unknown][]} */ ([["in", inputs], ["out", outputs]])) {
    if (!isCount(value, 1)) throw new Error(`expected a whole number for ${name}, got ${value}.`);
  }
  return (name, size) => {
    const offset = Number(layer[name]);
    if (!isCount(layer[name], 0) || offset + size > weights.length) {
      const room = `${size} numbers within the ${weights.length} weights`;
      throw new Error(`expected ${name} to be the offset of ${room}, got ${layer[name]}.`);
    }
    return Float64Array.from(weights.subarray(offset, offset + size));
  };
}

/**
 * @param {unknown} value
 * @param {number} least
 */
export function isCount(value, least) {
  return Number.isInteger(value) && Number(value) >= least;
}

/**
 * @template T
 * @param {Readonly<Record<string, T>>} table
 * @param {string} name
 * @param {string} what
 * @returns {T}
 */
export function named(table, name, what) {
  if (Object.hasOwn(table, name)) return table[name];
  throw new Error(`expected ${what} to be one of ${Object.keys(table).join(", ")}, got ${name}.`);
}

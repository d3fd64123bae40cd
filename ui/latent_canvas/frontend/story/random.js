// Random numbers that are the same for everyone: a seeded generator, and standard normal draws from it.

/**
 * @param {number} seed a whole number
 * @returns {() => number} uniform in [0, 1); the generator mulberry32
 */
export function mulberry32(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let x = Math.imul(a ^ (a >>> 15), 1 | a);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * @param {() => number} random uniform in [0, 1)
 * @param {number} count
 * @returns {Float64Array} [count] draws of N(0, 1), by Box and Muller
 */
export function normals(random, count) {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

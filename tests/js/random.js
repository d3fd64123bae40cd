/**
 * Repeatable random numbers for tests: Marsaglia's xorshift, Journal of Statistical Software 8, 2003.
 * @param {number} seed not 0
 * @returns {() => number} uniform in [0, 1)
 */
export function random(seed) {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/**
 * A draw from N(0, 1), by Box and Muller.
 * @param {() => number} next uniform in [0, 1)
 */
export function gaussian(next) {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

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

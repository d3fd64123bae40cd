// The stored states of a training along the timeline: which to fetch next, and which two a place lies between.

/**
 * @typedef {import("../live.js").Moment} Moment
 * @typedef {{index: number, step: number, share: number}} StateEntry one stored state, as the server lists them by rising step
 * @typedef {{from: number, to: number, share: number}} Between places in the list
 */

/** So many states are asked for at once. */
export const AT_ONCE = 4;

/**
 * Coarse to fine: the ends first, then the middles of what lies between, so that early on a few states stand for the whole.
 * @param {number} count
 * @returns {number[]} all of 0 to count - 1
 */
export function coarseToFine(count) {
  if (count < 1) return [];
  const order = count > 1 ? [count - 1, 0] : [0];
  for (let gaps = [[0, count - 1]]; gaps.some(([a, b]) => b - a > 1);) {
    gaps = gaps.flatMap(([a, b]) => {
      if (b - a < 2) return [];
      const middle = (a + b) >> 1;
      order.push(middle);
      return [[a, middle], [middle, b]];
    });
  }
  return order;
}

/**
 * @param {StateEntry[]} entries
 * @param {(entry: StateEntry) => boolean} have
 * @param {number} position on the timeline, -1 for none: what it needs comes first
 * @param {number} most of them all, coarse ones first; what the position needs comes on top
 * @returns {number[]} indices to ask for now, at most AT_ONCE
 */
export function nextWanted(entries, have, position, most) {
  const near = position < 0 ? [] : [Math.floor(position), Math.ceil(position)];
  const order = [...new Set([...near, ...coarseToFine(entries.length).slice(0, most)])];
  return order.filter((place) => entries[place] && !have(entries[place])).slice(0, AT_ONCE).map((place) => entries[place].index);
}

/**
 * The two states that a position lies between, of those that are there.
 * @param {number} position from 0 to count - 1
 * @param {number} count
 * @param {(place: number) => boolean} have
 * @returns {Between | null} share is 0 at `from` and 1 at `to`; null where there is none yet
 */
export function between(position, count, have) {
  let from = Math.floor(position);
  let to = Math.ceil(position);
  while (from >= 0 && !have(from)) from--;
  while (to < count && !have(to)) to++;
  if (from < 0 && to >= count) return null;
  if (from < 0) return { from: to, to, share: 0 };
  if (to >= count) return { from, to: from, share: 0 };
  return { from, to, share: to > from ? (position - from) / (to - from) : 0 };
}

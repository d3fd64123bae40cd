// The maths of things that move by themselves: a short closed round through points, a smooth glide along it, slow ways between stops.

/** @typedef {Readonly<{x: number, y: number}>} Point */

/**
 * The order in which to visit points on a short closed round: nearest neighbours, then crossings taken out (2-opt).
 * @param {readonly Point[]} points
 * @returns {number[]} indices
 */
export function orderRound(points) {
  const left = points.map((_, i) => i);
  const order = left.splice(0, 1);
  while (left.length) {
    const last = points[order[order.length - 1]];
    const lengths = left.map((i) => distance(last, points[i]));
    order.push(...left.splice(lengths.indexOf(Math.min(...lengths)), 1));
  }
  // Each turn shortens the round; as many as there are points are plenty.
  for (let turn = 0; turn < points.length && untangle(points, order); turn++);
  return order;
}

/**
 * Turn parts of the round about where that shortens it.
 * @param {readonly Point[]} points
 * @param {number[]} order changed in place
 * @returns {boolean} something was turned
 */
function untangle(points, order) {
  const n = order.length;
  const at = (/** @type {number} */ i) => points[order[i % n]];
  let turned = false;
  for (let i = 0; i < n - 1; i++) {
    for (let j = i + 2; j < n; j++) {
      const gain = distance(at(i), at(i + 1)) + distance(at(j), at(j + 1)) - distance(at(i), at(j)) - distance(at(i + 1), at(j + 1));
      if (gain <= 1e-9) continue;
      order.splice(i + 1, j - i, ...order.slice(i + 1, j + 1).reverse());
      turned = true;
    }
  }
  return turned;
}

/** @param {Point} a @param {Point} b */
function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/**
 * Where a smooth glide through a closed round of points is (uniform Catmull-Rom).
 * @param {readonly Point[]} points three or more, in their order
 * @param {number} at point 0 at 0, point 1 at 1, …, and round again
 * @returns {[number, number]}
 */
export function onRound(points, at) {
  const n = points.length;
  const i = Math.floor(at);
  const u = at - i;
  const [a, b, c, d] = [-1, 0, 1, 2].map((k) => points[(((i + k) % n) + n) % n]);
  const blend = (/** @type {number} */ p, /** @type {number} */ q, /** @type {number} */ r, /** @type {number} */ s) =>
    q + (u / 2) * (r - p + u * (2 * p - 5 * q + 4 * r - s + u * (3 * (q - r) + s - p)));
  return [blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)];
}

/**
 * Where one is on the way from stop to stop, slow at each.
 * @param {readonly number[]} stops two or more
 * @param {number} share of the whole way, 0 to 1
 * @returns {number}
 */
export function betweenStops(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  return stops[i] + (stops[i + 1] - stops[i]) * ease(at - i);
}

/** @param {number} u 0 to 1 @returns {number} 0 to 1, slow at both ends */
export function ease(u) {
  const v = Math.min(Math.max(u, 0), 1);
  return v * v * (3 - 2 * v);
}

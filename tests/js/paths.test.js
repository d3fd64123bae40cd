import assert from "node:assert/strict";
import test from "node:test";

import { normalCdf, normalQuantile, path } from "../../ui/latent_canvas/frontend/paths.js";

/** erf by its Taylor series, which converges everywhere and is exact enough for |x| below 4. */
function erf(x) {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** Points [steps][2] of a flat array. */
function points(flat) {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

test("the normal distribution function agrees with erf's series", () => {
  for (let x = -4; x <= 4; x += 0.05) assert.ok(Math.abs(normalCdf(x) - (1 + erf(x / Math.SQRT2)) / 2) < 1e-11, `${x}`);
});

test("the lower tail agrees with its asymptotic series, and the far ends are finite", () => {
  for (const x of [9, 15, 30, 36]) {
    const series = 1 - 1 / x ** 2 + 3 / x ** 4 - 15 / x ** 6 + 105 / x ** 8 - 945 / x ** 10;
    const tail = (Math.exp((-x * x) / 2) / x / Math.sqrt(2 * Math.PI)) * series;
    assert.ok(Math.abs(normalCdf(-x) / tail - 1) < 1e-7, `${x}`);
    assert.equal(normalCdf(x), 1);
  }
  assert.ok(normalCdf(-1e9) > 0);
});

test("known quantiles, and the quantile function inverts the distribution function", () => {
  assert.equal(normalQuantile(0.5), 0);
  assert.ok(Math.abs(normalQuantile(0.975) - 1.959963984540054) < 1e-12);
  assert.ok(Math.abs(normalQuantile(1e-10) + 6.361340902404056) < 1e-9);
  for (let x = -36; x <= 5; x += 0.1) assert.ok(Math.abs(normalQuantile(normalCdf(x)) - x) < 1e-8, `${x}`);
});

test("quantiles far out are clamped and never infinite", () => {
  assert.equal(normalQuantile(0), -37);
  assert.equal(normalQuantile(1), 37);
  assert.equal(normalQuantile(-3), -37);
  assert.ok(Number.isNaN(normalQuantile(NaN)));
});

test("a straight path is equally spaced and ends at its pins", () => {
  assert.deepEqual(points(path([[0, 0], [4, -8]], 5)), [[0, 0], [1, -2], [2, -4], [3, -6], [4, -8]]);
});

test("a path through three pins keeps one spacing across the corner", () => {
  const found = points(path([[0, 0], [3, 0], [3, 1]], 5));
  assert.deepEqual(found, [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]]);
});

test("a quantile path is equally spaced in the prior's quantiles", () => {
  const found = points(path([[-2, 1], [1.5, 1]], 9, "quantiles"));
  const p = found.map(([x]) => (1 + erf(x / Math.SQRT2)) / 2);
  for (let i = 1; i < 9; i++) assert.ok(Math.abs(p[i] - p[i - 1] - (p[8] - p[0]) / 8) < 1e-7);
  assert.ok(found.every(([, y]) => y === 1));
});

test("a quantile path is the same backwards and mirrored, far out too", () => {
  for (const pins of [[[-3, 0.2], [2, 1]], [[9, 0], [12, 1]], [[-20, -1], [20, 3]]]) {
    const there = points(path(pins, 7, "quantiles"));
    const back = points(path(pins.toReversed(), 7, "quantiles")).toReversed();
    const mirrored = points(path(pins.map((pin) => pin.map((x) => -x)), 7, "quantiles"));
    there.forEach(([x, y], i) => {
      assert.ok(Math.abs(x - back[i][0]) < 1e-5 && Math.abs(y - back[i][1]) < 1e-5);
      assert.ok(Math.abs(x + mirrored[i][0]) < 1e-5 && Math.abs(y + mirrored[i][1]) < 1e-5);
    });
    assert.deepEqual([there[0], there[6]], pins.map((pin) => [...Float32Array.from(pin)]));
  }
});

test("a quantile path between far pins rises steadily instead of clamping", () => {
  const x = points(path([[9, 0], [12, 0]], 6, "quantiles")).map(([a]) => a);
  for (let i = 1; i < 6; i++) assert.ok(x[i] > x[i - 1], `${x}`);
});

test("pins in one place give a path that stands still", () => {
  for (const kind of ["straight", "quantiles"]) {
    assert.deepEqual(points(path([[1, 2], [1, 2], [1, 2]], 3, kind)), [[1, 2], [1, 2], [1, 2]]);
  }
});

test("pins twice in one place do not break the path", () => {
  assert.deepEqual(points(path([[0, 0], [0, 0], [2, 0]], 3)), [[0, 0], [1, 0], [2, 0]]);
});

test("what is no path is refused", () => {
  assert.throws(() => path([[0, 0]], 5), /at least 2 pins, got 1/);
  assert.throws(() => path([[0, 0], [1, 1]], 1), /at least 2 steps, got 1/);
  assert.throws(() => path([[0, 0], [1]], 3), /2 coordinates, got one of 1/);
  assert.throws(() => path([[0, 0], [1, 1]], 3, "toString"), /straight or quantiles, got toString/);
});

import assert from "node:assert/strict";
import test from "node:test";

import {
  CodeStack, covering, dataBounds, logDensity, nearest, pick, priorTail, rate, rates,
} from "../../ui/latent_canvas/frontend/codes.js";
import { halfTable } from "../../ui/latent_canvas/frontend/half.js";
import { classMedians } from "../../ui/latent_canvas/frontend/medians.js";
import { betaToU } from "../../ui/latent_canvas/frontend/scale.js";
import { random } from "./random.js";

const SCALE = { offset: 0.003, train_max: 16 };
const BETAS = [0, 0.5, 1, 12];

/** Random halves: mu in [-2, 2], sigma in [2^-10, 1). */
function makeChunk(n, first = 0) {
  const next = random(first + 7);
  const half = () => Math.floor(next() * 0x400);
  const mu_sigma = Uint16Array.from({ length: BETAS.length * n * 4 }, (_, i) => {
    if (i % 4 < 2) return (next() < 0.5 ? 0 : 0x8000) | (Math.floor(next() * 6 + 10) << 10) | half();
    return (Math.floor(next() * 10 + 5) << 10) | half();
  });
  const ids = Int32Array.from({ length: n }, (_, i) => first + i);
  return { mu_sigma, labels: Int32Array.from(ids, (i) => i % 3), ids, test: Uint8Array.from(ids, (i) => i % 2) };
}

/** n codes [n][4] for the functions of one beta. */
function makeCurrent(n) {
  const next = random(11);
  return Float32Array.from({ length: 4 * n }, (_, i) => (i % 4 < 2 ? 4 * next() - 2 : 0.02 + next()));
}

function assertClose(actual, expected, tolerance) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

test("at a stored beta codes are exactly the stored ones", () => {
  const stack = new CodeStack(BETAS, SCALE);
  const chunk = makeChunk(5);
  stack.addChunk(chunk);
  BETAS.forEach((beta, k) => {
    const expected = Array.from(chunk.mu_sigma.subarray(20 * k, 20 * (k + 1)), (bits) => halfTable()[bits]);
    assert.deepEqual([...stack.at(beta)], expected);
    const { mu, sigma } = stack.exact(3, k);
    assert.deepEqual([...mu, ...sigma], expected.slice(12, 16));
  });
});

test("between stored betas mu and ln sigma are linear in u", () => {
  const stack = new CodeStack(BETAS, SCALE);
  stack.addChunk(makeChunk(6));
  for (const [low, beta] of [[0, 0.01], [1, 0.7], [2, 3], [2, 11.99]]) {
    const [a, b, c] = [BETAS[low], BETAS[low + 1], beta].map((value) => Math.log(value + 0.003));
    const t = (c - a) / (b - a);
    const current = stack.at(beta);
    for (let i = 0; i < 6; i++) {
      const [from, to] = [stack.exact(i, low), stack.exact(i, low + 1)];
      for (let j = 0; j < 2; j++) {
        assertClose(current[4 * i + j], from.mu[j] * (1 - t) + to.mu[j] * t, 1e-6);
        const sigma = from.sigma[j] ** (1 - t) * to.sigma[j] ** t;
        assertClose(current[4 * i + 2 + j] / sigma, 1, 2e-6);
      }
    }
  }
});

test("u of the decoder and u of the codes are one scale", () => {
  assert.deepEqual([...new CodeStack(BETAS, SCALE).u], BETAS.map((beta) => betaToU(beta, SCALE)));
});

test("beta outside the stored range counts as its nearer end", () => {
  const stack = new CodeStack(BETAS.slice(1), SCALE);
  const chunk = makeChunk(2);
  stack.addChunk({ ...chunk, mu_sigma: chunk.mu_sigma.subarray(8) });
  assert.deepEqual(stack.at(0.1), stack.at(0.5));
  assert.deepEqual(stack.at(99), stack.at(12));
});

test("chunks follow one another with their labels, ids and test flags", () => {
  const stack = new CodeStack(BETAS, SCALE);
  stack.addChunk(makeChunk(3));
  const before = stack.at(0.7);
  stack.addChunk(makeChunk(4, 10));
  assert.equal(stack.n, 7);
  assert.deepEqual([...stack.ids], [0, 1, 2, 10, 11, 12, 13]);
  assert.deepEqual([...stack.labels], [0, 1, 2, 1, 2, 0, 1]);
  assert.deepEqual([...stack.test], [0, 1, 0, 0, 1, 0, 1]);
  assert.deepEqual(stack.at(0.7).subarray(0, 12), before);
  const alone = new CodeStack(BETAS, SCALE);
  alone.addChunk(makeChunk(4, 10));
  assert.deepEqual(stack.at(0.7).subarray(12), alone.at(0.7));
  assert.deepEqual(stack.exact(4, 2), alone.exact(1, 2));
  assert.throws(() => stack.exact(7, 0), /below 7, got 7/);
});

test("codes go into a given array of the right size", () => {
  const stack = new CodeStack(BETAS, SCALE);
  stack.addChunk(makeChunk(3));
  const out = new Float32Array(12);
  assert.equal(stack.at(2, out), out);
  assert.throws(() => stack.at(2, new Float32Array(8)), /room for 12 numbers, got 8/);
});

test("a chunk whose arrays do not fit each other is refused and changes nothing", () => {
  const stack = new CodeStack(BETAS, SCALE);
  const chunk = makeChunk(3);
  assert.throws(() => stack.addChunk({ ...chunk, mu_sigma: chunk.mu_sigma.subarray(4) }), /48 numbers of mu_sigma .* got 44/);
  assert.throws(() => stack.addChunk({ ...chunk, ids: chunk.ids.subarray(1) }), /3 numbers of ids .* got 2/);
  assert.throws(() => stack.addChunk({ ...chunk, test: new Uint8Array(9) }), /3 numbers of test .* got 9/);
  assert.throws(() => stack.addChunk({ ...chunk, labels: Int32Array.of(0, 300, 0) }), /0 to 255, got 300/);
  assert.equal(stack.n, 0);
});

test("the rate is the integral of q ln(q / p), and 0 for the prior itself", () => {
  assert.equal(rate(0, 0, 1, 1), 0);
  const [mu, sigma] = [0.8, 0.4];
  let integral = 0;
  for (let x = -6; x < 6; x += 1e-3) {
    const e = (x - mu) / sigma;
    const q = Math.exp((-e * e) / 2) / sigma / Math.sqrt(2 * Math.PI);
    if (q > 0) integral += q * ((x * x) / 2 - (e * e) / 2 - Math.log(sigma)) * 1e-3;
  }
  assertClose(rate(mu, 0, sigma, 1), integral, 1e-9);
  assertClose(rate(0, mu, 1, sigma), integral, 1e-9);
  assert.deepEqual([...rates(Float32Array.of(0, 0, 1, 1, 1, 0, 1, 1))], [0, 0.5]);
});

test("covering counts the ellipses that hold z, by brute force", () => {
  const current = makeCurrent(400);
  for (const [x, y, k] of [[0, 0, 1], [1.5, -1, 2], [40, 0, 3]]) {
    let count = 0;
    for (let i = 0; i < 400; i++) {
      const [m1, m2, s1, s2] = current.subarray(4 * i, 4 * i + 4);
      if (Math.hypot((x - m1) / s1, (y - m2) / s2) <= k) count++;
    }
    assert.equal(covering(current, [x, y], k), count);
  }
  assert.equal(covering(Float32Array.of(0, 0, 0.5, 0.25), [1, 0], 2), 1, "the edge counts");
});

test("nearest finds what a full sort finds", () => {
  const current = makeCurrent(500);
  const all = Array.from({ length: 500 }, (_, i) => i);
  for (const z of [[0, 0], [-2, 1.5]]) {
    const distance = (/** @type {number} */ i) => (current[4 * i] - z[0]) ** 2 + (current[4 * i + 1] - z[1]) ** 2;
    const sorted = all.toSorted((i, j) => distance(i) - distance(j));
    for (const m of [1, 7, 500]) assert.deepEqual([...nearest(current, z, m)], sorted.slice(0, m));
    const odd = (/** @type {number} */ i) => i % 2 === 1;
    assert.deepEqual([...nearest(current, z, 9, odd)], sorted.filter(odd).slice(0, 9));
  }
  assert.equal(nearest(current, [0, 0], 3, () => false).length, 0);
  assert.deepEqual([...nearest(current, [0, 0], 0)], []);
  assert.deepEqual([...nearest(Float32Array.of(1, 0, 1, 1, 1, 0, 1, 1), [0, 0], 5)], [0, 1], "fewer than asked for");
});

test("pick takes the nearest mu among ellipses and points under the pointer", () => {
  const current = Float32Array.of(0, 0, 1, 1, 2, 0, 0.1, 0.1, 0.5, 0, 1, 0.01);
  assert.equal(pick(current, 0.1, 0, 1, 0.05), 0);
  assert.equal(pick(current, 0.4, 0, 1, 0.05), 2, "both hold the pointer, the second's mu is nearer");
  assert.equal(pick(current, 0.4, 0.5, 1, 0.05), 0, "the flat one does not reach there");
  assert.equal(pick(current, 2.2, 0, 1, 0.05), -1);
  assert.equal(pick(current, 2.2, 0, 2.1, 0.05), 1, "a larger k reaches it");
  assert.equal(pick(current, 2.2, 0, 1, 0.25), 1, "a wider finger reaches it");
  assert.equal(pick(current, 0.4, 0, 1, 0.05, (i) => i !== 2), 0);
  assert.equal(pick(new Float32Array(0), 0, 0, 1, 1), -1);
});

test("the log density is the mixture's, near and far", () => {
  const current = makeCurrent(300);
  let q = 0;
  for (let i = 0; i < 300; i++) {
    const [m1, m2, s1, s2] = current.subarray(4 * i, 4 * i + 4);
    q += Math.exp(-0.5 * (((0.3 - m1) / s1) ** 2 + ((0.4 - m2) / s2) ** 2)) / (2 * Math.PI * s1 * s2) / 300;
  }
  assertClose(logDensity(current, [0.3, 0.4]), Math.log(q), 1e-9);
  assertClose(logDensity(Float32Array.of(0, 0, 1, 1), [60, 80]), -5000 - Math.log(2 * Math.PI), 1e-9);
  assert.equal(logDensity(new Float32Array(0), [0, 0]), -Infinity);
});

test("class medians are those of each axis, an even count's between the middle two", () => {
  const current = Float32Array.from([[5, 1], [1, 9], [3, 2], [-2, 4], [0, -4]].flatMap(([x, y]) => [x, y, 1, 1]));
  assert.deepEqual([...classMedians(current, [0, 0, 0, 2, 2], 3)], [3, 2, NaN, NaN, -1, 0]);
});

test("the data's bounds hold every ellipse and touch the outermost", () => {
  const current = Float32Array.of(1, 0, 0.5, 0.25, -1, 2, 0.25, 1);
  assert.deepEqual(dataBounds(current, 2), [-1.5, 2, -0.5, 4]);
  assert.deepEqual(dataBounds(new Float32Array(0), 3), [-3, 3, -3, 3]);
});

test("the prior's tail is the share of normal draws that fall farther out", () => {
  const next = random(5);
  let out = 0;
  for (let i = 0; i < 100_000; i++) {
    const r = Math.sqrt(-2 * Math.log(1 - next())); // Box-Muller's radius
    if (r > 1.5) out++;
    next();
  }
  assertClose(out / 100_000, priorTail(1.5), 0.006);
  assert.equal(priorTail(0), 1);
});

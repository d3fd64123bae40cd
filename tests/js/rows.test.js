import "./texts.js";

import assert from "node:assert/strict";
import test from "node:test";

import { identities, lostShare, slope, withError } from "../../ui/latent_canvas/frontend/weight/rows.js";

const N = 1797;

/** A row whose identities hold: R = 5.54, of which 0.35 misfit. */
const row = (changes = {}) => ({
  beta: 1, distortion: [-20, 0.01], rate: 5.54, mutual_information: [5.19, 1e-5], kl_to_prior: [0.35, 1e-5],
  total_correlation: [0.05, 1e-5], marginal_kl: [[0.1, 1e-5], [0.2, 1e-5]], mean_sigma: 0.12, min_sigma: 0.03,
  active_units: 2, holes: [0.021, 0.001], method: "grid", ...changes,
});

const oks = (changes, samples = N) => identities(row(changes), samples).map(({ ok }) => ok);

test("all identities of a consistent row hold", () => {
  assert.deepEqual(oks({}), [true, true, true, true]);
});

test("a closed form passes without any error: one Gaussian per axis has I = 0 and KL = R", () => {
  const kl = (mu, sigma) => 0.5 * (mu ** 2 + sigma ** 2 - 1) - Math.log(sigma);
  const [a, b] = [kl(0.3, 0.5), kl(-1, 2)];
  const exact = { rate: a + b, mutual_information: [0, 0], kl_to_prior: [a + b, 0], total_correlation: [0, 0], marginal_kl: [[a, 0], [b, 0]] };
  assert.deepEqual(oks(exact), [true, true, true, true]);
});

test("a wrong number fails the identities it is in, and only those", () => {
  assert.deepEqual(oks({ rate: 5.56 }), [false, true, true, true]);
  assert.deepEqual(oks({ mutual_information: [5.1, 1e-5] }), [false, true, true, true]);
  assert.deepEqual(oks({ total_correlation: [0.06, 1e-5] }), [true, false, true, true]);
  assert.deepEqual(oks({ marginal_kl: [[0.1, 1e-5], [0.21, 1e-5]] }), [true, false, true, true]);
  assert.deepEqual(oks({ kl_to_prior: [0.36, 1e-5] }), [false, false, true, true]);
});

test("a total correlation below 0 fails unless its error reaches 0", () => {
  assert.equal(oks({ total_correlation: [-0.01, 1e-5] })[2], false);
  assert.equal(oks({ total_correlation: [-0.01, 0.02] })[2], true);
});

test("information may exceed neither R nor ln N, nor be negative", () => {
  assert.equal(oks({ mutual_information: [5.6, 0.01] })[3], false);
  assert.equal(oks({ mutual_information: [5.19, 1e-5] }, 100)[3], false);
  assert.equal(oks({ mutual_information: [-0.1, 0.01] })[3], false);
  assert.equal(oks({ mutual_information: [5.545, 0.01] })[3], true);
});

test("what is not a number never passes", () => {
  const nan = { rate: NaN, total_correlation: [NaN, 0], mutual_information: [NaN, 0] };
  assert.deepEqual(oks(nan), [false, false, false, false]);
});

test("off a grid the split of the misfit is not checked, and says so", () => {
  for (const method of ["nodes", "draws"]) {
    const [, misfit] = identities(row({ method, total_correlation: [0.9, 1e-5] }), N);
    assert.equal(misfit.ok, null);
    assert.match(misfit.detail, /Not checked/);
  }
});

test("standard errors leave room for three of them, bounds for one", () => {
  const off = { rate: 5.56, mutual_information: [5.19, 0.004], kl_to_prior: [0.35, 0.004] };
  assert.equal(oks({ ...off, method: "grid" })[0], false);
  assert.equal(oks({ ...off, method: "draws" })[0], true);
});

test("details carry the numbers", () => {
  assert.equal(identities(row(), N)[0].detail, "5.5400 and 5.1900 + 0.3500: off by <0.0001, within the errors’ <0.0001.");
  assert.match(identities(row({ rate: 5.56 }), N)[0].detail, /off by 0\.0[23], more than/);
});

test("errors choose the digits, are rounded up, and are never 0", () => {
  assert.equal(withError([5.1912, 0.012]), "5.19 ± 0.02");
  assert.equal(withError([5.1912, 0.0003]), "5.1912 ± 0.0003");
  assert.equal(withError([5.1912, 0.00095]), "5.191 ± 0.001");
  assert.equal(withError([5.1912, 0.0001]), "5.1912 ± 0.0001");
  assert.equal(withError([5.1912, 3e-7]), "5.1912 ± <0.0001");
  assert.equal(withError([1234.5, 12]), "1235 ± 20");
  assert.equal(withError([41.23, 0.31], "%"), "41.2 ± 0.4 %");
});

test("minus signs are real, and zero has none", () => {
  assert.equal(withError([-22.04, 0.1]), "\u221222.0 ± 0.1");
  assert.equal(withError([-0.00001, 0.001]), "0.000 ± 0.001");
});

test("a closed form has no error to write, and an unknown error is not hidden", () => {
  assert.equal(withError([16.36, 0], "nats"), "16.3600 nats");
  assert.equal(withError([1.5, NaN]), "1.50 ± ?");
});

test("along a curve that minimises D + βR, slopes lie between the βs of their rows", () => {
  const rows = [0.5, 1, 2, 4].map((beta) => row({ beta, rate: -Math.log(beta) + 3, distortion: [beta, 0] }));
  slope(rows).forEach((value, i) => assert.ok(value > rows[i].beta && value < rows[i + 1].beta));
});

test("slopes that nothing tells are NaN", () => {
  assert.deepEqual(slope([row(), row({ distortion: undefined }), row({ rate: 1 })]), [NaN, NaN]);
  assert.deepEqual(slope([row(), row()]), [NaN]);
});

test("the lost share is 0 at the best row and 1 at the worst", () => {
  const rows = [-22, -20, 8].map((d) => row({ distortion: [d, 0] }));
  assert.deepEqual([-22, -7, 8].map((d) => lostShare(d, rows)), [0, 0.5, 1]);
  assert.ok(Number.isNaN(lostShare(1, [row({ distortion: undefined })])));
});

import "./texts.js";

import assert from "node:assert/strict";
import test from "node:test";

import { groupsWords, regime, remembers } from "../../ui/latent_canvas/frontend/weight/regime.js";

const N = 1797;
const make = (beta, distortion, rate, information, kl, sigma, holes, units = 2) => ({
  beta, distortion: [distortion, 0.01], rate, mutual_information: [information, 1e-4], kl_to_prior: [kl, 1e-4], total_correlation: [kl / 4, 1e-4],
  marginal_kl: [[(3 * kl) / 8, 1e-4], [(3 * kl) / 8, 1e-4]], mean_sigma: sigma, min_sigma: sigma / 2, active_units: units, holes: [holes, 0.001], method: "grid",
});
const ROWS = [
  make(0, -22, 16.4, 7.46, 8.9, 0.01, 0.41), make(1, -20, 5.5, 5.19, 0.35, 0.12, 0.021),
  make(4.5, -12.1, 2.86, 2.77, 0.09, 0.4, 0.003), make(12, 7.6, 0.04, 0.04, 0.0004, 0.98, 0, 0),
];
const names = (rows) => rows.map((row) => regime(row, rows, N).name);

test("the four regimes follow each other along β", () => {
  assert.deepEqual(names(ROWS), ["autoencoder", "useful", "blur", "collapse"]);
});

test("without distortions the information decides what is blurred", () => {
  assert.deepEqual(names(ROWS.map((row) => ({ ...row, distortion: undefined }))), ["autoencoder", "useful", "blur", "collapse"]);
});

test("a model without an active unit has collapsed whatever its information estimate", () => {
  assert.equal(regime({ ...ROWS[2], active_units: 0 }, ROWS, N).name, "collapse");
});

test("texts carry the row's own numbers", () => {
  const text = (i) => regime(ROWS[i], ROWS, N).text;
  assert.match(text(0), /mean σ 0\.010\).*41 % of the prior’s draws/);
  assert.match(text(1), /mean σ 0\.12\).*98 % of its draws.*2\.1 % in holes.*5\.2 of 7\.5 nats.*93 % of the way/);
  assert.match(text(2), /mean σ 0\.40\).*2\.8 of 7\.5 nats.*67 % of the way.*0\.3 %/);
  assert.match(text(3), /mean σ 0\.98.*0\.04 of 7\.5 nats/);
});

test("no text is longer than four sentences, and none says what is not a number", () => {
  const odd = ROWS.map((row) => ({ ...row, distortion: undefined, holes: [0, 0] }));
  for (const [row, rows] of [...ROWS.map((r) => [r, ROWS]), ...odd.map((r) => [r, odd])]) {
    const { text } = regime(row, rows, N);
    assert.ok(text.split(/\. (?=[A-Z])/).length <= 4, text);
    assert.doesNotMatch(text, /NaN|undefined|Infinity|\.\./);
  }
});

test("without holes no text speaks of falling into them", () => {
  assert.doesNotMatch(regime({ ...ROWS[0], holes: [0, 0] }, ROWS, N).text, /leaves holes/);
});

test("a separately trained row outside the shared rows' distortions stays within 0 and 100 %", () => {
  assert.match(regime({ ...ROWS[1], distortion: [-30, 0] }, ROWS, N).text, /as good as any β/);
  assert.match(regime({ ...ROWS[2], distortion: [30, 0] }, ROWS, N).text, /only 0 % of the way/);
});

test("what is remembered is said against ln N, and as groups", () => {
  assert.equal(
    remembers({ ...ROWS[1], mutual_information: [4.1, 0] }, N),
    "The encoder remembers 4.1 of the 7.5 nats that would name each of the 1,797 samples: as much as telling about 60 equally large groups apart.",
  );
  assert.match(remembers(ROWS[0], N), /7\.46 of the 7\.49 nats .*nearly every sample/);
  assert.match(remembers(ROWS[3], N), /0\.04 of the 7\.5 nats .*less than it takes/);
});

test("nothing remembered reads well, also where the estimate is below 0", () => {
  for (const value of [0, -0.003, 0.001]) {
    assert.equal(remembers({ ...ROWS[3], mutual_information: [value, 0.01] }, N), "The encoder remembers nothing: 0 of the 7.5 nats that would name each of the 1,797 samples.");
  }
});

test("ln k nats are k groups", () => {
  for (const k of [2, 5, 9]) assert.match(groupsWords(Math.log(k), N), new RegExp(`about ${k} equally`));
  assert.match(groupsWords(Math.log(20), N), /about 20 equally/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { CodeStack } from "../../ui/latent_canvas/frontend/codes.js";
import { halfTable } from "../../ui/latent_canvas/frontend/half.js";
import { Glide, Moment, TWEEN_MS, blend } from "../../ui/latent_canvas/frontend/live.js";
import { forget, getModel, onMoment, put } from "../../ui/latent_canvas/frontend/store.js";
import { BlendedDecoder } from "../../ui/latent_canvas/frontend/train/blended_decoder.js";
import { rangeOf, roundUp, valueOver } from "../../ui/latent_canvas/frontend/train/growth.js";
import { ShownState } from "../../ui/latent_canvas/frontend/train/shown_state.js";
import { between, coarseToFine, nextWanted } from "../../ui/latent_canvas/frontend/train/states.js";
import { duration, look, statusWords, timeLeft } from "../../ui/latent_canvas/frontend/train/told.js";
import "./texts.js";

const BETAS = [0, 1, 4];
const N = 3;
const BETA = { offset: 0.003, train_max: 5, degree: 0 };
// Weight [2, 1] and bias [1] of a decoder of one pixel.
const LAYER = { kind: "dense", in: 2, out: 1, weight: 0, bias: 2, gain: null, shift: null, activation: "identity" };
const SPEC = {
  name: "x", title: "X", shape: [1, 1], label_names: ["a", "b"], samples: N, betas: BETAS, beta_max: 4, beta_collapse: 0,
  likelihood: "gaussian", sigma_x: 1, decoder: { latent_dim: 2, shape: [1, 1], beta: BETA, layers: [LAYER] },
};
const ONE = 0x3c00; // the half 1.0; one more in the upper byte's exponent is 2.0
const TWO = 0x4000;
const halves = (bits) => new Uint16Array(BETAS.length * N * 4).fill(bits);
const weightsOf = (...bits) => Uint16Array.from(bits);

/** A message as payload.py writes it. */
function message(facts, tensors) {
  const types = { Uint16Array: "F16", Int32Array: "I32", Uint8Array: "U8" };
  const header = { __metadata__: { json: JSON.stringify(facts) } };
  let at = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    header[name] = { dtype: types[tensor.constructor.name], shape: [tensor.length], data_offsets: [at, at += tensor.byteLength] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  for (const [name, tensor] of Object.entries(tensors)) {
    bytes.set(new Uint8Array(tensor.buffer), 8 + text.length + header[name].data_offsets[0]);
  }
  return bytes;
}

const facts = (step) => ({ step, share: step / 100, epoch: 1, seconds: step / 10, distortion: 5, rate: 1 });
const codesPart = (digest) => message({ kind: "codes", digest, chunk: 0 }, {
  codes: halves(ONE), labels: Int32Array.from([0, 1, 0]), ids: Int32Array.from([7, 8, 9]), test: new Uint8Array(N),
});
const modelPart = (digest) => message({ kind: "model", digest, spec: { ...SPEC, digest } }, { weights: weightsOf(ONE, ONE, ONE) });
const momentPart = (kind, digest, step, bits, more = {}) => message(
  { ...facts(step), kind, digest, ...more }, { codes: halves(bits), weights: weightsOf(bits, bits, bits) });

/** A model with its codes, as a page that opens finds it. */
function opened(digest) {
  put(modelPart(digest));
  put(codesPart(digest));
  return getModel(digest);
}

const moment = (step, bits) => new Moment(facts(step), halves(bits), weightsOf(bits, bits, bits));
const close = (a, b, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

// ---- what arrives

test("the state that came last is the newest, also where a training goes on from an older one; the same one is no news", () => {
  const model = opened("stale");
  const heard = [];
  const abort = new AbortController();
  onMoment((digest) => heard.push(digest), abort.signal);
  for (const step of [10, 10, 20, 20, 5]) put(momentPart("live", "stale", step, TWO));
  abort.abort();
  assert.equal(model.newest.step, 5);
  assert.deepEqual(heard, ["stale", "stale", "stale"]);
  put(momentPart("live", "stale", 30, ONE));
  assert.equal(heard.length, 3, "who has gone hears nothing");
});

test("states that come before their model wait for it, the newest ones replacing each other", () => {
  for (const step of [1, 2, 3]) put(momentPart("live", "early", step, TWO));
  put(momentPart("state", "early", 1, ONE, { index: 0 }));
  const model = opened("early");
  assert.equal(model.newest.step, 3);
  assert.equal(model.states.get(0).step, 1);
});

test("a training that has left the page is forgotten with its states", () => {
  opened("gone");
  put(momentPart("live", "gone", 1, TWO));
  forget("gone");
  assert.equal(getModel("gone"), undefined);
});

test("an index that is taken anew holds the later state", () => {
  const model = opened("anew");
  for (const step of [4, 6]) put(momentPart("state", "anew", step, TWO, { index: 2 }));
  assert.equal(model.states.get(2).step, 6);
});

// ---- what is shown

test("codes replaced by those of a state are answered exactly, at every stored beta", () => {
  const { codes } = opened("exact");
  const next = moment(1, TWO);
  codes.replace(next.halves, next.values, false);
  for (const [node, beta] of BETAS.entries()) {
    assert.ok(codes.at(beta).every((value) => value === 2));
    assert.deepEqual(codes.exact(1, node), { mu: [2, 2], sigma: [2, 2] });
  }
  assert.equal(codes.n, N);
});

test("codes between two states are linear in mu and in the logarithm of sigma, also at the last stored beta", () => {
  const { codes } = opened("half way");
  const [a, b] = [moment(1, ONE), moment(2, TWO)];
  const values = new Float32Array(a.values.length);
  blend(a.values, b.values, 0.5, values);
  codes.replace(a.halves, values, true);
  for (const beta of [0, 0.3, 4]) {
    const [mu1, , , sigma2] = codes.at(beta);
    close(mu1, 1.5);
    close(sigma2, Math.SQRT2);
  }
  assert.deepEqual(codes.exact(0, 0).mu, [1, 1], "numbers are those of a real state");
});

test("codes of another number of samples are refused", () => {
  const { codes } = opened("other size");
  assert.throws(() => codes.replace(new Uint16Array(8), new Float32Array(8), false), /Expected 36 numbers/);
});

test("a mean in other codes is the one that the stack itself would give", () => {
  const stack = new CodeStack(BETAS, BETA);
  const bits = Uint16Array.from({ length: BETAS.length * N * 4 }, (_, i) => ONE + 37 * i);
  stack.addChunk({ mu_sigma: bits, labels: new Uint8Array(N), ids: new Int32Array(N), test: new Uint8Array(N) });
  const { values } = new Moment(facts(1), bits, new Uint16Array(0));
  for (const beta of [0, 0.4, 1, 2.5, 4, 9]) {
    const current = stack.at(beta);
    const [mu1, mu2] = stack.meanIn(values, 2, beta);
    close(mu1, current[8]);
    close(mu2, current[9]);
  }
});

test("a state is jumped to, or moved to and then shown exactly, with its own decoder", () => {
  const model = opened("shown");
  const shown = new ShownState(model, () => false);
  const next = moment(1, TWO);
  shown.moveTo(next, false);
  assert.deepEqual(shown.frame(performance.now() + 0.4 * TWEEN_MS), { parts: ["beta"], moving: true });
  const [mu1] = model.codes.at(1);
  assert.ok(mu1 > 1 && mu1 < 2, `${mu1} is on its way`);
  assert.deepEqual(shown.frame(performance.now() + 2 * TWEEN_MS), { parts: ["codes"], moving: false });
  assert.equal(model.codes.at(1)[0], 2);
  assert.equal(model.decoder.decode([1, 1])[0], 6); // 2·1 + 2·1 + 2
  shown.moveTo(moment(2, ONE), true);
  assert.deepEqual(shown.frame(performance.now() + 3 * TWEEN_MS), { parts: ["beta"], moving: false });
  assert.equal(model.codes.at(1)[0], 1);
  assert.deepEqual(shown.frame(performance.now() + 4 * TWEEN_MS), { parts: [], moving: false });
});

test("while a hand drags the ellipses wait longer than their cost, the decoder does not, and all arrive", () => {
  const shown = new ShownState(opened("dragged"), () => true, () => 15);
  const frames = (from, count) => Array.from({ length: count }, (_, i) => shown.frame(performance.now() + 16 * (from + i)));
  shown.moveTo(moment(1, TWO), false);
  assert.deepEqual(frames(0, 1)[0].parts, ["beta"]);
  shown.moveTo(moment(2, ONE), false);
  const found = frames(1, 40);
  assert.deepEqual(found[0], { parts: ["decoder"], moving: true });
  const drawn = found.filter(({ parts }) => parts.includes("codes"));
  assert.ok(drawn.length >= 2 && drawn.length <= 4, `${drawn.length} draws in 640 ms`);
  assert.deepEqual(found.at(-1), { parts: [], moving: false });
  assert.equal(shown.model.codes.at(1)[0], 1);
});

test("between two states what samples come back as is mixed from what they come back as in each", () => {
  const model = opened("mixed");
  const shown = new ShownState(model, () => false);
  shown.standAt({ from: moment(1, ONE), to: moment(2, TWO), share: 0.25 });
  shown.frame(0);
  // In the first: 1·1 + 1·1 + 1 = 3; in the second: 2·2 + 2·2 + 2 = 10.
  close(shown.reconstructions([0, 2], 1)[1][0], 0.75 * 3 + 0.25 * 10);
  // At one and the same point: 3 and 6.
  close(model.decoder.decode([1, 1])[0], 0.75 * 3 + 0.25 * 6);
});

test("a blended decoder mixes many points as it mixes one", () => {
  const [a, b] = [opened("a").decoder, opened("b").decoder];
  const both = new BlendedDecoder(a, b, 0.5);
  both.setBeta(1);
  assert.deepEqual([...both.decodeMany([1, 1, 2, 2])], [3, 5]);
  assert.equal(both.to.beta, 1);
});

test("a new decoder stands at the beta of the one before it, also before a frame is drawn", () => {
  const model = opened("at beta");
  model.decoder.setBeta(4);
  const shown = new ShownState(model, () => true);
  shown.moveTo(moment(1, TWO), false);
  assert.equal(model.decoder.beta, 4);
  shown.standAt({ from: moment(2, ONE), to: moment(3, TWO), share: 0.5 });
  assert.equal(model.decoder.beta, 4);
});

test("a state of another number of samples is not shown", () => {
  const shown = new ShownState(opened("odd"), () => false);
  const odd = new Moment(facts(1), new Uint16Array(8), weightsOf(ONE, ONE, ONE));
  assert.throws(() => shown.moveTo(odd, true), /Expected 36 numbers/);
});

// ---- how it moves

test("from rest a glide starts and ends slowly, half way at half time", () => {
  const glide = new Glide(Float32Array.of(0));
  glide.start(Float32Array.of(1), 1000);
  const at = (share) => (glide.frame(1000 + share * TWEEN_MS), glide.shown[0]);
  assert.ok(at(0.05) < 0.02);
  close(at(0.5), 0.5);
  assert.ok(at(0.95) > 0.98);
  assert.equal(glide.frame(1000 + TWEEN_MS), false);
  assert.equal(glide.shown[0], 1);
  assert.equal(glide.frame(5000), false);
});

test("a new target on the way changes neither place nor speed at once", () => {
  const glide = new Glide(Float32Array.of(0));
  glide.start(Float32Array.of(1), 0);
  const step = 0.001 * TWEEN_MS;
  const places = [];
  for (let i = 0; i < 400; i++) {
    if (i === 200) glide.start(Float32Array.of(-3), i * step);
    glide.frame(i * step);
    places.push(glide.shown[0]);
  }
  const moves = places.slice(1).map((place, i) => place - places[i]);
  const jumps = moves.slice(1).map((move, i) => Math.abs(move - moves[i]));
  assert.ok(Math.max(...jumps) < 1e-4, `speed jumps by ${Math.max(...jumps)} in a step of ${moves[198]}`);
});

// ---- the timeline

test("states are fetched from coarse to fine, each once", () => {
  for (const count of [0, 1, 2, 3, 7, 40]) {
    const order = coarseToFine(count);
    assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
  }
  assert.deepEqual(coarseToFine(9).slice(0, 5), [8, 0, 4, 2, 6]);
});

test("what the place on the timeline needs is asked for first, and nothing that is there", () => {
  const entries = Array.from({ length: 9 }, (_, i) => ({ index: 100 + i, step: i, share: i / 8 }));
  const have = new Set([8, 5]);
  const wanted = nextWanted(entries, ({ step }) => have.has(step), 5.5, 9);
  assert.deepEqual(wanted, [106, 100, 104, 102]);
  assert.deepEqual(nextWanted(entries, () => true, 5.5, 9), []);
  assert.deepEqual(nextWanted(entries, () => false, -1, 2), [108, 100]);
});

test("while states are missing their neighbours stand in", () => {
  const have = (...places) => (place) => places.includes(place);
  assert.deepEqual(between(2.5, 6, have(2, 3)), { from: 2, to: 3, share: 0.5 });
  assert.deepEqual(between(2.5, 6, have(1, 5)), { from: 1, to: 5, share: 0.375 });
  assert.deepEqual(between(3, 6, have(3)), { from: 3, to: 3, share: 0 });
  assert.deepEqual(between(0, 6, have(4)), { from: 4, to: 4, share: 0 });
  assert.deepEqual(between(5, 6, have(4)), { from: 4, to: 4, share: 0 });
  assert.equal(between(5, 6, have()), null);
});

// ---- words and curves

test("time left is said no finer than it is known", () => {
  assert.deepEqual([2, 12, 58, 61, 300, 5000].map(timeLeft), [
    "a few seconds left", "about 10 seconds left", "about a minute left", "about a minute left", "about 5 minutes left", "about an hour left",
  ]);
  assert.equal(timeLeft(null), "");
  assert.deepEqual([3.21, 59.4, 75, 3720].map(duration), ["3.2 s", "59 s", "1 min 15 s", "1 h 2 min"]);
});

test("each status says what is to be known", () => {
  const progress = { ...facts(40), seconds_left: 20 };
  assert.match(statusWords({ status: "waiting", place: 1 }, null, false).rest, /^Next in the queue/);
  assert.match(statusWords({ status: "waiting", place: 3 }, null, false).rest, /^Place 3/);
  assert.equal(statusWords({ status: "waiting", place: 1, message: "It waits." }, null, false).rest, "It waits.");
  assert.equal(statusWords({ status: "running" }, progress, false).rest, "epoch 1 · 4.0 s · about 20 seconds left");
  assert.equal(statusWords({ status: "running" }, progress, true).rest, "epoch 1 · 4.0 s", "in slow motion nobody knows");
  assert.equal(statusWords({ status: "failed", message: "the disk is full" }, progress, false).rest, "the disk is full");
});

test("what the map shows is told by the rate and the share of the training", () => {
  assert.equal(look("running", null, false), "nothing");
  assert.equal(look("running", { rate: 0.1, share: 0.01 }, false), "start");
  assert.equal(look("running", { rate: 4, share: 0.2 }, false), "moving");
  assert.equal(look("paused", { rate: 4, share: 0.8 }, false), "late");
  assert.equal(look("finished", { rate: 4, share: 1 }, false), "done");
  assert.equal(look("finished", { rate: 0.1, share: 0 }, true), "start");
});

test("the first steep fall does not set the scale of a long curve, and a short one is shown whole", () => {
  const curve = Array.from({ length: 200 }, (_, i) => 10 + 900 * Math.exp(-i / 2));
  assert.ok(rangeOf(curve)[1] < 100);
  assert.ok(rangeOf(curve.slice(0, 5))[1] > 900);
  assert.ok(rangeOf([3])[1] > 3);
});

test("the time axis ends at a round number, and a curve is read between its points", () => {
  assert.deepEqual([0.7, 1, 14.2, 61, 700].map(roundUp), [0.8, 1, 15, 80, 800]);
  close(valueOver([0, 2, 4], [10, 20, 0], 3), 10);
  assert.equal(valueOver([0, 2], [10, 20], 9), 20);
  assert.equal(valueOver([1, 2], [10, 20], 0), 10);
});

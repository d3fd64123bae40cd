import assert from "node:assert/strict";
import test from "node:test";

import { unfamiliar } from "../../ui/latent_canvas/frontend/story/familiar.js";
import { prepare } from "../../ui/latent_canvas/frontend/story/prepare.js";
import { shippedModel } from "./models.js";
import { random } from "./random.js";

const SIZE = 16;
/** Calls after which everything that is usual has been measured. */
const CALLS = 30;

/** A decoder whose picture is a gentle wave that z shifts, codes around 0, and originals that differ from it a little. */
function makeModel(n, { beta = 1, test = () => 0, noise = 0.05 } = {}) {
  const next = random(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const current = Float32Array.from({ length: 4 * n }, (_, i) => (i % 4 < 2 ? normal() : 0.2));
  const decode = ([a, b]) => Float32Array.from({ length: SIZE }, (_, i) => 0.5 + 0.4 * Math.sin(a + (i * (b + 3)) / 6));
  const originals = Array.from({ length: n }, (_, i) => decode(current.subarray(4 * i, 4 * i + 2)).map((v) => v + noise * normal()));
  const decoder = { beta, decode };
  return { model: { decoder, codes: { n, test: Uint8Array.from({ length: n }, (_, i) => test(i)) } }, current, originals, read: (_, i) => originals[i] ?? null };
}

function settled({ model, current, read }, mu, pixels) {
  for (let i = 0; i < CALLS; i++) unfamiliar(model, current, { mu, pixels }, read);
  return unfamiliar(model, current, { mu, pixels }, read);
}

test("a sample's own picture at its own place is familiar", () => {
  const ours = makeModel(1000);
  let flagged = 0;
  for (let i = 0; i < 200; i++) flagged += settled(ours, ours.current.subarray(4 * i, 4 * i + 2), ours.originals[i]) ? 1 : 0;
  assert.ok(flagged <= 10, `${flagged} of 200`);
});

test("a place far from all samples is said, whatever the picture", () => {
  const ours = makeModel(1000);
  assert.equal(settled(ours, [9, -9], ours.model.decoder.decode([9, -9])), "place");
  assert.equal(settled(ours, [0, 0], ours.model.decoder.decode([0, 0])), null);
});

test("a picture that cannot be made again is said", () => {
  const ours = makeModel(1000);
  assert.equal(settled(ours, [0, 0], ours.model.decoder.decode([0, 0]).map((v) => 1 - v)), "picture");
});

test("what is missed by more than an empty picture would be is said even where the error is small", () => {
  const ours = makeModel(1000, { noise: 0.6 });
  const faint = new Float32Array(SIZE);
  faint[3] = 0.3;
  assert.equal(settled(ours, [0, 0], faint), "picture");
});

test("without originals only the place counts", () => {
  const ours = { ...makeModel(1000), read: () => null };
  assert.equal(settled(ours, [0, 0], new Float32Array(SIZE)), null);
  assert.equal(settled(ours, [9, 9], new Float32Array(SIZE)), "place");
});

test("a few samples say nothing", () => {
  for (const n of [0, 1, 15]) {
    const ours = makeModel(n);
    assert.equal(settled(ours, [50, 50], new Float32Array(SIZE)), null);
  }
});

test("what is usual is that of the held-out samples where there are enough", () => {
  // Held-out samples are missed by more: their errors set the limit.
  const ours = makeModel(1000, { test: (i) => Number(i % 4 === 0), noise: 0 });
  for (let i = 0; i < 1000; i += 4) ours.originals[i] = ours.originals[i].map((v, k) => v + (k % 2 ? 0.2 : -0.2));
  const wrong = ours.model.decoder.decode([0, 0]).map((v) => v + 0.15);
  assert.equal(settled(ours, [0, 0], wrong), null);
  ours.model = { ...ours.model, codes: { n: 1000, test: new Uint8Array(1000) } };
  ours.originals.forEach((_, i) => (ours.originals[i] = ours.model.decoder.decode(ours.current.subarray(4 * i, 4 * i + 2))));
  assert.equal(settled(ours, [0, 0], wrong), "picture");
});

test("the limits follow the β, and until they are known those of the one before count", () => {
  const ours = makeModel(1000);
  assert.equal(settled(ours, [6, 0], ours.model.decoder.decode([6, 0])), "place");
  ours.model.decoder.beta = 4;
  for (let i = 0; i < ours.current.length; i++) ours.current[i] *= 6;
  for (let i = 0; i < 1000; i++) ours.originals[i] = ours.model.decoder.decode(ours.current.subarray(4 * i, 4 * i + 2));
  assert.equal(settled(ours, [6, 0], ours.model.decoder.decode([6, 0])), null);
});

test("one call decodes few pictures while places and pictures are measured, however many samples there are", () => {
  for (const samples of [1000, 60_000]) {
    const ours = makeModel(samples);
    let decoded = 0;
    const { decode } = ours.model.decoder;
    ours.model.decoder.decode = (z) => (decoded++, decode(z));
    const perCall = Array.from({ length: 5 }, () => {
      decoded = 0;
      unfamiliar(ours.model, ours.current, { mu: [0, 0], pixels: ours.originals[0] }, ours.read);
      return decoded;
    });
    assert.ok(Math.max(...perCall) <= 12, `${perCall} pictures`);
    assert.ok(Math.max(...perCall) > 1, "they are measured a few at a time");
  }
});

const line = (x1, y1, x2, y2) => Array.from({ length: 31 }, (_, i) => [x1 + ((x2 - x1) * i) / 30, y1 + ((y2 - y1) * i) / 30]);

test("the digits' model knows a drawn 0 and says that a cross is new", () => {
  const ours = shippedModel("digits", 1);
  // The originals are not in the repository: reconstructions with errors of a usual size stand in.
  const next = random(9);
  const originals = Array.from({ length: 1797 }, (_, i) => ours.decoder.decode(ours.current.subarray(4 * i, 4 * i + 2)).map((v) => v + 0.9 * (next() - 0.5)));
  const model = { decoder: ours.decoder, codes: { n: 1797, test: new Uint8Array(1797) } };
  const verdict = (strokes) => {
    const pixels = prepare(strokes, { shape: ours.spec.shape, levels: ours.statistics.levels, drawing: ours.statistics.drawing });
    return settled({ model, current: ours.current, read: (_, i) => originals[i] }, ours.encoder.encode(pixels).mu, pixels);
  };
  const ring = Array.from({ length: 61 }, (_, i) => [0.5 + 0.22 * Math.sin((i * Math.PI) / 30), 0.5 - 0.32 * Math.cos((i * Math.PI) / 30)]);
  assert.equal(verdict([ring]), null);
  assert.equal(verdict([line(0.2, 0.2, 0.8, 0.8), line(0.8, 0.2, 0.2, 0.8)]), "picture");
  assert.equal(verdict([line(0.15, 0.5, 0.85, 0.5)]), "picture");
});

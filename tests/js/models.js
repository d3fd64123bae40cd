// The models that ship, for tests that ask what their encoder says: read from their folders as the server sends them.

import { readFileSync } from "node:fs";

import { Decoder } from "../../ui/latent_canvas/frontend/decoder.js";
import { Encoder } from "../../ui/latent_canvas/frontend/encoder.js";
import { halfToFloat } from "../../ui/latent_canvas/frontend/half.js";

/** @param {string} name @param {string} file */
function open(name, file) {
  const bytes = readFileSync(new URL(`../../checkpoints/${name}/${file}`, import.meta.url));
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const part = (/** @type {string} */ key) => {
    const [begin, end] = header[key].data_offsets;
    const buffer = bytes.buffer.slice(bytes.byteOffset + 8 + length + begin, bytes.byteOffset + 8 + length + end);
    const types = { F16: Uint16Array, F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array };
    return { values: new types[header[key].dtype](buffer), shape: header[key].shape };
  };
  return { header, part, facts: header.__metadata__?.json ? JSON.parse(header.__metadata__.json) : null };
}

/** One network as payload.py packs it. */
function network(card, weights, kind) {
  const flat = [];
  const layers = [];
  let size = 0;
  for (let i = 0; weights.header[`${kind}.${i}.weight`]; i++) {
    const [inputs, outputs] = weights.part(`${kind}.${i}.weight`).shape;
    const layer = { kind: "dense", in: inputs, out: outputs, activation: "gelu_tanh" };
    for (const name of ["weight", "bias", "gain", "shift"]) {
      const { values } = weights.part(`${kind}.${i}.${name}`);
      layer[name] = size;
      size += values.length;
      flat.push(halfToFloat(values));
    }
    layers.push(layer);
  }
  layers[layers.length - 1].activation = kind === "decoder" ? "sigmoid" : "identity";
  const all = new Float32Array(size);
  flat.reduce((at, values) => (all.set(values, at), at + values.length), 0);
  const { config } = card;
  const beta = { offset: config.beta_offset, train_max: config.beta_train_max, degree: config.degree };
  return [{ latent_dim: config.latent_dim, shape: config.input_shape, beta, layers }, all];
}

/**
 * @param {string} name of a model that ships
 * @param {number} beta the stored one that is nearest is taken
 */
export function shippedModel(name, beta) {
  const card = JSON.parse(readFileSync(new URL(`../../checkpoints/${name}/card.json`, import.meta.url), "utf8"));
  const weights = open(name, "model.safetensors");
  const [encoder, decoder] = [new Encoder(...network(card, weights, "encoder")), new Decoder(...network(card, weights, "decoder"))];
  const codes = open(name, "codes.safetensors");
  const node = card.betas.reduce((best, b, k) => (Math.abs(b - beta) < Math.abs(card.betas[best] - beta) ? k : best), 0);
  const n = card.samples;
  const [mu, sigma] = ["mu", "sigma"].map((key) => halfToFloat(codes.part(key).values.subarray(2 * n * node, 2 * n * (node + 1))));
  const current = Float32Array.from({ length: 4 * n }, (_, i) => (i % 4 < 2 ? mu[2 * (i >> 2) + (i % 4)] : sigma[2 * (i >> 2) + (i % 4) - 2]));
  for (const part of [encoder, decoder]) part.setBeta(card.betas[node]);
  const statistics = open(name, "statistics.safetensors").facts;
  return { card, encoder, decoder, current, labels: codes.part("labels").values, statistics, spec: { shape: card.config.input_shape } };
}

// What the server sent, kept once for every mount on the page: models, their codes and their original images.

import { CodeStack } from "./codes.js";
import { Decoder } from "./decoder.js";
import { Encoder } from "./encoder.js";
import { halfToFloat } from "./half.js";
import { RowSheet, SpriteSheet } from "./images.js";
import { ImportedDecoder } from "./imported_decoder.js";
import { Moment } from "./live.js";
import { SpaceCodes } from "./space_codes.js";
import { readTensors } from "./tensors.js";
import { setTexts } from "./texts.js";

/**
 * @typedef {object} ModelSpec the JSON beside a model's weights (payload.py writes it)
 * @property {string} name
 * @property {string} title
 * @property {string} digest changes when the files on disk do
 * @property {number[]} shape
 * @property {string[]} label_names
 * @property {number} samples N of the data set
 * @property {number[]} betas where codes were computed
 * @property {number} beta_max
 * @property {number} beta_collapse predicted by the linear VAE
 * @property {"gaussian" | "bernoulli"} likelihood of a pixel given z
 * @property {number} sigma_x standard deviation of Gaussian pixels
 * @property {import("./decoder.js").DecoderSpec} decoder
 * @property {import("./bars.js").Column[]} [columns] of a table; empty where its card names none
 *
 * Of imported models, and of more than two dimensions:
 * @property {boolean} [imported]
 * @property {boolean} [family] its betas are models of their own, trained apart
 * @property {number} [latent_dim]
 * @property {Dimension[][]} [dimensions] [K][d], of more than two dimensions
 * @property {{axes: number[][], share: [number, number]}[]} [principal] [K], of more than two: the first two principal components of μ
 * @property {number[][]} [rotations] [K][d · d], of a family
 *
 * @typedef {{kl: number, variance: number, sigma: number, active: boolean}} Dimension KL in nats, variance of μ, mean σ
 */

/**
 * The data set in numbers, pixel by pixel (payload.py writes it).
 * @typedef {object} Statistics
 * @property {number} samples N
 * @property {number} levels pixels hold multiples of 1 / levels
 * @property {number} bins of each pixel's histogram, equally wide over [0, 1]
 * @property {Float32Array} mean [pixels]
 * @property {Float32Array} deviation [pixels], standard deviation
 * @property {Int32Array} histogram [pixels][bins], samples per bin
 * @property {Drawing | null} drawing what its pictures have in common, null where they are not of strokes on an empty ground
 *
 * @typedef {object} Drawing pixels of the data set's own grid
 * @property {number} stroke typical width of a stroke
 * @property {number} height typical height of what is drawn
 * @property {number} width largest usual width
 * @property {"box" | "mass"} centring what lies at `centre`: the middle of the box around the strokes, or their centre of mass
 * @property {[number, number]} centre x, y from the left and top edge
 */

/**
 * One model as the canvas uses it. Chunks of codes arrive one by one, in any order.
 */
export class Model {
  /**
   * @param {ModelSpec} spec
   * @param {Uint16Array | Float32Array} weights halves; floats of an imported model
   * @param {(import("./grid_decoder.js").Grid & {decoder: number})[]} [grids] of an imported model that is no chain of layers
   */
  constructor(spec, weights, grids = []) {
    this.spec = spec;
    this.codes = codesOf(spec);
    /** @type {Decoder | ImportedDecoder} */
    this.decoder = this.codes instanceof SpaceCodes
      ? new ImportedDecoder(spec.decoder, weights instanceof Float32Array ? weights : halfToFloat(weights), grids, this.codes)
      : new Decoder(spec.decoder, halfToFloat(/** @type {Uint16Array} */ (weights)));
    /** @type {Statistics | null} null until a page that shows them has been sent them, or where they are not known */
    this.statistics = null;
    /** @type {Encoder | null} null until a page that encodes has been sent it */
    this.encoder = null;
    /** @type {Map<number, {start: number, count: number}>} chunk → where its samples stand in `codes` */
    this.chunks = new Map();
    /** @type {Map<number, import("./images.js").Originals>} chunk → original samples */
    this.sheets = new Map();
    /** Changes whenever decoder or codes are others than before, as they are while it is trained. */
    this.version = 0;
    /** @type {Moment | null} its newest state, where it is in training */
    this.newest = null;
    /** @type {Map<number, Moment>} stored states of its training, by index */
    this.states = new Map();
  }

  /** Latent dimensions. */
  get d() {
    return this.spec.latent_dim ?? 2;
  }

  /**
   * Another plane of the latent space is shown, or the family's maps are turned onto each other, or no longer.
   * @param {import("./space.js").Plane} plane @param {boolean} [aligned]
   */
  setPlane(plane, aligned = false) {
    if (!(this.codes instanceof SpaceCodes)) return;
    this.codes.plane = plane;
    this.codes.aligned = aligned;
    this.version += 1;
  }

  /**
   * The picture at a sample's own μ, in all dimensions.
   * @param {number} index @param {number} beta @param {Float32Array} current codes at β, [n][4]
   * @returns {Float32Array | null} null where the browser cannot decode there
   */
  decodeSample(index, beta, current) {
    const { codes, decoder } = this;
    if (!(codes instanceof SpaceCodes && decoder instanceof ImportedDecoder)) return decoder.decode(current.subarray(4 * index, 4 * index + 2));
    decoder.setBeta(beta);
    return decoder.decodeFull(codes.meanAt(index, beta));
  }

  /**
   * @param {number} index a sample's place in `codes`
   * @returns {{sheet: import("./images.js").Originals, tile: number} | null} null until the chunk's originals arrive
   */
  original(index) {
    for (const [chunk, { start, count }] of this.chunks) {
      if (index < start || index >= start + count) continue;
      const sheet = this.sheets.get(chunk);
      return sheet ? { sheet, tile: index - start } : null;
    }
    return null;
  }
}

/** @typedef {Decoder | ImportedDecoder} MapDecoder what decodes places of the map */

/** @param {ModelSpec} spec @returns {CodeStack | SpaceCodes} */
function codesOf(spec) {
  const { betas, decoder, imported = false, latent_dim: d = 2 } = spec;
  if (!imported && d === 2) return new CodeStack(betas, decoder.beta);
  const rotations = spec.rotations?.map((turn) => Float64Array.from(turn)) ?? null;
  return new SpaceCodes(betas, decoder.beta, d, rotations, imported);
}

/**
 * One message of payload.py.
 * @typedef {{facts: any, tensors: Record<string, import("./tensors.js").Tensor>}} Part
 */

/** @type {Map<string, Model>} digest → model */
const models = new Map();
/**
 * @typedef {object} Table what is known of a model along β (payload.py writes it)
 * @property {import("./weight/rows.js").Row[]} rows at every stored β
 * @property {{beta: number, rate: number, distortion: number}[]} heldOut samples that were kept out of training
 * @property {{digest: string, beta: number, row: import("./weight/rows.js").Row}[]} references VAEs trained at one β alone
 * @property {number[][]} draws of the prior, [10][d], the same for every β
 */
/** @type {Map<string, Table>} digest → table */
const tables = new Map();
/** @type {Map<string, Part[]>} chunks that came before their model */
const waiting = new Map();
/** The language whose texts came last. */
let language = "";
/** @type {Set<(digest: string) => void>} */
const listeners = new Set();
/** @type {Set<(digest: string) => void>} */
const momentListeners = new Set();

/**
 * @param {string} digest
 * @returns {Model | undefined}
 */
export function getModel(digest) {
  return models.get(digest);
}

/**
 * @param {string} digest
 * @returns {Table | undefined}
 */
export function getTable(digest) {
  return tables.get(digest);
}

/**
 * Hear of every change to a model's data.
 * @param {(digest: string) => void} listener
 * @param {AbortSignal} signal
 */
export function onChange(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

/**
 * Hear of every state of a training that arrives.
 * @param {(digest: string) => void} listener
 * @param {AbortSignal} signal
 */
export function onMoment(listener, signal) {
  momentListeners.add(listener);
  signal.addEventListener("abort", () => momentListeners.delete(listener));
}

/**
 * Take in one mount's data.
 * @param {Uint8Array} bytes
 * @returns {{kind: string, digest: string}} what it was
 */
export function put(bytes) {
  const part = readTensors(bytes);
  place(part);
  return part.facts;
}

/** @param {Part} part */
function place(part) {
  const { kind, digest } = part.facts;
  if (kind === "texts") void putTexts(part);
  else if (kind === "model") putModel(part);
  else if (kind === "table") putTable(part);
  else if (!models.has(digest)) wait(part);
  else if (kind === "live" || kind === "state") putMoment(part);
  else if (kind === "codes") putCodes(part);
  else if (kind === "encoder") putEncoder(part);
  else if (kind === "statistics") putStatistics(part);
  else if (kind === "decoded") putDecoded(part);
  else if (kind === "grid") putGrid(part);
  else void putOriginals(part);
}

/**
 * Forget a model whose mount has left the page.
 * @param {string} digest
 */
export function forget(digest) {
  models.delete(digest);
  tables.delete(digest);
  waiting.delete(digest);
}

/** Texts come deflated. Those of a language that was left meanwhile are late. @param {Part} part */
async function putTexts({ facts: { digest }, tensors }) {
  language = digest;
  const packed = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (tensors.texts)]).stream();
  const texts = await new Response(packed.pipeThrough(new DecompressionStream("deflate"))).json();
  if (language === digest) setTexts(digest, texts);
}

/** @param {Part} part */
function putModel({ facts: { digest, spec, grids = [] }, tensors }) {
  if (models.has(digest)) return;
  const pictures = grids.map((/** @type {any} */ grid, /** @type {number} */ g) => ({ ...grid, decodes: tensors[`grid.${g}`] }));
  models.set(digest, new Model(spec, /** @type {any} */ (tensors.weights), pictures));
  const early = waiting.get(digest) ?? [];
  waiting.delete(digest);
  for (const part of early) place(part);
  announce(digest);
}

/** Of the newest states of a training only the last can matter. @param {Part} part */
function wait(part) {
  const { kind, digest } = part.facts;
  const others = (waiting.get(digest) ?? []).filter(({ facts }) => kind !== "live" || facts.kind !== "live");
  waiting.set(digest, [...others, part]);
}

/** @param {Part} part */
function putMoment({ facts, tensors }) {
  const model = models.get(facts.digest);
  if (!model) return;
  const moment = new Moment(facts, /** @type {Uint16Array} */ (tensors.codes), /** @type {Uint16Array} */ (tensors.weights));
  if (facts.kind === "state") model.states.set(facts.index, moment);
  // The same one once more. An older one is news: a training that was interrupted goes on from its last complete state.
  else if (moment.step === model.newest?.step) return;
  else model.newest = moment;
  for (const listener of momentListeners) listener(facts.digest);
}

/** @param {Part} part */
function putEncoder({ facts: { digest, spec }, tensors }) {
  const model = models.get(digest);
  if (!model || model.encoder) return;
  model.encoder = Encoder.fromHalf(spec, /** @type {Uint16Array} */ (tensors.weights));
  announce(digest);
}

/** @param {Part} part */
function putStatistics({ facts: { digest, samples, levels, bins, drawing }, tensors }) {
  const model = models.get(digest);
  if (!model || model.statistics) return;
  const { mean, deviation, histogram } = /** @type {any} */ (tensors);
  model.statistics = { samples, levels, bins, drawing, mean, deviation, histogram };
  announce(digest);
}

/** @param {Part} part */
function putDecoded({ facts: { digest, beta, places }, tensors }) {
  const { decoder } = models.get(digest) ?? {};
  if (!(decoder instanceof ImportedDecoder)) return;
  decoder.served.put({ beta, places }, /** @type {Float32Array} */ (tensors.images));
  announce(digest);
}

/** @param {Part} part */
function putGrid({ facts: { digest, grid }, tensors }) {
  const { decoder } = models.get(digest) ?? {};
  if (!(decoder instanceof ImportedDecoder)) return;
  decoder.addGrid(grid.decoder, { ...grid, decodes: /** @type {Uint8Array} */ (tensors.decodes) });
  announce(digest);
}

/** @param {Part} part */
function putTable({ facts: { digest, table } }) {
  tables.set(digest, table);
  announce(digest);
}

/** @param {Part} part */
function putCodes({ facts: { digest, chunk }, tensors }) {
  const model = models.get(digest);
  if (!model || model.chunks.has(chunk)) return;
  const ids = /** @type {Int32Array} */ (tensors.ids);
  model.chunks.set(chunk, { start: model.codes.n, count: ids.length });
  model.codes.addChunk({
    mu_sigma: /** @type {Uint16Array | Float32Array} */ (tensors.codes),
    labels: /** @type {Int32Array} */ (tensors.labels),
    ids,
    test: /** @type {Uint8Array} */ (tensors.test),
  });
  announce(digest);
}

/** @param {Part} part */
async function putOriginals({ facts: { digest, chunk, columns }, tensors }) {
  const model = models.get(digest);
  if (!model || model.sheets.has(chunk)) return;
  const { values } = tensors;
  if (values) {
    model.sheets.set(chunk, new RowSheet(/** @type {Float32Array} */ (values), model.spec.shape));
    return announce(digest);
  }
  const png = /** @type {Uint8Array<ArrayBuffer>} */ (tensors.png);
  const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
  model.sheets.set(chunk, new SpriteSheet(bitmap, columns, model.spec.shape));
  announce(digest);
}

/** @param {string} digest */
function announce(digest) {
  for (const listener of listeners) listener(digest);
}

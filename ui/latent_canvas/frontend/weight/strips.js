// What β does to pictures: the same samples reconstructed, and the same draws of the prior decoded.

import { h, setShown, setText } from "../dom.js";
import { ImportedDecoder } from "../imported_decoder.js";
import { paintOriginal, paintSample } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";

/**
 * @typedef {import("./choice.js").Shown} Shown
 * @typedef {{canvas: HTMLCanvasElement, caption: HTMLElement, bar: HTMLElement, root: HTMLElement}} Tile
 */

/** q(z) below this share of p(z) is a hole: vae_core/table.py counts them by the same rule. */
export const HOLE = 0.1;
/** The bar under a draw spans q/p from 1/1000 to 10. */
const BAR = { low: Math.log(1e-3), high: Math.log(10) };
/** While β moves, q(z) at a draw is summed over at most so many samples. */
const MOVING_SAMPLES = 5_000;

export class Strips {
  /** @param {number} draws of the prior */
  constructor(draws) {
    this.originals = /** @type {Tile[]} */ ([]);
    this.samples = /** @type {Tile[]} */ ([]);
    this.draws = Array.from({ length: draws }, () => buildTile("draw"));
    this.sampleRows = h("div", { class: "tiles" });
    this.verdict = h("p", { class: "verdict", "data-testid": "holes" });
    this.name = h("h3", { class: "strip-name" });
    this.missing = h("p", { class: "note" });
    const left = h("section", {}, h("h3", {}, ...rich("weight.strips.samples")), this.missing, this.sampleRows);
    const right = h("section", {}, h("h3", {}, ...rich("weight.strips.draws")), h("div", { class: "tiles", "data-testid": "draws" }, ...this.draws.map(({ root }) => root)), this.verdict);
    this.root = h("div", { class: "strips" }, this.name, left, right);
    this.pixels = new Float32Array(0);
    this.ms = 0;
  }

  /** @param {number} count samples in the strip */
  #make(count) {
    if (this.samples.length === count) return;
    this.originals = Array.from({ length: count }, () => buildTile("original"));
    this.samples = Array.from({ length: count }, () => buildTile("reconstruction"));
    const columns = this.samples.map((tile, i) => h("div", { class: "pair" }, this.originals[i].root, tile.root));
    this.sampleRows.replaceChildren(...columns);
  }

  /**
   * @param {Shown} shown
   * @param {import("../store.js").Model} shared the model that has the original images
   * @param {number[]} ids data-set indices of the samples: their places in the codes of two models may differ
   * @param {number[][]} draws of the prior, [10][d]
   * @param {{name: string, missing: boolean, moving: boolean}} words
   */
  draw(shown, shared, ids, draws, { name, missing, moving }) {
    const began = performance.now();
    const indices = ids.map((id) => shown.codes.ids.indexOf(id));
    setText(this.name, name);
    setShown(this.name, name !== "");
    this.#make(indices.length);
    const { decoder, spec } = shown.model;
    const length = (indices.length + draws.length) * decoder.pixels;
    if (this.pixels.length !== length) this.pixels = new Float32Array(length);
    decodeAll(shown, indices, draws, this.pixels);
    const tiles = [...this.samples, ...this.draws];
    for (const [i, tile] of tiles.entries()) {
      // Their tooltips are what is known of them below.
      paintSample(tile.canvas, this.pixels.subarray(i * decoder.pixels, (i + 1) * decoder.pixels), spec, () => tile.root.title);
    }
    this.#showOriginals(shared, ids, missing);
    this.#mark(shown, draws, moving);
    this.ms = performance.now() - began;
  }

  /**
   * @param {import("../store.js").Model} shared
   * @param {number[]} ids
   * @param {boolean} missing no original is at hand
   */
  #showOriginals(shared, ids, missing) {
    let any = false;
    for (const [i, id] of ids.entries()) {
      const index = shared.codes.ids.indexOf(id);
      const found = shared.original(index);
      setShown(this.originals[i].root, found !== null);
      any ||= found !== null;
      const key = `${shared.spec.digest} ${index}`;
      if (found && this.originals[i].root.dataset.shown !== key) {
        this.originals[i].root.dataset.shown = key;
        paintOriginal(this.originals[i].canvas, found, shared.spec, t("weight.strips.original"));
      }
      const label = shared.spec.label_names[shared.codes.labels[index]];
      setText(this.samples[i].caption, label);
      this.samples[i].root.title = t("weight.sample", { label, id });
    }
    setText(this.missing, any ? t("weight.strips.pair") : missing ? t("weight.strips.missing") : "");
  }

  /**
   * @param {Shown} shown
   * @param {number[][]} draws
   * @param {boolean} moving
   */
  #mark(shown, draws, moving) {
    const current = moving ? shown.current.subarray(0, 4 * MOVING_SAMPLES) : shown.current;
    let holes = 0;
    for (const [i, z] of draws.entries()) {
      const logPrior = -z.reduce((sum, value) => sum + value * value + Math.log(2 * Math.PI), 0) / 2;
      const logRatio = shown.codes.logDensityAt(z, shown.beta, current) - logPrior;
      const hole = logRatio < Math.log(HOLE);
      holes += Number(hole);
      const { root, caption, bar } = this.draws[i];
      root.classList.toggle("hole", hole);
      bar.style.setProperty("--share", String(Math.min(1, Math.max(0, (logRatio - BAR.low) / (BAR.high - BAR.low)))));
      setText(caption, `${i + 1}: ${ratioText(logRatio)}`);
      if (!moving) root.title = t("weight.strips.place", { draw: i + 1, ratio: ratioText(logRatio) });
    }
    setText(this.verdict, verdictText(holes, draws.length));
    this.verdict.classList.toggle("bad", holes > 0);
    this.root.dataset.holes = String(holes);
  }
}

/**
 * The pictures of the samples' μ, then those of the draws, each in all dimensions.
 * @param {Shown} shown
 * @param {number[]} indices of the samples
 * @param {number[][]} draws
 * @param {Float32Array} out [samples + draws][pixels]
 */
function decodeAll({ model, codes, current, beta }, indices, draws, out) {
  const { decoder } = model;
  decoder.setBeta(beta);
  if (decoder instanceof ImportedDecoder) {
    const reconstructed = indices.map((index) => model.decodeSample(index, beta, current));
    const drawn = draws.map((z) => decoder.decodeFull(codes.own(z, decoder.node)));
    for (const [i, values] of [...reconstructed, ...drawn].entries()) {
      if (values) out.set(values, i * decoder.pixels);
      else out.fill(0, i * decoder.pixels, (i + 1) * decoder.pixels);
    }
    return;
  }
  const zs = new Float32Array(2 * (indices.length + draws.length));
  for (const [i, index] of indices.entries()) zs.set(current.subarray(4 * index, 4 * index + 2), 2 * i);
  for (const [i, z] of draws.entries()) zs.set(z, 2 * (indices.length + i));
  decoder.decodeMany(zs, out);
}

/**
 * @param {number} holes
 * @param {number} draws
 */
export function verdictText(holes, draws) {
  if (holes === 0) return t("weight.strips.reached", { draws });
  if (holes === draws && holes > 1) return t("weight.strips.every", { draws });
  return t("weight.strips.some", { count: holes, draws });
}

/**
 * @param {number} logRatio ln q/p
 * @returns {string} "×0.02"; "×0" below 1/1000
 */
export function ratioText(logRatio) {
  const ratio = Math.exp(logRatio);
  if (ratio < 1e-3) return "×0";
  return `×${ratio >= 10 ? Math.round(ratio) : ratio >= 0.95 ? ratio.toFixed(1) : ratio.toPrecision(1)}`;
}

/** @param {"original" | "reconstruction" | "draw"} kind @returns {Tile} */
function buildTile(kind) {
  const name = { original: "weight.strips.original", reconstruction: "weight.strips.reconstruction", draw: "weight.strips.draw" }[kind];
  const canvas = h("canvas", { role: "img", "aria-label": t(name) });
  const caption = h("figcaption", {});
  const bar = h("i", { class: "cover", "aria-hidden": "true" });
  const root = h("figure", { class: `tile ${kind}` }, h("div", { class: "frame" }, canvas), kind === "draw" ? bar : null, kind === "original" ? null : caption);
  return { canvas, caption, bar, root };
}

/**
 * The strip's samples with the selected one first.
 * @param {number[]} ids of the strip @param {number} selected data-set index, -1 for none @param {{ids: Int32Array}} codes
 */
export function withSelected(ids, selected, codes) {
  if (selected < 0 || !codes.ids.includes(selected)) return ids;
  return [selected, ...ids.filter((other) => other !== selected)].slice(0, ids.length);
}

/**
 * Some samples for the strip: the first of each class, up to `most`, then the second of each, and so on.
 * @param {ArrayLike<number>} labels
 * @param {number} most
 * @returns {number[]} indices in the codes, by label
 */
export function oneOfEach(labels, most) {
  const classes = /** @type {Map<number, number[]>} */ (new Map());
  for (let i = 0; i < labels.length; i++) {
    const found = classes.get(labels[i]);
    if (!found) classes.set(labels[i], [i]);
    else if (found.length < most) found.push(i);
  }
  const found = [...classes.values()];
  const rounds = Array.from({ length: most }, (_, round) => found.flatMap((members) => members.slice(round, round + 1)));
  return rounds.flat().slice(0, most).sort((a, b) => labels[a] - labels[b] || a - b);
}

// Beside the map: the decoded image, what the place means, the sample under the pointer, and z's nearest samples.

import { BarList } from "./bar_list.js";
import { columnsOf, isTable, rowText } from "./bars.js";
import { h, setShown, setText } from "./dom.js";
import { imageSize, paintImage } from "./images.js";
import { rich } from "./terms.js";
import { sentences, t } from "./texts.js";
import { group, number, significant } from "./words.js";

/**
 * @typedef {import("./store.js").Model} Model
 *
 * @typedef {object} SampleView
 * @property {number} index place in the model's codes
 * @property {number} id data-set index
 * @property {string} label
 * @property {string} color
 * @property {boolean} heldOut
 * @property {boolean} pinned selected, not just under the pointer
 * @property {[number, number]} mu as computed at `beta`
 * @property {[number, number]} sigma
 * @property {number} rate nats
 * @property {string} computedAt the β of these numbers where it is not the slider's, else ""
 * @property {Float32Array | null} reconstruction null where the browser cannot decode the sample's μ
 */

/** How many neighbours the strip shows. */
export const NEIGHBOURS = 8;

export class Panel {
  /**
   * @param {{select: (index: number) => void, focus: (index: number) => void, clear: () => void}} actions
   * @param {AbortSignal} signal
   */
  constructor(actions, signal) {
    this.decoded = h("canvas", { "data-testid": "decoded", role: "img", "aria-label": t("map.decoded.image"), width: "1", height: "1" });
    this.place = h("p", { class: "place", "data-testid": "place" });
    this.prior = h("p", { "data-testid": "prior-words" });
    this.cover = h("p", { "data-testid": "cover-words" });
    this.frame = h("div", { class: "frame" }, this.decoded);
    this.approximate = h("p", { class: "approximate", "data-testid": "approximate", hidden: true });
    this.bars = new BarList({ testid: "decoded-bars", label: t("map.decoded.bars") });
    /** @type {Model | null} whose columns the lists have */
    this.model = null;
    const words = h("div", { class: "words" }, h("h3", {}, ...rich("map.decoded.title")), this.place, this.prior, this.cover, this.approximate);
    this.root = h("div", { class: "decoded-card" }, this.frame, this.bars.root, words);
    this.live = h("div", { class: "visually-hidden", "aria-live": "polite", "data-testid": "live" });
    this.parts = buildCard(() => actions.clear(), signal);
    this.card = this.parts.card;
    this.thumbs = Array.from({ length: NEIGHBOURS }, () => buildThumb(actions, signal));
    const strip = h("div", { class: "thumbs" }, ...this.thumbs.map((thumb) => thumb.button));
    this.nearestTitle = h("h3", {}, t("map.nearest"));
    this.nearest = h("section", { class: "nearest", "data-testid": "nearest" }, this.nearestTitle, strip);
  }

  /** @param {Model} model whose samples are shown from now on */
  #open(model) {
    if (this.model === model) return;
    this.model = model;
    const table = isTable(model.spec.shape);
    setShown(this.frame, !table);
    this.root.classList.toggle("of-table", table);
    for (const list of [this.bars, this.parts.bars]) {
      if (table) list.setColumns(columnsOf(model.spec));
      else list.hide();
    }
  }

  /**
   * @param {Float32Array} values
   * @param {Model} model
   */
  showDecoded(values, model) {
    this.#open(model);
    if (isTable(model.spec.shape)) this.bars.show(values);
    else paintImage(this.decoded, values, model.spec.shape);
  }

  /** Say that the picture is blended, and why; nothing where it is the decoder's own. @param {string} why */
  showApproximate(why) {
    setShown(this.approximate, why !== "");
    setText(this.approximate, why);
  }

  /**
   * @param {string} place
   * @param {string} prior
   * @param {string} cover
   */
  showWords(place, prior, cover) {
    setText(this.place, place);
    setText(this.prior, prior);
    setText(this.cover, cover);
  }

  /**
   * @param {SampleView | null} sample
   * @param {Model | null} model
   * @param {string} missing why there is no original, "" while it is on its way
   * @param {[string, string]} [axes] of the plane, where there are more dimensions than the two of the map
   */
  showSample(sample, model, missing, axes) {
    const { empty, body, chip, held, clear, title, reconstruction } = this.parts;
    const shown = sample !== null && model !== null;
    setShown(empty, !shown);
    setShown(body, shown);
    setShown(chip, shown);
    setShown(held, shown && sample.heldOut);
    setShown(clear, shown && sample.pinned);
    setText(title, shown ? t("map.sample.numbered", { id: group(sample.id) }) : t("map.sample"));
    if (!shown) return;
    setText(chip, sample.label);
    chip.style.setProperty("--class", sample.color);
    this.#open(model);
    const table = isTable(model.spec.shape);
    setShown(this.parts.pictures, !table);
    if (table) this.#showRow(model, sample, missing);
    else {
      setShown(this.parts.second, sample.reconstruction !== null);
      if (sample.reconstruction) paintImage(reconstruction, sample.reconstruction, model.spec.shape);
      this.#showOriginal(model, sample.index, missing);
    }
    this.#showNumbers(sample, axes && t("map.sample.space", { across: axes[0], up: axes[1], count: model.d }));
  }

  /**
   * @param {Model} model of a table
   * @param {SampleView} sample
   * @param {string} missing
   */
  #showRow(model, sample, missing) {
    const found = model.original(sample.index);
    const own = found ? found.sheet.values(found.tile, 1) : null;
    const values = sample.reconstruction ?? own;
    if (values) this.parts.bars.show(values, own);
    setText(this.parts.absent, found ? "" : missing || "…");
    setShown(this.parts.absent, found === null);
  }

  /**
   * @param {Model} model
   * @param {number} index
   * @param {string} missing
   */
  #showOriginal(model, index, missing) {
    const { original, note } = this.parts;
    const found = model.original(index);
    setShown(original, found !== null);
    setShown(note, found === null);
    const { width, height } = imageSize(model.spec.shape);
    note.style.aspectRatio = `${width} / ${height}`;
    setText(note, missing || "…");
    if (found) found.sheet.paint(original, found.tile);
  }

  /** @param {SampleView} sample @param {string} [which] says of which directions the numbers are */
  #showNumbers({ mu, sigma, rate, computedAt }, which = "") {
    const { values, computed } = this.parts;
    setText(values[0], `(${number(mu[0])}, ${number(mu[1])})`);
    setText(values[1], `(${significant(sigma[0])}, ${significant(sigma[1])})`);
    setText(values[2], t("map.sample.rate.value", { rate: number(rate) }));
    values[1].title = which || t("map.sample.deviation.why");
    setText(computed, sentences([which, computedAt ? t("map.sample.computed_at", { beta: computedAt }) : ""]));
  }

  /**
   * @param {{index: number, id: number, label: string, color: string}[]} samples
   * @param {Model} model
   * @param {(index: number) => Float32Array | null} reconstruct
   * @param {string} decoder changes whenever reconstructions do
   */
  showNearest(samples, model, reconstruct, decoder) {
    const originals = samples.some(({ index }) => model.original(index));
    const title = model.d > 2 ? "map.nearest.space" : "map.nearest";
    setText(this.nearestTitle, t(originals ? title : `${title}.reconstructed`, { count: model.d }));
    for (const [i, thumb] of this.thumbs.entries()) {
      const sample = samples[i];
      setShown(thumb.button, sample !== undefined);
      if (!sample) continue;
      const original = model.original(sample.index);
      // Most neighbours stay while z moves; what is painted already is not painted again.
      const shown = `${model.spec.digest} ${sample.index} ${original ? "original" : decoder}`;
      if (thumb.shown === shown) continue;
      thumb.shown = shown;
      thumb.index = sample.index;
      thumb.button.style.setProperty("--class", sample.color);
      thumb.button.setAttribute("aria-label", t(original ? "map.nearest.original.image" : "map.nearest.reconstruction.image", sample));
      const tip = t(original ? "map.tip" : "map.nearest.reconstruction.tip", sample);
      const made = original ? null : reconstruct(sample.index);
      const row = isTable(model.spec.shape) ? original?.sheet.values(original.tile, 1) ?? made : null;
      thumb.button.title = row ? `${tip}\n${rowText(columnsOf(model.spec), row)}` : tip;
      setText(thumb.text, sample.label);
      if (original) original.sheet.paint(thumb.canvas, original.tile);
      else if (made) paintImage(thumb.canvas, made, model.spec.shape);
    }
  }

  /** Say the place's words to screen readers: the hand rests. */
  sayWords() {
    const [place, prior, cover] = [this.place, this.prior, this.cover].map((part) => part.textContent ?? "");
    setText(this.live, t("map.spoken", { place, prior, cover }));
  }
}

/** The numbers of a sample: texts of the symbol, which is a word of the glossary, and of what the value says (`.why`). */
const NUMBERS = ["map.sample.mean", "map.sample.deviation", "map.sample.rate"];

/**
 * @param {() => void} onClear
 * @param {AbortSignal} signal
 */
function buildCard(onClear, signal) {
  const title = h("span", {});
  const chip = h("span", { class: "chip" });
  const held = h("span", { class: "held", title: t("map.sample.held.why") }, t("map.sample.held"));
  const clear = h("button", { type: "button", class: "quiet", "aria-label": t("map.sample.clear"), title: t("map.sample.clear.why") }, "×");
  clear.addEventListener("click", onClear, { signal });
  const original = h("canvas", { "data-testid": "original", role: "img", "aria-label": t("map.sample.original.image") });
  const note = h("div", { class: "missing" });
  const reconstruction = h("canvas", { "data-testid": "reconstruction", role: "img", "aria-label": t("map.sample.reconstruction.image") });
  const second = h("figure", {}, h("div", { class: "frame" }, reconstruction), h("figcaption", {}, ...rich("map.sample.reconstruction")));
  const pictures = h("div", { class: "pictures" },
    h("figure", {}, h("div", { class: "frame" }, original, note), h("figcaption", {}, t("map.sample.original"))), second);
  const values = NUMBERS.map((key) => h("dd", { title: t(`${key}.why`) }));
  const numbers = h("dl", {}, ...NUMBERS.flatMap((key, i) => [h("dt", {}, ...rich(key)), values[i]]));
  const computed = h("p", { class: "note" });
  const empty = h("p", { class: "empty" }, ...rich("map.sample.empty"));
  const bars = new BarList({ testid: "sample-bars", label: t("map.sample.bars"), pairs: true });
  const absent = h("p", { class: "note absent", hidden: true });
  const body = h("div", { class: "card-body" }, pictures, bars.root, absent, h("div", {}, numbers, computed));
  const header = h("header", {}, h("h3", {}, title), chip, held, clear);
  const card = h("section", { class: "sample-card", "aria-label": t("map.sample"), "data-testid": "sample-card" }, header, empty, body);
  return { card, title, chip, held, clear, original, note, reconstruction, values, computed, empty, body, pictures, second, bars, absent };
}

/**
 * @param {{select: (index: number) => void, focus: (index: number) => void}} actions
 * @param {AbortSignal} signal
 */
function buildThumb(actions, signal) {
  const canvas = h("canvas", {});
  const text = h("span", {});
  const button = h("button", { type: "button", class: "thumb" }, h("div", { class: "frame" }, canvas), text);
  const thumb = { button, canvas, text, index: -1, shown: "" };
  button.addEventListener("click", () => actions.select(thumb.index), { signal });
  button.addEventListener("focus", () => actions.focus(thumb.index), { signal });
  button.addEventListener("blur", () => actions.focus(-1), { signal });
  return thumb;
}

// Step 1: the mean and the standard deviation of a data set, pixel by pixel: numbers about all of its samples together.

import { columnsOf, isTable, meanText, rowText, valueText, widthText } from "../bars.js";
import { h, segmented, setShown, setText } from "../dom.js";
import { imageSize, paintImage } from "../images.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { group, number } from "../words.js";
import { OwnStatistics } from "./own_statistics.js";
import { PixelField } from "./pixel_field.js";
import { PixelHistogram } from "./pixel_histogram.js";
import { Step } from "./step.js";
import { originalPixels } from "./subject.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("../store.js").Statistics} Statistics
 * @typedef {{root: HTMLElement, canvas: HTMLCanvasElement, text: HTMLElement, index: number, pixels: Float32Array, value: number}} One
 */

/** Single samples below the histogram. */
const SHOWN = 12;
/** Samples that numbers are computed from where none came with the model, and how many of them per frame. */
const GATHERED = 500;
const GATHERED_PER_FRAME = 20;
const CHART_HEIGHT = 250;

export class PixelStep extends Step {
  /** @param {import("./story_view.js").StoryView} story @param {AbortSignal} signal */
  constructor(story, signal) {
    super(story, "story_pixels");
    /** @type {Model | null} that everything below is about */
    this.model = null;
    /** @type {Statistics | null} */
    this.statistics = null;
    /** @type {OwnStatistics | null} */
    this.gathering = null;
    /** Which pixel, counted row by row, and which of its colours. */
    this.place = -1;
    this.channel = 0;
    /** @type {One[]} from left to right */
    this.ones = [];
    this.shown = "";
    const choose = (/** @type {number} */ place) => this.#choose(place);
    this.meanField = new PixelField({ label: t("story_pixels.mean_label"), testid: "mean-image", choose, write: meanText }, signal);
    this.deviationField = new PixelField({ label: t("story_pixels.deviation_label"), testid: "deviation-image", choose, write: widthText }, signal);
    this.meanName = h("figcaption", {});
    this.deviationName = h("figcaption", {});
    this.note = h("p", { class: "note", "data-testid": "statistics-note" });
    this.where = h("h3", { "data-testid": "which-pixel" });
    const colours = { 0: t("story_pixels.red"), 1: t("story_pixels.green"), 2: t("story_pixels.blue") };
    this.channels = segmented(t("story_pixels.channel"), colours, (channel) => this.#chooseChannel(Number(channel)), signal);
    const [n, mean, deviation] = ["n", "mean", "deviation"].map((name) => h("dd", { "data-testid": `pixel-${name}` }));
    this.numbers = { n, mean, deviation };
    this.chart = new PixelHistogram({ pointed: (bin) => this.#pointed(bin) }, signal);
    const chartName = { role: "group", "aria-label": t("story_pixels.histogram") };
    this.chartBox = h("div", { class: "pixel-chart", tabindex: "0", "data-arrows": true, ...chartName }, this.chart.root);
    this.chartBox.addEventListener("keydown", (event) => this.#stepBar(event), { signal });
    this.says = h("p", { class: "bar-says", "data-testid": "bar-says" });
    this.row = h("div", { class: "pixel-samples", "data-testid": "pixel-samples" });
    this.rowNote = h("p", { class: "note" });
    const dl = h("dl", { class: "pixel-numbers" }, h("dt", {}, "N"), n, h("dt", {}, "μ"), mean, h("dt", {}, "σ"), deviation);
    const head = h("div", { class: "pixel-head" }, this.where, this.channels.root, dl);
    const panel = h("div", { class: "pixel-panel" }, head, this.says, this.chartBox, this.row, this.rowNote);
    const figure = (/** @type {Node[]} */ ...parts) => h("figure", { class: "pixel-figure" }, ...parts);
    const figures = [figure(this.meanField.root, this.meanName), figure(this.deviationField.root, this.deviationName)];
    this.body.append(h("div", { class: "pixel-grid" }, ...figures, panel), this.note);
    this.channels.set("0");
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(this.chartBox);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  // ---- what hands do

  /** @param {number} place */
  #choose(place) {
    this.place = place;
    this.chart.setBin(-1);
    this.redraw();
    const { mean, deviation } = this.#here();
    this.story.say(t("story_pixels.chosen", { place: this.#placeWords(), mean: this.#writeMean(mean), deviation: this.#writeWidth(deviation) }));
  }

  /** @override @param {number} second every other second, another pixel, all over the picture */
  showOff(second) {
    const pixels = this.story.model?.statistics?.mean.length ?? 0;
    if (second % 2 === 0 && pixels) this.#choose(Math.floor(pixels * ((second * 0.309) % 1)));
  }

  /** @param {number} channel */
  #chooseChannel(channel) {
    this.channel = channel;
    this.channels.set(/** @type {"0" | "1" | "2"} */ (String(channel)));
    this.redraw();
  }

  /** @param {KeyboardEvent} event arrows go from bar to bar */
  #stepBar(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const bins = this.statistics?.bins ?? 0;
    if (!by || !bins || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.chart.setBin(Math.min(bins - 1, Math.max(0, this.chart.bin + by)));
    this.story.say(this.says.textContent ?? "");
  }

  /** @param {number} bin of the histogram under the pointer, -1 for none: say what it counts, and show its samples */
  #pointed(bin) {
    const { statistics } = this;
    for (const one of this.ones) one.root.classList.toggle("lit", bin >= 0 && statistics !== null && binOf(statistics, one.value) === bin);
    this.says.classList.toggle("tells", bin >= 0);
    setText(this.says, bin < 0 || !statistics ? t("story_pixels.point") : this.#barWords(statistics, bin));
  }

  /** @param {Statistics} statistics @param {number} bin */
  #barWords(statistics, bin) {
    const { bins, samples } = statistics;
    const values = { count: group(statistics.histogram[this.#index() * bins + bin]), total: group(samples), what: this.#what() };
    if (isDiscrete(statistics)) return t("story_pixels.bar", { ...values, value: this.#write(bin / (bins - 1)) });
    return t("story_pixels.bar_between", { ...values, from: this.#writeMean(bin / bins), to: this.#writeMean((bin + 1) / bins) });
  }

  // ---- the numbers

  /** The chosen pixel's place among a sample's numbers. */
  #index() {
    const channels = this.model ? imageSize(this.model.spec.shape).channels : 1;
    return Math.max(0, this.place) * channels + (channels > 1 ? this.channel : 0);
  }

  #here() {
    const { statistics } = this;
    const index = this.#index();
    return { mean: statistics?.mean[index] ?? 0, deviation: statistics?.deviation[index] ?? 0 };
  }

  /** @returns {boolean} */
  get isTable() {
    return this.model !== null && isTable(this.model.spec.shape);
  }

  /** The chosen column of a table, null where there are pixels. */
  get column() {
    return this.model && this.isTable ? columnsOf(this.model.spec)[Math.max(0, this.place)] ?? null : null;
  }

  /** A value here, as text: a table's in its own units. @param {number} value in [0, 1] */
  #write(value) {
    const { column } = this;
    return column ? valueText(column, value) : number(value);
  }

  /** A number that no single sample need have. @param {number} mean */
  #writeMean(mean) {
    const { column } = this;
    return column ? meanText(column, mean) : number(mean);
  }

  /** @param {number} width */
  #writeWidth(width) {
    const { column } = this;
    return column ? widthText(column, width) : number(width);
  }

  #what() {
    return this.isTable ? this.#placeWords() : t("story_pixels.this_pixel");
  }

  #placeWords() {
    const { width } = imageSize(this.model?.spec.shape ?? [1, 1]);
    const { column } = this;
    if (column) return t("story_pixels.column_place", { name: column.name });
    return t("story_pixels.pixel_place", { column: (this.place % width) + 1, row: Math.floor(this.place / width) + 1 });
  }

  /**
   * The numbers of the data set: sent with the model, else computed from the samples at hand, some of them per frame.
   * @param {Model} model
   * @returns {Statistics | null} null until there are any
   */
  #find(model) {
    if (model.statistics) return model.statistics;
    const own = Boolean(this.story.data?.originals);
    if (this.statistics && !this.gathering) return this.statistics;
    if (own && !model.sheets.size) return null;
    this.gathering ??= new OwnStatistics(model.decoder.pixels);
    const { gathering } = this;
    const goal = Math.min(GATHERED, model.codes.n);
    for (let i = gathering.samples, end = Math.min(goal, i + GATHERED_PER_FRAME); i < end; i++) gathering.add(this.#pixelsOf(model, i));
    if (gathering.samples < goal) {
      this.redraw();
      return null;
    }
    this.gathering = null;
    return gathering.result();
  }

  /** @param {Model} model @param {number} index */
  #pixelsOf(model, index) {
    return originalPixels(model, index) ?? model.decoder.decode(this.story.current.subarray(4 * index, 4 * index + 2));
  }

  // ---- drawing

  /** @override @param {Set<import("./step.js").Change>} changed */
  draw(changed) {
    const { model, ink } = this.story;
    if (!model) return;
    if (model !== this.model) Object.assign(this, { model, statistics: null, gathering: null, place: -1, shown: "" });
    const statistics = this.#find(model);
    const fresh = statistics !== this.statistics;
    this.statistics = statistics;
    this.root.dataset.waiting = String(!statistics);
    setText(this.note, this.#noteWords(model));
    setShown(this.note, this.note.textContent !== "");
    if (!statistics) return;
    if (fresh) this.#showFields(model, statistics);
    if (changed.has("model") || changed.has("beta") || fresh) this.#takeSamples(model);
    const place = [this.place, this.channel, ink.text, ink.accent, this.ones.map((one) => one.index), this.chartBox.clientWidth].join();
    if (!fresh && place === this.shown) return;
    this.shown = place;
    this.#showPlace(model, statistics);
  }

  /** @param {Model} model */
  #noteWords(model) {
    if (model.statistics) return "";
    const count = group(this.statistics?.samples ?? this.gathering?.samples ?? 0);
    return t(this.story.data?.originals ? "story_pixels.from_originals" : "story_pixels.from_reconstructions", { count });
  }

  /** @param {Model} model @param {Statistics} statistics */
  #showFields(model, statistics) {
    const { shape } = model.spec;
    const { mean, deviation } = statistics;
    const largest = deviation.reduce((a, b) => Math.max(a, b), 0);
    if (this.place < 0) this.place = Math.floor(deviation.indexOf(largest) / imageSize(shape).channels);
    this.meanField.show(mean, model.spec);
    // The darkest is 0 and the brightest the largest deviation: few are near 0.5, the most that is possible.
    this.deviationField.show(deviation, model.spec, largest);
    this.meanName.replaceChildren(...rich("story_pixels.mean_name", { count: group(statistics.samples) }));
    this.deviationName.replaceChildren(...rich("story_pixels.deviation_name", { largest: this.isTable ? Math.round(100 * largest) : number(largest) }));
    setShown(this.channels.root, imageSize(shape).channels > 1);
  }

  /** Single samples, of as many classes as there are. @param {Model} model */
  #takeSamples(model) {
    const { labels, n } = model.codes;
    const first = Math.min(n, 2000);
    /** @type {Map<number, number[]>} */
    const members = new Map();
    for (let i = 0; i < first; i++) members.set(labels[i], [...(members.get(labels[i]) ?? []).slice(0, SHOWN), i]);
    const classes = [...members.keys()].sort((a, b) => a - b).map((label) => members.get(label) ?? []);
    const rounds = Array.from({ length: SHOWN }, (_, round) => classes.map((own) => own[round]));
    const indices = rounds.flat().filter((index) => index !== undefined).slice(0, SHOWN);
    this.ones = indices.map((index) => this.#makeOne(model, index));
  }

  /** @param {Model} model @param {number} index @returns {One} */
  #makeOne(model, index) {
    const { shape, label_names } = model.spec;
    const name = t("story.sample_name", { id: group(model.codes.ids[index]), label: label_names[model.codes.labels[index]] });
    const canvas = h("canvas", { role: "img", "aria-label": name });
    const text = h("span", {});
    const frame = h("div", { class: "frame" }, canvas, h("i", {}));
    const root = h("div", { class: "one", title: this.isTable ? `${name}\n${rowText(columnsOf(model.spec), this.#pixelsOf(model, index))}` : name, "data-testid": "pixel-sample" }, frame, text);
    const one = { root, canvas, text, index, pixels: Float32Array.from(this.#pixelsOf(model, index)), value: 0 };
    paintImage(canvas, one.pixels, shape);
    root.addEventListener("pointerenter", () => this.#overSample(one));
    root.addEventListener("pointerleave", () => this.#overSample(null));
    return one;
  }

  /** @param {One | null} one the sample under the pointer */
  #overSample(one) {
    const { statistics } = this;
    this.chart.setBin(one && statistics ? binOf(statistics, one.value) : -1);
    this.chart.lightUp(one ? this.ones.indexOf(one) : -1);
    for (const other of this.ones) other.root.classList.toggle("lit", other === one);
    if (one) setText(this.says, t("story_pixels.one_says", { what: this.#what(), value: this.#write(one.value) }));
  }

  /** @param {Model} model @param {Statistics} statistics */
  #showPlace(model, statistics) {
    const { bins, samples, histogram } = statistics;
    const index = this.#index();
    const { mean, deviation } = this.#here();
    this.meanField.mark(this.place);
    this.deviationField.mark(this.place);
    // Where the chosen pixel lies is the same in every small picture.
    for (const name of ["--x", "--y", "--w", "--h"]) this.row.style.setProperty(name, this.meanField.root.style.getPropertyValue(name));
    for (const one of this.ones) {
      one.value = one.pixels[index];
      setText(one.text, this.#write(one.value));
    }
    this.ones.sort((a, b) => a.value - b.value || a.index - b.index);
    this.row.replaceChildren(...this.ones.map((one) => one.root));
    const source = this.ones.length && !model.original(this.ones[0].index) ? "story_pixels.ones_reconstructed" : "story_pixels.ones";
    setText(this.rowNote, t(source, { count: this.ones.length, what: this.#what() }));
    const counts = histogram.subarray(index * bins, (index + 1) * bins);
    this.chart.bin = -1;
    this.chart.setInk(this.story.ink);
    this.chart.setSize(this.chartBox.clientWidth, CHART_HEIGHT);
    this.chart.show({ counts, discrete: isDiscrete(statistics), mean, deviation, marks: this.ones.map((one) => one.value), columns: SHOWN, column: this.column });
    this.#pointed(-1);
    setText(this.where, t("story_pixels.where", { place: this.#placeWords(), count: group(samples) }));
    setText(this.numbers.n, group(samples));
    const [meanWords, deviationWords] = [this.#writeMean(mean), this.#writeWidth(deviation)];
    setText(this.numbers.mean, meanWords);
    setText(this.numbers.deviation, deviationWords);
    this.chart.describe(t("story_pixels.chart_says", { place: this.#placeWords(), count: group(samples), mean: meanWords, deviation: deviationWords }));
    const { width } = imageSize(model.spec.shape);
    Object.assign(this.root.dataset, {
      pixel: `${this.place % width},${Math.floor(this.place / width)}`, samples: String(samples), mean: mean.toFixed(5), deviation: deviation.toFixed(5),
      bars: String(counts.reduce((sum, count) => sum + count, 0)),
    });
  }
}

/** Every bin is one value. @param {Statistics} statistics */
function isDiscrete({ bins, levels }) {
  return bins === levels + 1;
}

/** @param {Statistics} statistics @param {number} value @returns {number} the bin that counts it */
function binOf(statistics, value) {
  const { bins } = statistics;
  return isDiscrete(statistics) ? Math.round(value * (bins - 1)) : Math.min(bins - 1, Math.floor(value * bins + 1e-6));
}

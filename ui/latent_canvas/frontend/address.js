// The view in the address bar: the same names that ui/state.py reads.

import { isBrowsersOwn, language } from "./texts.js";

/**
 * @typedef {object} ViewState everything that makes two people see the same thing
 * @property {string} model
 * @property {number} beta
 * @property {[number, number]} z
 * @property {number} k semi-axes of the ellipses in σ
 * @property {"all" | "class" | "selected"} show
 * @property {number} only the class of show = "class"
 * @property {number} selected data-set index of the selected sample, -1 for none
 * @property {"label" | "rate"} colour
 * @property {number[]} hidden classes switched off
 * @property {boolean} grid decodes under the map
 * @property {boolean} cloud density under the ellipses
 * @property {[number, number, number, number] | null} view xmin, xmax, ymin, ymax; null fits the data
 * @property {[number, number][]} pins
 * @property {"straight" | "quantiles"} through
 * @property {string} plane which plane of more than two dimensions (space.js)
 * @property {string} hold where the other dimensions are held
 * @property {boolean} align a family's maps are turned onto each other
 */

/** @type {Omit<ViewState, "model" | "beta">} what is not worth a word in the address */
const DEFAULTS = {
  z: [0, 0], k: 1, show: "all", only: 0, selected: -1, colour: "label", hidden: [], grid: false, cloud: true,
  view: null, pins: [], through: "straight", plane: "", hold: "", align: false,
};

/**
 * @param {ViewState} state
 * @returns {URLSearchParams}
 */
export function toParams(state) {
  const params = new URLSearchParams({ model: state.model, beta: short(state.beta), z: state.z.map(short).join(",") });
  if (state.k !== DEFAULTS.k) params.set("k", short(state.k));
  if (state.show !== DEFAULTS.show) params.set("show", state.show);
  if (state.show === "class") params.set("only", String(state.only));
  if (state.selected >= 0) params.set("sample", String(state.selected));
  if (state.colour !== DEFAULTS.colour) params.set("colour", state.colour);
  if (state.hidden.length) params.set("hide", state.hidden.join(","));
  if (state.grid) params.set("grid", "1");
  if (!state.cloud) params.set("cloud", "0");
  if (state.view) params.set("view", state.view.map(short).join(","));
  if (state.pins.length) params.set("pins", state.pins.map((p) => p.map(short).join(",")).join(";"));
  if (state.pins.length && state.through !== DEFAULTS.through) params.set("path", state.through);
  planeParams(params, state);
  return params;
}

/** @param {URLSearchParams} params @param {{plane: string, hold: string, align: boolean}} state */
function planeParams(params, { plane, hold, align }) {
  // In the address dimensions have the names that the page gives them: "z4,z8", "pca" or "s12,40,7"; "z4:0.5;z8:-1".
  const named = (/** @type {string} */ j) => `z${Number(j) + 1}`;
  if (plane.startsWith("dims:")) params.set("plane", plane.slice(5).split(",").map(named).join(","));
  else if (plane) params.set("plane", plane.replace("samples:", "s"));
  if (hold) params.set("hold", hold.replace(/(\d+):/g, (_, j) => `${named(j)}:`));
  if (align) params.set("align", "1");
}

/**
 * The defaults with what the server understood of the address laid over them.
 * @param {string} model
 * @param {number} beta the model's own starting β
 * @param {Partial<ViewState>} initial
 * @returns {ViewState}
 */
export function fromInitial(model, beta, initial) {
  return { model, beta, ...structuredClone(DEFAULTS), ...structuredClone(initial) };
}

/**
 * Write a page's parameters into the address without a new entry in the browser's history. Parameters that are not ours
 * stay. A language that the browser would not get anyway goes in too, so that the address shows everyone the same page.
 * @param {URLSearchParams} params
 */
export function writeAddress(params) {
  const url = new URL(window.location.href);
  for (const name of [...NAMES, ...WEIGHT_NAMES, ...STORY_NAMES]) url.searchParams.delete(name);
  for (const [name, value] of params) url.searchParams.set(name, value);
  writeLanguage(url.searchParams);
  // Commas and semicolons are legal in a query; unescaped they keep a shared address readable.
  url.search = url.search.replaceAll("%2C", ",").replaceAll("%3B", ";");
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url);
}

/** @param {URLSearchParams} params */
function writeLanguage(params) {
  if (!language()) return;
  if (!isBrowsersOwn()) params.set("lang", language());
  else if (params.get("lang") !== language()) params.delete("lang");
}

export const NAMES = [
  "model", "beta", "z", "k", "show", "only", "sample", "colour", "hide", "grid", "cloud", "view", "pins", "path", "plane", "hold", "align",
];

export const WEIGHT_NAMES = ["model", "beta", "sample", "ellipses", "separate", "compare", "view", "plane", "hold", "align"];

/**
 * @typedef {{beta: number, separate: boolean}} Choice one model to look at: the shared network at β, or the VAE trained there alone
 * @typedef {object} WeightState what the page of the KL weight shows
 * @property {string} model
 * @property {number} beta
 * @property {boolean} separate the separately trained VAE nearest to β instead of the shared network
 * @property {number} selected data-set index of the selected sample, -1 for none
 * @property {boolean} ellipses
 * @property {Choice | null} compare what is pinned beside it
 * @property {[number, number, number, number] | null} view xmin, xmax, ymin, ymax; null fits the data
 * @property {string} plane @property {string} hold @property {boolean} align as of the map
 */

/**
 * @param {string} model
 * @param {number} beta the model's own starting β
 * @param {Partial<WeightState>} initial
 * @returns {WeightState}
 */
export function weightState(model, beta, initial) {
  return { model, beta, separate: false, selected: -1, ellipses: false, compare: null, view: null, plane: "", hold: "", align: false, ...structuredClone(initial) };
}

/**
 * @param {WeightState} state
 * @returns {URLSearchParams}
 */
export function weightParams({ model, beta, separate, selected, ellipses, compare, view, plane, hold, align }) {
  const params = new URLSearchParams({ model, beta: short(beta) });
  if (selected >= 0) params.set("sample", String(selected));
  if (ellipses) params.set("ellipses", "1");
  if (separate) params.set("separate", "1");
  if (compare) params.set("compare", `${short(compare.beta)}${compare.separate ? ",separate" : ""}`);
  if (view) params.set("view", view.map(short).join(","));
  planeParams(params, { plane, hold, align });
  return params;
}

export const STORY_NAMES = ["model", "beta", "sample", "step"];

/**
 * @typedef {object} StoryState where the story is
 * @property {string} model
 * @property {number} beta
 * @property {number} selected data-set index of the sample it is about, -1 for the first one or a drawing
 * @property {string} step
 */

/**
 * @param {StoryState} state
 * @returns {URLSearchParams}
 */
export function storyParams({ model, beta, selected, step }) {
  const params = new URLSearchParams({ model, step, beta: short(beta) });
  if (selected >= 0) params.set("sample", String(selected));
  return params;
}

/**
 * @param {number} value
 * @returns {string} at most four decimals, no trailing zeros
 */
function short(value) {
  return String(Number(value.toFixed(4)));
}

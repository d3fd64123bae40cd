// What a place of the map is, in words for somebody who sees such a map for the first time.

import { covering } from "../codes.js";
import { h, setText } from "../dom.js";
import { t } from "../texts.js";
import { COVER_SIGMA, group } from "../words.js";

/** So many of the nearest samples, of eight, make a place that of one class. */
const MOST = 6;
/** Where more than this share of all Gaussians cover a place, it belongs to none in particular. */
const MELTED_SHARE = 0.8;

/**
 * Put words about the ring's place beside the decoded picture; they follow the map's own strip of neighbours, which is not shown here.
 * @param {import("../canvas.js").LatentCanvas} canvas
 * @param {() => boolean} isTable samples are rows of numbers, not pictures
 */
export function attachHere(canvas, isTable) {
  const { panel } = canvas;
  const title = h("h3", { class: "here" });
  const what = h("p", { class: "here what", "data-testid": "here" });
  const who = h("p", { class: "here", "data-testid": "here-who" });
  panel.place.before(title);
  panel.place.after(what, who);
  panel.showNearest = (samples, model) => {
    const { current } = canvas.painter;
    const count = covering(current, canvas.state.z, COVER_SIGMA, undefined, model.codes.correlation);
    const labels = model.spec.label_names.length > 1 ? samples.map(({ label }) => label) : [];
    const words = hereWords(labels, count, current.length / 4, isTable() ? "_rows" : "");
    setText(title, t(isTable() ? "start.here.title_rows" : "start.here.title"));
    setText(what, words.what);
    setText(who, words.who);
  };
}

/**
 * @param {string[]} labels of the nearest samples, nearest first; none where there are no classes
 * @param {number} count samples whose Gaussian covers the place
 * @param {number} total samples on the map
 * @param {"" | "_rows"} kind of text: pictures, or rows of numbers
 * @returns {{what: string, who: string}} whose place it is, and how many are there
 */
export function hereWords(labels, count, total, kind) {
  if (count > MELTED_SHARE * total) return { what: t("start.here.everywhere"), who: t(`start.here.melted${kind}`) };
  if (count === 0) return { what: t(`start.here.nowhere${kind}`), who: t(`start.here.made_up${kind}`) };
  const who = t(`start.here.own${kind}`, { count, shown: group(count), total: group(total) });
  const [first, second] = byFrequency(labels);
  if (!first) return { what: "", who };
  if (!second || first.times >= MOST) return { what: t("start.here.among", { label: first.label }), who };
  return { what: t("start.here.between", { first: first.label, second: second.label }), who };
}

/**
 * @param {string[]} labels
 * @returns {{label: string, times: number}[]} most frequent first; of two equally frequent the one that came first
 */
function byFrequency(labels) {
  const times = /** @type {Map<string, number>} */ (new Map());
  for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1);
  return [...times].map(([label, n]) => ({ label, times: n })).sort((a, b) => b.times - a.times);
}

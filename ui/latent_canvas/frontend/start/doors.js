// The doors: the pages of the app, each with one sentence; three with a small picture drawn from the model on the map.

import { h } from "../dom.js";
import { paintImage } from "../images.js";
import { t } from "../texts.js";
import { s } from "../weight/svg.js";
import { attachLink } from "./links.js";

/** @typedef {import("../store.js").Model} Model */

/**
 * The pages behind the doors: the name that the server knows, the address, and the address's parameters that the page understands.
 * @type {readonly {name: string, address: string, knows: readonly string[]}[]}
 */
const PAGES = Object.freeze([
  { name: "story", address: "one_sample", knows: ["model", "beta"] },
  { name: "map", address: "latent_map", knows: ["model", "beta", "z"] },
  { name: "weight", address: "kl_weight", knows: ["model", "beta"] },
  { name: "train", address: "train", knows: [] },
  { name: "bring", address: "bring", knows: [] },
]);
/** Doors of one line below the others. */
const LOW = ["train", "bring"];
/** Samples drawn in a small map, and their ellipses' semi-axes in σ. */
const FEW = 600;
const K = 2;
/** Half a small map's side, latent units, and the narrowest semi-axis in it. */
const REACH = 3.6;
const NARROWEST = 0.09;
/** Draws from N(0, I), fixed: the story's picture is the same at every visit. */
const DRAWS = [
  [0.3, -0.4], [-0.9, 0.2], [1.2, 0.5], [-0.2, 1.1], [0.6, -1.3], [-1.4, -0.6], [0.1, 0.3], [-0.5, -0.2], [0.9, 1.2], [1.6, -0.5],
  [-0.7, 0.9], [0.4, 0.7], [-1.1, 1.3], [-0.3, -0.9], [0.7, -0.1], [-0.1, -1.7], [1.9, 0.8], [-1.8, 0.4], [0.2, 1.8], [-0.6, -1.2],
];

export class Doors {
  /**
   * @param {(page: string) => void} go
   * @param {() => URLSearchParams} here the map's state, for links that the browser itself follows
   * @param {AbortSignal} signal
   */
  constructor(go, here, signal) {
    this.strips = PAGES.map(() => h("span", { class: "strip", "aria-hidden": "true" }));
    const doors = PAGES.map(({ name, address, knows }, i) => {
      const badge = name === "story" ? h("span", { class: "badge" }, t("start.door.first")) : null;
      const link = h("a", { class: LOW.includes(name) ? "door low" : "door", href: address, "data-testid": `door-${name}` },
        h("span", { class: "door-title" }, h("strong", {}, t(`pages.${name}.title`)), badge),
        h("span", { class: "door-says" }, t(`start.door.${name}`)), this.strips[i]);
      attachLink(link, () => go(name), signal);
      const renew = () => {
        const params = new URLSearchParams([...here()].filter(([key, value]) => value && knows.includes(key)));
        link.href = `${address}?${params}`;
      };
      for (const event of ["pointerdown", "focus"]) link.addEventListener(event, renew, { signal });
      return link;
    });
    this.root = h("nav", { class: "doors", "aria-label": t("start.doors") }, ...doors);
  }

  /**
   * @param {Model} model with codes
   * @param {string[]} colors of its classes
   */
  draw(model, colors) {
    const { spec } = model;
    const one = Math.min(1, spec.beta_max);
    const arrow = () => h("span", { class: "arrow" }, "→");
    const { picture, gaussian } = storyOf(model, colors, one);
    const [low, middle, high] = [0, one, spec.beta_max].map((beta) => smallMap(model, colors, beta));
    const map = smallMap(model, colors, one);
    const at = /** @type {[number, number]} */ ([0.9, -1.1]);
    map.append(s("circle", { class: "ring", cx: at[0], cy: -at[1], r: 0.42 }));
    const decoded = pictureOf(model, at, one);
    this.strips[0].replaceChildren(picture, arrow(), gaussian);
    this.strips[1].replaceChildren(map, arrow(), decoded);
    this.strips[2].replaceChildren(low, arrow(), middle, arrow(), high);
  }
}

/**
 * One sample, and the Gaussian that it becomes: its ellipse at 1σ and 2σ, and draws from it.
 * @param {Model} model
 * @param {string[]} colors
 * @param {number} beta
 */
function storyOf(model, colors, beta) {
  const [m1, m2, s1, s2] = model.codes.at(beta).subarray(0, 4);
  const widest = Math.max(s1, s2);
  // An ellipse too thin to see says nothing at this size.
  const [rx, ry] = [s1, s2].map((sigma) => Math.max(sigma / widest, 0.4));
  const color = colors[model.codes.labels[0]];
  const gaussian = s("svg", { viewBox: "-2.6 -2.6 5.2 5.2", fill: color },
    s("ellipse", { rx: 2 * rx, ry: 2 * ry, "fill-opacity": 0.13 }),
    s("ellipse", { rx, ry, "fill-opacity": 0.2, stroke: color, "stroke-width": 0.07 }),
    ...DRAWS.map(([a, b]) => s("circle", { cx: a * rx, cy: -b * ry, r: 0.09 })));
  return { picture: pictureOf(model, [m1, m2], beta), gaussian };
}

/**
 * @param {Model} model
 * @param {[number, number]} z
 * @param {number} beta
 * @returns {HTMLElement}
 */
function pictureOf(model, z, beta) {
  const { decoder, spec } = model;
  const canvas = h("canvas", {});
  const before = decoder.beta;
  decoder.setBeta(beta);
  paintImage(canvas, decoder.decode(z), spec.shape);
  decoder.setBeta(before);
  return h("span", { class: "frame" }, canvas);
}

/**
 * A map of few samples: their ellipses at 2σ, joined by class, and the prior's circle at 2σ.
 * @param {Model} model
 * @param {string[]} colors
 * @param {number} beta
 * @returns {SVGSVGElement}
 */
function smallMap(model, colors, beta) {
  const { codes } = model;
  const current = codes.at(beta);
  const n = Math.min(FEW, codes.n);
  const paths = colors.map(() => "");
  for (let i = 0; i < n; i++) {
    const [m1, m2, s1, s2] = current.subarray(4 * i, 4 * i + 4);
    paths[codes.labels[i]] += ellipse(m1, -m2, Math.max(K * s1, NARROWEST), Math.max(K * s2, NARROWEST));
  }
  return s("svg", { viewBox: `${-REACH} ${-REACH} ${2 * REACH} ${2 * REACH}` },
    s("g", { "fill-opacity": opacityOf(current, n).toFixed(3) }, ...paths.map((d, i) => s("path", { d, fill: colors[i] }))),
    s("circle", { class: "prior", r: K }));
}

/** @param {number} x @param {number} y @param {number} rx @param {number} ry @returns {string} as a part of an SVG path */
function ellipse(x, y, rx, ry) {
  const [a, b, c, d] = [x - rx, y, rx, ry].map((v) => v.toFixed(2));
  const across = (2 * rx).toFixed(2);
  return `M${a} ${b}a${c} ${d} 0 1 0 ${across} 0a${c} ${d} 0 1 0 -${across} 0z`;
}

/**
 * Wide Gaussians overlap, so they are drawn fainter.
 * @param {Float32Array} current [n][4]
 * @param {number} n samples that count
 * @returns {number}
 */
function opacityOf(current, n) {
  let sum = 0;
  for (let c = 0; c < 4 * n; c += 4) sum += (current[c + 2] + current[c + 3]) / 2;
  return 0.78 - 0.6 * Math.min(1, sum / Math.max(1, n));
}

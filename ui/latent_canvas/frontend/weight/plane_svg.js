// A latent plane as a picture that can be printed: contours, ellipses, prior, axes and marginals as one SVG.

import { turnedAxes } from "../scene.js";
import { bounds, ticks, toScreen } from "../view.js";
import { BAND_ALPHA, MASSES, svgPath } from "./contours.js";
import { MARGINAL_PX } from "./plane.js";
import { s } from "./svg.js";

/** Room above and below the map, in CSS pixels. */
const HEAD = 30;
const FOOT = 24;

/**
 * @param {import("./plane.js").Plane} plane drawn before
 * @param {string} title
 * @returns {SVGSVGElement}
 */
export function planeSvg(plane, title) {
  const { scene, view, width } = plane;
  const size = { width: width + MARGINAL_PX, height: HEAD + MARGINAL_PX + width + FOOT };
  const svg = /** @type {SVGSVGElement} */ (s("svg", { ...size, viewBox: `0 0 ${size.width} ${size.height}` }));
  if (!scene) return svg;
  const { ink } = scene;
  const top = HEAD + MARGINAL_PX;
  const id = `map-${plane.stage.dataset.testid}`;
  const clip = s("clipPath", { id }, s("rect", { width, height: width }));
  const map = s("g", { transform: `translate(0 ${top})`, "clip-path": `url(#${id})` });
  map.append(...bands(plane, ink.accent), ...ellipses(scene, view), ...prior(view, ink), ...chosen(scene, view), ...draws(scene, view));
  const frame = s("rect", { y: top, width, height: width, fill: "none", stroke: ink.line });
  svg.append(clip, text(title, 4, 20, ink.text, 15), nested(plane.above.root, 0, HEAD), nested(plane.beside.root, width, top), map, frame, ...axes(view, ink, top));
  if (scene.axes) svg.append(text(scene.axes[0], width - 6, top + width - 8, ink.text, 12, "end"), text(scene.axes[1], 6, top + 16, ink.text, 12));
  return svg;
}

/** @param {SVGSVGElement} root @param {number} x @param {number} y */
function nested(root, x, y) {
  const copy = /** @type {SVGSVGElement} */ (root.cloneNode(true));
  copy.setAttribute("x", String(x));
  copy.setAttribute("y", String(y));
  return copy;
}

/** @param {import("./plane.js").Plane} plane @param {string} color */
function bands({ bands: rings }, color) {
  return rings.map((ring, i) => s("path", {
    d: svgPath(ring), fill: color, "fill-opacity": BAND_ALPHA, "fill-rule": "evenodd",
    stroke: Number.isInteger(MASSES[i].k) ? color : "none", "stroke-opacity": 0.8, "stroke-width": 1.2,
  })).reverse();
}

/** @param {import("./plane.js").PlaneScene} scene @param {import("../view.js").View} view */
function ellipses({ shown, ellipses: wanted, colors }, view) {
  if (!wanted) return [];
  const { codes } = shown;
  return colors.map((stroke, label) => {
    const group = s("g", { fill: "none", stroke, "stroke-opacity": 0.4, "stroke-width": 0.8 });
    for (let i = 0; i < codes.n; i++) {
      if (codes.labels[i] !== label) continue;
      group.append(s("ellipse", ellipseOf(shown, i, 1, view)));
    }
    return group;
  });
}

/**
 * @param {{current: Float32Array, correlation: Float32Array | null}} shown @param {number} i a sample
 * @param {number} k of its contour @param {import("../view.js").View} view
 * @returns {Record<string, string>} attributes of an ellipse
 */
export function ellipseOf({ current, correlation }, i, k, view) {
  const [cx, cy] = toScreen(view, current[4 * i], current[4 * i + 1]).map((value) => value.toFixed(1));
  const [a, b] = [k * current[4 * i + 2] * view.scale, k * current[4 * i + 3] * view.scale];
  const rho = correlation?.[i] ?? 0;
  const [long, short, angle] = rho ? turnedAxes(a, b, rho) : [a, b, 0];
  const upright = { cx, cy, rx: long.toFixed(2), ry: short.toFixed(2) };
  return rho ? { ...upright, transform: `rotate(${((-angle * 180) / Math.PI).toFixed(2)} ${cx} ${cy})` } : upright;
}

/** @param {import("../view.js").View} view @param {{text: string}} ink */
function prior(view, ink) {
  const [cx, cy] = toScreen(view, 0, 0);
  return [1, 2, 3].map((k) => s("circle", { cx, cy, r: k * view.scale, fill: "none", stroke: ink.text, "stroke-opacity": 0.9, "stroke-width": 1.5, "stroke-dasharray": "2 4" }));
}

/** @param {import("./plane.js").PlaneScene} scene @param {import("../view.js").View} view */
function chosen({ shown, selected, ink }, view) {
  if (selected < 0) return [];
  return [1, 2, 3].map((k) => s("ellipse", { ...ellipseOf(shown, selected, k, view), fill: "none", stroke: ink.text, "stroke-width": 2 }));
}

/** @param {import("./plane.js").PlaneScene} scene @param {import("../view.js").View} view */
function draws({ draws: points, ink }, view) {
  return points.flatMap((z, i) => {
    const [cx, cy] = toScreen(view, z[0], z[1]);
    return [s("circle", { cx, cy, r: 9, fill: ink.text }), text(String(i + 1), cx, cy + 4, ink.background, 11, "middle")];
  });
}

/** @param {import("../view.js").View} view @param {{text: string}} ink @param {number} top */
function axes(view, ink, top) {
  const [xmin, xmax, ymin, ymax] = bounds(view);
  const along = ticks(xmin, xmax, 6);
  const up = ticks(ymin, ymax, 6);
  const says = (/** @type {number} */ value, /** @type {number} */ decimals) => value.toFixed(decimals).replace("-", "\u2212");
  return [
    ...along.values.map((v) => text(says(v, along.decimals), toScreen(view, v, 0)[0], top + view.height + 15, ink.text, 11, "middle")),
    ...up.values.map((v) => text(says(v, up.decimals), 6, top + toScreen(view, 0, v)[1] + 4, ink.text, 11)),
  ];
}

/** @param {string} content @param {number} x @param {number} y @param {string} fill @param {number} size @param {string} [anchor] */
function text(content, x, y, fill, size, anchor = "start") {
  return s("text", { x, y, fill, "font-size": size, "text-anchor": anchor }, content);
}

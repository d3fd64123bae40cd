// The numbers of one or two models as a table: what each means, its value with its error, and the identities, checked.

import { h, setShown, setText } from "../dom.js";
import { formatBeta } from "../scale.js";
import { significant } from "../words.js";
import { identities, withError } from "./rows.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {[number, number]} Pair value and error
 *
 * @typedef {object} Line
 * @property {string} name in plain words
 * @property {string} symbol
 * @property {string} why what it means, as a tooltip
 * @property {(row: Row) => Pair | undefined} pair
 * @property {boolean} [sub] a part of the line above
 * @property {boolean} [deep] a part of a part
 * @property {string} [unit]
 * @property {(value: number) => string} [format] where it has no error
 */

/** @type {Line[]} */
const LINES = [
  { name: "Error of reconstruction (lower is better, may be negative)", symbol: "D", why: "Distortion: −log p(x|z), averaged over samples and draws of z. Lower is better; it may be negative, because pixels have a density.", pair: (row) => row.distortion },
  { name: "Distance of the Gaussians from the prior", symbol: "R", why: "Rate: KL(q(z|x) ‖ N(0, I)), averaged over samples. A closed form: exact.", pair: (row) => [row.rate, 0] },
  { name: "of that: tells samples apart", symbol: "I(x; z)", why: "Mutual information of sample and code: nats that help to tell samples apart.", pair: (row) => row.mutual_information, sub: true },
  { name: "of that: misfit of q(z) to the prior", symbol: "KL(q(z) ‖ p(z))", why: "How far the average of all Gaussians is from N(0, I). R = I + KL.", pair: (row) => row.kl_to_prior, sub: true },
  { name: "z₁ and z₂ depend on each other", symbol: "TC", why: "Total correlation of q(z).", pair: (row) => row.total_correlation, sub: true, deep: true },
  { name: "z₁ is not N(0, 1)", symbol: "KL(q(z₁) ‖ N)", why: "KL of the first marginal to N(0, 1).", pair: (row) => row.marginal_kl[0], sub: true, deep: true },
  { name: "z₂ is not N(0, 1)", symbol: "KL(q(z₂) ‖ N)", why: "KL of the second marginal to N(0, 1).", pair: (row) => row.marginal_kl[1], sub: true, deep: true },
  { name: "Prior draws that fall into holes", symbol: "P(q < p/10)", why: "Share of the prior’s draws at places where q(z) is less than a tenth of the prior’s density.", pair: (row) => [100 * row.holes[0], 100 * row.holes[1]], unit: "%" },
  { name: "Mean width of the Gaussians", symbol: "mean σ", why: "Mean of σ over samples and dimensions: computed, not estimated.", pair: (row) => [row.mean_sigma, 0], format: significant, unit: "" },
  { name: "Narrowest Gaussian", symbol: "smallest σ", why: "The smallest σ of all samples and dimensions.", pair: (row) => [row.min_sigma, 0], format: significant, unit: "" },
  { name: "Dimensions in use", symbol: "active units", why: "Dimensions with Var μ(x) > 0.01 (Burda et al. 2016).", pair: (row) => [row.active_units, 0], format: String, unit: "" },
];

/** @type {[string, string][]} */
const FORMULAS = [
  ["loss", "D + β · R, per sample, in nats"],
  ["D", "E_x E_q(z|x) [−log p(x|z)], summed over pixels"],
  ["R", "E_x KL(q(z|x) ‖ N(0, I)) = E_x ½ Σⱼ (μⱼ² + σⱼ² − 1 − log σⱼ²)"],
  ["q(z)", "(1/N) Σᵢ N(z; μᵢ, diag σᵢ²), the aggregate posterior"],
  ["I(x; z)", "h(q(z)) − E_x h(q(z|x)), at most ln N"],
  ["KL(q(z) ‖ p(z))", "E_q [log q(z) − log p(z)] = R − I"],
  ["TC", "E_q [log q(z) − Σⱼ log q(zⱼ)] = KL(q ‖ p) − Σⱼ KL(q(zⱼ) ‖ N(0, 1))"],
  ["errors", "a bound where q(z) was integrated on a grid, a standard error where samples or draws were averaged"],
];

export class Numbers {
  constructor() {
    this.head = [h("th", { scope: "col" }, "nats per sample (1 nat = 1.44 bits)"), h("th", { scope: "col", class: "pinned" }), h("th", { scope: "col" }), h("th", { scope: "col", class: "pinned" }, "difference")];
    this.rows = LINES.map(buildLine);
    const table = h("table", { "data-testid": "numbers" }, h("thead", {}, h("tr", {}, ...this.head)), h("tbody", {}, ...this.rows.map(({ root }) => root)));
    this.checks = h("ul", { class: "checks", "data-testid": "identities" });
    this.note = h("p", { class: "note" });
    const formulas = h("details", {}, h("summary", {}, "Show the formulas"), h("dl", {}, ...FORMULAS.flatMap(([name, formula]) => [h("dt", {}, name), h("dd", {}, formula)])));
    this.root = h("section", { class: "numbers" }, h("div", { class: "scroll" }, table), this.checks, this.note, formulas);
    this.shown = "";
  }

  /**
   * @param {{row: Row, title: string}} current
   * @param {{row: Row, title: string} | null} pinned
   * @param {number} samples N
   * @param {number} beta of the slider
   */
  show(current, pinned, samples, beta) {
    const key = JSON.stringify([current.row.beta, current.title, pinned?.row.beta, pinned?.title]);
    setText(this.note, current.row.beta === beta ? "" : `Numbers computed at β = ${formatBeta(current.row.beta)}, the nearest value stored.`);
    if (key === this.shown) return;
    this.shown = key;
    this.root.classList.toggle("comparing", pinned !== null);
    setText(this.head[1], pinned?.title ?? "");
    setText(this.head[2], current.title);
    for (const [i, line] of LINES.entries()) {
      const [now, then] = [line.pair(current.row), pinned ? line.pair(pinned.row) : undefined];
      const { cells, root } = this.rows[i];
      setShown(root, now !== undefined);
      setText(cells[0], then ? text(line, then) : "");
      setText(cells[1], now ? text(line, now) : "");
      setText(cells[2], now && then ? difference(line, now, then) : "");
    }
    this.#check(current.row, samples);
  }

  /** @param {Row} row @param {number} samples */
  #check(row, samples) {
    this.checks.replaceChildren(...identities(row, samples).map(({ text: formula, ok, detail }) => {
      const [sign, state] = ok === null ? ["–", "by construction"] : ok ? ["✓", "holds"] : ["✗", "FAILS"];
      return h("li", { title: detail, class: ok === false ? "failed" : "", "data-ok": String(ok) }, h("b", { "aria-label": state }, sign), ` ${formula}${ok === null ? " (not checked here)" : ""}`);
    }));
  }
}

/** @param {Line} line */
function buildLine({ name, symbol, why, sub, deep }) {
  const cells = [h("td", { class: "pinned" }), h("td", {}), h("td", { class: "pinned" })];
  const root = h("tr", { class: `${sub ? "sub" : ""} ${deep ? "deep" : ""}` }, h("th", { scope: "row", title: why }, name, h("small", {}, symbol)), ...cells);
  return { root, cells };
}

/** @param {Line} line @param {Pair} pair */
function text({ unit = "", format }, pair) {
  return format ? format(pair[0]) : `${withError(pair)}${unit && ` ${unit}`}`;
}

/** @param {Line} line @param {Pair} now @param {Pair} then */
function difference({ format, unit = "" }, now, then) {
  const value = now[0] - then[0];
  const sign = value > 0 ? "+" : "";
  if (format) return `${sign}${format === String ? value : value.toPrecision(2)}`.replace("-", "\u2212");
  return `${sign}${withError([value, Math.hypot(now[1], then[1])])}${unit && ` ${unit}`}`;
}

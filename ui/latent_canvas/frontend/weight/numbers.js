// The numbers of one or two models as a table: what each means, its value with its error, and the identities, checked.

import { h, setShown, setText } from "../dom.js";
import { formatBeta } from "../scale.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { significant } from "../words.js";
import { identities, isMany, marginalSum, withError } from "./rows.js";

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {[number, number]} Pair value and error
 *
 * @typedef {object} Line
 * @property {string} name the key of its name in plain words; what it means, as a tooltip, has the key "<name>.why"
 * @property {string} [symbol] "<name>.symbol" is the key where it is a word
 * @property {(row: Row) => Pair | undefined} pair
 * @property {boolean} [sub] a part of the line above
 * @property {boolean} [deep] a part of a part
 * @property {string} [unit]
 * @property {(value: number) => string} [format] where it has no error
 */

/** @type {Line[]} */
const LINES = [
  { name: "weight.numbers.distortion", symbol: "D", pair: (row) => row.distortion },
  { name: "weight.numbers.rate", symbol: "R", pair: (row) => [row.rate, 0] },
  { name: "weight.numbers.information", symbol: "I(x; z)", pair: (row) => row.mutual_information, sub: true },
  { name: "weight.numbers.misfit", symbol: "KL(q(z) ‖ p(z))", pair: (row) => row.kl_to_prior, sub: true },
  { name: "weight.numbers.correlation", symbol: "TC", pair: (row) => (isMany(row) ? undefined : row.total_correlation), sub: true, deep: true },
  { name: "weight.numbers.first", symbol: "KL(q(z₁) ‖ N)", pair: (row) => (isMany(row) ? undefined : row.marginal_kl[0]), sub: true, deep: true },
  { name: "weight.numbers.second", symbol: "KL(q(z₂) ‖ N)", pair: (row) => (isMany(row) ? undefined : row.marginal_kl[1]), sub: true, deep: true },
  { name: "weight.numbers.correlation.many", symbol: "TC", pair: (row) => (isMany(row) ? row.total_correlation : undefined), sub: true, deep: true },
  { name: "weight.numbers.marginals", symbol: "Σⱼ KL(q(zⱼ) ‖ N)", pair: (row) => (isMany(row) ? marginalSum(row) : undefined), sub: true, deep: true },
  { name: "weight.numbers.holes", symbol: "P(q < p/10)", pair: (row) => [100 * row.holes[0], 100 * row.holes[1]], unit: "%" },
  { name: "weight.numbers.width", pair: (row) => [row.mean_sigma, 0], format: significant, unit: "" },
  { name: "weight.numbers.narrowest", pair: (row) => [row.min_sigma, 0], format: significant, unit: "" },
  { name: "weight.numbers.units", pair: (row) => [row.active_units, 0], format: String, unit: "" },
];

/** @returns {[string, string][]} what each number is, and its formula */
function formulas() {
  return [
    [t("weight.formula.loss.name"), t("weight.formula.loss", { formula: "D + β · R" })],
    ["D", t("weight.formula.distortion", { formula: "E_x E_q(z|x) [−log p(x|z)]" })],
    ["R", "E_x KL(q(z|x) ‖ N(0, I)) = E_x ½ Σⱼ (μⱼ² + σⱼ² − 1 − log σⱼ²)"],
    ["q(z)", t("weight.formula.aggregate", { formula: "(1/N) Σᵢ N(z; μᵢ, diag σᵢ²)" })],
    ["I(x; z)", t("weight.formula.information", { formula: "h(q(z)) − E_x h(q(z|x))", most: "ln N" })],
    ["KL(q(z) ‖ p(z))", "E_q [log q(z) − log p(z)] = R − I"],
    ["TC", "E_q [log q(z) − Σⱼ log q(zⱼ)] = KL(q ‖ p) − Σⱼ KL(q(zⱼ) ‖ N(0, 1))"],
    [t("weight.formula.errors.name"), t("weight.formula.errors")],
  ];
}

export class Numbers {
  constructor() {
    const [unit, apart] = [h("th", { scope: "col" }, ...rich("weight.numbers.unit")), t("weight.numbers.difference")];
    this.head = [unit, h("th", { scope: "col", class: "pinned" }), h("th", { scope: "col" }), h("th", { scope: "col", class: "pinned" }, apart)];
    this.rows = LINES.map(buildLine);
    const table = h("table", { "data-testid": "numbers" }, h("thead", {}, h("tr", {}, ...this.head)), h("tbody", {}, ...this.rows.map(({ root }) => root)));
    this.checks = h("ul", { class: "checks", "data-testid": "identities" });
    this.note = h("p", { class: "note" });
    const list = h("dl", {}, ...formulas().flatMap(([name, formula]) => [h("dt", {}, name), h("dd", {}, formula)]));
    const details = h("details", {}, h("summary", {}, t("weight.formulas")), list);
    this.root = h("section", { class: "numbers" }, h("div", { class: "scroll" }, table), this.checks, this.note, details);
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
    setText(this.note, current.row.beta === beta ? "" : t("weight.numbers.nearest", { beta: formatBeta(current.row.beta) }));
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
      const [sign, state] = ok === null ? ["–", t("weight.check.none")] : ok ? ["✓", t("weight.check.holds")] : ["✗", t("weight.check.fails")];
      const says = ok === null ? t("weight.check.unchecked", { formula }) : formula;
      return h("li", { title: detail, class: ok === false ? "failed" : "", "data-ok": String(ok) }, h("b", { "aria-label": state }, sign), ` ${says}`);
    }));
  }
}

/** @param {Line} line */
function buildLine({ name, symbol, sub, deep }) {
  const cells = [h("td", { class: "pinned" }), h("td", {}), h("td", { class: "pinned" })];
  const words = rich(name);
  // A word of the glossary shows its own note; the row's tooltip would lie over it.
  for (const word of words) if (word instanceof HTMLElement) word.title = "";
  const head = h("th", { scope: "row", title: t(`${name}.why`) }, ...words, h("small", {}, symbol ?? t(`${name}.symbol`)));
  const root = h("tr", { class: `${sub ? "sub" : ""} ${deep ? "deep" : ""}` }, head, ...cells);
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

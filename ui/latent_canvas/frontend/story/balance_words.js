// Step 5 in words and numbers: the table of both answers, and the sentences that read them.

import { h, setText } from "../dom.js";
import { rich } from "../terms.js";
import { t } from "../texts.js";
import { significant } from "../words.js";

/**
 * @typedef {object} Answer one Gaussian and what it costs, nats
 * @property {[number, number]} mu
 * @property {[number, number]} sigma
 * @property {number} width √(σ₁σ₂)
 * @property {number} d
 * @property {number} r
 * @property {number} sum D + β·R
 * @typedef {import("./expected.js").Least} Least the lowest sum along the width
 */

/** Differences below this, nats, are called none. */
const SAME = 0.05;
/** Within this factor of the encoder's width the least sum is near it. */
const NEAR = 1.5;
/** A sum this much below the encoder's, nats, at another width is an exception. */
const MUCH = 1;

/** @param {number} value @param {number} [digits] */
export function nats(value, digits = 1) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? (0).toFixed(digits) : text).replace("-", "\u2212");
}

/** @param {number} value @param {number} digits */
function signed(value, digits) {
  const text = nats(value, digits);
  return Number(text.replace("\u2212", "-")) > 0 ? `+${text}` : text;
}

/** A factor as people say it: 0.25, 1.4, 16. @param {number} factor */
export function times(factor) {
  return factor >= 9.95 ? String(Math.round(factor)) : factor >= 0.995 ? factor.toFixed(1) : significant(factor);
}

/** How the hand's Gaussian differs from the encoder's; shift in latent units. @param {Answer} hand @param {Answer} encoder */
export function changeOf(hand, encoder) {
  const factor = hand.width / encoder.width;
  const away = [0, 1].map((j) => hand.mu[j] - encoder.mu[j]);
  const shape = Math.abs(Math.log((hand.sigma[0] / hand.sigma[1]) * (encoder.sigma[1] / encoder.sigma[0])));
  const size = factor < 0.98 ? "narrower" : factor > 1.02 ? "wider" : "";
  return { factor, shift: Math.hypot(...away), size, moved: away.some((v, j) => Math.abs(v) > 0.05 * encoder.sigma[j]), reshaped: shape > 0.05 };
}

/**
 * What the hand has done, and what it does to both terms.
 * @param {Answer} hand @param {Answer} encoder @param {number} beta @param {boolean} [rough] the hand's D is known to about a nat
 */
export function readState(hand, encoder, beta, rough = false) {
  const { factor, shift, size, moved, reshaped } = changeOf(hand, encoder);
  if (!size && !moved && !reshaped) return t("story_balance.state.same");
  const values = { times: times(factor), shift: significant(shift) };
  const where = size === "narrower" ? t(moved ? "story_balance.where.moved_narrower" : "story_balance.where.narrower", values)
    : size === "wider" ? t(moved ? "story_balance.where.moved_wider" : "story_balance.where.wider", values)
    : t(moved ? "story_balance.where.moved" : "story_balance.where.reshaped", values);
  const [dd, dr] = [hand.d - encoder.d, beta * (hand.r - encoder.r)];
  const picture = bySign(dd, "story_balance.picture.better", "story_balance.picture.same", "story_balance.picture.worse", rough);
  const term = beta === 0 ? t("story_balance.term.silent") : bySign(dr, "story_balance.term.less", "story_balance.term.same", "story_balance.term.more");
  const against = (Math.abs(dd) >= SAME && Math.abs(dr) >= SAME && dd * dr < 0) || beta === 0;
  const together = bySign(hand.sum - encoder.sum, "story_balance.total.less", "story_balance.total.same", "story_balance.total.more", rough);
  return t(against ? "story_balance.state.but" : "story_balance.state.and", { where, picture, term, together });
}

/**
 * One of three texts, for a difference in nats below 0, of about 0 and above.
 * @param {number} difference @param {string} less @param {string} same @param {string} more keys
 * @param {boolean} [rough] known to about a nat
 * @param {Record<string, string>} [values]
 */
function bySign(difference, less, same, more, rough = false, values = {}) {
  const key = Math.abs(difference) < SAME ? same : difference < 0 ? less : more;
  return t(key, { ...values, nats: rough ? `≈ ${nats(Math.abs(difference), 0)}` : nats(Math.abs(difference)) });
}

/**
 * Where the sum is least along the width, against the encoder's answer.
 * @param {Least | null} least
 * @param {Answer} hand
 * @param {Answer} encoder
 * @param {number} beta
 */
export function readLeast(least, hand, encoder, beta) {
  if (!least) return "";
  const { moved, reshaped } = changeOf(hand, encoder);
  const sigma = significant(least.width);
  const factor = least.width / encoder.width;
  if (beta === 0) return t(least.edge === "low" || least.narrow - least.sum < SAME ? "story_balance.least.vanishes" : "story_balance.least.exception", { sigma });
  if (least.edge === "high") return t("story_balance.least.widest");
  if (moved || reshaped) {
    const keys = /** @type {const} */ (["story_balance.least.elsewhere_below", "story_balance.least.elsewhere_same", "story_balance.least.elsewhere_above"]);
    return bySign(least.sum - encoder.sum, ...keys, false, { sigma, times: times(factor) });
  }
  const gain = encoder.sum - least.sum;
  const near = Math.abs(Math.log(factor)) <= Math.log(NEAR);
  if (near && gain < SAME) return t("story_balance.least.there", { sigma, times: times(factor) });
  return t(`story_balance.least.${near ? "near" : gain < MUCH ? "off" : "far"}`, { sigma, times: times(factor), nats: nats(gain, gain < 0.095 ? 2 : 1) });
}

/** The extra error, β·R and their sum: the encoder's, the hand's, and the difference. */
export class NumbersTable {
  constructor() {
    const columns = ["story_balance.table.encoder", "story_balance.table.hand", "story_balance.table.difference"];
    const names = ["story_balance.table.d", "story_balance.table.r", "story_balance.table.sum"];
    this.rows = names.map((name, row) => {
      const cells = columns.map((_, i) => h("td", { class: i === 2 ? "difference" : "" }));
      return { cells, root: h("tr", { class: ["d", "r", "sum"][row] }, h("th", { scope: "row" }, ...rich(name)), ...cells) };
    });
    this.root = h("table", { class: "balance-table", "data-testid": "balance-table" },
      h("thead", {}, h("tr", {}, h("th", {}, ...rich("story_balance.table.unit")), ...columns.map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, ...this.rows.map(({ root }) => root)));
  }

  /**
   * @param {Answer} hand
   * @param {Answer & {floor: number}} encoder floor: from where the extra error counts, nats
   * @param {number} beta
   * @param {boolean} rough the hand's D is known to about a nat
   */
  show(hand, encoder, beta, rough) {
    const terms = (/** @type {Answer} */ { d, r, sum }) => [d - encoder.floor, beta * r, sum - encoder.floor];
    const [now, then] = [terms(hand), terms(encoder)];
    for (const [i, { cells }] of this.rows.entries()) {
      const about = rough && i !== 1 ? "≈ " : "";
      const digits = about ? 0 : 1;
      setText(cells[0], nats(then[i]));
      setText(cells[1], about + nats(now[i], digits));
      setText(cells[2], about + signed(now[i] - then[i], digits));
      cells[2].dataset.sign = now[i] - then[i] > SAME ? "more" : now[i] - then[i] < -SAME ? "less" : "same";
    }
  }
}

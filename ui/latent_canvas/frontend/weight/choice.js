// Which model a map shows: the shared network at β, or the VAE that was trained at the nearest of a few β alone.

import { formatBeta, nearestNode } from "../scale.js";
import { getModel, getTable } from "../store.js";
import { t } from "../texts.js";

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {import("../address.js").Choice} Choice
 * @typedef {import("./rows.js").Row} Row
 *
 * @typedef {object} Shown everything that a map, the strips and the numbers need of one model at one β
 * @property {Model} model
 * @property {import("../codes.js").CodeStack} codes
 * @property {Float32Array} current codes at β, [n][4]
 * @property {Float32Array | null} correlation of each Gaussian in the plane; null where all stand upright
 * @property {number} beta of the picture: a separately trained model's own
 * @property {Row} row of the table at the nearest stored β
 * @property {boolean} separate
 * @property {string} key changes when the picture does
 */

export class Chooser {
  constructor() {
    /** @type {Float32Array<ArrayBuffer> | undefined} */
    this.room = undefined;
  }

  /**
   * @param {string} digest of the shared model
   * @param {Choice} choice
   * @returns {Shown | null} null until what it needs has arrived
   */
  resolve(digest, { beta, separate }) {
    const table = getTable(digest);
    const shared = getModel(digest);
    if (!table || !shared || shared.codes.n === 0) return null;
    const reference = separate ? nearestReference(table.references, beta) : null;
    const model = reference ? getModel(reference.digest) : shared;
    if (!model || model.codes.n === 0) return null;
    const at = reference ? reference.beta : beta;
    const row = reference ? reference.row : table.rows[nearestNode(table.rows.map((r) => r.beta), beta)];
    const { codes } = model;
    this.room = codes.at(at, this.room?.length === 4 * codes.n ? this.room : undefined);
    return { model, codes, current: this.room, correlation: codes.correlation, beta: at, row, separate: reference !== null, key: `${model.spec.digest} ${at} ${codes.n} ${model.version}` };
  }
}

/**
 * @template {{beta: number}} T
 * @param {T[]} references by rising β
 * @param {number} beta
 * @returns {T | null} the one trained nearest to β, null where there is none
 */
export function nearestReference(references, beta) {
  return references.length ? references[nearestNode(references.map((r) => r.beta), beta)] : null;
}

/** @param {Shown} shown @returns {string} what it is, over its map and its column */
export function titleOf({ beta, separate }) {
  return separate ? t("weight.alone", { beta: formatBeta(beta) }) : `β = ${formatBeta(beta)}`;
}

/**
 * Why the shared network and a separately trained VAE differ.
 * @param {Shown} current
 * @param {{beta: number} | null} near the separately trained model nearest to β
 * @param {boolean} wanted the separately trained one is asked for
 * @returns {string} "" where there is none
 */
export function whySeparate(current, near, wanted) {
  if (!near) return "";
  const beta = formatBeta(near.beta);
  if (current.separate) return t("weight.why.alone", { beta });
  return wanted ? t("weight.why.coming") : t("weight.why.shared", { beta });
}

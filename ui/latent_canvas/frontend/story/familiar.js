// To be built.

/**
 * @param {import("../store.js").Model} model @param {Float32Array} current @param {import("./subject.js").Subject} subject
 * @returns {"place" | "picture" | null}
 */
export function unfamiliar(model, current, subject) {
  void model;
  void current;
  void subject;
  return null;
}

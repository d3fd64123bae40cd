// What the story is about: one input, a sample of the data set or a drawing, and the Gaussian the encoder makes of it.

/**
 * @typedef {import("../store.js").Model} Model
 * @typedef {object} Subject
 * @property {number} index place in the model's codes; -1 for a drawing
 * @property {number} id data-set index; -1 for a drawing
 * @property {number} label of its class; -1 for a drawing
 * @property {Float32Array} pixels what goes into the encoder
 * @property {"original" | "reconstruction" | "drawing"} source where they come from: without the original image its reconstruction stands in
 * @property {[number, number]} mu at the β of the story
 * @property {[number, number]} sigma
 */

/**
 * A sample's original pixels as the network saw them.
 * @param {Model} model
 * @param {number} index
 * @returns {Float32Array | null} in [0, 1]; null where the original has not arrived, or never will
 */
export function originalPixels(model, index) {
  const found = model.original(index);
  if (!found) return null;
  return found.sheet.values(found.tile, model.statistics?.levels ?? 255);
}

/**
 * A sample as the encoder's input: its original image, else its reconstruction.
 * @param {Model} model decoder at the story's β
 * @param {Float32Array} current codes at β, [n][4]
 * @param {number} index
 * @returns {Subject}
 */
export function sampleSubject(model, current, index) {
  const original = originalPixels(model, index);
  const code = current.subarray(4 * index, 4 * index + 4);
  const pixels = original ?? model.decoder.decode(code.subarray(0, 2));
  return {
    index, id: model.codes.ids[index], label: model.codes.labels[index], pixels, source: original ? "original" : "reconstruction",
    mu: [code[0], code[1]], sigma: [code[2], code[3]],
  };
}

/**
 * A drawing as the encoder's input.
 * @param {Model} model encoder at the story's β
 * @param {Float32Array} pixels
 * @returns {Subject}
 */
export function drawnSubject(model, pixels) {
  const subject = /** @type {Subject} */ ({ index: -1, id: -1, label: -1, pixels, source: "drawing", mu: [0, 0], sigma: [1, 1] });
  return withCode(model, subject);
}

/**
 * The subject with the Gaussian that the encoder, at its present β, makes of its pixels. A reconstruction is another
 * picture than its sample, so there the sample's stored code stays.
 * @param {Model} model
 * @param {Subject} subject
 * @returns {Subject}
 */
export function withCode(model, subject) {
  if (!model.encoder || subject.source === "reconstruction") return subject;
  const { mu, sigma } = model.encoder.encode(subject.pixels);
  return { ...subject, mu: [mu[0], mu[1]], sigma: [sigma[0], sigma[1]] };
}

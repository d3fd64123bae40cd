// What the pages say, in the language that the server sent (ui/texts has the files and says how they are written).

/** @type {{language: string, texts: Record<string, string>, table: boolean}} */
const spoken = { language: "", texts: {}, table: false };
/** @type {Map<string, (() => void)[]>} views that wait for a language */
const waiting = new Map();

/**
 * From now on everything new is said in this language.
 * @param {string} language BCP 47 code
 * @param {Record<string, string>} texts
 */
export function setTexts(language, texts) {
  Object.assign(spoken, { language, texts });
  if (globalThis.document) document.documentElement.lang = language;
  const ready = waiting.get(language) ?? [];
  waiting.delete(language);
  for (const go of ready) go();
}

/**
 * From now on everything new is said of rows of a table, where there are texts for that (`key.table` beside `key`), or of pictures.
 * @param {boolean} table
 */
export function speakOfTable(table) {
  spoken.table = table;
}

/** @returns {string} the code of the language, "" before any has come */
export function language() {
  return spoken.language;
}

/**
 * @param {string} code
 * @returns {Promise<void>} kept when the texts of this language are the ones that `t` reads
 */
export function whenTexts(code) {
  if (spoken.language === code) return Promise.resolve();
  return new Promise((resolve) => waiting.set(code, [...(waiting.get(code) ?? []), () => resolve()]));
}

/**
 * The text of a key with its values filled in; its version for tables where the samples are rows, and the version for one
 * where `count` is 1, if there are such. A key without a text is its own: a test asks that none is missing.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const { texts } = spoken;
  const own = spoken.table && `${key}.table` in texts ? `${key}.table` : key;
  const one = Number(values.count) === 1 ? texts[`${own}.one`] : undefined;
  const text = one ?? texts[own] ?? key;
  return text.replace(/\{(\w+)\}/g, (hole, name) => String(values[name] ?? hole));
}

/**
 * Sentences one after the other, with what stands between sentences in this language.
 * @param {readonly string[]} parts empty ones are left out
 * @returns {string}
 */
export function sentences(parts) {
  return parts.filter((part) => part !== "").join(t("language.between"));
}

/** @param {string} key */
export function hasText(key) {
  return key in spoken.texts;
}

/** @returns {boolean} this language is the one that the browser would get anyway */
export function isBrowsersOwn() {
  const primary = (/** @type {string} */ code) => code.toLowerCase().split("-")[0];
  return primary(spoken.language || "en") === primary(navigator.language || "en");
}

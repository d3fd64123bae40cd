// Words of the glossary in running text: marked, and explained where a pointer rests on them, a finger taps or Tab stops.

import { h, setShown, setText } from "./dom.js";
import { hasText, t } from "./texts.js";

/**
 * The text of a key as nodes: **bold**, *italics*, and [[words of the glossary]] that `attachTerms` explains. Values are
 * text: marks in them mean nothing.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {Node[]}
 */
export function rich(key, values = {}) {
  const plain = Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? guarded(value) : value]);
  return nodesOf(t(key, Object.fromEntries(plain)));
}

/** What marks a text up; inside a value it travels as characters that no text has. */
const MARKS = "*[]|";
const PRIVATE = 0xe000;

/** @param {string} value */
function guarded(value) {
  return value.replace(/[*[\]|]/g, (mark) => String.fromCharCode(PRIVATE + MARKS.indexOf(mark)));
}

/** @param {string} text */
function restored(text) {
  return text.replace(/[\ue000-\ue003]/g, (mark) => MARKS[mark.charCodeAt(0) - PRIVATE]);
}

/**
 * @param {string} text
 * @returns {Node[]}
 */
export function nodesOf(text) {
  const parts = text.split(/(\[\[[^\]]+\]\]|\*\*[^*]+\*\*|\*[^*]+\*)/);
  return parts.filter((part) => part !== "").map((part) => {
    if (part.startsWith("[[")) return term(part.slice(2, -2));
    if (part.startsWith("**")) return h("strong", {}, ...nodesOf(part.slice(2, -2)));
    if (part.startsWith("*") && part.length > 2) return h("em", {}, ...nodesOf(part.slice(1, -1)));
    return document.createTextNode(restored(part));
  });
}

/** @param {string} text as it stands in a text file @returns {string} without its marks */
export function plainText(text) {
  return text.replace(/\[\[([^\]|]+)\|?([^\]]*)\]\]/g, (_, id, shown) => shown || wordOf(id)).replace(/\*+/g, "");
}

/** @param {string} inside "id" or "id|as it reads here" */
function term(inside) {
  const [id, shown] = inside.split("|");
  const word = restored(shown ?? wordOf(id));
  if (!hasText(`glossary.${id}.meaning`)) return document.createTextNode(word);
  // Not a <button>: that is a box of its own, after which a line may break before a comma.
  return h("span", { role: "button", tabindex: "0", class: "term", "data-term": id }, word);
}

/** @param {string} id */
function wordOf(id) {
  return hasText(`glossary.${id}.word`) ? t(`glossary.${id}.word`) : id;
}

/** Room kept to the edge of the view, CSS pixels. */
const EDGE_PX = 8;

/**
 * Explain the terms inside `root` while they are pointed at, focused or tapped; Escape closes.
 * @param {HTMLElement} root positioned
 * @param {AbortSignal} signal
 */
export function attachTerms(root, signal) {
  const title = h("strong", {});
  const meaning = h("span", {});
  const note = h("div", { class: "term-note", role: "tooltip", id: "term-note", hidden: true, "data-testid": "term-note" }, title, meaning);
  root.append(note);
  let open = /** @type {HTMLElement | null} */ (null);
  const close = () => {
    open?.removeAttribute("aria-describedby");
    open = null;
    setShown(note, false);
  };
  const show = (/** @type {HTMLElement} */ word) => {
    if (open === word) return;
    close();
    open = word;
    const id = word.dataset.term ?? "";
    setText(title, wordOf(id));
    setText(meaning, plainText(t(`glossary.${id}.meaning`)));
    word.setAttribute("aria-describedby", "term-note");
    setShown(note, true);
    place(root, word, note);
  };
  const termOf = (/** @type {Event} */ event) => /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest?.(".term"));
  root.addEventListener("pointerover", (event) => {
    const word = termOf(event);
    if (word) show(word);
    else if (open && open !== root.ownerDocument.activeElement && event.pointerType !== "touch" && !note.contains(/** @type {Node} */ (event.target))) close();
  }, { signal });
  root.addEventListener("pointerleave", () => open && !open.matches(":focus") && close(), { signal });
  root.addEventListener("focusin", (event) => {
    const word = termOf(event);
    if (word) show(word);
    else close();
  }, { signal });
  root.addEventListener("click", (event) => {
    const word = termOf(event);
    if (word) show(word);
    else close();
  }, { signal });
  root.addEventListener("keydown", (event) => event.key === "Escape" && open && (event.stopPropagation(), close()), { signal, capture: true });
}

/**
 * Below the word, or above it where there is more room; never beyond the view's sides.
 * @param {HTMLElement} root
 * @param {HTMLElement} word
 * @param {HTMLElement} note
 */
function place(root, word, note) {
  const [outer, at] = [root.getBoundingClientRect(), word.getBoundingClientRect()];
  const left = Math.min(Math.max(at.left - outer.left, EDGE_PX), Math.max(EDGE_PX, outer.width - note.offsetWidth - EDGE_PX));
  const below = at.bottom - outer.top + 6;
  const above = at.top - outer.top - note.offsetHeight - 6;
  const fits = at.bottom + 6 + note.offsetHeight < window.innerHeight;
  note.style.left = `${left}px`;
  note.style.top = `${fits || above < 0 ? below : above}px`;
}

// Lesson links: an address that names the controls to show, hiding the others, and the dialog in which a teacher makes one.

import { h, setText } from "./dom.js";
import { rich } from "./terms.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Control one group of controls that a lesson link can hide
 * @property {string} label key of its name in the dialog
 * @property {() => (Element | null | undefined)[]} elements what is hidden with it
 *
 * @typedef {Record<string, Control>} Controls by the name that stands in the address
 *
 * @typedef {object} Asked what an address asks for
 * @property {string[] | null} shown names of the controls to show, null for all
 * @property {string[]} unknown names that this page does not have
 */

/** The parameter of the address. */
export const PARAMETER = "controls";
/** The group that is not in the view: the page's own header, title, pickers and what stands below the view. */
export const MENU = "menu";
/** An unknown name is quoted up to this length. */
const MAX_QUOTE = 40;
const HIDDEN = "data-lesson-hidden";

/**
 * @param {string | null} text of the parameter, null where the address has none
 * @param {string[]} names of this page's controls
 * @returns {Asked}
 */
export function readControls(text, names) {
  if (text === null) return { shown: null, unknown: [] };
  const asked = [...new Set(text.split(",").map((name) => name.trim()).filter((name) => name !== ""))];
  const shown = names.filter((name) => asked.includes(name));
  const unknown = asked.filter((name) => !names.includes(name)).map((name) => (name.length > MAX_QUOTE ? `${name.slice(0, MAX_QUOTE)}…` : name));
  // An address of unknown names alone asks for nothing that could be shown: it is read as if it said nothing.
  return { shown: shown.length || !unknown.length ? shown : null, unknown };
}

/**
 * The address with the controls to show in it; everything else in it stays, but for demo mode.
 * @param {string} href
 * @param {string[] | null} shown null for all
 * @returns {string}
 */
export function lessonAddress(href, shown) {
  const url = new URL(href);
  url.searchParams.delete("demo");
  url.searchParams.delete(PARAMETER);
  if (shown) url.searchParams.set(PARAMETER, shown.join(","));
  url.search = url.search.replaceAll("%2C", ",").replaceAll("%3B", ";");
  return url.href;
}

/** @type {Map<string, string>} what the address asked for, by kind of page: Streamlit empties the address on the way to another page */
const remembered = new Map();

/**
 * What the address asks of this page, now or when it was last opened; written back where it got lost.
 * @param {string} kind of page
 * @param {string[]} names of its controls
 * @returns {Asked}
 */
export function askedControls(kind, names) {
  const url = new URL(window.location.href);
  const text = url.searchParams.get(PARAMETER) ?? remembered.get(kind) ?? null;
  const asked = readControls(text, names);
  if (text === null) return asked;
  remembered.set(kind, text);
  if (asked.shown && !url.searchParams.has(PARAMETER)) {
    window.history.replaceState(window.history.state, "", lessonAddress(url.href, asked.shown));
  }
  return asked;
}

/**
 * Hide the controls that are not to be shown, and whatever holds nothing else. The menu is the page's own (extras.js).
 * @param {HTMLElement} root
 * @param {Controls} controls
 * @param {string[] | null} shown null for all
 */
export function applyControls(root, controls, shown) {
  for (const element of root.querySelectorAll(`[${HIDDEN}]`)) element.removeAttribute(HIDDEN);
  if (!shown) return;
  for (const [name, { elements }] of Object.entries(controls)) {
    if (shown.includes(name)) continue;
    for (const element of elements()) if (element && root.contains(element)) hide(root, element);
  }
}

/** @param {HTMLElement} root @param {Element} element */
function hide(root, element) {
  element.setAttribute(HIDDEN, "");
  const parent = element.parentElement;
  if (!parent || parent === root || !root.contains(parent)) return;
  if ([...parent.children].every((child) => child.hasAttribute(HIDDEN))) hide(root, parent);
}

/** @param {Element | null} element @returns {boolean} a lesson link shows it, or there is none */
export function isOffered(element) {
  return element !== null && element.closest(`[${HIDDEN}]`) === null;
}

/**
 * What to say of names that this page does not have.
 * @param {string[]} unknown
 * @param {string[]} names
 * @returns {string} "" for nothing
 */
export function complaint(unknown, names) {
  if (!unknown.length) return "";
  const listed = (/** @type {string[]} */ parts) => parts.join(t("extras.and"));
  const asked = listed(unknown.map((name) => t("extras.quoted", { name })));
  return t("extras.unknown", { count: unknown.length, asked, have: listed(names) });
}

export class LessonDialog {
  /**
   * @param {Controls} controls
   * @param {AbortSignal} signal
   */
  constructor(controls, signal) {
    this.boxes = Object.entries(controls).map(([name, { label }]) => {
      const input = h("input", { type: "checkbox", value: name });
      return { name, input, root: h("label", { class: "lesson-box" }, input, h("span", {}, t(label))) };
    });
    const name = t("extras.lesson.address");
    this.address = h("textarea", { readonly: true, rows: 3, spellcheck: "false", "aria-label": name, "data-testid": "lesson-address" });
    this.said = h("p", { class: "note", role: "status", "data-testid": "lesson-said" });
    const button = (/** @type {string} */ key, /** @type {string} */ testid, /** @type {() => void} */ act, className = "") => {
      const made = h("button", { type: "button", class: className, "data-testid": testid }, t(key));
      made.addEventListener("click", act, { signal });
      return made;
    };
    const title = h("h2", { id: "lesson-title" }, t("extras.lesson.title"));
    const boxes = h("div", { class: "lesson-boxes", role: "group", "aria-label": t("extras.lesson.shown") }, ...this.boxes.map(({ root }) => root));
    const all = button("extras.lesson.all", "lesson-all", () => this.#checkAll(true));
    const none = button("extras.lesson.none", "lesson-none", () => this.#checkAll(false));
    const copy = button("extras.lesson.copy", "lesson-copy", () => void this.#copy(), "primary");
    const close = button("extras.lesson.close", "lesson-close", () => this.root.close());
    const choose = h("div", { class: "row" }, h("strong", {}, t("extras.lesson.shown")), all, none);
    this.root = h("dialog", { class: "lesson", "aria-labelledby": "lesson-title", "data-testid": "lesson-dialog" },
      title, h("p", {}, ...rich("extras.lesson.intro")), choose, boxes,
      this.address, h("div", { class: "row lesson-end" }, this.said, copy, close));
    boxes.addEventListener("change", () => this.#preview(), { signal });
    this.address.addEventListener("focus", () => this.address.select(), { signal });
    // What is typed in the dialog is meant for it alone, and a press beside it closes it.
    this.root.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
    this.root.addEventListener("click", (event) => this.#isOutside(event) && this.root.close(), { signal });
  }

  /** @param {MouseEvent} event on the ground around the dialog */
  #isOutside({ target, clientX: x, clientY: y }) {
    if (target !== this.root) return false;
    const box = this.root.getBoundingClientRect();
    return x < box.left || x > box.right || y < box.top || y > box.bottom;
  }

  /** @param {string[] | null} shown names of the controls that are shown now, null for all */
  open(shown) {
    for (const { name, input } of this.boxes) input.checked = !shown || shown.includes(name);
    this.#preview();
    this.root.showModal();
  }

  /** @param {boolean} checked */
  #checkAll(checked) {
    for (const { input } of this.boxes) input.checked = checked;
    this.#preview();
  }

  #preview() {
    const shown = this.boxes.filter(({ input }) => input.checked).map(({ name }) => name);
    const all = shown.length === this.boxes.length;
    this.address.value = lessonAddress(window.location.href, all ? null : shown);
    setText(this.said, all ? t("extras.lesson.everything") : t("extras.lesson.count", { count: shown.length, all: this.boxes.length }));
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.address.value);
      setText(this.said, t("extras.lesson.copied"));
    } catch {
      // No permission, or a page that is not served over HTTPS: the person can copy what is selected.
      this.address.focus();
      this.address.select();
      setText(this.said, t("extras.lesson.by_hand"));
    }
  }
}

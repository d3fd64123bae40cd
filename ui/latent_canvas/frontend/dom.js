// Small builders for the canvas's own page elements. Text from data only ever enters as text nodes.

import { t } from "./texts.js";

/**
 * Create an element. Keys of `props` that exist on the element are set as properties, `on*` functions are not
 * accepted (listeners belong to an AbortController), everything else becomes an attribute.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | undefined>} [props]
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (key === "class") element.className = String(value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/**
 * Set text only where it changed: untouched nodes keep a screen reader quiet and cost no layout.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {HTMLElement} element
 * @param {boolean} shown
 */
export function setShown(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

/**
 * A labelled on/off switch.
 * @param {string} label
 * @param {string} title what it does, as a tooltip
 * @param {string} testid
 * @returns {{root: HTMLLabelElement, input: HTMLInputElement}}
 */
export function toggle(label, title, testid) {
  const input = h("input", { type: "checkbox", role: "switch", "data-testid": testid });
  return { root: h("label", { class: "switch", title }, input, h("span", { class: "track" }), label), input };
}

/**
 * A row of mutually exclusive buttons. Only one is pressed; `onChoose` hears the value that was clicked.
 * @template {string} V
 * @param {string} label the group's name for screen readers
 * @param {Record<V, string>} options value → text
 * @param {(value: V) => void} onChoose
 * @param {AbortSignal} signal
 * @returns {{root: HTMLDivElement, set: (value: V) => void}}
 */
export function segmented(label, options, onChoose, signal) {
  const root = h("div", { class: "segmented", role: "group", "aria-label": label });
  const buttons = /** @type {Map<V, HTMLButtonElement>} */ (new Map());
  for (const [value, text] of /** @type {[V, string][]} */ (Object.entries(options))) {
    const button = h("button", { type: "button", "data-value": value }, text);
    button.addEventListener("click", () => onChoose(value), { signal });
    buttons.set(value, button);
    root.append(button);
  }
  const set = (/** @type {V} */ value) => {
    for (const [key, button] of buttons) button.setAttribute("aria-pressed", String(key === value));
  };
  return { root, set };
}

/**
 * Offer bytes to the person as a file.
 * @param {Blob} blob
 * @param {string} name
 */
export function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function context2d(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(t("map.no_canvas"));
  return context;
}

/**
 * Stylesheets of one page's own, beside the one that every view has; waits for them, so that nothing is seen unstyled.
 * @param {HTMLElement | ShadowRoot} parent
 * @param {URL[]} urls
 */
export async function addStyles(parent, urls) {
  const texts = await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
  for (const [i, text] of texts.entries()) {
    if (!parent.querySelector(`style[data-from="${urls[i].pathname}"]`)) parent.append(h("style", { "data-from": urls[i].pathname }, text));
  }
}

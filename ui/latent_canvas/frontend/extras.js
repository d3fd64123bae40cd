// What every view adds for teaching and showing: a row with the tour, demo mode and lesson links.

import { Demo, isDemo, setDemo } from "./demo.js";
import { h, setShown, setText } from "./dom.js";
import { LessonDialog, MENU, PARAMETER, applyControls, askedControls, complaint, isOffered, readControls } from "./lesson.js";
import { t } from "./texts.js";
import { Tour, answerOffer, offersTour } from "./tour.js";

/**
 * @typedef {object} Extras
 * @property {string} kind of page: lesson links and the offer of a tour are remembered by it
 * @property {import("./lesson.js").Controls} [controls] the groups that a lesson link can hide, besides those of every page
 * @property {import("./tour.js").Step[]} [tour]
 * @property {import("./demo.js").Attract} [attract]
 * @property {HTMLElement} [slot] what the row is put into; otherwise it stands beside the intro, or first of all
 * @property {{teller?: {busy: () => boolean}}} [view] its teller is kept quiet while something moves by itself
 */

/** The page's own parts come back where no view has followed another for this long, in milliseconds. */
const FORSAKEN_MS = 1_500;
/** So long may the first view take to come. */
const OPENING_MS = 20_000;

/** @type {Set<HTMLElement>} roots of the views on the page */
const views = new Set();
const page = globalThis.document?.documentElement;

// Known before there is any view: what the address hides stays hidden from the first moment on.
// The glossary has no view, and nothing that could be hidden.
if (page && !window.location.pathname.endsWith("/glossary")) {
  const { shown } = readControls(new URLSearchParams(window.location.search).get(PARAMETER), [MENU]);
  const named = new URLSearchParams(window.location.search).has(PARAMETER);
  page.classList.add("extras-ready"); // until now app.py's own style has hidden it
  page.classList.toggle("demo", isDemo());
  page.classList.toggle("no-menu", named && !shown?.includes(MENU));
  giveBackLater(OPENING_MS);
}

/**
 * Without a view there is nobody who could leave demo mode: the page becomes itself again.
 * @param {number} ms
 */
function giveBackLater(ms) {
  window.setTimeout(() => {
    if (views.size) return;
    setDemo(false);
    page.classList.remove("demo", "no-menu");
  }, ms);
}

/**
 * @param {HTMLElement} root of a view, on the page and complete; an `.intro` in it gets the row at its side
 * @param {Extras} extras
 * @param {AbortSignal} signal of the view's end
 */
export function attachExtras(root, { kind, controls: own = {}, tour: steps = [], attract, slot, view }, signal) {
  views.add(root);
  signal.addEventListener("abort", () => {
    views.delete(root);
    giveBackLater(FORSAKEN_MS);
  });
  const row = h("div", { class: "extras", "data-testid": "extras" });
  const note = h("p", { class: "extras-note", role: "status", hidden: true, "data-testid": "extras-note" });
  const controls = allControls(root, row, own);
  placeRow(root, row, note, slot);

  const names = Object.keys(controls);
  const { shown, unknown } = askedControls(kind, names);
  applyControls(root, controls, shown);
  page.classList.toggle("no-menu", shown !== null && !shown.includes(MENU));
  root.classList.toggle("no-menu", shown !== null && !shown.includes(MENU));
  setText(note, complaint(unknown, names));
  setShown(note, unknown.length > 0);

  const makeButton = buttons(row, signal);
  const tour = makeTour(root, kind, steps, row, makeButton, signal);
  new Demo(root, attract ?? null, view?.teller, signal);
  const dialog = new LessonDialog(controls, signal);
  makeButton("extras.demo", "extras.demo.why", "demo-button", () => {
    tour?.end();
    setDemo(true);
  });
  makeButton("extras.lesson", "extras.lesson.why", "lesson-button", () => dialog.open(shown));
  root.append(dialog.root);
  if (tour) row.after(tour.card);
}

/**
 * One group of controls that a lesson link can hide.
 * @param {string} name of its text
 * @param {() => (Element | null | undefined)[]} elements
 * @returns {import("./lesson.js").Control}
 */
export function hideable(name, elements) {
  return { label: `extras.control.${name}`, elements };
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} row
 * @param {import("./lesson.js").Controls} own the view's
 * @returns {import("./lesson.js").Controls} with those of every page around them
 */
function allControls(root, row, own) {
  const intro = root.querySelector(".intro");
  return {
    [MENU]: { label: "extras.control.menu", elements: () => [] },
    ...(intro ? { intro: { label: "extras.control.intro", elements: () => [intro] } } : {}),
    ...own,
    tools: { label: "extras.control.tools", elements: () => [row] },
  };
}

/**
 * At the intro's side, where there is room; else first of all.
 * @param {HTMLElement} root
 * @param {HTMLElement} row
 * @param {HTMLElement} note
 * @param {HTMLElement} [slot] takes it instead
 */
function placeRow(root, row, note, slot) {
  if (slot) {
    slot.append(row);
    root.prepend(note);
    return;
  }
  const intro = root.querySelector(".intro");
  const head = h("div", { class: "intro-row" });
  if (intro) {
    intro.replaceWith(head);
    head.append(intro);
  } else root.prepend(head);
  head.append(row);
  head.after(note);
}

/**
 * @param {HTMLElement} row
 * @param {AbortSignal} signal
 * @returns {(text: string, why: string, testid: string, act: () => void) => HTMLButtonElement} adds a button to the row
 */
function buttons(row, signal) {
  return (text, why, testid, act) => {
    const button = h("button", { type: "button", title: t(why), "data-testid": testid }, t(text));
    button.addEventListener("click", act, { signal });
    row.append(button);
    return button;
  };
}

/**
 * The tour with its button and, on a first visit, its offer; null where none of its controls is there.
 * @param {HTMLElement} root
 * @param {string} kind
 * @param {import("./tour.js").Step[]} steps
 * @param {HTMLElement} row
 * @param {ReturnType<typeof buttons>} makeButton
 * @param {AbortSignal} signal
 * @returns {Tour | null}
 */
function makeTour(root, kind, steps, row, makeButton, signal) {
  const answer = (/** @type {"taken" | "dismissed"} */ what) => {
    const focused = offer.contains(/** @type {ShadowRoot | Document} */ (root.getRootNode()).activeElement);
    answerOffer(kind, what);
    setShown(offer, false);
    setShown(button, true);
    if (focused) button.focus({ preventScroll: true });
  };
  const take = () => {
    answer("taken");
    tour.start();
  };
  const tour = new Tour(root, steps, () => button, signal);
  if (!tour.offered.length) return null;
  const yes = h("button", { type: "button", "data-testid": "tour-offer" }, t("extras.offer"));
  const no = h("button", {
    type: "button", class: "quiet", "aria-label": t("extras.offer.no"), title: t("extras.offer.no"), "data-testid": "tour-dismiss",
  }, "×");
  const offer = h("span", { class: "offer", hidden: true }, yes, no);
  row.append(offer);
  const button = makeButton("extras.tour", "extras.tour.why", "tour-button", take);
  yes.addEventListener("click", take, { signal });
  no.addEventListener("click", () => answer("dismissed"), { signal });
  const offered = isOffered(row) && !isDemo() && offersTour(kind);
  setShown(offer, offered);
  setShown(button, !offered);
  return tour;
}

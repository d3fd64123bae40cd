// Streamlit calls the default export at every change of a mount's data. A mount is either a view or one part of a model.

import { LatentCanvas } from "./canvas.js";
import { addStyles, h } from "./dom.js";
import { forget, put } from "./store.js";
import { speakOfTable, language as spoken, t, whenTexts } from "./texts.js";

/**
 * @typedef {object} View what a page shows: one instance per mount
 * @property {(component: any, data: any) => void} update
 * @property {() => void} destroy
 */

/**
 * How each kind of view is made. The map's modules come with this one; the others are fetched by the page that shows them.
 * @type {Readonly<Record<string, (parent: HTMLElement | ShadowRoot) => View | Promise<View>>>}
 */
const VIEWS = Object.freeze({
  map: (parent) => new LatentCanvas(parent),
  weight: async (parent) => new (await import("./weight/weight_view.js")).WeightView(parent),
  owner: async () => new (await import("./owner.js")).Owner(),
  story: async (parent) => {
    const { StoryView, STYLES } = await import("./story/story_view.js");
    await addStyles(parent, STYLES);
    return new StoryView(parent);
  },
  start: async (parent) => {
    const { StartView, STYLES } = await import("./start/start_view.js");
    await addStyles(parent, STYLES);
    return new StartView(parent);
  },
  train: async (parent) => {
    const { TrainView, STYLES } = await import("./train/train_view.js");
    await addStyles(parent, STYLES);
    return new TrainView(parent);
  },
});

/** @typedef {{language: string, table: boolean, view: View | Promise<View>, latest: () => [any, any]}} Mounted */
/** @type {WeakMap<HTMLElement | ShadowRoot, Mounted>} */
const mounted = new WeakMap();

/**
 * @param {{data: any, parentElement: HTMLElement | ShadowRoot, setStateValue: (key: string, value: any) => void}} component
 * @returns {() => void} clean-up; may run while the mount is still on the page, and then must do nothing
 */
export default function mount(component) {
  const { data, parentElement } = component;
  const host = parentElement instanceof ShadowRoot ? parentElement.host : parentElement;
  if (data instanceof Uint8Array) {
    const { kind, digest } = put(data);
    return () => void (!host.isConnected && kind === "model" && forget(digest));
  }
  const parsed = JSON.parse(data.view);
  const entry = entryFor(parentElement, parsed);
  entry.latest = () => [component, parsed];
  // A view that is still being fetched takes only the newest data when it is there.
  if (entry.view instanceof Promise) void entry.view.then((view) => host.isConnected && view.update(...entry.latest()));
  else entry.view.update(component, parsed);
  return () => {
    if (host.isConnected || mounted.get(parentElement) !== entry) return;
    mounted.delete(parentElement);
    destroy(entry);
  };
}

/**
 * The view of a mount; a new one where the language has changed, or from pictures to rows of a table: it opens with what the
 * old one told the server.
 * @param {HTMLElement | ShadowRoot} parent
 * @param {{kind: string, language: string, table?: boolean}} data table: samples are rows of numbers, not pictures
 * @returns {Mounted}
 */
function entryFor(parent, { kind, language, table = false }) {
  const before = mounted.get(parent);
  // The owner's mount shows nothing: it does not know what the page is about.
  if (kind !== "owner") speakOfTable(table);
  if (before?.language === language && before.table === table) return before;
  if (before) destroy(before);
  const make = () => VIEWS[kind](parent);
  const view = spoken() === language ? make() : whenTexts(language).then(make);
  if (view instanceof Promise) view.catch((error) => parent.append(h("p", { role: "alert" }, t("language.failed", { why: String(error?.message ?? error) }))));
  const entry = /** @type {Mounted} */ ({ language, table, view });
  mounted.set(parent, entry);
  return entry;
}

/** @param {Mounted} entry */
function destroy(entry) {
  void Promise.resolve(entry.view).then((view) => view.destroy());
}

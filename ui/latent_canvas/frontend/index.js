// Streamlit calls the default export at every change of a mount's data. A mount is either a view or one part of a model.

import { LatentCanvas } from "./canvas.js";
import { forget, put } from "./store.js";

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
});

/** @typedef {{view: View | Promise<View>, latest: () => [any, any]}} Mounted */
/** @type {WeakMap<HTMLElement | ShadowRoot, Mounted>} */
const mounted = new WeakMap();

/**
 * @param {{data: any, parentElement: HTMLElement | ShadowRoot, setStateValue: (key: string, value: any) => void}} component
 * @returns {() => void} clean-up; may run while the mount is still on the page, and then must do nothing
 */
export default function mount(component) {
  const { data, parentElement } = component;
  const host = parentElement instanceof ShadowRoot ? parentElement.host : parentElement;
  if (!data) return () => {}; // mounted only to have these modules fetched early
  if (data instanceof Uint8Array) {
    const { kind, digest } = put(data);
    return () => void (!host.isConnected && kind === "model" && forget(digest));
  }
  const parsed = JSON.parse(data.view);
  const entry = mounted.get(parentElement) ?? { view: VIEWS[parsed.kind](parentElement), latest: () => [component, parsed] };
  entry.latest = () => [component, parsed];
  mounted.set(parentElement, entry);
  // A view that is still being fetched takes only the newest data when it is there.
  if (entry.view instanceof Promise) void entry.view.then((view) => host.isConnected && view.update(...entry.latest()));
  else entry.view.update(component, parsed);
  return () => {
    if (host.isConnected) return;
    mounted.delete(parentElement);
    void Promise.resolve(entry.view).then((view) => view.destroy());
  };
}

// Streamlit calls the default export at every change of a mount's data. A mount is either the view or one part of a model.

import { LatentCanvas } from "./canvas.js";
import { forget, put } from "./store.js";

/** @type {WeakMap<HTMLElement | ShadowRoot, LatentCanvas>} */
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
  const canvas = mounted.get(parentElement) ?? new LatentCanvas(parentElement);
  mounted.set(parentElement, canvas);
  canvas.update(component, JSON.parse(data.view));
  return () => {
    if (host.isConnected) return;
    mounted.delete(parentElement);
    canvas.destroy();
  };
}

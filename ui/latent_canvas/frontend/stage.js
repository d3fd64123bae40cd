// The map's square: its stacked layers, the handle, the tooltip and the zoom buttons; it knows sizes, not data.

import { context2d, h, setText } from "./dom.js";
import { t } from "./texts.js";

/** More device pixels than this per CSS pixel cost time and are not seen. */
const MAX_DPR = 2;

export class Stage {
  /**
   * @param {{zoom: (factor: number) => void, reset: () => void, resize: (width: number, height: number) => void}} actions
   * @param {AbortSignal} signal
   */
  constructor(actions, signal) {
    this.ground = h("canvas", { class: "layer", "aria-hidden": "true", "data-testid": "ground" });
    this.map = h("canvas", { class: "layer", "aria-hidden": "true", "data-testid": "map" });
    this.top = h("canvas", { class: "layer", "aria-hidden": "true", "data-testid": "overlay" });
    this.handle = h("button", {
      type: "button", class: "handle", "data-testid": "z-handle", "aria-label": t("map.handle"), title: t("map.handle.why"),
    });
    this.tip = h("div", { class: "tip", "aria-hidden": "true" });
    const zoom = zoomButtons(actions, signal);
    this.root = h("div", { class: "stage", "data-testid": "stage" }, this.ground, this.map, this.top, this.handle, this.tip, zoom);
    this.groundContext = context2d(this.ground);
    this.topContext = context2d(this.top);
    this.width = 0;
    this.height = 0;
    this.observer = new ResizeObserver(() => this.#resized(actions.resize));
    this.observer.observe(this.root);
    signal.addEventListener("abort", () => this.observer.disconnect());
  }

  get dpr() {
    return Math.min(window.devicePixelRatio || 1, MAX_DPR);
  }

  /** @param {(width: number, height: number) => void} tell */
  #resized(tell) {
    const { clientWidth, clientHeight } = this.root;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.width = clientWidth;
    this.height = clientHeight;
    for (const canvas of [this.ground, this.top]) {
      canvas.width = Math.round(clientWidth * this.dpr);
      canvas.height = Math.round(clientHeight * this.dpr);
    }
    tell(clientWidth, clientHeight);
  }

  /**
   * @param {number} x CSS pixels
   * @param {number} y
   */
  placeHandle(x, y) {
    // Out of sight it still takes the focus: the arrow keys bring it back.
    this.handle.classList.toggle("outside", x < 0 || y < 0 || x > this.width || y > this.height);
    this.handle.style.transform = `translate(${x}px, ${y}px)`;
  }

  /**
   * @param {string} text "" hides it
   * @param {number} x
   * @param {number} y
   */
  showTip(text, x, y) {
    this.tip.classList.toggle("shown", text !== "");
    if (!text) return;
    setText(this.tip, text);
    const left = x > this.width * 0.6;
    this.tip.style.transform = `translate(${x + (left ? -12 : 12)}px, ${y + 14}px) translateX(${left ? "-100%" : "0"})`;
  }

  /**
   * All layers as one picture on the page's background.
   * @param {string} background
   * @param {string} caption
   * @param {string} ink
   * @returns {HTMLCanvasElement}
   */
  picture(background, caption, ink) {
    const { dpr } = this;
    const bar = 30;
    const canvas = h("canvas", { width: String(this.width * dpr), height: String((this.height + bar) * dpr) });
    const context = context2d(canvas);
    context.fillStyle = background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const layer of [this.ground, this.map, this.top]) {
      if (layer.width && layer.height) context.drawImage(layer, 0, 0, this.width * dpr, this.height * dpr);
    }
    context.scale(dpr, dpr);
    context.fillStyle = ink;
    context.font = "13px sans-serif";
    context.fillText(caption, 10, this.height + 20);
    return canvas;
  }
}

/**
 * @param {{zoom: (factor: number) => void, reset: () => void}} actions
 * @param {AbortSignal} signal
 * @returns {HTMLDivElement} buttons that zoom a map and show it whole
 */
export function zoomButtons(actions, signal) {
  const zoom = h("div", { class: "zoom" });
  /** @type {[string, string, () => void][]} */
  const buttons = [
    ["+", t("map.zoom.in"), () => actions.zoom(1.4)], ["−", t("map.zoom.out"), () => actions.zoom(1 / 1.4)], ["⤢", t("map.zoom.whole"), actions.reset],
  ];
  for (const [text, title, act] of buttons) {
    const button = h("button", { type: "button", title, "aria-label": title }, text);
    button.addEventListener("click", act, { signal });
    button.addEventListener("pointerdown", (event) => event.stopPropagation(), { signal });
    zoom.append(button);
  }
  return zoom;
}

// The ring invites: until the first touch it glides a little by itself, and says that it can be dragged.

import { h } from "../dom.js";
import { t } from "../texts.js";

/** One lap: a rest, then a loop that ends where it began; milliseconds. */
const REST_MS = 1400;
const GLIDE_MS = 5200;
/** After so many laps the ring stays where it is; the label goes on saying what to do. */
const LAPS = 6;
/** Radius of the loop, latent units, and where its middle lies from z at the first lap and then from lap to lap, radians. */
const RADIUS = 0.75;
const FIRST_ANGLE = 0.7;
const NEXT_ANGLE = 2.2;

/** A hand has taken the ring since the app was opened: nobody needs to be told again. */
let known = false;

export class Invitation {
  /**
   * @param {import("../canvas.js").LatentCanvas} canvas
   * @param {AbortSignal} signal
   */
  constructor(canvas, signal) {
    this.canvas = canvas;
    this.open = !known;
    this.frame = 0;
    this.last = 0;
    this.elapsed = 0;
    /** Where the laps begin and end. @type {[number, number] | null} */
    this.home = null;
    this.held = false;
    this.seen = true;
    this.name = "";
    this.label = h("span", { class: "drag-me", "aria-hidden": "true" }, t("start.drag_me"));
    if (!this.open) return;
    const { root, stage } = canvas;
    root.classList.add("inviting");
    stage.handle.append(this.label);
    // What is read begins with what is seen.
    this.name = stage.handle.getAttribute("aria-label") ?? "";
    stage.handle.setAttribute("aria-label", `${t("start.drag_me")}: ${this.name}`);
    const accept = () => {
      known = true;
      this.decline();
    };
    root.addEventListener("pointerdown", accept, { signal, capture: true });
    root.addEventListener("keydown", accept, { signal, capture: true });
    root.addEventListener("focusin", accept, { signal });
    // A ring that is about to be taken holds still.
    stage.root.addEventListener("pointerenter", () => (this.held = true), { signal });
    stage.root.addEventListener("pointerleave", () => (this.held = false), { signal });
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.observer = new IntersectionObserver(([entry]) => (this.seen = entry.isIntersecting));
    this.observer.observe(stage.root);
    this.frame = requestAnimationFrame((now) => this.#tick(now));
  }

  /** No more invitation, for good. */
  decline() {
    if (!this.open) return;
    this.open = false;
    this.canvas.root.classList.remove("inviting");
    this.label.remove();
    this.canvas.stage.handle.setAttribute("aria-label", this.name);
    this.destroy();
  }

  /** @param {number} now */
  #tick(now) {
    const { model, state, painter } = this.canvas;
    const passed = Math.min(now - this.last, 50);
    this.last = now;
    if (model && this.seen && !this.held) {
      this.home ??= state.z;
      const lap = Math.floor((this.elapsed += passed) / (REST_MS + GLIDE_MS));
      const z = lap < LAPS ? this.#placeAt(this.home, lap, this.elapsed % (REST_MS + GLIDE_MS)) : this.home;
      // Past the teller: what no hand has done is neither told to the server nor kept.
      if (z[0] !== state.z[0] || z[1] !== state.z[1]) {
        state.z = z;
        painter.moveZ();
      }
      if (lap >= LAPS) return;
    }
    this.frame = requestAnimationFrame((later) => this.#tick(later));
  }

  /**
   * @param {readonly [number, number]} home
   * @param {number} lap
   * @param {number} at milliseconds into the lap
   * @returns {[number, number]}
   */
  #placeAt([x, y], lap, at) {
    if (at <= REST_MS) return [x, y];
    const share = (at - REST_MS) / GLIDE_MS;
    const turn = 2 * Math.PI * share * share * (3 - 2 * share);
    const angle = FIRST_ANGLE + lap * NEXT_ANGLE;
    return [x + RADIUS * (Math.cos(angle) - Math.cos(angle + turn)), y + RADIUS * (Math.sin(angle) - Math.sin(angle + turn))];
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.observer?.disconnect();
  }
}

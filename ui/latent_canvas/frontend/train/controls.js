// The training's own controls: play and pause, one step, slow motion, stop and keep; and the line that says how it stands.

import { h, setShown, setText } from "../dom.js";
import { t } from "../texts.js";
import { statusWords } from "./told.js";

/**
 * @typedef {import("./told.js").Status} Status
 * @typedef {import("./told.js").Progress} Progress
 * @typedef {"pause" | "go" | "slow" | "step" | "stop" | "resume"} Action
 * @typedef {"run" | "pause" | "slow"} Pace
 * @typedef {{status: Status, place?: number | null, message?: string, pace?: Pace, measured?: number}} Standing
 */

/** What was asked for is taken to be so until the server says how it is, but not longer than this; milliseconds. */
const BELIEVED_MS = 4_000;

export class Controls {
  /**
   * @param {(action: Action) => void} act
   * @param {AbortSignal} signal
   */
  constructor(act, signal) {
    this.act = act;
    /** @type {Standing} */
    this.standing = { status: "waiting" };
    /** @type {Progress | null} */
    this.progress = null;
    this.slow = false;
    /** @type {{slow: boolean, until: number} | null} a pace that was asked for, and not confirmed yet */
    this.askedPace = null;
    /** @type {{status: Status | "stopping", until: number} | null} asked for, and not confirmed yet */
    this.asked = null;
    this.expiry = 0;
    signal.addEventListener("abort", () => clearTimeout(this.expiry));
    this.play = this.#button("play", "▶", () => this.#playOrPause(), signal);
    this.play.classList.add("play");
    this.step = this.#button("step", t("live.step"), () => this.#ask("step", null), signal);
    this.slowly = this.#button("slow", t("live.slow"), () => this.#toggleSlow(), signal);
    this.stop = this.#button("stop", t("live.stop"), () => this.#ask("stop", "stopping"), signal);
    this.stop.classList.add("stop");
    this.title = h("strong", { "data-testid": "train-status" });
    this.rest = h("span", { "data-testid": "train-time" });
    this.bar = h("i", {});
    this.progressBar = h("div", { class: "train-progress", role: "progressbar", "aria-label": t("live.progress"), "aria-valuemin": "0", "aria-valuemax": "100" }, this.bar);
    this.live = h("div", { class: "visually-hidden", role: "status" });
    this.buttons = h("div", { class: "row train-buttons", role: "group", "aria-label": t("live.controls") }, this.play, this.step, this.slowly, this.stop);
    this.says = h("p", { class: "train-status", tabindex: "-1" }, this.title, " ", this.rest);
    const words = h("div", { class: "train-words" }, this.says, this.progressBar);
    this.root = h("section", { class: "train-bar", "aria-label": t("live.controls") }, this.buttons, words, this.live);
  }

  /** @param {string} name @param {string} text @param {() => void} press @param {AbortSignal} signal */
  #button(name, text, press, signal) {
    const button = h("button", { type: "button", "data-testid": `train-${name}` }, text);
    button.addEventListener("click", press, { signal });
    return button;
  }

  /** How it stands: what was just asked for counts until the server has answered. @returns {Status | "stopping"} */
  get status() {
    const { asked, standing } = this;
    return asked && performance.now() < asked.until ? asked.status : standing.status;
  }

  /**
   * @param {Standing} standing
   * @param {Progress | null} progress
   */
  set(standing, progress) {
    const { asked } = this;
    const changed = standing.status !== this.standing.status;
    // Another status than before is the server's answer, also where it is not the one that was asked for.
    if (asked && (changed || asked.status === standing.status || performance.now() > asked.until)) this.asked = null;
    if (standing.pace === "slow" || standing.pace === "run") this.#hearPace(standing.pace === "slow");
    this.standing = standing;
    this.progress = progress;
    this.#show();
    if (changed) this.#speak();
  }

  /** @param {boolean} slow what the server says: what was asked for stands until it is confirmed, so that the switch does not flicker */
  #hearPace(slow) {
    const { askedPace } = this;
    if (askedPace && askedPace.slow !== slow && performance.now() < askedPace.until) return;
    this.askedPace = null;
    this.slow = slow;
  }

  #playOrPause() {
    const { status } = this;
    if (status === "running") return this.#ask("pause", "paused");
    if (status === "interrupted") return this.#ask("resume", "waiting");
    this.#ask(this.slow ? "slow" : "go", "running");
  }

  #toggleSlow() {
    this.slow = !this.slow;
    this.#ask(this.slow ? "slow" : "go", "running");
  }

  /** @param {Action} action @param {Status | "stopping" | null} status that follows */
  #ask(action, status) {
    if (status) this.asked = { status, until: performance.now() + BELIEVED_MS };
    if (action === "go" || action === "slow") this.askedPace = { slow: action === "slow", until: performance.now() + BELIEVED_MS };
    clearTimeout(this.expiry);
    this.expiry = window.setTimeout(() => this.#show(), BELIEVED_MS);
    this.act(action);
    this.#show();
  }

  #show() {
    const { status, play, step, slowly, stop, progress } = this;
    const running = status === "running";
    const paused = status === "paused";
    const resume = status === "interrupted";
    const waiting = status === "waiting";
    const focused = this.#focused();
    setText(play, running ? "❚❚" : "▶");
    play.disabled = !(running || paused || resume);
    name(play, t(running ? "live.pause.why" : resume ? "live.resume.why" : "live.go.why"));
    step.disabled = !paused;
    slowly.disabled = !(running || paused);
    stop.disabled = !(running || paused || waiting);
    slowly.setAttribute("aria-pressed", String(this.slow && !slowly.disabled));
    step.title = t("live.step.why");
    slowly.title = t("live.slow.why");
    setText(stop, t(waiting ? "live.leave" : "live.stop"));
    stop.title = t(waiting ? "live.leave.why" : "live.stop.why");
    const { title, rest } = status === "stopping"
      ? { title: t("live.status.stopping"), rest: "" }
      : statusWords({ ...this.standing, status }, progress, this.slow);
    setText(this.title, title);
    setText(this.rest, rest);
    // Once it is trained the bar starts anew, for the measuring.
    const share = status === "finished" ? 1 : status === "measuring" ? (this.standing.measured ?? 0) : (progress?.share ?? 0);
    const percent = String(Math.round(100 * share));
    if (this.progressBar.getAttribute("aria-valuenow") !== percent) this.progressBar.setAttribute("aria-valuenow", percent);
    this.bar.style.setProperty("--share", String(share));
    const over = status === "finished" || status === "failed";
    setShown(this.progressBar, !over);
    setShown(this.buttons, !over);
    this.root.dataset.status = status;
    // A button that is closed or hidden under the focus hands it on to what it has brought about.
    if (focused && (over || focused.disabled)) this.says.focus({ preventScroll: true });
  }

  /** @returns {HTMLButtonElement | undefined} the button that has the focus */
  #focused() {
    const { activeElement } = /** @type {Document | ShadowRoot} */ (this.root.getRootNode());
    return [this.play, this.step, this.slowly, this.stop].find((button) => button === activeElement);
  }

  /** Screen readers hear of a change of status, not of every second. */
  #speak() {
    setText(this.live, `${this.title.textContent ?? ""} ${this.rest.textContent ?? ""}`);
  }
}

/** @param {HTMLElement} button whose text is a sign @param {string} text */
function name(button, text) {
  if (button.title === text) return;
  button.title = text;
  button.setAttribute("aria-label", text);
}

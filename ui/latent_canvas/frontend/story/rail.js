// The progress rail of the story, and the buttons that go back and on.

import { h, setShown } from "../dom.js";
import { t } from "../texts.js";

/** @typedef {{address: string, title: string}} Stop */

export class Rail {
  /**
   * @param {Stop[]} stops
   * @param {(address: string) => void} go
   * @param {AbortSignal} signal
   */
  constructor(stops, go, signal) {
    this.stops = stops;
    this.links = stops.map(({ address, title }) => {
      const question = address.endsWith("q");
      // A real link: it can be copied, and opened in a tab of its own.
      const link = h("a", { href: `?step=${address}`, class: question ? "question" : "number", title, "data-testid": `rail-${address}` },
        question ? "?" : address, h("span", { class: "visually-hidden" }, ` ${title}`));
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return;
        event.preventDefault();
        go(address);
      }, { signal });
      return link;
    });
    this.root = h("nav", { class: "rail", "aria-label": t("story.steps") }, h("ol", {}, ...this.links.map((link) => h("li", {}, link))));
    this.back = h("button", { type: "button", "data-testid": "back" });
    this.next = h("button", { type: "button", class: "next", "data-testid": "next" });
    this.nav = h("div", { class: "story-nav" }, this.back, this.next);
    this.at = 0;
    this.back.addEventListener("click", () => go(this.stops[this.at - 1].address), { signal });
    this.next.addEventListener("click", () => go(this.stops[this.at + 1].address), { signal });
  }

  /**
   * Every link leads to its step as the story is now: model, β, sample and language.
   * @param {(address: string) => URLSearchParams} paramsOf
   */
  setLinks(paramsOf) {
    const language = new URLSearchParams(window.location.search).get("lang");
    for (const [i, link] of this.links.entries()) {
      const params = paramsOf(this.stops[i].address);
      if (language) params.set("lang", language);
      const href = `?${params}`;
      if (link.getAttribute("href") !== href) link.setAttribute("href", href);
    }
  }

  /** @param {string} address of the step that is shown */
  set(address) {
    this.at = this.stops.findIndex((stop) => stop.address === address);
    for (const [i, link] of this.links.entries()) {
      if (i === this.at) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
      link.classList.toggle("passed", i < this.at);
    }
    const [before, after] = [this.stops[this.at - 1], this.stops[this.at + 1]];
    setShown(this.back, before !== undefined);
    setShown(this.next, after !== undefined);
    this.back.replaceChildren("← ", t("story.back"));
    if (after) this.next.replaceChildren(h("span", {}, t("story.next")), h("span", { class: "next-title" }, after.title), " →");
  }
}

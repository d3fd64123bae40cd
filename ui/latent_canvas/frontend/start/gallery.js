// The gallery: a card for every model, with a picture of its map.

import { h } from "../dom.js";
import { imageSize } from "../images.js";
import { t } from "../texts.js";
import { group } from "../words.js";
import { attachLink } from "./links.js";

/**
 * @typedef {object} Card
 * @property {string} name
 * @property {string} title
 * @property {string} complaint why it cannot be opened, else ""
 * @property {number} [samples]
 * @property {number[]} [shape]
 * @property {string} [picture] of its map, a data: address
 *
 * @typedef {object} Shelf
 * @property {Card[]} gallery
 * @property {{name: string, title: string}[]} more models without a picture
 */

export class Gallery {
  /**
   * @param {(name: string) => void} pick
   * @param {AbortSignal} signal
   */
  constructor(pick, signal) {
    this.pick = pick;
    this.signal = signal;
    this.shown = "";
    /** @type {Map<string, HTMLAnchorElement>} */
    this.links = new Map();
    this.cards = h("ul", { class: "cards" });
    this.more = h("p", { class: "more" });
    const lead = h("p", { class: "soft" }, t("start.gallery_lead"));
    this.root = h("section", { class: "gallery", "aria-labelledby": "gallery", "data-testid": "gallery" },
      h("h2", { id: "gallery" }, t("start.gallery")), lead, this.cards, this.more);
  }

  /**
   * @param {Shelf} shelf
   * @param {string} chosen the model on the map
   */
  set({ gallery, more }, chosen) {
    const key = JSON.stringify([gallery, more]);
    if (key !== this.shown) {
      this.shown = key;
      this.links.clear();
      this.cards.replaceChildren(...gallery.map((card) => h("li", {}, card.complaint ? broken(card) : this.#link(card))));
      this.more.replaceChildren(...(more.length ? [t("start.gallery_more")] : []), ...more.flatMap((model) => [" ", this.#textLink(model)]));
    }
    for (const [name, link] of this.links) {
      if (name === chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** @param {Card} card */
  #link(card) {
    const { width, height } = imageSize(card.shape ?? [1]);
    const size = card.shape?.length === 1 ? "start.gallery_rows" : "start.gallery_pictures";
    const words = t(size, { count: group(card.samples ?? 0), width, height });
    return this.#choosing(card.name, "card",
      h("img", { src: card.picture, alt: "", width: 120, height: 120, decoding: "async" }),
      h("span", { class: "card-words" }, h("strong", {}, card.title), h("span", { class: "soft" }, words),
        h("span", { class: "now" }, t("start.gallery_now"))));
  }

  /** @param {{name: string, title: string}} model */
  #textLink({ name, title }) {
    return this.#choosing(name, "text-link", title);
  }

  /**
   * @param {string} name
   * @param {string} kind
   * @param {(Node | string)[]} children
   */
  #choosing(name, kind, ...children) {
    const link = h("a", { class: kind, href: `?${new URLSearchParams({ model: name })}`, "data-model": name }, ...children);
    attachLink(link, () => this.pick(name), this.signal);
    this.links.set(name, link);
    return link;
  }
}

/** @param {Card} card */
function broken({ name, title, complaint }) {
  return h("div", { class: "card broken", "data-model": name },
    h("span", { class: "card-words" }, h("strong", {}, title), h("span", { class: "soft" }, t("start.gallery_broken", { why: complaint }))));
}

// Pictures of a decoder that only the server can run: those that have come, and those that a view has missed.

/** @typedef {{beta: number, places: number[][]}} Wish places [m][d], each of one picture */

/** Numbers of one request at most, and of all the pictures that are kept. */
const MOST_ASKED = 2e6, MOST_KEPT = 8e6;
const MOST_PLACES = 512;

export class ServedPictures {
  /** @type {Map<string, Float32Array>} the oldest first */
  #found = new Map();
  /** @type {Map<string, {beta: number, z: number[]}>} */
  #missed = new Map();

  /** @param {number} pixels of a picture */
  constructor(pixels) {
    this.pixels = pixels;
  }

  /** @param {ArrayLike<number>} z [d] @param {number} beta @returns {Float32Array | null} [pixels] */
  find(z, beta) {
    return this.#found.get(key(z, beta)) ?? null;
  }

  /** A view would show the picture of z. @param {ArrayLike<number>} z [d] @param {number} beta */
  miss(z, beta) {
    const name = key(z, beta);
    if (!this.#found.has(name)) this.#missed.set(name, { beta, z: Array.from(z) });
  }

  /** What was missed last, of one β; from now on nothing has been missed. @returns {Wish | null} */
  takeWish() {
    const missed = [...this.#missed.values()].reverse();
    this.#missed.clear();
    if (!missed.length) return null;
    const { beta } = missed[0];
    const most = Math.max(1, Math.min(MOST_PLACES, Math.floor(MOST_ASKED / this.pixels)));
    return { beta, places: missed.filter((miss) => miss.beta === beta).slice(0, most).map(({ z }) => z) };
  }

  /** @param {Wish} wish @param {Float32Array} images [m][pixels] */
  put({ beta, places }, images) {
    for (const [i, z] of places.entries()) {
      this.#found.set(key(z, beta), images.subarray(i * this.pixels, (i + 1) * this.pixels));
    }
    for (const oldest of this.#found.keys()) {
      if (this.#found.size * this.pixels <= MOST_KEPT) break;
      this.#found.delete(oldest);
    }
  }
}

/** @param {ArrayLike<number>} z @param {number} beta */
function key(z, beta) {
  return `${beta} ${Array.from(z).join()}`;
}

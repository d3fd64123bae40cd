// Planes through a latent space of any number of dimensions: z = rest + x·axes[0] + y·axes[1], with orthonormal axes.

/**
 * What stands on a view's state about the plane, as text (address.js).
 * @typedef {object} PlaneState
 * @property {string} plane "dims:3,7", "pca" or "samples:12,40,7"; "" for the two dimensions of the largest KL
 * @property {string} hold "" for 0 or where the three samples are, "sample" for μ of the selected sample, or "3:0.5;7:-1" for these dimensions, others 0
 * @property {boolean} [align] a family's maps are turned onto the first one's: its dimensions are the ones that are meant
 */

/** Three points whose directions differ by a smaller sine lie on a line. */
const LEAST_SINE = 1e-6;

export class Plane {
  /**
   * @param {ArrayLike<number>} right axes[0], of length 1
   * @param {ArrayLike<number>} up axes[1], of length 1 and at a right angle to it
   * @param {ArrayLike<number>} [through] a point that the plane goes through; 0 if unsaid
   */
  constructor(right, up, through) {
    this.d = right.length;
    this.axes = [Float64Array.from(right), Float64Array.from(up)];
    this.rest = new Float64Array(this.d);
    if (!through) return;
    const [x, y] = this.project(through);
    for (let j = 0; j < this.d; j++) this.rest[j] = through[j] - x * this.axes[0][j] - y * this.axes[1][j];
  }

  /** @param {number} i to the right @param {number} j upwards @param {number} d @param {ArrayLike<number>} [through] */
  static ofDimensions(i, j, d, through) {
    const [right, up] = [new Float64Array(d), new Float64Array(d)];
    right[i] = up[j] = 1;
    return new Plane(right, up, through);
  }

  /**
   * From a to b is to the right, and c is above that line.
   * @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {ArrayLike<number>} c
   * @returns {Plane | null} null where they lie on a line
   */
  static through(a, b, c) {
    const right = unit(minus(b, a));
    const other = minus(c, a);
    if (!right) return null;
    const along = dot(other, right);
    const up = unit(other.map((value, j) => value - along * right[j]));
    const apart = Math.sqrt(dot(other, other));
    if (!up || Math.sqrt(Math.max(0, dot(other, other) - along * along)) < LEAST_SINE * apart) return null;
    const skew = dot(up, right);
    const straight = unit(up.map((value, j) => value - skew * right[j]));
    return straight && new Plane(right, straight, a);
  }

  /** The parallel plane through a point. @param {ArrayLike<number>} point */
  held(point) {
    return new Plane(this.axes[0], this.axes[1], point);
  }

  /** @param {ArrayLike<number>} z [d] @returns {[number, number]} */
  project(z) {
    return [dot(z, this.axes[0]), dot(z, this.axes[1])];
  }

  /**
   * @param {number} x @param {number} y
   * @param {Float64Array} [out] [d]
   * @returns {Float64Array} out: z
   */
  lift(x, y, out = new Float64Array(this.d)) {
    const [right, up] = this.axes;
    for (let j = 0; j < this.d; j++) out[j] = this.rest[j] + x * right[j] + y * up[j];
    return out;
  }

  /** The dimensions that the axes are, or null where they are directions between several. @returns {[number, number] | null} */
  get dimensions() {
    const [i, j] = this.axes.map((axis) => axis.findIndex((value) => value === 1));
    return i >= 0 && j >= 0 ? [i, j] : null;
  }
}

/**
 * What a view's state says of the plane, read; null where it says nothing of this kind.
 * @param {string} text
 * @returns {{kind: "dims" | "samples", numbers: number[]} | {kind: "pca", numbers: []} | null}
 */
export function readPlane(text) {
  if (text === "pca") return { kind: "pca", numbers: [] };
  const [kind, list = ""] = text.split(":");
  const numbers = list.split(",").map(Number);
  if (!numbers.every((value) => Number.isInteger(value) && value >= 0)) return null;
  if (kind === "dims" && numbers.length === 2 && numbers[0] !== numbers[1]) return { kind, numbers };
  return kind === "samples" && numbers.length === 3 ? { kind, numbers } : null;
}

/** @param {string} text "3:0.5;7:-1" @param {number} d @returns {Float64Array} [d] */
export function readHold(text, d) {
  const held = new Float64Array(d);
  for (const part of text.split(";")) {
    const [j, value] = part.split(":").map(Number);
    if (Number.isInteger(j) && j >= 0 && j < d && Number.isFinite(value)) held[j] = value;
  }
  return held;
}

/** @param {ArrayLike<number>} held [d] @returns {string} as `readHold` reads it */
export function writeHold(held) {
  return Array.from(held, (value, j) => (value ? `${j}:${Number(value.toFixed(2))}` : "")).filter(Boolean).join(";");
}

/**
 * The member whose dimensions and main directions a plane is made of: where a family is aligned, the first for all.
 * @param {import("./store.js").ModelSpec} spec @param {boolean | undefined} align @param {number} node index into its betas
 */
export function frameOf(spec, align, node) {
  return align && spec.rotations ? 0 : node;
}

/**
 * A sample's μ in the latent space that the plane lies in.
 * @param {import("./store.js").Model} model @param {boolean | undefined} align @param {number} place in its codes @param {number} node
 * @returns {number[]} [d]
 */
export function meanInFrame({ spec, codes, d }, align, place, node) {
  const { mu } = codes.exact(place, node);
  const turn = align ? spec.rotations?.[node] : undefined;
  return turn ? mu.map((_, j) => mu.reduce((sum, value, i) => sum + value * turn[i * d + j], 0)) : mu;
}

/**
 * The plane that a view's state asks for, in a model of more than two dimensions.
 * @param {import("./store.js").Model} model
 * @param {PlaneState & {selected: number}} state
 * @param {number} node index into the model's betas
 * @returns {Plane} the two dimensions of the largest KL where it cannot be had: samples on a line, or not here yet
 */
export function planeOf(model, { plane, hold, selected, align }, node) {
  const { spec, codes, d } = model;
  const frame = frameOf(spec, align, node);
  const dimensions = spec.dimensions?.[frame] ?? [];
  const at = codes.ids.indexOf(selected);
  const through = hold === "sample" && at >= 0 ? meanInFrame(model, align, at, node) : hold && hold !== "sample" ? readHold(hold, d) : undefined;
  const asked = readPlane(plane);
  if (asked?.kind === "dims" && asked.numbers.every((j) => j < d)) return Plane.ofDimensions(asked.numbers[0], asked.numbers[1], d, through);
  if (asked?.kind === "pca" && spec.principal) return new Plane(spec.principal[frame].axes[0], spec.principal[frame].axes[1], through);
  if (asked?.kind === "samples") {
    const places = asked.numbers.map((id) => codes.ids.indexOf(id));
    if (places.every((place) => place >= 0)) {
      const [a, b, c] = places.map((place) => meanInFrame(model, align, place, node));
      const found = Plane.through(a, b, c);
      if (found) return through ? found.held(through) : found;
    }
  }
  const [first, second] = ranked(dimensions);
  return Plane.ofDimensions(first ?? 0, second ?? 1, d, through);
}

/**
 * The samples that a plane goes through and that are not here yet.
 * @param {import("./store.js").Model} model @param {string} plane as it stands on the state
 * @returns {number[]} data-set indices
 */
export function missingSamples({ codes }, plane) {
  const asked = readPlane(plane);
  return asked?.kind === "samples" ? asked.numbers.filter((id) => !codes.ids.includes(id)) : [];
}

/**
 * Dimensions by their KL, the largest first.
 * @param {{kl: number}[]} dimensions
 * @returns {number[]}
 */
export function ranked(dimensions) {
  return dimensions.map((_, j) => j).sort((a, b) => dimensions[b].kl - dimensions[a].kl || a - b);
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function dot(a, b) {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function minus(a, b) {
  return Array.from(a, (value, j) => value - b[j]);
}

/** @param {number[]} a @returns {number[] | null} null of no length */
function unit(a) {
  const length = Math.sqrt(dot(a, a));
  return length > 0 ? a.map((value) => value / length) : null;
}

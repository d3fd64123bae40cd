/**
 * Every posterior as an ellipse, in WebGL 2, for machines with a GPU: the same look as ellipses_2d.js.
 *
 * Six vertices per sample are pulled from a texture by gl_VertexID. Not by instancing: software renderers run every
 * instance as a draw of its own.
 */

import { fitCanvas } from "./ellipses_2d.js";
import { chooseInk, groupColors, parseColor, writeGroups } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene @typedef {import("./view.js").View} View */
/** @typedef {import("./ellipses_2d.js").Progress} Progress */

const TEXTURE_WIDTH = 2048;
const BATCH = 4096; // samples between two looks at the clock
const HIDDEN = 255;

const VERTEX = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
uniform sampler2D codes;
uniform usampler2D groups;
uniform sampler2D palette;
uniform sampler2D turns;
uniform vec2 size, origin;
uniform float scale, k, reach, dot_radius, turned;
out vec2 offset;
flat out vec2 axes;
flat out float rho;
flat out vec3 color;
void main() {
  int sampleIndex = gl_VertexID / 6;
  int corner = gl_VertexID - 6 * sampleIndex;
  ivec2 texel = ivec2(sampleIndex % ${TEXTURE_WIDTH}, sampleIndex / ${TEXTURE_WIDTH});
  uint group = texelFetch(groups, texel, 0).r;
  vec4 code = texelFetch(codes, texel, 0);
  axes = code.zw * k;
  rho = turned > 0.5 ? -texelFetch(turns, texel, 0).r : 0.0; // on the screen y grows downwards
  color = texelFetch(palette, ivec2(int(group), 0), 0).rgb;
  vec2 side = vec2(corner == 1 || corner == 2 || corner == 4 ? 1.0 : -1.0, corner == 2 || corner == 4 || corner == 5 ? 1.0 : -1.0);
  offset = side * (max(axes, vec2(dot_radius)) + reach);
  vec2 pixel = origin + vec2(code.x, -code.y) * scale + offset;
  vec2 clip = pixel / size * 2.0 - 1.0;
  gl_Position = group == ${HIDDEN}u ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(clip.x, -clip.y, 0.0, 1.0);
}`;

// The distance to the contour is |f| / |grad f| with f = |w| - 1 and w the place as the unit circle sees it: exact on the
// contour, and to first order near it. axes are the deviations along x and y, which reach as far as a turned ellipse does.
const FRAGMENT = `#version 300 es
precision highp float;
uniform float alpha, fill, line, dot_radius;
in vec2 offset;
flat in vec2 axes;
flat in float rho;
flat in vec3 color;
out vec4 ink;
void main() {
  float opacity;
  if (max(axes.x, axes.y) < dot_radius) {
    opacity = min(1.0, alpha * 1.5) * clamp(dot_radius + 0.5 - length(offset), 0.0, 1.0);
  } else {
    vec2 q = offset / axes;
    float side = sqrt(max(1.0 - rho * rho, 1e-6));
    vec2 w = vec2(q.x, (q.y - rho * q.x) / side);
    float r = max(length(w), 1e-6);
    float slope = length(vec2(w.x - w.y * rho / side, w.y / side) / axes) / r;
    float away = (r - 1.0) / max(slope, 1e-6);
    float outline = alpha * clamp(0.5 * line + 0.5 - abs(away), 0.0, 1.0);
    float inside = fill * clamp(0.5 - away, 0.0, 1.0);
    opacity = outline + inside * (1.0 - outline);
  }
  if (opacity < 0.002) discard;
  ink = vec4(color * opacity, opacity);
}`;

/** @typedef {{view: View, scene: Scene, count: number, next: number}} Job */

export class EllipsesGL {
  /** @type {Job | null} */
  #job = null;
  #gl;
  #program;
  #textures;
  /** @type {Map<string, WebGLUniformLocation | null>} */
  #uniforms = new Map();
  /** @type {Scene | null} */
  #uploaded = null;
  #groups = new Uint8Array(0);

  /** @param {HTMLCanvasElement} canvas a canvas that has no context of another kind */
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true, premultipliedAlpha: true });
    if (!gl) throw new Error("This browser gives no WebGL 2 context.");
    this.#gl = gl;
    this.#program = buildProgram(gl);
    this.#textures = [0, 1, 2, 3].map(() => gl.createTexture());
    gl.bindVertexArray(gl.createVertexArray());
    gl.useProgram(this.#program);
    ["codes", "groups", "palette", "turns"].forEach((name, unit) => gl.uniform1i(this.#uniform(name), unit));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  get lost() {
    return this.#gl.isContextLost();
  }

  /** Uploads codes, groups and colours. Call again after any of them has changed. @param {Scene} scene */
  setData(scene) {
    const gl = this.#gl;
    const rows = Math.max(1, Math.ceil(scene.n / TEXTURE_WIDTH));
    if (this.#groups.length !== rows * TEXTURE_WIDTH) this.#groups = new Uint8Array(rows * TEXTURE_WIDTH);
    this.#groups.fill(HIDDEN);
    writeGroups(scene, 0, scene.n, this.#groups, HIDDEN);
    upload(gl, this.#textures[0], 0, scene.n, scene.codes);
    upload(gl, this.#textures[1], 1, scene.n, this.#groups);
    const palette = new Uint8Array(4 * 256);
    groupColors(scene).forEach((color, i) => palette.set([...parseColor(color), 255], 4 * i));
    bindTexture(gl, this.#textures[2], 2);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
    // A texture that is never written must not be read: one number stands in where nothing is turned.
    upload(gl, this.#textures[3], 3, scene.correlation ? scene.n : 1, scene.correlation ?? new Float32Array(1), 1);
    this.#uploaded = scene;
  }

  /**
   * Clears the canvas and draws the first `limit` samples, as far as the time goes; `resume` draws the rest.
   * @param {View} view @param {Scene} scene
   * @param {{dpr?: number, budgetMs?: number, limit?: number}} [options]
   * @returns {Progress}
   */
  draw(view, scene, { dpr = 1, budgetMs = Infinity, limit = scene.n } = {}) {
    if (this.#uploaded !== scene) this.setData(scene);
    const gl = this.#gl, canvas = this.canvas;
    const count = Math.min(limit, scene.n);
    fitCanvas(canvas, view, dpr);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.#setUniforms(view, scene, count, dpr);
    this.#job = { view, scene, count, next: 0 };
    return this.resume(budgetMs);
  }

  /** @param {number} budgetMs at least one batch is drawn @returns {Progress} */
  resume(budgetMs) {
    const job = this.#job, gl = this.#gl;
    if (!job) return { drawn: 0, done: true };
    const end = performance.now() + budgetMs;
    const pixel = new Uint8Array(4);
    while (job.next < job.count) {
      const batch = budgetMs === Infinity ? job.count : Math.min(BATCH, job.count - job.next);
      gl.drawArrays(gl.TRIANGLES, 6 * job.next, 6 * batch);
      job.next += batch;
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel); // waits for the GPU, so that the clock tells the truth
      if (performance.now() >= end) break;
    }
    return { drawn: job.next, done: job.next >= job.count };
  }

  destroy() {
    const gl = this.#gl;
    this.#job = this.#uploaded = null;
    for (const texture of this.#textures) gl.deleteTexture(texture);
    gl.deleteProgram(this.#program);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.width = this.canvas.height = 0;
  }

  /** @param {View} view @param {Scene} scene @param {number} count @param {number} dpr */
  #setUniforms(view, scene, count, dpr) {
    const gl = this.#gl, { width, height } = this.canvas;
    const ink = chooseInk(view, scene, count, dpr);
    const scale = view.scale * dpr;
    gl.uniform2f(this.#uniform("size"), width, height);
    gl.uniform2f(this.#uniform("origin"), view.width * dpr / 2 - view.x0 * scale, view.height * dpr / 2 + view.y0 * scale);
    const numbers = { scale, k: scene.kSigma * scale, reach: 0.5 * ink.line + 1, dot_radius: ink.dot,
      alpha: ink.alpha, fill: ink.fill, line: ink.line, turned: scene.correlation ? 1 : 0 };
    for (const [name, value] of Object.entries(numbers)) gl.uniform1f(this.#uniform(name), value);
  }

  /** @param {string} name */
  #uniform(name) {
    if (!this.#uniforms.has(name)) this.#uniforms.set(name, this.#gl.getUniformLocation(this.#program, name));
    return this.#uniforms.get(name) ?? null;
  }
}

/** @param {WebGL2RenderingContext} gl @returns {WebGLProgram} */
function buildProgram(gl) {
  const program = gl.createProgram();
  for (const [type, source] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("WebGL gives no shader; the context is lost.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader); // lives on until the program goes
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS)) return program;
  const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
  throw new Error(`The ellipse shader does not link: ${gl.getProgramInfoLog(program)} ${logs.join(" ")}`);
}

/** @param {WebGL2RenderingContext} gl @param {WebGLTexture | null} texture @param {number} unit */
function bindTexture(gl, texture, unit) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
}

/**
 * One texel per sample: floats, or one byte.
 * @param {WebGL2RenderingContext} gl @param {WebGLTexture | null} texture @param {number} unit
 * @param {number} n @param {Float32Array | Uint8Array} data @param {1 | 4} [floats] of each sample
 */
function upload(gl, texture, unit, n, data, floats = 4) {
  const channels = data instanceof Float32Array ? floats : 1;
  const wide = channels === 4 ? [gl.RGBA32F, gl.RGBA, gl.FLOAT] : [gl.R32F, gl.RED, gl.FLOAT];
  const format = data instanceof Float32Array ? wide : [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE];
  const fullRows = Math.floor(n / TEXTURE_WIDTH), rest = n - fullRows * TEXTURE_WIDTH;
  bindTexture(gl, texture, unit);
  gl.texImage2D(gl.TEXTURE_2D, 0, format[0], TEXTURE_WIDTH, Math.max(1, fullRows + (rest ? 1 : 0)), 0, format[1], format[2], null);
  if (fullRows) {
    const view = data.subarray(0, fullRows * TEXTURE_WIDTH * channels);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, TEXTURE_WIDTH, fullRows, format[1], format[2], view);
  }
  if (!rest) return;
  const tail = data.subarray(fullRows * TEXTURE_WIDTH * channels, n * channels);
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, fullRows, rest, 1, format[1], format[2], tail);
}

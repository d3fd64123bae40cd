import assert from "node:assert/strict";
import { test } from "node:test";

import { cloudOpacity } from "../../ui/latent_canvas/frontend/cloud_layer.js";
import { density, DensityRenderer, toneMap } from "../../ui/latent_canvas/frontend/density.js";
import { typicalSigma } from "../../ui/latent_canvas/frontend/scene.js";
import { createView, toLatent } from "../../ui/latent_canvas/frontend/view.js";
import { random } from "./random.js";

const view = createView({ x0: 0.3, y0: -0.2, scale: 80, width: 360, height: 240 });
const TEXEL = 3;
const COLORS = ["#3f90da", "#ffa90e", "#bd1f01"];

/** @param {number} n @param {number} smallest @param {number} largest sigma */
function makeScene(n, smallest, largest, seed = 7) {
  const next = random(seed);
  const sigma = () => smallest * (largest / smallest) ** next();
  const codes = Float32Array.from({ length: 4 * n }, (_, i) => (i % 4 < 2 ? 4 * next() - 2 : sigma()));
  const classes = Uint8Array.from({ length: n }, (_, i) => i % COLORS.length);
  return { n, codes, classes, colors: COLORS, visible: Uint8Array.of(1, 1, 1), kSigma: 1 };
}

/** The closed form, without a cut. @param {ReturnType<typeof makeScene>} scene @param {number} group @param {number} x @param {number} y */
function exact({ n, codes, classes }, group, x, y) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (classes[i] !== group) continue;
    const [mx, my, sx, sy] = codes.subarray(4 * i, 4 * i + 4);
    sum += Math.exp(-0.5 * (((x - mx) / sx) ** 2 + ((y - my) / sy) ** 2)) / (2 * Math.PI * sx * sy);
  }
  return sum / n;
}

/** Largest difference from the closed form, relative to its peak, over all texels. @param {ReturnType<typeof makeScene>} scene @param {number} group */
function worst(scene, group) {
  const { width, height, densities } = density(view, scene, TEXEL);
  let peak = 0, error = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const truth = exact(scene, group, ...toLatent(view, (column + 0.5) * TEXEL, (row + 0.5) * TEXEL));
      peak = Math.max(peak, truth);
      error = Math.max(error, Math.abs(truth - densities[group][row * width + column]));
    }
  }
  return error / peak;
}

for (const [name, smallest, largest] of /** @type {[string, number, number][]} */ ([
  ["narrow", 0.04, 0.06], ["middling", 0.1, 0.4], ["wide, off the canvas too", 0.8, 2], ["mixed and anisotropic", 0.04, 2],
])) {
  test(`each class's density is the sum of its samples' Gaussians: ${name}`, () => {
    const scene = makeScene(150, smallest, largest);
    for (const group of [0, 2]) assert.ok(worst(scene, group) < 0.01, `${worst(scene, group)} of the peak`);
  });
}

test("a Gaussian narrower than a texel keeps its mass", () => {
  const scene = makeScene(1, 0.001, 0.0011);
  scene.codes.set([0.31, -0.18]);
  const { densities } = density(view, scene, TEXEL);
  const mass = densities[0].reduce((sum, d) => sum + d, 0) * (TEXEL / view.scale) ** 2;
  assert.ok(Math.abs(mass - 1) < 0.002, `${mass}`);
});

test("hidden classes add nothing", () => {
  const scene = { ...makeScene(90, 0.1, 0.3), visible: Uint8Array.of(1, 0, 1) };
  const { densities } = density(view, scene, TEXEL);
  assert.ok(densities[0].some((d) => d > 0));
  assert.ok(densities[1].every((d) => d === 0));
});

test("values choose the hue where a ramp is given", () => {
  const scene = { ...makeScene(60, 0.1, 0.3), values: new Float32Array(60).fill(0.99), ramp: ["#000000", "#777777", "#ffffff"] };
  const { densities } = density(view, scene, TEXEL);
  assert.deepEqual(densities.map((group) => group.some((d) => d > 0)), [false, false, true]);
});

test("a picture made in slices is the picture made at once", () => {
  const scene = makeScene(3000, 0.02, 0.5);
  const pictures = [0, Infinity].map((budgetMs) => {
    const renderer = new DensityRenderer();
    renderer.start(view, scene, { texel: TEXEL });
    let steps = 1;
    while (!renderer.step(budgetMs)) steps++;
    return { steps, data: renderer.image?.data };
  });
  assert.ok(pictures[0].steps > 5);
  assert.deepEqual(pictures[0].data, pictures[1].data);
});

test("the picture is opaque where the mass is, clear where none is, and in the class's hue", () => {
  const one = Float32Array.of(0, 0.1, 1, 4);
  const picture = toneMap([one], ["#3f90da"], 4, 1, false);
  const alpha = [3, 7, 11, 15].map((i) => picture.data[i]);
  assert.equal(alpha[0], 0);
  assert.ok(alpha[1] < alpha[2] && alpha[2] < alpha[3] && alpha[3] > 120);
  assert.deepEqual([...picture.data.subarray(4, 7)], [0x3f, 0x90, 0xda]);
});

test("the cloud is whole down to its smallest kernel of 3 px, and gone at 1 px", () => {
  assert.deepEqual([0, 0.5, 1, 2, 3, 40].map(cloudOpacity), [0, 0, 0, 0.5, 1, 1]);
  const between = Array.from({ length: 21 }, (_, i) => cloudOpacity(1 + i / 10));
  between.slice(1).forEach((opacity, i) => assert.ok(opacity > between[i] && opacity - between[i] < 0.08));
});

test("the typical sigma is the middle one of the samples on show", () => {
  const codes = Float32Array.of(0, 0, 0.1, 0.4, 0, 0, 3, 3, 0, 0, 0.5, 0.5, 0, 0, 7, 7);
  const scene = { ...makeScene(4, 1, 1), codes, classes: Uint8Array.of(0, 0, 0, 1), visible: Uint8Array.of(1, 0, 1) };
  assert.equal(typicalSigma(scene), 0.5);
  assert.equal(typicalSigma({ ...scene, visible: Uint8Array.of(0, 0, 1) }), 0);
});

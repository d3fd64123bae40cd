// What an address of a lesson means and how it is made; where the tour's card stands; the round of demo mode.

import "./texts.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { betweenStops, ease, onRound, orderRound } from "../../ui/latent_canvas/frontend/attract.js";
import { complaint, lessonAddress, readControls } from "../../ui/latent_canvas/frontend/lesson.js";
import { placeCard } from "../../ui/latent_canvas/frontend/tour.js";

const NAMES = ["menu", "beta", "legend"];

test("an address without the parameter shows everything", () => {
  assert.deepEqual(readControls(null, NAMES), { shown: null, unknown: [] });
});

test("named controls are shown in the page's own order, once each, whatever the spaces", () => {
  assert.deepEqual(readControls("legend, beta,beta", NAMES), { shown: ["beta", "legend"], unknown: [] });
});

test("an empty list shows nothing", () => {
  assert.deepEqual(readControls("", NAMES), { shown: [], unknown: [] });
});

test("unknown names are told and ignored; where there are no others, everything is shown", () => {
  assert.deepEqual(readControls("beta,ghost", NAMES), { shown: ["beta"], unknown: ["ghost"] });
  assert.deepEqual(readControls("ghost", NAMES), { shown: null, unknown: ["ghost"] });
  assert.equal(readControls("x".repeat(100), NAMES).unknown[0].length, 41);
});

test("the note names what was asked for and what there is", () => {
  assert.equal(complaint([], NAMES), "");
  assert.equal(complaint(["ghost"], NAMES), "The address asks for the control “ghost”, but there are only: menu, beta, legend.");
  assert.match(complaint(["a", "b"], NAMES), /controls “a”, “b”/);
});

test("an address of a lesson keeps what is not ours, and demo mode is no part of it", () => {
  const href = "http://host/latent_map?model=digits&z=0.5,-1&pins=0,0;1,1&mine=a%20b&demo=1&controls=menu#end";
  const made = new URL(lessonAddress(href, ["beta", "legend"]));
  assert.deepEqual(Object.fromEntries(made.searchParams), { model: "digits", z: "0.5,-1", pins: "0,0;1,1", mine: "a b", controls: "beta,legend" });
  assert.equal(made.hash, "#end");
  assert.match(made.href, /controls=beta,legend/);
  assert.equal(new URL(lessonAddress(href, null)).searchParams.has("controls"), false);
  assert.equal(new URL(lessonAddress(href, [])).searchParams.get("controls"), "");
});

test("what is made is read again", () => {
  for (const shown of [[], ["beta"], ["menu", "legend"]]) {
    const text = new URL(lessonAddress("http://host/", shown)).searchParams.get("controls");
    assert.deepEqual(readControls(text, NAMES), { shown, unknown: [] });
  }
});

test("the card stands beside the control, inside the window, and does not cover it", () => {
  const [width, height] = [300, 120];
  for (const [w, hgt] of [[1280, 900], [390, 844]]) {
    for (const [left, top, right, bottom] of [[20, 60, 60, 100], [w - 60, 300, w - 10, 340], [10, 500, w - 10, 580], [10, hgt - 60, w - 10, hgt - 10]]) {
      const { x, y, side } = placeCard({ left, top, right, bottom }, width, height, w, hgt);
      assert.ok(x >= 8 && y >= 8 && x + width <= w - 8 && y + height <= hgt - 8, `${side} of ${left},${top}`);
      assert.ok(x >= right || x + width <= left || y >= bottom || y + height <= top, `${side} covers ${left},${top}`);
      assert.notEqual(side, "over");
    }
  }
  assert.equal(placeCard({ left: 0, top: 0, right: 390, bottom: 844 }, width, height, 390, 844).side, "over");
});

test("a round visits every point once and crosses itself nowhere", () => {
  const angles = [0, 3, 1, 4, 2, 5, 7, 6];
  const points = angles.map((a) => ({ x: Math.cos((a * Math.PI) / 4), y: Math.sin((a * Math.PI) / 4) }));
  const order = orderRound(points);
  assert.deepEqual([...order].sort((a, b) => a - b), points.map((_, i) => i));
  const length = order.reduce((sum, i, k) => {
    const next = points[order[(k + 1) % order.length]];
    return sum + Math.hypot(points[i].x - next.x, points[i].y - next.y);
  }, 0);
  assert.ok(Math.abs(length - 16 * Math.sin(Math.PI / 8)) < 1e-9, `length ${length}`);
});

test("the glide passes through its points, closes, and makes no jump", () => {
  const points = [{ x: 0, y: 0 }, { x: 2, y: 0 }, { x: 2, y: 1 }, { x: -1, y: 2 }];
  for (const [i, { x, y }] of points.entries()) assert.deepEqual(onRound(points, i), [x, y]);
  assert.deepEqual(onRound(points, 4), [0, 0]);
  for (let at = 0; at < 8; at += 0.01) {
    const [a, b] = [onRound(points, at), onRound(points, at + 0.01)];
    assert.ok(Math.hypot(a[0] - b[0], a[1] - b[1]) < 0.08);
  }
});

test("between stops it is slow at each of them and ends where the last one is", () => {
  const stops = [0.2, 0.9, 0.4, 0.2];
  assert.equal(betweenStops(stops, 0), 0.2);
  assert.equal(betweenStops(stops, 1), 0.2);
  assert.equal(betweenStops(stops, 1.5), 0.2);
  assert.ok(Math.abs(betweenStops(stops, 1 / 3) - 0.9) < 1e-9);
  assert.ok(ease(0.01) < 0.001);
});

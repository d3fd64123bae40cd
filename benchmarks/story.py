"""How long from a stroke of the pen to the ellipse it moves, and one encoding in the browser beside one in torch.

In headless Chromium with software rendering, a hand draws on the pad of the story's second step: pointer events at 120
a second. Every frame prepares the drawing, encodes it, and draws the activations, the numbers and the map.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from common import ROOT, find_chromium, machine, percentile, report, served
from playwright.sync_api import Page, sync_playwright

from vae_core import load_model

EVENTS = 300
ENCODINGS = 400
# The story's root says `data-frames` at the end of each frame; a message posted then arrives once it is painted.
PROBE = """(root) => {
  window.done = [];
  let first = null;
  window.addEventListener('pointermove', (e) => { first ??= e.timeStamp; }, {capture: true});
  new MutationObserver(() => {
    if (first === null) return;
    const began = first;
    first = null;
    const painted = new MessageChannel();
    painted.port1.onmessage = () => window.done.push(performance.now() - began);
    painted.port2.postMessage(0);
  }).observe(root, {attributes: true, attributeFilter: ['data-frames']});
}"""
PEN = """async (surface, count) => {
  const box = surface.getBoundingClientRect();
  for (let i = 0; i < count; i++) {
    const turn = i / 25;
    const [x, y] = [0.5 + 0.3 * Math.sin(turn), 0.5 - 0.3 * Math.cos(turn * 0.7)];
    const at = {clientX: box.x + box.width * x, clientY: box.y + box.height * y};
    const kind = {pointerId: 1, pointerType: 'pen', bubbles: true, composed: true, button: 0, buttons: 1};
    surface.dispatchEvent(new PointerEvent(i ? 'pointermove' : 'pointerdown', {...at, ...kind}));
    await new Promise((next) => setTimeout(next, 1000 / 120));
  }
  const up = {pointerId: 1, pointerType: 'pen', bubbles: true, composed: true};
  surface.dispatchEvent(new PointerEvent('pointerup', up));
}"""


def draw(page: Page, url: str, model: str) -> dict[str, Any]:
    sent = [0]
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.__setitem__(0, sent[0] + 1)))
    page.goto(f"{url}/one_sample?model={model}&step=2")
    root = page.locator('[data-testid="story-view"][data-ready="true"]')
    root.wait_for(timeout=60_000)
    page.get_by_role("button", name="Draw one").click()
    surface = page.locator('[data-testid="pad-surface"]')
    surface.wait_for()
    page.wait_for_timeout(1500)
    root.evaluate(PROBE)
    before = sent[0]
    surface.evaluate(PEN, EVENTS)
    return {"times": page.evaluate("window.done"), "sent": sent[0] - before}


def in_browser(page: Page, model: str) -> float:
    """Milliseconds of one encoding, the median of many, on a page of its own without the app."""
    from ui.latent_canvas.packing import pack_encoder
    from vae_core.checkpoints import load_card, load_weights

    folder = ROOT / "checkpoints" / model
    spec, flat = pack_encoder(load_card(folder), load_weights(folder))
    script = """async ([base, spec, halves, count]) => {
      const { Encoder } = await import(base);
      const encoder = Encoder.fromHalf(spec, Uint16Array.from(halves));
      const pixels = Float32Array.from({length: encoder.inputs}, (_, i) => (i * 7919 % 101) / 101);
      const times = [];
      for (let i = 0; i < count; i++) {
        const began = performance.now();
        for (let k = 0; k < 10; k++) encoder.encode(pixels);
        times.push((performance.now() - began) / 10);
      }
      return times.sort((a, b) => a - b)[count >> 1];
    }"""
    base = page.evaluate(
        "() => performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.endsWith('/encoder.js'))"
    )
    found: float = page.evaluate(script, [base, spec, flat.view(np.uint16).tolist(), ENCODINGS])
    return found


def in_torch(model: str) -> float:
    """Milliseconds of one encoding in torch on one thread, the median of many."""
    torch.set_num_threads(1)
    network = load_model(ROOT / "checkpoints" / model)
    x = torch.rand(1, *network.config.input_shape)
    times = []
    with torch.no_grad():
        for _ in range(ENCODINGS):
            began = time.perf_counter()
            network.encode(x, 1.0)
            times.append(1000 * (time.perf_counter() - began))
    return percentile(times, 0.5)


def main() -> None:
    rows = [
        "| model | stroke to ellipse p50 ms | p95 ms | frames | messages to the server | one encoding ms | in torch ms"
        " | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with sync_playwright() as driver, served(ROOT / "app.py") as (url, _, _):
        flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=find_chromium(), args=flags)
        for model in ("digits", "mnist"):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            found = draw(page, url, model)
            times = found["times"]
            ours, theirs = in_browser(page, model), in_torch(model)
            page.close()
            rows.append(
                f"| {model} | {percentile(times, 0.5):.1f} | {percentile(times, 0.95):.1f} | {len(times)}"
                f" | {found['sent']}"
                f" | {ours:.3f} | {theirs:.3f} | {theirs / ours:.1f} |"
            )
        browser.close()
    head = ["# From a stroke of the pen to the ellipse", "", f"{machine()}; headless Chromium, software rendering.", ""]
    report("story", "\n".join([*head, *rows, ""]))


if __name__ == "__main__":
    main()

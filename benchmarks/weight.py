"""The page of the KL weight while β moves: milliseconds of one contour picture, of the picture strips, of whole frames.

The slider is moved at every animation frame through its whole range in a headless Chromium with software rendering.
Beside it: the same density on the same grid summed sample by sample in NumPy.
"""

from __future__ import annotations

import time

import numpy as np
from common import ROOT, find_chromium, machine, percentile, report, served
from playwright.sync_api import Page, sync_playwright

from vae_core import load_codes

MOVES = 240
MODELS = ("digits", "mnist")

# One move of the slider per animation frame; what the page measured of each, and the time between frames.
SCRIPT = """async (moves) => {
  const find = (root, selector) => {
    for (const host of root.querySelectorAll('*')) {
      if (host.matches(selector)) return host;
      const inner = host.shadowRoot && find(host.shadowRoot, selector);
      if (inner) return inner;
    }
    return null;
  };
  const view = find(document, '[data-testid="weight-view"]');
  const slider = find(document, '[data-testid="beta-slider"]');
  const frame = () => new Promise(requestAnimationFrame);
  const out = {contour: [], strips: [], frames: []};
  let last = await frame();
  for (let i = 0; i < moves; i++) {
    slider.value = String(Math.round(10000 * Math.abs(1 - 2 * i / moves)));
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    const now = await frame();
    out.frames.push(now - last);
    last = now;
    await new Promise((resolve) => setTimeout(resolve));
    out.contour.push(Number(view.dataset.contourMs));
    out.strips.push(Number(view.dataset.stripsMs));
  }
  slider.dispatchEvent(new Event('change', {bubbles: true}));
  return out;
}"""


def main() -> None:
    lines = [
        "# The KL weight's page while β moves",
        "",
        f"{machine()}; headless Chromium, software rendering. Milliseconds; {MOVES} moves through the whole range.",
        "",
        "| model | samples drawn | contours p50 | p95 | strips p50 | p95 | whole frame p50 | p95 | messages |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with served(ROOT / "app.py") as (url, _, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        for model in MODELS:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            lines.append(measure(page, url, model))
            page.close()
        browser.close()
    lines += ["", direct_sum()]
    report("weight", "\n".join(lines))


def measure(page: Page, url: str, model: str) -> str:
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    page.goto(f"{url}/kl_weight?model={model}")
    page.wait_for_selector('[data-testid="weight-view"][data-ready="true"]', timeout=60_000)
    page.wait_for_timeout(1500)
    page.evaluate(SCRIPT, 40)  # warm
    page.wait_for_timeout(1000)
    before = len(sent)
    found = page.evaluate(SCRIPT, MOVES)
    during = len(sent) - before
    samples = page.locator('[data-testid="weight-view"]').get_attribute("data-samples")
    cells = [
        f"{percentile(found[name], share):.1f}" for name in ("contour", "strips", "frames") for share in (0.5, 0.95)
    ]
    return f"| {model} | {samples} | {' | '.join(cells)} | {during} |"


def direct_sum(nodes: int = 150) -> str:
    """The same density, summed sample by sample at every node of the grid, in NumPy on one machine."""
    mu, sigma = (part.astype(np.float64) for part in load_codes(ROOT / "checkpoints" / "digits").at_beta(1.0))
    x = np.linspace(-3.25, 3.25, nodes)
    began = time.perf_counter()
    total = np.zeros((nodes, nodes))
    for m, s in zip(mu, sigma, strict=True):
        along, up = (np.exp(-0.5 * ((x - m[j]) / s[j]) ** 2) / (s[j] * np.sqrt(2 * np.pi)) for j in (0, 1))
        total += up[:, None] * along[None, :]
    took = 1000 * (time.perf_counter() - began)
    return (
        f"For comparison: the density of the digits at β = 1 on a {nodes} × {nodes} grid, summed sample by sample in"
        f" NumPy, takes {took:.0f} ms, without contours, marginals or drawing."
    )


if __name__ == "__main__":
    main()

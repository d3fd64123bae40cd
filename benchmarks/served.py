"""A decoder that the browser cannot run: from the last movement of a hand to the exact picture from the server.

Beside it what of that is the decoder's own time: one picture by onnxruntime in this process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
from common import ROOT, find_chromium, machine, percentile, report, served
from playwright.sync_api import Page, sync_playwright
from torch import Tensor, nn

from vae_core import export, load_dataset
from vae_core.bring.onnx_model import run_decoder
from vae_core.checkpoints import load_decoders

LATENT, RESTS, PLANES = 10, 40, 6
MAP = '[data-testid="latent-canvas"]'
# Milliseconds of the last movement, and of the exact picture after it.
WATCH = """root => {
  window.moved = window.exact = 0;
  window.addEventListener("pointermove", () => { window.moved = performance.now(); }, {capture: true});
  new MutationObserver(() => {
    if (root.dataset.approximate === "false" && window.exact < window.moved) window.exact = performance.now();
  }).observe(root, {attributes: true, attributeFilter: ["data-approximate"]});
}"""


class Residual(nn.Module):
    """Three convolutional blocks with skip connections, to 28×28 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(LATENT, 32 * 49)
        self.blocks = nn.ModuleList(nn.Conv2d(32, 32, 3, padding=1) for _ in range(3))
        self.last = nn.Conv2d(32, 1, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.first(z).view(-1, 32, 7, 7)
        for i, block in enumerate(self.blocks):
            h = torch.relu(h + block(h))
            h = nn.functional.interpolate(h, scale_factor=2) if i < 2 else h
        return torch.sigmoid(self.last(h))


def made(home: Path) -> bytes:
    """An untrained model in the app's home; its decoder's graph."""
    torch.manual_seed(0)
    mean, decoder = nn.Linear(784, LATENT), Residual()
    images = torch.from_numpy(load_dataset("mnist").test_images[:2000])

    def encode(x: Tensor) -> tuple[Tensor, Tensor]:
        mu = mean(x.flatten(1))
        return mu, torch.full_like(mu, -2.0)

    folder = export(encode, decoder, images, name="residual", out=home / "models", progress=lambda _: None)
    (stored,) = load_decoders(folder)
    assert stored.onnx is not None, stored.why
    return stored.onnx


def rests(page: Page, count: int) -> list[float]:
    ring = page.get_by_test_id("z-handle").bounding_box()
    assert ring is not None
    x, y = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    found = []
    page.mouse.move(x, y)
    page.mouse.down()
    for number in range(count):
        for step in range(10):
            page.mouse.move(x + 5 * step + number, y + 3 * (number % 7))
        page.wait_for_function("() => window.exact > window.moved", polling=20)
        found.append(float(page.evaluate("window.exact - window.moved")))
        page.wait_for_timeout(200)
    page.mouse.up()
    return found


def own_time(graph: bytes) -> float:
    """Milliseconds of one picture, without a server or a browser."""
    z = np.zeros((1, LATENT), np.float32)
    found = []
    for _ in range(30):
        began = time.perf_counter()
        run_decoder(graph, z)
        found.append(1000 * (time.perf_counter() - began))
    return median(found)


def main() -> None:
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        home = Path(folder)
        graph = made(home)
        os.environ["LATENT_EXPLORER_HOME"] = str(home)
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        with served(ROOT / "app.py") as (url, _, _):
            known: list[float] = []
            fresh: list[float] = []
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            for number in range(PLANES + 1):
                plane = "" if number == 0 else f"&plane=z{number},z{number + 1}&hold=z{LATENT}:{number / 10}"
                page.goto(f"{url}/latent_map?model=residual{plane}")
                page.wait_for_selector(f'{MAP}[data-ready="true"]', timeout=60_000)
                page.wait_for_selector(f'{MAP}[data-approximate="false"]')
                page.locator(MAP).evaluate(WATCH)
                (fresh if number else known).extend(rests(page, 5 if number else RESTS))
        browser.close()
    own = own_time(graph)
    kinds = {"a plane whose grid was made at import": known, "a plane whose grid the server made": fresh}
    rows = "".join(
        f"| {what} | {median(found):.0f} | {percentile(found, 0.95):.0f} | {median(found) / own:.0f} |\n"
        for what, found in kinds.items()
    )
    text = f"""# A decoder that only the server can run

A convolutional decoder with skip connections, {LATENT} dimensions, 28×28 pixels. Milliseconds from the last movement
of a hand that holds the ring to the exact picture, 60 of which it must hold still; one picture takes onnxruntime
{own:.1f} ms.

| hand rests in | median, ms | 95 % below, ms | median ÷ onnxruntime's time |
|---|--:|--:|--:|
{rows}
{machine()}.
"""
    report("served", text)


if __name__ == "__main__":
    main()

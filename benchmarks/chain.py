"""PyTorch decoders as chains of layers: one picture in the browser, beside PyTorch itself on one thread."""

from __future__ import annotations

import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from typing import Any

import torch
from common import ROOT, find_chromium, machine, report
from playwright.sync_api import Page, sync_playwright
from torch import nn

from ui.latent_canvas.imported import pack_decoders
from vae_core.bring.torch_chain import POINTS, record
from vae_core.checkpoints import StoredDecoder

LATENT, PICTURES, TURNS = 10, 30, 5
FRONTEND = ROOT / "ui" / "latent_canvas" / "frontend"
# Milliseconds of one picture, the median of many, each of another z.
RUN = """
async ({spec, weights, count}) => {
  const { Network } = await import("/network.js");
  const outputs = spec.shape.reduce((all, size) => all * size, 1);
  const { layers } = spec.decoders[0];
  const network = new Network({...spec, layers}, Float32Array.from(weights), "Decoder", spec.latent_dim, outputs);
  const out = new Float32Array(outputs);
  const spent = [];
  for (let i = 0; i < count; i++) {
    const z = Float64Array.from({length: spec.latent_dim}, (_, j) => Math.sin(7 * i + j));
    const began = performance.now();
    network.run(z, out, 1);
    spent.push(performance.now() - began);
  }
  return spent.slice(count / 2).sort((a, b) => a - b)[Math.floor(count / 4)];
}
"""


def perceptron(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(LATENT, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 784), nn.Sigmoid()
    )


def small() -> nn.Module:
    """28×28 grey pixels."""
    return nn.Sequential(
        nn.Linear(LATENT, 32 * 49), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
        nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip


def large() -> nn.Module:
    """64×64 colour pixels, as DCGAN's generator (Radford et al. 2016) with a quarter of its channels."""
    layers: list[nn.Module] = [nn.Linear(LATENT, 256 * 16), nn.ReLU(), nn.Unflatten(1, (256, 4, 4))]
    for before, after in ((256, 128), (128, 64), (64, 32)):
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())


def in_browser(page: Page, decoder: nn.Module, shape: list[int]) -> float:
    chain, why = record(decoder, torch.randn(POINTS, LATENT))
    assert chain is not None, why
    config: dict[str, Any] = {"latent_dim": LATENT, "input_shape": shape, "beta_offset": 0.003, "beta_train_max": 1.0}
    spec, tensors, _ = pack_decoders({"config": config}, [StoredDecoder(chain)])
    return float(page.evaluate(RUN, {"spec": spec, "weights": tensors["weights"].tolist(), "count": PICTURES}))


def in_torch(decoder: nn.Module) -> float:
    found = []
    with torch.no_grad():
        for _ in range(PICTURES):
            z = torch.randn(1, LATENT)
            began = time.perf_counter()
            decoder(z)
            found.append(1000 * (time.perf_counter() - began))
    return median(found[PICTURES // 2 :])


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    decoders: dict[str, tuple[nn.Module, list[int]]] = {
        "perceptron, 2 × 512, 28×28": (perceptron(512), [28, 28]),
        "convolutions, 32 and 16 channels, 28×28": (small(), [28, 28]),
        "convolutions, 256 to 32 channels, 64×64×3": (large(), [64, 64, 3]),
    }
    rows = []
    handler = partial(SimpleHTTPRequestHandler, directory=str(FRONTEND))
    with ThreadingHTTPServer(("localhost", 0), handler) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_port}/style.css")
        for name, (decoder, shape) in decoders.items():
            decoder.eval()
            pairs = [(in_browser(page, decoder, shape), in_torch(decoder)) for _ in range(TURNS)]
            ours, theirs = (median(side) for side in zip(*pairs, strict=True))
            count = sum(part.numel() for part in decoder.parameters())
            rows.append(f"| {name} | {count:,} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.1f} |")
        browser.close()
        server.shutdown()
    text = f"""# Decoders of PyTorch in the browser

One picture of one z, {LATENT} latent dimensions, untrained weights; medians of {TURNS} turns, in turns. PyTorch runs on
one thread, without gradients. A frame of 60 per second lasts 16.7 ms.

| decoder | parameters | browser, ms | PyTorch, ms | ratio |
|---|--:|--:|--:|--:|
"""
    report("chain", text + "\n".join(rows) + f"\n\n{machine()}, torch {torch.__version__}.\n")


if __name__ == "__main__":
    main()

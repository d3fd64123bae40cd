"""Importing a trained VAE beside encoding the same samples with its bare encoder, in the same batches.

An import is all of `vae_core.export`: encoding, checks, distortion, the decoder as a chain, the samples themselves, and
writing. Both run in turns on all cores of the machine, and the medians count. The models are untrained: weights do not
change how long anything takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from common import machine, report
from torch import Tensor, nn

from vae_core import export, load_dataset

SAMPLES, LATENT, BATCH, TURNS = 10_000, 10, 512, 7
WIDTHS = (512, 1024)  # of both hidden layers

HEADER = """# Importing a model

{samples:,} MNIST test images, {latent} latent dimensions, batches of {batch}, PyTorch perceptrons of two hidden layers.
Encoder: `encode` on every batch and nothing else. Import: `vae_core.export` of the same model and samples, until the
folder is written. Medians of {turns} turns, in turns.

| hidden layers | parameters | encoder, s | import, s | ratio | model folder, MB |
|---|---|---|---|---|---|
"""


class Perceptron(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 2 * LATENT),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 784), nn.Sigmoid()
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        return mu, log_var - 3


def main() -> None:
    data = load_dataset("mnist")
    images, labels = torch.from_numpy(data.extra_images[:SAMPLES]), data.extra_labels[:SAMPLES]
    rows = [compare(width, images, labels) for width in WIDTHS]
    header = HEADER.format(samples=SAMPLES, latent=LATENT, batch=BATCH, turns=TURNS)
    report("importing", header + "\n".join(rows) + f"\n\n{machine()}, torch {torch.__version__}.")


def compare(width: int, images: Tensor, labels: object) -> str:
    torch.manual_seed(0)
    model = Perceptron(width).eval()
    bare, whole, size = [], [], 0.0
    with TemporaryDirectory() as folder:

        def imported() -> Path:
            return export(
                model.encode, model.decoder, images, labels, name="model", out=folder, batch=BATCH, replace=True,
                progress=lambda share: None,
            )  # fmt: skip

        def encoded() -> None:
            with torch.inference_mode():
                for batch in images.split(BATCH):
                    model.encode(batch)

        size = sum(file.stat().st_size for file in imported().iterdir()) / 1e6  # the first of both is not timed
        encoded()
        for _ in range(TURNS):
            bare.append(seconds(encoded))
            whole.append(seconds(imported))
    parameters = sum(value.numel() for value in model.parameters())
    fast, slow = median(bare), median(whole)
    return f"| 2 × {width:,} | {parameters:,} | {fast:.3f} | {slow:.3f} | {slow / fast:.2f} | {size:.1f} |"


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

"""Imported models for tests: made in a moment, of the same kind as a person's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoints import Codes, Grid, StoredDecoder, save_imported
from vae_core.config import VAEConfig
from vae_core.layers import Chain
from vae_core.projection import Plane

SHAPE, D, N = (4, 6), 5, 40


def tiny_chain(seed: int = 0, d: int = D) -> Chain:
    """Random weights: dense, then a transposed convolution to 4×6 pixels, then a sigmoid."""
    rng = np.random.default_rng(seed)
    layers = (
        {"kind": "dense", "in": d, "out": 12},
        {"kind": "activation", "name": "relu", "in": 12, "out": 12},
        {
            "kind": "conv_transpose", "in": [2, 2, 3], "out": [1, 4, 6], "kernel": [4, 4], "stride": [2, 2],
            "padding": [1, 1, 1, 1], "dilation": [1, 1], "groups": 1,
        },
        {"kind": "activation", "name": "sigmoid", "in": 24, "out": 24},
    )  # fmt: skip
    shapes = {"0.weight": (d, 12), "0.bias": (12,), "2.weight": (2, 1, 4, 4), "2.bias": (1,)}
    return Chain(layers, {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})


def tiny_codes(betas: tuple[float, ...] = (1.0,), d: int = D) -> Codes:
    rng = np.random.default_rng(1)
    shape = (len(betas), N, d)
    mu, sigma = rng.normal(size=shape).astype(np.float32), rng.uniform(0.05, 1, shape).astype(np.float32)
    return Codes(np.array(betas), mu, sigma, np.arange(N, dtype=np.int32) % 3, np.arange(N) < 4)


def tiny_card(name: str, betas: tuple[float, ...] = (1.0,), d: int = D, **changes: Any) -> dict[str, Any]:
    config = VAEConfig(
        SHAPE, latent_dim=d, hidden=(), sigma_x=1.0, beta_max=betas[-1], beta_train_max=betas[-1], degree=0
    )
    part = {"distortion": 3.0, "rate": 2.0, "distortion_error": 0.1}
    return {
        "name": name, "title": "Tiny import", "dataset": name, "label_names": ["a", "b", "<b>c</b>"],
        "beta_collapse": 2.0, "training": {}, "config": config,
        "curve": [{"beta": b, "train": part, "mean_sigma": 0.5, "active_units": d} for b in betas],
        "imported": {"source": "python", "described": "a test", "family": len(betas) > 1}, **changes,
    }  # fmt: skip


def tiny_import(
    folder: Path,
    *,
    betas: tuple[float, ...] = (1.0,),
    served: bool = False,
    graph: bytes | None = b"a graph",
    **changes: Any,
) -> Path:
    """A model of 40 samples of 4×6 pixels in 5 dimensions; served: its decoder is no chain, but a graph."""
    decoders = [StoredDecoder(tiny_chain(k)) for k in range(len(betas))]
    if served:
        grid = Grid(Plane(np.eye(2, D), np.zeros(D)), (-3.0, 3.0, -3.0, 3.0), np.zeros((3, 3, 24), np.uint8))
        decoders = [StoredDecoder(onnx=graph, why="it has a branch", grids=(grid,)) for _ in betas]
    samples = np.random.default_rng(2).integers(0, 256, (N, *SHAPE)).astype(np.uint8)
    save_imported(
        folder, codes=tiny_codes(betas), decoders=decoders, card=tiny_card(folder.name, betas, **changes),
        samples=samples,
    )  # fmt: skip
    return folder

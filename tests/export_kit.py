"""Trained models that tests bring in: those of the worked examples."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vae_core import load_dataset

EXAMPLES = Path(__file__).parents[1] / "examples"
SIGMA_X = 0.25
DATA = load_dataset("digits")
IMAGES = DATA.images
# What every export of these tests says: one bar less on the error stream, and the noise that the models know.
QUIET: dict[str, Any] = {"progress": lambda share: None, "sigma_x": SIGMA_X}


@cache
def example(name: str) -> dict[str, Any]:
    """The names that a script of examples/ defines."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@cache
def conv_vae() -> Any:
    """The 2-D convolutional VAE of examples/pytorch_vae.py, trained for a second, in eval mode."""
    images = torch.from_numpy(IMAGES[~DATA.test]).unsqueeze(1)
    return example("pytorch_vae")["train"](images, 2, 5, 1.0).eval()


@cache
def linear_vae(latent: int = 10, beta: float = 1.0) -> tuple[Any, Any]:
    """encode and decode of examples/numpy_vae.py: the best linear VAE, over images [n, 8, 8]."""
    pair: tuple[Any, Any] = example("numpy_vae")["linear_vae"](DATA.train_images.reshape(-1, 64), latent, beta)
    return pair


def linear_distortion(x: NDArray[Any], latent: int = 10) -> float:
    """D of the linear VAE on samples [n, 8, 8] in nats: its expectation over q(z|x), in closed form."""
    encode, decode = linear_vae(latent)
    mu, log_var = encode(x)
    weight = (decode(np.eye(latent)) - decode(np.zeros((1, latent)))).reshape(latent, 64)
    error = np.square(decode(mu).reshape(-1, 64) - x.reshape(-1, 64)).sum(1).mean()
    spread = (np.exp(log_var[0]) * np.square(weight).sum(1)).sum()
    return float((error + spread) / (2 * SIGMA_X**2) + 64 * np.log(SIGMA_X * np.sqrt(2 * np.pi)))

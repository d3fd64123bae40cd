"""What a training costs on this machine, from the sizes of the network alone; nothing here imports torch."""

from __future__ import annotations

import contextlib
import time
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from vae_core.config import VAEConfig

# A pass over a layer's outputs costs as much time as so many floating-point operations of a matrix product: forward
# and backward a number of an output is read and written some forty times. Measured by benchmarks/training.py.
OPERATIONS_PER_OUTPUT = 450
MEASURED_SECONDS = 0.05
BATCH, WIDTH = 128, 128  # of the matrix product that is timed: the layers of the digits' network


def parameters(config: VAEConfig) -> int:
    """The number of parameters of the network.

    >>> parameters(VAEConfig(input_shape=(8, 8), hidden=(16,)))
    2844
    """
    return sum(inputs * outputs + (1 + 2 * config.degree) * outputs for inputs, outputs in layers(config))


def flops_per_sample(config: VAEConfig) -> int:
    """The floating-point operations of the matrix products that one sample costs in training, forward and backward.

    A layer is multiplied three times: for its outputs, the gradient of its weights and that of its inputs, which the
    first layer is spared.
    """
    return sum(6 * inputs * outputs for inputs, outputs in layers(config)) - 2 * config.pixels * config.hidden[0]


def layers(config: VAEConfig) -> list[tuple[int, int]]:
    """Inputs and outputs of each layer, encoder first."""
    encoder = (config.pixels, *config.hidden, 2 * config.latent_dim)
    decoder = (config.latent_dim, *reversed(config.hidden), config.pixels)
    return [*pairwise(encoder), *pairwise(decoder)]


@cache
def machine_flops(batch: int = BATCH, width: int = WIDTH) -> float:
    """Floating-point operations per second of float32 matrix products of this size on one processor core.

    Measured once, for 50 ms: the best of many short runs, which other programs disturb least.
    """
    left, right, out = (np.ones(shape, np.float32) for shape in ((batch, width), (width, width), (batch, width)))
    best, end = float("inf"), time.perf_counter() + MEASURED_SECONDS
    with _one_thread():
        while best == float("inf") or time.perf_counter() < end:  # once at least, however busy the machine is
            start = time.perf_counter()
            for _ in range(8):
                np.matmul(left, right, out=out)
            best = min(best, time.perf_counter() - start)
    return 8 * 2 * batch * width * width / best


def seconds_per_epoch(config: VAEConfig, samples: int, *, flops: float | None = None) -> float:
    """About how long training takes for each sample once, on a core that does nothing else; flops: its rate."""
    outputs = sum(width for _, width in layers(config))
    operations = flops_per_sample(config) + OPERATIONS_PER_OUTPUT * outputs
    return samples * operations / (flops or machine_flops())


def _one_thread() -> Any:
    """NumPy's matrix products on one thread, where that can be said."""
    try:
        return import_module("threadpoolctl").threadpool_limits(1, user_api="blas")
    except ImportError:
        return contextlib.nullcontext()

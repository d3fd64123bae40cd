"""The terms of the loss in nats per sample, as pure functions, and the beta at which a linear VAE collapses.

Every term is a sum over pixels or latent dimensions, never a mean, so that D + 1 * R is the negative ELBO.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vae_core.config import VAEConfig
from vae_core.datasets import as_floats

Floats = NDArray[np.float32]

PART, PART_VALUES = 4096, 2**22  # samples, and values, that are held as float32 at a time
# So many values enter `collapse_beta` at most (more would hardly change it, and take minutes): of samples whose
# covariance matrix is computed as a whole, because they have at most DENSE_SIZE pixels, and of others.
MOST_VALUES_DENSE, MOST_VALUES = 2**28, 2**26
DENSE_SIZE = 1024
VECTORS, MOST_READS, STILL = 8, 30, 1e-5


def rate(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mu, diag exp(log_var)) || N(0, I)) in nats: mu and log_var [..., d] -> [...].

    R = 1/2 sum_j (mu_j^2 + sigma_j^2 - 1 - log sigma_j^2)   (Kingma & Welling 2014, appendix B)
    """
    return 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(-1)


def distortion(logits: Tensor, x: Tensor, config: VAEConfig) -> Tensor:
    """-log p(x|z) in nats, for the mean image sigmoid(logits): logits and x [..., pixels] -> [...].

    Gaussian: 1/2 |x - mean|^2 / sigma_x^2 + pixels * log(sigma_x sqrt(2 pi)).
    Bernoulli: the cross-entropy, with grey values as probabilities (no normalising constant).
    """
    if config.likelihood == "bernoulli":
        return (F.softplus(logits) - x * logits).sum(-1)
    constant = config.pixels * math.log(config.sigma_x * math.sqrt(2 * math.pi))
    return (torch.sigmoid(logits) - x).square().sum(-1) * (0.5 / config.sigma_x**2) + constant


def elbo(distortion: Tensor, rate: Tensor, beta: Tensor | float = 1.0) -> Tensor:
    """-(D + beta R) in nats: for beta = 1 the evidence lower bound, else the beta-VAE's (Higgins et al. 2017)."""
    return -(distortion + beta * rate)


def collapse_beta(images: NDArray[Any], config: VAEConfig, *, left_out: NDArray[np.bool_] | None = None) -> float:
    """The beta at which a linear VAE's posterior collapses on these images [N, *shape]  (Lucas et al. 2019).

    Gaussian: lambda_1(Cov x) / sigma_x^2. Bernoulli: lambda_1(S^-1/2 Cov x S^-1/2), S = diag p (1 - p) at the
    mean image p. Pixels that never change are left out; 0 where none changes.
    images: as `Dataset.images`, which may be bytes and a view of a file; a part at a time is read. left_out [N]: the
    held-out ones among them. Of very many values only evenly spaced samples enter (MOST_VALUES).
    """
    rows = _evenly_spaced(images, left_out)
    if not len(rows):
        return 0.0
    mean, low, high = _summary(images, rows)
    kept = low < high
    if not kept.any():
        return 0.0
    variance = mean * (1 - mean) if config.likelihood == "bernoulli" else np.full(len(mean), config.sigma_x**2)
    shift, factor = mean.astype(np.float32), np.zeros(len(mean), np.float32)
    factor[kept] = 1 / np.sqrt(variance[kept])

    def parts() -> Iterator[Floats]:
        for x in _parts(images, rows):
            x = np.subtract(x, shift)
            x *= factor
            yield x

    return _largest_eigenvalue(parts, len(mean)) / len(rows)


def _evenly_spaced(images: NDArray[Any], left_out: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """The rows that enter: all that are not left out, or as many of them as MOST_VALUES allows."""
    pixels = max(1, math.prod(images.shape[1:]))
    most = max(PART, (MOST_VALUES_DENSE if pixels <= DENSE_SIZE else MOST_VALUES) // pixels)
    step = -(-len(images) // most) if len(images) else 1
    rows = np.arange(0, len(images), step)
    return rows if left_out is None else rows[~left_out[::step]]


def _parts(images: NDArray[Any], rows: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    """The rows as float32 [n, pixels], a few at a time."""
    size = max(1, min(PART, PART_VALUES // max(1, math.prod(images.shape[1:]))))
    for start in range(0, len(rows), size):
        part = as_floats(images[rows[start : start + size]])
        yield part.reshape(len(part), -1)


def _summary(images: NDArray[Any], rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], Floats, Floats]:
    """The mean, the smallest and the largest value of every pixel."""
    pixels = math.prod(images.shape[1:])
    total = np.zeros(pixels)
    low, high = np.full(pixels, np.inf, np.float32), np.full(pixels, -np.inf, np.float32)
    for x in _parts(images, rows):
        total += x.sum(axis=0, dtype=np.float64)
        np.minimum(low, x.min(axis=0), out=low)
        np.maximum(high, x.max(axis=0), out=high)
    return total / len(rows), low, high


def _largest_eigenvalue(parts: Callable[[], Iterator[Floats]], size: int) -> float:
    """The largest eigenvalue of the sum of x^T x over parts x [n, size].

    From the matrix itself where that is small; else from a few vectors that are multiplied by it, read after read of
    the parts, until the eigenvalue stands still.
    """
    if size <= DENSE_SIZE:
        matrix = np.zeros((size, size))
        for x in parts():
            matrix += x.T @ x
        return float(np.linalg.eigvalsh(matrix)[-1])
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(size, VECTORS)))[0]
    found = 0.0
    for _ in range(MOST_READS):
        before, product = found, np.zeros_like(vectors)
        columns = vectors.astype(np.float32)
        for x in parts():
            product += x.T @ (x @ columns)
        found = float(np.linalg.eigvalsh(vectors.T @ product)[-1])
        if abs(found - before) <= STILL * found:
            break
        vectors = np.linalg.qr(product)[0]
    return found

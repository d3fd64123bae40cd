"""The terms of the loss in nats per sample, as pure functions, and the beta at which a linear VAE collapses.

Every term is a sum over pixels or latent dimensions, never a mean, so that D + 1 * R is the negative ELBO.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vae_core.config import VAEConfig


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


def collapse_beta(images: NDArray[np.float32], config: VAEConfig) -> float:
    """The beta at which a linear VAE's posterior collapses on these images [N, *shape]  (Lucas et al. 2019).

    Gaussian: lambda_1(Cov x) / sigma_x^2. Bernoulli: lambda_1(S^-1/2 Cov x S^-1/2), S = diag p (1 - p) at the
    mean image p. Pixels that never change are left out; 0 where none changes.
    """
    x = images.reshape(len(images), -1)
    x = x[:, x.min(axis=0) < x.max(axis=0)]
    if x.shape[1] == 0:
        return 0.0
    mean = x.mean(axis=0, dtype=np.float64)
    noise = (
        np.sqrt(mean * (1 - mean)) if config.likelihood == "bernoulli" else np.full(len(mean), config.sigma_x)
    )
    scaled = (x - mean.astype(np.float32)) / noise.astype(np.float32)
    covariance = (scaled.T @ scaled).astype(np.float64) / len(x)
    return float(np.linalg.eigvalsh(covariance)[-1])

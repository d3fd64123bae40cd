"""The beta-conditioned variational autoencoder: one network that serves every KL weight."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Normal

from vae_core.config import VAEConfig


class FilmDense(nn.Module):
    """A dense layer whose pre-activation is scaled and shifted by linear functions of the features t of beta.

    a = x W + b  ->  a * (1 + G^T t) + H^T t     (feature-wise linear modulation, Perez et al. 2018)
    weight W [inputs, outputs], bias b [outputs], gain G and shift H [degree, outputs].
    """

    def __init__(self, inputs: int, outputs: int, degree: int, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(inputs, outputs).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound, generator=generator))
        self.gain = nn.Parameter(torch.zeros(degree, outputs))
        self.shift = nn.Parameter(torch.zeros(degree, outputs))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """x [..., inputs] and t [..., degree] -> [..., outputs]; a leading dimension of t may be 1 (shared)."""
        scale = 1 + t @ self.gain
        return torch.addcmul(torch.addcmul(t @ self.shift, self.bias, scale), x @ self.weight, scale)


class VAE(nn.Module):
    """Encoder and decoder, both conditioned on beta (the idea is the Multi-Rate VAE's, Bae et al. 2023).

    >>> model = VAE(VAEConfig(input_shape=(8, 8), hidden=(16,)))
    >>> posterior = model.encode(torch.zeros(3, 8, 8), beta=1.0)
    >>> model.decode(posterior.mean, beta=1.0).shape
    torch.Size([3, 8, 8])
    """

    def __init__(self, config: VAEConfig, *, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        widths = (config.pixels, *config.hidden, 2 * config.latent_dim)
        mirror = (config.latent_dim, *reversed(config.hidden), config.pixels)
        self.config = config
        self.card: dict[str, Any] = {}
        self.encoder = nn.ModuleList(FilmDense(a, b, config.degree, generator) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(FilmDense(a, b, config.degree, generator) for a, b in pairwise(mirror))

    def encode(self, x: Tensor, beta: float | Tensor) -> Normal:
        """The posterior q(z|x): x [N, *input_shape] in [0, 1] -> a Normal with loc and scale [N, latent_dim].

        beta is one number or a tensor [N]. Raises ValueError where x has another shape, or beta is outside the
        trained range.
        """
        shape = self.config.input_shape
        if tuple(x.shape[-len(shape) :]) != shape:
            raise ValueError(
                f"encode: expected samples of shape {shape}, got a tensor of shape {tuple(x.shape)}"
            )
        self._check_beta(beta)
        mu, log_var = self.moments(x.flatten(-len(shape)), self.features(beta))
        return Normal(mu, (0.5 * log_var).exp())

    def decode(self, z: Tensor, beta: float | Tensor) -> Tensor:
        """The mean image of p(x|z): z [N, latent_dim] -> [N, *input_shape] in [0, 1]; beta as in `encode`."""
        if z.shape[-1] != self.config.latent_dim:
            expected = self.config.latent_dim
            raise ValueError(
                f"decode: expected points of {expected} dimensions, got a tensor of shape {tuple(z.shape)}"
            )
        self._check_beta(beta)
        images = torch.sigmoid(self.logits(z, self.features(beta)))
        return images.reshape(*images.shape[:-1], *self.config.input_shape)

    def features(self, beta: float | Tensor) -> Tensor:
        """The Chebyshev polynomials T_1 ... T_degree of u(beta): beta [...] -> [..., degree]."""
        low = math.log(self.config.beta_offset)
        high = math.log(self.config.beta_train_max + self.config.beta_offset)
        parameter = next(self.parameters())
        beta = torch.as_tensor(beta, dtype=torch.float64, device=parameter.device)
        if self.config.single_beta:
            return beta.new_empty((*beta.shape, 0), dtype=parameter.dtype)
        u = 2 * ((beta + self.config.beta_offset).log() - low) / (high - low) - 1
        powers = [torch.ones_like(u), u]
        while len(powers) <= self.config.degree:
            powers.append(2 * u * powers[-1] - powers[-2])
        return torch.stack(powers[1 : self.config.degree + 1], dim=-1).to(parameter.dtype)

    def _check_beta(self, beta: float | Tensor) -> None:
        values = torch.as_tensor(beta)
        for value in (values.min().item(), values.max().item()) if values.numel() else ():
            self.config.check_beta(value)

    def moments(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_var [..., latent_dim] of flat samples x [..., pixels], given the features t of beta."""
        mu, log_var = _run(self.encoder, x, t).chunk(2, dim=-1)
        return mu, log_var

    def logits(self, z: Tensor, t: Tensor) -> Tensor:
        """The mean image before the sigmoid: z [..., latent_dim] -> [..., pixels], given the features t of beta."""
        return _run(self.decoder, z, t)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Every parameter by its name, as NumPy arrays."""
        return {name: value.detach().cpu().numpy() for name, value in self.state_dict().items()}


def _run(layers: nn.ModuleList, x: Tensor, t: Tensor) -> Tensor:
    *hidden, head = layers
    for layer in hidden:
        x = F.gelu(layer(x, t), approximate="tanh")
    out: Tensor = head(x, t)
    return out

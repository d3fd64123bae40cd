"""The codes of every sample at several values of beta: what the pages draw as ellipses. NumPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST_SIGMA = 6.2e-5  # the smallest normal float16, rounded up: sigma is stored no smaller
# The same of codes that are stored as float32, those of imported models: the squares stay well inside what it holds.
SMALLEST_FLOAT32_SIGMA, LARGEST_FLOAT32 = 1e-12, 1e12


@dataclass(frozen=True)
class Codes:
    """The codes of every sample at several values of beta.

    betas float64 [K], rising; mu and sigma [K, N, d] (as stored: float16, of an imported model float32); labels
    int32 [N]; test bool [N], True for the samples that were held out of training. beta_offset: the model's, for the
    interpolation. stepped: the codes at each beta are those of a model of its own, with nothing in between.
    """

    betas: NDArray[np.float64]
    mu: NDArray[np.floating[Any]]
    sigma: NDArray[np.floating[Any]]
    labels: NDArray[np.int32]
    test: NDArray[np.bool_]
    beta_offset: float = 0.003
    stepped: bool = False

    def nearest(self, beta: float) -> int:
        """The index of the stored beta nearest to this one, in log(beta + beta_offset)."""
        return int(np.abs(np.log(self.betas + self.beta_offset) - math.log(beta + self.beta_offset)).argmin())

    def at_beta(self, beta: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """mu and sigma, float32 [N, d], at beta: exact at the stored values, linear in between.

        mu and log sigma are interpolated linearly in u, that is in log(beta + beta_offset); where the codes are
        stepped, those of the nearest stored beta are taken. Raises ValueError where beta is outside the stored range.
        """
        if not self.betas[0] <= beta <= self.betas[-1]:
            raise ValueError(f"beta: expected {self.betas[0]:g} to {self.betas[-1]:g}, got {beta}")
        above = self.nearest(beta) if self.stepped else int(np.searchsorted(self.betas, beta))
        if self.stepped or self.betas[above] == beta:
            return self.mu[above].astype(np.float32), self.sigma[above].astype(np.float32)
        low, high, at = (
            math.log(b + self.beta_offset) for b in (self.betas[above - 1], self.betas[above], beta)
        )
        share = np.float32((at - low) / (high - low))
        mu0, mu1 = (self.mu[k].astype(np.float32) for k in (above - 1, above))
        log0, log1 = (np.log(self.sigma[k].astype(np.float32)) for k in (above - 1, above))
        return mu0 + share * (mu1 - mu0), np.exp(log0 + share * (log1 - log0))

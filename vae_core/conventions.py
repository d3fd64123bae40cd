"""What "beta" means in other code: its loss rescaled to ours, D + beta * R in nats per sample, summed, never averaged.

Other code minimises a * S + b * R, where S is its reconstruction error of one sample, summed over pixels, and a and b
come from its weights and reductions. With S = c * D + constant that is a * c * (D + b / (a * c) * R), so that

    beta = b / (a * c).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

REDUCTIONS = ("sum", "mean", "batch sum")
ERRORS = ("squared", "half squared", "gaussian", "bernoulli")


@dataclass(frozen=True, kw_only=True)
class Convention:
    """The loss of other code: weights, reductions and reconstruction error.

    reconstruction, kl: "sum" over pixels (or latent dimensions) and mean over the batch; "mean" over both, as
    reduction="mean" does; "batch sum" over both, where the other term is not.
    error: "squared" is (x - x̂)², "half squared" half of it, "gaussian" -log N(x; x̂, sigma_x²), "bernoulli" the
    cross-entropy. batch: samples in a batch, which only "batch sum" asks for.
    Raises ValueError for anything else.
    """

    kl_weight: float = 1.0
    reconstruction_weight: float = 1.0
    reconstruction: str = "sum"
    kl: str = "sum"
    error: str = "squared"
    sigma_x: float = 1.0
    batch: int = 1

    def __post_init__(self) -> None:
        for name in ("reconstruction", "kl"):
            if getattr(self, name) not in REDUCTIONS:
                raise ValueError(f"{name}: expected one of {', '.join(REDUCTIONS)}, got {getattr(self, name)!r}")
        if self.error not in ERRORS:
            raise ValueError(f"error: expected one of {', '.join(ERRORS)}, got {self.error!r}")
        if not (math.isfinite(self.kl_weight) and self.kl_weight >= 0):
            raise ValueError(f"kl_weight: expected a number of at least 0, got {self.kl_weight!r}")
        for name in ("reconstruction_weight", "sigma_x", "batch"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name}: expected a positive number, got {value!r}")


def to_beta(convention: Convention, *, pixels: int, latent_dim: int, likelihood: str, sigma_x: float) -> float:
    """Our beta for other code's loss, on a model of ours: likelihood "gaussian" with sigma_x, or "bernoulli".

    >>> mean_bce = Convention(reconstruction="mean", error="bernoulli")
    >>> to_beta(mean_bce, pixels=784, latent_dim=2, likelihood="bernoulli", sigma_x=0.25)
    784.0

    Raises ValueError where a squared error is to be a cross-entropy or the reverse: no factor makes them equal.
    """
    reconstruction, kl = factors(
        convention, pixels=pixels, latent_dim=latent_dim, likelihood=likelihood, sigma_x=sigma_x
    )
    return math.prod(kl.values()) / math.prod(reconstruction.values())


def factors(
    convention: Convention, *, pixels: int, latent_dim: int, likelihood: str, sigma_x: float
) -> tuple[dict[str, float], dict[str, float]]:
    """What multiplies D and what multiplies R in the other code's loss, each factor with its reason."""
    reconstruction = {
        "their weight of the reconstruction": convention.reconstruction_weight,
        **_reduction("reconstruction", convention.reconstruction, pixels, "pixels", convention.batch),
        **_error(convention, likelihood, sigma_x),
    }
    kl = {
        "their weight of the KL term": convention.kl_weight,
        **_reduction("KL term", convention.kl, latent_dim, "latent dimensions", convention.batch),
    }
    return reconstruction, kl


def _reduction(term: str, reduction: str, values: int, of: str, batch: int) -> dict[str, float]:
    if reduction == "mean":
        return {f"their {term} is a mean over {values:,} {of}": 1 / values}
    if reduction == "batch sum":
        return {f"their {term} is summed over {batch:,} samples": float(batch)}
    return {}


def _error(convention: Convention, likelihood: str, sigma_x: float) -> dict[str, float]:
    if (convention.error == "bernoulli") != (likelihood == "bernoulli"):
        theirs = "a cross-entropy" if convention.error == "bernoulli" else "a squared error"
        ours = "Bernoulli pixels" if likelihood == "bernoulli" else f"Gaussian pixels with σ_x = {sigma_x:g}"
        raise ValueError(f"{theirs} cannot be converted: this model has {ours}, and no factor makes the two equal")
    if convention.error == "bernoulli":
        return {}
    theirs_squared = {"squared": 0.5, "half squared": 1.0, "gaussian": convention.sigma_x**2}[convention.error]
    reason = f"their σ_x² = {theirs_squared:g} against ours of {sigma_x**2:g}"
    return {reason: sigma_x**2 / theirs_squared}

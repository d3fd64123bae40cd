"""What an imported model reaches, in nats per sample: D and R at its beta, and where a linear VAE would collapse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.errors import ImportRefused
from vae_core.config import LIKELIHOODS
from vae_core.projection import ACTIVE_VARIANCE

Floats = NDArray[np.float32]

MOST_MEASURED, DRAWS = 1_000, 4  # samples whose distortion is measured; draws of z for each where these are all
MOST_COVARIANCE = 1_000  # samples of which the collapse is predicted
SMALLEST_PROBABILITY = 1e-7
ROUNDS, STILL = 60, 1e-3  # of the power iteration: at most, and the relative change at which it ends


def is_number(value: object) -> bool:
    """Whether this is a finite number, of Python or NumPy."""
    numbers = int | float | np.integer | np.floating
    return isinstance(value, numbers) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class Likelihood:
    """p(x|z): "gaussian" with the standard deviation sigma_x, or "bernoulli"."""

    name: str = "gaussian"
    sigma_x: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in LIKELIHOODS:
            raise ImportRefused(f"likelihood: expected one of {', '.join(LIKELIHOODS)}, got {self.name!r}")
        if not (is_number(self.sigma_x) and 1e-6 <= self.sigma_x <= 1e6):
            raise ImportRefused(f"sigma_x: expected a number from 1e-6 to 1e6, got {self.sigma_x!r}")

    def distortion(self, mean: Floats, x: Floats) -> NDArray[np.float64]:
        """-log p(x|z) in nats for mean images and samples [..., values] in [0, 1] -> [...], as in objectives.py."""
        if self.name == "bernoulli":
            p = np.clip(mean, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY).astype(np.float64)
            cross: NDArray[np.float64] = -(x * np.log(p) + (1 - x) * np.log1p(-p)).sum(axis=-1)
            return cross
        squared = np.square(mean.astype(np.float64) - x).sum(axis=-1)
        constant = x.shape[-1] * math.log(self.sigma_x * math.sqrt(2 * math.pi))
        found: NDArray[np.float64] = 0.5 * squared / self.sigma_x**2 + constant
        return found


def rates(mu: NDArray[Any], sigma: NDArray[Any]) -> NDArray[np.float64]:
    """KL(N(mu, diag sigma²) ‖ N(0, I)) of codes [N, d] -> [N], nats."""
    m, s = mu.astype(np.float64), sigma.astype(np.float64)
    found: NDArray[np.float64] = (0.5 * (m**2 + s**2 - 1) - np.log(s)).sum(axis=1)
    return found


def curve_record(
    mu: Floats,
    sigma: Floats,
    target: Callable[[NDArray[np.int64]], Floats],
    decode: Callable[[Floats], Floats],
    *,
    test: NDArray[np.bool_],
    beta: float,
    likelihood: Likelihood,
) -> dict[str, Any]:
    """The card's record at beta: D with its standard error, from at most MOST_MEASURED samples, and R of all of them.

    target: rows of the samples [n] -> [n, values] in [0, 1]. decode: z -> mean images of the same kind.
    """
    record: dict[str, Any] = {"beta": beta}
    for part, rows in (("train", np.flatnonzero(~test)), ("test", np.flatnonzero(test))):
        if len(rows):
            record[part] = _measured(rows, mu, sigma, target, decode, likelihood)
    record.setdefault("train", record.get("test"))
    return record | {
        "mean_sigma": float(sigma.mean()),
        "min_sigma": float(sigma.min()),
        "active_units": int((mu.astype(np.float64).var(axis=0) > ACTIVE_VARIANCE).sum()),
    }


def _measured(
    rows: NDArray[np.int64],
    mu: Floats,
    sigma: Floats,
    target: Callable[[NDArray[np.int64]], Floats],
    decode: Callable[[Floats], Floats],
    likelihood: Likelihood,
) -> dict[str, float]:
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_MEASURED)).astype(np.int64)]
    rng, x = np.random.default_rng(0), target(chosen)
    draws = DRAWS if len(chosen) == len(rows) else 1
    z = mu[chosen] + sigma[chosen] * rng.standard_normal((draws, len(chosen), mu.shape[1]), np.float32)
    drawn = likelihood.distortion(decode(z.reshape(-1, mu.shape[1])).reshape(draws, *x.shape), x)
    each = drawn.mean(axis=0)
    # What the draws leave in D, and what the samples that were left out do, which is more by far.
    variance = drawn.var(axis=0, ddof=1).mean() / draws if draws > 1 else each.var()
    error = math.sqrt(variance / len(chosen))
    return {
        "distortion": float(each.mean()),
        "rate": float(rates(mu[rows], sigma[rows]).mean()),
        "distortion_error": error,
    }


def distortion_of_all(record: dict[str, Any], test: NDArray[np.bool_]) -> tuple[float, float]:
    """D of all samples and its error from a card's record of those trained on and those held out (test [N])."""
    held_out = float(test.mean()) if "test" in record and not test.all() else 0.0
    parts = [(1 - held_out, record["train"]), *([(held_out, record["test"])] if held_out else [])]
    value = sum(share * part["distortion"] for share, part in parts)
    return value, math.hypot(*(share * part["distortion_error"] for share, part in parts))


def collapse_of(x: Floats, likelihood: Likelihood) -> float:
    """The beta at which a linear VAE collapses on samples x [N, values] in [0, 1], as objectives.collapse_beta.

    Of evenly spaced samples, by power iteration: to some percent, for a mark on a slider.
    """
    some = x[np.linspace(0, len(x) - 1, min(len(x), MOST_COVARIANCE)).astype(np.int64)]
    mean = some.mean(axis=0, dtype=np.float64)
    kept = np.ptp(some, axis=0) > 0
    if not kept.any():
        return 0.0
    variance = mean * (1 - mean) if likelihood.name == "bernoulli" else np.full(len(mean), likelihood.sigma_x**2)
    scale = np.zeros(len(mean), np.float32)
    scale[kept] = 1 / np.sqrt(variance[kept])
    scaled = (some - mean.astype(np.float32)) * scale
    vector, found = np.random.default_rng(0).standard_normal(len(mean)).astype(np.float32), 0.0
    for _ in range(ROUNDS):
        before, vector = found, (scaled @ vector) @ scaled
        found = float(np.linalg.norm(vector))
        vector /= found
        if abs(found - before) <= STILL * found:
            break
    return found / len(some)

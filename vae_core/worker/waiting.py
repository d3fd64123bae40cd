"""How a model is measured that somebody waits for: more coarsely, with larger errors, each of them stated."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.checkpoints.codes import Codes
from vae_core.datasets import Dataset
from vae_core.evaluation import measure, table_with_distortion
from vae_core.models import VAE
from vae_core.recipes import Recipe
from vae_core.table import table_of

NODES, DRAWS, CURVE_SAMPLES = 33, 2, 2000
TABLE_SAMPLES = 10_000  # of more samples, so many enter the table's distortion
TABLE_PARTS = 20  # in so many parts, whose spread is its error
# A tenth of table_of's: where no grid resolves (beta below 0.2 or so), the standard errors of 60,000 samples are up to
# 0.021 nats; 5 seeds on the codes of MNIST and of Fashion-MNIST were off by at most 0.024. Elsewhere below 0.001.
EVALUATIONS = 4e7


def coarser(recipe: Recipe) -> Recipe:
    """The recipe with fewer betas at which codes are stored, fewer draws, and a curve of fewer samples."""
    return replace(
        recipe,
        nodes=min(NODES, recipe.nodes),
        draws=min(DRAWS, recipe.draws),
        curve_samples=min(CURVE_SAMPLES, recipe.curve_samples),
    )


def coarse_table(
    model: VAE, data: Dataset, codes: Codes, *, draws: int, report: Callable[[float], None]
) -> list[dict[str, Any]]:
    """The table along beta; of more than TABLE_SAMPLES samples, its distortion is that of some of them."""
    if len(data.images) <= TABLE_SAMPLES:
        return table_with_distortion(model, data, codes, draws=draws, report=report)
    table = table_of(codes, evaluations=EVALUATIONS, report=lambda share: report(share / 2))
    chosen = np.random.default_rng(0).choice(len(data.images), TABLE_SAMPLES, replace=False)
    for k, row in enumerate(table):
        row["distortion"] = distortion_of_some(model, data.images, chosen, row["beta"], draws=draws)
        report(0.5 + (k + 1) / (2 * len(table)))
    return table


def distortion_of_some(
    model: VAE, images: NDArray[Any], chosen: NDArray[np.int64], beta: float, *, draws: int
) -> list[float]:
    """The mean distortion of all images, from those that were chosen at random, and its standard error, in nats.

    The error is that of a mean over TABLE_PARTS parts; it holds the noise of the draws too.
    """
    parts = [np.sort(part) for part in np.array_split(chosen, TABLE_PARTS)]
    found = [measure(model, images[part], beta, draws=draws, seed=k)["distortion"] for k, part in enumerate(parts)]
    return [float(np.mean(found)), float(np.std(found, ddof=1) / math.sqrt(len(found)))]

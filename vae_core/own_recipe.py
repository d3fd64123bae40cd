"""A recipe for data that nobody wrote one for: everything in it follows from the data by a stated rule."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.datasets import Dataset, DatasetError, as_floats
from vae_core.recipes import (
    IMAGES_28,
    LARGE_SET,
    RECIPES,
    SHORT_BATCH,
    SHORT_SECONDS,
    SHORT_WARMUP,
    SIZES,
    Recipe,
)

# sigma_x is such that a linear VAE collapses here for samples of up to 64 values (the digits' slider ends just above),
# and at more, with the root of the number of values, for larger ones: one broad component, such as the brightness of
# photographs, would else be all that is worth telling. MNIST has 784 values, and its Bernoulli collapses at 32.
TARGET_COLLAPSE, TARGET_VALUES = 11.5, 64
EXTREME, EXTREME_SHARE = 0.1, 0.8  # black or white is what lies so near to 0 or 1; so much of it makes Bernoulli fit


def recipe_for(data: Dataset, *, likelihood: str | None = None, sigma_x: float | None = None) -> Recipe:
    """The recipe for a data set, with the likelihood that is asked for; what depends on it follows from the data.

    A data set of the registry has its own recipe; where the likelihood is another one than the recipe's, or sigma_x
    is given, beta_max follows from the data. Any other data: the medium network; settings of the digits below
    LARGE_SET samples to train on, of MNIST from there; the likelihood as `suited_likelihood` says; sigma_x as
    `suited_sigma_x` says. Raises DatasetError where all samples are the same.
    """
    known = RECIPES.get(data.name)
    recipe = known or _unknown(data)
    if likelihood is None:
        likelihood = recipe.likelihood if known else suited_likelihood(data.images)
    if known and likelihood == known.likelihood and sigma_x in (None, known.sigma_x):
        return known
    if likelihood == "gaussian" and sigma_x is None:
        sigma_x = suited_sigma_x(data)
    return replace(recipe, likelihood=likelihood, sigma_x=sigma_x or recipe.sigma_x, beta_max=None, remark="")


def hurried(recipe: Recipe, data: Dataset, seconds: float | None) -> Recipe:
    """The recipe for a training on a CPU that lasts so long, None: as long as the recipe says.

    From LARGE_SET samples to train on, and below SHORT_SECONDS, its batches are smaller and its warm-up is shorter.
    """
    if seconds is None or seconds >= SHORT_SECONDS or np.count_nonzero(~data.test) < LARGE_SET:
        return recipe
    return replace(recipe, options=replace(recipe.options, batch=SHORT_BATCH, warmup_steps=SHORT_WARMUP))


def suited_likelihood(images: NDArray[Any]) -> str:
    """ "bernoulli" for grey pictures [N, h, w] of which at least 80 % are nearly black or white, else "gaussian".

    A Bernoulli takes a grey value for a probability, which fits strokes on paper, not photographs, colours or tables.
    """
    if images.ndim != 3:
        return "gaussian"
    some = as_floats(images[:: max(1, len(images) // 500)])
    extreme = ((some <= EXTREME) | (some >= 1 - EXTREME)).mean()
    return "bernoulli" if extreme > EXTREME_SHARE else "gaussian"


def suited_sigma_x(data: Dataset) -> float:
    """The sigma_x that puts the predicted collapse where it should be: the root of lambda_1(Cov x) / that beta.

    Raises DatasetError where all samples are the same.
    """
    spread = collapse(data, replace(_unknown(data), likelihood="gaussian", sigma_x=1.0))
    if spread <= 0:
        raise DatasetError(f"{data.name}: expected samples that differ, got {len(data.images)} that are all the same")
    target = TARGET_COLLAPSE * max(1.0, math.sqrt(math.prod(data.input_shape) / TARGET_VALUES))
    return max(1e-4, float(f"{math.sqrt(spread / target):.2g}"))


def collapse(data: Dataset, recipe: Recipe) -> float:
    """The beta at which a linear VAE collapses on the samples to train on, with the recipe's likelihood."""
    from vae_core.objectives import collapse_beta

    config = replace(recipe, beta_max=1.0).config(data.input_shape, 1.0)
    return collapse_beta(data.images, config, left_out=data.test)


def _unknown(data: Dataset) -> Recipe:
    large = np.count_nonzero(~data.test) >= LARGE_SET
    options = IMAGES_28 if large else replace(RECIPES["digits"].options, epochs=240)
    return Recipe(hidden=SIZES["medium"], options=options, draws=4)

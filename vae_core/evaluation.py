"""The figures on a model's card: codes at every stored beta, and distortion and rate along beta."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vae_core.checkpoints import SMALLEST_SIGMA, Codes
from vae_core.config import REFERENCE_BETAS, TrainingError
from vae_core.datasets import Dataset, as_floats
from vae_core.models import VAE
from vae_core.objectives import collapse_beta, distortion, rate
from vae_core.table import ACTIVE_VARIANCE, table_of

CHUNK = 4096  # samples in one pass through the network, or fewer
CHUNK_VALUES = 2**22  # the pixels of all of them


def round_weights(model: VAE) -> VAE:
    """The model with every weight rounded to float16, in place: what a checkpoint stores and a browser decodes with."""
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(value.half())
    return model


def describe(
    model: VAE,
    data: Dataset,
    betas: Sequence[float],
    *,
    draws: int = 4,
    curve_samples: int = 10_000,
    training: Mapping[str, Any],
    table: bool = True,
    beta_collapse: float | None = None,
    report: Callable[[float], None] = lambda share: None,
) -> tuple[Codes, dict[str, Any]]:
    """The codes and the card of a trained model, ready for `checkpoints.save`.

    The weights are rounded first, so that all figures are those of the stored model. `training` is put on the
    card as it is; table: measure the table along beta too; beta_collapse: where a linear VAE collapses, None: it
    follows from `data`; report is called with the share that is done.
    """
    round_weights(model)
    if beta_collapse is None:
        beta_collapse = collapse_beta(data.images, model.config, left_out=data.test)
    points = list(betas) if model.config.single_beta else curve_betas(betas)
    # The three parts take about the same time.
    codes = encode_codes(model, data, betas, report=lambda share: report(share / 3))
    train_part, test_part = some_images(data, curve_samples)
    curve = []
    for record in measure_curve(model, train_part, test_part, points, draws=draws):
        curve.append(record)
        report((1 + len(curve) / len(points)) / 3)
    more = columns_of(data)
    if table:
        more["table"] = table_with_distortion(
            model, data, codes, draws=draws, report=lambda share: report((2 + share) / 3)
        )
    return codes, {
        "name": data.name,
        "title": data.title,
        "dataset": data.name,
        "label_names": list(data.label_names),
        "beta_collapse": beta_collapse,
        "training": dict(training),
        "measured": {"draws": draws, "train_samples": len(train_part), "test_samples": len(test_part)},
        "curve": curve,
        **more,
    }


def columns_of(data: Dataset) -> dict[str, Any]:
    """The card's "columns", for a table; else nothing."""
    return {"columns": [asdict(column) for column in data.columns]} if data.columns else {}


def table_with_distortion(
    model: VAE,
    data: Dataset,
    codes: Codes,
    *,
    draws: int = 4,
    report: Callable[[float], None] = lambda share: None,
) -> list[dict[str, Any]]:
    """The table along beta of a model's codes, each record with the distortion of all coded samples."""
    table = table_of(codes, report=lambda share: report(share / 2))
    for k, row in enumerate(table):
        found = measure(model, data.images, row["beta"], draws=draws)
        row["distortion"] = [found["distortion"], found["distortion_error"]]
        report(0.5 + (k + 1) / (2 * len(table)))
    return table


def curve_betas(betas: Sequence[float]) -> list[float]:
    """The values of beta on a card's curve: those of the codes, and the reference values within their range."""
    return sorted({*betas, *(beta for beta in REFERENCE_BETAS if beta <= betas[-1])})


def some_images(data: Dataset, most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """At most so many of the training and of the held-out samples, the first ones; the others are not read."""
    train, test = (_first(data.test, held_out, most) for held_out in (False, True))
    return data.images[train], data.images[test] if len(test) else data.extra_images[:most]


def _first(test: NDArray[np.bool_], value: bool, most: int) -> NDArray[np.int64]:
    """The first rows at which test has this value, at most so many."""
    found, count = [np.zeros(0, np.int64)], 0
    for start in range(0, len(test), CHUNK):
        if count >= most:
            break
        found.append(start + np.flatnonzero(test[start : start + CHUNK] == value))
        count += len(found[-1])
    return np.concatenate(found)[:most]


@torch.no_grad()
def encode_codes(
    model: VAE,
    data: Dataset,
    betas: Sequence[float],
    *,
    report: Callable[[float], None] = lambda share: None,
) -> Codes:
    """The codes of every sample of `data.images` at every beta, as float16.

    Raises TrainingError where one is not a finite float16: without the rate in the loss, nothing bounds them.
    """
    mu = np.empty((len(betas), len(data.images), model.config.latent_dim), np.float16)
    sigma = np.empty_like(mu)
    for k, beta in enumerate(betas):
        for rows, x in _chunks(data.images):
            posterior = model.encode(x, beta)
            mu[k, rows] = posterior.loc.numpy()
            sigma[k, rows] = posterior.scale.clamp_min(SMALLEST_SIGMA).numpy()
        if not (np.isfinite(mu[k]).all() and np.isfinite(sigma[k]).all()):
            raise TrainingError(f"codes at beta = {beta:g}: expected numbers that fit float16, got larger ones")
        report((k + 1) / len(betas))
    offset = model.config.beta_offset
    return Codes(np.asarray(betas, np.float64), mu, sigma, data.labels.astype(np.int32), data.test, offset)


@torch.no_grad()
def measure(
    model: VAE, images: NDArray[Any], beta: float, *, draws: int = 4, seed: int = 0
) -> dict[str, float]:
    """Distortion and rate of images [N, *shape], as `Dataset.images`, at one beta, in nats per sample.

    The rate is exact; the distortion is a mean over `draws` draws of z for every sample, and distortion_error
    the standard error that they leave in it.
    """
    generator = torch.Generator().manual_seed(seed)
    t = model.features(beta)
    sums = {"distortion": 0.0, "rate": 0.0, "variance": 0.0}
    for _, x in _chunks(images):
        x = x.flatten(1)
        mu, log_var = model.moments(x, t)
        noise = torch.randn(draws, *mu.shape, generator=generator)
        d = distortion(model.logits(mu + noise * (0.5 * log_var).exp(), t), x, model.config).double()
        sums["distortion"] += d.mean(0).sum().item()
        sums["variance"] += d.var(0).sum().item() / draws if draws > 1 else float("nan")
        sums["rate"] += rate(mu, log_var).double().sum().item()
    n = len(images)
    return {
        "distortion": sums["distortion"] / n,
        "rate": sums["rate"] / n,
        "distortion_error": sums["variance"] ** 0.5 / n,
    }


def measure_curve(
    model: VAE,
    train_images: NDArray[Any],
    test_images: NDArray[Any],
    betas: Sequence[float],
    *,
    draws: int = 4,
    seed: int = 0,
) -> Iterator[dict[str, Any]]:
    """One record of the card's curve for each beta; "test" is missing where there are no test images."""
    for beta in betas:
        record: dict[str, Any] = {
            "beta": beta,
            "train": measure(model, train_images, beta, draws=draws, seed=seed),
        }
        if len(test_images):
            record["test"] = measure(model, test_images, beta, draws=draws, seed=seed + 1)
        yield record | _spread(model, train_images, beta)


@torch.no_grad()
def _spread(model: VAE, images: NDArray[Any], beta: float) -> dict[str, Any]:
    """How wide the posteriors are, and how many latent dimensions carry information."""
    posteriors = [model.encode(x, beta) for _, x in _chunks(images)]
    mu = torch.cat([q.loc for q in posteriors])
    sigma = torch.cat([q.scale for q in posteriors])
    active = (mu.var(dim=0, correction=0) > ACTIVE_VARIANCE).sum().item()
    return {"mean_sigma": sigma.mean().item(), "min_sigma": sigma.min().item(), "active_units": int(active)}


def _chunks(images: NDArray[Any]) -> Iterator[tuple[slice, torch.Tensor]]:
    """The images as float32, a few at a time."""
    size = min(CHUNK, max(1, CHUNK_VALUES // max(1, math.prod(images.shape[1:]))))
    for start in range(0, len(images), size):
        rows = slice(start, start + size)
        yield rows, torch.from_numpy(as_floats(images[rows]))

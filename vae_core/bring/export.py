"""`vae_core.export`: a trained VAE of any framework as a model folder that every page opens."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core import home, library
from vae_core.bring import checks
from vae_core.bring import family as families
from vae_core.bring.adapters import Decoder, Encoder, Floats, in_eval_mode, modules_of
from vae_core.bring.decoders import check_range, order_of, shown_decoder, stored_decoder
from vae_core.bring.errors import ImportRefused
from vae_core.bring.measure import Likelihood, collapse_of, curve_record
from vae_core.bring.samples import Samples, samples_of
from vae_core.checkpoints import CARD, CheckpointError, Codes, check_target, load_card, save_imported
from vae_core.config import VAEConfig
from vae_core.layers import Chain
from vae_core.progress_bar import ProgressBar

LOOKED_AT = 64  # samples that are encoded and decoded before all others
MOST_DIMENSIONS = 1_024
MOST_BETA = 1e9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Progress = Callable[[float], None]


def export(
    encode: Callable[[Any], Any],
    decode: Callable[[Any], Any],
    data: Any,
    labels: Any = None,
    *,
    name: str | None = None,
    out: str | Path | None = None,
    title: str | None = None,
    beta: float = 1.0,
    likelihood: str = "gaussian",
    sigma_x: float = 1.0,
    variance: str | None = None,
    label_names: Sequence[str] | None = None,
    originals: Any = None,
    test: Any = None,
    shape: Sequence[int] | None = None,
    pixel_range: tuple[float, float] | None = None,
    family: str | None = None,
    replace: bool = False,
    batch: int = 512,
    progress: Progress | None = None,
    source: str = "python",
    described: str | None = None,
    fed: Any = None,
    chain: Chain | None = None,
    onnx: bytes | None = None,
) -> Path:
    """Write a trained VAE as a model folder that every page opens; returns the folder.

    encode: a batch of data -> (mu, log_var), each [n, d] with d of at least 2; a dict, a distribution or another object
    that holds them will do. decode: z [n, d] -> mean images of as many values as the samples have. Both are called with
    arrays of the kind that `data` is: NumPy, or PyTorch tensors on their device, without gradients and in eval mode.
    data: [N, ...] as encode takes them, or the name of a data set that the app knows. labels [N]: numbers or texts.
    name: of the folder and the model, in `out` (None: where the app keeps models). family: instead of a name, the
    folder of several models that were trained at several betas; this one is put into it.
    beta, likelihood, sigma_x: what the loss was, D + beta R in nats per sample with values in [0, 1] (see "β in other
    code" in the app); they enter nothing but the figures. variance: what encode's second output is, "log_var",
    "log_sigma", "variance" or "sigma", where its name does not say so.
    originals [N, ...]: samples as they are to be shown, where `data` are normalised. test [N]: True for samples that
    were held out of training. shape: of one sample, where `data` are flat. pixel_range: the values that stand for 0 and
    1 in data and decodes (found from the data). replace: a model of this name, or this beta's in the family, gives way.
    progress: called with the share that is done; None draws a bar on the error stream. fed [N, ...]: the samples of a
    named data set as encode takes them, where they are known so. chain, onnx: the decoder, where it is known as layers
    or as a graph already.

    Raises ImportRefused or CheckpointError, one sentence, where something does not fit; then nothing has changed.
    """
    folder = _folder(name, family, out)
    _check_numbers(beta, batch)
    law = Likelihood(likelihood, float(sigma_x))
    _check_free(folder, beta, family, replace)
    samples = samples_of(
        data, labels, label_names=label_names, originals=originals, test=test, shape=shape, pixel_range=pixel_range
    )
    bar = None if progress is not None else ProgressBar(folder.name, sys.stderr)
    told = progress or (lambda share: bar.update(share, "encoding") if bar is not None else None)
    with in_eval_mode(encode, decode):
        samples = with_changes(samples, fed=fed_as(encode, samples) if fed is None else fed)
        encoder, decoder = Encoder(encode), Decoder(decode, samples.fed)
        found, warnings, shown, order = _looked_at(encoder, decoder, samples, law, beta, variance, pixel_range)
        mu, sigma = encoded(encoder, samples.fed, found, batch, told)
        stored = stored_decoder(
            decode, decoder, shown, samples, order, mu, sigma, low=samples.low, high=samples.high, chain=chain,
            onnx=onnx,
        )  # fmt: skip
        record = curve_record(mu, sigma, samples.target, shown, test=samples.test, beta=beta, likelihood=law)
    codes = Codes(np.array([float(beta)]), mu[None], sigma[None], samples.labels, samples.test)
    remark = " ".join(f"{part[:1].upper()}{part[1:]}." for part in (samples.remark, *warnings) if part)
    card = {
        "name": folder.name,
        "title": (title or folder.name)[: library.LONGEST_TITLE],
        "dataset": samples.known or folder.name,
        "label_names": list(samples.label_names),
        "beta_collapse": collapse_of(samples.target(_some(len(mu))), law),
        "training": {"remark": remark[:2000]} if remark else {},
        "config": VAEConfig(
            samples.shape, latent_dim=found.latent_dim, hidden=(), likelihood=likelihood, sigma_x=float(sigma_x),
            beta_max=float(beta), beta_train_max=float(beta), degree=0,
        ).to_json(),
        "curve": [record],
        "imported": {"source": source, "described": (described or "")[:200], "family": family is not None},
        **({"subset": samples.subset} if samples.subset else {}),
        **({"columns": [vars(column) for column in samples.columns]} if samples.columns else {}),
    }  # fmt: skip
    kept = None if samples.known else samples.shown
    if family is not None and (folder / CARD).is_file():
        families.add(folder, codes, stored, card, kept, replace=replace)
    else:
        save_imported(folder, codes=codes, decoders=[stored], card=card, samples=kept, replace=replace)
    if bar is not None:
        bar.close()
        _say(folder, remark)
    return folder


def fed_as(encode: Callable[[Any], Any], samples: Samples) -> Any:
    """The samples in the shape that encode takes: as given, and of a data set of the app whichever it understands."""
    if not samples.known:
        return samples.fed
    fed, shape = samples.fed, samples.shape
    if modules_of(encode):
        import torch

        fed = torch.from_numpy(np.ascontiguousarray(fed))
    count = len(fed)
    tried = [fed]
    if len(shape) == 2:
        tried = [fed.reshape(count, 1, *shape), fed.reshape(count, -1), fed]
    elif len(shape) == 3:
        tried = [np.moveaxis(samples.fed, -1, 1), fed] if fed is samples.fed else [fed.permute(0, 3, 1, 2), fed]
        tried.append(fed.reshape(count, -1))
    reasons = []
    for candidate in tried:
        try:
            mu, _ = Encoder(encode)(candidate[:3])
        except ImportRefused as error:
            reasons.append(str(error))
            continue
        if mu.ndim == 2:
            return candidate
    raise ImportRefused(reasons[0])


def encoded(
    encoder: Encoder, fed: Any, found: checks.Findings, batch: int, told: Progress
) -> tuple[Floats, Floats]:
    """mu and sigma [N, d] of all samples, float32. Raises ImportRefused for what is not finite."""
    count = len(fed)
    mu = np.empty((count, found.latent_dim), np.float32)
    second = np.empty_like(mu)
    for start in range(0, count, batch):
        rows = slice(start, start + batch)
        mu[rows], second[rows] = encoder(fed[rows])
        told(min(1.0, (start + batch) / count))
    if not np.isfinite(mu).all():
        first = int(np.flatnonzero(~np.isfinite(mu).all(axis=1))[0])
        raise ImportRefused(f"expected finite outputs of the encoder, got NaN or infinity for sample {first}")
    return mu, np.maximum(checks.sigma_of(second, found.reading), np.float32(1e-12))


def _looked_at(
    encoder: Encoder,
    decoder: Decoder,
    samples: Samples,
    law: Likelihood,
    beta: float,
    variance: str | None,
    pixel_range: tuple[float, float] | None,
) -> tuple[checks.Findings, list[str], Callable[[Floats], Floats], NDArray[np.int64] | None]:
    few = _some(len(samples.shown))[:: max(1, len(_some(len(samples.shown))) // LOOKED_AT)]
    mu, _ = encoder(samples.fed[few])
    if mu.shape[1] > MOST_DIMENSIONS:
        raise ImportRefused(f"expected at most {MOST_DIMENSIONS:,} latent dimensions, got {mu.shape[1]:,}")
    try:
        decoder(mu[:2])
    except ImportRefused as error:
        raise ImportRefused(f"{error} (the encoder has {mu.shape[1]} latent dimensions)") from error
    order = order_of(decoder, samples)
    shown = shown_decoder(decoder, order, samples.low, samples.high)
    found = checks.look(
        encoder, decoder, samples.fed[few], samples.target(few), reading=variance, beta=beta, likelihood=law,
        to_unit=_unit(order, samples), encode_again=samples.fed_again,
    )  # fmt: skip
    warnings = [*found.warnings, check_range(shown(mu))]
    return found, [warning for warning in warnings if warning], shown, order


def _unit(order: NDArray[np.int64] | None, samples: Samples) -> Callable[[Floats], Floats]:
    def to_unit(out: Floats) -> Floats:
        arranged = out if order is None else out[:, order]
        unit: Floats = np.clip((arranged - samples.low) / (samples.high - samples.low), 0, 1).astype(np.float32)
        return unit

    return to_unit


def _some(count: int) -> NDArray[np.int64]:
    """Evenly spaced rows, some thousand at most."""
    return np.linspace(0, count - 1, min(count, 2_000)).astype(np.int64)


def _folder(name: str | None, family: str | None, out: str | Path | None) -> Path:
    if (name is None) == (family is None):
        got = "both" if name else "neither"
        raise ImportRefused(f"expected either a name or a family to put the model into, got {got}")
    chosen = str(name if family is None else family)
    if not _NAME.fullmatch(chosen):
        what = "name" if family is None else "family"
        raise ImportRefused(f"{what}: expected letters, digits, '.', '_' and '-', got {chosen[:60]!r}")
    if out is None:
        if (library.shipped_folder() / chosen).exists():
            raise ImportRefused(f"name: expected another one than those of the models that ship, got {chosen!r}")
        library.check_room(0)
        return home.models_folder() / chosen
    return Path(out) / chosen


def _check_numbers(beta: float, batch: int) -> None:
    if not (isinstance(beta, int | float) and math.isfinite(beta) and (beta == 0 or 1e-9 <= beta <= MOST_BETA)):
        raise ImportRefused(f"beta: expected a number from 0 to {MOST_BETA:g}, got {beta!r}")
    if not (isinstance(batch, int) and batch >= 1):
        raise ImportRefused(f"batch: expected a whole number of at least 1, got {batch!r}")


def _check_free(folder: Path, beta: float, family: str | None, replace: bool) -> None:
    """Before anything is computed: what is there stays unless told."""
    check_target(folder)
    if not (folder / CARD).is_file():
        return
    if family is None:
        if not replace:
            raise CheckpointError(
                f"{folder}: expected no model there, got one; say replace=True (--replace) to put this in its place"
            )
        return
    families.check(load_card(folder), folder, beta, replace=replace)


def _say(folder: Path, remark: str) -> None:
    print(f"{folder}: written; `streamlit run app.py` shows it", file=sys.stderr)
    if remark:
        print(f"Note: {remark}", file=sys.stderr)

"""`vae_core.export`: a trained VAE of any framework as a model folder that every page opens."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core import home, library
from vae_core.bring import checks, running
from vae_core.bring import family as families
from vae_core.bring.adapters import Decoder, Encoder, Floats, in_eval_mode, modules_of
from vae_core.bring.decoders import order_of, shown_decoder, stored_decoder
from vae_core.bring.errors import ImportRefused
from vae_core.bring.measure import MOST_COVARIANCE, Likelihood, collapse_of, curve_record, is_number
from vae_core.bring.ranges import Range, decoded_range, range_warning
from vae_core.bring.samples import Samples, samples_of
from vae_core.checkpoints import (
    CARD,
    CheckpointError,
    Codes,
    StoredDecoder,
    check_target,
    load_card,
    save_imported,
)
from vae_core.config import VAEConfig
from vae_core.layers import Chain
from vae_core.processes import locked
from vae_core.progress_bar import ProgressBar
from vae_core.subset import stored_index

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
    why: str = "",
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
    1 in data and decodes (found from them). replace: a model of this name, or this beta's in the family, gives way.
    progress: called with the share that is done; None draws a bar on the error stream. fed [N, ...]: the samples of a
    named data set as encode takes them, where they are known so. chain, onnx: the decoder, where it is known as layers
    or as a graph already; why: a phrase, where it is known why it is no chain.

    Raises ImportRefused or CheckpointError, one sentence, where something does not fit; then nothing has changed.
    """
    folder = _folder(name, family, out)
    _check_numbers(beta, batch)
    law, beta = Likelihood(likelihood, sigma_x), float(beta)
    _check_free(folder, beta, family, replace)
    samples = samples_of(
        data, labels, label_names=label_names, originals=originals, test=test, shape=shape, pixel_range=pixel_range
    )
    if out is None:
        library.check_room(samples.shown.nbytes)
    bar = None if progress is not None else ProgressBar(folder.name, sys.stderr)
    told = progress or (lambda share: bar.update(share, "encoding") if bar is not None else None)
    try:
        with in_eval_mode(encode, decode):
            samples = with_changes(samples, fed=fed_as(encode, samples) if fed is None else _stored(fed, samples))
            encoder, decoder = Encoder(encode), Decoder(decode, samples.fed)
            seen = _looked_at(encoder, decoder, samples, law, beta, variance)
            mu, sigma = encoded(encoder, samples.fed, seen.found, batch, told)
            stored = stored_decoder(
                decode, seen.shown, samples, seen.order, mu, sigma, values=seen.values, chain=chain, onnx=onnx, why=why
            )
            record = curve_record(
                mu, sigma, samples.target, seen.shown, test=samples.test, beta=beta, likelihood=law
            )
    finally:
        if bar is not None:
            bar.close()
    if running.runner_of(stored) is None:
        running.remember(stored, decode, seen.shown)
    codes = Codes(np.array([beta]), mu[None], sigma[None], samples.labels, samples.test)
    remark = " ".join(_sentence(part) for part in (samples.remark, *seen.warnings) if part)
    card = {
        "name": folder.name,
        "title": library.clean_title(title or "") or folder.name,
        "dataset": samples.known or folder.name,
        "label_names": list(samples.label_names),
        "beta_collapse": collapse_of(samples.target(_some(len(mu))), law),
        "training": {"remark": remark[:2000]} if remark else {},
        "config": VAEConfig(
            samples.shape, latent_dim=seen.found.latent_dim, hidden=(), likelihood=likelihood, sigma_x=float(sigma_x),
            beta_max=beta, beta_train_max=beta, degree=0,
        ).to_json(),
        "curve": [record],
        "imported": {"source": source, "described": (described or "")[:200], "family": family is not None},
        **({"subset": samples.subset} if samples.subset else {}),
        **({"columns": [vars(column) for column in samples.columns]} if samples.columns else {}),
    }  # fmt: skip
    kept = None if samples.known else samples.shown
    try:
        with locked(_lock_of(folder)):
            _check_free(folder, beta, family, replace)  # once more: others may have written meanwhile
            if family is not None and (folder / CARD).is_file():
                families.add(folder, codes, stored, card, kept, replace=replace)
            else:
                save_imported(folder, codes=codes, decoders=[stored], card=card, samples=kept, replace=replace)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CheckpointError(f"{folder}: expected to write the model there, but the system says: {reason}") from error
    if progress is None:
        _say(folder, " ".join(part for part in (remark, _approximate(stored)) if part), kept=out is None)
    return folder


def _lock_of(folder: Path) -> Path:
    """A file whose lock one export into this folder holds: a sweep over beta writes one family from many processes."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    place = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"latent-space-explorer-{user}-{place}.lock")


def _stored(fed: Any, samples: Samples) -> Any:
    """Of all samples as encode takes them those that are stored."""
    whole = samples.subset["of"] if samples.subset else len(samples.shown)
    if len(fed) != whole:
        raise ImportRefused(f"fed: expected {whole:,} samples, as many as the data set has, got {len(fed):,}")
    return fed[stored_index(whole)] if samples.subset else fed


def fed_as(encode: Callable[[Any], Any], samples: Samples) -> Any:
    """The samples in the shape that encode takes: as given, and of a data set of the app whichever it understands."""
    if samples.laid_out:
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


@dataclass(frozen=True)
class _Seen:
    """What the first look at a few samples says: how the decoder's output becomes what is shown, and warnings."""

    found: checks.Findings
    values: Range
    order: NDArray[np.int64] | None
    shown: Callable[[Floats], Floats]
    warnings: list[str]


def _looked_at(
    encoder: Encoder, decoder: Decoder, samples: Samples, law: Likelihood, beta: float, variance: str | None
) -> _Seen:
    few = np.linspace(0, len(samples.shown) - 1, min(len(samples.shown), LOOKED_AT)).astype(np.int64)
    batch = samples.fed[few]
    mu, second = encoder(batch)
    checks.check_finite(mu, "encoder")
    if not 2 <= mu.shape[1] <= MOST_DIMENSIONS:
        raise ImportRefused(f"expected from 2 to {MOST_DIMENSIONS:,} latent dimensions, got {mu.shape[1]:,}")
    target = samples.target(few)
    try:
        out = decoder(mu)
    except ImportRefused as error:
        raise ImportRefused(f"{error} (the encoder has {mu.shape[1]} latent dimensions)") from error
    checks.check_output(out, target)
    order = order_of(decoder.shape, np.shape(samples.fed)[1:], samples.shape)
    out = out if order is None else out[:, order]
    values, remark = (samples.range, "") if samples.said else decoded_range(out, target, samples.range)
    shown = shown_decoder(decoder, order, values)
    found = checks.look(
        encoder, decoder, batch, (mu, second), target, reading=variance, beta=beta, likelihood=law,
        to_unit=lambda out: np.clip(values.unit(out if order is None else out[:, order]), 0, 1),
        encode_again=samples.fed_again,
    )  # fmt: skip
    warnings = [remark, *found.warnings, range_warning(values.unit(out))]
    return _Seen(found, values, order, shown, [warning for warning in warnings if warning])


def _some(count: int) -> NDArray[np.int64]:
    """Evenly spaced rows: as many as a collapse is predicted from."""
    return np.linspace(0, count - 1, min(count, MOST_COVARIANCE)).astype(np.int64)


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
        return home.models_folder() / chosen
    if "\0" in str(out):
        raise ImportRefused("out: expected a folder, got a path with a null character")
    return Path(out) / chosen


def _check_numbers(beta: float, batch: int) -> None:
    if not (is_number(beta) and (beta == 0 or 1e-9 <= beta <= MOST_BETA)):
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


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('?') else '.'}"


def _approximate(stored: StoredDecoder) -> str:
    """What a decoder that is no chain means to the person; "" for a chain."""
    if stored.chain is not None:
        return ""
    if stored.onnx is not None:
        shown = "Decodes are approximate while the hand moves and exact where it rests"
    else:
        shown = (
            "Decodes are approximate, and of two planes alone where there are more dimensions than two, except in an"
            " app that this same script opens (vae_core.explore)"
        )
    return f"{shown}: the decoder is no chain of layers ({stored.why})."


def _say(folder: Path, remark: str, *, kept: bool) -> None:
    """Where the model is and how to open it: the app shows the kept ones, and those of a folder that it is told."""
    told = "" if kept else f"{library.CHECKPOINTS_VARIABLE}={shlex.quote(str(folder.parent.absolute()))} "
    print(f"{folder}: written; to open it: {told}streamlit run app.py, model {folder.name!r}", file=sys.stderr)
    if remark:
        print(f"Note: {remark}", file=sys.stderr)

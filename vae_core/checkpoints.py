"""Trained models on disk: a folder with model.safetensors, codes.safetensors and card.json, read strictly.

statistics.safetensors, the data set in numbers, may be there as well. Nothing that could run code is ever read, and
only `load_model` imports torch.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as safetensors_bytes

from vae_core.card import CARD, CODES, FORMAT, MODEL, STATISTICS, CheckpointError, check_card, check_table
from vae_core.config import VAEConfig
from vae_core.statistics import ImageStatistics, statistics_from

if TYPE_CHECKING:
    from vae_core.models import VAE

__all__ = [
    "CARD",
    "CODES",
    "FORMAT",
    "MODEL",
    "REFERENCES",
    "STATISTICS",
    "CheckpointError",
    "Codes",
    "check_target",
    "list_models",
    "list_references",
    "load_card",
    "load_codes",
    "load_model",
    "load_statistics",
    "load_weights",
    "save",
    "save_statistics",
    "save_table",
    "weight_shapes",
]

REFERENCES = "reference"  # the folder, beside the models, of those that were trained at one beta alone
SMALLEST_SIGMA = 6.2e-5  # the smallest normal float16, rounded up: sigma is stored no smaller

PathLike = str | os.PathLike[str]
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Codes:
    """The codes of every sample at several values of beta.

    betas float64 [K], rising; mu and sigma [K, N, 2] (float16, as stored); labels int32 [N]; test bool [N],
    True for the samples that were held out of training. beta_offset: the model's, for the interpolation.
    """

    betas: NDArray[np.float64]
    mu: NDArray[np.float16]
    sigma: NDArray[np.float16]
    labels: NDArray[np.int32]
    test: NDArray[np.bool_]
    beta_offset: float = 0.003

    def nearest(self, beta: float) -> int:
        """The index of the stored beta nearest to this one, in log(beta + beta_offset)."""
        return int(np.abs(np.log(self.betas + self.beta_offset) - math.log(beta + self.beta_offset)).argmin())

    def at_beta(self, beta: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """mu and sigma, float32 [N, 2], at beta: exact at the stored values, linear in between.

        mu and log sigma are interpolated linearly in u, that is in log(beta + beta_offset). Raises ValueError
        where beta is outside the stored range.
        """
        if not self.betas[0] <= beta <= self.betas[-1]:
            raise ValueError(f"beta: expected {self.betas[0]:g} to {self.betas[-1]:g}, got {beta}")
        above = int(np.searchsorted(self.betas, beta))
        if self.betas[above] == beta:
            return self.mu[above].astype(np.float32), self.sigma[above].astype(np.float32)
        low, high, at = (
            math.log(b + self.beta_offset) for b in (self.betas[above - 1], self.betas[above], beta)
        )
        share = np.float32((at - low) / (high - low))
        mu0, mu1 = (self.mu[k].astype(np.float32) for k in (above - 1, above))
        log0, log1 = (np.log(self.sigma[k].astype(np.float32)) for k in (above - 1, above))
        return mu0 + share * (mu1 - mu0), np.exp(log0 + share * (log1 - log0))


def list_models(folder: PathLike) -> list[str]:
    """The names of the model folders in `folder` (those that hold a card), sorted; [] where it does not exist."""
    root = Path(folder)
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if path.name[0] != "." and (path / CARD).is_file())


def load_card(path: PathLike) -> dict[str, Any]:
    """The card of the model folder `path`, checked field by field. Raises CheckpointError."""
    file = Path(path, CARD)
    try:
        card = json.loads(_read(file))
    except ValueError as error:
        raise CheckpointError(f"{file}: expected JSON, got something else ({error})") from error
    if not isinstance(card, dict):
        raise CheckpointError(f"{file}: expected a JSON object, got {type(card).__name__}")
    check_card(file, card)
    return card


def load_weights(path: PathLike) -> Weights:
    """The weights of the model folder `path`, float32, checked against its card. Raises CheckpointError."""
    return _load_weights(Path(path), load_card(path))


def load_codes(path: PathLike) -> Codes:
    """The codes of the model folder `path`, checked against its card. Raises CheckpointError."""
    card = load_card(path)
    file = Path(path, CODES)
    tensors = _load_tensors(file, card)
    count, samples, latent_dim = len(card["betas"]), card["samples"], card["config"]["latent_dim"]
    shapes = {
        "betas": (count,),
        "mu": (count, samples, latent_dim),
        "sigma": (count, samples, latent_dim),
        "labels": (samples,),
        "test": (samples,),
    }
    _check_shapes(file, shapes, tensors)
    if not np.array_equal(tensors["betas"], card["betas"]):
        raise CheckpointError(f"{file}: expected the betas of {CARD}, got others")
    if not (tensors["sigma"] > 0).all():
        raise CheckpointError(f"{file}: expected every sigma to be positive, got {tensors['sigma'].min()}")
    labels, names = tensors["labels"], len(card["label_names"])
    if samples and (labels.min() < 0 or labels.max() >= names):
        raise CheckpointError(
            f"{file}: expected labels from 0 to {names - 1}, got {labels.min()} to {labels.max()}"
        )
    test = tensors["test"].astype(bool)
    return Codes(
        tensors["betas"], tensors["mu"], tensors["sigma"], labels, test, card["config"]["beta_offset"]
    )


def load_statistics(path: PathLike) -> ImageStatistics | None:
    """The data set's statistics in the model folder `path`, checked; None where the card names none.

    Raises CheckpointError.
    """
    card = load_card(path)
    if STATISTICS not in card["files"]:
        return None
    file = Path(path, STATISTICS)
    tensors = _load_tensors(file, card)
    try:
        statistics = statistics_from(_facts(file.read_bytes()), tensors, _pixels(card))
    except ValueError as error:
        raise CheckpointError(f"{file}: {error}") from error
    _check_statistics(file, statistics, card)
    return statistics


def load_model(path: PathLike) -> VAE:
    """The model in the folder `path`, in eval mode on the CPU; `model.card` is its card. Raises CheckpointError."""
    card = load_card(path)
    weights = _load_weights(Path(path), card)
    import torch

    from vae_core.models import VAE

    model = VAE(VAEConfig.from_json(card["config"]))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=True)
    model.card = card
    return model.eval()


def save(
    path: PathLike, model: VAE, codes: Codes, card: dict[str, Any], statistics: ImageStatistics | None = None
) -> dict[str, Any]:
    """Write a model folder and return its complete card.

    `format`, `config`, `betas`, `samples`, `parameters` and `files` are filled in here. Weights are stored as
    float16. The folder is written beside its place and then renamed, so that whatever was there stays whole
    until then. Raises CheckpointError where something that is no model is in the way, and OSError where
    writing fails.
    """
    check_target(path)
    weights = {name: value.astype(np.float16) for name, value in model.weights().items()}
    contents = {
        MODEL: safetensors_bytes(weights),
        CODES: safetensors_bytes(
            {
                "betas": codes.betas,
                "mu": codes.mu.astype(np.float16),
                "sigma": np.maximum(codes.sigma, SMALLEST_SIGMA).astype(np.float16),
                "labels": codes.labels.astype(np.int32),
                "test": codes.test.astype(np.uint8),
            }
        ),
    }
    card = {
        "format": FORMAT,
        **card,
        "config": model.config.to_json(),
        "betas": codes.betas.tolist(),
        "samples": len(codes.labels),
        "parameters": sum(value.size for value in weights.values()),
        "files": {name: _fingerprint(content) for name, content in contents.items()},
    }
    if statistics is not None:
        _check_statistics(Path(path, STATISTICS), statistics, card)
        contents[STATISTICS] = _statistics_bytes(statistics)
        card["files"][STATISTICS] = _fingerprint(contents[STATISTICS])
    contents[CARD] = _card_bytes(card)
    check_card(Path(path, CARD), json.loads(contents[CARD]))
    _write_folder(Path(path), contents)
    return card


def save_table(path: PathLike, table: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the table along beta (vae_core.table) into a model's card and return the card; nothing else changes.

    The card is written beside its place and then renamed. Raises CheckpointError where the folder holds no model
    or the table does not fit it, and OSError where writing fails.
    """
    file = Path(path, CARD)
    card = {**load_card(path), "table": table}
    check_table(file, table, card["betas"])
    _write_file(file, _card_bytes(card))
    return card


def save_statistics(path: PathLike, statistics: ImageStatistics) -> dict[str, Any]:
    """Put the data set's statistics into a model folder and return its card; model and codes stay as they are.

    Both files are written beside their places and then renamed, the card last: until then it names none or the old
    ones. Raises CheckpointError where the folder holds no model or the statistics are of other samples, and OSError
    where writing fails.
    """
    file = Path(path, STATISTICS)
    card = load_card(path)
    _check_statistics(file, statistics, card)
    content = _statistics_bytes(statistics)
    card["files"] = {**card["files"], STATISTICS: _fingerprint(content)}
    _write_file(file, content)
    _write_file(Path(path, CARD), _card_bytes(card))
    return card


def list_references(path: PathLike) -> list[Path]:
    """Folders of the VAEs that were trained at one beta each, beside the model folder `path`, by rising beta.

    They are the model folders in `reference/<name of the model's folder>/`; [] where there are none.
    """
    model = Path(path)
    folder = model.parent / REFERENCES / model.name
    readable = []
    for name in list_models(folder):
        try:
            readable.append((load_card(folder / name)["betas"][0], folder / name))
        except CheckpointError:
            continue
    return [reference for _, reference in sorted(readable)]


def check_target(path: PathLike) -> None:
    """Raise CheckpointError where a model cannot be saved: over something else, or in a folder nobody may write to."""
    folder = Path(path)
    if folder.exists():
        found = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else ["a file"]
        foreign = [name for name in found if name not in (CARD, MODEL, CODES, STATISTICS)]
        if foreign:
            raise CheckpointError(
                f"{folder}: expected a model folder or none, got {foreign[0]!r}; it stays untouched"
            )
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise CheckpointError(f"{parent}: expected a folder that can be written to")


def weight_shapes(config: VAEConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor in model.safetensors."""
    mirror = (config.latent_dim, *reversed(config.hidden), config.pixels)
    shapes: dict[str, tuple[int, ...]] = {}
    for part, widths in (
        ("encoder", (config.pixels, *config.hidden, 2 * config.latent_dim)),
        ("decoder", mirror),
    ):
        for i, (inputs, outputs) in enumerate(pairwise(widths)):
            shapes[f"{part}.{i}.weight"] = (inputs, outputs)
            shapes[f"{part}.{i}.bias"] = (outputs,)
            shapes[f"{part}.{i}.gain"] = (config.degree, outputs)
            shapes[f"{part}.{i}.shift"] = (config.degree, outputs)
    return shapes


def _pixels(card: dict[str, Any]) -> int:
    return math.prod(card["config"]["input_shape"])


def _check_statistics(file: Path, statistics: ImageStatistics, card: dict[str, Any]) -> None:
    """Raise CheckpointError where the statistics are of other samples than the card's."""
    expected, found = (card["samples"], _pixels(card)), (statistics.samples, len(statistics.mean))
    if found != expected:
        raise CheckpointError(
            f"{file}: expected the statistics of {expected[0]} samples of {expected[1]} pixels as {CARD} says,"
            f" got {found[0]} of {found[1]}"
        )


def _statistics_bytes(statistics: ImageStatistics) -> bytes:
    return safetensors_bytes(statistics.tensors(), metadata={"json": json.dumps(statistics.facts(), allow_nan=False)})


def _facts(content: bytes) -> object:
    """The JSON in the metadata of a safetensors file that has been parsed. Raises ValueError."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return json.loads(header.get("__metadata__", {}).get("json", "null"))


def _load_weights(folder: Path, card: dict[str, Any]) -> Weights:
    file = folder / MODEL
    tensors = _load_tensors(file, card)
    _check_shapes(file, weight_shapes(VAEConfig.from_json(card["config"])), tensors)
    return {name: value.astype(np.float32) for name, value in tensors.items()}


def _load_tensors(file: Path, card: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """The finite tensors of a safetensors file whose size and hash are those of the card."""
    content = _read(file)
    expected = card["files"][file.name]
    if len(content) != expected["bytes"]:
        raise CheckpointError(
            f"{file}: expected {expected['bytes']} bytes, got {len(content)} (truncated or altered)"
        )
    if _fingerprint(content) != expected:
        raise CheckpointError(f"{file}: expected the SHA-256 that {CARD} states, got another one (altered)")
    try:
        tensors: dict[str, NDArray[Any]] = parse_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{file}: expected a safetensors file, got something else ({error})") from error
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"{file}: expected finite values, got NaN or infinity in {name!r}")
    return tensors


def _check_shapes(file: Path, expected: dict[str, tuple[int, ...]], tensors: dict[str, NDArray[Any]]) -> None:
    for name, shape in expected.items():
        if name not in tensors:
            raise CheckpointError(
                f"{file}: expected a tensor {name!r} of shape {shape} as {CARD} says, got none"
            )
        if tensors[name].shape != shape:
            found = tensors[name].shape
            raise CheckpointError(
                f"{file}: expected {name!r} to have the shape {shape} as {CARD} says, got {found}"
            )
    for name in tensors:
        if name not in expected:
            raise CheckpointError(
                f"{file}: expected only the tensors that {CARD} implies, got {name!r} as well"
            )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = "it is missing" if isinstance(error, FileNotFoundError) else str(error)
        raise CheckpointError(f"{file}: expected a file of a trained model, but {reason}") from error


def _fingerprint(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _card_bytes(card: dict[str, Any]) -> bytes:
    return (json.dumps(card, indent=1, allow_nan=False) + "\n").encode()


def _write_file(file: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: what was there stays whole until then."""
    new = file.with_name(f".{file.name}.new-{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def _write_folder(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the files beside `folder`, then swap; on any failure what was there before is there again."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = (folder.with_name(f".{folder.name}.{word}-{os.getpid()}") for word in ("new", "old"))
    try:
        new.mkdir()
        for name, content in contents.items():
            (new / name).write_bytes(content)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

"""Reading trained models: every file checked against its card, nothing executed, every fault named in a sentence.

Only `load_model` imports torch.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from vae_core.checkpoints.card import check_card, is_imported
from vae_core.checkpoints.codes import LARGEST_FLOAT32, SMALLEST_FLOAT32_SIGMA, Codes
from vae_core.checkpoints.files import CARD, CODES, MODEL, STATISTICS, CheckpointError
from vae_core.checkpoints.imported_fields import imported_shapes
from vae_core.config import VAEConfig
from vae_core.layers import check_index
from vae_core.metadata import metadata_json
from vae_core.statistics import ImageStatistics, statistics_from

if TYPE_CHECKING:
    from vae_core.models import VAE

REFERENCES = "reference"  # the folder, beside the models, of those that were trained at one beta alone

CODE_KINDS: dict[str, type] = {
    "betas": np.float64, "mu": np.float16, "sigma": np.float16, "labels": np.int32, "test": np.uint8,
}  # fmt: skip
IMPORTED_KINDS = {**CODE_KINDS, "mu": np.float32, "sigma": np.float32}

PathLike = str | os.PathLike[str]
Weights = dict[str, NDArray[np.float32]]


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
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{file}: expected JSON, got something else ({error})") from error
    if not isinstance(card, dict):
        raise CheckpointError(f"{file}: expected a JSON object, got {type(card).__name__}")
    check_card(file, card)
    return card


def load_weights(path: PathLike) -> Weights:
    """The weights of the model folder `path`, float32, checked against its card. Raises CheckpointError.

    Of an imported model: the tensors "decoder.{k}.{i}.{part}" of the decoders that are chains (vae_core.layers).
    """
    return weights_of(Path(path), load_card(path))


def load_codes(path: PathLike) -> Codes:
    """The codes of the model folder `path`, checked against its card. Raises CheckpointError."""
    card = load_card(path)
    file = Path(path, CODES)
    tensors = load_tensors(file, card)
    count, samples, latent_dim = len(card["betas"]), card["samples"], card["config"]["latent_dim"]
    shapes = {
        "betas": (count,),
        "mu": (count, samples, latent_dim),
        "sigma": (count, samples, latent_dim),
        "labels": (samples,),
        "test": (samples,),
    }
    check_shapes(file, shapes, tensors)
    imported = is_imported(card)
    check_kinds(file, IMPORTED_KINDS if imported else CODE_KINDS, tensors)
    if not np.array_equal(tensors["betas"], card["betas"]):
        raise CheckpointError(f"{file}: expected the betas of {CARD}, got others")
    if not (tensors["sigma"] > 0).all():
        raise CheckpointError(f"{file}: expected every sigma to be positive, got {tensors['sigma'].min()}")
    if imported:
        _check_range(file, tensors)
    labels, names = tensors["labels"], len(card["label_names"])
    if (labels.min() < 0 or labels.max() >= names):
        raise CheckpointError(
            f"{file}: expected labels from 0 to {names - 1}, got {labels.min()} to {labels.max()}"
        )
    test = tensors["test"].astype(bool)
    offset = card["config"]["beta_offset"]
    return Codes(tensors["betas"], tensors["mu"], tensors["sigma"], labels, test, offset, stepped=imported)


def load_statistics(path: PathLike) -> ImageStatistics | None:
    """The data set's statistics in the model folder `path`, checked; None where the card names none.

    Raises CheckpointError.
    """
    card = load_card(path)
    if STATISTICS not in card["files"]:
        return None
    file = Path(path, STATISTICS)
    tensors = load_tensors(file, card)
    try:
        statistics = statistics_from(metadata_json(file.read_bytes()), tensors, _pixels(card))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{file}: {error}") from error
    check_statistics(file, statistics, card)
    return statistics


def load_model(path: PathLike) -> VAE:
    """The model in the folder `path`, in eval mode on the CPU; `model.card` is its card. Raises CheckpointError.

    An imported model has no network that could be loaded: its codes and its decoders are all that there is.
    """
    card = load_card(path)
    if is_imported(card):
        raise CheckpointError(
            f"{Path(path, CARD)}: expected a network of this explorer, got an imported model; use load_codes for its"
            " codes, and load_decoder or load_decoders for its decoder"
        )
    weights = weights_of(Path(path), card)
    import torch

    from vae_core.models import VAE

    model = VAE(VAEConfig.from_json(card["config"]))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=True)
    model.card = card
    return model.eval()


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


def check_statistics(file: Path, statistics: ImageStatistics, card: dict[str, Any]) -> None:
    """Raise CheckpointError where the statistics are of other samples than the card's."""
    expected, found = (card["samples"], _pixels(card)), (statistics.samples, len(statistics.mean))
    if found != expected:
        raise CheckpointError(
            f"{file}: expected the statistics of {expected[0]} samples of {expected[1]} pixels as {CARD} says,"
            f" got {found[0]} of {found[1]}"
        )


def weights_of(folder: Path, card: dict[str, Any]) -> Weights:
    """As `load_weights`, of a folder whose card has been read."""
    file = folder / MODEL
    imported = is_imported(card)
    tensors = load_tensors(file, card)
    shapes = imported_shapes(card["imported"]) if imported else weight_shapes(VAEConfig.from_json(card["config"]))
    check_shapes(file, shapes, tensors)
    check_kinds(file, dict.fromkeys(shapes, np.float32 if imported else np.float16), tensors)
    if imported:
        _check_chains(file, card["imported"]["decoders"], tensors)
    count = sum(value.size for name, value in tensors.items() if not name.endswith(".index"))
    if count != card["parameters"]:
        raise CheckpointError(f"{file}: expected {card['parameters']:,} parameters as {CARD} says, got {count:,}")
    return {name: value.astype(np.float32, copy=False) for name, value in tensors.items()}


def _check_chains(file: Path, decoders: list[dict[str, Any]], tensors: dict[str, NDArray[Any]]) -> None:
    """That every gather takes its numbers from where some are."""
    for k, decoder in enumerate(decoders):
        for i, layer in enumerate(decoder.get("layers", ())):
            try:
                if layer["kind"] == "gather":
                    check_index(i, layer, tensors[f"decoder.{k}.{i}.index"])
            except ValueError as error:
                raise CheckpointError(f"{file}: decoder {k}: {error}") from error


def _check_range(file: Path, tensors: dict[str, NDArray[Any]]) -> None:
    """That float32 codes can be squared, divided by and drawn: float16 could not hold anything else."""
    if tensors["sigma"].min() < SMALLEST_FLOAT32_SIGMA or tensors["sigma"].max() > LARGEST_FLOAT32:
        raise CheckpointError(
            f"{file}: expected every sigma to be from {SMALLEST_FLOAT32_SIGMA:g} to {LARGEST_FLOAT32:g}, got"
            f" {tensors['sigma'].min():g} to {tensors['sigma'].max():g}"
        )
    if np.abs(tensors["mu"]).max() > LARGEST_FLOAT32:
        raise CheckpointError(f"{file}: expected every mu to be at most {LARGEST_FLOAT32:g}, got larger ones")


def load_tensors(file: Path, card: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """The finite tensors of a safetensors file whose size and hash are those of the card."""
    content = read_checked(file, card)
    try:
        tensors: dict[str, NDArray[Any]] = parse_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{file}: expected a safetensors file, got something else ({error})") from error
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"{file}: expected finite values, got NaN or infinity in {name!r}")
    return tensors


def read_checked(file: Path, card: dict[str, Any]) -> bytes:
    """What is in a file whose size and hash are those of the card. Raises CheckpointError."""
    content = _read(file)
    expected = card["files"][file.name]
    if len(content) != expected["bytes"]:
        raise CheckpointError(
            f"{file}: expected {expected['bytes']} bytes, got {len(content)} (truncated or altered)"
        )
    if fingerprint(content) != expected:
        raise CheckpointError(f"{file}: expected the SHA-256 that {CARD} states, got another one (altered)")
    return content


def check_shapes(file: Path, expected: dict[str, tuple[int, ...]], tensors: dict[str, NDArray[Any]]) -> None:
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


def check_kinds(file: Path, kinds: dict[str, type], tensors: dict[str, NDArray[Any]]) -> None:
    """That every number has the precision that `save` stores, and so fits what the browser reads."""
    for name, kind in kinds.items():
        if tensors[name].dtype != kind:
            found = tensors[name].dtype
            raise CheckpointError(f"{file}: expected {name!r} to be {np.dtype(kind)}, got {found}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = "it is missing" if isinstance(error, FileNotFoundError) else str(error)
        raise CheckpointError(f"{file}: expected a file of a trained model, but {reason}") from error


def fingerprint(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

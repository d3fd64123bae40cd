"""Imported models on disk: how each decoder is stored, the samples themselves, and grids of decodes.

An ONNX file may come from anybody. It is data here: its fingerprint is checked and its bytes are handed on, and only
onnxruntime, which runs no code of a graph's own, ever opens it (vae_core.bring.onnx_model).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as safetensors_bytes

from vae_core.checkpoints.card import FORMAT, check_card, is_imported
from vae_core.checkpoints.codes import LARGEST_FLOAT32, SMALLEST_FLOAT32_SIGMA, Codes
from vae_core.checkpoints.files import (
    CARD,
    CODES,
    DECODES,
    MODEL,
    SAMPLES,
    STATISTICS,
    CheckpointError,
    is_onnx,
    onnx_name,
)
from vae_core.checkpoints.loading import (
    PathLike,
    check_kinds,
    check_shapes,
    check_statistics,
    fingerprint,
    load_card,
    load_tensors,
    read_checked,
    weights_of,
)
from vae_core.checkpoints.saving import card_bytes, check_target, statistics_bytes, write_folder
from vae_core.layers import Chain
from vae_core.projection import Plane
from vae_core.statistics import ImageStatistics

MOST_ONNX_BYTES = 200_000_000  # of one decoder's file
_HEADER = 8  # bytes before a safetensors file's JSON: its length
_LONGEST_HEADER = 1_000_000
_DTYPES: dict[str, np.dtype[Any]] = {"U8": np.dtype(np.uint8), "F32": np.dtype("<f4")}

Samples = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Grid:
    """Decodes of side by side points of a plane.

    bounds: xmin, xmax, ymin, ymax, in the plane. decodes: uint8 [side, side, pixels], the first row at ymin, the first
    column at xmin; a value k stands for k / 255.
    """

    plane: Plane
    bounds: tuple[float, float, float, float]
    decodes: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class StoredDecoder:
    """The decoder of an imported model at one beta.

    chain: its layers, where it is a sequence of those that the browser runs. onnx: else the graph, with one input
    [N, d] and one output [N, *input_shape] or [N, pixels], as displayed. why: the reason why it is no chain, a phrase.
    grids: decodes that stand in while a hand moves; none where there is a chain.
    """

    chain: Chain | None = None
    onnx: bytes | None = None
    why: str = ""
    grids: tuple[Grid, ...] = ()


def save_imported(
    path: PathLike,
    *,
    codes: Codes,
    decoders: Sequence[StoredDecoder],
    card: dict[str, Any],
    samples: NDArray[Any] | None = None,
    statistics: ImageStatistics | None = None,
    replace: bool = False,
) -> dict[str, Any]:
    """Write the folder of an imported model and return its complete card.

    codes: mu and sigma [K, N, d], stored as float32, sigma at least 1e-12. decoders: one for each of the K betas; of
    one that has a chain the graph is not kept. card: its `config` is a VAEConfig or its record; `imported` holds
    source, described and family. `format`, `betas`, `samples`, `parameters`, `files` and the decoders and grids of
    `imported` are filled in here. samples: uint8 [N, *input_shape], or floats in [0, 1] that are stored as float32, in
    the order of the codes. replace: whether a model that is there gives way; it stays whole until the new one is.

    Raises CheckpointError where something is in the way, or where what is given does not fit together, and OSError
    where writing fails; then nothing has changed.
    """
    folder = Path(path)
    check_target(folder)
    if not replace and (folder / CARD).exists():
        raise CheckpointError(
            f"{folder}: expected no model there, got one; say replace=True (--replace) to put this in its place"
        )
    contents: dict[str, bytes] = {MODEL: safetensors_bytes(_tensors_of(decoders)), CODES: _codes_bytes(codes)}
    for k, decoder in enumerate(decoders):
        if decoder.chain is None and decoder.onnx is not None:
            contents[onnx_name(k)] = bytes(decoder.onnx)
    grids = [(k, grid) for k, decoder in enumerate(decoders) for grid in decoder.grids]
    if grids:
        contents[DECODES] = safetensors_bytes({f"grid.{g}": grid.decodes for g, (_, grid) in enumerate(grids)})
    if samples is not None:
        contents[SAMPLES] = _samples_bytes(samples)
    if statistics is not None:
        contents[STATISTICS] = statistics_bytes(statistics)
    config = card["config"] if isinstance(card["config"], dict) else card["config"].to_json()
    card = {
        "format": FORMAT,
        **card,
        "config": config,
        "betas": codes.betas.tolist(),
        "samples": len(codes.labels),
        "parameters": sum(decoder.chain.parameters for decoder in decoders if decoder.chain is not None),
        "files": {name: fingerprint(content) for name, content in contents.items()},
        "imported": {
            **card["imported"],
            "decoders": [_decoder_record(k, decoder) for k, decoder in enumerate(decoders)],
            "grids": [_grid_record(k, grid) for k, grid in grids],
        },
    }
    contents[CARD] = card_bytes(card)
    card = json.loads(contents[CARD])
    check_card(folder / CARD, card)
    _check_contents(folder, card, codes, [grid for _, grid in grids], samples)
    if statistics is not None:
        check_statistics(folder / STATISTICS, statistics, card)
    write_folder(folder, contents)
    return card


def load_decoders(path: PathLike) -> list[StoredDecoder]:
    """The decoders of an imported model, one for each of its betas, checked. Raises CheckpointError."""
    folder = Path(path)
    card = load_card(folder)
    if not is_imported(card):
        raise CheckpointError(f"{folder / CARD}: expected an imported model, got a network of this explorer")
    record = card["imported"]
    weights = weights_of(folder, card)
    decodes = load_tensors(folder / DECODES, card) if record["grids"] else {}
    pixels = math.prod(card["config"]["input_shape"])
    shapes: dict[str, tuple[int, ...]] = {
        f"grid.{g}": (grid["side"], grid["side"], pixels) for g, grid in enumerate(record["grids"])
    }
    check_shapes(folder / DECODES, shapes, decodes)
    check_kinds(folder / DECODES, dict.fromkeys(shapes, np.uint8), decodes)
    found: list[StoredDecoder] = []
    for k, decoder in enumerate(record["decoders"]):
        chain, onnx = None, None
        if decoder["kind"] == "chain":
            start = f"decoder.{k}."
            tensors = {name[len(start) :]: value for name, value in weights.items() if name.startswith(start)}
            chain = Chain(tuple(decoder["layers"]), tensors)
        elif decoder["kind"] == "onnx":
            _check_onnx_size(folder / decoder["file"], card)
            onnx = read_checked(folder / decoder["file"], card)
        grids = tuple(
            Grid(
                Plane(np.array(grid["axes"], np.float64), np.array(grid["rest"], np.float64)),
                (grid["bounds"][0], grid["bounds"][1], grid["bounds"][2], grid["bounds"][3]),
                decodes[f"grid.{g}"],
            )
            for g, grid in enumerate(record["grids"])
            if grid["decoder"] == k
        )
        found.append(StoredDecoder(chain, onnx, decoder.get("why", ""), grids))
    return found


def load_samples(path: PathLike) -> Samples | None:
    """The samples of an imported model, uint8 or float32 in [0, 1], [N, *input_shape]; None where it holds none.

    They are a view of what was read, which cannot be written to: they may be large. Raises CheckpointError.
    """
    card = load_card(path)
    if SAMPLES not in card["files"]:
        return None
    file = Path(path, SAMPLES)
    content = read_checked(file, card)
    samples = _only_tensor(file, content, (card["samples"], *card["config"]["input_shape"]))
    if samples.dtype != np.uint8:
        _check_unit(file, samples)
    return samples


def _only_tensor(file: Path, content: bytes, shape: tuple[int, ...]) -> Samples:
    """The tensor `samples` of a safetensors file that holds nothing else, without copying it."""
    size = int.from_bytes(content[:_HEADER], "little")
    try:
        if size > _LONGEST_HEADER:
            raise ValueError("its header is too long")
        header = json.loads(content[_HEADER : _HEADER + size])
        record = {name: value for name, value in header.items() if name != "__metadata__"}
        dtype = _DTYPES[record["samples"]["dtype"]]
        facts = {"dtype": record["samples"]["dtype"], "shape": list(shape)}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise CheckpointError(f"{file}: expected a tensor 'samples' of bytes or float32, got something else") from error
    length = math.prod(shape) * dtype.itemsize
    if record != {"samples": {**facts, "data_offsets": [0, length]}} or len(content) != _HEADER + size + length:
        found = record["samples"].get("shape")
        raise CheckpointError(
            f"{file}: expected 'samples' alone, of the shape {shape} as {CARD} says, got {found!r:.100}"
        )
    samples: Samples = np.frombuffer(content, dtype, offset=_HEADER + size).reshape(shape)
    return samples


def _check_unit(file: Path, samples: NDArray[Any]) -> None:
    """Of a NaN neither comparison is true."""
    if not (samples.min() >= 0 and samples.max() <= 1):
        raise CheckpointError(f"{file}: expected samples from 0 to 1, got {samples.min():g} to {samples.max():g}")


def _check_onnx_size(file: Path, card: dict[str, Any]) -> None:
    size = card["files"][file.name]["bytes"]
    if size > MOST_ONNX_BYTES:
        raise CheckpointError(
            f"{file}: expected a decoder of at most {MOST_ONNX_BYTES / 1e6:,.0f} MB, got one of {size / 1e6:,.1f} MB"
        )


def _tensors_of(decoders: Sequence[StoredDecoder]) -> dict[str, NDArray[np.float32]]:
    return {
        f"decoder.{k}.{name}": np.ascontiguousarray(value)
        for k, decoder in enumerate(decoders)
        if decoder.chain is not None
        for name, value in decoder.chain.tensors.items()
    }


def _codes_bytes(codes: Codes) -> bytes:
    return safetensors_bytes(
        {
            "betas": np.asarray(codes.betas, np.float64),
            "mu": np.ascontiguousarray(codes.mu, np.float32),
            "sigma": np.ascontiguousarray(np.maximum(codes.sigma, np.float32(SMALLEST_FLOAT32_SIGMA)), np.float32),
            "labels": np.ascontiguousarray(codes.labels, np.int32),
            "test": np.ascontiguousarray(codes.test, np.uint8),
        }
    )


def _samples_bytes(samples: NDArray[Any]) -> bytes:
    """A safetensors file of the samples, copied once: its writer would hold three of them."""
    stored = np.ascontiguousarray(samples, None if samples.dtype == np.uint8 else "<f4")
    dtype = next(name for name, kind in _DTYPES.items() if kind == stored.dtype)
    record = {"samples": {"dtype": dtype, "shape": list(stored.shape), "data_offsets": [0, stored.nbytes]}}
    header = json.dumps(record, separators=(",", ":")).encode()
    header += b" " * (-len(header) % _HEADER)  # so that the numbers lie where a processor wants them
    return b"".join([len(header).to_bytes(_HEADER, "little"), header, stored.reshape(-1).view(np.uint8).data])


def _decoder_record(k: int, decoder: StoredDecoder) -> dict[str, Any]:
    if decoder.chain is not None:
        return {"kind": "chain", "layers": list(decoder.chain.layers)}
    if decoder.onnx is not None:
        return {"kind": "onnx", "file": onnx_name(k), "why": decoder.why}
    return {"kind": "none", "why": decoder.why}


def _grid_record(k: int, grid: Grid) -> dict[str, Any]:
    return {
        "decoder": k,
        "axes": grid.plane.axes.tolist(),
        "rest": grid.plane.rest.tolist(),
        "bounds": [float(bound) for bound in grid.bounds],
        "side": len(grid.decodes),
    }


def _check_contents(
    folder: Path, card: dict[str, Any], codes: Codes, grids: Sequence[Grid], samples: NDArray[Any] | None
) -> None:
    """That the arrays fit the card, as reading would find them: before anything is written."""
    shape, dimensions = tuple(card["config"]["input_shape"]), card["config"]["latent_dim"]
    expected = (len(card["betas"]), card["samples"], dimensions)
    for name, value in (("mu", codes.mu), ("sigma", codes.sigma)):
        if value.shape != expected:
            found = value.shape
            raise CheckpointError(f"{folder / CODES}: expected {name!r} to have the shape {expected}, got {found}")
        if not np.abs(value).max() <= LARGEST_FLOAT32 or (name == "sigma" and not value.min() >= 0):
            raise CheckpointError(
                f"{folder / CODES}: expected {name!r} to hold finite numbers up to {LARGEST_FLOAT32:g}"
                f"{', none below 0' if name == 'sigma' else ''}, got others"
            )
    labels = codes.labels
    if len(codes.test) != len(labels) or not 0 <= labels.min() <= labels.max() < len(card["label_names"]):
        raise CheckpointError(
            f"{folder / CODES}: expected labels from 0 to {len(card['label_names']) - 1} and for each sample whether it"
            " was held out, got others"
        )
    for grid in grids:
        side = len(grid.decodes)
        if grid.decodes.shape != (side, side, math.prod(shape)) or grid.decodes.dtype != np.uint8:
            got = f"{grid.decodes.dtype} {grid.decodes.shape}"
            raise CheckpointError(f"{folder / DECODES}: expected bytes [side, side, {math.prod(shape)}], got {got}")
    for graph in filter(is_onnx, card["files"]):
        _check_onnx_size(folder / graph, card)
    if samples is not None:
        if samples.shape != (card["samples"], *shape):
            raise CheckpointError(
                f"{folder / SAMPLES}: expected samples of the shape {(card['samples'], *shape)}, got {samples.shape}"
            )
        if samples.dtype != np.uint8:
            _check_unit(folder / SAMPLES, samples)

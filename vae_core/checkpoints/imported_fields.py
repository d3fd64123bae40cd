"""What stands in the card's field `imported`: where the model comes from, and how each of its decoders is stored.

    source      "python", "pythae" or "onnx"
    described   a sentence of the person who imported it, or of the command that did
    family      whether the members, one per beta, are separate models that were put into one folder
    decoders    one per beta: {"kind": "chain", "layers": [...]} (vae_core.layers), {"kind": "onnx", "file": ..., "why":
                ...} or {"kind": "none", "why": ...}; why: the reason why it is no chain
    grids       {"decoder", "axes", "rest", "bounds", "side"}: side by side decodes of the points
                rest + x axes[0] + y axes[1], x and y from bounds [xmin, xmax, ymin, ymax]

A card may come from anybody: all of it is checked, and what is wrong is one ValueError.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vae_core.checkpoints.files import DECODES, onnx_name
from vae_core.layers import check_layers, tensor_shapes
from vae_core.projection import Plane

SOURCES = ("python", "pythae", "onnx")
LONGEST_WORDS = 200  # of `described` and `why`
MOST_GRIDS, MOST_SIDE = 128, 512
FARTHEST = 1e6  # of a plane's rest and bounds from the origin

Record = dict[str, Any]


def check_imported(card: Record) -> None:
    """Raise ValueError where `imported` does not describe decoders that fit the rest of the card.

    The other fields have their types and the configuration is valid (card.check_card).
    """
    record, config = card["imported"], card["config"]
    expected = ["source", "described", "family", "decoders", "grids"]
    if not isinstance(record, dict) or sorted(record) != sorted(expected):
        found = sorted(record) if isinstance(record, dict) else type(record).__name__
        raise ValueError(f"expected 'imported' to have the fields {', '.join(expected)}, got {found!s:.100}")
    if config["degree"] != 0 or config["hidden"]:
        raise ValueError("config: expected 'degree' 0 and no 'hidden' layers of an imported model, got others")
    if config["latent_dim"] < 2:
        raise ValueError(f"config: expected 'latent_dim' to be at least 2, got {config['latent_dim']}")
    if record["source"] not in SOURCES:
        known = ", ".join(SOURCES)
        raise ValueError(f"expected 'imported'['source'] to be one of {known}, got {record['source']!r:.60}")
    _check_words("'imported'['described']", record["described"])
    if not isinstance(record["family"], bool):
        raise ValueError(f"expected 'imported'['family'] to be true or false, got {record['family']!r:.60}")
    if len(card["betas"]) > 1 and not record["family"]:
        raise ValueError(f"expected one of 'betas' of a model that is no family, got {len(card['betas'])}")
    _check_decoders(card, record["decoders"])
    _check_grids(card, record["grids"])
    _check_files(card["files"], record)


def imported_files(record: Record) -> set[str]:
    """The files that an imported model's decoders and grids stand in, beside its weights."""
    found = {decoder["file"] for decoder in record["decoders"] if decoder["kind"] == "onnx"}
    return found | ({DECODES} if record["grids"] else set())


def imported_shapes(record: Record) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor in an imported model's model.safetensors: decoder.{k}.{i}.{part}."""
    return {
        f"decoder.{k}.{name}": shape
        for k, decoder in enumerate(record["decoders"])
        if decoder["kind"] == "chain"
        for name, shape in tensor_shapes(decoder["layers"]).items()
    }


def _check_decoders(card: Record, decoders: object) -> None:
    count = len(card["betas"])
    if not isinstance(decoders, list) or len(decoders) != count:
        found = len(decoders) if isinstance(decoders, list) else type(decoders).__name__
        raise ValueError(f"expected 'imported'['decoders'] to hold one for each of {count} 'betas', got {found}")
    for k, decoder in enumerate(decoders):
        where = f"'imported'['decoders'][{k}]"
        kind = decoder.get("kind") if isinstance(decoder, dict) else None
        fields = _FIELDS.get(kind) if isinstance(kind, str) else None
        if not isinstance(decoder, dict) or fields is None or set(decoder) != fields:
            raise ValueError(f"expected {where} to be a chain, onnx or none with its fields, got {decoder!r:.60}")
        if "why" in decoder:
            _check_words(f"{where}['why']", decoder["why"])
        if kind == "onnx" and decoder["file"] != onnx_name(k):
            raise ValueError(f"expected {where}['file'] to be {onnx_name(k)!r}, got {decoder['file']!r:.60}")
        if kind == "chain":
            try:
                check_layers(decoder["layers"], card["config"]["latent_dim"], math.prod(card["config"]["input_shape"]))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from error


_FIELDS = {"chain": {"kind", "layers"}, "onnx": {"kind", "file", "why"}, "none": {"kind", "why"}}


def _check_grids(card: Record, grids: object) -> None:
    if not isinstance(grids, list) or len(grids) > MOST_GRIDS:
        raise ValueError(f"expected 'imported'['grids'] to hold at most {MOST_GRIDS} records, got {grids!r:.60}")
    for g, grid in enumerate(grids):
        where = f"'imported'['grids'][{g}]"
        if not isinstance(grid, dict) or set(grid) != {"decoder", "axes", "rest", "bounds", "side"}:
            raise ValueError(f"expected {where} to have decoder, axes, rest, bounds and side, got {grid!r:.60}")
        _check_whole(f"{where}['decoder']", grid["decoder"], 0, len(card["betas"]) - 1)
        _check_whole(f"{where}['side']", grid["side"], 2, MOST_SIDE)
        _check_plane(where, grid["axes"], grid["rest"], card["config"]["latent_dim"])
        bounds = grid["bounds"]
        if not _are_numbers(bounds, 4) or not all(low < high for low, high in (bounds[:2], bounds[2:])):
            raise ValueError(f"expected {where}['bounds'] to be xmin < xmax and ymin < ymax, got {bounds!r:.100}")


def _check_plane(where: str, axes: object, rest: object, dimensions: int) -> None:
    if not isinstance(axes, list) or len(axes) != 2 or not all(_are_numbers(axis, dimensions) for axis in axes):
        raise ValueError(f"expected {where}['axes'] to be two lists of {dimensions} numbers, got {axes!r:.60}")
    if not isinstance(rest, list) or not _are_numbers(rest, dimensions):
        raise ValueError(f"expected {where}['rest'] to be {dimensions} numbers, got {rest!r:.60}")
    try:
        Plane(np.array(axes, np.float64), np.array(rest, np.float64))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _check_files(files: Record, record: Record) -> None:
    wanted = imported_files(record)
    missing = sorted(wanted - files.keys())
    if missing:
        raise ValueError(f"expected 'files' to name {missing[0]}, which 'imported' needs")
    more = sorted(name for name in files if (name.endswith(".onnx") or name == DECODES) and name not in wanted)
    if more:
        raise ValueError(f"expected 'files' to name what 'imported' needs, got {more[0]!r:.60} as well")


def _check_words(where: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_WORDS:
        raise ValueError(f"expected {where} to be a text of at most {LONGEST_WORDS} characters, got {value!r:.60}")


def _check_whole(where: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"expected {where} to be a whole number from {least} to {most}, got {value!r:.60}")


def _are_numbers(values: object, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(
            isinstance(value, int | float) and not isinstance(value, bool) and -FARTHEST <= value <= FARTHEST
            for value in values
        )
    )

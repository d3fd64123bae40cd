"""The card of a trained model, card.json: its fields, and that they are what they should be."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from vae_core.config import ConfigError, VAEConfig

FORMAT = 1
CARD, MODEL, CODES = "card.json", "model.safetensors", "codes.safetensors"
STATISTICS = "statistics.safetensors"  # of the data set; a model may lack it

CARD_FIELDS: dict[str, type] = {
    "format": int,
    "name": str,
    "title": str,
    "dataset": str,
    "config": dict,
    "label_names": list,
    "samples": int,
    "betas": list,
    "beta_collapse": float,
    "training": dict,
    "curve": list,
    "parameters": int,
    "files": dict,
}

FINGERPRINT: dict[str, type] = {"sha256": str, "bytes": int}  # of a file, in the card's "files"


class CheckpointError(Exception):
    """A model folder that cannot be used; the message is one sentence that names the file and what was expected."""


def check_card(file: Path, card: dict[str, Any]) -> None:
    """Raise CheckpointError, in one sentence that names `file`, where a card lacks a field or a field is wrong."""
    if "format" in card and card["format"] != FORMAT:
        raise CheckpointError(f"{file}: expected format {FORMAT}, got {card['format']!r}")
    for name, kind in CARD_FIELDS.items():
        if name not in card:
            raise CheckpointError(f"{file}: the field {name!r} is missing")
        numbers = (int, float) if kind is float else kind
        if not isinstance(card[name], numbers) or isinstance(card[name], bool):
            found = type(card[name]).__name__
            raise CheckpointError(
                f"{file}: expected the field {name!r} to be of type {kind.__name__}, got {found}"
            )
    try:
        VAEConfig.from_json(card["config"])
    except (ConfigError, TypeError) as error:
        raise CheckpointError(f"{file}: {error}") from error
    _check_betas(file, card["betas"], card["config"])
    if "table" in card:
        check_table(file, card["table"], card["betas"])
    for name in (MODEL, CODES, *({STATISTICS} & card["files"].keys())):
        record = card["files"].get(name)
        if not isinstance(record, dict) or {key: type(value) for key, value in record.items()} != FINGERPRINT:
            raise CheckpointError(
                f"{file}: expected sha256 and bytes of {name} in 'files', got {record!r:.100}"
            )


def _check_betas(file: Path, betas: list[object], config: dict[str, Any]) -> None:
    beta_max = config["beta_max"]
    if config["degree"] == 0:
        if betas != [beta_max]:
            raise CheckpointError(f"{file}: expected 'betas' to hold beta_max = {beta_max:g} alone, got {betas!r:.100}")
        return
    numbers = [beta for beta in betas if isinstance(beta, int | float) and math.isfinite(beta)]
    rising = all(low < high for low, high in pairwise(numbers))
    if len(numbers) < max(2, len(betas)) or not rising or numbers[0] != 0 or numbers[-1] != beta_max:
        raise CheckpointError(
            f"{file}: expected 'betas' to rise from 0 to beta_max = {beta_max:g}, got {betas!r:.100}"
        )


def check_table(file: Path, table: object, betas: list[float]) -> None:
    """Raise CheckpointError where a table along beta has no record for each of betas, or a number is not finite."""
    rows = table if isinstance(table, list) else []
    if [row.get("beta") if isinstance(row, dict) else None for row in rows] != betas:
        raise CheckpointError(f"{file}: expected 'table' to hold a record for each of 'betas', got {table!r:.100}")
    for row in rows:
        for name, is_valid in TABLE_FIELDS.items():
            if not is_valid(row.get(name)):
                raise CheckpointError(
                    f"{file}: expected {name!r} in the table at beta = {row['beta']:g} to be finite numbers,"
                    f" got {row.get(name)!r:.100}"
                )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_estimate(value: object) -> bool:
    """A value and its error."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[1] >= 0


TABLE_FIELDS: dict[str, Callable[[Any], bool]] = {
    "rate": _is_number,
    "mutual_information": _is_estimate,
    "kl_to_prior": _is_estimate,
    "total_correlation": _is_estimate,
    "marginal_kl": lambda value: isinstance(value, list) and bool(value) and all(map(_is_estimate, value)),
    "mean_sigma": _is_number,
    "min_sigma": _is_number,
    "active_units": _is_number,
    "holes": _is_estimate,
    "distortion": lambda value: value is None or _is_estimate(value),
}

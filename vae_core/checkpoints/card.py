"""The card of a trained model, card.json: its fields, and that they are what they should be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from vae_core.checkpoints.card_fields import check_fields, check_values
from vae_core.checkpoints.files import CARD, CODES, MODEL, STATISTICS, CheckpointError, is_model_file
from vae_core.checkpoints.imported_fields import check_imported
from vae_core.config import ConfigError, VAEConfig

__all__ = [
    "CARD",
    "CODES",
    "FORMAT",
    "MODEL",
    "STATISTICS",
    "CheckpointError",
    "check_card",
    "check_columns",
    "check_table",
    "is_imported",
]

FORMAT = 1

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

LONGEST_NAME, MOST_DECIMALS = 120, 6  # of a column of a table, in the card's optional "columns"

FINGERPRINT: dict[str, type] = {"sha256": str, "bytes": int}  # of a file, in the card's "files"


def is_imported(card: dict[str, Any]) -> bool:
    """Whether the model was trained elsewhere and brought here: its card has the record `imported`."""
    return "imported" in card


def check_card(file: Path, card: dict[str, Any]) -> None:
    """Raise CheckpointError, in one sentence that names `file`, where a card lacks a field or a field is wrong."""
    _check(file, check_values, card)
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
    _check_betas(file, card["betas"], card["config"], imported=is_imported(card))
    if "table" in card:
        check_table(file, card["table"], card["betas"])
    if "columns" in card:
        check_columns(file, card["columns"], card["config"]["input_shape"])
    for name in (MODEL, CODES, *filter(is_model_file, card["files"])):
        record = card["files"].get(name)
        if not isinstance(record, dict) or {key: type(value) for key, value in record.items()} != FINGERPRINT:
            raise CheckpointError(
                f"{file}: expected sha256 and bytes of {name} in 'files', got {record!r:.100}"
            )
    _check(file, check_fields, card)
    if is_imported(card):
        _check(file, check_imported, card)


def _check(file: Path, check: Callable[[dict[str, Any]], None], card: dict[str, Any]) -> None:
    try:
        check(card)
    except ValueError as error:
        raise CheckpointError(f"{file}: {error}") from error


def _check_betas(file: Path, betas: list[object], config: dict[str, Any], *, imported: bool) -> None:
    beta_max = config["beta_max"]
    if imported:
        members = [beta for beta in betas if isinstance(beta, int | float) and _is_number(beta)]
        rising = all(low < high for low, high in pairwise(members))
        if len(members) < max(1, len(betas)) or not rising or members[0] < 0 or members[-1] != beta_max:
            raise CheckpointError(
                f"{file}: expected 'betas' to rise to beta_max = {beta_max:g}, one for each member, got {betas!r:.100}"
            )
        return
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


def check_columns(file: Path, columns: object, input_shape: Sequence[int]) -> None:
    """Raise CheckpointError where columns does not say, for each number of a sample, its name, range and decimals.

    A sample is a row of a table then: its value x in [0, 1] stands for low + x * (high - low) of the column.
    """
    if len(input_shape) != 1:
        raise CheckpointError(
            f"{file}: expected no 'columns' beside samples of the shape {tuple(input_shape)}, which are no rows"
        )
    if not isinstance(columns, list) or len(columns) != input_shape[0]:
        found = len(columns) if isinstance(columns, list) else type(columns).__name__
        raise CheckpointError(f"{file}: expected 'columns' to be a list of {input_shape[0]} records, got {found}")
    for number, column in enumerate(columns, start=1):
        if not _is_column(column):
            raise CheckpointError(
                f"{file}: expected column {number} to have a name of 1 to {LONGEST_NAME} characters, a low below its"
                f" high, and 0 to {MOST_DECIMALS} decimals, got {column!r:.200}"
            )


def _is_column(column: object) -> bool:
    if not isinstance(column, dict) or set(column) != {"name", "low", "high", "decimals"}:
        return False
    name, low, high, decimals = (column[key] for key in ("name", "low", "high", "decimals"))
    return (
        isinstance(name, str)
        and 0 < len(name) <= LONGEST_NAME
        and _is_number(low)
        and _is_number(high)
        and low < high
        and math.isfinite(high - low)
        and isinstance(decimals, int)
        and not isinstance(decimals, bool)
        and 0 <= decimals <= MOST_DECIMALS
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

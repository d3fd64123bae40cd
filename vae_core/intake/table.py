"""A table as it came: its columns, the numbers in them, and the classes that one of them may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.choices import ColumnInfo, Step
from vae_core.intake.labels import Labels
from vae_core.intake.limits import IntakeError
from vae_core.intake.words import shown

COLUMNS_READ = 20_000  # more than that is no table of values
MOST_DECIMALS = 4
_LOOKED_AT = 2_000  # rows that say how many decimals a column shows


@dataclass(frozen=True)
class Table:
    """name: of the file; samples: rows; numbers(j): column j as float64 [N], NaN where a value is missing.

    rows: the first ones, as text; labels: what makes classes of a column, for those with few enough values.
    """

    name: str
    samples: int
    infos: tuple[ColumnInfo, ...]
    numbers: Callable[[int], NDArray[np.float64]]
    rows: list[list[str]]
    labels: dict[str, Callable[[], Labels]] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def array_table(array: NDArray[Any], name: str) -> Table:
    """The rows of an array [N, d]. Raises IntakeError for infinities; NaN is a missing value."""
    if array.shape[1] > COLUMNS_READ:
        raise IntakeError(f"{shown(name)}: expected at most {COLUMNS_READ:,} columns, got {array.shape[1]:,}")
    _refuse_infinities(array, name)
    infos = tuple(numeric_info(f"column {j + 1}", array[:, j].astype(np.float64)) for j in range(array.shape[1]))
    rows = [[_short(value) for value in row] for row in array[:ROWS_SHOWN]]
    return Table(name, len(array), infos, lambda j: array[:, j].astype(np.float64), rows)


def numeric_info(name: str, values: NDArray[np.float64], *, odd: int = 0, example: str = "") -> ColumnInfo:
    """What is known of a column of numbers [N], NaN where one is missing."""
    there = values[~np.isnan(values)]
    if not len(there):
        return ColumnInfo(name, "text", len(values))
    missing = len(values) - len(there)
    low, high = float(there.min()), float(there.max())
    return ColumnInfo(name, "numeric", missing, low, high, decimals_of(there[:_LOOKED_AT]), odd, example)


def decimals_of(values: NDArray[np.float64]) -> int:
    """Digits behind the point that show these values as they are, at most 4."""
    finite = values[np.isfinite(values)]
    slack = 1e-6 * np.maximum(1e-3, np.abs(finite)) if len(finite) else finite
    for digits in range(MOST_DECIMALS):
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest there is have no decimals
            if not (np.abs(np.round(finite, digits) - finite) > slack).any():
                return digits
    return MOST_DECIMALS


ROWS_SHOWN = 12


def _refuse_infinities(array: NDArray[Any], name: str) -> None:
    if array.dtype.kind != "f":
        return
    wrong = np.isinf(array)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise IntakeError(
            f"{shown(name)}: expected finite numbers, got infinite values ({int(wrong.sum()):,} of them, the first at"
            f" index {place})"
        )


def _short(value: Any) -> str:
    return "" if value != value else f"{value:.6g}"

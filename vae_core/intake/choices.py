"""What a person chooses about their data, and what they are told of it before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Fit = Literal["crop", "pad"]
Missing = Literal["drop", "median"]


@dataclass(frozen=True)
class Choices:
    """How a data set is made of what came; `Upload.defaults` has sensible ones.

    size: height and width of every picture, None for as they are. colour: kept where there is any. fit: where a
    picture's shape is another, "crop" keeps its middle, "pad" all of it, with borders. label_column: one of
    `Upload.label_options`, or None. columns: of a table, those that are used. missing: rows with a missing value are
    dropped, or it is filled by its column's median. shape: height and width where each row of a table is a picture.
    limit: at most so many samples, drawn at random; None for all.
    """

    title: str
    size: tuple[int, int] | None = None
    colour: bool = False
    fit: Fit = "crop"
    label_column: str | None = None
    columns: tuple[str, ...] = ()
    missing: Missing = "drop"
    shape: tuple[int, int] | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Step:
    """One thing that will be done. The page has a text for each kind, with `values` in its holes."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """A contact sheet, uint8 [H, W, 3], or the first rows of a table with their header; the others are None."""

    sheet: NDArray[np.uint8] | None = None
    header: tuple[str, ...] | None = None
    rows: list[list[str]] | None = None


@dataclass(frozen=True)
class ColumnInfo:
    """A column of a table as it came.

    kind: "numeric" where nearly every value is a number. missing: values that are not there; odd: values of a numeric
    column that are no numbers, which count as missing, with an example. low, high: of the numbers, NaN without any.
    decimals: digits behind the point, at most 4. classes: distinct values where
    they are few enough to be classes, else 0.
    """

    name: str
    kind: Literal["numeric", "text"]
    missing: int = 0
    low: float = float("nan")
    high: float = float("nan")
    decimals: int = 0
    odd: int = 0
    example: str = ""
    classes: int = 0


@dataclass(frozen=True)
class ArrayInfo:
    """An array of an .npz file, and what it can be."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    role: Literal["samples", "labels", "other"]

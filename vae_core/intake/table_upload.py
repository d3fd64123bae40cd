"""A table that came: the choices about its columns and missing values, and the data set in [0, 1]; or its pixels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vae_core.datasets import Column, Dataset
from vae_core.intake.array_pictures import known_range, unit
from vae_core.intake.choices import ArrayInfo, Choices, ColumnInfo, Preview, Step
from vae_core.intake.labels import Labels
from vae_core.intake.limits import IntakeError, Limits
from vae_core.intake.sheet import contact_sheet, spread
from vae_core.intake.table import Table
from vae_core.intake.upload import Report, Upload, silent
from vae_core.intake.words import listed, shown

FILL_FROM = 0.05  # of the rows lack a value: from here on the default is to fill, not to drop them
_LABEL_WORDS = ("label", "labels", "class", "target", "species", "category", "type", "y", "digit", "kind", "group")
_NUMBER_WORDS = ("", "id", "index", "row", "nr", "no", "number", "unnamed: 0", "column 1")
_LEAST_SIDE = 6  # of pictures in the rows of a table
_SMOOTH = 0.8  # neighbouring pixels differ by less than this share of what any two columns differ by


class TableUpload(Upload):
    """The rows of a table, with classes by one of its columns or from beside it."""

    kind = "table"

    def __init__(
        self,
        table: Table,
        *,
        title: str,
        limits: Limits,
        labels: dict[str, Labels],
        arrays: tuple[ArrayInfo, ...] = (),
    ) -> None:
        """Raises IntakeError where no column can be used."""
        super().__init__(title=title, samples=table.samples, limits=limits, arrays=arrays)
        self.table, self.columns, self.beside = table, table.infos, labels
        self.place = {info.name: j for j, info in enumerate(table.infos)}
        self.first_steps = list(table.steps)
        self.label_default = self._label_default()
        self.numbering = self._numbering()
        useful = self._useful(self.label_default)
        if not useful:
            raise IntakeError(f"{shown(table.name)}: {self._why_nothing()}")
        self.shapes = self._shapes(len(useful))
        self.shape_default = self.shapes[0] if self.shapes and self._is_smooth(useful, self.shapes[0]) else None

    @property
    def label_options(self) -> tuple[str, ...]:
        """What came beside the table, then the columns with few enough values."""
        return (*self.beside, *self.table.labels)

    def defaults(self) -> Choices:
        """All numeric columns that change, up to the most that can be used; the one that looks like classes."""
        useful = self._useful(self.label_default)
        names = useful if self.shape_default else (self._changing(useful) or useful)[: self.limits.columns]
        each = len(names) * (1 if self.shape_default else 4)
        choices = Choices(
            title=self.title,
            label_column=self.label_default,
            columns=tuple(names),
            shape=self.shape_default,
            limit=self._limit(each),
        )
        lacking = self.samples - np.count_nonzero(self._complete(choices))
        return replace(choices, missing="median") if lacking > FILL_FROM * self.samples else choices

    def _steps(self, choices: Choices) -> list[Step]:
        """Missing values, scaling, columns that are left out, labels, held-out samples."""
        columns, kept = self._checked(choices)
        infos = [self.columns[self.place[name]] for name in columns]
        steps = list(self.first_steps)
        steps += [
            Step("not_numbers", {"column": info.name, "count": info.odd, "example": info.example})
            for info in infos
            if info.odd
        ]
        if len(kept) < self.samples:
            steps.append(Step("drop_rows", {"rows": self.samples - len(kept), "samples": self.samples}))
        missing = sum(info.missing for info in infos)
        if missing and choices.missing == "median":
            steps.append(Step("fill_missing", {"values": missing}))
        steps += self._left_out(choices, columns)
        if choices.shape:
            steps.append(Step("as_pixels", {"height": choices.shape[0], "width": choices.shape[1]}))
            low, high = self._pixel_range(columns)
            if (low, high) != (0, 255):
                steps.append(Step("scale", {"low": low, "high": high}))
        else:
            steps.append(Step("scale_columns", {"columns": len(columns)}))
        drawn = self._used(kept, choices)
        return [*steps, *self._last_steps(kept, drawn, self._labels(choices.label_column))]

    def _preview(self, choices: Choices) -> Preview:
        """The first rows of the chosen columns as they came; a contact sheet where rows are pictures."""
        columns, kept = self._checked(choices)
        if choices.shape:
            some = kept[spread(len(kept))]
            return Preview(sheet=contact_sheet(list(self._pixels(columns, some, choices.shape))))
        label = choices.label_column
        header = (*([label] if label in self.place else []), *columns)
        places = [self.place[name] for name in header if name is not None]
        rows = [[row[j] for j in places] for row in self.table.rows]
        return Preview(header=tuple(str(name) for name in header), rows=rows)

    def _dataset(self, choices: Choices, report: Report) -> Dataset:
        """The rows in [0, 1], float32 [N, d]; as bytes [N, h, w] where they are pictures."""
        columns, kept = self._checked(choices)
        kept = self._used(kept, choices)
        labels = self._labels(choices.label_column).take(kept)
        if choices.shape:
            return self._made(choices, kept, self._pixels(columns, kept, choices.shape, report), labels)
        scaled = np.empty((len(kept), len(columns)), np.float32)
        made: list[Column] = []
        # A column at a time: all of them as the numbers that came would take many times what the samples take.
        for k, name in enumerate(columns):
            values = self._numbers(name, kept)
            low, high = float(values.min()), float(values.max())
            if high / 2 - low / 2 > 0:
                scaled[:, len(made)] = unit(values, low, high)
                made.append(Column(name, low, high, self.columns[self.place[name]].decimals))
            report((k + 1) / len(columns))
        if not made:
            raise IntakeError(
                f"{shown(self.title)}: expected samples that differ, got {len(kept):,} rows that are all the same in"
                " the chosen columns"
            )
        return self._made(choices, kept, np.ascontiguousarray(scaled[:, : len(made)]), labels, tuple(made))

    def _used(self, kept: NDArray[np.int64], choices: Choices) -> NDArray[np.int64]:
        drawn: NDArray[np.int64] = self._drawn(kept, choices, len(choices.columns) * (1 if choices.shape else 4))
        return drawn

    def _labels_from(self, source: str) -> Labels:
        return self.beside[source] if source in self.beside else self.table.labels[source]()

    def _checked(self, choices: Choices) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """The columns that are used, and the numbers of the rows that stay. Raises IntakeError."""
        columns = tuple(dict.fromkeys(choices.columns))
        for name in columns:
            if name not in self.place or self.columns[self.place[name]].kind != "numeric":
                raise IntakeError(f"expected the name of a numeric column, got {shown(name)}")
        if choices.shape and math.prod(choices.shape) != len(columns):
            height, width = choices.shape
            raise IntakeError(
                f"expected {height * width} columns for pictures of {width}×{height} pixels, got {len(columns)}"
            )
        if not choices.shape and len(columns) > self.limits.columns:
            raise IntakeError(f"expected at most {self.limits.columns} columns, got {len(columns):,}: choose fewer")
        if not columns:
            raise IntakeError("expected at least one numeric column, got none: choose some")
        self._refuse_infinities(columns)
        kept = np.flatnonzero(self._complete(choices)) if choices.missing == "drop" else np.arange(self.samples)
        if len(kept) < 2:
            raise IntakeError(
                f"expected at least 2 rows without a missing value, got {len(kept)} of {self.samples:,}: fill missing"
                " values with the median, or leave out columns that lack many"
            )
        return columns, kept

    def _refuse_infinities(self, columns: tuple[str, ...]) -> None:
        for name in columns:
            info = self.columns[self.place[name]]
            if math.isinf(info.low) or math.isinf(info.high):
                wrong = np.isinf(self.table.numbers(self.place[name]))
                raise IntakeError(
                    f"{shown(name)}: expected finite numbers, got infinite or too large values"
                    f" ({int(wrong.sum()):,} of them, the first in sample {int(wrong.argmax()) + 1:,})"
                )
            if math.isinf(info.high - info.low):
                raise IntakeError(
                    f"{shown(name)}: expected numbers in a range to calculate with, got {info.low:g} to {info.high:g}"
                )

    def _complete(self, choices: Choices) -> NDArray[np.bool_]:
        """Which rows have a value in every chosen column, bool [N]."""
        complete = np.ones(self.samples, bool)
        for name in choices.columns:
            if self.columns[self.place[name]].missing:
                complete &= ~np.isnan(self.table.numbers(self.place[name]))
        return complete

    def _numbers(self, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The numbers of a column in some rows, its median (over all rows) where one is missing."""
        values = self.table.numbers(self.place[name])
        found: NDArray[np.float64] = values[rows]
        lacking = np.isnan(found)
        if lacking.any():
            found[lacking] = 2 * np.nanmedian(values / 2)  # halves cannot overflow
        return found

    def _pixels(
        self, columns: tuple[str, ...], rows: NDArray[np.int64], shape: tuple[int, int], report: Report = silent
    ) -> NDArray[np.uint8]:
        low, high = self._pixel_range(columns)
        found = np.empty((len(rows), len(columns)), np.uint8)
        for k, name in enumerate(columns):
            found[:, k] = np.rint(unit(self._numbers(name, rows), low, high) * 255)
            report((k + 1) / len(columns))
        return found.reshape(-1, *shape)

    def _pixel_range(self, columns: tuple[str, ...]) -> tuple[float, float]:
        infos = [self.columns[self.place[name]] for name in columns]
        return known_range(np.dtype(float), min(info.low for info in infos), max(info.high for info in infos))

    def _left_out(self, choices: Choices, columns: tuple[str, ...]) -> list[Step]:
        """Numeric columns that are not used although the person did not say so, and why."""
        steps = []
        constant = [] if choices.shape else [name for name in columns if not self._changing([name])]
        unchosen = [name for name in self._useful(choices.label_column) if name not in columns]
        constant += [name for name in unchosen if not self._changing([name])]
        if constant:
            steps.append(Step("constant_columns", {"count": len(constant), "names": listed(constant)}))
        if self.numbering and self.numbering not in columns and self.numbering != choices.label_column:
            steps.append(Step("number_columns", {"names": shown(self.numbering)}))
        if not choices.shape and len(columns) == self.limits.columns and len(self._changing(unchosen)):
            count = len(columns) + len(self._changing(unchosen))
            steps.append(Step("too_many_columns", {"count": count, "most": self.limits.columns}))
        text = [info.name for info in self.columns if info.kind == "text" and info.name != choices.label_column]
        if text:
            steps.append(Step("text_columns", {"count": len(text), "names": listed(text)}))
        return steps

    def _useful(self, label: str | None) -> list[str]:
        """Numeric columns that are neither the classes nor a row's number."""
        numeric = [info.name for info in self.columns if info.kind == "numeric"]
        found = [name for name in numeric if name not in (label, self.numbering)]
        return found or [name for name in numeric if name != label] or numeric

    def _changing(self, names: list[str]) -> list[str]:
        return [name for name in names if self.columns[self.place[name]].low < self.columns[self.place[name]].high]

    def _why_nothing(self) -> str:
        names = [info.name for info in self.columns]
        if len(names) == 1:
            return (
                "expected columns with a comma, a semicolon or a tab between them, and one of numbers at least; got"
                f" the single column {shown(names[0])} of text"
            )
        return f"expected at least one column of numbers, got {len(names)} of text: {listed(names)}"

    def _label_default(self) -> str | None:
        if self.beside:
            return next(iter(self.beside))
        options = list(self.table.labels)
        named = [name for name in options if name.strip().lower() in _LABEL_WORDS]
        texts = [name for name in options if self._has_text_classes(self.columns[self.place[name]])]
        return named[-1] if named else (texts[-1] if texts else None)

    def _has_text_classes(self, info: ColumnInfo) -> bool:
        """Whether texts repeat: otherwise they are names of the rows."""
        return info.kind == "text" and 2 * info.classes <= self.samples

    def _numbering(self) -> str | None:
        """The column that only numbers the rows."""
        for info in self.columns[:1]:
            if info.kind == "numeric" and info.name.strip().lower() in _NUMBER_WORDS and not info.missing:
                values = self.table.numbers(0)
                if self.samples > 2 and (np.diff(values) == 1).all():
                    return info.name
        return None

    def _shapes(self, columns: int) -> tuple[tuple[int, int], ...]:
        side = math.isqrt(columns)
        fits = side * side == columns and _LEAST_SIDE <= side <= self.limits.side
        return ((side, side),) if fits else ()

    def _is_smooth(self, columns: list[str], shape: tuple[int, int]) -> bool:
        """Whether neighbouring numbers are more alike than others, as in pictures: of some rows."""
        rows = spread(self.samples, 200)
        some = np.stack([self.table.numbers(self.place[name])[rows] for name in columns], axis=1)
        if not np.isfinite(some).all():
            return False
        pictures = some.reshape(-1, *shape)
        mixed = some[:, np.random.default_rng(0).permutation(some.shape[1])]
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest there is are no pixels
            others = np.abs(np.diff(mixed, axis=1)).mean()
            across, down = (np.abs(np.diff(pictures, axis=axis)).mean() for axis in (1, 2))
        return bool(others > 0 and across < _SMOOTH * others and down < _SMOOTH * others)

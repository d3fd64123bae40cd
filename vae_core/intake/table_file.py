"""CSV files: what separates the values, which line is the header, and columns of numbers and of text, in one pass."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import BinaryIO, TextIO

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.choices import ColumnInfo, Step
from vae_core.intake.files import File
from vae_core.intake.labels import Labels, labels_by_code
from vae_core.intake.limits import LIMITS, IntakeError, Limits, megabytes
from vae_core.intake.table import COLUMNS_READ, ROWS_SHOWN, Table, numeric_info
from vae_core.intake.words import clean, shown, unique

MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-", ".", "nil", "missing"))
DELIMITERS = ",;\t|"
_SAMPLE = 262_144  # bytes that say how the file is written
_BLOCK, _CELLS = 4_096, 1_000_000  # rows and cells, at most, that are converted at a time
_RECORD = 4_000_000  # characters of a row: more is no table
_NUMERIC_SHARE = 0.95  # of a column's values: from here on it is numeric, and others count as missing
_DOT = re.compile(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,(\d+)([eE][+-]?\d+)?")


def csv_table(file: File, limits: Limits) -> Table:
    """The table in a text file. Raises IntakeError where it is none, or its numbers would take too much memory."""
    style = _style(file)
    with file.open() as stream:
        records = _records(_text(stream, style.encoding), style, file.name)
        first = next(records, None)
        if first is None:
            raise IntakeError(f"{shown(file.name)}: expected a header and rows of values, got no text")
        if len(first) > COLUMNS_READ:
            raise IntakeError(f"{shown(file.name)}: expected at most {COLUMNS_READ:,} columns, got {len(first):,}")
        names = _names(first) if style.header else [f"column {j + 1}" for j in range(len(first))]
        columns = [_Column(decimal_comma=style.decimal_comma) for _ in names]
        shown_rows: list[list[str]] = []
        rows = 0
        if not style.header:
            records = _chained(first, records)
        most = limits.unpacked_bytes // (8 * len(names))
        while block := list(islice(records, max(1, min(_BLOCK, _CELLS // len(names))))):
            _check_widths(block, len(names), rows + 1 + style.header, file.name)
            shown_rows += [[clean(cell) for cell in row] for row in block[: ROWS_SHOWN - len(shown_rows)]]
            for column, cells in zip(columns, zip(*block, strict=True), strict=True):
                column.take(cells)
            rows += len(block)
            if rows > most:
                raise IntakeError(
                    f"{shown(file.name)}: expected a table whose numbers take at most"
                    f" {megabytes(limits.unpacked_bytes)}, 8 bytes each, got more than {most:,} rows of"
                    f" {len(names):,} columns"
                )
    if rows < 2:
        raise IntakeError(f"{shown(file.name)}: expected at least 2 rows of values to train on, got {rows}")
    return _table(file, style, names, columns, rows, shown_rows)


@dataclass(frozen=True)
class _Style:
    """How a file is written."""

    encoding: str
    delimiter: str
    header: bool
    decimal_comma: bool
    foreign: bool  # in no Unicode encoding

    def steps(self) -> tuple[Step, ...]:
        comma = (Step("decimal_comma"),) if self.decimal_comma else ()
        return (*comma, *((Step("encoding"),) if self.foreign else ()))


@dataclass
class _Column:
    """One column while the file is read: its numbers, and its classes while they are few."""

    decimal_comma: bool
    blocks: list[NDArray[np.float64]] = field(default_factory=list)
    odd: int = 0
    example: str = ""
    there: int = 0
    codes: list[NDArray[np.uint8]] = field(default_factory=list)
    classes: dict[str, int] = field(default_factory=dict)

    @property
    def is_numeric(self) -> bool:
        """Nearly every value that is there is a number."""
        return self.there > 0 and self.odd <= (1 - _NUMERIC_SHARE) * self.there

    @property
    def has_classes(self) -> bool:
        return 2 <= len(self.classes) <= LIMITS.labels

    def take(self, cells: Sequence[str]) -> None:
        """The next rows."""
        if len(self.classes) <= LIMITS.labels:
            self._classify(cells)
        self.blocks.append(self._numbers(cells))

    def _classify(self, cells: Sequence[str]) -> None:
        distinct = sorted(set(cells))
        for cell in distinct:
            self.classes.setdefault(cell.strip(), len(self.classes))
            if len(self.classes) > LIMITS.labels:
                self.codes.clear()  # too many for classes
                return
        code = {cell: self.classes[cell.strip()] for cell in distinct}
        self.codes.append(np.fromiter(map(code.__getitem__, cells), np.uint8, len(cells)))

    def _numbers(self, cells: Sequence[str]) -> NDArray[np.float64]:
        try:
            if not self.decimal_comma and "_" not in "".join(cells):
                found = np.array(cells, dtype=np.float64)
                self.there += len(cells) - int(np.isnan(found).sum())
                return found
        except ValueError:  # a missing value, or text: looked at one by one
            pass
        return np.array([self._number(cell.strip()) for cell in cells], np.float64)

    def _number(self, cell: str) -> float:
        if cell.lower() in MISSING:
            return float("nan")
        self.there += 1
        text = cell
        if self.decimal_comma:
            text = cell.replace(",", ".") if "." not in cell else "_"
        try:
            if "_" not in text:  # Python would read 1_000 as a number
                return float(text)
        except ValueError:
            pass
        self.odd += 1
        self.example = self.example or clean(cell)
        return float("nan")


def _table(
    file: File, style: _Style, names: list[str], columns: list[_Column], rows: int, shown_rows: list[list[str]]
) -> Table:
    infos = []
    numbers: dict[int, NDArray[np.float64]] = {}
    labels = {}
    for j, (name, column) in enumerate(zip(names, columns, strict=True)):
        if column.is_numeric:
            numbers[j] = np.concatenate(column.blocks)
            infos.append(numeric_info(name, numbers[j], odd=column.odd, example=column.example))
        else:
            infos.append(ColumnInfo(name, "text", missing=rows - column.there))
        column.blocks.clear()
        if column.has_classes and (not column.is_numeric or infos[j].decimals == 0):
            labels[name] = _LabelColumn(column, name)
            infos[j] = replace(infos[j], classes=len(column.classes))
    return Table(file.name, rows, tuple(infos), numbers.__getitem__, shown_rows, dict(labels), style.steps())


@dataclass(frozen=True)
class _LabelColumn:
    """Makes classes of a column, when they are asked for."""

    column: _Column
    name: str

    def __call__(self) -> Labels:
        texts = ["" if text.lower() in MISSING else text for text in self.column.classes]
        return labels_by_code(texts, np.concatenate(self.column.codes), self.name)


def _style(file: File) -> _Style:
    """How the file is written, by its first part. Raises IntakeError where it is no text."""
    sample = file.read(_SAMPLE)
    encoding, foreign = _encoding(sample)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    lines = text.splitlines()
    if len(sample) == _SAMPLE and len(lines) > 1:
        lines.pop()  # cut off
    lines = [line for line in lines if line.strip()]
    delimiter = _delimiter(lines[:200])
    try:
        records = [record for record in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, record))]
    except csv.Error as error:
        raise IntakeError(
            f"{shown(file.name)}: expected a table of comma-separated values, got text that is none ({error})"
        ) from error
    cells = [cell.strip() for record in records[:2000] for cell in record]
    decimal_comma = delimiter != "," and _has_decimal_comma(cells)
    return _Style(encoding, delimiter, _has_header(records[:200], decimal_comma), decimal_comma, foreign)


def _encoding(sample: bytes) -> tuple[str, bool]:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "cp1252", True  # what spreadsheets on Windows write
    return "utf-8-sig", False


def _delimiter(lines: Sequence[str]) -> str:
    """The candidate that cuts most lines into the same number of values, more than one."""
    best, score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(record) for record in csv.reader(lines, delimiter=delimiter) if record]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=1)
        found = (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)
        # A semicolon or a tab that fits every line is no accident, while decimal commas cut lines as commas do.
        if found[0] == 1 and delimiter != ",":
            found = (1.5, usual)
        if found > score:
            best, score = delimiter, found
    return best


def _has_decimal_comma(cells: Sequence[str]) -> bool:
    """Numbers have commas, none has a point, and a comma that stands before three digits is not all there is."""
    commas = [match for cell in cells if (match := _COMMA.fullmatch(cell))]
    return any(len(match[1]) != 3 for match in commas) and not any(_DOT.fullmatch(cell) for cell in cells)


def _has_header(records: Sequence[Sequence[str]], decimal_comma: bool) -> bool:
    """No number is in the first row, or one of its texts stands above numbers."""
    if not records:
        return False
    first, rest = records[0], records[1:]
    is_number = [_is_number(cell, decimal_comma) for cell in first]
    if not any(is_number):
        return True
    for j, cell in enumerate(first):
        below = [row[j].strip() for row in rest if j < len(row) and row[j].strip().lower() not in MISSING]
        is_text = not is_number[j] and cell.strip().lower() not in MISSING
        if is_text and below and all(_is_number(value, decimal_comma) for value in below):
            return True
    return False


def _is_number(cell: str, decimal_comma: bool) -> bool:
    try:
        float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        return False
    return cell.strip().lower() != "nan"


def _text(stream: BinaryIO, encoding: str) -> TextIO:
    return io.TextIOWrapper(stream, encoding, errors="replace", newline="")


def _records(text: TextIO, style: _Style, name: str) -> Iterator[list[str]]:
    """The rows that are not empty, as lists of cells. Raises IntakeError."""
    lines = _Lines(text, name)
    try:
        for record in csv.reader(lines, delimiter=style.delimiter):
            lines.since = 0
            if len(record) > 1 or (record and record[0].strip()):
                yield record
    except csv.Error as error:
        raise IntakeError(
            f"{shown(name)}: expected a table of comma-separated values, but line {lines.count:,} is no row of one"
            f" ({error})"
        ) from error


@dataclass
class _Lines:
    """The lines of a text; a row that never ends is refused before it fills the memory."""

    text: TextIO
    name: str
    count: int = 0
    since: int = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.text.readline(_RECORD)
        if not line:
            raise StopIteration
        self.count += 1
        self.since += len(line)
        if self.since >= _RECORD:
            raise IntakeError(
                f"{shown(self.name)}: expected rows of less than {_RECORD:,} characters, got a longer one at line"
                f" {self.count:,}"
            )
        return line


def _chained(first: list[str], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest


def _names(header: Sequence[str]) -> list[str]:
    return unique(clean(cell) or f"column {j + 1}" for j, cell in enumerate(header))


def _check_widths(block: Sequence[Sequence[str]], width: int, first: int, name: str) -> None:
    for i, record in enumerate(block):
        if len(record) != width:
            raise IntakeError(
                f"{shown(name)}: expected {width:,} values in every row, as in the first one, got {len(record):,} in"
                f" row {first + i:,}"
            )

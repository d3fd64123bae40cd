"""The data of an imported model: as its encoder takes them, and as the pages show them, values in [0, 1]."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import raw_array
from vae_core.bring.errors import ImportRefused
from vae_core.bring.ranges import UNIT, Range, checked_range, fitted_range
from vae_core.datasets import IDX_TITLES, Dataset, DatasetError, as_floats, load_dataset, load_images_uint8
from vae_core.intake.array_pictures import known_range
from vae_core.subset import stored_index

Array = NDArray[Any]
Floats = NDArray[np.float32]

MOST_CLASSES = 255  # the browser keeps a label in a byte
NO_LABEL = "no label"
MOST_PIXELS = 4_000_000
BLOCK = 2**18  # numbers that are worked on at a time
RANGES_IN_USE = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
SQUARE_FROM = 64  # numbers in a row that are taken for a square picture, where the decoder cannot tell


@dataclass(frozen=True, eq=False)
class Samples:
    """The data of a model.

    fed: [N, ...], as the encoder takes them, NumPy or a tensor. shown [N, *shape]: uint8, or float32 in [0, 1], as the
    pages show them. range: what stands for 0 and 1 in what is fed; said: whether a person said so. known: the name of
    the data set, where the app can load it by that; "" else. remark: how the values were brought to [0, 1], "" where
    nothing was done.
    """

    fed: Any
    shown: NDArray[Any]
    labels: NDArray[np.int32]
    label_names: tuple[str, ...]
    test: NDArray[np.bool_]
    range: Range
    said: bool = False
    known: str = ""
    remark: str = ""
    subset: dict[str, int] | None = None
    columns: tuple[Any, ...] = ()
    laid_out: bool = True  # as the encoder takes them; of a data set of the app that is still to be found

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample as it is shown: (h, w), (h, w, 3) or (d,)."""
        return self.shown.shape[1:]

    def target(self, rows: NDArray[np.int64]) -> Floats:
        """The samples of these rows as shown, flat, float32 in [0, 1]."""
        return as_floats(self.shown[rows]).reshape(len(rows), -1)

    def fed_again(self, unit: Floats) -> Any:
        """Samples [n, values] in [0, 1], as shown, as the encoder takes them."""
        shape = np.shape(self.fed)[1:]
        pictures = self.range.numbers(unit).reshape(len(unit), *self.shape)
        if len(self.shape) == 3 and shape != self.shape and shape[:1] == (3,):
            pictures = np.moveaxis(pictures, -1, 1)
        values = np.ascontiguousarray(pictures.reshape(len(unit), *shape))
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(self.fed, torch.Tensor):
            return torch.from_numpy(values).to(device=self.fed.device, dtype=self.fed.dtype)
        return values.astype(self.fed.dtype, copy=False)


def samples_of(
    data: Any,
    labels: Any = None,
    *,
    label_names: Sequence[str] | None = None,
    originals: Any = None,
    test: Any = None,
    shape: Sequence[int] | None = None,
    pixel_range: tuple[float, float] | None = None,
) -> Samples:
    """What `vae_core.export` was given, checked. Raises ImportRefused, one sentence, and DatasetError for a name."""
    beside = {"labels": labels, "label_names": label_names, "originals": originals, "test": test, "shape": shape}
    try:
        return _samples_of(data, pixel_range=pixel_range, **beside)
    except ImportRefused:
        raise
    except (TypeError, ValueError, ArithmeticError, NotImplementedError) as error:  # of whatever was given
        reason = " ".join(str(error).split())[:200]
        raise ImportRefused(f"expected data and what goes with them as `export` takes them, but: {reason}") from error


def _samples_of(
    data: Any, *, labels: Any, label_names: Any, originals: Any, test: Any, shape: Any, pixel_range: Any
) -> Samples:
    if isinstance(data, str):
        data = load_dataset(data)
    if isinstance(data, Dataset):
        beside = {"labels": labels, "label_names": label_names, "originals": originals, "test": test, "shape": shape}
        more = [name for name, value in beside.items() if value is not None]
        if more:
            raise ImportRefused(f"{more[0]}: expected none beside the data set {data.name!r:.60}, which has its own")
        return _of_dataset(data, pixel_range)
    if isinstance(data, list | tuple):
        data = _array_of(data)
    count = len(data) if hasattr(data, "__len__") and hasattr(data, "shape") else 0
    if not count:
        found = type(data).__name__ if not hasattr(data, "shape") else f"an array of the shape {list(data.shape)}"
        raise ImportRefused(f"data: expected an array or a tensor of at least one sample, got {found}")
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(data, torch.Tensor):
        data = raw_array(data, "data")
    chosen, subset = stored_index(count), None
    held_out = np.zeros(count, bool) if test is None else _marks(test, count)
    names, numbers = _labels(labels, count, label_names)
    if originals is not None and (not hasattr(originals, "shape") or len(originals) != count):
        got = f"{len(originals):,}" if hasattr(originals, "shape") else type(originals).__name__
        raise ImportRefused(f"originals: expected an array of {count:,} samples, as many as data has, got {got}")
    if chosen is not None:
        data, numbers, held_out, subset = data[chosen], numbers[chosen], held_out[chosen], {"of": count, "seed": 0}
        originals = originals[chosen] if originals is not None else None
    shown, values, remark = _shown(data, originals, shape, pixel_range)
    said = pixel_range is not None
    return Samples(data, shown, numbers, names, held_out, values, said, remark=remark, subset=subset)


def _array_of(rows: Sequence[Any]) -> Any:
    """A list of samples as one array, where they are numbers of one shape."""
    try:
        return np.array([np.asarray(_on_cpu(row)) for row in rows])
    except (TypeError, ValueError) as error:
        raise ImportRefused("data: expected samples of one shape, got a list of different ones") from error


def _of_dataset(data: Dataset, pixel_range: tuple[float, float] | None) -> Samples:
    """A data set: fed as float32 in [0, 1], or in the range that is said. The app shows its own from where they are."""
    chosen = stored_index(len(data.images))
    subset = None if chosen is None else {"of": len(data.images), "seed": 0}
    some = data if chosen is None else data.subset(chosen)
    values = UNIT if pixel_range is None else checked_range(pixel_range)
    fed = as_floats(some.images)
    known = data.name if _is_known(data) else ""
    return Samples(
        fed if values.is_unit else values.numbers(fed), some.images, some.labels.astype(np.int32), some.label_names,
        some.test, values, pixel_range is not None, known, "", subset, some.columns, laid_out=False,
    )  # fmt: skip


def _is_known(data: Dataset) -> bool:
    """Whether the app loads just these samples by the data set's name, so that they need not go along."""
    if data.name in IDX_TITLES:
        return len(data.extra_images) > 0  # a part of one has none
    try:
        return len(load_images_uint8(data.name)) == len(data.images)
    except DatasetError:
        return False


def _shown(
    data: Any, originals: Any, shape: Sequence[int] | None, pixel_range: tuple[float, float] | None
) -> tuple[NDArray[Any], Range, str]:
    """The samples as shown, what stands for 0 and 1 in the data, and a remark."""
    values = raw_array(data, "data")
    found, known = _range_of(values, "data")
    if originals is None:
        said = found if pixel_range is None else checked_range(pixel_range)
        remark = "" if known or pixel_range is not None else f"values from {said.described()} are shown as 0 to 1"
        return _pictures(_arranged(values, shape), said, inside=pixel_range is None), said, remark
    pictures = raw_array(originals, "originals")
    bottom_top, known = _range_of(pictures, "originals")
    shown = _pictures(_arranged(pictures, shape), bottom_top, inside=True)
    remark = "" if known else f"originals from {bottom_top.described()} are shown as 0 to 1"
    if pixel_range is not None:
        return shown, checked_range(pixel_range), remark
    fits = None
    if math.prod(values.shape[1:]) == math.prod(shown.shape[1:]):
        channels_first = shown.ndim == 4 and values.ndim == 4 and values.shape[1] == 3 != values.shape[3]
        arranged = np.moveaxis(values, 1, -1) if channels_first else values
        fits = fitted_range(arranged.reshape(shown.shape), shown)
    return shown, fits or found, remark


def _range_of(values: Array, name: str) -> tuple[Range, bool]:
    """Which numbers of an array stand for 0 and 1, and whether it is a range in use. Raises ImportRefused."""
    bottom, top = float(values.min()), float(values.max())
    if not (math.isfinite(bottom) and math.isfinite(top)):  # a NaN is the smallest and the largest
        wrong = int((~np.isfinite(values)).sum())
        raise ImportRefused(f"{name}: expected finite numbers, got NaN or infinity in {wrong:,} of {values.size:,}")
    low, high = known_range(values.dtype, bottom, top)
    if not low < high:
        raise ImportRefused(f"{name}: expected samples that differ, got the number {low:g} everywhere")
    return Range.of(low, high), (low, high) in RANGES_IN_USE


def _pictures(arranged: Array, values: Range, *, inside: bool) -> NDArray[Any]:
    """Samples [N, *shape] as they are kept: bytes of pictures, float32 in [0, 1] of rows. inside: all are in range."""
    if arranged[0].size > MOST_PIXELS:
        raise ImportRefused(f"data: expected at most {MOST_PIXELS:,} numbers per sample, got {arranged[0].size:,}")
    kind = np.float32 if arranged.ndim == 2 else np.uint8
    if arranged.dtype == kind == np.uint8 and values.low == 0 and values.high == 255:
        return np.ascontiguousarray(arranged)
    shown = np.empty(arranged.shape, kind)
    factor = 1 if arranged.ndim == 2 else 255
    low, high = float(values.low), float(values.high)
    step = max(1, BLOCK // arranged[0].size)  # a block stays in the processor's cache
    for start in range(0, len(arranged), step):
        rows = slice(start, start + step)
        part = np.multiply(arranged[rows], np.float32(factor / (high - low)), dtype=np.float32, casting="unsafe")
        part -= np.float32(low * factor / (high - low) - (0.5 if factor == 255 else 0))  # bytes are cut, not rounded
        if not inside or factor == 1:
            np.clip(part, 0, factor, out=part)
        shown[rows] = part
    return shown


def _arranged(values: Array, shape: Sequence[int] | None) -> Array:
    """[N, h, w], [N, h, w, 3] or [N, d], from channels first or last, or flat with the shape said or a square."""
    if shape is not None:
        wanted = tuple(int(side) for side in shape)
        if math.prod(wanted) != math.prod(values.shape[1:]):
            raise ImportRefused(f"shape: expected {math.prod(values.shape[1:])} numbers per sample, got {wanted}")
        values = values.reshape(len(values), *wanted)
    if values.ndim == 4 and values.shape[1] in (1, 3) and values.shape[3] not in (1, 3):
        values = np.moveaxis(values, 1, -1)
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    side = math.isqrt(values.shape[1]) if values.ndim == 2 else 0
    if shape is None and side * side == values.shape[-1] and side * side >= SQUARE_FROM:
        values = values.reshape(len(values), side, side)
    if values.ndim not in (2, 3) and not (values.ndim == 4 and values.shape[3] == 3):
        raise ImportRefused(
            "data: expected rows [N, d], pictures [N, h, w] or colour pictures [N, 3, h, w] or [N, h, w, 3], got the"
            f" shape {list(values.shape)}"
        )
    return values


def _labels(labels: Any, count: int, names: Sequence[str] | None) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Names of the classes and the class of each sample. Whole numbers are places in names, where these are given."""
    if labels is None:
        return ("all",), np.zeros(count, np.int32)
    raw = _one_each(labels, count, "labels: expected one")
    if names is not None:
        if raw.dtype.kind not in "iu" or raw.min() < 0 or raw.max() >= len(names):
            raise ImportRefused(f"labels: expected whole numbers from 0 to {len(names) - 1}, the places of label_names")
        found, numbers = tuple(map(str, names)), raw.astype(np.int32)
    else:
        values, inverse = np.unique(_sortable(raw), return_inverse=True)
        found, numbers = tuple(str(value) for value in values), inverse.reshape(-1).astype(np.int32)
    if len(found) > MOST_CLASSES:
        raise ImportRefused(f"labels: expected at most {MOST_CLASSES} classes, got {len(found):,}")
    return found, numbers


def _sortable(raw: NDArray[Any]) -> NDArray[Any]:
    """Labels of one kind: whole numbers or texts. What is missing (None, NaN) is a class of its own."""
    if raw.dtype.kind == "f" and np.isfinite(raw).all() and (raw == np.rint(raw)).all() and np.abs(raw).max() < 2**53:
        return raw.astype(np.int64)
    if raw.dtype.kind in "fO":
        return np.array([NO_LABEL if value is None or value != value else str(value) for value in raw.tolist()])
    return raw


def _marks(test: Any, count: int) -> NDArray[np.bool_]:
    raw = _one_each(test, count, "test: expected a yes or no")
    marks = raw.astype(bool) if raw.dtype.kind in "biuf" else np.zeros(0, bool)
    if not np.array_equal(marks, raw):
        raise ImportRefused(f"test: expected a yes or no for each of {count:,} samples, got other values")
    return marks


def _one_each(values: Any, count: int, expected: str) -> NDArray[Any]:
    """An array [count] of what was given beside the samples."""
    try:
        raw = np.asarray(_on_cpu(values))
    except ValueError as error:  # rows of different lengths
        raise ImportRefused(f"{expected} for each of {count:,} samples, got lists of different lengths") from error
    if raw.shape != (count,):
        raise ImportRefused(f"{expected} for each of {count:,} samples, got the shape {list(raw.shape)}")
    return raw


def _on_cpu(value: Any) -> Any:
    return value.detach().cpu() if hasattr(value, "detach") else value

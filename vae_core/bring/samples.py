"""The data of an imported model: as its encoder takes them, and as the pages show them, values in [0, 1]."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import Floats, as_array
from vae_core.bring.errors import ImportRefused
from vae_core.datasets import Dataset, as_floats, load_dataset
from vae_core.intake.array_pictures import known_range
from vae_core.subset import stored_index

MOST_CLASSES = 256  # the browser keeps a label in a byte
MOST_PIXELS = 4_000_000
SQUARE_FROM = 64  # numbers in a row that are taken for a square picture, where the decoder cannot tell


@dataclass(frozen=True, eq=False)
class Samples:
    """The data of a model.

    fed: [N, ...], as the encoder takes them, NumPy or a tensor. shown [N, *shape]: uint8, or float32 in [0, 1], as the
    pages show them. low, high: what stands for 0 and 1 in what is fed. known: the name of the data set, where the app
    can load it by that; "" else. remark: how the values were brought to [0, 1], "" where nothing was done.
    """

    fed: Any
    shown: NDArray[Any]
    labels: NDArray[np.int32]
    label_names: tuple[str, ...]
    test: NDArray[np.bool_]
    low: float
    high: float
    known: str = ""
    remark: str = ""
    subset: dict[str, int] | None = None
    columns: tuple[Any, ...] = ()

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
        pictures = unit.reshape(len(unit), *self.shape)
        if len(self.shape) == 3 and shape != self.shape and shape[:1] == (3,):
            pictures = np.moveaxis(pictures, -1, 1)
        values = (pictures * (self.high - self.low) + self.low).reshape(len(unit), *shape).astype(np.float32)
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
    if isinstance(data, str):
        data = load_dataset(data)
    if isinstance(data, Dataset):
        return _of_dataset(data, pixel_range)
    count = len(data) if hasattr(data, "__len__") and hasattr(data, "shape") else 0
    if not count:
        found = type(data).__name__ if not hasattr(data, "shape") else f"an array of the shape {list(data.shape)}"
        raise ImportRefused(f"data: expected an array or a tensor of at least one sample, got {found}")
    chosen, subset = stored_index(count), None
    given = as_array(data[:1], "data")
    held_out = np.zeros(count, bool) if test is None else np.asarray(test, bool)
    if held_out.shape != (count,):
        raise ImportRefused(f"test: expected a yes or no for each of {count:,} samples, got {list(held_out.shape)}")
    names, numbers = _labels(labels, count, label_names)
    if chosen is not None:
        data, numbers, held_out, subset = data[chosen], numbers[chosen], held_out[chosen], {"of": count, "seed": 0}
        originals = originals[chosen] if originals is not None else None
    shown, low, high, remark = _shown(data, given, originals, shape, pixel_range)
    return Samples(data, shown, numbers, names, held_out, low, high, remark=remark, subset=subset)


def _of_dataset(data: Dataset, pixel_range: tuple[float, float] | None) -> Samples:
    """A data set of the app: its samples are shown from there, and fed as float32 in [0, 1]."""
    chosen = stored_index(len(data.images))
    subset = None if chosen is None else {"of": len(data.images), "seed": 0}
    some = data if chosen is None else data.subset(chosen)
    fed, (low, high) = as_floats(some.images), pixel_range or (0.0, 1.0)
    if (low, high) != (0.0, 1.0):
        fed = (fed * (high - low) + low).astype(np.float32)
    return Samples(
        fed, some.images, some.labels.astype(np.int32), some.label_names, some.test, low, high, data.name, "", subset,
        some.columns,
    )  # fmt: skip


def _shown(
    data: Any, first: Floats, originals: Any, shape: Sequence[int] | None, pixel_range: tuple[float, float] | None
) -> tuple[NDArray[Any], float, float, str]:
    """The samples as shown, what stands for 0 and 1 in the data, and a remark."""
    values = as_array(data, "data")
    if not np.isfinite(values).all():
        wrong = int((~np.isfinite(values)).sum())
        raise ImportRefused(f"data: expected finite numbers, got NaN or infinity in {wrong:,} of {values.size:,}")
    kind = np.dtype(str(data.dtype).removeprefix("torch."))
    low, high = pixel_range or known_range(kind, float(values.min()), float(values.max()))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        if pixel_range is None:
            raise ImportRefused(f"data: expected samples that differ, got the number {low:g} everywhere")
        raise ImportRefused(f"pixel_range: expected two finite numbers, the smaller one first, got {pixel_range!r}")
    remark = ""
    if originals is not None:
        pictures = as_array(originals, "originals")
        if len(pictures) != len(values):
            raise ImportRefused(f"originals: expected {len(values):,} samples as data has, got {len(pictures):,}")
        bottom, top = known_range(
            np.dtype(str(originals.dtype).removeprefix("torch.")), float(pictures.min()), float(pictures.max())
        )
        values = pictures
    else:
        bottom, top = low, high
        known = pixel_range is not None or (low, high) in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
        remark = "" if known else f"values from {low:g} to {high:g} are shown as 0 to 1"
    arranged = _arranged(values, shape)
    if arranged.size // len(arranged) > MOST_PIXELS:
        raise ImportRefused(f"data: expected at most {MOST_PIXELS:,} numbers per sample, got {arranged[0].size:,}")
    unit = np.clip((arranged - bottom) / (top - bottom), 0, 1)
    shown = unit.astype(np.float32) if arranged.ndim == 2 else np.rint(unit * 255).astype(np.uint8)
    return shown, low, high, remark


def _arranged(values: Floats, shape: Sequence[int] | None) -> Floats:
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
    raw = np.asarray(labels.cpu() if hasattr(labels, "cpu") else labels)
    if raw.shape != (count,):
        raise ImportRefused(f"labels: expected one for each of {count:,} samples, got the shape {list(raw.shape)}")
    if names is not None:
        if raw.dtype.kind not in "iu" or raw.min() < 0 or raw.max() >= len(names):
            raise ImportRefused(f"labels: expected whole numbers from 0 to {len(names) - 1}, the places of label_names")
        found, numbers = tuple(map(str, names)), raw.astype(np.int32)
    else:
        values, inverse = np.unique(raw, return_inverse=True)
        found, numbers = tuple(str(value) for value in values), inverse.reshape(-1).astype(np.int32)
    if len(found) > MOST_CLASSES:
        raise ImportRefused(f"labels: expected at most {MOST_CLASSES} classes, got {len(found):,}")
    return found, numbers

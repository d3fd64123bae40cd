"""Pictures in an array: which numbers mean black and white, and the bytes that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae_core.intake.choices import Step
from vae_core.intake.fitting import Fitting, coloured_share, fit_picture, to_grey
from vae_core.intake.image_upload import Pictures
from vae_core.intake.limits import IntakeError
from vae_core.intake.sheet import spread
from vae_core.intake.upload import Report, silent
from vae_core.intake.words import shown

BLOCK = 2_000_000  # values that are worked on at a time
_BRIGHT = 128  # from this largest value on, whole numbers up to 255 are taken for bytes


class ArrayPictures(Pictures):
    """Pictures [N, h, w], [N, h, w, 3] or, with opacity, [N, h, w, 4] of real numbers; may be a view of a file."""

    def __init__(self, array: NDArray[Any], name: str) -> None:
        """Raises IntakeError where a value is not finite."""
        self.array = array
        low, high = finite_range(array, name)
        self.low, self.high = known_range(array.dtype, low, high)
        height, width, *channels = array.shape[1:]
        self.sizes = Counter({(height, width, 3 if channels else 1): len(array)})

    @cached_property
    def coloured(self) -> float:
        """Of some pictures."""
        return coloured_share(self._bytes(self.array[spread(len(self.array))])) if self.array.ndim == 4 else 0.0

    def steps(self) -> list[Step]:
        """Scaling, where the numbers are no bytes already."""
        return [] if self._are_bytes else [Step("scale", {"low": self.low, "high": self.high})]

    def fitted(self, index: Sequence[int], fitting: Fitting, report: Report = silent) -> NDArray[np.uint8]:
        """The pictures as bytes; the array itself where nothing is to be done."""
        grey = self.array.ndim == 4 and not fitting.colour
        same = self.array.shape[1:3] == (fitting.height, fitting.width)
        every = len(index) == len(self.array)
        if every and same and not grey and self._are_bytes and not self._has_opacity:
            return self.array
        found = np.empty((len(index), *fitting.shape), np.uint8)
        for rows in blocks(len(index), self.array[0].size):
            part = self._bytes(self.array[rows] if every else self.array[list(index[rows])])
            part = to_grey(part) if grey else part
            found[rows] = part if same else [fit_picture(Image.fromarray(picture), fitting) for picture in part]
            report(rows.stop / len(index))
        return found

    @property
    def _are_bytes(self) -> bool:
        return self.array.dtype == np.uint8 and (self.low, self.high) == (0, 255)

    @property
    def _has_opacity(self) -> bool:
        return self.array.shape[3:] == (4,)

    def _bytes(self, part: NDArray[Any]) -> NDArray[np.uint8]:
        found: NDArray[np.uint8] = np.ascontiguousarray(part)
        if not self._are_bytes:
            found = np.rint(unit(part, self.low, self.high) * 255).astype(np.uint8)
        return _on_white(found) if self._has_opacity else found


def _on_white(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures [..., 4] with opacity as [..., 3]."""
    opacity = pictures[..., 3:] / np.float32(255)
    mixed: NDArray[np.uint8] = np.rint(pictures[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
    return mixed


def unit(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """Values with low at 0 and high at 1, float64, cut off there; all 0 where low is high."""
    # Halves: the distance of two finite numbers may be none.
    half = values.astype(np.float64) / 2 - low / 2
    width = high / 2 - low / 2
    scaled: NDArray[np.float64] = np.clip(half / width, 0, 1) if width > 0 else np.zeros(values.shape)
    return scaled


def known_range(dtype: np.dtype[Any], low: float, high: float) -> tuple[float, float]:
    """Which numbers mean 0 and 1: those of a range in use where the values fit one, else the smallest and the largest.

    >>> known_range(np.dtype("float32"), 0.0, 254.0)
    (0.0, 255.0)
    """
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if -1 <= low < 0 < high <= 1:
        return -1.0, 1.0
    if low >= 0 and _BRIGHT <= high <= 255:
        return 0.0, 255.0
    if dtype == np.uint16 and high >= 2**15:
        return 0.0, 65535.0
    return low, high


def finite_range(array: NDArray[Any], name: str) -> tuple[float, float]:
    """The smallest and the largest value. Raises IntakeError, with count and first place, for NaN and infinities."""
    low, high, wrong, first = np.inf, -np.inf, 0, None
    for rows in blocks(len(array), array[0].size):
        part = array[rows]
        if part.dtype.kind == "f":
            bad = ~np.isfinite(part)
            if bad.any():
                wrong += int(bad.sum())
                place = np.argwhere(bad)[0]
                first = first or (part[tuple(place)], (int(place[0]) + rows.start, *map(int, place[1:])))
                continue
        low, high = min(low, float(part.min())), max(high, float(part.max()))
    if first:
        raise IntakeError(
            f"{shown(name)}: expected finite numbers, got NaN or infinite values ({wrong:,} of them, the first is"
            f" {first[0]} at index {first[1]})"
        )
    return low, high


def blocks(count: int, values_each: int) -> Iterator[slice]:
    """Slices over `count` samples that hold about BLOCK values each."""
    step = max(1, BLOCK // max(1, values_each))
    for start in range(0, count, step):
        yield slice(start, min(count, start + step))

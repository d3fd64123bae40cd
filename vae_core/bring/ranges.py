"""Which numbers stand for 0 and 1: in the data as a network takes them, and in what its decoder gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import Floats
from vae_core.bring.errors import ImportRefused
from vae_core.datasets import as_floats

AGREES = 0.01  # of the range: data that are scaled originals differ from these by less
FITTED = 500  # samples that a scaling is found from
BETTER = 0.8  # another reading of a decoder's values is taken where its squared error is below this share


@dataclass(frozen=True, eq=False)
class Range:
    """The numbers that stand for 0 and 1; of each value of a sample as shown [values], or the same of all (0-d)."""

    low: Floats
    high: Floats

    @classmethod
    def of(cls, low: float, high: float) -> Range:
        return cls(np.array(low, np.float32), np.array(high, np.float32))

    @property
    def is_unit(self) -> bool:
        """Whether the numbers are the values themselves."""
        return not self.low.any() and bool((self.high == 1).all())

    def unit(self, values: Floats) -> Floats:
        """Numbers [n, values] as values that are shown, not clipped."""
        if self.is_unit:
            return values
        found: Floats = ((values - self.low) / (self.high - self.low)).astype(np.float32)
        return found

    def numbers(self, unit: Floats) -> Floats:
        """The inverse of `unit`."""
        found: Floats = (unit * (self.high - self.low) + self.low).astype(np.float32)
        return found

    def described(self) -> str:
        """The numbers in words: "-1 to 1"; of several the extremes."""
        return f"{self.low.min():.3g} to {self.high.max():.3g}"


UNIT = Range.of(0, 1)


def checked_range(pixel_range: Any) -> Range:
    """The range that a person says. Raises ImportRefused where it is none."""
    try:
        low, high = (float(end) for end in pixel_range)
    except (TypeError, ValueError) as error:
        raise ImportRefused(f"pixel_range: expected two numbers, got {pixel_range!r:.60}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ImportRefused(f"pixel_range: expected two finite numbers, the smaller one first, got {pixel_range!r:.60}")
    return Range.of(low, high)


def fitted_range(numbers: NDArray[Any], shown: NDArray[Any]) -> Range | None:
    """The range by which numbers [N, *shape] are the samples as shown [N, *shape], for each colour by itself.

    None where they are not: where the samples were cut, whitened or otherwise changed.
    """
    rows = np.linspace(0, len(shown) - 1, min(len(shown), FITTED)).astype(np.int64)
    colours = shown.shape[-1] if shown.ndim == 4 else 1
    x, y = (some.reshape(-1, colours).astype(np.float64) for some in (as_floats(shown[rows]), numbers[rows]))
    spread = x.var(axis=0)
    if not spread.all():
        return None
    slope = ((x - x.mean(axis=0)) * (y - y.mean(axis=0))).mean(axis=0) / spread
    start = y.mean(axis=0) - slope * x.mean(axis=0)
    if (slope <= 0).any() or np.abs(start + slope * x - y).max() > AGREES * slope.max():
        return None
    values = math.prod(shown.shape[1:])
    low, high = (np.tile(end.astype(np.float32), values // colours) for end in (start, start + slope))
    if colours == 1 or not (np.ptp(low) or np.ptp(high)):
        return Range.of(float(low[0]), float(high[0]))
    return Range(low, high)


def decoded_range(out: Floats, target: NDArray[Any], data: Range) -> tuple[Range, str]:
    """How a decoder's numbers [n, values] are to be read, from the samples that they should be, values in [0, 1].

    As the data are, or as values from 0 to 1, whichever comes closer to the samples; and a remark where the two differ.
    Raises ImportRefused where they are logits: where they fit the samples far better after a sigmoid, and about as
    well as the mean image at least.
    """
    as_data = _error(data.unit(out), target)
    found, remark, least = data, "", as_data
    if not data.is_unit and (as_unit := _error(out, target)) < BETTER * as_data:
        remark = f"the decoder's values are taken as 0 to 1, though the data run from {data.described()}"
        found, least = UNIT, as_unit
    with np.errstate(over="ignore"):
        logits = _error(1 / (1 + np.exp(-out.astype(np.float64))), target)
    low, high = float(out.min()), float(out.max())
    mean_image = _error(target.mean(axis=0), target)
    if (low < -1.5 or high > 2.5) and logits < BETTER / 2 * least and logits < mean_image / BETTER:
        raise ImportRefused(
            f"expected the decoder to give values from {data.described()}, got {low:.3g} to {high:.3g}, which look like"
            " logits: let decode end with a sigmoid, such as decode=lambda z: torch.sigmoid(model.decode(z))"
        )
    return found, remark


def range_warning(shown: Floats) -> str:
    """A warning where decodes [n, values] are far from the values that are shown; "" else."""
    low, high = float(shown.min()), float(shown.max())
    if low >= -0.75 and high <= 1.75:
        return ""
    return (
        f"the decoder's values run from {low:.3g} to {high:.3g} where 0 to 1 is shown; if other numbers stand for black"
        " and white, say pixel_range=(…, …)"
    )


def _error(found: NDArray[Any], target: NDArray[Any]) -> float:
    return float(np.square(found - target).mean())

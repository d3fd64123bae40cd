"""A data set in numbers, pixel by pixel, and what its pictures have in common where they are drawn. NumPy only."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Drawing", "ImageStatistics", "image_statistics", "levels_of", "statistics_from"]

BYTE_LEVELS = 255
LEVELS = {"digits": 16}  # data sets whose pixels are multiples of 1/16; all others hold bytes
BINS = 32  # of a histogram, where there are more levels
INK = 0.2  # a pixel above this belongs to what is drawn
BLOCK = 2_000_000  # pixel values that are worked on at a time
DRAWING_SAMPLES = 3_000  # samples, evenly spaced, that the strokes are measured on

# Pictures are strokes on an empty ground where no more than the first of these shares of the border's pixels hold ink,
# no more than the second of all ink that would fit is there, a stroke is narrower than the third share of the picture,
# and how full its pixels are makes it at least the fourth share as wide as its outline does: not so on shades of grey.
BORDER_SHARE, INK_SHARE, STROKE_SHARE, AGREEMENT = 0.3, 0.4, 0.25, 0.4
THICK = 2.0  # pixels: from here on a stroke's area and outline say how wide it is, below it how full its pixels are


@dataclass(frozen=True)
class Drawing:
    """What pictures of strokes have in common, in pixels of their own grid.

    stroke: width of a stroke; height: median height of the box around the ink; width: 95th percentile of its width;
    centring: what varies less over the samples, the middle of that "box" or the ink's centre of "mass"; centre: where
    that lies on average, x and y from the left and top edge.
    """

    stroke: float
    height: float
    width: float
    centring: Literal["box", "mass"]
    centre: tuple[float, float]


@dataclass(frozen=True)
class ImageStatistics:
    """Mean, standard deviation and histogram of every pixel over all samples of a data set.

    samples: N; levels: pixels hold multiples of 1/levels; bins: of each histogram, equally wide over [0, 1].
    mean, deviation float32 [pixels], the deviation over the whole set: the root of the sum of p_i (x_i - mean)^2 with
    p_i = 1/N; histogram int32 [pixels][bins]. drawing: None where the pictures are not strokes on an empty ground.
    """

    samples: int
    levels: int
    bins: int
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    histogram: NDArray[np.int32]
    drawing: Drawing | None

    def facts(self) -> dict[str, Any]:
        """All but the arrays, ready for JSON."""
        drawing = None if self.drawing is None else {**asdict(self.drawing), "centre": list(self.drawing.centre)}
        return {"samples": self.samples, "levels": self.levels, "bins": self.bins, "drawing": drawing}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {"mean": self.mean, "deviation": self.deviation, "histogram": self.histogram}


def levels_of(dataset: str) -> int:
    """How many steps a pixel of this data set has above 0."""
    return LEVELS.get(dataset, BYTE_LEVELS)


def image_statistics(images: NDArray[Any], levels: int = BYTE_LEVELS) -> ImageStatistics:
    """The statistics of images, bytes or floats in [0, 1]: [N, h, w], [N, h, w, 3] or, of a table, [N, d].

    Bytes count as the nearest multiples of 1/levels. Raises ValueError without samples or pixels, and for values that
    are not finite or outside [0, 1].
    """
    if images.ndim < 2 or images.size == 0:
        raise ValueError(f"images: expected at least one sample of at least one pixel, got the shape {images.shape}")
    samples, pixels = len(images), math.prod(images.shape[1:])
    bins = levels + 1 if levels < BINS else BINS
    flat = images.reshape(samples, pixels)
    mean, deviation = np.empty(pixels), np.empty(pixels)
    histogram = np.empty((pixels, bins), np.int32)
    step = max(1, BLOCK // samples)
    for start in range(0, pixels, step):
        part = slice(start, start + step)
        values = _values(flat[:, part], levels)
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError(f"images: expected values in [0, 1], got {values.min():g} to {values.max():g}")
        mean[part] = values.mean(axis=0)
        deviation[part] = np.sqrt(np.square(values - mean[part]).mean(axis=0))
        histogram[part] = _histogram(values, levels, bins)
    drawing = _drawing(images, levels)
    return ImageStatistics(
        samples, levels, bins, mean.astype(np.float32), deviation.astype(np.float32), histogram, drawing
    )


def statistics_from(facts: object, tensors: dict[str, NDArray[Any]], pixels: int) -> ImageStatistics:
    """The statistics that `facts` and `tensors` were made from, of samples with so many pixels.

    Raises ValueError, in one sentence, where something is missing, misshapen or impossible.
    """
    if not isinstance(facts, dict):
        raise ValueError("expected a JSON object in the metadata")
    samples, levels, bins = (_whole(facts, name) for name in ("samples", "levels", "bins"))
    shapes = {"mean": (pixels,), "deviation": (pixels,), "histogram": (pixels, bins)}
    kinds = {"mean": np.float32, "deviation": np.float32, "histogram": np.int32}
    if set(tensors) != set(shapes):
        raise ValueError(f"expected the tensors {', '.join(shapes)}, got {', '.join(sorted(tensors)) or 'none'}")
    for name, shape in shapes.items():
        found = tensors[name]
        if found.shape != shape or found.dtype != kinds[name]:
            kind = np.dtype(kinds[name])
            raise ValueError(
                f"expected {name!r} to be {kind} of the shape {shape}, got {found.dtype} of {found.shape}"
            )
    mean, deviation, histogram = (tensors[name] for name in shapes)
    for name in ("mean", "deviation"):
        if not (np.isfinite(tensors[name]).all() and (tensors[name] >= 0).all() and (tensors[name] <= 1).all()):
            raise ValueError(f"expected every {name!r} to lie in [0, 1], got others")
    if (histogram < 0).any() or (histogram.sum(axis=1, dtype=np.int64) != samples).any():
        raise ValueError(f"expected every pixel's histogram to count {samples} samples, got others")
    return ImageStatistics(samples, levels, bins, mean, deviation, histogram, _drawing_from(facts.get("drawing")))


def _whole(facts: dict[str, Any], name: str) -> int:
    value = facts.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"expected {name!r} to be a whole number of at least 1, got {value!r:.100}")
    return value


def _drawing_from(record: object) -> Drawing | None:
    if record is None:
        return None
    centre = record.get("centre") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(centre, list) or len(centre) != 2:
        raise ValueError(f"expected 'drawing' to be an object with a centre, got {record!r:.100}")
    sizes = [*(record.get(name) for name in ("stroke", "height", "width")), *centre]
    numbers = [
        float(v) for v in sizes if isinstance(v, int | float) and not isinstance(v, bool) and 0 < v < math.inf
    ]
    centring = record.get("centring")
    if len(numbers) != 5 or centring not in ("box", "mass"):
        raise ValueError(f"expected 'drawing' to hold positive sizes and a centring, got {record!r:.200}")
    stroke, height, width, x, y = numbers
    return Drawing(stroke, height, width, "box" if centring == "box" else "mass", (x, y))


def _values(images: NDArray[Any], levels: int) -> NDArray[np.float64]:
    if images.dtype != np.uint8:
        return images.astype(np.float64)
    table = np.rint(np.arange(BYTE_LEVELS + 1) * (levels / BYTE_LEVELS)) / levels
    found: NDArray[np.float64] = table[images]
    return found


def _histogram(values: NDArray[np.float64], levels: int, bins: int) -> NDArray[np.int64]:
    """Counts, [pixels][bins], of values [N, pixels]."""
    # A value on the edge of two bins, as multiples of 1/levels may be, must not fall by rounding into the lower one.
    at = np.minimum((values * bins + 1e-6 / levels).astype(np.int64), bins - 1)
    at += np.arange(values.shape[1]) * bins
    return np.bincount(at.ravel(), minlength=values.shape[1] * bins).reshape(-1, bins)


def _drawing(images: NDArray[Any], levels: int) -> Drawing | None:
    """What the pictures have in common as drawings; None for colour images, tables and other pictures."""
    if images.ndim != 3 or min(images.shape[1:]) < 4:
        return None
    count = min(len(images), DRAWING_SAMPLES)
    values = _values(images[np.linspace(0, len(images) - 1, count).astype(np.int64)], levels)
    inked = values > INK
    values, inked = values[inked.any(axis=(1, 2))], inked[inked.any(axis=(1, 2))]
    if len(values) <= count / 2:
        return None
    border = np.concatenate([inked[:, 0], inked[:, -1], inked[:, 1:-1, 0], inked[:, 1:-1, -1]], axis=1)
    outlined, filled = (float(np.median(estimate)) for estimate in _stroke_widths(values))
    stroke = outlined if outlined >= THICK else min(outlined, filled)
    if (
        border.mean() > BORDER_SHARE
        or np.median(values.mean(axis=(1, 2))) > INK_SHARE
        or stroke > STROKE_SHARE * min(images.shape[1:])
        or filled < AGREEMENT * outlined
    ):
        return None
    sides = [_extent(np.any(inked, axis=axis)) for axis in (1, 2)]  # x, y
    boxes = np.stack([(first + last) / 2 for first, last in sides], axis=1)
    masses = _centres(values)
    centring: Literal["box", "mass"] = "box" if boxes.var(axis=0).sum() < masses.var(axis=0).sum() else "mass"
    x, y = (boxes if centring == "box" else masses).mean(axis=0)
    (left, right), (top, bottom) = sides
    return Drawing(
        round(stroke, 3),
        float(np.median(bottom - top)),
        float(np.percentile(right - left, 95)),
        centring,
        (round(float(x), 3), round(float(y), 3)),
    )


def _stroke_widths(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two estimates of each sample's stroke width, [n] each, in pixels; values [n, h, w].

    A stroke of length L and width w has the area A = L w and the outline P = 2 L + 2 w (the total variation), hence the
    first one: it is too wide for strokes below about 2 pixels, which fill no pixel. The second one goes by how full the
    inked pixels are, q = sum x^2 / sum x, which over all positions of a stroke averages w - w^2/3 for w up to 1 and
    1 - 1/(3 w) above: it takes a soft edge for a narrow stroke.
    """
    area = values.sum(axis=(1, 2))
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    across, down = padded[:, :-1, 1:] - padded[:, :-1, :-1], padded[:, 1:, :-1] - padded[:, :-1, :-1]
    quarter = np.hypot(across, down).sum(axis=(1, 2)) / 4
    outlined = quarter - np.sqrt(np.maximum(0, quarter**2 - area))
    fullness = np.minimum(np.square(values).sum(axis=(1, 2)) / area, 0.999)
    thin = 1.5 * (1 - np.sqrt(np.maximum(0, 1 - 4 / 3 * fullness)))
    return outlined, np.where(fullness < 2 / 3, thin, 1 / (3 * (1 - fullness)))


def _extent(inked: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Edges, [n] each, of what is True along the second axis; every row holds a True."""
    return inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)


def _centres(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centres of mass, [n, 2]: x, y from the left and top edge."""
    area = values.sum(axis=(1, 2))
    x = values.sum(axis=1) @ (np.arange(values.shape[2]) + 0.5) / area
    y = values.sum(axis=2) @ (np.arange(values.shape[1]) + 0.5) / area
    return np.stack([x, y], axis=1)

"""Places in latent space to decode: paths through pins, grids, rings and draws of the prior.

NumPy and the standard library; a model is only decoded with (`interpolate`, `decode_grid`), never built here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from vae_core.models import VAE

Array = NDArray[np.float64]
# Where a point lies on the way between two pins: (a [d], b [d], t [n]) -> [n, d].
Blend = Callable[[Array, Array, Array], Array]
# Length of each coordinate's part of the way between two pins: (a [d], b [d]) -> [d].
Distance = Callable[[Array, Array], Array]

# Beyond this many standard deviations the prior's tail is about to underflow a double.
LIMIT = 37.0
STANDARD = NormalDist()


def line(points: ArrayLike, steps: int, *, through: str = "straight") -> Array:
    """A path through pins, equally spaced along the whole of it: points [P, d] -> [steps, d].

    through: "straight" is a straight line in z; "quantiles" is straight in the prior's quantiles Φ(z),
    coordinate by coordinate, so it stays where the prior is likely and takes longer steps where the prior is
    thin. "Equally spaced" is by distance in z or in Φ(z) respectively. A coordinate that two pins share does not
    move between them, and the first and the last pin are hit exactly. The canvas draws the same paths (paths.js).

    >>> line([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], 5).tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.5], [1.0, 1.0]]

    Raises ValueError for fewer than two pins or steps, for pins that are not finite and for an unknown
    `through`.
    """
    if through not in PATHS:
        raise ValueError(f"expected a path through {' or '.join(PATHS)}, got {through!r}")
    pins = np.asarray(points, np.float64)
    if pins.ndim != 2 or len(pins) < 2 or pins.shape[1] < 1:
        raise ValueError(f"expected pins of shape [P, d] with at least two pins, got {list(pins.shape)}")
    if not np.isfinite(pins).all():
        raise ValueError("expected finite pins, got NaN or infinity")
    if steps < 2:
        raise ValueError(f"expected at least 2 steps, got {steps}")
    distance, blend = PATHS[through]
    lengths = np.array([np.linalg.norm(distance(a, b)) for a, b in pairwise(pins)])
    return _walk(pins, lengths, blend, steps)


def grid(extent: tuple[float, float, float, float], n: int) -> Array:
    """Points of a lattice over (xmin, xmax, ymin, ymax) -> [n, n, 2]; the first row is at ymax, as in a picture.

    >>> grid((0, 1, 0, 2), 2).tolist()
    [[[0.0, 2.0], [1.0, 2.0]], [[0.0, 0.0], [1.0, 0.0]]]
    """
    left, right, bottom, top = extent
    if not (math.isfinite(sum(extent)) and left < right and bottom < top):
        raise ValueError(f"expected an extent (xmin, xmax, ymin, ymax) with a positive area, got {extent}")
    return _lattice(np.linspace(left, right, _counted(n)), np.linspace(top, bottom, n))


def quantile_grid(n: int) -> Array:
    """Middles of n × n cells of equal prior probability -> [n, n, 2]  (Kingma and Welling 2014, figure 4)."""
    places = np.array([STANDARD.inv_cdf((i + 0.5) / _counted(n)) for i in range(n)])
    return _lattice(places, places[::-1])


def ring(center: ArrayLike, radius: float, n: int) -> Array:
    """n points around a place in the plane, counter-clockwise from its right: center [2] -> [n, 2]."""
    angle = 2 * np.pi * np.arange(_counted(n)) / n
    directions = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.add(np.asarray(center, np.float64), radius * directions)


def prior_draws(n: int, *, dimensions: int = 2, seed: int) -> Array:
    """n independent draws of the prior N(0, I) -> [n, dimensions]."""
    return np.random.default_rng(seed).standard_normal((n, dimensions))


def interpolate(
    model: VAE, points: ArrayLike, steps: int, *, beta: float, through: str = "straight"
) -> NDArray[np.float32]:
    """Decode a path through pins (see `line`): points [P, d] -> mean images [steps, *shape] in [0, 1]."""
    return decode(model, line(points, steps, through=through), beta=beta)


def decode_grid(
    model: VAE, n: int, *, beta: float, extent: tuple[float, float, float, float] = (-3.0, 3.0, -3.0, 3.0)
) -> NDArray[np.float32]:
    """Decode a lattice of the plane (see `grid`) -> mean images [n, n, *shape] in [0, 1]."""
    return decode(model, grid(extent, n), beta=beta)


def decode(model: VAE, z: ArrayLike, *, beta: float) -> NDArray[np.float32]:
    """Decode points without gradients: z [..., d] -> mean images [..., *shape] in [0, 1], as NumPy."""
    import torch  # only here: the places themselves need no torch

    places = np.asarray(z, np.float32)
    weight = next(model.parameters())
    with torch.no_grad():
        images = model.decode(torch.from_numpy(places.reshape(-1, places.shape[-1])).to(weight), beta)
    decoded: NDArray[np.float32] = images.float().cpu().numpy()
    return decoded.reshape(*places.shape[:-1], *decoded.shape[1:])


def _walk(pins: Array, lengths: Array, blend: Blend, steps: int) -> Array:
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, ends[-1], steps)
    segment = np.clip(np.searchsorted(ends, at, side="left") - 1, 0, len(lengths) - 1)
    path = np.empty((steps, pins.shape[1]))
    for k in np.unique(segment):
        rows = segment == k
        length = ends[k + 1] - ends[k]
        t = (at[rows] - ends[k]) / length if length > 0 else np.zeros(rows.sum())
        path[rows] = _along(blend, pins[k], pins[k + 1], np.clip(t, 0.0, 1.0))
    path[0], path[-1] = pins[0], pins[-1]
    return path


def _along(blend: Blend, a: Array, b: Array, t: Array) -> Array:
    """Blend that returns both ends exactly, whatever rounding the way's own formula has."""
    between = np.where(a == b, a, blend(a, b, t))
    between[t == 0] = a
    between[t == 1] = b
    return between


def _straight(a: Array, b: Array, t: Array) -> Array:
    return a + t[:, None] * (b - a)


def _straight_distance(a: Array, b: Array) -> Array:
    return b - a


def _quantiles(a: Array, b: Array, t: Array) -> Array:
    sign = _lower_side(a, b)
    start, stop = _cdf(sign * a), _cdf(sign * b)
    return np.multiply(sign, _quantile(start + t[:, None] * (stop - start)))


def _quantile_distance(a: Array, b: Array) -> Array:
    sign = _lower_side(a, b)
    distance: Array = _cdf(sign * b) - _cdf(sign * a)
    return distance


def _lower_side(a: Array, b: Array) -> Array:
    """Signs that put each coordinate of two pins mostly below 0, where a double resolves Φ down to 1e-300."""
    return np.where(a + b > 0, -1.0, 1.0)


@np.vectorize
def _cdf(x: float) -> float:
    return 0.5 * math.erfc(-min(max(x, -LIMIT), LIMIT) / math.sqrt(2))


@np.vectorize
def _quantile(p: float) -> float:
    # Between a near and a far pin rounding may give 0 or 1, whose quantiles are infinite.
    return max(-LIMIT, min(STANDARD.inv_cdf(p), LIMIT)) if 0 < p < 1 else math.copysign(LIMIT, p - 0.5)


# The ways of joining two pins; the page's menu and the canvas have the same names.
PATHS: dict[str, tuple[Distance, Blend]] = {
    "straight": (_straight_distance, _straight),
    "quantiles": (_quantile_distance, _quantiles),
}


def _lattice(x: Array, y: Array) -> Array:
    return np.stack(np.meshgrid(x, y), axis=-1)


def _counted(n: int) -> int:
    if n < 1:
        raise ValueError(f"expected at least 1 point, got {n}")
    return n

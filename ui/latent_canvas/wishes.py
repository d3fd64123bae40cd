"""What a browser asks the server to decode for it, as far as it makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.projection import Plane

MOST_BETA = 1e12
MOST_PLACES = 512  # served_pictures.js asks for no more at once


@dataclass(frozen=True)
class Places:
    """Points z, float64 [m, d], whose pictures are wanted, at beta."""

    beta: float
    z: NDArray[np.float64]


@dataclass(frozen=True)
class PlaneAtBeta:
    """A plane of which a grid of pictures is wanted, at beta."""

    beta: float
    plane: Plane


def places(asked: Any) -> Places | None:
    """A request {"beta", "places": [m][d]}; None for whatever else it was."""
    found = _numbers(asked, "places", 2)
    return None if found is None or len(found[1]) > MOST_PLACES else Places(*found)


def plane_at_beta(asked: Any) -> PlaneAtBeta | None:
    """A request {"beta", "axes": [2][d], "rest": [d]}; None for whatever else it was."""
    axes, rest = _numbers(asked, "axes", 2), _numbers(asked, "rest", 1)
    if axes is None or rest is None:
        return None
    try:
        return PlaneAtBeta(axes[0], Plane(axes[1], rest[1]))
    except ValueError:
        return None


def _numbers(asked: Any, name: str, dimensions: int) -> tuple[float, NDArray[np.float64]] | None:
    """The beta of a request and an array of it; None where they are not finite numbers."""
    if not isinstance(asked, Mapping):
        return None
    beta = asked.get("beta")
    try:
        values = np.array(asked.get(name), np.float64)
    except (TypeError, ValueError, OverflowError):  # no numbers, or rows of different lengths
        return None
    if not isinstance(beta, int | float) or isinstance(beta, bool) or not 0 <= beta <= MOST_BETA:
        return None
    if values.ndim != dimensions or not values.size or not np.isfinite(values).all():
        return None
    return float(beta), values

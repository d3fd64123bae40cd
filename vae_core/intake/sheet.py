"""The contact sheet: some of the pictures side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PICTURES = 48
COLUMNS = 12
_TILE = 48  # pixels at least, along the longer side of a picture: small ones are shown enlarged
_GAP, _GROUND = 2, 128


def contact_sheet(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures of one shape [h, w] or [h, w, 3] as one of [H, W, 3], row by row; what is left free is grey."""
    height, width = pictures[0].shape[:2]
    factor = max(1, math.ceil(_TILE / max(height, width)))
    columns = min(COLUMNS, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    tall, wide = height * factor + _GAP, width * factor + _GAP
    sheet = np.full((rows * tall + _GAP, columns * wide + _GAP, 3), _GROUND, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = _GAP + i // columns * tall, _GAP + i % columns * wide
        tile = np.repeat(np.repeat(picture, factor, axis=0), factor, axis=1)
        sheet[top : top + height * factor, left : left + width * factor] = tile if tile.ndim == 3 else tile[..., None]
    return sheet


def spread(samples: int, count: int = PICTURES) -> list[int]:
    """At most so many numbers of samples, evenly spaced over all."""
    chosen: NDArray[Any] = np.unique(np.linspace(0, samples - 1, min(samples, count)).astype(np.int64))
    return [int(i) for i in chosen]

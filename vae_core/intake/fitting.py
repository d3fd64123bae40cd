"""Pictures brought to one size and to grey or colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae_core.intake.choices import Fit

COLOURED = 24  # a pixel whose channels differ by more than this, of 255, is coloured
COLOUR_SHARE = 0.03  # of the pixels: from here on colour is kept by default
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # what grey is made of (ITU-R 601), as Pillow has it


@dataclass(frozen=True)
class Fitting:
    """Height and width of every picture, whether it is in colour, and what happens where its shape is another."""

    height: int
    width: int
    colour: bool
    fit: Fit

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a fitted picture."""
        return (self.height, self.width, 3) if self.colour else (self.height, self.width)


def fit_picture(picture: Image.Image, fitting: Fitting) -> NDArray[np.uint8]:
    """A picture of mode L or RGB as bytes [h, w] or [h, w, 3]: each new pixel is the mean of the area it covers."""
    mode = "RGB" if fitting.colour else "L"
    picture = picture if picture.mode == mode else picture.convert(mode)
    target = (fitting.width, fitting.height)
    if picture.size == target:
        return np.asarray(picture)
    if fitting.fit == "crop":
        return np.asarray(_resized(picture, target, _middle(picture.size, target)))
    return _padded(picture, fitting)


def to_grey(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures [..., 3] as grey [...]."""
    mixed = pictures[..., 0] * np.float32(_RED)
    mixed += pictures[..., 1] * np.float32(_GREEN)
    mixed += pictures[..., 2] * np.float32(_BLUE)
    grey: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return grey


def coloured_share(picture: NDArray[np.uint8]) -> float:
    """The share of coloured pixels in [..., 3]."""
    spread = picture.max(axis=-1).astype(np.int16) - picture.min(axis=-1)
    return float((spread > COLOURED).mean())


def size_for(sizes: list[tuple[int, int]], side: int) -> tuple[int, int]:
    """Height and width with the longer side given: in the shape of the pictures where they share one, else square."""
    ratios = sorted(width / height for height, width in sizes)
    if ratios[-1] > 1.1 * ratios[0]:
        return side, side
    ratio = ratios[len(ratios) // 2]
    if abs(ratio - 1) < 0.02:
        return side, side
    return (max(1, round(side / ratio)), side) if ratio > 1 else (side, max(1, round(side * ratio)))


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest box of the target's shape in the middle of a picture: left, top, right, bottom."""
    width, height = size
    scale = min(width / target[0], height / target[1])
    wide, tall = target[0] * scale, target[1] * scale
    left, top = (width - wide) / 2, (height - tall) / 2
    return max(0.0, left), max(0.0, top), min(float(width), left + wide), min(float(height), top + tall)


def _resized(
    picture: Image.Image, target: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Image.Image:
    left, top, right, bottom = box or (0, 0, *picture.size)
    shrinks = (right - left) * (bottom - top) >= target[0] * target[1]
    # Means over areas make no halos at edges; between the pixels of a smaller picture there is nothing to average.
    how = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return picture.resize(target, how, box=box)


def _padded(picture: Image.Image, fitting: Fitting) -> NDArray[np.uint8]:
    scale = min(fitting.width / picture.width, fitting.height / picture.height)
    wide = min(fitting.width, max(1, round(picture.width * scale)))
    tall = min(fitting.height, max(1, round(picture.height * scale)))
    small = np.asarray(_resized(picture, (wide, tall)))
    canvas = np.empty(fitting.shape, np.uint8)
    canvas[:] = _ground(small)
    top, left = (fitting.height - tall) // 2, (fitting.width - wide) // 2
    canvas[top : top + tall, left : left + wide] = small
    return canvas


def _ground(picture: NDArray[np.uint8]) -> NDArray[Any]:
    """What a picture's own border mostly is: the median, channel by channel."""
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    middle: NDArray[Any] = np.median(edge, axis=0)
    return middle

"""Layers on images, batched: convolutions as matrix products, and bilinear up-sampling. float32, channel-first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Layer = dict[str, Any]


def conv(x: Floats, layer: Layer, weight: Floats, bias: Floats) -> Floats:
    """x [n, c h w] -> [n, c' h' w']: each place of the output with all that its kernel covers is one column."""
    n, groups = len(x), layer["groups"]
    (c, h, w), (channels, out_h, out_w) = layer["in"], layer["out"]
    (kh, kw), (sh, sw), (dh, dw) = layer["kernel"], layer["stride"], layer["dilation"]
    top, left, bottom, right = layer["padding"]
    images = x.reshape(n, c, h, w)
    if any(layer["padding"]):
        images = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = sliding_window_view(images, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), axis=(2, 3))
    covered = windows[:, :, ::sh, ::sw, ::dh, ::dw].transpose(0, 1, 4, 5, 2, 3)
    columns = covered.reshape(n, groups, c // groups * kh * kw, out_h * out_w)
    found: Floats = np.matmul(weight.reshape(groups, channels // groups, -1), columns)
    found = found.reshape(n, channels, -1)
    found += bias[:, None]
    return found.reshape(n, -1)


def conv_transpose(x: Floats, layer: Layer, weight: Floats, bias: Floats) -> Floats:
    """x [n, c h w] -> [n, c' h' w']: every input puts its kernel into the output; where they overlap they add up."""
    n, groups = len(x), layer["groups"]
    (c, h, w), (channels, out_h, out_w) = layer["in"], layer["out"]
    (kh, kw), (sh, sw), (dh, dw) = layer["kernel"], layer["stride"], layer["dilation"]
    top, left = layer["padding"][:2]
    kernels = weight.reshape(groups, c // groups, -1).transpose(0, 2, 1)
    columns = np.matmul(np.ascontiguousarray(kernels), x.reshape(n, groups, c // groups, h * w))
    columns = columns.reshape(n, channels, kh, kw, h, w)
    full_h = max((h - 1) * sh + dh * (kh - 1) + 1, top + out_h)
    full_w = max((w - 1) * sw + dw * (kw - 1) + 1, left + out_w)
    found = np.zeros((n, channels, full_h, full_w), np.float32)
    for i in range(kh):
        rows = slice(i * dh, i * dh + (h - 1) * sh + 1, sh)
        for j in range(kw):
            found[:, :, rows, j * dw : j * dw + (w - 1) * sw + 1 : sw] += columns[:, :, i, j]
    found = found[:, :, top : top + out_h, left : left + out_w] + bias[:, None, None]
    return found.reshape(n, -1)


def upsample(x: Floats, layer: Layer) -> Floats:
    """x [n, c h w] -> [n, c h' w'], bilinear: rows first, then columns."""
    images = x.reshape(len(x), *layer["in"])
    for axis in (1, 2):
        low, high, share = _neighbours(layer["in"][axis], layer["out"][axis], layer["align_corners"])
        share = share[:, None] if axis == 1 else share
        below, above = images.take(low, axis + 1), images.take(high, axis + 1)
        images = below + share * (above - below)
    return images.reshape(len(x), -1)


def _neighbours(size: int, out: int, corners: bool) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Between which two inputs each output lies, and how far from the first to the second: pixels are squares whose
    middles are at half numbers, or points with the first and last ones in common (corners)."""
    places = np.arange(out, dtype=np.float64)
    if corners:
        at = places * ((size - 1) / (out - 1) if out > 1 else 0.0)
    else:
        at = np.maximum((places + 0.5) * (size / out) - 0.5, 0)
    low = np.minimum(np.floor(at).astype(np.intp), size - 1)
    return low, np.minimum(low + 1, size - 1), (at - low).astype(np.float32)

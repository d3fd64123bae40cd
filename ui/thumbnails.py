"""Small pictures of maps for the gallery: every class's density in its colour, on a transparent ground."""

from __future__ import annotations

import base64
import colorsys
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ui import cache
from vae_core.checkpoints import load_codes
from vae_core.palette import TEN  # frontend/palette.js has the same ten; a test compares them
from vae_core.projection import dimension_table, ranked

SIZE = 240  # pixels; shown at about half of that, so that it is sharp on every screen
MOST_SAMPLES = 2_000
BETA = 1.0  # where the loss is the true ELBO, and where the pages open
# How far the whole map reaches at least and at most, in latent units, as in frontend/framing.js.
REACH = (3.25, 6.5)
# No Gaussian is drawn narrower than this, in pixels: a dot that falls between pixels would vanish.
_NARROWEST = 1.3
_EXPOSURE = 1.5  # opacity 1 − e^−1.5 at the typical density
_SPREAD = 0.65  # opacity grows with the density to this power: thin regions stay in sight beside dense ones
_FAINTEST = 0.004  # of the typical density: what is below is left out
# Steps of colour and opacity: finer ones are not seen and cost bytes.
_COLOUR_STEPS, _OPACITY_STEPS = 17, 40
_GOLDEN_ANGLE = 137.508


def data_uri(folder: Path) -> str:
    """The map of a model folder as the address of an <img>. Raises CheckpointError where it cannot be opened."""
    return _data_uri(str(folder), cache.stamp(folder))


@st.cache_data(show_spinner=False, max_entries=64)
def _data_uri(folder: str, stamp: cache.Stamp) -> str:
    codes = load_codes(folder)
    beta = min(max(BETA, float(codes.betas[0])), float(codes.betas[-1]))
    mu, sigma = codes.at_beta(beta)
    if mu.shape[1] > 2:  # as the map opens: the two dimensions of the largest KL
        shown = ranked(dimension_table(mu, sigma))[:2]
        mu, sigma = mu[:, shown], sigma[:, shown]
    png = render(mu, sigma, codes.labels, int(codes.labels.max(initial=0)) + 1)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def render(
    mu: NDArray[np.floating[Any]],
    sigma: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    classes: int,
    *,
    size: int = SIZE,
) -> bytes:
    """A PNG of `size` by `size` pixels with opacity: the classes' densities of at most MOST_SAMPLES samples.

    mu, sigma: [N, 2], latent units, sigma above 0; labels: [N] in [0, classes). The middle is the latent origin, up is
    up. No samples give an empty picture.
    """
    reach = whole_reach(mu, sigma)
    if len(mu) > MOST_SAMPLES:
        some = np.sort(np.random.default_rng(0).choice(len(mu), MOST_SAMPLES, replace=False))
        mu, sigma, labels = mu[some], sigma[some], labels[some]
    scale = size / (2 * reach)
    pixels = np.arange(size, dtype=np.float32) + 0.5
    # Where every sample is and how wide, in pixels; rows count downwards.
    across, down = size / 2 + mu[:, 0] * scale, size / 2 - mu[:, 1] * scale
    wide = np.maximum(sigma[:, :2] * scale, _NARROWEST)
    columns = _gaussians(pixels, across, wide[:, 0])
    rows = _gaussians(pixels, down, wide[:, 1])
    total = np.zeros((size, size), dtype=np.float32)
    mixed = np.zeros((size, size, 3), dtype=np.float32)  # colours times densities
    colours = np.array(class_colours(classes), dtype=np.float32).reshape(-1, 3)
    for label in np.unique(labels):
        own = labels == label
        density = rows[own].T @ columns[own]
        total += density
        mixed += density[..., None] * colours[label]
    return _png(_toned(total, mixed))


def whole_reach(mu: NDArray[np.floating[Any]], sigma: NDArray[np.floating[Any]]) -> float:
    """Half the side of the square that shows the whole map, latent units: that of framing.js's wholeView."""
    if not len(mu):
        return REACH[0]
    return min(REACH[1], max(REACH[0], float((np.abs(mu) + sigma).max())))


def class_colours(count: int) -> list[tuple[int, int, int]]:
    """The colours of palette.js, 0 to 255: ten that everybody can tell apart, then hues by the golden angle."""
    return [_rgb(TEN[i]) if i < len(TEN) else _hue(i) for i in range(count)]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hue(i: int) -> tuple[int, int, int]:
    channels = colorsys.hls_to_rgb(i * _GOLDEN_ANGLE % 360 / 360, 0.45 if i % 2 else 0.62, 0.6)
    r, g, b = (math.floor(255 * channel + 0.5) for channel in channels)
    return r, g, b


def _gaussians(
    at: NDArray[np.float32], mu: NDArray[np.floating[Any]], sigma: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """Densities of N one-dimensional Gaussians at the pixels `at`, [N, len(at)]."""
    width = sigma.astype(np.float32)[:, None]
    distance = (at[None, :] - mu.astype(np.float32)[:, None]) / width
    return (np.exp(-0.5 * distance * distance) / width).astype(np.float32, copy=False)


def _toned(total: NDArray[np.float32], mixed: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The classes' densities [h, w] and their sum times colours [h, w, 3] as RGBA [h, w, 4]: opacity by the density."""
    # The typical density: what half of all samples' mass lies above.
    order = np.sort(total, axis=None)[::-1]
    mass = np.cumsum(order)
    typical = float(order[np.searchsorted(mass, mass[-1] / 2)]) if mass[-1] > 0 else 1.0
    share = total / typical
    opacity = np.where(share < _FAINTEST, 0, 1 - np.exp(-_EXPOSURE * share**_SPREAD))
    hues = mixed / np.maximum(total, 1e-12)[..., None]
    picture = np.empty((*total.shape, 4), dtype=np.float32)
    picture[..., 3] = np.round(opacity * _OPACITY_STEPS) * (255 / _OPACITY_STEPS)
    picture[..., :3] = np.round(hues * (_COLOUR_STEPS / 255)) * (255 / _COLOUR_STEPS) * (picture[..., 3:] > 0)
    return (picture + 0.5).clip(0, 255).astype(np.uint8)


def _png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(file, "PNG", compress_level=6)
    return file.getvalue()

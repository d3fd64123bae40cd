"""What the page must know of a data set before a training starts: what it is called, how large it is, how it looks."""

from __future__ import annotations

import gzip
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from vae_core import stored
from vae_core.datasets import (
    DATA_VARIABLE,
    DATASETS,
    IDX_TITLES,
    Dataset,
    DatasetError,
    check_images,
    load_images_uint8,
)
from vae_core.own_recipe import suited_likelihood
from vae_core.recipes import RECIPES

# A card's picture: so many samples beside and under each other.
COLUMNS, ROWS = 7, 3
TILE, GAP = 56, 6  # pixels: a sample's width in that picture, about, and what is left between two
# A table's card shows so many samples at most, a row of cells each.
TABLE_ROWS = 24
_IDX_HEADER = 16  # bytes before an IDX file's first image


@dataclass(frozen=True)
class Facts:
    """A data set on offer. shape: of one sample; training_samples: without those held out; likelihood: which suits."""

    name: str
    title: str
    shape: tuple[int, ...]
    samples: int
    training_samples: int
    likelihood: str = "gaussian"
    complaint: str = ""

    @property
    def values(self) -> int:
        """Numbers in one sample."""
        return math.prod(self.shape)

    @property
    def is_table(self) -> bool:
        """Rows of a table rather than pictures."""
        return len(self.shape) == 1


@dataclass(frozen=True)
class OnOffer:
    """A data set with the picture of its card (PNG), None where it is not at hand."""

    facts: Facts
    picture: bytes | None


def built_in() -> list[OnOffer]:
    """The registry's data sets; those whose files are missing have no picture, and the reason in `complaint`."""
    return [_built_in(name, os.environ.get(DATA_VARIABLE, ""), _is_there(name)) for name in DATASETS]


def _is_there(name: str) -> bool:
    try:
        check_images(name)
    except DatasetError:
        return False
    return True


# The folder and whether the files are there are the cache's keys.
@st.cache_data(show_spinner=False)
def _built_in(name: str, folder: str, there: bool) -> OnOffer:
    recipe = RECIPES.get(name)
    likelihood = recipe.likelihood if recipe else "gaussian"
    try:
        check_images(name)
        if name in IDX_TITLES:
            images, samples = _first_of_idx(Path(folder, name), COLUMNS * ROWS)
            training = samples
        else:
            images = load_images_uint8(name)
            samples, training = len(images), round(0.8 * len(images))
    except (DatasetError, OSError, EOFError, ValueError) as error:
        return OnOffer(Facts(name, IDX_TITLES.get(name, name), (1,), 0, 0, complaint=str(error)), None)
    title = IDX_TITLES.get(name, "Handwritten digits")
    facts = Facts(name, title, images.shape[1:], samples, training, likelihood)
    return OnOffer(facts, png(contact_sheet(images[: COLUMNS * ROWS])))


def _first_of_idx(folder: Path, count: int) -> tuple[NDArray[np.uint8], int]:
    """The first images of a set of 60,000 without reading them all, and how many there are."""
    packed = folder / "train-images-idx3-ubyte.gz"
    with gzip.open(packed) if packed.is_file() else packed.with_suffix("").open("rb") as stream:
        header = stream.read(_IDX_HEADER)
        samples, height, width = (int(size) for size in np.frombuffer(header, ">u4", 3, 4))
        content = stream.read(count * height * width)
    return np.frombuffer(content, np.uint8).reshape(-1, height, width), samples


def contact_sheet(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images uint8 [n, h, w] or [n, h, w, 3] side by side on black; rows of a table [n, d] as a picture of cells."""
    if images.ndim == 2:
        return images[:TABLE_ROWS]
    height, width, *channels = images.shape[1:]
    enlarged = max(1, round(TILE / width))
    tile = (height * enlarged + GAP, width * enlarged + GAP)
    sheet = np.zeros((ROWS * tile[0] + GAP, COLUMNS * tile[1] + GAP, *channels), np.uint8)
    for i, image in enumerate(images[: ROWS * COLUMNS]):
        top, left = (GAP + place * size for place, size in zip(divmod(i, COLUMNS), tile, strict=True))
        large = image.repeat(enlarged, axis=0).repeat(enlarged, axis=1)
        sheet[top : top + large.shape[0], left : left + large.shape[1]] = large
    return sheet


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture, uint8 [h, w] or [h, w, 3], as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG")
    return buffer.getvalue()


def stored_one(name: str) -> OnOffer:
    """A stored data set. Raises DatasetError where it is not there any more, or damaged."""
    folder = stored.find(name)
    return _stored(name, (folder / stored.FACTS).stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=64)
def _stored(name: str, changed: int) -> OnOffer:
    dataset = stored.load(stored.find(name))
    first = dataset.images[: max(COLUMNS * ROWS, TABLE_ROWS)]
    tiles = first if first.dtype == np.uint8 else np.rint(255 * first).astype(np.uint8)
    return OnOffer(facts_of(name, dataset), png(contact_sheet(tiles[: COLUMNS * ROWS])))


def facts_of(name: str, dataset: Dataset) -> Facts:
    """What the page must know of a data set that is at hand."""
    training = len(dataset.images) - int(np.count_nonzero(dataset.test))
    shape = tuple(int(size) for size in dataset.input_shape)
    return Facts(name, dataset.title, shape, len(dataset.images), training, suited_likelihood(dataset.images))


def is_table(name: str) -> bool:
    """Whether a data set's samples are rows of a table. Raises DatasetError where it is not there any more."""
    return name not in DATASETS and stored_one(name).facts.is_table

"""Data sets by name: scikit-learn's digits, MNIST-like sets from IDX files, and what a person brought (stored.py)."""

from __future__ import annotations

import gzip
import importlib.util
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA_VARIABLE = "LATENT_EXPLORER_DATA"  # the environment variable that names the data folder

DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

DIGITS_TEST_SHARE = 0.2
DIGITS_SPLIT_SEED = 0
CHECKED_AT_ONCE = 4096  # samples


class DatasetError(Exception):
    """A data set that is missing, malformed or unusable; the message is one sentence."""


def _no_images() -> NDArray[np.float32]:
    return np.zeros(0, np.float32)


def _no_labels() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Column:
    """A column of a table: the number x in [0, 1] stands for low + x (high - low), shown with so many decimals."""

    name: str
    low: float
    high: float
    decimals: int


def as_floats(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Rows of `Dataset.images` as float32 in [0, 1]: a byte k stands for k/255, floats stay as they are.

    The result is in memory even where the rows are a view of a file.
    """
    if rows.dtype == np.uint8:
        floats: NDArray[np.float32] = np.divide(rows, 255, dtype=np.float32)
        return floats
    # PyTorch warns of arrays that must not be written to, as those of a file are.
    return np.asarray(rows, np.float32) if rows.flags.writeable else np.array(rows, np.float32)


@dataclass(frozen=True)
class Dataset:
    """Images or the rows of a table, with labels, in the order of the data set.

    images [N, *shape]: float32 in [0, 1], or uint8 where a byte k stands for k/255 (`as_floats` converts rows where
    they are used); may be a view of a file. labels whole numbers [N], indices into label_names; test bool [N], True for
    the samples that are held out of training. A set whose test samples are a list of their own (MNIST) has
    them in extra_images and extra_labels, and `test` is False everywhere. columns: of a table, whose samples have
    the shape (d,); () for images.
    """

    name: str
    title: str
    images: NDArray[Any]
    labels: NDArray[np.integer[Any]]
    label_names: tuple[str, ...]
    test: NDArray[np.bool_]
    extra_images: NDArray[Any] = field(default_factory=_no_images)
    extra_labels: NDArray[np.integer[Any]] = field(default_factory=_no_labels)
    columns: tuple[Column, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self.images.shape[1:]

    @property
    def train_images(self) -> NDArray[Any]:
        """The samples to train on, [N_train, *shape]."""
        return self.images[~self.test] if self.test.any() else self.images

    @property
    def test_images(self) -> NDArray[Any]:
        """The samples held out, [N_test, *shape]; may be empty."""
        return self.images[self.test] if self.test.any() else self.extra_images

    @property
    def test_labels(self) -> NDArray[np.integer[Any]]:
        """The labels of `test_images`."""
        return self.labels[self.test] if self.test.any() else self.extra_labels

    def subset(self, index: NDArray[Any]) -> Dataset:
        """The samples that `index` (numbers or bools [N]) picks, in its order, without the extra ones."""
        return replace(
            self,
            images=self.images[index],
            labels=self.labels[index],
            test=self.test[index],
            extra_images=_no_images(),
            extra_labels=_no_labels(),
        )

    def check(self) -> None:
        """Raise DatasetError unless a model can be trained on these images."""
        if self.images.ndim < 2 or math.prod(self.input_shape) == 0:
            raise DatasetError(
                f"{self.name}: the samples have no pixels (images of shape {self.images.shape})"
            )
        training = len(self.images) - np.count_nonzero(self.test)
        if training < 2:
            raise DatasetError(f"{self.name}: training needs at least 2 samples, got {training}")
        if self.columns and self.input_shape != (len(self.columns),):
            raise DatasetError(
                f"{self.name}: expected {len(self.columns)} numbers a sample, one a column, got {self.input_shape}"
            )
        for part in (self.images, self.extra_images):
            _check_values(self.name, part)
        if _all_alike(self.images):
            raise DatasetError(f"{self.name}: expected samples that differ, got {len(self.images)} all the same")


def _check_values(name: str, images: NDArray[Any]) -> None:
    """Raise DatasetError where a value is not finite or not in [0, 1]; a part at a time, as it may be a file."""
    if images.dtype == np.uint8:
        return
    for start in range(0, len(images), CHECKED_AT_ONCE):
        part = images[start : start + CHECKED_AT_ONCE]
        if not np.isfinite(part).all():
            raise DatasetError(f"{name}: the images hold values that are NaN or infinite")
        if part.size and (part.min() < 0 or part.max() > 1):
            raise DatasetError(f"{name}: pixels must lie in [0, 1], got {part.min():g} to {part.max():g}")


def _all_alike(images: NDArray[Any]) -> bool:
    starts = range(0, len(images), CHECKED_AT_ONCE)
    return all(bool((images[start : start + CHECKED_AT_ONCE] == images[0]).all()) for start in starts)


def load_dataset(name: str, data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """The data set called `name`: one of DATASETS, a stored one (own-…), or the path of a stored one's folder.

    MNIST-like sets are read from IDX files in `data_dir`/<name>/, or where it is None from the folder that
    the environment variable LATENT_EXPLORER_DATA names. Raises DatasetError.

    >>> load_dataset("digits").images.shape
    (1797, 8, 8)
    """
    if name in DATASETS:
        return DATASETS[name](data_dir)
    from vae_core import stored  # which builds on this module

    folder = Path(name)
    return stored.load(folder if stored.is_folder(folder) else _stored_folder(name, data_dir))


def load_images_uint8(name: str, data_dir: str | os.PathLike[str] | None = None) -> NDArray[np.uint8]:
    """The original images, uint8 [N, h, w] or [N, h, w, 3], in the order of a model's codes, without importing torch.

    A table's rows come as bytes too, [N, d]: round(255 x). Raises DatasetError where they are not there.
    """
    if name == "digits":
        return np.rint(_digits_table()[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    if name in IDX_TITLES:
        return _read_images(_idx_folder(name, data_dir), "train")
    from vae_core import stored

    return stored.load_bytes(_stored_folder(name, data_dir))


def check_images(name: str, data_dir: str | os.PathLike[str] | None = None) -> None:
    """Raise the DatasetError that load_images_uint8 would raise for want of a file; reads no file."""
    if name in IDX_TITLES:
        _find(_idx_folder(name, data_dir), "train-images-idx3-ubyte")
    elif name not in DATASETS:
        _stored_folder(name, data_dir)


def _stored_folder(name: str, data_dir: str | os.PathLike[str] | None) -> Path:
    """The folder of the stored data set `name`, among the person's own or in the data folder.

    Never a path: the name may come from the card of a model that was made elsewhere. Raises DatasetError.
    """
    from vae_core import stored

    if stored.is_name(name):
        root = data_dir if data_dir is not None else os.environ.get(DATA_VARIABLE)
        return stored.find(name, *([Path(root)] if root else []))
    raise DatasetError(
        f"unknown data set {name!r:.200}: expected one of {', '.join(DATASETS)}, or a data set that"
        " `python -m vae_core prepare` has stored"
    )


def _load_digits(data_dir: str | os.PathLike[str] | None) -> Dataset:
    table = _digits_table()
    images = (table[:, :-1].reshape(-1, 8, 8) / 16).astype(np.float32)
    test = np.zeros(len(images), bool)
    # The samples that scikit-learn's train_test_split(test_size=0.2, random_state=0) holds out.
    order = np.random.RandomState(DIGITS_SPLIT_SEED).permutation(len(images))
    test[order[: math.ceil(DIGITS_TEST_SHARE * len(images))]] = True
    return Dataset("digits", "Handwritten digits", images, table[:, -1].astype(np.int64), DIGIT_NAMES, test)


def _digits_table() -> NDArray[np.float64]:
    """scikit-learn's digits, [1797, 65]: 64 pixels from 0 to 16 and the label.

    Read from the package's own file without importing the package, which takes a second.
    """
    spec = importlib.util.find_spec("sklearn")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "datasets", "data", "digits.csv.gz")
        if path.is_file():
            return np.loadtxt(gzip.open(path, "rt"), delimiter=",")
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DatasetError("digits: the images come with scikit-learn, which is not installed") from error
    digits = load_digits()
    return np.column_stack([digits.data, digits.target])


def _load_idx(name: str, label_names: tuple[str, ...], data_dir: str | os.PathLike[str] | None) -> Dataset:
    folder = _idx_folder(name, data_dir)
    images, labels = _read_images(folder, "train"), _read_labels(folder, "train")
    extra_images, extra_labels = _read_images(folder, "t10k"), _read_labels(folder, "t10k")
    for part, count, expected in (("train", labels, images), ("t10k", extra_labels, extra_images)):
        if len(count) != len(expected):
            raise DatasetError(f"{folder}: {len(expected)} {part} images but {len(count)} labels")
    if len(labels) and max(labels.max(), extra_labels.max(initial=0)) >= len(label_names):
        raise DatasetError(f"{folder}: expected labels from 0 to {len(label_names) - 1}, got {labels.max()}")
    return Dataset(
        name,
        IDX_TITLES[name],
        _scaled(images),
        labels.astype(np.int64),
        label_names,
        np.zeros(len(images), bool),
        _scaled(extra_images),
        extra_labels.astype(np.int64),
    )


def _scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes from 0 to 255 as float32 from 0 to 1."""
    scaled: NDArray[np.float32] = np.divide(images, 255, dtype=np.float32)
    return scaled


def _idx_folder(name: str, data_dir: str | os.PathLike[str] | None) -> Path:
    root = data_dir if data_dir is not None else os.environ.get(DATA_VARIABLE)
    if not root:
        raise DatasetError(
            f"{name}: no data folder is named; pass one (--data-dir) or set {DATA_VARIABLE}, "
            f"and fill it with: python -m vae_core data {name} --data-dir FOLDER"
        )
    return Path(root, name)


def _read_images(folder: Path, part: str) -> NDArray[np.uint8]:
    return read_idx(_find(folder, f"{part}-images-idx3-ubyte"), dimensions=3)


def _read_labels(folder: Path, part: str) -> NDArray[np.uint8]:
    return read_idx(_find(folder, f"{part}-labels-idx1-ubyte"), dimensions=1)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    command = f"python -m vae_core data {folder.name} --data-dir {folder.parent}"
    raise DatasetError(f"{folder / name}.gz is missing; fetch it with: {command}")


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in an IDX file (LeCun's format of MNIST), gzipped or not. Raises DatasetError."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, 8, dimensions)):
        raise DatasetError(
            f"{path}: expected an IDX file of bytes with {dimensions} dimensions, got another header"
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    if len(content) - start != math.prod(shape):
        expected = math.prod(shape)
        raise DatasetError(
            f"{path}: expected {expected} bytes for the shape {shape}, got {len(content) - start}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """An array of bytes as an IDX file."""
    header = bytes((0, 0, 8, array.ndim)) + np.asarray(array.shape, ">u4").tobytes()
    return header + np.ascontiguousarray(array).tobytes()


IDX_TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}

DATASETS: dict[str, Callable[[Any], Dataset]] = {
    "digits": _load_digits,
    "mnist": lambda data_dir: _load_idx("mnist", DIGIT_NAMES, data_dir),
    "fashion-mnist": lambda data_dir: _load_idx("fashion-mnist", FASHION_NAMES, data_dir),
}

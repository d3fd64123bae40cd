"""NumPy's archives, .npz: which of their arrays are samples, which are labels, and which came as test samples."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.arrays import NUMBERS, SHAPES, array_upload
from vae_core.intake.choices import ArrayInfo, Step
from vae_core.intake.files import File
from vae_core.intake.labels import Labels, labels_of
from vae_core.intake.limits import IntakeError, Limits
from vae_core.intake.npy import Kind, npy_header, read_npy, times
from vae_core.intake.upload import Upload
from vae_core.intake.words import clean, listed, shown
from vae_core.intake.zipped import Zip

_TEXTS = "US"  # kinds of dtype
_HEADER = 20_000  # bytes; NumPy writes a few hundred
_SAMPLE_NAMES = ("x_train", "train_images", "x", "images", "data", "samples", "features", "arr_0")
_LABEL_NAMES = ("y_train", "train_labels", "y", "labels", "label", "target", "targets", "classes", "arr_1")
_MOST_ONE_HOT = 64  # columns: more are no classes


def is_npz(archive: Zip) -> bool:
    """Whether a zip archive is an .npz: nothing but arrays."""
    return bool(archive.entries) and all(path.endswith(".npy") for path in archive.entries)


def npz_upload(archive: Zip, file: File, limits: Limits, samples: str | None) -> Upload:
    """The samples and labels in an .npz. Raises IntakeError."""
    arrays = _Arrays(archive, limits)
    chosen = _chosen(arrays.kinds, samples, file.name)
    loaded = arrays.load(chosen)
    labels = arrays.labels(chosen)
    infos = tuple(
        ArrayInfo(clean(name), *_told(kind), _role(name, kind, labels)) for name, kind in arrays.kinds.items()
    )
    used, test = {chosen, *labels}, 0
    partner = arrays.test_of(chosen)
    label_partners = {name: arrays.test_of(name) for name in labels}
    if partner and all(_pairs(arrays.kinds, partner, name) for name in label_partners.values()):
        more = arrays.load(partner)
        loaded, test = np.concatenate([loaded, more]), len(more)
        labels = {name: np.concatenate([labels[name], arrays.load(str(label_partners[name]))]) for name in labels}
        used |= {partner, *map(str, label_partners.values())}
    upload = array_upload(
        loaded,
        title=file.title,
        name=f"{file.name}: {chosen}",
        limits=limits,
        labels={clean(name): _classes(values, clean(name)) for name, values in labels.items()},
        arrays=infos,
        test=test,
    )
    unused = [name for name in arrays.kinds if name not in used]
    if unused:
        upload.first_steps.append(Step("unused_arrays", {"names": listed(unused)}))
    return upload


class _Arrays:
    """The arrays of an archive by name, with shapes and dtypes."""

    def __init__(self, archive: Zip, limits: Limits) -> None:
        self.archive = archive
        self.kinds: dict[str, Kind] = {}
        for path in archive.entries:
            stream = io.BytesIO(archive.read(path, _HEADER))
            self.kinds[path.removesuffix(".npy")] = npy_header(stream, f"{archive.name}: {path}", limits)

    def load(self, name: str) -> NDArray[Any]:
        path = f"{name}.npy"
        return read_npy(io.BytesIO(self.archive.read(path)), f"{self.archive.name}: {path}")

    def labels(self, samples: str) -> dict[str, NDArray[Any]]:
        """What can be labels of the array `samples`, the most likely first."""
        found = {}
        count = self.kinds[samples][0][0]
        for name in sorted(self.kinds, key=lambda name: _rank(name, _LABEL_NAMES)):
            if name != samples and _may_be_labels(self.kinds[name], count):
                values = self.load(name)
                if values.ndim == 1 or values.shape[1] == 1 or _is_one_hot(values):
                    found[name] = values
        return found

    def test_of(self, name: str) -> str | None:
        """The array that holds test samples of the same kind as the array `name` holds to train on."""
        partner = name.replace("train", "test")
        if partner == name or partner not in self.kinds:
            return None
        (shape, dtype), (other, other_dtype) = self.kinds[name], self.kinds[partner]
        return partner if shape[1:] == other[1:] and dtype == other_dtype and shape and 0 not in other else None


def _chosen(kinds: Mapping[str, Kind], samples: str | None, file_name: str) -> str:
    """The name of the array that holds the samples: what was asked for, else by its name, else the largest."""
    fitting = [name for name, kind in kinds.items() if _may_be_samples(kind)]
    if samples is not None:
        for name in fitting:
            if samples in (name, clean(name)):
                return name
        names = listed(fitting) if fitting else "none"
        raise IntakeError(f"{shown(file_name)}: {SHAPES}, got {shown(samples)}; arrays that fit: {names}")
    if not fitting:
        found = [
            f"{shown(name)} of type {dtype} and the shape {times(shape)}" for name, (shape, dtype) in kinds.items()
        ]
        raise IntakeError(f"{shown(file_name)}: {SHAPES}, got {', '.join(found[:5])}")
    return min(fitting, key=lambda name: (_rank(name, _SAMPLE_NAMES), -math.prod(kinds[name][0])))


def _classes(values: NDArray[Any], source: str) -> Labels:
    """Classes by whole numbers, texts, or one column a class of which one is 1 (one-hot)."""
    one_hot = values.ndim == 2 and values.shape[1] > 1
    return labels_of(values.argmax(axis=1) if one_hot else values.ravel(), source)


def _pairs(kinds: Mapping[str, Kind], samples: str, labels: str | None) -> bool:
    """Whether there are as many labels as samples."""
    return labels is not None and kinds[labels][0][0] == kinds[samples][0][0]


def _rank(name: str, order: Sequence[str]) -> int:
    stem = PurePosixPath(name).name.lower()
    return order.index(stem) if stem in order else len(order)


def _may_be_samples(kind: Kind) -> bool:
    shape, dtype = kind
    return dtype.kind in NUMBERS and 2 <= len(shape) <= 4 and 0 not in shape and not (len(shape) == 2 and shape[1] == 1)


def _may_be_labels(kind: Kind, samples: int) -> bool:
    shape, dtype = kind
    if not shape or shape[0] != samples:
        return False
    if len(shape) == 2:
        return 1 <= shape[1] <= _MOST_ONE_HOT and dtype.kind in NUMBERS
    return len(shape) == 1 and dtype.kind in NUMBERS + _TEXTS


def _is_one_hot(values: NDArray[Any]) -> bool:
    return bool(((values == 0) | (values == 1)).all() and ((values != 0).sum(axis=1) == 1).all())


def _told(kind: Kind) -> tuple[tuple[int, ...], str]:
    return kind[0], str(kind[1])


def _role(name: str, kind: Kind, labels: Mapping[str, Any]) -> Literal["samples", "labels", "other"]:
    if name in labels:
        return "labels"
    return "samples" if _may_be_samples(kind) else "other"

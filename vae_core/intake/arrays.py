"""Samples in an array: pictures or the rows of a table, whichever its shape says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.array_pictures import ArrayPictures
from vae_core.intake.choices import ArrayInfo, Step
from vae_core.intake.files import File
from vae_core.intake.image_upload import ImageUpload
from vae_core.intake.labels import Labels
from vae_core.intake.limits import IntakeError, Limits
from vae_core.intake.npy import open_npy, times
from vae_core.intake.table import array_table
from vae_core.intake.table_upload import TableUpload
from vae_core.intake.upload import Upload
from vae_core.intake.words import shown

SHAPES = "expected samples as N×height×width, N×height×width×3 or N×columns"
NUMBERS = "biuf"  # kinds of dtype


def npy_upload(file: File, limits: Limits) -> Upload:
    """The samples in an .npy. Raises IntakeError."""
    return array_upload(open_npy(file, limits), title=file.title, name=file.name, limits=limits, labels={})


def array_upload(
    array: NDArray[Any],
    *,
    title: str,
    name: str,
    limits: Limits,
    labels: dict[str, Labels],
    arrays: tuple[ArrayInfo, ...] = (),
    test: int = 0,
) -> Upload:
    """Pictures or the rows of a table, by the array's shape; the last `test` are test samples. Raises IntakeError."""
    if array.dtype.kind not in NUMBERS:
        raise IntakeError(f"{shown(name)}: {SHAPES} of real numbers, got values of type {array.dtype}")
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    elif array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            array = array.astype(np.float64)  # what is too large becomes infinite, and that is said
    if array.ndim < 2 or 0 in array.shape:
        raise IntakeError(f"{shown(name)}: {SHAPES}, got the shape {times(array.shape)}")
    if len(array) < 2:
        raise IntakeError(f"{shown(name)}: expected at least 2 samples to train on, got the shape {times(array.shape)}")
    upload: Upload
    if array.ndim == 2:
        upload = TableUpload(array_table(array, name), title=title, limits=limits, labels=labels, arrays=arrays)
    else:
        array, steps = _as_pictures(array, name)
        upload = ImageUpload(ArrayPictures(array, name), title=title, limits=limits, labels=labels, arrays=arrays)
        upload.first_steps += steps
    if test:
        upload.given_test = np.arange(len(array)) >= len(array) - test
    return upload


def _as_pictures(array: NDArray[Any], name: str) -> tuple[NDArray[Any], list[Step]]:
    """The array as [N, h, w], [N, h, w, 3] or [N, h, w, 4], and what was done to it."""
    if array.ndim == 3:
        return array, []
    if array.ndim == 4 and array.shape[3] == 3:
        return array, []
    if array.ndim == 4 and array.shape[3] == 1:
        return array[..., 0], []
    if array.ndim == 4 and array.shape[3] == 4:
        return array, [Step("opacity")]
    if array.ndim == 4 and array.shape[1] == 3:
        return np.moveaxis(array, 1, 3), [Step("channels_first")]
    if array.ndim == 4 and array.shape[1] == 1:
        return array[:, 0], []
    raise IntakeError(f"{shown(name)}: {SHAPES}, got the shape {times(array.shape)}")

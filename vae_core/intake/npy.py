"""NumPy's file format, .npy: the header, and the array behind it. Never a pickled one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.files import File
from vae_core.intake.limits import IntakeError, Limits, megabytes
from vae_core.intake.words import clean, shown

Kind = tuple[tuple[int, ...], "np.dtype[Any]"]


def npy_header(stream: BinaryIO, name: str, limits: Limits) -> Kind:
    """Shape and dtype of an .npy file. Raises IntakeError where it is none, is pickled, or is too large."""
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        size = math.prod(shape) * dtype.itemsize
    except Exception as error:  # the header is text that NumPy parses; whatever it raises, there is no array
        raise IntakeError(f"{shown(name)}: expected a NumPy array, got one that is damaged or cut off") from error
    if dtype.hasobject:
        raise IntakeError(
            f"{shown(name)}: expected an array of numbers, got pickled Python objects, which can run code when they"
            " are opened and are therefore never read: save it with a dtype of numbers"
        )
    if any(length < 0 for length in shape) or size > limits.unpacked_bytes:
        most = megabytes(limits.unpacked_bytes)
        raise IntakeError(f"{shown(name)}: expected an array of at most {most}, got {megabytes(size)} ({times(shape)})")
    return shape, dtype


def read_npy(stream: BinaryIO, name: str) -> NDArray[Any]:
    """The array in an .npy whose header has been checked. Raises IntakeError."""
    try:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # NumPy's reader raises many kinds; all of them mean a damaged file
        raise _damaged(name, error) from error
    return array


def open_npy(file: File, limits: Limits) -> NDArray[Any]:
    """The array in an .npy file; a view of it where it is on disk. Raises IntakeError."""
    with file.open() as stream:
        npy_header(stream, file.name, limits)
    if not isinstance(file.content, Path):
        return read_npy(file.open(), file.name)
    try:
        mapped: NDArray[Any] = np.load(file.content, mmap_mode="r", allow_pickle=False)  # may be larger than memory
    except Exception as error:  # as above
        raise _damaged(file.name, error) from error
    return mapped


def times(shape: tuple[int, ...]) -> str:
    """A shape for a sentence: "60×28×28"."""
    return "×".join(map(str, shape)) if shape else "of a single number"


def _damaged(name: str, error: Exception) -> IntakeError:
    return IntakeError(f"{shown(name)}: expected a complete NumPy array, got a damaged one ({clean(str(error), 120)})")

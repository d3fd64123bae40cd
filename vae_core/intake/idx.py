"""IDX files, the format of MNIST: pictures with or without their labels, gzipped or not."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.arrays import array_upload
from vae_core.intake.files import File
from vae_core.intake.labels import Labels, labels_of
from vae_core.intake.limits import IntakeError, Limits, megabytes
from vae_core.intake.npy import times
from vae_core.intake.upload import Upload
from vae_core.intake.words import clean, listed, shown

SOURCE = "labels file"
Part = tuple[File, NDArray[Any]]
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_BLOCK = 1 << 20


def idx_upload(files: Sequence[File], limits: Limits) -> Upload:
    """Pictures (or rows of a table) with the labels of another file; the smaller of two such pairs are test samples.

    Raises IntakeError.
    """
    arrays = [(file, parse_idx(file)) for file in files]
    samples = sorted([pair for pair in arrays if pair[1].ndim >= 2], key=lambda pair: -len(pair[1]))
    labels = [pair for pair in arrays if pair[1].ndim == 1]
    if not 1 <= len(samples) <= 2 or len(labels) not in (0, len(samples)):
        found = f"{len(samples)} of pictures and {len(labels)} of labels"
        names = listed([file.name for file in files], 4)
        raise IntakeError(f"{names}: expected one IDX file of pictures, with or without one of labels, got {found}")
    parts = [array for _, array in samples]
    file = samples[0][0]
    if len({(array.shape[1:], array.dtype) for array in parts}) > 1:
        sizes = " and ".join(times(array.shape) for array in parts)
        raise IntakeError(f"{shown(file.name)}: expected training and test pictures of one size, got {sizes}")
    named = {SOURCE: _labels_for(samples, labels)} if labels else {}
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    test = sum(map(len, parts[1:]))
    return array_upload(whole, title=_title(file), name=file.name, limits=limits, labels=named, test=test)


def _labels_for(samples: Sequence[Part], labels: Sequence[Part]) -> Labels:
    """The labels of the pictures, in their order: files belong together that hold as many. Raises IntakeError."""
    left = list(labels)
    found = []
    for file, array in samples:
        fitting = [pair for pair in left if len(pair[1]) == len(array)]
        if not fitting:
            label_file, values = left[0]
            raise IntakeError(
                f"{shown(label_file.name)}: expected {len(array):,} labels, one for each picture in"
                f" {shown(file.name)}, got {len(values):,}"
            )
        left = [pair for pair in left if pair is not fitting[0]]
        found.append(fitting[0][1])
    return labels_of(np.concatenate(found), SOURCE)


def _title(file: File) -> str:
    """The file's title without what all such files are called."""
    return re.sub(r"([.-]?images)?[.-]idx\d-ubyte$", "", file.title) or "My data"


def parse_idx(file: File) -> NDArray[Any]:
    """The array in an IDX file. Raises IntakeError."""
    content = file.read()
    name = shown(file.name)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or content[3] == 0:
        raise IntakeError(f"{name}: expected an IDX file, got something else")
    dtype, dimensions = np.dtype(_TYPES[content[2]]), content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise IntakeError(f"{name}: expected a complete IDX file, got one that is cut off")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    expected = math.prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        sizes = "×".join(map(str, shape))
        raise IntakeError(
            f"{name}: expected a complete IDX file, {expected:,} bytes for the shape {sizes}, got"
            f" {len(content) - start:,} bytes"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def unpacked(file: File, limits: Limits) -> File:
    """What is in a .gz, in all of its members, no more than may be. Raises IntakeError."""
    parts, size = [], 0
    try:
        with file.open() as packed, gzip.GzipFile(fileobj=packed) as stream:
            while part := stream.read(_BLOCK):
                parts.append(part)
                size += len(part)
                if size > limits.unpacked_bytes or (size > limits.ratio_from and size > limits.ratio * file.size):
                    raise IntakeError(
                        f"{shown(file.name)}: expected to unpack to at most {megabytes(limits.unpacked_bytes)} and"
                        f" {limits.ratio} times its size, got more from {megabytes(file.size)}"
                    )
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IntakeError(
            f"{shown(file.name)}: expected a gzip file, got a damaged one ({clean(str(error))})"
        ) from error
    except EOFError as error:
        raise IntakeError(f"{shown(file.name)}: expected a complete gzip file, got one that is cut off") from error
    return File(file.name.removesuffix(".gz"), b"".join(parts))

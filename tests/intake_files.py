"""Files as people bring them, made in memory, and what comes of them: for the tests of vae_core.intake."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vae_core import Dataset
from vae_core.intake import IntakeError, read_upload


def npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def png(picture: NDArray[Any], **options: Any) -> bytes:
    return encoded(Image.fromarray(picture), "PNG", **options)


def jpeg(picture: NDArray[Any], **options: Any) -> bytes:
    return encoded(Image.fromarray(picture), "JPEG", **options)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return buffer.getvalue()


def idx(array: NDArray[np.uint8], *, packed: bool = True) -> bytes:
    content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    return gzip.compress(content) if packed else content


def csv(
    header: Sequence[str] | None, rows: Sequence[Sequence[Any]], *, delimiter: str = ",", bom: bool = False
) -> bytes:
    lines = ([delimiter.join(header)] if header is not None else []) + [delimiter.join(map(str, row)) for row in rows]
    return ("\ufeff" * bom + "\n".join(lines) + "\n").encode()


def png_header(width: int, height: int) -> bytes:
    """A PNG that only says how large it is."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + b"\0" * 64


def grey(count: int, height: int = 12, width: int = 10, *, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width), dtype=np.uint8)


def colour(count: int, height: int = 12, width: int = 10, *, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def made(*files: tuple[str, bytes], **options: Any) -> Dataset:
    """The data set with the default choices."""
    upload = read_upload(files, **options)
    return upload.dataset(upload.defaults())


def steps(*files: tuple[str, bytes]) -> dict[str, dict[str, Any]]:
    """What will be done with the default choices."""
    upload = read_upload(files)
    return {step.kind: step.values for step in upload.steps(upload.defaults())}


def refused(*files: tuple[str, bytes], **options: Any) -> str:
    """The one sentence that is said of the files."""
    with pytest.raises(IntakeError) as caught:
        made(*files, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)

"""A file that came: its name, and its content in memory or on disk; and what kind of file it is, by its content."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from vae_core.intake.limits import IntakeError
from vae_core.intake.words import clean, shown

EXPECTED = (
    "expected an .npz or .npy array, a .zip of PNG or JPEG pictures, a .csv table, IDX files or PNG and JPEG pictures"
)
_HEAD = 4096
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a WebP picture or a sound"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
)
_IDX_TYPES = b"\x08\x09\x0b\x0c\x0d\x0e"
_BINARY = frozenset((".zip", ".npz", ".npy", ".gz", ".png", ".jpg", ".jpeg"))
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")  # no text has these
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class File:
    """name: as it came, with folders where a whole folder did; content: bytes, or where they are."""

    name: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.stat().st_size if isinstance(self.content, Path) else len(self.content)

    @property
    def title(self) -> str:
        """The name without folder and endings, fit to be a title."""
        name = PurePosixPath(self.name.replace("\\", "/")).name
        stem = name.removesuffix(".gz").rsplit(".", 1)[0] or name
        return clean(stem.replace("_", " ")) or "My data"

    @property
    def suffix(self) -> str:
        """The ending in lower case, with its dot; "" without one."""
        return PurePosixPath(self.name.replace("\\", "/")).suffix.lower()

    def open(self) -> BinaryIO:
        """The content from its start."""
        return self.content.open("rb") if isinstance(self.content, Path) else io.BytesIO(self.content)

    def read(self, size: int = -1) -> bytes:
        """The first `size` bytes, or all."""
        if isinstance(self.content, bytes):
            return self.content if size < 0 else self.content[:size]
        with self.open() as stream:
            return stream.read(size)


def kind_of(file: File) -> str:
    """ "zip", "npy", "gzip", "idx", "picture" or "text"; else IntakeError says what the file is instead."""
    head = file.read(_HEAD)
    if not head:
        raise IntakeError(f"{shown(file.name)}: {_expected(file)}, got an empty file")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            if kind == "a pickle":
                raise IntakeError(
                    f"{shown(file.name)}: {_expected(file)}, got a pickle, which can run code when it is opened and is"
                    " therefore never read"
                )
            if kind.startswith(("a ", "an ")):
                break
            return kind
    else:
        if len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _IDX_TYPES and 1 <= head[3] <= 8:
            return "idx"
        if head.startswith(_UTF16) or not _CONTROL.search(head):
            if file.suffix not in _BINARY:
                return "text"
            kind = "plain text"
        else:
            kind = "a file of another kind"
    raise IntakeError(f"{shown(file.name)}: {_expected(file)}, got {kind}")


def _expected(file: File) -> str:
    """What a file should have been: what its name promises, else anything that can be read."""
    if file.suffix not in _BINARY:
        return EXPECTED
    return f"expected {'an' if file.suffix in ('.npz', '.npy') else 'a'} {file.suffix} file, as its name says"

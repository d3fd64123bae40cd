"""What a person's files may be at most, and the error that says what is wrong with one."""

from __future__ import annotations

from dataclasses import dataclass

from vae_core.datasets import DatasetError


class IntakeError(DatasetError):
    """Files that no data set can be made of; the message is one sentence: what was expected and what came."""


@dataclass(frozen=True)
class Limits:
    """Bounds on what is read.

    upload_bytes: all files of one upload together. unpacked_bytes: what they may unpack to, and what the samples may
    take. ratio: how many times its size a packed file may unpack to, from `ratio_from` bytes on. entries: files in a
    zip. entry_bytes: one picture file. picture_pixels: of one picture, by its header. samples: more are drawn from.
    side: pixels along a stored picture's longer side. columns: of a table. labels: distinct ones.
    """

    upload_bytes: int = 200_000_000
    unpacked_bytes: int = 1_000_000_000
    ratio: int = 200
    ratio_from: int = 100_000_000
    entries: int = 200_000
    entry_bytes: int = 100_000_000
    picture_pixels: int = 25_000_000
    samples: int = 1_000_000
    side: int = 64
    columns: int = 256
    labels: int = 50


LIMITS = Limits()
# On the command line the machine is the person's own: what protects a shared server from one of its viewers is wider.
OWN_MACHINE = Limits(
    upload_bytes=1_000_000_000_000, unpacked_bytes=100_000_000_000, entries=10_000_000, samples=200_000_000
)


def megabytes(size: float) -> str:
    """A number of bytes for a sentence: "1.5 MB"."""
    if size < 1e5:
        return f"{size:,.0f} bytes"
    return f"{size / 1e6:,.1f} MB" if size < 1e8 else f"{size / 1e6:,.0f} MB"

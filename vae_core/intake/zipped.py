"""Zip archives, read entry by entry and never unpacked to disk: bombs and paths outside are refused before that."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath

from vae_core.intake.files import File
from vae_core.intake.limits import IntakeError, Limits, megabytes
from vae_core.intake.words import shown

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack more than one asks for
_ENCRYPTED = 0x1
_DRIVE = re.compile(r"[A-Za-z]:")


class Zip:
    """An archive whose directory has been checked."""

    def __init__(self, file: File, limits: Limits) -> None:
        """Raises IntakeError where it is no zip archive, or one that must not be read."""
        self.name, self.limits = file.name, limits
        try:
            self.archive = zipfile.ZipFile(file.open())
        except Exception as error:  # zipfile raises many kinds for a damaged directory
            raise IntakeError(
                f"{shown(file.name)}: expected a complete zip archive, got a damaged one ({error})"
            ) from error
        # By path, as other programs would unpack it: the last of two that are called the same.
        self.entries = {path_of(info): info for info in self.archive.infolist() if not info.is_dir()}
        self._check(file.size)

    def read(self, path: str, size: int | None = None) -> bytes:
        """The content of an entry, or its first `size` bytes. Raises IntakeError where it is damaged."""
        try:
            with self.archive.open(self.entries[path]) as stream:
                return stream.read(-1 if size is None else size)
        except Exception as error:  # zlib's, zipfile's and others; an entry that cannot be unpacked is damaged
            raise IntakeError(
                f"{shown(self.name)}: expected a complete zip archive, but {shown(path)} in it is damaged ({error})"
            ) from error

    def _check(self, packed: int) -> None:
        name, limits = shown(self.name), self.limits
        infos = self.archive.infolist()
        if len(infos) > limits.entries:
            raise IntakeError(f"{name}: expected at most {limits.entries:,} files in a zip archive, got {len(infos):,}")
        for info in infos:
            path = path_of(info)
            if path.startswith("/") or _DRIVE.match(path) or ".." in PurePosixPath(path).parts:
                raise IntakeError(
                    f"{name}: expected paths within the archive, got one that leads out of it: {shown(path)}"
                )
            if info.flag_bits & _ENCRYPTED:
                raise IntakeError(f"{name}: expected files without a password, got {shown(path)} encrypted")
            if info.compress_type not in _METHODS:
                raise IntakeError(
                    f"{name}: expected a zip archive with the usual compression, got {shown(path)} packed in another"
                    " way"
                )
        unpacked = sum(info.file_size for info in infos)
        if unpacked > limits.unpacked_bytes:
            raise IntakeError(
                f"{name}: expected at most {megabytes(limits.unpacked_bytes)} unpacked, got {megabytes(unpacked)} in"
                f" {megabytes(packed)}"
            )
        if unpacked > limits.ratio_from and unpacked > limits.ratio * packed:
            raise IntakeError(
                f"{name}: expected to unpack to at most {limits.ratio} times its size, got {megabytes(unpacked)} in"
                f" {megabytes(packed)} (a zip bomb?)"
            )


def path_of(info: zipfile.ZipInfo) -> str:
    """The path of an entry with forward slashes, whichever system wrote it."""
    return info.filename.replace("\\", "/")

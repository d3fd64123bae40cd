"""Pictures in files: found in a zip archive or among the files that came, decoded one by one to the size they get."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae_core.intake.choices import Step
from vae_core.intake.files import File
from vae_core.intake.fitting import Fitting, coloured_share, fit_picture
from vae_core.intake.image_upload import ImageUpload, Pictures
from vae_core.intake.labels import Labels, labels_of
from vae_core.intake.limits import IntakeError, Limits, megabytes
from vae_core.intake.picture_header import JPEG, PNG, PictureHeader, picture_header
from vae_core.intake.sheet import spread
from vae_core.intake.upload import Report, Upload, silent
from vae_core.intake.words import clean, listed, natural, shown
from vae_core.intake.zipped import Zip

ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".jfif"))
FOLDERS = "folders"  # the source of labels
_SPLITS = frozenset(("train", "training", "test", "testing", "val", "valid", "validation"))
_HEADER, _LONG_HEADER = 2_048, 1 << 20  # bytes: enough for most, and for JPEGs with a thumbnail in front
_LOOKED_AT = 48  # pictures that say whether there is colour
_LOOKED_PIXELS = 50_000_000  # of them together, at most
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Entry:
    """A picture file: where it is, its bytes, and how to get them (the first so many)."""

    path: str
    size: int
    read: Callable[[int | None], bytes]


def zip_upload(archive: Zip, file: File, limits: Limits) -> Upload:
    """The pictures in a zip archive. Raises IntakeError."""
    entries = [
        Entry(path, info.file_size, lambda size, path=path: archive.read(path, size))  # type: ignore[misc]
        for path, info in archive.entries.items()
        if not is_hidden(path)
    ]
    pictures = [entry for entry in entries if is_picture(entry.path)]
    if not pictures:
        raise IntakeError(f"{shown(file.name)}: expected PNG or JPEG pictures in the zip archive, {_instead(entries)}")
    ignored = [entry.path for entry in entries if not is_picture(entry.path)]
    return picture_upload(pictures, title=file.title, limits=limits, ignored=ignored)


def files_upload(files: Sequence[File], limits: Limits) -> Upload:
    """The pictures among several files. Raises IntakeError."""
    entries = [
        Entry(file.name.replace("\\", "/"), file.size, lambda size, file=file: file.read(-1 if size is None else size))  # type: ignore[misc]
        for file in files
    ]
    visible = [entry for entry in entries if not is_hidden(entry.path)]
    pictures = [entry for entry in visible if is_picture(entry.path)]
    ignored = [entry.path for entry in visible if not is_picture(entry.path)]
    folder = PurePosixPath(pictures[0].path).parts[0] if pictures and "/" in pictures[0].path else ""
    return picture_upload(pictures, title=clean(folder) or "My pictures", limits=limits, ignored=ignored)


def picture_upload(entries: Sequence[Entry], *, title: str, limits: Limits, ignored: Sequence[str] = ()) -> Upload:
    """Pictures with their folders' names as labels. Raises IntakeError."""
    if len(entries) < 2:
        raise IntakeError(f"{shown(title)}: expected at least 2 pictures to train on, got {len(entries)}")
    entries = sorted(entries, key=lambda entry: natural(entry.path))
    folders = folder_labels([entry.path for entry in entries])
    labels = {FOLDERS: folders} if folders else {}
    upload = ImageUpload(PictureFiles(entries, limits), title=title, limits=limits, labels=labels)
    if ignored:
        values = {"count": len(ignored), "example": clean(PurePosixPath(ignored[0]).name)}
        upload.first_steps.append(Step("ignored_files", values))
    return upload


class PictureFiles(Pictures):
    """PNG and JPEG files."""

    def __init__(self, entries: Sequence[Entry], limits: Limits) -> None:
        """Reads every header. Raises IntakeError where one is broken, or says that the picture is too large."""
        self.entries, self.limits = entries, limits
        self.headers = [_checked_header(entry, limits) for entry in entries]
        self.sizes = Counter((*header.upright, header.channels) for header in self.headers)

    @cached_property
    def coloured(self) -> float:
        """Of some pictures, as far as looking at them takes little time."""
        shares: list[float] = []
        pixels = 0
        for i in spread(self.count, _LOOKED_AT):
            header = self.headers[i]
            if header.channels == 3:
                pixels += header.height * header.width
            if pixels > _LOOKED_PIXELS and shares:
                break
            grey = header.channels == 1
            shares.append(0.0 if grey else coloured_share(np.asarray(self._decoded(i, 64).convert("RGB"))))
        return sum(shares) / len(shares)

    def steps(self) -> list[Step]:
        """What is transparent becomes white; bytes stay bytes."""
        return [Step("opacity")] if any(header.opacity for header in self.headers) else []

    def fitted(self, index: Sequence[int], fitting: Fitting, report: Report = silent) -> NDArray[np.uint8]:
        """The pictures, decoded one at a time straight to their size."""
        found = np.empty((len(index), *fitting.shape), np.uint8)
        for k, i in enumerate(index):
            found[k] = fit_picture(self._decoded(i, max(fitting.height, fitting.width)), fitting)
            if k % 64 == 0:
                report(k / len(index))
        return found

    def _decoded(self, i: int, side: int) -> Image.Image:
        """A picture as L or RGB, upright, on white where it is transparent; a JPEG not much larger than `side`."""
        entry = self.entries[i]
        header, content = self.headers[i], entry.read(None)
        try:
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
                if opened.size != (header.width, header.height):
                    raise IntakeError(f"{shown(entry.path)}: expected a picture of one size, got two sizes in one file")
                if header.format == "JPEG":
                    opened.draft("RGB" if header.channels == 3 else "L", (4 * side, 4 * side))
                picture = _plain(opened)
        except IntakeError:
            raise
        except Exception as error:  # Pillow raises many kinds; all of them mean a picture that is not whole
            raise IntakeError(
                f"{shown(entry.path)}: expected a complete PNG or JPEG picture, got a damaged one"
                f" ({clean(str(error), 120)})"
            ) from error
        turn = _TURNS.get(header.orientation)
        return picture.transpose(turn) if turn is not None else picture


def is_picture(path: str) -> bool:
    """Whether a path ends as those of PNG and JPEG files do."""
    return PurePosixPath(path).suffix.lower() in ENDINGS


def is_hidden(path: str) -> bool:
    """Whether a path is nothing that a person put there: the system's own folders, and names that start with a dot."""
    parts = PurePosixPath(path).parts
    return any(part == "__MACOSX" or part.startswith(".") for part in parts) or parts[-1:] in (
        ("Thumbs.db",),
        ("desktop.ini",),
    )


def folder_labels(paths: Sequence[str]) -> Labels | None:
    """Classes by the first folder that is not the same for all; train and test folders are looked through."""
    folders = [PurePosixPath(path).parts[:-1] for path in paths]
    depth = 0
    while all(len(parts) > depth for parts in folders):
        names = {parts[depth] for parts in folders}
        is_split = {name.lower() for name in names} <= _SPLITS and all(len(parts) > depth + 1 for parts in folders)
        if len(names) > 1 and not is_split:
            break
        depth += 1
    values = [parts[depth] if len(parts) > depth else "" for parts in folders]
    return labels_of(values, FOLDERS) if len(set(values)) > 1 else None


def _checked_header(entry: Entry, limits: Limits) -> PictureHeader:
    name = shown(entry.path)
    if entry.size > limits.entry_bytes:
        raise IntakeError(
            f"{name}: expected a picture file of at most {megabytes(limits.entry_bytes)}, got {megabytes(entry.size)}"
        )
    header = picture_header(entry.read(_HEADER)) or picture_header(entry.read(_LONG_HEADER))
    if header is None:
        start = entry.read(len(PNG))
        is_either = start.startswith((PNG, JPEG))
        found = "a damaged one" if is_either else "something else" if start else "an empty file"
        raise IntakeError(f"{name}: expected a complete PNG or JPEG picture, got {found}")
    if header.height * header.width > limits.picture_pixels:
        raise IntakeError(
            f"{name}: expected a picture of at most {limits.picture_pixels / 1e6:g} megapixels, got"
            f" {header.height * header.width / 1e6:,.0f} ({header.width:,}×{header.height:,})"
        )
    return header


def _plain(picture: Image.Image) -> Image.Image:
    """A picture of any mode as L or RGB."""
    if picture.mode.startswith("I"):  # 16 bits of grey: Pillow would cut them off at 255
        deep = np.asarray(picture)
        return Image.fromarray((np.clip(deep, 0, 65535) >> 8).astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        ground.alpha_composite(clear)
        return ground.convert("L" if picture.mode == "LA" else "RGB")
    return picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")


def _instead(entries: Sequence[Entry]) -> str:
    """What is in an archive without pictures."""
    if not entries:
        return "got an empty one"
    endings = Counter(PurePosixPath(entry.path).suffix.lower() or "no ending" for entry in entries)
    found = [ending for ending, _ in endings.most_common(3)]
    hint = ": upload that file itself" if len(entries) == 1 and found[0] in (".csv", ".npy", ".npz") else ""
    return f"got {len(entries):,} other file{'s' if len(entries) > 1 else ''} ({listed(found)}){hint}"

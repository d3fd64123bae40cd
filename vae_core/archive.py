"""A model as one file to take along: a zip of card.json and its safetensors, all in one folder; read strictly.

An imported model's zip may hold its samples and, as ONNX files, its decoders. Such a file may come from anybody: it is
compared with its fingerprint and kept as it is, data that nothing but onnxruntime ever opens (checkpoints.imported).
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vae_core import library
from vae_core.checkpoints.files import CARD, CODES, MODEL, CheckpointError, is_model_file, is_onnx
from vae_core.checkpoints.imported import MOST_ONNX_BYTES
from vae_core.checkpoints.loading import PathLike, fingerprint, load_card
from vae_core.library import FILES
from vae_core.slug import slug

# Of a whole archive, packed and unpacked, samples included: 500,000 grey pictures of 28x28, or 32,000 colour ones of
# 64x64. Reading one holds it in memory.
MOST_BYTES = 400_000_000
MOST_CARD_BYTES = 4_000_000
EXPECTED = f"expected a zip with {CARD}, {MODEL} and {CODES} in one folder, as “Download this model” makes it"

_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in a zip, so that the same model is the same bytes
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_LISTED = 65_536  # bytes of a zip's list of files: hundreds of them
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_END_64 = b"PK\x06\x07"
# What operating systems put beside the files of a folder that they pack.
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
# How files that are no zip start, and what they are.
_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF"),
    (b"{", "JSON"),
)
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, RuntimeError, EOFError, OSError,
    ValueError, LookupError, OverflowError,
)  # fmt: skip


def fits(card: dict[str, Any]) -> bool:
    """Whether the model of this card is small enough for a zip."""
    return _bytes(card) <= MOST_BYTES - MOST_CARD_BYTES


def pack(folder: PathLike) -> bytes:
    """The model folder as one zip, its files stored as they are; the same folder gives the same bytes.

    Raises CheckpointError where a file is missing or is not the one that the card describes, and where the zip would be
    larger than `unpack` takes.
    """
    root = Path(folder)
    card = load_card(root)
    if not fits(card):
        most, size = MOST_BYTES - MOST_CARD_BYTES, _bytes(card)
        raise CheckpointError(
            f"expected a model of at most {_size(most)} for a zip, got {_size(size)}; copy its folder instead, or"
            " import it with fewer samples"
        )
    inside = slug(root.name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted([CARD, *card["files"]], key=_place):
            try:
                content = (root / name).read_bytes()
            except OSError as error:
                raise CheckpointError(f"{name}: expected a file of a trained model, but it cannot be read") from error
            if name != CARD and fingerprint(content) != card["files"][name]:
                raise CheckpointError(
                    f"{name}: expected the file that {CARD} describes, got an altered one (its SHA-256 differs)"
                )
            info = zipfile.ZipInfo(f"{inside}/{name}", _DATE)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return packed.getvalue()


def unpack(content: bytes, owner: str) -> str:
    """Put the model of a zip that `pack` made into the library and return the name it got there.

    owner: as `library.keep`. Nothing is written but a scratch folder until all is checked: the zip, the sizes, then
    the model, by loading it. Raises CheckpointError, in one sentence that says what was expected and what came.
    """
    if len(content) > MOST_BYTES:
        raise CheckpointError(f"expected a zip of at most {_size(MOST_BYTES)}, got {_size(len(content))}")
    _check_end(content)
    with _damage_named(), zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = _members(archive.infolist())
        with library.scratch_folder(sum(info.file_size for info in members.values())) as scratch:
            for name, info in members.items():
                (scratch / name).write_bytes(_member(archive, info, name))
            return library.adopt(scratch, title="", owner=owner)


@contextmanager
def _damage_named() -> Iterator[None]:
    """Whatever a damaged zip makes Python's reader raise becomes one sentence."""
    try:
        yield
    except _BROKEN as error:
        raise CheckpointError(f"{EXPECTED}; got a zip that is damaged") from error


def _check_end(content: bytes) -> None:
    """Refuse what is no zip, and a list of files so long that reading it alone would take the memory."""
    at = len(content) - _END_SIZE
    if at < 0 or content[at : at + 4] != _END or content[-2:] != b"\0\0":  # as zipfile looks for it
        at = content.rfind(_END, max(0, at - _LONGEST_COMMENT))
    end = content[at : at + _END_SIZE] if at >= 0 else b""
    if len(end) < _END_SIZE:
        raise CheckpointError(f"{EXPECTED}; got {_kind(content)}")
    if int.from_bytes(end[12:16], "little") > _MOST_LISTED or content[max(0, at - 20) : at][:4] == _END_64:
        raise CheckpointError(f"{EXPECTED}; got a zip with a list of too many files")


def _kind(content: bytes) -> str:
    """What a file seems to be that is no zip."""
    if not content:
        return "an empty file"
    if content.startswith(b"PK\x03\x04"):
        return "a zip that is cut off"
    if content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content):
        return "a .safetensors file alone"
    return next((kind for start, kind in _KINDS if content.startswith(start)), "something that is no zip")


def _members(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The files of the model by their own names, if the zip holds them, once each, and nothing else."""
    wanted = [info for info in infos if not info.is_dir() and not _is_litter(info.filename)]
    for info in wanted:
        _check_member(info)
    found = {info.filename.rpartition("/")[2]: info for info in wanted}
    foreign = [info.filename for info in wanted if not is_model_file(info.filename.rpartition("/")[2])]
    if foreign:
        raise CheckpointError(f"{EXPECTED}; got {_listed(foreign)}")
    missing = [name for name in (CARD, MODEL, CODES) if name not in found]
    if missing:
        raise CheckpointError(f"{EXPECTED}; got {'none of them' if not found else 'no ' + ' and no '.join(missing)}")
    folders = {info.filename.rpartition("/")[0] for info in wanted}
    if len(folders) > 1 or len(found) < len(wanted):
        raise CheckpointError(f"{EXPECTED}; got more than one model")
    declared = sum(info.file_size for info in wanted)
    if declared > MOST_BYTES:
        raise CheckpointError(f"expected a model of at most {_size(MOST_BYTES)}, got {_size(declared)} unpacked")
    if found[CARD].file_size > MOST_CARD_BYTES:
        big = _size(found[CARD].file_size)
        raise CheckpointError(f"{CARD}: expected at most {_size(MOST_CARD_BYTES)}, got {big}")
    for name, info in found.items():
        if is_onnx(name) and info.file_size > MOST_ONNX_BYTES:
            big = _size(info.file_size)
            raise CheckpointError(f"{name}: expected a decoder of at most {_size(MOST_ONNX_BYTES)}, got {big}")
    return found


def _bytes(card: dict[str, Any]) -> int:
    return sum(int(record["bytes"]) for record in card["files"].values())


def _place(name: str) -> tuple[int, str]:
    """Where a file comes in a zip: those of every model first."""
    return (FILES.index(name) if name in FILES else len(FILES), name)


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.filename
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        raise CheckpointError(f"{EXPECTED}; got a path outside of it, {name!r:.80}")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise CheckpointError(f"{EXPECTED}; got a link, {name!r:.80}")
    if info.flag_bits & 0x1:
        raise CheckpointError(f"{EXPECTED}; got a zip with a password")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    """One file, of the size that the zip's list declares and not a byte more: a bomb is let go of where it lies."""
    if info.compress_type not in _METHODS:
        raise CheckpointError(f"{EXPECTED}; got a kind of compression that only few programs know")
    with _damage_named(), archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise CheckpointError(f"{name}: expected {info.file_size:,} bytes, as the zip says, got others (damaged)")
    return data


def _is_litter(name: str) -> bool:
    return name.startswith(_LITTER[0]) or name.rpartition("/")[2] in _LITTER[1:]


def _listed(names: Iterable[str]) -> str:
    """How many other files, and what they are called."""
    others = list(names)
    if len(others) == 1:
        return f"the file {others[0]!r:.80}"
    return f"{len(others)} other files, such as {others[0]!r:.80}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"

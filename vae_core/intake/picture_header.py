"""The header of a PNG or JPEG file: its size and channels, before a single pixel is decoded."""

from __future__ import annotations

from typing import Literal, NamedTuple

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # colour type -> 1 grey, 3 colour; a palette counts as colour
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PNG_OPACITY = (4, 6)  # colour types with a channel for it
_APP1, _ORIENTATION, _SIDEWAYS = 0xE1, 0x0112, 5  # from this orientation on, height and width change places
_MOST_FIELDS = 1_000
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length


class PictureHeader(NamedTuple):
    """format: "PNG" or "JPEG"; height, width: as stored; channels: 1 for grey, 3 for colour.

    orientation: 1 to 8, how it has to be turned to be upright, as EXIF has it. opacity: parts may be transparent.
    """

    format: str
    height: int
    width: int
    channels: int
    orientation: int = 1
    opacity: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """Height and width of the picture as it is meant to be seen."""
        return (self.width, self.height) if self.orientation >= _SIDEWAYS else (self.height, self.width)


def picture_header(content: bytes) -> PictureHeader | None:
    """What the first bytes of a picture say; None where they are no header, or end before it does."""
    if content.startswith(PNG):
        return _png(content)
    return _jpeg(content) if content.startswith(JPEG) else None


def _png(content: bytes) -> PictureHeader | None:
    if len(content) < 26 or content[12:16] != b"IHDR" or content[25] not in _PNG_CHANNELS:
        return None
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    kind = content[25]
    if not (width and height):
        return None
    return PictureHeader("PNG", height, width, _PNG_CHANNELS[kind], opacity=kind in _PNG_OPACITY)


def _jpeg(content: bytes) -> PictureHeader | None:
    at, orientation = 2, 1
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            if at + 10 > len(content):
                return None
            height, width = (int.from_bytes(content[start : start + 2], "big") for start in (at + 5, at + 7))
            channels = 1 if content[at + 9] == 1 else 3
            return PictureHeader("JPEG", height, width, channels, orientation) if width and height else None
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _APP1 and content[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _orientation(content[at + 10 : at + 2 + length])
        at += 2 + length
    return None


def _orientation(exif: bytes) -> int:
    """The orientation in an EXIF block (a TIFF file without a picture), 1 where it has none."""
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at : at + size], order)

    start = number(4, 4)
    for at in range(start + 2, start + 2 + 12 * min(number(start, 2), _MOST_FIELDS), 12):
        if number(at, 2) == _ORIENTATION:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1

"""Text that comes from data, made fit to be shown: names of files, columns and labels. It stays text, HTML too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

MOST = 60  # characters of a name or a label
# Marks that turn the direction of what stands behind them: a name must not rewrite the sentence around it.
_TURNING = {chr(code) for code in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def clean(text: str, most: int = MOST) -> str:
    """The text without control characters, white space as single blanks, at most so many characters."""
    # What is cut off need not be looked at: a cell may hold megabytes.
    kept = "".join(" " if c.isspace() else c for c in text[: 8 * most] if c.isspace() or not _is_control(c))
    words = " ".join(kept.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def shown(text: str, most: int = MOST) -> str:
    """A piece of data as a sentence quotes it."""
    return f"'{clean(text, most)}'"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names for a sentence: the first few, quoted, and how many more there are."""
    text = ", ".join(shown(name) for name in names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def unique(names: Iterable[str]) -> list[str]:
    """The names with " (2)", " (3)" … behind those that came before."""
    seen: set[str] = set()
    last: dict[str, int] = {}  # the number behind each name when it came last: smaller ones are taken
    found = []
    for name in names:
        new, count = name, last.get(name, 1)
        while new in seen:
            count += 1
            new = f"{name} ({count})"
        last[name] = count
        seen.add(new)
        found.append(new)
    return found


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key for sorting in which numbers within text count as numbers: "img2" before "img10"."""
    parts = re.split(r"([0-9]{1,18})", text.casefold())
    return tuple((0, int(part), "") if i % 2 else (1, 0, part) for i, part in enumerate(parts))


def _is_control(character: str) -> bool:
    """Control characters, halves of surrogate pairs (which no file can hold) and marks that turn the direction."""
    return unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp") or character in _TURNING

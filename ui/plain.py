"""Text that comes from data or from an address, made safe for Streamlit, which reads what it is given as Markdown."""

from __future__ import annotations

_SPECIAL = frozenset("\\`*_{}[]()#+-.!|<>$~:&")


def plain(text: str) -> str:
    """The text with every character escaped that Markdown could take for markup, a link or an image.

    >>> plain("![x](http://example.org)")
    '\\\\!\\\\[x\\\\]\\\\(http\\\\://example\\\\.org\\\\)'
    """
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)

"""Text that comes from data or from an address, made safe for Streamlit, which reads what it is given as Markdown."""

from __future__ import annotations

_SPECIAL = frozenset("\\`*_{}[]()#+-.!|<>$~:&")


def plain(text: str) -> str:
    """The text with every character escaped that Markdown could take for markup, a link or an image.

    >>> plain("![x](http://example.org)")
    '\\\\!\\\\[x\\\\]\\\\(http\\\\://example\\\\.org\\\\)'
    """
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


def sentence(text: str) -> str:
    """A complaint as a sentence of its own, made safe as by `plain`: it starts large, unless with a name, and ends.

    >>> sentence("expected two pictures, got one")
    'Expected two pictures, got one\\\\.'
    """
    starts_with_a_word = text.partition(" ")[0].isalpha()
    whole = text[:1].upper() + text[1:] if starts_with_a_word else text
    return plain(whole if not whole or whole.endswith((".", "!", "?")) else f"{whole}.")

"""Text that is made safe for Markdown, and complaints that become sentences of their own."""

from __future__ import annotations

import pytest

from ui.plain import plain, sentence


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("expected two pictures, got one", "Expected two pictures, got one."),
        ("There is no room.", "There is no room."),
        ("'a.csv': expected numbers, got none", "'a.csv': expected numbers, got none."),
        ("own-12: expected a data set, found none", "own-12: expected a data set, found none."),
        ("", ""),
    ],
)
def test_a_complaint_starts_large_unless_with_a_name_and_ends(said: str, shown: str) -> None:
    assert sentence(said) == plain(shown)


def test_a_complaint_brings_no_markup() -> None:
    assert "](" not in sentence("expected a name, got [x](http://example.org)")

"""What the app says, from plain text files: one folder per language here, JSON with `"key": "text"`.

A key starts with its file's name. A text may hold `{name}` where a value goes, **bold**, *italics*, and words of the
glossary: `[[prior]]`, or `[[prior|the prior’s]]` where the text needs another form. A text that counts may have a
second version for one: `"key.one"` beside `"key"`. To add a language, copy the folder `en`, name it by its BCP 47 code
and translate the right-hand sides; what is missing is said in English. The pages in the browser get the same texts
(texts.js).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_safetensors

FOLDER = Path(__file__).parent
# What begins with these is said by Python alone: the browser need not have it. Of "pages" it says the titles.
ON_THE_SERVER = frozenset({"bring", "card", "library", "train", "units"})
FALLBACK = "en"

_HOLE = re.compile(r"\{(\w+)\}")
_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")


@cache
def languages() -> dict[str, str]:
    """Code → the language's own name, English first."""
    codes = [folder.name for folder in FOLDER.iterdir() if (folder / "language.json").is_file()]
    codes.sort(key=lambda code: (code != FALLBACK, code))
    return {code: _own(code)["language.name"] for code in codes}


def nearest_language(asked: str | None) -> str:
    """The language for a BCP 47 code that need not be one of ours: zh-CN finds zh-Hans, what is unknown English."""
    if not asked:
        return FALLBACK
    exact = [code for code in languages() if code.lower() == asked.lower()]
    same = [code for code in languages() if _primary(code) == _primary(asked)]
    return next(iter([*exact, *same]), FALLBACK)


def is_spoken(asked: str) -> bool:
    """One of our languages is the asked one, if perhaps as it is written elsewhere."""
    return any(_primary(code) == _primary(asked) for code in languages())


def _primary(code: str) -> str:
    """The language itself, without script and country: zh of zh-Hans."""
    return re.split("[-_]", code.lower())[0]


@cache
def table(language: str) -> dict[str, str]:
    """Every text of a language by its key; English where the language has none."""
    return {**_own(FALLBACK), **_own(language)}


@cache
def _own(language: str) -> dict[str, str]:
    """A language's own texts. ValueError names the file that is not such a table."""
    texts: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.json")):
        try:
            entries = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{file}: expected JSON with keys and texts, got {error}") from error
        if not isinstance(entries, dict) or not all(isinstance(text, str) for text in entries.values()):
            raise ValueError(f"{file}: expected one object of keys and texts")
        texts.update(entries)
    return texts


def fill(text: str, values: dict[str, Any]) -> str:
    """The text with its `{name}`s replaced; one that has no value stays.

    >>> fill("{count} samples", {"count": 3})
    '3 samples'
    """
    return _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), text)


def say_in(language: str, key: str, **values: Any) -> str:
    """The text of a key in a language, its values filled in; the key itself where no text has it."""
    texts = table(language)
    one = texts.get(f"{key}.one") if values.get("count") == 1 else None
    return fill(one or texts.get(key, key), values)


def with_terms(text: str, show: Callable[[str, str | None], str]) -> str:
    """The text with each word of the glossary as `show` gives it, from its id and the form it has here, if any.

    >>> with_terms("near the [[prior]] and [[sample|samples]]", lambda word, here: (here or word).upper())
    'near the PRIOR and SAMPLES'
    """
    return _TERM.sub(lambda term: show(term[1], term[2]), text)


@cache
def texts_payload(language: str) -> bytes:
    """The texts of a language that the browser says, ready to send to it (payload.py has the format)."""
    texts = {key: text for key, text in table(language).items() if _goes_to_the_browser(key)}
    packed = zlib.compress(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    tensors = {"texts": np.frombuffer(packed, np.uint8)}
    return to_safetensors(tensors, metadata={"json": json.dumps({"kind": "texts", "digest": language})})


def _goes_to_the_browser(key: str) -> bool:
    file = key.partition(".")[0]
    return file not in ON_THE_SERVER and (file != "pages" or key.endswith(".title"))


def holes(text: str) -> list[str]:
    """The names of the values that a text asks for, sorted."""
    return sorted(set(_HOLE.findall(text)))


def terms(texts: Iterable[str]) -> set[str]:
    """The words of the glossary that texts link to."""
    return {term[0] for text in texts for term in _TERM.findall(text)}

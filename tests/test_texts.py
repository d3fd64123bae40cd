"""What the app says: in every language the same, what the code asks for and no more, on every page as it is asked."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ui import frame, glossary, texts

ROOT = Path(__file__).parents[1]
LANGUAGES = list(texts.languages())
OTHERS = [language for language in LANGUAGES if language != texts.FALLBACK]
PYTHON = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "ui").rglob("*.py"))]
JAVASCRIPT = sorted((ROOT / "ui" / "latent_canvas" / "frontend").rglob("*.js"))
# The functions whose first argument is a key.
SAYING_IN_PYTHON = {"say"}
SAYING_IN_JAVASCRIPT = ("t", "rich", "hasText")
FILE_NAMES = {file.stem for file in (texts.FOLDER / texts.FALLBACK).glob("*.json")}
# What a computed part of a key may be: `pages.${name}.title` is written as "pages.\0.title" below.
HOLE = "\0"


def own(language: str) -> dict[str, str]:
    """The texts in a language's own files, without English in the gaps."""
    found: dict[str, str] = {}
    for file in sorted((texts.FOLDER / language).glob("*.json")):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


# --- the files ---


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_keys_of_english_and_no_others(language: str) -> None:
    assert sorted(own(texts.FALLBACK).keys() - own(language).keys()) == [], "missing"
    assert sorted(own(language).keys() - own(texts.FALLBACK).keys()) == [], "not in English"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_stands_once_in_the_file_that_it_names(language: str) -> None:
    for file in (texts.FOLDER / language).glob("*.json"):
        pairs = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)
        keys = [key for key, _ in pairs]
        assert [key for key in keys if not key.startswith(f"{file.stem}.")] == [], file
        assert len(keys) == len(set(keys)), f"a key stands twice in {file}"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_asks_for_the_values_that_english_asks_for(language: str) -> None:
    english = own(texts.FALLBACK)
    differ = {
        key: (texts.holes(english[key]), texts.holes(text))
        for key, text in own(language).items()
        if key in english and texts.holes(text) != texts.holes(english[key])
    }
    assert differ == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str) -> None:
    assert [key for key, text in own(language).items() if not text.strip() and key != "language.between"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_that_a_text_links_to_is_in_the_glossary(language: str) -> None:
    have = own(language)
    linked = {key: texts.terms([text]) for key, text in have.items()}
    missing = {
        key: sorted(term for term in terms if not {f"glossary.{term}.word", f"glossary.{term}.meaning"} <= have.keys())
        for key, terms in linked.items()
    }
    assert {key: terms for key, terms in missing.items() if terms} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_for_one_asks_for_no_value_that_the_text_for_many_does_not(language: str) -> None:
    have = own(language)
    pairs = [(have[key], have[key.removesuffix(".one")]) for key in have if key.endswith(".one")
             and key.removesuffix(".one") in have]  # fmt: skip
    for one, many in pairs:
        assert set(texts.holes(one)) <= set(texts.holes(many))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_glossary_is_explained_and_not_by_itself(language: str) -> None:
    have = own(language)
    for word in glossary.words():
        assert len(have[f"glossary.{word}.meaning"]) > len(have[f"glossary.{word}.word"])
        assert word not in texts.terms([have[f"glossary.{word}.meaning"]])
    assert set(glossary.OPENS) <= set(glossary.words())


# --- the code ---


def said_in_python(file: Path) -> Iterator[tuple[str, bool]]:
    """Every string of a file that could be a key, with HOLE for computed parts; whether it is asked for as one."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    asked: set[int] = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.args:
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name in SAYING_IN_PYTHON:
                asked |= {id(node) for node in ast.walk(call.args[0])}
            elif name == "say_in" and len(call.args) > 1:
                asked |= {id(node) for node in ast.walk(call.args[1])}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value, id(node) in asked
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else HOLE for part in node.values]
            yield "".join(map(str, parts)), id(node) in asked


# A comment, or a string with its content; a template may hold `${…}` with one pair of braces or a template in it.
STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"'
    r"|`((?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})*)`",
    re.S,
)
HOLE_IN_TEMPLATE = re.compile(r"\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}")
ASKING = re.compile(rf"(?:(?<=\.\.\.)|(?<![\w.#]))(?:{'|'.join(SAYING_IN_JAVASCRIPT)})\(")


def said_in_javascript(file: Path) -> Iterator[tuple[str, bool]]:
    """Like `said_in_python`."""
    source = file.read_text(encoding="utf-8")
    asked = [(call.end(), end_of_argument(source, call.end())) for call in ASKING.finditer(source)]
    for at, text in strings(source, 0, len(source)):
        yield text, any(start <= at < end for start, end in asked)


def strings(source: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Where strings start and what they hold, those inside the holes of templates too."""
    for found in STRING.finditer(source, start, end):
        if found[2] is not None:
            yield found.start(), HOLE_IN_TEMPLATE.sub(HOLE, found[2])
            for hole in HOLE_IN_TEMPLATE.finditer(source, found.start(2), found.end(2)):
                yield from strings(source, hole.start() + 2, hole.end() - 1)
        elif found[1] is not None:
            yield found.start(), found[1]


def end_of_argument(source: str, start: int) -> int:
    """Where the first argument of a call ends: at a comma or bracket of the call's own."""
    depth, at = 0, start
    while at < len(source):
        if string := STRING.match(source, at):
            at = string.end()
            continue
        if source[at] in "([{":
            depth += 1
        elif source[at] in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif source[at] == "," and depth == 0:
            break
        at += 1
    return at


def said() -> Iterator[tuple[str, str, bool]]:
    """File, string (HOLE for computed parts) and whether it is asked for as a key, of all code."""
    for files, read in ((PYTHON, said_in_python), (JAVASCRIPT, said_in_javascript)):
        for file in files:
            for text, asked in read(file):
                yield str(file.relative_to(ROOT)), text, asked


def looks_like_a_key(text: str) -> bool:
    return re.fullmatch(rf"[\w.\-{HOLE}]+", text) is not None and text.split(".")[0] in FILE_NAMES and "." in text


def as_pattern(text: str) -> re.Pattern[str]:
    return re.compile(r"[\w.\-]*".join(re.escape(part) for part in text.split(HOLE)))


def test_the_code_asks_for_no_text_that_is_not_there() -> None:
    keys = own(texts.FALLBACK)
    missing = sorted(
        {
            f"{file}: {text.replace(HOLE, '…')}"
            for file, text, asked in said()
            if asked and looks_like_a_key(text) and not any(as_pattern(text).fullmatch(key) for key in keys)
        }
    )
    assert missing == [], "\n".join(missing)


def of_pictures(key: str) -> str:
    """The key beside which a version for tables stands: `key.table` and `key.table.one` beside `key` and `key.one`."""
    return re.sub(r"\.table(?=\.one$|$)", "", key)


def test_a_text_for_tables_stands_beside_one_for_pictures_and_asks_for_nothing_more() -> None:
    have = own(texts.FALLBACK)
    pairs = [(key, of_pictures(key)) for key in have if of_pictures(key) != key and of_pictures(key) in have]
    assert len(pairs) > 50
    for key, beside in pairs:
        assert set(texts.holes(have[key])) <= set(texts.holes(have[beside])), key


def test_every_text_is_said_somewhere() -> None:
    found = {text for _, text, _ in said() if looks_like_a_key(text) or text in FILE_NAMES}
    exact = {text for text in found if HOLE not in text}
    patterns = [as_pattern(text) for text in found if HOLE in text]
    # What follows a whole key, or the name of a file: `${key}.why`, and the version for one.
    endings = {".one", *(text[1:] for _, text, asked in said() if asked and re.fullmatch(rf"{HOLE}(\.\w+)+", text))}

    def is_said(key: str) -> bool:
        return bool({key, *map(key.removesuffix, endings)} & exact) or any(p.fullmatch(key) for p in patterns)

    unsaid = [
        key
        for key in own(texts.FALLBACK)
        if not is_said(key)
        and not (of_pictures(key) in own(texts.FALLBACK) and is_said(of_pictures(key)))
        and key != "language.name"  # read from the files, before there is a language to say it in
    ]
    assert unsaid == [], "\n".join(unsaid)


# --- finding and filling ---


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hans"), ("ZH-hans", "zh-Hans"), ("zh_CN", "zh-Hans"),
        ("en", "en"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en"), ("<b>", "en"),
    ],
)  # fmt: skip
def test_an_asked_language_finds_the_nearest_one_that_is_written(asked: str | None, found: str) -> None:
    assert texts.nearest_language(asked) == found


def test_a_value_that_is_not_given_leaves_its_place_and_one_that_looks_like_a_place_stays_text() -> None:
    assert texts.fill("{a} of {b}", {"a": 1}) == "1 of {b}"
    assert texts.fill("{a} of {b}", {"a": "{b}", "b": 2}) == "{b} of 2"


def test_a_text_that_counts_has_its_version_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"x.samples": "{count} samples", "x.samples.one": "one sample", "x.plain": "{count} in all"}
    monkeypatch.setattr(texts, "table", lambda language: table)
    assert texts.say_in("en", "x.samples", count=1) == "one sample"
    assert texts.say_in("en", "x.samples", count=2) == "2 samples"
    assert texts.say_in("en", "x.samples", count=0) == "0 samples"
    assert texts.say_in("en", "x.plain", count=1) == "1 in all"
    assert texts.say_in("en", "x.nothing", count=1) == "x.nothing"


def test_what_a_language_lacks_is_said_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, entries in {"en": {"x.a": "A", "x.b": "B"}, "fr": {"x.a": "à"}}.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "x.json").write_text(json.dumps(entries), encoding="utf-8")
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    # Whatever the caches hold of the real folder is kept apart by the name of the language.
    monkeypatch.setattr(texts, "_own", texts._own.__wrapped__)
    assert texts.table.__wrapped__("fr") == {"x.a": "à", "x.b": "B"}


@pytest.mark.parametrize("content", ["{", "[]", '{"x.a": 1}'])
def test_a_file_that_is_no_table_of_texts_is_named(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "x.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"x\.json"):
        texts._own.__wrapped__("fr")


# --- the pages ---


def open_page(name: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for parameter, value in params.items():
        app.query_params[parameter] = value
    return app.switch_page(frame.PAGES[name]).run()


def heading_in(language: str, name: str) -> str:
    return texts.say_in(language, "pages.app" if name == "start" else f"pages.{name}.title")


def language_picker(app: AppTest) -> Any:
    (picker,) = (group for group in app.get("button_group") if group.key == "language_picker")
    return picker


def shown_on(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.title, *app.header, *app.subheader, *app.markdown, *app.caption))


@pytest.mark.parametrize("name", frame.PAGES)
@pytest.mark.parametrize(("asked", "language"), [("zh-Hans", "zh-Hans"), ("zh-CN", "zh-Hans"), ("en", "en")])
def test_the_address_chooses_the_language_of_every_page(name: str, asked: str, language: str) -> None:
    app = open_page(name, lang=asked)
    assert not app.exception
    assert not app.warning
    assert [title.value for title in app.title] == [heading_in(language, name)]


def test_an_unknown_language_is_named_with_those_that_there_are() -> None:
    app = open_page("map", lang="xx")
    (warning,) = app.warning
    for part in ("xx", "zh\\-Hans", "简体中文", "Showing English"):
        assert part in warning.value
    language_picker(app).set_value("zh-Hans").run()
    assert not app.warning, "a language that is picked answers the complaint"


def test_a_language_in_the_address_brings_no_markup_onto_the_page() -> None:
    (warning,) = open_page("map", lang="[x](http://example.org)").warning
    assert "](http" not in warning.value


def test_the_language_that_is_picked_stays_while_pages_change() -> None:
    app = open_page("map", lang="en")
    language_picker(app).set_value("zh-Hans").run()
    for name in ("weight", "glossary", "start"):
        app.switch_page(frame.PAGES[name]).run()
        assert app.title[0].value == heading_in("zh-Hans", name)
        assert language_picker(app).value == "zh-Hans"
    language_picker(app).set_value("en").run()
    assert app.title[0].value == "Latent space explorer"


def test_a_complaint_about_the_address_changes_its_language_with_the_page() -> None:
    app = open_page("map", beta="a lot")
    assert "a number from 0 to 12" in app.warning[0].value
    language_picker(app).set_value("zh-Hans").run()
    assert "从 0 到 12 的数" in app.warning[0].value


def test_the_calculator_keeps_its_answers_when_the_language_changes() -> None:
    app = open_page("weight")
    app.selectbox(key="units-reconstruction").set_value("mean").run()
    assert "**β = 512**" in shown_on(app)
    language_picker(app).set_value("zh-Hans").run()
    assert not app.exception
    assert "**β = 512**" in shown_on(app)
    assert "64 个像素取平均" in shown_on(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_glossary_lists_every_word_with_its_meaning_and_links_that_lead_somewhere(language: str) -> None:
    app = open_page("glossary", lang=language)
    assert not app.exception
    table = texts.table(language)
    page = "\n\n".join(element.value for element in app.markdown)
    explained = re.findall(r'<h3 data-anchor="([\w-]+)">(.+?)</h3>\n\n(.+)', page)
    assert [(word, shown, without_links(meaning)) for word, shown, meaning in explained] == [
        (word, table[f"glossary.{word}.word"], plain_meaning(table, word)) for word in glossary.words()
    ]
    targets = set(re.findall(r"\]\(#([\w-]+)\)", page))
    assert targets
    assert targets <= set(glossary.words())
    assert "[[" not in page


def without_links(markdown: str) -> str:
    return re.sub(r"\[([^\]]+)\]\(#[\w-]+\)", r"\1", markdown)


def plain_meaning(table: dict[str, str], word: str) -> str:
    """A meaning as it reads, its terms replaced by their words in this language."""
    meaning = table[f"glossary.{word}.meaning"]
    return texts.with_terms(meaning, lambda word, here: here or table[f"glossary.{word}.word"])

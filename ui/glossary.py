"""The page of the glossary: every word in a sentence or two, with a place of its own (`/glossary#prior`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import streamlit as st

from ui import controls, frame, language, texts
from ui.language import say
from ui.plain import plain

# The frame's own looks come along once more: alone, they may arrive after the browser has gone to a word.
STYLES = [Path(__file__).parent / name for name in ("page.css", "glossary.css")]
# Words stand in the order of their file; each of these opens a part of the page, whose heading it names.
OPENS = {
    "data-set": "pages.glossary.data",
    "vae": "pages.glossary.network",
    "latent-space": "pages.glossary.space",
    "reconstruction": "pages.glossary.cost",
}


def show() -> None:
    """Draw the page."""
    frame.require()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page-head"):
        st.title(say("pages.glossary.title"), width="content", anchor=False)
        with st.container(horizontal=True, width="content", key="pickers"):
            controls.pick_language()
    if complaint := language.complaint():
        st.warning(plain(complaint))
    st.markdown(say("pages.glossary.intro"))
    with st.container(key="glossary"):
        # In one piece, looks included: what came later would change heights after the browser has gone to #prior.
        looks = "".join(file.read_text(encoding="utf-8") for file in STYLES)
        st.markdown("\n\n".join([f"<style>{looks}</style>", *_lines()]), unsafe_allow_html=True)


def words() -> list[str]:
    """The ids of all words, in the order of the page."""
    return [key.split(".")[1] for key in texts.table(texts.FALLBACK) if re.fullmatch(r"glossary\..+\.word", key)]


def _lines() -> Iterator[str]:
    """Headings, words and meanings in their order, as Markdown with an anchor at every word."""
    for word in words():
        if word in OPENS:
            yield f"<h2>{escape(say(OPENS[word]))}</h2>"
        yield f'<h3 data-anchor="{word}">{escape(say(f"glossary.{word}.word"))}</h3>'
        yield linked(escape(say(f"glossary.{word}.meaning"), quote=False))


def linked(text: str) -> str:
    """The text as Markdown, in which words of the glossary lead to their place on the page."""
    return texts.with_terms(text, lambda word, here: f"[{here or say(f'glossary.{word}.word')}](#{word})")

"""The page of the glossary: every word in a sentence or two, with a place of its own (`/glossary#prior`)."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from ui import controls, frame, language, texts
from ui.language import say
from ui.plain import plain

STYLE = Path(__file__).parent / "glossary.css"
# Words stand in the order of their file; each of these opens a part of the page, whose heading it names.
OPENS = {
    "data-set": "pages.glossary.data",
    "vae": "pages.glossary.network",
    "latent-space": "pages.glossary.space",
    "reconstruction": "pages.glossary.cost",
}

_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")


def show() -> None:
    """Draw the page."""
    frame.require()
    st.html(STYLE)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page-head"):
        st.title(say("pages.glossary.title"), width="content", anchor=False)
        with st.container(horizontal=True, width="content", key="pickers"):
            controls.pick_language()
    if complaint := language.complaint():
        st.warning(plain(complaint))
    with st.container(key="glossary"):
        st.markdown(say("pages.glossary.intro"))
        for word in words():
            if word in OPENS:
                st.header(say(OPENS[word]), anchor=False)
            _explain(word)


def words() -> list[str]:
    """The ids of all words, in the order of the page."""
    return [key.split(".")[1] for key in texts.table(texts.FALLBACK) if re.fullmatch(r"glossary\..+\.word", key)]


def _explain(word: str) -> None:
    left, right = st.columns([1, 3.2], gap="small")
    left.subheader(say(f"glossary.{word}.word"), anchor=word)
    right.markdown(linked(say(f"glossary.{word}.meaning")))


def linked(text: str) -> str:
    """The text as Markdown, in which words of the glossary lead to their place on the page."""
    return _TERM.sub(lambda term: f"[{term[2] or say(f'glossary.{term[1]}.word')}](#{term[1]})", text)

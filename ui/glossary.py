"""The page of the glossary: every word in one plain sentence."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.language import say


def show() -> None:
    """Draw the page."""
    frame.require()
    st.title(say("pages.glossary.title"), anchor=False)

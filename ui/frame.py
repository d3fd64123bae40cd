"""The frame around every page: the navigation, and the one case in which Streamlit runs a page without it."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui import state
from ui.language import say
from ui.train.waking import wake

# The pages of the app in the order of their menu: the name that links use, and the file.
PAGES = {
    "start": "pages/start.py",
    "story": "pages/one_sample.py",
    "map": "pages/latent_map.py",
    "weight": "pages/kl_weight.py",
    "train": "pages/train.py",
    "bring": "pages/bring.py",
    "glossary": "pages/glossary.py",
}


def navigation() -> StreamlitPage:
    """The pages of the app; the one that the address asks for."""
    wake()
    st.session_state[state.FRAMED] = True
    pages = [st.Page(file, title=say(f"pages.{name}.title"), default=name == "start") for name, file in PAGES.items()]
    page = st.navigation(pages, position="top")
    if page.url_path != "train":
        st.session_state.pop(state.TRAIN_UPLOAD, None)  # its uploader is empty on coming back, and it may be large
    return page


def hide_what_is_hidden(page: StreamlitPage) -> None:
    """Keep the menu of a page with a view out of sight from the first moment on where the address hides it.

    extras.js takes over what demo mode and lesson links hide; it comes with the view, most of a second later.
    """
    shown = st.query_params.get("controls", "menu").split(",")
    if page.url_path in ("bring", "glossary"):
        return
    if st.query_params.get("demo") == "1" or "menu" not in shown:
        hidden = 'html:not(.extras-ready) :is([data-testid="stHeader"], .st-key-page-head)'
        st.html(f"<style>{hidden} {{ display: none; }}</style>")


def tab_title(page: StreamlitPage) -> str:
    """What the browser's tab says of a page: the start page has the app's name alone."""
    name = say("pages.app")
    return name if page.url_path == "" else f"{page.title} · {name}"


def require() -> None:
    """Said by a page: start again where the frame has not run.

    Until a server has called `st.navigation` for the first time, Streamlit takes the folder pages/ for an app without a
    frame. So the first visitor of all, if an address leads straight to a page, would see that page alone.
    """
    if not st.session_state.get(state.FRAMED):
        navigation()
        st.rerun()

"""The frame around every page: the navigation, and the one case in which Streamlit runs a page without it."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui import state


def navigation() -> StreamlitPage:
    """The pages of the app, in the order of their menu; the one that the address asks for."""
    st.session_state[state.FRAMED] = True
    pages = [
        st.Page("pages/latent_map.py", title="Latent map", default=True),
        st.Page("pages/kl_weight.py", title="KL weight"),
    ]
    return st.navigation(pages, position="top")


def require() -> None:
    """Said by a page: start again where the frame has not run.

    Until a server has called `st.navigation` for the first time, Streamlit takes the folder pages/ for an app without a
    frame. So the first visitor of all, if an address leads straight to a page, would see that page alone.
    """
    if not st.session_state.get(state.FRAMED):
        navigation()
        st.rerun()

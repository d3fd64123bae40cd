"""What every page has around its view: title, model picker, introduction; and a model that will not open."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import cache, controls, frame
from ui.plain import plain
from vae_core.checkpoints import CheckpointError


def show_page(title: str, introduction: str, show: Callable[[cache.OpenModel], None]) -> None:
    """Draw a page. introduction: Markdown; show: draws the view of the chosen model, run again as a fragment."""
    frame.require()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(title, width="content", anchor=False)
        chosen = controls.pick_model()
    controls.explain_missing_model()
    st.markdown(introduction)
    if chosen is not None:
        _explore(chosen, show)


@st.fragment
def _explore(name: str, show: Callable[[cache.OpenModel], None]) -> None:
    try:
        model = cache.open_model(name)
    except CheckpointError as error:
        st.error(f"The model “{plain(name)}” cannot be opened. {plain(str(error))}")
        return
    show(model)

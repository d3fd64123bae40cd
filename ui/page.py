"""What every page has around its view: title, pickers of model and language; and a model that will not open."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import cache, controls, frame, language, library_view
from ui.language import say
from ui.plain import plain
from vae_core.checkpoints import CheckpointError


def show_page(name: str, show: Callable[[cache.OpenModel], None]) -> None:
    """Draw the page `name` of the menu; show: draws the view of the chosen model, run again as a fragment."""
    frame.require()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page-head"):
        st.title(heading(name), width="content", anchor=False)
        with st.container(horizontal=True, width="content", key="pickers"):
            chosen = controls.pick_model()
            controls.pick_language()
    if complaint := language.complaint():
        st.warning(plain(complaint))
    controls.explain_missing_model()
    if chosen is not None:
        _explore(chosen, show, start=name == "start")


def heading(name: str) -> str:
    """The heading of the page `name`: its title in the menu; the start page is headed by the app's name."""
    return say("pages.app" if name == "start" else f"pages.{name}.title")


@st.fragment
def _explore(name: str, show: Callable[[cache.OpenModel], None], *, start: bool) -> None:
    model = _open(name)
    # The start page is the way out: it shows another model, and with it the doors and the gallery.
    others = (other for other in cache.model_names() if other != name) if start and model is None else ()
    for other in others:
        model = _open(other, silent=True)
        if model is not None:
            break
    if model is None:
        return
    try:
        show(model)
    except CheckpointError as error:  # a part that is read later: somebody has deleted or changed it meanwhile
        _complain(name, plain(str(error)))


def _open(name: str, *, silent: bool = False) -> cache.OpenModel | None:
    """The model, or None after a sentence that says why it cannot be shown."""
    try:
        with st.spinner(say("pages.opening")):
            model = cache.open_model(name)
    except CheckpointError as error:
        why = plain(str(error))
    else:
        return model
    if not silent:
        _complain(name, why)
    return None


def _complain(name: str, why: str) -> None:
    if name not in cache.model_names():
        st.rerun()  # it was deleted just now: the picker, outside of this fragment, says so
    st.error(say("pages.cannot_open", name=plain(name), why=why))
    library_view.offer_deleting(name, plain(name))

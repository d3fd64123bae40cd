"""The start page: a small map to drag at once, the doors to the other pages, and the gallery of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui import cache, controls, frame, opening, state, thumbnails
from ui.latent_canvas import latent_canvas
from vae_core import library
from vae_core.checkpoints import CheckpointError

# So many models get a picture; the rest are links.
MOST_PICTURES = 12
# Addresses from when the latent map was the first page: a "/" that carries one of these means the map.
MAP_PARAMETERS = frozenset(state.PARAMETERS)


def lead_on() -> None:
    """Go on to the latent map where the address of this page is one of the map's.

    Not twice in a session: somebody who goes back from there wants to see this page.
    """
    params = st.query_params.to_dict()
    if MAP_PARAMETERS & params.keys() and "map" not in st.session_state.get(state.ADDRESS, {}):
        st.switch_page(frame.PAGES["map"], query_params=params)


def opened() -> Callable[[cache.OpenModel], None]:
    """What shows the start page. What its view is told is made once per run of the page, not again for every event."""
    told: dict[str, dict[str, Any]] = {}

    def show(model: cache.OpenModel) -> None:
        if model.digest not in told:
            told[model.digest] = _data(model)
        _show(model, told[model.digest])

    return show


def _show(model: cache.OpenModel, data: dict[str, Any]) -> None:
    events = latent_canvas(
        data,
        key=state.START_CANVAS,
        digest=model.digest,
        on_view=lambda: opening.remember_view(state.START_CANVAS),
        on_pick=_choose,
    )
    if events.pick:
        # The picker above has its new value (_choose), but stands outside the fragment that runs now.
        st.rerun()
    opening.follow(events)
    with opening.parts():
        opening.send_codes(model, data["initial"], events)


def _data(model: cache.OpenModel) -> dict[str, Any]:
    """What the view is told: the model, where to open, and the gallery."""
    names = cache.model_names()
    titles = controls.titles_of(names)
    return {
        **opening.opening_data(model, "start", missing=""),
        "originals": False,  # it shows none, so it must not ask for them
        "samples": model.card["samples"],
        "shape": model.card["config"]["input_shape"],
        "gallery": [gallery_card(name, titles[name]) for name in names[:MOST_PICTURES]],
        "more": [{"name": name, "title": titles[name]} for name in names[MOST_PICTURES:]],
    }


def gallery_card(name: str, title: str) -> dict[str, Any]:
    """A model's card in the gallery; `complaint` says in one sentence why it cannot be opened, else ""."""
    try:
        card = cache.card_of(name)
        picture = thumbnails.data_uri(library.folder_of(name))
    except CheckpointError as error:
        return {"name": name, "title": title, "complaint": str(error)}
    return {
        "name": name,
        "title": title,
        "complaint": "",
        "samples": card["samples"],
        "shape": card["config"]["input_shape"],
        "picture": picture,
    }


def _choose() -> None:
    """A card of the gallery was clicked: its model is the picker's, as if it had been picked there."""
    name = st.session_state[state.START_CANVAS].get("pick")
    if name in cache.model_names():
        controls.choose(name)

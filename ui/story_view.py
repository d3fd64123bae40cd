"""The story of one sample's Gaussian: its view, and what the steps need beside the model."""

from __future__ import annotations

import streamlit as st

from ui import cache, controls, frame, opening, state
from ui.language import say
from ui.latent_canvas import latent_canvas
from ui.latent_canvas.component import send
from ui.plain import plain
from vae_core.checkpoints import CheckpointError

TELLER = "digits"  # of the models that ship


def _offer_teller(why: str) -> None:
    st.info(why, icon=":material/menu_book:")
    with st.container(horizontal=True):
        if TELLER in cache.model_names():
            title = plain(controls.titles_of(cache.model_names())[TELLER])
            if st.button(say("pages.story.tell", title=title), type="primary", key="story-teller"):
                controls.choose(TELLER)
                st.rerun()
        st.page_link(frame.PAGES["map"], label=say("pages.map.title"), icon=":material/map:")


def show_story(model: cache.OpenModel) -> None:
    """Mount the story of the chosen model with its encoder, and the data set's own statistics where they are known.

    The story turns β and draws through the encoder, in two dimensions: another model tells it where this one cannot.
    """
    title, dimensions = plain(model.card["title"]), model.card["config"]["latent_dim"]
    if "imported" in model.card:
        _offer_teller(say("pages.story.imported", title=title))
        return
    if dimensions > 2:
        _offer_teller(say("pages.story.many", title=title, dimensions=dimensions))
        return
    missing = opening.why_no_originals(model)
    encoder = cache.encoder_for(model.digest, model)
    data = {**opening.opening_data(model, "story", missing), "encoder": encoder is not None}
    events = latent_canvas(
        data,
        key=state.STORY_CANVAS,
        digest=model.digest,
        on_view=lambda: opening.remember_view(state.STORY_CANVAS),
    )
    opening.follow(events)
    try:
        statistics = cache.statistics_for(model.digest, model)
    except CheckpointError as error:
        statistics = None
        st.warning(plain(str(error)))
    with opening.parts():
        if encoder is not None:
            send(encoder, key=f"encoder-{model.digest}")
        if statistics is not None:
            send(statistics, key=f"statistics-{model.digest}")
        chunks = opening.send_codes(model, data["initial"], events)
        if not missing:
            opening.send_originals(model, chunks)

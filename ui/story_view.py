"""The story of one sample's Gaussian: its view, and what the steps need beside the model."""

from __future__ import annotations

import streamlit as st

from ui import cache, opening, state
from ui.latent_canvas import latent_canvas
from ui.latent_canvas.component import send
from ui.plain import plain
from vae_core.checkpoints import CheckpointError


def show_story(model: cache.OpenModel) -> None:
    """Mount the story of the chosen model with its encoder, and the data set's own statistics where they are known."""
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

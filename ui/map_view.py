"""The canvas of the latent map on its page."""

from __future__ import annotations

import streamlit as st

from ui import cache, opening, served, state
from ui.latent_canvas import latent_canvas


def show_map(model: cache.OpenModel) -> float:
    """Mount the canvas with everything it has asked for so far; returns the β it rests at."""
    missing = opening.why_no_originals(model)
    data = opening.opening_data(model, "map", missing)
    events = latent_canvas(
        data, key=state.CANVAS, digest=model.digest, on_view=lambda: opening.remember_view(state.CANVAS)
    )
    if missing:
        st.caption(missing)
    opening.follow(events)
    with opening.parts():
        chunks = opening.send_codes(model, data["initial"], events)
        served.send_pictures(model, events)
        if not missing and (opening.has_small_images(model) or events.wants_originals):
            opening.send_originals(model, chunks)
    return float((events.view or data["initial"]).get("beta", data["start"]))

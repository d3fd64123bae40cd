"""The start page: a small map to drag at once, the doors to the other pages, and the gallery of models."""

from __future__ import annotations

from ui import cache, opening, state
from ui.latent_canvas import latent_canvas


def show_start(model: cache.OpenModel) -> None:
    """Mount the start page's view of the chosen model."""
    data = opening.opening_data(model, "start", opening.why_no_originals(model))
    events = latent_canvas(
        data,
        key=state.START_CANVAS,
        digest=model.digest,
        on_view=lambda: opening.remember_view(state.START_CANVAS),
    )
    opening.follow(events)
    with opening.parts():
        opening.send_codes(model, data["initial"], events)

"""What the page of the latent map needs between the address, the models and the canvas."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import cache, state
from ui.latent_canvas import CanvasEvents, latent_canvas
from ui.latent_canvas.component import send
from ui.plain import plain
from vae_core.datasets import DATA_VARIABLE, IDX_TITLES, DatasetError, check_images

START_BETA = 1.0  # where the loss is the true ELBO
# Original images up to this many bytes come along at once; more wait until a sample is looked at.
SMALL_IMAGES_BYTES = 300_000


def show_map(model: cache.OpenModel) -> float:
    """Mount the canvas with everything it has asked for so far; returns the β it rests at."""
    view = _opening_view(model)
    missing = _why_no_originals(model)
    start = min(START_BETA, float(model.card["config"]["beta_max"]))
    data = {
        "digest": model.digest,
        "model": model.card["name"],
        "initial": view,
        "start": start,
        "originals": not missing,
        "missing": "not on this computer" if missing else "",
        "renderer": st.query_params.get("renderer"),
    }
    events = latent_canvas(data, key=state.CANVAS, digest=model.digest, on_view=_remember_view)
    if missing:
        st.caption(missing)
    with st.container(key="parts-of-the-model", gap=None):
        _send_parts(model, view, events, originals=not missing)
    return float((events.view or view).get("beta", start))


def _opening_view(model: cache.OpenModel) -> dict[str, Any]:
    """The view to open with: the one this session left, else the address's. Complaints about the address are shown."""
    last = st.session_state.get(state.LAST_VIEW)
    if last is not None and last.get("digest") == model.digest:
        return {key: value for key, value in last.items() if key not in ("digest", "model")}
    if state.ADDRESS not in st.session_state:
        limits = state.Limits(model.card["config"]["beta_max"], model.card["samples"], len(model.card["label_names"]))
        st.session_state[state.ADDRESS] = state.read_view(st.query_params.to_dict(), limits)
    view, complaints = st.session_state[state.ADDRESS]
    if complaints:
        st.warning("  \n".join(plain(complaint) for complaint in complaints))
    return dict(view)


def _remember_view() -> None:
    st.session_state[state.LAST_VIEW] = st.session_state[state.CANVAS].get("view")


def _why_no_originals(model: cache.OpenModel) -> str:
    """ "" where the data set's images are at hand, else a sentence that says how to get them."""
    name = model.card["dataset"]
    try:
        check_images(name)
    except DatasetError:
        title = plain(model.card["title"])
        say = f"The original images of {title} are not on this computer: you see reconstructions instead."
        if name not in IDX_TITLES:
            return say
        return (
            f"{say} To see the originals, run `python -m vae_core data {name} --data-dir FOLDER` once and start the app"
            f" with {DATA_VARIABLE}=FOLDER."
        )
    return ""


def _send_parts(model: cache.OpenModel, view: dict[str, Any], events: CanvasEvents, *, originals: bool) -> None:
    """Mount the model's weights, and the chunks of codes and images that the browser needs by now."""
    digest = model.digest
    send(model.payload, key=f"model-{digest}")
    selected = int(view.get("selected", -1))
    chunks = set(range(len(model.chunks))) if events.wants_all else {0}
    if 0 <= selected < model.card["samples"]:
        chunks.add(model.chunks.holding(selected))
    pixels = 1
    for side in model.card["config"]["input_shape"]:
        pixels *= side
    small = model.card["samples"] * pixels <= SMALL_IMAGES_BYTES
    for chunk in sorted(chunks):
        send(cache.codes_for(digest, chunk, model), key=f"codes-{digest}-{chunk}")
    for chunk in sorted(chunks) if originals and (small or events.wants_originals) else ():
        send(cache.originals_for(digest, chunk, model), key=f"originals-{digest}-{chunk}")

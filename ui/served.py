"""What of an imported model only the server can decode: pictures of places, and grids of pictures of planes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.cache import OpenModel
from ui.latent_canvas.component import CanvasEvents, send
from ui.latent_canvas.payload import decoded_payload, grid_payload
from ui.latent_canvas.wishes import Places, PlaneAtBeta
from ui.plain import plain
from vae_core.bring.decoders import grid_of
from vae_core.bring.errors import ImportRefused
from vae_core.bring.running import Run, runner_of
from vae_core.checkpoints import StoredDecoder, load_decoders

SIDE = 17  # points along a side of a grid that is made while somebody waits


def send_pictures(model: OpenModel, events: CanvasEvents) -> None:
    """Mount the pictures that the browser has asked for; a graph that cannot be run is one sentence."""
    try:
        for name, payload in (
            ("decoded", events.wants_decode and _pictures(model, events.wants_decode)),
            ("grid", events.wants_grid and _grid(model, events.wants_grid)),
        ):
            if payload:
                send(payload, key=f"{name}-{model.digest}")
    except ImportRefused as error:
        st.caption(plain(str(error)))


def _pictures(model: OpenModel, wish: Places) -> bytes | None:
    decode = _decoder(model, wish.beta)
    if decode is None or wish.z.shape[1] != model.card["config"]["latent_dim"]:
        return None
    return decoded_payload(model.digest, wish.beta, wish.z, decode(wish.z.astype(np.float32)))


def _grid(model: OpenModel, wish: PlaneAtBeta) -> bytes | None:
    decode = _decoder(model, wish.beta)
    if decode is None or wish.plane.dimensions != model.card["config"]["latent_dim"]:
        return None
    node = model.codes.nearest(wish.beta)
    return grid_payload(model.digest, node, grid_of(decode, wish.plane, model.codes.mu[node], most=SIDE))


def _decoder(model: OpenModel, beta: float) -> Run | None:
    """The decoder of the member at beta; None where the server cannot run it, or need not."""
    if "imported" not in model.card:
        return None
    return runner_of(_decoders(str(model.folder), model.digest)[model.codes.nearest(beta)])


@st.cache_resource(show_spinner=False, max_entries=4)
def _decoders(folder: str, digest: str) -> list[StoredDecoder]:
    return load_decoders(folder)

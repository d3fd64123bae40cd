"""What of an imported model only the server can decode: pictures of places, and grids of pictures of planes."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.cache import OpenModel
from ui.latent_canvas.component import CanvasEvents, send
from ui.latent_canvas.payload import decoded_payload, grid_payload
from ui.plain import plain
from vae_core.bring.decoders import grid_of
from vae_core.bring.errors import ImportRefused
from vae_core.bring.running import Run, runner_of
from vae_core.checkpoints import StoredDecoder, load_decoders
from vae_core.projection import Plane

SIDE = 17  # points along a side of a grid that is made while somebody waits
MOST_NUMBERS = 2_000_000  # of one answer's pictures; served_pictures.js asks for no more, unless one picture has more
_KEPT = 16  # answers

Array = NDArray[np.float64]


def send_pictures(model: OpenModel, events: CanvasEvents) -> None:
    """Mount the pictures that the browser has asked for; a graph that cannot be run is one sentence."""
    places, wish = events.wants_decode, events.wants_grid
    try:
        if places is not None and (payload := _pictures(model.digest, places.beta, places.z, model)):
            send(payload, key=f"decoded-{model.digest}")
        if wish is not None and (payload := _grid(model.digest, wish.beta, wish.plane.axes, wish.plane.rest, model)):
            send(payload, key=f"grid-{model.digest}")
    except ImportRefused as error:
        st.caption(plain(str(error)))


# What was asked for last stays asked for in every rerun: nothing is decoded twice.
@st.cache_data(show_spinner=False, max_entries=_KEPT)
def _pictures(digest: str, beta: float, z: Array, _model: OpenModel) -> bytes | None:
    decode = _decoder(_model, beta)
    config = _model.card["config"]
    numbers = len(z) * math.prod(config["input_shape"])
    if decode is None or z.shape[1] != config["latent_dim"] or (len(z) > 1 and numbers > MOST_NUMBERS):
        return None
    return decoded_payload(digest, beta, z, decode(z.astype(np.float32)))


@st.cache_data(show_spinner=False, max_entries=_KEPT)
def _grid(digest: str, beta: float, axes: Array, rest: Array, _model: OpenModel) -> bytes | None:
    decode, plane = _decoder(_model, beta), Plane(axes, rest)
    if decode is None or plane.dimensions != _model.card["config"]["latent_dim"]:
        return None
    node = _model.codes.nearest(beta)
    return grid_payload(digest, node, grid_of(decode, plane, _model.codes.mu[node], most=SIDE))


def _decoder(model: OpenModel, beta: float) -> Run | None:
    """The decoder of the member at beta; None where the server cannot run it, or need not."""
    if "imported" not in model.card:
        return None
    return runner_of(_decoders(str(model.folder), model.digest)[model.codes.nearest(beta)])


@st.cache_resource(show_spinner=False, max_entries=4)
def _decoders(folder: str, digest: str) -> list[StoredDecoder]:
    return load_decoders(folder)

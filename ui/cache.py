"""Loading, and only here: models and images, kept between reruns and shared by all viewers."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.latent_canvas.payload import Chunks, codes_payload, model_payload, originals_payload, plan_chunks
from vae_core.checkpoints import Codes, list_models, load_card, load_codes, load_weights
from vae_core.datasets import load_images_uint8

CHECKPOINTS_VARIABLE = "LATENT_EXPLORER_CHECKPOINTS"
_SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints"
# Models a server keeps ready; 60,000 samples at 25 values of β take 12 MB.
_KEPT_MODELS = 8


@dataclass(frozen=True)
class OpenModel:
    """A model as the pages use it. `digest` changes when its files do; `payload` is what opens it in the browser."""

    card: dict[str, Any]
    codes: Codes
    chunks: Chunks
    digest: str
    payload: bytes


def checkpoints_folder() -> Path:
    """Where models are looked for: the folder an environment variable names, else the one that ships."""
    return Path(os.environ.get(CHECKPOINTS_VARIABLE) or _SHIPPED)


def model_names() -> list[str]:
    """Names of the model folders, sorted as the card's own order has them: digits first, others by name."""
    names = list_models(checkpoints_folder())
    return sorted(names, key=lambda name: (name != "digits", name != "mnist", name))


def open_model(name: str) -> OpenModel:
    """Load and check a model's card, weights and codes; CheckpointError says in one sentence what is wrong."""
    folder = checkpoints_folder() / name
    return _open_model(str(folder), _stamp(folder))


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes with any file of the folder, so that a model trained anew, or damaged, is read anew."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple((file.name, stat.st_mtime_ns, stat.st_size) for file in files for stat in [file.stat()])


@st.cache_resource(show_spinner="Opening the model …", max_entries=_KEPT_MODELS)
def _open_model(folder: str, stamp: tuple[tuple[str, int, int], ...]) -> OpenModel:
    card = load_card(folder)
    weights = load_weights(folder)
    codes = load_codes(folder)
    digest = hashlib.sha256(repr((folder, stamp)).encode()).hexdigest()[:16]
    payload = model_payload(card, weights, digest)
    samples = int(card["samples"])
    chunks = plan_chunks(samples, len(codes.betas), int(card["config"]["latent_dim"]), len(payload))
    return OpenModel(card, codes, chunks, digest, payload)


@st.cache_data(show_spinner=False, max_entries=32)
def codes_for(digest: str, chunk: int, _model: OpenModel) -> bytes:
    """One chunk of codes, ready to send; `digest` is the cache's key to `_model`."""
    return codes_payload(_model.codes, _model.chunks, chunk, digest)


@st.cache_data(show_spinner=False, max_entries=32)
def originals_for(digest: str, chunk: int, _model: OpenModel) -> bytes:
    """One chunk of original images, ready to send; DatasetError where the data set is not on this machine."""
    return originals_payload(_images(_model.card["dataset"]), _model.chunks, chunk, digest)


@st.cache_resource(show_spinner=False, max_entries=4)
def _images(dataset: str) -> NDArray[np.uint8]:
    return load_images_uint8(dataset)

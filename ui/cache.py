"""Loading, and only here: models and images, kept between reruns and shared by all viewers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.latent_canvas.payload import (
    Chunks,
    codes_payload,
    encoder_payload,
    imported_payload,
    model_payload,
    originals_payload,
    plan_chunks,
    statistics_payload,
    table_payload,
)
from vae_core import library
from vae_core.checkpoints import (
    CheckpointError,
    Codes,
    list_references,
    load_card,
    load_codes,
    load_decoders,
    load_samples,
    load_statistics,
    load_weights,
)
from vae_core.checkpoints.files import SAMPLES
from vae_core.datasets import DatasetError, check_images, load_dataset, load_images_uint8
from vae_core.statistics import image_statistics, levels_of
from vae_core.subset import stored_index

# Models a server keeps ready; 60,000 samples at 25 values of β take 12 MB.
_KEPT_MODELS = 16
_KEPT_CARDS = 256
# Draws of the prior that the KL page decodes at every β; the seed is nobody's choice but the first one tried.
_PRIOR_DRAWS, _PRIOR_SEED = 10, 0

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class OpenModel:
    """A model as the pages use it. `digest` changes when its files do; `payload` is what opens it in the browser."""

    folder: Path
    card: dict[str, Any]
    codes: Codes
    chunks: Chunks
    digest: str
    payload: bytes


def checkpoints_folder() -> Path:
    """Where the models that ship are looked for: the folder an environment variable names, else our own."""
    return library.shipped_folder()


def model_names() -> list[str]:
    """Names of all models: those that ship, digits first, then kept ones, newest first."""
    return library.names()


def card_of(name: str) -> dict[str, Any]:
    """A model's card, read once for all viewers as long as it stays the same; not to be changed. CheckpointError."""
    folder = library.folder_of(name)
    return _card(str(folder), stamp(folder))


@st.cache_resource(show_spinner=False, max_entries=_KEPT_CARDS)
def _card(folder: str, stamped: Stamp) -> dict[str, Any]:
    return load_card(folder)


def open_model(name: str) -> OpenModel:
    """Load and check a model's card, weights and codes; CheckpointError says in one sentence what is wrong."""
    folder = library.folder_of(name)
    return _open_model(str(folder), stamp(folder))


def open_references(model: OpenModel) -> list[OpenModel]:
    """VAEs of the same data that were trained at one β alone, by rising β.

    One that cannot be read, or has no table, is left out: the page goes on without it.
    """
    found = []
    for folder in list_references(model.folder):
        try:
            reference = _open_model(str(folder), stamp(folder))
        except CheckpointError:
            continue
        if reference.card.get("table"):
            found.append(reference)
    return found


def stamp(folder: Path) -> Stamp:
    """Changes with any file of the folder, so that a model trained anew, or damaged, is read anew; () without one."""
    try:
        files = sorted(folder.iterdir())
        return tuple((file.name, stat.st_mtime_ns, stat.st_size) for file in files for stat in [file.stat()])
    except OSError:  # somebody is deleting it just now
        return ()


@st.cache_resource(show_spinner=False, max_entries=_KEPT_MODELS)
def _open_model(folder: str, stamped: Stamp) -> OpenModel:
    card = load_card(folder)
    codes = load_codes(folder)
    digest = hashlib.sha256(repr((folder, stamped)).encode()).hexdigest()[:16]
    if "imported" in card:
        payload = imported_payload(card, codes, load_decoders(folder), digest)
    else:
        payload = model_payload(card, load_weights(folder), digest, codes)
    samples, size = int(card["samples"]), codes.mu.dtype.itemsize
    chunks = plan_chunks(samples, len(codes.betas), int(card["config"]["latent_dim"]), len(payload), size)
    return OpenModel(Path(folder), card, codes, chunks, digest, payload)


@st.cache_data(show_spinner=False, max_entries=_KEPT_MODELS)
def encoder_for(digest: str, _model: OpenModel) -> bytes | None:
    """The model's encoder, ready to send; None where the browser cannot run it. `digest` is the cache's key."""
    if "imported" in _model.card:
        return None
    try:
        return encoder_payload(_model.card, load_weights(_model.folder), digest)
    except ValueError:
        return None


@st.cache_data(show_spinner=False, max_entries=_KEPT_MODELS)
def statistics_for(digest: str, _model: OpenModel) -> bytes | None:
    """The statistics of the model's data set, ready to send; None where neither they nor the images are at hand.

    CheckpointError says what is wrong with the checkpoint's own.
    """
    statistics = load_statistics(_model.folder)
    if statistics is None:
        try:
            statistics = image_statistics(_images_of(_model), levels_of(_model.card["dataset"]))
        except (DatasetError, ValueError):
            return None
    return statistics_payload(statistics, digest)


@st.cache_data(show_spinner=False, max_entries=32)
def codes_for(digest: str, chunk: int, _model: OpenModel) -> bytes:
    """One chunk of codes, ready to send; `digest` is the cache's key to `_model`."""
    return codes_payload(_model.codes, _model.chunks, chunk, digest)


@st.cache_data(show_spinner=False, max_entries=32)
def codes_in_order(digest: str, _model: OpenModel, _chunks: Chunks) -> bytes:
    """All codes of a separately trained model in the order in which the shared model's travel."""
    return codes_payload(_model.codes, Chunks(_chunks.order, (0, len(_chunks.order))), 0, digest)


@st.cache_data(show_spinner=False, max_entries=8)
def table_for(
    digest: str, references: tuple[str, ...], _model: OpenModel, _table: list[dict[str, Any]], _beside: list[OpenModel]
) -> bytes:
    """What is known of a model along β, ready to send; the digests are the cache's key."""
    from vae_core.traversal import prior_draws

    return table_payload(
        digest,
        {
            "rows": with_distortion(_table, _model.card["curve"]),
            "heldOut": [{"beta": p["beta"], **_only(p["test"])} for p in _model.card["curve"] if "test" in p],
            "references": [
                {"digest": r.digest, "beta": r.card["betas"][0], "row": r.card["table"][0]} for r in _beside
            ],
            "draws": prior_draws(_PRIOR_DRAWS, dimensions=_model.card["config"]["latent_dim"], seed=_PRIOR_SEED)
            .round(4)
            .tolist(),
        },
    )


def with_distortion(table: list[dict[str, Any]], curve: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The table with the card's distortion of the training samples in the rows that have none of their own."""
    known = {point["beta"]: point["train"] for point in curve}
    return [
        {"distortion": [known[row["beta"]]["distortion"], known[row["beta"]].get("distortion_error", 0.0)], **row}
        if row["beta"] in known
        else row
        for row in table
    ]


def _only(point: dict[str, float]) -> dict[str, float]:
    return {"rate": point["rate"], "distortion": point["distortion"]}


def computed_table(digest: str, model: OpenModel, report: Callable[[float], None]) -> list[dict[str, Any]]:
    """The table along β of a checkpoint that holds none, computed once for all viewers; `report` hears how far."""
    from vae_core.table import table_of

    tables = _computed_tables()
    if digest not in tables:
        tables[digest] = table_of(model.codes, report=report)
    return tables[digest]


@st.cache_resource
def _computed_tables() -> dict[str, list[dict[str, Any]]]:
    return {}


@st.cache_data(show_spinner=False, max_entries=32)
def originals_for(digest: str, chunk: int, _model: OpenModel) -> bytes:
    """One chunk of original images, ready to send; DatasetError where the data set is not on this machine."""
    return originals_payload(_images_of(_model), _model.chunks, chunk, digest)


def _images_of(model: OpenModel) -> NDArray[Any]:
    """The samples that a model was trained on, bytes; the rows of a table are numbers in [0, 1]."""
    dataset, shape = model.card["dataset"], tuple(model.card["config"]["input_shape"])
    if SAMPLES in model.card["files"]:
        return _own_samples(str(model.folder), model.digest)
    images = _rows(dataset) if len(shape) == 1 else _images(dataset)
    if "subset" in model.card:  # of a very large data set the model holds a part
        index = stored_index(len(images))
        images = images if index is None else images[index]
    if images.shape[1:] != shape or len(images) < model.card["samples"]:
        expected = f"{model.card['samples']} samples of the shape {shape}"
        raise DatasetError(f"{dataset}: expected {expected}, got {len(images)} of the shape {images.shape[1:]}")
    return images


@st.cache_resource(show_spinner=False, max_entries=4)
def _own_samples(folder: str, digest: str) -> NDArray[Any]:
    """The samples that an imported model brings along; `digest` tells when they change."""
    samples = load_samples(folder)
    assert samples is not None
    return samples


@st.cache_resource(show_spinner=False, max_entries=4)
def _rows(dataset: str) -> NDArray[Any]:
    check_images(dataset)  # knows names only: a card that came from elsewhere must not lead to any folder
    return load_dataset(dataset).images


@st.cache_resource(show_spinner=False, max_entries=4)
def _images(dataset: str) -> NDArray[np.uint8]:
    return load_images_uint8(dataset)

"""What the live view is sent of a training: how it opens, its newest state, stored states, original samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.latent_canvas.payload import live_payload, state_payload, training_originals, training_payloads
from ui.train.facts import is_table
from vae_core.datasets import load_dataset, load_images_uint8
from vae_core.trainings import Training
from vae_core.trainings.folder import read_tensors

# What a file of a training may be like before it is there, or after the disk was full.
UNREADABLE = (OSError, ValueError, KeyError)


@dataclass(frozen=True)
class Opening:
    """What opens a training in the browser, the same in every run: the card, its parts, and the samples shown."""

    card: dict[str, Any]
    model: bytes
    codes: bytes
    ids: NDArray[np.int32]


def opening(training: Training) -> Opening | None:
    """How the training opens; None until its worker has written its first state."""
    try:
        return _opening(training.id, training.start_file.stat().st_mtime_ns, training)
    except UNREADABLE:
        return None


# Keyed by the training and the time of its file: later states must not send the model's parts anew.
@st.cache_resource(show_spinner=False, max_entries=8)
def _opening(identity: str, changed: int, _training: Training) -> Opening:
    facts, start = read_tensors(_training.start_file)
    first = _training.state_file(_training.states[0]["index"]) if _training.states else _training.live_file
    _, moment = read_tensors(first)
    model, codes = training_payloads(identity, facts["card"], start, moment)
    return Opening(facts["card"], model, codes, start["ids"])


def newest(training: Training, card: dict[str, Any]) -> bytes | None:
    """The newest state, ready to send; the same bytes until the worker has written another one."""
    return _moment(training.live_file, training.id, card, None)


def stored(training: Training, card: dict[str, Any], index: int) -> bytes | None:
    """A stored state, ready to send; None where it is not there."""
    return _moment(training.state_file(index), training.id, card, index)


def _moment(file: Path, identity: str, card: dict[str, Any], index: int | None) -> bytes | None:
    try:
        changed = file.stat().st_mtime_ns
        if index is None:
            return _packed_live(str(file), identity, changed, card)
        return _packed_state(str(file), identity, changed, index, card)
    except UNREADABLE:
        return None


# Every update is another one: of those that are over none is asked for again.
@st.cache_resource(show_spinner=False, max_entries=4)
def _packed_live(file: str, identity: str, changed: int, _card: dict[str, Any]) -> bytes:
    facts, tensors = read_tensors(Path(file))
    return live_payload(identity, facts, tensors, _card)


@st.cache_resource(show_spinner=False, max_entries=48)
def _packed_state(file: str, identity: str, changed: int, index: int, _card: dict[str, Any]) -> bytes:
    facts, tensors = read_tensors(Path(file))
    return state_payload(identity, index, facts, tensors, _card)


@st.cache_resource(show_spinner=False, max_entries=4)
def originals(dataset: str, identity: str, _ids: NDArray[np.int32]) -> bytes:
    """The samples that are shown, as they are in the data set. Raises DatasetError where it is not at hand."""
    # The rows of a table are sent as numbers, not as bytes.
    images: NDArray[Any] = load_dataset(dataset).images if is_table(dataset) else load_images_uint8(dataset)
    return training_originals(identity, images[_ids])

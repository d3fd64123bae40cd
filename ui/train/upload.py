"""Bringing data of one's own: the files, what was found in them, and the choices that are left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ui import state
from ui.language import say
from ui.plain import sentence
from ui.train import choosing, found, leftovers, offers
from ui.train.facts import Facts, facts_of
from vae_core.datasets import Dataset
from vae_core.intake import LIMITS, Choices, IntakeError, Upload, read_upload

TYPES = ["npz", "npy", "zip", "csv", "tsv", "txt", "gz", "png", "jpg", "jpeg"]
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Brought:
    """An upload that can be trained on: the data set as it will be stored, and what the page must know of it."""

    dataset: Dataset
    facts: Facts


@dataclass(eq=False)
class _Kept:
    """What this session has made of its uploaded files, so that a run of the page does it once."""

    key: tuple[str, ...]
    upload: Upload | None = None
    choices: Choices | None = None
    dataset: Dataset | None = None
    error: str = ""


def ask(*, is_chosen: bool) -> list[UploadedFile]:
    """The card with the uploader; the files that are in it."""
    key = f"train-files-{st.session_state.setdefault(state.TRAIN_UPLOADS, 0)}"
    megabytes = LIMITS.upload_bytes // _MEGABYTE
    with st.container(border=True, gap="small", key=f"train-{'chosen' if is_chosen else 'offered'}-upload"):
        st.markdown(say("train.upload.what", megabytes=f"{megabytes:,}"))
        files = st.file_uploader(
            say("train.upload"),
            type=TYPES,
            accept_multiple_files=True,
            max_upload_size=megabytes,
            key=key,
            label_visibility="collapsed",
            on_change=_changed,
            args=(key,),
        )
        st.caption(say("train.upload.formats"))
        if files and not is_chosen:
            st.button(say("train.upload.use"), on_click=offers.choose, args=(offers.UPLOAD,))
    if not files:
        forget()
    return files


def show(files: list[UploadedFile]) -> Brought | None:
    """What is in the files, and the choices that are left; what can be trained on, None after a sentence why not."""
    with st.container(border=True, key="train-upload"):
        return _show_files(files)


def use_up() -> None:
    """The upload has become a stored data set: the uploader empties, and the memory is free."""
    st.session_state[state.TRAIN_UPLOADS] = st.session_state.get(state.TRAIN_UPLOADS, 0) + 1
    forget()


def forget() -> None:
    """What was made of the files may be as large as memory allows: it goes when its uploader does."""
    st.session_state.pop(state.TRAIN_UPLOAD, None)


def _changed(key: str) -> None:
    """Files have come, or the last one was taken away."""
    if st.session_state.get(key):
        offers.choose(offers.UPLOAD)
    else:
        st.session_state.pop(state.TRAIN_DATA, None)


def _show_files(files: list[UploadedFile]) -> Brought | None:
    identity = "-".join(file.file_id for file in files)
    array = choosing.ask_array(st.session_state.get(state.TRAIN_UPLOAD), identity)
    kept = _read(files, (identity, array or ""))
    if kept.upload is None:
        st.error(say("train.upload.unreadable", why=sentence(kept.error)))
        return None
    left, right = st.columns([1, 1], gap="large")
    with right:
        found.summarise(kept.upload)
        choices = choosing.ask(kept.upload, identity)
    dataset = _make(kept, choices, right)
    with left:
        _preview(kept.upload, choices)
    if dataset is None:
        st.error(say("train.upload.unusable", why=sentence(kept.error)))
        return None
    return Brought(dataset, facts_of(offers.UPLOAD, dataset))


def _read(files: list[UploadedFile], key: tuple[str, ...]) -> _Kept:
    """The upload, read once however often the page runs."""
    kept: _Kept | None = st.session_state.get(state.TRAIN_UPLOAD)
    if kept is not None and kept.key == key:
        return kept
    kept = _Kept(key)
    leftovers.hold(kept)
    try:
        with st.spinner(say("train.upload.reading")):
            kept.upload = read_upload([(file.name, file.getvalue()) for file in files], samples=key[1] or None)
    except IntakeError as error:
        kept.error = str(error)
    st.session_state[state.TRAIN_UPLOAD] = kept
    return kept


def _make(kept: _Kept, choices: Choices, place: Any) -> Dataset | None:
    """The data set that the choices give, made once for each of them; None, and `kept.error`, where that fails."""
    if kept.choices == choices:
        return kept.dataset
    assert kept.upload is not None
    kept.choices, kept.dataset, kept.error = choices, None, ""
    with place, st.spinner(say("train.upload.making")):
        try:
            kept.dataset = kept.upload.dataset(choices)
        except IntakeError as error:
            kept.error = str(error)
    return kept.dataset


def _preview(upload: Upload, choices: Choices) -> None:
    """What the samples will look like, and what will be done to them."""
    shows: tuple[Callable[[Upload, Choices], None], ...] = (found.show_preview, found.list_steps)
    for part in shows:
        try:
            part(upload, choices)
        except IntakeError:
            return  # said by what makes the data set

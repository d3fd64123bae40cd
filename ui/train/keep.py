"""What becomes of a trained model: keep it under a name, take it along as a file, open it on other pages."""

from __future__ import annotations

from itertools import chain, count

import streamlit as st

from ui import cache, controls, frame, library_view
from ui.language import say
from ui.plain import plain, sentence
from vae_core import archive, library
from vae_core.checkpoints import CheckpointError, load_card
from vae_core.library import LONGEST_TITLE
from vae_core.trainings import Training

# The pages that open a kept model, with the icons of their links.
PAGES = {"map": ":material/scatter_plot:", "weight": ":material/tune:", "story": ":material/auto_stories:"}


def offer(training: Training, owner: str, kept: str | None) -> None:
    """The button that keeps the model of a training that has ended, unless it is kept already."""
    if training.model_folder is None or kept is not None:
        return
    with st.popover(say("train.keep.title"), type="primary", icon=":material/bookmark_add:", key="train-keep"):
        st.markdown(say("train.keep.what"))
        _ask_for_title(training, owner)
        _download(training)


def lead_on(training: Training, name: str | None) -> None:
    """Where a model that is kept as `name` is found, with links to the pages that open it; nothing for None."""
    if name is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="train-kept"):
        st.markdown(say("train.kept", title=plain(controls.titles_of([name])[name])), width="stretch")
        with st.container(horizontal=True, width="content"):
            for page, icon in PAGES.items():
                if st.button(say(f"train.kept.{page}"), key=f"train-open-{page}", icon=icon):
                    controls.choose(name)
                    st.switch_page(frame.PAGES[page], query_params={"model": name})
            _download(training)


def kept_as(training: Training) -> str | None:
    """The kept model that this training's model is: one of the same owner's, its weights are the same; None for none.

    Two people's trainings can give the same model: each of them keeps it under a title of their own.
    """
    if training.model_folder is None:
        return None
    try:
        weights = load_card(training.model_folder)["files"]
    except CheckpointError:
        return None
    own = (name for name in library.names() if library.owner_of(name) == training.request.owner)
    return next((name for name in own if _files_of(name) == weights), None)


def _files_of(name: str) -> object:
    try:
        return cache.card_of(name)["files"]
    except CheckpointError:
        return None


def _ask_for_title(training: Training, owner: str) -> None:
    with st.form(f"keep-{training.id}", border=False):
        title = st.text_input(say("train.keep.name"), _free_title(training.request.title), max_chars=LONGEST_TITLE)
        pressed = st.form_submit_button(say("train.keep"), type="primary")
    if not pressed or training.model_folder is None:
        return
    if not title.strip():
        st.error(say("train.keep.no_name"))
        return
    try:
        with st.spinner(say("train.keep.busy")):
            library.keep(training.model_folder, title=title.strip(), owner=owner)
    except (CheckpointError, OSError) as error:
        st.error(say("train.keep.failed", why=sentence(str(error))))
        return
    st.rerun()


def _free_title(title: str) -> str:
    """The title, with a number where a model is called that already."""
    titles = controls.titles_of(library.names())
    taken = {shown.removesuffix(f" ({name})") for name, shown in titles.items()}
    short = title[: LONGEST_TITLE - 4]
    return next(name for name in chain([short], (f"{short} {number}" for number in count(2))) if name not in taken)


def _download(training: Training) -> None:
    folder = training.model_folder
    if folder is None:
        return
    st.download_button(
        say("train.download"),
        data=lambda: archive.pack(folder),
        file_name=f"{folder.name}.zip",
        mime="application/zip",
        on_click="ignore",
        icon=":material/download:",
        help=say("train.download.help"),
    )


def offer_upload() -> None:
    """A model that was taken along from elsewhere, opened here."""
    with st.expander(say("library.upload"), key="train-unpack"):
        st.markdown(say("library.upload_what"))
        if library_view.upload() is not None:
            st.switch_page(frame.PAGES["map"])

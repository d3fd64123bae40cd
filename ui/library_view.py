"""Models as things that one has: download the one on the page, delete one's own, bring one from a file."""

from __future__ import annotations

import streamlit as st

from ui import cache, controls, state
from ui.language import say
from ui.plain import plain
from ui.train import owner
from vae_core import archive, library
from vae_core.checkpoints import CheckpointError
from vae_core.slug import slug

UPLOAD_MB = archive.MOST_BYTES // 2**20  # as Streamlit counts them


def show(model: cache.OpenModel) -> None:
    """The buttons below a model, in the row at hand: download it, delete it where this person kept it, open another."""
    fits = archive.fits(model.card)
    st.download_button(
        say("library.download"),
        data=lambda: archive.pack(model.folder),
        file_name=f"{slug(model.folder.name)}.zip",
        mime="application/zip",
        on_click="ignore",
        icon=":material/download:",
        help=say("library.download_help" if fits else "library.download_too_large", size=_megabytes(model)),
        disabled=not fits,
        key="library-download",
    )
    # Under another key after each upload: a new one, closed.
    number = st.session_state.setdefault(state.UPLOADER, 0)
    with st.popover(say("library.upload"), icon=":material/upload_file:", key=f"library-open-{number}"):
        st.markdown(say("library.upload_what"))
        if upload() is not None:
            st.rerun()
    offer_deleting(model.folder.name, plain(model.card["title"]))


def is_own(name: str) -> bool:
    """Whether this person kept the model."""
    return library.owner_of(name) == owner.current()


def upload() -> str | None:
    """An uploader for models; the name of the one that was brought just now, which is the chosen one from here on."""
    number = st.session_state.setdefault(state.UPLOADER, 0)
    file = st.file_uploader(
        say("library.upload_file"), type=["zip"], key=f"library-upload-{number}", max_upload_size=UPLOAD_MB
    )
    if file is None:
        return None
    # The file stays in the uploader: every run would bring it again.
    refused, why = st.session_state.get(state.REFUSED_UPLOAD, ("", ""))
    if refused != file.file_id:
        try:
            with st.spinner(say("library.upload_busy")):
                name = archive.unpack(file.getvalue(), owner.current())
        except CheckpointError as error:
            why = str(error)
            st.session_state[state.REFUSED_UPLOAD] = (file.file_id, why)
        else:
            st.session_state[state.UPLOADER] = number + 1  # a new one, empty
            controls.choose(name)
            return name
    st.error(say("library.upload_failed", file=plain(file.name), why=plain(why)))
    return None


def _megabytes(model: cache.OpenModel) -> str:
    size = sum(record["bytes"] for record in model.card["files"].values())
    return f"{size / 1e6:.1f}"


def offer_deleting(name: str, title: str) -> None:
    """A button that deletes a model, where this person kept it; it asks first. title: safe in Markdown."""
    if not is_own(name):
        return
    with st.popover(say("library.delete"), icon=":material/delete:", key="library-delete"):
        st.markdown(say("library.delete_what", title=title))
        if not st.button(say("library.delete_sure"), type="primary", key=f"library-delete-{name}"):
            return
        try:
            library.delete(name, owner.current())
        except CheckpointError as error:
            st.error(say("library.not_deleted", title=title, why=plain(str(error))))
            return
    others = cache.model_names()
    if others:
        controls.choose(others[0])
    st.rerun()

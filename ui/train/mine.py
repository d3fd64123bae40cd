"""The list of one's own trainings: how they stand, opening them, going on with them, deleting them."""

from __future__ import annotations

import streamlit as st

from ui.language import say
from ui.plain import plain, sentence
from ui.train import address, runner
from ui.train.settings import duration
from vae_core.trainings import ACTIVE, MOST_OF_AN_OWNER, Training, TrainingsError

EVERY_SECONDS = 2.0  # between two looks at trainings that are under way
SAID_FROM = 15  # trainings: from here on the list says how many there may be
ICONS = {
    "waiting": ":material/hourglass_top:",
    "running": ":material/play_arrow:",
    "paused": ":material/pause:",
    "measuring": ":material/straighten:",
    "finished": ":material/check:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
}


def show(owner: str, opened: str | None) -> None:
    """The list, newest first; nothing where there are none. opened: the training that is shown below."""
    own = runner.trainings().of(owner)
    if not own:
        return
    alive = any(training.status in ACTIVE for training in own)
    with st.expander(say("train.mine", count=len(own)), expanded=opened is None, key="train-mine"):
        st.fragment(_rows, run_every=EVERY_SECONDS if alive else None)(owner, opened)


def _rows(owner: str, opened: str | None) -> None:
    own = runner.trainings().of(owner)
    for training in own:
        _row(training, owner, is_open=training.id == opened)
    if not own:
        st.rerun()
    if len(own) >= SAID_FROM:
        st.caption(say("train.mine.most", most=MOST_OF_AN_OWNER))


def _row(training: Training, owner: str, *, is_open: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"training-{training.id}"):
        st.markdown(
            f"{ICONS[training.status]} **{plain(training.request.title)}**  \n{status_of(training)}", width="stretch"
        )
        with st.container(horizontal=True, width="content"):
            if training.status in ("interrupted", "failed"):
                asked = st.button(say("train.resume"), key=f"resume-{training.id}")
                if asked and _resume(training.id, owner):
                    st.rerun()  # the view below stands outside the fragment that runs now
            if not is_open and st.button(say("train.open"), key=f"open-{training.id}"):
                address.open_training(training.id)
                st.rerun()
            _ask_to_delete(training, owner, is_open=is_open)


def _ask_to_delete(training: Training, owner: str, *, is_open: bool) -> None:
    with st.popover("", icon=":material/delete:", help=say("train.delete"), key=f"deleting-{training.id}"):
        st.markdown(say("train.delete.sure", title=plain(training.request.title)))
        if st.button(say("train.delete"), key=f"delete-{training.id}", type="primary") and _delete(training.id, owner):
            if is_open:
                address.close_training()
            st.rerun()


def _delete(identity: str, owner: str) -> bool:
    try:
        runner.trainings().delete(identity, owner=owner)
    except (TrainingsError, OSError) as error:
        st.error(say("train.refused", why=sentence(str(error))))
        return False
    return True


def _resume(identity: str, owner: str) -> bool:
    try:
        runner.trainings().resume(identity, owner=owner)
    except (TrainingsError, OSError) as error:
        st.toast(say("train.refused", why=sentence(str(error))), icon=":material/error:")
        return False
    return True


def status_of(training: Training) -> str:
    """How a training stands, in a few words."""
    progress = training.progress or {}
    share = f"{float(progress.get('share') or 0):.0%}"
    if training.status == "waiting" and training.message:
        return sentence(training.message)
    if training.status == "waiting":
        return say("train.status.waiting", count=training.place or 1)
    if training.status == "running" and not progress:
        return say("train.status.starting")
    if training.status == "running" and progress.get("seconds_left") is not None:
        return say("train.status.running", share=share, left=duration(float(progress["seconds_left"])))
    if training.status == "finished" and not training.complete:
        return say("train.status.stopped", share=share)
    return say(f"train.status.{training.status}", share=share)

"""The page Train, from top to bottom."""

from __future__ import annotations

import json
import time
from pathlib import Path

import streamlit as st

from ui import controls, frame, glossary
from ui.language import say
from ui.plain import plain, sentence
from ui.train import address, keep, mine, offers, owner, runner, settings, upload, watch
from ui.train.facts import Facts
from ui.train.settings import Settings
from vae_core import stored
from vae_core.datasets import DatasetError
from vae_core.home import limit_bytes, used_bytes
from vae_core.trainings import Request, Training, TrainingsError

STYLE = Path(__file__).with_name("train.css")
DISK_SECONDS = 5.0  # for so long what was counted on the disk is believed


def show() -> None:
    """Draw the page: the training that the address names and a list of all, or that list and what starts another."""
    frame.require()
    controls.head(say("pages.train.title"))
    owner.remember()
    with st.container(key="train-looks"):
        st.html(STYLE)
        # Streamlit's uploader speaks English; the style sheet puts these words in its place.
        words = json.dumps(say("train.upload.button"), ensure_ascii=False)
        st.html(f"<style>.stApp {{ --upload-words: {words}; }}</style>")
    who, asked = owner.current(), address.opened()
    try:
        training = runner.trainings().get(asked) if asked else None
        if training is not None and training.request.owner != who:
            training = None  # that it is there is nobody else's business
        if training is not None:
            _show_training(training, who)
            mine.show(who, training.id)
            return
        mine.show(who, None)
        if asked:
            st.warning(say("train.not_yours"))
        _show_choices(who)
    except (TrainingsError, DatasetError, OSError) as error:
        st.error(say("train.failed", why=sentence(str(error))))


def _show_training(training: Training, who: str) -> None:
    upload.forget()  # its uploader is not on the page
    kept = keep.kept_as(training)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"### {plain(training.request.title)}", width="content")
        with st.container(horizontal=True, width="content"):
            keep.offer(training, who, kept)
            st.button(say("train.another"), icon=":material/add:", on_click=address.close_training)
    keep.lead_on(training, kept)
    watch.show(training, who)


def _show_choices(who: str) -> None:
    st.markdown(_linked(say("train.intro")))
    _step(1, say("train.data"))
    with st.container(horizontal=True, key="train-offers"):
        chosen = offers.show(who)
        files = upload.ask(is_chosen=chosen is None)
    offers.say_how_to_get()
    brought = upload.show(files) if files and chosen is None else None
    about = chosen or (brought.facts if brought else None)
    if about is not None:
        _step(2, say("train.little"))
        asked = settings.ask(about)
        _offer_to_start(who, about, asked, brought)
    st.caption(_disk())
    keep.offer_upload()


def _step(number: int, title: str) -> None:
    st.markdown(f"### :primary[{number}] {title}")


def _offer_to_start(who: str, about: Facts, asked: Settings, brought: upload.Brought | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="train-start"):
        pressed = st.button(
            say("train.start"), type="primary", icon=":material/play_arrow:", key="train-button", width=220
        )
        st.caption(_when(), width="content")
    if not pressed:
        return
    try:
        with st.spinner(say("train.start.busy")):
            name = about.name
            if brought is not None:
                name = stored.store(brought.dataset, owner=who)
            identity = runner.trainings().submit(_request(who, name, about.title, asked))
    except (DatasetError, TrainingsError, OSError) as error:
        st.error(say("train.start.failed", why=sentence(str(error))))
        return
    if brought is not None:
        upload.use_up()
        offers.choose(name)
    address.open_training(identity)
    st.rerun()


def _request(who: str, dataset: str, title: str, asked: Settings) -> Request:
    return Request(
        owner=who,
        dataset=dataset,
        title=title,
        size=asked.size,
        hidden=asked.hidden,
        seconds=asked.seconds,
        epochs=asked.epochs,
        likelihood=asked.likelihood,
        sigma_x=asked.sigma_x,
        seed=asked.seed,
        created=time.time(),
    )


def _when() -> str:
    """When a training that is started now would run."""
    trainings = runner.trainings()
    before = len(trainings.busy()) + len(trainings.waiting())
    if before < trainings.slots:
        return say("train.start.now")
    return say("train.start.later", count=before - trainings.slots + 1)


def _disk() -> str:
    used, limit = _used(), limit_bytes()
    return say("train.disk", used=f"{used / 1e6:,.0f}", limit=f"{limit / 1e6:,.0f}")


@st.cache_data(show_spinner=False, ttl=DISK_SECONDS)
def _used() -> int:
    return used_bytes()


def _linked(text: str) -> str:
    """The text as Markdown, in which words of the glossary lead to the glossary's page."""
    return glossary.linked(text).replace("](#", "](glossary#")

"""The data sets on offer, a card each: those that come with the app, and those of one's own."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.language import say
from ui.plain import plain, sentence
from ui.train import belongings, facts, runner
from ui.train.facts import Facts, OnOffer
from vae_core import stored
from vae_core.datasets import DATA_VARIABLE, DatasetError
from vae_core.trainings import ACTIVE

UPLOAD = "upload"  # instead of a data set's name: what is being uploaded


def show(owner: str) -> Facts | None:
    """The cards, side by side; returns the data set that is chosen, None where that is an upload."""
    offers = [*facts.built_in(), *_own(owner)]
    at_hand = [offer.facts.name for offer in offers if offer.picture is not None]
    chosen = st.session_state.get(state.TRAIN_DATA)
    if chosen not in (*at_hand, UPLOAD):
        chosen = st.session_state[state.TRAIN_DATA] = at_hand[0] if at_hand else UPLOAD
    for offer in offers:
        _card(offer, owner, is_chosen=offer.facts.name == chosen)
    return next((offer.facts for offer in offers if offer.facts.name == chosen), None)


def choose(name: str) -> None:
    """Choose a data set, or UPLOAD."""
    st.session_state[state.TRAIN_DATA] = name


def _own(owner: str) -> list[OnOffer]:
    found = []
    for name, _ in belongings.mine(owner):
        try:
            found.append(facts.stored_one(name))
        except DatasetError:
            continue  # deleted meanwhile, or damaged: there is nothing to train on
    return found


def _card(offer: OnOffer, owner: str, *, is_chosen: bool) -> None:
    about = offer.facts
    mark = "chosen" if is_chosen else "offered" if offer.picture is not None else "missing"
    with st.container(border=True, width=236, gap="small", key=f"train-{mark}-{about.name}"):
        if offer.picture is not None:
            st.image(offer.picture, width="stretch", alt=say("train.offer.picture", title=about.title))
        st.markdown(f"**{plain(about.title)}**  \n{described(about) if offer.picture else say('train.offer.missing')}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                say("train.offer.chosen" if is_chosen else "train.offer.choose"),
                key=f"train-choose-{about.name}",
                type="primary" if is_chosen else "secondary",
                icon=":material/check:" if is_chosen else None,
                disabled=offer.picture is None,
                on_click=choose,
                args=(about.name,),
            )
            if belongings.is_mine(about.name, owner):
                _ask_to_delete(about, owner)


def described(about: Facts) -> str:
    """How many samples of which size, in a few words."""
    count = f"{about.samples:,}"
    if about.is_table:
        return say("train.offer.table", count=count, columns=about.shape[0])
    height, width = about.shape[:2]
    return say(
        "train.offer.colour" if len(about.shape) == 3 else "train.offer.grey", count=count, height=height, width=width
    )


def say_how_to_get() -> None:
    """A sentence for each data set of the registry whose files are missing."""
    for about in (offer.facts for offer in facts.built_in() if offer.picture is None):
        command = f"python -m vae_core data {about.name} --data-dir FOLDER"
        st.caption(say("train.offer.get", title=plain(about.title), command=command, variable=DATA_VARIABLE))


def _ask_to_delete(about: Facts, owner: str) -> None:
    with st.popover("", icon=":material/delete:", help=say("train.offer.delete"), key=f"train-deleting-{about.name}"):
        st.markdown(say("train.offer.delete.sure", title=plain(about.title)))
        if st.button(say("train.offer.delete"), key=f"train-delete-{about.name}", type="primary"):
            if _is_in_use(about.name, owner):
                st.error(say("train.offer.in_use"))
                return
            try:
                stored.give_up(about.name, owner)
            except DatasetError as error:
                st.error(say("train.refused", why=sentence(str(error))))
                return
            st.rerun()


def _is_in_use(name: str, owner: str) -> bool:
    """A training that has not ended needs it: one of this owner's, or anybody's where the data would go away."""
    trainings = runner.trainings()
    found = (trainings.get(identity) for identity in (*trainings.waiting(), *trainings.busy()))
    needing = [training for training in found if training and training.request.dataset == name]
    return any(
        training.status in ACTIVE and (training.request.owner == owner or belongings.is_mine_alone(name, owner))
        for training in needing
    )

"""A page with the view of a training and nothing else: it sends what tests/test_train_view.py has put into a folder."""

import json
import os
from pathlib import Path

import streamlit as st

from ui import opening
from ui.latent_canvas import latent_canvas, payload
from ui.latent_canvas.component import send, warm_up
from ui.texts import texts_payload
from vae_core.trainings.folder import read_tensors

FOLDER = Path(os.environ["TRAIN_VIEW_FOLDER"])
CARD, START = FOLDER / "card.json", FOLDER / "start.safetensors"


@st.cache_resource
def opened() -> tuple[bytes, bytes]:
    card = json.loads(CARD.read_text())
    return payload.training_payloads("t", card, read_tensors(START)[1], read_tensors(FOLDER / "0.safetensors")[1])


def moment(step: int, index: int | None) -> bytes:
    card = json.loads(CARD.read_text())
    facts, tensors = read_tensors(FOLDER / f"{step}.safetensors")
    if index is None:
        return payload.live_payload("t", facts, tensors, card)
    return payload.state_payload("t", index, facts, tensors, card)


def obey() -> None:
    act = st.session_state["canvas"].get("act")
    if act:
        with (FOLDER / "acts.txt").open("a") as file:
            file.write(f"{act['action']}\n")


@st.fragment(run_every=0.2)
def look() -> None:
    told = json.loads((FOLDER / "view.json").read_text())
    data = {"kind": "train", "language": "en", "digest": "t", "model": "digits", "title": "Digits", "initial": {}}
    view = {**data, "start": 1.0, "originals": False, "missing": "none here", "renderer": "canvas2d", **told["view"]}
    events = latent_canvas(view, key="canvas", digest="t", on_act=obey)
    with opening.parts():
        model, codes = opened()
        send(model, key="model-t")
        send(codes, key="codes-t")
        send(moment(told["live"], None), key="live-t")
        for index in events.wants_states:
            send(moment(told["view"]["states"][index]["step"], index), key=f"state-{index}")


warm_up(texts_payload("en"))
look()

"""Mounting the component: one view, and beside it one mount for each part of the model that the browser keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ui.latent_canvas import wishes

NAME = "latent-space-explorer.canvas"
# What the buttons of a training's view can ask for.
ACTIONS = frozenset({"pause", "go", "slow", "step", "stop", "resume"})


@dataclass(frozen=True)
class CanvasEvents:
    """What the browser told since the mount: the view at rest, and what more it wants to have.

    view: the state that the address holds (beta, z, selected, …), None until a hand has rested once.
    wants_all, wants_originals, wants_separate: the person asked for all samples; a sample's original image is
    needed; the separately trained models are.
    go: the page that a link was followed to, just now; "" in any other run.
    pick: the model that was chosen in the view, just now; "" in any other run.
    act: what a button of a training's view asks for, just now: {"digest", "action", "view", "steps", "nonce"} with an
    action of ACTIONS; None in any other run. steps: how many single steps this view (a random word) has asked for so
    far.
    wants_states: indices of the stored states of a training that the browser needs next.
    wants_decode, wants_grid: places whose pictures the server is to decode, and a plane; None where there is none.
    """

    view: Mapping[str, Any] | None
    wants_all: bool
    wants_originals: bool
    wants_separate: bool
    go: str
    pick: str
    act: Mapping[str, Any] | None = None
    wants_states: tuple[int, ...] = ()
    wants_decode: wishes.Places | None = None
    wants_grid: wishes.PlaneAtBeta | None = None


@cache
def _renderer() -> ComponentRenderer:
    return st.components.v2.component(NAME, js="index.js", css="style.css", html="<div></div>")


def latent_canvas(
    data: Mapping[str, Any],
    *,
    key: str,
    digest: str,
    on_view: Callable[[], None] = lambda: None,
    on_pick: Callable[[], None] = lambda: None,
    on_act: Callable[[], None] = lambda: None,
) -> CanvasEvents:
    """Mount a view. `data` is JSON (index.js has the kinds); `digest` names the model that events must be about."""
    # As one string: a nested dict would make Streamlit import pandas to find out whether it is a data frame.
    result = _renderer()(
        key=key,
        data={"view": json.dumps(data)},
        on_view_change=on_view,
        on_wanted_change=lambda: None,
        on_go_change=lambda: None,
        on_pick_change=on_pick,
        on_act_change=on_act,
    )
    view = _about(digest, result.get("view"))
    wanted = _about(digest, result.get("wanted")) or {}
    wants_all, wants_originals, wants_separate = (bool(wanted.get(part)) for part in ("all", "originals", "separate"))
    go, pick = (str(result.get(trigger) or "") for trigger in ("go", "pick"))
    act = _about(digest, result.get("act"))
    if act is not None and act.get("action") not in ACTIONS:
        act = None
    states = _indices(wanted.get("states"))
    decode, grid = wishes.places(wanted.get("decode")), wishes.plane_at_beta(wanted.get("grid"))
    return CanvasEvents(view, wants_all, wants_originals, wants_separate, go, pick, act, states, decode, grid)


def keep_owner(token: str, language: str) -> str | None:
    """Mount what keeps the owner's token in a cookie (owner.js); the token that the browser already had, if another."""
    with st.container(key="owner"):
        view = json.dumps({"kind": "owner", "language": language, "token": token})
        result = _renderer()(key="owner-cookie", data={"view": view}, on_owner_change=lambda: None)
    told = result.get("owner")
    return told if isinstance(told, str) else None


def warm_up(texts: bytes) -> None:
    """Mount what the pages say, first of all: the browser fetches modules while the server imports what it needs."""
    with st.container(key="warm-up"):
        send(texts, key="texts")


def send(payload: bytes, *, key: str) -> None:
    """Mount one part of a model (payload.py). It draws nothing; the browser keeps it for every view on the page."""
    _renderer()(key=key, data=payload)


def _indices(asked: Any) -> tuple[int, ...]:
    """What came from the browser as indices of states; whatever else it was is left out."""
    return tuple(i for i in asked if type(i) is int and i >= 0) if isinstance(asked, list) else ()


def _about(digest: str, event: Any) -> Mapping[str, Any] | None:
    """An event that still speaks of another model is stale."""
    return event if isinstance(event, Mapping) and event.get("digest") == digest else None

"""Mounting the component: one view, and beside it one mount for each part of the model that the browser keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

NAME = "latent-space-explorer.canvas"


@dataclass(frozen=True)
class CanvasEvents:
    """What the browser told since the mount: the view at rest, and what more it wants to have.

    view: the state that the address holds (beta, z, selected, …), None until a hand has rested once.
    wants_all, wants_originals, wants_separate: the person asked for all samples; a sample's original image is
    needed; the separately trained models are.
    go: the page that a link was followed to, just now; "" in any other run.
    pick: the model that was chosen in the view, just now; "" in any other run.
    """

    view: Mapping[str, Any] | None
    wants_all: bool
    wants_originals: bool
    wants_separate: bool
    go: str
    pick: str


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
    )
    view = _about(digest, result.get("view"))
    wanted = _about(digest, result.get("wanted")) or {}
    wants_all, wants_originals, wants_separate = (bool(wanted.get(part)) for part in ("all", "originals", "separate"))
    go, pick = (str(result.get(trigger) or "") for trigger in ("go", "pick"))
    return CanvasEvents(view, wants_all, wants_originals, wants_separate, go, pick)


def warm_up(texts: bytes) -> None:
    """Mount what the pages say, first of all: the browser fetches modules while the server imports what it needs."""
    with st.container(key="warm-up"):
        send(texts, key="texts")


def send(payload: bytes, *, key: str) -> None:
    """Mount one part of a model (payload.py). It draws nothing; the browser keeps it for every view on the page."""
    _renderer()(key=key, data=payload)


def _about(digest: str, event: Any) -> Mapping[str, Any] | None:
    """An event that still speaks of another model is stale."""
    return event if isinstance(event, Mapping) and event.get("digest") == digest else None

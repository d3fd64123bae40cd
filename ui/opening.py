"""What every page with a view of a model needs: where it opens, and the parts of the model it has asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import cache, frame, language, state
from ui.language import say
from ui.latent_canvas import CanvasEvents
from ui.latent_canvas.component import send
from ui.plain import plain
from vae_core.checkpoints.files import SAMPLES
from vae_core.datasets import DATA_VARIABLE, IDX_TITLES, DatasetError, check_images

START_BETA = 1.0  # where the loss is the true ELBO
# Original images up to this many bytes come along at once; more wait until a sample is looked at.
SMALL_IMAGES_BYTES = 300_000


def opening_data(model: cache.OpenModel, kind: str, missing: str) -> dict[str, Any]:
    """What every kind of view is told: the model, and where to open. `missing`: why there are no originals, or ""."""
    return {
        "kind": kind,
        "language": language.current(),
        "digest": model.digest,
        "model": model.card["name"],
        "table": len(model.card["config"]["input_shape"]) == 1,  # its samples are rows of numbers, not pictures
        "initial": _opening_view(model, kind),
        "start": _nearest_beta(model, START_BETA),
        "originals": not missing,
        "missing": say("pages.not_on_this_computer") if missing else "",
        "renderer": st.query_params.get("renderer"),
    }


def remember_view(key: str) -> None:
    """Keep what the view mounted under `key` told, for coming back; what only other pages know of stays."""
    told = st.session_state[key].get("view") or {}
    last = st.session_state.get(state.LAST_VIEW) or {}
    if last.get("digest") != told.get("digest"):
        # The first word of this model: pages that were opened and not touched were where their addresses said.
        addresses = st.session_state.get(state.ADDRESS, {}).values()
        said = {field: value for view, _ in addresses for field, value in view.items()}
        last = {**state.for_any_model(said), **state.for_any_model(last)} if last else said
    st.session_state[state.LAST_VIEW] = {**last, **told}


def follow(events: CanvasEvents) -> None:
    """Go to the page that a link in the view leads to. What the view told last opens there too."""
    if events.go in frame.PAGES:
        st.switch_page(frame.PAGES[events.go])


def parts() -> DeltaGenerator:
    """Where the parts of the model are mounted, out of sight."""
    return st.container(key="parts-of-the-model", gap=None)


def why_no_originals(model: cache.OpenModel) -> str:
    """ "" where the data set's images are at hand, else a sentence that says how to get them."""
    name = model.card["dataset"]
    if SAMPLES in model.card["files"]:
        return ""
    try:
        check_images(name)
    except DatasetError:
        title = plain(model.card["title"])
        if name not in IDX_TITLES:
            return say("pages.no_originals", title=title)
        return say("pages.no_originals_command", title=title, dataset=name, variable=DATA_VARIABLE)
    return ""


def send_codes(model: cache.OpenModel, view: Mapping[str, Any], events: CanvasEvents) -> set[int]:
    """Mount the model's weights and the chunks of codes that the browser needs by now; returns these chunks."""
    send(model.payload, key=f"model-{model.digest}")
    chunks = set(range(len(model.chunks))) if events.wants_all else looked_at(model, view)
    for chunk in sorted(chunks):
        send(cache.codes_for(model.digest, chunk, model), key=f"codes-{model.digest}-{chunk}")
    return chunks


def send_originals(model: cache.OpenModel, chunks: set[int]) -> None:
    """Mount chunks of original images, which must be at hand (`why_no_originals`)."""
    try:
        for chunk in sorted(chunks):
            send(cache.originals_for(model.digest, chunk, model), key=f"originals-{model.digest}-{chunk}")
    except DatasetError as error:  # what is there now is not what the model was trained on
        st.caption(plain(str(error)))


def looked_at(model: cache.OpenModel, view: Mapping[str, Any]) -> set[int]:
    """The first chunk, and those that hold the selected sample and the samples that the plane goes through."""
    kind, _, through = str(view.get("plane", "")).partition(":")
    wanted = [str(view.get("selected", -1)), *(through.split(",") if kind == "samples" else ())]
    seen = [int(sample) for sample in wanted if sample.isdecimal()]
    return {0, *(model.chunks.holding(sample) for sample in seen if sample < model.card["samples"])}


def has_small_images(model: cache.OpenModel) -> bool:
    """All original images together are little to send."""
    return bool(model.card["samples"] * math.prod(model.card["config"]["input_shape"]) <= SMALL_IMAGES_BYTES)


def _opening_view(model: cache.OpenModel, kind: str) -> dict[str, Any]:
    """The view to open with: the one this session left, else the address's. Complaints about the address are shown."""
    fields = {parameter.field for parameter in state.PAGES[kind].values()}
    last = st.session_state.get(state.LAST_VIEW)
    if last is not None:
        # Of another model's view, samples, classes and places mean nothing here, and neither does the first address.
        told = last if last.get("digest") == model.digest else _within(model, state.for_any_model(last))
        return {field: value for field, value in told.items() if field in fields}
    pages = st.session_state.setdefault(state.ADDRESS, {})
    card = model.card
    limits = state.Limits(
        card["config"]["beta_max"], card["samples"], len(card["label_names"]), card["config"]["latent_dim"]
    )
    if kind not in pages:
        params = st.query_params.to_dict()
        view, _ = state.read_view(params, limits, state.PAGES[kind])
        # Opened from another page's menu, the address is bare: what the first page's said goes on.
        before = {field: value for seen, _ in pages.values() for field, value in seen.items() if field in fields}
        pages[kind] = ({**before, **view}, params)
    view, params = pages[kind]
    # Said anew in every run: the language may have changed.
    _, complaints = state.read_view(params, limits, state.PAGES[kind], language=language.current())
    if complaints:
        st.warning("  \n".join(plain(complaint) for complaint in complaints))
    return _within(model, view)


def _within(model: cache.OpenModel, view: Mapping[str, Any]) -> dict[str, Any]:
    """The view with a β that this model knows: it may come from another one's."""
    return {**view, "beta": _nearest_beta(model, view["beta"])} if "beta" in view else dict(view)


def _nearest_beta(model: cache.OpenModel, beta: float) -> float:
    """β within the model's range, and one of its own where there is nothing between them."""
    codes = model.codes
    inside = min(max(beta, float(codes.betas[0])), float(codes.betas[-1]))
    return float(codes.betas[codes.nearest(inside)]) if codes.stepped else inside

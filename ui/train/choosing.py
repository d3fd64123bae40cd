"""The choices that are left about an upload: which array, size, colour, labels, columns, missing values."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import streamlit as st

from ui.language import say
from vae_core.intake import Choices, Upload

# So many columns are shown to choose from at once; more fold away.
FEW_COLUMNS = 8
LONGEST_TITLE = 80
NONE = ""  # "no labels" in the list of what labels can be


def ask_array(kept: Any, identity: str) -> str | None:
    """Which array of an .npz holds the samples; None where there is nothing to choose, or nothing is read yet."""
    upload = kept.upload if kept is not None and kept.key[0] == identity else None
    options = [array for array in upload.arrays if array.role == "samples"] if upload is not None else []
    if len(options) < 2:
        return None
    shapes = {array.name: f"{array.name}  ({' × '.join(map(str, array.shape))})" for array in options}
    chosen = st.selectbox(
        say("train.data.array"), list(shapes), format_func=shapes.__getitem__, key=f"train-array-{identity}"
    )
    return str(chosen)


def ask(upload: Upload, identity: str) -> Choices:
    """The widgets that this upload needs, and no others; they start at what is sensible."""
    choices = upload.defaults()
    title = st.text_input(
        say("train.data.title"), choices.title[:LONGEST_TITLE], max_chars=LONGEST_TITLE, key=f"train-title-{identity}"
    )
    choices = replace(choices, title=title.strip() or choices.title)
    if upload.shapes:
        choices = _ask_shape(upload, choices, identity)
    if len(upload.size_options) > 1:
        choices = _ask_size(upload, choices, identity)
    if choices.size is not None and any(_differ(choices.size, size) for size in upload.sizes):
        choices = _ask_fit(choices, identity)
    if upload.has_colour:
        colour = st.toggle(say("train.data.colour"), choices.colour, key=f"train-colour-{identity}")
        choices = replace(choices, colour=colour)
    if upload.label_options:
        choices = _ask_label(upload, choices, identity)
    if upload.columns and choices.shape is None:
        choices = _ask_columns(upload, choices, identity)
    return choices


def _differ(one: tuple[int, int], other: tuple[int, int, int]) -> bool:
    """Two sizes of another shape: one is no enlargement of the other."""
    return one[0] * other[1] != one[1] * other[0]


def _ask_shape(upload: Upload, choices: Choices, identity: str) -> Choices:
    """The rows of a table may be pictures."""
    default = choices.shape or upload.shapes[0]
    size = f"{default[0]} × {default[1]}"
    pictures = st.toggle(say("train.data.shape", size=size), choices.shape is not None, key=f"train-shape-{identity}")
    return replace(choices, shape=default if pictures else None)


def _ask_size(upload: Upload, choices: Choices, identity: str) -> Choices:
    # A widget takes an option that is a tuple for several options.
    options = {f"{height} × {width}": (height, width) for height, width in upload.size_options}
    default = next((name for name, size in options.items() if size == choices.size), next(iter(options)))
    chosen = st.segmented_control(
        say("train.data.size"),
        list(options),
        default=default,
        key=f"train-picture-{identity}",
        help=say("train.data.size.help"),
        required=True,
    )
    return replace(choices, size=options[str(chosen)])


def _ask_fit(choices: Choices, identity: str) -> Choices:
    fit = st.radio(
        say("train.data.fit"),
        ["crop", "pad"],
        index=["crop", "pad"].index(choices.fit),
        format_func=lambda fit: say(f"train.data.fit.{fit}"),
        horizontal=True,
        key=f"train-fit-{identity}",
    )
    return replace(choices, fit="pad" if fit == "pad" else "crop")


def _ask_label(upload: Upload, choices: Choices, identity: str) -> Choices:
    options = [NONE, *upload.label_options]
    chosen = st.selectbox(
        say("train.data.label"),
        options,
        index=options.index(choices.label_column or NONE),
        format_func=lambda name: spoken_source(name) if name else say("train.data.label.none"),
        key=f"train-label-{identity}",
        help=say("train.data.label.help"),
    )
    return replace(choices, label_column=chosen or None)


def _ask_columns(upload: Upload, choices: Choices, identity: str) -> Choices:
    numeric = [
        column.name for column in upload.columns if column.kind == "numeric" and column.name != choices.label_column
    ]
    default = [name for name in numeric if name in choices.columns]
    many = len(numeric) > FEW_COLUMNS
    folded = say("train.data.columns.many", count=len(default), total=len(numeric))
    with st.expander(folded) if many else st.container():
        chosen = st.multiselect(
            say("train.data.columns"), numeric, default, key=f"train-columns-{identity}-{choices.label_column}"
        )
    choices = replace(choices, columns=tuple(chosen))
    if any(column.missing + column.odd for column in upload.columns if column.name in chosen):
        missing = st.radio(
            say("train.data.missing"),
            ["drop", "median"],
            index=["drop", "median"].index(choices.missing),
            format_func=lambda how: say(f"train.data.missing.{how}"),
            key=f"train-missing-{identity}",
        )
        choices = replace(choices, missing="median" if missing == "median" else "drop")
    return choices


def spoken_source(source: str) -> str:
    """Where labels come from: a column's or an array's own name, or words of ours for what has none."""
    return say(f"train.data.value.{source.replace(' ', '_')}") if source in ("folders", "labels file") else source


def spoken(number: float) -> str:
    """A number of a table's column, short."""
    return "–" if math.isnan(number) else f"{number:.4g}"

"""What was found in an upload: counts, ranges, classes; a look at the samples; what will be done to them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.language import say
from ui.plain import plain
from ui.train.choosing import spoken, spoken_source
from ui.train.facts import png
from vae_core.intake import Choices, Upload

# So many classes, columns and sizes are named; of more it is said how many there are.
FEW_NAMES = 12
FEW_COLUMNS = 5
FEW_SIZES = 3


def summarise(upload: Upload) -> None:
    """A sentence or two about what came."""
    lines = [_samples(upload)]
    if upload.columns:
        lines += _ranges(upload)
    if len(upload.label_names) > 1:
        lines.append(say("train.found.classes", count=len(upload.label_names), names=_named(upload.label_names)))
    st.markdown("  \n".join(lines))


def _samples(upload: Upload) -> str:
    if upload.kind == "table":
        return say("train.found.table", count=number(upload.samples), columns=len(upload.columns))
    sizes = [f"{height} × {width}" for (height, width, _), _ in upload.sizes.most_common()]
    named = ", ".join(dict.fromkeys(sizes[:FEW_SIZES]))
    more = len(set(sizes)) - FEW_SIZES
    if more > 0:
        named = say("train.found.and_more", names=named, count=more)
    return say("train.found.pictures", count=number(upload.samples), sizes=named)


def _ranges(upload: Upload) -> list[str]:
    numeric = [column for column in upload.columns if column.kind == "numeric"]
    shown = [
        say("train.found.range", name=plain(one_line(column.name)), low=spoken(column.low), high=spoken(column.high))
        for column in numeric[:FEW_COLUMNS]
    ]
    text = ", ".join(shown)
    if len(numeric) > FEW_COLUMNS:
        text = say("train.found.and_more", names=text, count=len(numeric) - FEW_COLUMNS)
    return [text] if text else []


def show_preview(upload: Upload, choices: Choices) -> None:
    """A contact sheet, or the first rows of the table. Raises IntakeError."""
    preview = upload.preview(choices)
    if preview.sheet is not None:
        st.image(png(preview.sheet), width="stretch", caption=say("train.preview.sheet"))
    elif preview.header is not None:
        with st.container(key="train-table"):
            st.markdown(_table(preview.header, preview.rows or []))
            st.caption(say("train.preview.table"))


def _table(header: tuple[str, ...], rows: list[list[str]]) -> str:
    """Rows as a Markdown table; what came with the data is text."""
    lines = [header, *rows]
    cells = [" | ".join(plain(one_line(cell)) or " " for cell in line) for line in lines]
    cells.insert(1, " | ".join("--:" for _ in header))
    return "\n".join(f"| {line} |" for line in cells)


def list_steps(upload: Upload, choices: Choices) -> None:
    """What will be done to the data, a line for each thing. Raises IntakeError."""
    steps = upload.steps(choices)
    lines = [
        say(f"train.data.step.{step.kind}", **{name: _value(name, value) for name, value in step.values.items()})
        for step in steps
    ]
    if lines:
        st.markdown("\n".join([f"**{say('train.data.steps')}**", "", *(f"- {line}" for line in lines)]))


def _value(name: str, value: Any) -> Any:
    """A value of a step as it stands in its sentence; what is one of several words is looked up."""
    if name == "fit":
        return say(f"train.data.value.{value}")
    if name == "source":
        return plain(one_line(spoken_source(str(value))))
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return spoken(value)
    if isinstance(value, list | tuple):
        return _named(tuple(map(str, value)))
    return plain(one_line(str(value)))


def number(count: int) -> int | str:
    """A count with commas; 1 stays a number, which has a sentence of its own."""
    return count if count < 1000 else f"{count:,}"


def _named(names: tuple[str, ...]) -> str:
    shown = ", ".join(plain(one_line(name)) for name in names[:FEW_NAMES])
    return say("train.found.and_more", names=shown, count=len(names) - FEW_NAMES) if len(names) > FEW_NAMES else shown


def one_line(text: str, longest: int = 40) -> str:
    """Text of the data within a line: without breaks, and not too long."""
    words = " ".join(text.split())
    return f"{words[: longest - 1]}…" if len(words) > longest else words

"""The view of the KL weight on its page, and the table along β that it shows."""

from __future__ import annotations

import csv
import io
from typing import Any

import streamlit as st

from ui import cache, opening, served, state
from ui.language import say
from ui.latent_canvas import latent_canvas
from ui.latent_canvas.component import send
from ui.plain import plain
from vae_core.checkpoints import CheckpointError, save_table

Row = dict[str, Any]


def show_weight(model: cache.OpenModel) -> None:
    """Mount the view with the table along β, which is computed first where the checkpoint has none."""
    table = _table(model)
    missing = opening.why_no_originals(model)
    data = opening.opening_data(model, "weight", missing)
    events = latent_canvas(
        data,
        key=state.WEIGHT_CANVAS,
        digest=model.digest,
        on_view=lambda: opening.remember_view(state.WEIGHT_CANVAS),
    )
    if missing:
        st.caption(missing)
    opening.follow(events)
    with opening.parts():
        beside = cache.open_references(model)
        digests = tuple(reference.digest for reference in beside)
        send(cache.table_for(model.digest, digests, model, table, beside), key=f"table-{model.digest}")
        opening.send_codes(model, data["initial"], events)
        served.send_pictures(model, events)
        if not missing:  # the strip shows a few samples of the first chunk, and the selected one
            opening.send_originals(model, opening.looked_at(model, data["initial"]))
        if events.wants_separate or _opens_separate(data["initial"]):
            _send_references(model, beside)
    _offer_table(model, table)


def _opens_separate(view: dict[str, Any]) -> bool:
    return bool(view.get("separate") or (view.get("compare") or {}).get("separate"))


def _send_references(model: cache.OpenModel, beside: list[cache.OpenModel]) -> None:
    for reference in beside:
        send(reference.payload, key=f"model-{reference.digest}")
        send(cache.codes_in_order(reference.digest, reference, model.chunks), key=f"codes-{reference.digest}")


def _table(model: cache.OpenModel) -> list[Row]:
    """The checkpoint's table, else the one computed from its codes, with a progress bar the first time."""
    table = model.card.get("table")
    if table is not None:
        return list(table)
    with st.container(key="computing-the-table"):
        place = st.empty()

        def report(share: float) -> None:
            place.progress(share, say("pages.table.computing"))

        table = cache.computed_table(model.digest, model, report)
        place.empty()
    return table


def _offer_table(model: cache.OpenModel, table: list[Row]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            say("pages.table.save"),
            data=lambda: table_csv(table),
            file_name=f"{model.card['name']}-along-beta.csv",
            mime="text/csv",
            on_click="ignore",
            help=say("pages.table.save_help"),
        )
        if model.card.get("table") is None:
            _offer_saving(model, table)


def _offer_saving(model: cache.OpenModel, table: list[Row]) -> None:
    st.caption(say("pages.table.none"))
    if not st.button(say("pages.table.keep")):
        return
    try:
        save_table(model.folder, table)
    except (CheckpointError, OSError) as error:
        st.error(say("pages.table.not_saved", why=plain(str(error))))
    else:
        st.rerun()


def table_csv(table: list[Row]) -> str:
    """The table as text: a row per β; a pair of value and error becomes the columns `name` and `name_error`."""
    rows = [_flat(row) for row in table]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(row: Row) -> dict[str, float | str]:
    flat: dict[str, float | str] = {}
    for name, value in row.items():
        if name == "marginal_kl":
            for j, pair in enumerate(value, start=1):
                flat[f"marginal_kl_{j}"], flat[f"marginal_kl_{j}_error"] = pair
        elif isinstance(value, list | tuple):
            flat[name], flat[f"{name}_error"] = value
        else:
            flat[name] = value
    return flat

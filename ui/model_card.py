"""A model's card on the page: how it was trained, what it reaches along β, and its codes as a table to take away."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import streamlit as st

from ui import library_view
from ui.cache import OpenModel
from ui.language import say
from ui.plain import plain
from ui.train import owner

# The card's table shows about this many of the values of β that the curve holds.
ROWS = 9


def show(model: OpenModel, beta: float) -> None:
    """The buttons that save codes at the β at hand and the model itself, and the card, folded away."""
    node = int(np.abs(model.codes.betas - beta).argmin())
    exact = float(model.codes.betas[node])
    with st.container(horizontal=True, vertical_alignment="center", key="model-tools"):
        st.download_button(
            say("card.save"),
            data=lambda: codes_csv(model, node),
            file_name=f"{model.card['name']}-codes-beta-{exact:g}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/table:",
            help=say("card.save_help", beta=f"{exact:g}"),
        )
        library_view.show(model)
    if library_view.is_own(model.folder.name):
        owner.remember()  # by the model of one's own at the latest
    with st.expander(say("card.title")):
        st.markdown(describe(model.card))


def codes_csv(model: OpenModel, node: int) -> str:
    """All samples' codes at one stored β, a row each: sample, label, mu_1…, sigma_1…, rate (nats)."""
    mu = model.codes.mu[node].astype(np.float64)
    sigma = model.codes.sigma[node].astype(np.float64)
    rate = 0.5 * (mu**2 + sigma**2 - 1 - 2 * np.log(sigma)).sum(axis=1)
    dims = range(1, mu.shape[1] + 1)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["sample", "label", *(f"mu_{d}" for d in dims), *(f"sigma_{d}" for d in dims), "rate"])
    names = model.card["label_names"]
    for i, (label, m, s, r) in enumerate(zip(model.codes.labels, mu, sigma, rate, strict=True)):
        writer.writerow([i, _cell(names[label]), *(f"{v:.6g}" for v in (*m, *s, r))])
    return table.getvalue()


def _cell(text: str) -> str:
    """A label that a spreadsheet would take for a formula is marked as text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def describe(card: dict[str, Any]) -> str:
    """The card in Markdown: a few sentences and a table along β."""
    config, training = card["config"], card["training"]
    if config["likelihood"] == "gaussian":
        pixels = say("card.gaussian", sigma_x=f"{config['sigma_x']:g}")
    else:
        pixels = say("card.bernoulli")
    facts = {
        "title": plain(card["title"]),
        "samples": f"{card['samples']:,}",
        "parameters": f"{card['parameters']:,}",
        "hidden": " · ".join(str(width) for width in config["hidden"]),
        "pixels": pixels,
        "seconds": _known(training.get("seconds"), ".0f"),
        "epochs": _known(training.get("epochs"), ",.0f"),
        "seed": _known(training.get("seed"), "d"),
    }
    lines = [
        say("card.facts", **facts) if "imported" not in card else _imported(card, pixels),
        "",
        say("card.loss", beta=f"{card['beta_collapse']:.1f}"),
        "",
        say("card.columns"),
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    curve = card["curve"]
    for i in sorted({round(i) for i in np.linspace(0, len(curve) - 1, ROWS)} if curve else ()):
        point = curve[i]
        train, test = point["train"], point.get("test")  # a model may have no samples held out
        held_out = f"{test['distortion']:.2f} | {test['rate']:.3f}" if test else "– | –"
        lines.append(
            f"| {point['beta']:g} | {train['distortion']:.2f} | {train['rate']:.3f} | {held_out}"
            f" | {point['mean_sigma']:.3f} | {point['active_units']} |"
        )
    return "\n".join(lines)


def _imported(card: dict[str, Any], pixels: str) -> str:
    """What is known of a model from elsewhere: not how it was trained, but where it came from and how it decodes."""
    imported = card["imported"]
    source = say(f"card.source.{imported['source']}")
    if imported["described"]:
        source += f" ({plain(imported['described'])})"
    facts = say(
        "card.facts.imported",
        title=plain(card["title"]),
        samples=f"{card['samples']:,}",
        count=card["config"]["latent_dim"],
        pixels=pixels,
        source=source,
        betas=", ".join(f"{beta:g}" for beta in card["betas"]),
    )
    whys = [decoder["why"] for decoder in imported["decoders"] if decoder["kind"] != "chain"]
    runs = say("card.decoder.chain")
    if whys:
        runs = say("card.decoder.served", why=plain(whys[0] or say("library.unknown")))
    remark = plain(card["training"].get("remark", ""))
    return say("language.between").join(part for part in (facts, runs, remark) if part)


def _known(value: float | None, form: str) -> str:
    """A number of the card, which need not say it."""
    return say("library.unknown") if value is None else format(value, form)

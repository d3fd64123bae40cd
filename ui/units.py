"""A calculator on the page: the factor of the KL term in other code, in this project's units."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from ui.language import say
from vae_core.conventions import Convention, factors, to_beta

# The choices of vae_core.conventions, each with the key of its text.
REDUCTIONS = {"sum": "units.sum", "mean": "units.mean", "batch sum": "units.batch_sum"}
ERRORS = {
    "squared": "units.squared",
    "half squared": "units.half_squared",
    "gaussian": "units.gaussian",
    "bernoulli": "units.bernoulli",
}
LARGEST = 1e6


@st.fragment
def show(card: dict[str, Any]) -> None:
    """The expander with the calculator for the model of this card."""
    config = card["config"]
    bernoulli = config["likelihood"] == "bernoulli"
    with st.expander(say("units.title")):
        if bernoulli:
            pixels = say("units.bernoulli_pixels")
        else:
            pixels = say("units.gaussian_pixels", sigma_x=f"{config['sigma_x']:g}")
        st.markdown(say("units.convention", pixels=pixels))
        _show_result(card, _ask(bernoulli))


def _ask(bernoulli: bool) -> Convention:
    """The other code's loss, from widgets."""
    upper, lower = st.columns(2), st.columns(2)
    columns = [*upper, *lower]
    errors = {name: say(key) for name, key in ERRORS.items()}
    over_pixels, over_dimensions = (
        {name: say(key, values=say(values)) for name, key in REDUCTIONS.items()}
        for values in ("units.pixels", "units.dimensions")
    )
    reconstruction = columns[0].selectbox(
        say("units.reconstruction"),
        list(REDUCTIONS),
        format_func=over_pixels.__getitem__,
        key="units-reconstruction",
    )
    error = columns[1].selectbox(
        say("units.error"),
        list(ERRORS),
        index=list(ERRORS).index("bernoulli" if bernoulli else "squared"),
        format_func=errors.__getitem__,
        key=f"units-error-{bernoulli}",
    )
    kl = columns[2].selectbox(
        say("units.kl"),
        list(REDUCTIONS),
        format_func=over_dimensions.__getitem__,
        key="units-kl",
    )
    weight = columns[3].number_input(say("units.weight"), 0.0, LARGEST, 1.0, format="%g", key="units-weight")
    sigma_x, batch = 1.0, 1
    if error == "gaussian":
        sigma_x = columns[1].number_input(say("units.sigma_x"), 1e-3, 100.0, 1.0, format="%g", key="units-sigma")
    if (reconstruction == "batch sum") != (kl == "batch sum"):
        batch = columns[2].number_input(say("units.batch"), 1, 10**7, 128, key="units-batch")
    return Convention(
        kl_weight=weight, reconstruction=reconstruction, kl=kl, error=error, sigma_x=sigma_x, batch=int(batch)
    )


def _show_result(card: dict[str, Any], convention: Convention) -> None:
    config = card["config"]
    if (convention.error == "bernoulli") != (config["likelihood"] == "bernoulli"):
        st.warning(_why_no_beta(config))
        return
    model = {
        "pixels": math.prod(config["input_shape"]),
        "latent_dim": config["latent_dim"],
        "likelihood": config["likelihood"],
        "sigma_x": config["sigma_x"],
    }
    beta = to_beta(convention, **model)
    st.markdown(say("units.result", beta=_number(beta), meaning=_meaning(beta, card)))
    reconstruction, kl = (list(by_reason.values()) for by_reason in factors(convention, **model))
    why_reconstruction, why_kl = _reasons(convention, config)
    steps = [*zip(kl, why_kl, strict=True)]
    steps += [(1 / factor, why) for factor, why in zip(reconstruction, why_reconstruction, strict=True)]
    parts = [say("units.factor", factor=_number(factor), why=why) for factor, why in steps if factor != 1]
    st.caption(f"1 {' '.join(parts)} = {_number(beta)}" if parts else say("units.nothing"))


def _why_no_beta(config: dict[str, Any]) -> str:
    """The one case in which `to_beta` knows no answer, said before it is asked."""
    if config["likelihood"] == "bernoulli":
        return say("units.no_beta_squared")
    return say("units.no_beta_entropy", sigma_x=f"{config['sigma_x']:g}")


def _reasons(convention: Convention, config: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Why each factor of `factors` is there, in the same order: those of D, then those of R."""
    pixels, batch = f"{math.prod(config['input_shape']):,}", f"{convention.batch:,}"
    reconstruction, kl = [say("units.why.weight_reconstruction")], [say("units.why.weight_kl")]
    if convention.reconstruction == "mean":
        reconstruction.append(say("units.why.mean_reconstruction", values=pixels))
    if convention.reconstruction == "batch sum":
        reconstruction.append(say("units.why.batch_reconstruction", batch=batch))
    if convention.error != "bernoulli":
        theirs = {"squared": 0.5, "half squared": 1.0, "gaussian": convention.sigma_x**2}[convention.error]
        ours = config["sigma_x"] ** 2
        reconstruction.append(say("units.why.sigma_x", theirs=f"{theirs:g}", ours=f"{ours:g}"))
    if convention.kl == "mean":
        kl.append(say("units.why.mean_kl", values=f"{config['latent_dim']:,}"))
    if convention.kl == "batch sum":
        kl.append(say("units.why.batch_kl", batch=batch))
    return reconstruction, kl


def _meaning(beta: float, card: dict[str, Any]) -> str:
    collapse, largest = card["beta_collapse"], card["config"]["beta_max"]
    ends = {"collapse": f"{collapse:.3g}", "largest": f"{largest:g}"}
    if beta > 1.5 * collapse:
        return say("units.far_beyond", **ends)
    if beta > 0.7 * collapse:
        return say("units.about_beyond" if beta > largest else "units.about", **ends)
    if beta > largest:
        return say("units.beyond", **ends)
    if beta == 0:
        return say("units.zero")
    return say("units.on_slider", times=_number(collapse / beta), **ends)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}"

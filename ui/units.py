"""A calculator on the page: the factor of the KL term in other code, in this project's units."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from vae_core.conventions import Convention, factors, to_beta

REDUCTIONS = {
    "sum": "summed over {values}, mean over the batch",
    "mean": "mean over {values} and batch",
    "batch sum": "summed over {values} and batch",
}
ERRORS = {
    "squared": "(x − x̂)², as in MSE",
    "half squared": "½ (x − x̂)²",
    "gaussian": "−log N(x; x̂, σ_x²)",
    "bernoulli": "cross-entropy (BCE)",
}
LARGEST = 1e6

CONVENTION = (
    "Here the loss of one sample is **D + β · R**, in nats: D = −log p(x|z) **summed over pixels**, R = KL(q(z|x) ‖"
    " N(0, I)) **summed over latent dimensions**, {pixels}. So β = 1 is the true ELBO. Other code averages over pixels,"
    " leaves out σ_x, or both, and its “β = 1” is another β here."
)


@st.fragment
def show(card: dict[str, Any]) -> None:
    """The expander with the calculator for the model of this card."""
    config = card["config"]
    bernoulli = config["likelihood"] == "bernoulli"
    with st.expander("Is this the β of my own code? Convert it"):
        pixels = "with Bernoulli pixels" if bernoulli else f"with Gaussian pixels of σ_x = {config['sigma_x']:g}"
        st.markdown(CONVENTION.format(pixels=pixels))
        _show_result(card, _ask(bernoulli))


def _ask(bernoulli: bool) -> Convention:
    """The other code's loss, from widgets."""
    upper, lower = st.columns(2), st.columns(2)
    columns = [*upper, *lower]
    reconstruction = columns[0].selectbox(
        "Its reconstruction term is",
        list(REDUCTIONS),
        format_func=lambda name: REDUCTIONS[name].format(values="pixels"),
        key="units-reconstruction",
    )
    error = columns[1].selectbox(
        "… of this error",
        list(ERRORS),
        index=list(ERRORS).index("bernoulli" if bernoulli else "squared"),
        format_func=ERRORS.__getitem__,
        key=f"units-error-{bernoulli}",
    )
    kl = columns[2].selectbox(
        "Its KL term is",
        list(REDUCTIONS),
        format_func=lambda name: REDUCTIONS[name].format(values="dimensions"),
        key="units-kl",
    )
    weight = columns[3].number_input("… times", 0.0, LARGEST, 1.0, format="%g", key="units-weight")
    sigma_x, batch = 1.0, 1
    if error == "gaussian":
        sigma_x = columns[1].number_input("Its σ_x", 1e-3, 100.0, 1.0, format="%g", key="units-sigma")
    if (reconstruction == "batch sum") != (kl == "batch sum"):
        batch = columns[2].number_input("Samples in its batch", 1, 10**7, 128, key="units-batch")
    return Convention(
        kl_weight=weight, reconstruction=reconstruction, kl=kl, error=error, sigma_x=sigma_x, batch=int(batch)
    )


def _show_result(card: dict[str, Any], convention: Convention) -> None:
    config = card["config"]
    model = {
        "pixels": math.prod(config["input_shape"]),
        "latent_dim": config["latent_dim"],
        "likelihood": config["likelihood"],
        "sigma_x": config["sigma_x"],
    }
    try:
        beta = to_beta(convention, **model)
    except ValueError as error:
        st.warning(f"No β here is the same: {error}.")
        return
    st.markdown(f"That is **β = {_number(beta)}** here: {_meaning(beta, card)}")
    reconstruction, kl = factors(convention, **model)
    parts = [f"× {_number(factor)} ({why})" for why, factor in kl.items() if factor != 1]
    parts += [f"× {_number(1 / factor)} ({why})" for why, factor in reconstruction.items() if factor != 1]
    st.caption(f"1 {' '.join(parts)} = {_number(beta)}" if parts else "The same loss: nothing to convert.")


def _meaning(beta: float, card: dict[str, Any]) -> str:
    collapse, largest = card["beta_collapse"], card["config"]["beta_max"]
    near = f"β = {collapse:.3g}, where a linear VAE on these data collapses"
    if beta > 1.5 * collapse:
        return f"far beyond {near}. Codes hardly say anything there: little more than the average picture is learned."
    if beta > 0.7 * collapse:
        beyond = f", beyond the slider, which ends at {largest:g}" if beta > largest else ""
        return f"about {near}{beyond}."
    if beta > largest:
        return f"beyond the slider, which ends at {largest:g}."
    if beta == 0:
        return "a plain autoencoder with noise it can learn away."
    return f"on the slider, {_number(collapse / beta)} times below {near}."


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}"

"""Choosing little: the size of the network, how long it trains, its likelihood and seed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.language import say
from ui.train.facts import Facts
from vae_core import cost
from vae_core.config import LIKELIHOODS, VAEConfig
from vae_core.recipes import SIZES

LENGTHS = (15, 60, 300, 600, 1800)  # seconds
LARGEST_SEED = 2**31 - 1
MOST_EPOCHS = 10_000
# Up to so many values in a sample, and so many values in all, the smaller choices are offered first.
SMALL_SAMPLE, SMALL_SET = 256, 500_000


@dataclass(frozen=True)
class Settings:
    """How to train. seconds or epochs is None; sigma_x is None where it follows from the data or means nothing."""

    size: str
    hidden: tuple[int, ...]
    seconds: float | None
    epochs: int | None
    likelihood: str
    sigma_x: float | None
    seed: int


def ask(facts: Facts) -> Settings:
    """The widgets, with defaults that suit the data; each data set keeps choices of its own."""
    key = facts.name
    left, middle, right = st.columns([1, 1.25, 1.25], gap="medium")
    with left:
        size = _ask_size(facts, key)
    likelihood_slot = right.container()
    with middle:
        length_slot = st.container()
    with st.expander(say("train.advanced")):
        first, second, third = st.columns(3)
        epochs = _ask_epochs(first, key)
        with likelihood_slot:
            likelihood = _ask_likelihood(facts, key)
        sigma_x = _ask_sigma(second, key, likelihood)
        seed = third.number_input(
            say("train.seed"), 0, LARGEST_SEED, 0, key=f"train-seed-{key}", help=say("train.seed.help")
        )
    with length_slot:
        seconds = None if epochs else _ask_length(facts, key)
    settings = Settings(size, SIZES[size], seconds, epochs, likelihood, sigma_x, int(seed))
    left.caption(say("train.size.parameters", count=f"{cost.parameters(_config(facts, settings)):,}"))
    middle.caption(expectation(facts, settings))
    return settings


def _ask_size(facts: Facts, key: str) -> str:
    chosen = st.segmented_control(
        say("train.size"),
        list(SIZES),
        default="medium" if facts.values <= SMALL_SAMPLE else "large",
        format_func=lambda size: say(f"train.size.{size}"),
        key=f"train-size-{key}",
        required=True,
    )
    return str(chosen)


def _ask_length(facts: Facts, key: str) -> float:
    chosen = st.segmented_control(
        say("train.length"),
        LENGTHS,
        default=15 if facts.samples * facts.values <= SMALL_SET else 60,
        format_func=duration,
        key=f"train-length-{key}",
        required=True,
    )
    return float(chosen)


def _ask_epochs(place: st.delta_generator.DeltaGenerator, key: str) -> int | None:
    by_epochs = place.checkbox(say("train.epochs.instead"), key=f"train-by-epochs-{key}")
    if not by_epochs:
        return None
    return int(
        place.number_input(
            say("train.epochs"), 1, MOST_EPOCHS, 40, key=f"train-epochs-{key}", help=say("train.epochs.help")
        )
    )


def _ask_likelihood(facts: Facts, key: str) -> str:
    chosen = st.radio(
        say("train.likelihood"),
        LIKELIHOODS,
        index=list(LIKELIHOODS).index(facts.likelihood),
        format_func=lambda name: say(f"train.likelihood.{name}"),
        captions=[say(f"train.likelihood.{name}.why") for name in LIKELIHOODS],
        key=f"train-likelihood-{key}",
    )
    return str(chosen)


def _ask_sigma(place: st.delta_generator.DeltaGenerator, key: str, likelihood: str) -> float | None:
    given = place.number_input(
        say("train.sigma"),
        0.01,
        100.0,
        None,
        step=0.01,
        format="%g",
        placeholder=say("train.sigma.from_data"),
        key=f"train-sigma-{key}",
        help=say("train.sigma.help"),
        disabled=likelihood != "gaussian",
    )
    return float(given) if given is not None and likelihood == "gaussian" else None


def expectation(facts: Facts, settings: Settings) -> str:
    """What this machine makes of the choices, in a sentence: passes within the time, or the time of the passes."""
    once = cost.seconds_per_epoch(_config(facts, settings), facts.training_samples)
    if settings.epochs:
        return say("train.expect.time", time=duration(once * settings.epochs), count=settings.epochs)
    passes = (settings.seconds or 0) / once
    if passes < 1:
        return say("train.expect.part", share=f"{passes:.0%}", time=duration(once))
    count = _rounded(passes)
    return say("train.expect.passes", count=1 if count == "1" else count)


def duration(seconds: float) -> str:
    """A time in words: seconds up to 90 (one minute is a minute), else minutes or hours."""
    if seconds < 90 and seconds != 60:
        return say("train.duration.seconds", count=_rounded(max(seconds, 0.1) if seconds else 0))
    if seconds < 5400:
        return say("train.duration.minutes", count=_rounded(seconds / 60))
    return say("train.duration.hours", count=_rounded(seconds / 3600))


def _rounded(value: float) -> str:
    """Two digits that count: an estimate has no more."""
    return f"{float(f'{value:.2g}'):,g}"


def _config(facts: Facts, settings: Settings) -> VAEConfig:
    return VAEConfig(facts.shape, hidden=settings.hidden, likelihood=settings.likelihood)

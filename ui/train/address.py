"""The training that the address names: `?training=<id>`, so that a reload comes back to it."""

from __future__ import annotations

import streamlit as st

PARAMETER = "training"


def opened() -> str | None:
    """The id that the address names, whatever it may be; None where it names none."""
    return st.query_params.get(PARAMETER) or None


def open_training(identity: str) -> None:
    """Name it in the address; the run after this one shows it."""
    st.query_params[PARAMETER] = identity


def close_training() -> None:
    """Name none; the run after this one offers to train another."""
    st.query_params.clear()

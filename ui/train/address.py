"""The training that the address names: `?training=<id>`, so that a reload comes back to it."""

from __future__ import annotations

import streamlit as st

from ui import state

PARAMETER = "training"


def opened() -> str | None:
    """The id that the address names, whatever it may be; None where it names none."""
    named = st.query_params.get(PARAMETER)
    if named:
        st.session_state[state.TRAIN_OPENED] = named
    # A button that leads to another page writes that page's parameters over this one's first: Back finds those here.
    elif "model" in st.query_params and (left := st.session_state.get(state.TRAIN_OPENED)):
        st.query_params.from_dict({PARAMETER: left})
        return str(left)
    return named or None


def open_training(identity: str) -> None:
    """Name it in the address; the run after this one shows it."""
    st.query_params[PARAMETER] = identity


def close_training() -> None:
    """Name none; the run after this one offers to train another."""
    st.session_state.pop(state.TRAIN_OPENED, None)
    st.query_params.clear()

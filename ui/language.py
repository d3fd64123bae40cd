"""The language of this session: the one that was picked, else the address's, else the browser's."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import state, texts


def current() -> str:
    """The code of the language, one of `texts.languages()`."""
    picked = st.session_state.get(state.LANGUAGE)
    if picked in texts.languages():
        return str(picked)
    asked = st.query_params.get("lang")
    found = texts.nearest_language(asked if asked is not None else st.context.locale)
    st.session_state[state.LANGUAGE] = found
    if asked is not None and not texts.is_spoken(asked):
        st.session_state[state.UNKNOWN_LANGUAGE] = asked[:40]
    return found


def say(key: str, **values: Any) -> str:
    """The text of a key (`texts.say_in`) in this session's language."""
    return texts.say_in(current(), key, **values)


def complaint() -> str:
    """A sentence where the address asks for a language that nobody has written, else ""."""
    asked = st.session_state.get(state.UNKNOWN_LANGUAGE)
    if not asked:
        return ""
    have = ", ".join(f"{code} ({name})" for code, name in texts.languages().items())
    return say("pages.unknown_language", asked=asked, have=have, shown=texts.languages()[current()])

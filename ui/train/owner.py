"""Whose trainings these are: a random token that this browser keeps in a cookie (owner.js)."""

from __future__ import annotations

import hashlib
import re
import secrets

import streamlit as st

from ui import language, state
from ui.latent_canvas.component import keep_owner

COOKIE = "latent_explorer_owner"  # owner.js has the same name
_FORM = re.compile(r"[0-9a-f]{32}")


def current() -> str:
    """The owner of this session, as trainings and kept models name it: the token's hash, which opens nothing."""
    return hashlib.sha256(_token().encode()).hexdigest()[:32]


def remember() -> None:
    """Have the browser keep the token, for its next visit; takes over the one that it has from another tab."""
    told = keep_owner(_token(), language.current())
    if told is not None and _FORM.fullmatch(told) and told != _token():
        st.session_state[state.OWNER] = told
        st.rerun()


def _token() -> str:
    """32 hexadecimal digits: the session's, else the cookie's, else new ones."""
    if state.OWNER not in st.session_state:
        kept = str(st.context.cookies.get(COOKIE, ""))
        st.session_state[state.OWNER] = kept if _FORM.fullmatch(kept) else secrets.token_hex(16)
    return str(st.session_state[state.OWNER])

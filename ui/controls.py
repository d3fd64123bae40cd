"""Controls that more than one page shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import streamlit as st

from ui import cache, language, state, texts
from ui.language import say
from ui.plain import plain
from vae_core.checkpoints import CheckpointError

ELEMENTS = Path(__file__).with_name("elements.css")  # how the forms look
# So many models stand side by side, if their titles have so few characters together; a longer list folds away.
FEW_MODELS, WIDEST_ROW = 4, 80
FEW_LANGUAGES = 2
MOST_NAMED = 12  # models that a sentence names


def pick_model() -> str | None:
    """The model picker; starts with the address's model where that exists. None, and no picker, without any model."""
    names = cache.model_names()
    if not names:
        return None
    chosen = st.session_state.get(state.CHOSEN_MODEL)
    if chosen is not None and chosen not in names:
        # Somebody deleted it. The address may name it still, which is nobody's mistake then.
        st.session_state[state.GONE_MODEL] = st.session_state.get(state.CHOSEN_TITLE, chosen)
        chosen = names[0]
    elif chosen is None:
        chosen = _first_model(names)
    # Said in every run: on another page this is another widget, which does not know what was picked on the last one.
    st.session_state[state.CHOSEN_MODEL] = st.session_state[state.MODEL] = chosen
    titles = titles_of(names)
    st.session_state[state.CHOSEN_TITLE] = titles[chosen]
    shared: dict[str, Any] = {
        "label": say("pages.model"),
        "options": names,
        "key": state.MODEL,
        "label_visibility": "collapsed",
        "on_change": lambda: choose(st.session_state[state.MODEL]),
    }
    if len(names) <= FEW_MODELS and sum(map(len, titles.values())) <= WIDEST_ROW:
        # Its labels are Markdown, a select box's are not.
        st.segmented_control(required=True, format_func=lambda name: plain(titles[name]), **shared)
    else:
        st.selectbox(format_func=lambda name: titles[name], **shared)
    return str(chosen)


def head(title: str) -> None:
    """The heading of a page that is a form and about no model, with the picker of the language."""
    with st.container(key="looks"):
        st.html(ELEMENTS)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page-head"):
        st.title(title, width="content", anchor=False)
        with st.container(horizontal=True, width="content", key="pickers"):
            pick_language()
    if complaint := language.complaint():
        st.warning(plain(complaint))


def pick_language() -> None:
    """The picker of the language; nothing where there is but one."""
    names = texts.languages()
    if len(names) < 2:
        return
    # In every run, as above.
    st.session_state[state.LANGUAGE_PICKER] = language.current()
    shared: dict[str, Any] = {
        "label": say("pages.language"),
        "options": list(names),
        "key": state.LANGUAGE_PICKER,
        "format_func": names.__getitem__,
        "label_visibility": "collapsed",
        "on_change": _speak,
    }
    if len(names) <= FEW_LANGUAGES:
        st.segmented_control(required=True, **shared)
    else:
        st.selectbox(width=130, **shared)


def _speak() -> None:
    st.session_state[state.LANGUAGE] = st.session_state[state.LANGUAGE_PICKER]
    st.session_state.pop(state.UNKNOWN_LANGUAGE, None)


def explain_missing_model() -> None:
    """Say so where there is no model at all, or where the address names one that nobody has."""
    names = cache.model_names()
    if not names:
        folder = cache.checkpoints_folder()
        st.error(say("pages.no_model", folder=folder))
    elif gone := st.session_state.get(state.GONE_MODEL):
        shown = titles_of(names)[st.session_state[state.CHOSEN_MODEL]]
        st.warning(say("library.gone", name=plain(gone), shown=plain(shown)))
    elif unknown := st.session_state.get(state.UNKNOWN_MODEL):
        have = ", ".join(map(plain, names[:MOST_NAMED])) + (", …" if len(names) > MOST_NAMED else "")
        st.warning(say("pages.unknown_model", asked=plain(unknown), have=have, shown=plain(names[0])))


def titles_of(names: list[str]) -> dict[str, str]:
    """Each model's title from its card; its folder's name where the card cannot be read, or beside an equal title."""
    titles = {name: _title(name) for name in names}
    counts = Counter(titles.values())
    return {name: title if counts[title] == 1 else f"{title} ({name})" for name, title in titles.items()}


def _title(name: str) -> str:
    try:
        return str(cache.card_of(name)["title"])
    except CheckpointError:
        return name


def _first_model(names: list[str]) -> str:
    asked = st.query_params.get("model")
    if asked is None or asked in names:
        return asked or names[0]
    st.session_state[state.UNKNOWN_MODEL] = asked[:60]
    return names[0]


def choose(name: str) -> None:
    """Another model is picked: complaints about the address, its samples and places belong to the one before."""
    st.session_state[state.CHOSEN_MODEL] = name
    addresses = st.session_state.get(state.ADDRESS, {}).values()
    said = {field: value for view, _ in addresses for field, value in view.items()}
    kept = state.for_any_model({**said, **(st.session_state.get(state.LAST_VIEW) or {})})
    for key in (state.UNKNOWN_MODEL, state.GONE_MODEL, state.LAST_VIEW, state.ADDRESS):
        st.session_state.pop(key, None)
    # β, the ring and the like go on, also where the browser makes its view anew (from pictures to a table).
    fields = {page: {parameter.field for parameter in known.values()} for page, known in state.PAGES.items()}
    st.session_state[state.ADDRESS] = {
        page: ({field: value for field, value in kept.items() if field in own}, {}) for page, own in fields.items()
    }

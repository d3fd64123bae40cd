"""Where a view opens after another model was picked, and after it was made anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st

from ui import controls, opening, state
from ui.train import watch

VIEW = {
    "beta": 8.0, "z": [0.5, -1.0], "k": 2.0, "colour": "rate", "grid": True, "cloud": False, "selected": 4000,
    "show": "class", "only": 9, "hidden": [7], "view": [-1.0, 1.0, -1.0, 1.0], "pins": [[0.0, 0.0]],
    "through": "straight",
}  # fmt: skip
KEPT = {name: VIEW[name] for name in ("z", "k", "colour", "grid", "cloud")}


class Address(dict[str, str]):
    """What st.query_params is like."""

    def to_dict(self) -> dict[str, str]:
        return dict(self)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session of this test's own, opened at an address that says little."""
    kept: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", kept)
    monkeypatch.setattr(st, "query_params", Address())
    return kept


def model(digest: str, beta_max: float = 12.0, *, stepped: bool = False) -> Any:
    """As much of a model as an opening view is made from."""
    config = {"beta_max": beta_max, "input_shape": [8, 8], "latent_dim": 2}
    betas = np.array([0.5 if stepped else 0.0, beta_max])
    codes = SimpleNamespace(betas=betas, stepped=stepped, nearest=lambda beta: int(np.abs(betas - beta).argmin()))
    card = {"config": config, "samples": 5000, "label_names": list("0123456789")}
    return SimpleNamespace(digest=digest, card=card, codes=codes)


def tell(digest: str, key: str = state.CANVAS, **view: Any) -> None:
    """The browser tells where its view stands."""
    st.session_state[key] = {"view": {**view, "digest": digest}}
    opening.remember_view(key)


def test_after_another_model_was_picked_only_what_means_the_same_for_both_goes_on() -> None:
    tell("pictures", **VIEW)
    controls.choose("table")
    assert opening._opening_view(model("table", beta_max=5.0), "map") == {**KEPT, "beta": 5.0}


def test_between_the_betas_of_an_imported_family_the_nearest_one_opens() -> None:
    tell("pictures", **VIEW)
    controls.choose("family")
    assert opening._opening_view(model("family", stepped=True), "map") == {**KEPT, "beta": 12.0}


def test_what_an_old_view_tells_after_the_pick_is_not_taken_for_the_new_models() -> None:
    controls.choose("table")
    tell("pictures", **VIEW)
    assert opening._opening_view(model("table", beta_max=5.0), "map") == {**KEPT, "beta": 5.0}


def test_the_first_models_address_is_not_restored_for_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    address = {"sample": "17", "only": "3", "k": "2", "beta": "8"}
    monkeypatch.setattr(st, "query_params", Address(address))
    assert opening._opening_view(model("pictures"), "map")["selected"] == 17
    controls.choose("table")
    for kind in ("map", "weight"):
        view = opening._opening_view(model("table", beta_max=5.0), kind)
        assert view == ({"beta": 5.0, "k": 2.0} if kind == "map" else {"beta": 5.0})


def test_back_at_the_first_model_its_own_view_is_what_this_page_told_last() -> None:
    tell("pictures", **VIEW)
    controls.choose("table")
    tell("table", **{**VIEW, "beta": 1.0, "selected": 3})
    controls.choose("pictures")
    assert opening._opening_view(model("pictures"), "map") == {**KEPT, "beta": 1.0}


def test_the_step_of_the_story_stays_with_another_model_also_when_the_map_tells_in_between() -> None:
    tell("pictures", state.STORY_CANVAS, step="5", beta=2.0, selected=17)
    controls.choose("table")
    tell("table", **{**VIEW, "beta": 1.0})
    assert opening._opening_view(model("table"), "story") == {"step": "5", "beta": 1.0, "selected": 4000}


# --- the live view ---


def test_a_training_opens_again_where_it_was_left_and_another_one_does_not() -> None:
    st.session_state[state.TRAIN_CANVAS] = {"view": {**VIEW, "model": "t", "digest": "t"}}
    watch._remember()
    assert watch._last_view("t") == VIEW
    assert watch._last_view("another") == {}
    assert state.LAST_VIEW not in st.session_state, "models open where models were left"


def act(action: str, steps: int, view: str = "v") -> dict[str, Any]:
    return {"digest": "t", "action": action, "view": view, "steps": steps, "nonce": "1"}


def test_steps_whose_messages_were_overtaken_are_made_up_for() -> None:
    assert [watch._times(act("step", steps)) for steps in (1, 2, 5, 5)] == [1, 1, 3, 0]


def test_a_view_that_was_made_anew_counts_from_the_start() -> None:
    watch._times(act("step", 7))
    assert watch._times(act("step", 1, view="w")) == 1


def test_steps_before_another_act_are_not_made_up_for_after_it() -> None:
    assert watch._times(act("go", 2)) == 1
    assert watch._times(act("step", 3)) == 1


def test_no_message_asks_for_endless_steps() -> None:
    assert watch._times(act("step", 10**9)) == watch.MOST_STEPS

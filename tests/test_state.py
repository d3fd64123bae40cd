"""The address: what is understood, and what is said of the rest."""

import re
from pathlib import Path

import pytest

from ui.state import PAGES, PARAMETERS, STORY_PARAMETERS, WEIGHT_PARAMETERS, Limits, Parameter, read_view

LIMITS = Limits(beta_max=12.0, samples=1797, classes=10)
ADDRESS_JS = Path(__file__).parents[1] / "ui" / "latent_canvas" / "frontend" / "address.js"


def test_a_full_address_is_understood() -> None:
    view, complaints = read_view(
        {
            "beta": "4.5", "z": "0.5,-1.25", "k": "2", "show": "class", "only": "3", "sample": "17", "colour": "rate",
            "hide": "4,1,1", "grid": "1", "cloud": "0", "view": "-1,1,-2,2", "pins": "0,0;1,-0.5", "path": "quantiles",
        },
        LIMITS,
    )  # fmt: skip
    assert complaints == []
    assert view == {
        "beta": 4.5, "z": [0.5, -1.25], "k": 2.0, "show": "class", "only": 3, "selected": 17, "colour": "rate",
        "hidden": [1, 4], "grid": True, "cloud": False, "view": [-1.0, 1.0, -2.0, 2.0],
        "pins": [[0.0, 0.0], [1.0, -0.5]], "through": "quantiles",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("beta", "abc"), ("beta", "-1"), ("beta", "12.1"), ("beta", "nan"), ("beta", "inf"), ("beta", ""),
        ("z", "1"), ("z", "1,2,3"), ("z", "1,x"), ("z", "99,0"), ("z", "nan,0"),
        ("k", "0"), ("k", "9"), ("show", "most"), ("only", "10"), ("only", "-1"), ("sample", "1797"), ("sample", "1.5"),
        ("colour", "<b>red</b>"), ("hide", "0,99"), ("grid", "yes"), ("cloud", "2"), ("view", "1,1,0,2"),
        ("view", "0,1,0"), ("pins", "0,0;1"), ("pins", ";".join(["0,0"] * 51)), ("path", "curved"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_left_out_with_a_sentence_that_says_what_was_expected_and_what_came(
    name: str, text: str
) -> None:
    view, complaints = read_view({name: text, "z" if name != "z" else "k": "1,1" if name != "z" else "1"}, LIMITS)
    assert PARAMETERS[name].field not in view
    assert len(view) == 1, "the rest of the address is still understood"
    (complaint,) = complaints
    assert f"{name}=" in complaint
    assert text[:40] in complaint
    assert PARAMETERS[name].expected(LIMITS) in complaint


@pytest.mark.parametrize(("listed", "parameters"), [("NAMES", PARAMETERS), ("WEIGHT_NAMES", WEIGHT_PARAMETERS)])
def test_the_browser_writes_the_parameters_that_are_read_here(listed: str, parameters: dict[str, Parameter]) -> None:
    found = re.search(rf"export const {listed} = \[(.*?)\]", ADDRESS_JS.read_text(), re.S)
    assert found is not None
    written = set(re.findall(r'"(\w+)"', found.group(1)))
    assert written == {"model", *parameters}


def test_the_address_of_the_kl_weight_is_understood() -> None:
    params = {
        "beta": "3", "sample": "7", "ellipses": "1", "separate": "1", "compare": "0.1,separate", "view": "-1,1,-1,1",
    }  # fmt: skip
    view, complaints = read_view(params, LIMITS, WEIGHT_PARAMETERS)
    assert complaints == []
    assert view == {
        "beta": 3.0, "selected": 7, "ellipses": True, "separate": True, "compare": {"beta": 0.1, "separate": True},
        "view": [-1.0, 1.0, -1.0, 1.0],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "13", "-1", "nan", "1,shared", "1,separate,2", "separate"])
def test_a_comparison_that_makes_no_sense_gets_its_sentence(text: str) -> None:
    view, (complaint,) = read_view({"compare": text}, LIMITS, WEIGHT_PARAMETERS)
    assert view == {}
    assert "a β from 0 to 12" in complaint


@pytest.mark.parametrize(("text", "shown"), [("7", "6"), ("0", "1"), ("3q", "3"), ("-2", "1"), ("x", "1")])
def test_a_step_that_does_not_exist_opens_the_nearest_and_says_so(text: str, shown: str) -> None:
    view, (complaint,) = read_view({"step": text}, LIMITS, STORY_PARAMETERS)
    assert view == {"step": shown}
    assert complaint.endswith(f"but step must be one of 1, 2, 2q, 3, 4, 4q, 5, 5q, 6. Showing {shown}.")


def test_a_complaint_speaks_the_language_it_is_asked_for() -> None:
    _, (complaint,) = read_view({"beta": "99"}, LIMITS, language="zh-Hans")
    assert complaint == "地址中写着 beta=“99”，但 beta 必须是从 0 到 12 的数（12 是此模型最大的 β）。这一项已忽略。"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_what_is_expected_of_every_parameter_is_said_without_a_gap(page: str, language: str) -> None:
    for parameter in PAGES[page].values():
        expected = parameter.expected(LIMITS, language)
        assert expected != parameter.wanted, "the key has a text"
        assert "{" not in expected

"""The address: what is understood, and what is said of the rest."""

import re
from pathlib import Path

import pytest

from ui.state import PARAMETERS, Limits, read_view

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


def test_the_browser_writes_the_parameters_that_are_read_here() -> None:
    listed = re.search(r"export const NAMES = \[(.*?)\]", ADDRESS_JS.read_text(), re.S)
    assert listed is not None
    written = set(re.findall(r'"(\w+)"', listed.group(1)))
    assert written == {"model", *PARAMETERS}

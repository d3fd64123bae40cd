"""The columns of a table on a model's card: written with the model, read strictly, sent to the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vae_core.checkpoints.card import CheckpointError, check_columns

FILE = Path("card.json")
GOOD = {"name": "alcohol", "low": 11.03, "high": 14.83, "decimals": 2}


def test_columns_that_fit_the_samples_are_accepted() -> None:
    check_columns(FILE, [GOOD, {**GOOD, "name": "<b>x</b>", "low": -5, "high": 0, "decimals": 0}], [2])


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": 7},
        {"low": float("nan")},
        {"high": float("inf")},
        {"low": 14.83},
        {"low": 20.0},
        {"low": "11"},
        {"high": True},
        {"low": -1.7e308, "high": 1.7e308},
        {"decimals": -1},
        {"decimals": 7},
        {"decimals": 2.0},
        {"decimals": True},
        {"unit": "%"},
    ],
    ids=str,
)
def test_a_column_that_is_wrong_in_one_thing_is_refused_in_one_sentence(change: dict[str, Any]) -> None:
    sentence = r"card\.json: expected column 2 to have a name of 1 to 120 characters"
    with pytest.raises(CheckpointError, match=sentence) as caught:
        check_columns(FILE, [GOOD, {**GOOD, **change}], [2])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("record", [None, "alcohol", [], {}, {"name": "x"}])
def test_what_is_no_column_is_refused(record: object) -> None:
    with pytest.raises(CheckpointError, match="expected column 1 to have a name"):
        check_columns(FILE, [record], [1])


@pytest.mark.parametrize(("columns", "found"), [([GOOD], "1"), ([], "0"), ({"a": GOOD}, "dict"), (None, "NoneType")])
def test_there_is_one_column_for_each_number_of_a_sample(columns: object, found: str) -> None:
    with pytest.raises(CheckpointError, match=f"expected 'columns' to be a list of 2 records, got {found}"):
        check_columns(FILE, columns, [2])


def test_pictures_have_no_columns() -> None:
    with pytest.raises(CheckpointError, match=r"expected no 'columns' beside samples of the shape \(1, 1\)"):
        check_columns(FILE, [GOOD], [1, 1])

"""What a browser asks the server to decode: requests that make sense are read, and nothing else is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ui.latent_canvas import wishes


def test_places_and_planes_are_read() -> None:
    places = wishes.places({"beta": 2, "places": [[1, 2.5, 0], [0, 0, 1]]})
    assert places is not None
    assert (places.beta, places.z.tolist()) == (2.0, [[1, 2.5, 0], [0, 0, 1]])
    plane = wishes.plane_at_beta({"beta": 1.0, "axes": [[1, 0, 0], [0, 0, 1]], "rest": [0, 3, 0]})
    assert plane is not None
    assert plane.plane.lift([1, 2]).tolist() == [1, 3, 2]


@pytest.mark.parametrize(
    "asked",
    [
        None, [], "places", {}, {"beta": 1}, {"beta": "1", "places": [[0, 0]]}, {"beta": True, "places": [[0, 0]]},
        {"beta": -5, "places": [[0, 0]]}, {"beta": 10**400, "places": [[0, 0]]}, {"beta": 1, "places": [[10**400]]},
        {"beta": float("nan"), "places": [[0, 0]]}, {"beta": 1, "places": []}, {"beta": 1, "places": [[]]},
        {"beta": 1, "places": [0, 0]}, {"beta": 1, "places": [[0, 0], [0]]}, {"beta": 1, "places": [["a", "b"]]},
        {"beta": 1, "places": [[0, float("inf")]]}, {"beta": 1, "places": np.zeros((513, 2)).tolist()},
    ],
)  # fmt: skip
def test_other_places_are_none(asked: Any) -> None:
    assert wishes.places(asked) is None


@pytest.mark.parametrize(
    "change", [{"axes": [[1, 0], [1, 0]]}, {"axes": [[1, 0]]}, {"rest": [1, 0]}, {"rest": None}, {"beta": None}]
)
def test_what_is_no_plane_is_none(change: dict[str, Any]) -> None:
    assert wishes.plane_at_beta({"beta": 1, "axes": [[1, 0], [0, 1]], "rest": [0, 0]}) is not None
    assert wishes.plane_at_beta({"beta": 1, "axes": [[1, 0], [0, 1]], "rest": [0, 0], **change}) is None

"""What travels to the browser while a network is trained."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load as from_safetensors
from streamlit.testing.v1 import AppTest

from ui.latent_canvas import payload
from ui.latent_canvas.component import _indices
from vae_core.checkpoints import SMALLEST_SIGMA, load_card, load_weights

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
BETAS = [0.0, 1.0, 12.0]
N = 5
FACTS = {"step": 40, "share": 0.2, "epoch": 3, "seconds": 1.5, "seconds_left": 6.0, "distortion": 9.5, "rate": 2.25}


def read(message: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Facts and tensors of a message; the tensors by the safetensors library itself."""
    (length,) = struct.unpack("<Q", message[:8])
    return json.loads(json.loads(message[8 : 8 + length])["__metadata__"]["json"]), from_safetensors(message)


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return {**load_card(DIGITS), "betas": BETAS}


@pytest.fixture
def moment() -> dict[str, NDArray[Any]]:
    """A state's tensors: the decoder of a model that ships, and codes of a few samples."""
    decoder = {name: tensor for name, tensor in load_weights(DIGITS).items() if name.startswith("decoder.")}
    codes = np.random.default_rng(0).uniform(0.1, 2, (len(BETAS), N, 4)).astype(np.float16)
    return {**decoder, "codes": codes}


def test_a_live_part_has_the_decoder_as_the_model_part_and_its_codes(
    card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    _, model = read(payload.model_payload(card, load_weights(DIGITS), "t"))
    facts, tensors = read(payload.live_payload("t", FACTS, moment, card))
    assert facts == {**FACTS, "kind": "live", "digest": "t"}
    assert np.array_equal(tensors["weights"], model["weights"])
    assert np.array_equal(tensors["codes"], moment["codes"].ravel())


def test_a_stored_state_says_which_it_is(card: dict[str, Any], moment: dict[str, NDArray[Any]]) -> None:
    facts, tensors = read(payload.state_payload("t", 7, FACTS, moment, card))
    assert (facts["kind"], facts["index"], facts["step"]) == ("state", 7, 40)
    assert np.array_equal(tensors["codes"], moment["codes"].ravel())


def test_what_a_states_file_says_cannot_pass_for_another_kind_or_training(
    card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    facts, _ = read(payload.live_payload("t", {**FACTS, "kind": "texts", "digest": "other"}, moment, card))
    assert (facts["kind"], facts["digest"]) == ("live", "t")


def test_a_training_opens_with_a_model_and_one_chunk_of_codes(
    card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    ids = np.array([9, 4, 7, 1, 0], np.int32)
    start = {"ids": ids, "labels": ids % 3, "test": np.array([0, 1, 0, 0, 1], np.uint8)}
    model, codes = payload.training_payloads("t", card, start, moment)
    assert read(model)[0]["spec"]["betas"] == BETAS
    facts, tensors = read(codes)
    assert (facts["kind"], facts["digest"], facts["chunk"]) == ("codes", "t", 0)
    for name, array in start.items():
        assert np.array_equal(tensors[name], array)
    assert np.array_equal(tensors["codes"], moment["codes"].ravel())


def test_a_width_of_zero_is_kept_off_zero_and_a_mean_of_zero_is_not(
    card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    moment["codes"][1, 2] = 0
    codes = read(payload.live_payload("t", FACTS, moment, card))[1]["codes"].reshape(len(BETAS), N, 4)
    assert codes[1, 2, :2].tolist() == [0, 0]
    assert (codes[1, 2, 2:] == np.float16(SMALLEST_SIGMA)).all()
    assert np.isfinite(np.log(codes[..., 2:].astype(np.float32))).all()


@pytest.mark.parametrize(
    ("shape", "said"),
    [((2, N, 4), r"expected shape \[3, n, 4\], got \[2, 5, 4\]"), ((3, 4 * N), r"got \[3, 20\]")],
)
def test_codes_of_another_shape_are_named(
    shape: tuple[int, ...], said: str, card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    moment["codes"] = np.ones(shape, np.float16)
    with pytest.raises(ValueError, match=said):
        payload.live_payload("t", FACTS, moment, card)


def test_as_many_codes_as_samples_are_expected_to_open_with(
    card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    ids = np.arange(N + 1, dtype=np.int32)
    with pytest.raises(ValueError, match=r"expected shape \[3, 6, 4\], got \[3, 5, 4\]"):
        payload.training_payloads("t", card, {"ids": ids, "labels": ids, "test": ids}, moment)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_codes_that_are_no_numbers_are_refused(
    bad: float, card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    moment["codes"][0, 0, 0] = bad
    with pytest.raises(ValueError, match="codes: expected numbers"):
        payload.live_payload("t", FACTS, moment, card)


def test_a_decoder_that_lacks_a_tensor_is_refused_with_its_name(
    card: dict[str, Any], moment: dict[str, NDArray[Any]]
) -> None:
    del moment["decoder.1.bias"]
    with pytest.raises(ValueError, match=r"decoder\.1\.bias"):
        payload.live_payload("t", FACTS, moment, card)


def test_originals_are_tiles_in_the_order_of_the_samples_that_are_shown() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6), dtype=np.uint8)
    facts, tensors = read(payload.training_originals("t", images))
    assert (facts["kind"], facts["chunk"]) == ("originals", 0)
    sheet = np.asarray(Image.open(io.BytesIO(tensors["png"].tobytes())))
    for tile, image in enumerate(images):
        row, column = divmod(tile, facts["columns"])
        assert np.array_equal(sheet[4 * row : 4 * row + 4, 6 * column : 6 * column + 6], image)


def test_only_whole_numbers_pass_as_indices_of_states() -> None:
    assert _indices([3, 0, -1, 2.5, "4", True, None]) == (3, 0)
    for nonsense in (None, 3, "3", {"0": 1}):
        assert _indices(nonsense) == ()


def page_of_a_training() -> None:
    import streamlit as st

    from ui.latent_canvas import latent_canvas

    events = latent_canvas({"kind": "train", "digest": "t"}, key="canvas", digest="t")
    st.text(repr((events.wants_states, events.wants_originals, events.act)))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"digest": "t", "states": [4, 2], "originals": True}, "((4, 2), True, None)"),
        ({"digest": "another", "states": [4, 2]}, "((), False, None)"),
        ({"digest": "t", "all": True}, "((), False, None)"),
    ],
)
def test_the_page_hears_which_states_are_wanted_of_its_own_training(wanted: dict[str, Any], expected: str) -> None:
    app = AppTest.from_function(page_of_a_training)
    app.session_state["canvas"] = {"wanted": wanted}
    app.run()
    assert not app.exception
    assert app.text[0].value == expected

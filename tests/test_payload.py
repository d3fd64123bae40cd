"""What travels to the browser."""

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

from ui.latent_canvas import payload
from vae_core import VAE, Codes, VAEConfig
from vae_core.checkpoints import load_card, load_codes, load_weights


def read(message: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Facts and tensors of a message; the tensors by the safetensors library itself."""
    (length,) = struct.unpack("<Q", message[:8])
    return json.loads(json.loads(message[8 : 8 + length])["__metadata__"]["json"]), from_safetensors(message)


DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"


def test_chunks_hold_every_sample_once_and_know_where_each_is() -> None:
    chunks = payload.plan_chunks(60_000, betas=25, latent_dim=2, weight_bytes=680_000)
    together = np.concatenate([chunks.ids(c) for c in range(len(chunks))])
    assert np.array_equal(np.sort(together), np.arange(60_000))
    for sample in (0, 12_345, 59_999):
        assert sample in chunks.ids(chunks.holding(sample))


def test_opening_a_large_model_stays_within_its_bytes() -> None:
    chunks = payload.plan_chunks(60_000, betas=25, latent_dim=2, weight_bytes=680_000)
    first = len(chunks.ids(0))
    assert first <= payload.OPENING_SAMPLES
    assert 680_000 + first * (25 * 4 * 2 + 9) <= payload.OPENING_BYTES


def test_the_first_chunk_stands_for_the_whole() -> None:
    labels = np.arange(60_000) // 6_000  # sorted by class, as many data sets are
    first = payload.plan_chunks(60_000, betas=25, latent_dim=2, weight_bytes=0).ids(0)
    shares = np.bincount(labels[first], minlength=10) / len(first)
    assert np.abs(shares - 0.1).max() < 0.02


def test_codes_arrive_as_the_file_holds_them() -> None:
    codes = load_codes(DIGITS)
    chunks = payload.plan_chunks(len(codes.labels), len(codes.betas), 2, 0)
    _, sent = read(payload.codes_payload(codes, chunks, 0, "digest"))
    ids = sent["ids"]
    values = sent["codes"].reshape(len(codes.betas), len(ids), 4)
    assert values.dtype == np.float16
    for place in (0, 7, len(ids) - 1):
        assert np.array_equal(values[:, place, :2], codes.mu[:, ids[place]])
        assert np.array_equal(values[:, place, 2:], codes.sigma[:, ids[place]])
        assert sent["labels"][place] == codes.labels[ids[place]]


def test_the_model_is_json_and_half_precision_weights() -> None:
    facts, tensors = read(payload.model_payload(load_card(DIGITS), load_weights(DIGITS), "digest"))
    assert tensors["weights"].dtype == np.float16
    assert facts["spec"]["shape"] == [8, 8]
    assert facts["spec"]["betas"][0] == 0
    assert facts["spec"]["betas"][-1] == facts["spec"]["beta_max"]


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (5, 7, 3)])
def test_every_tile_of_the_sprite_sheet_is_its_sample(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (23, *shape), dtype=np.uint8)
    chunks = payload.Chunks(np.random.default_rng(1).permutation(23).astype(np.int32), (0, 11, 23))
    for chunk in (0, 1):
        facts, tensors = read(payload.originals_payload(images, chunks, chunk, "digest"))
        sheet = np.asarray(Image.open(io.BytesIO(tensors["png"].tobytes())))
        height, width = shape[:2]
        for tile, sample in enumerate(chunks.ids(chunk)):
            row, column = divmod(tile, facts["columns"])
            part = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
            assert np.array_equal(part, images[sample])


def test_later_chunks_of_many_dimensions_are_messages_of_a_few_megabytes() -> None:
    chunks = payload.plan_chunks(60_000, betas=3, latent_dim=200, weight_bytes=0, number_bytes=4)
    sizes = [len(chunks.ids(chunk)) * (3 * 200 * 2 * 4 + 9) for chunk in range(len(chunks))]
    assert max(sizes) <= payload.LATER_BYTES
    flat = payload.plan_chunks(60_000, betas=65, latent_dim=2, weight_bytes=0)
    assert len(flat.ids(1)) == payload.LATER_SAMPLES


def test_a_model_of_our_own_of_three_dimensions_says_what_each_does() -> None:
    config = VAEConfig((2, 3), latent_dim=3, hidden=(4,))
    weights = {name: part.numpy().astype(np.float16) for name, part in VAE(config, seed=0).state_dict().items()}
    rng = np.random.default_rng(0)
    mu, sigma = rng.normal(0, [1, 0.01, 2], (5, 40, 3)), rng.uniform(0.1, 1, (5, 40, 3))
    mu, sigma = mu.astype(np.float16), sigma.astype(np.float16)
    codes = Codes(np.arange(5.0), mu, sigma, np.zeros(40, np.int32), np.zeros(40, bool))
    card = {
        "name": "three", "title": "Three", "config": config.to_json(), "label_names": ["a"], "samples": 40,
        "betas": list(range(5)), "beta_collapse": 2.0,
    }  # fmt: skip
    facts, _ = read(payload.model_payload(card, weights, "digest", codes))
    spec = facts["spec"]
    assert spec["latent_dim"] == spec["decoder"]["latent_dim"] == 3
    assert "imported" not in spec
    assert [fact["active"] for fact in spec["dimensions"][4]] == [True, False, True]
    axes = np.array(spec["principal"][4]["axes"])
    assert np.abs(axes @ axes.T - np.eye(2)).max() < 1e-12
    assert np.abs(axes[:, 1]).max() < 0.1, "what hardly varies is in neither direction"

    chunks = payload.plan_chunks(40, 5, 3, 0)
    _, sent = read(payload.codes_payload(codes, chunks, 0, "digest"))
    values = sent["codes"].reshape(5, 40, 6)
    assert np.array_equal(values[:, :, :3], mu[:, sent["ids"]])
    assert np.array_equal(values[:, :, 3:], sigma[:, sent["ids"]])


def test_the_digits_part_is_said_in_two_dimensions() -> None:
    card, weights = load_card(DIGITS), load_weights(DIGITS)
    assert payload.model_payload(card, weights, "d", load_codes(DIGITS)) == payload.model_payload(card, weights, "d")

"""An imported model's zip with anything in it changed: it is refused with one sentence, or the browser can have it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imported_kit import tiny_import
from safetensors.numpy import load, save
from test_archive_properties import JUNK, assert_plain_json, change_card, kept, places  # noqa: F401  (a fixture)
from tiny_models import files, with_file, zipped

from ui import model_card
from ui.latent_canvas.payload import codes_payload, imported_payload, plan_chunks
from vae_core import CheckpointError, archive, home, library, load_card, load_codes, load_samples
from vae_core.checkpoints import load_decoders

Files = dict[str, bytes]
FEW = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Files]:
    """A family whose decoders are chains, and a model whose decoder is a graph with a grid of decodes."""
    folder = tmp_path_factory.mktemp("good")
    made = tiny_import(folder / "family", betas=(0.0, 1.0)), tiny_import(folder / "served", served=True)
    return [files(model) for model in made]


def check(content: bytes) -> bool:
    """Whether the zip was taken; then it can be sent to the browser, and its chains run. Nothing stays."""
    try:
        name = archive.unpack(content, "me")
    except CheckpointError as error:
        sentence = str(error)
        assert 0 < len(sentence) < 1000
        assert "\n" not in sentence
        sentence.encode()
        taken = False
    else:
        try:
            show(name)
        finally:
            library.delete(name, "me")
        taken = True
    assert [path for path in home.home().rglob("*") if path.is_file()] == []
    return taken


def show(name: str) -> None:
    folder = library.folder_of(name)
    card, codes, decoders = load_card(folder), load_codes(folder), load_decoders(folder)
    load_samples(folder)
    model_card.describe(card).encode()
    dimensions = card["config"]["latent_dim"]
    chunks = plan_chunks(card["samples"], len(codes.betas), dimensions, 1000)
    assert_plain_json(imported_payload(card, codes, decoders, "d"))
    assert_plain_json(codes_payload(codes, chunks, 0, "d"))
    for decoder in decoders:
        if decoder.chain is not None:
            assert decoder.chain.run(np.zeros((2, dimensions))).shape == (2, decoder.chain.outputs)


@FEW
@given(st.data())
def test_a_card_changed_anywhere_is_refused_or_shown(models: list[Files], data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(models))
    card = json.loads(good["card.json"])
    change_card(data.draw, card)
    check(zipped({**good, "card.json": json.dumps(card).encode()}))


@FEW
@given(st.data())
def test_what_describes_the_decoders_changed_anywhere_is_refused_or_shown(
    models: list[Files], data: st.DataObject
) -> None:
    good = data.draw(st.sampled_from(models))
    card = json.loads(good["card.json"])
    for _ in range(data.draw(st.integers(1, 2))):
        found = places(card["imported"])
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        container[key] = data.draw(JUNK | st.integers(-3, 12) | st.floats(-2, 2))
    check(zipped({**good, "card.json": json.dumps(card).encode()}))


@FEW
@given(st.data())
def test_tensors_changed_with_their_fingerprint_are_refused_or_shown(
    models: list[Files], data: st.DataObject
) -> None:
    good = data.draw(st.sampled_from(models))
    name = data.draw(st.sampled_from([name for name in good if name.endswith(".safetensors")]))
    tensors = dict(load(good[name]))
    if not tensors:
        tensors["more"] = np.zeros(1, np.float32)
    key = data.draw(st.sampled_from(sorted(tensors)))
    value = tensors[key].copy()
    how = data.draw(st.sampled_from(["value", "kind", "shape", "remove", "add"]))
    if how == "value":
        numbers = [0, 1, 200] if value.dtype.kind in "iu" else [0, -1, np.nan, np.inf, 1e-20, 3e38, 1e-3]
        value.flat[data.draw(st.integers(0, value.size - 1))] = data.draw(st.sampled_from(numbers))
    elif how == "kind":
        value = value.astype(data.draw(st.sampled_from(["f2", "f4", "f8", "i4", "u1"])))
    elif how == "shape":
        value = data.draw(st.sampled_from([value.ravel(), value[None], value[:-1]]))
    changed: dict[str, Any] = {**tensors, key: value, **({"more": value} if how == "add" else {})}
    if how == "remove":
        del changed[key]
    check(zipped(with_file(good, name, save(changed))))


def test_both_ends_are_reached(models: list[Files]) -> None:
    for good in models:
        assert check(zipped(good))
        card = json.loads(good["card.json"])
        card["imported"]["described"] = None
        assert not check(zipped({**good, "card.json": json.dumps(card).encode()}))
    served = models[1]
    card = json.loads(served["card.json"])
    card["imported"]["grids"][0]["axes"][0][2] = 3e-3  # too far from a right angle for a plane
    assert not check(zipped({**served, "card.json": json.dumps(card).encode()}))

"""Any zip at all: it is refused with one sentence, or every page can show the model that was in it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tiny_models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save
from tiny_models import with_file, zipped

from ui import cache, model_card, start_view, units, weight_view
from ui.latent_canvas.payload import (
    codes_payload,
    encoder_payload,
    model_payload,
    plan_chunks,
    statistics_payload,
    table_payload,
)
from ui.thumbnails import render
from vae_core import CheckpointError, archive, home, library
from vae_core.checkpoints import load_card, load_codes, load_statistics, load_weights
from vae_core.conventions import Convention, factors, to_beta
from vae_core.slug import slug

Files = dict[str, bytes]
FINITE = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home of its own, with nothing kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files of a complete model."""
    return tiny_models.files(tiny_models.make(tmp_path_factory.mktemp("good") / "tiny"))


def check(content: bytes) -> bool:
    """Whether the zip was taken; then every page shows it. Nothing stays."""
    outside = sorted(path for path in home.home().parent.iterdir() if path != home.home())
    try:
        name = archive.unpack(content, "me")
    except CheckpointError as error:
        sentence = str(error)
        assert 0 < len(sentence) < 1000
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        sentence.encode()  # what is shown is sent as UTF-8
        taken = False
    else:
        try:
            show(name)
        finally:
            library.delete(name, "me")
        taken = True
    assert [path for path in home.home().rglob("*") if path.is_file()] == []
    assert sorted(path for path in home.home().parent.iterdir() if path != home.home()) == outside
    return taken


def show(name: str) -> None:
    """Everything that the pages make of a model, without drawing it."""
    folder = library.folder_of(name)
    card, codes = load_card(folder), load_codes(folder)
    weights, statistics = load_weights(folder), load_statistics(folder)
    model_card.describe(card).encode()
    described = start_view.gallery_card(name, card["title"])
    assert described["complaint"] == ""
    json.dumps(described, allow_nan=False)
    assert name == slug(name)
    chunks = plan_chunks(card["samples"], len(codes.betas), 2, 1000)
    parts = [
        model_payload(card, weights, "d"), encoder_payload(card, weights, "d"), codes_payload(codes, chunks, 0, "d"),
    ]  # fmt: skip
    if statistics is not None:
        parts.append(statistics_payload(statistics, "d"))
    if "table" in card:
        rows = cache.with_distortion(card["table"], card["curve"])
        parts.append(table_payload("d", {"rows": rows}))
        weight_view.table_csv(rows).encode()
    for part in parts:
        assert_plain_json(part)
    model = cache.OpenModel(folder, card, codes, chunks, "d", b"")
    model_card.codes_csv(model, 0).encode()
    mu, sigma = codes.at_beta(min(1.0, card["config"]["beta_max"]))
    assert render(mu, sigma, codes.labels, len(card["label_names"]), size=8)
    convert(card)


def convert(card: dict[str, Any]) -> None:
    """The calculator below the map."""
    config = card["config"]
    model = {
        "pixels": math.prod(config["input_shape"]), "latent_dim": 2, "likelihood": config["likelihood"],
        "sigma_x": config["sigma_x"],
    }  # fmt: skip
    error = "bernoulli" if config["likelihood"] == "bernoulli" else "squared"
    convention = Convention(kl_weight=1.0, reconstruction="sum", kl="sum", error=error, sigma_x=1.0, batch=1)
    units._meaning(to_beta(convention, **model), card).encode()
    factors(convention, **model)


def assert_plain_json(message: bytes) -> None:
    """The facts of a message are JSON as a browser reads it: no NaN, no infinity."""
    size = int.from_bytes(message[:8], "little")
    facts = json.loads(message[8 : 8 + size])["__metadata__"]["json"]
    json.loads(facts, parse_constant=lambda constant: pytest.fail(f"the browser cannot read {constant}"))


# --- what is changed ---

JUNK = st.one_of(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 2, 0.5, -0.5, 1e-300, 1e300, 10**400, float("nan"), float("inf"), "", "x", "a/b",
         "../x", "<script>", "\ud800", "\x00", "é" * 3000, "nan", [], {}, [[]], [1, 2, 3], {"a": 1}, [None], 2**63]
    ),
    st.integers(), st.floats(), st.text(max_size=20),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5),
                 lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                 max_leaves=6),
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key below a value of JSON, at any depth."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    found = [(value, key) for key in keys]
    return found + [place for key in keys for place in places(value[key])]


def change_card(draw: st.DrawFn, card: dict[str, Any]) -> None:
    """Replace, remove, copy or add something, somewhere."""
    # Fields of the first level as often as all others together: the lists are long.
    shallow = draw(st.booleans())
    found = [(card, key) for key in card] if shallow else places(card)
    container, key = found[draw(st.integers(0, len(found) - 1))]
    how = draw(st.sampled_from(["replace", "remove", "copy", "add"]))
    if how == "replace":
        container[key] = draw(JUNK)
    elif how == "remove":
        del container[key]
    elif how == "copy":
        value = json.loads(json.dumps(container[key]))
        container.append(value) if isinstance(container, list) else container.update({f"{key}2": value})
    elif isinstance(container, list):
        container.insert(draw(st.integers(0, len(container))), draw(JUNK))
    else:
        container[draw(st.sampled_from(["remark", "test", "beta", "columns", "distortion", "more"]))] = draw(JUNK)


@FINITE
@given(st.data())
def test_a_card_changed_anywhere_is_refused_or_shown(good: Files, data: st.DataObject) -> None:
    card = json.loads(good["card.json"])
    for _ in range(data.draw(st.integers(1, 3))):
        change_card(data.draw, card)
    check(zipped({**good, "card.json": json.dumps(card).encode()}))


@FINITE
@given(st.data())
def test_a_number_of_the_card_changed_to_another_is_refused_or_shown(good: Files, data: st.DataObject) -> None:
    card = json.loads(good["card.json"])
    numbers = [(c, k) for c, k in places(card) if isinstance(c[k], int | float) and k not in ("bytes", "format")]
    container, key = numbers[data.draw(st.integers(0, len(numbers) - 1))]
    container[key] = data.draw(st.floats(allow_nan=False) | st.integers(-3, 10**18))
    check(zipped({**good, "card.json": json.dumps(card).encode()}))


@FINITE
@given(st.data())
def test_tensors_changed_with_their_fingerprint_are_refused_or_shown(good: Files, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in good if name != "card.json"]))
    tensors = dict(load(good[name]))
    key = data.draw(st.sampled_from(sorted(tensors)))
    value = tensors[key]
    how = data.draw(st.sampled_from(["value", "kind", "shape", "remove", "add"]))
    if how == "value":
        value = value.copy()
        value.flat[data.draw(st.integers(0, value.size - 1))] = data.draw(
            st.sampled_from([0, 1, 2, 100, 200]) if value.dtype.kind in "iu"
            else st.sampled_from([0, -1, np.nan, np.inf, 6e-8, 65504.0, 1e-3])
        )  # fmt: skip
        tensors[key] = value
    elif how == "kind":
        tensors[key] = value.astype(data.draw(st.sampled_from(["f2", "f4", "f8", "i4", "i8", "u1", "?"])))
    elif how == "shape":
        shapes = [value.ravel(), value[None], value[:-1], np.zeros((0, 3), value.dtype)]
        tensors[key] = data.draw(st.sampled_from(shapes))
    elif how == "remove":
        del tensors[key]
    else:
        tensors["more"] = value
    check(zipped(with_file(good, name, save(tensors))))


@FINITE
@given(st.data())
def test_a_zip_with_bytes_changed_or_cut_is_refused_or_shown(good: Files, data: st.DataObject) -> None:
    content = bytearray(zipped(good))
    # The heads of the files and the list at the end are what a reader follows: hit these more often.
    heads = [at for at in range(len(content)) if content[at : at + 2] == b"PK"]
    for _ in range(data.draw(st.integers(0, 4))):
        near = data.draw(st.sampled_from(heads)) + data.draw(st.integers(0, 50))
        at = data.draw(st.sampled_from([near, data.draw(st.integers(0, len(content) - 1))]))
        content[min(at, len(content) - 1)] = data.draw(st.integers(0, 255))
    start, end = data.draw(st.sampled_from([(0, None), (0, -1), (0, -22), (1, None), (7, None), (0, 40)]))
    check(bytes(content[start:end]) + data.draw(st.sampled_from([b"", b"\0", b"PK\x05\x06", bytes(22)])))


@FINITE
@given(st.data())
def test_a_tensor_file_with_bytes_changed_under_its_fingerprint_is_refused_or_shown(
    good: Files, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([name for name in good if name != "card.json"]))
    content = bytearray(good[name])
    head = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, head - 1) | st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    check(zipped(with_file(good, name, bytes(content))))


NAMES = [*library.FILES, "a.png", "../card.json", "/card.json", "x/card.json", "x.zip", "\\", "C:x", " "]


@FINITE
@given(
    st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=40), max_size=5),
    st.sampled_from(["", "tiny/", "a/b/", "../", "/", "./", "ü/"]),
)
def test_a_zip_of_anything_is_refused(contents: dict[str, bytes], inside: str) -> None:
    assert not check(zipped(contents, inside))


@FINITE
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content: bytes) -> None:
    assert not check(content)


def test_both_ends_are_reached(good: Files) -> None:
    assert check(zipped(good))
    card = json.loads(good["card.json"])
    assert check(zipped({**good, "card.json": json.dumps({**card, "beta_collapse": 3}).encode()}))
    assert not check(zipped({**good, "card.json": json.dumps({**card, "beta_collapse": "3"}).encode()}))

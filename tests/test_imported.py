"""Imported models on disk: what is written is what is read, and a card or a file of somebody else's is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from imported_kit import SHAPE, D, N, tiny_card, tiny_chain, tiny_codes, tiny_import
from tiny_models import files, with_card, with_file

from ui import model_card
from vae_core import archive, library, load_card, load_codes, load_decoder, load_model, load_samples
from vae_core.checkpoints import CheckpointError, StoredDecoder, load_decoders, load_weights, save_imported

SHIPPED = Path(__file__).parents[1] / "checkpoints"


def test_a_family_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = tiny_import(tmp_path / "mine", betas=(0.0, 1.0, 4.0))
    codes, written = load_codes(folder), tiny_codes((0.0, 1.0, 4.0))
    assert codes.mu.dtype == np.float32
    assert np.array_equal(codes.mu, written.mu)
    assert np.array_equal(codes.sigma, written.sigma)
    z = np.random.default_rng(3).normal(size=(5, D))
    decoder = load_decoder(folder)
    for k, beta in enumerate((0.0, 1.0, 4.0)):
        assert np.array_equal(decoder.decode(z, beta), tiny_chain(k).run(z).reshape(5, *SHAPE))
    with pytest.raises(ValueError, match="expected one of 0, 1, 4, got 2"):
        decoder.decode(z, 2.0)
    samples = load_samples(folder)
    assert samples is not None
    assert (samples.shape, samples.dtype) == ((N, *SHAPE), np.uint8)
    with pytest.raises(CheckpointError, match="got an imported model; use load_codes"):
        load_model(folder)


def test_between_the_members_of_a_family_there_is_nothing(tmp_path: Path) -> None:
    codes = load_codes(tiny_import(tmp_path / "mine", betas=(1.0, 4.0)))
    mu, sigma = codes.at_beta(2.5)
    assert any(np.array_equal(mu, codes.mu[k]) and np.array_equal(sigma, codes.sigma[k]) for k in (0, 1))


def test_a_served_decoder_keeps_its_graph_its_reason_and_its_grids(tmp_path: Path) -> None:
    folder = tiny_import(tmp_path / "mine", served=True)
    (decoder,) = load_decoders(folder)
    assert (decoder.chain, decoder.onnx, decoder.why) == (None, b"a graph", "it has a branch")
    assert decoder.grids[0].decodes.shape == (3, 3, 24)
    with pytest.raises(CheckpointError, match="it has a branch"):
        load_decoder(folder)


def test_a_model_that_is_there_stays_unless_told(tmp_path: Path) -> None:
    folder = tiny_import(tmp_path / "mine")
    before = files(folder)
    new: dict[str, Any] = {
        "codes": tiny_codes(), "decoders": [StoredDecoder(tiny_chain(9))], "card": tiny_card("mine")
    }  # fmt: skip
    with pytest.raises(CheckpointError, match="replace=True"):
        save_imported(folder, **new)
    with pytest.raises(CheckpointError, match="'mu' to have the shape"):
        save_imported(folder, **{**new, "codes": tiny_codes(d=4)}, replace=True)
    assert files(folder) == before
    save_imported(folder, **new, replace=True)
    assert load_samples(folder) is None
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_it_goes_through_a_zip_into_the_library(tmp_path: Path) -> None:
    folder = tiny_import(tmp_path / "mine", served=True)
    name = archive.unpack(archive.pack(folder), "somebody")
    kept = library.folder_of(name)
    try:
        assert {file: content for file, content in files(kept).items() if file != "card.json"} == {
            file: content for file, content in files(folder).items() if file != "card.json"
        }
        assert load_card(kept)["imported"] == load_card(folder)["imported"]
    finally:
        library.delete(name, "somebody")


def read_all(folder: Path) -> None:
    for read in (load_card, load_weights, load_codes, load_samples, load_decoders):
        read(folder)


def changed(**fields: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda found: with_card(found, imported={**json.loads(found["card.json"])["imported"], **fields})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (changed(source="pickle"), "python, pythae, onnx, got 'pickle'"),
        (changed(described="x" * 201), "at most 200 characters"),
        (changed(family=None), "true or false"),
        (changed(decoders=[]), "one for each of 1 'betas', got 0"),
        (changed(decoders=[{"kind": "onnx", "file": "../decoder-0.onnx", "why": ""}]), "'decoder-0.onnx', got"),
        (changed(decoders=[{"kind": "chain", "layers": [{"kind": "lstm"}]}]), "'kind' to be one of dense"),
        (changed(decoders=[{"kind": "none", "why": ""}]), "expected only the tensors that card.json implies"),
        (changed(grids=[{"decoder": 0}]), "axes, rest, bounds and side"),
        (changed(more=1), "to have the fields"),
        (lambda found: with_card(found, betas=[1.0, 2.0]), "expected one of 'betas'|beta_max|'betas'"),
        (lambda found: with_file(found, "samples.safetensors", b"8" * 30), "a tensor 'samples'"),
        (lambda found: with_file(found, "codes.safetensors", b"no"), "expected a safetensors file"),
        (lambda found: {**found, "model.safetensors": b"cut"}, "truncated or altered"),
    ],
)
def test_damage_is_one_sentence(tmp_path: Path, change: Callable[[dict[str, bytes]], Any], says: str) -> None:
    folder = tiny_import(tmp_path / "mine")
    for name, content in change(files(folder)).items():
        (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=says) as caught:
        read_all(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["digits", "reference/digits/beta-1"])
def test_our_own_networks_are_decoded_without_pytorch_as_with_it(name: str) -> None:
    folder = SHIPPED / name
    model, decoder = load_model(folder), load_decoder(folder)
    z = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    for beta in (1.0,) if model.config.single_beta else (0.0, 0.37, 12.0):
        with torch.no_grad():
            expected = model.decode(torch.from_numpy(z), beta).numpy()
        np.testing.assert_allclose(decoder.decode(z, beta), expected, atol=1e-5)
    if model.config.single_beta:
        assert np.array_equal(decoder.decode(z), decoder.decode(z, 1.0))
    else:
        with pytest.raises(ValueError, match="expected a number from 0 to 16, got none"):
            decoder.decode(z)
    with pytest.raises(ValueError, match="beta"):
        decoder.decode(z, 17.0)
    with pytest.raises(ValueError, match=r"shape \[N, 2\], got \[2\]"):
        decoder.decode(z[0], 1.0)


@pytest.mark.parametrize("samples", [np.uint8, np.float32])
def test_samples_come_back_and_others_are_refused(tmp_path: Path, samples: type) -> None:
    rng = np.random.default_rng(4)
    values = rng.random((N, *SHAPE)) if samples is np.float32 else rng.integers(0, 256, (N, *SHAPE))
    values = values.astype(samples)
    given: dict[str, Any] = {
        "codes": tiny_codes(), "decoders": [StoredDecoder(tiny_chain())], "card": tiny_card("mine")
    }  # fmt: skip
    save_imported(tmp_path / "mine", samples=values, **given)
    found = load_samples(tmp_path / "mine")
    assert found is not None
    assert found.dtype == samples
    assert np.array_equal(found, values)
    for wrong, says in ((values[1:], "samples of the shape"), (values + np.float64(1), "samples from 0 to 1")):
        with pytest.raises(CheckpointError, match=says):
            save_imported(tmp_path / "other", samples=wrong, **given)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_is_no_model_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(CheckpointError, match=r"thesis\.tex"):
        tiny_import(tmp_path / "mine")
    assert files(tmp_path / "mine") == {"thesis.tex": b"years of work"}


def test_a_model_too_large_for_a_zip_is_told_before_it_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_import(tmp_path / "mine")
    assert archive.fits(load_card(folder))
    monkeypatch.setattr(archive, "MOST_BYTES", archive.MOST_CARD_BYTES + 1000)
    assert not archive.fits(load_card(folder))
    with pytest.raises(CheckpointError, match="copy its folder instead"):
        archive.pack(folder)


def test_the_card_in_words_says_where_a_model_came_from_and_claims_no_training(tmp_path: Path) -> None:
    chain = model_card.describe(load_card(tiny_import(tmp_path / "chain", betas=(0.5, 2.0))))
    assert "40 samples in 5 latent dimensions" in chain
    assert "Imported from Python (a test); trained at β = 0.5, 2. Its decoder runs in the browser" in chain
    assert "One network" not in chain
    served = model_card.describe(load_card(tiny_import(tmp_path / "served", served=True)))
    assert "Its decoder does not run in the browser: it has a branch." in served

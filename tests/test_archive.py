"""A model as one zip: the same bytes for the same model, and a sentence for everything that is no such zip."""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
from safetensors.numpy import load, save
from tiny_models import with_card, with_file, zipped

from vae_core import CheckpointError, archive, home, library, load_card
from vae_core.checkpoints import load_codes, load_statistics, load_weights

SHIPPED = Path(__file__).parents[1] / "checkpoints"
Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with nothing kept."""
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files of a complete model."""
    return tiny_models.files(tiny_models.make(tmp_path_factory.mktemp("good") / "tiny"))


def refused(content: bytes) -> str:
    """The sentence for a zip that is not taken; nothing is kept of it."""
    with pytest.raises(CheckpointError) as caught:
        archive.unpack(content, "me")
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    assert str(home.home()) not in sentence, "where a model lay while it was checked helps nobody"
    assert [path for path in home.home().rglob("*") if path.is_file()] == []
    return sentence


def test_a_packed_model_comes_back_the_same(good: Files) -> None:
    name = archive.unpack(zipped(good), "me")
    assert name == "tiny"
    assert library.owner_of(name) == "me"
    kept = tiny_models.files(library.folder_of(name))
    assert kept.keys() == good.keys()
    for file in good.keys() - {"card.json"}:
        assert kept[file] == good[file]
    assert load_card(library.folder_of(name)) == json.loads(good["card.json"])


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_a_model_that_ships_goes_through_its_zip(name: str) -> None:
    packed = archive.pack(SHIPPED / name)
    kept = library.folder_of(archive.unpack(packed, "me"))
    for file in ("model.safetensors", "codes.safetensors", "statistics.safetensors"):
        assert (kept / file).read_bytes() == (SHIPPED / name / file).read_bytes()
    load_weights(kept)
    load_codes(kept)
    load_statistics(kept)


def test_a_zip_is_the_same_bytes_whenever_it_is_packed(tmp_path: Path) -> None:
    folder = tiny_models.make(tmp_path / "tiny")
    first = archive.pack(folder)
    for file in folder.iterdir():
        file.touch()
    assert archive.pack(folder) == first


def test_a_zip_holds_plain_files_in_one_folder_stored_as_they_are(tmp_path: Path) -> None:
    folder = tiny_models.make(tmp_path / "Größe 1")
    (folder / "notes.txt").write_text("mine")
    with zipfile.ZipFile(io.BytesIO(archive.pack(folder))) as packed:
        assert packed.testzip() is None
        assert [info.filename for info in packed.infolist()] == [f"groe-1/{name}" for name in library.FILES]
        assert {info.compress_type for info in packed.infolist()} == {zipfile.ZIP_STORED}
        for name in library.FILES:
            assert packed.read(f"groe-1/{name}") == (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["card.json", "model.safetensors", "statistics.safetensors"])
def test_a_damaged_folder_is_not_packed(tmp_path: Path, name: str) -> None:
    folder = tiny_models.make(tmp_path / "tiny")
    (folder / name).write_bytes((folder / name).read_bytes()[:-2] + b"??")
    with pytest.raises(CheckpointError, match=name):
        archive.pack(folder)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        archive.pack(folder)


def test_a_zip_that_somebody_packed_again_is_taken_too(good: Files) -> None:
    litter = {"__MACOSX/tiny/._card.json": b"x", "tiny/.DS_Store": b"x"}
    content = zipped({f"tiny/{name}": data for name, data in good.items()} | litter, "", zipfile.ZIP_DEFLATED)
    assert archive.unpack(content, "me") == "tiny"
    assert archive.unpack(zipped(good, ""), "me") == "tiny-2", "without a folder"


def test_a_model_without_statistics_is_taken(good: Files) -> None:
    prints = json.loads(good["card.json"])["files"]
    del prints["statistics.safetensors"]
    without = {name: data for name, data in with_card(good, files=prints).items() if name != "statistics.safetensors"}
    assert archive.unpack(zipped(without), "me") == "tiny"


# --- what is no model's zip ---


def png() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "PNG")
    return file.getvalue()


WRONG: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "nothing": (lambda good: b"", "an empty file"),
    "a tensor file alone": (lambda good: good["model.safetensors"], r"a \.safetensors file alone"),
    "a card alone": (lambda good: good["card.json"], "got JSON"),
    "a picture": (lambda good: png(), "a PNG picture"),
    "a gzip file": (lambda good: b"\x1f\x8b\x08 and so on", "a gzip file"),
    "text": (lambda good: b"hello", "something that is no zip"),
    "a cut zip": (lambda good: zipped(good)[:-200], "cut off"),
    "an empty zip": (lambda good: zipped({}), "got none of them"),
    "a zip of pictures": (
        lambda good: zipped({f"{i}.png": png() for i in range(3)}), r"3 other files, such as 'tiny/0\.png'"
    ),
    "a zip in a zip": (lambda good: zipped({"tiny.zip": zipped(good)}), r"the file 'tiny/tiny\.zip'"),
    "a file too many": (lambda good: zipped({**good, "run.py": b"import os"}), r"the file 'tiny/run\.py'"),
    "a file too few": (
        lambda good: zipped({name: data for name, data in good.items() if name != "codes.safetensors"}),
        r"got no codes\.safetensors",
    ),
    "two models": (
        lambda good: zipped({f"{folder}/{name}": data for folder in "ab" for name, data in good.items()}, ""),
        "more than one model",
    ),
    "files in two folders": (
        lambda good: zipped({f"{i}/{name}": data for i, (name, data) in enumerate(good.items())}, ""),
        "more than one model",
    ),
    "a path outside": (lambda good: zipped(good, "../../models/evil/"), "a path outside"),
    "a path from the root": (lambda good: zipped(good, "/etc/"), "a path outside"),
    "a Windows path": (lambda good: zipped(good, "..\\evil\\"), "a path outside|other files"),
    "a drive": (lambda good: zipped(good, "C:/evil/"), "a path outside"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_models_zip_gets_a_sentence_with_what_was_expected_and_what_came(good: Files, wrong: str) -> None:
    make, came = WRONG[wrong]
    sentence = refused(make(good))
    assert "expected a zip with card.json" in sentence
    assert re.search(came, sentence), sentence


def raw(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for info, content in members:
            file.writestr(info, content)
    return packed.getvalue()


def test_a_link_is_not_followed(good: Files) -> None:
    link = zipfile.ZipInfo("tiny/model.safetensors")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    rest = [(zipfile.ZipInfo(f"tiny/{name}"), data) for name, data in good.items() if name != "model.safetensors"]
    assert "a link" in refused(raw([(link, b"/etc/passwd"), *rest]))


def test_a_password_and_a_rare_compression_are_named(good: Files) -> None:
    locked = bytearray(zipped(good))
    at = 0
    while (at := locked.find(b"PK\x01\x02", at)) >= 0:
        locked[at + 8] |= 1
        at += 4
    assert "password" in refused(bytes(locked))
    assert "compression" in refused(zipped(good, method=zipfile.ZIP_LZMA))


def test_a_bomb_is_refused_by_what_it_declares_and_by_what_it_unpacks_to(
    good: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 5_000_000)
    # 50 MB of zeros in a hundredth of that.
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in good.items():
            with file.open(f"tiny/{name}", "w") as member:
                for _ in range(50 if name == "codes.safetensors" else 0):
                    member.write(bytes(1_000_000))
                member.write(data)
    bomb = packed.getvalue()
    assert len(bomb) < 500_000
    tracemalloc.start()
    assert "at most 5.0 MB, got 50.0 MB unpacked" in refused(bomb)
    # The same one, but its list says that the file is small.
    lying = bytearray(bomb)
    at = lying.rfind(b"PK\x01\x02", 0, lying.rfind(b"codes.safetensors"))
    lying[at + 24 : at + 28] = struct.pack("<I", 1000)
    assert "damaged" in refused(bytes(lying))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_huge_card_is_refused_unread(good: Files) -> None:
    assert "card.json: expected at most 4.0 MB" in refused(
        zipped({**good, "card.json": b" " * 5_000_000}, method=zipfile.ZIP_DEFLATED)
    )


def test_a_list_of_a_million_files_is_refused_before_it_is_read(good: Files) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    listed = entry * 200_000
    content = listed + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(listed), 0, 0)
    tracemalloc.start()
    assert "too many files" in refused(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_more_bytes_than_a_model_may_have_are_refused_at_once(monkeypatch: pytest.MonkeyPatch, good: Files) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    assert "expected a zip of at most 0.0 MB" in refused(zipped(good))


def test_a_home_that_is_full_says_so(monkeypatch: pytest.MonkeyPatch, good: Files) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_DISK_MB", "0.001")
    assert "delete something first" in refused(zipped(good))


# --- a model that does not fit itself ---


def tensors(good: Files, name: str, **changes: Any) -> Files:
    """The model with other tensors (None: without one), and the right fingerprint of them."""
    have = {**load(good[name]), **changes}
    return with_file(good, name, save({key: value for key, value in have.items() if value is not None}))


def nan(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    changed = values.copy()
    changed.flat[0] = np.nan
    return changed


UNFIT: dict[str, tuple[Callable[[Files], Files], str]] = {
    "another fingerprint": (lambda f: {**f, "codes.safetensors": f["codes.safetensors"][:-1] + b"?"}, "SHA-256"),
    "a cut file": (lambda f: {**f, "model.safetensors": f["model.safetensors"][:-1]}, "expected 1.* bytes, got"),
    "no tensors": (lambda f: with_file(f, "model.safetensors", b"\x80\x04pickle"), "expected a safetensors file"),
    "weights with NaN": (
        lambda f: tensors(f, "model.safetensors", **{"decoder.0.bias": np.full(5, np.nan, np.float16)}),
        "finite values, got NaN or infinity in 'decoder.0.bias'",
    ),
    "weights of another shape": (
        lambda f: tensors(f, "model.safetensors", **{"decoder.0.bias": np.zeros(6, np.float16)}), r"\(5,\).*\(6,\)"
    ),
    "weights too large for the browser": (
        lambda f: tensors(f, "model.safetensors", **{"decoder.0.bias": np.full(5, 1e30, np.float32)}),
        "'decoder.0.bias' to be float16, got float32",
    ),
    "codes with NaN": (
        lambda f: tensors(f, "codes.safetensors", mu=nan(load(f["codes.safetensors"])["mu"])), "NaN or infinity in 'mu'"
    ),
    "sigma of zero": (
        lambda f: tensors(f, "codes.safetensors", sigma=np.zeros((5, 4, 2), np.float16)), "sigma to be positive"
    ),
    "labels without names": (
        lambda f: tensors(f, "codes.safetensors", labels=np.full(4, 7, np.int32)), "labels from 0 to 1, got 7 to 7"
    ),
    "labels that are fractions": (
        lambda f: tensors(f, "codes.safetensors", labels=np.full(4, 0.5)), "'labels' to be int32, got float64"
    ),
    "no test flags": (lambda f: tensors(f, "codes.safetensors", test=None), "'test'.*got none"),
    "statistics of other pixels": (
        lambda f: tensors(f, "statistics.safetensors", mean=np.zeros(7, np.float32)), "statistics.safetensors: expected"
    ),
    "a card for a wider network": (
        lambda f: with_card(f, config={**json.loads(f["card.json"])["config"], "hidden": [6]}), "model.safetensors"
    ),
    "a billion parameters": (
        lambda f: with_card(f, config={**json.loads(f["card.json"])["config"], "hidden": [60_000] * 32}),
        "model.safetensors: expected 'encoder.0.weight'",
    ),
    "a hundred million samples": (lambda f: with_card(f, samples=100_000_000), "codes.safetensors: expected 'mu'"),
    "more pixels than any picture": (
        lambda f: with_card(f, config={**json.loads(f["card.json"])["config"], "input_shape": [10**5, 10**5]}),
        "'input_shape' to be",
    ),
    "parameters that are not counted": (lambda f: with_card(f, parameters=5), "expected 5 parameters"),
    "one latent dimension": (
        lambda f: with_card(f, table=None, config={**json.loads(f["card.json"])["config"], "latent_dim": 1}),
        "at least 2 latent dimensions, got 1",
    ),
    "three latent dimensions, with weights for two": (
        lambda f: with_card(f, table=None, config={**json.loads(f["card.json"])["config"], "latent_dim": 3}),
        r"model.safetensors: expected 'encoder.1.weight' to have the shape \(5, 6\)",
    ),
    "a file that the card does not know": (
        lambda f: {**f, "samples.safetensors": b"?"}, "'files' to name every file of the model, got 'samples.safe"
    ),
}  # fmt: skip


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_model_that_does_not_fit_its_card_gets_a_sentence_that_names_the_file(good: Files, unfit: str) -> None:
    change, sentence = UNFIT[unfit]
    changed = change(good)
    tracemalloc.start()
    found = refused(zipped(changed))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert re.search(sentence, found), found
    assert found.split(":")[0] in library.FILES, "it starts with the file's name"
    assert peak < 20_000_000, "nothing is allocated for what a card only claims"


CARDS: dict[str, tuple[dict[str, Any], str]] = {
    "a path as data set": ({"dataset": "../../etc"}, "'dataset'"),
    "a name of two lines": ({"name": "a\nb"}, "'name'"),
    "no title": ({"title": ""}, "'title'"),
    "a long title": ({"title": "x" * 5000}, "texts of at most"),
    "half a character": ({"title": "\ud800"}, "surrogate"),
    "labels that are numbers": ({"label_names": ["a", 1]}, r"'label_names'\[1\]"),
    "no labels": ({"label_names": []}, "'label_names'"),
    "no samples": ({"samples": 0}, "'samples'"),
    "a huge number": ({"beta_collapse": 10**400}, "finite numbers"),
    "a training that took text": ({"training": {"seconds": "long"}}, r"'training'\['seconds'\]"),
    "a training of half an epoch": ({"training": {"epochs": 0.5}}, r"'training'\['epochs'\]"),
    "a curve of numbers": ({"curve": [1, 2]}, r"'curve'\[0\]"),
    "a curve without rates": ({"curve": [{**tiny_models.point(0.0), "train": {"distortion": 1.0}}]}, r"\['rate'\]"),
    "a table of more dimensions": (
        {"table": [{**tiny_models.row(beta), "marginal_kl": [[1, 0]] * 3} for beta in tiny_models.BETAS]},
        "'marginal_kl'",
    ),
    "a table with a list of three": (
        {"table": [{**tiny_models.row(beta), "more": [1, 2, 3]} for beta in tiny_models.BETAS]}, "'more'"
    ),
    "a foreign file": ({"files": {"../x": {"sha256": "", "bytes": 1}}}, "'files'"),
}  # fmt: skip


@pytest.mark.parametrize("case", CARDS)
def test_a_field_that_a_page_would_stumble_over_is_refused_where_it_stands(good: Files, case: str) -> None:
    changes, named = CARDS[case]
    prints = json.loads(good["card.json"])["files"]
    if "files" in changes:
        changes = {"files": {**prints, **changes["files"]}}
    sentence = refused(zipped(with_card(good, **changes)))
    assert sentence.startswith("card.json: ")
    assert re.search(named, sentence), sentence


def test_a_card_nested_without_end_is_refused(good: Files) -> None:
    assert "card.json" in refused(zipped({**good, "card.json": b"[" * 200_000}))


def test_a_title_from_the_zip_is_cleaned_and_shown_as_text(good: Files) -> None:
    name = archive.unpack(zipped(with_card(good, title="<b>new</b>\n\x07title \u202e!")), "me")
    assert load_card(library.folder_of(name))["title"] == "<b>new</b> title !"
    assert name == "b-new-b-title"

"""Stored data sets: what is written comes back, whole or not at all; and the `prepare` command that writes them."""

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from intake_files import colour, csv, grey, idx, png

from vae_core import Column, Dataset, DatasetError, as_floats, load_dataset, load_images_uint8, stored
from vae_core.cli import main
from vae_core.datasets import check_images


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LATENT_EXPLORER_DATA", raising=False)
    return tmp_path / "home"


def pictures(count: int = 60, title: str = "Mine") -> Dataset:
    labels = np.arange(count) % 2
    return Dataset("own", title, grey(count), labels, ("<b>a</b>", "👩‍🚀"), np.arange(count) % 10 == 0)


def table() -> Dataset:
    x = np.random.default_rng(0).random((60, 2)).astype(np.float32)
    columns = (Column("height", 1.5, 2.25, 2), Column("a / b", -1e9, 1e9, 0))
    return Dataset("own", "Table", x, np.zeros(60, np.int64), ("all",), np.zeros(60, bool), columns=columns)


def same(one: Dataset, other: Dataset) -> bool:
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("images", "labels", "test"))
    return arrays and (one.title, one.label_names, one.columns) == (other.title, other.label_names, other.columns)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("data", [pictures(), table()], ids=["pictures", "table"])
def test_what_is_stored_comes_back_as_a_view_of_its_file(data: Dataset) -> None:
    name = stored.store(data)
    back = load_dataset(name)
    assert same(back, data)
    assert back.name == name
    assert back.images.dtype == data.images.dtype
    for array in (back.images, back.labels, back.test):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable


def test_the_name_follows_from_what_it_holds(home: Path) -> None:
    name = stored.store(pictures())
    assert stored.is_name(name)
    assert stored.store(pictures()) == name
    assert stored.store(pictures(title="Other")) != name
    assert stored.store(pictures(58)) != name
    assert len(list((home / "datasets").glob("own-*"))) == 3


def test_stored_sets_are_listed_by_title_and_deleted(home: Path) -> None:
    assert stored.list_stored() == []
    b, a = stored.store(pictures(title="B")), stored.store(pictures(title="a"))
    (home / "datasets" / "own-000000000000").mkdir()
    (home / "datasets" / "own-000000000000" / "data.json").write_text("{")
    assert stored.list_stored() == [(a, "a"), (b, "B")]
    stored.delete(b)
    assert stored.list_stored() == [(a, "a")]
    assert [path.name for path in (home / "datasets").glob(".*")] == [stored.LOCK]
    with pytest.raises(DatasetError, match="found none"):
        stored.delete(b)


@pytest.mark.parametrize("name", ["own-../../../etc", "../x", "own-0123456789AB", "own-0123456789ab/..", "", "own-"])
def test_only_names_of_stored_sets_lead_to_folders(name: str) -> None:
    for asked in (stored.find, stored.delete, load_images_uint8, check_images, load_dataset):
        with pytest.raises(DatasetError):
            asked(name)


def test_originals_are_bytes_also_of_a_table_and_never_from_a_path(tmp_path: Path) -> None:
    name = stored.store(pictures())
    assert np.array_equal(load_images_uint8(name), grey(60))
    check_images(name)
    data = table()
    assert np.array_equal(load_images_uint8(stored.store(data)), np.rint(data.images * 255).astype(np.uint8))
    folder = tmp_path / stored.store(data, tmp_path)
    assert same(load_dataset(str(folder)), data)
    for asked in (load_images_uint8, check_images):  # their names come from cards, which may come from elsewhere
        with pytest.raises(DatasetError, match="unknown data set"):
            asked(str(folder))


def test_the_data_folder_may_hold_stored_sets_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = stored.store(pictures(), tmp_path / "data")
    with pytest.raises(DatasetError, match="found none"):
        check_images(name)
    assert len(load_images_uint8(name, tmp_path / "data")) == 60
    monkeypatch.setenv("LATENT_EXPLORER_DATA", str(tmp_path / "data"))
    assert load_dataset(name).title == "Mine"


def test_bytes_are_converted_where_they_are_used() -> None:
    rows = np.array([[0, 51, 255]], np.uint8)
    assert as_floats(rows).dtype == np.float32
    assert np.allclose(as_floats(rows), [[0, 0.2, 1]])
    floats = np.array([[0.25]], np.float32)
    assert as_floats(floats) is floats


def test_a_subset_keeps_labels_and_held_out_samples_together() -> None:
    data = pictures().subset(np.array([10, 3, 4]))
    assert np.array_equal(data.images, grey(60)[[10, 3, 4]])
    assert data.labels.tolist() == [0, 1, 0]
    assert data.test.tolist() == [True, False, False]


def test_a_data_set_that_cannot_be_trained_on_is_not_stored(home: Path) -> None:
    wrong = np.zeros((60, 3, 3), np.float32)
    for images, said in [
        (wrong, "all the same"),
        (wrong + np.nan, "NaN"),
        (wrong + 2, r"in \[0, 1\]"),
        (wrong[:1], "at least 2"),
    ]:
        n = len(images)
        with pytest.raises(DatasetError, match=said):
            stored.store(Dataset("own", "x", images, np.zeros(n, np.int64), ("all",), np.zeros(n, bool)))
    assert not home.exists()


def test_more_than_the_disk_limit_is_refused_and_nothing_is_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_DISK_MB", "0.005")
    with pytest.raises(DatasetError, match=r"expected at most .* which is what is left of"):
        stored.store(pictures())
    assert not home.exists()


@pytest.mark.parametrize("call", ["write", "fsync", "mkdir", "rename"])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = stored.store(pictures(title="before"))
    files = tree(home)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    targets = {"write": (np.lib.format, "write_array_header_1_0"), "fsync": (stored.os, "fsync")}  # type: ignore[attr-defined]
    monkeypatch.setattr(*targets.get(call, (Path, call)), full)
    with pytest.raises(DatasetError, match="No space left on device; nothing is stored"):
        stored.store(pictures())
    monkeypatch.undo()
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(home))
    assert tree(home) == files
    assert stored.list_stored() == [(before, "before")]


def test_storing_over_a_damaged_set_mends_it(home: Path) -> None:
    name = stored.store(pictures())
    (home / "datasets" / name / "samples.npy").write_bytes(b"")
    assert stored.store(pictures()) == name
    assert same(load_dataset(name), pictures())
    assert [path.name for path in (home / "datasets").glob(".*")] == [stored.LOCK]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "of format 1, got format 2"),
        ({"label_names": ["only one"]}, "labels from 0 to 0, got 0 to 1"),
        ({"label_names": []}, "a list of names"),
        ({"samples": 59}, r"shape \(59, 12, 10\) as data.json says"),
        ({"samples": True}, "whole number"),
        ({"shape": [12, "10"]}, "a list of sizes"),
        ({"dtype": "object"}, "uint8 or float32"),
        ({"dtype": "float32"}, "expected float32"),
        ({"name": "../x"}, "twelve hexadecimal digits"),
        ({"title": None}, "'title' to be text"),
        ({"columns": [{"name": "a", "low": 0, "high": 1, "decimals": 0}]}, "expected 1 numbers a sample"),
        ({"columns": [{"name": "a", "low": 1, "high": 1, "decimals": 0}]}, "a list of columns"),
    ],
)
def test_facts_that_do_not_fit_are_named(home: Path, change: dict[str, Any], said: str) -> None:
    file = home / "datasets" / stored.store(pictures()) / "data.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(DatasetError, match=said):
        load_dataset(file.parent.name)


@pytest.mark.parametrize("file", ["data.json", "samples.npy", "labels.npy", "test.npy"])
def test_a_damaged_file_is_named(home: Path, file: str) -> None:
    path = home / "datasets" / stored.store(pictures()) / file
    whole = path.read_bytes()
    pickled = b"\x80\x04K\x01."
    for content in (b"", whole[: len(whole) // 2], b"\0" * 300, pickled, None):
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(DatasetError, match=f"{file}|found none"):
            load_dataset(path.parent.name)


# The command.


def prepared(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["prepare", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_prepare_stores_a_table_and_says_how_to_train_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my table.csv"
    file.write_bytes(csv(["a", "b", "kind"], [[i, "" if i == 3 else i * 2, "xy"[i % 2]] for i in range(60)]))
    status, out, _ = prepared(capsys, str(file), "--title", "A title")
    assert status == 0
    [(name, title)] = stored.list_stored()
    assert title == "A title"
    assert f"python -m vae_core train {name} --out DIR" in out
    assert "1 of 60 rows are dropped, as they lack a value" in out
    assert "2 classes from kind" in out
    assert len(load_dataset(name).images) == 59


def test_prepare_takes_a_folder_of_pictures_and_writes_where_one_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    for i, picture in enumerate(colour(6, 40, 40)):
        (tmp_path / "pets" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / "ab"[i % 2] / f"{i}.png").write_bytes(png(picture))
    options = ["--out", str(tmp_path / "out"), "--size", "16", "--grey"]
    status, out, _ = prepared(capsys, str(tmp_path / "pets"), *options)
    assert status == 0
    [folder] = (tmp_path / "out").iterdir()
    data = load_dataset(str(folder))
    assert (data.title, data.label_names, data.input_shape) == ("pets", ("a", "b"), (16, 16))
    assert f"train {folder}" in out
    assert not home.exists()


def test_prepare_can_do_without_labels_and_fill_missing_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(csv(["a", "b", "kind"], [[i, "" if i == 3 else i * 2, "xy"[i % 2]] for i in range(60)]))
    assert prepared(capsys, str(file), "--label", "none", "--missing", "median")[0] == 0
    [(name, _)] = stored.list_stored()
    data = load_dataset(name)
    assert (data.label_names, len(data.images)) == (("all",), 60)


def test_prepare_reads_idx_pairs_by_their_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i.gz").write_bytes(idx(grey(60)))
    (tmp_path / "l.gz").write_bytes(idx((np.arange(60) % 3).astype(np.uint8)))
    assert prepared(capsys, str(tmp_path / "i.gz"), str(tmp_path / "l.gz"))[0] == 0


def test_prepare_refuses_with_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], home: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\nx,y\nz,w\n")
    status, out, err = prepared(capsys, str(tmp_path / "a.csv"))
    assert (status, out) == (2, "")
    assert err == "error: 'a.csv': expected at least one column of numbers, got 2 of text: 'a', 'b'\n"
    assert "expected a file or a folder" in prepared(capsys, str(tmp_path / "nothing"))[2]
    assert not home.exists()

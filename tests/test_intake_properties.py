"""Whatever comes, whole or damaged: a data set to train on, or one sentence; and no file elsewhere changes."""

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from intake_files import colour, csv, grey, idx, jpeg, npy, npz, png, zipped
from PIL import Image

from vae_core import DatasetError, load_dataset, stored
from vae_core.intake import IntakeError, Limits, read_upload

# Small bounds, so that small files reach them.
LIMITS = Limits(
    upload_bytes=200_000, unpacked_bytes=400_000, ratio_from=100_000, entries=40, picture_pixels=40_000, samples=60
)
Files = list[tuple[str, bytes]]
names = st.text(max_size=30) | st.sampled_from(
    ["../../x.png", "/etc/passwd", "a/b.png", ".png", "a.csv", "x\0.npz", "é🐈.zip"]
)
cells = (
    st.text(max_size=8) | st.floats().map(str) | st.integers().map(str) | st.sampled_from(["", "NA", "1,5", '"', "inf"])
)
numbers = st.sampled_from(["u1", "<i2", ">i4", "<f4", ">f8", "<f2", "?", "<c8", "U3"]).map(np.dtype)
array = numbers.flatmap(
    lambda kind: arrays(
        kind,
        array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6) | array_shapes(min_dims=2, max_dims=3, min_side=2),
    )
)
delimiter = st.sampled_from([",", ";", "\t", "|", " "])


@st.composite
def table(draw: st.DrawFn) -> bytes:
    width, ragged = draw(st.integers(1, 5)), draw(st.sampled_from([0, 0, 0, 1]))
    kinds = draw(st.lists(st.sampled_from([cells, st.integers().map(str)]), min_size=width, max_size=width))
    rows = draw(st.lists(st.tuples(*kinds).map(list), max_size=12))
    rows += draw(st.lists(st.lists(cells, max_size=6), max_size=ragged))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    return csv(rows[0] if rows else None, rows[1:], delimiter=draw(delimiter)).decode().encode(encoding, "replace")


@st.composite
def picture(draw: st.DrawFn) -> bytes:
    height, width, seed = draw(st.integers(1, 90)), draw(st.integers(1, 90)), draw(st.integers(0, 9))
    kind = draw(st.sampled_from([grey, colour]))
    return draw(st.sampled_from([png, jpeg]))(kind(1, height, width, seed=seed)[0])


content = picture() | st.binary(max_size=80) | st.builds(npy, array)
archive = st.builds(zipped, st.dictionaries(names.map(lambda name: name or "x"), content, max_size=6))
whole: st.SearchStrategy[Files] = st.one_of(
    st.builds(lambda a: [("a.npy", npy(a))], array),
    st.builds(lambda x, y: [("a.npz", npz(x=x, y=y))], array, array),
    st.builds(lambda c: [("a.csv", c)], table()),
    st.builds(lambda c: [("a.zip", c)], archive),
    st.builds(lambda cs: [(f"{i}.png", c) for i, c in enumerate(cs)], st.lists(picture(), max_size=4)),
    st.builds(
        lambda n, m: [("i", idx(grey(n))), ("l", idx(np.zeros(m, np.uint8)))], st.integers(0, 4), st.integers(0, 4)
    ),
    st.lists(st.tuples(names, content), max_size=3),
)
GOOD: dict[str, Files] = {
    "npy": [("a.npy", npy(grey(5, 4, 3)))],
    "npz": [("a.npz", npz(x=colour(5, 4, 3), y=np.arange(5)))],
    "table": [("a.csv", csv(["a", "b", "label"], [[i, i * 0.5, "xy"[i % 2]] for i in range(9)]))],
    "zip": [("a.zip", zipped({f"{'ab'[i % 2]}/{i}.png": png(p) for i, p in enumerate(grey(4))}))],
    "stored zip": [("a.zip", zipped({f"{i}.png": png(p) for i, p in enumerate(grey(4))}, method=zipfile.ZIP_STORED))],
    "jpeg": [(f"{i}.jpg", jpeg(p)) for i, p in enumerate(colour(3))],
    "palette": [
        (f"{i}.png", io.BytesIO().getvalue() or png(np.asarray(Image.fromarray(p)))) for i, p in enumerate(grey(3))
    ],
    "idx": [("i.gz", idx(grey(4))), ("l.gz", idx(np.arange(4, dtype=np.uint8)))],
    "bare idx": [("i", idx(grey(4), packed=False))],
}


@st.composite
def damaged(draw: st.DrawFn) -> Files:
    """Good files of every kind with some bytes changed, cut out or put in."""
    files = draw(st.sampled_from(sorted(GOOD)).map(GOOD.__getitem__))
    at = draw(st.integers(0, len(files) - 1))
    name, content = files[at]
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(changed)))
        end = start + draw(st.integers(0, 6) | st.sampled_from([0, 1, 2, 3, len(changed)]))
        changed[start:end] = draw(st.binary(max_size=6) | st.sampled_from([b"", b"1", b",", b"\n", b"\0"]))
    return [*files[:at], (name, bytes(changed)), *files[at + 1 :]]


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("around")
    (folder / "precious.txt").write_text("as it was")
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    return folder


@pytest.fixture
def elsewhere(around: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, bytes]]:
    """What is in the folders around the home, which no upload may touch; the current folder is one of them."""
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(around / "home"))
    monkeypatch.chdir(around / "work")

    def files() -> dict[str, bytes]:
        found = {}
        for folder, folders, inner in os.walk(around):
            if Path(folder) == around:
                folders.remove("home")
            found |= {str(Path(folder, name)): Path(folder, name).read_bytes() for name in inner}
            found |= {str(Path(folder, name)): b"" for name in folders}
        return found

    return files


def check(files: Files) -> None:
    """The promise: a data set, or one sentence."""
    try:
        upload = read_upload(files, limits=LIMITS)
        choices = upload.defaults()
        steps, preview, labels = upload.steps(choices), upload.preview(choices), upload.label_names
        data = upload.dataset(choices)
    except IntakeError as error:
        check_sentence(str(error))
        return
    data.check()
    assert steps
    assert labels
    assert (preview.sheet is None) != (preview.rows is None)
    assert data.labels.min() >= 0
    assert data.labels.max() < len(data.label_names) <= 51
    for text in (data.title, *data.label_names, *(column.name for column in data.columns)):
        assert 0 < len(text) <= 66
        assert not {chr(code) for code in range(32)} & set(text)
    try:
        back = load_dataset(stored.store(replace(data)))
    except DatasetError as error:
        raise AssertionError("what was read could not be stored") from error
    assert np.array_equal(back.images, data.images)
    stored.delete(back.name)


def check_sentence(text: str) -> None:
    assert text
    assert "\n" not in text
    assert len(text) < 1_000
    text.encode()  # no half of a surrogate pair


SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SETTINGS
@given(files=whole)
def test_generated_files_give_a_data_set_or_one_sentence(
    elsewhere: Callable[[], dict[str, bytes]], files: Files
) -> None:
    before = elsewhere()
    check(files)
    assert elsewhere() == before


@SETTINGS
@given(files=damaged())
def test_damaged_files_give_a_data_set_or_one_sentence(elsewhere: Callable[[], dict[str, bytes]], files: Files) -> None:
    before = elsewhere()
    check(files)
    assert elsewhere() == before


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_the_files_that_are_damaged_above_are_good_ones(elsewhere: Callable[[], dict[str, bytes]], kind: str) -> None:
    upload = read_upload(GOOD[kind], limits=LIMITS)
    upload.dataset(upload.defaults()).check()

"""Whose a stored data set or a kept model is: marks, what is everybody's, and what may be deleted by whom."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
import tiny_models
from streamlit.testing.v1 import AppTest

from ui import frame
from ui.train import belongings, keep, mine, offers, runner
from vae_core import home, library, stored
from vae_core.cli import main
from vae_core.datasets import Dataset, DatasetError
from vae_core.intake import read_upload
from vae_core.trainings import MOST_OF_AN_OWNER, Request, Training, Trainings

ROOT = Path(__file__).parents[1]
ANN, BOB = "a" * 32, "b" * 32
CSV = "x,y\n" + "\n".join(f"{i},{i * i % 17}" for i in range(60))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test's own, in which no training is ever started."""
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    # The thread itself, not what it calls: it would outlive the test, and start trainings once that is over.
    monkeypatch.setattr(runner, "_dispatch", lambda found: None)
    return tmp_path / "home"


def pictures() -> Dataset:
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4), dtype=np.uint8)
    return Dataset("own", "Pictures", images, np.zeros(20, np.int64), ("all",), np.zeros(20, bool))


def titles(owner: str) -> list[str]:
    return [title for _, title in belongings.mine(owner)]


def queue(owner: str, dataset: str) -> str:
    fields = {"title": "x", "size": "small", "hidden": (8,), "seconds": 3.0, "created": 1.0}
    return Trainings(home.trainings_folder()).submit(Request(owner=owner, dataset=dataset, **fields))  # type: ignore[arg-type]


# --- data sets ---


def test_what_was_prepared_for_everybody_cannot_be_taken_over_by_who_brings_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    assert main(["prepare", str(tmp_path / "t.csv")]) == 0
    upload = read_upload([("t.csv", CSV.encode())])
    name = stored.store(upload.dataset(upload.defaults()), owner=ANN)
    assert stored.owners(name) == {stored.EVERYBODY}
    assert not belongings.is_mine(name, ANN)
    with pytest.raises(DatasetError, match="found none"):
        stored.give_up(name, ANN)
    assert titles(ANN) == titles(BOB) == ["t"]


def test_what_was_brought_before_it_was_prepared_for_everybody_stays_when_its_owner_gives_it_up() -> None:
    name = stored.store(pictures(), owner=ANN)
    assert titles(BOB) == []
    stored.store(pictures(), owner=stored.EVERYBODY)
    stored.give_up(name, ANN)
    assert titles(BOB) == ["Pictures"]


def test_an_upload_is_never_there_without_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        seen.append([path.name for path in (self / stored.OWNERS).iterdir()])
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    stored.store(pictures(), owner=ANN)
    assert seen == [[ANN]]


def test_a_data_set_without_any_mark_is_nobodys() -> None:
    stored.store(pictures())
    assert len(stored.list_stored()) == 1
    assert titles(ANN) == []


def test_mending_a_damaged_set_keeps_its_owners(own_folder: Path) -> None:
    name = stored.store(pictures(), owner=ANN)
    (own_folder / "datasets" / name / "samples.npy").write_bytes(b"")
    stored.store(pictures(), owner=BOB)
    assert stored.owners(name) == {ANN, BOB}


def test_who_stores_a_set_while_another_gives_it_up_has_it_afterwards() -> None:
    for _ in range(20):
        name = stored.store(pictures(), owner=ANN)
        with ThreadPoolExecutor(2) as both:
            gone, came = both.submit(stored.give_up, name, ANN), both.submit(stored.store, pictures(), owner=BOB)
        gone.result()
        assert came.result() == name
        assert stored.owners(name) == {BOB}
        assert len(stored.load(stored.find(name)).images) == 20
        stored.give_up(name, BOB)


def test_what_a_killed_process_left_is_removed_after_an_hour(own_folder: Path) -> None:
    old, young = (own_folder / "datasets" / name for name in (".new-1-old", ".old-1-young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "samples.npy").write_bytes(b"part")
    hours_ago = time.time() - 2 * stored.STALE_SECONDS
    for path in (old / "samples.npy", old):
        os.utime(path, (hours_ago, hours_ago))
    stored.store(pictures(), owner=ANN)
    assert not old.exists()
    assert young.exists(), "somebody may still be at it"


def test_a_training_that_somebody_else_has_hinders_only_deleting_the_last_copy() -> None:
    name = stored.store(pictures(), owner=ANN)
    stored.store(pictures(), owner=BOB)
    queue(BOB, name)
    assert not offers._is_in_use(name, ANN)
    assert offers._is_in_use(name, BOB)
    stored.give_up(name, BOB)
    assert offers._is_in_use(name, ANN)


# --- models ---


def test_the_same_model_of_two_people_is_kept_by_each_under_their_own_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINTS", str(tmp_path / "none"))
    folder = tiny_models.make(tmp_path / "fresh")
    asked = Request(owner=BOB, dataset="digits", title="x", size="small", hidden=(8,), seconds=3.0, created=1.0)
    training = Training("1" * 16, tmp_path, asked, "finished", model_folder=folder)
    library.keep(folder, title="Ann’s", owner=ANN)
    assert keep.kept_as(training) is None
    name = library.keep(folder, title="Bob’s", owner=BOB)
    assert keep.kept_as(training) == name
    assert keep.kept_as(replace(training, model_folder=None)) is None


# --- the page ---


def open_page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page(frame.PAGES["train"]).run()


def test_what_was_made_of_an_upload_goes_when_another_page_or_a_training_opens() -> None:
    app = open_page()
    app.file_uploader(key="train-files-0").set_value([("t.csv", CSV.encode(), "text/csv")]).run()
    brought = app.session_state["train_upload"]
    assert brought.dataset is not None
    who = hashlib.sha256(app.session_state["owner"].encode()).hexdigest()[:32]
    app.query_params["training"] = queue(who, "digits")
    app.run()
    assert not app.exception
    assert "train_upload" not in app.session_state
    start = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    start.session_state["train_upload"] = brought
    start.run()
    assert not start.exception
    assert "train_upload" not in start.session_state


def test_an_upload_survives_further_runs_of_its_own_page(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict[str, object] = {"train_upload": "brought"}
    monkeypatch.setattr(st, "session_state", session)
    monkeypatch.setattr(frame, "say", lambda key: key)
    monkeypatch.setattr(st, "Page", lambda *_, **__: None)
    for path, stays in (("train", True), ("glossary", False)):
        monkeypatch.setattr(st, "navigation", lambda *_, path=path, **__: SimpleNamespace(url_path=path))
        frame.navigation()
        assert ("train_upload" in session) == stays


@pytest.mark.parametrize("count", [mine.SAID_FROM - 1, mine.SAID_FROM])
def test_a_long_list_of_trainings_says_how_many_are_stored(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.train.owner.current", lambda: ANN)
    for _ in range(count):
        queue(ANN, "digits")
    app = open_page()
    assert not app.exception
    said = [caption.value for caption in app.caption if f"At most {MOST_OF_AN_OWNER}" in caption.value]
    assert len(said) == (count >= mine.SAID_FROM)

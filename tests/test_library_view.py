"""Kept models on the pages: in every picker and in the gallery, deletable by their owner, harmless when broken."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_models
from streamlit.testing.v1 import AppTest

from ui import cache, controls, frame, start_view
from ui.train import owner
from vae_core import archive, library

ROOT = Path(__file__).parents[1]
PAGES = ("start", "story", "map", "weight")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own; one model that ships."""
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINTS", str(tmp_path / "shipped"))
    shutil.copytree(ROOT / "checkpoints" / "digits", tmp_path / "shipped" / "digits")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A model that a training has finished."""
    return tiny_models.make(tmp_path / "training" / "fresh")


def open_app(page: str = "map", **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page(frame.PAGES[page]).run()


def picker(app: AppTest) -> Any:
    (found,) = (group for group in app.get("button_group") if group.key == "model")
    return found


def test_a_kept_model_opens_on_every_page_and_its_title_is_text(fresh: Path) -> None:
    name = library.keep(fresh, title="![x](http://x) <b>mine</b>", owner="somebody")
    for page in PAGES:
        app = open_app(page, model=name)
        assert not app.exception, page
        assert not app.error, page
        assert picker(app).value == name
        assert not any("](http" in option for option in picker(app).options)


def test_a_kept_model_is_in_the_gallery_with_its_picture(fresh: Path) -> None:
    name = library.keep(fresh, title="Faces", owner="somebody")
    card = start_view.gallery_card(name, "Faces")
    assert card["picture"].startswith("data:image/png;base64,")
    assert (card["samples"], card["shape"], card["complaint"]) == (4, [2, 3], "")


@pytest.mark.parametrize("file", ["card.json", "codes.safetensors"])
def test_a_broken_kept_model_breaks_no_page(fresh: Path, file: str) -> None:
    name = library.keep(fresh, title="Faces", owner="somebody")
    (library.folder_of(name) / file).write_bytes(b"{")
    for page in PAGES:
        app = open_app(page)
        assert not app.exception, page
        assert not app.error, page
    app = open_app("map", model=name)
    assert not app.exception
    assert file in app.error[0].value.replace("\\", "")
    assert "expected" in start_view.gallery_card(name, "Faces")["complaint"]


def test_a_model_that_is_deleted_under_ones_hands_gets_a_sentence_and_another_is_shown(fresh: Path) -> None:
    name = library.keep(fresh, title="My faces", owner="somebody")
    app = open_app("map", model=name)
    library.delete(name, "somebody")
    app.run()
    assert not app.exception
    assert not app.error
    (warning,) = app.warning
    assert "My faces" in warning.value
    assert "Handwritten digits" in warning.value
    assert picker(app).value == "digits"
    picker(app).set_value("digits").run()
    assert not app.exception


@pytest.mark.parametrize("part", ["load_weights", "load_statistics"])
def test_a_part_that_is_gone_when_a_page_asks_for_it_gets_a_sentence(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    name = library.keep(fresh, title="Faces", owner="somebody")
    model = cache.open_model(name)
    monkeypatch.setattr(cache, "open_model", lambda _: model)
    file = {"load_weights": "model.safetensors", "load_statistics": "statistics.safetensors"}[part]
    (library.folder_of(name) / file).unlink()
    cache.encoder_for.clear()
    cache.statistics_for.clear()
    app = open_app("story", model=name)
    assert not app.exception
    said = [*app.error, *app.warning]
    assert file in said[0].value.replace("\\", "")


def test_only_its_owner_is_offered_to_delete_a_model_and_it_asks_first(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "current", lambda: "me")
    theirs = library.keep(fresh, title="Theirs", owner="you")
    mine = library.keep(fresh, title="Mine", owner="me")
    for name in ("digits", theirs):
        assert [b for b in open_app("map", model=name).button if b.key and "delete" in b.key] == []
    app = open_app("map", model=mine)
    (sure,) = (button for button in app.button if button.key == f"library-delete-{mine}")
    assert "Mine" in " ".join(text.value for text in app.markdown)
    assert library.is_kept(mine)
    sure.click().run()
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert library.names() == ["digits", theirs]
    assert picker(app).value == "digits"


def test_a_broken_model_can_still_be_deleted_by_its_owner(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "current", lambda: "me")
    mine = library.keep(fresh, title="Mine", owner="me")
    (library.folder_of(mine) / "codes.safetensors").unlink()
    app = open_app("map", model=mine)
    assert "codes.safetensors" in app.error[0].value.replace("\\", "")
    (sure,) = (button for button in app.button if button.key == f"library-delete-{mine}")
    sure.click().run()
    assert not app.exception
    assert not app.error
    assert library.names() == ["digits"]


def test_deleting_what_is_gone_already_is_no_error_on_the_page(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "current", lambda: "me")
    mine = library.keep(fresh, title="Mine", owner="me")
    app = open_app("map", model=mine)
    (sure,) = (button for button in app.button if button.key == f"library-delete-{mine}")
    library.delete(mine, "me")
    sure.click().run()
    assert not app.exception
    assert picker(app).value == "digits"


def test_more_models_than_fit_side_by_side_fold_into_a_list(fresh: Path) -> None:
    for title in ("One", "Two", "Three"):
        library.keep(fresh, title=title, owner="somebody")
    assert sorted(picker(open_app()).options) == sorted(["Handwritten digits", "One", "Two", "Three"])
    last = library.keep(fresh, title="Three", owner="somebody")
    app = open_app()
    assert app.selectbox[0].options[0] == "Handwritten digits", "what ships comes first"
    assert app.selectbox[0].options[1:] == [f"Three ({last})", "Three (three)", "Two", "One"]


def test_long_titles_fold_into_a_list_too(fresh: Path) -> None:
    library.keep(fresh, title="A very long title " * 5, owner="somebody")
    assert not [group for group in open_app().get("button_group") if group.key == "model"]


def test_titles_are_read_once_as_long_as_the_cards_stay_the_same(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = library.keep(fresh, title="Faces", owner="somebody")
    assert controls.titles_of([name]) == {name: "Faces"}
    read = []
    monkeypatch.setattr(cache, "load_card", lambda folder: read.append(folder) or {"title": "New"})
    assert controls.titles_of([name]) == {name: "Faces"}
    assert read == []
    (library.folder_of(name) / "card.json").write_text("{}")
    assert controls.titles_of([name]) == {name: "New"}


def uploader(app: AppTest) -> Any:
    return app.file_uploader[0]


def test_an_uploaded_model_is_kept_for_this_person_and_chosen(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "current", lambda: "me")
    app = open_app("map")
    uploader(app).upload("faces.zip", archive.pack(fresh), "application/zip").run()
    assert not app.exception
    assert not app.error
    assert library.names() == ["digits", "tiny"]
    assert library.owner_of("tiny") == "me"
    assert picker(app).value == "tiny"
    app.run()
    assert library.names() == ["digits", "tiny"], "it is brought once, not in every run"


def test_a_refused_upload_gets_its_sentence_and_changes_nothing(fresh: Path) -> None:
    app = open_app("map")
    uploader(app).upload("<b>cat</b>.zip", b"PK, or not", "application/zip").run()
    assert not app.exception
    (error,) = app.error
    assert "\\<b\\>cat" in error.value
    assert "expected a zip with card" in error.value.replace("\\", "")
    assert library.names() == ["digits"]
    assert picker(app).value == "digits"
    app.run()
    assert len(app.error) == 1, "it stays as long as the file is there"

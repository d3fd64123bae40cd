"""The library: what is kept appears whole and under a safe name, belongs to one person, and goes when that one says."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_models

from vae_core import CheckpointError, home, library, load_card, load_codes
from vae_core.checkpoints import list_models, load_weights


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own; two models that ship."""
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINTS", str(tmp_path / "shipped"))
    for name in ("another", "digits"):
        tiny_models.make(tmp_path / "shipped" / name)
    return tmp_path / "home" / "models"


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A model that a training has finished."""
    return tiny_models.make(tmp_path / "training" / "fresh")


def test_a_kept_model_is_the_finished_one_under_its_new_title(finished: Path) -> None:
    before = tiny_models.files(finished)
    name = library.keep(finished, title="My faces", owner="me")
    folder = library.folder_of(name)
    assert (name, folder.parent) == ("my-faces", home.models_folder())
    card = load_card(folder)
    assert (card["name"], card["title"]) == ("my-faces", "My faces")
    assert {**card, "name": "fresh", "title": "Tiny"} == load_card(finished)
    kept = tiny_models.files(folder)
    for file in before.keys() - {"card.json"}:
        assert kept[file] == before[file]
    assert tiny_models.files(finished) == before, "the training's own folder stays as it was"


def test_models_that_ship_come_first_then_kept_ones_newest_first(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second, title in enumerate(("b", "c", "a")):
        monkeypatch.setattr(time, "time", lambda second=second: 1e9 + second)
        library.keep(finished, title=title, owner="me")
    assert library.names() == ["digits", "another", "a", "c", "b"]


def test_the_order_does_not_change_when_a_kept_model_gets_another_file(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second, title in enumerate(("old", "new")):
        monkeypatch.setattr(time, "time", lambda second=second: 1e9 + second)
        library.keep(finished, title=title, owner="me")
    (library.folder_of("old") / "card.json").touch()
    assert library.names()[-2:] == ["new", "old"]


TITLES = {
    "Ärger im Büro": "arger-im-buro",
    "a/b\\c:d": "a-b-c-d",
    "../../etc/passwd": "etc-passwd",
    "<script>alert(1)</script>": "script-alert-1-script",
    "😀🎉": "model",
    "手写数字": "model",
    "...": "model",
    "CON": "model-con",
    "com7": "model-com7",
    "reference": "model-reference",
    "x" * 300: "x" * 40,
    "digits": "digits-2",
}


@pytest.mark.parametrize("title", TITLES)
def test_any_title_gives_a_name_that_every_file_system_takes(finished: Path, title: str) -> None:
    name = library.keep(finished, title=title, owner="me")
    assert name == TITLES[title]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert load_card(library.folder_of(name))["title"] == title[:80], "the title itself is text like any other"


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("  two\n words\t", "two words"),
        ("right\u202eleft\u2066 \x00\x07\x1b[0m", "rightleft [0m"),
        ("\ud800half", "half"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("x" * 100, "x" * 80),
        ("\x00 \u200b", "Tiny"),
        ("", "Tiny"),
    ],
)
def test_a_title_is_one_line_of_what_can_be_seen_else_the_cards_own(finished: Path, title: str, cleaned: str) -> None:
    name = library.keep(finished, title=title, owner="me")
    assert load_card(library.folder_of(name))["title"] == cleaned


def test_equal_titles_get_names_of_their_own(finished: Path) -> None:
    names = [library.keep(finished, title="Faces", owner="me") for _ in range(3)]
    assert names == ["faces", "faces-2", "faces-3"]


def test_the_owner_stands_beside_the_model_and_not_in_it(finished: Path) -> None:
    name = library.keep(finished, title="Faces", owner="token-of-mine")
    assert library.owner_of(name) == "token-of-mine"
    for content in tiny_models.files(library.folder_of(name)).values():
        assert b"token-of-mine" not in content


def test_only_the_owner_deletes_a_kept_model(finished: Path, models: Path) -> None:
    name = library.keep(finished, title="Faces", owner="me")
    for other in ("you", "", "m", "me2"):
        with pytest.raises(CheckpointError, match="only the person who kept"):
            library.delete(name, other)
    assert library.is_kept(name)
    library.delete(name, "me")
    assert name not in library.names()
    assert not library.is_kept(name)
    assert [path.name for path in models.rglob("*")] == [".owners"], "nothing is left of it"


def test_a_model_that_nobody_owns_is_nobodys_to_delete(finished: Path, models: Path) -> None:
    name = library.keep(finished, title="Faces", owner="")
    (models / ".owners" / f"{name}.json").unlink()
    assert library.owner_of(name) is None
    for token in ("", "None", "me"):
        with pytest.raises(CheckpointError, match="only the person"):
            library.delete(name, token)


def test_models_that_ship_cannot_be_deleted() -> None:
    with pytest.raises(CheckpointError, match="those that ship cannot be deleted"):
        library.delete("digits", "me")
    assert "digits" in library.names()


NO_MODELS = ["gone", "../training/fresh", "", ".", "..", ".owners", "a/b", "a\\b", "x\0y", "é" * 200]


@pytest.mark.parametrize("name", NO_MODELS)
def test_a_name_that_is_none_of_the_models_leads_nowhere(finished: Path, name: str) -> None:
    library.keep(finished, title="Faces", owner="me")
    with pytest.raises(CheckpointError):
        library.folder_of(name)
    with pytest.raises(CheckpointError, match="not there"):
        library.delete(name, "me")
    assert not library.is_kept(name)
    assert library.owner_of(name) is None


def test_a_model_deleted_a_second_time_gets_a_sentence(finished: Path) -> None:
    name = library.keep(finished, title="Faces", owner="me")
    library.delete(name, "me")
    with pytest.raises(CheckpointError, match="not there any more"):
        library.delete(name, "me")


def test_a_name_that_is_free_again_starts_with_a_new_owner(finished: Path) -> None:
    library.delete(library.keep(finished, title="Faces", owner="me"), "me")
    assert library.keep(finished, title="Faces", owner="you") == "faces"
    assert library.owner_of("faces") == "you"


def cut(folder: Path) -> None:
    (folder / "codes.safetensors").write_bytes((folder / "codes.safetensors").read_bytes()[:-3])


def swap(folder: Path) -> None:
    (folder / "statistics.safetensors").write_bytes(b"x" * (folder / "statistics.safetensors").stat().st_size)


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no card": (lambda folder: (folder / "card.json").unlink(), r"^card.json: .*missing"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), r"^model.safetensors: .*missing"),
    "cut codes": (cut, r"^codes.safetensors: expected \d+ bytes"),
    "other statistics": (swap, "^statistics.safetensors: .*SHA-256"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_model_that_cannot_be_loaded_is_not_kept_and_the_sentence_names_the_file(
    finished: Path, models: Path, damage: str
) -> None:
    harm, sentence = DAMAGE[damage]
    harm(finished)
    with pytest.raises(CheckpointError, match=sentence) as caught:
        library.keep(finished, title="Faces", owner="me")
    assert str(models) not in str(caught.value)
    assert library.names() == ["digits", "another"]
    assert [path for path in models.rglob("*") if path.is_file()] == []


def test_a_full_home_says_how_much_there_is_and_keeps_nothing(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_DISK_MB", "0.001")
    with pytest.raises(CheckpointError, match="delete something first"):
        library.keep(finished, title="Faces", owner="me")
    assert home.used_bytes() == 0


def test_a_full_disk_gets_a_sentence_and_leaves_nothing(
    finished: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(CheckpointError, match="No space left"):
        library.keep(finished, title="Faces", owner="me")
    assert list(models.iterdir()) == []


class Killed(BaseException):
    """Stands for a process that ends in the middle."""


@pytest.mark.parametrize("step", ["copyfile", "rename"])
def test_a_keep_that_breaks_off_shows_no_half_of_a_model(
    finished: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(*(("shutil.copyfile", killed) if step == "copyfile" else (Path, "rename", killed)))
    with pytest.raises(Killed):
        library.keep(finished, title="Faces", owner="me")
    monkeypatch.undo()
    assert list_models(home.models_folder()) == []


def test_what_a_killed_server_left_is_swept_away_later_and_what_is_in_use_is_not(finished: Path, models: Path) -> None:
    kept = library.keep(finished, title="Kept", owner="me")
    old, new = models / ".new-old", models / ".new-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "codes.safetensors").write_bytes(b"half")
    orphan = models / ".owners" / "faces.json"
    orphan.write_text("{")
    long_ago = time.time() - 7200
    for path in (old, orphan, models / ".owners" / f"{kept}.json", models / ".owners"):
        os.utime(path, (long_ago, long_ago))
    assert library.keep(finished, title="Faces", owner="me") == "faces"
    assert not old.exists()
    assert new.exists()
    assert library.owner_of(kept) == "me"


@pytest.mark.parametrize("record", ["", "{", "[]", '{"owner": 3, "kept": "soon"}', '{"kept": NaN}', "[" * 100_000])
def test_a_damaged_record_makes_a_model_nobodys_and_nothing_worse(finished: Path, models: Path, record: str) -> None:
    name = library.keep(finished, title="Faces", owner="me")
    (models / ".owners" / f"{name}.json").write_text(record)
    assert library.names()[-1] == name
    assert library.owner_of(name) is None


def _keep_one(finished: str, owner: str, start: Any, names: Any) -> None:
    start.wait()
    names.put(library.keep(finished, title="Same", owner=owner))


def test_servers_that_keep_at_the_same_moment_each_get_a_model_of_their_own(finished: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, names = context.Event(), context.Queue()
    servers = [context.Process(target=_keep_one, args=(str(finished), f"owner-{i}", start, names)) for i in range(4)]
    for server in servers:
        server.start()
    start.set()
    found = sorted(names.get(timeout=60) for _ in servers)
    for server in servers:
        server.join(timeout=60)
    assert found == ["same", "same-2", "same-3", "same-4"]
    assert len({library.owner_of(name) for name in found}) == 4
    for name in found:
        load_weights(library.folder_of(name))
        load_codes(library.folder_of(name))


def test_a_model_of_a_line_is_refused_and_one_of_more_dimensions_or_one_beta_is_not(finished: Path) -> None:
    card = load_card(finished)
    with pytest.raises(CheckpointError, match="at least 2 latent dimensions, got 1"):
        library.check_shown({**card, "config": {**card["config"], "latent_dim": 1}})
    for config in ({"latent_dim": 3}, {"degree": 0}):
        library.check_shown({**card, "config": {**card["config"], **config}})


def test_the_command_line_finds_kept_models(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from vae_core.cli import main

    library.keep(finished, title="My faces", owner="me")
    assert main(["info", "my-faces"]) == 0
    assert "My faces (my-faces)" in capsys.readouterr().out
    assert main(["info", "faces"]) == 2
    assert "digits, another, my-faces" in capsys.readouterr().err


def test_pack_and_unpack_take_a_model_from_one_home_to_another(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from vae_core.cli import main

    library.keep(finished, title="My faces", owner="me")
    assert main(["pack", "my-faces", "--out", str(tmp_path / "faces.zip")]) == 0
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "elsewhere"))
    assert main(["unpack", str(tmp_path / "faces.zip")]) == 0
    assert "my-faces" in capsys.readouterr().out
    assert library.names() == ["digits", "another", "my-faces"]
    (tmp_path / "faces.zip").write_bytes(b"PK")
    assert main(["unpack", str(tmp_path / "faces.zip")]) == 2
    assert "faces.zip: expected a zip" in capsys.readouterr().err


def test_the_record_of_a_name_is_json_that_says_since_when(finished: Path, models: Path) -> None:
    before = time.time()
    name = library.keep(finished, title="Faces", owner="me")
    record = json.loads((models / ".owners" / f"{name}.json").read_text())
    assert record["owner"] == "me"
    assert before <= record["kept"] <= time.time()

"""The page Train in Streamlit's test harness: choosing, bringing, starting; nobody sees another's trainings."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from ui import frame
from ui.train import belongings, runner, settings, upload, waking
from vae_core import home, stored
from vae_core.datasets import Dataset, load_images_uint8
from vae_core.trainings import Request, Trainings

ROOT = Path(__file__).parents[1]
NOBODY, SOMEBODY = "1" * 32, "2" * 32


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test's own, in which no training is ever started."""
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path))
    # The thread itself, not what it calls: it would outlive the test, and start trainings once that is over.
    monkeypatch.setattr(runner, "_dispatch", lambda found: None)
    return tmp_path


def request_of(person: str, **changes: object) -> Request:
    fields = {"dataset": "digits", "title": "Digits", "size": "small", "hidden": (8,), "seconds": 3.0, "created": 1.0}
    return Request(owner=person, **{**fields, **changes})  # type: ignore[arg-type]


def open_page(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page(frame.PAGES["train"]).run()


def owner_of(app: AppTest) -> str:
    """The owner that the page takes this session for."""
    return hashlib.sha256(app.session_state["owner"].encode()).hexdigest()[:32]


def shown(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info, *app.warning, *app.error))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.03, "0.1 s"), (59, "59 s"), (60, "1 min"), (75, "75 s"), (90, "1.5 min"), (5400, "1.5 h")],
)
def test_a_time_in_words(seconds: float, words: str) -> None:
    assert settings.duration(seconds) == words


def npz(**arrays: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


# --- choosing ---


def test_the_page_opens_on_the_digits_without_a_word_of_complaint(own_folder: Path) -> None:
    app = open_page()
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert "1,797 pictures, 8\u00a0×\u00a08" in shown(app), "the size of a picture does not break over lines"
    assert app.button(key="train-button").label == "Train"


def test_data_that_is_not_on_this_computer_cannot_be_chosen_and_says_how_to_get_it(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LATENT_EXPLORER_DATA", raising=False)
    app = open_page()
    assert app.button(key="train-choose-mnist").disabled
    assert "python -m vae_core data mnist" in shown(app)


def test_the_train_button_queues_what_was_chosen(own_folder: Path) -> None:
    app = open_page()
    app.button_group(key="train-size-digits").set_value("small").run()
    app.number_input(key="train-seed-digits").set_value(7).run()
    app.button(key="train-button").click().run()
    assert not app.exception
    (training,) = Trainings(home.trainings_folder()).of(owner_of(app))
    asked = training.request
    assert (asked.dataset, asked.hidden, asked.seconds, asked.seed) == ("digits", settings.SIZES["small"], 15.0, 7)
    assert "number 1 in the queue" in shown(app)


def test_epochs_take_the_place_of_the_time(own_folder: Path) -> None:
    app = open_page()
    app.checkbox(key="train-by-epochs-digits").check().run()
    app.number_input(key="train-epochs-digits").set_value(3).run()
    app.button(key="train-button").click().run()
    (training,) = Trainings(home.trainings_folder()).of(owner_of(app))
    assert (training.request.epochs, training.request.seconds) == (3, None)


def test_a_full_disk_is_said_and_nothing_is_queued(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_DISK_MB", "0.0001")
    (own_folder / "large").write_bytes(bytes(1000))
    app = open_page()
    app.button(key="train-button").click().run()
    assert not app.exception
    (error,) = app.error
    assert "room" in error.value
    assert Trainings(home.trainings_folder()).of(owner_of(app)) == []


# --- bringing ---


def bring_to(app: AppTest, name: str, content: bytes) -> AppTest:
    return app.file_uploader(key="train-files-0").set_value([(name, content, "application/octet-stream")]).run()


def test_a_file_that_is_none_of_these_gets_a_sentence_and_nothing_is_stored(own_folder: Path) -> None:
    app = bring_to(open_page(), "broken.npz", b"PK\x03\x04 and no more")
    assert not app.exception
    (error,) = app.error
    assert "broken" in error.value
    assert "expected" in error.value
    assert not [button for button in app.button if button.key == "train-button"]
    assert stored.list_stored() == []
    app.button(key="train-choose-digits").click().run()
    assert not app.error
    assert app.button(key="train-button")


def test_the_upload_is_read_once_however_often_the_page_runs(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    real = upload.read_upload
    monkeypatch.setattr(upload, "read_upload", lambda files, **options: read.append(1) or real(files, **options))
    app = bring_to(open_page(), "few.npz", npz(images=load_images_uint8("digits")[:60]))
    for _ in range(2):
        app.run()
    assert "60 pictures" in shown(app)
    assert len(read) == 1


def test_what_was_brought_becomes_a_data_set_of_this_owner_with_the_choices_that_were_made(own_folder: Path) -> None:
    rows = "\n".join(f"{i},{i % 5},{'' if i == 3 else i % 7},{'ab'[i % 2]}" for i in range(60))
    app = bring_to(open_page(), "table.csv", f"x,y,z,kind\n{rows}".encode())
    (columns,) = app.multiselect
    columns.set_value(["y", "z"]).run()
    next(radio for radio in app.radio if radio.options == ["leave them out", "fill in the column’s median"]).set_value(
        "drop"
    ).run()
    app.button(key="train-button").click().run()
    assert not app.exception
    assert not app.error
    ((name, title),) = belongings.mine(owner_of(app))
    made = stored.load(stored.find(name))
    assert [column.name for column in made.columns] == ["y", "z"]
    assert (title, len(made.images), made.label_names) == ("table", 59, ("a", "b"))
    (training,) = Trainings(home.trainings_folder()).of(owner_of(app))
    assert training.request.dataset == name
    assert (training.request.likelihood, training.request.sigma_x) == ("gaussian", None)
    assert belongings.mine(NOBODY) == []


# --- whose it is ---


def test_nobody_sees_anothers_training(own_folder: Path) -> None:
    identity = Trainings(home.trainings_folder()).submit(request_of(SOMEBODY, title="Secret faces"))
    app = open_page(training=identity)
    assert not app.exception
    assert "another browser" in app.warning[0].value
    assert "Secret" not in shown(app)


@pytest.mark.parametrize("name", ["../..", "<b>x</b>", "0" * 16])
def test_an_address_that_names_no_training_gets_a_sentence(own_folder: Path, name: str) -> None:
    app = open_page(training=name)
    assert not app.exception
    assert "another browser" in app.warning[0].value
    assert app.button(key="train-button")


def test_back_from_the_page_that_a_button_led_to_shows_the_same_training(own_folder: Path) -> None:
    app = open_page()
    identity = Trainings(home.trainings_folder()).submit(request_of(owner_of(app)))
    app.query_params["training"] = identity
    app.run()
    # What Streamlit leaves in this page's address when a button leads to another page.
    app.query_params.clear()
    app.query_params["model"] = "digits"
    app.run()
    assert not app.exception
    assert dict(app.query_params) in ({"training": identity}, {"training": [identity]})
    assert not app.get("file_uploader"), "no offer to choose data"


def test_a_training_whose_title_is_markup_is_listed_as_text(own_folder: Path) -> None:
    app = open_page()
    Trainings(home.trainings_folder()).submit(request_of(owner_of(app), title="<img src=x> [a](http://b)"))
    app.run()
    assert not app.exception
    listed = next(element.value for element in app.markdown if "img" in element.value)
    assert "](http" not in listed
    assert "\\<img" in listed


def test_deleting_a_training_asks_first_and_removes_it(own_folder: Path) -> None:
    app = open_page()
    identity = Trainings(home.trainings_folder()).submit(request_of(owner_of(app)))
    app.run()
    app.button(key=f"delete-{identity}").click().run()
    assert not app.exception
    assert Trainings(home.trainings_folder()).get(identity) is None


def test_an_interrupted_training_offers_to_resume(own_folder: Path) -> None:
    app = open_page()
    trainings = Trainings(home.trainings_folder())
    identity = trainings.submit(request_of(owner_of(app)))
    (home.trainings_folder() / identity / "queued").unlink()
    app.run()
    app.button(key=f"resume-{identity}").click().run()
    assert not app.exception
    assert trainings.waiting() == [identity]


def own_data(value: float = 0.0) -> Dataset:
    images = np.random.default_rng(0).random((20, 4, 4)).astype(np.float32)
    images[0, 0, 0] = value
    return Dataset("x", "My <i>pictures</i>", images, np.zeros(20, np.int64), ("all",), np.zeros(20, bool))


def test_a_data_set_is_its_owners_alone(own_folder: Path) -> None:
    name = stored.store(own_data(), owner=SOMEBODY)
    assert belongings.mine(NOBODY) == []
    assert [mine for mine, _ in belongings.mine(SOMEBODY)] == [name]


def test_the_same_data_of_two_people_stays_until_both_have_deleted_it(own_folder: Path) -> None:
    name = stored.store(own_data(), owner=SOMEBODY)
    assert stored.store(own_data(), owner=NOBODY) == name
    stored.give_up(name, SOMEBODY)
    assert [mine for mine, _ in belongings.mine(NOBODY)] == [name]
    assert belongings.mine(SOMEBODY) == []
    stored.give_up(name, NOBODY)
    assert stored.list_stored() == []


def test_a_data_set_that_a_training_needs_is_not_deleted(own_folder: Path) -> None:
    app = open_page()
    name = stored.store(own_data(), owner=owner_of(app))
    Trainings(home.trainings_folder()).submit(request_of(owner_of(app), dataset=name))
    app.run()
    app.button(key=f"train-delete-{name}").click().run()
    assert not app.exception
    assert "still needs" in app.error[0].value
    assert [mine for mine, _ in stored.list_stored()] == [name]


# --- the server ---


@pytest.mark.parametrize(("said", "slots"), [("3", 3), ("0", None), ("many", None), ("", None)])
def test_the_environment_says_how_many_train_at_once(
    said: str, slots: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_TRAININGS", said)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert runner.slots() == (slots or 4)


def test_a_server_with_trainings_starts_those_that_wait_without_their_page(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []
    monkeypatch.setattr(waking, "_start", lambda: started.append(True))
    monkeypatch.setattr(waking, "DELAY_SECONDS", 0.01)
    waking.wake.__wrapped__()
    time.sleep(0.1)
    assert started == [], "there are none"
    Trainings(home.trainings_folder()).submit(request_of(SOMEBODY))
    waking.wake.__wrapped__()
    time.sleep(0.3)
    assert started == [True]


def test_nothing_on_the_page_imports_torch_pandas_or_scikit_learn_into_the_server(tmp_path: Path) -> None:
    script = (
        "import sys; from streamlit.testing.v1 import AppTest; from vae_core.trainings import Trainings\n"
        "Trainings.dispatch = lambda self: None\n"
        "app = AppTest.from_file('app.py', default_timeout=60).switch_page('pages/train.py').run()\n"
        "csv = 'a,b,kind\\n' + '\\n'.join(f'{i},{i % 7},{i % 3}' for i in range(60))\n"
        "app.file_uploader(key='train-files-0').set_value([('t.csv', csv.encode(), 'text/csv')]).run()\n"
        "app.button(key='train-button').click().run()\n"
        "assert not app.exception and not app.error and 'training' in app.query_params\n"
        "print([name for name in ('torch', 'pandas', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "LATENT_EXPLORER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

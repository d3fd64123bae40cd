"""The command line, run as a person runs it: what it says, what it writes, and that Ctrl-C loses nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vae_core import DATASETS, Dataset, load_card, load_codes, load_model
from vae_core.cli import main

ROOT = Path(__file__).parents[1]
FAST = ["--epochs", "2", "--hidden", "16,16"]


def run(*arguments: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vae_core", *arguments]
    settings = {key: value for key, value in os.environ.items() if key != "LATENT_EXPLORER_DATA"} | (env or {})
    settings["PYTHONPATH"] = str(ROOT)
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, env=settings, check=False)


def test_train_writes_a_model_that_loads_and_says_d_r_and_the_time_left(tmp_path: Path) -> None:
    done = run("train", "digits", "--out", str(tmp_path), "--name", "mine", "--seed", "5", *FAST)
    assert done.returncode == 0, done.stderr
    assert re.search(r"D -?\d+\.\d+  R \d+\.\d+ nats", done.stderr)
    assert "left" in done.stderr
    card = load_card(tmp_path / "mine")
    assert card["config"]["hidden"] == [16, 16]
    assert card["training"]["seed"] == 5
    assert load_codes(tmp_path / "mine").mu.shape[1] == 1797
    load_model(tmp_path / "mine")
    assert [item.name for item in tmp_path.iterdir()] == ["mine"]


def test_info_prints_the_card(tmp_path: Path) -> None:
    done = run("info", "digits")
    assert done.returncode == 0, done.stderr
    for part in ("Handwritten digits", "1797 samples of 8x8", "sigma_x = 0.25", "mean sigma"):
        assert part in done.stdout
    assert len(done.stdout.splitlines()) < 40
    assert run("info", str(ROOT / "checkpoints" / "digits"), cwd=tmp_path).stdout.count("Handwritten digits") == 1


def test_evaluate_measures_again_what_the_card_says() -> None:
    done = run("evaluate", "digits", "--betas", "1", "--draws", "8")
    assert done.returncode == 0, done.stderr
    measured = [float(v) for v in done.stdout.splitlines()[-1].split()]
    (record,) = [r for r in load_card(ROOT / "checkpoints" / "digits")["curve"] if r["beta"] == 1]
    assert measured[1] == pytest.approx(record["train"]["distortion"], abs=0.1)
    assert measured[2] == pytest.approx(record["train"]["rate"], abs=2e-3)
    assert measured[4] == pytest.approx(record["test"]["rate"], abs=2e-3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "faces", "--out", "x"], "digits, mnist, fashion-mnist"),
        (["train", "mnist", "--out", "x"], "LATENT_EXPLORER_DATA"),
        (["train", "digits", "--out", "x", "--epochs", "0"], "whole number of at least 1"),
        (["train", "digits", "--out", "x", "--learning-rate", "fast"], "expected a number"),
        (["train", "digits", "--out", "x", "--name", "../up"], "letters, digits"),
        (["train", "digits", "--out", "x", "--hidden", "16,-2"], "at least 1"),
        (["train", "digits"], "--out"),
        (["info", "nothing"], "no model 'nothing'"),
        (["data", "digits", "--data-dir", "x"], "invalid choice"),
        ([], "COMMAND"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence_and_status_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == [], "nothing was written"


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.full((10, 2, 2), np.nan, np.float32), "NaN or infinite"),
        (np.zeros((1, 2, 2), np.float32), "at least 2 samples"),
        (np.zeros((10, 0, 2), np.float32), "no pixels"),
    ],
    ids=["nan", "one sample", "no pixels"],
)
def test_data_that_cannot_be_trained_on_get_one_sentence_and_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    images: NDArray[np.float32],
    says: str,
) -> None:
    n = len(images)
    data = Dataset("digits", "Digits", images, np.zeros(n, np.int64), ("a",), np.zeros(n, bool))
    monkeypatch.setitem(DATASETS, "digits", lambda data_dir: data)
    assert main(["train", "digits", "--out", str(tmp_path / "out"), *FAST]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert says in sentence
    assert list(tmp_path.iterdir()) == []


def start_long_training(out: Path, *, save_every: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vae_core", "train", "digits", "--out", str(out), "--save-every", str(save_every)]
    arguments = ["--epochs", "4000", "--hidden", "8,8"]
    return popen_in_foreground([*command, *arguments])


def popen_in_foreground(command: list[str]) -> subprocess.Popen[str]:
    """Started as from a terminal: where the tests run in the background of a shell, children would not hear SIGINT."""
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_sigint
    )


def hear_sigint() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("patience", [0.2, 1000.0], ids=["after a save", "before any save"])
def test_ctrl_c_ends_training_and_leaves_a_complete_checkpoint_or_nothing(tmp_path: Path, patience: float) -> None:
    job = start_long_training(tmp_path, save_every=patience)
    folder = tmp_path / "digits"
    waits_for_a_checkpoint = patience < 1
    assert job.stderr is not None
    assert "epoch" in job.stderr.readline(), "training is under way"
    deadline = time.monotonic() + 60
    while waits_for_a_checkpoint and time.monotonic() < deadline and not folder.exists():
        time.sleep(0.05)
    job.send_signal(signal.SIGINT)
    _, said = job.communicate(timeout=60)
    assert job.returncode == 130
    assert "Traceback" not in said
    assert "Ctrl-C" in said
    assert folder.exists() == waits_for_a_checkpoint
    if waits_for_a_checkpoint:
        assert load_card(folder)["training"]["complete"] is False
        load_model(folder)
        load_codes(folder)
    assert [item.name for item in tmp_path.iterdir()] == (["digits"] if folder.exists() else [])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_the_finished_model_that_was_there_before(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "checkpoints" / "digits", tmp_path / "digits")
    before = (tmp_path / "digits" / "card.json").read_bytes()
    job = start_long_training(tmp_path, save_every=0.1)
    assert job.stderr is not None
    assert "epoch" in job.stderr.readline(), "training is under way"
    time.sleep(0.5)
    job.send_signal(signal.SIGINT)
    _, said = job.communicate(timeout=60)
    assert job.returncode == 130
    assert "the model that was there before" in said
    assert (tmp_path / "digits" / "card.json").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_said_before_training(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    done = run("train", "digits", "--out", str(tmp_path / "out"), *FAST)
    assert done.returncode == 2
    assert "epoch" not in done.stderr
    assert (tmp_path / "out").read_text() == "a file, not a folder"


def test_the_table_command_puts_the_table_into_a_card_that_has_none(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "checkpoints" / "reference" / "digits" / "beta-1", tmp_path / "one")
    card = json.loads((tmp_path / "one" / "card.json").read_text())
    shipped = card.pop("table")
    (tmp_path / "one" / "card.json").write_text(json.dumps(card))
    done = run("table", str(tmp_path / "one"))
    assert done.returncode == 0, done.stderr
    (row,) = load_card(tmp_path / "one")["table"]
    assert row["mutual_information"] == pytest.approx(shipped[0]["mutual_information"], abs=1e-6)
    assert row["distortion"] == pytest.approx(shipped[0]["distortion"], abs=1e-3)


def test_a_beta_outside_the_trained_range_is_refused_with_the_range() -> None:
    done = run("evaluate", "digits", "--betas", "1,99")
    assert done.returncode == 2
    assert "0 to 16, got 99" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_the_references_that_are_complete_and_says_how_many(tmp_path: Path) -> None:
    arguments = ["reference", "digits", "--out", str(tmp_path), "--betas", "1,2", "--epochs", "30"]
    job = popen_in_foreground([sys.executable, "-m", "vae_core", *arguments])
    assert job.stdout is not None
    assert "beta-1: trained in" in job.stdout.readline()
    job.send_signal(signal.SIGINT)
    _, said = job.communicate(timeout=60)
    assert job.returncode == 130
    assert "1 of 2 models are complete" in said
    assert "Traceback" not in said
    folder = tmp_path / "reference" / "digits"
    assert [item.name for item in folder.iterdir()] == ["beta-1"]
    load_model(folder / "beta-1")


def test_info_of_a_model_of_one_beta_names_that_beta_alone() -> None:
    done = run("info", "checkpoints/reference/digits/beta-0.35")
    assert done.returncode == 0, done.stderr
    assert re.search(r"beta +0\.35 alone", done.stdout)


def test_a_place_where_no_reference_can_be_written_is_said_before_training(tmp_path: Path) -> None:
    (tmp_path / "reference" / "digits" / "beta-2").mkdir(parents=True)
    (tmp_path / "reference" / "digits" / "beta-2" / "thesis.tex").write_text("years of work")
    done = run("reference", "digits", "--out", str(tmp_path), "--betas", "1,2", "--epochs", "1")
    assert done.returncode == 2
    assert "thesis.tex" in done.stderr
    assert [item.name for item in (tmp_path / "reference" / "digits").iterdir()] == ["beta-2"]


def test_the_table_leaves_the_distortion_out_where_the_data_set_is_missing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "checkpoints" / "reference" / "digits" / "beta-1", tmp_path / "one")
    card = json.loads((tmp_path / "one" / "card.json").read_text())
    (tmp_path / "one" / "card.json").write_text(json.dumps(card | {"dataset": "mnist"}))
    done = run("table", str(tmp_path / "one"))
    assert done.returncode == 0, done.stderr
    assert "The distortion is left out" in done.stderr
    assert "distortion" not in load_card(tmp_path / "one")["table"][0]

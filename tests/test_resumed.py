"""Going on with a training: its own recipe counts, and options that contradict it are refused."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from vae_core.cli import _parser, main
from vae_core.config import TrainConfig, TrainingError, VAEConfig
from vae_core.engine.parallel import Group
from vae_core.recipes import RECIPES
from vae_core.worker.job import _warn
from vae_core.worker.resumed import resumed

CONFIG = VAEConfig(input_shape=(8, 8), hidden=(8, 9), sigma_x=0.3, beta_max=7.0, beta_train_max=9.0)
OPTIONS = TrainConfig(epochs=30, batch=32)
FACTS: dict[str, Any] = {"config": CONFIG.to_json(), "options": asdict(OPTIONS), "seed": 5}


def asked(*more: str) -> argparse.Namespace:
    return _parser().parse_args(["train", "digits", "--out", "x", "--job", "y", "--resume", *more])


def test_what_is_not_asked_for_is_as_in_the_state() -> None:
    recipe, config = resumed(RECIPES["digits"], FACTS, asked())
    assert config == CONFIG
    assert (recipe.options, recipe.seed, recipe.hidden, recipe.sigma_x) == (OPTIONS, 5, (8, 9), 0.3)
    assert recipe.remark == "", "that of the shipped model would be wrong"


def test_the_same_options_again_are_fine() -> None:
    again = ["--hidden", "8,9", "--likelihood", "gaussian", "--sigma-x", "0.3", "--epochs", "30", "--seed", "5"]
    assert resumed(RECIPES["digits"], FACTS, asked(*again))[1] == CONFIG


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--hidden", "8,8"], "--hidden: expected 8,9 .* got 8,8"),
        (["--size", "small"], "--hidden: expected 8,9 .* got 64,64,64"),
        (["--seed", "0"], "--seed: expected 5 .* got 0"),
        (["--epochs", "31"], "--epochs: expected 30 .* got 31"),
        (["--seconds", "15"], "--seconds: expected none .* got 15"),
        (["--likelihood", "bernoulli"], "--likelihood: expected gaussian .* got bernoulli"),
        (["--sigma-x", "0.2"], "--sigma-x: expected 0.3 .* got 0.2"),
        (["--beta-max", "12"], "--beta-max: expected 7.0 .* got 12"),
        (["--batch", "64"], "--batch: expected 32 .* got 64"),
        (["--learning-rate", "0.1"], "--learning-rate: expected 0.005 .* got 0.1"),
    ],
)
def test_another_option_is_refused_by_its_name(more: list[str], says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        resumed(RECIPES["digits"], FACTS, asked(*more))


def test_a_number_of_epochs_contradicts_a_length_of_time() -> None:
    timed = FACTS | {"options": asdict(replace(OPTIONS, seconds=20.0))}
    with pytest.raises(TrainingError, match="--epochs: expected none"):
        resumed(RECIPES["digits"], timed, asked("--epochs", "30"))


@pytest.mark.parametrize("facts", [{}, FACTS | {"config": 3}, FACTS | {"options": {"epoch": 3}}, FACTS | {"seed": "x"}])
def test_the_facts_of_something_else_are_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match="state: expected that of a training"):
        resumed(RECIPES["digits"], facts, asked())


def test_another_number_of_processes_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _warn({"processes": 1}, Group())
    assert capsys.readouterr().err == ""
    _warn({"processes": 4}, Group())
    assert "had 4 processes and goes on with 1" in capsys.readouterr().err


def test_resume_without_a_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "--out", str(tmp_path / "out"), "--resume"]) == 2
    assert "--job FOLDER" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

"""What the tests of the worker share: few samples, a folder, one thread, and waiting for what a worker does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core import Dataset, load_dataset
from vae_core.trainings import folder as names


@pytest.fixture(name="home", autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As a worker has: several threads on a busy machine wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(name="few", scope="module")
def few_samples() -> Dataset:
    digits = load_dataset("digits")
    return digits.subset(np.arange(0, len(digits.images), 9))


@pytest.fixture(name="folder")
def job_folder(tmp_path: Path) -> Path:
    made = tmp_path / "job"
    made.mkdir()
    return made


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.01)


def indices(folder: Path) -> list[int]:
    return sorted(int(file.stem) for file in (folder / names.STATES).iterdir())

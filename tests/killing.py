"""Kills a training with SIGKILL at random moments and looks at what is on disk; run by tests/test_worker_process.py.

    python tests/killing.py FOLDER KILLS SEED

PyTorch is imported once; each life of the training is a fork that runs the real command, and the next one resumes it.
After every kill, every file there must be whole. A training that came to its end is begun again.
"""

import contextlib
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch

import vae_core.workshop  # noqa: F401  (imported here once, not in each life)
from vae_core import Dataset, load_card, load_codes, load_dataset, load_statistics, load_weights
from vae_core.cli import main
from vae_core.training import Trainer
from vae_core.trainings import folder as names
from vae_core.trainings.progress_log import ProgressLog

MOST_WRITES = 20  # files that a life puts into its folder before it is killed; a whole training writes about 100
LONGEST_WAIT = 0.03  # seconds from the last of them to the kill
SAVING_SHARE, SAVING_WAIT = 0.12, 0.01  # so many are killed so many seconds after they began to save the model


def main_of_killing(folder: Path, kills: int, seed: int) -> None:
    torch.set_num_threads(1)
    digits = load_dataset("digits")
    data = digits.subset(np.arange(0, len(digits.images), 9))
    dice, resumed, finished, last_step = random.Random(seed), 0, 0, 0
    killed = 0
    while killed < kills:
        folder.mkdir(exist_ok=True)
        (folder / names.WATCHED).touch()
        child = os.fork()
        if child == 0:
            live(folder, data)
        if dice.random() < SAVING_SHARE:
            status = kill_after(child, [folder / "model"], 1, dice.uniform(0.0, SAVING_WAIT))
        else:
            writes, wait = dice.randrange(MOST_WRITES), dice.uniform(0.0, LONGEST_WAIT)
            status = kill_after(child, [folder, folder / names.STATES], writes, wait)
        step = look(folder, data)
        if os.WIFSIGNALED(status):
            killed += 1
            assert step >= last_step, f"step {step} is on disk after {last_step} was"
            resumed += step > last_step > 0  # this life went on from the last one's state, and farther
            last_step = step
        else:
            assert os.waitstatus_to_exitcode(status) == 0, (folder / names.LOG).read_text()
            assert (folder / "model" / "mine" / "card.json").exists()
            finished, last_step = finished + 1, 0
            shutil.rmtree(folder)
    print(f"killed {killed} resumed {resumed} finished {finished}")


def kill_after(child: int, folders: list[Path], writes: int, wait: float) -> int:
    """Kill the child so long after it was seen to change the folders so often; returns how it ended."""
    seen, changes, until = moment(folders), 0, None
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if moment(folders) != seen:
            seen, changes = moment(folders), changes + 1
        if until is None and changes >= writes:
            until = time.monotonic() + wait
        if until is not None and time.monotonic() >= until:
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1]
        time.sleep(0.0005)


def moment(folders: list[Path]) -> list[int]:
    """What changes with every file that is put into the folders."""
    return [folder.stat().st_mtime_ns for folder in folders if folder.exists()]


def live(folder: Path, data: Dataset) -> None:
    """Be the worker: the real command on these data, its output in the folder's files."""
    for stream, name in ((1, names.PROGRESS), (2, names.LOG)):
        os.dup2(os.open(folder / name, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644), stream)
    arguments = ["train", "digits", "--json", "--job", str(folder), "--out", str(folder / "model"), "--name", "mine"]
    arguments += ["--hidden", "8,8", "--epochs", "600", "--batch", "64"]
    # A life is short: what it can go on from must be written more often than every few seconds.
    often = mock.patch.multiple("vae_core.worker.live_folder", RESUME_SECONDS=0.05, RESUME_SHARE=1.0)
    quick = mock.patch("vae_core.worker.waiting.NODES", 5)
    with often, quick, mock.patch("vae_core.workshop.load_dataset", return_value=data):
        status = main([*arguments, *(["--resume"] if (folder / names.RESUME).exists() else [])])
    os._exit(status)


def look(folder: Path, data: Dataset) -> int:
    """Every file is whole; returns the step that the training can go on from."""
    step = 0
    for file in [folder / names.START, folder / names.LIVE, *sorted((folder / names.STATES).glob("[0-9]*"))]:
        with contextlib.suppress(FileNotFoundError):
            facts, tensors = names.read_tensors(file)
            assert all(np.isfinite(value).all() for value in tensors.values()), file
            assert "card" in facts or facts["step"] >= 0, file
    with contextlib.suppress(FileNotFoundError):
        facts, tensors = names.read_tensors(folder / names.RESUME)
        step = Trainer.resume(data, tensors, facts).step
    for model in (folder / "model").glob("[!.]*"):
        load_card(model), load_weights(model), load_codes(model)
        assert load_statistics(model) is not None
    ProgressLog(folder / names.PROGRESS).read()
    return step


if __name__ == "__main__":
    main_of_killing(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

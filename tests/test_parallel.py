"""Several processes that train one model, started by torchrun; each records what it saw and what it ended with."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vae_core import Dataset, TrainConfig, TrainingError, VAEConfig
from vae_core.engine.parallel import Group, join
from vae_core.evaluation import measure
from vae_core.training import Trainer

pytestmark = pytest.mark.usefixtures("one_thread")

CONFIG = VAEConfig(input_shape=(4,), hidden=(16, 16), beta_max=6.0, beta_train_max=8.0)
OPTIONS = TrainConfig(epochs=60, batch=32, warmup_steps=5)
SAMPLES = 520
BETAS = (0.01, 0.3, 1.0, 3.0)
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")

# Rows that are another process's hold NaN here: a process that read one would not come to an end.
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import torch
from test_parallel import CONFIG, OPTIONS, data
from vae_core.engine.parallel import join
from vae_core.training import Trainer, replace

torch.set_num_threads(1)
group = join()
own = data()
hidden = np.ones(len(own.images), bool)
hidden[group.shard(len(own.images))] = False
own.images[hidden] = np.nan
trainer = Trainer(own, CONFIG, options=OPTIONS, seed=3, group=group)
start = trainer.state()[0]["weights"]
middle = trainer.advance(steps=100)
stop = group.any(group.rank == 1)
last = trainer.advance()
timed = Trainer(own, CONFIG, options=replace(OPTIONS, seconds=0.3), seed=3, group=group)
timed.advance()
np.savez(
    Path(sys.argv[1], f"{group.rank}.npz"),
    start=start, end=trainer.state()[0]["weights"], rates=[last.distortion, last.rate], steps=trainer.steps,
    timed=[timed.step, timed.seconds], stop=stop, smallest=group.smallest(10 - group.rank), writes=group.writes,
    batch=len(trainer._loss.x),
)
if group.writes:
    tensors, facts = trainer.state()
    print(facts["processes"], trainer.step)
group.leave()
"""


def data() -> Dataset:
    """Two kinds of samples, far apart, some of them held out."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, SAMPLES)
    images = np.where(labels[:, None] == 1, 0.9, 0.1) + rng.normal(0, 0.05, (SAMPLES, 4))
    test = np.zeros(SAMPLES, bool)
    test[::50] = True
    return Dataset("blobs", "Blobs", images.clip(0, 1).astype(np.float32), labels, ("low", "high"), test)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What two processes under torchrun wrote down."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "program.py").write_text(PROGRAM)
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}", "OMP_NUM_THREADS": "1"}
    command = [*TORCHRUN, str(folder / "program.py"), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["2", str(15 * OPTIONS.epochs)]
    return [np.load(folder / f"{rank}.npz") for rank in range(2)]


def test_all_processes_start_with_the_same_weights_and_end_with_the_same_to_the_bit(two: list[Any]) -> None:
    assert np.array_equal(two[0]["start"], two[1]["start"])
    assert np.array_equal(two[0]["end"], two[1]["end"])
    assert np.array_equal(two[0]["rates"], two[1]["rates"])
    alone = Trainer(data(), CONFIG, options=OPTIONS, seed=3)
    assert np.array_equal(two[0]["start"], alone.state()[0]["weights"])


def test_each_process_reads_its_own_samples_alone_and_its_part_of_the_batch(two: list[Any]) -> None:
    assert np.isfinite(two[0]["end"]).all()
    assert [int(found["batch"]) for found in two] == [16, 16]


def test_the_processes_agree_on_the_time_on_stopping_and_on_who_writes(two: list[Any]) -> None:
    assert np.array_equal(two[0]["timed"], two[1]["timed"])
    assert two[0]["timed"][1] >= 0.3
    assert [bool(found["stop"]) for found in two] == [True, True]
    assert [int(found["smallest"]) for found in two] == [9, 9]
    assert [bool(found["writes"]) for found in two] == [True, False]


def test_two_processes_reach_the_loss_of_one_with_the_same_batch_within_the_noise_of_the_seed(two: list[Any]) -> None:
    def losses(trainer: Trainer) -> np.ndarray:  # type: ignore[type-arg]
        found = [measure(trainer.snapshot(), data().images, beta, draws=8) for beta in BETAS]
        return np.array([terms["distortion"] + beta * terms["rate"] for terms, beta in zip(found, BETAS, strict=True)])

    alone = [Trainer(data(), CONFIG, options=OPTIONS, seed=seed) for seed in range(3, 8)]
    for trainer in alone:
        trainer.advance()
    tensors, facts = alone[0].state()
    together = losses(Trainer.resume(data(), {**tensors, "weights": two[0]["end"]}, facts))
    expected = np.array([losses(trainer) for trainer in alone])
    assert np.all(np.abs(together - expected.mean(axis=0)) < 4 * expected.std(axis=0, ddof=1) + 0.02)
    # The same number of steps, each with the samples of a whole batch.
    assert int(two[0]["steps"]) == alone[0].steps == 15 * OPTIONS.epochs


@pytest.mark.parametrize(("count", "world"), [(10, 3), (7, 7), (2, 5), (10**8, 6)])
def test_the_shares_of_all_processes_are_the_whole_and_of_equal_size(count: int, world: int) -> None:
    parts = [Group(rank, world).shard(count) for rank in range(world)]
    assert parts[0].start == 0
    assert parts[-1].stop == count
    assert all(low.stop == high.start for low, high in pairwise(parts))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_process_that_torchrun_did_not_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    group = join()
    assert group == Group()
    assert group.writes
    assert group.any(True)
    assert not group.any(False)
    assert group.smallest(7) == 7


def test_more_processes_than_samples_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Group, "smallest", lambda self, value: 0)
    with pytest.raises(TrainingError, match="2 processes"):
        Trainer(data(), CONFIG, options=replace(OPTIONS, epochs=1), group=Group(0, 2))


def test_processes_that_cannot_meet_say_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "no port"}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match="2 processes of this training could not meet"):
        join()

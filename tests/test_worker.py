"""The worker: what it says and writes while it trains, how it is paused, stepped, stopped, killed and resumed."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vae_core import Column, Dataset, load_card, load_codes, load_dataset, load_model, stored
from vae_core import training_folder as names
from vae_core.cli import main
from vae_core.config import TrainConfig, TrainingError, VAEConfig, beta_nodes
from vae_core.job import Job
from vae_core.live_folder import LiveFolder, codes_at, read_resume, shown_samples
from vae_core.models import VAE
from vae_core.parallel import Group
from vae_core.processes import Process
from vae_core.stop_signal import StopSignal
from vae_core.training import Trainer
from vae_core.trainings import Request, Training, Trainings
from vae_core.voices import JsonVoice
from vae_core.worker import Worker
from vae_core.worker_process import sentence_of, work

ROOT = Path(__file__).parents[1]
SMALL = VAEConfig(input_shape=(8, 8), hidden=(8, 8))


class Heard:
    """A voice that keeps what is said."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def progress(self, facts: dict[str, Any], *, now: bool = False) -> None:
        self.events.append(("progress", dict(facts)))

    def say(self, event: str, **facts: Any) -> None:
        self.events.append((event, facts))

    def measuring(self, share: float) -> None:
        self.events.append(("measuring", {"share": share}))

    def close(self) -> None:
        pass

    def of(self, event: str) -> list[dict[str, Any]]:
        return [facts for kind, facts in list(self.events) if kind == event]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As a worker has: several threads on a busy machine wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def few() -> Dataset:
    digits = load_dataset("digits")
    return digits.subset(np.arange(0, len(digits.images), 9))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "job"
    made.mkdir()
    return made


def worker_of(few: Dataset, folder: Path, *, epochs: int = 30, stop: StopSignal | None = None) -> tuple[Worker, Heard]:
    """A worker on a fresh training of `few`, or on the one in the folder."""
    found, voice = read_resume(folder), Heard()
    options = TrainConfig(epochs=epochs, batch=32)
    trainer = Trainer(few, SMALL, options=options) if found is None else Trainer.resume(few, *found)
    live = LiveFolder(folder, few, SMALL)
    return Worker(trainer, voice, group=Group(), stop=stop or StopSignal(), folder=live), voice


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.01)


def live_step(folder: Path) -> int:
    step: int = names.read_tensors(folder / names.LIVE)[0]["step"]
    return step


def indices(folder: Path) -> list[int]:
    return sorted(int(file.stem) for file in (folder / names.STATES).iterdir())


@pytest.fixture
def running(few: Dataset, folder: Path) -> Iterator[tuple[Path, Heard, StopSignal, threading.Thread]]:
    """A long training in a thread, from the pause that it begins with; its folder, what it says, how it is stopped."""
    names.write_control(folder, "pause", 0)
    stop = StopSignal()
    worker, voice = worker_of(few, folder, epochs=100_000, stop=stop)
    thread = threading.Thread(target=worker.train)
    thread.start()
    yield folder, voice, stop, thread
    stop.asked = True
    thread.join()


def test_a_pause_makes_no_steps_and_is_left_again(running: tuple[Path, Heard, StopSignal, threading.Thread]) -> None:
    folder, voice, _, _ = running
    until((folder / names.RESUME).exists)
    time.sleep(0.3)
    assert voice.of("progress") == []
    names.write_control(folder, "run", 0)
    until(lambda: len(voice.of("progress")) > 2)
    names.write_control(folder, "pause", 0)
    until(lambda: voice.of("progress")[-1]["pace"] == "pause")
    held = voice.of("progress")[-1]["step"]
    assert live_step(folder) == held, "what is shown during a pause is the newest state"
    time.sleep(0.3)
    assert voice.of("progress")[-1]["step"] == held


def test_single_steps_are_single_and_each_is_shown(running: tuple[Path, Heard, StopSignal, threading.Thread]) -> None:
    folder, voice, _, _ = running
    until((folder / names.RESUME).exists)
    for count in (1, 2, 5):
        names.write_control(folder, "pause", count)
        until(lambda count=count: live_step(folder) == count)
    assert [facts["step"] for facts in voice.of("progress")] == [1, 2, 3, 4, 5]


def test_slow_motion_shows_every_step(
    running: tuple[Path, Heard, StopSignal, threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, voice, _, _ = running
    monkeypatch.setattr("vae_core.worker.SLOW_SECONDS", 0.01)
    names.write_control(folder, "slow", 0)
    until(lambda: len(voice.of("progress")) > 5)
    steps = [facts["step"] for facts in voice.of("progress")]
    assert steps == list(range(1, len(steps) + 1))
    assert live_step(folder) >= steps[4]


def test_a_stop_is_heard_during_a_pause(running: tuple[Path, Heard, StopSignal, threading.Thread]) -> None:
    folder, _, stop, thread = running
    until((folder / names.RESUME).exists)
    stop.asked = True
    thread.join(60)
    assert not thread.is_alive()


def test_the_mark_of_a_stop_counts_even_without_a_signal(few: Dataset, folder: Path) -> None:
    (folder / names.STOP).touch()
    worker, _ = worker_of(few, folder)
    assert worker.train() is False
    assert live_step(folder) == 0


def test_a_pause_that_nobody_looks_at_gives_its_place_up(
    few: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vae_core.worker.PATIENCE_SECONDS", 0.0)
    names.write_control(folder, "pause", 0)
    worker, _ = worker_of(few, folder)
    assert worker.train() is False
    assert worker.parked
    assert read_resume(folder) is not None


def test_live_updates_are_made_only_while_somebody_looks(few: Dataset, folder: Path) -> None:
    live = LiveFolder(folder, few, SMALL)
    assert not live.live_is_due()
    (folder / names.WATCHED).touch()
    assert live.live_is_due()
    live.write_live(Trainer(few, SMALL), {"step": 0})
    assert not live.live_is_due(), "the last one was just before"
    os.utime(folder / names.WATCHED, (0, time.time() - 6))
    assert not live.watched()


def test_the_states_are_dense_at_the_start_and_end_with_the_last_step(few: Dataset, folder: Path) -> None:
    worker, voice = worker_of(few, folder, epochs=200)
    assert worker.train() is True
    states = voice.of("state")
    assert [state["index"] for state in states] == indices(folder)
    assert len(states) <= 40
    assert (states[0]["index"], states[0]["step"]) == (0, 0)
    assert (states[-1]["index"], states[-1]["share"]) == (39, 1.0)
    shares = [(index / 39) ** 2 for index in range(40)]
    for state, following in pairwise(states):
        place = state["index"]
        assert shares[place] - 1e-6 <= state["share"] < shares[place + 1]
        assert following["index"] == place + 1 or following["step"] == state["step"] + 1, "none is passed over"


def test_a_small_disk_gets_fewer_states(few: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveFolder(folder, few, SMALL)
    live.ration_states(1000)
    assert live.most_states == 40
    monkeypatch.setenv("LATENT_EXPLORER_DISK_MB", "4")  # 5 % of it are 200 kB, and a state takes 23
    live.ration_states(1000)
    assert live.most_states == 8


def test_what_is_shown_live_is_what_the_model_says(few: Dataset, folder: Path) -> None:
    worker, _ = worker_of(few, folder)
    live = LiveFolder(folder, few, SMALL)
    live.write_start({"name": "x"})
    worker.train()
    card, start = (part for part in names.read_tensors(folder / names.START))
    facts, tensors = names.read_tensors(folder / names.LIVE)
    assert {"step", "share", "epoch", "seconds", "seconds_left", "distortion", "rate"} <= facts.keys()
    found = read_resume(folder)
    assert found is not None
    model = Trainer.resume(few, *found).snapshot()
    ids = start["ids"]
    assert sorted(ids) == list(range(len(few.images)))
    np.testing.assert_array_equal(start["labels"], few.labels[ids])
    np.testing.assert_array_equal(start["test"], few.test[ids])
    betas = card["card"]["betas"]
    assert betas == list(beta_nodes(SMALL.beta_max, 13))
    assert tensors["codes"].shape == (13, len(ids), 4)
    with torch.no_grad():
        for k, beta in enumerate(betas):
            expected = model.encode(torch.from_numpy(few.images[ids]), beta)
            both = torch.cat([expected.loc, expected.scale], dim=1).numpy()
            np.testing.assert_allclose(tensors["codes"][k], both, rtol=2e-3, atol=1e-3)
    weights = {name: value for name, value in model.weights().items() if name.startswith("decoder.")}
    assert tensors.keys() == {"codes", *weights}
    for name, value in weights.items():
        assert tensors[name].dtype == np.float16
        np.testing.assert_array_equal(tensors[name], value.astype(np.float16))


def test_codes_that_no_half_can_hold_stay_finite() -> None:
    model = VAE(SMALL)
    with torch.no_grad():
        model.encoder[-1].bias[:] = torch.tensor([1e6, -1e6, 80.0, -200.0])
    codes = codes_at(model, torch.zeros(2, 64), (0.0, 1.0))
    assert np.isfinite(codes).all()
    assert (codes[..., 2:] > 0).all()


def test_of_many_samples_some_are_shown_and_always_the_same() -> None:
    ids = shown_samples(10_000_000)
    assert len(set(ids.tolist())) == 2000
    np.testing.assert_array_equal(ids, shown_samples(10_000_000))


def test_a_resumed_training_ends_exactly_as_one_that_was_never_stopped(few: Dataset, tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir()
    halves.mkdir()
    worker_of(few, whole, epochs=60)[0].train()
    stop = StopSignal()
    worker, voice = worker_of(few, halves, epochs=60, stop=stop)
    voice.progress = lambda facts, now=False: setattr(stop, "asked", facts["share"] > 0.2)  # type: ignore[method-assign]
    assert worker.train() is False
    step = live_step(halves)
    worker, voice = worker_of(few, halves, epochs=60)
    assert worker.facts["step"] == step > 0
    assert worker.train() is True
    expected, found = (names.read_tensors(folder / names.LIVE)[1] for folder in (whole, halves))
    assert expected.keys() == found.keys()
    assert all(np.array_equal(expected[name], found[name]) for name in expected)
    assert indices(halves)[-1] == 39


def arguments(folder: Path, *more: str, dataset: str = "digits") -> list[str]:
    made = ["train", dataset, "--job", str(folder), "--out", str(folder / "model"), "--name", "mine", "--json"]
    return [*made, "--hidden", "8,8", "--title", "Mine <b>", *more]


def options(folder: Path, *more: str) -> Any:
    from vae_core.cli import _parser

    return _parser().parse_args(arguments(folder, *more))


@pytest.fixture
def quick(few: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in this process, on few samples, without its signals and its priority."""
    monkeypatch.setattr("vae_core.workshop.load_dataset", lambda name, data_dir: few)
    monkeypatch.setattr("vae_core.waiting.NODES", 5)
    monkeypatch.setattr(StopSignal, "listen", lambda self: self)
    monkeypatch.setattr("os.nice", lambda by: None)


@pytest.mark.usefixtures("quick")
def test_the_command_tells_the_whole_story_in_json_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert work(options(folder, "--epochs", "5")) == 0
    out = capsys.readouterr().out
    events = [json.loads(line) for line in out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("started", "finished")
    assert {"progress", "state", "measuring"} < set(kinds)
    assert all(event["time"] > 1e9 for event in events)
    assert events[-1]["complete"] is True
    card = load_card(folder / "model" / "mine")
    assert (card["title"], card["training"]["complete"], card["training"]["epochs_done"]) == ("Mine <b>", True, 5)


@pytest.mark.usefixtures("quick")
def test_stop_keeps_a_model_that_opens(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(JsonVoice, "progress", lambda self, facts, now=False: (folder / names.STOP).touch())
    assert work(options(folder, "--epochs", "100000")) == 0
    kinds = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert kinds.index("stopped") < kinds.index("measuring") < kinds.index("finished")
    model = load_model(folder / "model" / "mine")
    assert model.card["training"]["complete"] is False
    assert len(load_codes(folder / "model" / "mine").labels) == 200
    assert len(indices(folder)) >= 2, "the state in which it was stopped is stored too"


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_one_sentence_and_what_was_stored_remains(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = Path.write_bytes

    def full(file: Path, content: bytes) -> int:
        if "0005.safetensors" in file.name:
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        return write(file, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert work(options(folder, "--epochs", "2000")) == 2
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["message"]) == ("failed", sentence_of(OSError(errno.ENOSPC, "")))
    assert indices(folder) == list(range(5))
    for index in range(5):
        names.read_tensors(names.state_file(folder, index))
    assert read_resume(folder) is not None
    assert not list(folder.rglob("*.new-*"))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TrainingError("training diverged at step 7"), "training diverged at step 7"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("first\nsecond"), r"unforeseen error \(RuntimeError: first\)"),
    ],
)
def test_every_error_is_one_sentence(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    says: str,
) -> None:
    def fail(self: Job) -> None:
        raise error

    monkeypatch.setattr(Job, "run", fail)
    assert work(options(folder)) == 2
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "failed"
    assert re.search(says, last["message"])
    assert "\n" not in last["message"]


def start(folder: Path, *more: str, dataset: str = "digits") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vae_core", *arguments(folder, *more, dataset=dataset)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGTERM")
def test_sigterm_stops_and_keeps(few: Dataset, folder: Path) -> None:
    job = start(folder, "--seconds", "1000", dataset=stored.store(few))
    assert job.stdout is not None
    until(lambda: '"progress"' in job.stdout.readline())
    job.send_signal(signal.SIGTERM)
    out, said = job.communicate(timeout=100)
    assert (job.returncode, said) == (0, "")
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["complete"]) == ("finished", False)
    load_model(folder / "model" / "mine")


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGTERM")
def test_a_signal_before_pytorch_is_there_is_heard_and_a_second_one_quits_at_once(folder: Path) -> None:
    job = start(folder, "--seconds", "1000")
    assert job.stdout is not None
    assert json.loads(job.stdout.readline())["event"] == "started"
    job.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    job.send_signal(signal.SIGINT)
    _, said = job.communicate(timeout=100)
    assert (job.returncode, said) == (130, "")


def test_one_folder_has_one_worker(folder: Path) -> None:
    mine = Process.of(os.getpid())
    assert mine is not None
    mine.write(folder / names.PID)
    job = start(folder)
    out, _ = job.communicate(timeout=100)
    assert job.returncode == 2
    assert "nobody works on" in json.loads(out)["message"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_a_training_of_the_store_lives_through_a_kill_a_resume_steps_and_a_stop(few: Dataset) -> None:
    store = Trainings()
    request = Request(
        owner="me", dataset=stored.store(few), title="../Ü 🎉", size="small", hidden=(8, 8), seconds=600.0, created=1.0
    )  # fmt: skip
    name = store.submit(request)

    def now() -> Training:
        found = store.get(name)
        assert found is not None
        return found

    def step() -> int:
        progress = now().progress
        return progress["step"] if progress else 0

    store.dispatch()
    until(lambda: step() > 0 and (now().folder / names.RESUME).exists())
    process = Process.read(now().folder / names.PID)
    assert process is not None
    process.kill()
    until(lambda: now().status == "interrupted")
    kept = names.read_tensors(now().folder / names.RESUME)[0]["step"]
    store.resume(name, owner="me")
    store.dispatch()
    before = time.time()
    until(lambda: (now().progress or {}).get("time", 0) > before)
    assert step() > kept
    store.pause(name)
    until(lambda: (now().progress or {}).get("pace") == "pause")
    held = step()
    store.step_once(name)
    until(lambda: step() == held + 1)
    store.stop(name)
    store.stop(name)
    until(lambda: now().status == "finished")
    assert now().complete is False
    assert now().model_folder == now().folder / "model" / "u"
    assert load_model(now().folder / "model" / "u").card["title"] == "../Ü 🎉"
    assert [state["index"] for state in now().states] == indices(now().folder)
    store.delete(name)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fifty_kills_at_random_moments_leave_complete_files_and_a_training_that_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tests" / "killing.py"), str(tmp_path / "job"), "50", "20"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    counts = re.fullmatch(r"killed (\d+) resumed (\d+) finished (\d+)\s*", done.stdout)
    assert counts is not None
    killed, resumed, finished = (int(number) for number in counts.groups())
    assert (killed, resumed > 0, finished > 0) == (50, True, True)


@pytest.mark.parametrize("kind", ["table", "colour", "alike pixels"])
def test_any_stored_data_set_becomes_a_model_that_opens(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    monkeypatch.setattr("vae_core.waiting.NODES", 5)
    monkeypatch.setattr(StopSignal, "listen", lambda self: self)
    monkeypatch.setattr("os.nice", lambda by: None)
    dice = np.random.default_rng(0)
    columns: tuple[Column, ...] = ()
    if kind == "table":
        images = dice.uniform(size=(60, 3)).astype(np.float32)
        columns = tuple(Column(name, -1.0, 5.0, 2) for name in ("width", "<b>", "a/b.c"))
    elif kind == "colour":
        images = dice.integers(0, 256, (60, 5, 4, 3)).astype(np.uint8)
    else:
        images = np.where(dice.uniform(size=(60, 6, 6)) > 0.5, 255, 0).astype(np.uint8)
        images[:, :3] = 0
    data = Dataset(
        "any", "Any", images, dice.integers(0, 2, 60), ("yes", "no"), np.arange(60) < 10, columns=columns
    )  # fmt: skip
    name = stored.store(data)
    command = ["train", name, "--job", str(folder), "--out", str(folder / "model"), "--name", "mine", "--json"]
    assert main([*command, "--hidden", "8,8", "--epochs", "3"]) == 0, capsys.readouterr().out
    card = load_card(folder / "model" / "mine")
    assert (card["dataset"], card["samples"], card["training"]["samples"]) == (name, 60, 50)
    assert [column["name"] for column in card.get("columns", [])] == [column.name for column in columns]
    shown = names.read_tensors(folder / names.START)[0]["card"]
    assert shown.get("columns") == card.get("columns")
    assert card["config"]["likelihood"] == ("bernoulli" if kind == "alike pixels" else "gaussian")
    load_model(folder / "model" / "mine")
    load_codes(folder / "model" / "mine")

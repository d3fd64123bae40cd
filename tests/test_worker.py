"""The worker: what it says and writes while it trains, how it is paused, stepped, stopped, killed and resumed."""

import os
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_kit import few_samples, indices, job_folder, one_thread, own_home, until  # noqa: F401  (fixtures)

from vae_core import Dataset
from vae_core.config import TrainConfig, VAEConfig, beta_nodes
from vae_core.engine.parallel import Group
from vae_core.models import VAE
from vae_core.training import Trainer
from vae_core.trainings import folder as names
from vae_core.worker.live_folder import LiveFolder, codes_at, read_resume, shown_samples
from vae_core.worker.loop import Worker
from vae_core.worker.stop_signal import StopSignal

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


def worker_of(few: Dataset, folder: Path, *, epochs: int = 30, stop: StopSignal | None = None) -> tuple[Worker, Heard]:
    """A worker on a fresh training of `few`, or on the one in the folder."""
    found, voice = read_resume(folder), Heard()
    options = TrainConfig(epochs=epochs, batch=32)
    trainer = Trainer(few, SMALL, options=options) if found is None else Trainer.resume(few, *found)
    live = LiveFolder(folder, few, SMALL)
    return Worker(trainer, voice, group=Group(), stop=stop or StopSignal(), folder=live), voice


def live_step(folder: Path) -> int:
    step: int = names.read_tensors(folder / names.LIVE)[0]["step"]
    return step


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
    monkeypatch.setattr("vae_core.worker.loop.SLOW_SECONDS", 0.01)
    (folder / names.WATCHED).touch()
    names.write_control(folder, "slow", 0)
    until(lambda: len(voice.of("progress")) > 5)
    steps = [facts["step"] for facts in voice.of("progress")]
    assert steps == list(range(1, len(steps) + 1))
    assert live_step(folder) >= steps[4]


def test_slow_motion_that_nobody_looks_at_runs_at_full_speed_until_somebody_does(
    running: tuple[Path, Heard, StopSignal, threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, voice, _, _ = running
    monkeypatch.setattr("vae_core.worker.loop.SLOW_SECONDS", 0.1)
    monkeypatch.setattr("vae_core.worker.loop.SLOW_PATIENCE_SECONDS", 0.2)
    names.write_control(folder, "slow", 0)
    until(lambda: bool(voice.of("progress")) and voice.of("progress")[-1]["step"] > 50)
    (folder / names.WATCHED).touch()
    time.sleep(0.3)  # what was under way ends
    seen = len(voice.events)
    until(lambda: len(voice.events) > seen + 3)
    steps = [facts["step"] for kind, facts in voice.events[seen + 1 :] if kind == "progress"]
    assert [b - a for a, b in pairwise(steps)] == [1] * (len(steps) - 1)


def test_the_patience_with_a_pause_begins_when_somebody_last_looked(
    few: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _ = worker_of(few, folder)
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    live = worker._folder
    assert live is not None
    (folder / names.WATCHED).touch()
    assert worker._unwatched(live) == 0
    os.utime(folder / names.WATCHED, (0, 0))
    now[0] += 20
    assert worker._unwatched(live) == 20


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
    monkeypatch.setattr("vae_core.worker.loop.PATIENCE_SECONDS", 0.0)
    names.write_control(folder, "pause", 0)
    worker, _ = worker_of(few, folder)
    assert worker.train() is False
    assert worker.parked
    assert read_resume(folder) is not None


def test_what_a_killed_worker_left_goes_and_what_a_server_is_writing_stays(few: Dataset, folder: Path) -> None:
    (folder / names.STATES).mkdir()
    left = [folder / ".live.safetensors.new-7", folder / names.STATES / ".0003.safetensors.new-7"]
    for file in [*left, folder / ".control.json.new-7", folder / ".queued.new-7"]:
        file.touch()
    LiveFolder(folder, few, SMALL)
    assert sorted(file.name for file in folder.rglob("*.new-*")) == [".control.json.new-7", ".queued.new-7"]


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

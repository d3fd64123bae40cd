"""The worker as a process: the command with its JSON lines, signals, errors, kills, and several processes at once."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_kit import few_samples, indices, job_folder, one_thread, own_home, until  # noqa: F401  (fixtures)

from vae_core import Column, Dataset, load_card, load_codes, load_model, stored
from vae_core.cli import main
from vae_core.config import TrainingError
from vae_core.processes import Process
from vae_core.trainings import Request, Training, Trainings
from vae_core.trainings import folder as names
from vae_core.worker.job import Job
from vae_core.worker.live_folder import read_resume
from vae_core.worker.process import sentence_of, work
from vae_core.worker.stop_signal import StopSignal
from vae_core.worker.voices import JsonVoice

ROOT = Path(__file__).parents[1]


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
    monkeypatch.setattr("vae_core.worker.waiting.NODES", 5)
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
@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs gloo")
def test_two_processes_train_one_model_and_one_of_them_speaks_and_writes(few: Dataset, folder: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "vae_core"]
    command += arguments(folder, "--epochs", "4", dataset=stored.store(few))
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert (events.count("started"), events.count("finished")) == (1, 1)
    assert indices(folder)[-1] == 39
    assert load_card(folder / "model" / "mine")["training"]["processes"] == 2
    load_model(folder / "model" / "mine")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--seconds", "1", "--epochs", "1"], "not allowed with"),
        (["--size", "small", "--hidden", "8"], "not allowed with"),
        (["--title", " "], "1 to 200 characters"),
        (["--seconds", "-1"], "positive number"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "digits", "--out", str(tmp_path / "out"), *more])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


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
    monkeypatch.setattr("vae_core.worker.waiting.NODES", 5)
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

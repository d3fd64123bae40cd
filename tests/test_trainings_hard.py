"""Trainings where things go wrong: broken files, a disk without room, a folder that is none, leftovers of the dead."""

from __future__ import annotations

import argparse
import errno
import gc
import json
from pathlib import Path

import pytest

from ui.train import leftovers, runner
from vae_core import home
from vae_core.processes import Process
from vae_core.trainings import Trainings
from vae_core.trainings import folder as training_folder
from vae_core.trainings.progress_log import ProgressLog
from vae_core.trainings.request import Request, TrainingsError
from vae_core.worker import process as worker_process

DEEP = b"[" * 100_000  # more brackets than Python's reader of JSON has depth
HUGE = "1" + "0" * 400  # a whole number that no float can hold


def a_request(owner: str = "a", **changes: object) -> Request:
    fields = {"dataset": "digits", "title": "t", "size": "small", "hidden": (8,), "seconds": 1.0, **changes}
    return Request(owner=owner, **fields)  # type: ignore[arg-type]


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(home.HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe{", b"[1, 2", DEEP, b'{"pid": 0}', b"7"])
def test_a_broken_pid_file_is_no_process(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pid").write_bytes(content)
    assert Process.read(tmp_path / "pid") is None


@pytest.mark.parametrize("content", [b"", DEEP, b"[]", b'{"pace": "run"}'])
def test_a_broken_control_file_asks_for_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / training_folder.CONTROL).write_bytes(content)
    assert training_folder.read_control(tmp_path) == ("run", 0)


@pytest.mark.parametrize("line", [DEEP, b'{"event": ["x"]}', b"\xff\xff", b"null", b'{"event": "progress", "share":'])
def test_lines_of_garbage_are_passed_over(tmp_path: Path, line: bytes) -> None:
    point = {"event": "progress", "share": 0.5, "step": 3, "seconds": 1.0, "distortion": 2.0, "rate": 1.0}
    file = tmp_path / "progress.jsonl"
    file.write_bytes(line + b"\n" + json.dumps(point).encode() + b"\n" + line)
    log = ProgressLog(file)
    log.read()
    assert log.curve == [[0.5, 3, 1.0, 2.0, 1.0]]


def test_numbers_that_are_too_large_or_none_do_not_reach_the_page(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    start = '{"event": "progress", "step": 1, "seconds": 1, "distortion": 1, "rate": 1, '
    file.write_text(f'{start}"share": {HUGE}}}\n{start}"share": NaN}}\n{start}"share": 0.1, "seconds_left": "<b>"}}\n')
    log = ProgressLog(file)
    log.read()
    assert [point[0] for point in log.curve] == [0.1]
    assert log.progress is not None
    assert log.progress["seconds_left"] is None


def test_a_progress_file_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "progress.jsonl").mkdir()
    log = ProgressLog(tmp_path / "progress.jsonl")
    log.read()
    assert log.life == ""


@pytest.mark.parametrize("content", [DEEP, b"{}", b"", f'{{"created": {HUGE}}}'.encode()])
def test_one_broken_request_leaves_the_others_listed(own_folder: Path, content: bytes) -> None:
    trainings = Trainings()
    whole, broken = trainings.submit(a_request()), trainings.submit(a_request())
    file = trainings.folder / broken / training_folder.REQUEST
    if b"created" in content:  # everything else is as it was
        content = content.replace(b"{", file.read_bytes().rstrip(b"}") + b", ")
    file.write_bytes(content)
    assert [training.id for training in Trainings().of("a")] == [whole]


def test_a_folder_that_is_a_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "trainings").write_text("x")
    trainings = Trainings(tmp_path / "trainings")
    with pytest.raises(TrainingsError, match="expected a folder of trainings, got: Not a directory"):
        trainings.of("a")
    with pytest.raises(TrainingsError, match="expected to write there, but the system says"):
        trainings.submit(a_request())


def test_a_full_disk_refuses_in_a_sentence_and_leaves_nothing(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    trainings = Trainings()
    known = trainings.submit(a_request())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(TrainingsError, match="No space left on device"):
            trainings.submit(a_request())
    assert sorted(path.name for path in trainings.folder.iterdir() if path.is_dir()) == [known]


def test_what_waits_is_not_started_beyond_the_limit_and_says_why(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = Trainings()
    name = trainings.submit(a_request())
    (own_folder / "large").write_bytes(b"0" * 1_100_000)
    monkeypatch.setenv(home.LIMIT_VARIABLE, "1")
    trainings.dispatch()
    training = trainings.get(name)
    assert training is not None
    assert training.status == "waiting"
    assert "expected less than 1 MB" in training.message
    assert not trainings.busy()


def test_a_worker_says_that_the_disk_is_full_though_its_log_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*values: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(worker_process.traceback, "print_exc", full)
    monkeypatch.setattr(worker_process, "_enter", full)
    options = argparse.Namespace(job=Path("/nowhere"), json=True, resume=False, dataset="digits")
    monkeypatch.setattr(worker_process.StopSignal, "listen", lambda self: self)
    assert worker_process.work(options) == worker_process.REFUSED
    said = json.loads(capsys.readouterr().out)
    assert said["event"] == "failed"
    assert said["message"].startswith("The disk is full")


def test_the_thread_that_starts_trainings_outlives_any_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd:
        calls = 0

        def dispatch(self) -> None:
            self.calls += 1
            if self.calls > 2:
                raise SystemExit
            raise RecursionError("odd")

    odd = Odd()
    monkeypatch.setattr(runner, "DISPATCH_SECONDS", 0.0)
    with pytest.raises(SystemExit):
        runner._dispatch(odd)  # type: ignore[arg-type]
    assert odd.calls == 3


def test_an_upload_in_a_circle_of_objects_is_freed() -> None:
    class Upload:
        me: object = None

    upload = Upload()
    upload.me = upload
    leftovers.hold(upload)
    gc.disable()
    try:
        del upload
        assert leftovers._held
        assert leftovers.clear(every=0.0)
    finally:
        gc.enable()
    assert not leftovers._held
    assert not leftovers.clear(every=0.0)

"""The store of trainings: queue, slots, ownership, what is left after a crash, and what a broken folder does."""

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vae_core.processes import Process
from vae_core.trainings import MOST_OF_AN_OWNER, Request, Training, Trainings, TrainingsError, worker_start
from vae_core.trainings import folder as names

REQUEST = Request(
    owner="me", dataset="digits", title="Digits", size="small", hidden=(16, 16), epochs=3, created=1000.0
)

# A worker that says what a real one says, without the seconds that torch takes: it runs until a file "end" appears,
# and writes down every signal.
WORKER = """
import json, os, signal, sys, time
folder = sys.argv[1]
def say(**facts): print(json.dumps(facts), flush=True)
heard = lambda number, frame: open(os.path.join(folder, "heard"), "a").write("x")
signal.signal(signal.SIGTERM, heard)
say(event="started")
say(event="progress", step=1, share=0.1, seconds=0.5, distortion=1.0, rate=2.0)
while not os.path.exists(os.path.join(folder, "end")):
    time.sleep(0.01)
os.makedirs(os.path.join(folder, "model", "digits"))
open(os.path.join(folder, "model", "digits", "card.json"), "w").close()
say(event="finished", name="digits", complete=True)
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainings]:
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path))
    monkeypatch.setattr(worker_start, "worker_command", lambda folder, request: command(WORKER, folder))
    made = Trainings()
    yield made
    for training in made.of("me") + made.of("you"):
        made.delete(training.id)


def command(script: str, folder: Path) -> list[str]:
    return [sys.executable, "-c", script, str(folder)]


def ask(store: Trainings, name: str) -> Training:
    found = store.get(name)
    assert found is not None
    return found


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.01)


def run(store: Trainings, name: str) -> None:
    """Start what may start, and wait until this one's worker listens."""
    store.dispatch()
    until(lambda: ask(store, name).progress is not None)


def finish(store: Trainings, name: str) -> None:
    (store.folder / name / "end").touch()
    until(lambda: ask(store, name).status == "finished")
    until(lambda: name not in store.busy())


def test_trainings_start_in_the_order_of_submission_and_no_more_than_there_are_slots(store: Trainings) -> None:
    first, second, third = (store.submit(REQUEST) for _ in range(3))
    assert store.waiting() == [first, second, third]
    assert [ask(store, name).place for name in (first, second, third)] == [1, 2, 3]
    run(store, first)
    store.dispatch()
    assert (store.busy(), store.waiting()) == ([first], [second, third])
    assert ask(store, third).place == 2
    finish(store, first)
    run(store, second)
    assert (store.busy(), store.waiting()) == ([second], [third])


def test_a_finished_training_knows_its_model_and_its_curve(store: Trainings) -> None:
    name = store.submit(REQUEST)
    run(store, name)
    assert ask(store, name).status == "running"
    finish(store, name)
    training = ask(store, name)
    assert training.model_folder == store.folder / name / "model" / "digits"
    assert training.curve == [[0.1, 1, 0.5, 1.0, 2.0]]


def test_several_servers_start_one_training_once(store: Trainings) -> None:
    waiting = [store.submit(REQUEST) for _ in range(4)]
    servers = [Trainings(slots=2) for _ in range(6)]
    threads = [threading.Thread(target=server.dispatch) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.busy()) == sorted(waiting[:2])
    assert store.waiting() == waiting[2:]
    starts = [(store.folder / name / names.PROGRESS).read_text().count('"starting"') for name in waiting[:2]]
    assert starts == [1, 1]


def test_on_a_full_disk_the_queue_stays_and_says_why(store: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = [store.submit(REQUEST) for _ in range(3)]

    def full(folder: Path, event: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(worker_start, "say", full)
        store.dispatch()
        assert store.waiting() == waiting
        assert {ask(store, name).status for name in waiting} == {"waiting"}
        assert "No space left on device" in ask(store, waiting[0]).message
    run(store, waiting[0])
    assert ask(store, waiting[0]).message == ""
    assert store.waiting() == waiting[1:]


def test_a_worker_whose_process_cannot_be_written_down_does_not_stay(
    store: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(process: Process, file: Path) -> None:
        started.append(process)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    started: list[Process] = []
    monkeypatch.setattr(Process, "write", full)
    name = store.submit(REQUEST)
    store.dispatch()
    assert store.waiting() == [name]
    assert [process.lives() for process in started] == [False]


def test_a_folder_that_cannot_be_written_to_holds_up_no_other(
    store: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = store.submit(REQUEST), store.submit(REQUEST)
    say = worker_start.say

    def refuse(folder: Path, event: str, **facts: object) -> None:
        if folder.name == first:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        say(folder, event, **facts)

    monkeypatch.setattr(worker_start, "say", refuse)
    run(store, second)
    assert store.waiting() == [first]


def test_a_training_whose_server_died_just_after_it_started_it_is_not_started_twice(store: Trainings) -> None:
    name = store.submit(REQUEST)
    queued = (store.folder / name / names.QUEUED).read_bytes()
    run(store, name)
    (store.folder / name / names.QUEUED).write_bytes(queued)
    store.submit(REQUEST)
    Trainings(slots=2).dispatch()
    assert ask(store, name).status == "running"
    assert (store.folder / name / names.PROGRESS).read_text().count('"starting"') == 1


def test_a_training_that_another_server_removed_is_forgotten(store: Trainings) -> None:
    name = store.submit(REQUEST)
    ask(store, name)
    Trainings().delete(name)
    assert store.get(name) is None
    assert name not in store._logs


def test_another_server_sees_and_stops_a_training_that_it_did_not_start(store: Trainings) -> None:
    name = store.submit(REQUEST)
    run(store, name)
    other = Trainings()
    assert ask(other, name).status == "running"
    other.stop(name, owner="me")
    until(lambda: (store.folder / name / "heard").exists())


def test_a_second_press_on_stop_sends_no_second_signal(store: Trainings) -> None:
    name = store.submit(REQUEST)
    run(store, name)
    store.stop(name)
    until(lambda: (store.folder / name / "heard").exists())
    store.stop(name)
    finish(store, name)
    assert (store.folder / name / "heard").read_text() == "x"


def test_only_the_owner_reaches_a_training(store: Trainings) -> None:
    mine, yours = store.submit(REQUEST), store.submit(replace(REQUEST, owner="you"))
    assert [training.id for training in store.of("me")] == [mine]
    for change in (store.stop, store.delete, store.pause, store.go, store.slow, store.step_once, store.resume):
        with pytest.raises(TrainingsError, match="no such training"):
            change(yours, owner="me")
    assert ask(store, yours).status == "waiting"


def test_a_killed_worker_leaves_an_interrupted_training_that_can_be_resumed(store: Trainings) -> None:
    name = store.submit(REQUEST)
    run(store, name)
    process = Process.read(store.folder / name / names.PID)
    assert process is not None
    process.kill()
    until(lambda: ask(store, name).status == "interrupted")
    with pytest.raises(TrainingsError, match="interrupted"):
        store.pause(name)
    store.go(name)
    assert ask(store, name).status == "waiting"
    store.dispatch()
    until(lambda: ask(store, name).status == "running")


def test_a_worker_that_dies_with_an_error_says_why(store: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; sys.exit('error: expected a spoon, got a fork')"
    monkeypatch.setattr(worker_start, "worker_command", lambda folder, request: command(script, folder))
    name = store.submit(REQUEST)
    store.dispatch()
    until(lambda: (store.dispatch(), ask(store, name).status)[1] == "failed")
    assert "expected a spoon, got a fork" in ask(store, name).message


def test_a_recycled_process_number_is_not_taken_for_a_living_worker(store: Trainings) -> None:
    own = Process.of(os.getpid())
    assert own is not None
    assert own.lives()
    stranger = Process(own.pid, "another boot 12345")
    assert not stranger.lives()
    name = store.submit(REQUEST)
    (store.folder / name / names.QUEUED).unlink()
    stranger.write(store.folder / name / names.PID)
    assert ask(store, name).status == "interrupted"
    assert store.busy() == []
    assert not stranger.send(signal.SIGTERM)


def test_a_worker_that_nobody_has_reaped_yet_does_not_count_as_living() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    until(lambda: Process.of(child) is None)
    os.waitpid(child, 0)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"owner": "me"}', "\x00", REQUEST.to_json().replace('"epochs": 3', '"epochs": -3'), "NaN"],
)
def test_a_broken_folder_is_passed_over(store: Trainings, content: str) -> None:
    good = store.submit(REQUEST)
    bad = store.folder / ("0" * 16)
    bad.mkdir()
    (bad / names.REQUEST).write_text(content)
    (bad / names.QUEUED).write_text("never")
    (store.folder / "notes.txt").write_text("not a training")
    assert [training.id for training in store.of("me")] == [good]
    assert store.get(bad.name) is None
    run(store, good)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "0" * 15, "g" * 16, "a/../b", "\x00" * 16])
def test_what_is_no_id_is_no_training(store: Trainings, name: str) -> None:
    assert store.get(name) is None
    with pytest.raises(TrainingsError, match="no such training"):
        store.delete(name)
    store.watch(name)


def test_a_full_share_of_the_disk_refuses_the_next_training(store: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    name = store.submit(REQUEST)
    (store.folder / name / "big").write_bytes(bytes(2_000_000))
    monkeypatch.setenv("LATENT_EXPLORER_DISK_MB", "1")
    with pytest.raises(TrainingsError, match=r"less than 1 MB .* got 2 MB"):
        store.submit(REQUEST)
    assert store.waiting() == [name]


def test_the_oldest_that_has_ended_makes_room_for_a_new_one(store: Trainings) -> None:
    queued = [store.submit(replace(REQUEST, created=float(k + 1))) for k in range(MOST_OF_AN_OWNER)]
    with pytest.raises(TrainingsError, match="at most 20"):
        store.submit(REQUEST)
    for name in queued[3:6]:
        store.stop(name)  # one that waits leaves the queue
    new = store.submit(REQUEST)
    left = {training.id for training in store.of("me")}
    assert left == {*queued, new} - {queued[3]}


def test_deleting_ends_the_worker_and_leaves_nothing(store: Trainings) -> None:
    name = store.submit(REQUEST)
    run(store, name)
    process = Process.read(store.folder / name / names.PID)
    assert process is not None
    store.delete(name)
    assert not process.lives()
    assert store.get(name) is None
    assert [item.name for item in store.folder.iterdir()] == [".lock"]


def test_pause_slow_motion_and_single_steps_are_asked_for_in_a_file(store: Trainings) -> None:
    name = store.submit(REQUEST)
    with pytest.raises(TrainingsError, match="waiting"):
        store.pause(name)
    run(store, name)
    folder = store.folder / name
    store.pause(name)
    assert (ask(store, name).status, ask(store, name).pace) == ("paused", "pause")
    store.step_once(name)
    store.step_once(name)
    assert names.read_control(folder) == ("pause", 2)
    store.slow(name)
    assert (ask(store, name).status, names.read_control(folder)) == ("running", ("slow", 2))
    store.go(name)
    assert names.read_control(folder) == ("run", 2)


def test_what_a_server_left_that_died_while_deleting_goes_with_the_next_training(store: Trainings) -> None:
    (store.folder / ".trash-0123456789abcdef" / "states").mkdir(parents=True)
    name = store.submit(REQUEST)
    assert sorted(item.name for item in store.folder.iterdir()) == [".lock", name]


def test_watching_is_remembered(store: Trainings) -> None:
    name = store.submit(REQUEST)
    store.watch(name)
    assert time.time() - (store.folder / name / names.WATCHED).stat().st_mtime < 60

"""The trainings of all who use this machine: a folder each, a queue, and worker processes of a bounded number."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vae_core.home import limit_bytes, trainings_folder, used_bytes
from vae_core.processes import Process, locked, write_atomically
from vae_core.trainings import folder as names
from vae_core.trainings.progress_log import ProgressLog
from vae_core.trainings.request import Request, TrainingsError
from vae_core.trainings.worker_start import last_words, say, start_worker

__all__ = ["Request", "Training", "Trainings", "TrainingsError"]

ID_PATTERN = re.compile(r"[0-9a-f]{16}")
STATUSES = ("waiting", "running", "paused", "measuring", "finished", "failed", "interrupted")
ACTIVE = ("waiting", "running", "paused", "measuring")
MOST_OF_AN_OWNER = 20
DEFAULT_SLOTS = 1  # for two cores: the other one serves the pages
KILL_SECONDS = 5.0  # for a killed worker to be gone
TRASH = ".trash-"
LOCK = ".lock"


@dataclass(frozen=True)
class Training:
    """A training as it stands.

    status: one of STATUSES; "interrupted" was stopped by nobody and has no worker any more: it can be resumed. place:
    in the queue from 1, or None. progress: the worker's last "progress" event, or None. curve: at most 400 of [share,
    step, seconds, D, R]; states: {"index", "step", "share"} of each stored one. measured: share of the measuring that
    is done. message: why it failed, or why it could not be started yet, or "". pace: "run", "pause" or "slow", as asked
    for. model_folder: the finished model, or None; complete: False where the person stopped it before its end.
    """

    id: str
    folder: Path
    request: Request
    status: str
    place: int | None = None
    progress: dict[str, Any] | None = None
    curve: list[list[float]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    measured: float = 0.0
    message: str = ""
    pace: str = "run"
    model_folder: Path | None = None
    complete: bool = True

    @property
    def start_file(self) -> Path:
        """What does not change: card, labels, ids (see vae_core.trainings.folder); there once the worker has begun."""
        return self.folder / names.START

    @property
    def live_file(self) -> Path:
        """The newest state."""
        return self.folder / names.LIVE

    def state_file(self, index: int) -> Path:
        """The stored state with this index."""
        return names.state_file(self.folder, index)


class Trainings:
    """The trainings in a folder, which several server processes may share.

    At most `slots` workers at once, paused ones included; the others wait in the order of their submission. Nothing
    starts but by `dispatch`, which a server calls twice a second. An owner has at most MOST_OF_AN_OWNER: a new one
    removes the oldest that has ended, whether kept or not, since a kept model is a copy elsewhere. Methods that
    change a training raise TrainingsError where it is not there, where it is another owner's (if `owner` is given),
    and where its status does not allow it.
    """

    def __init__(self, folder: Path | None = None, slots: int = DEFAULT_SLOTS) -> None:
        self.folder, self.slots = (trainings_folder() if folder is None else Path(folder)).absolute(), slots
        self._logs: dict[str, ProgressLog] = {}
        self._requests: dict[str, Request] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._refused: dict[str, str] = {}  # why one that waits could not be started, until it can
        self._lock = threading.RLock()

    def submit(self, request: Request) -> str:
        """Put a training into the queue and return its id.

        Raises TrainingsError where the disk may hold no more, or all trainings of the owner are under way.
        """
        if complaint := _no_room():
            raise TrainingsError(complaint)
        with self._locked():
            for rest in self.folder.glob(f"{TRASH}*"):  # of a server that died while it submitted or deleted
                shutil.rmtree(rest, ignore_errors=True)
            self._make_room(request.owner)
            name = secrets.token_hex(8)
            new = self.folder / f"{TRASH}{name}"
            try:
                new.mkdir(parents=True)
                (new / names.REQUEST).write_text(request.to_json())
                (new / names.QUEUED).write_text(json.dumps({"time": time.time()}))
                new.rename(self.folder / name)
            finally:
                shutil.rmtree(new, ignore_errors=True)  # of a full disk
        return name

    def get(self, name: str) -> Training | None:
        """The training as it stands; None where there is none, or its folder is broken. Cheap: call it often."""
        with self._lock:
            request = self._request(name)
            if request is None:
                return None
            return self._training(name, request)

    def of(self, owner: str) -> list[Training]:
        """The trainings of one owner, the newest first."""
        own = [name for name in self._names() if (request := self._request(name)) and request.owner == owner]
        found = [training for name in own if (training := self.get(name))]
        return sorted(found, key=lambda training: training.request.created, reverse=True)

    def waiting(self) -> list[str]:
        """The ids of those that wait, the next one first."""
        queued = [(self._queued_at(name), name) for name in self._names() if self._file(name, names.QUEUED).exists()]
        return [name for _, name in sorted(queued)]

    def busy(self) -> list[str]:
        """The ids of those that have a worker."""
        return [name for name in self._names() if self._worker(name)]

    def dispatch(self) -> None:
        """Start what may start, and look after what has ended; safe from several processes at once."""
        with self._lock:
            self._reap()
            if not self.folder.is_dir() or not self.waiting():
                return
            with self._locked():
                busy = self.busy()
                for name in set(busy).intersection(self.waiting()):  # of a server that died just after it started it
                    self._file(name, names.QUEUED).unlink(missing_ok=True)
                free = self.slots - len(busy)
                for name in self.waiting():
                    if free > 0:
                        free -= self._start(name)

    def watch(self, name: str) -> None:
        """Say that somebody looks: live updates are made for a few seconds more."""
        if self._request(name) is not None:
            with contextlib.suppress(OSError):
                self._file(name, names.WATCHED).touch()

    def pause(self, name: str, *, owner: str | None = None) -> None:
        """Hold it; its worker stays."""
        self._pace(name, owner, "pause")

    def go(self, name: str, *, owner: str | None = None) -> None:
        """Let it run at full speed again; one that was interrupted is resumed."""
        if self._of(name, owner).status == "interrupted":
            self.resume(name, owner=owner)
        else:
            self._pace(name, owner, "run")

    def slow(self, name: str, *, owner: str | None = None) -> None:
        """Let it run at a few steps a second, each of them shown."""
        self._pace(name, owner, "slow")

    def step_once(self, name: str, *, owner: str | None = None) -> None:
        """Hold it, and let it make one step."""
        self._pace(name, owner, "pause", steps=1)

    def stop(self, name: str, *, owner: str | None = None) -> None:
        """Stop it and keep what is there: the worker measures and saves the model. One that waits leaves the queue."""
        with self._locked():
            training = self._of(name, owner)
            if training.status == "waiting":
                self._file(name, names.QUEUED).unlink(missing_ok=True)
                return
            if training.status not in ACTIVE:
                told = _told(training.status)
                raise TrainingsError(f"Expected a training that is under way, to stop it, got one that {told}.")
            worker, mark = self._worker(name), self._file(name, names.STOP)
            if mark.exists() or worker is None:
                return  # asked before: a second signal would lose the model
            mark.touch()
            # Before "started" the worker does not listen to signals yet; it looks for the mark then.
            if self._log(name).life not in ("", "starting"):
                worker.send(signal.SIGTERM)

    def resume(self, name: str, *, owner: str | None = None) -> None:
        """Queue one that was interrupted, or that failed, again: it goes on from its last complete state."""
        with self._locked():
            status = self._of(name, owner).status
            if status not in ("interrupted", "failed"):
                told = _told(status)
                raise TrainingsError(f"Expected a training that was interrupted, to resume it, got one that {told}.")
            self._file(name, names.STOP).unlink(missing_ok=True)
            names.write_control(self.folder / name, "run", 0)
            write_atomically(self._file(name, names.QUEUED), json.dumps({"time": time.time()}).encode())

    def delete(self, name: str, *, owner: str | None = None) -> None:
        """End it, if it runs, and remove everything that it has stored."""
        with self._locked():
            self._of(name, owner)
            self._remove(name)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone with the folder. A disk that is full, or a folder that cannot be written to, becomes a sentence."""
        try:
            with self._lock, locked(self.folder / LOCK):
                yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise TrainingsError(f"{self.folder}: expected to write there, but the system says: {reason}.") from error

    def _file(self, name: str, file: str) -> Path:
        return self.folder / name / file

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.folder) as items:
                return [item.name for item in items if ID_PATTERN.fullmatch(item.name) and item.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TrainingsError(f"{self.folder}: expected a folder of trainings, got: {error.strerror}.") from error

    def _request(self, name: str) -> Request | None:
        """The request in a training's folder, which never changes; None where it is no training."""
        if not ID_PATTERN.fullmatch(name) or not (self.folder / name).is_dir():
            self._forget(name)
            return None
        known = self._requests.get(name)  # once: another thread may forget it meanwhile
        if known is None:
            try:
                known = Request.from_json(self._file(name, names.REQUEST).read_bytes())
            except (OSError, TrainingsError):
                return None
            self._requests[name] = known
        return known

    def _forget(self, name: str) -> None:
        """What is known of a training that is not there any more, perhaps removed by another server."""
        self._logs.pop(name, None)
        self._requests.pop(name, None)
        self._refused.pop(name, None)

    def _of(self, name: str, owner: str | None) -> Training:
        training = self.get(name)
        if training is None or owner not in (None, training.request.owner):
            raise TrainingsError(f"There is no such training: expected the id of one of yours, got {name!r:.60}.")
        return training

    def _log(self, name: str) -> ProgressLog:
        log = self._logs.setdefault(name, ProgressLog(self._file(name, names.PROGRESS)))
        log.read()
        return log

    def _training(self, name: str, request: Request) -> Training:
        folder, log = self.folder / name, self._log(name)
        waiting = self._file(name, names.QUEUED).exists()
        status = "waiting" if waiting else self._status(name, log)
        ended = log.ended or {}
        model = folder / names.MODELS / str(ended.get("name", ""))
        queue = self.waiting() if waiting else []
        return Training(
            id=name,
            folder=folder,
            request=request,
            status=status,
            place=queue.index(name) + 1 if name in queue else None,
            progress=log.progress,
            curve=list(log.curve),
            states=log.states,
            measured=log.measured,
            message=self._message(name, status, ended),
            pace=names.read_control(folder)[0],
            model_folder=model if status == "finished" and (model / "card.json").is_file() else None,
            complete=bool(ended.get("complete", True)),
        )

    def _message(self, name: str, status: str, ended: dict[str, Any]) -> str:
        if status == "waiting":
            return self._refused.get(name, "")
        return str(ended.get("message", "")) if status == "failed" else ""

    def _status(self, name: str, log: ProgressLog) -> str:
        if log.life in ("finished", "failed"):
            return log.life
        if self._worker(name) is None:
            log.read()  # it may have ended between the reading of its words and the look at its process
            return log.life if log.life in ("finished", "failed") else "interrupted"
        if log.life in ("measuring", "stopped"):
            return "measuring"
        return "paused" if names.read_control(self.folder / name)[0] == "pause" else "running"

    def _worker(self, name: str) -> Process | None:
        process = Process.read(self._file(name, names.PID))
        return process if process is not None and process.lives() else None

    def _queued_at(self, name: str) -> float:
        try:
            return float(json.loads(self._file(name, names.QUEUED).read_bytes())["time"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return float("inf")

    def _pace(self, name: str, owner: str | None, pace: str, *, steps: int = 0) -> None:
        with self._locked():
            status = self._of(name, owner).status
            if status not in ("running", "paused"):
                raise TrainingsError(f"Expected a training that runs or is paused, got one that {_told(status)}.")
            asked = names.read_control(self.folder / name)[1]
            names.write_control(self.folder / name, pace, asked + steps)

    def _make_room(self, owner: str) -> None:
        own = self.of(owner)
        ended = [training for training in reversed(own) if training.status not in ACTIVE]
        surplus = len(own) + 1 - MOST_OF_AN_OWNER
        if surplus > len(ended):
            raise TrainingsError(
                f"There is no room for another training: expected at most {MOST_OF_AN_OWNER} of yours, all of them are"
                " under way or waiting; stop or delete one first."
            )
        for training in ended[: max(0, surplus)]:
            self._remove(training.id)

    def _remove(self, name: str) -> None:
        self._file(name, names.QUEUED).unlink(missing_ok=True)
        worker = self._worker(name)
        if worker is not None:
            worker.kill()
            until = time.monotonic() + KILL_SECONDS
            while worker.lives() and time.monotonic() < until:
                time.sleep(0.01)
        trash = self.folder / f"{TRASH}{name}"
        (self.folder / name).rename(trash)
        shutil.rmtree(trash, ignore_errors=True)
        self._forget(name)

    def _start(self, name: str) -> bool:
        """Start its worker, and return whether there is one now.

        Where its folder cannot be written to, it stays in the queue, and its message says why.
        """
        if complaint := _no_room():
            self._refused[name] = complaint
            return False
        request = self._request(name)
        try:
            child = None if request is None else start_worker(self.folder / name, request)
        except OSError as error:
            self._refused[name] = f"It waits, for its folder cannot be written to: {error.strerror or error}."
            return False
        self._refused.pop(name, None)
        if child is not None:
            self._children[name] = child
        self._file(name, names.QUEUED).unlink(missing_ok=True)
        return child is not None

    def _reap(self) -> None:
        """Collect the workers that have ended; one that ended in an error without saying so gets a sentence."""
        for name, child in list(self._children.items()):
            status = child.poll()
            if status is None:
                continue
            del self._children[name]
            folder = self.folder / name
            if status > 0 and folder.is_dir() and self._log(name).life not in ("finished", "failed"):
                words = last_words(folder)
                say(folder, "failed", message=f"The training’s process ended with status {status}: {words}")


def _no_room() -> str:
    """Why no training may start now; "" where one may. So the disk holds at most one training a slot too much."""
    used, limit = used_bytes(), limit_bytes()
    if used < limit:
        return ""
    return (
        f"There is no room for another training: expected less than {limit / 1e6:,.0f} MB of data sets, models and"
        f" trainings, got {used / 1e6:,.0f} MB; delete some first."
    )


def _told(status: str) -> str:
    """A status as it stands in a sentence: "is running", "has failed"."""
    return {"measuring": "is being measured", "failed": "has failed", "interrupted": "was interrupted"}.get(
        status, f"is {status}"
    )

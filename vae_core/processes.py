"""Other processes: whether the one that was started still lives, and a lock that several processes share."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process that cannot be taken for a later one with the same number: its number and when it was started."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process with this number; None where there is none, or only one that has ended and is not reaped."""
        started = _start_of(pid)
        return None if started is None else cls(pid, started)

    @classmethod
    def read(cls, file: Path) -> Process | None:
        """The process that `write` wrote down; None where the file is missing or broken."""
        try:
            record = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(record, dict) or not isinstance(record.get("pid"), int) or record["pid"] < 1:
            return None
        return cls(record["pid"], str(record.get("started")))

    def write(self, file: Path) -> None:
        """Write it down, atomically."""
        write_atomically(file, json.dumps({"pid": self.pid, "started": self.started}).encode())

    def lives(self) -> bool:
        """Whether it is still there: the number alone may have been given to another one."""
        return _start_of(self.pid) == self.started

    def send(self, number: int) -> bool:
        """Send it a signal; False where it is not there any more."""
        if not self.lives():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it and what it started, at once."""
        if not self.lives():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg") and os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _start_of(pid: int) -> str | None:
    """When the process was started, as a text that no other process with this number has; None for no process."""
    if sys.platform == "win32":
        # Windows has no cheap way to ask: the number has to do.
        return "unknown" if f" {pid} " in _said(["tasklist", "/FI", f"PID eq {pid}", "/NH"]) else None
    elif sys.platform == "linux":  # noqa: RET505  (mypy takes what follows a return under a platform for unreachable)
        return _start_from_proc(pid)
    else:
        state, _, started = _said(["ps", "-o", "stat=,lstart=", "-p", str(pid)]).strip().partition(" ")
        return started.strip() or None if state and state[0] != "Z" else None


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _start_from_proc(pid: int) -> str | None:
    try:
        content = (PROC / str(pid) / "stat").read_text()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field, the command's name in brackets, may hold spaces and brackets itself.
    state, *rest = content[content.rindex(")") + 2 :].split()
    return None if state in "ZXx" else f"{boot} {rest[18]}"


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock file's lock; another process or thread that wants it waits. The system frees it when one dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
            yield  # closing the file frees the lock


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: whoever reads gets the old one or the new one, whole."""
    new = file.with_name(f".{file.name}.new-{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise

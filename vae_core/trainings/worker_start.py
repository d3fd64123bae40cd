"""Starting a training's worker process, and what is said in its place before it speaks and after it died."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from vae_core.processes import Process
from vae_core.slug import slug
from vae_core.trainings import folder as names
from vae_core.trainings.request import Request

ROOT = Path(__file__).resolve().parents[2]  # where `python -m vae_core` is found


def start_worker(folder: Path, request: Request) -> subprocess.Popen[bytes] | None:
    """Start the worker of a training's folder, in a session of its own so that it outlives the server.

    None where it cannot be started, which its progress then says. Raises OSError where the folder cannot be written to.
    """
    say(folder, "starting")
    environment = os.environ | {"PYTHONPATH": _search_path(), "OMP_NUM_THREADS": "1"}
    with (folder / names.PROGRESS).open("ab") as out, (folder / names.LOG).open("ab") as log:
        try:
            child = subprocess.Popen(
                worker_command(folder, request),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            say(folder, "failed", message=f"The worker did not start: {error}.")
            return None
    process = Process.of(child.pid)
    try:
        if process is not None:
            process.write(folder / names.PID)
    except OSError:
        child.kill()  # nobody would find it again
        child.wait()
        raise
    return child


def worker_command(folder: Path, request: Request) -> list[str]:
    """The command that runs a training's worker; a person may type the same."""
    command = [sys.executable, "-m", "vae_core", "train", request.dataset, "--json", "--job", str(folder)]
    command += ["--out", str(folder / names.MODELS), "--name", slug(request.title), f"--title={request.title}"]
    command += ["--hidden", ",".join(str(width) for width in request.hidden), "--seed", str(request.seed)]
    command += ["--likelihood", request.likelihood]
    if request.sigma_x is not None:
        command += ["--sigma-x", repr(request.sigma_x)]
    length = ["--seconds", repr(request.seconds)] if request.epochs is None else ["--epochs", str(request.epochs)]
    return [*command, *length, *(["--resume"] if (folder / names.RESUME).exists() else [])]


def say(folder: Path, event: str, **facts: Any) -> None:
    """Put a line into a training's progress; on a line of its own, even where a killed worker left half a one."""
    line = json.dumps({"event": event, "time": round(time.time(), 3), **facts}).encode() + b"\n"
    with (folder / names.PROGRESS).open("a+b") as stream:
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            line = line if stream.read(1) == b"\n" else b"\n" + line
        stream.write(line)


def last_words(folder: Path) -> str:
    """The last line that a worker printed beside its progress."""
    with contextlib.suppress(OSError):
        lines = (folder / names.LOG).read_text(errors="replace").strip().splitlines()
        if lines:
            return lines[-1][:300]
    return "it gave no reason."


def _search_path() -> str:
    return os.pathsep.join([str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])

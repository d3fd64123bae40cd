"""The process behind a training that others watch: it says how it fares in JSON lines, whatever happens."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
import traceback
from pathlib import Path

from vae_core.checkpoints.card import CheckpointError
from vae_core.config import ConfigError, TrainingError
from vae_core.datasets import DatasetError
from vae_core.processes import Process
from vae_core.trainings.folder import PID
from vae_core.worker.stop_signal import StopSignal
from vae_core.worker.voices import BarVoice, JsonVoice, Silence, Voice

REFUSED = 2
NICE = 10


def work(options: argparse.Namespace) -> int:
    """The `train` command with --json or --job; returns the exit status.

    It listens to signals, and has said so by "started", before it imports torch, which takes seconds. Every error
    becomes one sentence in a "failed" event; what was stored before it remains.
    """
    options.stop = StopSignal().listen()
    voice = _first_voice(options)
    try:
        if options.job:
            _enter(options.job)
        voice.say("started", pid=os.getpid(), resumed=bool(options.resume))
        from vae_core.workshop import make_model

        return make_model(options)
    except Exception as error:  # the one place where a worker's errors end: they become a sentence
        expected = isinstance(error, CheckpointError | ConfigError | DatasetError | TrainingError)
        sentence = str(error) if expected else sentence_of(error)
        # A full disk may have no room for these lines either: the sentence comes first.
        with contextlib.suppress(OSError):
            voice.say("failed", message=sentence)
        with contextlib.suppress(OSError):
            if not expected:
                traceback.print_exc()
            if not options.json:
                print(f"error: {sentence}", file=sys.stderr)
        return REFUSED


def sentence_of(error: Exception) -> str:
    """One sentence about an error that nobody foresaw, or that the machine made."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: what was stored before remains; make room, then resume the training."
    if isinstance(error, OSError) and error.errno == errno.EDQUOT:
        return "The disk quota is used up: what was stored before remains; make room, then resume the training."
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}."
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return "There was not enough memory: choose a smaller network or fewer samples."
    first = (str(error).strip().splitlines() or ["no reason was given"])[0]
    return f"The training ended in an unforeseen error ({type(error).__name__}: {first[:200]})."


def _enter(folder: Path) -> None:
    """Be the training folder's one worker, at a low priority. Raises TrainingError where another one lives there."""
    _step_back()
    if os.environ.get("RANK", "0") != "0":
        return
    folder.mkdir(parents=True, exist_ok=True)
    known, own = Process.read(folder / PID), Process.of(os.getpid())
    if known is not None and known != own and known.lives():
        raise TrainingError(f"{folder}: expected a training that nobody works on, but process {known.pid} does")
    if own is not None:
        own.write(folder / PID)


def _step_back() -> None:
    """Give way to the server and to people's browsers.

    Where Linux groups processes by session, niceness counts only within a group: the group gets it as well.
    """
    if hasattr(os, "nice"):
        os.nice(NICE)
    group = Path("/proc/self/autogroup")
    with contextlib.suppress(OSError):
        # The parent's group is not ours to slow down: the server starts a worker in a session of its own.
        if os.getsid(0) == os.getpid() and group.exists():
            group.write_text(str(NICE))


def _first_voice(options: argparse.Namespace) -> Voice:
    if os.environ.get("RANK", "0") != "0":
        return Silence()
    return JsonVoice(sys.stdout) if options.json else BarVoice(str(options.dataset))

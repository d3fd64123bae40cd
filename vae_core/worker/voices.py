"""How a training speaks: to a person at a terminal, or in JSON lines to a program."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Protocol, TextIO

from vae_core.progress_bar import ProgressBar, duration

LINE_SECONDS = 0.2  # at least so much time between two "progress" lines
# The lines become rarer the longer it takes, so that a day's training fills no disk: one per 1/2000 of the time so far.
LINES = 2000
MEASURING_SECONDS = 0.5


class Voice(Protocol):
    """What a training says while it runs."""

    def progress(self, facts: dict[str, Any], *, now: bool = False) -> None:
        """Where it stands; `now`: say so even though the last time was just before."""

    def say(self, event: str, **facts: Any) -> None:
        """That something happened: "state", "stopped", "finished" …"""

    def measuring(self, share: float) -> None:
        """How much of the measuring after training is done."""

    def close(self) -> None:
        """That the next words are somebody else's."""


class JsonVoice:
    """One JSON object a line: {"event": …, "time": seconds since 1970, …}, each written at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._start, self._due, self._measured = stream, time.monotonic(), 0.0, 0.0

    def progress(self, facts: dict[str, Any], *, now: bool = False) -> None:
        """A "progress" line, unless the last one was just before."""
        at = time.monotonic()
        if now or at >= self._due:
            self._due = at + max(LINE_SECONDS, (at - self._start) / LINES)
            self.say("progress", **facts)

    def say(self, event: str, **facts: Any) -> None:
        """A line."""
        self._stream.write(json.dumps({"event": event, "time": round(time.time(), 3), **facts}, allow_nan=False) + "\n")
        self._stream.flush()

    def measuring(self, share: float) -> None:
        """A "measuring" line now and then."""
        if time.monotonic() >= self._measured:
            self._measured = time.monotonic() + MEASURING_SECONDS
            self.say("measuring", share=round(share, 4))

    def close(self) -> None:
        """Nothing is left to do."""


class BarVoice:
    """A progress bar on stderr, and a sentence on stdout at the end."""

    def __init__(self, name: str) -> None:
        self._bar = ProgressBar(name, sys.stderr)

    def progress(self, facts: dict[str, Any], *, now: bool = False) -> None:
        """The bar."""
        terms = f"D {facts['distortion']:.2f}  R {facts['rate']:.2f} nats"
        left = f"{duration(facts['seconds'])}, {duration(facts['seconds_left'])} left"
        of = f"/{facts['epochs']}" if facts["epochs"] else ""
        self._bar.update(facts["share"], f"epoch {facts['epoch']}{of}  {terms}  {left}")

    def say(self, event: str, **facts: Any) -> None:
        """Nothing, but for what ends the training."""
        if event == "stopped":
            self.close()
            print("Stopped; measuring what is there. A second signal quits at once.", file=sys.stderr)
        elif event == "finished":
            self.close()
            print(f"{facts['folder']}: {facts['title']}, trained in {duration(facts['seconds'])}")

    def measuring(self, share: float) -> None:
        """The bar."""
        self._bar.update(share, "measuring codes, D and R along beta")

    def close(self) -> None:
        """End the bar's line."""
        self._bar.close()


class Silence:
    """What the processes say that train along with the one that speaks."""

    def progress(self, facts: dict[str, Any], *, now: bool = False) -> None:
        """Nothing."""

    def say(self, event: str, **facts: Any) -> None:
        """Nothing."""

    def measuring(self, share: float) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

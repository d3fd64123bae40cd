"""What a worker has said so far, progress.jsonl, read from where the last reading ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CURVE_POINTS = 400  # at most so many are kept; every second one goes where there are more
LIVES = ("starting", "started", "stopped", "measuring", "finished", "failed")
CURVE_FIELDS = ("share", "step", "seconds", "distortion", "rate")


class ProgressLog:
    """A worker's JSON lines, so far.

    life: the last of LIVES that it said, "" before the first; progress: the last "progress" event, or None; curve:
    [share, step, seconds, D, R] of at most CURVE_POINTS of them; states: {"index", "step", "share"} of the stored
    states, by index; measured: the share of the measuring that is done; ended: the last "finished" or "failed" event.
    A line that is torn or is no JSON object is passed over: a worker may be killed while it writes.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._offset, self._rest = file, 0, b""
        self._forget()

    def _forget(self) -> None:
        self._offset, self._rest = 0, b""
        self.life, self.measured = "", 0.0
        self.progress: dict[str, Any] | None = None
        self.ended: dict[str, Any] | None = None
        self.curve: list[list[float]] = []
        self._states: dict[int, dict[str, Any]] = {}
        self._every, self._seen = 1, 0

    @property
    def states(self) -> list[dict[str, Any]]:
        """The stored states, by index."""
        return [self._states[index] for index in sorted(self._states)]

    def read(self) -> None:
        """Read what was written since the last time."""
        try:
            if self._file.stat().st_size == self._offset:
                return
            with self._file.open("rb") as stream:
                if stream.seek(0, 2) < self._offset:
                    self._forget()  # another file is there now
                stream.seek(self._offset)
                new = stream.read()
        except OSError:  # not there yet, or not to be read: nothing new is known
            return
        self._offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict):
            return
        kind = event.get("event")
        if kind in LIVES:
            self._live(kind, event)
        elif kind == "progress" and all(_is_number(event.get(name)) for name in CURVE_FIELDS):
            left = event.get("seconds_left")
            self.progress = {**event, "seconds_left": left if _is_number(left) else None}
            self._add([event[name] for name in CURVE_FIELDS])
        elif kind == "state" and all(_is_number(event.get(name)) for name in ("index", "step", "share")):
            self._store({name: event[name] for name in ("index", "step", "share")})

    def _live(self, kind: str, event: dict[str, Any]) -> None:
        self.life = kind
        if kind in ("starting", "started"):
            self.ended, self.measured = None, 0.0
        if kind == "measuring" and _is_number(event.get("share")):
            self.measured = event["share"]
        if kind in ("finished", "failed"):
            self.ended = event

    def _add(self, point: list[float]) -> None:
        """Put a point on the curve; a training that was resumed goes over its last points again."""
        while self.curve and self.curve[-1][1] >= point[1]:
            self.curve.pop()
        # The newest point is always there; the one before it goes unless its turn has come.
        if self.curve and (self._seen - 1) % self._every:
            self.curve.pop()
        self.curve.append(point)
        self._seen += 1
        if len(self.curve) > CURVE_POINTS:
            del self.curve[1::2]
            self._every *= 2

    def _store(self, state: dict[str, Any]) -> None:
        index = int(state["index"])
        # A training that was resumed goes over its last states again; those of its first life are overwritten.
        self._states = {i: known for i, known in self._states.items() if i < index and known["step"] <= state["step"]}
        self._states[index] = state


def _is_number(value: object) -> bool:
    # A comparison, as a whole number may be too large for math.isfinite; NaN is not within either.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300

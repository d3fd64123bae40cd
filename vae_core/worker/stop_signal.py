"""SIGTERM and SIGINT as a wish to stop: the first is remembered, the second ends the process at once."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended


class StopSignal:
    """Whether a signal asked this process to stop. From the call of `listen` on, the default actions are off."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> StopSignal:
        """Take the signals over; in a thread that cannot, they stay as they are."""
        with contextlib.suppress(ValueError):
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._take)
        return self

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            os._exit(INTERRUPTED)  # no cleaning up: whatever is on disk is complete
        self.asked = True

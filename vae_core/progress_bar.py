"""A progress bar on a text stream: one line that is rewritten on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 24  # characters of the bar itself
TERMINAL_SECONDS = 0.1  # between two redraws on a terminal
FILE_SECONDS = 5.0  # between two lines in a file or a pipe


class ProgressBar:
    """Draws how far something is; `update` is cheap to call often, `close` ends the line.

    >>> import sys
    >>> bar = ProgressBar("digits", sys.stdout)
    >>> bar.update(0.5, "D 1.0")
    digits [############............]  50 %  D 1.0
    """

    def __init__(self, label: str, stream: TextIO) -> None:
        self._label, self._stream = label, stream
        self._terminal = stream.isatty()
        self._due = 0.0
        self._length = 0

    def update(self, share: float, text: str) -> None:
        """Show that `share` (0 to 1) is done, with a text behind the bar."""
        now = time.monotonic()
        if now < self._due and share < 1:
            return
        self._due = now + (TERMINAL_SECONDS if self._terminal else FILE_SECONDS)
        filled = round(WIDTH * share)
        line = f"{self._label} [{'#' * filled}{'.' * (WIDTH - filled)}] {100 * share:3.0f} %  {text}"
        if self._terminal:
            self._stream.write("\r" + line.ljust(self._length))
            self._length = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """End the line that is being rewritten, so that the next text starts on its own."""
        if self._terminal and self._length:
            self._stream.write("\n")
            self._stream.flush()
        self._length = 0


def duration(seconds: float) -> str:
    """Seconds in words: "8 s", "3 min 20 s".

    >>> duration(200)
    '3 min 20 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

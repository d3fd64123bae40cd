"""Uploads of people who have left: their memory is freed, which Python does not do by itself for a long time."""

from __future__ import annotations

import gc
import time
from weakref import WeakSet

# A session that is over is a circle of objects, which only the garbage collector finds. Streamlit would run it after
# every rerun, which costs every viewer (.streamlit/config.toml), and by itself it hardly ever runs: a session is few
# objects, whatever their size. So it runs now and then for as long as there are uploads in memory.
EVERY_SECONDS = 60.0
_held: WeakSet[object] = WeakSet()
_cleared = [0.0]


def hold(upload: object) -> None:
    """Know of something large that belongs to a session."""
    _held.add(upload)


def clear(*, every: float = EVERY_SECONDS) -> bool:
    """Collect garbage, if it is time to and there are uploads; whether it was done."""
    if not _held or time.monotonic() - _cleared[0] < every:
        return False
    gc.collect()
    _cleared[0] = time.monotonic()
    return True

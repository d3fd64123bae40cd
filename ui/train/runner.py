"""The trainings of this server, and the thread that starts those that wait."""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import cache

from ui.train import leftovers
from vae_core.home import trainings_folder
from vae_core.trainings import Trainings, TrainingsError

SLOTS_VARIABLE = "LATENT_EXPLORER_TRAININGS"  # the environment variable that says how many train at once
DISPATCH_SECONDS = 0.5
_lock = threading.Lock()


def trainings() -> Trainings:
    """The trainings in the folder of a person's own things; from the first call on, those that wait are started."""
    with _lock:
        return _running(str(trainings_folder()), slots())


def slots() -> int:
    """How many trainings may run at once: the environment variable says, else half of the processors."""
    named = os.environ.get(SLOTS_VARIABLE, "")
    return int(named) if named.isdecimal() and int(named) > 0 else max(1, (os.cpu_count() or 1) // 2)


# Not one of Streamlit's caches: a person can empty those from the page's menu, and a second thread would start.
@cache
def _running(folder: str, slots: int) -> Trainings:
    found = Trainings(trainings_folder(), slots)
    threading.Thread(target=_dispatch, args=(found,), name=f"trainings in {folder}", daemon=True).start()
    return found


def _dispatch(found: Trainings) -> None:
    """Start what may start, for ever; a failure is written to the log once, and tried again."""
    failure = ""
    while True:
        try:
            found.dispatch()
            failure = ""
        except Exception as error:  # whatever it was, the thread goes on: without it nothing would ever start again
            if str(error) != failure:
                failure = str(error)
                expected = isinstance(error, TrainingsError | OSError)
                logging.getLogger(__name__).warning("trainings cannot be started: %s", error, exc_info=not expected)
        leftovers.clear()
        time.sleep(DISPATCH_SECONDS)

"""Trainings that waited when the server ended go on without anybody opening their page."""

from __future__ import annotations

import threading
from functools import cache

from vae_core.home import trainings_folder

# The first page is shown before the modules of trainings are imported.
DELAY_SECONDS = 3.0


@cache
def wake() -> None:
    """Said by every page, done once in a server: soon start what waits, if there are trainings at all."""
    folder = trainings_folder()
    if folder.is_dir() and any(path.name[0] != "." for path in folder.iterdir()):
        timer = threading.Timer(DELAY_SECONDS, _start)
        timer.daemon = True
        timer.start()


def _start() -> None:
    from ui.train import runner  # only here: most servers have no trainings

    runner.trainings()

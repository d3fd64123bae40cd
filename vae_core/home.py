"""Where a person's own things are kept: data sets, trainings and models, in one folder of bounded size."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "LATENT_EXPLORER_HOME"  # the environment variable that names the folder
LIMIT_VARIABLE = "LATENT_EXPLORER_DISK_MB"
DEFAULT_LIMIT_MB = 4000.0


def home() -> Path:
    """The folder: what the environment variable names, else .latent-space-explorer in the user's own folder."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named) if named else Path.home() / ".latent-space-explorer"


def datasets_folder() -> Path:
    """Where stored data sets are, a folder each."""
    return home() / "datasets"


def models_folder() -> Path:
    """Where kept models are, a folder each."""
    return home() / "models"


def trainings_folder() -> Path:
    """Where trainings are, a folder each."""
    return home() / "trainings"


def limit_bytes() -> int:
    """How much all of it may take on disk: the environment variable says megabytes; nonsense there counts as unsaid."""
    try:
        megabytes = float(os.environ.get(LIMIT_VARIABLE, ""))
    except ValueError:
        megabytes = DEFAULT_LIMIT_MB
    return int((megabytes if 0 < megabytes < 1e9 else DEFAULT_LIMIT_MB) * 1e6)


def used_bytes() -> int:
    """How much all of it takes now."""
    total = 0
    for folder, _, names in os.walk(home()):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118  (os.walk gives strings)
            except OSError:
                continue  # renamed or removed meanwhile, or not to be looked at
    return total

"""Whose a stored data set is: a mark for each owner in its folder, as equal uploads of two people are one folder."""

from __future__ import annotations

import contextlib

from vae_core import home, stored
from vae_core.datasets import DatasetError

OWNERS = "owners"  # the folder of marks, a file each; a data set without it was prepared on the command line


def mine(owner: str) -> list[tuple[str, str]]:
    """Names and titles of this owner's data sets, and of those that were prepared for everybody."""
    return [(name, title) for name, title in stored.list_stored() if is_mine(name, owner) or is_everybodys(name)]


def is_mine(name: str, owner: str) -> bool:
    """Whether this owner brought it."""
    return (home.datasets_folder() / name / OWNERS / owner).is_file()


def is_everybodys(name: str) -> bool:
    """Whether nobody in particular brought it: the command line did."""
    return not (home.datasets_folder() / name / OWNERS).is_dir()


def claim(name: str, owner: str) -> None:
    """Mark a data set that was just stored as this owner's. Raises DatasetError."""
    mark = home.datasets_folder() / name / OWNERS / owner
    try:
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
    except OSError as error:
        raise DatasetError(f"{name}: expected to mark it as yours, but {error.strerror or error}") from error


def give_up(name: str, owner: str) -> None:
    """Delete this owner's data set; it stays for as long as it is another's too. Raises DatasetError."""
    marks = home.datasets_folder() / name / OWNERS
    if not is_mine(name, owner):
        raise DatasetError(f"{name}: expected a data set of yours, found none")
    if len(list(marks.iterdir())) > 1:
        with contextlib.suppress(FileNotFoundError):
            (marks / owner).unlink()
        return
    stored.delete(name)

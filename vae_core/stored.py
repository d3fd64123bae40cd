"""Data sets that a person brought, as folders of plain arrays: written whole or not at all, read strictly.

Whose a data set is stands in its folder, a mark for each owner: equal data of two people is one folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core import home, processes
from vae_core.datasets import Column, Dataset, DatasetError, as_floats

__all__ = ["delete", "find", "give_up", "is_folder", "is_name", "list_stored", "load", "load_bytes", "owners", "store"]

FORMAT = 1
FACTS, SAMPLES, LABELS, TEST = "data.json", "samples.npy", "labels.npy", "test.npy"
NAME = re.compile(r"own-[0-9a-f]{12}")
OWNERS = "owners"  # the folder of marks in that of a data set: an empty file for each owner
EVERYBODY = "everybody"  # no owner's token is called that
LOCK = ".lock"
STALE_SECONDS = 3600.0  # what somebody left half-done so long ago will not be finished
BLOCK = 4096  # samples that are written at a time
MOST_DECIMALS = 4


def is_name(name: str) -> bool:
    """Whether this is how a stored data set is called: own- and twelve hexadecimal digits."""
    return NAME.fullmatch(name) is not None


def is_folder(folder: Path) -> bool:
    """Whether a stored data set is in this folder; reads nothing."""
    try:
        return (folder / FACTS).is_file()
    except (OSError, ValueError):  # a path that cannot be one: too long, or with a NUL
        return False


def store(dataset: Dataset, folder: Path | None = None, *, owner: str | None = None) -> str:
    """Write a data set to `folder`/own-…/ and return its name, which follows from what it holds.

    The folder is that of the person's own data sets where None is given; what may be stored there is bounded
    (home.limit_bytes). It is written beside its place and then renamed: nothing half-written is ever found. owner: whom
    it is marked as belonging to, EVERYBODY for all; one that is everybody's already stays theirs alone. Raises
    DatasetError where it cannot be trained on, does not fit, or cannot be written.
    """
    dataset.check()
    images = dataset.images
    if images.dtype != np.uint8 and not np.can_cast(images.dtype, np.float32):
        images = as_floats(images)
    place = home.datasets_folder() if folder is None else folder
    _sweep(place)
    if folder is None:
        _check_room(images.nbytes + 5 * len(images))
    new = place / f".new-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        new.mkdir(parents=True)
        name = _write(new, dataset, images)
        if owner is not None:
            _mark(new, [owner])
        with contextlib.nullcontext() if folder is not None else locked():
            _move(new, place / name)
    except OSError as error:
        raise DatasetError(
            f"{place}: expected to write {images.nbytes / 1e6:,.0f} MB of samples there, but {_reason(error)}; nothing"
            " is stored"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return name


def find(name: str, *more: Path) -> Path:
    """The folder of the stored data set `name`: among the person's own, else in one of `more`. Raises DatasetError."""
    places = (home.datasets_folder(), *more)
    for folder in places:
        if is_name(name) and is_folder(folder / name):
            return folder / name
    raise DatasetError(f"{name}: expected a stored data set in {' or '.join(map(str, places))}, found none")


def load(folder: Path) -> Dataset:
    """The data set in a folder that `store` wrote; its arrays are views of the files. Raises DatasetError."""
    facts = _facts(folder)
    samples = _array(folder / SAMPLES, np.dtype(facts["dtype"]), (facts["samples"], *facts["shape"]))
    labels = _array(folder / LABELS, np.dtype(np.int32), (facts["samples"],))
    test = _array(folder / TEST, np.dtype(bool), (facts["samples"],))
    names = facts["label_names"]
    if labels.size and not (labels.min() >= 0 and labels.max() < len(names)):
        raise DatasetError(
            f"{folder / LABELS}: expected labels from 0 to {len(names) - 1}, got {labels.min()} to {labels.max()}"
        )
    columns = tuple(Column(**record) for record in facts["columns"])
    return Dataset(facts["name"], facts["title"], samples, labels, tuple(names), test, columns=columns)


def load_bytes(folder: Path) -> NDArray[np.uint8]:
    """The samples in such a folder as bytes, [N, *shape]; a table's numbers x as round(255 x). Raises DatasetError."""
    facts = _facts(folder)
    samples = _array(folder / SAMPLES, np.dtype(facts["dtype"]), (facts["samples"], *facts["shape"]))
    if samples.dtype == np.uint8:
        return samples
    found = np.empty(samples.shape, np.uint8)
    for start in range(0, len(samples), BLOCK):
        part = samples[start : start + BLOCK]
        found[start : start + BLOCK] = np.rint(np.clip(np.nan_to_num(part), 0, 1) * 255)
    return found


def list_stored() -> list[tuple[str, str]]:
    """Names and titles of the person's own data sets, by title; one that cannot be read is left out."""
    found = []
    folder = home.datasets_folder()
    for path in folder.iterdir() if folder.is_dir() else ():
        if is_name(path.name) and is_folder(path):
            try:
                found.append((path.name, str(_facts(path)["title"])))
            except DatasetError:
                continue
    return sorted(found, key=lambda pair: (pair[1].casefold(), pair[0]))


def owners(name: str) -> set[str]:
    """Whom one of the person's own data sets belongs to; EVERYBODY may be among them."""
    return _marks(home.datasets_folder() / name)


def give_up(name: str, owner: str) -> None:
    """Take this owner's mark off a data set, and delete it where it was the last. Raises DatasetError."""
    try:
        with locked():
            left = owners(name)
            if owner not in left:
                raise DatasetError(f"{name}: expected a data set of yours, found none")
            if left == {owner}:
                delete(name)
            else:
                (home.datasets_folder() / name / OWNERS / owner).unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(f"{name}: expected to remove it, but {_reason(error)}") from error


def locked() -> contextlib.AbstractContextManager[None]:
    """Hold the lock of the person's own data sets, without which no mark changes and no folder takes its place."""
    return processes.locked(home.datasets_folder() / LOCK)


def delete(name: str) -> None:
    """Remove one of the person's own data sets. Raises DatasetError where there is none, or it cannot be removed."""
    folder = find(name)
    old = folder.with_name(f".old-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        folder.rename(old)  # at once for everybody else; removing takes longer
    except OSError as error:
        raise DatasetError(f"{name}: expected to remove {folder}, but {_reason(error)}") from error
    shutil.rmtree(old, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove what a killed process left half-written or half-removed."""
    for path in (*place.glob(".new-*"), *place.glob(".old-*")):
        with contextlib.suppress(OSError):
            newest = max(item.stat().st_mtime for item in (path, *path.iterdir()))
            if time.time() - newest > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _marks(folder: Path) -> set[str]:
    with contextlib.suppress(OSError):
        return {path.name for path in (folder / OWNERS).iterdir()}
    return set()


def _mark(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / OWNERS).mkdir(exist_ok=True)
        (folder / OWNERS / name).touch()


def _check_room(size: int) -> None:
    used, limit = home.used_bytes(), home.limit_bytes()
    if used + size > limit:
        raise DatasetError(
            f"expected at most {max(0, limit - used) / 1e6:,.1f} MB, which is what is left of {limit / 1e6:,.0f} MB for"
            f" data sets, trainings and models in {home.home()}, got a data set of {size / 1e6:,.1f} MB; delete some"
            " first"
        )


def _write(new: Path, dataset: Dataset, images: NDArray[Any]) -> str:
    """Write the files of a data set to the folder `new`; returns its name."""
    digest = hashlib.sha256()
    facts: dict[str, Any] = {
        "format": FORMAT,
        "title": dataset.title,
        "label_names": list(dataset.label_names),
        "columns": [asdict(column) for column in dataset.columns],
        "samples": len(images),
        "shape": list(images.shape[1:]),
        "dtype": images.dtype.name,
    }
    digest.update(json.dumps(facts, allow_nan=False).encode())
    _write_array(new / SAMPLES, images, digest.update)
    _write_array(new / LABELS, dataset.labels.astype(np.int32), digest.update)
    _write_array(new / TEST, dataset.test, digest.update)
    name = f"own-{digest.hexdigest()[:12]}"
    (new / FACTS).write_text(json.dumps({"name": name, **facts}, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return name


def _write_array(file: Path, array: NDArray[Any], heard: Callable[[bytes], object]) -> None:
    """Write an array as .npy, a part at a time: it may be a view of a larger file than memory holds."""
    with file.open("wb") as out:
        header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(out, header)
        for start in range(0, len(array), BLOCK):
            content = np.ascontiguousarray(array[start : start + BLOCK]).tobytes()
            heard(content)
            out.write(content)
        out.flush()
        os.fsync(out.fileno())  # a full disk may only be told here


def _move(new: Path, folder: Path) -> None:
    """Rename `new` to `folder`; one that is there holds the same, as its name says: it is kept, or mended if broken.

    Marks are never lost. What is everybody's gets no other: whoever brings the same could delete it.
    """
    if folder.exists():
        there = _marks(folder)
        try:
            load(folder)
            _mark(folder, () if EVERYBODY in there else _marks(new) - there)
            return
        except DatasetError:
            _mark(new, there)
            old = folder.with_name(f".old-{os.getpid()}-{secrets.token_hex(4)}")
            folder.rename(old)
            shutil.rmtree(old, ignore_errors=True)
    try:
        new.rename(folder)
    except OSError:
        if not is_folder(folder):  # else another process was faster, with the same data
            raise


def _reason(error: OSError) -> str:
    return f"the system says: {error.strerror or error}"


def _facts(folder: Path) -> dict[str, Any]:
    """data.json of a stored data set, checked field by field."""
    file = folder / FACTS
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{file}: expected the facts of a stored data set, but {_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{file}: expected JSON, got something else ({error})") from error
    found = facts.get("format") if isinstance(facts, dict) else None
    if found != FORMAT:
        raise DatasetError(f"{file}: expected an object of format {FORMAT}, got format {found!r:.100}")
    for field, (fits, expected) in _FIELDS.items():
        if not fits(facts.get(field)):
            raise DatasetError(f"{file}: expected {field!r} to be {expected}, got {facts.get(field)!r:.100}")
    if facts["columns"] and facts["shape"] != [len(facts["columns"])]:
        raise DatasetError(
            f"{file}: expected {len(facts['columns'])} numbers a sample, one a column, got {facts['shape']}"
        )
    checked: dict[str, Any] = facts
    return checked


def _array(file: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A view of the array in a .npy file of exactly this kind and shape."""
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DatasetError(f"{file}: expected an array, but {_reason(error)}") from error
    except Exception as error:  # NumPy's reader raises many kinds; all of them mean a file that is not what it was
        raise DatasetError(f"{file}: expected an array in NumPy's format, got something else ({error})") from error
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
        raise DatasetError(
            f"{file}: expected {dtype} of shape {shape} as {FACTS} says, got {getattr(array, 'dtype', 'no array')} of"
            f" shape {getattr(array, 'shape', None)}"
        )
    return array


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_column(record: object) -> bool:
    if not isinstance(record, dict) or record.keys() != {"name", "low", "high", "decimals"}:
        return False
    numbers = _is_number(record["low"]) and _is_number(record["high"]) and record["low"] < record["high"]
    decimals = record["decimals"]
    return numbers and isinstance(record["name"], str) and isinstance(decimals, int) and 0 <= decimals <= MOST_DECIMALS


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: isinstance(value, str) and is_name(value), "own- and twelve hexadecimal digits"),
    "title": (lambda value: isinstance(value, str), "text"),
    "label_names": (
        lambda value: isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value),
        "a list of names",
    ),
    "columns": (lambda value: isinstance(value, list) and all(map(_is_column, value)), "a list of columns"),
    "samples": (_is_count, "a whole number of at least 1"),
    "shape": (lambda value: isinstance(value, list) and bool(value) and all(map(_is_count, value)), "a list of sizes"),
    "dtype": (lambda value: value in ("uint8", "float32"), "uint8 or float32"),
}

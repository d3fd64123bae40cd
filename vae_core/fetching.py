"""Downloading MNIST-like data sets from OpenML, only because a person asked, into IDX files."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from vae_core.datasets import DatasetError, idx_bytes
from vae_core.progress_bar import ProgressBar, duration

# OpenML's id of each data set and about how many bytes its download has.
OPENML = {"mnist": (554, 15_000_000), "fashion-mnist": (40996, 32_000_000)}

TRAIN_SAMPLES = 60_000  # both sets list these first, then the 10,000 test samples
SIDE = 28  # pixels
POLL_SECONDS = 0.2

Table = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def fetch(name: str, data_dir: str | os.PathLike[str], stream: TextIO) -> Path:
    """Download a data set and write its four IDX files to `data_dir`/`name`, which is returned.

    Progress goes to `stream`. The files appear together, once all is there. Raises DatasetError.
    """
    folder = Path(data_dir, name)
    if folder.exists():
        raise DatasetError(f"{folder} exists already; remove it to fetch the data again")
    Path(data_dir).mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=data_dir))
    try:
        images, labels = _download(name, scratch / "openml", stream)
        _write(scratch / "idx", images, labels)
        (scratch / "idx").rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _download(name: str, cache: Path, stream: TextIO) -> Table:
    """Images [70000, 28, 28] and labels [70000], from a thread, so that a bar can watch the file grow."""
    identifier, expected_bytes = OPENML[name]
    result: list[Table | BaseException] = []
    thread = threading.Thread(
        target=_collect, args=(result, lambda: _openml_table(identifier, cache)), daemon=True
    )
    thread.start()
    bar, start = ProgressBar(name, stream), time.monotonic()
    while thread.is_alive():
        found = sum(file.stat().st_size for file in cache.rglob("*.gz*") if file.is_file())
        share = min(found / expected_bytes, 0.99)
        bar.update(
            share,
            f"{found / 1e6:.1f} MB of about {expected_bytes / 1e6:.0f} MB, {duration(time.monotonic() - start)}",
        )
        thread.join(POLL_SECONDS)
    bar.close()
    if not isinstance(result[0], BaseException):
        return result[0]
    raise DatasetError(f"{name}: the download from OpenML failed ({result[0]})") from result[0]


def _collect(result: list[Table | BaseException], call: Callable[[], Table]) -> None:
    try:
        result.append(call())
    except BaseException as error:
        result.append(error)


def _openml_table(identifier: int, cache: Path) -> Table:
    from sklearn.datasets import fetch_openml

    pixels, labels = fetch_openml(data_id=identifier, data_home=cache, as_frame=False, return_X_y=True)
    return np.asarray(pixels).astype(np.uint8).reshape(-1, SIDE, SIDE), np.asarray(labels).astype(np.uint8)


def _write(folder: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    folder.mkdir()
    for part, rows in (("train", slice(None, TRAIN_SAMPLES)), ("t10k", slice(TRAIN_SAMPLES, None))):
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            content = gzip.compress(idx_bytes(array[rows]), mtime=0)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(content)

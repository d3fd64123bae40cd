"""Writing trained models: whole folders and single files, always beside their place and then renamed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save as safetensors_bytes

from vae_core.checkpoints.card import FORMAT, check_card, check_table
from vae_core.checkpoints.codes import SMALLEST_SIGMA, Codes
from vae_core.checkpoints.files import CARD, CODES, MODEL, STATISTICS, CheckpointError, is_model_file
from vae_core.checkpoints.loading import PathLike, check_statistics, fingerprint, load_card
from vae_core.processes import write_atomically
from vae_core.statistics import ImageStatistics

if TYPE_CHECKING:
    from vae_core.models import VAE


def save(
    path: PathLike, model: VAE, codes: Codes, card: dict[str, Any], statistics: ImageStatistics | None = None
) -> dict[str, Any]:
    """Write a model folder and return its complete card.

    `format`, `config`, `betas`, `samples`, `parameters` and `files` are filled in here. Weights are stored as
    float16. The folder is written beside its place and then renamed, so that whatever was there stays whole
    until then. Raises CheckpointError where something that is no model is in the way, and OSError where
    writing fails.
    """
    check_target(path)
    weights = {name: value.astype(np.float16) for name, value in model.weights().items()}
    contents = {
        MODEL: safetensors_bytes(weights),
        CODES: safetensors_bytes(
            {
                "betas": codes.betas,
                "mu": codes.mu.astype(np.float16),
                "sigma": np.maximum(codes.sigma, SMALLEST_SIGMA).astype(np.float16),
                "labels": codes.labels.astype(np.int32),
                "test": codes.test.astype(np.uint8),
            }
        ),
    }
    card = {
        "format": FORMAT,
        **card,
        "config": model.config.to_json(),
        "betas": codes.betas.tolist(),
        "samples": len(codes.labels),
        "parameters": sum(value.size for value in weights.values()),
        "files": {name: fingerprint(content) for name, content in contents.items()},
    }
    if statistics is not None:
        check_statistics(Path(path, STATISTICS), statistics, card)
        contents[STATISTICS] = statistics_bytes(statistics)
        card["files"][STATISTICS] = fingerprint(contents[STATISTICS])
    contents[CARD] = card_bytes(card)
    check_card(Path(path, CARD), json.loads(contents[CARD]))
    write_folder(Path(path), contents)
    return card


def save_table(path: PathLike, table: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the table along beta (vae_core.table) into a model's card and return the card; nothing else changes.

    The card is written beside its place and then renamed. Raises CheckpointError where the folder holds no model
    or the table does not fit it, and OSError where writing fails.
    """
    file = Path(path, CARD)
    card = {**load_card(path), "table": table}
    check_table(file, table, card["betas"])
    write_atomically(file, card_bytes(card))
    return card


def save_statistics(path: PathLike, statistics: ImageStatistics) -> dict[str, Any]:
    """Put the data set's statistics into a model folder and return its card; model and codes stay as they are.

    Both files are written beside their places and then renamed, the card last: until then it names none or the old
    ones. Raises CheckpointError where the folder holds no model or the statistics are of other samples, and OSError
    where writing fails.
    """
    file = Path(path, STATISTICS)
    card = load_card(path)
    check_statistics(file, statistics, card)
    content = statistics_bytes(statistics)
    card["files"] = {**card["files"], STATISTICS: fingerprint(content)}
    write_atomically(file, content)
    write_atomically(Path(path, CARD), card_bytes(card))
    return card


def check_target(path: PathLike) -> None:
    """Raise CheckpointError where a model cannot be saved: over something else, or in a folder nobody may write to."""
    folder = Path(path)
    try:
        _check_own(folder)
    except (OSError, ValueError) as error:  # a name that no system takes is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise CheckpointError(f"{str(folder)!r:.200}: expected a folder to write to, but: {reason}") from error


def _check_own(folder: Path) -> None:
    if folder.is_symlink():
        raise CheckpointError(f"{folder}: expected a folder or none, got a link to one; say the folder itself")
    if folder.exists():
        found = sorted(folder.iterdir()) if folder.is_dir() else [folder]
        foreign = [item.name for item in found if not (item.is_file() and is_model_file(item.name))]
        if not foreign and found and not (folder / CARD).is_file():
            foreign = [found[0].name]  # somebody's weights may have the name that ours have
        if foreign:
            raise CheckpointError(
                f"{folder}: expected a model folder or none, got {foreign[0]!r}; it stays untouched"
            )
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise CheckpointError(f"{parent}: expected a folder that can be written to")


def statistics_bytes(statistics: ImageStatistics) -> bytes:
    return safetensors_bytes(statistics.tensors(), metadata={"json": json.dumps(statistics.facts(), allow_nan=False)})


def card_bytes(card: dict[str, Any]) -> bytes:
    return (json.dumps(card, indent=1, allow_nan=False) + "\n").encode()


def write_folder(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the files beside `folder`, then swap; on any failure what was there before is there again."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = (folder.with_name(f".{folder.name}.{word}-{os.getpid()}") for word in ("new", "old"))
    try:
        new.mkdir()
        for name, content in contents.items():
            (new / name).write_bytes(content)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

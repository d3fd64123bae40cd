"""The library: every model that the app shows, those that ship first, then those that people kept, newest first.

A kept model is an ordinary model folder, <home>/models/<name>. Whose it is and since when stands beside it, in
<home>/models/.owners/<name>.json, never inside: a folder that is downloaded or copied tells nothing of its owner.
Several servers may share one home: a name is taken by creating its record, and a folder appears whole, by one rename.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vae_core import home
from vae_core.checkpoints.card import is_imported
from vae_core.checkpoints.files import CARD, CODES, MODEL, STATISTICS, CheckpointError
from vae_core.checkpoints.imported import load_decoders, load_samples
from vae_core.checkpoints.loading import PathLike, list_models, load_card, load_codes, load_statistics, load_weights
from vae_core.checkpoints.saving import card_bytes
from vae_core.slug import slug

CHECKPOINTS_VARIABLE = "LATENT_EXPLORER_CHECKPOINTS"  # the environment variable that names another folder of models
SHIPPED = Path(__file__).resolve().parents[1] / "checkpoints"
LONGEST_TITLE = 80  # characters
# What the folder of a network of this explorer may hold; the last may be missing, and imported models have more.
FILES = (CARD, MODEL, CODES, STATISTICS)

_OWNERS = ".owners"
_FIRST = ("digits", "mnist")  # of the models that ship, before the others
_STALE_SECONDS = 3600.0  # what somebody left half-done so long ago will not be finished
_ATTEMPTS = 1000


def shipped_folder() -> Path:
    """Where the models lie that nobody kept: the folder an environment variable names, else the one that ships."""
    return Path(os.environ.get(CHECKPOINTS_VARIABLE) or SHIPPED)


def names() -> list[str]:
    """The names of all models: shipped ones (digits and MNIST before the others), then kept ones, newest first."""
    shipped = sorted(list_models(shipped_folder()), key=lambda name: (*(name != first for first in _FIRST), name))
    return [*shipped, *_kept(set(shipped))]


def folder_of(name: str) -> Path:
    """The folder of a model of this name, shipped or kept. Raises CheckpointError where there is none."""
    if _is_name(name):
        for folder in (shipped_folder() / name, home.models_folder() / name):
            if (folder / CARD).is_file():
                return folder
    raise CheckpointError(f"no model {name!r:.100}: expected one of {', '.join(names()) or 'none'}")


def is_kept(name: str) -> bool:
    """Whether this is a model that somebody kept, and not one that ships."""
    if not _is_name(name) or (shipped_folder() / name / CARD).is_file():
        return False
    return (home.models_folder() / name / CARD).is_file()


def owner_of(name: str) -> str | None:
    """The token of the person who kept the model; None for models that ship or that somebody put there by hand."""
    owner = _record(name).get("owner") if is_kept(name) else None
    return owner if isinstance(owner, str) and owner else None


def keep(folder: PathLike, *, title: str, owner: str) -> str:
    """Copy a finished model folder into the library under this title and return the name it got there.

    title: cleaned (`clean_title`); the card's own where nothing is left of it. owner: who may delete it again, "" for
    nobody. The copy is checked by loading it before anybody sees it. Raises CheckpointError, in one sentence, where it
    cannot be loaded, cannot be shown or finds no room; then everything is as it was.
    """
    source = Path(folder)
    with _sentences(source):
        files = [CARD, *load_card(source)["files"]]
        size = sum((source / name).stat().st_size for name in files)
    with scratch_folder(size) as scratch:
        for name in files:
            shutil.copyfile(source / name, scratch / name)
        return adopt(scratch, title=title, owner=owner)


def adopt(scratch: Path, *, title: str, owner: str) -> str:
    """Make a folder of `scratch_folder` a model of the library, under this title; returns its name. As `keep`."""
    with _sentences(scratch):
        card = load_card(scratch)
        check_shown(card)
        _check_no_more(scratch, card)
        load_weights(scratch)
        load_codes(scratch)
        load_statistics(scratch)
        if is_imported(card):
            load_decoders(scratch)
            load_samples(scratch)
        card["title"] = clean_title(title) or clean_title(card["title"]) or "Model"
        return _settle(scratch, card, owner)


def delete(name: str, owner: str) -> None:
    """Delete a kept model. Raises CheckpointError where it is not there, not a kept one, or somebody else's."""
    if not is_kept(name):
        if name in names():
            raise CheckpointError(f"{name}: expected a model that somebody kept; those that ship cannot be deleted")
        raise CheckpointError(f"{name!r:.100}: this model is not there any more")
    kept_by = owner_of(name)
    if not owner or kept_by is None or not hmac.compare_digest(kept_by.encode(), owner.encode()):
        raise CheckpointError(f"{name}: only the person who kept this model can delete it")
    folder = home.models_folder() / name
    gone = folder.with_name(f".{name}.deleted-{secrets.token_hex(4)}")
    try:
        folder.rename(gone)  # from here on nobody finds it
    except FileNotFoundError:
        raise CheckpointError(f"{name}: this model is not there any more") from None
    except OSError as error:
        raise CheckpointError(f"{name}: expected to delete it, but the system says: {error.strerror}") from error
    shutil.rmtree(gone, ignore_errors=True)
    _record_file(name).unlink(missing_ok=True)


def check_shown(card: dict[str, Any]) -> None:
    """Raise CheckpointError where the pages could not draw the model of this card."""
    dimensions = card["config"]["latent_dim"]
    if dimensions < 2:
        raise CheckpointError(f"{CARD}: expected a model with at least 2 latent dimensions, got {dimensions}")


def clean_title(title: str) -> str:
    """A title as it is kept: one line of at most LONGEST_TITLE characters, without what cannot be seen.

    Emoji, slashes and markup stay: pages show titles as text.

    >>> clean_title("  a/b\\n<b>c</b>\\u202e\\x00 ")
    'a/b <b>c</b>'
    """
    seen = (" " if character.isspace() else character for character in title if not _is_hidden(character))
    return " ".join("".join(seen).split())[:LONGEST_TITLE].strip()


def _check_no_more(folder: Path, card: dict[str, Any]) -> None:
    """That nothing is kept which the card does not know."""
    more = sorted({path.name for path in folder.iterdir()} - {CARD, *card["files"]})
    if more:
        raise CheckpointError(f"{CARD}: expected 'files' to name every file of the model, got {more[0]!r:.60} as well")


@contextmanager
def scratch_folder(size: int) -> Iterator[Path]:
    """An empty folder in the library that nobody sees; what is left of it afterwards goes away.

    size: bytes that will be written. Raises CheckpointError where they do not fit within home.limit_bytes(), and for
    every OSError, such as a full disk.
    """
    root = home.models_folder()
    check_room(size)
    folder: Path | None = None
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        folder = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        yield folder
    except OSError as error:
        reason = error.strerror or "it cannot be written"
        raise CheckpointError(f"expected to write the model to {root}, but the system says: {reason}") from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def check_room(size: int) -> None:
    """Raise CheckpointError where so many more bytes exceed what everything in the home folder may take."""
    limit, used = home.limit_bytes(), home.used_bytes()
    if used + size > limit:
        raise CheckpointError(
            f"expected a model of at most {max(0, limit - used) / 1e6:,.1f} MB, which is what is left of"
            f" {limit / 1e6:,.0f} MB for data sets, trainings and kept models, got one of {size / 1e6:,.1f} MB; delete"
            " something first"
        )


def _settle(scratch: Path, card: dict[str, Any], owner: str) -> str:
    """Give the checked folder the first free name and put it there."""
    scratch.chmod(0o755)  # mkdtemp's is for its maker alone, and another server may run as somebody else
    for name in _candidates(slug(card["title"])):
        target = home.models_folder() / name
        ships = (shipped_folder() / name).exists() or (SHIPPED / name).exists()
        if ships or target.exists() or not _claim(name, owner):
            continue
        (scratch / CARD).write_bytes(card_bytes({**card, "name": name}))
        try:
            scratch.rename(target)
        except OSError:
            _record_file(name).unlink(missing_ok=True)
            if target.exists():
                continue
            raise
        return name
    raise CheckpointError(f"{card['title']}: expected a title that fewer models have; please choose another one")


def _candidates(name: str) -> Iterator[str]:
    yield name
    for number in range(2, _ATTEMPTS):
        yield f"{name}-{number}"


def _claim(name: str, owner: str) -> bool:
    """Write the record of a name that nobody has taken; False where somebody has."""
    file = _record_file(name)
    file.parent.mkdir(exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as record:
            json.dump({"owner": owner, "kept": time.time()}, record)
    except FileExistsError:
        return False
    return True


def _record_file(name: str) -> Path:
    return home.models_folder() / _OWNERS / f"{name}.json"


def _record(name: str) -> dict[str, Any]:
    """What stands beside a kept model; {} where that is missing or damaged."""
    try:
        record = json.loads(_record_file(name).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _kept(taken: set[str]) -> list[str]:
    found = [name for name in list_models(home.models_folder()) if name not in taken]
    return sorted(found, key=lambda name: (-_kept_at(name), name))


def _kept_at(name: str) -> float:
    """When a model was kept, in seconds; the folder's own time where nothing says so."""
    at = _record(name).get("kept")
    if isinstance(at, int | float) and 0 <= at < 1e12:
        return float(at)
    with contextlib.suppress(OSError):
        return (home.models_folder() / name).stat().st_mtime
    return 0.0


def _sweep(root: Path) -> None:
    """Remove what a killed process left half-done: scratch folders, and records of names that never got a model."""
    for path in (*root.glob(".*"), *(root / _OWNERS).glob("*.json")):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < _STALE_SECONDS or path.name == _OWNERS:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".json" and not (root / path.stem).exists():
                path.unlink()


def _is_name(name: str) -> bool:
    """One part of a path, and none that is hidden."""
    return bool(name) and name[0] != "." and not any(c in name for c in "/\\\0") and len(name.encode()) <= 255


def _is_hidden(character: str) -> bool:
    """Control characters, halves of surrogate pairs, and what turns or hides text; not what joins emoji and letters."""
    if character.isspace() or character in "\u200c\u200d":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """Complaints name the file alone: where a model lay while it was checked helps nobody."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(str(error).replace(f"{folder}{os.sep}", "")) from error
    except FileNotFoundError as error:
        file = Path(str(error.filename)).name
        raise CheckpointError(f"{file}: expected a file of a trained model, but it is missing") from error

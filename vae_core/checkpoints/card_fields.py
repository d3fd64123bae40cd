"""What stands inside a card's fields: strings that can be shown, numbers that are finite, sizes that are plausible.

A card may come from anybody. What passes here can be shown by every page; what does not is one ValueError, a sentence.
"""

from __future__ import annotations

import math
import re
from typing import Any

from vae_core.checkpoints.files import CODES, IMPORTED, MODEL, OPTIONAL, is_onnx

LONGEST_TEXT = 2_000  # characters of any string in a card
LONGEST_TITLE, LONGEST_LABEL = 200, 200
MOST_VALUES, DEEPEST = 500_000, 12  # of a whole card
LARGEST = 1e300  # of any number: a whole number up to here is still a float
MOST_CURVE = 10_000
MOST_NATS = 1e12  # of a distortion, a rate or a beta; more is no measurement
MOST_SAMPLES, MOST_LABELS, MOST_BETAS = 100_000_000, 1_000, 1_000
MOST_PIXELS, MOST_AXES, WIDEST, MOST_LAYERS, MOST_DIMENSIONS, HIGHEST_DEGREE = 4_000_000, 3, 65_536, 32, 1_024, 32

# Beyond these nothing could have been trained, and arithmetic would leave what a float holds.
RANGES = {"sigma_x": (1e-6, 1e6), "beta_max": (1e-9, 1e9), "beta_train_max": (1e-9, 2e9), "beta_offset": (1e-12, 1e6)}
_WORD = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,199}")  # the name of a model or data set: no path, one line
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FRACTION = ("seconds", "learning_rate", "uniform_share", "decay_share", "clip_norm", "share")
_WHOLE = ("epochs", "epochs_done", "batch", "groups", "warmup_steps", "samples", "threads")


def check_values(value: object) -> None:
    """Raise ValueError unless everything in a card, at any depth, is a value that can be shown and saved again.

    That is: no NaN, no infinity and no huge number, no text that is no Unicode or very long, and not too much of it.
    """
    left = [(value, 0)]
    seen = 0
    while left:
        item, depth = left.pop()
        seen += 1
        if seen > MOST_VALUES or depth > DEEPEST:
            raise ValueError(f"expected at most {MOST_VALUES:,} values, nested at most {DEEPEST} deep, got more")
        if isinstance(item, dict):
            left += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list):
            left += [(part, depth + 1) for part in item]
        elif isinstance(item, str):
            _check_text(item)
        elif isinstance(item, int | float) and not _is_moderate(item):
            raise ValueError(f"expected finite numbers up to {LARGEST:g}, got {item!s:.30}")


def check_fields(card: dict[str, Any]) -> None:
    """Raise ValueError where a field that the pages read holds something else than they expect inside.

    The fields themselves are there, with their types, and the configuration is valid (card.check_card).
    """
    for name in ("name", "dataset"):
        if not _WORD.fullmatch(card[name]):
            raise ValueError(f"expected {name!r} to be a name of one line without slashes, got {card[name]!r:.60}")
    if not 0 < len(card["title"]) <= LONGEST_TITLE:
        raise ValueError(f"expected 'title' to have 1 to {LONGEST_TITLE} characters, got {len(card['title'])}")
    _check_labels(card["label_names"])
    # The decoders of an imported model may all be graphs, whose parameters nobody has counted.
    for name, least, most in (("samples", 1, MOST_SAMPLES), ("parameters", 0 if "imported" in card else 1, 10**12)):
        if not least <= card[name] <= most:
            raise ValueError(f"expected {name!r} to be from {least} to {most:,}, got {card[name]:,}")
    if not 0 <= card["beta_collapse"] <= MOST_NATS:
        raise ValueError(f"expected 'beta_collapse' to be from 0 to {MOST_NATS:g}, got {card['beta_collapse']:g}")
    if len(card["betas"]) > MOST_BETAS or not all(map(is_number, card["betas"])):
        raise ValueError(f"expected at most {MOST_BETAS:,} numbers in 'betas', got {card['betas']!r:.60}")
    _check_sizes(card["config"])
    _check_training(card["training"])
    if not card["config"]["hidden"] and "imported" not in card:
        raise ValueError("config: expected at least one of 'hidden' layers, got none")
    _check_files(card["files"], imported="imported" in card)
    if len(card["curve"]) > MOST_CURVE:
        raise ValueError(f"expected at most {MOST_CURVE:,} records in 'curve', got {len(card['curve']):,}")
    for i, record in enumerate(card["curve"]):
        _check_point(f"'curve'[{i}]", record)
    for i, row in enumerate(card.get("table", ())):
        _check_row(f"'table'[{i}]", row, card["config"]["latent_dim"])


def is_number(value: object) -> bool:
    """A finite number, and not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_moderate(value)


def is_whole(value: object, *, least: int = 0) -> bool:
    """A whole number of at least `least`, and not a truth value."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_moderate(value: float) -> bool:
    """Finite, and not so large that the arithmetic on it overflows. A NaN compares False."""
    return -LARGEST <= value <= LARGEST


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"expected texts of at most {LONGEST_TEXT:,} characters, got one of {len(text):,}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("expected texts of whole Unicode characters, got half of a surrogate pair")


def _check_labels(labels: list[object]) -> None:
    if not 0 < len(labels) <= MOST_LABELS:
        raise ValueError(f"expected 1 to {MOST_LABELS:,} 'label_names', got {len(labels):,}")
    for i, label in enumerate(labels):
        if not isinstance(label, str) or len(label) > LONGEST_LABEL:
            raise ValueError(
                f"expected 'label_names'[{i}] to be a text of at most {LONGEST_LABEL} characters, got {label!r:.60}"
            )


def _check_sizes(config: dict[str, Any]) -> None:
    """That no size is a truth value, and none so large that no model of it could ever have been trained."""
    shape, hidden = config["input_shape"], config["hidden"]
    sizes = {"latent_dim": [config["latent_dim"]], "input_shape": shape, "hidden": hidden}
    for name, values in sizes.items():
        if not all(is_whole(value, least=1) for value in values):
            raise ValueError(f"config: expected {name!r} to be whole numbers of at least 1, got {values!r:.60}")
    colours = shape[-1] if len(shape) == MOST_AXES else 1
    if math.prod(shape) > MOST_PIXELS or len(shape) > MOST_AXES or colours not in (1, 3):
        raise ValueError(
            f"config: expected 'input_shape' to be [h, w], [h, w, 3] or [d] with at most {MOST_PIXELS:,} values,"
            f" got {shape!r:.60}"
        )
    if max(hidden, default=1) > WIDEST or len(hidden) > MOST_LAYERS:
        raise ValueError(
            f"config: expected at most {MOST_LAYERS} hidden layers of at most {WIDEST:,} units, got {hidden!r:.60}"
        )
    for name, most in (("latent_dim", MOST_DIMENSIONS), ("degree", HIGHEST_DEGREE)):
        if not is_whole(config[name]) or config[name] > most:
            raise ValueError(f"config: expected {name!r} to be at most {most:,}, got {config[name]!r:.60}")
    for name, (low, high) in RANGES.items():
        value, alone = config[name], config["degree"] == 0  # trained at one beta alone, which may be 0
        if not is_number(value) or not (low <= value <= high or (alone and value == 0)):
            raise ValueError(f"config: expected {name!r} to be from {low:g} to {high:g}, got {value!r:.60}")


def _check_training(training: dict[str, Any]) -> None:
    """How the model was trained: any of it may be missing or unknown (null), but what is there has its kind."""
    for name, value in training.items():
        if name in _WHOLE and not (value is None or is_whole(value)):
            raise ValueError(f"expected 'training'[{name!r}] to be a whole number, got {value!r:.60}")
        if name in _FRACTION and not (value is None or (is_number(value) and value >= 0)):
            raise ValueError(f"expected 'training'[{name!r}] to be a number of at least 0, got {value!r:.60}")
        if name == "seed" and not (value is None or is_whole(value, least=-(2**63))):
            raise ValueError(f"expected 'training'['seed'] to be a whole number, got {value!r:.60}")
        if name == "remark" and not isinstance(value, str):
            raise ValueError(f"expected 'training'[{name!r}] to be a text, got {value!r:.60}")


def _check_files(files: dict[str, Any], *, imported: bool) -> None:
    """That the files are those that a model may have, each with a fingerprint that can be one."""
    names = (MODEL, CODES, *(IMPORTED if imported else OPTIONAL))
    for name, record in files.items():
        if name not in names and not (imported and is_onnx(name)):
            raise ValueError(f"expected 'files' to name {', '.join(names)} alone, got {name!r:.60} as well")
        if not _SHA256.fullmatch(record["sha256"]) or record["bytes"] < 0:
            raise ValueError(f"expected sha256 and bytes of {name} in 'files', got {record!r:.100}")


def _check_point(where: str, record: object) -> None:
    """One record of the curve; test: missing where no samples were held out."""
    if not isinstance(record, dict):
        raise ValueError(f"expected {where} to be an object, got {record!r:.60}")
    for name in ("beta", "mean_sigma", "active_units"):
        if not is_number(record.get(name)):
            raise ValueError(f"expected {where}[{name!r}] to be a number, got {record.get(name)!r:.60}")
    for part in ("train", "test"):
        found = record.get(part)
        if part == "test" and "test" not in record:
            continue
        if not isinstance(found, dict):
            raise ValueError(f"expected {where}[{part!r}] to be an object, got {found!r:.60}")
        for name in ("distortion", "rate", "distortion_error"):
            value = found.get(name, 0.0 if name == "distortion_error" else None)
            if value is None or not is_number(value) or abs(value) > MOST_NATS:
                raise ValueError(f"expected {where}[{part!r}][{name!r}] to be a number of nats, got {value!r:.60}")


def _check_row(where: str, row: dict[str, Any], dimensions: int) -> None:
    """One record of the table along beta, whose known fields are right (card.check_table)."""
    if len(row["marginal_kl"]) != dimensions:
        found = len(row["marginal_kl"])
        raise ValueError(f"expected {where}['marginal_kl'] to have {dimensions} estimates, got {found}")
    for name, value in row.items():
        single = value is None or isinstance(value, str | int | float)
        pair = isinstance(value, list) and len(value) == 2 and all(map(is_number, value))
        if not (single or pair or name == "marginal_kl"):
            raise ValueError(f"expected {where}[{name!r:.60}] to be a number, with or without its error, got others")

"""What a person asked to have trained: the request, strictly checked, and its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from vae_core.config import LIKELIHOODS

DATASET_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LONGEST_TITLE = 200  # characters
LONGEST_SECONDS = 7 * 86400.0
MOST_EPOCHS = 1_000_000
MOST_LAYERS, WIDEST_LAYER = 8, 4096


class TrainingsError(Exception):
    """Something that cannot be done with trainings; the message is one sentence that a user can read."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One training as it was asked for.

    owner: the token of whoever asked; dataset: a registry name or an own-… one; title: any text; size: the word for
    `hidden`, the widths of the hidden layers; the length is either `seconds` of training or `epochs`; sigma_x: None
    lets it follow from the data, as it must for "bernoulli"; created: seconds since 1970.
    Raises TrainingsError, which names the field, where one is wrong.
    """

    owner: str
    dataset: str
    title: str
    size: str
    hidden: tuple[int, ...]
    seconds: float | None = None
    epochs: int | None = None
    likelihood: str = "gaussian"
    sigma_x: float | None = None
    seed: int = 0
    created: float = 0.0

    def __post_init__(self) -> None:
        for name, (is_valid, expected) in FIELDS.items():
            value = getattr(self, name)
            if not is_valid(value):
                raise TrainingsError(f"{name}: expected {expected}, got {value!r:.100}")
        if (self.seconds is None) == (self.epochs is None):
            raise TrainingsError(
                f"length: expected either seconds or epochs, got seconds {self.seconds!r} and epochs {self.epochs!r}"
            )
        if self.likelihood == "bernoulli" and self.sigma_x is not None:
            raise TrainingsError(f"sigma_x: expected none for a Bernoulli likelihood, got {self.sigma_x!r}")

    def to_json(self) -> str:
        """The fields as one JSON object."""
        return json.dumps({**asdict(self), "hidden": list(self.hidden)}, allow_nan=False)

    @classmethod
    def from_json(cls, content: str | bytes) -> Request:
        """The request that `to_json` wrote; TrainingsError names the first field that is missing, unknown or wrong."""
        try:
            record: Any = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise TrainingsError(f"request: expected JSON, got something else ({error})") from error
        if not isinstance(record, dict):
            raise TrainingsError(f"request: expected a JSON object, got {type(record).__name__}")
        names = [field.name for field in fields(cls)]
        for name in names:
            if name not in record:
                raise TrainingsError(f"request: the field {name!r} is missing")
        for name in record:
            if name not in names:
                raise TrainingsError(f"request: unknown field {name!r:.100}")
        hidden = record["hidden"]
        return cls(**{**record, "hidden": tuple(hidden) if isinstance(hidden, list) else hidden})


def _is_text(value: object, longest: int) -> bool:
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        return False
    # It becomes an argument of a command: no control characters (of which NUL would end it), no half characters.
    return not any(character < " " or "\ud800" <= character <= "\udfff" for character in value)


def _is_number(value: object, low: float, high: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and low <= value <= high  # type: ignore[operator]  # neither NaN nor an infinity is


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_widths(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and 0 < len(value) <= MOST_LAYERS
        and all(_is_whole(width, 1, WIDEST_LAYER) for width in value)
    )


FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "owner": (lambda value: _is_text(value, 200), "a token"),
    "dataset": (
        lambda value: isinstance(value, str) and DATASET_PATTERN.fullmatch(value) is not None,
        "the name of a data set",
    ),
    "title": (lambda value: _is_text(value, LONGEST_TITLE), f"a text of 1 to {LONGEST_TITLE} characters"),
    "size": (lambda value: _is_text(value, 40), "a word for the size"),
    "hidden": (_is_widths, f"1 to {MOST_LAYERS} widths from 1 to {WIDEST_LAYER}"),
    "seconds": (
        lambda value: value is None or _is_number(value, 0.1, LONGEST_SECONDS),
        f"seconds from 0.1 to {LONGEST_SECONDS:g}",
    ),
    "epochs": (lambda value: value is None or _is_whole(value, 1, MOST_EPOCHS), f"1 to {MOST_EPOCHS} epochs"),
    "likelihood": (lambda value: any(value == known for known in LIKELIHOODS), f"one of {', '.join(LIKELIHOODS)}"),
    "sigma_x": (lambda value: value is None or _is_number(value, 1e-4, 1e4), "a number from 0.0001 to 10000, or none"),
    "seed": (lambda value: _is_whole(value, 0, 2**31 - 1), "a whole number from 0 to 2147483647"),
    "created": (lambda value: _is_number(value, 0, 1e12), "seconds since 1970"),
}

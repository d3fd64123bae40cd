"""Classes from the labels that came with the samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.intake.choices import Step
from vae_core.intake.limits import LIMITS
from vae_core.intake.words import clean, natural, unique

ALL = "all"  # the one class of samples without labels
UNLABELLED = "unlabelled"  # the class of samples whose label is missing


@dataclass(frozen=True)
class Labels:
    """Names of classes, and every sample's class as an index into them, int64 [N]. source: what they come from."""

    names: tuple[str, ...]
    index: NDArray[np.int64]
    source: str | None = None
    distinct: int = 0  # before they were too many

    def steps(self) -> list[Step]:
        """What is done about labels."""
        if self.source is None:
            return [Step("labels_none")]
        if self.distinct > LIMITS.labels:
            values = {"source": self.source, "count": self.distinct, "most": LIMITS.labels}
            return [Step("labels_too_many", values)]
        return [Step("labels_from", {"source": self.source, "count": len(self.names)})]

    def take(self, index: NDArray[Any]) -> Labels:
        """Those of some samples; classes that none of them has are left out."""
        used, new = np.unique(self.index[index], return_inverse=True)
        names = tuple(self.names[int(i)] for i in used)
        return Labels(names, new.astype(np.int64).ravel(), self.source, self.distinct)


def no_labels(samples: int) -> Labels:
    """One class for all."""
    return Labels((ALL,), np.zeros(samples, np.int64))


def labels_of(values: Sequence[str] | NDArray[Any], source: str) -> Labels:
    """Classes by the values' own text, sorted; more than LIMITS.labels distinct ones make one class for all."""
    if not isinstance(values, np.ndarray):
        known: dict[str, int] = {}
        codes = [known.setdefault(value, len(known)) for value in values]
        return labels_by_code(list(known), np.array(codes, np.int64), source)
    found, index = np.unique(values, return_inverse=True)
    return labels_by_code([_text(value) for value in found], index, source)


def labels_by_code(texts: Sequence[str], codes: NDArray[Any], source: str) -> Labels:
    """Classes by text, of samples that have the code of their text."""
    if len(texts) > LIMITS.labels:
        return Labels((ALL,), np.zeros(len(codes), np.int64), source, len(texts))
    named = [clean(text) or UNLABELLED for text in texts]
    order = sorted(range(len(named)), key=lambda i: natural(named[i]))
    place = np.empty(len(named), np.int64)
    place[order] = np.arange(len(named))
    return Labels(
        tuple(unique(named[i] for i in order)), place[np.asarray(codes, np.int64).ravel()], source, len(texts)
    )


def _text(value: Any) -> str:
    """A label as text: whole numbers without a point, whatever their type."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)

"""What came, as far as it was understood: what a person may choose about it, and the data set that follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vae_core.datasets import Column, Dataset, DatasetError
from vae_core.intake.choices import ArrayInfo, Choices, ColumnInfo, Preview, Step
from vae_core.intake.labels import Labels, no_labels
from vae_core.intake.limits import IntakeError, Limits, megabytes
from vae_core.intake.words import clean, listed, shown

HELD_OUT_PERCENT = 10
HELD_OUT_FROM = 50  # samples; with fewer, all are trained on
SEED = 0  # of the choice of samples, and of those that are held out
NAME = "own"  # of a data set that is not stored yet

Report = Callable[[float], None]


def silent(share: float) -> None:
    """A report that nobody hears."""


class Upload(ABC):
    """What came, read and checked as far as can be without the person's choices.

    steps, preview and dataset raise IntakeError, one sentence, where nothing can be made of it with these choices.
    """

    kind: Literal["images", "table"]
    columns: tuple[ColumnInfo, ...] = ()
    size_options: tuple[tuple[int, int], ...] = ()
    shapes: tuple[tuple[int, int], ...] = ()
    has_colour = False

    def __init__(self, *, title: str, samples: int, limits: Limits, arrays: tuple[ArrayInfo, ...] = ()) -> None:
        if samples < 2:
            raise IntakeError(f"{shown(title)}: expected at least 2 samples to train on, got {samples}")
        self.title, self.samples, self.limits, self.arrays = title, samples, limits, arrays
        self.sizes: Counter[tuple[int, int, int]] = Counter()
        self.first_steps: list[Step] = []  # what was done on reading
        self.given_test: NDArray[np.bool_] | None = None  # which samples came as test samples, bool [N]

    @property
    @abstractmethod
    def label_options(self) -> tuple[str, ...]:
        """What `Choices.label_column` can be, besides None."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """The classes with the default choices."""
        return self._labels(self.defaults().label_column).names

    @abstractmethod
    def defaults(self) -> Choices:
        """Sensible choices."""

    def steps(self, choices: Choices) -> list[Step]:
        """What will be done, in order. Raises IntakeError."""
        with self._sentences():
            return self._steps(choices)

    def preview(self, choices: Choices) -> Preview:
        """A few of the samples as they will be. Raises IntakeError."""
        with self._sentences():
            return self._preview(choices)

    def dataset(self, choices: Choices, report: Report = silent) -> Dataset:
        """The data set; `report` hears the share that is done. Raises IntakeError."""
        with self._sentences():
            return self._dataset(choices, report)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """What the system raises becomes an IntakeError."""
        try:
            yield
        except MemoryError as error:
            raise IntakeError(f"{shown(self.title)}: expected samples that fit into memory, got more") from error
        except OSError as error:
            reason = error.strerror or error
            raise IntakeError(f"{shown(self.title)}: expected to read what came, but {reason}") from error

    @abstractmethod
    def _steps(self, choices: Choices) -> list[Step]:
        """As `steps`; what the system raises may come through, here and in the next two."""

    @abstractmethod
    def _preview(self, choices: Choices) -> Preview:
        """As `preview`."""

    @abstractmethod
    def _dataset(self, choices: Choices, report: Report) -> Dataset:
        """As `dataset`."""

    @abstractmethod
    def _labels_from(self, source: str) -> Labels:
        """The labels that one of `label_options` holds."""

    def _labels(self, source: str | None) -> Labels:
        if source is None:
            return no_labels(self.samples)
        if source not in self.label_options:
            options = f"one of {listed(self.label_options, 10)}" if self.label_options else "none, as no labels came"
            raise IntakeError(f"labels from {shown(source)}: expected {options}")
        return self._labels_from(source)

    def _limit(self, bytes_each: int) -> int | None:
        """The default limit: None where all samples can be used."""
        most = min(self.limits.samples, max(2, self.limits.unpacked_bytes // max(1, bytes_each)))
        return most if self.samples > most else None

    def _drawn(self, kept: NDArray[Any], choices: Choices, bytes_each: int) -> NDArray[Any]:
        """The numbers of the samples that are used, of those that are kept. Raises IntakeError for too much."""
        if choices.limit is not None and choices.limit < 2:
            raise IntakeError(f"expected at least 2 samples to train on, got a limit of {choices.limit}")
        if choices.limit is not None and len(kept) > choices.limit:
            kept = np.sort(np.random.default_rng(SEED).choice(kept, choices.limit, replace=False))
        if len(kept) > self.limits.samples:
            raise IntakeError(f"expected at most {self.limits.samples:,} samples, got {len(kept):,}")
        if len(kept) * bytes_each > self.limits.unpacked_bytes:
            raise IntakeError(
                f"expected samples of at most {megabytes(self.limits.unpacked_bytes)} together, got"
                f" {megabytes(len(kept) * bytes_each)} ({len(kept):,} samples of {bytes_each:,} bytes): choose a"
                " smaller size or fewer samples"
            )
        return kept

    def _last_steps(self, kept: NDArray[Any], drawn: NDArray[Any], labels: Labels) -> list[Step]:
        """The steps that every kind has at its end, where `drawn` of the samples that are kept are used."""
        steps = labels.steps()
        if len(drawn) < len(kept):
            steps.append(Step("subset", {"samples": len(drawn), "most": len(kept)}))
        count = int(np.count_nonzero(self._held_out(drawn)))
        if self.given_test is not None:
            return [*steps, Step("held_out_given", {"samples": count})]
        if not count:
            return [*steps, Step("held_out_none", {"least": HELD_OUT_FROM})]
        return [*steps, Step("held_out", {"samples": count, "percent": HELD_OUT_PERCENT})]

    def _held_out(self, drawn: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the samples that are used are held out: those that came as test samples, else a tenth."""
        return held_out(len(drawn)) if self.given_test is None else self.given_test[drawn]

    def _made(
        self,
        choices: Choices,
        drawn: NDArray[Any],
        images: NDArray[Any],
        labels: Labels,
        columns: tuple[Column, ...] = (),
    ) -> Dataset:
        """The data set of the samples that are used, checked. Raises IntakeError."""
        title = clean(choices.title) or self.title
        data = Dataset(NAME, title, images, labels.index, labels.names, self._held_out(drawn), columns=columns)
        try:
            data.check()
        except DatasetError as error:
            raise IntakeError(str(error).replace(f"{NAME}:", f"{shown(title)}:", 1)) from error
        return data


def held_out(samples: int) -> NDArray[np.bool_]:
    """Which samples are held out of training, bool [N]: a tenth, drawn with a fixed seed; none of fewer than 50."""
    test = np.zeros(samples, bool)
    if samples >= HELD_OUT_FROM:
        count = round(samples * HELD_OUT_PERCENT / 100)
        test[np.random.default_rng(SEED).permutation(samples)[:count]] = True
    return test

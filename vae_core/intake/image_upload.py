"""Pictures that came, from arrays or files: the choices about their size and colour, and the data set of bytes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vae_core.datasets import Dataset
from vae_core.intake.choices import ArrayInfo, Choices, Preview, Step
from vae_core.intake.fitting import COLOUR_SHARE, Fitting, size_for
from vae_core.intake.labels import Labels
from vae_core.intake.limits import IntakeError, Limits
from vae_core.intake.sheet import contact_sheet, spread
from vae_core.intake.upload import Report, Upload, silent

SIDES = (16, 28, 32, 64)  # offered for the longer side
# Default sizes are as large as the whole set then takes no more bytes than this: it trains while one watches.
COMFORTABLE = 100_000_000


class Pictures(ABC):
    """Where pictures come from. sizes counts (height, width, channels); coloured: the share of coloured pixels."""

    sizes: Counter[tuple[int, int, int]]

    @property
    def count(self) -> int:
        """How many there are."""
        return self.sizes.total()

    @cached_property
    @abstractmethod
    def coloured(self) -> float:
        """The share of coloured pixels, of some of the pictures."""

    @abstractmethod
    def steps(self) -> list[Step]:
        """What is done to every picture, whatever is chosen."""

    @abstractmethod
    def fitted(self, index: Sequence[int], fitting: Fitting, report: Report = silent) -> NDArray[np.uint8]:
        """Some of the pictures as bytes, [n, h, w] or [n, h, w, 3]. Raises IntakeError for a broken one."""


class ImageUpload(Upload):
    """Pictures with labels by source."""

    kind = "images"

    def __init__(
        self,
        pictures: Pictures,
        *,
        title: str,
        limits: Limits,
        labels: dict[str, Labels],
        arrays: tuple[ArrayInfo, ...] = (),
    ) -> None:
        super().__init__(title=title, samples=pictures.count, limits=limits, arrays=arrays)
        self.pictures, self.labels = pictures, labels
        self.sizes = pictures.sizes
        self.has_colour = any(channels == 3 for _, _, channels in self.sizes)
        self.plain_sizes = sorted({(height, width) for height, width, _ in self.sizes})
        self.size_options = self._size_options()

    @property
    def label_options(self) -> tuple[str, ...]:
        """The sources of labels."""
        return tuple(self.labels)

    def defaults(self) -> Choices:
        """As they are where that is one small size; else as large as is comfortable. Colour where there is some."""
        colour = self.has_colour and self.pictures.coloured > COLOUR_SHARE
        channels = 3 if colour else 1
        native = len(self.plain_sizes) == 1 and max(self.plain_sizes[0]) <= self.limits.side
        size = self.plain_sizes[0] if native else self._comfortable(channels)
        return Choices(
            title=self.title,
            size=size,
            colour=colour,
            # In a drawing what matters may lie at the edge; in a photo borders would be what the model learns first.
            fit="crop" if colour else "pad",
            label_column=next(iter(self.labels), None),
            limit=self._limit(math.prod(size) * channels),
        )

    def _steps(self, choices: Choices) -> list[Step]:
        """Scaling, size, colour, labels, held-out samples."""
        fitting = self._fitting(choices)
        steps = [*self.first_steps, *self.pictures.steps()]
        if self.plain_sizes != [(fitting.height, fitting.width)]:
            fit = choices.fit if self._changes_shape(fitting) else "scale"
            values = {"height": fitting.height, "width": fitting.width, "fit": fit, "sizes": len(self.plain_sizes)}
            steps.append(Step("resize", values))
        if self.has_colour and not fitting.colour:
            steps.append(Step("grey"))
        drawn = self._index(choices, fitting)
        return [*steps, *self._last_steps(np.arange(self.samples), drawn, self._labels(choices.label_column))]

    def _preview(self, choices: Choices) -> Preview:
        """A contact sheet."""
        fitting = self._fitting(choices)
        return Preview(sheet=contact_sheet(list(self.pictures.fitted(spread(self.samples), fitting))))

    def _dataset(self, choices: Choices, report: Report) -> Dataset:
        """The pictures as bytes, [N, h, w] or [N, h, w, 3]."""
        fitting = self._fitting(choices)
        index = self._index(choices, fitting)
        labels = self._labels(choices.label_column).take(index)
        return self._made(choices, index, self.pictures.fitted(index.tolist(), fitting, report), labels)

    def _labels_from(self, source: str) -> Labels:
        return self.labels[source]

    def _index(self, choices: Choices, fitting: Fitting) -> NDArray[np.int64]:
        drawn: NDArray[np.int64] = self._drawn(np.arange(self.samples), choices, math.prod(fitting.shape))
        return drawn

    def _fitting(self, choices: Choices) -> Fitting:
        """What every picture is brought to. Raises IntakeError where no size is chosen and they have several."""
        side = self.limits.side
        if choices.size is None and len(self.plain_sizes) > 1:
            small, large = self.plain_sizes[0], self.plain_sizes[-1]
            raise IntakeError(
                f"expected pictures of one size, got {len(self.plain_sizes)} sizes, from {small[1]}×{small[0]} to"
                f" {large[1]}×{large[0]}: choose one to resize them to"
            )
        height, width = choices.size or self.plain_sizes[0]
        if not (1 <= height <= side and 1 <= width <= side):
            raise IntakeError(
                f"expected pictures of at most {side}×{side} pixels, got {width}×{height}: choose a smaller size"
            )
        return Fitting(height, width, choices.colour and self.has_colour, choices.fit)

    def _changes_shape(self, fitting: Fitting) -> bool:
        """Whether some picture's own shape is another than the chosen one, by more than rounding makes it."""
        ratio = fitting.width / fitting.height
        slack = 1 / min(fitting.height, fitting.width)
        return any(abs(width / height / ratio - 1) > slack for height, width in self.plain_sizes)

    def _size_options(self) -> tuple[tuple[int, int], ...]:
        sizes, side = self.plain_sizes, self.limits.side
        longest = max(max(size) for size in sizes)
        offered = {size_for(sizes, s) for s in SIDES if s <= side and (s < longest or len(sizes) > 1 or s == SIDES[0])}
        if len(sizes) == 1 and longest <= side:
            offered = {size for size in offered if max(size) < longest} | {sizes[0]}
        return tuple(sorted(offered))

    def _comfortable(self, channels: int) -> tuple[int, int]:
        sides = sorted(max(size) for size in self.plain_sizes)
        fits = [size for size in self.size_options if math.prod(size) * channels * self.samples <= COMFORTABLE]
        # Enlarging most of them would add pixels and show nothing more.
        useful = [size for size in fits if max(size) <= max(sides[len(sides) // 2], SIDES[0])]
        return max(useful or fits or self.size_options[:1], key=math.prod)

"""The batches of a training: which samples each step sees, and their values as float32."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae_core.datasets import Dataset

BLOCK = 1024  # neighbouring rows that stay together when the rows are too many to be shuffled one by one
BUFFER = 64  # so many blocks are then shuffled with each other, row by row
WHOLE = 2**20  # up to so many rows are shuffled one by one
ON_DEVICE_BYTES = 2**30  # up to so many bytes of samples are kept on the GPU

SEED_BITS = 2**64 - 1


def random_stream(*key: int) -> np.random.Generator:
    """Random numbers that depend on nothing but the key; any whole numbers."""
    return np.random.default_rng([part & SEED_BITS for part in key])


class Batches:
    """The training samples of a data set in shuffled order, batch by batch; the held-out ones are left out.

    The order is a function of the seed and the number of the epoch alone, so that a training can go on anywhere.
    Memory does not grow with the number of samples beyond WHOLE: of more, blocks are shuffled, and then the rows
    within BUFFER blocks; a memory-mapped file is read about once an epoch, block by block.
    size: samples in a batch. stream: tells the processes that train together apart.
    """

    def __init__(self, data: Dataset, *, size: int, seed: int, stream: int = 0, device: torch.device) -> None:
        self.size, self.device = size, device
        self._key = (seed, stream)
        self._test = data.test
        # A view: of a memory map, np.take then reads what it takes and nothing else.
        self._source = np.asarray(data.images).reshape(len(data.images), -1)
        step = max(1, len(self._source)) if len(self._source) <= WHOLE else BLOCK
        self._starts = np.arange(0, len(self._source), step)
        self._step = step
        self._counts = np.array([len(self._rows(int(start))) for start in self._starts], np.int64)
        self._epoch = -1
        self._raw = np.empty((size, self._source.shape[1]), self._source.dtype)
        self._on_device = self._upload()

    def __len__(self) -> int:
        """How many samples there are to train on."""
        return int(self._counts.sum())

    def take(self, epoch: int, number: int, out: Tensor) -> None:
        """Fill out, float32 [size, pixels], with the batch of this number in this epoch."""
        index = self.indices(epoch, number * self.size, (number + 1) * self.size)
        if self._on_device is not None:
            raw = self._on_device[torch.from_numpy(index).to(self.device)]
        elif self._source.dtype == np.float32 and self.device.type == "cpu":
            np.take(self._source, index, axis=0, out=out.numpy(), mode="clip")  # "raise" would make a copy first
            return
        else:
            np.take(self._source, index, axis=0, out=self._raw, mode="clip")
            raw = torch.from_numpy(self._raw).to(self.device)
        if raw.dtype == torch.uint8:
            torch.div(raw, 255.0, out=out)
        else:
            out.copy_(raw)

    def indices(self, epoch: int, start: int, stop: int) -> NDArray[np.int64]:
        """The rows of the data set that are at the places start to stop of the epoch's order."""
        if epoch != self._epoch:
            self._begin(epoch)
        parts = []
        while start < stop:
            if not self._first <= start < self._last:
                self._hold(int(np.searchsorted(self._ends, start, side="right")))
            parts.append(self._order[start - self._first : stop - self._first])
            start += len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _begin(self, epoch: int) -> None:
        """Shuffle the blocks for an epoch."""
        self._epoch, self._first, self._last = epoch, 0, 0  # nothing is held yet
        self._blocks = random_stream(*self._key, epoch).permutation(len(self._starts))
        ends = np.cumsum(self._counts[self._blocks])
        self._ends = np.append(ends[BUFFER - 1 : -1 : BUFFER], ends[-1])

    def _hold(self, buffer: int) -> None:
        """Shuffle the rows of one buffer of blocks."""
        blocks = self._blocks[buffer * BUFFER : (buffer + 1) * BUFFER]
        rows = np.concatenate([self._rows(int(self._starts[block])) for block in blocks])
        self._order = random_stream(*self._key, self._epoch, buffer).permutation(rows)
        self._first, self._last = int(self._ends[buffer] - len(rows)), int(self._ends[buffer])

    def _rows(self, start: int) -> NDArray[np.int64]:
        """The rows of the block at start that are not held out."""
        return start + np.flatnonzero(~self._test[start : start + self._step])

    def _upload(self) -> Tensor | None:
        if self.device.type == "cpu" or self._source.nbytes > ON_DEVICE_BYTES:
            return None
        return torch.from_numpy(np.array(self._source)).to(self.device)

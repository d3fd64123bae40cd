"""The processes that train one model together: who this one is, its share of the data, and sums over all of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor

from vae_core.config import TrainingError

# What torchrun tells the processes that it starts.
VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")

# The others wait while the one that writes saves a model of a very large data set.
PATIENCE = timedelta(hours=2)


@dataclass(frozen=True)
class Group:
    """This process among those that train together; the default is one that trains alone.

    rank: its number, from 0; world: how many there are; device: "cpu" or "cuda", where its sums are made.
    """

    rank: int = 0
    world: int = 1
    device: str = "cpu"

    @property
    def writes(self) -> bool:
        """Whether this is the one process that may write files and output."""
        return self.rank == 0

    def shard(self, count: int) -> slice:
        """The rows of `count` that are this process's, a contiguous run; the shares differ by at most one.

        >>> [Group(rank, 3).shard(10) for rank in range(3)]
        [slice(0, 3, None), slice(3, 6, None), slice(6, 10, None)]
        """
        return slice(count * self.rank // self.world, count * (self.rank + 1) // self.world)

    def sum_(self, values: Tensor) -> None:
        """Replace values by their sums over all processes: the same numbers, to the bit, in each of them."""
        if self.world > 1:
            dist.all_reduce(values)

    def smallest(self, value: int) -> int:
        """The smallest of all processes' values."""
        return -self._largest(-value)

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return self._largest(int(flag)) > 0

    def leave(self) -> None:
        """End the connection to the others, which must leave too."""
        if self.world > 1 and dist.is_initialized():
            dist.destroy_process_group()

    def _largest(self, value: int) -> int:
        if self.world == 1:
            return value
        values = torch.tensor([value], device=self.device)
        dist.all_reduce(values, op=dist.ReduceOp.MAX)
        return int(values.item())


def join(device: str = "cpu") -> Group:
    """Meet the other processes that torchrun started, or return the group of one where it did not start this one.

    On "cuda" each process takes the device of its number on its host, and sums travel by nccl; else by gloo.
    Raises TrainingError where they cannot meet.
    """
    if not all(name in os.environ for name in VARIABLES) or os.environ["WORLD_SIZE"] == "1":
        return Group()
    rank, world, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    on_cuda = device != "cpu" and torch.cuda.is_available()
    if on_cuda:
        if local >= torch.cuda.device_count():
            found = torch.cuda.device_count()
            raise TrainingError(f"device: expected a CUDA device for each process of a host, got {found} devices")
        torch.cuda.set_device(local)
    try:
        dist.init_process_group("nccl" if on_cuda else "gloo", rank=rank, world_size=world, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"the {world} processes of this training could not meet: {error}") from error
    return Group(rank, world, "cuda" if on_cuda else "cpu")

"""Which samples of a very large data set a model holds codes of. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STORED_SAMPLES = 100_000


def stored_index(count: int, *, most: int = STORED_SAMPLES, seed: int = 0) -> NDArray[np.int64] | None:
    """The samples, of `count`, whose codes a model holds: `most` of them, drawn with the seed, rising; None for all.

    The card of a model that holds only some says so: "subset": {"of": count, "seed": seed}. Row i of its codes is then
    the sample with this array's i-th number in the data set.
    """
    if count <= most:
        return None
    chosen: NDArray[np.int64] = np.random.default_rng(seed).choice(count, most, replace=False)
    return np.sort(chosen)

"""What runs a decoder that is no chain of layers: its own function, in the process that exported it, else its graph."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import in_eval_mode
from vae_core.bring.onnx_model import can_run, run_decoder
from vae_core.checkpoints import StoredDecoder

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

MOST = 8  # functions that are kept, the newest

_own: OrderedDict[str, Run] = OrderedDict()


def remember(stored: StoredDecoder, decode: Callable[[Any], Any], shown: Run) -> None:
    """Keep somebody's own function for as long as this process runs: a page in it (`explore`) can ask it.

    shown: what of decode is displayed, as `runner_of` returns it.
    """

    lock = Lock()  # it need not bear two visitors at once

    def run(z: NDArray[np.float32]) -> NDArray[np.float32]:
        with lock, in_eval_mode(decode):
            return shown(z)

    if stored.chain is None:
        _own[_pictures_of(stored)] = run
        while len(_own) > MOST:
            _own.popitem(last=False)


def runner_of(stored: StoredDecoder) -> Run | None:
    """z [n, d] -> values as displayed, float32 [n, values]; None for a chain, or where nothing here can run it.

    What it returns raises ImportRefused, one sentence, where the decoder fails.
    """
    if stored.chain is not None:
        return None
    own = _own.get(_pictures_of(stored))
    graph = stored.onnx
    if own is not None or graph is None or not can_run():
        return own
    return lambda z: run_decoder(graph, z)


def _pictures_of(stored: StoredDecoder) -> str:
    """Decoders with the same pictures are the same decoder, wherever its folder has gone since."""
    digest = hashlib.sha256()
    for grid in stored.grids:
        digest.update(np.ascontiguousarray(grid.decodes).tobytes())
    return digest.hexdigest()

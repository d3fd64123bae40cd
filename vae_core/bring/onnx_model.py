"""ONNX graphs as decoders, run by onnxruntime (the extra `onnx`), which runs no code of a graph's own."""

from __future__ import annotations

import hashlib
import importlib.util
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock, Timer
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_checks import checked

MOST_SESSIONS = 8
MOST_SECONDS = 60.0  # of one run
MISSING = "expected the packages onnx and onnxruntime, which run ONNX files: pip install onnx onnxruntime"

KINDS: dict[str, Any] = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16,
}  # fmt: skip

_sessions: OrderedDict[str, Any] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Put:
    """An input or output of a graph: its name, and its shape, None where it may be any."""

    name: str
    shape: tuple[int | None, ...]
    kind: str

    def __str__(self) -> str:
        return f"{self.name} [{', '.join('?' if side is None else str(side) for side in self.shape)}]"


def can_run() -> bool:
    """Whether there is what checks a graph and what runs it."""
    return all(importlib.util.find_spec(package) is not None for package in ("onnx", "onnxruntime"))


def run_decoder(content: bytes, z: NDArray[Any]) -> NDArray[np.float32]:
    """What a decoder's graph gives for points z [N, d] -> float32 [N, values].

    Raises ImportRefused, one sentence, where onnxruntime is missing, or the graph is none, takes other points or fails.
    """
    points = np.ascontiguousarray(z, np.float32)
    session = open_session(content)
    (name,) = [node.name for node in session.get_inputs()][:1]
    try:
        (out,) = run_blocks(session, [session.get_outputs()[0].name], name, points)
    except Exception as error:  # whatever the runtime says of a graph that it loaded
        reason = " ".join(str(error).split())[:200]
        raise ImportRefused(f"expected a decoder of points {list(points.shape)}, but it says: {reason}") from error
    if len(out) != len(points) or not np.isfinite(out).all():
        raise ImportRefused(f"expected {len(points)} finite pictures of the decoder, got {list(out.shape)}")
    found: NDArray[np.float32] = np.asarray(out, np.float32).reshape(len(points), -1)
    return found


def open_session(content: bytes, whose: str = "a decoder") -> Any:
    """The graph, ready to run; the last few are kept. Raises ImportRefused where it is none."""
    key = hashlib.sha256(content).hexdigest()
    with _lock:
        if key in _sessions:
            _sessions.move_to_end(key)
            return _sessions[key]
    if not can_run():
        raise ImportRefused(MISSING)
    checked(content, whose)
    try:
        session = new_session(content)
    except Exception as error:  # onnxruntime has a class of its own for each fault
        reason = " ".join(str(error).split())[:200]
        raise ImportRefused(
            f"{whose}: expected an ONNX file that can be run, but onnxruntime says: {reason}"
        ) from error
    with _lock:
        _sessions[key] = session
        while len(_sessions) > MOST_SESSIONS:
            _sessions.popitem(last=False)
    return session


def new_session(content: bytes, *, as_written: bool = False) -> Any:
    """A graph that was looked at, ready to run on one thread. as_written: every operator runs, none is merged."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if as_written:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run_blocks(session: Any, outputs: Sequence[str], name: str, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
    """What a graph gives for a batch, also one that takes a fixed number of samples at a time."""
    put = next(put_of(node) for node in session.get_inputs() if node.name == name)
    values = batch.astype(KINDS.get(put.kind, np.float32), copy=False)
    size = put.shape[0] if put.shape and put.shape[0] else max(1, len(values))
    parts: list[list[NDArray[np.float32]]] = []
    for start in range(0, len(values), size):
        block = values[start : start + size]
        short = size - len(block) if put.shape[0] else 0
        padded = np.concatenate([block, np.repeat(block[-1:], short, axis=0)]) if short else block
        parts.append([np.asarray(out, np.float32)[: len(block)] for out in run_once(session, outputs, {name: padded})])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def run_once(session: Any, outputs: Sequence[str], fed: dict[str, NDArray[Any]]) -> list[Any]:
    """One run of a graph, which is ended where it takes too long: the visitors of a server share it."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    timer = Timer(MOST_SECONDS, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        found: list[Any] = session.run(list(outputs), fed, options)
    finally:
        timer.cancel()
    return found


def put_of(node: Any) -> Put:
    """An input or output as onnxruntime describes it."""
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in node.shape)
    return Put(node.name, shape, node.type)

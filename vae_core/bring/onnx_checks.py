"""What an ONNX file may be before anything runs it: a graph with its weights inside, without loops, of a moderate size.

Files come from people that a server does not know. onnxruntime runs no code of theirs, but a graph may name files whose
bytes become its numbers, ask for any amount of memory, or never end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from vae_core.bring.errors import ImportRefused

MOST_BYTES = 200_000_000
MOST_NUMBERS = 50_000_000  # of one result on the way, where its size can be told without running anything
MOST_BATCH = 1_024  # samples that a graph takes at once, where it says how many
LOOPS = frozenset({"Loop", "Scan", "SequenceMap"})


def checked(content: bytes, whose: str) -> Any:
    """The graph as an onnx.ModelProto. Raises ImportRefused, one sentence, where it is none that may be run."""
    import onnx

    if len(content) > MOST_BYTES:
        raise ImportRefused(f"{whose}: expected an ONNX file of at most {MOST_BYTES / 1e6:,.0f} MB, got a larger one")
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf's own, whatever it is called
        raise ImportRefused(f"{whose}: expected an ONNX file, got {len(content):,} bytes of something else") from error
    if not model.graph.node:
        raise ImportRefused(f"{whose}: expected an ONNX file, got one without any operator")
    if outside := kept_outside(model):
        raise ImportRefused(
            f"{whose}: expected an ONNX file with its weights inside, got one that keeps them in {outside!r:.80};"
            " PyTorch's exporter puts them inside with external_data=False"
        )
    for node in _messages(model, onnx.NodeProto):
        if node.op_type in LOOPS:
            raise ImportRefused(f"{whose}: expected a graph without loops, got the operator {node.op_type}")
    _check_sizes(model, whose)
    return model


def kept_outside(model: Any) -> str:
    """The name of a file in which a graph keeps numbers, wherever in it they are used; "" where it has them all."""
    import onnx

    for tensor in _messages(model, onnx.TensorProto):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
            return next((entry.value for entry in tensor.external_data if entry.key == "location"), "a file")
    return ""


def _messages(message: Any, kind: type) -> Iterator[Any]:
    """Every part of this kind, in whatever it lies: subgraphs, functions, attributes."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in [value] if hasattr(value, "ListFields") else value:
            if isinstance(part, kind):
                yield part
            yield from _messages(part, kind)


def _check_sizes(model: Any, whose: str) -> None:
    import onnx

    for put in model.graph.input:
        batch = _dims(put)[:1]
        if batch and batch[0] > MOST_BATCH:
            raise ImportRefused(f"{whose}: expected at most {MOST_BATCH:,} samples at once, got {batch[0]:,}")
    try:
        told = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # a graph that cannot be told is left to the runtime
        return
    for value in (*told.value_info, *told.output, *told.input):
        if math.prod(size for size in _dims(value) if size) > MOST_NUMBERS:
            raise ImportRefused(
                f"{whose}: expected results of at most {MOST_NUMBERS:,} numbers, got {value.name!r:.40} of"
                f" {[size or '?' for size in _dims(value)]}"
            )


def _dims(value: Any) -> list[int]:
    """The sides of a value, 0 where they may be any."""
    return [int(side.dim_value) for side in value.type.tensor_type.shape.dim]

"""A chain of layers, run with NumPy: what the browser runs too, in the same order and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.layers.activations import activate
from vae_core.layers.convolution import conv, conv_transpose, upsample
from vae_core.layers.records import Layer, check_index, check_layers, columns, numbers, tensor_shapes

Floats = NDArray[np.float32]

BLOCK = 2**22  # numbers of a block of points where the chain is widest: 16 MB, some of it stays in the cache


@dataclass(frozen=True, eq=False)
class Chain:
    """Layers one after the other, for points of `inputs` numbers: records (records.py) and their float32 tensors.

    tensors: "{i}.{part}" of the i-th layer. Raises ValueError, one sentence, where layers or tensors are not what
    `check_layers` and `tensor_shapes` expect, so that whatever exists can run.
    """

    layers: tuple[Layer, ...]
    tensors: dict[str, Floats]

    def __post_init__(self) -> None:
        first, last = (self.layers[0], self.layers[-1]) if self.layers else ({}, {})
        check_layers(self.layers, _declared(first, "in"), _declared(last, "out"))
        shapes = tensor_shapes(self.layers)
        for name in (*shapes, *self.tensors):
            expected, tensor = shapes.get(name), self.tensors.get(name)
            if expected is None or tensor is None or tensor.shape != expected or tensor.dtype != np.float32:
                found = "none" if tensor is None else f"{tensor.dtype} {tensor.shape}"
                wanted = "no such tensor" if expected is None else f"float32 {expected}"
                raise ValueError(f"tensor {name!r}: expected {wanted}, got {found}")
        for i, layer in enumerate(self.layers):
            if layer["kind"] == "gather":
                check_index(i, layer, self.tensors[f"{i}.index"])

    @property
    def inputs(self) -> int:
        """Numbers per point that go in."""
        return numbers(self.layers[0]["in"])

    @property
    def outputs(self) -> int:
        """Numbers per point that come out."""
        return numbers(self.layers[-1]["out"])

    @property
    def parameters(self) -> int:
        """How many trained numbers the chain holds; where a gather takes its numbers from was never trained."""
        return sum(tensor.size for name, tensor in self.tensors.items() if not name.endswith(".index"))

    def run(self, x: NDArray[Any]) -> Floats:
        """x [N, inputs] -> float32 [N, outputs]. Raises ValueError where x has another shape.

        Works on blocks of points, so that memory is bounded by the widest layer and not by N.
        """
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise ValueError(f"expected points of the shape [N, {self.inputs}], got {list(x.shape)}")
        points = np.asarray(x, np.float32)
        found = np.empty((len(points), self.outputs), np.float32)
        block = max(1, BLOCK // _widest(self.layers))
        with np.errstate(all="ignore"):  # exp may leave float32 on its way to 0, and a far point may be infinite
            for start in range(0, len(points), block):
                found[start : start + block] = self._run(points[start : start + block])
        return found

    def _run(self, x: Floats) -> Floats:
        for i, layer in enumerate(self.layers):
            parts = {name: self.tensors[f"{i}.{name}"] for name in _PARTS.get(layer["kind"], ())}
            x = _step(x, layer, **parts)
        return x


_PARTS = {
    "dense": ("weight", "bias"),
    "conv": ("weight", "bias"),
    "conv_transpose": ("weight", "bias"),
    "affine": ("scale", "shift"),
    "norm": ("scale", "shift"),
    "gather": ("index",),
}


def _step(x: Floats, layer: Layer, **parts: Floats) -> Floats:
    """One layer: x [n, in] -> [n, out]."""
    match layer["kind"]:
        case "dense":
            out: Floats = x @ parts["weight"]
            out += parts["bias"]
            return out
        case "conv":
            return conv(x, layer, **parts)
        case "conv_transpose":
            return conv_transpose(x, layer, **parts)
        case "affine":
            blocks: Floats = x.reshape(len(x), layer["channels"], -1) * parts["scale"][:, None]
            blocks += parts["shift"][:, None]
            return blocks.reshape(len(x), -1)
        case "norm":
            normal = _normalised(x, layer["groups"], layer["eps"])
            normal *= parts["scale"]
            normal += parts["shift"]
            return normal
        case "upsample":
            return upsample(x, layer)
        case "gather":
            index = parts["index"].astype(np.intp)
            taken = x.take(np.maximum(index, 0), axis=1)
            taken[:, index < 0] = 0
            return taken
        case _:
            return activate(x, layer)


def _normalised(x: Floats, groups: int, eps: float) -> Floats:
    """Each block of a point with mean 0 and variance 1, up to eps."""
    blocks = x.reshape(len(x), groups, -1)
    centred: Floats = blocks - blocks.mean(axis=2, keepdims=True)
    variance = np.square(centred).mean(axis=2, keepdims=True)
    centred /= np.sqrt(variance + np.float32(eps))
    return centred.reshape(len(x), -1)


def _declared(layer: object, side: str) -> int:
    """What a layer says of itself where that can be said; `check_layers` complains of the rest."""
    size = layer.get(side) if isinstance(layer, dict) else None
    if isinstance(size, list | tuple) and all(isinstance(part, int) for part in size):
        return numbers(size)
    return size if isinstance(size, int) else 0


def _widest(layers: Sequence[Layer]) -> int:
    return max(
        max(numbers(layer["in"]), numbers(layer["out"]), columns(layer) if layer["kind"].startswith("conv") else 0)
        for layer in layers
    )

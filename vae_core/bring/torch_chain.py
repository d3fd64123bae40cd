"""A decoder written with PyTorch as a chain of layers: it is run once, and every operation on z is written down.

What is recorded are PyTorch's own basic operations (aten), below modules, functions and whatever Python is around them:
a `Sequential`, a hand-written `forward` and a library's model look alike there. Operations that only move numbers are
applied to numbers that say where they were. What takes two results of z at once (a skip connection) is no chain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from vae_core.bring.chain_builder import Link, Refused, activation, affine, dense, finished, gather, norm, upsample
from vae_core.bring.chain_builder import convolution as convolution_layer
from vae_core.layers import Chain

POINTS = 7  # that are run: as few images have so many channels or rows, so none is taken for the batch

Values = NDArray[np.float32]
Make = Callable[["_Call"], Link]


def record(decode: Callable[[torch.Tensor], Any], z: torch.Tensor) -> tuple[Chain | None, str]:
    """The chain of a decoder, for flat points in and out, or None and a phrase that says why there is none.

    decode: from z [n, d] to a tensor [n, ...], in eval mode. z: POINTS of them, of the kind that it takes.
    """
    recorder = _Recorder(z)
    with torch.no_grad(), recorder:
        out = decode(z)
    link = recorder.links.get(id(out))
    if not isinstance(out, torch.Tensor) or link is None:
        return None, "its output does not follow from z alone"
    if isinstance(link, Refused):
        return None, link.why
    if len(out) != len(z):
        return None, "it mixes the points of a batch"
    return finished(link), ""


@dataclass(frozen=True)
class _Call:
    """One operation on a result of z: its name, its arguments, what went in and what came out."""

    name: str
    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    before: Link
    place: int  # of the result of z among the arguments
    source: torch.Tensor
    result: torch.Tensor

    def argument(self, place: int, default: Any = None) -> Any:
        return self.args[place] if len(self.args) > place else default

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what came out, without the batch."""
        return tuple(self.result.shape[1:])

    def refuse(self, what: str = "") -> Refused:
        return Refused(what or f"the operation {self.name} is not one that the browser runs")


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, z: torch.Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.links: dict[int, Link | Refused] = {id(z): Link(None, None, {}, (z.shape[1],))}
        self._kept: list[Any] = [z]  # so that no two tensors have one id

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        flat = [item for arg in args for item in (arg if isinstance(arg, list | tuple) else (arg,))]
        places = [i for i, arg in enumerate(args) if id(arg) in self.links]
        inside = [item for item in flat if id(item) in self.links]
        before = [self.links[id(item)] for item in inside]
        # In place, the source is gone afterwards.
        source = inside[0].shape if inside else ()
        result = func(*args, **kwargs)
        if not inside:
            return result
        out = result[0] if isinstance(result, tuple | list) else result
        if isinstance(out, torch.Tensor):
            self._kept.append(out)
            self.links[id(out)] = self._link(func, tuple(args), kwargs, places, before, source, out)
        for other in result[1:] if isinstance(result, tuple | list) else ():
            if isinstance(other, torch.Tensor):
                self._kept.append(other)
                self.links[id(other)] = Refused(f"the operation {_name(func)} gives several results")
        return result

    def _link(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        places: list[int],
        before: list[Link | Refused],
        source: Sequence[int],
        out: torch.Tensor,
    ) -> Link | Refused:
        for link in before:
            if isinstance(link, Refused):
                return link
        name = _name(func)
        if len(before) != 1 or len(places) != 1:
            return Refused(f"the operation {name} takes two results of z at once, as a skip connection does")
        make = _OPERATIONS.get(name)
        assert isinstance(before[0], Link)
        called = _Call(name, func, args, kwargs, before[0], places[0], torch.empty(tuple(source), device="meta"), out)
        if make is None:
            return called.refuse()
        if out.ndim < 1 or len(out) != POINTS or source[0] != POINTS:
            return Refused(f"the operation {name} mixes the points of a batch")
        try:
            return make(called)
        except Refused as refused:
            return refused


def _name(func: Any) -> str:
    """ "relu" of aten.relu_.default."""
    return str(func._schema.name).removeprefix("aten::").removesuffix("_").lstrip("_")


def _array(tensor: Any) -> Values:
    return tensor.detach().cpu().to(torch.float32).numpy()  # type: ignore[no-any-return]


def _addmm(call: _Call) -> Link:
    if call.place != 1 or call.kwargs:
        raise call.refuse()
    bias, _, weight = call.args[:3]
    return dense(call.before, _array(weight), np.broadcast_to(_array(bias), (weight.shape[1],)))


def _mm(call: _Call) -> Link:
    weight = call.args[1]
    if call.place != 0:
        raise call.refuse()
    return dense(call.before, _array(weight), np.zeros(weight.shape[1], np.float32))


def _convolution(call: _Call) -> Link:
    _, weight, bias, stride, padding, dilation, transposed, _, groups = call.args[:9]
    if weight.ndim != 4 or call.place != 0:
        raise call.refuse("a convolution over other than two dimensions is not one that the browser runs")
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    values = np.zeros(channels, np.float32) if bias is None else _array(bias)
    height, width = (int(side) for side in padding)
    return convolution_layer(
        call.before,
        _array(weight),
        values,
        shapes=(tuple(call.source.shape[1:]), call.shape),
        stride=stride,
        padding=(height, width, height, width),
        dilation=dilation,
        groups=groups,
        transposed=transposed,
    )


def _batch_norm(call: _Call) -> Link:
    if "no_training" in call.name:
        _, weight, bias, mean, variance, _, eps = call.args[:7]
    else:
        _, weight, bias, mean, variance, training, _, eps = call.args[:8]
        if training:
            raise call.refuse("a normalisation over the batch, as in training, is not one that the browser runs")
    scale = 1 / np.sqrt(_array(variance).astype(np.float64) + eps)
    if weight is not None:
        scale = scale * _array(weight)
    shift = -_array(mean) * scale + (0 if bias is None else _array(bias))
    return affine(call.before, scale, shift)


def _layer_norm(call: _Call) -> Link:
    _, normalized, weight, bias, eps = call.args[:5]
    size, shape = math.prod(normalized), call.shape
    count = math.prod(shape)
    scale = np.ones(size) if weight is None else _array(weight).ravel()
    shift = np.zeros(size) if bias is None else _array(bias).ravel()
    return norm(call.before, count // size, eps, np.tile(scale, count // size), np.tile(shift, count // size))


def _group_norm(call: _Call) -> Link:
    _, weight, bias, _, channels, size, groups, eps = call.args[:8]
    scale = np.ones(channels) if weight is None else _array(weight)
    shift = np.zeros(channels) if bias is None else _array(bias)
    return norm(call.before, groups, eps, np.repeat(scale, size), np.repeat(shift, size))


def _bilinear(call: _Call) -> Link:
    corners = bool(call.argument(2, call.kwargs.get("align_corners", False)))
    return upsample(call.before, tuple(call.source.shape[1:]), call.shape, align_corners=corners)


def _moved(call: _Call) -> Link:
    """The operation on numbers that say where each was: 0 is what a padding adds."""
    shape = tuple(call.source.shape)
    numbered = torch.arange(1, math.prod(shape[1:]) + 1, dtype=torch.float64).reshape(shape[1:]).expand(shape)
    args = list(call.args)
    args[call.place] = numbered.contiguous()
    index = call.func(*args, **call.kwargs)[0].reshape(-1).numpy() - 1
    return gather(call.before, index, call.shape)


def _padded(call: _Call) -> Link:
    if call.argument(2, 0) != 0:
        raise call.refuse("a padding with other numbers than zero is not one that the browser runs")
    return _moved(call)


def _same(call: _Call) -> Link:
    return call.before.shaped(call.shape)


def _arithmetic(call: _Call) -> Link:
    """x + c, x - c, c - x, x c and x / c; with alpha as a factor of the second."""
    if call.place == 1 and call.name == "div":
        raise call.refuse()
    other = call.args[1 - call.place]
    constant = _array(other) if isinstance(other, torch.Tensor) else np.float32(other)
    if constant.ndim == call.result.ndim and constant.shape[0] != 1:
        raise call.refuse(f"the operation {call.name} gives each point of a batch another number")
    full = np.broadcast_to(constant, (1, *call.shape) if constant.ndim == call.result.ndim else call.shape)
    c = full.astype(np.float64).ravel()
    one, alpha = np.ones_like(c), float(call.kwargs.get("alpha", 1))
    if tuple(call.source.shape) != tuple(call.result.shape):
        raise call.refuse()
    scale, shift = {
        "add": (one, alpha * c) if call.place == 0 else (alpha * one, c),
        "sub": (one, -alpha * c) if call.place == 0 else (-alpha * one, c),
        "rsub": (-alpha * one, c),
        "mul": (c, 0 * c),
        "div": (1 / c if call.name == "div" else one, 0 * c),
    }[call.name]
    return affine(call.before, scale, shift)


def _simple(name: str, **parameters: tuple[int, float]) -> Make:
    """An activation; parameters: of each its place among the arguments, and what it is if unsaid."""

    def make(call: _Call) -> Link:
        said = {key: call.argument(place, default) for key, (place, default) in parameters.items()}
        return activation(call.before, name, **{key: float(value) for key, value in said.items()})

    return make


def _elu(call: _Call) -> Link:
    alpha, scale, input_scale = (float(call.argument(i, 1.0)) for i in (1, 2, 3))
    if input_scale != 1:
        raise call.refuse()
    link = activation(call.before, "elu", alpha=alpha)
    return link if scale == 1 else affine(link, np.array([scale]), np.array([0.0]))


def _gelu(call: _Call) -> Link:
    return activation(call.before, "gelu_tanh" if call.kwargs.get("approximate") == "tanh" else "gelu")


def _clamp(call: _Call) -> Link:
    low, high = call.argument(1), call.argument(2)
    return activation(call.before, "clip", low=-1e30 if low is None else low, high=1e30 if high is None else high)


_OPERATIONS: dict[str, Make] = {
    "addmm": _addmm,
    "mm": _mm,
    "convolution": _convolution,
    "native_batch_norm_legit_no_training": _batch_norm,
    "native_batch_norm": _batch_norm,
    "cudnn_batch_norm": _batch_norm,
    "native_layer_norm": _layer_norm,
    "native_group_norm": _group_norm,
    "upsample_bilinear2d": _bilinear,
    "constant_pad_nd": _padded,
    **dict.fromkeys(
        ("permute", "transpose", "slice", "select", "upsample_nearest2d", "pixel_shuffle", "expand", "flip", "t"),
        _moved,
    ),
    **dict.fromkeys(("view", "unsafe_view", "reshape", "reshape_alias", "squeeze", "unsqueeze"), _same),
    **dict.fromkeys(("clone", "alias", "detach", "to_copy"), _same),
    **dict.fromkeys(("add", "sub", "rsub", "mul", "div"), _arithmetic),
    "relu": _simple("relu"),
    "leaky_relu": _simple("leaky_relu", slope=(1, 0.01)),
    "elu": _elu,
    "gelu": _gelu,
    "silu": _simple("silu"),
    "tanh": _simple("tanh"),
    "sigmoid": _simple("sigmoid"),
    "softplus": _simple("softplus", beta=(1, 1.0), threshold=(2, 20.0)),
    "hardtanh": _simple("clip", low=(1, -1.0), high=(2, 1.0)),
    "clamp": _clamp,
    "hardsigmoid": _simple("hardsigmoid"),
    "hardswish": _simple("hardswish"),
    "mish": _simple("mish"),
    "exp": _simple("exp"),
}

"""A decoder's ONNX graph as a chain of layers, where it is a sequence of those that the browser runs.

The graph is run once with every intermediate result laid open. What depends on z only through shapes (as the reshapes
of most exporters do) is a number like any other then, and only the operations on z's own values are left to translate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.chain_builder import (
    Link,
    Refused,
    activation,
    affine,
    convolution,
    dense,
    finished,
    gather,
    norm,
    upsample,
)
from vae_core.bring.onnx_model import KINDS, new_session, put_of, run_once
from vae_core.layers import Chain
from vae_core.layers.records import LARGEST

POINTS = 7  # that are run, as in torch_chain.py
Values = dict[str, NDArray[Any]]


def chain_of_graph(content: bytes, latent_dim: int) -> tuple[Chain | None, str]:
    """The chain of a decoder's graph, from z to its first output, flat; or None and a phrase that says why not."""
    import onnx

    try:
        return _chain_of(onnx.load_from_string(content), latent_dim)
    except Exception as error:  # a graph may hold anything, and onnxruntime has a class of its own for each fault
        return None, " ".join(f"it cannot be translated: {error}".split())[:160]


def _chain_of(model: Any, latent_dim: int) -> tuple[Chain | None, str]:
    graph = model.graph
    (start,) = [put.name for put in graph.input if put.name not in {part.name for part in graph.initializer}][:1]
    values = _all_results(model, start, latent_dim)
    opset = max([part.version for part in model.opset_import if part.domain in ("", "ai.onnx")], default=1)
    links: dict[str, Link | Refused] = {start: Link(None, None, {}, (latent_dim,))}
    for node in graph.node:
        traced = [name for name in node.input if name in links]
        if not traced or node.op_type in ("Shape", "Size"):
            continue
        found = _translate(node, traced, links, values, opset)
        for place, name in enumerate(node.output):
            links[name] = found if place == 0 else Refused(f"the operator {node.op_type} gives several results")
    last = links.get(graph.output[0].name)
    if last is None:
        return None, "its output does not follow from its input"
    if isinstance(last, Refused):
        return None, last.why
    return finished(last), ""


def _all_results(model: Any, start: str, latent_dim: int) -> Values:
    """Every tensor of the graph by its name, for a few points: as many as the graph takes, where it says so."""
    import onnx
    from onnx import numpy_helper

    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    for node in opened.graph.node:
        opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in node.output if name)
    session = new_session(opened.SerializeToString(), as_written=True)
    put = next(put_of(node) for node in session.get_inputs() if node.name == start)
    points = (put.shape[0] if put.shape else None) or POINTS
    z = np.random.default_rng(0).standard_normal((points, latent_dim)).astype(KINDS.get(put.kind, np.float32))
    names = [output.name for output in session.get_outputs()]
    values: Values = dict(zip(names, run_once(session, names, {start: z}), strict=True))
    values |= {part.name: numpy_helper.to_array(part) for part in model.graph.initializer}
    return {**values, start: z}


@dataclass(frozen=True)
class _Call:
    """One operator on a result of z: its attributes, what went in and what came out."""

    kind: str
    node: Any
    attributes: dict[str, Any]
    before: Link
    place: int  # of the result of z among the inputs
    values: Values
    opset: int

    def constant(self, place: int) -> NDArray[Any] | None:
        """An input that does not follow from z, None where there is none."""
        names = self.node.input
        return self.values.get(names[place]) if len(names) > place and names[place] else None

    def needed(self, place: int) -> NDArray[Any]:
        found = self.constant(place)
        if found is None:
            raise self.refuse()
        return found

    @property
    def source(self) -> tuple[int, ...]:
        """The shape that went in, without the batch."""
        return tuple(self.values[self.node.input[self.place]].shape[1:])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that came out, without the batch."""
        return tuple(self.values[self.node.output[0]].shape[1:])

    def refuse(self, what: str = "") -> Refused:
        return Refused(what or f"the operator {self.kind} is not one that the browser runs")


def _translate(
    node: Any, traced: list[str], links: dict[str, Link | Refused], values: Values, opset: int
) -> Link | Refused:
    from onnx import helper

    before = [links[name] for name in traced]
    for link in before:
        if isinstance(link, Refused):
            return link
    if len(traced) == 2 and node.op_type == "Mul" and (gated := _gated(*before)) is not None:
        return gated
    if len(traced) != 1:
        return Refused(f"the operator {node.op_type} takes two results of z at once, as a skip connection does")
    make = _OPERATORS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
    assert isinstance(before[0], Link)
    attributes = {part.name: helper.get_attribute_value(part) for part in node.attribute}
    place = list(node.input).index(traced[0])
    call = _Call(node.op_type, node, attributes, before[0], place, values, opset)
    if make is None:
        return call.refuse()
    out, inside = values[node.output[0]], values[traced[0]]
    if out.ndim < 1 or len(out) != len(inside):
        return Refused(f"the operator {node.op_type} mixes the points of a batch")
    try:
        return make(call)
    except Refused as refused:
        return refused


# x times a function of x, which exporters write out: by the activations between the two.
_GATES = {("sigmoid",): "silu", ("softplus", "tanh"): "mish"}


def _gated(*pair: Link | Refused) -> Link | None:
    """silu or mish, where one of the two is x itself and the other follows from it alone."""
    for x, other in (pair, pair[::-1]):
        names: list[str] = []
        link: Link | None = other if isinstance(other, Link) else None
        while link is not None and link is not x and link.layer is not None and link.layer["kind"] == "activation":
            names.insert(0, link.layer["name"])
            link = link.before
        if link is x and isinstance(x, Link) and tuple(names) in _GATES:
            return activation(x, _GATES[tuple(names)])
    return None


def _gemm(call: _Call) -> Link:
    alpha, beta = (float(call.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    if call.place != 0 or call.attributes.get("transA", 0):
        raise call.refuse()
    weight, bias = call.needed(1), call.constant(2)
    weight = weight.T if call.attributes.get("transB", 0) else weight
    offset = np.zeros(weight.shape[1]) if bias is None else np.broadcast_to(beta * bias, (1, weight.shape[1]))[0]
    return dense(call.before, alpha * weight, offset)


def _matmul(call: _Call) -> Link:
    weight = call.needed(1)
    if call.place != 0 or weight.ndim != 2:
        raise call.refuse()
    return dense(call.before, weight, np.zeros(weight.shape[1]))


def _convolve(call: _Call) -> Link:
    weight, bias = call.needed(1), call.constant(2)
    transposed = call.kind == "ConvTranspose"
    if weight.ndim != 4:
        raise call.refuse("a convolution over other than two dimensions is not one that the browser runs")
    groups = int(call.attributes.get("group", 1))
    kernel, stride = weight.shape[2:], list(call.attributes.get("strides", [1, 1]))
    dilation = list(call.attributes.get("dilations", [1, 1]))
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    return convolution(
        call.before,
        weight,
        np.zeros(channels) if bias is None else bias,
        shapes=(call.source, call.shape),
        stride=stride,
        padding=_padding(call, kernel, stride, dilation, transposed=transposed),
        dilation=dilation,
        groups=groups,
        transposed=transposed,
    )


def _padding(
    call: _Call, kernel: tuple[int, ...], stride: list[int], dilation: list[int], *, transposed: bool
) -> list[int]:
    """top, left, bottom, right, also where the graph says how in a word."""
    auto = call.attributes.get("auto_pad", b"NOTSET").decode()
    if auto in ("NOTSET", ""):
        return [int(side) for side in call.attributes.get("pads", [0, 0, 0, 0])]
    if auto == "VALID":
        return [0, 0, 0, 0]
    first, last = [], []
    for axis in (0, 1):
        size, to = call.source[1 + axis], call.shape[1 + axis]
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        whole = (size - 1) * stride[axis] + reach - to if transposed else (to - 1) * stride[axis] + reach - size
        whole = max(0, whole)
        small, large = whole // 2, whole - whole // 2
        first.append(small if auto == "SAME_UPPER" else large)
        last.append(large if auto == "SAME_UPPER" else small)
    return first + last


def _batch_norm(call: _Call) -> Link:
    weight, bias, mean, variance = (call.needed(place).astype(np.float64) for place in (1, 2, 3, 4))
    if call.attributes.get("training_mode", 0):
        raise call.refuse("a normalisation over the batch, as in training, is not one that the browser runs")
    scale = weight / np.sqrt(variance + float(call.attributes.get("epsilon", 1e-5)))
    return affine(call.before, scale, bias - mean * scale)


def _layer_norm(call: _Call) -> Link:
    shape, axis = call.shape, int(call.attributes.get("axis", -1))
    over = shape[axis:] if axis < 0 else shape[axis - 1 :]
    size, count = math.prod(over), math.prod(shape)
    weight, bias = call.needed(1), call.constant(2)
    scale = np.broadcast_to(weight, over).ravel()
    shift = np.zeros(size) if bias is None else np.broadcast_to(bias, over).ravel()
    eps = float(call.attributes.get("epsilon", 1e-5))
    return norm(call.before, count // size, eps, np.tile(scale, count // size), np.tile(shift, count // size))


def _channel_norm(call: _Call) -> Link:
    """Instance and group normalisation: contiguous channels are normalised together."""
    channels, size = call.shape[0], math.prod(call.shape[1:])
    weight, bias = call.needed(1), call.needed(2)
    groups = int(call.attributes.get("num_groups", channels))
    eps = float(call.attributes.get("epsilon", 1e-5))
    scale, shift = (np.repeat(np.broadcast_to(part, (channels,)), size) for part in (weight, bias))
    return norm(call.before, groups, eps, scale, shift)


def _arithmetic(call: _Call) -> Link:
    constant = call.needed(1 - call.place).astype(np.float64)
    if call.source != call.shape or (constant.ndim > len(call.shape) and constant.shape[0] != 1):
        raise call.refuse()
    c = np.broadcast_to(constant, (1, *call.shape)).ravel()
    one, none, first = np.ones_like(c), np.zeros_like(c), call.place == 0
    if call.kind == "Add":
        return affine(call.before, one, c)
    if call.kind == "Sub":
        return affine(call.before, one if first else -one, -c if first else c)
    if call.kind == "Div" and not first:
        raise call.refuse()
    return affine(call.before, c if call.kind == "Mul" else 1 / c, none)


def _same(call: _Call) -> Link:
    if math.prod(call.source) != math.prod(call.shape):
        raise call.refuse()
    return call.before.shaped(call.shape)


def _moved(call: _Call) -> Link:
    """The operator on numbers that say where each was: 0 is what a padding adds."""
    source = call.source
    like = call.values[call.node.input[call.place]]
    if math.prod(source) > 2 ** (np.finfo(like.dtype).nmant + 1):
        raise call.refuse("its numbers are of a precision that cannot count them")
    numbered = np.arange(1, math.prod(source) + 1, dtype=like.dtype).reshape(1, *source)
    numbered = np.broadcast_to(numbered, (len(like), *source))
    try:
        index = _alone(call, numbered)[0].ravel() - 1
    except Exception as error:  # onnxruntime has a class of its own for each fault
        raise call.refuse() from error
    return gather(call.before, index, call.shape)


def _alone(call: _Call, source: NDArray[Any]) -> NDArray[Any]:
    """What one operator makes of other numbers in the place of z's."""
    import onnx
    from onnx import helper

    puts = {name: call.values[name] for name in call.node.input if name and name in call.values}
    puts[call.node.input[call.place]] = np.ascontiguousarray(source)
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in puts.items()}
    graph = helper.make_graph(
        [call.node],
        "alone",
        [helper.make_tensor_value_info(name, kinds[name], value.shape) for name, value in puts.items()],
        [onnx.ValueInfoProto(name=call.node.output[0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", call.opset)], ir_version=8)
    out: NDArray[Any] = run_once(new_session(model.SerializeToString()), call.node.output[:1], puts)[0]
    return out


def _padded(call: _Call) -> Link:
    value = call.constant(2)
    mode = call.attributes.get("mode", b"constant").decode()
    if mode == "constant" and value is not None and float(value.ravel()[0] if value.size else 0) != 0:
        raise call.refuse("a padding with other numbers than zero is not one that the browser runs")
    return _moved(call)


def _resize(call: _Call) -> Link:
    mode = call.attributes.get("mode", b"nearest").decode()
    if mode == "nearest":
        return _moved(call)
    how = call.attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    if mode != "linear" or how not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise call.refuse(f"up-sampling of the kind {mode} with {how} is not one that the browser runs")
    return upsample(call.before, call.source, call.shape, align_corners=how == "align_corners")


def _simple(name: str, **parameters: tuple[str, float]) -> Callable[[_Call], Link]:
    """An activation; parameters: of each the attribute it is, and what it is if unsaid."""

    def make(call: _Call) -> Link:
        said = {key: float(call.attributes.get(attribute, default)) for key, (attribute, default) in parameters.items()}
        return activation(call.before, name, **said)

    return make


def _gelu(call: _Call) -> Link:
    approximate = call.attributes.get("approximate", b"none").decode() == "tanh"
    return activation(call.before, "gelu_tanh" if approximate else "gelu")


def _hardsigmoid(call: _Call) -> Link:
    alpha, beta = (float(call.attributes.get(name, default)) for name, default in (("alpha", 0.2), ("beta", 0.5)))
    scaled = affine(call.before, np.array([alpha]), np.array([beta]))
    return activation(scaled, "clip", low=0.0, high=1.0)


def _clip(call: _Call) -> Link:
    # The ends of float32 stand for no bound too.
    low, high = (default if bound is None else float(bound) for bound, default in _bounds(call))
    return activation(call.before, "clip", low=max(low, -LARGEST), high=min(high, LARGEST))


def _bounds(call: _Call) -> list[tuple[Any, float]]:
    """Both bounds of a Clip, inputs since opset 11, attributes before."""
    if call.opset < 11:
        return [(call.attributes.get("min"), -LARGEST), (call.attributes.get("max"), LARGEST)]
    return [(call.constant(1), -LARGEST), (call.constant(2), LARGEST)]


_OPERATORS: dict[str, Callable[[_Call], Link]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _convolve,
    "ConvTranspose": _convolve,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "InstanceNormalization": _channel_norm,
    "GroupNormalization": _channel_norm,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _arithmetic),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast"), _same),
    **dict.fromkeys(("Transpose", "Slice", "DepthToSpace", "SpaceToDepth", "Expand", "Gather"), _moved),
    "Pad": _padded,
    "Resize": _resize,
    "Relu": _simple("relu"),
    "LeakyRelu": _simple("leaky_relu", slope=("alpha", 0.01)),
    "Elu": _simple("elu", alpha=("alpha", 1.0)),
    "Selu": _simple("selu"),
    "Sigmoid": _simple("sigmoid"),
    "Tanh": _simple("tanh"),
    "Softplus": _simple("softplus", beta=("", 1.0), threshold=("", 20.0)),
    "Softsign": _simple("softsign"),
    "HardSigmoid": _hardsigmoid,
    "HardSwish": _simple("hardswish"),
    "Mish": _simple("mish"),
    "Exp": _simple("exp"),
    "Gelu": _gelu,
    "Clip": _clip,
}

"""The layers of a chain as records of JSON: what each kind holds, which tensors it needs, and that both fit.

Data between layers is flat per point; images are channel-first, [c, h, w] in row-major order. Every record has `kind`,
`in` and `out`; these count numbers per point, or are the shape [c, h, w] where the layer works on images:

    dense           in, out; weight [in, out], bias [out]
    conv            in, out [c, h, w], kernel [2], stride [2], padding [top, left, bottom, right], dilation [2], groups;
                    weight [c', c / groups, kh, kw], bias [c']
    conv_transpose  the same; weight [c, c' / groups, kh, kw]; padding is cut off, and the size of `out` says how many
                    rows and columns are appended ("output padding")
    affine          channels; scale [channels], shift [channels]: contiguous blocks are scaled and shifted
    norm            groups, eps; scale [in], shift [in]: contiguous blocks get mean 0 and variance 1 before
    upsample        in, out [c, h, w], mode "bilinear", align_corners
    gather          index [out] of whole numbers, each a place in the input or -1 for a zero
    activation      name and its parameters (activations.py)

Records may come from anybody. What passes `check_layers` runs, in bounded memory; what does not is one ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vae_core.layers.activations import ACTIVATIONS

Layer = dict[str, Any]
Shapes = dict[str, tuple[int, ...]]
Field = tuple[Callable[[Any], bool], str]

MOST_NUMBERS = 2**24  # between two layers, per point: up to here a float32 counts exactly, as an index must
MOST_LAYERS = 1_000
MOST_WORK = 10**11  # multiplications per point; more is no decoder that anybody waits for
MOST_STEP = 65_536  # of a kernel, a stride, a padding, a dilation
LARGEST = 1e30  # of a parameter: squares of it would leave float32 anyway
SMALLEST_EPS = 1e-30


class _Kind(NamedTuple):
    """fields: what each must be, as a test and as words. shapes: its tensors. complaint: "" where the fields agree.

    work: multiplications per point.
    """

    fields: dict[str, Field]
    shapes: Callable[[Layer], Shapes]
    complaint: Callable[[Layer], str]
    work: Callable[[Layer], int]


def numbers(size: int | Sequence[int]) -> int:
    """How many numbers a point has where a layer says `in` or `out`: a count or a shape."""
    return size if isinstance(size, int) else math.prod(size)


def tensor_shapes(layers: Sequence[Layer]) -> Shapes:
    """The name ("{i}.{part}") and shape of every tensor of these layers, which have passed `check_layers`."""
    return {
        f"{i}.{part}": shape
        for i, layer in enumerate(layers)
        for part, shape in KINDS[layer["kind"]].shapes(layer).items()
    }


def check_layers(layers: object, inputs: int, outputs: int) -> None:
    """Raise ValueError, a sentence that names layer and field, unless these layers lead from `inputs` to `outputs`.

    inputs, outputs: numbers per point. layers: anything that JSON can hold.
    """
    if not isinstance(layers, list | tuple) or not 0 < len(layers) <= MOST_LAYERS:
        found = len(layers) if isinstance(layers, list | tuple) else type(layers).__name__
        raise ValueError(f"expected a list of 1 to {MOST_LAYERS:,} layers, got {found}")
    width, work = inputs, 0
    for i, layer in enumerate(layers):
        _check_layer(i, layer)
        if numbers(layer["in"]) != width:
            raise ValueError(f"{_called(i, layer)}: expected 'in' to be {width} numbers, got {layer['in']!r:.60}")
        width = numbers(layer["out"])
        work += KINDS[layer["kind"]].work(layer)
    if width != outputs:
        last = len(layers) - 1
        raise ValueError(f"{_called(last, layers[last])}: expected 'out' to be {outputs} numbers, got {width}")
    if work > MOST_WORK:
        raise ValueError(f"expected layers of at most {MOST_WORK:.0e} multiplications per point, got {work:.1e}")


def check_index(i: int, layer: Layer, index: NDArray[np.float32]) -> None:
    """Raise ValueError where the index of layer i, a gather, is no place of its input and no -1."""
    if not (index.min() >= -1 and index.max() < layer["in"] and np.array_equal(index, np.floor(index))):
        raise ValueError(f"layer {i} (gather): expected 'index' to hold whole numbers from -1 to {layer['in'] - 1}")


def _check_layer(i: int, layer: object) -> None:
    kind = layer.get("kind") if isinstance(layer, dict) else None
    if not isinstance(layer, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"layer {i}: expected 'kind' to be one of {', '.join(KINDS)}, got {kind!r:.60}")
    fields: dict[str, Field] = dict(KINDS[kind].fields)
    if kind == "activation":
        _check_field(i, layer, "name", *fields.pop("name"))
        for name in ACTIVATIONS[layer["name"]].parameters:
            fields[name] = (_is_parameter, f"a number of at most {LARGEST:g}")
    for name, (fits, expected) in fields.items():
        _check_field(i, layer, name, fits, expected)
    known = {"kind", *KINDS[kind].fields, *fields}
    unknown = next((name for name in layer if name not in known), None)
    if unknown is not None:
        raise ValueError(f"{_called(i, layer)}: expected the fields {', '.join(sorted(known))}, got {unknown!r:.60}")
    complaint = KINDS[kind].complaint(layer)
    if complaint:
        raise ValueError(f"{_called(i, layer)}: {complaint}")


def _check_field(i: int, layer: Layer, name: str, fits: Callable[[Any], bool], expected: str) -> None:
    if name not in layer:
        raise ValueError(f"{_called(i, layer)}: the field {name!r} is missing")
    if not fits(layer[name]):
        raise ValueError(f"{_called(i, layer)}: expected {name!r} to be {expected}, got {layer[name]!r:.60}")


def _called(i: int, layer: Layer) -> str:
    return f"layer {i} ({layer['kind']})"


# --- one field ---


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _are_whole(count: int, least: int, most: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, list | tuple) and len(value) == count and all(_is_whole(v, least, most) for v in value)

    return fits


def _is_parameter(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def _is_count(value: object) -> bool:
    return _is_whole(value, 1, MOST_NUMBERS)


def _is_image(value: Any) -> bool:
    return _are_whole(3, 1, MOST_NUMBERS)(value) and math.prod(value) <= MOST_NUMBERS


_COUNT: Field = (_is_count, f"a whole number from 1 to {MOST_NUMBERS:,}")
_IMAGE: Field = (_is_image, f"[c, h, w] of at most {MOST_NUMBERS:,} numbers")
_STEPS: Field = (_are_whole(2, 1, MOST_STEP), f"two whole numbers from 1 to {MOST_STEP:,}")
_CONVOLUTION: dict[str, Field] = {
    "in": _IMAGE,
    "out": _IMAGE,
    "kernel": _STEPS,
    "stride": _STEPS,
    "padding": (_are_whole(4, 0, MOST_STEP), f"four whole numbers from 0 to {MOST_STEP:,}"),
    "dilation": _STEPS,
    "groups": _COUNT,
}
_SAME: dict[str, Field] = {"in": _COUNT, "out": _COUNT}


# --- whether fields agree ---


def _conv_complaint(layer: Layer) -> str:
    """The output is as large as the kernel, placed wherever it fits into the padded input, leaves it."""
    expected = [
        (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
        for size, before, after, kernel, stride, dilation in _per_axis(layer)
    ]
    if list(layer["out"][1:]) != expected:
        return f"expected 'out' to be {expected[0]} by {expected[1]}, got {layer['out']!r:.60}"
    padded = math.prod(size + before + after for size, before, after, *_ in _per_axis(layer))
    return _groups_complaint(layer) or _size_complaint(layer, layer["in"][0] * padded)


def _conv_transpose_complaint(layer: Layer) -> str:
    """The output is what the kernels cover without the padding, and less than a step more."""
    covered = 1
    for axis, out, (size, before, after, kernel, stride, dilation) in zip(
        ("height", "width"), layer["out"][1:], _per_axis(layer), strict=True
    ):
        full = (size - 1) * stride + dilation * (kernel - 1) + 1
        least = full - before - after
        if not least <= out < least + max(stride, dilation):
            most = least + max(stride, dilation) - 1
            return f"expected 'out' to have a {axis} from {least} to {most}, got {out}"
        covered *= full + before + out
    return _groups_complaint(layer) or _size_complaint(layer, layer["out"][0] * covered)


def _per_axis(layer: Layer) -> list[tuple[int, ...]]:
    """Size, padding before and after, kernel, stride and dilation: of the height, of the width."""
    top, left, bottom, right = layer["padding"]
    (h, w), (kh, kw), (sh, sw), (dh, dw) = layer["in"][1:], layer["kernel"], layer["stride"], layer["dilation"]
    return [(h, top, bottom, kh, sh, dh), (w, left, right, kw, sw, dw)]


def _groups_complaint(layer: Layer) -> str:
    channels, more, groups = layer["in"][0], layer["out"][0], layer["groups"]
    if channels % groups or more % groups:
        return f"expected 'groups' to divide {channels} and {more} channels, got {groups}"
    return ""


def _size_complaint(layer: Layer, padded: int) -> str:
    """What a convolution needs on the way is bounded as well."""
    most = 8 * MOST_NUMBERS
    if max(padded, columns(layer)) > most:
        return f"expected at most {most:,} numbers on the way, got {max(padded, columns(layer)):,}"
    return ""


def columns(layer: Layer) -> int:
    """Numbers per point of a convolution written as a matrix product: each place with what its kernel covers."""
    near, far = ("out", "in") if layer["kind"] == "conv_transpose" else ("in", "out")
    return math.prod((layer[near][0], *layer["kernel"], *layer[far][1:]))


def _same_complaint(layer: Layer, field: str = "") -> str:
    if layer["in"] != layer["out"]:
        return f"expected 'out' to be {layer['in']} as 'in' is, got {layer['out']}"
    if field and layer["in"] % layer[field]:
        return f"expected {field!r} to divide {layer['in']} numbers, got {layer[field]}"
    return ""


def _upsample_complaint(layer: Layer) -> str:
    if layer["in"][0] != layer["out"][0]:
        return f"expected 'out' to have {layer['in'][0]} channels as 'in' has, got {layer['out'][0]}"
    return ""


def _activation_complaint(layer: Layer) -> str:
    if layer["name"] == "softplus" and layer["beta"] < 1e-6:
        return f"expected 'beta' to be positive, got {layer['beta']!r:.60}"
    if layer["name"] == "clip" and layer["low"] > layer["high"]:
        return f"expected 'high' to be at least 'low' = {layer['low']:g}, got {layer['high']:g}"
    return _same_complaint(layer)


# --- the kinds ---


def _conv_shapes(layer: Layer) -> Shapes:
    kernel = tuple(layer["kernel"])
    channels, more, groups = layer["in"][0], layer["out"][0], layer["groups"]
    first = (channels, more // groups) if layer["kind"] == "conv_transpose" else (more, channels // groups)
    return {"weight": (*first, *kernel), "bias": (more,)}


def _conv_work(layer: Layer) -> int:
    channels = layer["in"][0] if layer["kind"] == "conv_transpose" else layer["out"][0]
    return int(columns(layer) * channels // layer["groups"])


KINDS: dict[str, _Kind] = {
    "dense": _Kind(
        _SAME,
        lambda layer: {"weight": (layer["in"], layer["out"]), "bias": (layer["out"],)},
        lambda layer: "",
        lambda layer: int(layer["in"] * layer["out"]),
    ),
    "conv": _Kind(_CONVOLUTION, _conv_shapes, _conv_complaint, _conv_work),
    "conv_transpose": _Kind(_CONVOLUTION, _conv_shapes, _conv_transpose_complaint, _conv_work),
    "affine": _Kind(
        {**_SAME, "channels": _COUNT},
        lambda layer: {"scale": (layer["channels"],), "shift": (layer["channels"],)},
        lambda layer: _same_complaint(layer, "channels"),
        lambda layer: int(layer["in"]),
    ),
    "norm": _Kind(
        {
            **_SAME,
            "groups": _COUNT,
            "eps": (
                lambda value: _is_parameter(value) and SMALLEST_EPS <= value <= 1,
                f"a number from {SMALLEST_EPS:g} to 1",
            ),
        },
        lambda layer: {"scale": (layer["in"],), "shift": (layer["in"],)},
        lambda layer: _same_complaint(layer, "groups"),
        lambda layer: 4 * int(layer["in"]),
    ),
    "upsample": _Kind(
        {
            "in": _IMAGE,
            "out": _IMAGE,
            "mode": (lambda value: value == "bilinear", "'bilinear'"),
            "align_corners": (lambda value: isinstance(value, bool), "true or false"),
        },
        lambda layer: {},
        _upsample_complaint,
        lambda layer: 4 * numbers(layer["out"]),
    ),
    "gather": _Kind(
        _SAME, lambda layer: {"index": (layer["out"],)}, lambda layer: "", lambda layer: int(layer["out"])
    ),
    "activation": _Kind(
        {
            **_SAME,
            "name": (
                lambda value: isinstance(value, str) and value in ACTIVATIONS,
                f"one of {', '.join(ACTIVATIONS)}",
            ),
        },
        lambda layer: {},
        _activation_complaint,
        lambda layer: 8 * int(layer["in"]),
    ),
}

"""Putting a chain together layer by layer, whatever it is read from: what each operation becomes, what is merged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.layers import Chain

Values = NDArray[Any]
Tensors = dict[str, NDArray[np.float32]]


class Refused(Exception):
    """What is no chain; `why` is a phrase that says what the browser does not run."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, eq=False)
class Link:
    """A result on the way from z: the layer that made it from the result before, and its shape without the batch.

    layer: None of z itself.
    """

    before: Link | None
    layer: dict[str, Any] | None
    tensors: Tensors
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)

    def shaped(self, shape: Sequence[int]) -> Link:
        """The same numbers in another shape."""
        return replace(self, shape=tuple(shape))


def dense(before: Link, weight: Values, bias: Values) -> Link:
    """before [..., in] with weight [in, out]; refused where it would run over an axis other than all of a point."""
    inputs, outputs = weight.shape
    if before.numbers != inputs:
        raise Refused("a linear layer over one axis of several is not one that the browser runs")
    layer = {"kind": "dense", "in": inputs, "out": outputs}
    return Link(before, layer, {"weight": weight, "bias": bias}, (outputs,))


def convolution(
    before: Link,
    weight: Values,
    bias: Values,
    *,
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    transposed: bool,
) -> Link:
    """shapes: [c, h, w] before and after. padding: top, left, bottom, right."""
    if len(shapes[0]) != 3:
        raise Refused("a convolution over other than two dimensions is not one that the browser runs")
    layer = {
        "kind": "conv_transpose" if transposed else "conv",
        "in": list(shapes[0]),
        "out": list(shapes[1]),
        "kernel": list(weight.shape[2:]),
        "stride": [int(step) for step in stride],
        "padding": [int(side) for side in padding],
        "dilation": [int(step) for step in dilation],
        "groups": int(groups),
    }
    return Link(before, layer, {"weight": weight, "bias": bias}, shapes[1])


def affine(before: Link, scale: Values, shift: Values) -> Link:
    """Numbers times scale plus shift, both of 1, of a number per channel or of one per number; merged where it can be.

    Into a dense layer or a convolution before it, and into another affine.
    """
    count = before.numbers
    scale, shift = (np.asarray(part, np.float64).ravel() for part in (scale, shift))
    channels = _channels(scale, shift, before)
    scale, shift = (_per(part, channels) for part in (scale, shift))
    merged = _merged(before, scale, shift)
    if merged is not None:
        return merged
    layer = {"kind": "affine", "in": count, "out": count, "channels": channels}
    return Link(before, layer, {"scale": scale, "shift": shift}, before.shape)


def norm(before: Link, groups: int, eps: float, scale: Values, shift: Values) -> Link:
    layer = {"kind": "norm", "in": before.numbers, "out": before.numbers, "groups": int(groups), "eps": float(eps)}
    return Link(before, layer, {"scale": scale, "shift": shift}, before.shape)


def upsample(before: Link, shape: tuple[int, ...], to: tuple[int, ...], *, align_corners: bool) -> Link:
    if len(shape) != 3:
        raise Refused("up-sampling over other than two dimensions is not one that the browser runs")
    layer = {"kind": "upsample", "in": list(shape), "out": list(to), "mode": "bilinear", "align_corners": align_corners}
    return Link(before, layer, {}, to)


def gather(before: Link, index: Values, shape: tuple[int, ...]) -> Link:
    """Numbers that move: index of each among those before, -1 for a zero. Nothing where all stay."""
    if len(index) == before.numbers and (index == np.arange(len(index))).all():
        return before.shaped(shape)
    layer = {"kind": "gather", "in": before.numbers, "out": len(index)}
    return Link(before, layer, {"index": index}, shape)


def activation(before: Link, name: str, **parameters: float) -> Link:
    layer = {"kind": "activation", "name": name, "in": before.numbers, "out": before.numbers, **parameters}
    return Link(before, layer, {}, before.shape)


def finished(last: Link) -> Chain:
    """The chain that ends with this link. Raises ValueError where it cannot be run (vae_core.layers)."""
    links: list[Link] = []
    link: Link | None = last
    while link is not None and link.layer is not None:
        links.insert(0, link)
        link = link.before
    if not links:
        count = last.numbers
        links = [Link(None, {"kind": "activation", "name": "identity", "in": count, "out": count}, {}, last.shape)]
    tensors = {
        f"{i}.{part}": np.ascontiguousarray(value, np.float32)
        for i, link in enumerate(links)
        for part, value in link.tensors.items()
    }
    return Chain(tuple(link.layer for link in links if link.layer is not None), tensors)


def extended(chain: Chain, *, scale: Values, shift: Values, index: Values | None = None) -> Chain:
    """The chain with its numbers scaled, shifted (all of them [1], or each [outputs]) and put into another order."""
    link = Link(None, None, {}, (chain.inputs,))
    for i, layer in enumerate(chain.layers):
        start = f"{i}."
        tensors = {name.removeprefix(start): t for name, t in chain.tensors.items() if name.startswith(start)}
        out = layer["out"]
        link = Link(link, layer, tensors, (out,) if isinstance(out, int) else tuple(out))
    if (scale != 1).any() or shift.any():
        link = affine(link, scale, shift)
    if index is not None:
        link = gather(link, index, (len(index),))
    return finished(link)


def _channels(scale: Values, shift: Values, before: Link) -> int:
    """The fewest equal blocks in which scale and shift do not change."""
    count = before.numbers
    for channels in (1, before.shape[0], count):
        if count % channels == 0 and all(
            len(part) in (1, channels) or (len(part) == count and not np.ptp(part.reshape(channels, -1), axis=1).any())
            for part in (scale, shift)
        ):
            return channels
    raise Refused("arithmetic with numbers of another shape is not one that the browser runs")


def _per(part: Values, channels: int) -> Values:
    """One number per channel, from one in all, one per channel or one per number."""
    return np.repeat(part, channels) if len(part) == 1 else part.reshape(channels, -1)[:, 0]


def _merged(before: Link, scale: Values, shift: Values) -> Link | None:
    layer, tensors = before.layer, before.tensors
    if layer is None:
        return None
    if layer["kind"] == "dense":
        outputs = layer["out"]
        if outputs % len(scale):
            return None
        scale, shift = (np.repeat(part, outputs // len(part)) for part in (scale, shift))
        changed = {"weight": tensors["weight"] * scale, "bias": tensors["bias"] * scale + shift}
    elif layer["kind"] in ("conv", "conv_transpose"):
        channels = layer["out"][0]
        if len(scale) not in (1, channels):
            return None
        scale, shift = (np.broadcast_to(part, (channels,)) for part in (scale, shift))
        weight = tensors["weight"]
        if layer["kind"] == "conv":
            weight = weight * scale[:, None, None, None]
        else:
            groups = layer["groups"]
            grouped = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
            weight = (grouped * scale.reshape(groups, 1, -1, 1, 1)).reshape(weight.shape)
        changed = {"weight": weight, "bias": tensors["bias"] * scale + shift}
    elif layer["kind"] == "affine" and layer["channels"] == len(scale):
        changed = {"scale": tensors["scale"] * scale, "shift": tensors["shift"] * scale + shift}
    else:
        return None
    return replace(before, tensors=changed)

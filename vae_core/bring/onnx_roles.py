"""Which input of an ONNX encoder is x, which outputs are μ and log σ², and the same of a decoder; with reasons."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import MEANS, WIDTHS
from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_checks import kept_outside
from vae_core.bring.onnx_model import KINDS, Put, open_session, put_of, run_blocks
from vae_core.datasets import Dataset, as_floats

Floats = NDArray[np.float32]
Outputs = tuple[str, ...]

PROBES = 2  # samples that are run to see shapes, where the graph takes any number of them


@dataclass(frozen=True)
class Roles:
    """What stands for what. both: one output holds μ and log σ² side by side. fed: the shape of one sample as x takes
    it. image_shape: of one decode.

    reasons: for a person, one line each.
    """

    x: str
    mu: str
    second: str
    both: bool
    reading: str
    z: str
    image: str
    image_shape: tuple[int, ...]
    fed: tuple[int, ...]
    latent_dim: int
    reasons: tuple[str, ...]

    @property
    def variance(self) -> str | None:
        """What `vae_core.export` is told of the second output; None lets it judge by the numbers."""
        return None if self.reading == "log_var" else self.reading


def puts_of(content: bytes, whose: str) -> tuple[list[Put], list[Put]]:
    """Inputs and outputs of a graph. Raises ImportRefused where it is none."""
    session = open_session(content, whose)
    return [put_of(node) for node in session.get_inputs()], [put_of(node) for node in session.get_outputs()]


def read_graph(file: Path, whose: str) -> bytes:
    """The bytes of an ONNX file, with the weights that it keeps in a file beside it, if it does.

    Raises ImportRefused where that file is missing or not one of its folder, and OSError.
    """
    import onnx

    content = file.read_bytes()
    try:
        if not kept_outside(onnx.load_from_string(content)):
            return content
    except Exception:  # whoever opens it says that it is no graph
        return content
    try:
        return bytes(onnx.load(file).SerializeToString())
    except Exception as error:  # onnx has a class of its own for each fault
        reason = " ".join(str(error).split())[:200]
        raise ImportRefused(f"{whose}: expected its weights in a file beside it, as it says, but: {reason}") from error


def find_roles(
    encoder: bytes,
    decoder: bytes,
    sample_shape: Sequence[int],
    *,
    x: str | None = None,
    mu: str | None = None,
    second: str | None = None,
) -> Roles:
    """What stands for what in a pair of graphs, for samples of this shape ((h, w), (h, w, 3) or (d,)).

    x, mu, second: names that a person gives. Raises ImportRefused, one sentence, where something cannot be found.
    """
    inputs, outputs = puts_of(encoder, "the encoder")
    starts, images = puts_of(decoder, "the decoder")
    reasons = []
    chosen = _named(inputs, x, "the encoder's input") if x else _only(inputs, "the encoder", "input")
    reasons.append(f"x goes into {chosen}: {'as asked' if x else 'the only input of the encoder'}")
    z = _only(starts, "the decoder", "input")
    fed, found = _tried(encoder, chosen, outputs, sample_shape)
    reasons.append(f"samples of the shape {list(sample_shape)} go in as {list(fed)}: the first that the encoder takes")
    mean, width, both, reading, why = _code(outputs, found, mu, second)
    reasons += why
    d = found[mean].shape[1] // (2 if both else 1)
    if len(z.shape) == 2 and z.shape[1] not in (None, d):
        raise ImportRefused(f"expected a decoder of {d} numbers, as the encoder gives, got one of {z.shape[1]}")
    image, image_shape = _image(decoder, z, images, d, math.prod(sample_shape))
    reasons.append(f"the decoder takes {z} and gives {image}: as many numbers as a sample has")
    return Roles(chosen.name, mean, width, both, reading, z.name, image, image_shape, fed, d, tuple(reasons))


def encoder_of(content: bytes, roles: Roles) -> Callable[[Floats], tuple[Floats, Floats]]:
    """The encoder as `vae_core.export` takes it."""
    session = open_session(content, "the encoder")

    def encode(batch: Floats) -> tuple[Floats, Floats]:
        names = [roles.mu] if roles.both else [roles.mu, roles.second]
        found = run_blocks(session, names, roles.x, np.ascontiguousarray(batch))
        if roles.both:
            return found[0][:, : roles.latent_dim], found[0][:, roles.latent_dim :]
        return found[0], found[1]

    return encode


def arranged(images: NDArray[np.float32], roles: Roles) -> NDArray[np.float32]:
    """Samples as they are shown [N, ...] as the encoder takes them."""
    if images.ndim == 4 and roles.fed == (images.shape[3], *images.shape[1:3]):
        images = np.moveaxis(images, -1, 1)
    return np.ascontiguousarray(images.reshape(len(images), *roles.fed))


def as_exported(encoder: bytes, decoder: bytes, roles: Roles, data: Dataset) -> dict[str, Any]:
    """The pair as keyword arguments of `vae_core.export`: functions, samples as they are fed, chain and graph."""
    from vae_core.bring.decoders import order_of
    from vae_core.bring.onnx_chain import chain_of_graph

    chain, why = chain_of_graph(prepared(decoder, roles, None), roles.latent_dim)
    return {
        "encode": encoder_of(encoder, roles),
        "decode": decoder_of(decoder, roles),
        "fed": arranged(as_floats(data.images), roles),
        "chain": chain,
        "why": why,
        "onnx": prepared(decoder, roles, order_of(roles.image_shape, roles.fed, data.input_shape)),
    }


def decoder_of(content: bytes, roles: Roles) -> Callable[[Floats], Floats]:
    """The decoder as `vae_core.export` takes it."""
    session = open_session(content, "the decoder")
    return lambda z: run_blocks(session, [roles.image], roles.z, z)[0]


def prepared(content: bytes, roles: Roles, order: NDArray[np.int64] | None) -> bytes:
    """The decoder's graph with one output, flat: the decode, its numbers in the order in which they are shown."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_from_string(content)
    graph, flat = model.graph, "shown_flat"
    graph.node.append(helper.make_node("Cast", [roles.image], ["shown_float"], to=onnx.TensorProto.FLOAT))
    graph.node.append(helper.make_node("Flatten", ["shown_float"], [flat], axis=1))
    if order is not None:
        graph.initializer.append(numpy_helper.from_array(order, "shown_order"))
        graph.node.append(helper.make_node("Gather", [flat, "shown_order"], ["shown"], axis=1))
    del graph.output[:]
    name = flat if order is None else "shown"
    graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return bytes(model.SerializeToString())


def _named(puts: Sequence[Put], name: str, what: str) -> Put:
    for put in puts:
        if put.name == name:
            return put
    raise ImportRefused(f"expected {what} to be one of {', '.join(map(str, puts))}, got {name!r:.60}")


def _only(puts: Sequence[Put], whose: str, what: str) -> Put:
    numbers = [put for put in puts if put.kind in KINDS]
    if len(numbers) != 1:
        listed = ", ".join(map(str, puts)) or "none"
        raise ImportRefused(f"expected {whose} to have one {what} of numbers, got {listed}")
    return numbers[0]


def _tried(
    encoder: bytes, x: Put, outputs: Sequence[Put], shape: Sequence[int]
) -> tuple[tuple[int, ...], dict[str, Floats]]:
    """The first arrangement of a sample that the encoder takes, and what it gives for a few."""
    session = open_session(encoder, "the encoder")
    reasons = []
    for fed in _arrangements(tuple(shape)):
        sides = x.shape[1:]
        if len(sides) != len(fed) or any(side not in (None, own) for side, own in zip(sides, fed, strict=True)):
            continue
        try:
            found = run_blocks(session, [put.name for put in outputs], x.name, np.zeros((PROBES, *fed), np.float32))
        except Exception as error:  # whatever the runtime says
            reasons.append(" ".join(str(error).split())[:160])
            continue
        return fed, {put.name: value for put, value in zip(outputs, found, strict=True)}
    if reasons:
        raise ImportRefused(f"expected an encoder of samples of the shape {list(shape)}, but it says: {reasons[0]}")
    raise ImportRefused(f"expected an encoder of samples of the shape {list(shape)}, got one that takes {x}")


def _arrangements(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """How a sample may go in: with channels first, last, without, or flat."""
    flat = (math.prod(shape),)
    if len(shape) == 2:
        return [(1, *shape), (*shape, 1), shape, flat]
    if len(shape) == 3:
        return [(shape[2], *shape[:2]), shape, flat]
    return [shape, (1, *shape)]


def _code(
    outputs: Sequence[Put], found: dict[str, Floats], mu: str | None, second: str | None
) -> tuple[str, str, bool, str, list[str]]:
    """Names of μ and of the second output, whether both are one, how it is read, and why."""
    flat = {name: value for name, value in found.items() if value.ndim == 2 and len(value) == PROBES}
    for asked in (mu, second):
        if asked is not None and asked not in flat:
            listed = ", ".join(map(str, outputs))
            raise ImportRefused(f"expected an output [n, d] of the encoder, one of {listed}, got {asked!r:.60}")
    if mu is None:
        mu = next((name for name in flat if name != second and _is(name, MEANS)), None)
    if mu is None and len(flat) == 1:
        (name,) = flat
        if flat[name].shape[1] % 2:
            width = flat[name].shape[1]
            raise ImportRefused(f"expected μ and log σ² side by side in the only output {name}, got {width} numbers")
        return name, name, True, "log_var", [f"μ and log σ² are the two halves of {name}: the only output"]
    names = [name for name in flat if name != second]
    why = "by its name"
    if mu is None:
        mu, why = (names[0], "the first output") if names else ("", "")
    if not mu:
        listed = ", ".join(map(str, outputs))
        raise ImportRefused(f"expected the encoder to give a mean [n, d], got {listed}")
    if mu == second:
        raise ImportRefused(f"expected two different outputs for μ and for how wide, got {mu!r:.60} for both")
    like = [name for name in names if name != mu and flat[name].shape == flat[mu].shape]
    reading = next((kind for kind, known in WIDTHS.items() if second and _is(second, known)), "log_var")
    if second is None:
        named = [(kind, name) for kind, known in WIDTHS.items() for name in like if _is(name, known)]
        if named:
            reading, second = named[0]
        elif like:
            second = like[0]
        else:
            listed = ", ".join(map(str, outputs))
            raise ImportRefused(f"expected a log-variance of the shape of {mu} from the encoder, got {listed}")
    return mu, second, False, reading, [f"μ is {mu}: {why}", f"{reading} is {second}"]


def _is(name: str, known: Sequence[str]) -> bool:
    """Whether a name says so: exporters put paths before it and numbers behind."""
    plain = name.lower().split("/")[-1].split(":")[0].rstrip("0123456789").rstrip("_.")
    return plain in known or any(plain.endswith((f"_{word}", f".{word}")) for word in known)


def _image(decoder: bytes, z: Put, images: Sequence[Put], d: int, values: int) -> tuple[str, tuple[int, ...]]:
    """The decoder's output that has as many numbers as a sample, and its shape."""
    session = open_session(decoder, "the decoder")
    names = [put.name for put in images]
    try:
        found = run_blocks(session, names, z.name, np.zeros((PROBES, d), np.float32))
    except Exception as error:  # whatever the runtime says
        reason = " ".join(str(error).split())[:160]
        raise ImportRefused(
            f"expected a decoder of points [n, {d}], as the encoder gives, but it says: {reason}"
        ) from error
    for name, value in zip(names, found, strict=True):
        if len(value) == PROBES and math.prod(value.shape[1:]) == values:
            return name, value.shape[1:]
    got = ", ".join(f"{name} {list(value.shape)}" for name, value in zip(names, found, strict=True))
    raise ImportRefused(f"expected the decoder to give {values} numbers per sample, as the data have, got {got}")

"""Other people's encoders and decoders as functions over NumPy arrays: whatever they take, whatever they return."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.errors import ImportRefused

Floats = NDArray[np.float32]
Array = NDArray[Any]

MEANS = ("mu", "mean", "means", "loc", "z_mean", "embedding")
# How the second output says how wide a Gaussian is, by the names it goes by.
WIDTHS = {
    "log_var": ("log_var", "logvar", "log_variance", "logvariance", "log_covariance", "z_log_var", "z_logvar"),
    "log_sigma": ("log_sigma", "log_std", "logstd", "log_scale"),
    "variance": ("variance", "var", "covariance"),
    "sigma": ("sigma", "std", "scale", "stddev", "z_std"),
}
IMAGES = ("reconstruction", "recon_x", "sample", "x_hat", "mean", "loc")
READINGS = tuple(WIDTHS)
# Distributions that have a location and a scale, or a mean and a variance, and are no diagonal Gaussians.
NO_DIAGONAL_GAUSSIANS = frozenset(
    ("TransformedDistribution", "LogNormal", "MultivariateNormal", "LowRankMultivariateNormal", "Laplace", "Cauchy",
     "StudentT", "Gumbel", "HalfNormal", "HalfCauchy", "VonMises", "Uniform", "MixtureSameFamily")
)  # fmt: skip
LONGEST_REASON = 300
HINT = "; flatten it to two axes, and let decode take it apart again"
POINTS_AT_ONCE, VALUES_AT_ONCE = 512, 2**22  # that a decoder is called with, and that it gives back
DEPTH = 4  # functions and objects within others that are looked into for modules


class Encoder:
    """encode as a function from a batch of data, as the caller gave it, to mu and the second output, float32 [n, d].

    reading: what the second output is where its name says so (a dict's key, a distribution), else None.
    """

    def __init__(self, encode: Callable[[Any], Any]) -> None:
        self._encode = encode
        self.reading: str | None = None

    def __call__(self, batch: Any) -> tuple[Floats, Floats]:
        # A copy: what works in place must not change somebody's data, nor what is stored of them.
        own = batch.clone() if hasattr(batch, "clone") else np.array(batch)
        answer = call(self._encode, own, "the encoder")
        mu, second, self.reading = _parts(answer)
        found = as_array(mu, "the encoder's mean"), as_array(second, "the encoder's second output")
        count = len(batch)
        for name, value in zip(("mean", "second output"), found, strict=True):
            if value.ndim != 2 or len(value) != count:
                raise ImportRefused(
                    f"expected the encoder's {name} to have the shape [{count}, d] for {count} samples, got"
                    f" {list(value.shape)}{HINT if value.ndim > 2 else ''}"
                )
        if found[0].shape != found[1].shape:
            raise ImportRefused(
                f"expected the encoder's two outputs to have one shape, got {list(found[0].shape)} and"
                f" {list(found[1].shape)}"
            )
        return found


class Decoder:
    """decode as a function from points z, float32 [n, d], to what it makes of them, float32 [n, values].

    It is called with so many points at once as it can be trusted with; few calls are cheaper than many.
    """

    def __init__(self, decode: Callable[[Any], Any], like: Any) -> None:
        # Of the data no more than their kind: a decoder may be kept for long.
        self._decode, self._like = decode, like[:0].clone() if hasattr(like, "clone") else None
        self.shape: tuple[int, ...] = ()

    def __call__(self, z: Floats) -> Floats:
        points = np.ascontiguousarray(z, np.float32)
        at_once = min(POINTS_AT_ONCE, max(1, VALUES_AT_ONCE // math.prod(self.shape)))
        parts = [self._decoded(points[start : start + at_once]) for start in range(0, len(points), at_once)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _decoded(self, points: Floats) -> Floats:
        answer = call(self._decode, alike(points, self._like), "the decoder")
        image = as_array(image_of(answer), "the decoder's output")
        if image.ndim < 2 or len(image) != len(points):
            raise ImportRefused(
                f"expected the decoder's output to have the shape [{len(points)}, ...] for {len(points)} points of"
                f" {points.shape[1]} dimensions, got {list(image.shape)}"
            )
        if self.shape not in ((), image.shape[1:]):
            raise ImportRefused(
                f"expected decodes of one shape, got {list(self.shape)} and then {list(image.shape[1:])}"
            )
        self.shape = image.shape[1:]
        return image.reshape(len(points), -1)


def call(function: Callable[[Any], Any], argument: Any, name: str) -> Any:
    """What somebody's function answers; whatever it raises becomes a sentence."""
    try:
        with quiet_torch():
            return function(argument)
    except (KeyboardInterrupt, ImportRefused):
        raise
    except Exception as error:
        shape, reason = list(getattr(argument, "shape", ())), " ".join(str(error).split())[:LONGEST_REASON]
        raise ImportRefused(
            f"{name} raised {type(error).__name__} for an input of the shape {shape}: {reason or 'without a word'}"
        ) from error


@contextmanager
def quiet_torch() -> Iterator[None]:
    """Without gradients, where PyTorch is in use."""
    torch = sys.modules.get("torch")
    with torch.no_grad() if torch is not None else contextlib.nullcontext():
        yield


@contextmanager
def in_eval_mode(*functions: Any) -> Iterator[None]:
    """PyTorch modules that these functions are, are methods of or close over, in eval mode; as before afterwards.

    Dropout and batch normalisation would otherwise make other codes of the same sample.
    """
    training = [part for function in functions for module in modules_of(function) for part in module.modules()]
    training = [part for part in training if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def modules_of(function: Any) -> list[Any]:
    """The PyTorch modules that a function is, is a method of, closes over, names or hands on to."""
    torch = sys.modules.get("torch")
    found: list[Any] = []
    if torch is None:
        return found
    seen, layer = set[int](), [function]
    for _ in range(DEPTH):
        below: list[Any] = []
        for item in layer:
            if id(item) in seen or isinstance(item, type | ModuleType):
                continue
            seen.add(id(item))
            if isinstance(item, torch.nn.Module):
                found.append(item)
            else:
                below += _held_by(item)
        layer = below
    return found


def _held_by(item: Any) -> list[Any]:
    """What a function or another object keeps or names: closures, globals, attributes, a method's object."""
    code, space = getattr(item, "__code__", None), getattr(item, "__globals__", {})
    cells = [cell.cell_contents for cell in getattr(item, "__closure__", None) or () if _is_filled(cell)]
    named = [space[name] for name in code.co_names if name in space] if code is not None else []
    inner = [getattr(item, name, None) for name in ("__self__", "func")]
    return [*inner, *cells, *named, *getattr(item, "__dict__", {}).values()]


def as_array(value: Any, name: str) -> Floats:
    """A tensor of any library as float32. Raises ImportRefused where it is none."""
    with np.errstate(over="ignore"):
        return raw_array(value, name).astype(np.float32, copy=False)


def raw_array(value: Any, name: str) -> Array:
    """A tensor of any library as an array of its own kind of numbers, not copied where that can be avoided."""
    detached = value.detach() if hasattr(value, "detach") else value
    on_cpu = detached.cpu() if hasattr(detached, "cpu") else detached
    if hasattr(on_cpu, "dtype") and "bfloat16" in str(on_cpu.dtype) and hasattr(on_cpu, "float"):
        on_cpu = on_cpu.float()
    try:
        array = np.asarray(on_cpu)
    except Exception as error:
        raise ImportRefused(f"expected {name} to be an array or a tensor, got {type(value).__name__}") from error
    if array.dtype.kind not in "fiu":
        raise ImportRefused(f"expected {name} to be an array or a tensor of numbers, got {type(value).__name__}")
    return array


def _parts(answer: Any) -> tuple[Any, Any, str | None]:
    """Mean, second output and what the second is where its name says so."""
    latent = getattr(answer, "latent_dist", None)
    if latent is not None:
        answer = latent
    if hasattr(answer, "_asdict") and {*answer._fields} & {*MEANS}:  # a named tuple
        answer = answer._asdict()
    base = getattr(answer, "base_dist", answer)  # of torch.distributions.Independent
    kinds = {kind.__name__ for part in (answer, base) for kind in type(part).__mro__}
    if bent := sorted(kinds & NO_DIAGONAL_GAUSSIANS):
        raise ImportRefused(f"expected a diagonal Gaussian of the encoder, got a {bent[0]}, which is none")
    if hasattr(base, "loc") and hasattr(base, "scale"):
        return base.loc, base.scale, "sigma"
    fields = answer if isinstance(answer, Mapping) else None
    if fields is None and not isinstance(answer, tuple | list):
        names = (*MEANS, *(name for known in WIDTHS.values() for name in known))
        fields = {name: getattr(answer, name) for name in names if hasattr(answer, name)}
        fields = fields if hasattr(answer, "__dict__") and not hasattr(answer, "shape") else None
    if fields:
        means = [name for name in MEANS if name in fields]
        widths = [(reading, name) for reading, names in WIDTHS.items() for name in names if name in fields]
        if means and widths:
            reading, name = widths[0]
            return fields[means[0]], fields[name], reading
        listed = ", ".join(map(str, fields))
        raise ImportRefused(f"expected the encoder to return a mean and a log-variance, got {listed:.100}")
    if isinstance(answer, tuple | list) and len(answer) >= 2:
        return answer[0], answer[1], None
    if hasattr(answer, "shape"):
        raise ImportRefused(
            f"expected the encoder to return two outputs, the mean and the log-variance, got one of the shape"
            f" {list(answer.shape)}"
        )
    raise ImportRefused(f"expected the encoder to return a mean and a log-variance, got {type(answer).__name__}")


def image_of(answer: Any) -> Any:
    """The mean image in what a decoder returns: by its name, the first of several, else all of it."""
    if isinstance(answer, tuple | list) and answer:
        return answer[0]
    for name in IMAGES:
        if isinstance(answer, Mapping) and name in answer:
            return answer[name]
        if not hasattr(answer, "shape") and not isinstance(answer, Mapping) and hasattr(answer, name):
            found = getattr(answer, name)
            if not callable(found):  # a distribution's `sample` is a method
                return found
    return answer


def alike(points: Floats, like: Any) -> Any:
    """The points as the same kind of array as the data: NumPy, or a tensor on its device with its precision."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(like, torch.Tensor):
        kind = like.dtype if like.dtype.is_floating_point else torch.float32
        return torch.tensor(points, device=like.device, dtype=kind)
    return points.copy()


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False

"""The activations that a chain may hold, on float32 arrays; names and parameters as in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ONE, TWENTY = np.float32(1), np.float32(20)  # softplus's own


class Activation(NamedTuple):
    """A function of an array and, by name, of parameters."""

    run: Callable[..., Floats]
    parameters: tuple[str, ...] = ()


def activate(x: Floats, layer: dict[str, Any]) -> Floats:
    """The activation that a layer's record names, of every number of x."""
    found = ACTIVATIONS[layer["name"]]
    return found.run(x, **{name: np.float32(layer[name]) for name in found.parameters})


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)): where exp overflows the result is 0, as it should be."""
    found: Floats = np.reciprocal(1 + np.exp(-x))
    return found


def gelu_tanh(x: Floats) -> Floats:
    """x Phi(x), with Phi by a tanh (Hendrycks and Gimpel 2016)."""
    inner = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
    found: Floats = np.float32(0.5) * x * (1 + np.tanh(inner))
    return found


def gelu(x: Floats) -> Floats:
    """x Phi(x), with Phi by the error function."""
    return np.float32(0.5) * x * (1 + erf(x * np.float32(math.sqrt(0.5))))


def erf(x: Floats) -> Floats:
    """The error function to 2e-7 (Abramowitz and Stegun 1964, 7.1.26); NumPy has none."""
    size = np.abs(x)
    t = np.reciprocal(1 + np.float32(0.3275911) * size)
    series = np.float32(1.061405429) * t
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(coefficient)) * t
    found: Floats = np.copysign(1 - series * np.exp(-size * size), x)
    return found


def softplus(x: Floats, beta: np.float32 = ONE, threshold: np.float32 = TWENTY) -> Floats:
    """log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold."""
    inner = beta * x
    return np.where(inner > threshold, x, np.log1p(np.exp(np.minimum(inner, threshold))) / beta)


def _elu(x: Floats, alpha: np.float32) -> Floats:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _selu(x: Floats) -> Floats:
    """Klambauer et al. 2017."""
    return np.float32(1.0507009873554805) * _elu(x, np.float32(1.6732632423543772))


def _relu6(x: Floats) -> Floats:
    return np.clip(x, 0, 6)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(lambda x: x),
    "relu": Activation(lambda x: np.maximum(x, 0)),
    "leaky_relu": Activation(lambda x, slope: np.where(x > 0, x, slope * x), ("slope",)),
    "elu": Activation(_elu, ("alpha",)),
    "selu": Activation(_selu),
    "gelu": Activation(gelu),
    "gelu_tanh": Activation(gelu_tanh),
    "silu": Activation(lambda x: x * sigmoid(x)),
    "tanh": Activation(np.tanh),
    "sigmoid": Activation(sigmoid),
    "softplus": Activation(softplus, ("beta", "threshold")),
    "clip": Activation(lambda x, low, high: np.clip(x, low, high), ("low", "high")),
    "hardsigmoid": Activation(lambda x: _relu6(x + 3) / np.float32(6)),
    "hardswish": Activation(lambda x: x * _relu6(x + 3) / np.float32(6)),
    "mish": Activation(lambda x: x * np.tanh(softplus(x))),
    "softsign": Activation(lambda x: x / (1 + np.abs(x))),
    "exp": Activation(np.exp),
}

"""A model's networks as they travel: one flat float16 array, and a JSON spec that says what is where."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

# What comes out of each network's last layer: pixels, or μ and log σ² side by side.
_LAST: dict[str, str] = {"decoder": "sigmoid", "encoder": "identity"}


def pack_decoder(card: dict[str, Any], weights: dict[str, NDArray[Any]]) -> tuple[dict[str, Any], NDArray[np.float16]]:
    """The decoder of a model for the browser (DecoderSpec in decoder.js); see `pack_network`."""
    return pack_network(card, weights, "decoder")


def pack_encoder(card: dict[str, Any], weights: dict[str, NDArray[Any]]) -> tuple[dict[str, Any], NDArray[np.float16]]:
    """The encoder of a model for the browser (EncoderSpec in encoder.js); see `pack_network`."""
    return pack_network(card, weights, "encoder")


def pack_network(
    card: dict[str, Any], weights: dict[str, NDArray[Any]], network: Literal["encoder", "decoder"]
) -> tuple[dict[str, Any], NDArray[np.float16]]:
    """One network of a model for the browser (NetworkSpec in network.js).

    card: as `vae_core.checkpoints.load_card` gives it. weights: `<network>.{i}.weight` [in, out], `.bias`
    [out], `.gain` and `.shift` [degree, out] for i = 0, 1, ...; other tensors are left alone.
    Returns the JSON-ready spec and the flat weights, float16; offsets in the spec count elements.
    Raises ValueError, which names the tensor, where one is missing, misshapen or does not fit float16.
    """
    config = card["config"]
    count = sum(name.startswith(f"{network}.") and name.endswith(".weight") for name in weights)
    flat: list[NDArray[np.float16]] = []
    layers = []
    for i in range(count):
        inputs, outputs = _part(weights, f"{network}.{i}.weight", None).shape
        film = (config["degree"], outputs)
        shapes = {"weight": (inputs, outputs), "bias": (outputs,), "gain": film, "shift": film}
        layer: dict[str, Any] = {"kind": "dense", "in": inputs, "out": outputs}
        for part, shape in shapes.items():
            layer[part] = sum(tensor.size for tensor in flat)
            flat.append(_part(weights, f"{network}.{i}.{part}", shape).ravel())
        layers.append({**layer, "activation": "gelu_tanh" if i < count - 1 else _LAST[network]})
    if not layers:
        raise ValueError(f"weights: expected {network}.0.weight and so on, got no {network}")
    spec = {
        "latent_dim": config["latent_dim"],
        "shape": list(config["input_shape"]),
        "beta": {
            "offset": config["beta_offset"],
            "train_max": config["beta_train_max"],
            "degree": config["degree"],
        },
        "layers": layers,
    }
    return spec, np.concatenate(flat)


def _part(weights: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...] | None) -> NDArray[np.float16]:
    """One tensor as float16; any matrix where shape is None."""
    if name not in weights:
        raise ValueError(f"weights: expected a tensor {name}, got none")
    tensor = np.asarray(weights[name])
    if tensor.shape != shape and (shape is not None or tensor.ndim != 2):
        raise ValueError(f"{name}: expected shape {shape or '[in, out]'}, got {tensor.shape}")
    with np.errstate(over="ignore"):
        halves = tensor.astype(np.float16)
    if not np.isfinite(halves).all():
        raise ValueError(f"{name}: expected numbers that fit float16, got some that do not")
    return halves

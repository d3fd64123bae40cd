"""Decoding with NumPy alone: imported models whose decoder is a chain, and this explorer's own network at any beta."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vae_core.checkpoints.card import is_imported
from vae_core.checkpoints.files import CARD, CheckpointError
from vae_core.checkpoints.imported import load_decoders
from vae_core.checkpoints.loading import PathLike, Weights, load_card, load_weights
from vae_core.config import VAEConfig, beta_to_u
from vae_core.layers import Chain
from vae_core.layers.activations import gelu_tanh, sigmoid

Floats = NDArray[np.float32]

BLOCK = 2**22  # numbers of a block of points where the network is widest
SAME = 1e-6  # how far a beta may be from a member's, relative to it


class Decoder(Protocol):
    """What `load_decoder` returns."""

    def decode(self, z: NDArray[Any], beta: float | None = None) -> Floats:
        """The mean images of p(x|z): z [N, d] -> float32 [N, *input_shape].

        beta: one at which the model was trained; it may be left out where there is only one. Raises ValueError where z
        has another shape, or the model was not trained at this beta.
        """


def load_decoder(path: PathLike) -> Decoder:
    """The decoder of the model folder `path`, with NumPy alone: `.decode(z, beta)`.

    An imported model's images are as its decoder makes them, not cut to [0, 1]. Raises CheckpointError where the folder
    cannot be read, or where no decoder is a chain of layers: graphs need onnxruntime (vae_core.bring.onnx_model).
    """
    card = load_card(path)
    config = VAEConfig.from_json(card["config"])
    if not is_imported(card):
        return _Network(config, load_weights(path))
    decoders = load_decoders(path)
    chains = [decoder.chain for decoder in decoders]
    if all(chain is None for chain in chains):
        why = " ".join(decoders[0].why.split())
        raise CheckpointError(
            f"{Path(path, CARD)}: expected a decoder that is a chain of layers, got none{f' ({why})' if why else ''};"
            " load_codes and load_decoders read what is there"
        )
    return _Chains(config, card["betas"], chains)


class _Chains:
    """The members of an imported model, each a chain of its own."""

    def __init__(self, config: VAEConfig, betas: Sequence[float], chains: Sequence[Chain | None]) -> None:
        self._config, self._betas, self._chains = config, betas, chains

    def decode(self, z: NDArray[Any], beta: float | None = None) -> Floats:
        points = _points(z, self._config)
        chain = self._chains[self._member(beta)]
        if chain is None:
            raise CheckpointError(f"beta: expected a member whose decoder is a chain of layers, got that of {beta:g}")
        return chain.run(points).reshape(len(points), *self._config.input_shape)

    def _member(self, beta: float | None) -> int:
        if beta is None and len(self._betas) == 1:
            return 0
        for k, member in enumerate(self._betas):
            if beta is not None and abs(beta - member) <= SAME * member:
                return k
        raise ValueError(f"beta: expected one of {', '.join(f'{member:g}' for member in self._betas)}, got {beta}")


class _Network:
    """The beta-conditioned decoder of vae_core.models.VAE."""

    def __init__(self, config: VAEConfig, weights: Weights) -> None:
        self._config, self._weights = config, weights

    def decode(self, z: NDArray[Any], beta: float | None = None) -> Floats:
        config = self._config
        points = _points(z, config)
        if beta is None:
            if not config.single_beta:
                raise ValueError(f"beta: expected a number from 0 to {config.beta_train_max:g}, got none")
            beta = config.beta_max
        config.check_beta(beta)
        features = _features(beta, config)
        found = np.empty((len(points), config.pixels), np.float32)
        block = max(1, BLOCK // max(config.pixels, *config.hidden))
        with np.errstate(over="ignore"):
            for start in range(0, len(points), block):
                found[start : start + block] = self._run(points[start : start + block], features)
        return found.reshape(len(points), *config.input_shape)

    def _run(self, x: Floats, features: Floats) -> Floats:
        last = len(self._config.hidden)
        for i in range(last + 1):
            weight, bias, gain, shift = (self._weights[f"decoder.{i}.{p}"] for p in ("weight", "bias", "gain", "shift"))
            x = (x @ weight + bias) * (1 + features @ gain) + features @ shift
            x = gelu_tanh(x) if i < last else sigmoid(x)
        return x


def _features(beta: float, config: VAEConfig) -> Floats:
    """The Chebyshev polynomials T_1 ... T_degree of u(beta)."""
    u = beta_to_u(beta, config)
    powers = [np.ones_like(u), u]
    while len(powers) <= config.degree:
        powers.append(2 * u * powers[-1] - powers[-2])
    return np.array(powers[1 : config.degree + 1], np.float32)


def _points(z: NDArray[Any], config: VAEConfig) -> Floats:
    points = np.asarray(z, np.float32)
    if points.ndim != 2 or points.shape[1] != config.latent_dim:
        raise ValueError(f"z: expected points of the shape [N, {config.latent_dim}], got {list(points.shape)}")
    return points

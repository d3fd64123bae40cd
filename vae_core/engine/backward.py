"""The loss of a batch and its gradient, written out by hand into buffers that are made once."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.engine.flat import FlatWeights
from vae_core.engine.layers import GELU_SLOPE, Dense, Logits, Moments, Shared
from vae_core.models import VAE


class LossGradient:
    """The mean of D + beta R over a batch of `groups` times `samples` samples, and its gradient.

    The samples of a group follow one another and share one beta. share: this batch's share of the whole one where
    several processes each compute a part, so that the parts add up. The model's parameters become views of
    `flat.values`.

    x [batch, pixels] takes the samples. After `compute`, flat.gradient is the gradient, and flat.terms[:2] are the
    batch's mean D and R in nats.
    """

    def __init__(self, model: VAE, *, groups: int, samples: int, share: float = 1.0) -> None:
        config, weight = model.config, share / (groups * samples)
        self.flat = flat = FlatWeights(model)
        self._shared = shared = Shared(flat, groups, samples)
        self._bias, self._bias_gradient = flat.bias(flat.values), flat.bias(flat.gradient)
        self._gains, self._gains_gradient = flat.film(flat.values), flat.film(flat.gradient)
        self.x = flat.values.new_zeros(groups * samples, config.pixels)
        self._encoder = self._dense(range(flat.head), self.x, None)
        last = self._encoder[-1]
        self._moments = Moments(shared, flat.head, last.out, last.d_out, dims=config.latent_dim, weight=weight)
        inner = range(flat.head + 1, flat.depth - 1)
        self._decoder = self._dense(inner, self._moments.z.t(), self._moments.dz.t())
        last = self._decoder[-1]
        self._logits = Logits(
            shared, flat.depth - 1, last.out, last.d_out, x=self.x, config=config, weight=weight
        )
        self._raw = torch.zeros_like(shared.film)  # s and o before the factors of the activations
        self._raw_scale, self._raw_offset = self._raw
        self._at_scale, self._at_offset = shared.film_gradient
        self._product = torch.zeros_like(shared.film[0])
        self._base = flat.values.new_zeros(2, 1, flat.columns[-1])
        self._base[0] = 1
        self._factors = self._activation_factors()
        self._back_factors = self._factors.clone()
        self._back_factors[:, :, flat.outputs(flat.depth - 1)] *= self._logits.factor
        self._distortion, self._rate, _ = flat.terms

    def compute(self, beta: Tensor, t: Tensor, noise: Tensor) -> None:
        """For the samples in `x`: beta [groups], its features t [groups, degree], noise [latent_dim, batch]."""
        t = t.expand(2, *t.shape)
        self._modulate(t)
        for layer in self._encoder:
            layer.forward()
        self._moments.draw(noise, self._rate)
        for layer in self._decoder:
            layer.forward()
        self._logits.compare(self._distortion)
        self._logits.backward()
        for layer in reversed(self._decoder):
            layer.backward()
        self._moments.backward(beta)
        for layer in reversed(self._encoder):
            layer.backward()
        self._collect(t)

    def _modulate(self, t: Tensor) -> None:
        """s and o of all layers."""
        torch.baddbmm(self._base, t, self._gains, out=self._raw)
        self._raw_offset.addcmul_(self._bias, self._raw_scale)
        torch.mul(self._raw, self._factors, out=self._shared.film)

    def _collect(self, t: Tensor) -> None:
        """The gradients of gains, shifts and biases from those of s and o."""
        gradient = self._shared.film_gradient.mul_(self._back_factors)
        torch.mul(self._raw_scale, self._at_offset, out=self._product)
        torch.sum(self._product, 0, out=self._bias_gradient)
        self._at_scale.addcmul_(self._bias, self._at_offset)
        torch.bmm(t.mT, gradient, out=self._gains_gradient)

    def _dense(self, numbers: range, h: Tensor, d_h: Tensor | None) -> list[Dense]:
        """Hidden layers, each fed by the one before."""
        found: list[Dense] = []
        for number in numbers:
            found.append(Dense(self._shared, number, h, d_h))
            h, d_h = found[-1].out, found[-1].d_out
        return found

    def _activation_factors(self) -> Tensor:
        """The factors of s and o, [2, 1, S], that make hidden activations GELU_SLOPE times as large."""
        flat, factors = self.flat, torch.ones_like(self._base)
        for first, last in ((0, flat.head), (flat.head + 1, flat.depth - 1)):
            factors[0, :, flat.outputs(first)] = GELU_SLOPE
            factors[0, :, flat.outputs(last)] = 1 / GELU_SLOPE
            factors[1, :, flat.columns[first] : flat.columns[last]] = GELU_SLOPE
        return factors


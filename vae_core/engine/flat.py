"""All parameters of a VAE in one vector."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor

from vae_core.models import VAE, FilmDense

TERMS = 3  # places after the gradient, for what travels with it: D, R and the seconds


class FlatWeights:
    """The parameters of a VAE in one vector, and a vector of the same layout for the gradient.

    First come the weights of all layers, [in, out] but for the encoder's last one, [out, in]: it has few outputs, for
    which a matrix product is fast that way only. Then come the gains and shifts of all layers, [2, degree, S], and the
    biases, [S], where S counts the outputs of all layers. The parameters of the model become views of the vector.
    """

    def __init__(self, model: VAE) -> None:
        layers = [layer for part in (model.encoder, model.decoder) for layer in part if isinstance(layer, FilmDense)]
        self.head = len(model.encoder) - 1  # the layer whose weight is stored [out, in]
        self.depth = len(layers)
        self.columns = list(accumulate((layer.bias.numel() for layer in layers), initial=0))
        total = self.columns[-1]
        self._shapes = [tuple(layer.weight.shape) for layer in layers]
        self._starts = list(accumulate((layer.weight.numel() for layer in layers), initial=0))
        self._film = (2, model.config.degree, total)
        self._first_bias = self._starts[-1] + 2 * model.config.degree * total
        self.count = self._first_bias + total
        device = layers[0].weight.device
        self.values = torch.zeros(self.count, device=device)
        self.sums = torch.zeros(self.count + TERMS, device=device)  # the gradient and the terms
        self.gradient, self.terms = self.sums[: self.count], self.sums[self.count :]
        self._adopt(layers)

    def weight(self, flat: Tensor, number: int) -> Tensor:
        """The weight of one layer as it is stored, a view of a vector of this layout."""
        inputs, outputs = self._shapes[number]
        shape = (outputs, inputs) if number == self.head else (inputs, outputs)
        return flat[self._starts[number] : self._starts[number + 1]].view(shape)

    def film(self, flat: Tensor) -> Tensor:
        """All gains and shifts, [2, degree, S]."""
        return flat[self._starts[-1] : self._first_bias].view(self._film)

    def bias(self, flat: Tensor) -> Tensor:
        """All biases, [S]."""
        return flat[self._first_bias : self.count]

    def outputs(self, number: int) -> slice:
        """The columns of one layer among the S outputs."""
        return slice(self.columns[number], self.columns[number + 1])

    def named(self, flat: Tensor) -> dict[str, Tensor]:
        """The views of a vector of this layout by the names that the model's parameters have."""
        (gain, shift), bias = self.film(flat), self.bias(flat)
        found = {}
        for number in range(self.depth):
            inside = number <= self.head
            name = f"encoder.{number}" if inside else f"decoder.{number - self.head - 1}"
            weight, columns = self.weight(flat, number), self.outputs(number)
            found[f"{name}.weight"] = weight.t() if number == self.head else weight
            found[f"{name}.bias"] = bias[columns]
            found[f"{name}.gain"], found[f"{name}.shift"] = gain[:, columns], shift[:, columns]
        return found

    def _adopt(self, layers: list[FilmDense]) -> None:
        views = iter(self.named(self.values).values())
        for layer in layers:
            for parameter in (layer.weight, layer.bias, layer.gain, layer.shift):
                view = next(views)
                view.copy_(parameter.detach())
                parameter.data = view


def contiguous(model: VAE) -> VAE:
    """The model with every parameter in memory of its own, row by row; in place."""
    for parameter in model.parameters():
        parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)
    return model



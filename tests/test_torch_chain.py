"""PyTorch decoders as chains of layers: what can be one is exactly it, and what cannot says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vae_core.bring.torch_chain import POINTS, record


def conv_decoder() -> nn.Module:
    """Transposed convolutions, batch normalisation with statistics of its own, up-sampling."""
    torch.manual_seed(0)
    decoder = nn.Sequential(
        nn.Linear(4, 8 * 9), nn.Unflatten(1, (8, 3, 3)), nn.BatchNorm2d(8), nn.ReLU(),
        nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.BatchNorm2d(6), nn.GELU(), nn.Upsample(scale_factor=2),
        nn.Conv2d(6, 3, 3, padding=1), nn.Tanh(),
    )  # fmt: skip
    for part in decoder.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight)
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    return decoder.eval()


class ByHand(nn.Module):
    """As people write them: layers in a list, functions, reshapes by the batch's size, arithmetic at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 20), nn.Linear(20, 20)])
        self.norm, self.last = nn.LayerNorm(20), nn.Linear(20, 64, bias=False)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            z = F.leaky_relu(self.norm(layer(z)), 0.2)
        out = torch.tanh(self.last(z)) * 0.5 + 0.5
        return out.view(z.shape[0], 1, 8, 8).permute(0, 2, 3, 1)


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 16), nn.Linear(16, 16)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = self.first(z)
        return torch.sigmoid(x + self.second(x))


def mixed() -> nn.Module:
    return nn.Sequential(
        nn.Linear(4, 8 * 16), nn.Unflatten(1, (8, 4, 4)), nn.GroupNorm(2, 8), nn.SiLU(), nn.PixelShuffle(2),
        nn.ZeroPad2d(1), nn.ConvTranspose2d(2, 2, 3, 2, 1, 1, groups=2), nn.BatchNorm2d(2), nn.SELU(),
        nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 1, 3, 2, 1, dilation=2), nn.Softplus(), nn.Dropout(),
    ).eval()  # fmt: skip


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (conv_decoder, ["dense", "activation", "conv_transpose", "activation", "gather", "conv", "activation"]),
        (mixed, None),
        (lambda: ByHand().eval().decode, None),
        (lambda: lambda z: 1 - z / torch.tensor([1.0, 2, 4, 8]), None),
        (lambda: nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9), nn.Hardtanh()).eval(), ["dense", "activation"]),
    ],
    ids=["convolutions", "mixed", "by hand", "arithmetic", "merged"],
)
def test_a_chain_does_what_the_decoder_does(make: Callable[[], Any], kinds: list[str] | None) -> None:
    decode = make()
    chain, why = record(decode, torch.randn(POINTS, 4))
    assert chain is not None, why
    z = 2 * torch.randn(40, 4)
    with torch.no_grad():
        expected = decode(z).reshape(40, -1).numpy()
    assert np.abs(chain.run(z.numpy()) - expected).max() < 1e-5
    if kinds is not None:
        assert [layer["kind"] for layer in chain.layers] == kinds, "normalisation is part of the layer before it"


@pytest.mark.parametrize(
    ("decode", "why"),
    [
        (Skip().eval(), "the operation add takes two results of z at once"),
        (lambda z: torch.softmax(z, 1), "the operation softmax"),
        (lambda z: nn.LSTM(4, 5)(z[:, None])[0], "rnn"),
        (lambda z: z.reshape(1, -1), "mixes the points of a batch"),
        (lambda z: torch.ones(len(z), 4), "does not follow from z alone"),
        (nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6)).train(), "as in training"),
    ],
    ids=["skip", "softmax", "lstm", "batch", "constant", "training"],
)
def test_what_is_no_chain_says_why(decode: Callable[[torch.Tensor], Any], why: str) -> None:
    chain, said = record(decode, torch.randn(POINTS, 4))
    assert chain is None
    assert why in said

"""VAEs of three latent dimensions over 8×8 pixels as ONNX files, for tests."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


def exported(module: nn.Module, shape: Sequence[int], outputs: Sequence[str], *, fixed: int = 0) -> bytes:
    """The older exporter of PyTorch: no package more, and quick. fixed: it takes so many samples at a time alone."""
    buffer = io.BytesIO()
    axes = {} if fixed else {"x": {0: "n"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        torch.onnx.export(
            module.eval(), (torch.zeros(fixed or 2, *shape),), buffer, dynamo=False, input_names=["x"],
            output_names=list(outputs), dynamic_axes=axes,
        )  # fmt: skip
        logging.disable(logging.NOTSET)
    return buffer.getvalue()


class Encoder(nn.Module):
    def __init__(self, joined: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.hidden = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.mean, self.log_var, self.joined = nn.Linear(64, 3), nn.Linear(64, 3), joined

    def forward(self, x: torch.Tensor) -> Any:
        h = self.hidden(x)
        mu, log_var = self.mean(h), self.log_var(h) - 2
        return torch.cat([mu, log_var], 1) if self.joined else (mu, log_var)


def decoder(pixels: int = 64, inputs: int = 3) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(inputs, 32), nn.SiLU(), nn.Linear(32, pixels), nn.Sigmoid())


class Residual(nn.Module):
    """A decoder that is no chain of layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.first, self.last = nn.Linear(3, 64), nn.Linear(64, 64)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h = self.first(z)
        return torch.sigmoid(h + self.last(h))

"""Adam on one vector of parameters, with the cut of long gradients (Kingma & Ba 2015)."""

from __future__ import annotations

import torch
from torch import Tensor

RATE_OF_MEAN, RATE_OF_SQUARE, EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Moves `values` against `gradient`, which is first cut to the length clip_norm where it is longer.

    One pass over the vectors does all of it (PyTorch's fused kernel). mean and square are Adam's moments.
    """

    def __init__(self, values: Tensor, gradient: Tensor, *, clip_norm: float) -> None:
        self.values, self.gradient = values, gradient
        self.mean, self.square = torch.zeros_like(values), torch.zeros_like(values)
        self._clip = clip_norm
        self._step = torch.zeros((), device=values.device)
        self._divisor = torch.ones((), device=values.device)

    def step(self, number: int, rate: float) -> None:
        """One step at a learning rate; number counts them, from 1."""
        self._step.fill_(number)
        torch._fused_adam_(
            [self.values],
            [self.gradient],
            [self.mean],
            [self.square],
            [],
            [self._step],
            lr=rate,
            beta1=RATE_OF_MEAN,
            beta2=RATE_OF_SQUARE,
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
            grad_scale=self._cut(),
            found_inf=None,
        )

    def _cut(self) -> Tensor | None:
        """What the gradient is to be divided by; None on the CPU where it is short enough, which saves a pass.

        A GPU is not asked: waiting for its answer would take longer.
        """
        torch.linalg.vector_norm(self.gradient, out=self._divisor)
        if self._divisor.device.type == "cpu" and not self._divisor.item() > self._clip:
            return None
        return self._divisor.div_(self._clip).clamp_(min=1)

"""What a worker writes into its training's folder: what is shown live, the stored states, what it can go on from."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vae_core.checkpoints.codes import SMALLEST_SIGMA
from vae_core.config import VAEConfig, beta_nodes
from vae_core.datasets import Dataset, as_floats
from vae_core.home import limit_bytes, used_bytes
from vae_core.models import VAE, FilmDense
from vae_core.training import Trainer
from vae_core.trainings import folder as names

LIVE_SECONDS = 0.1  # at least so much time from one live update to the next; slices of training are added to it
LIVE_SHARE = 0.5  # at most this share of the work goes into live updates: those of large networks become rarer
RESUME_SECONDS = 2.0  # at least so much time from one writing of what it can go on from to the next
RESUME_SHARE = 0.05  # at most this share of the time goes into that
WATCHED_SECONDS = 5.0  # so long after somebody has looked, live updates are still made
STATES_SHARE = 0.05  # of the disk that all trainings may take: the most that the states of one may
CODED_AT_ONCE = 512  # samples
LARGEST_HALF = float(np.finfo(np.float16).max)


class LiveFolder:
    """A training's folder, as its worker sees it; betas: those at which codes are shown live."""

    def __init__(self, folder: Path, data: Dataset, config: VAEConfig) -> None:
        self.folder, self.config = folder, config
        self.betas = beta_nodes(config.beta_max, names.LIVE_BETAS)
        self.ids = shown_samples(len(data.images))
        self._x = torch.from_numpy(as_floats(data.images[self.ids]).reshape(len(self.ids), -1))
        self._labels, self._test = data.labels[self.ids], data.test[self.ids]
        self._live_due = self._live_earned = self._resume_due = 0.0
        self._live_step = self._last_state = -1
        self._held: tuple[int, names.Tensors] = (-1, {})
        self.most_states = names.MOST_STATES
        (folder / names.STATES).mkdir(parents=True, exist_ok=True)
        # What a killed worker left half written; control.json and others a server may be writing just now.
        for half in (f".{names.START}", f".{names.LIVE}", f".{names.RESUME}", f"{names.STATES}/.*"):
            for rest in folder.glob(f"{half}.new-*"):
                rest.unlink(missing_ok=True)

    def write_start(self, card: dict[str, Any]) -> None:
        """What does not change during training; the card without its betas and number of samples."""
        card = {**card, "betas": list(self.betas), "samples": len(self.ids)}
        tensors: names.Tensors = {
            "labels": self._labels.astype(np.int32),
            "ids": self.ids.astype(np.int32),
            "test": self._test.astype(np.uint8),
        }
        names.write_tensors(self.folder / names.START, {"card": card}, tensors)

    def watched(self) -> bool:
        """Whether somebody looks."""
        try:
            return time.time() - (self.folder / names.WATCHED).stat().st_mtime < WATCHED_SECONDS
        except OSError:
            return False

    def stop_asked(self) -> bool:
        """Whether it was asked to stop, perhaps before it could hear a signal."""
        return (self.folder / names.STOP).exists()

    def live_is_due(self) -> bool:
        """Whether it is time for the next live update."""
        return time.monotonic() >= self._live_due and time.process_time() >= self._live_earned and self.watched()

    def resume_is_due(self) -> bool:
        """Whether it is time to write down again what it can go on from."""
        return time.monotonic() >= self._resume_due

    def write_live(self, trainer: Trainer, facts: dict[str, Any]) -> None:
        """The newest state; nothing where it is written already."""
        start, spent = time.monotonic(), time.process_time()
        if trainer.step == self._live_step:
            return
        names.write_tensors(self.folder / names.LIVE, facts, self._moment(trainer))
        self._live_step = trainer.step
        # In time of the processor: on a busy machine, a wait says nothing about the cost.
        self._live_due = start + LIVE_SECONDS
        self._live_earned = spent + (time.process_time() - spent) / LIVE_SHARE

    def write_resume(self, trainer: Trainer) -> None:
        """Everything that is needed to go on from here."""
        start = time.monotonic()
        tensors, facts = trainer.state()
        names.write_tensors(self.folder / names.RESUME, facts, tensors)
        cost = time.monotonic() - start
        self._resume_due = start + max(RESUME_SECONDS, cost / RESUME_SHARE)

    def state_is_due(self, share: float) -> int | None:
        """The index of the state to be stored at this share of the training; None where it is stored already."""
        index = state_at(share, self.most_states)
        return index if index > self._last_state else None

    def write_state(self, index: int, trainer: Trainer, facts: dict[str, Any]) -> None:
        """A state that stays; later ones that an earlier life of the training stored go."""
        names.write_tensors(names.state_file(self.folder, index), facts, self._moment(trainer))
        self._last_state = index
        for later in range(index + 1, names.MOST_STATES):
            names.state_file(self.folder, later).unlink(missing_ok=True)

    def last_index(self, trainer: Trainer) -> int | None:
        """The index for the last state of a training that ends here; None where it is stored already."""
        if trainer.done:
            return self.state_is_due(1.0)
        return self._last_state + 1 if self._last_state + 1 < self.most_states else None

    def pass_over(self, share: float) -> None:
        """Take the states up to this share as stored: the training was resumed from there."""
        found = (index for index in range(names.MOST_STATES) if names.state_file(self.folder, index).exists())
        passed = state_at(share, self.most_states)
        self._last_state = max((index for index in found if index <= passed), default=-1)

    def ration_states(self, parameters: int) -> None:
        """Store fewer states where the disk may not hold so many of this network."""
        size = 2 * parameters + 2 * 4 * len(self.betas) * len(self.ids)
        room = max(0, min(STATES_SHARE * limit_bytes(), (limit_bytes() - used_bytes()) / 2))
        self.most_states = int(min(names.MOST_STATES, max(2, room // size)))

    def _moment(self, trainer: Trainer) -> names.Tensors:
        """What live.safetensors and the states hold; computed once a step."""
        step, found = self._held
        if step != trainer.step:
            model = trainer.snapshot()
            found = {name: _half(value) for name, value in model.weights().items() if name.startswith("decoder.")}
            found["codes"] = codes_at(model, self._x, self.betas)
            self._held = trainer.step, found
        return found


def state_at(share: float, most: int = names.MOST_STATES) -> int:
    """The index of the last state that is due at a share of the training, of `most` in all.

    Denser at the start, where more happens: `share_of_state` says where each is due.
    """
    return int((most - 1) * min(1.0, share) ** 0.5 + 1e-9)


def share_of_state(index: int, most: int = names.MOST_STATES) -> float:
    """The share of the training at which a state is due, (index / (most - 1))², at most 1."""
    return min(1.0, (index / (most - 1)) ** 2)


def read_resume(folder: Path) -> tuple[names.Tensors, dict[str, Any]] | None:
    """Tensors and facts that `write_resume` wrote; None where there are none. Raises OSError and ValueError."""
    if not (folder / names.RESUME).exists():
        return None
    facts, tensors = names.read_tensors(folder / names.RESUME)
    return tensors, facts


def shown_samples(count: int) -> NDArray[np.int64]:
    """Indices of the samples that are shown live, at most SHOWN_SAMPLES, shuffled: the same for the same count."""
    found: NDArray[np.int64] = np.random.default_rng(0).choice(count, min(count, names.SHOWN_SAMPLES), replace=False)
    return found


@torch.inference_mode()
def codes_at(model: VAE, x: Tensor, betas: Sequence[float]) -> NDArray[np.float16]:
    """Codes of flat samples x [n, pixels] at every beta: float16 [K, n, 4] = μ₁, μ₂, σ₁, σ₂.

    Faster than `model.moments` beta by beta: at one beta, a layer's modulation is part of its weights; the first
    layer's product with x, most of the work for pictures, is the same for every beta; and a block of samples stays in
    the cache.
    """
    first, *rest = model.encoder
    assert isinstance(first, FilmDense)
    product = x @ first.weight
    found = np.empty((len(betas), len(x), 2 * model.config.latent_dim), np.float16)
    for k, beta in enumerate(betas):
        t = model.features(beta)
        scale, shift = _modulation(first, t)
        layers = [_at_beta(layer, t) for layer in rest]
        for start in range(0, len(x), CODED_AT_ONCE):
            rows = slice(start, start + CODED_AT_ONCE)
            a = torch.addcmul(shift, product[rows], scale)
            for weight, bias in layers:
                a = torch.addmm(bias, _gelu(a), weight)
            mu, log_var = a.chunk(2, dim=-1)
            sigma = (0.5 * log_var).exp().clamp_min(SMALLEST_SIGMA)
            found[k, rows] = _half(torch.cat([mu, sigma], dim=-1).numpy())
    return found


def _gelu(y: Tensor) -> Tensor:
    """The network's activation, gelu with the tanh written as a logistic function, which is a third faster."""
    slope = 2 * math.sqrt(2 / math.pi)
    return y.square().mul_(0.044715 * slope).add_(slope).mul_(y).sigmoid_().mul_(y)


def _at_beta(layer: nn.Module, t: Tensor) -> tuple[Tensor, Tensor]:
    """The weight and the bias of the plain layer that this one is at a beta with the features t."""
    assert isinstance(layer, FilmDense)
    scale, shift = _modulation(layer, t)
    return layer.weight * scale, shift


def _modulation(layer: FilmDense, t: Tensor) -> tuple[Tensor, Tensor]:
    """What the features t of a beta multiply a layer's product with, and what they add to that."""
    scale = 1 + t @ layer.gain
    return scale, layer.bias * scale + t @ layer.shift


def _half(value: NDArray[np.float32]) -> NDArray[np.float16]:
    return np.clip(value, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)

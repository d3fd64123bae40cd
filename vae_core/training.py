"""Training of one network for every beta: a few steps at a time, or whole as a generator of progress records."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae_core.config import TrainConfig, TrainingError, VAEConfig
from vae_core.datasets import Dataset
from vae_core.engine.adam import Adam
from vae_core.engine.backward import LossGradient
from vae_core.engine.batches import Batches, random_stream
from vae_core.engine.flat import contiguous
from vae_core.engine.parallel import Group
from vae_core.models import VAE

REPORT_STEPS = 50  # at most so many steps between two progress records of `train`
DRAWN_STEPS = 64  # the random numbers of so many steps are drawn at once
BETAS, NOISE, ORDER = range(3)  # streams of random numbers

STATE_FORMAT = 1

State = tuple[dict[str, NDArray[Any]], dict[str, Any]]


@dataclass(frozen=True)
class Progress:
    """Where training stands.

    step of steps (None where the length is a time), share of the whole length, epoch (the one under way, from 1);
    distortion and rate in nats per sample, means over the samples and the drawn betas since the last record;
    seconds of training so far and an estimate of the seconds left; model: None but at the end, where it is the trained
    VAE in eval mode on the CPU; network: the one in training.
    """

    step: int
    steps: int | None
    share: float
    epoch: int
    distortion: float
    rate: float
    seconds: float
    seconds_left: float
    network: VAE = field(repr=False)
    model: VAE | None = None

    def snapshot(self) -> VAE:
        """A copy of the network as it is now, in eval mode on the CPU."""
        return _copy_of(self.network)


def resolve_device(name: str) -> torch.device:
    """The torch device for "cpu", "cuda" or "auto" (CUDA where there is one); TrainingError where it is not there."""
    if name not in ("cpu", "cuda", "auto"):
        raise TrainingError(f"device: expected cpu, cuda or auto, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("device: cuda was asked for, but this PyTorch finds no CUDA device")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def train(
    data: Dataset,
    config: VAEConfig,
    *,
    options: TrainConfig | None = None,
    seed: int = 0,
    device: str = "cpu",
    group: Group | None = None,
) -> Iterator[Progress]:
    """Train a VAE on the training samples of `data`, minimising E_beta [D + beta R].

    A record after each epoch and at least every REPORT_STEPS steps; see `Trainer` for the rest. Raises DatasetError
    or TrainingError, at the call, where the data cannot be trained on, and TrainingError where the loss stops being
    finite.

    >>> from vae_core import VAEConfig, load_dataset
    >>> digits = load_dataset("digits")
    >>> small = VAEConfig(input_shape=(8, 8), hidden=(16,))
    >>> for progress in train(digits, small, options=TrainConfig(epochs=1)):
    ...     pass
    >>> progress.model.encode(torch.zeros(1, 8, 8), beta=1.0).mean.shape
    torch.Size([1, 2])
    """
    return _records(Trainer(data, config, options=options, seed=seed, device=device, group=group))


def _records(trainer: Trainer) -> Iterator[Progress]:
    while not trainer.done:
        to_the_end = trainer.steps_per_epoch - trainer.step % trainer.steps_per_epoch
        yield trainer.advance(steps=min(REPORT_STEPS, to_the_end))


def learning_rate_factor(step: int, steps: int | None, options: TrainConfig, *, share: float = 0.0) -> float:
    """The share of the learning rate at a step (from 0): a linear rise, a plateau, a linear fall towards 0.

    share: how much of the training's time is over, where its length is not a number of steps.
    """
    rise = (step + 1) / min(options.warmup_steps, steps or options.warmup_steps)
    if steps is None:
        return max(0.0, min(rise, (1 - share) / max(options.decay_share, 1e-9), 1.0))
    return min(rise, (steps - step) / max(1.0, options.decay_share * steps), 1.0)


def draw_betas(
    count: int, config: VAEConfig, uniform_share: float, generator: torch.Generator, *, steps: int | None = None
) -> Tensor:
    """`count` betas in [0, beta_train_max]: stratified, a share uniform in beta, the rest in log(beta + offset).

    All are the one beta of a network that does not see beta. steps: so many draws at once, [steps, count].
    """
    shape = (count,) if steps is None else (steps, count)
    device = generator.device
    if config.single_beta:
        return torch.full(shape, float(config.beta_max), device=device)
    uniform = round(uniform_share * count)
    noise = torch.rand(shape, generator=generator, device=device)
    high = math.log1p(config.beta_train_max / config.beta_offset)
    strata = torch.arange(count - uniform, device=device)
    logarithmic = (strata + noise[..., uniform:]) / max(1, count - uniform)
    linear = (torch.arange(uniform, device=device) + noise[..., :uniform]) / max(1, uniform)
    return torch.cat(
        [linear * config.beta_train_max, config.beta_offset * torch.expm1(logarithmic * high)], dim=-1
    )


class Trainer:
    """One training, a few steps at a time.

    Every batch holds `options.groups` betas, stratified over their distribution, each shared by as many samples that
    follow one another; u(beta), and with it the network, is different for each. All random numbers are a function of
    the seed and the step: the same seed, device, number of threads and of processes give the same model.

    group: the processes that train this model together (`vae_core.engine.parallel`). Each gets the whole data set and
    reads its share of it, all must make the same calls, and all hold the same weights.

    step of steps (None where the length is a time); seconds of training so far, without the pauses between calls.
    Raises DatasetError or TrainingError where the data cannot be trained on.
    """

    def __init__(
        self,
        data: Dataset,
        config: VAEConfig,
        *,
        options: TrainConfig | None = None,
        seed: int = 0,
        device: str = "cpu",
        group: Group | None = None,
    ) -> None:
        self.config, self.options, self.seed = config, options or TrainConfig(), seed
        self.group = group or Group()
        self.device = resolve_device(device)
        part = _share_of(data, self.group)
        part.check()
        if data.input_shape != config.input_shape:
            expected = config.input_shape
            raise TrainingError(f"{data.name}: the model expects samples of shape {expected}, got {data.input_shape}")
        self._samples = len(data.images)
        self._set_sizes(part)
        self.step, self.seconds = 0, 0.0
        self.network = VAE(config, seed=seed).to(self.device)
        world = self.group.world
        self._loss = LossGradient(self.network, groups=self._groups, samples=self._each, share=1 / world)
        flat = self._loss.flat
        self._adam = Adam(flat.values, flat.gradient, clip_norm=self.options.clip_norm)
        self._sums, self._since = torch.zeros(2, device=self.device), 0
        self._terms = (0.0, 0.0)  # D and R of the last record
        self._drawn, self._clock_start = -1, 0.0
        self._last: Progress | None = None

    @classmethod
    def resume(
        cls,
        data: Dataset,
        tensors: Mapping[str, NDArray[Any]],
        facts: Mapping[str, Any],
        *,
        device: str = "cpu",
        group: Group | None = None,
    ) -> Trainer:
        """The training that `state` wrote down, as it was; raises TrainingError where that is not one on these data.

        With the device, the number of threads and of processes of then, and a number of steps for its length, it goes
        on bit for bit as if it had never stopped. With others it goes on from the same weights; another number of
        processes (facts["processes"] is that of then) draws other noise and takes the samples in another order.
        """
        try:
            if facts["format"] != STATE_FORMAT:
                raise TrainingError(f"state: expected format {STATE_FORMAT}, got {facts['format']!r}")
            config, options = VAEConfig.from_json(facts["config"]), TrainConfig(**facts["options"])
            trainer = cls(data, config, options=options, seed=facts["seed"], device=device, group=group)
            trainer._restore(tensors, facts)
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"state: expected that of a training, got another ({error})") from error
        return trainer

    @property
    def steps(self) -> int | None:
        """How many steps the training has; None where its length is a time."""
        return None if self.options.seconds else self.steps_per_epoch * self.options.epochs

    @property
    def epoch(self) -> int:
        """The epoch that the last step was in, from 1; 0 before the first."""
        return math.ceil(self.step / self.steps_per_epoch)

    @property
    def share(self) -> float:
        """How much of the training is done, 0 to 1."""
        if self.options.seconds:
            return min(1.0, self.seconds / self.options.seconds) if self.step else 0.0
        return self.step / (self.steps_per_epoch * self.options.epochs)

    @property
    def done(self) -> bool:
        """Whether the training is at its end."""
        return self.share >= 1

    def advance(self, *, steps: int | None = None, seconds: float | None = None) -> Progress:
        """Train until so many more steps or seconds are over, or the training is; without bounds, to its end.

        Raises TrainingError where the loss is no finite number any more.
        """
        first, before = self.step, self.seconds
        self._clock_start = time.perf_counter() - self.seconds
        with torch.inference_mode():
            while not self.done:
                self._take_step()
                if self.step - first == steps or (seconds is not None and self.seconds - before >= seconds):
                    break
        return self._record()

    def snapshot(self) -> VAE:
        """A copy of the network as it is now, in eval mode on the CPU."""
        return _copy_of(self.network)

    def state(self) -> State:
        """Everything that `resume` needs to go on from here: arrays, and facts for JSON.

        The random numbers and the order of the samples follow from the seed and the step.
        """
        arrays = {
            "weights": self._adam.values,
            "mean": self._adam.mean,
            "square": self._adam.square,
            "sums": self._sums,
        }
        facts = {
            "format": STATE_FORMAT,
            "config": self.config.to_json(),
            "options": asdict(self.options),
            "seed": self.seed,
            "samples": self._samples,
            "processes": self.group.world,
            "step": self.step,
            "seconds": self.seconds,
            "since": self._since,
            "terms": list(self._terms),
        }
        return {name: value.cpu().numpy().copy() for name, value in arrays.items()}, facts

    def _restore(self, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
        if facts["samples"] != self._samples:
            raise TrainingError(f"state: it is of {facts['samples']} samples, and the data set has {self._samples}")
        held = {"weights": self._adam.values, "mean": self._adam.mean, "square": self._adam.square, "sums": self._sums}
        for name, value in held.items():
            found = np.asarray(tensors[name])
            if found.shape != value.shape or found.dtype != np.float32 or not np.isfinite(found).all():
                expected = f"{value.numel()} finite numbers of float32"
                raise TrainingError(f"state: expected {name!r} to be {expected}, got {found.dtype} {found.shape}")
            value.copy_(torch.from_numpy(found.copy()))  # what a file holds may be read-only
        self.step, self.seconds, self._since = int(facts["step"]), float(facts["seconds"]), int(facts["since"])
        distortion, rate = facts["terms"]
        self._terms = (float(distortion), float(rate))

    def _set_sizes(self, part: Dataset) -> None:
        """How a batch is made up of groups, in this process, and how many batches an epoch has."""
        world, held_out = self.group.world, int(np.count_nonzero(part.test))
        smallest = self.group.smallest(len(part.images) - held_out)
        if smallest < 1:
            raise TrainingError(f"{part.name}: expected a sample to train on for each of {world} processes")
        batch = min(self.options.batch, smallest * world)
        self._groups = max(1, min(self.options.groups, batch) // world)
        self._each = max(1, batch // world // self._groups)
        size = self._groups * self._each
        self._batches = Batches(part, size=size, seed=self.seed, stream=self._stream(ORDER), device=self.device)
        self.steps_per_epoch = smallest // size

    def _stream(self, kind: int) -> int:
        """A number of its own for each process's random numbers of a kind."""
        return kind + len((BETAS, NOISE, ORDER)) * self.group.rank

    def _take_step(self) -> None:
        """One step of the optimiser on the next batch."""
        epoch, number = divmod(self.step, self.steps_per_epoch)
        if self.step // DRAWN_STEPS != self._drawn:
            self._draw(self.step // DRAWN_STEPS)
        self._batches.take(epoch, number, self._loss.x)
        drawn = self.step % DRAWN_STEPS
        self._loss.compute(self._betas[drawn], self._features[drawn], self._noise[drawn])
        self.seconds = self._sum_up()
        self._sums += self._loss.flat.terms[:2]
        factor = learning_rate_factor(self.step, self.steps, self.options, share=self.share)
        self._adam.step(self.step + 1, self.options.learning_rate * factor)
        self.step += 1
        self._since += 1

    def _draw(self, block: int) -> None:
        """The random numbers of DRAWN_STEPS steps: the betas are all processes' together, the noise is our own."""
        group, latent = self.group, self.config.latent_dim
        generator = self._generator(BETAS, block)
        count = self._groups * group.world
        betas = draw_betas(count, self.config, self.options.uniform_share, generator, steps=DRAWN_STEPS)
        betas = betas[:, group.rank :: group.world]
        self._betas, self._features = betas.unbind(), self.network.features(betas).unbind()
        shape = (DRAWN_STEPS, latent, self._groups * self._each)
        noise = torch.randn(shape, generator=self._generator(self._stream(NOISE), block), device=self.device)
        self._noise = noise.unbind()
        self._drawn = block

    def _generator(self, stream: int, block: int) -> torch.Generator:
        seed = int(random_stream(self.seed, stream, block).integers(2**62))
        return torch.Generator(self.device).manual_seed(seed)

    def _sum_up(self) -> float:
        """The gradient and the terms of all processes, summed; the seconds of training by the mean of their clocks.

        They must agree on the time, for they must all stop at the same step.
        """
        seconds = time.perf_counter() - self._clock_start
        if self.group.world == 1:
            return seconds
        flat = self._loss.flat
        flat.terms[2] = seconds / self.group.world
        self.group.sum_(flat.sums)
        return flat.terms[2].item()

    def _record(self) -> Progress:
        if self._since == 0 and self._last is not None:
            return self._last
        d, r = (self._sums / self._since).tolist() if self._since else self._terms
        if self._since and self.group.world == 1:
            # On a GPU the steps' clock says when they were asked for: only now, with their sums at hand, are they done.
            self.seconds = time.perf_counter() - self._clock_start
        if not (math.isfinite(d) and math.isfinite(r)):
            whole = f" of {self.steps}" if self.steps else ""
            raise TrainingError(
                f"training diverged at step {self.step}{whole} (the loss is no finite number): lower the learning rate"
            )
        self._sums.zero_()
        self._since, self._terms = 0, (d, r)
        if self.options.seconds:
            left = max(0.0, self.options.seconds - self.seconds)
        else:
            left = self.seconds * (1 / max(self.share, 1e-9) - 1)
        model = self.snapshot() if self.done else None
        self._last = Progress(
            self.step, self.steps, self.share, self.epoch, d, r, self.seconds, left, self.network, model
        )
        return self._last


def _copy_of(network: VAE) -> VAE:
    return contiguous(copy.deepcopy(network).cpu().eval())


def _share_of(data: Dataset, group: Group) -> Dataset:
    """The rows of a data set that are this process's, as views."""
    if group.world == 1:
        return data
    rows = group.shard(len(data.images))
    return replace(
        data,
        images=data.images[rows],
        labels=data.labels[rows],
        test=data.test[rows],
        extra_images=data.extra_images[:0],
        extra_labels=data.extra_labels[:0],
    )

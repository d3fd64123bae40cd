"""Training of one network for every beta, as a generator of progress records."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from vae_core.config import TrainConfig, TrainingError, VAEConfig
from vae_core.datasets import Dataset
from vae_core.models import VAE
from vae_core.objectives import distortion, elbo, rate

REPORT_STEPS = 50  # at most so many steps between two progress records


@dataclass(frozen=True)
class Progress:
    """Where training stands.

    step of steps, epoch (the one under way, from 1); distortion and rate in nats per sample, means over the
    samples and the drawn betas since the last record; seconds so far and an estimate of the seconds left;
    model: None but in the last record, where it is the trained VAE in eval mode on the CPU; network: the one
    in training.
    """

    step: int
    steps: int
    epoch: int
    distortion: float
    rate: float
    seconds: float
    seconds_left: float
    network: VAE = field(repr=False)
    model: VAE | None = None

    def snapshot(self) -> VAE:
        """A copy of the network as it is now, in eval mode on the CPU."""
        return copy.deepcopy(self.network).cpu().eval()


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
) -> Iterator[Progress]:
    """Train a VAE on the training samples of `data`, minimising E_beta [D + beta R].

    Every batch holds `options.groups` betas, stratified over their distribution; u(beta), and with it the
    network, is different for each. The random numbers come from generators of their own: the same seed,
    device and number of threads give the same model. Raises DatasetError or TrainingError, at the call, where
    the data cannot be trained on, and TrainingError where the loss stops being finite.

    >>> from vae_core import VAEConfig, load_dataset
    >>> digits = load_dataset("digits")
    >>> small = VAEConfig(input_shape=(8, 8), hidden=(16,))
    >>> for progress in train(digits, small, options=TrainConfig(epochs=1)):
    ...     pass
    >>> progress.model.encode(torch.zeros(1, 8, 8), beta=1.0).mean.shape
    torch.Size([1, 2])
    """
    data.check()
    images = torch.from_numpy(data.train_images.reshape(len(data.train_images), -1))
    if data.input_shape != config.input_shape:
        expected = config.input_shape
        raise TrainingError(
            f"{data.name}: the model expects samples of shape {expected}, got {data.input_shape}"
        )
    run = _Run(images, config, options or TrainConfig(), seed, resolve_device(device))
    return run.records()


def learning_rate_factor(step: int, steps: int, options: TrainConfig) -> float:
    """The share of the learning rate at a step (from 0): a linear rise, a plateau, a linear fall towards 0."""
    rise = min(1.0, (step + 1) / min(options.warmup_steps, steps))
    fall = (steps - step) / max(1.0, options.decay_share * steps)
    return min(rise, fall, 1.0)


def draw_betas(count: int, config: VAEConfig, uniform_share: float, generator: torch.Generator) -> Tensor:
    """`count` betas in [0, beta_train_max]: stratified, a share uniform in beta, the rest in log(beta + offset).

    All are the one beta of a network that does not see beta.
    """
    if config.single_beta:
        return torch.full((count,), float(config.beta_max), device=generator.device)
    uniform = round(uniform_share * count)
    noise = torch.rand(count, generator=generator, device=generator.device)
    high = math.log1p(config.beta_train_max / config.beta_offset)
    logarithmic = (torch.arange(count - uniform, device=noise.device) + noise[uniform:]) / max(
        1, count - uniform
    )
    linear = (torch.arange(uniform, device=noise.device) + noise[:uniform]) / max(1, uniform)
    return torch.cat([linear * config.beta_train_max, config.beta_offset * torch.expm1(logarithmic * high)])


class _Run:
    """One training run: the model, its optimiser and its random numbers."""

    def __init__(
        self, images: Tensor, config: VAEConfig, options: TrainConfig, seed: int, device: torch.device
    ) -> None:
        self.config, self.options = config, options
        self.images = images.to(device)
        self.generator = torch.Generator(device).manual_seed(seed)
        self.model = VAE(config, seed=seed).to(device)
        self.groups = min(options.groups, options.batch, len(images))
        self.batch = min(options.batch, len(images)) // self.groups * self.groups
        self.steps_per_epoch = len(images) // self.batch
        self.steps = self.steps_per_epoch * options.epochs
        self.weights = _flatten(self.model)
        self.optimizer = torch.optim.Adam([self.weights], lr=options.learning_rate, fused=True)

    def records(self) -> Iterator[Progress]:
        """Every step of every epoch; a record after each epoch and at least every REPORT_STEPS steps."""
        start = time.perf_counter()
        terms, since = torch.zeros(2, device=self.images.device), 0
        for step in range(self.steps):
            if step % self.steps_per_epoch == 0:
                order = torch.randperm(len(self.images), generator=self.generator, device=self.images.device)
            first = step % self.steps_per_epoch * self.batch
            terms += self._step(step, order[first : first + self.batch])
            since += 1
            if since == REPORT_STEPS or (step + 1) % self.steps_per_epoch == 0:
                yield self._record(step + 1, terms / since, time.perf_counter() - start)
                terms, since = torch.zeros_like(terms), 0

    def _step(self, step: int, index: Tensor) -> Tensor:
        """One step of the optimiser on the samples `index`; returns the batch's mean D and R."""
        x = self.images[index].view(self.groups, -1, self.images.shape[-1])
        beta = draw_betas(self.groups, self.config, self.options.uniform_share, self.generator).unsqueeze(-1)
        t = self.model.features(beta)
        mu, log_var = self.model.moments(x, t)
        noise = torch.randn(mu.shape, generator=self.generator, device=mu.device)
        logits = self.model.logits(torch.addcmul(mu, noise, (0.5 * log_var).exp()), t)
        d, r = distortion(logits, x, self.config), rate(mu, log_var)
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * learning_rate_factor(step, self.steps, self.options)
        gradient = self.weights.grad
        assert gradient is not None  # _flatten made it
        gradient.zero_()
        (-elbo(d, r, beta).mean()).backward()  # type: ignore[no-untyped-call]
        gradient.mul_((self.options.clip_norm / gradient.norm()).clamp(max=1))
        self.optimizer.step()
        return torch.stack([d.detach().mean(), r.detach().mean()])

    def _record(self, step: int, terms: Tensor, seconds: float) -> Progress:
        d, r = terms.tolist()
        if not (math.isfinite(d) and math.isfinite(r)):
            raise TrainingError(
                f"training diverged at step {step} of {self.steps} (the loss is no finite number): "
                "lower the learning rate"
            )
        if step == self.steps:
            self.model.zero_grad(set_to_none=True)
        model = self.model.cpu().eval() if step == self.steps else None
        epoch = math.ceil(step / self.steps_per_epoch)
        left = seconds / step * (self.steps - step)
        return Progress(step, self.steps, epoch, d, r, seconds, left, self.model, model)


def _flatten(model: VAE) -> nn.Parameter:
    """One parameter whose storage, and whose gradient's, all parameters of the model share.

    The optimiser and the clipping then work on one tensor instead of dozens.
    """
    parameters = list(model.parameters())
    flat = nn.Parameter(torch.cat([value.detach().flatten() for value in parameters]))
    flat.grad = torch.zeros_like(flat)
    start = 0
    for value in parameters:
        rows = slice(start, start + value.numel())
        value.data = flat.data[rows].view_as(value)
        value.grad = flat.grad[rows].view_as(value)
        start = rows.stop
    return flat

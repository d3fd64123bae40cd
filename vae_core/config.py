"""What describes a model and its training: the configurations, the scales of beta, and the shipped recipes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

LIKELIHOODS = ("gaussian", "bernoulli")

# The values of beta at which models are compared (those of them that a model's slider reaches).
REFERENCE_BETAS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.35, 0.6, 1.0, 1.5, 2.2, 3.2, 4.5, 6.0, 8.0, 12.0)

# The slider's scale is linear in beta below beta_max / SLIDER_KNEE and logarithmic above.
SLIDER_KNEE = 200.0


class ConfigError(ValueError):
    """A configuration that describes no model; the message says what was expected and what came."""


class TrainingError(Exception):
    """Training that cannot start or go on; the message is one sentence."""


@dataclass(frozen=True)
class VAEConfig:
    """Everything that fixes a model's architecture and its loss.

    input_shape: the shape of one sample, e.g. (8, 8); pixels lie in [0, 1].
    latent_dim: number of latent dimensions.
    hidden: widths of the encoder's hidden layers; the decoder has the same ones in reverse. None, (), where the
        network is not of this kind: an imported model's.
    likelihood: "gaussian" (standard deviation sigma_x) or "bernoulli" (sigma_x is not used).
    beta_max: the largest beta that a user can choose. beta_train_max: betas are drawn up to here, a little
        farther, so that the end of the slider is not the end of what was learned.
    beta_offset: beta enters the network through log(beta + beta_offset), which makes 0 an ordinary point.
    degree: number of Chebyshev polynomials of that logarithm that modulate each layer; 0 for a network that does
        not see beta. That one is trained at a single beta, which is its beta_max and its beta_train_max.
    """

    input_shape: tuple[int, ...]
    latent_dim: int = 2
    hidden: tuple[int, ...] = (128, 128, 128)
    likelihood: str = "gaussian"
    sigma_x: float = 0.25
    beta_max: float = 12.0
    beta_train_max: float = 16.0
    beta_offset: float = 0.003
    degree: int = 3

    def __post_init__(self) -> None:
        _check_sizes("input_shape", self.input_shape)
        if self.hidden != ():
            _check_sizes("hidden", self.hidden)
        _check_sizes("latent_dim", (self.latent_dim,))
        if not isinstance(self.degree, int) or self.degree < 0:
            raise ConfigError(f"degree: expected a whole number of at least 0, got {self.degree!r}")
        if self.likelihood not in LIKELIHOODS:
            raise ConfigError(
                f"likelihood: expected one of {', '.join(LIKELIHOODS)}, got {self.likelihood!r}"
            )
        for name in ("sigma_x", "beta_max", "beta_train_max", "beta_offset"):
            value = getattr(self, name)
            zero_fits = self.single_beta and name in ("beta_max", "beta_train_max")
            above = isinstance(value, int | float) and (value > 0 or (zero_fits and value == 0))
            if not (above and math.isfinite(value)):
                raise ConfigError(f"{name}: expected a positive number, got {value!r}")
        if self.beta_train_max < self.beta_max:
            found = self.beta_train_max
            raise ConfigError(f"beta_train_max: expected at least beta_max = {self.beta_max}, got {found}")
        if self.single_beta and self.beta_train_max != self.beta_max:
            found = self.beta_train_max
            raise ConfigError(f"beta_train_max: expected beta_max = {self.beta_max} where degree is 0, got {found}")

    @property
    def single_beta(self) -> bool:
        """The network does not see beta: it was trained at beta_max alone."""
        return self.degree == 0

    def check_beta(self, beta: float) -> None:
        """Raise ConfigError, which names the range, where the network was not trained at this beta."""
        low = self.beta_max if self.single_beta else 0.0
        # A float32 tensor holds beta only to seven digits.
        if not low * (1 - 1e-6) <= beta <= self.beta_train_max * (1 + 1e-6):
            alone = f"{low:g}, the only one it was trained at"
            expected = alone if self.single_beta else f"0 to {self.beta_train_max:g}"
            raise ConfigError(f"beta: this model expects {expected}, got {beta:g}")

    @property
    def pixels(self) -> int:
        """Number of values in one sample."""
        return math.prod(self.input_shape)

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them: tuples become lists."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, record: object) -> VAEConfig:
        """The configuration a card holds; ConfigError names the first field that is missing, unknown or wrong."""
        if not isinstance(record, Mapping):
            raise ConfigError(f"config: expected an object, got {type(record).__name__}")
        names = [field.name for field in fields(cls)]
        for name in names:
            if name not in record:
                raise ConfigError(f"config: the field {name!r} is missing")
        for name in record:
            if name not in names:
                raise ConfigError(f"config: unknown field {name!r}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
        }
        return cls(**values)


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; a learning rate is Adam's.

    seconds: the length as training time; epochs is then ignored, and the learning rate falls by the share of the
    time. None: the length is `epochs`.
    groups: number of different betas in a batch, each shared by batch / groups samples.
    uniform_share: the share of those betas drawn uniformly in beta; the rest is uniform in log(beta +
    beta_offset).
    warmup_steps: the learning rate rises linearly over so many steps.
    decay_share: the learning rate falls linearly to zero over this last share of the steps.
    clip_norm: longer gradients are cut to this length: a single sample with a huge sigma would else end a
    long run.
    """

    epochs: int = 200
    batch: int = 128
    learning_rate: float = 5e-3
    groups: int = 16
    uniform_share: float = 0.3
    warmup_steps: int = 50
    decay_share: float = 0.3
    clip_norm: float = 100.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "groups", "warmup_steps"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ConfigError(f"{name}: expected a whole number of at least 1, got {value!r}")
        for name in ("learning_rate", "clip_norm", "seconds"):
            value = getattr(self, name)
            if value is None and name == "seconds":
                continue
            if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
                raise ConfigError(f"{name}: expected a positive number, got {value!r}")
        for name in ("uniform_share", "decay_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name}: expected a number from 0 to 1, got {getattr(self, name)!r}")


def _check_sizes(name: str, sizes: object) -> None:
    if (
        not isinstance(sizes, tuple)
        or not all(isinstance(size, int) and size > 0 for size in sizes)
        or not sizes
    ):
        raise ConfigError(f"{name}: expected whole numbers of at least 1, got {sizes!r}")


def beta_to_u(beta: ArrayLike, config: VAEConfig) -> Array:
    """The coordinate u in [-1, 1] (from beta = 0 to beta_train_max) in which beta enters the network, float64."""
    low = math.log(config.beta_offset)
    high = math.log(config.beta_train_max + config.beta_offset)
    return 2 * (np.log(np.asarray(beta, np.float64) + config.beta_offset) - low) / (high - low) - 1


def beta_to_slider(beta: ArrayLike, beta_max: float) -> Array:
    """The slider's position in [0, 1] for beta: asinh(beta / b) / asinh(beta_max / b) with b = beta_max / 200."""
    return np.arcsinh(np.asarray(beta, np.float64) * SLIDER_KNEE / beta_max) / math.asinh(SLIDER_KNEE)


def slider_to_beta(position: ArrayLike, beta_max: float) -> Array:
    """The inverse of `beta_to_slider`."""
    return np.sinh(np.asarray(position, np.float64) * math.asinh(SLIDER_KNEE)) * beta_max / SLIDER_KNEE


def beta_nodes(beta_max: float, count: int) -> tuple[float, ...]:
    """`count` values of beta from 0 to beta_max at which codes are stored.

    Equally spaced on the slider, rounded to two significant digits; the inner one nearest to 1 is exactly 1.
    Raises ConfigError where the rounding would make two of them equal.
    """
    if count < 2:
        raise ConfigError(f"beta_nodes: expected at least 2 values, got {count}")
    raw = slider_to_beta(np.linspace(0, 1, count), beta_max)
    betas = [0.0, *(float(f"{beta:.1e}") for beta in raw[1:-1]), float(beta_max)]
    if count > 2 and beta_max > 1:
        position = float(beta_to_slider(1.0, beta_max))
        betas[min(max(round(position * (count - 1)), 1), count - 2)] = 1.0
    if any(low >= high for low, high in pairwise(betas)):
        raise ConfigError(
            f"beta_nodes: {count} values up to {beta_max} are too many for two significant digits"
        )
    return tuple(betas)

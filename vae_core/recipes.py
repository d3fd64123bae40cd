"""How the shipped models are made: one recipe per data set, which the command line takes its defaults from."""

from __future__ import annotations

from dataclasses import dataclass, field

from vae_core.config import TrainConfig, VAEConfig

# Betas are drawn a little past the slider's end, so that its end is not the end of what was learned.
TRAIN_MARGIN = 4 / 3

# Where nobody chooses beta_max, it is this much above the beta at which a linear VAE collapses.
COLLAPSE_MARGIN = 1.1


@dataclass(frozen=True)
class Recipe:
    """The choices behind a shipped model.

    beta_max: None lets it follow from the data. nodes: number of betas at which codes are stored. draws:
    draws of z per sample in the distortions of the card's curve, into which at most curve_samples training
    and as many test samples enter. threads: PyTorch threads; two gain little on networks of this size, and
    lose a lot where another program keeps a core busy. remark: a sentence for the card.
    """

    hidden: tuple[int, ...]
    likelihood: str = "gaussian"
    sigma_x: float = 0.25
    beta_max: float | None = None
    nodes: int = 25
    options: TrainConfig = field(default_factory=TrainConfig)
    seed: int = 0
    threads: int = 1
    draws: int = 4
    curve_samples: int = 10_000
    remark: str = ""

    def config(self, input_shape: tuple[int, ...], beta_collapse: float) -> VAEConfig:
        """The model's configuration, given the beta at which a linear VAE would collapse on the data."""
        beta_max = self.beta_max or float(f"{max(COLLAPSE_MARGIN * beta_collapse, 1e-3):.1e}")
        return VAEConfig(
            input_shape=input_shape,
            hidden=self.hidden,
            likelihood=self.likelihood,
            sigma_x=self.sigma_x,
            beta_max=beta_max,
            beta_train_max=float(f"{TRAIN_MARGIN * beta_max:.2e}"),
        )


# Widths of the hidden layers, by the word that a person chooses.
SIZES = {"small": (64, 64, 64), "medium": (128, 128, 128), "large": (256, 256, 256)}

# From so many samples on, a set without a recipe is trained as MNIST is, below as the digits are.
LARGE_SET = 10_000

IMAGES_28 = TrainConfig(epochs=40, batch=512, learning_rate=4e-3, warmup_steps=200)

# A training of a large set on a CPU that lasts less than so many seconds takes smaller batches: with a batch of 256,
# MNIST reaches the same loss in two thirds of the time below about 30 seconds, and is as good per second at 60.
SHORT_SECONDS = 45.0
SHORT_BATCH, SHORT_WARMUP = 256, 100

RECIPES = {
    "digits": Recipe(
        hidden=(128, 128, 128),
        beta_max=12.0,
        nodes=65,
        options=TrainConfig(epochs=240, batch=128, learning_rate=5e-3, uniform_share=0.1),
        seed=3,
        draws=16,
        remark="Epochs, the share of uniform betas and the seed were chosen by the loss of the held-out samples.",
    ),
    "mnist": Recipe(hidden=(256, 256, 256), likelihood="bernoulli", beta_max=32.0, options=IMAGES_28),
    "fashion-mnist": Recipe(
        hidden=(256, 256, 256), likelihood="bernoulli", beta_max=100.0, options=IMAGES_28
    ),
}

"""Two tiny models for tests, trained in seconds: a table with columns in units of its own, and pictures in colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from vae_core.checkpoints import save
from vae_core.config import TrainConfig, VAEConfig
from vae_core.datasets import Column, Dataset
from vae_core.evaluation import describe
from vae_core.statistics import image_statistics
from vae_core.stored import load, store
from vae_core.training import train

ROOT = Path(__file__).parents[1]
BETAS = (0.0, 0.3, 1.0, 2.0)
COLUMNS = (
    Column("height (cm)", 140.0, 200.0, 1),
    Column("<b>weight</b> [[kg]]", 45.0, 120.0, 0),
    Column("balance", -2500.0, 4000.0, 2),
    Column("a share with a rather long name that no list has room for", 0.001, 0.004, 4),
    Column("score", -1.0, 1.0, 3),
)


def table() -> Dataset:
    """150 rows of 5 numbers in three classes."""
    random = np.random.default_rng(0)
    labels = np.arange(150) % 3
    middles = np.array([[0.2, 0.3, 0.7, 0.2, 0.8], [0.6, 0.7, 0.3, 0.5, 0.3], [0.8, 0.4, 0.9, 0.8, 0.1]])
    rows = np.clip(middles[labels] + random.normal(0, 0.06, (150, 5)), 0, 1).astype(np.float32)
    return Dataset("people", "People", rows, labels, ("A", "B", "C"), np.arange(150) % 7 == 0, columns=COLUMNS)


def pictures() -> Dataset:
    """120 pictures of 6 by 5 pixels: a square in one of three colours, on a dark or a light ground."""
    random = np.random.default_rng(0)
    labels = np.arange(120) % 3
    colours = np.array([[0.9, 0.2, 0.1], [0.1, 0.8, 0.3], [0.2, 0.3, 0.95]])
    images = np.empty((120, 6, 5, 3))
    for i, label in enumerate(labels):
        images[i] = (0.1, 0.85)[i % 2]
        top, left = random.integers(0, 4), random.integers(0, 3)
        images[i, top : top + 3, left : left + 3] = colours[label]
    test = np.arange(120) % 6 == 5
    return Dataset("squares", "Squares", np.rint(255 * images).astype(np.uint8), labels, ("red", "green", "blue"), test)


def make(folder: Path, name: str, data: Dataset, home: Path) -> Dataset:
    """Store the data set below `home`, train a model of it and save that as `folder`/`name`; returns the stored set."""
    stored = load(home / "datasets" / store(data, home / "datasets"))
    torch.set_num_threads(1)
    config = VAEConfig(stored.input_shape, hidden=(24,), sigma_x=0.15, beta_max=BETAS[-1], beta_train_max=2.5)
    options = TrainConfig(epochs=40, batch=32, learning_rate=1e-2, warmup_steps=20)
    *_, last = train(stored, config, options=options, seed=0)
    model = last.model
    assert model is not None
    count = len(stored.train_images)
    record = {"seed": 0, "epochs": options.epochs, "complete": True, "samples": count, "seconds": 1.0}
    codes, card = describe(model, stored, BETAS, draws=2, curve_samples=60, training=record)
    save(folder / name, model, codes, card | {"name": name}, image_statistics(stored.images))
    return stored

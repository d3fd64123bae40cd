"""VAEs trained at one beta each, to compare the one network that serves every beta with: the `reference` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from vae_core.checkpoints import REFERENCES, check_target, save
from vae_core.config import VAEConfig
from vae_core.datasets import Dataset, load_dataset
from vae_core.evaluation import describe
from vae_core.progress_bar import ProgressBar, duration
from vae_core.recipes import RECIPES, Recipe
from vae_core.training import Progress, train
from vae_core.worker.stop_signal import INTERRUPTED

# About evenly spaced along the rate-distortion curve of the digits, from the plain autoencoder to nearly collapsed.
REFERENCE_TRAINED_BETAS = (0.0, 0.1, 0.35, 1.0, 3.2, 8.0)

REMARK = "Trained at this beta alone, with the network, the epochs and the seed of the model that serves every beta."


def make_references(options: argparse.Namespace) -> int:
    """Train, measure and save one VAE at each beta, as the parsed command line says; returns the exit status.

    Each is an ordinary model folder, OUT/reference/NAME/beta-B; each is written when it is complete.
    """
    data = load_dataset(options.dataset, options.data_dir)
    data.check()
    recipe = RECIPES[options.dataset]
    if options.epochs:
        recipe = replace(recipe, options=replace(recipe.options, epochs=options.epochs))
    torch.set_num_threads(recipe.threads)
    parent: Path = options.out / REFERENCES / (options.name or data.name)
    folders = {beta: parent / f"beta-{beta:g}" for beta in options.betas or REFERENCE_TRAINED_BETAS}
    for folder in folders.values():
        check_target(folder)
    done = 0
    try:
        for beta, folder in folders.items():
            seconds = make_reference(data, recipe, beta, folder)
            done += 1
            print(f"{folder}: trained in {duration(seconds)}", flush=True)
    except KeyboardInterrupt:
        print(f"\nStopped by Ctrl-C; {done} of {len(folders)} models are complete in {parent}.", file=sys.stderr)
        return INTERRUPTED
    return 0


def make_reference(data: Dataset, recipe: Recipe, beta: float, folder: Path) -> float:
    """Train one VAE at one beta and save it to `folder`; returns the seconds that training took."""
    bar = ProgressBar(f"beta {beta:g}", sys.stderr)
    config = single_beta_config(data.input_shape, recipe, beta)
    for progress in train(data, config, options=recipe.options, seed=recipe.seed):
        bar.update(progress.share, f"D {progress.distortion:.2f}  R {progress.rate:.2f} nats")
    assert progress.model is not None
    codes, card = describe(
        progress.model,
        data,
        (beta,),
        draws=recipe.draws,
        curve_samples=recipe.curve_samples,
        training=_training(progress, recipe, data),
        report=lambda share: bar.update(share, "measuring"),
    )
    bar.close()
    title = f"{data.title}, trained at \u03b2 = {beta:g} alone"
    save(folder, progress.model, codes, card | {"name": folder.name, "title": title})
    return progress.seconds


def single_beta_config(input_shape: Sequence[int], recipe: Recipe, beta: float) -> VAEConfig:
    """The recipe's network and loss without the modulation by beta."""
    shared = replace(recipe, beta_max=1.0).config(tuple(input_shape), 1.0)
    return replace(shared, degree=0, beta_max=float(beta), beta_train_max=float(beta))


def _training(progress: Progress, recipe: Recipe, data: Dataset) -> dict[str, Any]:
    options = recipe.options
    return {
        "seed": recipe.seed,
        "epochs": options.epochs,
        "epochs_done": progress.epoch,
        "complete": True,
        "batch": options.batch,
        "optimizer": "Adam",
        "learning_rate": options.learning_rate,
        "seconds": round(progress.seconds, 1),
        "samples": len(data.train_images),
        "threads": recipe.threads,
        "torch": torch.__version__,
        "remark": REMARK,
    }

"""From a data set's name to a checkpoint on disk: the `train` command; `table` and `statistics` for parts of it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from vae_core.checkpoints import (
    CARD,
    STATISTICS,
    CheckpointError,
    check_target,
    load_card,
    load_codes,
    load_model,
    save,
    save_statistics,
    save_table,
)
from vae_core.config import VAEConfig, beta_nodes
from vae_core.datasets import Dataset, DatasetError, load_dataset, load_images_uint8
from vae_core.evaluation import describe, table_with_distortion
from vae_core.models import VAE
from vae_core.objectives import collapse_beta
from vae_core.progress_bar import ProgressBar, duration
from vae_core.recipes import RECIPES, Recipe
from vae_core.statistics import image_statistics, levels_of
from vae_core.table import table_of
from vae_core.training import Progress, resolve_device, train

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended

# A checkpoint during training has codes at fewer betas and a curve of fewer samples: it must cost little.
DRAFT_NODES = 9
DRAFT_SAMPLES = 1000
DRAFT_DRAWS = 2
DRAFT_PATIENCE = 10  # the time between two of them is at least so many times what one takes


def make_model(options: argparse.Namespace) -> int:
    """Train, measure and save as the parsed command line says; returns the exit status."""
    data = load_dataset(options.dataset, options.data_dir)
    data.check()
    recipe = chosen_recipe(options)
    config = recipe.config(data.input_shape, _collapse(data, recipe))
    job = _Job(data, recipe, config, options)
    try:
        job.run()
    except KeyboardInterrupt:
        job.bar.close()
        print(f"Stopped by Ctrl-C; {job.kept()}", file=sys.stderr)
        return INTERRUPTED
    return 0


def make_table(folder: Path, options: argparse.Namespace) -> int:
    """Compute the table along beta of the model in `folder` and put it into its card; returns the exit status.

    The distortion is measured where the data set is at hand, else it is left out.
    """
    card, codes = load_card(folder), load_codes(folder)
    bar = ProgressBar(card["name"], sys.stderr)

    def report(share: float) -> None:
        bar.update(share, "the table along beta")

    try:
        data = load_dataset(card["dataset"], options.data_dir)
    except DatasetError as error:
        print(f"The distortion is left out: {error}", file=sys.stderr)
        table = table_of(codes, report=report)
    else:
        draws = RECIPES[card["dataset"]].draws if card["dataset"] in RECIPES else Recipe.draws
        table = table_with_distortion(load_model(folder), data, codes, draws=draws, report=report)
    bar.close()
    save_table(folder, table)
    print(f"{folder / CARD}: the table along beta, {len(table)} records")
    return 0


def make_statistics(folder: Path, options: argparse.Namespace) -> int:
    """Put the statistics of the data set of the model in `folder` beside it; returns the exit status.

    Raises DatasetError where the data set is not at hand, and CheckpointError where it is not the model's.
    """
    dataset = load_card(folder)["dataset"]
    statistics = image_statistics(load_images_uint8(dataset, options.data_dir), levels_of(dataset))
    save_statistics(folder, statistics)
    kind = "drawings" if statistics.drawing else "no drawings"
    print(f"{folder / STATISTICS}: {statistics.samples} samples of {len(statistics.mean)} pixels, {kind}")
    return 0


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """The data set's recipe with what the command line changes.

    Where the likelihood or sigma_x is another, beta_max follows from the data unless it is given too.
    """
    recipe = RECIPES[options.dataset]
    changes = {
        name: value
        for name in ("hidden", "likelihood", "sigma_x", "beta_max", "seed", "threads")
        if (value := getattr(options, name)) is not None
    }
    if changes.keys() & {"likelihood", "sigma_x"}:
        changes.setdefault("beta_max", None)
    schedule = {
        name: value
        for name in ("epochs", "batch", "learning_rate")
        if (value := getattr(options, name)) is not None
    }
    changed = replace(recipe, **changes, options=replace(recipe.options, **schedule))
    return changed if changed == recipe else replace(changed, remark="")


def _collapse(data: Dataset, recipe: Recipe) -> float:
    return collapse_beta(data.train_images, replace(recipe, beta_max=1.0).config(data.input_shape, 1.0))


class _Job:
    """One run of the `train` command and what it has written so far."""

    def __init__(self, data: Dataset, recipe: Recipe, config: VAEConfig, options: argparse.Namespace) -> None:
        self.data, self.recipe, self.config = data, recipe, config
        self.name = options.name or data.name
        self.folder: Path = options.out / self.name
        self.device = resolve_device(options.device).type
        self.save_every: float = options.save_every
        self.betas = beta_nodes(config.beta_max, recipe.nodes)
        self.bar = ProgressBar(self.name, sys.stderr)
        check_target(self.folder)
        self.finished_before = _is_finished(self.folder)
        self.saved_epoch: int | None = None

    def run(self) -> None:
        """Train, saving drafts on the way where no finished model would be lost, then measure and save."""
        torch.set_num_threads(self.recipe.threads)
        last = self._trained()
        assert last.model is not None
        self.bar.close()
        record = self._record(last, complete=True)
        self._save(
            last.model, record, self.betas, self.recipe.draws, self.recipe.curve_samples, self._measuring, table=True
        )
        self.bar.close()
        print(f"{self.folder}: {self.data.title}, trained in {duration(last.seconds)}")

    def kept(self) -> str:
        """What is on disk after an interruption, as the end of a sentence."""
        if self.saved_epoch is not None:
            return f"{self.folder} keeps the checkpoint of epoch {self.saved_epoch}."
        if self.finished_before:
            return f"{self.folder} is the model that was there before."
        return f"no checkpoint was complete yet, and nothing was written to {self.folder}."

    def _trained(self) -> Progress:
        due = time.perf_counter() + self.save_every
        records = train(
            self.data, self.config, options=self.recipe.options, seed=self.recipe.seed, device=self.device
        )
        for progress in records:
            self.bar.update(progress.step / progress.steps, self._status(progress))
            if time.perf_counter() >= due and progress.model is None and not self.finished_before:
                start = time.perf_counter()
                self._save_draft(progress)
                due = time.perf_counter() + max(
                    self.save_every, DRAFT_PATIENCE * (time.perf_counter() - start)
                )
        return progress

    def _status(self, progress: Progress) -> str:
        terms = f"D {progress.distortion:.2f}  R {progress.rate:.2f} nats"
        left = f"{duration(progress.seconds)}, {duration(progress.seconds_left)} left"
        return f"epoch {progress.epoch}/{self.recipe.options.epochs}  {terms}  {left}"

    def _measuring(self, share: float) -> None:
        self.bar.update(share, "measuring codes, D and R along beta")

    def _save_draft(self, progress: Progress) -> None:
        betas = beta_nodes(self.config.beta_max, min(DRAFT_NODES, self.recipe.nodes))
        record = self._record(progress, complete=False)
        self._save(progress.snapshot(), record, betas, DRAFT_DRAWS, DRAFT_SAMPLES, lambda share: None)
        self.saved_epoch = progress.epoch

    def _save(
        self,
        model: VAE,
        training: dict[str, Any],
        betas: tuple[float, ...],
        draws: int,
        samples: int,
        report: Callable[[float], None],
        *,
        table: bool = False,
    ) -> None:
        codes, card = describe(
            model, self.data, betas, draws=draws, curve_samples=samples, training=training, table=table, report=report
        )
        # A draft is soon replaced: only a finished model gets the data set's statistics.
        statistics = image_statistics(self.data.images, levels_of(self.data.name)) if table else None
        save(self.folder, model, codes, card | {"name": self.name}, statistics)

    def _record(self, progress: Progress, *, complete: bool) -> dict[str, Any]:
        """How the model was trained, for its card."""
        options = self.recipe.options
        return {
            "seed": self.recipe.seed,
            "epochs": options.epochs,
            "epochs_done": progress.epoch,
            "complete": complete,
            "batch": options.batch,
            "groups": options.groups,
            "optimizer": "Adam",
            "learning_rate": options.learning_rate,
            "warmup_steps": options.warmup_steps,
            "decay_share": options.decay_share,
            "uniform_share": options.uniform_share,
            "clip_norm": options.clip_norm,
            "seconds": round(progress.seconds, 1),
            "samples": len(self.data.train_images),
            "device": self.device,
            "threads": self.recipe.threads,
            "torch": torch.__version__,
            "remark": self.recipe.remark,
        }


def _is_finished(folder: Path) -> bool:
    """Whether a finished model is in the folder; an unreadable or interrupted one is not."""
    try:
        return bool(load_card(folder)["training"].get("complete", True))
    except CheckpointError:
        return False

"""One run of the `train` command: from data and options to a model's folder."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vae_core.checkpoints import CheckpointError, check_target, load_card, save, weight_shapes
from vae_core.config import TrainingError, beta_nodes
from vae_core.datasets import Dataset
from vae_core.engine.parallel import Group
from vae_core.evaluation import columns_of, describe
from vae_core.models import VAE
from vae_core.own_recipe import collapse, hurried, recipe_for
from vae_core.recipes import SIZES, Recipe
from vae_core.statistics import image_statistics, levels_of
from vae_core.subset import stored_index
from vae_core.training import Progress, Trainer, resolve_device
from vae_core.worker.live_folder import LiveFolder, read_resume
from vae_core.worker.loop import Worker
from vae_core.worker.resumed import resumed
from vae_core.worker.stop_signal import StopSignal
from vae_core.worker.voices import BarVoice, JsonVoice, Silence, Voice
from vae_core.worker.waiting import coarse_table, coarser

# A checkpoint during training has codes at fewer betas and a curve of fewer samples: it must cost little.
DRAFT_NODES = 9
DRAFT_SAMPLES = 1000
DRAFT_DRAWS = 2
DRAFT_PATIENCE = 10  # the time between two of them is at least so many times what one takes


class Job:
    """One run of the `train` command and what it has written so far.

    voice: how it speaks; folder: where the model goes.
    """

    def __init__(self, data: Dataset, options: argparse.Namespace, group: Group) -> None:
        self.data, self.group = data, group
        self.recipe = chosen_recipe(options, data)
        self._resume_from: Path | None = options.job if options.resume else None
        self._found = None if self._resume_from is None else read_resume(self._resume_from)
        torch.set_num_threads(self.recipe.threads)
        if self._found is None:
            self._collapse = collapse(data, self.recipe)
            self.config = self.recipe.config(data.input_shape, self._collapse)
        else:
            self.recipe, self.config = resumed(self.recipe, self._found[1], options)
            self._collapse = collapse(data, self.recipe)
        self.name = options.name or data.name
        self.title: str = options.title or data.title
        self.folder: Path = options.out / self.name
        self.device = resolve_device(options.device).type
        self.save_every: float = options.save_every
        self.betas = beta_nodes(self.config.beta_max, self.recipe.nodes)
        self.voice: Voice = _voice(options, self.name, group)
        self.stop: StopSignal = options.stop or StopSignal()
        check_target(self.folder)
        self.finished_before = _is_finished(self.folder)
        self.saved_epoch: int | None = None
        self._stores = options.job is not None
        self._live = self._live_folder(options.job) if self._stores and group.writes else None
        self._draft_due = time.perf_counter() + self.save_every

    def run(self) -> None:
        """Train, saving drafts on the way where no finished model would be lost, then measure and save.

        With a training folder its states take the place of the drafts.
        """
        trainer = self._trainer()
        worker = Worker(
            trainer,
            self.voice,
            group=self.group,
            stop=self.stop,
            folder=self._live,
            stores=self._stores,
            between=self._maybe_draft,
        )
        at_the_end = worker.train()
        if not self.group.writes or worker.parked:
            return
        if not at_the_end:
            self.voice.say("stopped", step=trainer.step, share=round(trainer.share, 6))
        self.voice.measuring(0.0)
        self._save(
            trainer.snapshot(),
            self._record(trainer, complete=at_the_end),
            self.betas,
            self.recipe.draws,
            self.recipe.curve_samples,
            self.voice.measuring,
            table=True,
        )
        self.voice.say(
            "finished",
            name=self.name,
            folder=str(self.folder),
            title=self.title,
            seconds=round(trainer.seconds, 1),
            complete=at_the_end,
        )

    def kept(self) -> str:
        """What is on disk after an interruption, as the end of a sentence."""
        if self.saved_epoch is not None:
            return f"{self.folder} keeps the checkpoint of epoch {self.saved_epoch}."
        if self.finished_before:
            return f"{self.folder} is the model that was there before."
        return f"no checkpoint was complete yet, and nothing was written to {self.folder}."

    def _trainer(self) -> Trainer:
        """The training, from its start or from where it was; all processes must agree on which."""
        found, self._found = self._found, None  # the trainer has copies
        if self.group.any(found is not None) and found is None:
            raise TrainingError(f"resume: expected {self._resume_from} to be the same folder for every process")
        if found is not None:
            _warn(found[1], self.group)
            return Trainer.resume(self.data, *found, device=self.device, group=self.group)
        return Trainer(
            self.data,
            self.config,
            options=self.recipe.options,
            seed=self.recipe.seed,
            device=self.device,
            group=self.group,
        )

    def _live_folder(self, folder: Path) -> LiveFolder:
        live = LiveFolder(folder, self.data, self.config)
        weights = sum(math.prod(shape) for shape in weight_shapes(self.config).values())
        live.ration_states(weights)
        card = {
            "name": self.name,
            "title": self.title,
            "dataset": self.data.name,
            "config": self.config.to_json(),
            "label_names": list(self.data.label_names),
            "beta_collapse": self._collapse,
            "parameters": weights,
            **columns_of(self.data),
        }
        live.write_start(card)
        return live

    def _maybe_draft(self, progress: Progress) -> None:
        """Save a draft where one is due; a training folder has its states, and needs none."""
        due = time.perf_counter() >= self._draft_due and progress.model is None
        if not due or self.finished_before or self._live is not None or not self.group.writes:
            return
        start = time.perf_counter()
        self._save_draft(progress)
        cost = time.perf_counter() - start
        self._draft_due = time.perf_counter() + max(self.save_every, DRAFT_PATIENCE * cost)

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
        stored, coarse = stored_part(self.data), table and self._stores
        codes, card = describe(
            model,
            stored,
            betas,
            draws=draws,
            curve_samples=samples,
            training=training,
            table=table and not coarse,
            beta_collapse=self._collapse,
            report=lambda share: report(share / 2 if coarse else share),
        )
        if coarse:
            card["table"] = coarse_table(
                model, stored, codes, draws=draws, report=lambda share: report((1 + share) / 2)
            )
        more: dict[str, Any] = {"name": self.name, "title": self.title}
        if stored is not self.data:
            more["subset"] = {"of": len(self.data.images), "seed": 0}
        # A draft is soon replaced: only a finished model gets the data set's statistics.
        statistics = image_statistics(stored.images, levels_of(stored.name)) if table else None
        save(self.folder, model, codes, card | more, statistics)

    def _record(self, at: Progress | Trainer, *, complete: bool) -> dict[str, Any]:
        """How the model was trained, for its card."""
        options = self.recipe.options
        return {
            "seed": self.recipe.seed,
            "epochs": at.epoch if options.seconds else options.epochs,
            "epochs_done": at.epoch,
            "complete": complete,
            "batch": options.batch,
            "groups": options.groups,
            "optimizer": "Adam",
            "learning_rate": options.learning_rate,
            "warmup_steps": options.warmup_steps,
            "decay_share": options.decay_share,
            "uniform_share": options.uniform_share,
            "clip_norm": options.clip_norm,
            "seconds": round(at.seconds, 1),
            "samples": len(self.data.images) - int(np.count_nonzero(self.data.test)),
            "device": self.device,
            "threads": self.recipe.threads,
            "torch": torch.__version__,
            "remark": self.recipe.remark,
            **({"processes": self.group.world} if self.group.world > 1 else {}),
        }


def chosen_recipe(options: argparse.Namespace, data: Dataset) -> Recipe:
    """The data set's recipe with what the command line changes.

    Where the likelihood or sigma_x is another, beta_max follows from the data unless it is given too. A short training
    of many samples takes smaller batches (`own_recipe.hurried`). A training that people look at is measured more
    coarsely, so that they need not wait.
    """
    recipe = recipe_for(data, likelihood=options.likelihood, sigma_x=options.sigma_x)
    if resolve_device(options.device).type == "cpu":
        recipe = hurried(recipe, data, options.seconds)
    if options.job is not None:
        recipe = coarser(recipe)
    changes: dict[str, Any] = {
        name: value
        for name in ("hidden", "beta_max", "seed", "threads")
        if (value := getattr(options, name)) is not None
    }
    if options.size is not None:
        changes["hidden"] = SIZES[options.size]
    schedule = {
        name: value
        for name in ("epochs", "seconds", "batch", "learning_rate")
        if (value := getattr(options, name)) is not None
    }
    changed = replace(recipe, **changes, options=replace(recipe.options, **schedule))
    return changed if changed == recipe else replace(changed, remark="")


def stored_part(data: Dataset) -> Dataset:
    """The samples whose codes a model holds, in the order of the data set (`vae_core.subset`)."""
    index = stored_index(len(data.images))
    if index is None:
        return data
    part = data.subset(index)
    return replace(part, extra_images=data.extra_images, extra_labels=data.extra_labels)


def _voice(options: argparse.Namespace, name: str, group: Group) -> Voice:
    if not group.writes:
        return Silence()
    return JsonVoice(sys.stdout) if options.json else BarVoice(name)


def _warn(facts: Mapping[str, Any], group: Group) -> None:
    """Say where the number of processes is another one than that of the training that goes on."""
    if group.writes and facts.get("processes") != group.world:
        print(
            f"This training had {facts.get('processes')} processes and goes on with {group.world}: from here on, the"
            " noise and the order of the samples are others than they would have been.",
            file=sys.stderr,
        )


def _is_finished(folder: Path) -> bool:
    """Whether a finished model is in the folder; an unreadable or interrupted one is not."""
    try:
        return bool(load_card(folder)["training"].get("complete", True))
    except CheckpointError:
        return False

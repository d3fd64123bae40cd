"""From a data set's name to a checkpoint on disk: the `train` command; `table` and `statistics` for parts of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vae_core.bring.measure import distortion_of_all
from vae_core.checkpoints import (
    CARD,
    STATISTICS,
    Codes,
    is_imported,
    load_card,
    load_codes,
    load_model,
    load_samples,
    save_statistics,
    save_table,
)
from vae_core.datasets import DatasetError, load_dataset, load_images_uint8
from vae_core.engine.parallel import join
from vae_core.evaluation import table_with_distortion
from vae_core.progress_bar import ProgressBar
from vae_core.recipes import RECIPES, Recipe
from vae_core.statistics import image_statistics, levels_of
from vae_core.table import table_of
from vae_core.worker.job import Job
from vae_core.worker.stop_signal import INTERRUPTED


def make_model(options: argparse.Namespace) -> int:
    """Train, measure and save as the parsed command line says; returns the exit status.

    Under torchrun every process trains, and the first one alone speaks and writes.
    """
    group = join(options.device)
    try:
        data = load_dataset(options.dataset, options.data_dir)
        data.check()
        job = Job(data, options, group)
        try:
            job.run()
        except KeyboardInterrupt:
            if group.writes:
                job.voice.close()
                print(f"Stopped by Ctrl-C; {job.kept()}", file=sys.stderr)
            return INTERRUPTED
    finally:
        group.leave()
    return 0


def make_table(folder: Path, options: argparse.Namespace) -> int:
    """Compute the table along beta of the model in `folder` and put it into its card; returns the exit status.

    The distortion is measured where the data set is at hand, else it is left out; an imported model's stands on its
    card.
    """
    card, codes = load_card(folder), load_codes(folder)
    bar = ProgressBar(card["name"], sys.stderr)

    def report(share: float) -> None:
        bar.update(share, "the table along beta")

    if is_imported(card):
        table = table_of(codes, report=report)
        for row, record in zip(table, card["curve"], strict=True):
            row["distortion"] = list(distortion_of_all(record, codes.test))
    else:
        table = _own_table(folder, card, codes, options, report)
    bar.close()
    save_table(folder, table)
    print(f"{folder / CARD}: the table along beta, {len(table)} records")
    return 0


def _own_table(
    folder: Path,
    card: dict[str, Any],
    codes: Codes,
    options: argparse.Namespace,
    report: Callable[[float], None],
) -> list[dict[str, Any]]:
    try:
        data = load_dataset(card["dataset"], options.data_dir)
    except DatasetError as error:
        print(f"The distortion is left out: {error}", file=sys.stderr)
        return table_of(codes, report=report)
    draws = RECIPES[card["dataset"]].draws if card["dataset"] in RECIPES else Recipe.draws
    return table_with_distortion(load_model(folder), data, codes, draws=draws, report=report)


def make_statistics(folder: Path, options: argparse.Namespace) -> int:
    """Put the statistics of the data set of the model in `folder` beside it; returns the exit status.

    Raises DatasetError where the data set is not at hand, and CheckpointError where it is not the model's.
    """
    card = load_card(folder)
    samples = load_samples(folder) if is_imported(card) else None
    if samples is None:
        samples = load_images_uint8(card["dataset"], options.data_dir)
    statistics = image_statistics(samples, levels_of(card["dataset"]))
    save_statistics(folder, statistics)
    kind = "drawings" if statistics.drawing else "no drawings"
    print(f"{folder / STATISTICS}: {statistics.samples} samples of {len(statistics.mean)} pixels, {kind}")
    return 0

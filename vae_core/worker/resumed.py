"""A recipe for going on with a training: its own one, as its state says; options that contradict it are refused."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vae_core.config import TrainConfig, TrainingError, VAEConfig
from vae_core.recipes import SIZES, Recipe


def resumed(recipe: Recipe, facts: Mapping[str, Any], asked: argparse.Namespace) -> tuple[Recipe, VAEConfig]:
    """The recipe and the configuration of the training whose state has these facts (`Trainer.state`).

    What follows from defaults may be another by now: the state decides. recipe: that of the command line, for what
    training does not depend on. Raises TrainingError where an option that was given differs from the state's, or the
    facts are no training's.
    """
    try:
        config, options = VAEConfig.from_json(facts["config"]), TrainConfig(**facts["options"])
        seed = int(facts["seed"])
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"state: expected that of a training, got another ({error})") from error
    _compare(config, options, seed, asked)
    changed = replace(
        recipe,
        hidden=config.hidden,
        likelihood=config.likelihood,
        sigma_x=config.sigma_x,
        options=options,
        seed=seed,
    )
    return (changed if changed == recipe else replace(changed, remark="")), config


def _compare(config: VAEConfig, options: TrainConfig, seed: int, asked: argparse.Namespace) -> None:
    was: dict[str, Any] = {
        "hidden": config.hidden,
        "likelihood": config.likelihood,
        "sigma_x": config.sigma_x,
        "beta_max": config.beta_max,
        "seed": seed,
        "epochs": None if options.seconds else options.epochs,
        "seconds": options.seconds,
        "batch": options.batch,
        "learning_rate": options.learning_rate,
    }
    given = {name: getattr(asked, name) for name in was}
    if asked.size is not None:
        given["hidden"] = SIZES[asked.size]
    for name, value in given.items():
        if value is not None and value != was[name]:
            option = "--" + name.replace("_", "-")
            raise TrainingError(
                f"{option}: expected {_shown(was[name])} as in the training that is resumed, got {_shown(value)}"
            )


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return ",".join(str(width) for width in value) if isinstance(value, tuple) else str(value)

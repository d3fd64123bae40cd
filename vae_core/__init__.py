"""The core of the latent space explorer: data sets, the beta-conditioned VAE, training, checkpoints, exact measures.

A table of contents. Names are handed on when they are first asked for (PEP 562), so that `load_codes` or
`AggregatePosterior` does not import torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae_core import figures, traversal
    from vae_core.bring.explore import explore
    from vae_core.bring.export import export
    from vae_core.checkpoints import (
        CheckpointError,
        Codes,
        list_models,
        load_card,
        load_codes,
        load_decoder,
        load_model,
        load_samples,
        load_statistics,
        load_weights,
        save,
        save_statistics,
        save_table,
    )
    from vae_core.config import (
        ConfigError,
        TrainConfig,
        TrainingError,
        VAEConfig,
        beta_nodes,
        beta_to_slider,
        slider_to_beta,
    )
    from vae_core.datasets import DATASETS, Column, Dataset, DatasetError, as_floats, load_dataset, load_images_uint8
    from vae_core.models import VAE
    from vae_core.objectives import collapse_beta, distortion, elbo, rate
    from vae_core.posterior import AggregatePosterior, Estimate
    from vae_core.projection import (
        Plane,
        alignments,
        dimension_table,
        ellipse_axes,
        plane_through,
        principal_plane,
        procrustes,
        project_codes,
    )
    from vae_core.statistics import ImageStatistics, image_statistics
    from vae_core.table import table_of
    from vae_core.training import Progress, train

_MODULES = {
    "bring.explore": ("explore",),
    "bring.export": ("export",),
    "checkpoints": (
        "CheckpointError",
        "Codes",
        "list_models",
        "load_card",
        "load_codes",
        "load_decoder",
        "load_model",
        "load_samples",
        "load_statistics",
        "load_weights",
        "save",
        "save_statistics",
        "save_table",
    ),
    "config": (
        "ConfigError",
        "TrainConfig",
        "TrainingError",
        "VAEConfig",
        "beta_nodes",
        "beta_to_slider",
        "slider_to_beta",
    ),
    "datasets": (
        "DATASETS",
        "Column",
        "Dataset",
        "DatasetError",
        "as_floats",
        "load_dataset",
        "load_images_uint8",
    ),
    "models": ("VAE",),
    "objectives": ("collapse_beta", "distortion", "elbo", "rate"),
    "projection": (
        "Plane",
        "alignments",
        "dimension_table",
        "ellipse_axes",
        "plane_through",
        "principal_plane",
        "procrustes",
        "project_codes",
    ),
    "posterior": ("AggregatePosterior", "Estimate"),
    "statistics": ("ImageStatistics", "image_statistics"),
    "table": ("table_of",),
    "training": ("Progress", "train"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "DATASETS",
    "VAE",
    "AggregatePosterior",
    "CheckpointError",
    "Codes",
    "Column",
    "ConfigError",
    "Dataset",
    "DatasetError",
    "Estimate",
    "ImageStatistics",
    "Plane",
    "Progress",
    "TrainConfig",
    "TrainingError",
    "VAEConfig",
    "alignments",
    "as_floats",
    "beta_nodes",
    "beta_to_slider",
    "collapse_beta",
    "dimension_table",
    "distortion",
    "elbo",
    "ellipse_axes",
    "explore",
    "export",
    "figures",
    "image_statistics",
    "list_models",
    "load_card",
    "load_codes",
    "load_dataset",
    "load_decoder",
    "load_images_uint8",
    "load_model",
    "load_samples",
    "load_statistics",
    "load_weights",
    "plane_through",
    "principal_plane",
    "procrustes",
    "project_codes",
    "rate",
    "save",
    "save_statistics",
    "save_table",
    "slider_to_beta",
    "table_of",
    "train",
    "traversal",
]


def __getattr__(name: str) -> Any:
    if name in ("figures", "traversal"):
        return import_module(f"vae_core.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'vae_core' has no attribute {name!r}")
    return getattr(import_module(f"vae_core.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__

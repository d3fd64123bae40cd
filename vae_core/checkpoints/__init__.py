"""Trained models on disk: a folder with model.safetensors, codes.safetensors and card.json, read strictly.

statistics.safetensors, the data set in numbers, may be there as well. Nothing that could run code is ever read, and
only `load_model` imports torch. This is the table of contents: loading.py reads, saving.py writes.
"""

from __future__ import annotations

from vae_core.checkpoints.card import CARD, CODES, FORMAT, MODEL, STATISTICS, CheckpointError
from vae_core.checkpoints.codes import SMALLEST_SIGMA, Codes
from vae_core.checkpoints.loading import (
    REFERENCES,
    fingerprint,
    list_models,
    list_references,
    load_card,
    load_codes,
    load_model,
    load_statistics,
    load_weights,
    weight_shapes,
)
from vae_core.checkpoints.saving import check_target, save, save_statistics, save_table

__all__ = [
    "CARD",
    "CODES",
    "FORMAT",
    "MODEL",
    "REFERENCES",
    "SMALLEST_SIGMA",
    "STATISTICS",
    "CheckpointError",
    "Codes",
    "check_target",
    "fingerprint",
    "list_models",
    "list_references",
    "load_card",
    "load_codes",
    "load_model",
    "load_statistics",
    "load_weights",
    "save",
    "save_statistics",
    "save_table",
    "weight_shapes",
]

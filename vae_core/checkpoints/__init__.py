"""Trained models on disk: a folder with model.safetensors, codes.safetensors and card.json, read strictly.

statistics.safetensors, the data set in numbers, may be there as well, and an imported model has files of its own
(imported.py). Nothing that could run code is ever read, and only `load_model` imports torch. This is the table of
contents: loading.py reads, saving.py writes, decoding.py decodes with NumPy alone.
"""

from __future__ import annotations

from vae_core.checkpoints.card import FORMAT, is_imported
from vae_core.checkpoints.codes import SMALLEST_SIGMA, Codes
from vae_core.checkpoints.decoding import Decoder, load_decoder
from vae_core.checkpoints.files import CARD, CODES, DECODES, MODEL, SAMPLES, STATISTICS, CheckpointError
from vae_core.checkpoints.imported import Grid, StoredDecoder, load_decoders, load_samples, save_imported
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
    "DECODES",
    "FORMAT",
    "MODEL",
    "REFERENCES",
    "SAMPLES",
    "SMALLEST_SIGMA",
    "STATISTICS",
    "CheckpointError",
    "Codes",
    "Decoder",
    "Grid",
    "StoredDecoder",
    "check_target",
    "fingerprint",
    "is_imported",
    "list_models",
    "list_references",
    "load_card",
    "load_codes",
    "load_decoder",
    "load_decoders",
    "load_model",
    "load_samples",
    "load_statistics",
    "load_weights",
    "save",
    "save_imported",
    "save_statistics",
    "save_table",
    "weight_shapes",
]

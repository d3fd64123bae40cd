"""A complete model so small that it is made in a moment: for tests of what happens to model folders and their zips."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from vae_core import VAE, Codes, VAEConfig, beta_nodes, image_statistics
from vae_core.checkpoints import fingerprint, save

CONFIG = VAEConfig(input_shape=(2, 3), hidden=(5,), beta_max=6.0, beta_train_max=8.0)
BETAS = beta_nodes(6.0, 5)
SAMPLES = 4


def row(beta: float) -> dict[str, Any]:
    """A record of the table along beta."""
    pair = [1.0, 0.001]
    return {
        "beta": beta, "rate": 2.0, "mutual_information": pair, "kl_to_prior": pair, "total_correlation": pair,
        "marginal_kl": [pair, pair], "mean_sigma": 0.5, "min_sigma": 0.1, "active_units": 2, "holes": [0.0, 0.1],
        "method": "grid", "distortion": [3.0, 0.1],
    }  # fmt: skip


def point(beta: float) -> dict[str, Any]:
    """A record of the curve."""
    part = {"distortion": 3.0, "rate": 2.0, "distortion_error": 0.1}
    return {"beta": beta, "train": part, "test": part, "mean_sigma": 0.5, "min_sigma": 0.1, "active_units": 2}


def make(folder: Path, **changes: Any) -> Path:
    """Write a model of 4 samples of 2×3 pixels into `folder`, with table, curve and statistics."""
    rng = np.random.default_rng(0)
    shape = (len(BETAS), SAMPLES, 2)
    mu, sigma = rng.normal(size=shape).astype(np.float16), rng.uniform(0.01, 1, shape).astype(np.float16)
    codes = Codes(np.array(BETAS), mu, sigma, np.array([0, 1, 1, 0], np.int32), np.array([0, 0, 0, 1], bool))
    card = {
        "name": folder.name, "title": "Tiny", "dataset": "tiny", "label_names": ["a", "b"], "beta_collapse": 2.0,
        "training": {"seconds": 1.5, "epochs": 3, "seed": 0, "remark": ""},
        "curve": [point(beta) for beta in BETAS], "table": [row(beta) for beta in BETAS], **changes,
    }  # fmt: skip
    save(folder, VAE(CONFIG, seed=1), codes, card, image_statistics(rng.random((SAMPLES, 2, 3))))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their names."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def zipped(contents: dict[str, bytes], inside: str = "tiny/", method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these files in one folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(inside + name, content)
    return packed.getvalue()


def with_card(contents: dict[str, bytes], **changes: Any) -> dict[str, bytes]:
    """The files with other fields in the card; None takes a field out."""
    card = {**json.loads(contents["card.json"]), **changes}
    text = json.dumps({name: value for name, value in card.items() if value is not None})
    return {**contents, "card.json": text.encode()}


def with_file(contents: dict[str, bytes], name: str, content: bytes) -> dict[str, bytes]:
    """The files with another one in place of one, and the card's fingerprint of it: these two agree."""
    prints = {**json.loads(contents["card.json"])["files"], name: fingerprint(content)}
    return with_card({**contents, name: content}, files=prints)

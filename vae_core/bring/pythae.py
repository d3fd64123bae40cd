"""Models that pythae saved: a folder with model_config.json and model.pt.

The networks that pythae makes by default are rebuilt here from their weights, so that pythae itself is not needed, and
nothing runs by pickle. Networks of one's own are saved by pythae as encoder.pkl and decoder.pkl: reading those runs the
code in them, which only happens where somebody trusts the folder.
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_core.bring.errors import ImportRefused
from vae_core.datasets import Dataset

CONFIG, WEIGHTS, OWN_NETWORKS = "model_config.json", "model.pt", ("encoder.pkl", "decoder.pkl")

# Models whose posterior is a diagonal Gaussian and whose prior is N(0, I); the others, and why they are none.
YES = (
    "VAE", "BetaVAE", "BetaTCVAE", "FactorVAE", "DisentangledBetaVAE", "IWAE", "MIWAE", "CIWAE", "PIWAE", "MSSSIM_VAE",
    "INFOVAE_MMD", "VAEGAN", "Adversarial_AE",
)  # fmt: skip
NO = {
    "AE": "its codes are points and no Gaussians",
    "RAE_GP": "its codes are points and no Gaussians",
    "RAE_L2": "its codes are points and no Gaussians",
    "WAE_MMD": "its codes are points and no Gaussians",
    "VQVAE": "its codes are entries of a table and no Gaussians",
    "SVAE": "its posteriors lie on a sphere and are no Gaussians",
    "PoincareVAE": "its latent space is curved",
    "VAMP": "its prior is a mixture and not N(0, I)",
    "VAE_LinNF": "its posteriors are bent by a flow and are no Gaussians",
    "VAE_IAF": "its posteriors are bent by a flow and are no Gaussians",
    "HVAE": "its posteriors are moved by Hamiltonian steps and are no Gaussians",
    "RHVAE": "its posteriors are moved by Hamiltonian steps and are no Gaussians",
}
WEIGHTED = ("BetaVAE", "MSSSIM_VAE")  # whose `beta` is the factor of the whole KL term


@dataclass(frozen=True)
class Pythae:
    """A model of pythae: what it is, and its networks as functions over tensors [n, *input_dim] and [n, latent_dim]."""

    name: str
    input_dim: tuple[int, ...]
    latent_dim: int
    beta: float
    likelihood: str
    described: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def read_pythae(folder: Path, *, trust: bool = False) -> Pythae:
    """The model in a folder that pythae saved. Raises ImportRefused, one sentence.

    trust: whether networks of one's own may be loaded, which runs code that stands in the folder.
    """
    try:
        return _read(folder, trust=trust)
    except ImportRefused:
        raise
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a folder may hold anything under the names of pythae's files
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        raise ImportRefused(f"{folder}: expected what pythae saves, but reading it fails with {reason}") from error


def _read(folder: Path, *, trust: bool) -> Pythae:
    config = _config(folder)
    name = str(config.get("name", "")).removesuffix("Config").removesuffix("_")
    if name not in YES:
        reason = NO.get(name, "this program does not know it")
        raise ImportRefused(f"{folder}: expected one of {', '.join(YES)} of pythae, got {name!r:.60}: {reason}")
    input_dim, latent_dim = _sizes(folder, config)
    own = [file for file in OWN_NETWORKS if (folder / file).exists()]
    if own and not trust:
        raise ImportRefused(
            f"{folder}: expected networks that pythae made, got {own[0]}, a network of one's own: reading it runs code"
            " that stands in that file; if you know where it comes from, say --trust"
        )
    encode, decode = _trusted(folder, name) if own else _default(folder, input_dim, latent_dim)
    beta = config.get("beta", 1.0) if name in WEIGHTED else 1.0
    if not (_is_number(beta) and beta >= 0):
        raise ImportRefused(f"{folder}: expected 'beta' to be a number of at least 0, got {beta!r:.60}")
    bernoulli = config.get("reconstruction_loss") == "bce"
    loss = "cross-entropy" if bernoulli else "squared error, which is σ_x = 1"
    extra = ", ".join(f"{key} {config[key]:g}" for key in ("alpha", "beta", "gamma") if _is_number(config.get(key)))
    return Pythae(
        name,
        input_dim,
        latent_dim,
        float(beta),
        "bernoulli" if bernoulli else "gaussian",
        f"{name} of pythae ({loss}{f'; {extra}' if extra else ''})"[:200],
        encode,
        decode,
    )


def fed(model: Pythae, data: Dataset) -> Any:
    """The samples of a data set as the model takes them, a tensor [N, *input_dim]. Raises ImportRefused."""
    import numpy as np
    import torch

    from vae_core.datasets import as_floats

    images = as_floats(data.images)
    shape = images.shape[1:]
    wanted = model.input_dim
    if len(shape) == 3 and (shape[2], *shape[:2]) == wanted:
        images = np.moveaxis(images, -1, 1)
    elif math.prod(shape) != math.prod(wanted) or (len(shape) == 3 and len(wanted) == 3):
        raise ImportRefused(
            f"{data.name}: expected samples of the shape {list(wanted)}, as the model was trained on, got"
            f" {list(shape)}"
        )
    return torch.from_numpy(np.ascontiguousarray(images).reshape(len(images), *wanted))


def _config(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ImportRefused(f"{folder}: expected the folder of a model that pythae saved, found none")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        inside = sorted(file.parent for file in folder.glob(f"*/{CONFIG}"))
        hint = f"; {inside[-1]} holds one" if inside else ""
        raise ImportRefused(f"{folder}: expected a {CONFIG}, as pythae writes it, found none{hint}") from error
    except (ValueError, OSError, RecursionError) as error:
        raise ImportRefused(f"{folder / CONFIG}: expected JSON, got something else ({error!s:.100})") from error
    if not isinstance(config, dict):
        raise ImportRefused(f"{folder / CONFIG}: expected a JSON object, got {type(config).__name__}")
    return config


def _sizes(folder: Path, config: dict[str, Any]) -> tuple[tuple[int, ...], int]:
    sizes, latent_dim = config.get("input_dim"), config.get("latent_dim")
    if not (isinstance(sizes, list) and sizes and all(isinstance(size, int) and size > 0 for size in sizes)):
        raise ImportRefused(f"{folder / CONFIG}: expected 'input_dim' to be a list of whole numbers, got {sizes!r:.60}")
    if not (isinstance(latent_dim, int) and latent_dim > 0):
        raise ImportRefused(f"{folder / CONFIG}: expected 'latent_dim' to be a whole number, got {latent_dim!r:.60}")
    return tuple(sizes), latent_dim


def _default(
    folder: Path, input_dim: tuple[int, ...], latent_dim: int
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Encoder and decoder of pythae's default perceptrons, from their weights alone."""
    import torch
    import torch.nn.functional as F

    try:
        saved = torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True)["model_state_dict"]
    except FileNotFoundError as error:
        raise ImportRefused(f"{folder}: expected {WEIGHTS}, as pythae writes it, found none") from error
    except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, EOFError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ImportRefused(f"{folder / WEIGHTS}: expected weights alone, got something else ({reason})") from error
    pixels, width = math.prod(input_dim), None
    weights: dict[str, Any] = {}
    for key, shape in {
        "encoder.layers.0.0": (None, pixels),
        "encoder.embedding": (latent_dim, None),
        "encoder.log_var": (latent_dim, None),
        "decoder.layers.0.0": (None, latent_dim),
        "decoder.layers.1.0": (pixels, None),
    }.items():
        weight, bias = (saved.get(f"{key}.{part}") for part in ("weight", "bias"))
        fits = isinstance(weight, torch.Tensor) and isinstance(bias, torch.Tensor) and weight.ndim == 2
        if not fits or any(side not in (None, found) for side, found in zip(shape, weight.shape, strict=True)):
            found = list(weight.shape) if isinstance(weight, torch.Tensor) else "none"
            raise ImportRefused(
                f"{folder / WEIGHTS}: expected the weights of pythae's default networks, {key}.weight for {CONFIG}'s"
                f" sizes, got {found}"
            )
        weights[key] = (weight.float(), bias.float())
        width = width or weight.shape[0]

    def encode(x: Any) -> Any:
        hidden = F.relu(F.linear(x.flatten(1), *weights["encoder.layers.0.0"]))
        return F.linear(hidden, *weights["encoder.embedding"]), F.linear(hidden, *weights["encoder.log_var"])

    def decode(z: Any) -> Any:
        hidden = F.relu(F.linear(z, *weights["decoder.layers.0.0"]))
        return torch.sigmoid(F.linear(hidden, *weights["decoder.layers.1.0"])).reshape(len(z), *input_dim)

    return encode, decode


def _trusted(folder: Path, name: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Networks of one's own, loaded by pythae: runs code that stands in the folder."""
    try:
        from pythae import models
    except ImportError as error:
        raise ImportRefused(
            f"{folder}: expected pythae, which reads networks of one's own, but it is not installed: pip install pythae"
        ) from error
    try:
        model = getattr(models, name).load_from_folder(str(folder)).eval()
    except Exception as error:  # whatever somebody's code raises
        reason = " ".join(str(error).split())[:200]
        raise ImportRefused(f"{folder}: expected a model that pythae can load, but it says: {reason}") from error

    def encode(x: Any) -> Any:
        return model.encoder(x)

    def decode(z: Any) -> Any:
        return model.decoder(z)

    return encode, decode


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

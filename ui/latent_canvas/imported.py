"""What travels of an imported model: its decoders' layers, or grids of decodes, and what its dimensions do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.running import runner_of
from vae_core.checkpoints import Codes, Grid, StoredDecoder
from vae_core.layers import Chain
from vae_core.projection import alignments, dimension_table, principal_plane

MOST_ROTATION_NUMBERS = 30_000  # they travel with the model as text: 7 betas of 64 dimensions

Record = dict[str, Any]


def imported_spec(card: Record, codes: Codes) -> Record:
    """What the canvas must know beyond what it knows of every model (ModelSpec in store.js).

    dimensions, principal: for each beta, of more than two dimensions. rotations: of several betas, row by row.
    """
    spec: Record = {
        "imported": True,
        "family": bool(card["imported"]["family"]),
        "latent_dim": card["config"]["latent_dim"],
    }
    if spec["latent_dim"] > 2:
        spec |= space_spec(codes)
    if len(codes.betas) > 1 and len(codes.betas) * spec["latent_dim"] ** 2 <= MOST_ROTATION_NUMBERS:
        spec["rotations"] = alignments(codes).reshape(len(codes.betas), -1).tolist()
    return spec


def space_spec(codes: Codes) -> Record:
    """What must be known of a latent space of more than two dimensions, of any model: what its dimensions do."""
    planes = [principal_plane(mu) for mu in codes.mu]
    return {
        "latent_dim": codes.mu.shape[2],
        "dimensions": [dimension_table(mu, sigma) for mu, sigma in zip(codes.mu, codes.sigma, strict=True)],
        "principal": [{"axes": plane.axes.tolist(), "share": list(share)} for plane, share in planes],
    }


def pack_decoders(
    card: Record, decoders: Sequence[StoredDecoder]
) -> tuple[Record, dict[str, NDArray[Any]], list[Record]]:
    """The decoders for the browser (StepsSpec in imported_decoder.js): spec, tensors, and what is said of the grids.

    Tensors: `weights`, float32, of all chains one after the other, and grid.{g}, bytes. Offsets count elements.
    """
    flat: list[NDArray[np.float32]] = []
    records: list[Record] = []
    for decoder in decoders:
        if decoder.chain is None:
            records.append({"served": runner_of(decoder) is not None, "why": decoder.why})
        else:
            records.append({"layers": _layers(decoder.chain, flat)})
    config = card["config"]
    spec = {
        "kind": "steps",
        "latent_dim": config["latent_dim"],
        "shape": list(config["input_shape"]),
        "beta": {"offset": config["beta_offset"], "train_max": config["beta_train_max"] or 1.0, "degree": 0},
        "decoders": records,
    }
    tensors: dict[str, NDArray[Any]] = {"weights": np.concatenate(flat) if flat else np.zeros(0, np.float32)}
    grids: list[Record] = []
    for k, decoder in enumerate(decoders):
        for grid in decoder.grids if decoder.chain is None else ():
            tensors[f"grid.{len(grids)}"] = grid.decodes
            grids.append(grid_spec(grid, k))
    return spec, tensors, grids


def grid_spec(grid: Grid, decoder: int) -> Record:
    """What is said of a grid of pictures (Grid in grid_decoder.js) of the decoder with this number."""
    plane = grid.plane
    return {
        "decoder": decoder,
        "axes": plane.axes.tolist(),
        "rest": plane.rest.tolist(),
        "bounds": list(grid.bounds),
        "side": len(grid.decodes),
    }


def _layers(chain: Chain, flat: list[NDArray[np.float32]]) -> list[Record]:
    """The records of a chain with the places of their parts, which are appended to `flat`."""
    start = sum(part.size for part in flat)
    records = []
    for i, layer in enumerate(chain.layers):
        record = dict(layer)
        if layer["kind"] == "dense":
            record["activation"] = "identity"
        for name, part in chain.tensors.items():
            number, _, which = name.partition(".")
            if number == str(i):
                record[which] = start
                flat.append(part.ravel())
                start += part.size
        records.append(record)
    return records

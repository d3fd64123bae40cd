"""A family: models of the same data that were trained at several betas, as one folder with a stepped slider.

Their maps have nothing to do with each other: each was trained from its own start, and may be turned and mirrored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.checkpoints import (
    CheckpointError,
    Codes,
    StoredDecoder,
    load_card,
    load_codes,
    load_decoders,
    load_samples,
    save_imported,
)

MOST_MEMBERS = 64


def check(card: dict[str, Any], folder: Path, beta: float, *, replace: bool) -> None:
    """Raise CheckpointError where the model of this card cannot take a member of this beta."""
    if not card.get("imported", {}).get("family"):
        raise CheckpointError(f"{folder}: expected a family of models or none, got a single model; it stays as it is")
    if beta in card["betas"] and not replace:
        raise CheckpointError(
            f"{folder}: expected no member of beta = {beta:g}, got one; say replace=True (--replace) to put this"
            " in its place"
        )
    if beta not in card["betas"] and len(card["betas"]) >= MOST_MEMBERS:
        raise CheckpointError(f"{folder}: expected at most {MOST_MEMBERS} members of a family, got one more")


def add(
    folder: Path,
    codes: Codes,
    decoder: StoredDecoder,
    card: dict[str, Any],
    samples: NDArray[Any] | None,
    *,
    replace: bool,
) -> None:
    """Put a member into the family in `folder`, which stays as it is until the new one is whole.

    codes: of one beta; decoder and card: the new member's, whose title counts where it has one of its own. The table
    along beta, if there was one, is not kept: it had no row of this beta. Raises CheckpointError
    where it is a model of other data.
    """
    before, there = load_card(folder), load_codes(folder)
    (beta,) = codes.betas.tolist()
    check(before, folder, beta, replace=replace)
    _check_same(folder, before, there, card, codes, samples)
    decoders = load_decoders(folder)
    kept = [k for k, other in enumerate(before["betas"]) if other != beta]
    betas = np.array(sorted([beta, *(before["betas"][k] for k in kept)]))
    place = int(np.searchsorted(betas, beta))

    def merged(old: Any, new: Any) -> list[Any]:
        items = [old[k] for k in kept]
        items.insert(place, new)
        return items

    whole = Codes(
        betas,
        np.stack(merged(there.mu, codes.mu[0])),
        np.stack(merged(there.sigma, codes.sigma[0])),
        there.labels,
        there.test,
    )
    ends = {"beta_max": float(betas[-1]), "beta_train_max": float(betas[-1])}
    new_card = {
        **{key: value for key, value in before.items() if key not in ("files", "table")},
        "title": before["title"] if card["title"] == folder.name else card["title"],
        "training": card["training"],
        "config": {**before["config"], **ends},
        "curve": merged(before["curve"], card["curve"][0]),
        "imported": {key: card["imported"][key] for key in ("source", "described", "family")},
    }
    save_imported(
        folder,
        codes=whole,
        decoders=merged(decoders, decoder),
        card=new_card,
        samples=load_samples(folder) if samples is not None else None,
        replace=True,
    )


def _check_same(
    folder: Path,
    before: dict[str, Any],
    there: Codes,
    card: dict[str, Any],
    codes: Codes,
    samples: NDArray[Any] | None,
) -> None:
    for field, words in (("latent_dim", "latent dimensions"), ("input_shape", "shape of a sample")):
        if before["config"][field] != card["config"][field]:
            raise CheckpointError(
                f"{folder}: expected the family's {words} {before['config'][field]}, got {card['config'][field]}"
            )
    for field in ("likelihood", "sigma_x"):
        if before["config"][field] != card["config"][field]:
            raise CheckpointError(
                f"{folder}: expected the family's {field} {before['config'][field]}, got {card['config'][field]}: D of"
                " its members could not be compared"
            )
    stored = load_samples(folder) if samples is not None else None
    if (
        not np.array_equal(there.labels, codes.labels)
        or not np.array_equal(there.test, codes.test)
        or before["label_names"] != card["label_names"]
        or (samples is not None and (stored is None or not np.array_equal(stored, samples)))
        or (samples is None and before["dataset"] != card["dataset"])
    ):
        raise CheckpointError(f"{folder}: expected the data of the family's other members, got others")

"""What the shipped models must reach, measured again from their weights and codes, not read from their cards."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from vae_core import Codes, load_card, load_codes, load_dataset, load_model
from vae_core.config import REFERENCE_BETAS
from vae_core.evaluation import measure

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
SHIPPED = ("digits", "mnist", "fashion-mnist")
NEIGHBOURS = 10
# Neighbours are looked up among this many samples of the large sets.
SOME = 3000
# A mean rate below this, in nats, is a collapsed posterior.
COLLAPSED = 0.05


def rates(codes: Codes) -> NDArray[np.float64]:
    """The rate of every sample at every stored beta, nats: [K, N]."""
    mu, sigma = codes.mu.astype(np.float64), codes.sigma.astype(np.float64)
    return np.asarray(0.5 * (mu**2 + sigma**2 - 1 - 2 * np.log(sigma)).sum(axis=2))


def neighbours(mu: NDArray[np.float32]) -> list[set[int]]:
    found = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(mu).kneighbors(mu, return_distance=False)
    return [set(row) - {i} for i, row in enumerate(found)]


def test_the_digits_reach_their_loss_on_training_and_held_out_samples() -> None:
    model, data = load_model(CHECKPOINTS / "digits"), load_dataset("digits")
    losses = {"train": [], "test": []}  # type: dict[str, list[float]]
    for beta in REFERENCE_BETAS:
        for part, images in (("train", data.train_images), ("test", data.test_images)):
            terms = measure(model, images, beta, draws=16, seed=11)
            losses[part].append(terms["distortion"] + beta * terms["rate"])
    assert np.mean(losses["train"]) <= -10.5
    assert np.mean(losses["test"]) <= -8.2


def test_mnist_reaches_its_bound_on_the_held_out_images(data_dir: Path | None) -> None:
    if data_dir is None:
        pytest.skip("the MNIST images are not on this computer")
    model, data = load_model(CHECKPOINTS / "mnist"), load_dataset("mnist", data_dir)
    terms = measure(model, data.test_images, 1.0, draws=4, seed=11)
    assert len(data.test_images) == 10_000
    assert terms["distortion"] + terms["rate"] <= 138


@pytest.mark.parametrize("name", SHIPPED)
def test_at_the_largest_beta_the_posterior_has_collapsed(name: str) -> None:
    assert rates(load_codes(CHECKPOINTS / name))[-1].mean() < COLLAPSED


@pytest.mark.parametrize("name", SHIPPED)
def test_at_beta_zero_the_gaussians_are_nearly_points(name: str) -> None:
    assert load_codes(CHECKPOINTS / name).sigma[0].astype(np.float64).mean() < 0.02


@pytest.mark.parametrize("name", SHIPPED)
def test_a_sample_keeps_most_of_its_neighbours_when_beta_turns(name: str) -> None:
    codes = load_codes(CHECKPOINTS / name)
    # Up to the collapse: where every Gaussian is the prior, the means differ by chance and nobody has neighbours.
    last = codes.betas[rates(codes).mean(axis=1) >= COLLAPSED][-1]
    betas = [beta for beta in REFERENCE_BETAS if beta <= last]
    maps = [neighbours(codes.at_beta(beta)[0][:SOME]) for beta in betas]
    kept = [np.mean([len(a & b) / NEIGHBOURS for a, b in zip(low, high, strict=True)]) for low, high in pairwise(maps)]
    assert np.mean(kept) >= 0.85


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_says_how_it_was_trained_and_what_it_reaches(name: str) -> None:
    card = load_card(CHECKPOINTS / name)
    assert card["training"]["complete"] is True
    assert card["training"]["seconds"] < 600
    assert {"seed", "epochs", "batch", "learning_rate"} <= card["training"].keys()
    assert [point["beta"] for point in card["curve"]][-1] == card["config"]["beta_max"]
    for point in card["curve"]:
        assert point["train"]["rate"] >= 0
        assert point["test"]["distortion_error"] < 0.25


def test_all_models_together_stay_under_thirty_megabytes() -> None:
    assert sum(file.stat().st_size for file in CHECKPOINTS.rglob("*") if file.is_file()) < 30e6


def test_mnist_and_fashion_mnist_have_codes_of_sixty_thousand_samples_at_25_betas() -> None:
    for name in ("mnist", "fashion-mnist"):
        assert load_codes(CHECKPOINTS / name).mu.shape == (25, 60_000, 2)

"""The coarser measuring of a model that somebody waits for: other numbers, but within their stated errors."""

from pathlib import Path

import numpy as np
import pytest

from vae_core import load_codes, load_dataset, load_model
from vae_core.evaluation import measure
from vae_core.recipes import RECIPES
from vae_core.worker.waiting import coarse_table, coarser, distortion_of_some

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"


@pytest.mark.parametrize("beta", [0.0, 1.0, 8.0])
def test_the_distortion_of_some_samples_is_that_of_all_within_its_error(beta: float) -> None:
    model, images = load_model(DIGITS), load_dataset("digits").images
    chosen = np.random.default_rng(1).choice(len(images), 500, replace=False)
    value, error = distortion_of_some(model, images, chosen, beta, draws=2)
    exact = measure(model, images, beta, draws=8)["distortion"]
    assert error > 0
    assert abs(value - exact) < 4 * error


def test_a_small_set_enters_whole_and_a_large_one_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae_core.worker.waiting.TABLE_SAMPLES", 400)
    reference = DIGITS.parent / "reference" / "digits" / "beta-1"
    model, codes, data = load_model(reference), load_codes(reference), load_dataset("digits")
    shares: list[float] = []
    (row,) = coarse_table(model, data, codes, draws=2, report=shares.append)
    stated = model.card["table"][0]
    assert row["mutual_information"] == pytest.approx(stated["mutual_information"], abs=0.01)
    assert abs(row["distortion"][0] - stated["distortion"][0]) < 4 * row["distortion"][1]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_it_is_never_finer_than_the_recipe() -> None:
    for recipe in RECIPES.values():
        less = coarser(recipe)
        assert less.nodes <= recipe.nodes
        assert less.draws <= recipe.draws
        assert less.curve_samples <= recipe.curve_samples
        assert less.options == recipe.options

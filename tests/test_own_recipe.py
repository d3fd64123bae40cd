"""The recipe for data that has none: the likelihood, sigma_x and settings that follow from the data."""

from dataclasses import replace

import numpy as np
import pytest

from vae_core import Dataset, DatasetError, load_dataset
from vae_core.cli import _parser
from vae_core.own_recipe import TARGET_COLLAPSE, collapse, hurried, recipe_for, suited_likelihood, suited_sigma_x
from vae_core.recipes import IMAGES_28, RECIPES
from vae_core.subset import stored_index
from vae_core.worker.job import chosen_recipe


def data_of(images: np.ndarray, name: str = "own-000000000000") -> Dataset:
    n = len(images)
    return Dataset(name, "Mine", images, np.zeros(n, np.int64), ("a",), np.zeros(n, bool))


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(0).uniform(size=(300, 6, 5)).astype(np.float32)


def test_sigma_x_puts_the_collapse_near_eleven(noise: np.ndarray) -> None:
    data = data_of(noise)
    sigma_x = suited_sigma_x(data)
    largest = np.linalg.eigvalsh(np.cov(noise.reshape(300, -1).T, bias=True))[-1]
    assert sigma_x == pytest.approx(np.sqrt(largest / TARGET_COLLAPSE), rel=0.05)
    assert collapse(data, recipe_for(data)) == pytest.approx(TARGET_COLLAPSE, rel=0.1)


def test_large_samples_collapse_later(noise: np.ndarray) -> None:
    large = data_of(np.tile(noise[:, :4, :4], (1, 4, 4)))  # 256 values, four times 64
    assert collapse(large, recipe_for(large)) == pytest.approx(2 * TARGET_COLLAPSE, rel=0.1)


def test_bytes_and_floats_give_the_same_recipe(noise: np.ndarray) -> None:
    as_bytes = np.rint(noise * 255).astype(np.uint8)
    assert recipe_for(data_of(as_bytes)) == recipe_for(data_of((as_bytes / 255).astype(np.float32)))


def test_held_out_samples_do_not_enter(noise: np.ndarray) -> None:
    test = np.arange(300) >= 150
    wild = np.concatenate([noise[:150], np.float32(noise[150:] > 0.5)])
    assert suited_sigma_x(replace(data_of(wild), test=test)) == suited_sigma_x(data_of(noise[:150]))


def test_only_pictures_in_black_and_white_are_bernoulli(noise: np.ndarray) -> None:
    strokes = (noise > 0.7).astype(np.float32)
    assert suited_likelihood(strokes) == "bernoulli"
    assert suited_likelihood(np.uint8(255 * strokes)) == "bernoulli"
    assert suited_likelihood(noise) == "gaussian"
    assert suited_likelihood(strokes.reshape(300, -1)) == "gaussian", "a table"
    assert suited_likelihood(np.stack([strokes] * 3, axis=-1)) == "gaussian", "colours"


def test_samples_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(DatasetError, match="all the same"):
        recipe_for(data_of(np.full((10, 4), 0.3, np.float32)))


def test_many_samples_are_trained_as_mnist_is() -> None:
    small = np.random.default_rng(0).uniform(size=(10_000, 2)).astype(np.float32)
    assert recipe_for(data_of(small)).options == IMAGES_28
    assert recipe_for(data_of(small[1:])).options == RECIPES["digits"].options


def test_a_short_training_of_many_samples_takes_smaller_batches() -> None:
    large = data_of(np.random.default_rng(0).uniform(size=(10_000, 2)).astype(np.float32))
    for recipe in (recipe_for(large), RECIPES["mnist"]):
        short = hurried(recipe, large, 44.9).options
        assert short == replace(recipe.options, batch=256, warmup_steps=100)
        assert short.learning_rate == 4e-3
        assert hurried(recipe, large, 45.0) == recipe
        assert hurried(recipe, large, None) == recipe, "its length is a number of epochs"
    small = large.subset(np.arange(9_999))
    assert hurried(recipe_for(small), small, 15.0) == recipe_for(small)


def test_the_command_takes_smaller_batches_unless_told_otherwise() -> None:
    large = data_of(np.random.default_rng(0).uniform(size=(10_000, 2)).astype(np.float32), name="mnist")

    def batch(*more: str) -> int:
        asked = _parser().parse_args(["train", "mnist", "--out", "x", "--seconds", "15", *more])
        return chosen_recipe(asked, large).options.batch

    assert batch() == 256
    assert batch("--job", "y") == 256
    assert batch("--batch", "512") == 512


def test_a_known_data_set_keeps_its_recipe_unless_the_likelihood_is_another() -> None:
    digits = load_dataset("digits")
    assert recipe_for(digits) is RECIPES["digits"]
    assert recipe_for(digits, likelihood="gaussian", sigma_x=0.25) is RECIPES["digits"]
    other = recipe_for(digits, likelihood="bernoulli")
    assert (other.likelihood, other.beta_max) == ("bernoulli", None)
    assert recipe_for(digits, sigma_x=0.5).beta_max is None


def test_a_model_of_very_many_samples_holds_some_of_them_in_their_order() -> None:
    assert stored_index(100_000) is None
    index = stored_index(1_000_000)
    assert index is not None
    assert len(index) == len(set(index.tolist())) == 100_000
    assert (np.diff(index) > 0).all()
    np.testing.assert_array_equal(index, stored_index(1_000_000))

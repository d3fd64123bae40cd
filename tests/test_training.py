"""Training: what it draws, what it reaches, that it repeats itself, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_core import VAE, Dataset, DatasetError, Progress, TrainConfig, TrainingError, VAEConfig, load_dataset, train
from vae_core.engine.backward import FlatWeights
from vae_core.evaluation import encode_codes, measure
from vae_core.models import FilmDense
from vae_core.training import Trainer, draw_betas, learning_rate_factor, resolve_device

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = VAEConfig(input_shape=(4,), hidden=(16, 16), beta_max=6.0, beta_train_max=8.0)
QUICK = TrainConfig(epochs=6, batch=32, warmup_steps=5)


def blobs(count: int = 256) -> Dataset:
    """Two kinds of samples, far apart: a latent space that holds one bit."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    images = np.where(labels[:, None] == 1, 0.9, 0.1) + rng.normal(0, 0.02, (count, 4))
    pixels = images.clip(0, 1).astype(np.float32)
    return Dataset("blobs", "Blobs", pixels, labels, ("low", "high"), np.zeros(count, bool))


def last(data: Dataset, config: VAEConfig = TINY, options: TrainConfig = QUICK, seed: int = 0) -> Progress:
    return list(train(data, config, options=options, seed=seed))[-1]


def test_betas_are_drawn_from_the_whole_range_a_share_of_them_uniformly() -> None:
    generator = torch.Generator().manual_seed(0)
    betas = torch.stack([draw_betas(16, TINY, 0.25, generator) for _ in range(400)])
    assert betas.min() >= 0
    assert betas.max() <= TINY.beta_train_max
    uniform, logarithmic = betas[:, :4], betas[:, 4:]
    assert uniform.mean() == pytest.approx(4.0, abs=0.1)
    # In log(beta + offset) the others are uniform too: their mean is the middle of that range.
    place = torch.log((logarithmic + 0.003) / 0.003) / np.log(8.003 / 0.003)
    assert place.mean() == pytest.approx(0.5, abs=0.02)


def test_every_batch_has_a_beta_from_each_stratum() -> None:
    betas = draw_betas(16, TINY, 0.0, torch.Generator().manual_seed(1))
    place = (torch.log((betas + 0.003) / 0.003) / np.log(8.003 / 0.003) * 16).floor()
    assert sorted(place.tolist()) == list(range(16))


@pytest.mark.parametrize("beta", [0.0, 0.35])
def test_a_network_that_does_not_see_beta_is_trained_at_its_own_alone(beta: float) -> None:
    config = replace(TINY, degree=0, beta_max=beta, beta_train_max=beta)
    assert draw_betas(16, config, 0.25, torch.Generator().manual_seed(0)).tolist() == pytest.approx([beta] * 16)
    assert last(blobs(), config).model is not None


def test_codes_too_large_to_store_are_refused() -> None:
    data, config = blobs(20), replace(TINY, degree=0, beta_max=0.0, beta_train_max=0.0)
    model = VAE(config)
    with torch.no_grad():
        head = model.encoder[-1]
        assert isinstance(head, FilmDense)
        head.bias[0] = 1e6
    with np.errstate(over="ignore"), pytest.raises(TrainingError, match="beta = 0: expected numbers that fit float16"):
        encode_codes(model, data, [0.0])


def test_the_learning_rate_rises_stays_and_falls_to_nothing() -> None:
    options = TrainConfig(warmup_steps=10, decay_share=0.3)
    shares = [learning_rate_factor(step, 100, options) for step in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9] == shares[50] == shares[70] == 1.0
    assert shares[85] == pytest.approx(0.5)
    assert 0 < shares[99] < 0.05


def first_step(options: TrainConfig) -> Trainer:
    trainer = Trainer(blobs(), TINY, options=options, seed=3)
    trainer.advance(steps=1)
    return trainer


def test_a_step_follows_the_gradient_of_the_loss_written_with_torch_distributions() -> None:
    trainer = first_step(replace(QUICK, clip_norm=1e9))
    twin, images = VAE(TINY, seed=3), torch.from_numpy(blobs().images)
    index = trainer._batches.indices(0, 0, 32)
    # Each of the 16 betas is shared by two samples that follow one another.
    betas = trainer._betas[0].clone().repeat_interleave(2)
    posterior = twin.encode(images[index], betas)
    pixels = Normal(twin.decode(posterior.loc + posterior.scale * trainer._noise[0].T.clone(), betas), TINY.sigma_x)
    rates = kl_divergence(posterior, Normal(0.0, 1.0)).sum(-1)
    loss = (betas * rates - pixels.log_prob(images[index]).sum(-1)).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    found = VAE(TINY)
    flat = FlatWeights(found)
    flat.values.copy_(trainer._loss.flat.gradient)
    for name, value in twin.named_parameters():
        assert torch.allclose(found.get_parameter(name), value.grad, rtol=1e-4, atol=1e-5), name


def test_a_long_gradient_is_cut_to_the_given_length() -> None:
    trainer = first_step(replace(QUICK, clip_norm=0.01))
    assert trainer._loss.flat.gradient.norm().item() == pytest.approx(0.01, rel=1e-4)


def test_training_yields_progress_and_at_the_end_a_model() -> None:
    records = list(train(blobs(), TINY, options=QUICK))
    assert [r.model is None for r in records[:-1]] == [True] * (len(records) - 1)
    final = records[-1]
    assert final.model is not None
    assert not final.model.training
    assert final.step == final.steps == 8 * QUICK.epochs
    assert final.epoch == QUICK.epochs
    assert final.seconds_left == 0
    assert records[0].seconds <= final.seconds


def test_the_trained_model_tells_the_two_kinds_apart_at_small_beta_and_forgets_them_at_large() -> None:
    data = blobs()
    model = last(data, options=replace(QUICK, epochs=60)).model
    assert model is not None
    codes = encode_codes(model, data, [0.01, 6.0])
    low, high = (codes.mu[0][data.labels == k].mean(axis=0) for k in (0, 1))
    assert np.linalg.norm(high - low) > 1.0
    assert measure(model, data.images, 0.01)["rate"] > 0.6  # about ln 2: which of the two
    assert measure(model, data.images, 6.0)["rate"] < measure(model, data.images, 0.01)["rate"]


def test_the_same_seed_gives_the_same_model_and_another_seed_another() -> None:
    first, again, other = (last(blobs(), seed=seed).model for seed in (3, 3, 4))
    assert first is not None
    assert again is not None
    assert other is not None
    assert all(np.array_equal(first.weights()[name], again.weights()[name]) for name in first.weights())
    assert not np.array_equal(first.weights()["encoder.0.weight"], other.weights()["encoder.0.weight"])


def test_training_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    last(blobs())
    assert torch.equal(torch.rand(3), expected)


def test_held_out_samples_do_not_enter_training() -> None:
    data = blobs()
    test = np.zeros(256, bool)
    test[128:] = True
    poisoned = data.images.copy()
    poisoned[128:] = 1.0
    split = replace(data, test=test)
    one, two = last(split).model, last(replace(split, images=poisoned)).model
    assert one is not None
    assert two is not None
    assert all(np.array_equal(one.weights()[name], two.weights()[name]) for name in one.weights())


@pytest.mark.parametrize(
    "images", [np.full((10, 4), np.nan, np.float32), np.zeros((1, 4), np.float32), np.zeros((10, 0), np.float32)]
)
def test_data_that_cannot_be_trained_on_are_refused_at_the_call(images: np.ndarray) -> None:  # type: ignore[type-arg]
    data = replace(blobs(len(images)), images=images)
    with pytest.raises(DatasetError):
        train(data, TINY)


def test_samples_of_another_shape_than_the_models_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"\(4,\).*\(8, 8\)"):
        train(load_dataset("digits"), TINY)


def test_a_loss_that_is_no_number_ends_training_with_advice() -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        last(blobs(), options=replace(QUICK, learning_rate=1e30, clip_norm=1e30))


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(TrainingError, match="cpu, cuda or auto"):
        resolve_device("quantum")
    assert resolve_device("cpu").type == "cpu"


def test_a_batch_larger_than_the_data_still_trains() -> None:
    assert last(blobs(20), options=replace(QUICK, batch=512)).model is not None

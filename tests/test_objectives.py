"""The terms of the loss, against torch.distributions and closed forms."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from vae_core import VAEConfig, collapse_beta, distortion, elbo, objectives, rate

GENERATOR = torch.Generator().manual_seed(0)


def test_rate_is_the_kl_divergence_from_the_prior() -> None:
    mu, log_var = torch.randn(20, 3, generator=GENERATOR), torch.randn(20, 3, generator=GENERATOR)
    expected = kl_divergence(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(-1)
    assert torch.allclose(rate(mu, log_var), expected, atol=1e-5)


def test_the_prior_itself_has_rate_zero() -> None:
    assert torch.equal(rate(torch.zeros(4, 2), torch.zeros(4, 2)), torch.zeros(4))


def test_the_gradient_of_the_rate_is_its_closed_form() -> None:
    mu, log_var = (torch.randn(20, 3, generator=GENERATOR, requires_grad=True) for _ in range(2))
    at_mu, at_log_var = torch.autograd.grad(rate(mu, log_var).sum(), (mu, log_var))
    assert torch.allclose(at_mu, mu)
    assert torch.allclose(at_log_var, 0.5 * (log_var.exp() - 1), atol=1e-6)


def test_gaussian_distortion_is_the_negative_log_density_summed_over_pixels() -> None:
    config = VAEConfig(input_shape=(5,), sigma_x=0.25)
    logits, x = torch.randn(8, 5, generator=GENERATOR), torch.rand(8, 5, generator=GENERATOR)
    expected = -Normal(torch.sigmoid(logits), 0.25).log_prob(x).sum(-1)
    assert torch.allclose(distortion(logits, x, config), expected, rtol=1e-5, atol=1e-4)


def test_bernoulli_distortion_is_the_negative_log_probability_summed_over_pixels() -> None:
    config = VAEConfig(input_shape=(5,), likelihood="bernoulli")
    logits = torch.randn(8, 5, generator=GENERATOR)
    x = (torch.rand(8, 5, generator=GENERATOR) < 0.5).float()
    expected = -Bernoulli(logits=logits).log_prob(x).sum(-1)
    assert torch.allclose(distortion(logits, x, config), expected, rtol=1e-5, atol=1e-5)


def test_the_elbo_weighs_the_rate_with_beta() -> None:
    assert torch.equal(elbo(torch.tensor(3.0), torch.tensor(2.0), 0.5), torch.tensor(-4.0))


def test_a_linear_gaussian_vae_collapses_at_the_largest_eigenvalue_over_the_noise_variance() -> None:
    x = np.random.default_rng(0).normal(size=(5000, 6)).astype(np.float32) * np.array([3, 2, 1, 1, 1, 0], np.float32)
    config = VAEConfig(input_shape=(6,), sigma_x=0.5)
    largest = np.linalg.eigvalsh(np.cov(x.T, bias=True))[-1]
    assert collapse_beta(x, config) == pytest.approx(largest / 0.25, rel=1e-4)


def test_a_linear_bernoulli_vae_collapses_at_the_largest_eigenvalue_of_the_whitened_covariance() -> None:
    x = (np.random.default_rng(0).random((4000, 4)) < np.array([0.2, 0.5, 0.7, 0.9])).astype(np.float32)
    x[:, 1] = x[:, 0]
    config = VAEConfig(input_shape=(4,), likelihood="bernoulli")
    # Of independent pixels the whitened covariance is the identity; two equal pixels make one eigenvalue of 2.
    assert collapse_beta(x, config) == pytest.approx(2.0, abs=0.05)


def test_images_that_never_change_collapse_at_once() -> None:
    assert collapse_beta(np.full((10, 3), 0.5, np.float32), VAEConfig(input_shape=(3,))) == 0.0


def test_the_collapse_of_bytes_in_a_file_without_the_held_out_ones_is_that_of_the_others_as_floats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (500, 3, 4), np.uint8)
    test = rng.random(500) < 0.3
    np.save(tmp_path / "samples.npy", images)
    config = VAEConfig(input_shape=(3, 4), likelihood="bernoulli")
    expected = collapse_beta(images[~test].astype(np.float32) / 255, config)
    monkeypatch.setattr(objectives, "PART", 70)  # several parts
    found = collapse_beta(np.load(tmp_path / "samples.npy", mmap_mode="r"), config, left_out=test)
    assert found == pytest.approx(expected, rel=1e-5)


def test_of_many_pixels_the_largest_eigenvalue_is_found_without_the_covariance_matrix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = np.random.default_rng(0).normal(size=(300, 40)).astype(np.float32) @ np.diag(np.linspace(1, 2, 40))
    config = VAEConfig(input_shape=(40,))
    expected = collapse_beta(x, config)
    monkeypatch.setattr(objectives, "DENSE_SIZE", 39)
    assert collapse_beta(x, config) == pytest.approx(expected, rel=1e-3)

"""The split of the rate: closed forms, identities, Monte Carlo, and errors that hold."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_core import AggregatePosterior, information, load_codes
from vae_core.information import Split, _aliasing, _by_component, component_rates, split_rate

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"


def at(beta: float, samples: int | None = None) -> AggregatePosterior:
    mu, sigma = load_codes(DIGITS).at_beta(beta)
    return AggregatePosterior(mu[:samples], sigma[:samples])


def test_a_posterior_that_is_the_prior_says_nothing() -> None:
    split = AggregatePosterior(np.zeros((20, 2)), np.ones((20, 2))).split()
    for part in (split.rate, split.mutual_information, split.kl_to_prior, split.total_correlation, *split.marginal_kl):
        assert part.value == pytest.approx(0, abs=1e-6)


def test_one_sample_has_no_mutual_information_and_the_closed_forms_kl() -> None:
    split = AggregatePosterior([[1.0, -0.5]], [[0.5, 2.0]]).split()
    by_dimension = [0.5 * (1 + 0.25 - 1) - np.log(0.5), 0.5 * (0.25 + 4 - 1) - np.log(2.0)]
    assert split.mutual_information.value == pytest.approx(0, abs=1e-6)
    assert split.kl_to_prior.value == pytest.approx(sum(by_dimension), abs=1e-5)
    assert [part.value for part in split.marginal_kl] == pytest.approx(by_dimension, abs=1e-5)
    assert split.total_correlation.value == pytest.approx(0, abs=1e-6)


def test_two_samples_far_apart_are_one_bit() -> None:
    split = AggregatePosterior([[-5.0, 0.0], [5.0, 0.0]], [[0.5, 1.0], [0.5, 1.0]]).split()
    assert split.mutual_information.value == pytest.approx(np.log(2), abs=1e-6)


def test_correlation_between_the_dimensions_of_q_is_total_correlation() -> None:
    # Two places on the diagonal: each coordinate alone takes two values, together they always agree.
    mu = np.array([[-5.0, -5.0], [5.0, 5.0]])
    split = AggregatePosterior(mu, np.full((2, 2), 0.5)).split()
    assert split.total_correlation.value == pytest.approx(np.log(2), abs=1e-6)


@pytest.mark.parametrize("rho", [0.3, 0.8])
def test_many_components_that_make_a_correlated_gaussian_have_its_total_correlation(rho: float) -> None:
    # Means along the diagonal as a Gaussian lies, each with the rest of the variance: q is N(0, [[1, ρ], [ρ, 1]]).
    along = np.sqrt(rho) * norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    split = AggregatePosterior(np.stack([along, along], axis=1), np.full((20_000, 2), np.sqrt(1 - rho))).split()
    assert split.total_correlation.value == pytest.approx(-0.5 * np.log(1 - rho**2), abs=5e-4)
    assert [part.value for part in split.marginal_kl] == pytest.approx([0, 0], abs=1e-4)


@pytest.mark.parametrize("beta", [0.0, 0.003, 0.03, 0.2, 1.0, 4.5, 12.0])
def test_the_identities_hold_on_the_digits(beta: float) -> None:
    q = at(beta)
    s = q.split(evaluations=3e7)
    exact_rate = float(0.5 * (q.mu**2 + q.sigma**2 - 1 - 2 * np.log(q.sigma)).sum(axis=1).mean())
    assert s.rate.value == pytest.approx(exact_rate, abs=1e-9)
    parts = s.mutual_information.value + s.kl_to_prior.value
    assert parts == pytest.approx(s.rate.value, abs=s.mutual_information.error + s.kl_to_prior.error + 1e-9)
    split_kl = s.total_correlation.value + sum(m.value for m in s.marginal_kl)
    errors = s.kl_to_prior.error + s.total_correlation.error + sum(m.error for m in s.marginal_kl)
    assert split_kl == pytest.approx(s.kl_to_prior.value, abs=errors + 1e-9)
    assert -s.mutual_information.error <= s.mutual_information.value <= np.log(q.samples) + s.mutual_information.error
    assert s.total_correlation.value >= -s.total_correlation.error


def test_at_beta_zero_the_encoder_names_nearly_every_sample() -> None:
    split = at(0.0).split(evaluations=3e7)
    assert split.method == "nodes"
    assert split.mutual_information.value == pytest.approx(np.log(1797), abs=0.1)
    assert split.kl_to_prior.value > 3


def test_grid_and_nodes_agree_where_both_resolve() -> None:
    q = at(1.0, samples=400)
    grid = q.split()
    kept, misfit, method = _by_component(q, seed=0, evaluations=1e9)
    assert (grid.method, method) == ("grid", "nodes")
    assert kept.value == pytest.approx(grid.mutual_information.value, abs=kept.error + grid.mutual_information.error)
    assert misfit.value == pytest.approx(grid.kl_to_prior.value, abs=misfit.error + grid.kl_to_prior.error)


def test_monte_carlo_agrees_with_the_grid() -> None:
    q = at(1.0)
    z = q.sample(40_000, seed=0)
    log_ratio = q.log_prob(z) + 0.5 * (z**2).sum(axis=1) + np.log(2 * np.pi)
    error = log_ratio.std() / np.sqrt(len(z))
    assert abs(q.split().kl_to_prior.value - log_ratio.mean()) < 4 * error


@pytest.mark.parametrize(("beta", "method"), [(0.0, "nodes"), (0.03, "grid"), (4.5, "grid")])
def test_the_kl_to_the_prior_is_that_of_draws_from_torchs_mixture(beta: float, method: str) -> None:
    q = at(beta, samples=300)
    split = q.split()
    components = Independent(Normal(torch.from_numpy(q.mu), torch.from_numpy(q.sigma)), 1)
    mixture = MixtureSameFamily(Categorical(torch.ones(300, dtype=torch.float64)), components)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        z = mixture.sample((20_000,))
    log_ratio = mixture.log_prob(z) - Normal(0.0, 1.0).log_prob(z).sum(-1)
    error = log_ratio.std().item() / len(z) ** 0.5
    assert split.method == method
    assert abs(split.kl_to_prior.value - log_ratio.mean().item()) < 4 * error + split.kl_to_prior.error


def test_a_random_part_of_the_components_comes_with_an_honest_standard_error() -> None:
    q = at(0.01)
    exact, _, _ = _by_component(q, seed=0, evaluations=1e9)
    scores = []
    for seed in range(12):
        part, _, _ = _by_component(q, seed=seed, evaluations=2e6)
        scores.append((part.value - exact.value) / part.error)
    assert np.abs(scores).max() < 4
    assert np.abs(scores).mean() < 1.6


def test_the_predicted_aliasing_bounds_the_error_of_the_mass() -> None:
    mu, sigma = np.array([[0.3]]), np.array([[0.1]])
    for step in (0.13, 0.2, 0.26):
        x = np.arange(-3, 3, step)
        mass = step * AggregatePosterior(mu, sigma).marginal(0, x).sum()
        assert abs(mass - 1) <= _aliasing(sigma[:, 0], step) * (1 + 1e-6) + 1e-12


@pytest.mark.parametrize("beta", [0.1, 1.0, 4.5])
@pytest.mark.parametrize("limit", [1e-2, 1e-3, 1e-4])
def test_the_error_of_a_coarse_grid_bounds_its_distance_from_a_fine_one(
    beta: float, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    q = at(beta)
    fine = q.split()
    monkeypatch.setattr(information, "ALIAS_AIM", limit)
    monkeypatch.setattr(information, "ALIAS_LIMIT", 2 * limit)
    coarse = q.split()
    assert coarse.method == "grid"
    for name in ("mutual_information", "kl_to_prior", "total_correlation"):
        part, exact = getattr(coarse, name), getattr(fine, name)
        assert abs(part.value - exact.value) <= part.error + exact.error


def test_rates_of_components_sum_to_the_rate() -> None:
    q = at(1.0)
    assert component_rates(q).sum(axis=1).mean() == pytest.approx(q.split().rate.value)


def test_many_dimensions_are_split_too() -> None:
    rng = np.random.default_rng(0)
    q = AggregatePosterior(rng.normal(size=(300, 6)), np.full((300, 6), 0.4))
    s: Split = split_rate(q, seed=0, evaluations=1e7)
    assert s.method == "draws"
    total = s.mutual_information.value + s.kl_to_prior.value
    assert total == pytest.approx(s.rate.value, abs=3 * (s.mutual_information.error + s.kl_to_prior.error))
    assert s.mutual_information.value <= np.log(300) + 3 * s.mutual_information.error
    assert len(s.marginal_kl) == 6

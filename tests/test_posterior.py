"""The aggregate posterior as a mixture: against SciPy, scikit-learn and sums written out."""

import doctest
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.mixture import GaussianMixture

from vae_core import AggregatePosterior, load_codes, posterior
from vae_core.information import Estimate

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"


def codes(n: int = 40, d: int = 2, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.uniform(0.05, 0.8, (n, d))


def brute(mu: NDArray[np.float64], sigma: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
    log_components = norm.logpdf(z[:, None, :], mu, sigma).sum(axis=2)
    return np.asarray(logsumexp(log_components, axis=1) - np.log(len(mu)))


@pytest.mark.parametrize("d", [1, 2, 5])
def test_log_prob_is_the_log_of_the_mean_of_all_gaussians(d: int) -> None:
    mu, sigma = codes(d=d)
    z = np.random.default_rng(1).normal(scale=2, size=(300, d))
    assert np.allclose(AggregatePosterior(mu, sigma).log_prob(z), brute(mu, sigma, z), atol=1e-9)


def test_log_prob_agrees_with_scikit_learns_gaussian_mixture() -> None:
    mu, sigma = codes()
    mixture = GaussianMixture(len(mu), covariance_type="diag")
    mixture.weights_, mixture.means_, mixture.covariances_ = np.full(len(mu), 1 / len(mu)), mu, sigma**2
    mixture.precisions_cholesky_ = 1 / sigma
    z = np.random.default_rng(2).normal(size=(200, 2))
    assert np.allclose(AggregatePosterior(mu, sigma).log_prob(z), mixture.score_samples(z), atol=1e-9)


def test_log_prob_far_from_all_data_stays_finite() -> None:
    mu, sigma = codes()
    z = np.array([[80.0, -60.0]])
    assert np.allclose(AggregatePosterior(mu, sigma).log_prob(z), brute(mu, sigma, z), rtol=1e-12)


def test_log_prob_keeps_the_shape_of_z() -> None:
    q = AggregatePosterior(*codes())
    assert np.shape(q.log_prob([0.0, 0.0])) == ()
    assert q.log_prob(np.zeros((3, 4, 2))).shape == (3, 4)


def test_draws_have_the_mixtures_mean_and_covariance() -> None:
    mu, sigma = codes()
    z = AggregatePosterior(mu, sigma).sample(200_000, seed=0)
    covariance = np.cov(mu.T, bias=True) + np.diag((sigma**2).mean(axis=0))
    assert np.abs(z.mean(axis=0) - mu.mean(axis=0)).max() < 0.01
    assert np.abs(np.cov(z.T) - covariance).max() < 0.02


def test_the_same_seed_draws_the_same_points() -> None:
    q = AggregatePosterior(*codes())
    assert np.array_equal(q.sample(5, seed=3), q.sample(5, seed=3))
    assert not np.array_equal(q.sample(5, seed=3), q.sample(5, seed=4))


def test_density_on_a_grid_is_q_at_its_points_row_by_row_of_y() -> None:
    mu, sigma = codes()
    x, y = np.linspace(-3, 3, 50), np.linspace(-2, 4, 70)
    density = AggregatePosterior(mu, sigma).density(x, y)
    assert density.shape == (70, 50)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    expected = np.exp(brute(mu, sigma, points)).reshape(70, 50)
    assert np.abs(density - expected).max() < 1e-6 * expected.max()


@pytest.mark.parametrize("beta", [0.0, 1.0, 12.0])
def test_density_in_single_precision_is_within_a_millionth_of_the_peak(beta: float) -> None:
    q = AggregatePosterior(*load_codes(DIGITS).at_beta(beta))
    x = np.linspace(-4, 4, 256)
    exact = q.density(x, x, dtype=np.float64)
    assert np.abs(q.density(x, x) - exact).max() < 1e-6 * exact.max()


def test_the_density_of_two_of_many_dimensions_is_theirs_alone() -> None:
    mu, sigma = codes(d=4)
    x = np.linspace(-3, 3, 40)
    whole = AggregatePosterior(mu, sigma).density(x, x, axes=(3, 1))
    part = AggregatePosterior(mu[:, [3, 1]], sigma[:, [3, 1]]).density(x, x)
    assert np.allclose(whole, part, atol=1e-7)


def test_a_marginal_is_the_mean_of_the_components_own() -> None:
    mu, sigma = codes()
    x = np.linspace(-4, 4, 200)[::-1]
    expected = norm.pdf(x[:, None], mu[:, 1], sigma[:, 1]).mean(axis=1)
    assert np.allclose(AggregatePosterior(mu, sigma).marginal(1, x), expected, atol=1e-12)


def test_covering_counts_the_ellipses_that_hold_a_place() -> None:
    mu, sigma = codes()
    z = np.random.default_rng(5).normal(size=(50, 2))
    expected = ((((z[:, None] - mu) / sigma) ** 2).sum(axis=2) <= 4).sum(axis=1)
    assert np.array_equal(AggregatePosterior(mu, sigma).covering(z, k=2), expected)


def test_covering_takes_the_edge_in() -> None:
    q = AggregatePosterior([[0.0, 0.0]], [[1.0, 0.5]])
    assert q.covering([2.0, 0.0], k=2) == 1
    assert q.covering([0.0, 1.001], k=2) == 0


@pytest.mark.parametrize(
    ("mu", "sigma", "says"),
    [
        ([[0.0, 0.0]], [[1.0]], "shape"),
        (np.zeros((0, 2)), np.zeros((0, 2)), r"\[0, 2\]|empty|at least one"),
        ([0.0, 1.0], [1.0, 1.0], r"\[N, d\]|shape"),
        ([[0.0, np.nan]], [[1.0, 1.0]], "finite|NaN"),
        ([[0.0, 0.0]], [[1.0, 0.0]], "above 0"),
        ([[0.0, 0.0]], [[1.0, -1.0]], "above 0"),
    ],
)
def test_codes_that_are_no_gaussians_are_refused(mu: object, sigma: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AggregatePosterior(mu, sigma)  # type: ignore[arg-type]


def test_a_place_of_another_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="2"):
        AggregatePosterior(*codes()).log_prob(np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"x": [], "y": [0.0]}, "x as a list of finite coordinates"),
        ({"x": [0.0], "y": [[0.0]]}, r"y as a list of finite coordinates, got an array of shape \[1, 1\]"),
        ({"x": [np.inf], "y": [0.0]}, "x as a list of finite coordinates"),
        ({"x": [0.0], "y": [0.0], "axes": (0, 2)}, "latent dimension from 0 to 1, got 2"),
        ({"x": [0.0], "y": [0.0], "dtype": np.float16}, "float32 or float64, got float16"),
    ],
)
def test_a_grid_without_a_density_is_refused(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AggregatePosterior(*codes()).density(**arguments)  # type: ignore[arg-type]


def test_places_draws_and_widths_that_make_no_sense_are_refused() -> None:
    q = AggregatePosterior(*codes())
    with pytest.raises(ValueError, match="finite points z"):
        q.log_prob([np.nan, 0.0])
    with pytest.raises(ValueError, match="at least 0, got -1"):
        q.sample(-1, seed=0)
    with pytest.raises(ValueError, match="finite number of at least 0, got -2"):
        q.covering([0.0, 0.0], k=-2)


def test_log_prob_does_not_depend_on_how_the_work_is_cut_up() -> None:
    mu, sigma = codes(n=500)
    z = np.random.default_rng(4).normal(scale=3, size=(700, 2))
    q = AggregatePosterior(mu, sigma)
    assert np.allclose(q.log_prob(z, chunk=100), q.log_prob(z), rtol=1e-13, atol=1e-13)


def test_the_density_of_the_narrowest_codes_is_exact_where_a_grid_point_hits_them() -> None:
    # sigma at the smallest that is stored; off by one float32 of the coordinate such a component would be missed.
    mu, sigma = np.array([[1.7, -2.3], [0.0, 0.0]]), np.array([[6.2e-5, 6.2e-5], [1.0, 1.0]])
    x, y = np.array([1.7, 1.7 + 6.2e-5]), np.array([-2.3])
    expected = np.exp(brute(mu, sigma, np.array([[x[0], y[0]], [x[1], y[0]]])))
    assert AggregatePosterior(mu, sigma).density(x, y)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.0, 0.03])
def test_the_split_of_the_digits_is_that_of_finer_nodes_within_its_error(beta: float) -> None:
    mu, sigma = load_codes(DIGITS).at_beta(beta)
    q = AggregatePosterior(mu[::15], sigma[::15])
    split = q.split()
    nodes, weights = np.polynomial.hermite_e.hermegauss(16)
    z = q.mu[:, None, None] + q.sigma[:, None, None] * np.stack(np.meshgrid(nodes, nodes), axis=-1)
    log_q = brute(q.mu, q.sigma, z.reshape(-1, 2)).reshape(len(q.mu), 16, 16)
    mean_log_q = np.einsum("nij,i,j->n", log_q, weights, weights).mean() / weights.sum() ** 2
    entropy = np.log(q.sigma).sum(axis=1).mean() + np.log(2 * np.pi * np.e)
    cross = 0.5 * (q.mu**2 + q.sigma**2).sum(axis=1).mean() + np.log(2 * np.pi)
    # Even 16 nodes are off by up to 1e-4 nats where components overlap; a grid is better than that.
    slack = 0.0 if split.method == "nodes" else 1e-4
    assert abs(split.mutual_information.value - (-mean_log_q - entropy)) <= split.mutual_information.error + slack
    assert abs(split.kl_to_prior.value - (mean_log_q + cross)) <= split.kl_to_prior.error + slack


def test_estimates_are_plain_floats_and_read_as_a_value_with_its_error() -> None:
    split = AggregatePosterior(*codes()).split()
    estimates = [split.rate, split.mutual_information, split.kl_to_prior, split.total_correlation, *split.marginal_kl]
    assert all(type(number) is float for part in estimates for number in (part.value, part.error))
    assert str(Estimate(5.08781, 4.6e-7)) == "5.0878 ± 5e-07"
    assert str(Estimate(-1e-9, 2e-8)) == "0.0000 ± 2e-08"


def test_a_split_prints_each_part_on_its_line_in_nats() -> None:
    split = AggregatePosterior(*codes()).split()
    lines = str(split).splitlines()
    assert [line.strip().split("  ")[0] for line in lines] == [
        "rate",
        "mutual information",
        "KL to the prior",
        "total correlation",
        "KL of z1 to the prior",
        "KL of z2 to the prior",
    ]
    assert lines[1].endswith(f"  {split.mutual_information} nats")


def test_the_documented_examples_are_right() -> None:
    assert doctest.testmod(posterior).failed == 0

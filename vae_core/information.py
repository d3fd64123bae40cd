"""The split of the rate: how much of it is information about the sample, and how much is misfit to the prior.

With q(z) the aggregate posterior, h(q) its entropy and all figures in nats:

    R  = mean over x of KL(q(z|x) ‖ p(z))         the rate, in closed form
    I  = h(q) - mean over x of h(q(z|x))          the mutual information of sample and code
    KL(q(z) ‖ p(z)) = E_q[log q - log p]          R = I + KL(q ‖ p)           (Hoffman and Johnson 2016)
    TC = E_q[log q - Σⱼ log q(zⱼ)]                KL(q ‖ p) = TC + Σⱼ KL(q(zⱼ) ‖ N(0, 1))   (Chen et al. 2018)

Expectations under q are integrals over a grid where a grid resolves the components. Where none does, they are
averages over components: Gauss–Hermite nodes of each in one or two dimensions, antithetic draws in more. log
q is exact, over all components, in every case. The marginals are one-dimensional, where a grid nearly always
resolves. On a grid each part is integrated by itself, so that the identities above check the result; by
components, TC is KL(q ‖ p) less the marginals' part, because log q(zⱼ) is too rough for a few nodes (off by
0.01 nats, measured).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from vae_core.posterior import AggregatePosterior

Array = NDArray[np.float64]

LOG_2PI = math.log(2 * math.pi)
# The grid ends this many standard deviations beyond the outermost components.
MARGIN = 7.0
# Grid points per axis: a first try, and the most, in one and in two dimensions.
FEWEST_POINTS = 96
MOST_POINTS = {1: 1 << 18, 2: 8192}
# Aliasing (share of the mass) to aim for, and the most that is let through at the largest grid.
ALIAS_AIM, ALIAS_LIMIT = 1e-7, 1e-4
# The error of an integral is 1 to 7 times the aliasing; tests/test_information.py checks the bound.
ALIAS_TO_NATS = 10.0
# Gauss–Hermite nodes per dimension, and the coarser rule whose difference from it bounds its error.
NODES, COARSE_NODES = 5, 3
# Random draws come in pairs ±ε; at least two pairs per component, so that their spread is known.
FEWEST_PAIRS, MOST_PAIRS = 2, 256
FEWEST_COMPONENTS = 256
# What one point costs beside its components, in evaluations.
POINT_COST = 300


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty: a bound where it was integrated, a standard error where it was drawn."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{round(self.value, 4) + 0.0:.4f} ± {self.error:.1g}"  # + 0.0: no -0.0000


@dataclass(frozen=True)
class Split:
    """What the rate consists of, in nats. `method` says how: "grid", "nodes" (Gauss–Hermite) or "draws"."""

    rate: Estimate
    mutual_information: Estimate
    kl_to_prior: Estimate
    total_correlation: Estimate
    marginal_kl: tuple[Estimate, ...]
    method: str

    def __str__(self) -> str:
        parts = {
            "rate": self.rate,
            "  mutual information": self.mutual_information,
            "  KL to the prior": self.kl_to_prior,
            "    total correlation": self.total_correlation,
            **{f"    KL of z{j} to the prior": part for j, part in enumerate(self.marginal_kl, start=1)},
        }
        width = max(map(len, parts))
        return "\n".join(f"{name:{width}}  {part} nats" for name, part in parts.items())


class Joint(NamedTuple):
    """The parts of the rate that belong to all dimensions together."""

    mutual_information: Estimate
    kl_to_prior: Estimate
    total_correlation: Estimate
    method: str


def split_rate(q: AggregatePosterior, *, seed: int, evaluations: float) -> Split:
    """Every part of the rate of q; see the module's docstring. Deterministic for a seed."""
    marginals = tuple(_joint(q.onto(j), (), seed, evaluations).kl_to_prior for j in range(q.dimensions))
    rate = Estimate(float(component_rates(q).sum(axis=1).mean()), 0.0)
    kept, misfit, correlation, method = _joint(q, marginals, seed, evaluations)
    return Split(rate, kept, misfit, correlation, marginals, method)


def component_rates(q: AggregatePosterior) -> Array:
    """½ (μ² + σ² - 1 - log σ²) of every component and dimension: KL to N(0, 1) -> [N, d]."""
    return 0.5 * (q.mu**2 + q.sigma**2 - 1) - np.log(q.sigma)


def _joint(q: AggregatePosterior, marginal_kl: tuple[Estimate, ...], seed: int, evaluations: float) -> Joint:
    grid = _resolving_grid(q) if q.dimensions in MOST_POINTS else None
    if grid:
        return _on_grid(q, *grid)
    kept, misfit, method = _by_component(q, seed, evaluations)
    if q.dimensions == 1:
        return Joint(kept, misfit, Estimate(0.0, 0.0), method)
    rest = misfit.value - sum(part.value for part in marginal_kl)
    error = math.hypot(misfit.error, *(part.error for part in marginal_kl))
    return Joint(kept, misfit, Estimate(rest, error), method)


# On a grid


def _resolving_grid(q: AggregatePosterior) -> tuple[list[Array], float] | None:
    """Equally spaced coordinates of each axis, and the aliasing to expect; None where the largest grid aliases."""
    low, high = (q.mu - MARGIN * q.sigma).min(axis=0), (q.mu + MARGIN * q.sigma).max(axis=0)
    axes, aliasing = [], 0.0
    for j in range(q.dimensions):
        count, alias = FEWEST_POINTS, math.inf
        while alias > ALIAS_AIM and count < MOST_POINTS[q.dimensions]:
            count = min(MOST_POINTS[q.dimensions], int(1.2 * count))
            alias = _aliasing(q.sigma[:, j], (high[j] - low[j]) / (count - 1))
        axes.append(np.linspace(low[j], high[j], count))
        aliasing += alias
    return (axes, aliasing) if aliasing <= ALIAS_LIMIT else None


def _aliasing(sigma: Array, step: float) -> float:
    """Relative error of a sum with this step for the mass of the mixture: its first Fourier term (Poisson)."""
    return float(2 * np.exp(-2 * (np.pi * sigma / step) ** 2).mean())


def _on_grid(q: AggregatePosterior, axes: list[Array], aliasing: float) -> Joint:
    integrals = _integrals_2d(q, axes) if len(axes) == 2 else _integrals_1d(q, axes)
    mass, log_q, log_p, log_marginals = integrals.tolist()
    error = ALIAS_TO_NATS * max(aliasing, abs(mass - 1))
    kept = -_mean_entropy(q) - log_q
    misfit, correlation = log_q - log_p, log_q - log_marginals
    return Joint(Estimate(kept, error), Estimate(misfit, error), Estimate(correlation, error), "grid")


def _integrals_1d(q: AggregatePosterior, axes: list[Array]) -> Array:
    """∫ q · (1, log q, log p, log q) dz; in one dimension the marginal is q itself."""
    (x,) = axes
    density = q.marginal(0, x)
    log_q = _log(density)
    integrals: Array = _sums(density, log_q, -0.5 * (x**2 + LOG_2PI), log_q) * (x[1] - x[0])
    return integrals


def _integrals_2d(q: AggregatePosterior, axes: list[Array]) -> Array:
    """∫∫ q · (1, log q, log p, Σⱼ log q(zⱼ)) dz, a tile of columns at a time."""
    x, y = axes
    log_x, log_y = _log(q.marginal(0, x)), _log(q.marginal(1, y))
    total = np.zeros(4)
    for tile, density in q.density_tiles(x, y):
        log_p = -0.5 * (x[tile] ** 2 + y[:, None] ** 2) - LOG_2PI
        total += _sums(density, _log(density), log_p, log_x[tile] + log_y[:, None])
    integrals: Array = total * (x[1] - x[0]) * (y[1] - y[0])
    return integrals


def _sums(density: Array, *terms: Array) -> Array:
    return np.array([density.sum(), *(np.vdot(density, term) for term in terms)])


def _log(density: Array) -> Array:
    """log, with 0 in place of -infinity: these places carry no mass."""
    return np.log(density, out=np.zeros_like(density), where=density > 0)


def _mean_entropy(q: AggregatePosterior) -> float:
    """Mean over x of h(q(z|x)) = Σⱼ ½ log(2πe σⱼ²)."""
    return float(np.log(q.sigma).sum(axis=1).mean() + 0.5 * q.dimensions * (LOG_2PI + 1))


# By component


def _by_component(q: AggregatePosterior, seed: int, evaluations: float) -> tuple[Estimate, Estimate, str]:
    """I and KL as averages over components: all of them where the evaluations allow it, else a random subset."""
    rng = np.random.default_rng(seed)
    points = int(evaluations / (q.samples * q.near_share(seed=seed) + POINT_COST))
    if q.dimensions in MOST_POINTS:
        chosen = _some_components(q, points // (NODES**q.dimensions + COARSE_NODES**q.dimensions), rng)
        values = _by_nodes(q, chosen, NODES)
        noise = np.zeros_like(values)
        bias = np.abs((values - _by_nodes(q, chosen, COARSE_NODES)).mean(axis=0))
    else:
        chosen = _some_components(q, points // (2 * FEWEST_PAIRS), rng)
        pairs = int(np.clip(points // (2 * len(chosen)), FEWEST_PAIRS, MOST_PAIRS))
        values, noise = _by_draws(q, chosen, pairs, rng)
        bias = np.zeros(2)
    means, errors = _population_means(q, chosen, values, noise)
    kept, misfit = (Estimate(float(m), math.hypot(e, b)) for m, e, b in zip(means, errors, bias, strict=True))
    return kept, misfit, "nodes" if q.dimensions in MOST_POINTS else "draws"


def _some_components(q: AggregatePosterior, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    if max(count, FEWEST_COMPONENTS) >= q.samples:
        return np.arange(q.samples)
    return np.sort(rng.choice(q.samples, size=max(count, FEWEST_COMPONENTS), replace=False))


def _by_nodes(q: AggregatePosterior, chosen: NDArray[np.intp], count: int) -> Array:
    """I and KL of the chosen components by the Gauss–Hermite rule of `count` nodes a dimension -> [m, 2]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    epsilon = np.array(list(product(nodes, repeat=q.dimensions)))
    weight = np.array([math.prod(some) for some in product(weights / weights.sum(), repeat=q.dimensions)])
    values: Array = np.einsum("k,mkt->mt", weight, _integrands(q, chosen, epsilon))
    return values


def _by_draws(
    q: AggregatePosterior, chosen: NDArray[np.intp], pairs: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """I and KL of the chosen components by draws ±ε, and the squared standard errors -> [m, 2] twice."""
    half = rng.standard_normal((len(chosen), pairs, q.dimensions))
    values = _integrands(q, chosen, np.concatenate([half, -half], axis=1))
    of_pairs = 0.5 * (values[:, :pairs] + values[:, pairs:])
    return of_pairs.mean(axis=1), of_pairs.var(axis=1, ddof=1) / pairs


def _integrands(q: AggregatePosterior, chosen: NDArray[np.intp], epsilon: Array) -> Array:
    """log q(z|x) - log q(z) and log q(z) - log p(z) at z = μ + σ·ε: ε [K, d] or [m, K, d] -> [m, K, 2]."""
    z = q.mu[chosen, None, :] + q.sigma[chosen, None, :] * epsilon
    own = -0.5 * (epsilon**2 + LOG_2PI).sum(axis=-1) - np.log(q.sigma[chosen]).sum(axis=1)[:, None]
    log_q = q.log_prob(z)
    log_p = -0.5 * (z**2 + LOG_2PI).sum(axis=-1)
    return np.stack([own - log_q, log_q - log_p], axis=-1)


def _population_means(
    q: AggregatePosterior, chosen: NDArray[np.intp], values: Array, noise: Array
) -> tuple[Array, Array]:
    """Means over all components from the chosen ones, and their standard errors: values, noise [m, 2] -> [2] each.

    A subset is corrected by regression on each dimension's rate, whose mean over all components is known. The
    error is that of two-stage sampling without replacement (Cochran, Sampling Techniques, 1977, chapter 10).
    """
    m, share = len(chosen), len(chosen) / q.samples
    within = noise.mean(axis=0) / m
    if share == 1:
        return values.mean(axis=0), np.sqrt(within)
    rates = component_rates(q)
    centred = np.column_stack([np.ones(m), rates[chosen] - rates.mean(axis=0)])
    fit, *_ = np.linalg.lstsq(centred, values, rcond=None)
    between = (values - centred @ fit).var(axis=0, ddof=centred.shape[1]) / m
    return fit[0], np.sqrt((1 - share) * between + share * within)

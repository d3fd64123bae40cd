"""The aggregate posterior of a set of codes: an exact mixture of diagonal Gaussians.

q(z) = (1/N) Σᵢ N(z; μᵢ, diag σᵢ²) is known in closed form (Hoffman and Johnson, "ELBO surgery", 2016), so its density
is computed, never estimated from draws. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vae_core.information import Estimate, Split, split_rate

__all__ = ["AggregatePosterior", "Estimate", "Split"]

Array = NDArray[np.float64]

LOG_2PI = math.log(2 * math.pi)
# A component reaches this many standard deviations far. What lies beyond is below the rounding of the sum.
REACH = {np.dtype(np.float32): 7.0, np.dtype(np.float64): 8.5}
# log_prob first leaves out components farther away than this, then repeats in full where that could have
# mattered.
NEAR = 12.0
# Relative error that leaving them out may cause in q(z).
NEAR_TOLERANCE = 1e-12
# Points that share one list of near components.
BLOCK_POINTS = 64
# Sides of a density's tiles, in grid points: below the first a matrix product is no longer worth its call,
# above the second the tiles of a fine grid need too much memory.
SHORTEST_TILE, LONGEST_TILE = 32, 512


class AggregatePosterior:
    """The mixture of all samples' posteriors, from codes mu and sigma [N, d], NumPy or anything that becomes it.

    >>> q = AggregatePosterior(mu=[[-1.0, 0.0], [1.0, 0.0]], sigma=[[0.5, 1.0], [0.5, 1.0]])
    >>> q.log_prob([0.0, 0.0]).round(3)
    np.float64(-3.145)
    >>> q.sample(3, seed=0).shape
    (3, 2)

    Raises ValueError where mu and sigma differ in shape, are empty or not [N, d], where a value is not finite
    or a sigma is not positive.
    """

    def __init__(self, mu: ArrayLike, sigma: ArrayLike) -> None:
        self.mu, self.sigma = _checked_codes(mu, sigma)
        self.samples, self.dimensions = self.mu.shape

    def log_prob(self, z: ArrayLike, *, chunk: int = 1 << 18) -> Array:
        """log q(z) in nats: z [..., d] -> [...], by log-sum-exp over every component.

        chunk: (point, component) pairs held in memory at once.
        """
        points = self._points(z)
        flat = points.reshape(-1, self.dimensions)
        log_q = self._near_log_prob(flat, chunk)
        rows = max(1, chunk // self.samples)
        far = np.flatnonzero(np.isneginf(log_q))
        for part in _parts(far, rows):
            log_q[part] = _log_sum_exp(self._log_components(flat[part]))
        shaped: Array = log_q.reshape(points.shape[:-1])[()]
        return shaped

    def sample(self, n: int, *, seed: int) -> Array:
        """n independent draws of q(z) -> [n, d]: a sample at random, then z = μ + σ·ε."""
        if n < 0:
            raise ValueError(f"expected a number of draws of at least 0, got {n}")
        rng = np.random.default_rng(seed)
        chosen = rng.integers(self.samples, size=n)
        return self.mu[chosen] + self.sigma[chosen] * rng.standard_normal((n, self.dimensions))

    def density(
        self, x: ArrayLike, y: ArrayLike, *, axes: tuple[int, int] = (0, 1), dtype: DTypeLike = np.float32
    ) -> Array:
        """q at every point of a grid: x [G], y [H] -> [H, G], row by row of y.

        With more than two dimensions it is the density of the two named ones. In float32 products, summed in
        float64, the error stays below 1e-6 of the peak; dtype=np.float64 takes about twice as long.
        """
        columns, rows = _coordinates(x, "x"), _coordinates(y, "y")
        values = np.zeros((len(rows), len(columns)))
        for tile, part in self.density_tiles(columns, rows, axes=axes, dtype=dtype):
            values[:, tile] = part
        return values

    def density_tiles(
        self,
        x: Array,
        y: Array,
        *,
        axes: tuple[int, int] = (0, 1),
        dtype: DTypeLike = np.float64,
        chunk: int = 1024,
    ) -> Iterator[tuple[slice, Array]]:
        """The density of a grid in tiles of columns, for grids too large to hold: (columns, q [len(y), columns]).

        The mixture of separable Gaussians is one matrix product, q = Bᵀ A / N with A[n, i] = N(xᵢ; μₙ₁, σₙ₁)
        and B[n, j] = N(yⱼ; μₙ₂, σₙ₂); each tile takes only the components that reach it. chunk: components at
        once.
        """
        kind = np.dtype(dtype)
        if kind not in REACH:
            raise ValueError(f"expected dtype float32 or float64, got {kind}")
        first, second = self._axis_reach(axes[0], kind), self._axis_reach(axes[1], kind)
        everything = np.arange(self.samples)
        for tile in _tiles(x, mean_reach=first.mean_reach):
            part = np.zeros((len(y), len(x[tile])))
            column = first.near(x[tile], everything)
            for rows in _tiles(y, mean_reach=second.mean_reach):
                for some in _parts(second.near(y[rows], column), chunk):
                    part[rows] += second.normal(y[rows], some).T @ first.normal(x[tile], some)
            yield tile, part / self.samples

    def marginal(self, j: int, x: ArrayLike, *, chunk: int = 1 << 16) -> Array:
        """Density of the coordinate zⱼ alone: x [G] -> [G]."""
        values = _coordinates(x, "x")
        axis = self._axis_reach(j, np.dtype(np.float64))
        order = np.argsort(values)
        result = np.empty(len(values))
        for tile in _tiles(values, mean_reach=axis.mean_reach):
            place = values[order[tile]]
            near = axis.near(place, np.arange(self.samples))
            parts = _parts(near, max(1, chunk // len(place)))
            result[order[tile]] = sum(axis.normal(place, some).sum(axis=0) for some in parts)
        return np.divide(result, self.samples)

    def covering(self, z: ArrayLike, k: float, *, chunk: int = 1 << 18) -> NDArray[np.int64]:
        """How many samples' k·σ ellipses hold z, the edge included: z [..., d] -> [...]."""
        if not (math.isfinite(k) and k >= 0):
            raise ValueError(f"expected k as a finite number of at least 0, got {k}")
        points = self._points(z)
        flat = points.reshape(-1, self.dimensions)
        counts = np.empty(len(flat), np.int64)
        for part in _parts(np.arange(len(flat)), max(1, chunk // self.samples)):
            squared = np.zeros((len(part), self.samples))
            for j, (mu, sigma) in enumerate(self._columns()):
                squared += ((flat[part, j, None] - mu) / sigma) ** 2
            counts[part] = (squared <= k * k).sum(axis=1)
        shaped: NDArray[np.int64] = counts.reshape(points.shape[:-1])[()]
        return shaped

    def onto(self, *axes: int) -> AggregatePosterior:
        """The aggregate posterior of some coordinates alone (its components are diagonal, so that is exact)."""
        chosen = [self._axis(j) for j in axes]
        return AggregatePosterior(self.mu[:, chosen], self.sigma[:, chosen])

    def split(self, *, seed: int = 0, evaluations: float = 1e8) -> Split:
        """What the rate consists of, each part with its error, in nats; see vae_core.information.

        evaluations: how many (point, component) pairs may be computed where no grid resolves the components.
        """
        return split_rate(self, seed=seed, evaluations=evaluations)

    def near_share(self, *, seed: int = 0, probes: int = 256) -> float:
        """Share of the components that log_prob has to visit for one draw of q(z), from some of the means."""
        chosen = np.random.default_rng(seed).integers(self.samples, size=probes)
        near = [(np.abs(self.mu[i] - self.mu) <= NEAR * self.sigma).all(axis=1).mean() for i in chosen]
        return float(np.mean(near))

    def _near_log_prob(self, points: Array, chunk: int) -> Array:
        """log q by the components near each point, -inf where the ones left out could matter: [M, d] -> [M].

        Summed without a running maximum: relative to the tallest component's peak, which cannot overflow.
        """
        peaks = -np.log(self.sigma).sum(axis=1) - 0.5 * self.dimensions * LOG_2PI
        top = float(peaks.max())
        left_out = self.samples * math.exp(-0.5 * NEAR**2)
        log_q = np.full(len(points), -np.inf)
        for block, near in self._neighbourhoods(points, np.arange(len(points)), np.arange(self.samples)):
            total = np.zeros(len(block))
            for some in _parts(near, max(1, chunk // BLOCK_POINTS)):
                total += np.exp(self._exponents(points[block], some, peaks[some] - top)).sum(axis=1)
            sure = total > left_out / NEAR_TOLERANCE
            log_q[block[sure]] = np.log(total[sure]) + top - math.log(self.samples)
        return log_q

    def _neighbourhoods(
        self, points: Array, block: NDArray[np.intp], near: NDArray[np.intp]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Halve a block of points until it is small; hand it on with the components that come near its box."""
        if not len(block):
            return
        low, high = points[block].min(axis=0), points[block].max(axis=0)
        reach = NEAR * self.sigma[near]
        near = near[((self.mu[near] - reach <= high) & (self.mu[near] + reach >= low)).all(axis=1)]
        if len(block) <= BLOCK_POINTS:
            yield block, near
            return
        halves = np.argpartition(points[block, np.argmax(high - low)], len(block) // 2)
        for half in np.array_split(halves, 2):
            yield from self._neighbourhoods(points, block[half], near)

    def _log_components(self, points: Array) -> Array:
        """log N(z; μᵢ, σᵢ) / N of every component: [M, d] -> [M, N]."""
        peaks = -np.log(self.sigma).sum(axis=1) - 0.5 * self.dimensions * LOG_2PI - math.log(self.samples)
        return self._exponents(points, slice(None), peaks)

    def _exponents(self, points: Array, some: NDArray[np.intp] | slice, peaks: Array) -> Array:
        """peak - ½ Σⱼ ((zⱼ - μⱼ) / σⱼ)² of some components: points [M, d], peaks [n] -> [M, n]."""
        exponents = np.repeat(peaks[None, :], len(points), axis=0)
        for j, (mu, sigma) in enumerate(self._columns()):
            t = points[:, j, None] - mu[some]
            t *= math.sqrt(0.5) / sigma[some]
            t *= t
            exponents -= t
        return exponents

    def _columns(self) -> Iterator[tuple[Array, Array]]:
        return zip(self.mu.T, self.sigma.T, strict=True)

    def _points(self, z: ArrayLike) -> Array:
        points = np.asarray(z, np.float64)
        if points.ndim == 0 or points.shape[-1] != self.dimensions:
            raise ValueError(f"expected points z of shape [..., {self.dimensions}], got {list(points.shape)}")
        if not np.isfinite(points).all():
            raise ValueError("expected finite points z, got NaN or infinity")
        return points

    def _axis_reach(self, j: int, dtype: np.dtype[Any]) -> _Axis:
        return _Axis(self.mu[:, self._axis(j)].copy(), self.sigma[:, j].copy(), dtype)

    def _axis(self, j: int) -> int:
        if not 0 <= j < self.dimensions:
            raise ValueError(f"expected a latent dimension from 0 to {self.dimensions - 1}, got {j}")
        return j


def _checked_codes(mu: ArrayLike, sigma: ArrayLike) -> tuple[Array, Array]:
    means, deviations = np.array(mu, np.float64, order="C"), np.array(sigma, np.float64, order="C")
    if means.shape != deviations.shape:
        shapes = f"{list(means.shape)} and {list(deviations.shape)}"
        raise ValueError(f"expected mu and sigma of the same shape [N, d], got {shapes}")
    if means.ndim != 2 or means.size == 0:
        raise ValueError(f"expected mu and sigma of shape [N, d] with N and d at least 1, got {list(means.shape)}")
    if not (np.isfinite(means).all() and np.isfinite(deviations).all()):
        raise ValueError("expected finite mu and sigma, got NaN or infinity")
    if deviations.min() <= 0:
        raise ValueError(f"expected every sigma above 0, got {deviations.min():g}")
    return means, deviations


def _coordinates(values: ArrayLike, name: str) -> Array:
    coordinates = np.asarray(values, np.float64)
    if coordinates.ndim != 1 or coordinates.size == 0 or not np.isfinite(coordinates).all():
        shape = list(coordinates.shape)
        raise ValueError(f"expected {name} as a list of finite coordinates, got an array of shape {shape}")
    return coordinates


class _Axis:
    """One dimension of every component, and how far each reaches in it."""

    def __init__(self, mu: Array, sigma: Array, dtype: np.dtype[Any]) -> None:
        reach = REACH[dtype] * sigma
        self.mu, self.sigma, self.dtype = mu, sigma, dtype
        self.low, self.high, self.mean_reach = mu - reach, mu + reach, float(reach.mean())

    def near(self, x: Array, some: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of some components that reach one of the coordinates or a place between them."""
        reaching: NDArray[np.intp] = some[(self.low[some] <= x.max()) & (self.high[some] >= x.min())]
        return reaching

    def normal(self, x: Array, some: NDArray[np.intp]) -> NDArray[Any]:
        """N(x; μ, σ) of some components: x [G] -> [n, G].

        The difference is taken in float64: in float32 it would lose a narrow component's place.
        """
        sigma = self.sigma[some, None]
        t = x - self.mu[some, None]
        t *= math.sqrt(0.5) / sigma
        density = t.astype(self.dtype, copy=False)
        density *= density
        np.negative(density, out=density)
        np.exp(density, out=density)
        density *= (1 / (math.sqrt(2 * math.pi) * sigma)).astype(self.dtype)
        return density


def _tiles(x: Array, *, mean_reach: float) -> Iterator[slice]:
    """Cut coordinates into runs about as long as a component reaches."""
    span = float(np.ptp(x))
    wanted = max(1, int(span / (2 * mean_reach)))
    width = int(np.clip(math.ceil(len(x) / wanted), SHORTEST_TILE, LONGEST_TILE))
    return (slice(start, start + width) for start in range(0, len(x), width))


def _parts(items: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _log_sum_exp(exponents: Array) -> Array:
    top = exponents.max(axis=1)
    total: Array = np.log(np.exp(exponents - top[:, None]).sum(axis=1)) + top
    return total

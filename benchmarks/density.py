"""The aggregate density of 70,000 codes on a 256 × 256 grid, beside scipy.stats.gaussian_kde at the same N and grid.

SciPy's is another density (one shared bandwidth for all points), so only its time is compared. It is timed on a
random part of the grid and scaled up: its cost is the same for every point. Both run in turns, on one thread each
(a second one helps ours on an idle machine and hinders it much on a busy one), and the medians count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from common import ROOT, machine, report
from numpy.typing import NDArray
from scipy.stats import gaussian_kde
from threadpoolctl import threadpool_limits

from vae_core import AggregatePosterior, load_codes

SAMPLES = 70_000
SIDE = 256
EXTENT = 4.0
TURNS = 5
KDE_POINTS = 2_048
BETAS = (0.0, 0.1, 1.0, 8.0, 32.0)

HEADER = """# Aggregate density, N = {samples:,}, {side} × {side} grid

The codes are those of checkpoints/mnist, {samples:,} drawn with replacement. One thread each, medians of {turns} turns.
Error is the largest difference from the float64 sum over every component, as a part of the peak. gaussian_kde is
another density (one bandwidth for all); it is timed at {points:,} of the {all:,} grid points and scaled up.

| β | mean σ | ours, ms | gaussian_kde, ms | ratio | error / peak |
|---|---|---|---|---|---|
"""


def main() -> None:
    codes = load_codes(ROOT / "checkpoints" / "mnist")
    chosen = np.random.default_rng(0).integers(len(codes.labels), size=SAMPLES)
    rows = []
    for beta in BETAS:
        mu, sigma = codes.at_beta(beta)
        with threadpool_limits(1):
            rows.append(compare(beta, mu[chosen], sigma[chosen]))
    header = HEADER.format(samples=SAMPLES, side=SIDE, turns=TURNS, points=KDE_POINTS, all=SIDE**2)
    report("density", header + "\n".join(rows) + f"\n\n{machine()}, NumPy {np.__version__}.")


def compare(beta: float, mu: NDArray[Any], sigma: NDArray[Any]) -> str:
    q, kde = AggregatePosterior(mu, sigma), gaussian_kde(mu.T)
    x = np.linspace(-EXTENT, EXTENT, SIDE)
    grid = np.stack(np.meshgrid(x, x)).reshape(2, -1)
    some = grid[:, np.random.default_rng(1).choice(grid.shape[1], KDE_POINTS, replace=False)]
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(seconds(lambda: q.density(x, x)))
        theirs.append(seconds(lambda: kde(some)) * grid.shape[1] / KDE_POINTS)
    error = largest_error(q, x)
    fast, slow = 1e3 * median(ours), 1e3 * median(theirs)
    return f"| {beta:g} | {sigma.mean():.3f} | {fast:,.0f} | {slow:,.0f} | {slow / fast:,.0f} | {error:.0e} |"


def largest_error(q: AggregatePosterior, x: NDArray[np.float64]) -> float:
    """Largest difference of the density from the plain float64 sum over all components, relative to the peak."""
    exact = np.zeros((len(x), len(x)))
    for part in np.array_split(np.arange(q.samples), 64):
        a, b = (normal(x, q.mu[part, j, None], q.sigma[part, j, None]) for j in (0, 1))
        exact += b.T @ a / q.samples
    return float(np.abs(q.density(x, x) - exact).max() / exact.max())


def normal(x: NDArray[np.float64], mu: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-0.5 * ((x - mu) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

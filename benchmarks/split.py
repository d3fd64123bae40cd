"""The split of the rate beside a plain Monte Carlo estimate of one of its parts with torch.distributions.

Plain Monte Carlo draws z from a MixtureSameFamily of all components and averages log q(z) - log p(z), which is
KL(q ‖ p). It is timed on a few draws and scaled up to as many as its standard error asks for, (sd / error)²: its
time is the same for every draw. Both run on one thread, float64, in turns, and the medians count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from common import ROOT, machine, report
from threadpoolctl import threadpool_limits
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_core import AggregatePosterior, load_codes
from vae_core.information import Split
from vae_core.table import EVALUATIONS

# Model, betas, and the error in nats that is good enough: where the split's is smaller, this one is asked of both.
CASES = (("digits", (0.0, 0.03, 1.0), 0.005), ("mnist", (0.0, 0.1, 1.0), 0.02))
TURNS = 3
TIMED_PAIRS = 24_000_000  # (draw, component) pairs in a timed batch of draws
SD_DRAWS = 20_000  # draws for the standard deviation of log q - log p

HEADER = """# The split of the rate, beside plain Monte Carlo

`AggregatePosterior.split(evaluations={evaluations:.0e})`, as the table along β calls it: mutual information, KL to the
prior, total correlation and both marginals' KL. Error is the largest of theirs: a bound where a grid or nodes
integrated, a standard error where only a part of the components was visited. Beside it: KL(q ‖ p) alone, by draws of a
torch.distributions.MixtureSameFamily, to the same standard error (column "at"). Where the split's error is below 0.005
nats (digits) or 0.02 (60,000 samples), Monte Carlo is asked for no more than these, so the ratio there is understated.
Monte Carlo is timed on a batch of draws and scaled up to the number it needs, (sd / error)². One thread each, float64,
medians of {turns} turns. Sampling from the mixture is counted in.

| model, N | β | method | split, s | error | at | draws needed | Monte Carlo, s | ratio | KL, split | KL, Monte Carlo |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    torch.set_num_threads(1)
    with threadpool_limits(1):
        rows = [compare(name, beta, enough) for name, betas, enough in CASES for beta in betas]
    header = HEADER.format(evaluations=EVALUATIONS, turns=TURNS)
    versions = f"NumPy {np.__version__}, torch {torch.__version__}"
    report("split", header + "\n".join(rows) + f"\n\n{machine()}, {versions}.")


def compare(name: str, beta: float, enough: float) -> str:
    q = AggregatePosterior(*load_codes(ROOT / "checkpoints" / name).at_beta(beta))
    mixture = torch_mixture(q)
    batch = max(20, TIMED_PAIRS // q.samples)
    ours, theirs, draws = [], [], []
    for turn in range(TURNS):
        ours.append(seconds(lambda: q.split(evaluations=EVALUATIONS)))
        torch.manual_seed(turn)  # MixtureSameFamily takes no generator
        theirs.append(seconds(lambda: draws.append(log_ratios(mixture, batch))) / batch)
    split = q.split(evaluations=EVALUATIONS)
    error = max(largest_error(split), enough)
    spread = standard_deviation(q)
    needed = math.ceil((spread / error) ** 2)
    fast, slow = median(ours), needed * median(theirs)
    found = torch.cat(draws)
    return (
        f"| {name}, {q.samples:,} | {beta:g} | {split.method} | {fast:.2f} | {largest_error(split):.1g} | {error:.3f} "
        f"| {needed:,} | {slow:,.1f} | {slow / fast:,.1f} "
        f"| {split.kl_to_prior.value:.4f} | {found.mean():.3f} ± {found.std() / math.sqrt(len(found)):.3f} |"
    )


def torch_mixture(q: AggregatePosterior) -> MixtureSameFamily:
    components = Independent(Normal(torch.from_numpy(q.mu), torch.from_numpy(q.sigma)), 1)
    return MixtureSameFamily(Categorical(torch.ones(q.samples, dtype=torch.float64)), components)


def log_ratios(mixture: MixtureSameFamily, count: int) -> torch.Tensor:
    """log q(z) - log p(z) at draws of q -> [count], a part at a time so that memory stays small."""
    parts = []
    for size in parts_of(count, max(1, 2_000_000 // mixture.mixture_distribution.probs.numel())):
        z = mixture.sample((size,))
        parts.append(mixture.log_prob(z) + 0.5 * (z**2 + math.log(2 * math.pi)).sum(-1))
    return torch.cat(parts)


def parts_of(count: int, size: int) -> list[int]:
    return [min(size, count - start) for start in range(0, count, size)]


def standard_deviation(q: AggregatePosterior) -> float:
    """Of log q - log p under q; by our own log_prob, because only the number of draws hangs on it."""
    z = q.sample(SD_DRAWS if q.samples < 10_000 else SD_DRAWS // 5, seed=1)
    return float((q.log_prob(z) + 0.5 * (z**2).sum(axis=1)).std())


def largest_error(split: Split) -> float:
    parts = (split.mutual_information, split.kl_to_prior, split.total_correlation, *split.marginal_kl)
    return max(part.error for part in parts)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

"""The table along beta: what the rate consists of at every stored beta, computed from the codes alone. NumPy only.

One JSON-ready record per beta, in nats per sample; a pair is a value and its error:

    beta, rate (exact), mutual_information, kl_to_prior, total_correlation, marginal_kl (a pair per dimension),
    mean_sigma, min_sigma, active_units, holes (share of the prior's draws), method (as in vae_core.information),
    and distortion where the model and its data were at hand (vae_core.evaluation).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from vae_core.checkpoints import Codes
from vae_core.information import Estimate
from vae_core.posterior import AggregatePosterior
from vae_core.traversal import prior_draws

ACTIVE_VARIANCE = 0.01  # a unit is active where Var_x mu_j(x) is larger (Burda et al. 2016)
# A place is a hole where q(z) is below this share of p(z): draws of the prior land there ten times as often as codes.
HOLE = 0.1
# Draws of the prior that are tried for holes, the same at every beta; (draws, components) pairs stay below the second.
HOLE_DRAWS, HOLE_PAIRS = 4000, 1.2e8
# (point, component) pairs of a split where no grid resolves: errors stay below 0.005 nats for 1,797 samples and
# below 0.02 for 60,000.
EVALUATIONS = 4e8


def table_of(
    codes: Codes,
    *,
    report: Callable[[float], None] = lambda share: None,
    seed: int = 0,
    evaluations: float = EVALUATIONS,
) -> list[dict[str, Any]]:
    """The table of a model's codes; report is called with the share that is done.

    evaluations: as in `AggregatePosterior.split`; fewer are faster, with larger errors where no grid resolves.
    Deterministic for a seed. Raises ValueError where codes are not finite or a sigma is not positive.
    """
    table = []
    for k, beta in enumerate(codes.betas):
        q = AggregatePosterior(codes.mu[k], codes.sigma[k])
        table.append({"beta": float(beta), **_record(q, seed, evaluations)})
        report((k + 1) / len(codes.betas))
    return table


def _record(q: AggregatePosterior, seed: int, evaluations: float) -> dict[str, Any]:
    split = q.split(seed=seed, evaluations=evaluations)
    return {
        "rate": split.rate.value,
        "mutual_information": _pair(split.mutual_information),
        "kl_to_prior": _pair(split.kl_to_prior),
        "total_correlation": _pair(split.total_correlation),
        "marginal_kl": [_pair(part) for part in split.marginal_kl],
        "mean_sigma": float(q.sigma.mean()),
        "min_sigma": float(q.sigma.min()),
        "active_units": int((q.mu.var(axis=0) > ACTIVE_VARIANCE).sum()),
        "holes": _pair(holes(q, seed=seed)),
        "method": split.method,
    }


def holes(q: AggregatePosterior, *, seed: int = 0) -> Estimate:
    """Share of the prior's draws that land where q(z) < p(z) / 10, with its standard error.

    The error is that of a share with one hit and one miss more (Agresti and Coull 1998), so that none among n
    draws is not taken for certainty.
    """
    draws = int(min(HOLE_DRAWS, max(500, HOLE_PAIRS / q.samples)))
    z = prior_draws(draws, dimensions=q.dimensions, seed=seed)
    log_p = -0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=1)
    hits = int(np.count_nonzero(q.log_prob(z) < log_p + math.log(HOLE)))
    share = (hits + 1) / (draws + 2)
    return Estimate(hits / draws, math.sqrt(share * (1 - share) / draws))


def _pair(estimate: Estimate) -> list[float]:
    return [float(estimate.value), float(estimate.error)]

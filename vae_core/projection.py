"""More than two latent dimensions on a screen: planes through the latent space, and what Gaussians look like in them.

A diagonal Gaussian seen through a linear map P is a Gaussian again, with the covariance P diag(σ²) Pᵀ: an ellipse that
is turned in general. The rows of P are orthonormal here, so that the prior N(0, I) is N(0, I) in every plane. NumPy
alone: the server projects for pages that only show a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from vae_core.checkpoints import Codes

Array = NDArray[np.float64]

ACTIVE_VARIANCE = 0.01  # a dimension is active where Var_x mu_j(x) is larger (Burda et al. 2016)
# Orthonormal to so much: axes travel as JSON and as float64.
TOLERANCE = 1e-6
# Three points lie on a line where the angle between their directions has a smaller sine.
LEAST_SINE = 1e-6


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through the latent space: z = rest + x axes[0] + y axes[1].

    axes [2, d], orthonormal rows: the map P. rest [d], orthogonal to both: where the other directions are held.
    Raises ValueError where they are not.
    """

    axes: Array
    rest: Array

    def __post_init__(self) -> None:
        axes, rest = np.asarray(self.axes, np.float64), np.asarray(self.rest, np.float64)
        if axes.ndim != 2 or len(axes) != 2 or rest.shape != axes.shape[1:]:
            raise ValueError(f"expected axes [2, d] and a rest [d], got {list(axes.shape)} and {list(rest.shape)}")
        if not (np.isfinite(axes).all() and np.isfinite(rest).all()):
            raise ValueError("expected finite axes and rest, got NaN or infinity")
        if np.abs(axes @ axes.T - np.eye(2)).max() > TOLERANCE:
            raise ValueError("expected axes of length 1 at a right angle, got others")
        if np.abs(axes @ rest).max() > TOLERANCE * (1 + np.abs(rest).max()):
            raise ValueError("expected a rest at right angles to both axes, got another one")
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "rest", rest)

    @property
    def dimensions(self) -> int:
        """d of the latent space."""
        return int(self.axes.shape[1])

    @classmethod
    def of_dimensions(cls, i: int, j: int, d: int, rest: ArrayLike | None = None) -> Plane:
        """The plane of the dimensions i (to the right) and j (upwards), the others held at those of `rest` (0)."""
        if not (0 <= i < d and 0 <= j < d and i != j):
            raise ValueError(f"expected two different dimensions from 0 to {d - 1}, got {i} and {j}")
        axes = np.zeros((2, d))
        axes[0, i] = axes[1, j] = 1
        return with_rest(cls(axes, np.zeros(d)), np.zeros(d) if rest is None else rest)

    def lift(self, xy: ArrayLike) -> Array:
        """Points of the plane in the latent space: [..., 2] -> [..., d]."""
        z: Array = np.asarray(xy, np.float64) @ self.axes + self.rest
        return z

    def project(self, z: ArrayLike) -> Array:
        """Where points of the latent space lie as seen in the plane: [..., d] -> [..., 2]."""
        xy: Array = np.asarray(z, np.float64) @ self.axes.T
        return xy


def with_rest(plane: Plane, v: ArrayLike) -> Plane:
    """The parallel plane through v [d]: its rest is what of v is at right angles to the axes."""
    point = np.asarray(v, np.float64)
    return Plane(plane.axes, point - plane.project(point) @ plane.axes)


def principal_plane(mu: ArrayLike) -> tuple[Plane, tuple[float, float]]:
    """The plane of the first two principal components of mu [N, d], and their shares of its variance.

    It goes through 0, where the prior is, and not through the mean. Of each axis the largest number is positive.
    """
    points = np.asarray(mu, np.float64)
    _check_points(points)
    centred = points - points.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred)  # rising
    axes = directions[:, :-3:-1].T.copy()
    largest = np.abs(axes).argmax(axis=1)
    axes *= np.where(axes[np.arange(2), largest] < 0, -1, 1)[:, None]
    shares = np.maximum(variances[:-3:-1], 0) / (variances.sum() or 1.0)
    return Plane(axes, np.zeros(points.shape[1])), (float(shares[0]), float(shares[1]))


def plane_through(mu_a: ArrayLike, mu_b: ArrayLike, mu_c: ArrayLike) -> Plane:
    """The plane through three points [d]; from a to b is to the right, and c is above that line.

    Raises ValueError where they lie on a line.
    """
    a, b, c = (np.asarray(point, np.float64) for point in (mu_a, mu_b, mu_c))
    length, other = np.linalg.norm(b - a), np.linalg.norm(c - a)
    if not length > 0 or not other > 0:
        raise ValueError("expected three different points, got two that are the same")
    right = (b - a) / length
    up = (c - a) - (c - a) @ right * right
    if np.linalg.norm(up) < LEAST_SINE * other:
        raise ValueError("expected three points that span a plane, got three on a line")
    up /= np.linalg.norm(up)
    up -= up @ right * right  # once more: the difference of nearly equal vectors is not yet at a right angle
    return with_rest(Plane(np.array([right, up / np.linalg.norm(up)]), np.zeros(len(a))), a)


def project_codes(plane: Plane, mu: ArrayLike, sigma: ArrayLike) -> tuple[Array, Array]:
    """The Gaussians N(mu, diag sigma²) [N, d] as seen in the plane: means [N, 2] and covariances [N, 2, 2]."""
    variances = np.asarray(sigma, np.float64) ** 2
    return plane.project(mu), np.einsum("ad,nd,bd->nab", plane.axes, variances, plane.axes, optimize=True)


def ellipse_axes(covariance: ArrayLike) -> tuple[Array, Array]:
    """Semi-axes [N, 2] of the 1σ ellipses of covariances [N, 2, 2], the longer first, and its angle [N] in radians."""
    c = np.asarray(covariance, np.float64)
    mean, half = (c[..., 0, 0] + c[..., 1, 1]) / 2, (c[..., 0, 0] - c[..., 1, 1]) / 2
    spread = np.hypot(half, c[..., 0, 1])
    semi = np.sqrt(np.maximum(np.stack([mean + spread, mean - spread], axis=-1), 0))
    return semi, np.arctan2(c[..., 0, 1], half) / 2


def dimension_table(mu: ArrayLike, sigma: ArrayLike) -> list[dict[str, Any]]:
    """What each dimension does, from codes [N, d]: mean KL to N(0, 1) in nats, variance of mu, mean sigma, active."""
    means, deviations = np.asarray(mu, np.float64), np.asarray(sigma, np.float64)
    kl = (0.5 * (means**2 + deviations**2 - 1) - np.log(deviations)).mean(axis=0)
    variance, width = means.var(axis=0), deviations.mean(axis=0)
    return [
        {"kl": float(k), "variance": float(v), "sigma": float(s), "active": bool(v > ACTIVE_VARIANCE)}
        for k, v, s in zip(kl, variance, width, strict=True)
    ]


def ranked(table: list[dict[str, Any]]) -> list[int]:
    """The dimensions of a `dimension_table`, those of the largest KL first; equal ones in their order."""
    return sorted(range(len(table)), key=lambda j: (-table[j]["kl"], j))


def procrustes(mu: ArrayLike, onto: ArrayLike) -> Array:
    """The orthogonal Q [d, d] that turns and mirrors mu [N, d] onto `onto` best: it minimises ‖mu Q − onto‖.

    Schönemann (1966). Where the two have nothing in common any Q is as good, and this is one of them.
    """
    left, _, right = np.linalg.svd(np.asarray(mu, np.float64).T @ np.asarray(onto, np.float64))
    q: Array = left @ right
    return q


def alignments(codes: Codes) -> Array:
    """For each beta of separately trained models the Q [K, d, d] that turns its codes onto the one's before, as turned.

    The first stays as it is. A code (mu, diag sigma²) becomes (mu Q, Qᵀ diag(sigma²) Q).
    """
    turns = [np.eye(codes.mu.shape[2])]
    for k in range(1, len(codes.betas)):
        before = codes.mu[k - 1].astype(np.float64) @ turns[-1]
        turns.append(procrustes(codes.mu[k], before))
    return np.stack(turns)


def _check_points(points: Array) -> None:
    if points.ndim != 2 or len(points) < 1 or points.shape[1] < 2:
        raise ValueError(f"expected points [N, d] of at least 2 dimensions, got {list(points.shape)}")

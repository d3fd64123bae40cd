"""Planes through a latent space, and what Gaussians look like in them."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from vae_core.checkpoints import Codes
from vae_core.projection import (
    Plane,
    alignments,
    dimension_table,
    ellipse_axes,
    plane_through,
    principal_plane,
    procrustes,
    project_codes,
    ranked,
    with_rest,
)

D = 5
RNG = np.random.default_rng(0)
MU, SIGMA = RNG.normal(size=(400, D)) * [3, 1, 0.5, 2, 0.01], RNG.uniform(0.1, 1, (400, D))
TURN = np.linalg.qr(RNG.normal(size=(D, D)))[0]


def test_a_plane_lifts_what_it_projects_and_holds_the_rest() -> None:
    plane = plane_through(MU[0], MU[1], MU[2])
    xy = RNG.normal(size=(7, 2))
    assert plane.project(plane.lift(xy)) == pytest.approx(xy)
    for sample in MU[:3]:
        assert plane.lift(plane.project(sample)) == pytest.approx(sample), "the three samples lie in it"
    (ax, ay), (bx, by), (_, cy) = plane.project(MU[:3])
    assert bx > ax
    assert (by, cy > ay) == (pytest.approx(ay), True)
    pair = Plane.of_dimensions(3, 1, D, rest=[7, 7, 7, 7, 7])
    assert pair.lift([1.0, 2.0]).tolist() == [7, 2, 7, 1, 7]
    assert with_rest(pair, np.zeros(D)).lift([1.0, 2.0]).tolist() == [0, 2, 0, 1, 0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Plane(np.eye(2), np.zeros(3)), "a rest"),
        (lambda: Plane(2 * np.eye(2), np.zeros(2)), "length 1"),
        (lambda: Plane(np.eye(2, 3), np.array([1.0, 0, 0])), "at right angles"),
        (lambda: Plane(np.eye(2, 3), np.array([0, 0, np.nan])), "finite"),
        (lambda: Plane.of_dimensions(1, 1, 3), "two different dimensions from 0 to 2, got 1 and 1"),
        (lambda: Plane.of_dimensions(0, 3, 3), "got 0 and 3"),
        (lambda: plane_through(MU[0], MU[0], MU[1]), "two that are the same"),
        (lambda: plane_through(MU[0], MU[1], 0.3 * MU[0] + 0.7 * MU[1]), "three on a line"),
        (lambda: principal_plane(MU[:, :1]), "at least 2 dimensions"),
    ],
)
def test_what_is_no_plane_is_refused(make: object, says: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=says):
        make()


def test_the_covariance_in_a_plane_is_that_of_projected_draws() -> None:
    plane = plane_through(MU[3], MU[4], MU[5])
    mean, covariance = project_codes(plane, MU[:3], SIGMA[:3])
    semi, angle = ellipse_axes(covariance)
    for i in range(3):
        z = plane.project(MU[i] + SIGMA[i] * RNG.standard_normal((40_000, D)))
        assert np.cov(z.T) == pytest.approx(covariance[i], abs=0.02 * covariance[i].max())
        along = np.array([np.cos(angle[i]), np.sin(angle[i])])
        u = (z - mean[i]) @ np.stack([along, [-along[1], along[0]]], axis=1) / semi[i]
        inside = [(np.hypot(*u.T) < k).mean() for k in (1, 2)]
        assert inside == pytest.approx([0.3935, 0.8647], abs=0.01), "the share of a 2-D normal within 1σ and 2σ"


def test_the_principal_plane_is_scikit_learns_with_one_sign() -> None:
    plane, shares = principal_plane(MU)
    pca = PCA(2).fit(MU)
    assert np.abs(plane.axes @ pca.components_.T) == pytest.approx(np.eye(2), abs=1e-9)
    assert shares == pytest.approx(pca.explained_variance_ratio_)
    assert (plane.axes[np.arange(2), np.abs(plane.axes).argmax(axis=1)] > 0).all()
    for collapsed in (np.zeros((9, D)), MU[:1]):
        assert principal_plane(collapsed)[1] == (0, 0), "any plane is as good"


def test_dimensions_are_ranked_by_kl_and_active_by_the_variance_of_mu() -> None:
    table = dimension_table(MU, SIGMA)
    assert ranked(table)[0] == 0
    assert [row["active"] for row in table] == [True, True, True, True, False]
    row = 0.5 * (MU[:, 2] ** 2 + SIGMA[:, 2] ** 2 - 1 - np.log(SIGMA[:, 2] ** 2))
    assert table[2]["kl"] == pytest.approx(row.mean())
    assert ranked(dimension_table(np.zeros((3, 4)), np.ones((3, 4)))) == [0, 1, 2, 3]


def test_procrustes_finds_a_turn_and_a_family_is_turned_onto_the_one_before() -> None:
    assert procrustes(MU, MU @ TURN) == pytest.approx(TURN, abs=1e-9)
    mu = np.stack([MU @ TURN, MU, MU @ TURN.T]).astype(np.float32)
    labels = np.zeros(len(MU), np.int32)
    turns = alignments(Codes(np.array([1.0, 2, 3]), mu, np.ones_like(mu), labels, labels > 0))
    assert (turns[0] == np.eye(D)).all()
    for turned in mu @ turns:
        assert turned == pytest.approx(mu[0], abs=1e-4)

"""Paths and grids: equal steps, the prior's quantiles, the same paths as in the browser, decodes in their place."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from vae_core import load_model, traversal

ROOT = Path(__file__).parents[1]
PINS = [[-1.5, 0.8], [1.2, -0.7], [0.3, 2.0]]


def test_a_straight_path_takes_equal_steps_along_its_whole_length() -> None:
    path = traversal.line(PINS[:2], 9)
    assert np.allclose(np.diff(path, axis=0), np.diff(path, axis=0)[0])
    assert np.array_equal(path[[0, -1]], PINS[:2])


def test_a_path_through_quantiles_is_straight_in_the_priors_quantiles() -> None:
    path = traversal.line([[-2.0, 0.5], [2.5, -3.0]], 11, through="quantiles")
    quantiles = norm.cdf(path)
    assert np.allclose(np.diff(quantiles, axis=0), np.diff(quantiles, axis=0)[0], atol=1e-9)


def test_a_path_through_quantiles_has_the_distances_of_its_quantiles_along_all_its_segments() -> None:
    ends = norm.cdf(PINS)
    lengths = np.linalg.norm(np.diff(ends, axis=0), axis=1)
    at = np.linspace(0, lengths.sum(), 13)
    expected = np.stack([np.interp(at, [0, *lengths.cumsum()], ends[:, j]) for j in (0, 1)], axis=1)
    assert np.allclose(norm.cdf(traversal.line(PINS, 13, through="quantiles")), expected, atol=1e-9)


def test_a_path_keeps_one_spacing_across_its_corner() -> None:
    path = traversal.line([[0, 0], [3, 0], [3, 1]], 5)
    assert path.tolist() == [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]]


@pytest.mark.parametrize("through", ["straight", "quantiles"])
def test_a_coordinate_that_the_pins_share_never_moves(through: str) -> None:
    path = traversal.line([[-1.0, 0.1, 50.0], [2.0, 0.1, 50.0]], 8, through=through)
    assert (path[:, 1:] == [0.1, 50.0]).all()
    assert (np.diff(path[:, 0]) > 0).all()


@pytest.mark.parametrize("through", ["straight", "quantiles"])
def test_pins_in_one_place_give_a_path_that_stands_still(through: str) -> None:
    assert traversal.line([[1, 2]] * 3, 4, through=through).tolist() == [[1, 2]] * 4


def test_a_path_through_quantiles_rises_steadily_far_out() -> None:
    path = traversal.line([[9.0], [30.0]], 20, through="quantiles")
    assert (np.diff(path[:, 0]) > 0).all()
    # Equal steps of the upper tail, where the distribution function itself is 1 in a double.
    tail = np.linspace(norm.sf(9), norm.sf(30), 20)
    assert path[:-1, 0] == pytest.approx(norm.isf(tail[:-1]), abs=1e-9)


@pytest.mark.parametrize("through", ["straight", "quantiles"])
@pytest.mark.parametrize(
    "pins",
    [
        PINS,
        [[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]],
        [[0.5, 1.0], [0.5, 1.0], [-2.0, 1.0]],
        [[9.0, 0.0], [12.0, 1.0]],
        [[-20.0, -1.0], [20.0, 3.0]],
        [[50.0, 41.0], [-3.0, 41.0], [2.0, 2.0]],
    ],
    ids=["three pins", "corner", "one pin twice", "far out", "from side to side", "beyond the clamp"],
)
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_browser_walks_the_same_path(pins: list[list[float]], through: str) -> None:
    module = (ROOT / "ui" / "latent_canvas" / "frontend" / "paths.js").as_uri()
    script = (
        f"import {{ path }} from {json.dumps(module)};"
        f"console.log(JSON.stringify([...path({json.dumps(pins)}, 17, {json.dumps(through)})]))"
    )
    done = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    theirs = np.array(json.loads(done.stdout)).reshape(17, 2)
    assert np.abs(theirs - traversal.line(pins, 17, through=through)).max() < 1e-5


@pytest.mark.parametrize(
    ("pins", "steps", "through", "says"),
    [
        ([[0.0, 0.0]], 5, "straight", "two pins"),
        ([[0.0, 0.0], [1.0, 1.0]], 1, "straight", "2 steps"),
        ([[0.0, 0.0], [1.0, np.nan]], 5, "straight", "finite"),
        ([[0.0, 0.0], [1.0, 1.0]], 5, "curved", "straight or quantiles"),
    ],
)
def test_what_is_no_path_is_refused(pins: list[list[float]], steps: int, through: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        traversal.line(pins, steps, through=through)


def test_a_grid_begins_at_the_top_left_as_a_picture_does() -> None:
    grid = traversal.grid((-1, 1, -2, 2), 3)
    assert grid[0, 0].tolist() == [-1, 2]
    assert grid[2, 2].tolist() == [1, -2]


def test_a_quantile_grid_cuts_the_prior_into_equal_parts() -> None:
    grid = traversal.quantile_grid(4)
    assert np.allclose(np.sort(norm.cdf(grid[0, :, 0])), [0.125, 0.375, 0.625, 0.875])


def test_decodes_stand_where_their_points_are() -> None:
    import torch

    model = load_model(ROOT / "checkpoints" / "digits")
    images = traversal.decode_grid(model, 5, beta=1.0, extent=(-2, 2, -2, 2))
    assert images.shape == (5, 5, 8, 8)
    with torch.no_grad():
        top_right = model.decode(torch.tensor([[2.0, 2.0]]), beta=1.0)[0].numpy()
    assert np.allclose(images[0, 4], top_right, atol=1e-6)
    assert traversal.interpolate(model, PINS, 6, beta=1.0).shape == (6, 8, 8)

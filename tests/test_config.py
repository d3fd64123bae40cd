"""Configurations and β's scales."""

import math
from itertools import pairwise

import numpy as np
import pytest

from vae_core import ConfigError, VAEConfig, beta_nodes, beta_to_slider, slider_to_beta


@pytest.mark.parametrize(("beta_max", "count"), [(12.0, 65), (32.0, 25), (100.0, 25), (0.5, 25)])
def test_nodes_rise_from_zero_to_the_largest_beta_and_hold_one(beta_max: float, count: int) -> None:
    nodes = beta_nodes(beta_max, count)
    assert len(nodes) == count
    assert nodes[0] == 0
    assert nodes[-1] == beta_max
    assert all(low < high for low, high in pairwise(nodes))
    assert (1.0 in nodes) == (beta_max > 1)


@pytest.mark.parametrize("count", [25, 65])
def test_nodes_are_nearly_equally_spaced_on_the_slider(count: int) -> None:
    places = np.array([beta_to_slider(beta, 32.0) for beta in beta_nodes(32.0, count)])
    # Rounding to two digits moves a node by at most 5 % of β, which is little on an asinh scale.
    assert np.abs(places - np.linspace(0, 1, count)).max() < 0.012


def test_nodes_are_numbers_of_two_digits() -> None:
    for beta in beta_nodes(12.0, 65):
        assert beta == float(f"{beta:.1e}")


def test_the_slider_scale_is_asinh_and_its_inverse_takes_it_back() -> None:
    for beta in (0.0, 0.003, 0.1, 1.0, 5.0, 12.0):
        place = beta_to_slider(beta, 12.0)
        assert place == pytest.approx(math.asinh(beta / 0.06) / math.asinh(200))
        assert slider_to_beta(place, 12.0) == pytest.approx(beta, abs=1e-12)


def test_a_configuration_survives_json() -> None:
    config = VAEConfig((28, 28), hidden=(64, 32), likelihood="bernoulli", beta_max=32.0, beta_train_max=40.0)
    assert VAEConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"likelihood": "poisson"}, "poisson"),
        ({"sigma_x": 0.0}, "sigma_x"),
        ({"sigma_x": math.nan}, "sigma_x"),
        ({"hidden": (0,)}, "hidden"),
        ({"input_shape": ()}, "input_shape"),
        ({"beta_train_max": 3.0}, "beta_train_max"),
    ],
)
def test_a_configuration_that_describes_no_model_is_refused_by_name(change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        VAEConfig(**{"input_shape": (8, 8), **change})  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", [[], {}, {"input_shape": [8, 8], "surprise": 1}])
def test_a_record_that_is_no_configuration_is_refused(broken: object) -> None:
    with pytest.raises(ConfigError):
        VAEConfig.from_json(broken)

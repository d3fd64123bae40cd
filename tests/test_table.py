"""The table along beta: records against the split and closed forms, and the tables that ship."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vae_core import AggregatePosterior, Codes, load_card, load_codes
from vae_core.table import HOLE, holes, table_of

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
MODELS = ("digits", "mnist", "fashion-mnist")
# Nats; for at most so many samples and for more.
ERRORS = {1797: 0.005, 60_000: 0.02}


def codes(betas: tuple[float, ...] = (0.0, 1.0), samples: int = 50) -> Codes:
    rng = np.random.default_rng(0)
    shape = (len(betas), samples, 2)
    mu, sigma = rng.normal(size=shape).astype(np.float16), rng.uniform(0.2, 0.6, shape).astype(np.float16)
    return Codes(np.array(betas), mu, sigma, np.zeros(samples, np.int32), np.zeros(samples, bool))


def pairs(row: dict[str, Any]) -> list[list[float]]:
    return [row["mutual_information"], row["kl_to_prior"], row["total_correlation"], *row["marginal_kl"]]


def test_each_record_is_the_split_of_its_codes() -> None:
    ours = codes()
    shares: list[float] = []
    table = table_of(ours, report=shares.append)
    assert shares == [0.5, 1.0]
    assert [row["beta"] for row in table] == [0.0, 1.0]
    for k, row in enumerate(table):
        split = AggregatePosterior(ours.mu[k], ours.sigma[k]).split()
        assert row["rate"] == split.rate.value
        assert row["mutual_information"] == [split.mutual_information.value, split.mutual_information.error]
        assert row["marginal_kl"] == [[part.value, part.error] for part in split.marginal_kl]
        assert row["mean_sigma"] == pytest.approx(ours.sigma[k].astype(float).mean())
        assert row["min_sigma"] == ours.sigma[k].min()


def test_a_dimension_that_never_moves_is_not_active() -> None:
    ours = codes()
    ours.mu[:, :, 1] = 0.5
    assert [row["active_units"] for row in table_of(ours)] == [1, 1]


@pytest.mark.parametrize("sigma", [0.3, 0.6])
def test_holes_around_one_gaussian_are_what_the_closed_form_says(sigma: float) -> None:
    # q/p = exp(-r²/2 (1/σ² - 1)) / σ² falls with r; beyond the radius where it is HOLE lies exp(-r²/2) of the prior.
    squared = 2 * math.log(1 / (HOLE * sigma**2)) / (1 / sigma**2 - 1)
    found = holes(AggregatePosterior([[0.0, 0.0]], [[sigma, sigma]]))
    assert found.value == pytest.approx(math.exp(-squared / 2), abs=3 * found.error)
    assert found.error < 0.01


def test_codes_of_one_dimension_have_a_table_too() -> None:
    ours = codes()
    line = Codes(ours.betas, ours.mu[..., :1], ours.sigma[..., :1], ours.labels, ours.test)
    row = table_of(line)[0]
    assert row["total_correlation"][0] == pytest.approx(0, abs=1e-9)
    assert row["marginal_kl"] == [pytest.approx(row["kl_to_prior"], abs=1e-6)]


def test_a_table_is_made_without_torch() -> None:
    script = "import sys; from vae_core import table_of; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_hole_among_all_draws_is_not_taken_for_certainty() -> None:
    found = holes(AggregatePosterior([[0.0, 0.0]], [[1.0, 1.0]]))
    assert found.value == 0
    assert 0 < found.error < 1e-3


@pytest.mark.parametrize("broken", ["nan", "zero"])
def test_codes_that_are_no_codes_are_refused(broken: str) -> None:
    ours = codes()
    if broken == "nan":
        ours.mu[1, 3, 0] = np.nan
    else:
        ours.sigma[1, 3, 0] = 0
    with pytest.raises(ValueError, match="expected"):
        table_of(ours)


@pytest.mark.parametrize("name", MODELS)
def test_the_models_that_ship_hold_a_table_whose_identities_hold_at_every_beta(name: str) -> None:
    card = load_card(CHECKPOINTS / name)
    samples = card["samples"]
    assert [row["beta"] for row in card["table"]] == card["betas"]
    assert len(card["betas"]) >= 25
    for row in card["table"]:
        kept, misfit, correlation, *marginals = pairs(row)
        assert max(error for _, error in pairs(row)) <= ERRORS[samples], row["beta"]
        assert kept[0] + misfit[0] == pytest.approx(row["rate"], abs=3 * (kept[1] + misfit[1]) + 1e-6)
        parts = correlation[0] + sum(value for value, _ in marginals)
        errors = misfit[1] + correlation[1] + sum(error for _, error in marginals)
        assert parts == pytest.approx(misfit[0], abs=errors + 1e-6)
        assert correlation[0] >= -correlation[1] - 1e-6
        assert -kept[1] - 1e-6 <= kept[0] <= min(row["rate"], math.log(samples)) + 3 * kept[1] + 1e-6
        assert row["distortion"][1] < 0.1


@pytest.mark.parametrize("name", MODELS)
def test_the_table_that_ships_was_computed_from_the_codes_that_ship(name: str) -> None:
    card, stored = load_card(CHECKPOINTS / name), load_codes(CHECKPOINTS / name)
    k = stored.nearest(4.0)
    split = AggregatePosterior(stored.mu[k], stored.sigma[k]).split()
    row = card["table"][k]
    assert row["rate"] == pytest.approx(split.rate.value, abs=1e-9)
    assert row["kl_to_prior"][0] == pytest.approx(split.kl_to_prior.value, abs=1e-9)


def test_turning_beta_up_closes_holes_and_costs_distortion_and_rate() -> None:
    table = load_card(CHECKPOINTS / "digits")["table"]
    rates = [row["rate"] for row in table]
    assert rates == sorted(rates, reverse=True)
    assert table[0]["holes"][0] > 0.9 > 0.2 > table[card_index(table, 1.0)]["holes"][0]
    assert table[-1]["holes"][0] < 0.01
    assert table[-1]["distortion"][0] > table[card_index(table, 1.0)]["distortion"][0] + 10


def card_index(table: list[dict[str, Any]], beta: float) -> int:
    return [row["beta"] for row in table].index(beta)

"""Step 5 of the story in a real Chromium: D, β·R and their sum against torch, and what a hand does to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from vae_core import VAE, load_dataset, load_model
from vae_core.objectives import distortion, rate

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
STORY = '[data-testid="story-view"]'
STEP = '[data-testid="story_balance"]'
DRAWS = 20_000
# The browser's weights are float16.
WEIGHTS_COST = 0.03


@pytest.fixture(scope="module")
def model() -> VAE:
    return load_model(DIGITS)


def open_step(page: Page, url: str, query: str = "beta=1") -> None:
    page.goto(f"{url}/one_sample?step=5&model=digits&lang=en&{query}")
    page.wait_for_selector(f'{STORY}[data-ready="true"]', timeout=60_000)
    settle(page)


def settle(page: Page) -> None:
    page.wait_for_timeout(150)
    page.wait_for_selector(f'{STEP}[data-settled="true"]', timeout=30_000)


def text(page: Page, name: str) -> str:
    return str(page.locator(STEP).get_attribute(f"data-{name}"))


def number(page: Page, name: str) -> float:
    return float(text(page, name))


def numbers_of_story(page: Page, name: str) -> list[float]:
    return [float(v) for v in str(page.locator(STORY).get_attribute(f"data-{name}")).split(",")]


def pair(page: Page, name: str) -> list[float]:
    return [float(v) for v in text(page, name).split(",")]


def costs(model: VAE, sample: int, beta: float, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """-log p(x|z) in nats of one sample for points z [m, 2] -> [m]."""
    images = torch.as_tensor(load_dataset("digits").images)
    x = images[sample].reshape(-1)
    with torch.no_grad():
        logits = model.logits(torch.as_tensor(z, dtype=torch.float32), model.features(beta))
        return distortion(logits.double(), x.double(), model.config).numpy()


def slide(page: Page, key: str, times: int) -> None:
    page.locator(f'{STEP} [data-testid="width-slider"]').focus()
    for _ in range(times):
        page.keyboard.press(key)
    settle(page)


def turn_beta(page: Page, key: str, times: int = 1) -> None:
    page.locator(f'{STEP} [data-testid="beta-slider"]').focus()
    for _ in range(times):
        page.keyboard.press(key)
    settle(page)


def drag(page: Page, handle: str, dx: float, dy: float) -> None:
    where = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y]; }"
    box = page.locator(f'[data-testid="{handle}"]').evaluate(where)
    page.mouse.move(*box)
    page.mouse.down()
    page.mouse.move(box[0] + dx, box[1] + dy, steps=8)
    page.mouse.up()
    settle(page)


@pytest.mark.parametrize("beta", [0.1, 1.0, 4.0])
def test_the_encoders_own_answer_costs_what_torch_says(page: Page, app_url: str, model: VAE, beta: float) -> None:
    open_step(page, app_url, f"beta={beta}&sample=12")
    shown = float(str(page.locator(STORY).get_attribute("data-beta")))
    mu, sigma = pair(page, "mu"), pair(page, "sigma")
    q = model.encode(torch.as_tensor(load_dataset("digits").images[12:13]), shown)
    assert mu == pytest.approx(q.loc[0].tolist(), abs=0.02)
    assert sigma == pytest.approx(q.scale[0].tolist(), rel=0.05)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    share = np.outer(weights, weights).ravel() / weights.sum() ** 2
    exact = float(costs(model, 12, shown, np.array(mu) + np.array(sigma) * grid) @ share)
    assert number(page, "d") == pytest.approx(exact, abs=WEIGHTS_COST + 0.03)
    drawn = costs(model, 12, shown, np.random.default_rng(0).normal(mu, sigma, (DRAWS, 2)))
    assert abs(number(page, "d") - drawn.mean()) < 4 * drawn.std() / DRAWS**0.5 + WEIGHTS_COST
    kl = float(rate(torch.tensor(mu, dtype=torch.float64), 2 * torch.tensor(sigma, dtype=torch.float64).log()))
    assert number(page, "r") == pytest.approx(kl, abs=2e-3)
    assert number(page, "beta-r") == pytest.approx(shown * number(page, "r"), abs=1e-3 * (1 + shown))
    assert number(page, "sum") == pytest.approx(number(page, "d") + number(page, "beta-r"), abs=2e-3)
    assert number(page, "factor") == 1.0
    without_noise = costs(model, 12, shown, np.array([mu]))[0]
    assert number(page, "floor") == pytest.approx(without_noise, abs=WEIGHTS_COST)
    assert number(page, "extra") == pytest.approx(number(page, "d") - number(page, "floor"), abs=2e-4)


def test_bars_and_table_count_the_error_from_the_same_zero(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    slide(page, "ArrowRight", 12)
    cells = page.locator('[data-testid="balance-table"] tbody tr td:nth-child(3)').all_inner_texts()
    numbers = '[data-testid="balance-chart"] > text[font-weight="600"][text-anchor="middle"]'
    bars = page.locator(numbers).all_text_contents()
    assert cells == bars[-3:]
    assert float(cells[0]) == pytest.approx(number(page, "extra"), abs=0.051)
    assert float(cells[0]) > 0


def test_another_beta_keeps_the_hands_width_and_takes_its_centre_back_to_the_encoder(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    drag(page, "centre-handle", 40, 30)
    held, moved = pair(page, "sigma"), pair(page, "mu")
    assert moved != numbers_of_story(page, "mu")
    turn_beta(page, "PageDown")
    assert pair(page, "mu") == numbers_of_story(page, "mu")
    assert pair(page, "sigma") == held
    assert text(page, "touched") == "true"


def test_a_tiny_gaussian_is_shown_under_a_lens_while_the_plane_keeps_its_zoom(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    lens = page.locator('[data-testid="balance-lens"]')
    assert lens.get_attribute("visibility") == "hidden"
    encoder = page.locator(".plane-names > text").first
    before = encoder.get_attribute("y")
    slide(page, "ArrowLeft", 60)
    assert number(page, "factor") < 0.2
    assert lens.get_attribute("visibility") == "visible"
    assert encoder.get_attribute("y") == before
    left = "e => e.getBoundingClientRect().x"
    edge, centre = (page.locator(f'[data-testid="{name}-handle"]').evaluate(left) for name in ("edge", "centre"))
    assert edge - centre > 10, "the edge can still be taken hold of"


def test_a_narrower_gaussian_costs_more_rate_and_less_distortion(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    before = {name: number(page, name) for name in ("d", "beta-r", "sum")}
    slide(page, "ArrowLeft", 20)
    assert number(page, "factor") == pytest.approx(0.4, rel=0.4)
    assert number(page, "d") < before["d"]
    assert number(page, "beta-r") > before["beta-r"] + 0.5
    assert number(page, "sum") > before["sum"], "the encoder has weighed both"
    said = page.locator('[data-testid="balance-state"]').inner_text()
    assert said.startswith("Yours is narrower")
    assert "nats better, but the KL term asks" in said
    slide(page, "ArrowRight", 44)
    assert number(page, "factor") > 1.5
    assert number(page, "d") > before["d"]
    assert number(page, "beta-r") < before["beta-r"]
    page.locator('[data-testid="back-to-encoder"]').click()
    settle(page)
    assert {name: number(page, name) for name in before} == before
    assert text(page, "touched") == "false"


def test_both_handles_change_the_gaussian_and_its_pictures(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    picture = "c => c.toDataURL()"
    average = page.locator('[data-testid="average"]')
    mu, sigma, before = pair(page, "mu"), pair(page, "sigma"), average.evaluate(picture)
    drag(page, "edge-handle", 40, -10)
    wider = pair(page, "sigma")
    assert pair(page, "mu") == mu
    assert wider[0] > 1.2 * sigma[0]
    assert wider[1] > sigma[1]
    assert average.evaluate(picture) != before
    drag(page, "centre-handle", 30, 30)
    moved = pair(page, "mu")
    assert moved[0] > mu[0]
    assert moved[1] < mu[1]
    assert pair(page, "sigma") == wider
    assert "away from the encoder’s μ" in page.locator('[data-testid="balance-state"]').inner_text()
    page.locator('[data-testid="edge-handle"]').focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert pair(page, "sigma")[0] < wider[0]
    assert text(page, "settled") == "true"
    page.locator('[data-testid="pick"]').nth(4).click()
    settle(page)
    assert text(page, "touched") == "false", "another sample begins with the encoder's answer"


def test_at_beta_1_the_least_sum_is_near_the_encoders_answer(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    factors = []
    for i in range(10):
        page.locator('[data-testid="pick"]').nth(i).click()
        settle(page)
        factors.append(number(page, "best-factor"))
    near = [0.5 <= factor <= 2 for factor in factors]
    assert sum(near) >= 8, factors
    assert 0.7 < float(np.median(factors)) < 1.5


def test_a_larger_beta_moves_the_least_sum_to_wider_gaussians_while_the_hand_holds_its_own(
    page: Page, app_url: str
) -> None:
    open_step(page, app_url, "beta=0.3&sample=12")
    slide(page, "ArrowLeft", 1)
    held, best = pair(page, "sigma"), [number(page, "best-sigma")]
    for _ in range(2):
        turn_beta(page, "PageUp", 2)
        best.append(number(page, "best-sigma"))
        assert pair(page, "sigma") == held
    assert best[0] < best[1] < best[2]
    assert number(page, "factor") < 0.7, "the encoder has gone on to wider Gaussians"


def test_an_untouched_gaussian_follows_the_encoder(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    before = pair(page, "sigma")
    turn_beta(page, "PageUp", 2)
    assert all(now > then for now, then in zip(pair(page, "sigma"), before, strict=True))
    assert number(page, "factor") == 1.0


def test_at_beta_0_nothing_keeps_sigma_from_vanishing(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=0")
    assert number(page, "beta-r") == 0
    assert text(page, "best-edge") == "low"
    expect(page.locator('[data-testid="balance-least"]')).to_contain_text("nothing keeps σ from vanishing")


def test_a_press_in_the_chart_chooses_the_width(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=1&sample=12")
    box = page.locator('[data-testid="balance-chart"]').bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    settle(page)
    assert number(page, "factor") < 0.3
    assert text(page, "touched") == "true"

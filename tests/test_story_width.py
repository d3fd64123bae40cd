"""Step 4 of the story in a real Chromium: the handle, the draws, the rows, the graph, the extreme samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from vae_core import load_codes

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
STORY = '[data-testid="story-view"]'
STEP = '[data-testid="story_width"]'
PICTURE = "c => c.toDataURL()"


def open_step(page: Page, url: str, query: str = "beta=1") -> None:
    page.goto(f"{url}/one_sample?step=4&model=digits&lang=en&{query}")
    page.wait_for_selector(f'{STORY}[data-ready="true"]', timeout=60_000)
    page.wait_for_selector(f"{STEP}[data-z]")
    page.wait_for_timeout(300)


def numbers(page: Page, name: str, root: str = STEP) -> NDArray[np.float64]:
    return np.array([float(v) for v in str(page.locator(root).get_attribute(f"data-{name}")).split(",")])


def drag(page: Page, dx: float, dy: float) -> None:
    where = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y]; }"
    box = page.locator('[data-testid="width-handle"]').evaluate(where)
    page.mouse.move(*box)
    page.mouse.down()
    page.mouse.move(box[0] + dx, box[1] + dy, steps=8)
    page.mouse.up()
    page.wait_for_timeout(200)


def test_the_handle_starts_at_the_mean_and_its_picture_changes_with_it(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    mu, sigma = numbers(page, "mu", STORY), numbers(page, "sigma", STORY)
    assert numbers(page, "z") == pytest.approx(mu, abs=1e-4)
    assert numbers(page, "distance") == 0
    decoded = page.locator(f'{STEP} [data-testid="decoded"]')
    before = decoded.evaluate(PICTURE)
    drag(page, 70, -50)
    assert decoded.evaluate(PICTURE) != before
    z = numbers(page, "z")
    assert z[0] > mu[0]
    assert z[1] > mu[1]
    expected = float(np.hypot(*((z - mu) / sigma)))
    assert numbers(page, "distance")[0] == pytest.approx(expected, rel=0.01)
    expect(page.locator('[data-testid="distance"]')).to_contain_text(f"{expected:.1f} σ from μ: ")
    assert numbers(page, "levels")[0] > 0
    page.locator('[data-testid="width-handle"]').focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert numbers(page, "z")[0] < z[0]
    assert page.locator(STORY).get_attribute("data-step") == "4", "arrows on the handle do not turn the page"
    page.locator('[data-testid="back-to-mu"]').click()
    page.wait_for_timeout(200)
    assert decoded.evaluate(PICTURE) == before


def test_the_draws_have_the_gaussians_mean_and_spread(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    mu, sigma = numbers(page, "mu", STORY), numbers(page, "sigma", STORY)
    epsilons: list[NDArray[np.float64]] = []
    for _ in range(25):
        epsilons.append((numbers(page, "draws").reshape(-1, 2) - mu) / sigma)
        page.locator(f'{STEP} [data-testid="draw-again"]').click()
        page.wait_for_timeout(40)
    drawn = np.concatenate(epsilons)
    assert len(np.unique(drawn.round(3), axis=0)) == len(drawn), "every draw is new"
    assert drawn.mean(axis=0) == pytest.approx([0, 0], abs=4 / len(drawn) ** 0.5)
    assert drawn.std(axis=0) == pytest.approx([1, 1], abs=4 / (2 * len(drawn)) ** 0.5)


def test_the_farther_row_differs_more_and_a_press_moves_the_handle_there(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    drawn, rim, outside = (float(numbers(page, "levels", f'[data-testid="differs-{row}"]')[0]) for row in range(3))
    between = numbers(page, "between")[0]
    assert 0 < drawn < rim < outside
    assert rim < 0.3 * between, "at the rim it is still this picture"
    assert outside > 0.4 * between, "outside it has become another one"
    assert page.locator(f'{STEP} [data-testid="away"]').count() == 16
    far = numbers(page, "far")[0]
    for index, k in ((2, 3), (8 + 2, far)):
        page.locator(f'{STEP} [data-testid="away"]').nth(index).click()
        page.wait_for_timeout(200)
        assert numbers(page, "epsilon") == pytest.approx([0, k], abs=1e-3)
        assert numbers(page, "distance") == pytest.approx(k, abs=1e-3)
        side = "inside" if k == 3 else "outside"
        expect(page.locator('[data-testid="distance"]')).to_contain_text(side)
    expect(page.locator('[data-testid="width-verdict"]')).to_contain_text("Nothing is promised out here")


def test_two_axes_explain_39_percent_and_near_collapse_the_step_says_so(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    note = page.get_by_text("In two dimensions 39 % of the draws fall within 1σ, not 68 %")
    expect(note).to_be_visible()
    reading = page.locator('[data-testid="width-reading"]')
    expect(reading).to_have_text("")
    open_step(page, app_url, "beta=8")
    expect(reading).to_contain_text("the picture changes inside its own ellipse")
    open_step(page, app_url, "beta=12")
    expect(reading).to_contain_text("all pictures are nearly alike")


def test_the_graph_draws_eight_directions_and_their_average(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    paths = page.locator(f"{STEP} .width-graph svg > path")
    expect(paths).to_have_count(9)
    dot = page.locator(f"{STEP} .width-graph svg > circle")
    before = float(str(dot.get_attribute("cx")))
    drag(page, 60, 0)
    assert float(str(dot.get_attribute("cx"))) > before + 5


def test_the_small_pictures_are_one_stop_of_tab_and_arrows_go_between_them(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    tiles = page.locator(".width-tiles button")
    assert tiles.evaluate_all("all => all.filter(e => e.tabIndex === 0).length") == 1
    tiles.first.focus()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert tiles.nth(9).evaluate("e => e === e.getRootNode().activeElement")
    assert page.locator(STORY).get_attribute("data-step") == "4"
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert numbers(page, "epsilon") == pytest.approx([3 * np.cos(np.pi / 4), 3 * np.sin(np.pi / 4)], abs=1e-3)


def test_the_smallest_and_the_widest_ellipse_are_those_of_the_codes(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    stored = load_codes(DIGITS)
    _, sigma = stored.at_beta(float(stored.betas[stored.nearest(1.0)]))
    areas = sigma.prod(axis=1)
    for name, index in (("sure", int(areas.argmin())), ("unsure", int(areas.argmax()))):
        shown = numbers(page, "sigma", f'[data-testid="{name}"]')
        assert shown == pytest.approx(sigma[index], rel=1e-3)
    page.locator('[data-testid="choose-unsure"]').click()
    page.wait_for_timeout(700)
    assert page.locator(STORY).get_attribute("data-sample") == str(int(areas.argmax()))
    assert numbers(page, "distance") == 0, "another sample begins at its mean"
    expect(page.locator('[data-testid="choose-unsure"]')).to_be_disabled()


def test_outside_the_nearest_samples_are_named_by_their_classes(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    said = page.locator('[data-testid="nearest"]')
    expect(said).to_have_text("")
    page.locator(f'{STEP} [data-testid="away"]').nth(8 + 2).click()
    expect(said).to_contain_text("The 8 samples nearest to this place")

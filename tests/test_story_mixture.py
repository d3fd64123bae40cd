"""Step 6 of the story in a real Chromium: Gaussians are added until their mixture is the aggregate posterior."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from vae_core import load_card, load_codes

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
VIEW = '[data-testid="story-view"]'
STEP = '[data-testid="story_mixture"]'


def open_step(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/one_sample?step=6&{query}")
    page.wait_for_selector(f'{VIEW}[data-ready="true"]', timeout=60_000)
    expect(page.locator(STEP)).to_have_attribute("data-holes", re.compile(r"\d"))


def value(page: Page, name: str) -> str:
    return str(page.locator(STEP).get_attribute(f"data-{name}"))


def values(page: Page, name: str) -> list[float]:
    return [float(v) for v in value(page, name).split(",")]


def press(page: Page, name: str) -> None:
    page.locator(f'{STEP} [data-testid="add-{name}"]').click()


def ink(page: Page) -> float:
    """Share of the map that is not empty."""
    script = """c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 20; return n / (d.length / 4); }"""
    return float(page.locator('[data-testid="mixture-plane"] canvas').evaluate(script))


def test_it_begins_with_the_storys_own_sample_and_its_gaussian(page: Page, app_url: str) -> None:
    open_step(page, app_url, "sample=1234")
    stored = load_codes(DIGITS)
    mu, sigma = stored.at_beta(1.0)
    assert (value(page, "n"), value(page, "total")) == ("1", "1797")
    assert values(page, "mean") == pytest.approx(mu[1234], abs=1e-3)
    assert values(page, "deviation") == pytest.approx(sigma[1234], abs=1e-3)
    assert float(value(page, "holes")) > 0.9
    expect(page.locator('[data-testid="first"]')).to_contain_text("1,234")


def test_samples_are_added_one_by_one_and_ten_by_ten(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    before = ink(page)
    press(page, "one")
    press(page, "one")
    press(page, "ten")
    expect(page.locator(STEP)).to_have_attribute("data-n", "13")
    expect(page.locator('[data-testid="count"]')).to_have_text("13")
    assert page.locator(f"{STEP} .newest-tile:not(.empty)").count() == 10
    page.wait_for_timeout(900)
    assert ink(page) > before
    press(page, "over")
    expect(page.locator(STEP)).to_have_attribute("data-n", "1")
    assert page.locator(f"{STEP} .newest-tile:not(.empty)").count() == 1


@pytest.mark.parametrize("beta", [0.28, 1.0, 4.4])
def test_all_together_have_the_data_sets_mean_deviation_and_holes(page: Page, app_url: str, beta: float) -> None:
    open_step(page, app_url, f"beta={beta}")
    shown = float(str(page.locator(VIEW).get_attribute("data-beta")))
    stored = load_codes(DIGITS)
    at = float(stored.betas[stored.nearest(shown)])
    mu, sigma = stored.at_beta(at)
    press(page, "all")
    expect(page.locator(STEP)).to_have_attribute("data-n", str(len(mu)), timeout=15_000)
    expect(page.locator(STEP)).to_have_attribute("data-filling", "false")
    deviation = np.sqrt((sigma.astype(float) ** 2).mean(0) + mu.astype(float).var(0))
    assert values(page, "mean") == pytest.approx(mu.astype(float).mean(0), abs=2e-3)
    assert values(page, "deviation") == pytest.approx(deviation, abs=2e-3)
    (row,) = (row for row in load_card(DIGITS)["table"] if row["beta"] == at)
    share, error = row["holes"]
    # Counted at as many points as the table's draws, but evenly spread ones: within the table's own error or two.
    assert float(value(page, "holes")) == pytest.approx(share, abs=2 * error + 1e-3)
    number, deviation_of_it = re.findall(r"[\d.]+", page.locator('[data-testid="holes"]').inner_text())
    assert float(number) == pytest.approx(100 * share, abs=2 * float(deviation_of_it))
    expect(page.locator('[data-testid="moment-1"]')).to_have_text(f"{deviation[0]:.2f}")


def test_holes_close_while_it_fills(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    press(page, "all")
    seen = []
    for _ in range(12):
        seen.append((int(value(page, "n")), float(value(page, "holes") or "nan")))
        page.wait_for_timeout(180)
    counts = [n for n, _ in seen]
    assert counts == sorted(counts)
    assert len(set(counts)) > 4, "it fills in before the eye, not at once"
    expect(page.locator(STEP)).to_have_attribute("data-n", "1797", timeout=15_000)
    assert float(value(page, "holes")) < 0.2 < seen[0][1]
    expect(page.locator('[data-testid="live"]')).to_contain_text("1,797 of 1,797")


def test_without_motion_all_are_there_at_once(browser: Browser, app_url: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    open_step(page, app_url)
    press(page, "all")
    expect(page.locator(STEP)).to_have_attribute("data-n", "1797", timeout=1_000)
    context.close()


def test_where_beta_leaves_holes_it_says_so_and_offers_another(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=0")
    press(page, "all")
    expect(page.locator('[data-testid="mixture-result"]')).to_have_attribute("data-kind", "all.holes", timeout=15_000)
    page.locator('[data-testid="to-start-beta"]').click()
    expect(page.locator(VIEW)).to_have_attribute("data-beta", "1.0")
    expect(page.locator('[data-testid="mixture-result"]')).to_have_attribute("data-kind", "all", timeout=15_000)
    assert value(page, "n") == "1797"


def test_at_collapse_one_gaussian_is_as_good_as_all(page: Page, app_url: str) -> None:
    open_step(page, app_url, "beta=12")
    assert float(value(page, "holes")) < 0.01
    expect(page.locator('[data-testid="mixture-result"]')).to_have_attribute("data-kind", "collapsed")


def test_the_slider_counts_on_a_logarithmic_scale_and_steps_by_one(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    slider = page.locator('[data-testid="count-slider"]')
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    expect(page.locator(STEP)).to_have_attribute("data-n", "12")
    slider.fill("1000")
    expect(page.locator(STEP)).to_have_attribute("data-n", str(round(1797**0.5)))
    assert "42 of 1,797" in str(slider.get_attribute("aria-valuetext"))


def test_draws_of_the_prior_are_decoded_once_all_are_in_and_drawn_again(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    draws, invite = page.locator('[data-testid="prior-draws"]'), page.locator('[data-testid="draws-invite"]')
    take = page.locator('[data-testid="mixture-take"]')
    for hidden in (draws, take, page.locator('[data-testid="prior-again"]')):
        expect(hidden).to_be_hidden()
    expect(invite).to_contain_text("Press All")
    press(page, "all")
    expect(draws).to_be_visible(timeout=15_000)
    expect(invite).to_be_hidden()
    pictures = "els => els.map(c => c.toDataURL()).join()"
    first = page.locator('[data-testid="prior-draws"] canvas').evaluate_all(pictures)
    page.locator('[data-testid="prior-again"]').click()
    page.wait_for_timeout(300)
    assert page.locator('[data-testid="prior-draws"] canvas').evaluate_all(pictures) != first
    press(page, "over")
    expect(draws).to_be_hidden()
    expect(take).to_be_hidden()


@pytest.mark.parametrize(("beta", "kind"), [(0.0, "little"), (1.0, "most"), (12.0, "collapsed")])
def test_what_is_taken_away_agrees_with_what_is_seen(page: Page, app_url: str, beta: float, kind: str) -> None:
    open_step(page, app_url, f"beta={beta}")
    press(page, "all")
    take = page.locator('[data-testid="mixture-take"]')
    expect(take).to_be_visible(timeout=15_000)
    expect(take).to_have_attribute("data-kind", kind)
    if kind != "collapsed":
        expect(take).to_contain_text(f"{100 * (1 - float(value(page, 'holes'))):.0f} %")
    assert "{" not in page.locator(STEP).inner_text()


def test_it_ends_with_the_answer_to_the_storys_question_in_this_samples_numbers(page: Page, app_url: str) -> None:
    open_step(page, app_url, "sample=1234")
    mu, sigma = load_codes(DIGITS).at_beta(1.0)
    answer = page.locator('[data-testid="story-answer"]')
    expect(answer).to_contain_text("How can one sample have a mean and a standard deviation", ignore_case=True)
    shown = answer.inner_text().replace("\u2212", "-")
    for part in (f"({mu[1234, 0]:.2f}, {mu[1234, 1]:.2f})", "1,234"):
        assert part in shown
    assert sigma[1234].max() < 1


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("beta", [0.0, 1.0, 12.0])
def test_all_of_it_is_on_one_screen(page: Page, app_url: str, language: str, beta: float) -> None:
    open_step(page, app_url, f"lang={language}&beta={beta}")
    press(page, "all")
    expect(page.locator('[data-testid="mixture-take"]')).to_be_visible(timeout=15_000)
    box = page.locator('[data-testid="back"]').bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900


@pytest.mark.parametrize(("card", "path"), [("map", "latent_map"), ("weight", "kl_weight")])
def test_its_links_lead_on_with_this_sample_and_beta(page: Page, app_url: str, card: str, path: str) -> None:
    open_step(page, app_url, "beta=2")
    sample = str(page.locator(VIEW).get_attribute("data-sample"))
    link = page.locator(f'[data-testid="to-{card}"]')
    target = urlsplit(str(link.evaluate("a => a.href")))
    assert target.path == f"/{path}"
    asked = parse_qs(target.query)
    assert asked["sample"] == [sample]
    assert asked["model"] == ["digits"]
    assert "step" not in asked
    link.click()
    page.wait_for_url(re.compile(rf"/{path}\?.*sample={sample}"), timeout=20_000)
    found = parse_qs(urlsplit(page.url).query)
    assert found["beta"] == asked["beta"]
    root = {"map": "latent-canvas", "weight": "weight-view"}[card]
    page.wait_for_selector(f'[data-testid="{root}"][data-ready="true"]', timeout=60_000)


def test_a_link_opened_by_itself_shows_the_sample_too(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    href = str(page.locator('[data-testid="to-map"]').evaluate("a => a.href"))
    page.goto(href)
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"]', timeout=60_000)
    assert parse_qs(urlsplit(page.url).query)["sample"] == parse_qs(urlsplit(href).query)["sample"]


def test_the_story_starts_again(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    page.locator('[data-testid="again"]').click()
    expect(page.locator(VIEW)).to_have_attribute("data-step", "1")


def test_everything_can_be_done_by_keyboard(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    page.locator('[data-testid="add-one"]').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(STEP)).to_have_attribute("data-n", "12")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(STEP)).to_have_attribute("data-n", "1797", timeout=15_000)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(STEP)).to_have_attribute("data-n", "1")


def test_on_a_phone_map_and_buttons_stand_below_each_other_uncut(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    open_step(page, app_url)
    plane = page.locator('[data-testid="mixture-plane"]').bounding_box()
    button = page.locator('[data-testid="add-all"]').bounding_box()
    assert plane is not None
    assert button is not None
    assert plane["y"] + plane["height"] <= button["y"] < plane["y"] + plane["height"] + 140
    assert page.locator(STEP).evaluate("e => e.scrollWidth <= e.clientWidth")
    context.close()


def test_a_drawing_is_the_first_and_one_more(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/one_sample?step=2")
    page.wait_for_selector(f'{VIEW}[data-ready="true"]', timeout=60_000)
    page.get_by_role("button", name="Draw one").click()
    page.locator('[data-testid="pad-surface"]').wait_for()
    box = page.locator('[data-testid="pad-surface"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, y + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(x, y + 0.8 * box["height"], steps=6)
    page.mouse.up()
    expect(page.locator(VIEW)).to_have_attribute("data-source", "drawing")
    page.locator('[data-testid="rail-6"]').click()
    expect(page.locator(STEP)).to_have_attribute("data-total", "1798")
    expect(page.locator('[data-testid="first"]')).to_contain_text("drawing")
    mu = [float(v) for v in str(page.locator(VIEW).get_attribute("data-mu")).split(",")]
    assert values(page, "mean") == pytest.approx(mu, abs=1e-3)
    assert "sample=" not in str(page.locator('[data-testid="to-map"]').get_attribute("href"))
    page.locator('[data-testid="rail-5q"]').click()
    expect(page.locator('[data-testid="story_doubling"]')).to_have_attribute("data-index", "-1")
    page.locator('[data-testid="story_doubling"] [data-testid="choose-grow"]').click()
    expect(page.locator('[data-testid="story_doubling"]')).to_have_attribute("data-verdict", re.compile("right|other"))

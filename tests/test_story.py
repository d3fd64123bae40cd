"""The story "One sample, one Gaussian" in a real Chromium: its steps, and what the encoder and the passes say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import record_errors
from playwright.sync_api import Browser, Page, expect

from vae_core import load_dataset, load_model

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
ROOT = '[data-testid="story-view"]'
STEPS = ("1", "2", "2q", "3", "4", "4q", "5", "5q", "6")


# The element with a test id, inside whatever shadow root it is.
ELEMENT = """((id) => [...document.querySelectorAll('*')].filter((host) => host.shadowRoot)
    .map((host) => host.shadowRoot.querySelector(`[data-testid="${id}"]`)).find(Boolean))"""


def open_story(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/one_sample?{query}")
    page.wait_for_selector(f'{ROOT}[data-ready="true"]', timeout=60_000)


def data(page: Page, name: str, testid: str = "story-view") -> str:
    return str(page.locator(f'[data-testid="{testid}"]').get_attribute(f"data-{name}"))


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def at_step(page: Page, step: str) -> None:
    page.wait_for_selector(f'{ROOT}[data-step="{step}"]')


def visible_steps(page: Page) -> list[str]:
    return [str(step.get_attribute("data-testid")) for step in page.locator(f"{ROOT} .step:visible").all()]


def press(page: Page, testid: str) -> None:
    page.locator(f'[data-testid="{testid}"]').click()


# ---- from step to step


def test_next_leads_through_every_step_and_the_address_follows(page: Page, app_url: str) -> None:
    open_story(page, app_url)
    for step in STEPS:
        at_step(page, step)
        assert len(visible_steps(page)) == 1
        page.wait_for_function(f"new URLSearchParams(location.search).get('step') === '{step}'")
        assert page.locator(f'[data-testid="rail-{step}"]').get_attribute("aria-current") == "step"
        if step != STEPS[-1]:
            press(page, "next")
    expect(page.locator('[data-testid="next"]')).to_be_hidden()


def test_arrow_keys_turn_the_steps_but_not_while_a_slider_has_them(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=3")
    page.locator('[data-testid="mu-1"]').focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"parseFloat({ELEMENT}('story_noise').dataset.mu) > 0")
    at_step(page, "3")
    page.locator(f"{ROOT} .step:visible h2").focus()
    page.keyboard.press("ArrowRight")
    at_step(page, "4")
    page.keyboard.press("ArrowLeft")
    at_step(page, "3")


def test_every_step_has_a_link_of_its_own_and_survives_a_reload(page: Page, app_url: str) -> None:
    open_story(page, app_url)
    press(page, "rail-5")
    page.wait_for_function("new URLSearchParams(location.search).get('step') === '5'")
    page.reload()
    page.wait_for_selector(f'{ROOT}[data-ready="true"][data-step="5"]', timeout=60_000)
    href = str(page.locator('[data-testid="rail-4q"]').get_attribute("href"))
    assert "step=4q" in href
    assert "model=digits" in href


@pytest.mark.parametrize(("asked", "shown"), [("9", "6"), ("0", "1"), ("3.4", "3"), ("seven", "1"), ("<b>2</b>", "1")])
def test_a_step_that_does_not_exist_opens_the_nearest_one_and_says_so(
    page: Page, app_url: str, asked: str, shown: str
) -> None:
    open_story(page, app_url, f"step={asked}")
    at_step(page, shown)
    warning = page.locator('[data-testid="stAlert"]')
    expect(warning).to_contain_text(asked)
    expect(warning).to_contain_text("1, 2, 2q")


def test_the_maths_waits_behind_a_summary(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=3")
    formula = page.get_by_text("Var[z] = σ(x)²·Var[ε]")
    expect(formula).to_be_hidden()
    page.get_by_text("Show the maths").locator("visible=true").click()
    expect(formula).to_be_visible()


# ---- step 2: the encoder


def test_the_encoders_numbers_are_torchs_and_the_same_sample_gives_the_same_again(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=2&sample=17")
    model = load_model(DIGITS)
    with torch.no_grad():
        q = model.encode(torch.from_numpy(load_dataset("digits").images[17:18]), 1.0)
    page.wait_for_selector('[data-testid="story_encoder"][data-input="original"]')
    np.testing.assert_allclose(numbers(data(page, "mu", "story_encoder")), q.loc[0].numpy(), atol=1e-4)
    log_var = 2 * q.scale[0].log().numpy()
    np.testing.assert_allclose(numbers(data(page, "log-var", "story_encoder")), log_var, atol=1e-4)
    before = page.locator('[data-testid="heads"]').inner_text()
    press(page, "send-again")
    expect(page.locator('[data-testid="same"]')).to_contain_text("Sent through 2 times: the very same numbers")
    assert page.locator('[data-testid="heads"]').inner_text() == before


def test_another_sample_has_other_numbers(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=2")
    before = data(page, "mu", "story_encoder")
    page.locator('[data-testid="pick"]').nth(4).click()
    page.wait_for_function(f"{ELEMENT}('story_encoder').dataset.mu !== '{before}'")
    page.wait_for_function("location.search.includes('sample=')")


def draw_stroke(page: Page, points: list[tuple[float, float]]) -> None:
    """Draw with the mouse on the pad; points in shares of its width and height."""
    page.locator('[data-testid="pad-surface"]').wait_for()
    box = page.locator('[data-testid="pad-surface"]').bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


RING = [(0.5 + 0.22 * np.sin(a), 0.5 - 0.32 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 24)]
BAR = [(0.5, 0.15), (0.5, 0.5), (0.5, 0.85)]


def nearest_labels(page: Page, count: int = 15) -> list[int]:
    """Labels of the training samples whose μ lie nearest to the input's."""
    from vae_core import load_codes

    codes = load_codes(DIGITS)
    mu, _ = codes.at_beta(1.0)
    place = np.array(numbers(data(page, "mu", "story_encoder")))
    order = np.argsort(((mu - place) ** 2).sum(axis=1))[:count]
    return [int(label) for label in codes.labels[order]]


def test_a_drawing_moves_the_ellipse_at_every_stroke_without_a_word_to_the_server(page: Page, app_url: str) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_story(page, app_url, "step=2")
    page.get_by_role("button", name="Draw one").click()
    page.wait_for_selector('[data-testid="story_encoder"][data-input="empty"]')
    page.wait_for_timeout(600)
    sent.clear()
    draw_stroke(page, RING)
    page.wait_for_selector('[data-testid="story_encoder"][data-input="drawing"]')
    ring = data(page, "mu", "story_encoder")
    assert nearest_labels(page).count(0) >= 10, "a ring lands among the zeros"
    draw_stroke(page, BAR)
    page.wait_for_function(f"{ELEMENT}('story_encoder').dataset.mu !== '{ring}'")
    assert sent == []


def test_a_cleared_drawing_has_no_numbers(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=2")
    page.get_by_role("button", name="Draw one").click()
    draw_stroke(page, BAR)
    page.wait_for_selector('[data-testid="story_encoder"][data-input="drawing"]')
    press(page, "pad-clear")
    page.wait_for_selector('[data-testid="story_encoder"][data-input="empty"]')
    assert "–" in page.locator('[data-testid="heads"]').inner_text()


def test_a_scribble_over_everything_is_called_unfamiliar(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=2")
    page.get_by_role("button", name="Draw one").click()
    lines = [(0.05 + 0.9 * (i % 2), 0.05 + 0.9 * i / 15) for i in range(16)]
    draw_stroke(page, lines)
    expect(page.locator('[data-testid="unfamiliar"]')).to_contain_text("nothing the model has seen")


def test_the_drawing_goes_on_into_the_next_steps(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=2")
    page.get_by_role("button", name="Draw one").click()
    draw_stroke(page, RING)
    page.wait_for_selector('[data-testid="story_encoder"][data-input="drawing"]')
    drawn = numbers(data(page, "mu", "story_encoder"))
    press(page, "rail-3")
    press(page, "let-encoder")
    page.wait_for_selector('[data-testid="story_noise"][data-set="encoder"]')
    page.wait_for_timeout(900)
    np.testing.assert_allclose(numbers(data(page, "mu", "story_noise")), drawn, atol=1e-3)


# ---- step 3: mean and standard deviation, by construction


def test_a_thousand_passes_run_into_mu_and_sigma_within_the_expected_error(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=3&sample=17")
    for count in (1, 10, 1000):
        press(page, f"pass-{count}")
    page.wait_for_selector('[data-testid="story_noise"][data-n="1011"]')
    mu, sigma = (np.array(numbers(data(page, name, "story_noise"))) for name in ("mu", "sigma"))
    mean, deviation = (np.array(numbers(data(page, name, "story_noise"))) for name in ("mean", "deviation"))
    n = 1011
    assert (np.abs(mean - mu) < 4 * sigma / np.sqrt(n)).all()
    assert (np.abs(deviation - sigma) < 4 * sigma / np.sqrt(2 * (n - 1))).all()
    assert (mean != mu).all(), "an empirical mean never is exactly the mean"
    expect(page.locator('[data-testid="noise-count"]')).to_contain_text("1,011 passes")
    np.testing.assert_allclose(mu, numbers(data(page, "mu")), atol=1e-3)


def test_the_sliders_carry_the_cloud_and_a_new_gaussian_forgets_the_passes(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=3")
    press(page, "pass-10")
    page.wait_for_selector('[data-testid="story_noise"][data-n="10"]')
    page.locator('[data-testid="sigma-2"]').focus()
    page.keyboard.press("End")
    page.wait_for_selector('[data-testid="story_noise"][data-n="0"][data-set="hand"]')
    assert numbers(data(page, "sigma", "story_noise"))[1] == pytest.approx(2.0)
    formula = page.locator('[data-testid="noise-formula"]').inner_text()
    assert re.search(r"2\.00\) · ε$", formula)


# ---- everywhere


def test_at_phone_width_nothing_is_wider_than_the_screen_on_any_step(phone: Page, app_url: str) -> None:
    open_story(phone, app_url)
    for step in STEPS:
        press(phone, f"rail-{step}")
        at_step(phone, step)
        phone.wait_for_timeout(250)
        wide = phone.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= 390, f"step {step} is {wide} px wide"


def test_a_finger_that_draws_does_not_scroll_the_page(phone: Page, app_url: str) -> None:
    open_story(phone, app_url, "step=2")
    phone.get_by_role("button", name="Draw one").click()
    surface = phone.locator('[data-testid="pad-surface"]')
    surface.wait_for()
    assert surface.evaluate("e => getComputedStyle(e).touchAction") == "none"
    press(phone, "rail-3")
    assert phone.locator('[data-testid="mu-handle"]').evaluate("e => getComputedStyle(e).touchAction") == "none"


def test_the_story_is_told_in_chinese_too(page: Page, app_url: str) -> None:
    open_story(page, app_url, "lang=zh-Hans&step=3")
    expect(page.locator(f"{ROOT} h2:visible")).to_have_text("为什么叫它们均值和标准差")
    assert page.locator(ROOT).inner_text().count("story_") == 0


# ---- demo mode and lesson links


def test_in_demo_mode_the_story_tells_itself_until_a_key_is_pressed(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    errors = record_errors(page)
    open_story(page, app_url, "step=4&demo=1")
    expect(page.locator('[data-testid="stHeader"]')).to_be_hidden()
    page.wait_for_selector(f'{ROOT}[data-attract="true"][data-step="4q"]', timeout=15_000)
    assert "step=4&" in page.url, "nothing is told of what moves by itself"
    page.keyboard.press("Escape")
    at_step(page, "4")
    expect(page.locator('[data-testid="stHeader"]')).to_be_visible()
    assert "demo" not in page.url
    context.close()
    assert errors == []


def test_a_lesson_link_shows_only_the_chosen_controls_of_the_story(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=2&controls=rail,take")
    expect(page.locator(".rail")).to_be_visible()
    expect(page.locator(".take:visible")).to_have_count(1)
    for hidden in (".maths:visible", ".picker:visible", '[data-testid="stHeader"]:visible', ".extras:visible"):
        expect(page.locator(hidden)).to_have_count(0)
    press(page, "next")
    at_step(page, "2q")
    press(page, "next")
    at_step(page, "3")
    expect(page.locator(".picker:visible")).to_have_count(0)


def test_coming_back_to_the_passes_with_another_sample_shows_that_samples_gaussian(page: Page, app_url: str) -> None:
    open_story(page, app_url, "step=3&sample=17")
    press(page, "let-encoder")
    press(page, "pass-1000")  # pressed while the sliders still walk: it counts for where they are going
    page.wait_for_selector('[data-testid="story_noise"][data-n="1000"][data-set="encoder"]')
    np.testing.assert_allclose(numbers(data(page, "mu", "story_noise")), numbers(data(page, "mu")), atol=1e-3)
    press(page, "rail-2")
    at_step(page, "2")
    page.locator('[data-testid="pick"]').nth(6).click()
    page.wait_for_selector(f'{ROOT}:not([data-sample="17"])')
    press(page, "rail-3")
    page.wait_for_selector('[data-testid="story_noise"][data-n="0"][data-set="encoder"]')
    np.testing.assert_allclose(numbers(data(page, "mu", "story_noise")), numbers(data(page, "mu")), atol=1e-3)

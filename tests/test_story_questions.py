"""The story's three questions in a real Chromium: what they ask, and that the answers are the model's own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from vae_core import load_codes, load_dataset, load_model

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
DIGITS = CHECKPOINTS / "digits"
VIEW = '[data-testid="story-view"]'
Floats = NDArray[np.float64]
# The test id of what has the focus, inside whatever shadow root it is.
FOCUSED = """() => { let e = document.activeElement;
    while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
    return e?.dataset.testid }"""


def open_question(page: Page, url: str, step: str, query: str = "") -> str:
    """Selector of the question's root."""
    page.goto(f"{url}/one_sample?step={step}&{query}")
    page.wait_for_selector(f'{VIEW}[data-ready="true"]', timeout=60_000)
    root = {"2q": "story_landing", "4q": "story_sureness", "5q": "story_doubling"}[step]
    expect(page.locator(f'[data-testid="{root}"]')).to_have_attribute("data-round", "0")
    return f'[data-testid="{root}"]'


def value(page: Page, root: str, name: str) -> str:
    return str(page.locator(root).get_attribute(f"data-{name}"))


def verdict(page: Page, root: str) -> str:
    expect(page.locator(root)).to_have_attribute("data-verdict", re.compile("."))
    return value(page, root, "verdict")


@cache
def _model_and_images() -> tuple[object, NDArray[np.float32]]:
    return load_model(DIGITS), load_dataset("digits").images


def encoded(index: int, beta: float) -> tuple[Floats, Floats]:
    """μ [2] and σ [2] that the encoder gives one of the digits, by torch."""
    import torch

    model, images = _model_and_images()
    with torch.no_grad():
        q = model.encode(torch.as_tensor(images[index : index + 1]), beta=beta)  # type: ignore[attr-defined]
    return q.loc[0].double().numpy(), q.scale[0].double().numpy()


# ---- where will it land?


def test_the_landing_is_where_the_encoder_puts_a_sample_it_never_saw(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "2q")
    index = int(value(page, root, "index"))
    stored = load_codes(DIGITS)
    assert stored.test[index]
    expect(page.locator(f'{root} [data-testid="ask"]')).to_contain_text("never saw it")
    box = page.locator('[data-testid="landing-plane"]').bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.3 * box["height"])
    verdict(page, root)
    mu, _ = encoded(index, 1.0)
    shown = np.array([float(v) for v in value(page, root, "mu").split(",")])
    assert shown == pytest.approx(mu, abs=5e-3)
    # The share that is named: of the other samples, those that lie farther from it than the guess.
    others = np.delete(stored.at_beta(1.0)[0].astype(float), index, axis=0)
    distance = float(value(page, root, "distance"))
    share = float((np.hypot(*(others - mu).T) > distance).mean())
    assert float(value(page, root, "share")) == pytest.approx(share, abs=5e-3)
    nearest = np.argsort(np.hypot(*(others - mu).T))[:8]
    labels = np.delete(stored.labels, index)[nearest]
    expect(page.locator('[data-testid="neighbours"] .thumb')).to_have_count(8)
    page.wait_for_timeout(1500)
    texts = page.locator('[data-testid="neighbours"] .thumb').all_inner_texts()
    assert sorted(int(text) for text in texts) == sorted(int(label) for label in labels)


def test_a_guess_at_the_right_place_is_very_close(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "2q")
    mu, _ = encoded(int(value(page, root, "index")), 1.0)
    handle = page.locator('[data-testid="guess-handle"]')
    box = page.locator('[data-testid="landing-plane"]').bounding_box()
    assert box is not None
    # The ring stands at 0, 0; with it the scale follows from the map's reach, which its centre and one key press tell.
    before = handle.bounding_box()
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    after = handle.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] - before["x"] == pytest.approx(0.02 * box["width"], abs=1)
    reach = max(3.25, float(np.abs(np.concatenate(bounds_at(1.0))).max()))
    scale = (box["width"] / 2 - 4) / min(6.5, reach)
    page.mouse.click(box["x"] + box["width"] / 2 + scale * mu[0], box["y"] + box["height"] / 2 - scale * mu[1])
    assert verdict(page, root) == "very"
    assert float(value(page, root, "distance")) < 0.05


def bounds_at(beta: float) -> tuple[Floats, Floats]:
    """Lowest and highest corner of all ellipses at 1σ."""
    mu, sigma = (part.astype(float) for part in load_codes(DIGITS).at_beta(beta))
    return (mu - sigma).min(0), (mu + sigma).max(0)


def test_the_landing_can_be_guessed_by_keyboard_alone_and_is_announced(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "2q")
    page.locator('[data-testid="guess-handle"]').focus()
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "here"
    page.keyboard.press("Enter")
    verdict(page, root)
    expect(page.locator('[data-testid="live"]')).to_contain_text("The encoder put it at")
    expect(page.locator(VIEW)).to_have_attribute("data-step", "2q")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "another"
    before = value(page, root, "index")
    page.keyboard.press("Enter")
    expect(page.locator(root)).to_have_attribute("data-round", "1")
    assert value(page, root, "index") != before
    expect(page.locator(f'{root} [data-testid="answer"]')).to_be_hidden()


# ---- which one is the encoder less sure of?


@pytest.mark.parametrize("beta", [0.28, 1.0, 3.9])
def test_the_less_sure_one_has_the_larger_ellipse_by_torch_too(page: Page, app_url: str, beta: float) -> None:
    root = open_question(page, app_url, "4q", f"beta={beta}")
    for _ in range(2):
        pair = [int(i) for i in value(page, root, "pair").split(",")]
        areas = [float(np.prod(encoded(i, beta)[1])) for i in pair]
        assert max(areas) / min(areas) > 1.9
        side = "left" if areas[0] > areas[1] else "right"
        page.locator(f'{root} [data-testid="choose-{side}"]').click()
        assert verdict(page, root) == "right"
        shown = [float(v) for v in value(page, root, "areas").split(",")]
        assert shown == pytest.approx(areas, rel=0.02)
        expect(page.locator(f'{root} [data-testid="why"]')).to_contain_text(f"{max(areas) / min(areas):.1f} times")
        page.locator(f'{root} [data-testid="another"]').click()
        expect(page.locator(root)).not_to_have_attribute("data-verdict", "right")


def test_the_other_choice_is_answered_with_the_models_own_view(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "4q")
    pair = [int(i) for i in value(page, root, "pair").split(",")]
    areas = [float(np.prod(encoded(i, 1.0)[1])) for i in pair]
    page.locator(f'{root} [data-testid="choose-{"right" if areas[0] > areas[1] else "left"}"]').click()
    assert verdict(page, root) == "other"
    before = page.locator(f'{root} [data-testid="why"]').inner_text()
    page.locator(f'{root} [data-testid="choose-left"]').click(force=True)
    assert page.locator(f'{root} [data-testid="why"]').inner_text() == before, "a guess is made once"


def test_at_collapse_it_is_a_tie(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "4q", "beta=12")
    page.locator(f'{root} [data-testid="choose-left"]').click()
    verdict(page, root)
    shown = [float(v) for v in value(page, root, "areas").split(",")]
    assert (value(page, root, "verdict") == "tie") == (max(shown) / min(shown) < 1.1)


# ---- what will doubling β do?


@pytest.mark.parametrize(("beta", "to"), [(1.0, 2.0), (4.4, 8.8), (8.3, 12.0), (12.0, 6.0)])
def test_doubling_is_answered_by_the_encoder_at_twice_beta(page: Page, app_url: str, beta: float, to: float) -> None:
    root = open_question(page, app_url, "5q", f"beta={beta}")
    index = int(value(page, root, "index"))
    shown_from, shown_to = float(value(page, root, "from")), float(value(page, root, "to"))
    assert shown_to == pytest.approx(to, rel=0.06)
    ratio = float(np.prod(encoded(index, shown_to)[1]) / np.prod(encoded(index, shown_from)[1]))
    kind = "grow" if ratio > 1.1 else "shrink" if ratio < 1 / 1.1 else "same"
    page.locator(f'{root} [data-testid="choose-{kind}"]').click()
    assert verdict(page, root) == "right"
    assert float(value(page, root, "ratio")) == pytest.approx(ratio, rel=0.03)
    # The other pages and steps go on at the story's own β.
    expect(page.locator(VIEW)).to_have_attribute("data-beta", re.compile(rf"^{beta:.0f}"))


def test_the_story_keeps_its_gaussian_after_the_question(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "5q")
    before = page.locator(VIEW).get_attribute("data-sigma")
    page.locator(f'{root} [data-testid="choose-grow"]').click()
    page.wait_for_timeout(2000)
    page.locator('[data-testid="next"]').click()
    expect(page.locator(VIEW)).to_have_attribute("data-step", "6")
    assert page.locator(VIEW).get_attribute("data-sigma") == before


def test_zero_is_not_doubled_but_left(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "5q", "beta=0")
    assert float(value(page, root, "from")) == 0
    assert 0.05 < float(value(page, root, "to")) < 0.5
    page.locator(f'{root} [data-testid="choose-grow"]').click()
    verdict(page, root)


# ---- all of them


@pytest.mark.parametrize("step", ["2q", "4q", "5q"])
def test_everybody_is_asked_the_same(browser: Browser, app_url: str, step: str) -> None:
    asked = []
    for _ in range(2):
        context = browser.new_context()
        page = context.new_page()
        root = open_question(page, app_url, step)
        seen = []
        for _ in range(3):
            seen.append([page.locator(root).get_attribute(f"data-{name}") for name in ("index", "pair", "from", "to")])
            page.locator(f'{root} [data-testid="another"]').click()
            page.wait_for_timeout(150)
        asked.append(seen)
        context.close()
    assert asked[0] == asked[1]
    assert len({str(one) for one in asked[0]}) == 3


@pytest.mark.parametrize(("step", "choice"), [("4q", "choose-right"), ("5q", "choose-same")])
def test_choices_work_by_keyboard(page: Page, app_url: str, step: str, choice: str) -> None:
    root = open_question(page, app_url, step)
    page.locator(f'{root} [data-testid="{choice}"]').focus()
    page.keyboard.press("Enter")
    verdict(page, root)
    assert page.evaluate(FOCUSED) == choice, "the focus stays where it was"
    expect(page.locator('[data-testid="live"]')).not_to_be_empty()
    page.keyboard.press("Tab")
    while page.evaluate(FOCUSED) != "another":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(root)).to_have_attribute("data-round", "1")


@pytest.mark.parametrize("step", ["2q", "4q", "5q"])
def test_questions_fit_a_phone(browser: Browser, app_url: str, step: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    root = open_question(page, app_url, step)
    if step == "2q":
        page.locator('[data-testid="landing-plane"]').tap(position={"x": 90, "y": 90})
    else:
        page.locator(f'{root} [data-testid="choose-{"left" if step == "4q" else "grow"}"]').tap()
    verdict(page, root)
    assert page.locator(root).evaluate("e => e.scrollWidth <= e.clientWidth")
    context.close()


def test_questions_work_from_stored_codes_and_labels_stay_text(
    page: Page, start_app: Callable[..., str], tmp_path: Path
) -> None:
    shutil.copytree(DIGITS, tmp_path / "digits")
    card = json.loads((tmp_path / "digits" / "card.json").read_text())
    card["label_names"] = ["<img src=x onerror=window.hurt=1>"] * 10
    card["dataset"] = "mnist"  # whose images are not there: reconstructions stand in, and codes are the stored ones
    (tmp_path / "digits" / "card.json").write_text(json.dumps(card))
    env = {"LATENT_EXPLORER_CHECKPOINTS": str(tmp_path), "LATENT_EXPLORER_DATA": str(tmp_path / "nothing")}
    url = start_app(Path(__file__).parents[1] / "app.py", env=env)
    root = open_question(page, url, "2q")
    expect(page.locator(f'{root} [data-testid="ask"]')).to_contain_text("reconstruction")
    page.locator('[data-testid="landing-plane"]').click(position={"x": 90, "y": 90})
    verdict(page, root)
    expect(page.locator(f'{root} [data-testid="why"]')).to_contain_text("<img src=x")
    mu = load_codes(DIGITS).at_beta(1.0)[0][int(value(page, root, "index"))]
    assert [float(v) for v in value(page, root, "mu").split(",")] == pytest.approx(mu, abs=1e-3)
    for step, choice in (("4q", "choose-left"), ("5q", "choose-grow")):
        root = open_question(page, url, step)
        page.locator(f'{root} [data-testid="{choice}"]').click()
        verdict(page, root)
    assert page.evaluate("window.hurt") is None
    assert page.locator(f"{VIEW} img").count() == 0

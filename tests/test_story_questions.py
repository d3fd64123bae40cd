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
    # The share that is named: of the other samples, those that lie closer to it than the guess.
    others = np.delete(stored.at_beta(1.0)[0].astype(float), index, axis=0)
    distance = float(value(page, root, "distance"))
    share = float((np.hypot(*(others - mu).T) < distance).mean())
    assert float(value(page, root, "closer")) == pytest.approx(share, abs=5e-3)
    why = page.locator(f'{root} [data-testid="why"]').inner_text()
    assert f"Of 100 samples, {100 * share:.0f} lie closer" in why
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
    # The map's scale follows from its reach.
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


@pytest.mark.parametrize("model", ["digits", "mnist", "fashion-mnist"])
def test_the_ring_waits_far_from_every_class_and_is_no_guess_there(page: Page, app_url: str, model: str) -> None:
    root = open_question(page, app_url, "2q", f"model={model}")
    guess = np.array([float(v) for v in value(page, root, "guess").split(",")])
    stored = load_codes(CHECKPOINTS / model)
    mu = stored.at_beta(1.0)[0].astype(float)
    medians = [np.median(mu[stored.labels == label], axis=0) for label in np.unique(stored.labels)]
    assert min(np.hypot(*(median - guess)) for median in medians) > 1
    here, handle = page.locator('[data-testid="here"]'), page.locator('[data-testid="guess-handle"]')
    expect(here).to_have_attribute("aria-disabled", "true")
    here.click(force=True)
    handle.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert page.locator(root).get_attribute("data-verdict") is None
    page.keyboard.press("ArrowLeft")
    expect(here).to_have_attribute("aria-disabled", "false")
    here.click()
    assert verdict(page, root) == "far"


def test_a_guess_is_judged_by_what_lies_under_it(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "2q")
    stored = load_codes(DIGITS)
    mu, _ = stored.at_beta(1.0)
    mu = mu.astype(float)
    reach = max(3.25, float(np.abs(np.concatenate(bounds_at(1.0))).max()))
    for _ in range(4):
        index = int(value(page, root, "index"))
        place, _ = encoded(index, 1.0)
        others = np.delete(mu, index, axis=0)
        labels = np.delete(stored.labels, index)

        def tops(at: Floats, others: Floats = others, labels: NDArray[np.integer] = labels) -> set[int]:
            counts = np.bincount(labels[np.argsort(np.hypot(*(others - at).T))[:8]])
            return set(np.flatnonzero(counts == counts.max()).tolist())

        guess = np.array([-1.0, 0.2])
        box = page.locator('[data-testid="landing-plane"]').bounding_box()
        assert box is not None
        scale = (box["width"] / 2 - 4) / min(6.5, reach)
        page.mouse.click(
            box["x"] + box["width"] / 2 + scale * guess[0], box["y"] + box["height"] / 2 - scale * guess[1]
        )
        kind = verdict(page, root)
        assert kind in (("very", "close", "class") if tops(guess) & tops(place) else ("near", "far", "inside"))
        page.locator(f'{root} [data-testid="another"]').click()
        expect(page.locator(root)).not_to_have_attribute("data-verdict", re.compile("."))


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


# ---- which one may be placed less exactly?


@pytest.mark.parametrize("beta", [0.28, 1.0, 3.9])
def test_the_one_placed_less_exactly_has_the_larger_ellipse_by_torch_too(page: Page, app_url: str, beta: float) -> None:
    root = open_question(page, app_url, "4q", f"beta={beta}")
    for _ in range(2):
        pair = [int(i) for i in value(page, root, "pair").split(",")]
        areas = [float(np.prod(encoded(i, beta)[1])) for i in pair]
        assert max(areas) / min(areas) > 2.8
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


def test_a_reason_is_given_only_where_it_holds_and_can_be_seen(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "4q")
    given = []
    for _ in range(8):
        page.locator(f'{root} [data-testid="choose-left"]').click()
        verdict(page, root)
        faster, seen = (float(v) for v in value(page, root, "faster").split(","))
        why = page.locator(f'{root} [data-testid="why"]')
        given.append(faster >= 1.3 and seen >= 1.5)
        if given[-1]:
            expect(why).to_contain_text(f"{seen:.1f} times as much")
        else:
            expect(why).not_to_contain_text("reason")
        expect(page.locator(f'{root} [data-testid="walks"]')).to_be_visible(visible=given[-1])
        expect(why).to_contain_text("You chose the left one")
        page.locator(f'{root} [data-testid="another"]').click()
        expect(page.locator(root)).not_to_have_attribute("data-verdict", re.compile("."))
    assert True in given


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


def test_at_times_it_stays_about_the_same(page: Page, app_url: str) -> None:
    root = open_question(page, app_url, "5q")
    ratios = []
    for _ in range(10):
        page.locator(f'{root} [data-testid="choose-same"]').click()
        kind = verdict(page, root)
        ratios.append(float(value(page, root, "ratio")))
        assert (kind == "right") == (1 / 1.1 <= ratios[-1] <= 1.1)
        page.locator(f'{root} [data-testid="another"]').click()
        expect(page.locator(root)).not_to_have_attribute("data-verdict", re.compile("."))
    kinds = {"same" if 1 / 1.1 <= r <= 1.1 else "grow" if r > 1 else "shrink" for r in ratios}
    assert kinds == {"same", "grow", "shrink"}


# ---- all of them


def answer(page: Page, root: str, step: str) -> None:
    if step == "2q":
        page.locator('[data-testid="landing-plane"]').click(position={"x": 90, "y": 90})
    else:
        page.locator(f'{root} [data-testid="choose-{"left" if step == "4q" else "grow"}"]').click()
    verdict(page, root)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("step", ["2q", "4q", "5q"])
def test_what_to_take_away_comes_with_the_answer_and_all_is_on_one_screen(
    page: Page, app_url: str, step: str, language: str
) -> None:
    root = open_question(page, app_url, step, f"lang={language}")
    take = page.locator(f"{root} .take")
    expect(take).to_be_hidden()
    answer(page, root, step)
    page.wait_for_timeout(1700)
    expect(take).to_be_visible()
    assert "{" not in page.locator(root).inner_text()
    box = page.locator('[data-testid="back"]').bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    page.locator(f'{root} [data-testid="another"]').click()
    expect(take).to_be_hidden()


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

"""The view of a training as a person uses it, in a real Chromium, over states that are laid out beforehand."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import record_errors
from playwright.sync_api import Browser, Locator, Page, expect
from test_accessibility import AXE, told, violations

from vae_core.checkpoints import load_card, load_codes, load_weights
from vae_core.trainings.folder import write_tensors

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "checkpoints" / "digits"
SAMPLES = 300
STEPS = (0, 10, 20, 30, 40)
VIEW = '[data-testid="train-view"]'
BETAS = (0, 8, 16, 30, 50, 64)  # of the model's 65


class Stage:
    """The folder that the page under test reads, and what it is to show."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._write_states()
        self.show("running", 0)

    def show(self, status: str, step: int, **more: Any) -> None:
        """From now on the page says that the training stands at this step."""
        share = step / STEPS[-1]
        progress = {"seconds_left": 12.0, **facts(step)}
        states = [{"index": i, "step": s, "share": s / STEPS[-1]} for i, s in enumerate(STEPS) if s <= step]
        curve = [[s / STEPS[-1], s, s / 10, 60 - s, s / 8] for s in range(0, step + 1, 2)]
        view = {
            "status": status,
            "progress": progress,
            "states": states,
            "curve": curve,
            "message": "no room left",
            **more,
        }
        told = self.folder / "told.json"
        told.write_text(json.dumps({"live": step, "share": share, "view": view}))
        told.replace(self.folder / "view.json")

    def acts(self) -> list[str]:
        """What the view's buttons have asked for."""
        file = self.folder / "acts.txt"
        return file.read_text().split() if file.exists() else []

    def _write_states(self) -> None:
        card, codes, weights = load_card(DIGITS), load_codes(DIGITS), load_weights(DIGITS)
        ids = np.random.default_rng(0).permutation(len(codes.labels))[:SAMPLES].astype(np.int32)
        card["betas"] = [card["betas"][k] for k in BETAS]
        (self.folder / "card.json").write_text(json.dumps(card))
        start = {"ids": ids, "labels": codes.labels[ids], "test": codes.test[ids].astype(np.uint8)}
        write_tensors(self.folder / "start.safetensors", {}, start)
        mu, sigma = (part[list(BETAS)][:, ids].astype(np.float32) for part in (codes.mu, codes.sigma))
        for step in STEPS:
            # From the prior, and a grey picture, on a straight way to the trained model.
            share = step / STEPS[-1]
            between = np.concatenate([share * mu, sigma**share], axis=2).astype(np.float16)
            decoder = {name: share * value for name, value in weights.items() if name.startswith("decoder.")}
            halves = {name: value.astype(np.float16) for name, value in decoder.items()}
            write_tensors(self.folder / f"{step}.safetensors", facts(step), {**halves, "codes": between})


def facts(step: int) -> dict[str, Any]:
    numbers = {"distortion": 60.0 - step, "rate": step / 8}
    return {"step": step, "share": step / STEPS[-1], "epoch": 1 + step, "seconds": step / 10, **numbers}


@pytest.fixture(scope="module")
def served(start_app: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Stage]:
    stage = Stage(tmp_path_factory.mktemp("training"))
    env = {"TRAIN_VIEW_FOLDER": str(stage.folder), "PYTHONPATH": os.pathsep.join([str(ROOT)])}
    return start_app(ROOT / "tests" / "train_view_app.py", env=env), stage


def open_view(page: Page, url: str) -> Locator:
    page.goto(url)
    view = page.locator(f"{VIEW}[data-ready='true']")
    view.wait_for(timeout=60_000)
    return view


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Look again and again for ten seconds at most; what the browser and the script do takes its time."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    assert holds()


def decoded(page: Page) -> list[int]:
    script = "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    return list(page.locator('canvas[data-testid="decoded"]').evaluate(script))


def test_new_states_are_shown_as_they_come_and_the_ring_decodes_with_the_newest(
    page: Page, served: tuple[str, Stage]
) -> None:
    url, stage = served
    stage.show("running", 0)
    view = open_view(page, url)
    expect(view).to_have_attribute("data-status", "running")
    expect(page.get_by_test_id("train-look")).to_contain_text("Nothing is learned yet")
    # A decoder of zeros answers with the same grey everywhere.
    wait_until(page, lambda: len(set(decoded(page)[::4])) == 1)
    grey = decoded(page)
    updates = int(view.get_attribute("data-updates") or 0)
    stage.show("running", 20)
    expect(view).to_have_attribute("data-step", "20")
    expect(view).to_have_attribute("data-updates", str(updates + 1))
    expect(view).to_have_attribute("data-tweening", "false")
    expect(page.get_by_test_id("train-time")).to_have_text("epoch 21 · 2.0 s · about 10 seconds left")
    expect(page.get_by_test_id("distortion-now")).to_have_text("40.0 nats")
    wait_until(page, lambda: decoded(page) != grey)
    middle = decoded(page)
    box = page.get_by_test_id("z-handle").bounding_box()
    assert box is not None
    page.mouse.move(box["x"], box["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] - 40, steps=5)
    wait_until(page, lambda: decoded(page) != middle)  # a drag decodes
    before = decoded(page)
    stage.show("running", 40)
    expect(view).to_have_attribute("data-step", "40")
    wait_until(page, lambda: decoded(page) != before)  # under a hand that holds still the decoder changes too
    page.mouse.up()


def test_the_timeline_opens_at_a_pause_and_leads_back_to_the_newest(page: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("running", 40)
    view = open_view(page, url)
    slider = page.get_by_test_id("timeline")
    expect(slider).to_be_disabled()
    wait_until(page, lambda: len(set(decoded(page)[::4])) > 1)
    newest = decoded(page)
    stage.show("paused", 40)
    expect(slider).to_be_enabled()
    slider.focus()
    page.keyboard.press("Home")
    expect(view).to_have_attribute("data-state-index", "0")
    expect(view).to_have_attribute("data-step", "0")
    expect(page.get_by_test_id("timeline-place")).to_have_text("before the first step")
    expect(page.locator(".stops i.there")).to_have_count(len(STEPS))
    wait_until(page, lambda: len(set(decoded(page)[::4])) == 1)
    page.keyboard.press("ArrowRight")
    expect(view).to_have_attribute("data-step", "10")
    page.get_by_test_id("newest").click()
    expect(slider).to_be_focused()
    expect(view).to_have_attribute("data-state-index", "")
    expect(view).to_have_attribute("data-tweening", "false")
    wait_until(page, lambda: decoded(page) == newest)


def test_the_film_runs_through_every_state(page: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("finished", 40)
    view = open_view(page, url)
    view.evaluate("""(view) => {
      window.places = [];
      new MutationObserver(() => window.places.push(Number(view.dataset.stateIndex)))
        .observe(view, {attributes: true, attributeFilter: ['data-state-index']});
    }""")
    page.get_by_test_id("film").click()
    expect(view).to_have_attribute("data-state-index", "4", timeout=20_000)
    expect(page.get_by_test_id("film")).to_have_text("▶")
    places = page.evaluate("window.places")
    assert places == sorted(places)
    assert {0, 1, 2, 3} <= {int(place) for place in places}
    assert any(place % 1 for place in places), "the map morphs between the states"
    expect(page.get_by_test_id("train-play")).to_be_hidden()


def test_buttons_ask_and_are_closed_where_they_mean_nothing(page: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("running", 20)
    view = open_view(page, url)
    asked = len(stage.acts())
    play, step, slow = (page.get_by_test_id(f"train-{name}") for name in ("play", "step", "slow"))
    expect(step).to_be_disabled()
    play.click()
    expect(view).to_have_attribute("data-status", "paused")
    stage.show("paused", 20)
    expect(step).to_be_enabled()
    step.click()
    stage.show("paused", 30)
    expect(view).to_have_attribute("data-step", "30")
    slow.press("Enter")
    expect(slow).to_have_attribute("aria-pressed", "true")
    stage.show("running", 40, pace="run")
    expect(view).to_have_attribute("data-step", "40")
    expect(page.get_by_test_id("train-status")).to_have_text("Training in slow motion")
    stage.show("running", 30, pace="slow")
    expect(view).to_have_attribute("data-step", "30")
    expect(page.get_by_test_id("train-status")).to_have_text("Training in slow motion")
    page.get_by_test_id("train-stop").click()
    expect(page.get_by_test_id("train-status")).to_have_text("Stopping …")
    expect(page.locator(".train-status")).to_be_focused()
    stage.show("failed", 30)
    expect(page.get_by_test_id("train-time")).to_have_text("no room left")
    wait_until(page, lambda: stage.acts()[asked:] == ["pause", "step", "slow", "stop"])


def test_a_training_that_waits_can_leave_the_queue(page: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("waiting", 0, place=2)
    open_view(page, url)
    asked = len(stage.acts())
    page.get_by_role("button", name="Leave the queue").click()
    expect(page.get_by_test_id("train-status")).to_have_text("Stopping …")
    stage.show("interrupted", 0)
    expect(page.get_by_test_id("train-status")).to_have_text("Interrupted")
    wait_until(page, lambda: stage.acts()[asked:] == ["stop"])


def test_what_a_finished_training_was_like_is_told_to_screen_readers(page: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("finished", 40)
    open_view(page, url)
    chart = page.get_by_test_id("curve-distortion")
    expect(chart).to_have_accessible_name("Distortion D over 4 seconds of training: from 60.0 to 20.0 nats.")


def test_whoever_prefers_no_motion_sees_states_change_at_once(browser: Browser, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("running", 10)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    errors = record_errors(page)
    view = open_view(page, url)
    view.evaluate("""(view) => {
      window.tweened = false;
      const look = () => { window.tweened ||= view.dataset.tweening === 'true'; };
      new MutationObserver(look).observe(view, {attributes: true});
    }""")
    stage.show("running", 40)
    expect(view).to_have_attribute("data-step", "40")
    page.wait_for_timeout(300)
    assert page.evaluate("window.tweened") is False
    context.close()
    assert not errors


@pytest.mark.slow
@pytest.mark.skipif(not AXE.is_file() and shutil.which("npm") is None, reason="axe-core comes from npm")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_view_has_no_serious_violation(browser: Browser, served: tuple[str, Stage], scheme: Any) -> None:
    url, stage = served
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints = {}
    for status in ("running", "paused", "finished"):
        stage.show(status, 30)
        view = open_view(page, url) if status == "running" else page.locator(VIEW)
        expect(view).to_have_attribute("data-status", status)
        page.wait_for_timeout(400)
        complaints[status] = told(violations(page))
    context.close()
    assert not any(complaints.values()), complaints


def test_on_a_phone_everything_stands_in_one_column(phone: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("paused", 40)
    open_view(phone, url)
    names = ("train-play", "decoded", "stage", "beta-slider", "timeline", "same-eight", "curve-distortion")
    boxes = [phone.get_by_test_id(name).bounding_box() for name in names]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == len(names)
    assert tops == sorted(tops)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes if box)


def test_everything_a_hand_needs_is_in_sight_on_a_small_laptop(page: Page, served: tuple[str, Stage]) -> None:
    url, stage = served
    stage.show("paused", 40)
    open_view(page, url)
    for name in ("stage", "beta-slider", "timeline"):
        box = page.get_by_test_id(name).bounding_box()
        # The app has 200 pixels of menu and heading above the view, this page has fewer.
        assert box is not None
        assert box["y"] + box["height"] <= 900

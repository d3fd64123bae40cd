"""The start page as a person uses it, in a real Chromium: the ring, the doors, the gallery, old addresses."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import record_errors, wait_ready
from playwright.sync_api import Browser, Page, expect
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
CANVAS = '[data-testid="latent-canvas"]'
HANDLE = '[data-testid="z-handle"]'
START = '[data-testid="start-view"]'
AT_REST = "0.0000,0.0000"
MODELS = ["digits", "mnist", "fashion-mnist"]


def open_start(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/?{query}")
    page.wait_for_selector(START, timeout=60_000)
    wait_ready(page)


def data(page: Page, name: str) -> str:
    return str(page.locator(CANVAS).get_attribute(f"data-{name}"))


def z_of(page: Page) -> tuple[float, float]:
    x, y = data(page, "z").split(",")
    return float(x), float(y)


def picture(page: Page) -> list[int]:
    """The decoded image, red, green, blue and opacity pixel by pixel."""
    script = "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    return list(page.locator('canvas[data-testid="decoded"]').evaluate(script))


def centre(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag_ring(page: Page, dx: float, dy: float) -> None:
    # Over the map the ring holds still, and can be taken.
    page.mouse.move(*centre(page, '[data-testid="stage"]'))
    page.wait_for_timeout(100)
    x, y = centre(page, HANDLE)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=8)
    page.mouse.up()


def settle(page: Page) -> None:
    """Until a hand at rest has been told to the server."""
    page.wait_for_timeout(500)


def wait_map(page: Page) -> None:
    page.wait_for_url("**/latent_map*")
    expect(page.locator(START)).to_have_count(0)
    wait_ready(page)


@pytest.fixture
def still(browser: Browser) -> Iterator[Page]:
    """A page whose reader prefers no motion."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    fresh = context.new_page()
    errors = record_errors(fresh)
    yield fresh
    context.close()
    assert not errors


def test_the_first_screen_says_what_this_is_and_holds_map_picture_and_doors(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    lead = page.locator('[data-testid="lead"]')
    expect(lead).to_contain_text("1,797 pictures")
    expect(lead.locator("strong")).to_have_text("Drag the ring")
    for selector in ('[data-testid="stage"]', '[data-testid="decoded"]', '[data-testid="beta-slider"]'):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900, selector
    for door in ("story", "map", "weight"):
        box = page.locator(f'[data-testid="door-{door}"]').bounding_box()
        assert box is not None
        assert box["y"] < 850
    decoded = page.locator('[data-testid="decoded"]').bounding_box()
    assert decoded is not None
    assert decoded["width"] > 250


def test_dragging_the_ring_changes_the_picture_and_its_words(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    before = picture(page)
    drag_ring(page, 0, 130)
    settle(page)
    assert picture(page) != before
    assert z_of(page)[1] < -1
    expect(page.locator('[data-testid="here"]')).to_have_text("Among “0”")
    expect(page.locator('[data-testid="here-who"]')).to_have_text(
        re.compile(r"\d+ of the map’s 1,797 pictures share this place.")
    )
    drag_ring(page, 240, 100)
    settle(page)
    expect(page.locator('[data-testid="here"]')).to_have_text("Where no picture lives")


def test_the_keys_move_the_ring_and_beta_melts_the_map(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    page.locator(HANDLE).focus()
    x, _ = z_of(page)
    page.keyboard.press("ArrowRight")
    assert z_of(page)[0] == pytest.approx(x + 0.1, abs=1e-3)
    page.locator('[data-testid="beta-slider"]').focus()
    page.keyboard.press("End")
    settle(page)
    assert float(data(page, "beta")) == 12
    expect(page.locator('[data-testid="here-who"]')).to_contain_text("Nearly all pictures share this place")


def test_the_ring_glides_until_a_hand_takes_it(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    root = page.locator(CANVAS)
    expect(root).to_have_class(re.compile("inviting"))
    expect(page.locator(".drag-me")).to_have_text("Drag me")
    expect(root).not_to_have_attribute("data-z", AT_REST, timeout=20_000)
    drag_ring(page, 40, 0)
    expect(root).not_to_have_class(re.compile("inviting"))
    expect(page.locator(".drag-me")).to_have_count(0)
    page.mouse.move(5, 500)
    left = z_of(page)
    page.wait_for_timeout(2500)
    assert z_of(page) == left


def test_a_pointer_over_the_map_makes_the_ring_hold_still(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    root = page.locator(CANVAS)
    expect(root).not_to_have_attribute("data-z", AT_REST, timeout=20_000)
    page.mouse.move(*centre(page, '[data-testid="stage"]'))
    page.wait_for_timeout(300)
    held = data(page, "z")
    page.wait_for_timeout(700)
    assert data(page, "z") == held
    page.mouse.move(5, 500)
    expect(root).not_to_have_attribute("data-z", held, timeout=20_000)


def test_who_prefers_no_motion_sees_none(still: Page, app_url: str) -> None:
    open_start(still, app_url)
    expect(still.locator(".drag-me")).to_be_visible()
    for _ in range(5):
        still.wait_for_timeout(600)
        assert data(still, "z") == AT_REST
    script = "element => element.getAnimations({ subtree: true }).length"
    assert still.locator(START).evaluate(script) == 0


def test_the_address_names_the_model_alone(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    drag_ring(page, 60, 20)
    settle(page)
    assert page.url == f"{app_url}/?model=digits"


def test_a_hand_at_rest_brings_the_gallery_no_second_time(page: Page, app_url: str) -> None:
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda payload: received.append(len(payload))))
    open_start(page, app_url)
    settle(page)
    before = len(received)
    drag_ring(page, 70, 40)
    settle(page)
    assert len(received) > before, "the server has answered"
    assert max(received[before:]) < 8_000


def test_the_wheel_over_the_map_scrolls_the_page(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    view = data(page, "view")
    page.mouse.move(*centre(page, '[data-testid="stage"]'))
    page.mouse.wheel(0, 200)
    settle(page)
    assert data(page, "view") == view
    box = page.locator('[data-testid="stage"]').bounding_box()
    assert box is not None
    assert box["y"] < 100


def test_the_door_to_the_map_carries_the_place_and_beta(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    page.locator('[data-testid="beta-slider"]').focus()
    page.keyboard.press("PageUp")
    drag_ring(page, 120, -60)
    z, beta = z_of(page), data(page, "beta")
    # At once: the hand has not rested yet.
    page.locator('[data-testid="door-map"]').click()
    wait_map(page)
    expect(page.get_by_role("heading", name="Latent map")).to_be_visible()
    assert z_of(page) == pytest.approx(z, abs=1e-3)
    assert data(page, "beta") == beta
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_selector(START)
    wait_ready(page)
    assert z_of(page) == pytest.approx(z, abs=1e-3), "and comes back to it"
    expect(page.locator(".drag-me")).to_have_count(0)


@pytest.mark.parametrize(
    ("door", "path", "title"),
    [("story", "one_sample", "One sample, one Gaussian"), ("weight", "kl_weight", "KL weight")],
)
def test_a_door_opens_its_page(page: Page, app_url: str, door: str, path: str, title: str) -> None:
    open_start(page, app_url)
    link = page.locator(f'[data-testid="door-{door}"]')
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{path}*")
    expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()


def test_a_door_is_a_link_that_a_new_tab_can_open(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    drag_ring(page, 80, 0)
    z = z_of(page)
    with page.context.expect_page() as opened:
        page.locator('[data-testid="door-map"]').click(modifiers=["ControlOrMeta"])
    tab = opened.value
    wait_map(tab)
    assert z_of(tab) == pytest.approx(z, abs=1e-3)
    assert page.locator(START).count() == 1


def test_what_only_the_map_knows_outlives_a_visit_to_the_start(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/latent_map?pins=0,0;1,1&k=2")
    wait_ready(page)
    page.locator(HANDLE).focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_selector(START)
    wait_ready(page)
    drag_ring(page, 50, 50)
    settle(page)
    z = z_of(page)
    page.locator('[data-testid="door-map"]').click()
    wait_map(page)
    expect(page).to_have_url(re.compile(re.escape("pins=0,0;1,1")))
    assert data(page, "k-sigma") == "2"
    assert z_of(page) == pytest.approx(z, abs=1e-3)


def test_the_gallery_shows_every_model_and_a_click_puts_it_on_the_map(page: Page, app_url: str) -> None:
    open_start(page, app_url)
    cards = page.locator('[data-testid="gallery"] .card')
    assert [card.get_attribute("data-model") for card in cards.all()] == MODELS
    expect(cards.nth(0)).to_have_attribute("aria-current", "true")
    expect(cards.nth(1)).to_contain_text("60,000 pictures of 28 × 28 pixels")
    for card in cards.all():
        assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 240
    cards.nth(2).click()
    page.wait_for_selector(f'{CANVAS}[data-ready="true"][data-model="fashion-mnist"]')
    expect(cards.nth(2)).to_have_attribute("aria-current", "true")
    expect(cards.nth(0)).not_to_have_attribute("aria-current", "true")
    expect(page.locator('[data-testid="lead"]')).to_contain_text("60,000 pictures")
    expect(page).to_have_url(f"{app_url}/?model=fashion-mnist")
    expect(page.get_by_role("radio", name="Fashion-MNIST")).to_be_checked()
    page.locator('[data-testid="door-map"]').click()
    wait_map(page)
    assert data(page, "model") == "fashion-mnist"


@pytest.mark.parametrize("query", ["model=mnist&beta=4.5&z=1,-1", "z=1,-1", "hide=1,2&grid=1", "sample=3"])
def test_an_address_of_the_map_from_before_still_leads_to_it(page: Page, app_url: str, query: str) -> None:
    page.goto(f"{app_url}/?{query}")
    wait_map(page)
    settle(page)
    for part in query.split("&"):
        assert part in page.url
    if "z=" in query:
        assert z_of(page) == (1.0, -1.0)


def test_going_back_from_there_comes_to_the_start_page(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?z=1,-1")
    wait_map(page)
    settle(page)
    page.go_back()
    page.wait_for_selector(START)
    wait_ready(page)
    assert z_of(page) == (1.0, -1.0)
    expect(page).to_have_url(f"{app_url}/?model=digits")


def test_a_phone_shows_it_in_one_column_without_scrolling_sideways(phone: Page, app_url: str) -> None:
    open_start(phone, app_url)
    widths = "() => [document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
    assert max(phone.evaluate(widths)) <= 390
    boxes = [phone.locator(f'[data-testid="door-{door}"]').bounding_box() for door in ("story", "map", "weight")]
    assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    before = picture(phone)
    stage = phone.locator('[data-testid="stage"]').bounding_box()
    assert stage is not None
    phone.touchscreen.tap(stage["x"] + stage["width"] / 2, stage["y"] + 0.7 * stage["height"])
    settle(phone)
    assert picture(phone) != before
    expect(phone.locator(CANVAS)).not_to_have_class(re.compile("inviting"))


def test_it_speaks_chinese(page: Page, app_url: str) -> None:
    open_start(page, app_url, "lang=zh-Hans")
    expect(page.locator('[data-testid="lead"]')).to_contain_text("拖动圆环")
    expect(page.locator('[data-testid="door-story"]')).to_contain_text("一个样本")


# ---- what the server sends, without a browser


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models of its own, with a copy of the digits."""
    folder = tmp_path / "models"
    shutil.copytree(ROOT / "checkpoints" / "digits", folder / "digits")
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINTS", str(folder))
    return folder


def told(app: AppTest) -> dict[str, Any]:
    """What the start page's view was told."""
    for element in app.main.children.values():
        found = _find(element)
        if found is not None:
            return found
    raise AssertionError("no view was mounted")


def _find(element: Any) -> dict[str, Any] | None:
    proto = getattr(element, "proto", None)
    text = getattr(proto, "json", "")
    if getattr(element, "type", "") == "bidi_component" and text:
        view = json.loads(text).get("view")
        if view:
            return dict(json.loads(view))
    for child in getattr(element, "children", {}).values():
        found = _find(child)
        if found is not None:
            return found
    return None


def open_app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def damage_codes(folder: Path) -> None:
    (folder / "codes.safetensors").write_bytes(b"nothing")


def damage_card(folder: Path) -> None:
    (folder / "card.json").write_text("{")


@pytest.mark.parametrize("damage", [damage_codes, damage_card])
def test_a_model_that_cannot_be_opened_gets_a_sentence_in_the_gallery(
    models: Path, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(models / "digits", models / "broken")
    damage(models / "broken")
    app = open_app()
    assert not app.exception
    good, bad = told(app)["gallery"]
    assert good["picture"].startswith("data:image/png;base64,")
    assert (bad["name"], "picture" in bad) == ("broken", False)
    assert "expected" in bad["complaint"]


def test_more_than_twelve_models_are_links_after_the_twelfth(models: Path) -> None:
    for number in range(13):
        shutil.copytree(models / "digits", models / f"copy-{number:02}")
    view = told(open_app())
    assert len(view["gallery"]) == 12
    assert [model["name"] for model in view["more"]] == ["copy-11", "copy-12"]


def test_the_view_opens_where_the_map_does_and_asks_for_no_original_images() -> None:
    view = told(open_app())
    assert view["originals"] is False
    assert view["start"] == 1.0
    assert view["initial"] == {}

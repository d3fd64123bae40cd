"""The tour, demo mode and lesson links, as people meet them in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conftest import record_errors, wait_ready
from playwright.sync_api import Browser, Page, expect
from test_latent_map import box, centre, data, drag, place, settle, z_of

from vae_core import load_codes

MAP = '[data-testid="latent-canvas"]'
WEIGHT = '[data-testid="weight-view"]'
OFFER = '[data-testid="tour-offer"]'
CARD = '[data-testid="tour-card"]'
WORDS = '[data-testid="tour-words"]'
COUNT = '[data-testid="tour-count"]'
HEADER = '[data-testid="stHeader"]'
SLIDER = '[data-testid="beta-slider"]'
# Every group of controls that a lesson link can hide, and something of it that is on the page from the start.
MAP_CONTROLS = {
    "intro": ".intro",
    "show": ".toolbar .field:has(.segmented)",
    "ellipses": '[data-testid="k-slider"]',
    "decodes": '.switch:has([data-testid="grid-switch"])',
    "density": '.switch:has([data-testid="cloud-switch"])',
    "save": '[data-testid="save-picture"]',
    "zoom": ".zoom",
    "legend": ".legend",
    "status": '[data-testid="status"]',
    "picture": '[data-testid="decoded"]',
    "beta": SLIDER,
    "sample": '[data-testid="sample-card"]',
    "nearest": '[data-testid="nearest"]',
    "path": ".paths",
    "tools": '[data-testid="lesson-button"]',
    "menu": HEADER,
}


def open_map(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/latent_map?{query}")
    wait_ready(page)


def open_weight(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/kl_weight?{query}")
    page.wait_for_selector(f'{WEIGHT}[data-ready="true"]', timeout=60_000)


def press_demo(page: Page) -> None:
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_class(re.compile(r"\bdemo\b"))


def wait_attract(page: Page, root: str = MAP) -> None:
    page.wait_for_selector(f'{root}[data-attract="true"]', timeout=15_000)


def goes_on(page: Page, step: str) -> None:
    """The step is confirmed, and the next one, named "2 of 5", comes by itself."""
    expect(page.locator(WORDS)).to_contain_text("✓")
    expect(page.locator(COUNT)).to_contain_text(step, timeout=6_000)


# --- the tour


def test_the_tour_is_offered_once_and_stays_reachable(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    expect(page.locator(OFFER)).to_be_visible()
    expect(page.locator('[data-testid="tour-button"]')).to_be_hidden()
    page.locator('[data-testid="tour-dismiss"]').click()
    expect(page.locator(OFFER)).to_be_hidden()
    expect(page.locator('[data-testid="tour-button"]')).to_be_focused()
    open_map(page, app_url)
    expect(page.locator(OFFER)).to_be_hidden()
    page.locator('[data-testid="tour-button"]').click()
    expect(page.locator(CARD)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(CARD)).to_be_hidden()
    open_weight(page, app_url)
    expect(page.locator(OFFER)).to_be_visible()
    open_weight(page, app_url)
    expect(page.locator(OFFER)).to_be_hidden()


def test_where_the_browser_keeps_nothing_a_no_counts_until_the_page_is_left(page: Page, app_url: str) -> None:
    page.add_init_script(
        "for (const name of ['getItem', 'setItem']) { const real = Storage.prototype[name];"
        " Storage.prototype[name] = function (key, ...rest) {"
        " if (key.startsWith('latent-space')) throw new DOMException('no', 'SecurityError');"
        " return real.call(this, key, ...rest); }; }"
    )
    open_map(page, app_url)
    page.locator('[data-testid="tour-dismiss"]').click()
    expect(page.locator(OFFER)).to_be_hidden()
    page.locator('[data-testid="stTopNavLink"]').nth(3).click()
    page.wait_for_selector(f'{WEIGHT}[data-ready="true"]')
    page.locator('[data-testid="stTopNavLink"]').nth(2).click()
    page.wait_for_selector('[data-testid="stage"]')
    wait_ready(page)
    expect(page.locator(OFFER)).to_be_hidden()


def test_the_tour_of_the_map_waits_for_what_it_asks_for_and_reaches_its_end(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    page.locator(OFFER).click()
    expect(page.locator(COUNT)).to_contain_text("1 of 5")
    expect(page.locator('[data-testid="z-handle"]')).to_have_class(re.compile("tour-target"))
    page.wait_for_timeout(1_000)
    expect(page.locator(COUNT)).to_contain_text("1 of 5")
    expect(page.locator(WORDS)).not_to_contain_text("✓")
    x, y = centre(page, '[data-testid="z-handle"]')
    page.mouse.move(*place(page, (0.0, 0.0)))
    page.mouse.down()
    page.mouse.move(x - 120, y - 20, steps=6)
    expect(page.locator(CARD)).to_have_class(re.compile("aside"))
    expect(page.locator(WORDS)).not_to_contain_text("✓")
    page.mouse.up()
    goes_on(page, "2 of 5")
    mu, _ = load_codes("checkpoints/digits").at_beta(1.0)
    top = int(mu[:, 1].argmax())
    page.mouse.click(*place(page, (float(mu[top, 0]), float(mu[top, 1]))))
    goes_on(page, "3 of 5")
    page.locator(SLIDER).press("ArrowRight")
    page.wait_for_timeout(400)
    expect(page.locator(WORDS)).not_to_contain_text("✓")
    for _ in range(3):
        page.locator(SLIDER).press("PageUp")
    goes_on(page, "4 of 5")
    page.locator('[data-testid="grid-switch"]').check(force=True)
    goes_on(page, "5 of 5")
    page.locator(".legend .chip").nth(2).click()
    expect(page.locator(WORDS)).to_contain_text("✓")
    page.locator('[data-testid="tour-skip"]').click()
    expect(page.locator(MAP)).to_have_attribute("data-tour", "over")
    page.locator('[data-testid="tour-end"]').click()
    expect(page.locator(CARD)).to_be_hidden()
    assert page.locator(".tour-target").count() == 0


def test_the_tour_of_the_kl_weight_can_be_done_by_keyboard_alone(page: Page, app_url: str) -> None:
    open_weight(page, app_url)
    page.locator(OFFER).focus()
    page.keyboard.press("Enter")
    expect(page.locator(COUNT)).to_contain_text("1 of 4")
    expect(page.locator(SLIDER)).to_be_focused()
    page.keyboard.press("PageUp")
    goes_on(page, "2 of 4")
    page.locator('[data-testid="play"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    expect(page.locator(WORDS)).not_to_contain_text("✓")
    page.keyboard.press("Enter")
    goes_on(page, "3 of 4")
    page.locator('[data-testid="ellipses-switch"]').press("Space")
    goes_on(page, "4 of 4")
    page.locator('[data-testid="compare"]').press("Enter")
    expect(page.locator(WORDS)).to_contain_text("✓")
    expect(page.locator(WEIGHT)).to_have_attribute("data-tour", "over", timeout=6_000)
    page.keyboard.press("Escape")
    expect(page.locator(CARD)).to_be_hidden()


def test_steps_can_be_skipped_and_those_without_a_control_are_left_out(page: Page, app_url: str) -> None:
    open_map(page, app_url, "controls=tools,beta,legend&grid=1")
    page.locator(OFFER).click()
    expect(page.locator(COUNT)).to_contain_text("1 of 4")
    for step in ("2 of 4", "3 of 4", "4 of 4"):
        page.locator('[data-testid="tour-skip"]').click()
        expect(page.locator(COUNT)).to_contain_text(step)
    page.locator('[data-testid="tour-end"]').click()
    expect(page.locator(CARD)).to_be_hidden()
    open_weight(page, app_url, "controls=tools,story")
    expect(page.locator('[data-testid="demo-button"]')).to_be_visible()
    assert page.locator('[data-testid="tour-button"]').count() == 0, "nothing to show, no tour"


# --- demo mode


def test_demo_mode_by_key_moves_z_by_itself_until_a_touch_and_tells_nobody(page: Page, app_url: str) -> None:
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    open_map(page, app_url, "z=1,-1")
    settle(page)
    usual = box(page, '[data-testid="decoded"]')["width"]
    press_demo(page)
    expect(page.locator(HEADER)).to_be_hidden()
    for button in page.locator('[data-testid="stDownloadButton"]').all():
        expect(button).to_be_hidden()
    assert "demo=1" in page.url
    assert "z=1,-1" in page.url
    assert box(page, '[data-testid="decoded"]')["width"] > 1.2 * usual
    settle(page)
    before = len(sent)
    wait_attract(page)
    page.wait_for_timeout(2_500)
    moved = z_of(page)
    assert moved != (1.0, -1.0)
    page.wait_for_timeout(500)
    assert z_of(page) != moved
    assert len(sent) == before
    page.locator("h3:visible").first.click()
    assert z_of(page) == (1.0, -1.0)
    assert page.locator(MAP).get_attribute("data-attract") is None
    page.wait_for_timeout(3_000)
    assert z_of(page) == (1.0, -1.0), "it waits for longer once somebody is there"
    assert "z=1,-1" in page.url
    page.keyboard.press("d")
    expect(page.locator(HEADER)).to_be_visible()
    assert "demo" not in page.url
    assert float(data(page, "beta")) == 1.0
    page.wait_for_timeout(2_500)
    assert page.locator(MAP).get_attribute("data-attract") is None


def test_touching_the_moving_ring_takes_it_over(page: Page, app_url: str) -> None:
    open_map(page, app_url, "demo=1")
    wait_attract(page)
    page.wait_for_timeout(2_500)
    x, y = centre(page, '[data-testid="z-handle"]')
    drag(page, (x, y), (x + 40, y + 40))
    settle(page)
    now = z_of(page)
    goal = place(page, now)
    assert abs(goal[0] - x - 40) < 40
    assert now != (0.0, 0.0)


def test_demo_mode_by_address_survives_the_way_to_another_page_and_escape_leaves_it(page: Page, app_url: str) -> None:
    open_weight(page, app_url, "demo=1&beta=1")
    expect(page.locator(HEADER)).to_be_hidden()
    wait_attract(page, WEIGHT)
    page.wait_for_timeout(1_500)
    beta = page.locator(WEIGHT).get_attribute("data-beta")
    assert float(beta or 0) > 1.0
    page.mouse.wheel(0, 10)
    page.wait_for_timeout(500)
    expect(page.locator(WEIGHT)).to_have_attribute("data-beta", "1")
    page.keyboard.press("Escape")
    expect(page.locator(HEADER)).to_be_visible()
    expect(page.locator(WEIGHT)).not_to_have_class(re.compile(r"\bdemo\b"))
    assert "demo" not in page.url


def test_the_key_is_a_letter_where_somebody_types(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), {id: 'field'}))")
    page.locator("#field").press("d")
    assert page.locator("#field").input_value() == "d"
    page.locator('[data-testid="z-handle"]').focus()
    page.keyboard.press("Control+Shift+d")
    expect(page.locator("html")).not_to_have_class(re.compile(r"\bdemo\b"))


def test_escape_leaves_demo_mode_and_nothing_else(page: Page, app_url: str) -> None:
    open_map(page, app_url, "sample=42")
    page.locator('[data-testid="demo-button"]').click()
    expect(page.locator(HEADER)).to_be_hidden()
    page.locator('[data-testid="z-handle"]').focus()
    page.keyboard.press("Escape")
    expect(page.locator(HEADER)).to_be_visible()
    assert data(page, "selected") == "42"


def test_whoever_prefers_no_motion_gets_one_place_after_another(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    errors = record_errors(page)
    open_map(page, app_url, "demo=1")
    settle(page)
    before = len(sent)
    wait_attract(page)
    seen = set()
    for _ in range(22):
        seen.add(z_of(page))
        page.wait_for_timeout(250)
    assert 2 <= len(seen) <= 3
    assert len(sent) == before
    context.close()
    assert not errors


# --- lesson links


def test_a_lesson_link_shows_the_chosen_controls_and_no_others(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=0.5,-0.5&mine=1")
    settle(page)
    page.locator('[data-testid="lesson-button"]').click()
    dialog = page.locator('[data-testid="lesson-dialog"]')
    address = page.locator('[data-testid="lesson-address"]')
    expect(dialog).to_be_visible()
    expect(dialog).not_to_contain_text("extras.")
    assert "controls" not in address.input_value()
    page.locator('[data-testid="lesson-none"]').click()
    chosen = ["beta", "legend", "picture"]
    for name in chosen:
        dialog.locator(f"input[value={name}]").check()
    made = address.input_value()
    assert re.search(r"controls=legend,picture,beta$", made)
    assert "mine=1" in made
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.goto("about:blank")
    page.goto(made)
    wait_ready(page)
    for name, selector in MAP_CONTROLS.items():
        expect(page.locator(selector).first).to_be_visible(visible=name in chosen)
    expect(page.locator('[data-testid="stage"]')).to_be_visible()
    assert z_of(page) == (0.5, -0.5)
    page.mouse.click(*place(page, (1.0, 1.0)))
    settle(page)
    assert "controls=legend,picture,beta" in page.url
    assert "mine=1" in page.url


@pytest.mark.parametrize("name", list(MAP_CONTROLS))
def test_each_group_of_controls_can_be_the_only_one(page: Page, app_url: str, name: str) -> None:
    open_map(page, app_url, f"controls={name}")
    shown = {other for other, selector in MAP_CONTROLS.items() if page.locator(selector).first.is_visible()}
    assert shown == {name}


def test_controls_of_a_lesson_are_never_seen_not_even_for_a_frame(page: Page, app_url: str) -> None:
    page.add_init_script(
        "window.seen = 0; const look = () => { for (const host of document.querySelectorAll('*'))"
        " if (host.shadowRoot?.querySelector('.toolbar')?.getClientRects().length) window.seen += 1;"
        " requestAnimationFrame(look); }; requestAnimationFrame(look);"
    )
    open_map(page, app_url, "controls=beta")
    settle(page)
    assert page.evaluate("window.seen") == 0
    assert page.locator(".toolbar").count() == 1


def test_the_address_can_be_copied_or_is_selected_for_copying(browser: Browser, app_url: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_weight(page, app_url)
    page.locator('[data-testid="lesson-button"]').click()
    expect(page.locator('[data-testid="lesson-dialog"]')).not_to_contain_text("extras.")
    page.locator('[data-testid="lesson-dialog"] input[value=menu]').uncheck()
    page.locator('[data-testid="lesson-copy"]').click()
    expect(page.locator('[data-testid="lesson-said"]')).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator('[data-testid="lesson-address"]').input_value()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.locator('[data-testid="lesson-copy"]').click()
    expect(page.locator('[data-testid="lesson-said"]')).to_contain_text("Ctrl+C")
    selected = page.locator('[data-testid="lesson-address"]').evaluate("a => a.selectionEnd - a.selectionStart")
    assert selected == len(copied)
    page.goto(copied)
    page.wait_for_selector(f'{WEIGHT}[data-ready="true"]')
    expect(page.locator(HEADER)).to_be_hidden()
    expect(page.locator('[data-testid="numbers"]')).to_be_visible()
    context.close()


def test_names_that_do_not_exist_are_told_with_those_that_do(page: Page, app_url: str) -> None:
    open_map(page, app_url, "controls=menu,beta,<b>ghost</b>")
    note = page.locator('[data-testid="extras-note"]')
    expect(note).to_contain_text("The address asks for the control “<b>ghost</b>”")
    expect(note).to_contain_text("legend")
    expect(page.locator(SLIDER)).to_be_visible()
    expect(page.locator(".legend")).to_be_hidden()
    open_map(page, app_url, "controls=ghost")
    expect(note).to_be_visible()
    expect(page.locator(".legend")).to_be_visible()
    expect(page.locator(HEADER)).to_be_visible()


def test_a_lesson_lasts_over_other_pages_and_languages(page: Page, app_url: str) -> None:
    open_map(page, app_url, "controls=menu,beta")
    expect(page.locator(".legend")).to_be_hidden()
    page.locator('[data-testid="stTopNavLink"]').nth(3).click()
    page.wait_for_selector(f'{WEIGHT}[data-ready="true"]')
    expect(page.locator('[data-testid="numbers"]')).to_be_visible()
    page.locator('[data-testid="stTopNavLink"]').nth(2).click()
    page.wait_for_selector('[data-testid="stage"]')
    wait_ready(page)
    expect(page.locator(".legend")).to_be_hidden()
    assert "controls=menu,beta" in page.url
    page.locator(".st-key-pickers").get_by_text("简体中文").click()
    expect(page.locator(f"{MAP} .beta-name")).to_contain_text("权重")
    expect(page.locator(".legend")).to_be_hidden()
    expect(page.locator(SLIDER)).to_be_visible()


# --- phones


def inside(page: Page, selector: str) -> bool:
    found = box(page, selector)
    across = found["x"] >= 0 and found["x"] + found["width"] <= 390
    return across and found["y"] >= 0 and found["y"] + found["height"] <= 844


@pytest.mark.parametrize("opened", [open_map, open_weight])
def test_on_a_phone_every_call_out_stays_on_the_screen(
    phone: Page, app_url: str, opened: Callable[[Page, str], None]
) -> None:
    opened(phone, app_url)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator(OFFER).tap()
    for _ in range(4):
        phone.wait_for_timeout(900)
        assert inside(phone, CARD)
        phone.locator('[data-testid="tour-skip"]').tap()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_a_touch_shows_the_way_out_of_demo_mode_for_a_while(phone: Page, app_url: str) -> None:
    open_map(phone, app_url, "demo=1")
    leave = phone.locator('[data-testid="demo-leave"]')
    expect(leave).to_be_hidden(timeout=6_000)
    phone.locator("h3:visible").first.tap()
    expect(leave).to_be_visible()
    leave.tap()
    expect(phone.locator(HEADER)).to_be_visible()
    expect(leave).to_be_hidden()
    assert "demo" not in phone.url

"""The latent map as a person uses it, in a real Chromium: mouse, finger, keyboard, address, files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from conftest import record_errors, wait_ready
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from vae_core import load_codes

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
ROOT = '[data-testid="latent-canvas"]'


def open_map(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/latent_map?{query}")
    wait_ready(page)


def data(page: Page, name: str) -> str:
    return str(page.locator(ROOT).get_attribute(f"data-{name}"))


def z_of(page: Page) -> tuple[float, float]:
    x, y = data(page, "z").split(",")
    return float(x), float(y)


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found is not None
    return {key: float(value) for key, value in found.items()}


def centre(page: Page, selector: str) -> tuple[float, float]:
    area = box(page, selector)
    return area["x"] + area["width"] / 2, area["y"] + area["height"] / 2


def place(page: Page, z: tuple[float, float]) -> tuple[float, float]:
    """Where a latent point is on the screen."""
    stage = box(page, '[data-testid="stage"]')
    xmin, xmax, ymin, ymax = (float(v) for v in data(page, "view").split(","))
    # The stage's border, one pixel, lies outside the map.
    width, height = stage["width"] - 2, stage["height"] - 2
    x = stage["x"] + 1 + (z[0] - xmin) / (xmax - xmin) * width
    return x, stage["y"] + 1 + (ymax - z[1]) / (ymax - ymin) * height


def decoded(page: Page) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The decoded image, [h, w] of grey values."""
    script = """c => ({w: c.width, h: c.height,
        d: Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)})"""
    pixels = page.locator('canvas[data-testid="decoded"]').evaluate(script)
    return np.array(pixels["d"], dtype=np.uint8).reshape(pixels["h"], pixels["w"], 4)[..., 0]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], steps: int = 10) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def settle(page: Page) -> None:
    """Until a hand at rest has been told to the address and the server."""
    page.wait_for_timeout(400)


def torch_decode(z: tuple[float, float], beta: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    import torch

    from vae_core import load_model

    with torch.no_grad():
        image = load_model(DIGITS).decode(torch.tensor([z], dtype=torch.float32), beta=beta)
    return np.asarray(image[0])


def test_the_map_opens_with_every_sample_and_the_decode_of_z(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    assert data(page, "model") == "digits"
    assert data(page, "samples") == "1797"
    assert float(data(page, "beta")) == 1.0
    assert np.abs(decoded(page) / 255 - torch_decode((0.0, 0.0), 1.0)).max() < 0.006


def test_dragging_the_handle_decodes_what_torch_decodes_and_sends_no_message(page: Page, app_url: str) -> None:
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    open_map(page, app_url)
    settle(page)
    before, image = len(sent), decoded(page)
    start = centre(page, '[data-testid="z-handle"]')
    page.mouse.move(*place(page, (0.0, 0.0)))
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(start[0] + 5 * step, start[1] - 3 * step)
    during = len(sent) - before
    z, moved = z_of(page), decoded(page)
    page.mouse.up()
    assert during == 0
    assert z[0] > 0.5
    assert z[1] > 0.3
    assert not np.array_equal(image, moved)
    assert np.abs(moved / 255 - torch_decode(z, 1.0)).max() < 0.006
    settle(page)
    assert z_of(page) == z, "it stays where it was left"


def test_clicking_the_map_sends_the_handle_there(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    page.mouse.click(*place(page, (-2.0, 1.5)))
    x, y = z_of(page)
    assert abs(x + 2.0) < 0.03
    assert abs(y - 1.5) < 0.03


def test_arrow_keys_move_z_and_shift_moves_it_finely(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    page.locator('[data-testid="z-handle"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    x, y = z_of(page)
    assert (round(x, 4), round(y, 4)) == (0.08, 0.2)


def test_what_z_means_is_said_in_words_and_to_screen_readers(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=4,-4")
    expect(page.locator('[data-testid="prior-words"]')).to_contain_text("draws lands farther out")
    expect(page.locator('[data-testid="cover-words"]')).to_contain_text("no data here")
    page.locator('[data-testid="z-handle"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-testid="live"]')).to_contain_text("z = (4.10, −4.00)")


def test_the_count_of_covering_gaussians_is_the_true_one(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=0.3,1.7&beta=4.5")
    codes = load_codes(DIGITS)
    mu, sigma = codes.at_beta(4.5)
    inside = ((np.array([0.3, 1.7]) - mu) / sigma) ** 2
    count = int((inside.sum(axis=1) <= 4).sum())
    words = page.locator('[data-testid="cover-words"]').inner_text()
    said = int(re.sub(r",", "", re.findall(r"[\d,]+(?= of 1,797)", words)[0]))
    assert abs(said - count) <= 1, words


def test_beta_morphs_ellipses_and_decode_and_rests_where_codes_were_computed(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=1,1")
    image = decoded(page)
    area = box(page, '[data-testid="beta-slider"]')
    y = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + area["width"] * 0.6, y)
    page.mouse.down()
    seen = set()
    for step in range(12):
        page.mouse.move(area["x"] + area["width"] * (0.6 + 0.028 * step), y)
        page.wait_for_timeout(25)
        seen.add(data(page, "beta"))
    page.mouse.up()
    settle(page)
    assert len(seen) > 6, "β moves with the hand, not only on release"
    beta = float(data(page, "beta"))
    assert beta in [float(f"{b:.6g}") for b in load_codes(DIGITS).betas]
    assert not np.array_equal(image, decoded(page))
    assert np.abs(decoded(page) / 255 - torch_decode((1.0, 1.0), beta)).max() < 0.006


def test_at_the_largest_beta_every_place_decodes_to_the_same_image(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=1,1&beta=12")
    here = decoded(page).astype(int)
    page.mouse.click(*place(page, (-1.0, -0.5)))
    assert np.abs(decoded(page).astype(int) - here).max() < 26


def test_beta_by_keyboard_steps_through_the_stored_values(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    betas = load_codes(DIGITS).betas
    page.locator('[data-testid="beta-slider"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(ROOT)).to_have_attribute("data-beta", f"{betas[betas > 1][0]:g}")
    page.keyboard.press("Home")
    expect(page.locator(ROOT)).to_have_attribute("data-beta", "0")
    page.keyboard.press("End")
    expect(page.locator(ROOT)).to_have_attribute("data-beta", "12")


def test_hovering_shows_the_sample_and_clicking_keeps_it_with_its_numbers(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    codes = load_codes(DIGITS)
    mu, sigma = codes.at_beta(1.0)
    sample = int(np.argmax(mu[:, 1]))  # the topmost: nothing lies over it
    at = place(page, (float(mu[sample, 0]), float(mu[sample, 1])))
    page.mouse.move(*at)
    card = page.locator('[data-testid="sample-card"]')
    expect(card).to_contain_text(f"Sample {sample:,}")
    page.mouse.click(*at)
    expect(page.locator(ROOT)).to_have_attribute("data-selected", str(sample))
    page.mouse.move(5, 5)
    rate = 0.5 * float((mu[sample] ** 2 + sigma[sample] ** 2 - 1 - 2 * np.log(sigma[sample])).sum())
    expect(card).to_contain_text(f"{rate:.2f} nats")
    expect(card).to_contain_text(f"({mu[sample, 0]:.2f}, {mu[sample, 1]:.2f})".replace("-", "−"))
    expect(page.locator('[data-testid="original"]')).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(ROOT)).to_have_attribute("data-selected", "-1")


def test_the_original_on_the_card_is_the_selected_samples_own_image(page: Page, app_url: str) -> None:
    from sklearn.datasets import load_digits

    open_map(page, app_url, "sample=1234")
    original = page.locator('[data-testid="original"]')
    expect(original).to_be_visible()
    script = "c => Array.from(c.getContext('2d').getImageData(0, 0, 8, 8).data).filter((_, i) => i % 4 === 0)"
    shown = np.array(original.evaluate(script)).reshape(8, 8)
    assert np.abs(shown - load_digits().images[1234] * 255 / 16).max() <= 0.51


def test_legend_k_and_show_change_what_is_drawn(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    counts = np.bincount(load_codes(DIGITS).labels)
    page.get_by_role("button", name="3", exact=True).first.click()
    expect(page.locator(ROOT)).to_have_attribute("data-samples", str(1797 - counts[3]))
    page.get_by_role("button", name="One class").click()
    page.locator(".legend").get_by_role("button", name="7", exact=True).click()
    expect(page.locator(ROOT)).to_have_attribute("data-samples", str(counts[7]))
    page.locator('[data-testid="k-slider"]').fill("2.5")
    expect(page.locator(ROOT)).to_have_attribute("data-k-sigma", "2.5")
    page.get_by_role("button", name="rate", exact=True).click()
    expect(page.locator(".ramp")).to_be_visible()


def test_wheel_and_keys_zoom_about_the_pointer_and_zero_brings_the_whole_map_back(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    whole = data(page, "view")
    x, y = place(page, (1.0, 1.0))
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    settle(page)
    assert data(page, "view") != whole
    again = place(page, (1.0, 1.0))
    assert abs(again[0] - x) < 1
    assert abs(again[1] - y) < 1
    drag(page, (x + 60, y + 60), (x + 120, y + 60))
    settle(page)
    assert abs(place(page, (1.0, 1.0))[0] - (x + 60)) < 2
    page.locator('[data-testid="z-handle"]').focus()
    page.keyboard.press("0")
    expect(page.locator(ROOT)).to_have_attribute("data-view", whole)


def test_the_address_holds_the_exact_view(page: Page, app_url: str) -> None:
    open_map(page, app_url, "k=1.5&grid=1")
    page.mouse.click(*place(page, (0.7, -0.4)))
    page.mouse.wheel(0, -200)
    page.locator('[data-testid="beta-slider"]').focus()
    page.keyboard.press("PageUp")
    settle(page)
    state = {name: data(page, name) for name in ("beta", "z", "k-sigma", "selected", "view", "model")}
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    wait_ready(page)
    settle(page)
    again = {name: data(page, name) for name in state}
    ours, theirs = (np.array([float(v) for v in s.pop("view").split(",")]) for s in (state, again))
    assert state == again
    assert np.abs(ours - theirs).max() < 2e-3


def test_a_reload_while_dragging_loses_nothing(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    page.mouse.move(*place(page, (0.0, 0.0)))
    page.mouse.down()
    page.mouse.move(700, 300)
    page.reload()
    wait_ready(page)
    assert data(page, "samples") == "1797"


def test_two_tabs_do_not_disturb_each_other(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=1,1")
    other = page.context.new_page()
    open_map(other, app_url, "z=-1,-1&beta=8")
    other.mouse.click(*place(other, (0.5, 0.5)))
    settle(other)
    page.bring_to_front()
    assert z_of(page) == (1.0, 1.0)
    assert float(data(page, "beta")) == 1.0


def test_changing_the_model_brings_its_own_map(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=0.5,0.5")
    page.get_by_role("radio", name="MNIST", exact=True).click()
    expect(page.locator(ROOT)).to_have_attribute("data-model", re.compile("mnist"), timeout=20_000)
    wait_ready(page)
    assert decoded(page).shape == (28, 28)
    assert 3000 <= int(data(page, "samples")) <= 5000
    settle(page)
    assert "model=" + data(page, "model") in page.url


def test_all_samples_of_a_large_set_come_when_asked(page: Page, app_url: str) -> None:
    open_map(page, app_url, "model=mnist")
    page.locator('[data-testid="load-all"]').click()
    expect(page.locator(ROOT)).to_have_attribute("data-samples", "60000", timeout=60_000)


def test_opening_a_large_set_takes_at_most_a_megabyte_and_a_half(page: Page, app_url: str) -> None:
    received = [0]

    def count(payload: str | bytes) -> None:
        received[0] += len(payload)

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    open_map(page, app_url, "model=mnist")
    settle(page)
    assert 600_000 < received[0] <= 1_500_000


def test_the_manifold_lays_decodes_under_the_map_and_follows_beta(page: Page, app_url: str) -> None:
    open_map(page, app_url, "beta=1")
    script = """c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let sum = 0; for (let i = 3; i < d.length; i += 4) sum += d[i]; return sum; }"""
    ground = page.locator('[data-testid="ground"]')
    assert ground.evaluate(script) == 0
    page.locator('[data-testid="grid-switch"]').check(force=True)
    page.wait_for_timeout(1500)
    with_grid = ground.evaluate(script)
    assert with_grid > 0
    page.locator('[data-testid="beta-slider"]').focus()
    page.keyboard.press("End")
    page.wait_for_timeout(1500)
    assert ground.evaluate(script) != with_grid
    page.locator('[data-testid="grid-switch"]').uncheck(force=True)
    page.wait_for_timeout(300)
    assert ground.evaluate(script) == 0


def save(page: Page, act: Callable[[], None]) -> bytes:
    with page.expect_download() as waiting:
        act()
    return Path(waiting.value.path()).read_bytes()


def test_a_path_is_decoded_played_and_saved(page: Page, app_url: str) -> None:
    open_map(page, app_url, "z=-1.5,0.5")
    page.locator('[data-testid="pin"]').click()
    page.mouse.click(*place(page, (1.5, 0.5)))
    page.locator('[data-testid="z-handle"]').press("p")
    strip = page.locator('[data-testid="path-strip"]')
    expect(strip).to_be_visible()
    assert strip.evaluate("c => [c.width % 8, c.height]") == [0, 8]
    page.locator('[data-testid="path-play"]').click()
    page.wait_for_timeout(700)
    x, y = z_of(page)
    assert -1.5 < x < 1.5
    assert abs(y - 0.5) < 0.05
    page.locator('[data-testid="path-play"]').click()
    gif = Image.open(io.BytesIO(save(page, page.locator('[data-testid="path-gif"]').click)))
    assert gif.format == "GIF"
    assert gif.n_frames > 20  # type: ignore[attr-defined]
    png = Image.open(io.BytesIO(save(page, page.locator('[data-testid="path-png"]').click)))
    assert png.width > png.height
    settle(page)
    assert "pins=" in page.url


def test_the_picture_and_the_codes_can_be_saved(page: Page, app_url: str) -> None:
    open_map(page, app_url, "beta=1")
    picture = Image.open(io.BytesIO(save(page, page.locator('[data-testid="save-picture"]').click)))
    assert picture.width > 300
    assert len(picture.convert("RGB").getcolors(2**24) or []) > 100
    table = save(page, page.get_by_role("button", name="Save codes").click).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 1797
    mu, _ = load_codes(DIGITS).at_beta(1.0)
    assert abs(float(rows[5]["mu_1"]) - mu[5, 0]) < 1e-4


def test_in_chinese_the_map_speaks_chinese_and_its_address_says_so(page: Page, app_url: str) -> None:
    open_map(page, app_url, "lang=zh-Hans&z=4,-4")
    expect(page.locator(".intro")).to_contain_text("拖动圆环")
    expect(page.locator('[data-testid="cover-words"]')).to_contain_text("这里没有数据")
    page.locator('[data-testid="z-handle"]').press("ArrowRight")
    settle(page)
    assert "lang=zh-Hans" in page.url
    open_map(page, app_url, "lang=en")
    settle(page)
    assert "lang=en" in page.url, "what the address asks for stays there"


def test_a_word_of_the_introduction_is_explained_by_keyboard(page: Page, app_url: str) -> None:
    open_map(page, app_url)
    page.locator(".intro .term").first.focus()
    note = page.locator('[data-testid="term-note"]')
    expect(note).to_be_visible()
    expect(note).to_contain_text("sample")
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()


def test_on_a_phone_a_tap_moves_z_and_the_image_stands_above_the_map(phone: Page, app_url: str) -> None:
    open_map(phone, app_url)
    assert box(phone, '[data-testid="decoded"]')["y"] < box(phone, '[data-testid="stage"]')["y"]
    stage = phone.locator('[data-testid="stage"]')
    stage.scroll_into_view_if_needed()
    phone.touchscreen.tap(*place(phone, (1.0, -1.0)))
    x, y = z_of(phone)
    assert abs(x - 1.0) < 0.05
    assert abs(y + 1.0) < 0.05
    width = phone.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing sticks out to the side"


def test_the_map_works_without_webgl(browser_without_webgl: Browser, app_url: str) -> None:
    page = browser_without_webgl.new_context(viewport={"width": 1280, "height": 900}).new_page()
    errors = record_errors(page)
    open_map(page, app_url)
    assert data(page, "renderer") == "canvas2d"
    page.mouse.click(*place(page, (1.0, 1.0)))
    assert abs(z_of(page)[0] - 1.0) < 0.03
    assert not errors


def test_webgl_draws_the_same_map_when_it_is_asked_for(page: Page, app_url: str) -> None:
    open_map(page, app_url, "renderer=webgl2&beta=4.5")
    assert data(page, "renderer") == "webgl2"
    page.wait_for_timeout(800)
    script = """c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 8; return n / (d.length / 4); }"""
    covered = page.locator('[data-testid="map"]').evaluate(script)
    assert covered > 0.2


def test_labels_with_html_in_them_stay_text(page: Page, start_app: Callable[..., str], tmp_path: Path) -> None:
    import json
    import shutil

    folder = tmp_path / "digits"
    shutil.copytree(DIGITS, folder)
    card = json.loads((folder / "card.json").read_text())
    card["label_names"][0] = "<img src=x onerror=window.hurt=1>"
    card["title"] = "<b>bold</b> *digits*"
    (folder / "card.json").write_text(json.dumps(card))
    url = start_app(Path(__file__).parents[1] / "app.py", env={"LATENT_EXPLORER_CHECKPOINTS": str(tmp_path)})
    open_map(page, url)
    expect(page.locator(".legend")).to_contain_text("<img src=x")
    assert page.evaluate("window.hurt") is None
    assert page.locator(".latent-canvas img").count() == 0

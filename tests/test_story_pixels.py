"""Step 1 of the story: a pixel's mean, deviation and histogram are the data set's, chosen by hand and by keys."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from playwright.sync_api import Browser, Page, expect

from vae_core import load_dataset

Numbers = dict[str, str]


def open_step(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/one_sample?step=1{query}")
    page.wait_for_selector('[data-testid="story-view"][data-ready="true"]', timeout=60_000)
    page.wait_for_selector('[data-testid="story_pixels"][data-pixel]', timeout=30_000)


def numbers(page: Page) -> Numbers:
    page.wait_for_timeout(100)
    return dict(page.locator('[data-testid="story_pixels"]').evaluate("e => ({...e.dataset})"))


def click_pixel(page: Page, image: str, x: int, y: int, size: int = 8) -> None:
    box = page.locator(f'[data-testid="{image}"]').bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + (x + 0.5) / size * box["width"], box["y"] + (y + 0.5) / size * box["height"])


def check_against_numpy(found: Numbers, x: int, y: int) -> None:
    values = load_dataset("digits").images[:, y, x].astype(np.float64)
    assert found["pixel"] == f"{x},{y}"
    assert float(found["mean"]) == pytest.approx(values.mean(), abs=2e-5)
    assert float(found["deviation"]) == pytest.approx(values.std(), abs=2e-5)
    assert (found["samples"], found["bars"]) == ("1797", "1797")


def test_it_opens_where_samples_differ_most(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    deviation = load_dataset("digits").images.astype(np.float64).std(axis=0)
    y, x = np.unravel_index(deviation.argmax(), (8, 8))
    check_against_numpy(numbers(page), int(x), int(y))


def test_a_pixel_chosen_by_hand_or_by_keys_shows_the_data_sets_own_numbers(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    click_pixel(page, "mean-image", 3, 2)
    check_against_numpy(numbers(page), 3, 2)
    click_pixel(page, "deviation-image", 5, 6)
    check_against_numpy(numbers(page), 5, 6)
    page.locator('[data-testid="mean-image"]').focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    check_against_numpy(numbers(page), 4, 4)
    expect(page.locator('[data-testid="story-view"]')).to_have_attribute("data-step", "1")
    values = load_dataset("digits").images[:, 4, 4]
    assert page.locator('[data-testid="pixel-n"]').inner_text() == "1,797"
    assert float(page.locator('[data-testid="pixel-mean"]').inner_text()) == pytest.approx(values.mean(), abs=0.006)
    assert float(page.locator('[data-testid="pixel-deviation"]').inner_text()) == pytest.approx(values.std(), abs=0.006)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    check_against_numpy(numbers(page), 7, 4)


def test_a_drag_over_the_picture_keeps_choosing(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    box = page.locator('[data-testid="mean-image"]').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.45, steps=5)
    check_against_numpy(numbers(page), 3, 3)
    page.mouse.move(box["x"] + 3 * box["width"], box["y"] - 50, steps=3)
    page.mouse.up()
    check_against_numpy(numbers(page), 7, 0)


def test_every_bar_counts_what_numpy_counts_and_says_it(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    click_pixel(page, "mean-image", 3, 3)
    numbers(page)
    bars = page.locator('[data-testid="pixel-histogram"] rect[data-count]')
    counts = bars.evaluate_all("rects => rects.map((r) => Number(r.dataset.count))")
    values = load_dataset("digits").images[:, 3, 3]
    assert counts == np.bincount(np.rint(16 * values).astype(int), minlength=17).tolist()
    box = bars.nth(4).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1)
    says = page.locator('[data-testid="bar-says"]')
    expect(says).to_have_text(f"{counts[4]} of 1,797 samples have this pixel at 0.25.")
    page.mouse.move(5, 5)
    expect(says).to_contain_text("Point at a bar")
    page.locator(".pixel-chart").focus()
    page.keyboard.press("ArrowRight")
    expect(says).to_have_text(f"{counts[0]:,} of 1,797 samples have this pixel at 0.00.")


def test_mean_and_deviation_are_drawn_where_they_are(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    click_pixel(page, "mean-image", 4, 5)
    found = numbers(page)
    mean, deviation = float(found["mean"]), float(found["deviation"])
    bars = page.locator('[data-testid="pixel-histogram"] rect[data-count]')
    middles = [bars.nth(i).evaluate("r => +r.getAttribute('x') + r.getAttribute('width') / 2") for i in (0, 16)]
    scale = middles[1] - middles[0]
    line = float(page.locator('[data-testid="mu-line"]').get_attribute("x1") or "nan")
    assert (line - middles[0]) / scale == pytest.approx(mean, abs=0.005)
    band = page.locator('[data-testid="sigma-band"]')
    start, width = (float(band.get_attribute(name) or "nan") for name in ("x", "width"))
    assert width / scale == pytest.approx(2 * deviation, abs=0.01)
    assert (start - middles[0]) / scale == pytest.approx(mean - deviation, abs=0.01)


def test_single_samples_have_one_value_each(page: Page, app_url: str) -> None:
    open_step(page, app_url)
    click_pixel(page, "mean-image", 2, 5)
    numbers(page)
    ones = page.locator('[data-testid="pixel-sample"]')
    expect(ones).to_have_count(12)
    said = ones.evaluate_all("all => all.map((one) => [one.title, Number(one.innerText)])")
    images = load_dataset("digits").images
    for name, value in said:
        found = re.search(r"sample ([\d,]+)", name)
        assert found is not None
        assert value == pytest.approx(float(images[int(found[1].replace(",", "")), 5, 2]), abs=0.006)
    assert [value for _, value in said] == sorted(value for _, value in said)
    ones.nth(6).hover()
    expect(page.locator('[data-testid="bar-says"]')).to_contain_text("one number")


def test_bytes_fall_into_bins_that_say_from_where_to_where(page: Page, app_url: str, data_dir: Path | None) -> None:
    del data_dir
    open_step(page, app_url, "&model=mnist")
    found = numbers(page)
    assert (found["samples"], found["bars"]) == ("60000", "60000")
    bar = page.locator('[data-testid="pixel-histogram"] rect[data-count]').nth(31)
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1)
    expect(page.locator('[data-testid="bar-says"]')).to_contain_text("between 0.97 and 1.00")


def without_statistics(folder: Path, name: str) -> None:
    """A checkpoint from before there were statistics, of a data set that is not here."""
    import json

    shutil.copytree(ROOT / "checkpoints" / name, folder / name)
    (folder / name / "statistics.safetensors").unlink()
    card = json.loads((folder / name / "card.json").read_text())
    del card["files"]["statistics.safetensors"]
    (folder / name / "card.json").write_text(json.dumps(card))


def test_a_model_without_statistics_computes_them_from_reconstructions_and_says_so(
    page: Page, start_app: Callable[..., str], tmp_path: Path
) -> None:
    without_statistics(tmp_path, "fashion-mnist")
    env = {"LATENT_EXPLORER_CHECKPOINTS": str(tmp_path), "LATENT_EXPLORER_DATA": str(tmp_path / "nothing")}
    open_step(page, start_app(ROOT / "app.py", env=env))
    expect(page.locator('[data-testid="statistics-note"]')).to_contain_text("reconstructions of 500 samples")
    found = numbers(page)
    assert (found["samples"], found["bars"]) == ("500", "500")
    assert 0.1 < float(found["deviation"]) < 0.5


def test_on_a_phone_a_tap_chooses_and_nothing_overflows(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    open_step(phone, app_url, "&lang=zh-Hans")
    box = phone.locator('[data-testid="deviation-image"]').bounding_box()
    assert box is not None
    phone.touchscreen.tap(box["x"] + 4.5 / 8 * box["width"], box["y"] + 1.5 / 8 * box["height"])
    check_against_numpy(numbers(phone), 4, 1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    chart = phone.locator('[data-testid="pixel-histogram"]').bounding_box()
    assert chart is not None
    assert chart["x"] >= 0
    assert chart["x"] + chart["width"] <= 390
    context.close()

"""The page of the KL weight as a person uses it, in a real Chromium: β, strips, comparison, files, address."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import record_errors
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from vae_core import AggregatePosterior, load_card, load_codes

DIGITS = Path(__file__).parents[1] / "checkpoints" / "digits"
ROOT = '[data-testid="weight-view"]'
SLIDER = '[data-testid="beta-slider"]'


def open_page(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}/kl_weight?{query}")
    page.wait_for_selector(f'{ROOT}[data-ready="true"]', timeout=60_000)


def data(page: Page, name: str) -> str:
    return str(page.locator(ROOT).get_attribute(f"data-{name}"))


def menu(page: Page, title: str) -> Locator:
    return page.locator('[data-testid="stHeader"]').get_by_role("link", name=title)


def row_at(beta: float) -> dict[str, Any]:
    (row,) = (row for row in load_card(DIGITS)["table"] if row["beta"] == beta)
    return dict(row)


def key(page: Page, name: str, times: int = 1) -> None:
    page.locator(SLIDER).focus()
    for _ in range(times):
        page.keyboard.press(name)
    page.wait_for_timeout(400)


def contours(page: Page) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Opacity of the filled contours, [h, w]."""
    script = """c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        return {w: d.width, h: d.height, a: Array.from(d.data.filter((_, i) => i % 4 === 3))}; }"""
    found = page.locator('[data-testid="plane-stage"] canvas[data-testid="contours"]').evaluate(script)
    return np.array(found["a"], dtype=np.uint8).reshape(found["h"], found["w"])


def latent(page: Page, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Latent coordinates of the pixels of the contour picture."""
    xmin, xmax, ymin, ymax = (float(v) for v in data(page, "view").split(","))
    x = xmin + (np.arange(shape[1]) + 0.5) / shape[1] * (xmax - xmin)
    y = ymax - (np.arange(shape[0]) + 0.5) / shape[0] * (ymax - ymin)
    return x, y


def test_the_page_opens_with_the_numbers_of_the_table_and_every_identity_holds(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    row = row_at(1.0)
    assert float(data(page, "beta")) == float(data(page, "row-beta")) == 1.0
    numbers = page.locator('[data-testid="numbers"]').inner_text()
    assert f"{row['rate']:.4f}" in numbers
    assert f"{row['mutual_information'][0]:.2f}" in numbers
    assert page.locator('[data-testid="identities"] li').count() == 4
    for item in page.locator('[data-testid="identities"] li').all():
        assert item.get_attribute("data-ok") == "true"
    remembers = page.locator('[data-testid="remembers"]').inner_text()
    assert f"{row['mutual_information'][0]:.1f} of the 7.5 nats" in remembers


def test_the_contours_enclose_the_densest_places_of_the_aggregate_posterior(page: Page, app_url: str) -> None:
    open_page(page, app_url, "beta=4.5")
    opacity = contours(page)
    x, y = latent(page, opacity.shape)
    stored = load_codes(DIGITS)
    mu, sigma = stored.at_beta(float(stored.betas[stored.nearest(4.5)]))
    q = AggregatePosterior(mu, sigma).density(x, y)
    cell = (x[1] - x[0]) * (y[0] - y[1])
    inside = opacity > 20  # inside the outermost contour, which holds 98.9 % of the mass
    assert q[inside].sum() * cell == pytest.approx(1 - np.exp(-4.5), abs=0.006)
    assert q[inside].min() > 0.5 * q[~inside].max(), "no place outside is denser than those inside"


def test_at_collapse_the_contours_are_the_priors_circles(page: Page, app_url: str) -> None:
    open_page(page, app_url, "beta=12")
    opacity = contours(page)
    x, y = latent(page, opacity.shape)
    radius = np.hypot(x[None, :], y[:, None])
    assert (opacity[radius < 2.85] > 20).all()
    assert (opacity[radius > 3.15] == 0).all()
    assert data(page, "regime") == "collapse"


def test_turning_beta_changes_picture_words_and_pictures_together(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    before = (contours(page), page.locator('[data-testid="regime-text"]').inner_text(), data(page, "row-beta"))
    key(page, "Home")
    assert float(data(page, "beta")) == float(data(page, "row-beta")) == 0.0
    assert data(page, "regime") == "autoencoder"
    assert not np.array_equal(before[0], contours(page))
    assert page.locator('[data-testid="regime-text"]').inner_text() != before[1]
    assert int(page.locator(".strips:not([hidden])").last.get_attribute("data-holes") or 0) > 0
    assert page.locator(".tile.draw.hole").count() > 0


def test_while_the_slider_moves_the_server_hears_nothing_and_once_when_it_rests(page: Page, app_url: str) -> None:
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    open_page(page, app_url)
    page.wait_for_timeout(800)
    before = len(sent)
    box = page.locator(SLIDER).bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(box["x"] + (0.3 + 0.02 * step) * box["width"], y)
    page.wait_for_timeout(300)
    assert len(sent) == before, "nothing is sent while the hand holds the slider"
    page.mouse.up()
    page.wait_for_timeout(800)
    assert len(sent) == before + 1
    assert float(data(page, "beta")) in load_codes(DIGITS).betas


def test_playing_runs_beta_and_stops_on_a_stored_value(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    page.locator('[data-testid="play"]').click()
    seen = set()
    for _ in range(8):
        page.wait_for_timeout(120)
        seen.add(data(page, "beta"))
    page.locator('[data-testid="play"]').click()
    page.wait_for_timeout(400)
    assert len(seen) > 4
    assert float(data(page, "beta")) in load_codes(DIGITS).betas


def test_the_separately_trained_vae_is_shown_with_its_own_map_and_numbers(page: Page, app_url: str) -> None:
    open_page(page, app_url, "beta=0.1")
    shared = contours(page)
    page.locator('label:has([data-testid="separate-switch"])').click()
    page.wait_for_selector(f'{ROOT}[data-separate="true"]')
    page.wait_for_timeout(500)
    assert float(data(page, "shown-beta")) == 0.1
    assert not np.array_equal(shared, contours(page))
    expect(page.locator('[data-testid="why-separate"]')).to_contain_text("nothing else")
    (card,) = (load_card(path) for path in (DIGITS.parent / "reference" / "digits").glob("beta-0.1"))
    assert f"{card['table'][0]['rate']:.4f}" in page.locator('[data-testid="numbers"]').inner_text()
    assert "separate=1" in page.url


def test_two_maps_share_view_and_selection_and_the_table_has_differences(page: Page, app_url: str) -> None:
    open_page(page, app_url, "beta=1&compare=0&sample=7")
    expect(page.locator('[data-testid="pinned-plane"]')).to_be_visible()
    expect(page.locator('[data-testid="pinned-plane-title"]')).to_have_text("Pinned: β = 0")
    before = data(page, "view")
    page.locator('[data-testid="pinned-plane-stage"]').hover()
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(500)
    assert data(page, "view") != before, "zooming on one map zooms the other"
    cells = page.locator('[data-testid="numbers"] tbody tr').nth(1).locator("td").all_inner_texts()
    pinned, current, difference = (float(cell.split()[0].replace("−", "-")) for cell in cells)
    assert difference == pytest.approx(current - pinned, abs=0.011)
    assert "sample=7" in page.url
    assert "compare=0" in page.url
    page.locator('[data-testid="compare"]').click()
    expect(page.locator('[data-testid="pinned-plane"]')).to_be_hidden()


def test_the_address_brings_the_view_back(page: Page, app_url: str) -> None:
    open_page(page, app_url, "model=digits&beta=3&sample=3&ellipses=1&separate=1&compare=0.1,separate&view=-1,1,-1,1")
    page.wait_for_selector(f'{ROOT}[data-separate="true"]')
    url = page.url
    assert [float(v) for v in data(page, "view").split(",")] == pytest.approx([-1, 1, -1, 1], abs=1e-3)
    page.reload()
    page.wait_for_selector(f'{ROOT}[data-separate="true"]')
    assert page.url == url
    assert data(page, "selected") == "3"


def test_beta_and_selection_come_along_from_the_latent_map(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?beta=4.5&sample=12")
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"]', timeout=60_000)
    page.locator(SLIDER).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)
    beta = page.locator('[data-testid="latent-canvas"]').get_attribute("data-beta")
    menu(page, "KL weight").click()
    page.wait_for_selector(f'{ROOT}[data-ready="true"]', timeout=60_000)
    assert data(page, "beta") == beta
    assert data(page, "selected") == "12"


def test_the_menu_leads_from_page_to_page_with_the_same_model(page: Page, app_url: str) -> None:
    page.goto(app_url)
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"]', timeout=60_000)
    menu(page, "KL weight").click()
    page.wait_for_selector(f'{ROOT}[data-ready="true"]', timeout=60_000)
    assert data(page, "model") == "digits"
    page.get_by_role("button", name="Fashion-MNIST").or_(page.get_by_role("radio", name="Fashion-MNIST")).first.click()
    page.wait_for_selector(f'{ROOT}[data-ready="true"][data-model="fashion-mnist"]', timeout=60_000)
    menu(page, "Latent map").click()
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"][data-model="fashion-mnist"]')
    menu(page, "KL weight").click()
    page.wait_for_selector(f'{ROOT}[data-ready="true"][data-model="fashion-mnist"]', timeout=60_000)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_a_selected_sample_comes_first_in_the_strip(page: Page, app_url: str) -> None:
    open_page(page, app_url, "sample=7")
    label = load_card(DIGITS)["label_names"][load_codes(DIGITS).labels[7]]
    expect(page.locator(".tile.reconstruction").first).to_have_attribute("title", f"{label} · sample 7")


def test_what_is_said_of_a_separately_trained_vae_is_said_of_it_alone(page: Page, app_url: str) -> None:
    open_page(page, app_url, "beta=12&separate=1")
    page.wait_for_selector(f'{ROOT}[data-separate="true"]')
    assert float(data(page, "shown-beta")) == 8
    expect(page.get_by_test_id("plane-title")).to_have_text("Trained at β = 8.0 alone")
    row = load_card(DIGITS.parent / "reference" / "digits" / "beta-8")["table"][0]
    expect(page.get_by_test_id("tradeoff")).to_contain_text("slope −β = −8.0")
    expect(page.get_by_test_id("buys-and-costs")).to_contain_text(f"{100 * row['holes'][0]:.1f} %")


def test_the_slope_of_the_curve_is_measured_and_is_about_beta(page: Page, app_url: str) -> None:
    open_page(page, app_url, "beta=1")
    table = load_card(DIGITS)["table"]
    at = [row["beta"] for row in table].index(1.0)
    before, after = table[at - 1], table[at + 1]
    measured = (after["distortion"][0] - before["distortion"][0]) / (before["rate"] - after["rate"])
    expect(page.get_by_test_id("measured-slope")).to_contain_text(f"{measured:.2f} nats per nat")
    assert 0.8 < measured < 1.3


def test_opening_the_page_tells_the_server_nothing(page: Page, app_url: str) -> None:
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    open_page(page, app_url)
    opened = len(sent)
    page.wait_for_timeout(1500)
    assert len(sent) == opened, "what the strips show came along"
    expect(page.locator(".tile.original").first).to_be_visible()


@pytest.mark.parametrize("chart", ["plane", "split", "tradeoff", "buys", "strips"])
def test_every_chart_is_saved_as_svg_and_png(page: Page, app_url: str, chart: str) -> None:
    open_page(page, app_url)
    with page.expect_download() as download:
        page.get_by_test_id(f"{chart}-export-svg").click()
    svg = Path(download.value.path()).read_text()
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(--" not in svg, "it stands alone"
    with page.expect_download() as download:
        page.get_by_test_id(f"{chart}-export-png").click()
    picture = np.asarray(Image.open(download.value.path()).convert("L"))
    assert min(picture.shape) > 60
    assert picture.std() > 3, "it is not blank"


def test_the_table_is_saved_as_csv(page: Page, app_url: str) -> None:
    open_page(page, app_url)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("table along")).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    table = load_card(DIGITS)["table"]
    assert [float(row["beta"]) for row in rows] == [row["beta"] for row in table]
    assert float(rows[5]["mutual_information"]) == table[5]["mutual_information"][0]
    assert float(rows[5]["marginal_kl_2_error"]) == table[5]["marginal_kl"][1][1]


def test_class_names_bring_no_markup_onto_the_page(browser: Browser, start_app: Any, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "models" / "digits"
    shutil.copytree(DIGITS, folder)
    card = json.loads((folder / "card.json").read_text())
    card["label_names"][0] = "<img src=x onerror=document.title='owned'>"
    (folder / "card.json").write_text(json.dumps(card))
    url = start_app(
        Path(__file__).parents[1] / "app.py", env={"LATENT_EXPLORER_CHECKPOINTS": str(tmp_path / "models")}
    )
    page = browser.new_page()
    errors = record_errors(page)
    open_page(page, url)
    assert "owned" not in page.title()
    assert page.locator(f"{ROOT} img").count() == 0
    expect(page.locator('[data-testid="separate-switch"]')).to_be_hidden()
    assert not errors
    page.close()


@pytest.mark.parametrize("model", ["mnist", "fashion-mnist"])
def test_the_large_models_open_with_a_part_of_their_samples_and_say_so(page: Page, app_url: str, model: str) -> None:
    open_page(page, app_url, f"model={model}")
    status = page.locator('[data-testid="status"]')
    expect(status).to_contain_text("of 60,000 samples; numbers from all")


def test_the_page_fits_a_phone(browser: Browser, app_url: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    open_page(page, app_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    root = page.locator(ROOT).bounding_box()
    assert root is not None
    assert root["width"] <= 390
    page.close()

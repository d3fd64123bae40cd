"""Colour pictures and tables in the app: what the browser shows is what torch decodes, and what the data hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import colour_models
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from safetensors.numpy import load as from_safetensors

from ui.latent_canvas.payload import Chunks, model_payload, originals_payload
from vae_core.checkpoints import load_card, load_model, load_weights
from vae_core.datasets import Dataset

BETA = 1.0
COLUMNS = colour_models.COLUMNS


@dataclass(frozen=True)
class Served:
    """The app over two tiny models and the data sets that they were trained on."""

    url: str
    models: Path
    people: Dataset
    squares: Dataset


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Dataset, Dataset]:
    """Folder of models, home folder, and the stored data sets."""
    folder, home = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("home")
    people = colour_models.make(folder, "people", colour_models.table(), home)
    return folder, home, people, colour_models.make(folder, "squares", colour_models.pictures(), home)


@pytest.fixture(scope="session")
def served(models: tuple[Path, Path, Dataset, Dataset], start_app: Callable[..., str]) -> Served:
    folder, home, people, squares = models
    variables = {"LATENT_EXPLORER_CHECKPOINTS": str(folder), "LATENT_EXPLORER_HOME": str(home)}
    return Served(start_app(colour_models.ROOT / "app.py", env=variables), folder, people, squares)


def open_map(page: Page, served: Served, query: str) -> None:
    page.goto(f"{served.url}/latent_map?beta={BETA}&{query}")
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"]', timeout=60_000)


def decoded(folder: Path, z: tuple[float, float]) -> NDArray[np.float32]:
    """What torch decodes at z, with the weights that are on disk."""
    with torch.no_grad():
        return load_model(folder).decode(torch.tensor([z]), BETA)[0].numpy()


def place_of(page: Page) -> tuple[float, float]:
    z = page.get_attribute('[data-testid="latent-canvas"]', "data-z")
    assert z is not None
    x, y = z.split(",")
    return float(x), float(y)


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace(",", "").replace("−", "-")) for text in texts]


def check_values(shown: list[str], x: NDArray[np.floating]) -> None:
    """Every text is the value in the column's own units, with the data's own decimals."""
    assert len(shown) == len(COLUMNS)
    for text, value, column in zip(numbers(shown), x, COLUMNS, strict=True):
        rounding = 0.5 * 10.0**-column.decimals
        expected = column.low + float(value) * (column.high - column.low)
        assert text == pytest.approx(expected, abs=rounding + 2e-4 * (column.high - column.low)), column.name
    for text, column in zip(shown, COLUMNS, strict=True):
        assert len(text.partition(".")[2]) == column.decimals


def pixels(page: Page, testid: str) -> NDArray[np.uint8]:
    """RGB of a canvas at its own resolution, [height, width, 3]."""
    width, height, values = page.locator(f'canvas[data-testid="{testid}"]').evaluate(
        "c => [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
    )
    return np.array(values, np.uint8).reshape(height, width, 4)[..., :3]


# --- what is sent ---


def read(message: bytes) -> tuple[dict[str, object], dict[str, NDArray[np.generic]]]:
    header = json.loads(message[8 : 8 + int.from_bytes(message[:8], "little")])
    return json.loads(header["__metadata__"]["json"]), from_safetensors(message)


def test_the_columns_of_a_table_are_on_its_card_and_go_to_the_browser(
    models: tuple[Path, Path, Dataset, Dataset],
) -> None:
    folder = models[0] / "people"
    expected = [vars(column) for column in COLUMNS]
    assert load_card(folder)["columns"] == expected
    facts, _ = read(model_payload(load_card(folder), load_weights(folder), "digest"))
    assert facts["spec"]["columns"] == expected  # type: ignore[index]
    assert "columns" not in load_card(models[0] / "squares")


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_rows_of_a_table_travel_as_numbers(dtype: type[np.generic]) -> None:
    x = np.random.default_rng(0).random((20, 3)).astype(np.float32)
    rows = np.rint(255 * x).astype(np.uint8) if dtype is np.uint8 else x
    chunks = Chunks(np.random.default_rng(1).permutation(20).astype(np.int32), (0, 12, 20))
    _, tensors = read(originals_payload(rows, chunks, 1, "digest"))
    expected = rows[chunks.ids(1)].astype(np.float32) / (255 if dtype is np.uint8 else 1)
    assert tensors["values"].dtype == np.float32
    assert np.array_equal(tensors["values"], expected)


def test_very_many_rows_travel_exactly_too() -> None:
    rows = np.random.default_rng(0).random((4000, 200)).astype(np.float32)
    _, tensors = read(originals_payload(rows, Chunks(np.arange(4000, dtype=np.int32), (0, 4000)), 0, "digest"))
    assert tensors["values"].dtype == np.float32
    assert np.array_equal(tensors["values"], rows)


# --- tables in the browser ---


def test_dragging_shows_each_columns_value_in_the_datas_own_units(page: Page, served: Served) -> None:
    open_map(page, served, "model=people&z=0.5,-0.3")
    values = page.locator('[data-testid="decoded-bars"] dd.value')
    expect(values).to_have_count(len(COLUMNS))
    names = page.locator('[data-testid="decoded-bars"] dt').all_text_contents()
    assert names == [column.name for column in COLUMNS], "names are text, whatever they hold"
    check_values(values.all_text_contents(), decoded(served.models / "people", (0.5, -0.3)))
    before = values.all_text_contents()
    box = page.locator('[data-testid="z-handle"]').bounding_box()
    assert box is not None
    page.mouse.move(box["x"], box["y"])
    page.mouse.down()
    page.mouse.move(box["x"] - 90, box["y"] - 60, steps=6)
    page.wait_for_timeout(100)
    z = place_of(page)
    assert np.hypot(z[0] - 0.5, z[1] + 0.3) > 0.3
    check_values(values.all_text_contents(), decoded(served.models / "people", z))
    assert values.all_text_contents() != before
    page.mouse.up()
    # A bar is as long as its value is far up from the column's lowest.
    lengths = page.locator('[data-testid="decoded-bars"] .fill').evaluate_all(
        "bars => bars.map((bar) => bar.getBoundingClientRect().width / bar.parentElement.getBoundingClientRect().width)"
    )
    assert lengths == pytest.approx(decoded(served.models / "people", z).tolist(), abs=0.01)


def test_a_rows_own_values_stand_beside_its_reconstruction(page: Page, served: Served) -> None:
    open_map(page, served, "model=people&sample=17")
    originals = page.locator('[data-testid="sample-bars"] dd.original-value')
    expect(originals.first).to_contain_text(re.compile(r"\d"))
    check_values([text.split(": ")[1] for text in originals.all_text_contents()], served.people.images[17])
    shown = page.locator('[data-testid="sample-bars"] dd.value').all_text_contents()
    mu = page.locator('[data-testid="sample-card"] dl:not(.bars dl) dd').first.inner_text()
    x, y = numbers(re.findall(r"[−\d.]+", mu))
    values = decoded(served.models / "people", (x, y))  # μ is shown with two decimals
    for text, value, column in zip(numbers([text.split(": ")[1] for text in shown]), values, COLUMNS, strict=True):
        range_ = column.high - column.low
        assert (text - column.low) / range_ == pytest.approx(float(value), abs=0.05), column.name


def test_a_table_has_the_words_of_a_table_and_pictures_those_of_pictures(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/one_sample?model=people&step=2")
    lead = page.locator('[data-testid="story_encoder"] .lead')
    expect(lead).to_contain_text("averaged over the columns", timeout=60_000)
    expect(page.locator('[data-testid="why-no-drawing"]')).to_contain_text("tables of numbers")
    page.goto(f"{served.url}/one_sample?model=squares&step=2")
    expect(lead).to_contain_text("averaged over the pixels", timeout=60_000)
    expect(page.locator('[data-testid="why-no-drawing"]')).to_contain_text("in colour")
    expect(page.locator('[data-testid="pad"]')).to_be_hidden()


def test_small_pictures_of_bars_say_their_row_with_names_and_units(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/one_sample?model=people&step=4")
    draw = page.get_by_test_id("draw").first
    row = re.compile(re.escape(COLUMNS[0].name) + r" \d+\.\d · " + re.escape(COLUMNS[1].name) + r" \d+ · ")
    expect(draw).to_have_attribute("title", row, timeout=60_000)
    expect(draw).to_have_accessible_name(row)


def test_a_columns_mean_and_deviation_are_told_in_its_own_units(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/one_sample?model=people&step=1")
    page.wait_for_selector('[data-testid="story_pixels"][data-pixel]', timeout=60_000)
    lines = page.locator('[data-testid="mean-image"] .bar-line')
    expect(lines).to_have_count(len(COLUMNS))
    for index, column in enumerate(COLUMNS):
        lines.nth(index).click()
        expect(page.locator('[data-testid="which-pixel"]')).to_contain_text(column.name)
        values = column.low + served.people.images[:, index].astype(np.float64) * (column.high - column.low)
        mean, deviation = (page.locator(f'[data-testid="pixel-{name}"]').inner_text() for name in ("mean", "deviation"))
        assert numbers([mean])[0] == pytest.approx(values.mean(), abs=0.51 * 10.0**-column.decimals)
        assert numbers([deviation])[0] == pytest.approx(values.std(), abs=0.051 * 10.0**-column.decimals)
    page.locator('[data-testid="mean-image"]').press("ArrowUp")
    expect(page.locator('[data-testid="which-pixel"]')).to_contain_text(COLUMNS[-2].name)


# --- colour in the browser ---


def test_decoded_colours_are_those_of_torch(page: Page, served: Served) -> None:
    for z in ((0.0, 0.0), (0.9, -1.1)):
        open_map(page, served, f"model=squares&z={z[0]},{z[1]}")
        expected = 255 * decoded(served.models / "squares", z).reshape(6, 5, 3)
        assert np.abs(pixels(page, "decoded").astype(float) - expected).max() < 0.6, "rounded to the nearest"
        assert np.ptp(expected, axis=2).max() > 5, "a picture in colour"


def test_originals_have_the_datas_own_colours(page: Page, served: Served) -> None:
    open_map(page, served, "model=squares&sample=8")
    expect(page.locator('canvas[data-testid="original"]')).to_be_visible(timeout=30_000)
    assert np.array_equal(pixels(page, "original"), served.squares.images[8])

"""Imported models explored end to end in a real Chromium: pythae's of 2 and 10 dimensions, a family, a served one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from conftest import ROOT, wait_ready
from imported_kit import tiny_import
from onnx_kit import decoder, exported
from playwright.sync_api import expect
from pythae_kit import trained
from test_accessibility import AXE, told, violations

from ui import cache
from vae_core import load_dataset
from vae_core.cli import main

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The app's own module, as the page has loaded it: the same instance, with the model that is on show.
SEEN = """
async ({digest, samples, zs}) => {
  const url = performance.getEntriesByType("resource").map(({name}) => name).find((name) => /\\/store\\.js/.test(name));
  const { getModel } = await import(url);
  const model = getModel(digest);
  const { codes, decoder } = model;
  const places = samples.map((id) => codes.ids.indexOf(id));
  return {
    codes: places.map((place) => codes.exact(place, 0)),
    decoded: zs.map((z) => Array.from(decoder.decodeFull(z))),
  };
}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with imported models."""
    home = tmp_path_factory.mktemp("home-of-imports")
    for d in (2, 10):
        command = ["import", "pythae", str(trained(d)[1]), "--data", "digits", "--out", str(home / "models")]
        assert main([*command, "--name", f"pythae-{d}", "--title", f"<i>{d}</i> dimensions"]) == 0
    tiny_import(home / "models" / "family", betas=(0.5, 1.0, 4.0))
    tiny_import(home / "models" / "pictures", served=True, graph=None)
    tiny_import(home / "models" / "served", served=True, graph=exported(decoder(24, 5), (5,), ["image"]))
    return home


@pytest.fixture(scope="module")
def url(home: Path, start_app: Callable[..., str]) -> str:
    return start_app(ROOT / "app.py", env={"LATENT_EXPLORER_HOME": str(home)})


def shown(page: Page, name: str, value: str) -> None:
    """Wait until the map says so of itself."""
    page.wait_for_selector(f'[data-testid="latent-canvas"][data-{name}="{value}"]')


@pytest.mark.parametrize("d", [2, 10])
def test_codes_and_pictures_in_the_browser_are_pythaes_own(page: Page, url: str, home: Path, d: int) -> None:
    model, _ = trained(d)
    page.goto(f"{url}/latent_map?model=pythae-{d}")
    wait_ready(page)
    folder = home / "models" / f"pythae-{d}"
    digest = hashlib.sha256(repr((str(folder), cache.stamp(folder))).encode()).hexdigest()[:16]
    z = (2 * np.random.default_rng(0).standard_normal((20, d))).astype(np.float32)
    samples = list(range(0, 1797, 97))
    seen: dict[str, Any] = page.evaluate(SEEN, {"digest": digest, "samples": samples, "zs": z.tolist()})
    with torch.no_grad():
        encoded = model.encoder(torch.from_numpy(load_dataset("digits").images[samples][:, None]))
        decoded = model.decoder(torch.from_numpy(z)).reconstruction.flatten(1).numpy()
    assert np.abs([code["mu"] for code in seen["codes"]] - encoded.embedding.numpy()).max() < 1e-5
    assert np.abs([code["sigma"] for code in seen["codes"]] - (encoded.log_covariance / 2).exp().numpy()).max() < 1e-5
    assert np.abs(np.array(seen["decoded"]) - decoded).max() < 1e-4


def test_ten_dimensions_are_explored(page: Page, url: str) -> None:
    page.goto(f"{url}/latent_map?model=pythae-10&plane=z3,z5&sample=7")
    wait_ready(page)
    shown(page, "samples", "1797")
    panel = page.get_by_test_id("plane-panel")
    assert panel.locator(".dimensions tbody tr").count() == 10
    assert page.get_by_test_id("beta-note").inner_text().startswith("This model was trained at β = 1.0 alone")
    first = [page.get_by_test_id(f"plane-{side}").input_value() for side in ("across", "up")]
    assert first == ["2", "4"], "as the address says, which counts from z1"
    assert page.get_by_test_id("place").inner_text() == "z₃ = 0.00, z₅ = 0.00"
    assert "in all 10 dimensions" in page.get_by_test_id("nearest").inner_text()
    assert "along z₃ and z₅; the rate is over all 10 dimensions" in page.get_by_test_id("sample-card").inner_text()

    page.get_by_role("button", name="Show z₁ upwards").click()
    page.wait_for_url("**plane=z3,z1*")
    panel.get_by_role("button", name="Main directions (PCA)").click()
    page.wait_for_url("**plane=pca*")
    assert "% of the variance of μ" in page.get_by_test_id("plane-share").inner_text()

    # Held at the selected sample, the ring at its place decodes its own reconstruction.
    panel.get_by_role("button", name="the selected sample’s μ").click()
    page.wait_for_url("**hold=sample*")
    panel.get_by_role("button", name="these values").click()
    slider = page.get_by_test_id("plane-sliders").locator("input").first
    picture = page.get_by_test_id("decoded")
    before = picture.evaluate("canvas => canvas.toDataURL()")
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert picture.evaluate("canvas => canvas.toDataURL()") != before, "the picture follows the slider"

    panel.get_by_role("button", name="Through three samples").click()
    page.get_by_test_id("plane-slot-A").click()
    assert "7" in page.get_by_test_id("plane-slot-A").inner_text()

    page.get_by_test_id("traversals").locator("summary").click()
    page.wait_for_selector('[data-testid="traversals"][data-drawn]')
    page.get_by_role("button", name="= 3").first.click()
    page.wait_for_url("**plane=z*")
    assert page.get_by_test_id("plane-across").is_visible(), "two dimensions are shown again, and said to be"
    if AXE.is_file():
        found = violations(page)
        assert not found, told(found)


def test_three_samples_span_a_plane_that_the_address_holds(page: Page, url: str) -> None:
    page.goto(f"{url}/latent_map?model=pythae-10&plane=s3,40,700&hold=z2:1.5")
    wait_ready(page)
    panel = page.get_by_test_id("plane-panel")
    assert [page.get_by_test_id(f"plane-slot-{slot}").inner_text().split("#")[-1] for slot in "ABC"] == [
        "3", "40", "700",
    ]  # fmt: skip
    assert panel.locator('[data-testid="plane-sliders"] input').count() > 0
    page.goto(f"{url}/latent_map?model=pythae-10&plane=z1,z11")
    wait_ready(page)
    assert page.get_by_text("plane must be pca, two dimensions").count() == 1


def test_every_page_opens_with_ten_dimensions_of_one_beta(page: Page, url: str) -> None:
    page.goto(f"{url}/?model=pythae-10")
    page.wait_for_selector('[data-ready="true"]')
    page.get_by_role("link", name="KL weight").first.click()
    page.wait_for_selector('[data-testid="weight-view"][data-ready="true"]')
    assert page.get_by_test_id("play").is_hidden()
    numbers = page.get_by_test_id("numbers")
    assert "dimensions depend on each other" in numbers.inner_text()
    assert "z₁ is not" not in numbers.inner_text()
    assert page.get_by_test_id("identities").locator('[data-ok="false"]').count() == 0
    page.get_by_role("link", name="One sample, one Gaussian").first.click()
    page.get_by_role("button", name="Tell it with “Handwritten digits”").click()
    page.wait_for_selector('[data-testid="story-view"][data-ready="true"]')


def test_the_tours_of_a_model_of_one_beta_ask_for_nothing_that_is_not_there(page: Page, url: str) -> None:
    for path, asked, never in (("latent_map", 4, "Turn β"), ("kl_weight", 1, "β")):
        page.goto(f"{url}/{path}?model=pythae-10")
        page.wait_for_selector('[data-ready="true"]', timeout=60_000)
        page.get_by_test_id("tour-offer").click()
        card = page.get_by_test_id("tour-card")
        for number in range(1, asked + 1):
            expect(card).to_contain_text(f"{number} of {asked}")
            assert never not in card.inner_text()
            page.get_by_role("button", name="Skip step").click()
        expect(card).to_contain_text("That was the tour")


def test_a_family_steps_from_model_to_model_and_can_be_aligned(page: Page, url: str) -> None:
    page.goto(f"{url}/kl_weight?model=family&beta=1")
    page.wait_for_selector('[data-testid="weight-view"][data-ready="true"]')
    slider = page.get_by_test_id("beta-slider")
    assert (slider.get_attribute("max"), slider.input_value()) == ("2", "1")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector('[data-testid="weight-view"][data-shown-beta="4"]')
    page.get_by_test_id("align-switch").check(force=True)
    page.wait_for_url("**align=1*")
    page.get_by_role("link", name="Latent map").first.click()
    wait_ready(page)
    shown(page, "beta", "4")


def test_a_decoder_of_which_only_pictures_are_known_is_blended_and_said_to_be(page: Page, url: str) -> None:
    page.goto(f"{url}/latent_map?model=pictures&plane=z1,z2")
    wait_ready(page)
    shown(page, "approximate", "true")
    assert page.get_by_test_id("approximate").is_visible()
    page.goto(f"{url}/latent_map?model=pictures&plane=z3,z4")
    wait_ready(page)
    assert "cannot be decoded" in page.get_by_test_id("plane-blind").inner_text()


def test_the_kl_page_shows_pictures_that_the_server_decodes(page: Page, url: str) -> None:
    page.goto(f"{url}/kl_weight?model=served")
    page.wait_for_selector('[data-testid="weight-view"][data-ready="true"]')
    pictures = page.locator('[data-testid="draws"]:visible canvas')
    painted = """canvases => canvases
      .map(canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)
      .every(pixels => new Set(pixels).size > 10)"""
    for _ in range(100):  # they come from the server
        if pictures.evaluate_all(painted):
            break
        page.wait_for_timeout(100)
    assert pictures.evaluate_all(painted)
    assert pictures.count() == 10

"""The page “Your model”: two ONNX files become a model, and what only the server can decode comes from there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, wait_ready
from onnx_kit import Encoder, Residual, exported
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from vae_core import load_card

READ = """canvas => Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)
  .filter((_, i) => i % 4 === 0)"""

# Every approximate picture and its place.
RECORD = f"""root => {{
  window.blended = [];
  new MutationObserver(() => {{
    const picture = root.querySelector('canvas[data-testid="decoded"]');
    if (root.dataset.approximate === "true") window.blended.push([root.dataset.z, ({READ})(picture)]);
  }}).observe(root, {{attributes: true, attributeFilter: ["data-z"]}});
}}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home-of-my-models")


@pytest.fixture(scope="module")
def url(home: Path, start_app: Callable[..., str]) -> str:
    return start_app(ROOT / "app.py", env={"LATENT_EXPLORER_HOME": str(home)})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An encoder, and a decoder with a branch: the browser cannot run it."""
    folder = tmp_path_factory.mktemp("onnx")
    encoder, decoder = folder / "encoder.onnx", folder / "decoder.onnx"
    encoder.write_bytes(exported(Encoder(), (1, 8, 8), ["mu", "log_var"]))
    decoder.write_bytes(exported(Residual(), (3,), ["image"]))
    return encoder, decoder


def upload(page: Page, url: str, encoder: Path, decoder: Path) -> None:
    page.goto(f"{url}/bring")
    for kind, file in (("encoder", encoder), ("decoder", decoder)):
        uploader = page.locator(f".st-key-bring-{kind}")
        # A file that is chosen in the very moment in which the page is drawn anew is lost on Streamlit's uploader.
        for _ in range(4):
            uploader.locator("input[type=file]").set_input_files(file)
            with contextlib.suppress(PlaywrightTimeout):
                uploader.get_by_text(file.name).wait_for(timeout=3000)
                break
        expect(uploader).to_contain_text(file.name)


def expected(z: list[float]) -> np.ndarray:
    """What the canvas shows of the decode of z: grey levels from 0 to 255."""
    with torch.no_grad():
        return 255 * Residual()(torch.tensor([z], dtype=torch.float32))[0].numpy()


def shown(page: Page) -> np.ndarray:
    return np.array(page.locator('canvas[data-testid="decoded"]').evaluate(READ))


def test_what_was_found_is_shown_and_the_imported_model_is_decoded_by_the_server(
    page: Page, url: str, home: Path, files: tuple[Path, Path]
) -> None:
    upload(page, url, *files)
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("μ is mu: by its name")
    page.get_by_label("Title").fill("My <b>own</b> VAE")
    page.get_by_label("Title").press("Tab")
    page.get_by_role("button", name="Import").click()
    page.wait_for_url("**/latent_map?model=*")
    wait_ready(page)
    (folder,) = (file.parent for file in (home / "models").glob("*/card.json"))
    card = load_card(folder)
    assert (card["title"], card["imported"]["source"]) == ("My <b>own</b> VAE", "onnx")
    assert page.locator("b", has_text="own").count() == 0, "a title is text"

    expect(page.get_by_test_id("approximate")).to_have_text("Exact: decoded on the server, where you rest.")
    assert np.abs(shown(page) - expected([0, 0, 0])).max() <= 1

    # A plane of which no pictures were made at import, away from the origin: both kinds of picture come on demand.
    page.goto(f"{url}/latent_map?model={folder.name}&plane=z1,z3&hold=z2:1.5&z=0.5,-1")
    wait_ready(page)
    expect(page.get_by_test_id("approximate")).to_have_text("Exact: decoded on the server, where you rest.")
    assert np.abs(shown(page) - expected([0.5, 1.5, -1])).max() <= 1
    page.get_by_test_id("latent-canvas").evaluate(RECORD)
    ring = page.get_by_test_id("z-handle").bounding_box()
    assert ring
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    page.mouse.down()
    page.mouse.move(ring["x"] + 60, ring["y"] - 40, steps=4)
    # The hand still holds the ring, and rests.
    page.wait_for_selector('[data-testid="latent-canvas"][data-approximate="false"]')
    x, y = map(float, str(page.get_by_test_id("latent-canvas").get_attribute("data-z")).split(","))
    assert x > 0.5
    assert np.abs(shown(page) - expected([x, 1.5, y])).max() <= 1
    page.mouse.up()
    on_the_way = page.evaluate("window.blended")
    assert on_the_way, "while the hand moved, the pictures were said to be approximate"
    for place, pixels in on_the_way:
        x, y = map(float, place.split(","))
        assert np.abs(pixels - expected([x, 1.5, y])).max() <= 8, "blended of a grid that the server made"

    page.get_by_text("Traversals: one dimension at a time").click()
    page.wait_for_selector('[data-testid="traversals"][data-drawn="21"]')


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_is_no_onnx_file_is_one_sentence(
    page: Page, url: str, home: Path, files: tuple[Path, Path], tmp_path: Path, which: int
) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no graph")
    upload(page, url, *(bad if k == which else file for k, file in enumerate(files)))
    said = page.get_by_test_id("stAlert")
    expect(said).to_contain_text(f"The {('encoder', 'decoder')[which]}: expected an ONNX file")
    assert page.get_by_role("button", name="Import").count() == 0

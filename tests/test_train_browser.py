"""The page Train in a real Chromium: bring data, train, watch, come back, keep; and a table on a phone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import wait_ready
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from vae_core.datasets import load_images_uint8
from vae_core.trainings import Trainings

ROOT = Path(__file__).parents[1]
VIEW = '[data-testid="train-view"]'
FILES = '.st-key-train-offers input[type="file"]'
START = ".st-key-train-button button"


def npz(**arrays: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def training_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a served app; what is still training when the tests are over is ended."""
    folder = tmp_path_factory.mktemp("training-home")
    yield folder
    trainings = Trainings(folder / "trainings")
    for identity in (*trainings.waiting(), *trainings.busy()):
        trainings.delete(identity)


@pytest.fixture(scope="module")
def url(start_app: Callable[..., str], training_home: Path) -> str:
    """The page, in an app with a home of its own."""
    return start_app(ROOT / "app.py", env={"LATENT_EXPLORER_HOME": str(training_home)}) + "/train"


def bring(page: Page, name: str, content: bytes) -> None:
    page.wait_for_selector(START, timeout=60_000)
    page.locator(FILES).set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})


def data(page: Page, name: str) -> str:
    return str(page.locator(VIEW).get_attribute(f"data-{name}"))


def wait_for_updates(page: Page, count: int) -> int:
    """Wait for so many live states; the step of the newest."""
    page.wait_for_function(
        f"""() => [...document.querySelectorAll("*")].some((host) =>
            Number(host.shadowRoot?.querySelector('{VIEW}')?.dataset.updates) >= {count})""",
        timeout=60_000,
    )
    return int(data(page, "step"))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_ones_own_data_is_trained_on_watched_kept_and_opened_on_the_map(
    page: Page, browser: Browser, url: str, training_home: Path
) -> None:
    page.goto(url)
    images = load_images_uint8("digits")[:300]
    bring(page, "<b>few</b> digits.npz", npz(images=images, labels=np.arange(300) % 3))
    upload = page.locator(".st-key-train-upload")
    expect(upload.get_by_text("300 pictures")).to_be_visible(timeout=30_000)
    expect(upload.get_by_text("3 classes: 0, 1, 2")).to_be_visible()
    expect(upload.locator("img")).to_have_count(1)
    assert not (training_home / "datasets").exists(), "nothing is stored before the button is pressed"
    page.locator(".st-key-train-size-upload").get_by_text("Small").click()
    # Longer than the test takes on a busy machine: it ends because it is told to.
    page.locator(".st-key-train-length-upload").get_by_text("5 min").click()
    page.locator(START).click()

    # It moves: real states of the training arrive, each later than the one before.
    first = wait_for_updates(page, 2)
    later = wait_for_updates(page, int(data(page, "updates")) + 2)
    assert later > first > 0
    assert "training=" in page.url

    # Another browser sees nothing of it.
    stranger = browser.new_context().new_page()
    stranger.goto(page.url)
    expect(stranger.get_by_text("another browser")).to_be_visible(timeout=60_000)
    assert "few" not in stranger.locator("body").inner_text()
    stranger.context.close()

    # This one comes back to it, stops it, and what there is becomes a model.
    page.reload()
    page.wait_for_selector(VIEW, timeout=60_000)
    page.locator(VIEW).get_by_text("Stop and keep").click()
    keep = page.locator(".st-key-train-keep button").first
    expect(keep).to_be_visible(timeout=90_000)
    expect(page.locator(VIEW)).to_have_attribute("data-status", "finished")
    keep.click()
    page.get_by_label("Name").fill("My few <i>digits</i>")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.locator(".st-key-train-open-map button").click(timeout=30_000)
    page.wait_for_url("**/latent_map*")
    wait_ready(page)
    assert page.locator('[data-testid="latent-canvas"]').get_attribute("data-model") == "my-few-i-digits-i"
    expect(page.get_by_text("My few <i>digits</i>").first).to_be_visible()


def test_a_wide_table_full_of_markup_stays_text_and_fits_a_phone(phone: Page, url: str) -> None:
    phone.goto(url)
    head = ",".join(["a <b>x</b>", "[b](http://x)", *(f"column number {i}" for i in range(12)), "kind"])
    rows = [
        ",".join([*(f"{(i * j) % 7}.5" for j in range(1, 15)), f"<img src=x onerror=a({i % 2})>"]) for i in range(60)
    ]
    bring(phone, "table.csv", "\n".join([head, *rows]).encode())
    upload = phone.locator(".st-key-train-upload")
    expect(upload.get_by_text("60 rows")).to_be_visible(timeout=30_000)
    expect(upload.locator("table")).to_contain_text("a <b>x</b>")
    expect(upload.locator("table")).to_contain_text("<img src=x")
    assert upload.locator("table img, table b, table a").count() == 0
    main = phone.locator('[data-testid="stMain"]')
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0

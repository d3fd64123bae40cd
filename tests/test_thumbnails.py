"""The gallery's small pictures of maps: their colours, their places, and what they cost."""

from __future__ import annotations

import base64
import io
import re
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ui import thumbnails
from vae_core.checkpoints import CheckpointError, load_codes

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "ui" / "latent_canvas" / "frontend"
DIGITS = ROOT / "checkpoints" / "digits"


def picture(png: bytes) -> NDArray[Any]:
    """[h, w, 4] in 0 to 255."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGBA")).astype(int)


def one(x: float, y: float, label: int = 0, sigma: float = 0.2) -> NDArray[Any]:
    mu = np.array([[x, y]], dtype=np.float32)
    return picture(thumbnails.render(mu, np.full((1, 2), sigma, np.float32), np.array([label]), label + 1))


def test_the_colours_are_those_of_the_canvas() -> None:
    palette = (FRONTEND / "palette.js").read_text()
    (ten,) = re.findall(r"const TEN = \[(.*?)\]", palette, re.DOTALL)
    assert tuple(re.findall(r"#[0-9a-f]{6}", ten)) == thumbnails.TEN
    (angle,) = re.findall(r"GOLDEN_ANGLE = ([\d.]+)", palette)
    assert float(angle) == thumbnails._GOLDEN_ANGLE
    assert thumbnails.class_colours(11)[:10] == [
        tuple(bytes.fromhex(colour[1:])) for colour in thumbnails.TEN
    ]
    # classColors(11)[10] in the browser: #cf64d8.
    assert thumbnails.class_colours(11)[10] == (207, 100, 216)


def test_the_view_reaches_as_far_as_the_canvas_does() -> None:
    framing = (FRONTEND / "framing.js").read_text()
    ((least, most),) = re.findall(r"REACH = \{ least: ([\d.]+), most: ([\d.]+) \}", framing)
    assert (float(least), float(most)) == thumbnails.REACH
    sigma = np.full((2, 2), 0.5)
    assert thumbnails.whole_reach(np.array([[0.0, 1], [1, 0]]), sigma) == 3.25
    assert thumbnails.whole_reach(np.array([[0.0, -4], [1, 0]]), sigma) == 4.5
    assert thumbnails.whole_reach(np.array([[9.0, 0], [1, 0]]), sigma) == 6.5


@pytest.mark.parametrize(("x", "y"), [(1.5, 0.5), (-2, -1), (0, 2.2)])
def test_a_sample_is_where_it_belongs_in_its_classs_colour(x: float, y: float) -> None:
    found = one(x, y, label=2)
    assert found.shape == (thumbnails.SIZE, thumbnails.SIZE, 4)
    at = np.arange(thumbnails.SIZE) + 0.5
    weight = found[..., 3] / found[..., 3].sum()
    row, column = float((weight.sum(axis=1) * at).sum()), float((weight.sum(axis=0) * at).sum())
    scale = thumbnails.SIZE / (2 * 3.25)
    assert column == pytest.approx(120 + x * scale, abs=0.5)
    assert row == pytest.approx(120 - y * scale, abs=0.5)
    assert np.abs(found[int(row), int(column), :3] - np.array([0xBD, 0x1F, 0x01])).max() <= 8
    far = found[0, 0] if y < 0 or x > 0 else found[-1, -1]
    assert far[3] == 0


def test_a_narrow_gaussian_is_seen_and_a_wide_one_covers_more() -> None:
    narrow, wide = (int((one(0.3, 0.3, sigma=sigma)[..., 3] > 60).sum()) for sigma in (1e-4, 0.5))
    assert narrow >= 4
    assert wide > 20 * narrow


def test_no_sample_gives_an_empty_picture() -> None:
    empty = np.zeros((0, 2), dtype=np.float32)
    assert picture(thumbnails.render(empty, empty, np.zeros(0, dtype=int), 3))[..., 3].max() == 0


def test_sixty_thousand_samples_are_drawn_quickly_and_small() -> None:
    rng = np.random.default_rng(1)
    mu, sigma = rng.normal(size=(60_000, 2)), rng.uniform(0.02, 0.2, size=(60_000, 2))
    labels = rng.integers(0, 10, 60_000)
    took = []
    for _ in range(3):
        began = time.process_time()
        png = thumbnails.render(mu, sigma, labels, 10)
        took.append(time.process_time() - began)
    assert min(took) < 0.3
    assert len(png) < 60_000
    assert png == thumbnails.render(mu, sigma, labels, 10), "the same samples, the same picture"


def test_the_maps_that_ship_travel_in_a_few_kilobytes_and_show_every_class() -> None:
    codes = load_codes(DIGITS)
    png = thumbnails.render(*codes.at_beta(1.0), codes.labels, 10)
    assert 4_000 < len(png) < 30_000
    found = picture(png)
    seen = found[found[..., 3] > 100][:, :3]
    for colour in thumbnails.class_colours(10):
        assert (np.abs(seen - np.array(colour)).max(axis=1) <= 12).sum() > 20


def test_a_picture_is_kept_until_the_models_files_change(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    shutil.copytree(DIGITS, folder)
    address = thumbnails.data_uri(folder)
    head, body = address.split(",")
    assert head == "data:image/png;base64"
    assert picture(base64.b64decode(body)).shape == (240, 240, 4)
    assert thumbnails.data_uri(folder) == address
    (folder / "codes.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"codes\.safetensors"):
        thumbnails.data_uri(folder)

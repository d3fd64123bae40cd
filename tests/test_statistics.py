"""A data set in numbers: mean, deviation and histograms, what drawings have in common, the file beside a model."""

import json
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as to_safetensors

from ui.latent_canvas.payload import statistics_payload
from vae_core import (
    CheckpointError,
    ImageStatistics,
    image_statistics,
    load_dataset,
    load_images_uint8,
    load_statistics,
    save_statistics,
)
from vae_core import checkpoints as checkpoints_module
from vae_core.cli import main
from vae_core.recipes import RECIPES
from vae_core.statistics import levels_of

ROOT = Path(__file__).parents[1]
CHECKPOINTS = ROOT / "checkpoints"
FILE = "statistics.safetensors"
SUBPIXELS = 8

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def digits() -> ImageStatistics:
    return image_statistics(load_images_uint8("digits"), levels_of("digits"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CHECKPOINTS / "digits", tmp_path / "digits")
    return tmp_path / "digits"


# ---- mean, deviation, histogram


def test_mean_deviation_and_histogram_of_the_digits_are_those_of_numpy(digits: ImageStatistics) -> None:
    images = load_dataset("digits").images.reshape(1797, 64).astype(np.float64)
    assert (digits.samples, digits.levels, digits.bins) == (1797, 16, 17)
    assert np.array_equal(digits.mean, images.mean(axis=0).astype(np.float32))
    assert np.allclose(digits.deviation, images.std(axis=0), rtol=1e-7, atol=0)
    for pixel in (0, 12, 36, 63):
        counts = np.bincount(np.rint(16 * images[:, pixel]).astype(int), minlength=17)
        assert np.array_equal(digits.histogram[pixel], counts)
    assert (digits.histogram.sum(axis=1) == 1797).all()


def test_bytes_fall_into_32_bins_of_equal_width() -> None:
    images = np.arange(256, dtype=np.uint8).reshape(256, 1, 1)
    found = image_statistics(images)
    assert found.histogram.tolist() == [[8] * 32]
    assert found.mean[0] == pytest.approx(0.5)
    assert found.deviation[0] == pytest.approx(np.arange(256).std() / 255)


def test_many_samples_are_worked_on_in_parts_that_make_one_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 6, 7), dtype=np.uint8)
    whole = image_statistics(images)
    monkeypatch.setattr("vae_core.statistics.BLOCK", 150)
    parts = image_statistics(images)
    for name, value in whole.tensors().items():
        assert np.array_equal(parts.tensors()[name], value)


def test_colour_has_numbers_for_every_channel_and_no_drawing() -> None:
    images = np.random.default_rng(1).integers(0, 256, (20, 5, 6, 3), dtype=np.uint8)
    found = image_statistics(images)
    assert np.allclose(found.mean.reshape(5, 6, 3), images.mean(axis=0) / 255, atol=1e-7)
    assert found.drawing is None


def test_floats_and_tables_are_taken_as_they_are() -> None:
    table = np.random.default_rng(2).random((30, 4)).astype(np.float32)
    found = image_statistics(table)
    assert np.allclose(found.mean, table.mean(axis=0, dtype=np.float64), atol=1e-7)
    assert np.allclose(found.deviation, table.std(axis=0, dtype=np.float64), atol=1e-7)
    assert found.drawing is None


@pytest.mark.parametrize("value", [0, 128, 255])
def test_constant_images_have_no_deviation_and_no_drawing(value: int) -> None:
    found = image_statistics(np.full((9, 8, 8), value, np.uint8))
    assert not found.deviation.any()
    assert found.mean[0] == pytest.approx(value / 255)
    assert found.drawing is None


def test_one_sample_is_its_own_mean() -> None:
    image = load_images_uint8("digits")[:1]
    found = image_statistics(image, 16)
    assert np.allclose(found.mean.reshape(8, 8) * 255, image[0], atol=0.5)
    assert not found.deviation.any()
    assert found.histogram.sum() == 64


@pytest.mark.parametrize(
    "images",
    [np.zeros((0, 8, 8), np.uint8), np.zeros((3, 0, 8), np.uint8), np.full((3, 2, 2), np.nan), np.full((3, 2, 2), 1.5)],
    ids=["no samples", "no pixels", "NaN", "too large"],
)
def test_what_has_no_statistics_is_refused(images: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="images: expected"):
        image_statistics(images)


def test_a_large_set_takes_little_memory() -> None:
    images = np.random.default_rng(3).integers(0, 256, (60_000, 14, 14), dtype=np.uint8)
    tracemalloc.start()
    image_statistics(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300e6


# ---- drawings


def strokes(shape: str, width: float, size: int, count: int = 60) -> Images:
    """Lines or rings of one width at random places and turns, with smooth edges."""
    rng = np.random.default_rng(4)
    grid = (np.arange(size * SUBPIXELS) + 0.5) / SUBPIXELS
    x, y = np.meshgrid(grid, grid)
    drawn = np.zeros((count, size, size))
    for image in drawn:
        dx, dy = x - size / 2 - rng.uniform(-0.5, 0.5), y - size / 2 - rng.uniform(-0.5, 0.5)
        turn = rng.uniform(0, np.pi)
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        reach = 0.3 * size
        beyond = along - np.clip(along, -reach, reach)
        away = np.hypot(beyond, across) if shape == "line" else abs(np.hypot(dx, 0.8 * dy) - 0.28 * size)
        image[:] = (away < width / 2).reshape(size, SUBPIXELS, size, SUBPIXELS).mean(axis=(1, 3))
    return np.rint(255 * drawn).astype(np.uint8)


@pytest.mark.parametrize("shape", ["line", "ring"])
@pytest.mark.parametrize(("size", "width"), [(28, 1.0), (28, 1.5), (28, 2.5), (28, 3.5), (8, 1.0), (8, 1.4)])
def test_the_width_of_drawn_strokes_is_found(shape: str, size: int, width: float) -> None:
    drawing = image_statistics(strokes(shape, width, size)).drawing
    assert drawing is not None
    assert drawing.stroke == pytest.approx(width, rel=0.2)


def test_the_box_and_the_centre_of_drawings_are_found() -> None:
    rng = np.random.default_rng(5)
    boxed, massed = np.zeros((2, 200, 28, 28), np.uint8)
    for image in boxed:  # the same box for all, with a heavy part that is now here, now there
        image[4:24, 6:8] = 255
        image[4:6, 6:20] = 255
        at = rng.integers(6, 20)
        image[at : at + 4, 6:16] = 255
    for image in massed:  # one heavy bar in the middle, with a thin tail of any length to the right
        image[6:22, 12:15] = 255
        image[13, 15 : 15 + rng.integers(1, 12)] = 60
    found = image_statistics(boxed).drawing
    assert found is not None
    assert (found.height, found.width, found.centring, found.centre) == (20, 14, "box", (13, 14))
    found = image_statistics(massed).drawing
    assert found is not None
    assert (found.height, found.centring) == (16, "mass")


def test_digits_are_drawings_in_a_box_of_their_own(digits: ImageStatistics) -> None:
    drawing = digits.drawing
    assert drawing is not None
    assert 1.2 < drawing.stroke < 1.8
    assert (drawing.height, drawing.width, drawing.centring) == (8, 6, "box")
    assert drawing.centre == pytest.approx((4, 4), abs=0.3)


def test_mnist_is_drawn_around_its_centre_of_mass_and_clothes_are_not_drawn() -> None:
    drawing = load_shipped("mnist").drawing
    assert drawing is not None
    assert 2.2 < drawing.stroke < 3
    assert (drawing.height, drawing.width, drawing.centring) == (20, 20, "mass")
    assert drawing.centre == pytest.approx((14.5, 14.5), abs=0.05)
    assert load_shipped("fashion-mnist").drawing is None


@pytest.mark.parametrize("change", ["inverted", "noise", "few"])
def test_other_pictures_are_no_drawings(change: str) -> None:
    images = strokes("ring", 2.5, 28)
    if change == "inverted":
        images = 255 - images
    elif change == "noise":
        images = np.random.default_rng(6).integers(0, 256, images.shape, dtype=np.uint8)
    else:
        images[5:] = 0
    assert image_statistics(images).drawing is None


# ---- beside a model


def load_shipped(name: str) -> ImageStatistics:
    found = load_statistics(CHECKPOINTS / name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["digits", "mnist", "fashion-mnist"])
def test_the_statistics_that_ship_are_small_and_those_of_the_data(name: str, data_dir: Path | None) -> None:
    shipped = load_shipped(name)
    assert (CHECKPOINTS / name / FILE).stat().st_size < 150_000
    if name != "digits" and data_dir is None:
        pytest.skip("the data set is not here")
    fresh = image_statistics(load_images_uint8(name, data_dir), levels_of(name))
    assert fresh.facts() == shipped.facts()
    for part, value in fresh.tensors().items():
        assert np.allclose(value, shipped.tensors()[part], atol=1e-6)


def test_saved_statistics_come_back_and_leave_the_model_as_it_is(folder: Path, digits: ImageStatistics) -> None:
    before = {name: (folder / name).read_bytes() for name in ("model.safetensors", "codes.safetensors")}
    card = save_statistics(folder, digits)
    assert json.loads((folder / "card.json").read_text()) == card
    found = load_statistics(folder)
    assert found is not None
    assert found.facts() == digits.facts()
    for name, value in digits.tensors().items():
        assert np.array_equal(found.tensors()[name], value)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert len(list(folder.iterdir())) == 4, "no other file is left"


def without_statistics(folder: Path) -> None:
    (folder / FILE).unlink()
    card = json.loads((folder / "card.json").read_text())
    del card["files"][FILE]
    (folder / "card.json").write_text(json.dumps(card))


def test_a_model_without_statistics_stays_one(folder: Path) -> None:
    without_statistics(folder)
    assert load_statistics(folder) is None
    checkpoints_module.load_codes(folder)


def rewrite(change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Change facts and tensors and give the card the new fingerprint: the files agree, the contents do not."""

    def damage(folder: Path) -> None:
        facts, tensors = load_shipped("digits").facts(), load_file(folder / FILE)
        change(facts, tensors)
        content = to_safetensors(tensors, metadata={"json": json.dumps(facts)})
        (folder / FILE).write_bytes(content)
        card = json.loads((folder / "card.json").read_text())
        card["files"][FILE] = checkpoints_module.fingerprint(content)
        (folder / "card.json").write_text(json.dumps(card))

    return damage


def set_first(name: str, value: float) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(facts: dict[str, Any], tensors: dict[str, Any]) -> None:
        tensors[name].flat[0] = value

    return change


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda f: (f / FILE).unlink(), "missing"),
    "cut": (lambda f: (f / FILE).write_bytes((f / FILE).read_bytes()[:-7]), "truncated"),
    "altered": (lambda f: (f / FILE).write_bytes((f / FILE).read_bytes()[:-1] + b"\7"), "SHA-256"),
    "NaN": (rewrite(set_first("mean", np.nan)), "NaN"),
    "deviation negative": (rewrite(set_first("deviation", -0.1)), r"'deviation' to lie in \[0, 1\]"),
    "counts wrong": (rewrite(set_first("histogram", 5)), "to count 1797 samples"),
    "shape": (rewrite(lambda facts, t: t.update(mean=t["mean"][:5].copy())), r"'mean'.*\(64,\).*got float32 of \(5,\)"),
    "a tensor too few": (rewrite(lambda facts, t: t.pop("deviation")), "expected the tensors mean, deviation"),
    "bins": (rewrite(lambda facts, t: facts.update(bins=16)), r"'histogram'.*\(64, 16\)"),
    "samples": (rewrite(lambda facts, t: facts.update(samples="many")), "'samples' to be a whole number"),
    "drawing": (rewrite(lambda facts, t: facts.update(drawing={"stroke": 1})), "'drawing' to be an object"),
    "stroke": (rewrite(lambda facts, t: facts["drawing"].update(stroke=-1)), "'drawing' to hold positive sizes"),
    "other samples": (
        rewrite(lambda facts, t: (facts.update(samples=3), t["histogram"].fill(0), t["histogram"][:, 0].fill(3))),
        "statistics of 1797 samples of 64 pixels.*got 3 of 64",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_statistics_are_named_in_one_sentence_and_the_model_still_opens(folder: Path, name: str) -> None:
    damage, says = DAMAGE[name]
    damage(folder)
    with pytest.raises(CheckpointError, match=says) as raised:
        load_statistics(folder)
    assert FILE in str(raised.value)
    assert "\n" not in str(raised.value)
    checkpoints_module.load_codes(folder)


def test_a_card_with_a_broken_fingerprint_is_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["files"][FILE] = {"sha256": 5}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match=FILE):
        load_statistics(folder)


def test_statistics_of_other_samples_are_not_saved(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    with pytest.raises(CheckpointError, match="got 9 of 64"):
        save_statistics(folder, image_statistics(load_images_uint8("digits")[:9], 16))
    assert (folder / FILE).read_bytes() == before


def test_writing_that_fails_leaves_what_was_there(
    folder: Path, digits: ImageStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        save_statistics(folder, digits)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


# ---- the command, training, and the browser


def test_the_command_puts_statistics_beside_a_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    without_statistics(folder)
    assert main(["statistics", str(folder)]) == 0
    assert "1797 samples of 64 pixels, drawings" in capsys.readouterr().out
    assert load_statistics(folder) is not None


def test_the_command_says_in_one_sentence_where_the_data_are_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LATENT_EXPLORER_DATA", raising=False)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"dataset": "mnist"}))
    assert main(["statistics", str(folder)]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "LATENT_EXPLORER_DATA" in sentence


def test_training_writes_statistics_and_may_replace_a_model_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "digits", replace(RECIPES["digits"], nodes=3, draws=2))  # little to measure
    arguments = ["train", "digits", "--out", str(tmp_path), "--epochs", "1", "--hidden", "8"]
    for _ in range(2):
        assert main(arguments) == 0
        found = load_statistics(tmp_path / "digits")
        assert found is not None
        assert found.facts() == load_shipped("digits").facts()


def test_statistics_are_made_and_read_without_torch() -> None:
    script = (
        "import sys; from vae_core import image_statistics, load_images_uint8, load_statistics;"
        "image_statistics(load_images_uint8('digits'), 16); load_statistics('checkpoints/digits');"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_what_travels_to_the_browser_is_what_store_js_expects(digits: ImageStatistics) -> None:
    message = statistics_payload(digits, "abc")
    length = int.from_bytes(message[:8], "little")
    facts = json.loads(json.loads(message[8 : 8 + length])["__metadata__"]["json"])
    assert {"kind", "digest", "samples", "levels", "bins", "drawing"} == set(facts)
    assert facts["kind"] == "statistics"
    assert set(facts["drawing"]) == {"stroke", "height", "width", "centring", "centre"}

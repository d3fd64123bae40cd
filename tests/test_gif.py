"""The canvas's GIF encoder, read back by Pillow: every frame's pixels must be those that went in."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

FRONTEND = Path(__file__).parents[1] / "ui" / "latent_canvas" / "frontend"
Pixels = NDArray[np.uint8]

# argv: frontend folder, folder with frames.bin, and JSON with the frame count, width, height and options.
ENCODE = """
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [frontend, folder, text] = process.argv.slice(1);
const { encodeGif } = await import(pathToFileURL(`${frontend}/gif.js`));
const { count, width, height, options } = JSON.parse(text);
const bytes = readFileSync(`${folder}/frames.bin`);
const size = bytes.length / count;
const frames = Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
if (options.palette) options.palette = Uint8Array.from(options.palette);
writeFileSync(`${folder}/out.gif`, encodeGif(frames, width, height, options));
"""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def encode(folder: Path, frames: Pixels, **options: object) -> Image.Image:
    """frames: uint8 [count, height, width] indices or [count, height, width, 4] RGBA."""
    frames.tofile(folder / "frames.bin")
    facts = {"count": len(frames), "width": frames.shape[2], "height": frames.shape[1], "options": options}
    command = ["node", "--input-type=module", "-e", ENCODE, str(FRONTEND), str(folder), json.dumps(facts)]
    subprocess.run(command, check=True, timeout=60)
    return Image.open(folder / "out.gif")


def read(gif: Image.Image) -> Pixels:
    """RGB of every frame, [count, height, width, 3]."""
    return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)])


def noise(colors: int, *shape: int) -> Pixels:
    return np.random.default_rng(0).integers(0, colors, shape, dtype=np.uint8)


def smooth(height: int, width: int) -> Pixels:
    rows, columns = np.mgrid[:height, :width]
    return (127.5 + 127.5 * np.sin(rows / 9 + columns / 7)).astype(np.uint8)


@pytest.mark.parametrize(
    "frames",
    [
        noise(256, 3, 211, 307),  # fills the table of 4,096 codes many times
        np.stack([smooth(150, 160), smooth(150, 160).T[:150, :150].repeat(2, 1)[:, :160], smooth(150, 160)]),
        np.zeros((2, 400, 400), np.uint8),  # the longest runs
        noise(256, 1, 1, 1),
        noise(2, 4, 1, 257),
        *(noise(256, 1, 1, width) for width in (249, 250, 251, 252, 253, 254, 255, 256, 257, 258)),
    ],
    ids=lambda frames: "x".join(map(str, frames.shape)),
)
def test_grey_frames_come_back_exactly(tmp_path: Path, frames: Pixels) -> None:
    assert np.array_equal(read(encode(tmp_path, frames)), np.repeat(frames[..., None], 3, axis=3))


@pytest.mark.parametrize("colors", [1, 2, 3, 4, 5, 16, 17, 128, 129, 256])
def test_a_palette_of_any_size_comes_back_exactly(tmp_path: Path, colors: int) -> None:
    palette = noise(256, colors, 3)
    frames = noise(colors, 2, 61, 83) if colors < 256 else np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    gif = encode(tmp_path, frames, palette=palette.ravel().tolist())
    assert np.array_equal(read(gif), palette[frames])


@pytest.mark.parametrize("colors", [4, 8, 16, 128, 256])
def test_every_length_of_the_code_stream_ends_cleanly(tmp_path: Path, colors: int) -> None:
    """Frames of growing noise end at every place around the one where codes grow by a bit."""
    edge = colors - 2  # codes until the first growth, when no pair comes twice
    frames = np.zeros((100, 1, edge + 60), np.uint8)
    for i, frame in enumerate(frames):
        extent = max(1, edge - 40 + i)
        frame[0, :extent] = noise(colors, extent)
    palette = np.repeat(np.arange(colors, dtype=np.uint8), 3)
    assert np.array_equal(read(encode(tmp_path, frames, palette=palette.tolist()))[..., 0], frames)


def test_rgba_frames_of_few_colours_come_back_exactly(tmp_path: Path) -> None:
    colors = noise(256, 200, 4)
    frames = colors[noise(200, 3, 40, 50)]
    assert np.array_equal(read(encode(tmp_path, frames)), frames[..., :3])


def test_rgba_frames_of_many_colours_come_back_nearly(tmp_path: Path) -> None:
    frames = noise(256, 2, 60, 60, 4)
    error = np.abs(read(encode(tmp_path, frames)).astype(int) - frames[..., :3])
    assert error.max() <= 45
    assert np.sqrt(np.square(error).mean()) < 14  # evenly spaced colours would be off by 13 or 14


def test_pictures_in_colour_lose_little_by_the_palette(tmp_path: Path) -> None:
    """Shaded discs on changing grounds, as decoders draw them: more than 1,000 colours, but not from everywhere."""
    rows, columns = np.mgrid[:48, :48] / 48
    shade = np.clip(1.4 - 3 * np.hypot(rows - 0.5, columns - 0.5), 0, 1)[..., None]
    grounds = np.linspace((30, 34, 80), (235, 225, 180), 12)[:, None, None]
    discs = np.linspace((220, 60, 40), (60, 90, 230), 12)[:, None, None]
    pictures = (grounds * (1 - shade) + discs * shade).astype(np.uint8)
    assert len(np.unique(pictures.reshape(-1, 3), axis=0)) > 1000
    frames = np.concatenate([pictures, np.full((12, 48, 48, 1), 255, np.uint8)], axis=-1)
    error = np.abs(read(encode(tmp_path, frames)).astype(int) - pictures)
    assert np.sqrt(np.square(error).mean()) < 4
    assert error.max() <= 20


def test_delay_and_loop_are_those_asked_for(tmp_path: Path) -> None:
    gif = encode(tmp_path, noise(256, 3, 8, 8), delayMs=120, loop=0)
    assert (gif.info["duration"], gif.info["loop"], gif.n_frames) == (120, 0, 3)
    assert encode(tmp_path, noise(256, 2, 8, 8), loop=5).info["loop"] == 5
    assert "loop" not in encode(tmp_path, noise(256, 2, 8, 8), loop=None).info

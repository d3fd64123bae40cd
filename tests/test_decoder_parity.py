"""The decoder in the browser against the one in torch, in a real Chromium, for every model that ships."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from ui.latent_canvas.packing import pack_decoder
from vae_core import load_model
from vae_core.checkpoints import load_card, load_weights

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "ui" / "latent_canvas" / "frontend"
MODELS = sorted(card.parent.name for card in (ROOT / "checkpoints").glob("*/card.json"))
POINTS = 500
SLIDER_POSITIONS = 50  # values of beta; setBeta is called once for each

Floats = NDArray[np.float32]

DECODE = """
async ({spec, halves, zs, betas, share, together}) => {
  const { Decoder } = await import("/decoder.js");
  const decoder = Decoder.fromHalf(spec, Uint16Array.from(halves));
  const d = spec.latent_dim;
  const found = [];
  betas.forEach((beta, b) => {
    decoder.setBeta(beta);
    const part = zs.slice(b * share * d, (b + 1) * share * d);
    if (together) found.push(...decoder.decodeMany(part));
    else for (let i = 0; i < share; i++) found.push(...decoder.decode(part.slice(i * d, (i + 1) * d)));
  });
  return found;
}
"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the requests out of the test's output."""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """A page of the origin that serves the front end's files, without the app."""
    with ThreadingHTTPServer(("localhost", 0), partial(QuietHandler, directory=str(FRONTEND))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_port}/style.css")
        yield page
        page.close()
        server.shutdown()


@dataclass(frozen=True)
class Case:
    """What is decoded: POINTS points, an equal share of them at each beta."""

    zs: Floats
    betas: list[float]

    @property
    def share(self) -> int:
        return len(self.zs) // len(self.betas)


def draw(beta_max: float, latent_dim: int) -> Case:
    """z from twice the prior's width and beta along the whole slider, ends included; seed 0."""
    rng = np.random.default_rng(0)
    zs = (2 * rng.standard_normal((POINTS, latent_dim))).astype(np.float32)
    inner = beta_max * rng.random(SLIDER_POSITIONS - 2) ** 3
    return Case(zs, [0.0, *inner.tolist(), beta_max])


def in_browser(page: Page, name: str, case: Case, *, together: bool = False) -> Floats:
    """Mean images from the browser, [POINTS, pixels], from the very weights that the app sends."""
    folder = ROOT / "checkpoints" / name
    spec, flat = pack_decoder(load_card(folder), load_weights(folder))
    arguments: dict[str, Any] = {
        "spec": spec,
        "halves": flat.view(np.uint16).tolist(),
        "zs": case.zs.ravel().tolist(),
        "betas": case.betas,
        "share": case.share,
        "together": together,
    }
    return np.array(page.evaluate(DECODE, arguments), np.float32).reshape(POINTS, -1)


def in_torch(model: Any, case: Case) -> Floats:
    shares = torch.from_numpy(case.zs).split(case.share)
    with torch.no_grad():
        images = [model.decode(z, beta=beta) for z, beta in zip(shares, case.betas, strict=True)]
    return torch.cat(images).flatten(1).numpy()


@pytest.fixture(scope="module", params=MODELS)
def decoded(request: pytest.FixtureRequest, blank: Page) -> tuple[str, Case, Floats]:
    """A model's name, the points, and what the browser made of them one by one."""
    config = load_card(ROOT / "checkpoints" / request.param)["config"]
    case = draw(config["beta_max"], config["latent_dim"])
    return request.param, case, in_browser(blank, request.param, case)


def test_digits_ship() -> None:
    assert "digits" in MODELS


def test_browser_decodes_what_the_library_decodes(decoded: tuple[str, Case, Floats]) -> None:
    name, case, images = decoded
    assert np.abs(images - in_torch(load_model(ROOT / "checkpoints" / name), case)).max() <= 3e-3


def test_browser_decodes_as_torch_does_with_the_same_rounded_weights(
    decoded: tuple[str, Case, Floats],
) -> None:
    name, case, images = decoded
    model = load_model(ROOT / "checkpoints" / name)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    assert np.abs(images - in_torch(model, case)).max() <= 1e-5


def test_images_differ_between_points_and_betas(decoded: tuple[str, Case, Floats]) -> None:
    """Agreement means something: the pictures are far from alike."""
    _, case, images = decoded
    assert np.abs(images[: case.share] - images[:1]).max() > 0.25
    assert np.abs(images[:1] - images[-1:]).max() > 0.25


def test_browser_decodes_many_points_as_it_does_one_by_one(
    decoded: tuple[str, Case, Floats], blank: Page
) -> None:
    name, case, images = decoded
    assert np.abs(in_browser(blank, name, case, together=True) - images).max() <= 1e-6


def test_packed_weights_are_the_file_s_decoder_and_nothing_else() -> None:
    for name in MODELS:
        folder = ROOT / "checkpoints" / name
        spec, flat = pack_decoder(load_card(folder), load_weights(folder))
        stored = load_file(folder / "model.safetensors")
        tensors = {key: value for key, value in stored.items() if key.startswith("decoder.")}
        assert flat.dtype == np.float16
        assert flat.size == sum(tensor.size for tensor in tensors.values())
        for i, layer in enumerate(spec["layers"]):
            for part in ("weight", "bias", "gain", "shift"):
                tensor = tensors[f"decoder.{i}.{part}"]
                packed = flat[layer[part] : layer[part] + tensor.size].reshape(tensor.shape)
                assert np.array_equal(packed, tensor.astype(np.float16))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda w: w.pop("decoder.1.gain"), r"decoder\.1\.gain, got none"),
        (lambda w: w.update({"decoder.0.bias": np.zeros(5)}), r"decoder\.0\.bias: expected shape \(128,\)"),
        (lambda w: w["decoder.2.weight"].fill(1e6), r"decoder\.2\.weight: expected numbers that fit float16"),
        (lambda w: w.clear(), r"expected decoder\.0\.weight and so on"),
    ],
    ids=["missing", "misshapen", "too-large", "empty"],
)
def test_weights_that_cannot_be_packed_are_named(spoil: Any, message: str) -> None:
    folder = ROOT / "checkpoints" / "digits"
    weights = {key: value.astype(np.float32) for key, value in load_weights(folder).items()}
    spoil(weights)
    with pytest.raises(ValueError, match=message):
        pack_decoder(load_card(folder), weights)

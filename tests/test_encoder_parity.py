"""The encoder in the browser against the one in torch, in a real Chromium, for every model that ships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from test_decoder_parity import MODELS, ROOT, blank

from ui.latent_canvas.packing import pack_encoder
from vae_core import load_dataset, load_model
from vae_core.checkpoints import load_card, load_weights
from vae_core.datasets import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

__all__ = ["blank"]

SAMPLES = 120
AGREEMENT = 1e-4  # in μ and in log σ²

ENCODE = """
async ({spec, halves, pixels, betas}) => {
  const { Encoder } = await import("/encoder.js");
  const encoder = Encoder.fromHalf(spec, Uint16Array.from(halves));
  const found = [];
  const share = pixels.length / encoder.inputs / betas.length;
  betas.forEach((beta, b) => {
    encoder.setBeta(beta);
    for (let i = b * share; i < (b + 1) * share; i++) {
      const { mu, logVar, sigma } = encoder.encode(pixels.slice(i * encoder.inputs, (i + 1) * encoder.inputs));
      found.push(...mu, ...logVar, ...sigma);
    }
  });
  return found;
}
"""


def inputs_for(name: str, shape: tuple[int, ...], data_dir: Path | None) -> NDArray[np.float32]:
    """Samples of the data set where it is at hand, else strokes of noise; [SAMPLES, *shape] in [0, 1]."""
    try:
        images = load_dataset(load_card(ROOT / "checkpoints" / name)["dataset"], data_dir).images
        return images[np.random.default_rng(0).permutation(len(images))[:SAMPLES]]
    except DatasetError:
        rng = np.random.default_rng(0)
        return (rng.random((SAMPLES, *shape)) * (rng.random((SAMPLES, *shape)) < 0.2)).astype(np.float32)


@pytest.mark.parametrize("name", MODELS)
def test_browser_and_torch_agree_on_mu_and_log_variance(blank: Page, name: str, data_dir: Path | None) -> None:
    folder = ROOT / "checkpoints" / name
    card = load_card(folder)
    spec, flat = pack_encoder(card, load_weights(folder))
    betas = [0.0, 0.01, 0.3, 1.0, 4.5, card["config"]["beta_max"]]
    images = inputs_for(name, tuple(card["config"]["input_shape"]), data_dir)
    arguments: dict[str, Any] = {
        "spec": spec,
        "halves": flat.view(np.uint16).tolist(),
        "pixels": images.ravel().tolist(),
        "betas": betas,
    }
    d = card["config"]["latent_dim"]
    found = np.array(blank.evaluate(ENCODE, arguments)).reshape(SAMPLES, 3 * d)
    model = load_model(folder)
    share = SAMPLES // len(betas)
    with torch.no_grad():
        posteriors = [
            model.encode(torch.from_numpy(images[b * share : (b + 1) * share]), beta) for b, beta in enumerate(betas)
        ]
    mu = torch.cat([q.loc for q in posteriors]).double().numpy()
    sigma = torch.cat([q.scale for q in posteriors]).double().numpy()
    np.testing.assert_allclose(found[:, :d], mu, rtol=0, atol=AGREEMENT)
    np.testing.assert_allclose(found[:, d : 2 * d], 2 * np.log(sigma), rtol=0, atol=AGREEMENT)
    np.testing.assert_allclose(found[:, 2 * d :], np.exp(found[:, d : 2 * d] / 2), rtol=1e-12)


def test_a_sample_of_another_size_is_refused(blank: Page) -> None:
    folder = ROOT / "checkpoints" / "digits"
    spec, flat = pack_encoder(load_card(folder), load_weights(folder))
    arguments = {"spec": spec, "halves": flat.view(np.uint16).tolist(), "pixels": [0.5] * 63}
    script = """async ({spec, halves, pixels}) => {
      const { Encoder } = await import("/encoder.js");
      try { Encoder.fromHalf(spec, Uint16Array.from(halves)).encode(pixels); } catch (error) { return error.message; }
    }"""
    assert blank.evaluate(script, arguments) == "Expected a sample of 64 numbers, got 63."


def test_a_model_without_an_encoder_says_so() -> None:
    folder = ROOT / "checkpoints" / "digits"
    weights = {name: tensor for name, tensor in load_weights(folder).items() if not name.startswith("encoder.")}
    with pytest.raises(ValueError, match=r"encoder\.0\.weight"):
        pack_encoder(load_card(folder), weights)

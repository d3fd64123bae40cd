"""Chains of layers in the browser against the libraries they came from, in a real Chromium."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from test_decoder_parity import blank  # noqa: F401  (a fixture)
from test_layers import GOOD
from test_torch_chain import conv_decoder

from ui.latent_canvas.imported import pack_decoders
from vae_core.bring.torch_chain import POINTS, record
from vae_core.checkpoints import StoredDecoder
from vae_core.layers import ACTIVATIONS, Chain, numbers, tensor_shapes

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = """
async ({spec, weights, zs}) => {
  const { Network } = await import("/network.js");
  const [layers] = spec.decoders.map((decoder) => decoder.layers);
  const outputs = spec.shape.reduce((all, size) => all * size, 1);
  const network = new Network({...spec, layers}, Float32Array.from(weights), "Decoder", spec.latent_dim, outputs);
  const count = zs.length / spec.latent_dim;
  const out = new Float32Array(count * outputs);
  network.run(zs, out, count);
  return Array.from(out);
}
"""
PARAMETERS = {"slope": 0.2, "alpha": 1.3, "beta": 2.0, "threshold": 3.0, "low": -0.5, "high": 0.7}


def in_browser(page: Page, chain: Chain, z: np.ndarray) -> np.ndarray:
    config = {
        "latent_dim": chain.inputs, "input_shape": [chain.outputs], "beta_offset": 0.003, "beta_train_max": 1.0,
    }  # fmt: skip
    spec, tensors, _ = pack_decoders({"config": config}, [StoredDecoder(chain)])
    arguments = {"spec": spec, "weights": tensors["weights"].tolist(), "zs": z.ravel().tolist()}
    return np.array(page.evaluate(RUN, arguments), np.float32).reshape(len(z), -1)


def chains() -> dict[str, Chain]:
    """One chain of each kind of layer and of each activation, with random tensors."""
    rng = np.random.default_rng(0)
    layers: dict[str, dict[str, Any]] = {kind: layer for kind, layer in GOOD.items() if kind != "activation"}
    layers["upsample of halves"] = {**GOOD["upsample"], "align_corners": False}
    layers["conv that strides"] = {
        "kind": "conv", "in": [2, 5, 4], "out": [4, 2, 4], "kernel": [3, 2], "stride": [2, 1], "padding": [0, 1, 1, 1],
        "dilation": [1, 2], "groups": 2,
    }  # fmt: skip
    layers["conv_transpose that appends"] = {
        "kind": "conv_transpose", "in": [4, 2, 3], "out": [2, 5, 6], "kernel": [3, 2], "stride": [2, 2],
        "padding": [0, 0, 1, 0], "dilation": [1, 1], "groups": 2,
    }  # fmt: skip
    # From eight channels on the loops are others, and take four channels at a time.
    for mine in (4, 5, 6, 7):
        layers[f"conv of many channels, {mine}"] = {
            "kind": "conv", "in": [2 * mine, 5, 4], "out": [18, 2, 4], "kernel": [3, 2], "stride": [2, 1],
            "padding": [0, 1, 1, 1], "dilation": [1, 2], "groups": 2,
        }  # fmt: skip
        layers[f"conv_transpose of many channels, {mine}"] = {
            "kind": "conv_transpose", "in": [mine, 2, 3], "out": [8, 5, 6], "kernel": [3, 2], "stride": [2, 2],
            "padding": [0, 0, 1, 0], "dilation": [1, 1], "groups": 1,
        }  # fmt: skip
    for name, activation in ACTIVATIONS.items():
        said = {key: PARAMETERS[key] for key in activation.parameters}
        layers[name] = {"kind": "activation", "name": name, "in": 24, "out": 24, **said}
    found = {}
    for name, layer in layers.items():
        tensors = {key: rng.normal(size=shape).astype(np.float32) for key, shape in tensor_shapes([layer]).items()}
        if layer["kind"] == "gather":
            tensors["0.index"] = rng.integers(-1, 24, 24).astype(np.float32)
        found[name] = Chain((layer,), tensors)
    return found


def test_every_kind_of_layer_and_every_activation_agrees_with_numpy(blank: Page) -> None:  # noqa: F811
    off = {}
    for name, chain in chains().items():
        z = 2 * np.random.default_rng(1).standard_normal((11, chain.inputs))  # more than go through at once
        z[np.random.default_rng(2).random(z.shape) < 0.4] = 0  # as after a ReLU: some loops pass it over
        expected = chain.run(z)
        found = in_browser(blank, chain, z)
        assert found.shape == (11, numbers(chain.layers[-1]["out"]))
        off[name] = float(np.abs(found - expected).max() / max(1.0, float(np.abs(expected).max())))
    assert {name: error for name, error in off.items() if not error < 2e-6} == {}


def test_a_convolutional_decoder_with_batch_normalisation_agrees_with_torch(blank: Page) -> None:  # noqa: F811
    decoder = conv_decoder()
    chain, why = record(decoder, torch.randn(POINTS, 4))
    assert chain is not None, why
    z = 2 * torch.randn(25, 4)
    with torch.no_grad():
        expected = decoder(z).flatten(1).numpy()
    assert math.prod(expected.shape[1:]) == chain.outputs
    assert np.abs(in_browser(blank, chain, z.numpy()) - expected).max() < 1e-3

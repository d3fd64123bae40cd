"""Every kind of layer computes what PyTorch computes, and a record that is none is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.layers import ACTIVATIONS, KINDS, Chain, check_layers, numbers, tensor_shapes

POINTS = 3
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def one(layer: dict[str, Any], seed: int = 0) -> tuple[Chain, Tensor, dict[str, Tensor]]:
    """A chain of this layer alone with random tensors, points to run it on, and the tensors for PyTorch."""
    rng = np.random.default_rng(seed)
    tensors = {
        name: rng.normal(size=shape).astype(np.float32) for name, shape in tensor_shapes([layer]).items()
    }
    chain = Chain((layer,), tensors)
    x = torch.from_numpy(2 * rng.normal(size=(POINTS, chain.inputs)).astype(np.float32))
    return chain, x, {name[2:]: torch.from_numpy(value) for name, value in tensors.items()}


def agrees(chain: Chain, x: Tensor, expected: Tensor) -> None:
    found = chain.run(x.numpy())
    assert found.dtype == np.float32
    assert found.shape == (POINTS, chain.outputs)
    np.testing.assert_allclose(found, expected.reshape(POINTS, -1).numpy(), **CLOSE)


def test_a_dense_layer() -> None:
    chain, x, t = one({"kind": "dense", "in": 5, "out": 7})
    agrees(chain, x, x @ t["weight"] + t["bias"])


# channels, size, channels out, kernel, stride, padding [top, left, bottom, right], dilation, groups
CONVOLUTIONS = {
    "plain": (2, (5, 6), 3, (3, 3), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    "one pixel": (3, (4, 2), 2, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    "strides and padding": (2, (7, 6), 4, (3, 2), (2, 3), (1, 1, 1, 1), (1, 1), 1),
    "another padding on each side": (2, (5, 4), 2, (4, 3), (2, 1), (0, 2, 1, 0), (1, 1), 1),
    "dilation": (2, (8, 9), 2, (3, 2), (1, 2), (2, 1, 2, 1), (2, 3), 1),
    "groups": (4, (5, 5), 6, (3, 3), (2, 2), (1, 0, 1, 0), (1, 1), 2),
    "a channel each": (3, (4, 4), 3, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 3),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_convolution(case: str) -> None:
    c, (h, w), channels, kernel, stride, padding, dilation, groups = CONVOLUTIONS[case]
    top, left, bottom, right = padding
    shape = F.conv2d(
        torch.zeros(1, c, h + top + bottom, w + left + right), torch.zeros(channels, c // groups, *kernel), None,
        stride, 0, dilation, groups,
    ).shape[1:]  # fmt: skip
    layer = {
        "kind": "conv", "in": [c, h, w], "out": list(shape), "kernel": list(kernel), "stride": list(stride),
        "padding": list(padding), "dilation": list(dilation), "groups": groups,
    }  # fmt: skip
    chain, x, t = one(layer)
    padded = F.pad(x.reshape(POINTS, c, h, w), (left, right, top, bottom))
    agrees(chain, x, F.conv2d(padded, t["weight"], t["bias"], stride, 0, dilation, groups))


@pytest.mark.parametrize("appended", [(0, 0), (1, 0), (1, 1)])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_transposed_convolution(case: str, appended: tuple[int, int]) -> None:
    c, (h, w), channels, kernel, stride, padding, dilation, groups = CONVOLUTIONS[case]
    if any(more >= max(s, d) for more, s, d in zip(appended, stride, dilation, strict=True)):
        appended = (0, 0)
    weight = torch.zeros(c, channels // groups, *kernel)
    # PyTorch pads both sides alike: more is cut off here by hand.
    full = F.conv_transpose2d(torch.zeros(1, c, h, w), weight, None, stride, 0, appended, groups, dilation).shape[2:]
    top, left, bottom, right = padding
    out = [channels, full[0] - top - bottom, full[1] - left - right]
    layer = {
        "kind": "conv_transpose", "in": [c, h, w], "out": out, "kernel": list(kernel), "stride": list(stride),
        "padding": list(padding), "dilation": list(dilation), "groups": groups,
    }  # fmt: skip
    chain, x, t = one(layer)
    whole = F.conv_transpose2d(
        x.reshape(POINTS, c, h, w), t["weight"], t["bias"], stride, 0, appended, groups, dilation
    )
    agrees(chain, x, whole[:, :, top : top + out[1], left : left + out[2]])


def test_a_transposed_convolution_pads_as_pytorch_does() -> None:
    layer = {
        "kind": "conv_transpose", "in": [2, 4, 5], "out": [3, 8, 10], "kernel": [3, 3], "stride": [2, 2],
        "padding": [1, 1, 1, 1], "dilation": [1, 1], "groups": 1,
    }  # fmt: skip
    chain, x, t = one(layer)
    agrees(chain, x, F.conv_transpose2d(x.reshape(POINTS, 2, 4, 5), t["weight"], t["bias"], 2, 1, 1))


def test_an_affine_layer_is_batch_normalisation_in_eval_mode() -> None:
    chain, x, t = one({"kind": "affine", "in": 12, "out": 12, "channels": 3})
    norm = torch.nn.BatchNorm2d(3).eval()
    with torch.no_grad():
        norm.weight.copy_(t["scale"] * (1 + norm.eps) ** 0.5)
        norm.bias.copy_(t["shift"])
        agrees(chain, x, norm(x.reshape(POINTS, 3, 2, 2)))


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_layer_group_and_instance_normalisation(groups: int) -> None:
    chain, x, t = one({"kind": "norm", "in": 24, "out": 24, "groups": groups, "eps": 1e-3})
    images = x.reshape(POINTS, 4, 3, 2)
    normal = F.group_norm(images, groups, eps=1e-3)
    if groups == 1:
        assert torch.allclose(normal, F.layer_norm(images, (4, 3, 2), eps=1e-3), atol=1e-6)
    if groups == 4:
        assert torch.allclose(normal, F.instance_norm(images, eps=1e-3), atol=1e-6)
    agrees(chain, x, normal.reshape(POINTS, -1) * t["scale"] + t["shift"])


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("size", [(6, 8), (7, 5), (2, 1), (1, 4)])
def test_bilinear_up_sampling(size: tuple[int, int], corners: bool) -> None:
    layer = {
        "kind": "upsample", "in": [2, 3, 4], "out": [2, *size], "mode": "bilinear", "align_corners": corners
    }  # fmt: skip
    chain, x, _ = one(layer)
    agrees(chain, x, F.interpolate(x.reshape(POINTS, 2, 3, 4), size, mode="bilinear", align_corners=corners))


def test_a_gather_shuffles_crops_and_pads() -> None:
    shuffled = F.pixel_shuffle(torch.arange(24.0).reshape(1, 4, 2, 3), 2).reshape(-1)
    index = np.concatenate([shuffled.numpy()[3:20], [-1, -1]]).astype(np.float32)
    chain = Chain(({"kind": "gather", "in": 24, "out": 19},), {"0.index": index})
    x = torch.randn(POINTS, 24, generator=torch.Generator().manual_seed(0))
    expected = F.pixel_shuffle(x.reshape(POINTS, 4, 2, 3), 2).reshape(POINTS, -1)[:, 3:20]
    agrees(chain, x, F.pad(expected, (0, 2)))
    assert chain.parameters == 0


PYTORCH: dict[str, tuple[dict[str, float], Any]] = {
    "identity": ({}, lambda x: x),
    "relu": ({}, F.relu),
    "leaky_relu": ({"slope": 0.2}, lambda x: F.leaky_relu(x, 0.2)),
    "elu": ({"alpha": 0.7}, lambda x: F.elu(x, 0.7)),
    "selu": ({}, F.selu),
    "gelu": ({}, F.gelu),
    "gelu_tanh": ({}, lambda x: F.gelu(x, approximate="tanh")),
    "silu": ({}, F.silu),
    "tanh": ({}, torch.tanh),
    "sigmoid": ({}, torch.sigmoid),
    "softplus": ({"beta": 2.0, "threshold": 3.0}, lambda x: F.softplus(x, 2.0, 3.0)),
    "clip": ({"low": -0.5, "high": 1}, lambda x: x.clamp(-0.5, 1)),
    "hardsigmoid": ({}, F.hardsigmoid),
    "hardswish": ({}, F.hardswish),
    "mish": ({}, F.mish),
    "softsign": ({}, F.softsign),
    "exp": ({}, torch.exp),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation(name: str) -> None:
    parameters, expected = PYTORCH[name]
    x = np.array([[0, -0.0, 1e-4, -1e-4, 0.5, -0.5, 1, -1, 2.9, -2.9, 3.1, -3.1, 7, -7, 20, -20]], np.float32)
    if name != "exp":
        x = np.concatenate([x, [[100, -100]]], axis=1, dtype=np.float32)
    chain = Chain(({"kind": "activation", "name": name, "in": x.size, "out": x.size, **parameters},), {})
    np.testing.assert_allclose(chain.run(x), expected(torch.from_numpy(x)).numpy(), rtol=1e-5, atol=1e-5)


def small_decoder() -> tuple[Chain, torch.nn.Sequential]:
    """From two latent dimensions to 28 x 28, and the same in PyTorch."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 16 * 49), torch.nn.ReLU(), torch.nn.Unflatten(1, (16, 7, 7)),
        torch.nn.ConvTranspose2d(16, 16, 4, 2, 1), torch.nn.ReLU(), torch.nn.ConvTranspose2d(16, 1, 4, 2, 1),
        torch.nn.Sigmoid(),
    )  # fmt: skip
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    halves = {"kernel": [4, 4], "stride": [2, 2], "padding": [1, 1, 1, 1], "dilation": [1, 1], "groups": 1}
    layers: tuple[dict[str, Any], ...] = (
        {"kind": "dense", "in": 2, "out": 784},
        {"kind": "activation", "name": "relu", "in": 784, "out": 784},
        {"kind": "conv_transpose", "in": [16, 7, 7], "out": [16, 14, 14], **halves},
        {"kind": "activation", "name": "relu", "in": 16 * 196, "out": 16 * 196},
        {"kind": "conv_transpose", "in": [16, 14, 14], "out": [1, 28, 28], **halves},
        {"kind": "activation", "name": "sigmoid", "in": 784, "out": 784},
    )
    tensors = {
        "0.weight": state["0.weight"].T.copy(), "0.bias": state["0.bias"], "2.weight": state["3.weight"],
        "2.bias": state["3.bias"], "4.weight": state["5.weight"], "4.bias": state["5.bias"],
    }  # fmt: skip
    return Chain(layers, tensors), network


def test_a_chain_runs_in_blocks_that_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, network = small_decoder()
    z = np.random.default_rng(0).normal(size=(50, 2))
    with torch.no_grad():
        expected = network(torch.from_numpy(z.astype(np.float32))).reshape(50, -1).numpy()
    np.testing.assert_allclose(chain.run(z), expected, atol=1e-6)
    monkeypatch.setattr("vae_core.layers.chain.BLOCK", 100_000)
    np.testing.assert_allclose(chain.run(z), expected, atol=1e-6)
    assert chain.run(z[:0]).shape == (0, 784)
    assert chain.parameters == sum(value.numel() for value in network.parameters())
    with pytest.raises(ValueError, match=r"shape \[N, 2\], got \[4, 3\]"):
        chain.run(np.zeros((4, 3)))


GOOD: dict[str, dict[str, Any]] = {
    "dense": {"kind": "dense", "in": 24, "out": 24},
    "conv": {
        "kind": "conv", "in": [2, 3, 4], "out": [2, 3, 4], "kernel": [3, 3], "stride": [1, 1], "padding": [1, 1, 1, 1],
        "dilation": [1, 1], "groups": 2,
    },
    "conv_transpose": {
        "kind": "conv_transpose", "in": [2, 3, 4], "out": [2, 3, 4], "kernel": [3, 3], "stride": [1, 1],
        "padding": [1, 1, 1, 1], "dilation": [1, 1], "groups": 1,
    },
    "affine": {"kind": "affine", "in": 24, "out": 24, "channels": 3},
    "norm": {"kind": "norm", "in": 24, "out": 24, "groups": 3, "eps": 1e-5},
    "upsample": {"kind": "upsample", "in": [2, 3, 4], "out": [2, 4, 3], "mode": "bilinear", "align_corners": True},
    "gather": {"kind": "gather", "in": 24, "out": 24},
    "activation": {"kind": "activation", "name": "leaky_relu", "slope": 0.1, "in": 24, "out": 24},
}  # fmt: skip
JUNK = [
    None, True, "x", -1, 0, 0.5, 10**30, float("nan"), [], {}, [1], [True, 1], [0, 0], [-1, -1, -1, -1], [1, 1, 10**9],
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_with_a_field_that_is_none_is_refused_with_layer_and_field(kind: str) -> None:
    good = GOOD[kind]
    check_layers([good], 24, numbers(good["out"]))
    for field in good.keys() - {"kind"}:
        without = {name: value for name, value in good.items() if name != field}
        with pytest.raises(ValueError, match=rf"^layer 0 \({kind}\): the field '{field}' is missing"):
            check_layers([without], 24, 24)
        for junk in JUNK:
            if (field, junk) in ALLOWED or (field == "align_corners" and junk is True):
                continue
            with pytest.raises(ValueError, match=rf"^layer 0 \({kind}\): ") as caught:
                check_layers([{**good, field: junk}], 24, 24)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 300
    with pytest.raises(ValueError, match="got 'more'"):
        check_layers([{**good, "more": 1}], 24, 24)


# What is junk elsewhere and right here.
ALLOWED: list[tuple[str, Any]] = [("slope", -1), ("slope", 0), ("slope", 0.5), ("slope", 10**30), ("eps", 0.5)]


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ([], "a list of 1 to 1,000 layers, got 0"),
        ("dense", "a list of 1 to 1,000 layers, got str"),
        ([GOOD["dense"]] * 1001, "got 1001"),
        ([7], "layer 0: expected 'kind' to be one of dense, conv"),
        ([{"kind": "lstm"}], "got 'lstm'"),
        ([GOOD["dense"], {**GOOD["dense"], "in": 23}], r"layer 1 \(dense\): expected 'in' to be 24 numbers, got 23"),
        ([{**GOOD["dense"], "out": 25}], r"layer 0 \(dense\): expected 'out' to be 24 numbers, got 25"),
        ([{**GOOD["conv"], "groups": 3}], "'groups' to divide 2 and 2 channels, got 3"),
        ([{**GOOD["conv"], "out": [2, 3, 5]}], "'out' to be 3 by 4"),
        ([{**GOOD["conv_transpose"], "out": [2, 4, 4]}], "'out' to have a height from 3 to 3, got 4"),
        ([{**GOOD["norm"], "groups": 5}], "'groups' to divide 24 numbers, got 5"),
        ([{**GOOD["activation"], "name": "cube"}], "'name' to be one of identity"),
        ([{**GOOD["activation"], "name": "clip", "low": 1, "high": 0}], "got 'slope'"),
        (
            [{"kind": "activation", "name": "clip", "in": 24, "out": 24, "low": 1, "high": 0}],
            "at least 'low' = 1, got 0",
        ),
        (
            [
                {"kind": "dense", "in": 24, "out": 16_777_216},
                {"kind": "dense", "in": 16_777_216, "out": 16_777_216},
                {"kind": "dense", "in": 16_777_216, "out": 24},
            ],
            "multiplications per point",
        ),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit_together_are_refused(layers: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_layers(layers, 24, 24)


def test_a_chain_whose_tensors_are_others_is_none() -> None:
    layer = {"kind": "dense", "in": 2, "out": 3}
    good = {"0.weight": np.zeros((2, 3), np.float32), "0.bias": np.zeros(3, np.float32)}
    Chain((layer,), good)
    for changed, sentence in (
        ({"0.weight": np.zeros((3, 2), np.float32)}, r"'0.weight': expected float32 \(2, 3\), got float32 \(3, 2\)"),
        ({"0.bias": np.zeros(3)}, r"'0.bias': expected float32 \(3,\), got float64"),
        ({"1.bias": np.zeros(3, np.float32)}, "'1.bias': expected no such tensor"),
    ):
        with pytest.raises(ValueError, match=sentence):
            Chain((layer,), {**good, **changed})
    for index in ([0, 5], [-2, 0], [0.5, 0], [np.nan, 0]):
        with pytest.raises(ValueError, match="'index' to hold whole numbers from -1 to 4"):
            Chain(({"kind": "gather", "in": 5, "out": 2},), {"0.index": np.array(index, np.float32)})
    with pytest.raises(ValueError, match="got 0"):
        Chain((), {})

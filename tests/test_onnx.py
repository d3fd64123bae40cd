"""VAEs from ONNX files: what is found in them, what of them runs in the browser, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from onnx_kit import Encoder, Residual, decoder, exported
from test_torch_chain import ByHand, Skip, conv_decoder
from torch import nn

from vae_core import load_card, load_codes, load_dataset, load_decoder
from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_chain import chain_of_graph
from vae_core.bring.onnx_model import run_decoder
from vae_core.bring.onnx_roles import decoder_of, encoder_of, find_roles, prepared, read_graph
from vae_core.checkpoints import load_decoders
from vae_core.cli import main


class Wrapped(nn.Module):
    def __init__(self, inner: ByHand) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.inner.decode(z)


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, bytes]:
    return exported(Encoder(), (1, 8, 8), ["z_log_var", "z_mean"][::-1]), exported(decoder(), (3,), ["image"])


@pytest.mark.parametrize("make", [conv_decoder, lambda: Wrapped(ByHand()), lambda: decoder(64, 4)])
def test_a_graph_becomes_the_chain_that_it_is(make: Any) -> None:
    content = exported(make(), (4,), ["out"])
    chain, why = chain_of_graph(content, 4)
    assert chain is not None, why
    z = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    assert np.abs(chain.run(z) - run_decoder(content, z)).max() < 1e-5


@pytest.mark.parametrize("size", [1, 3])
def test_a_graph_of_a_fixed_batch_is_a_chain_too(size: int) -> None:
    content = exported(conv_decoder(), (4,), ["out"], fixed=size)
    chain, why = chain_of_graph(content, 4)
    assert chain is not None, why
    z = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    assert np.abs(chain.run(z) - run_decoder(content, z)).max() < 1e-5


def test_a_branch_is_no_chain_and_the_operator_is_named() -> None:
    chain, why = chain_of_graph(exported(Skip(), (4,), ["out"]), 4)
    assert (chain, why) == (None, "the operator Add takes two results of z at once, as a skip connection does")


def test_inputs_and_outputs_are_found_by_shape_and_name(pair: tuple[bytes, bytes]) -> None:
    roles = find_roles(*pair, (8, 8))
    assert (roles.x, roles.mu, roles.second, roles.reading) == ("x", "z_mean", "z_log_var", "log_var")
    assert (roles.fed, roles.latent_dim, roles.both) == ((1, 8, 8), 3, False)
    assert any("by its name" in reason for reason in roles.reasons)
    x = np.random.default_rng(0).random((5, 1, 8, 8)).astype(np.float32)
    with torch.no_grad():
        mu, log_var = Encoder()(torch.from_numpy(x))
    found = encoder_of(pair[0], roles)(x)
    assert found[0] == pytest.approx(mu.numpy(), abs=1e-5)
    assert found[1] == pytest.approx(log_var.numpy(), abs=1e-5)


def test_halves_of_one_output_and_a_fixed_batch_work_too() -> None:
    encoder = exported(Encoder(joined=True), (1, 8, 8), ["code"], fixed=2)
    content = exported(decoder(), (3,), ["image"], fixed=2)
    roles = find_roles(encoder, content, (8, 8))
    assert (roles.both, roles.latent_dim) == (True, 3)
    x = np.random.default_rng(0).random((5, 1, 8, 8)).astype(np.float32)  # 5 is no multiple of 2
    mu, _ = encoder_of(encoder, roles)(x)
    with torch.no_grad():
        assert mu == pytest.approx(Encoder()(torch.from_numpy(x))[0].numpy(), abs=1e-5)
    decoded = decoder_of(content, roles)(mu)
    with torch.no_grad():
        assert decoded == pytest.approx(decoder()(torch.from_numpy(mu)).numpy(), abs=1e-5)
    assert np.array_equal(run_decoder(prepared(content, roles, None), mu), decoded)
    chain, why = chain_of_graph(prepared(content, roles, None), 3)
    assert chain is not None, why
    assert chain.run(mu) == pytest.approx(decoded, abs=1e-5)


def with_weights_beside(content: bytes, file: Path, location: str) -> None:
    """Write a graph whose weights are in another file, as exporters do with large ones."""
    onnx.save(onnx.load_from_string(content), file, save_as_external_data=True, location=location, size_threshold=0)


def test_weights_in_a_file_beside_the_graph_are_read_by_the_command_and_asked_for_by_the_page(
    pair: tuple[bytes, bytes], tmp_path: Path
) -> None:
    file = tmp_path / "decoder.onnx"
    with_weights_beside(pair[1], file, "decoder.onnx.data")
    with pytest.raises(ImportRefused, match=r"weights inside, got one that keeps them in 'decoder\.onnx\.data'"):
        find_roles(pair[0], file.read_bytes(), (8, 8))
    content = read_graph(file, "the decoder")
    z = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    assert np.array_equal(run_decoder(content, z), run_decoder(pair[1], z))
    (tmp_path / "decoder.onnx.data").unlink()
    with pytest.raises(ImportRefused, match="the decoder: expected its weights in a file beside it"):
        read_graph(file, "the decoder")


def test_a_graph_reads_no_file_of_another_folder(pair: tuple[bytes, bytes], tmp_path: Path) -> None:
    file = tmp_path / "models" / "decoder.onnx"
    file.parent.mkdir()
    with_weights_beside(pair[1], file, "weights")
    (file.parent / "weights").rename(tmp_path / "weights")
    file.write_bytes(file.read_bytes().replace(b"weights", b"../wght"))
    (tmp_path / "weights").rename(tmp_path / "wght")
    with pytest.raises(ImportRefused, match="expected its weights in a file beside it"):
        read_graph(file, "the decoder")


def test_the_command_imports_the_pair_and_says_what_it_found(
    pair: tuple[bytes, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "encoder.onnx", tmp_path / "decoder.onnx"]
    for file, content in zip(files, pair, strict=True):
        file.write_bytes(content)
    command = ["import", "onnx", *map(str, files), "--data", "digits", "--out", str(tmp_path / "out"), "--name", "mine"]
    assert main([*command, "--yes"]) == 0
    assert "μ is z_mean: by its name" in capsys.readouterr().out
    folder = tmp_path / "out" / "mine"
    assert load_card(folder)["imported"]["source"] == "onnx"
    with torch.no_grad():
        mu, _ = Encoder()(torch.from_numpy(load_dataset("digits").images[:, None]))
        decoded = decoder()(mu[:9]).reshape(-1, 8, 8)
    assert np.abs(load_codes(folder).mu[0] - mu.numpy()).max() < 1e-5
    assert np.abs(load_decoder(folder).decode(mu[:9].numpy()) - decoded.numpy()).max() < 1e-4


def test_a_decoder_that_is_no_chain_is_kept_as_a_graph(pair: tuple[bytes, bytes], tmp_path: Path) -> None:
    residual = Residual()
    (tmp_path / "e.onnx").write_bytes(pair[0])
    (tmp_path / "d.onnx").write_bytes(exported(residual, (3,), ["image"]))
    command = ["import", "onnx", str(tmp_path / "e.onnx"), str(tmp_path / "d.onnx"), "--data", "digits"]
    assert main([*command, "--out", str(tmp_path / "out"), "--name", "mine"]) == 0
    (stored,) = load_decoders(tmp_path / "out" / "mine")
    assert "the operator Add" in stored.why
    assert stored.onnx is not None
    assert len(stored.grids) == 2, "the two dimensions of the largest KL, and the main directions"
    z = torch.randn(4, 3)
    with torch.no_grad():
        assert run_decoder(stored.onnx, z.numpy()) == pytest.approx(residual(z).numpy(), abs=1e-5)


def unknown_operator() -> bytes:
    node = helper.make_node("Telepathy", ["x"], ["y"], domain="my.own")
    put = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 3]) for name in "xy"]
    graph = helper.make_graph([node], "g", put[:1], put[1:])
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("my.own", 1)]).SerializeToString())


def open_to_any_shape() -> bytes:
    """An encoder that says nothing of its input's sides, and takes ten of them."""
    weights = [helper.make_tensor(name, onnx.TensorProto.FLOAT, [10, 3], [0.1] * 30) for name in ("mw", "vw")]
    nodes = [helper.make_node("MatMul", ["x", "mw"], ["mu"]), helper.make_node("MatMul", ["x", "vw"], ["log_var"])]
    x = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", "d"])
    out = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 3]) for name in ("mu", "log_var")]
    graph = helper.make_graph(nodes, "g", [x], out, initializer=weights)
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


@pytest.mark.parametrize(
    ("change", "shape", "says"),
    [
        (lambda e, d: (b"no graph", d), (8, 8), "the encoder: expected an ONNX file"),
        (lambda e, d: (e, unknown_operator()), (8, 8), "Telepathy"),
        (lambda e, d: (d, e), (8, 8), "expected an encoder of samples of the shape"),
        (lambda e, d: (open_to_any_shape(), d), (8, 8), r"an encoder of samples of the shape \[8, 8\], but it says"),
        (lambda e, d: (e, d), (28, 28), r"samples of the shape \[28, 28\], got one that takes x"),
        (lambda e, d: (e, exported(decoder(inputs=5), (5,), ["y"])), (8, 8), "a decoder of 3 numbers"),
        (lambda e, d: (e, exported(decoder(pixels=9), (3,), ["y"])), (8, 8), r"64 numbers per sample, .* y \[2, 9\]"),
    ],
)
def test_what_is_no_pair_is_one_sentence(
    pair: tuple[bytes, bytes], change: Any, shape: tuple[int, ...], says: str
) -> None:
    with pytest.raises(ImportRefused, match=says) as caught:
        find_roles(*change(*pair), shape)
    assert "\n" not in str(caught.value)

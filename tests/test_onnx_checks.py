"""ONNX files from people that nobody knows: what would read files, eat memory or never end is refused unrun."""

from __future__ import annotations

import itertools
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from imported_kit import tiny_import
from onnx import TensorProto, helper, numpy_helper
from onnx_kit import Encoder, Residual, decoder, exported
from torch import nn

from vae_core import export, load_codes, load_dataset, subset
from vae_core.bring import export as exporting
from vae_core.bring import onnx_model, samples
from vae_core.bring.decoders import order_of
from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_chain import chain_of_graph
from vae_core.bring.onnx_checks import checked
from vae_core.bring.onnx_model import open_session, run_decoder
from vae_core.bring.onnx_roles import decoder_of, encoder_of, find_roles, prepared
from vae_core.bring.running import runner_of
from vae_core.checkpoints import load_decoders

ONE = numpy_helper.from_array(np.ones(3, np.float32), "one")


def outside(location: str = "secrets.toml") -> TensorProto:
    """Three numbers that are bytes of a file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def graph(nodes: list[Any], *initializers: TensorProto, batch: Any = "n", **more: Any) -> bytes:
    """From x [batch, 3] to y."""
    puts = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, 3]) for name in "xy"]
    made = helper.make_graph(nodes, "g", puts[:1], puts[1:], initializer=list(initializers), **more)
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(made, opset_imports=opset, ir_version=8).SerializeToString())


def branch(tensor: TensorProto) -> onnx.GraphProto:
    output = helper.make_tensor_value_info("b", TensorProto.FLOAT, [3])
    return helper.make_graph([helper.make_node("Identity", ["w"], ["b"])], "branch", [], [output], initializer=[tensor])


def in_a_branch() -> bytes:
    yes = numpy_helper.from_array(np.array(True), "yes")
    inside = numpy_helper.from_array(np.ones(3, np.float32), "w")
    choice = helper.make_node("If", ["yes"], ["w0"], then_branch=branch(outside()), else_branch=branch(inside))
    return graph([choice, helper.make_node("Add", ["x", "w0"], ["y"])], yes)


def endless() -> bytes:
    puts = [("i", TensorProto.INT64, []), ("go", TensorProto.BOOL, []), ("a", TensorProto.FLOAT, ["n", 3])]
    inputs = [helper.make_tensor_value_info(*put) for put in puts]
    outputs = [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in
               (("go_on", TensorProto.BOOL, []), ("b", TensorProto.FLOAT, ["n", 3]))]  # fmt: skip
    nodes = [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Add", ["a", "a"], ["b"])]
    body = helper.make_graph(nodes, "body", inputs, outputs)
    rounds = numpy_helper.from_array(np.array(2**62), "rounds")
    return graph([helper.make_node("Loop", ["rounds", "", "x"], ["y"], body=body)], rounds)


def huge() -> bytes:
    size = numpy_helper.from_array(np.array([10**10]), "size")
    nodes = [helper.make_node("ConstantOfShape", ["size"], ["c"]), helper.make_node("ReduceSum", ["c"], ["s"]),
             helper.make_node("Add", ["x", "s"], ["y"])]  # fmt: skip
    return graph(nodes, size)


ADD = [helper.make_node("Add", ["x", "w"], ["y"])]
CONSTANT = [helper.make_node("Constant", [], ["w"], value=outside()), *ADD]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no graph", "expected an ONNX file, got 8 bytes of something else"),
        (b"", "expected an ONNX file, got one without any operator"),
        (graph(ADD, outside()), r"weights inside, got one that keeps them in 'secrets\.toml'"),
        (graph(ADD, outside("/etc/passwd")), "got one that keeps them in '/etc/passwd'"),
        (graph(CONSTANT), "weights inside"),
        (in_a_branch(), "weights inside"),
        (endless(), "a graph without loops, got the operator Loop"),
        (huge(), r"results of at most 50,000,000 numbers, got 'c' of \[10000000000\]"),
        (graph([helper.make_node("Identity", ["x"], ["y"])], batch=10**6), "at most 1,024 samples at once, got 1,000,"),
    ],
)
def test_what_may_not_be_run_is_one_sentence_however_it_came(content: bytes, says: str) -> None:
    for refuse in (lambda: checked(content, "it"), lambda: open_session(content), lambda: run_decoder(content, ZEROS)):
        with pytest.raises(ImportRefused, match=says) as caught:
            refuse()
        assert "\n" not in str(caught.value)


ZEROS = np.zeros((1, 3), np.float32)


def test_a_graph_in_a_model_folder_is_looked_at_too(tmp_path: Path) -> None:
    content = graph(ADD, outside())
    folder = tiny_import(tmp_path / "mine", served=True, graph=content)
    archive = shutil.make_archive(str(tmp_path / "mine"), "zip", folder)
    assert zipfile.is_zipfile(archive)
    (stored,) = load_decoders(folder)
    run = runner_of(stored)
    assert run is not None
    with pytest.raises(ImportRefused, match="weights inside"):
        run(np.zeros((1, 5), np.float32))


def test_a_run_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    width, layers = 1500, 400
    weight = numpy_helper.from_array(np.zeros((width, width), np.float32), "w")
    names = ["x", *(f"h{i}" for i in range(layers)), "y"]
    nodes = [helper.make_node("MatMul", [a, "w"], [b]) for a, b in itertools.pairwise(names)]
    puts = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width]) for name in "xy"]
    made = helper.make_graph(nodes, "g", puts[:1], puts[1:], initializer=[weight])
    content = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    monkeypatch.setattr(onnx_model, "MOST_SECONDS", 0.05)
    with pytest.raises(ImportRefused, match="terminate"):
        run_decoder(content, np.zeros((512, width), np.float32))


def test_an_ordinary_graph_may_be_run() -> None:
    assert checked(graph(ADD, numpy_helper.from_array(np.ones(3, np.float32), "w")), "it").graph.node
    assert checked(exported(Residual(), (3,), ["y"]), "it").graph.node


# --- other faults that a review found


class Softplus(nn.Module):
    """An encoder whose second output is σ, and does not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Encoder()

    def forward(self, x: torch.Tensor) -> Any:
        mu, log_var = self.inner(x)
        return mu, (log_var / 2).exp()


def test_a_second_output_without_a_name_is_judged_by_its_numbers(tmp_path: Path) -> None:
    encoder, decode = exported(Softplus(), (1, 8, 8), ["mu", "second"]), exported(decoder(), (3,), ["y"])
    roles = find_roles(encoder, decode, (8, 8))
    assert (roles.reading, roles.variance) == ("log_var", None)
    with pytest.raises(ImportRefused, match="which look like σ"):
        export(
            encoder_of(encoder, roles), decoder_of(decode, roles), "digits", name="m", out=tmp_path,
            variance=roles.variance, progress=lambda _: None,
        )  # fmt: skip


def test_mean_and_width_are_two_outputs() -> None:
    pair = exported(Encoder(), (1, 8, 8), ["first", "second"]), exported(decoder(), (3,), ["y"])
    assert find_roles(*pair, (8, 8), second="first").mu == "second"
    with pytest.raises(ImportRefused, match="two different outputs"):
        find_roles(*pair, (8, 8), mu="first", second="first")


@pytest.mark.parametrize("kind", [torch.float64, torch.float16])
def test_decoders_of_other_precisions_keep_their_graph(kind: torch.dtype) -> None:
    class Cast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Residual().to(kind)

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return self.inner(z.to(kind))

    content = exported(Cast(), (3,), ["y"])
    roles = find_roles(exported(Encoder(), (1, 8, 8), ["mu", "log_var"]), content, (8, 8))
    z = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    with torch.no_grad():
        expected = Residual()(torch.from_numpy(z)).numpy()
    assert run_decoder(prepared(content, roles, None), z) == pytest.approx(expected, abs=3e-3)


def test_a_clip_without_an_upper_end_is_a_layer() -> None:
    ends = {"low": 0, "high": np.finfo(np.float32).max}
    low, high = (numpy_helper.from_array(np.array(end, np.float32), name) for name, end in ends.items())
    content = graph([helper.make_node("Clip", ["x", "low", "high"], ["y"])], low, high)
    chain, why = chain_of_graph(content, 3)
    assert chain is not None, why
    assert chain.run(np.array([[-1.0, 2.0, 5e9]], np.float32)).tolist() == [[0.0, 2.0, 5e9]]


def test_flat_decodes_of_colour_pictures_are_in_the_encoders_order() -> None:
    assert order_of((48,), (3, 4, 4), (4, 4, 3)) is not None
    assert order_of((48,), (4, 4, 3), (4, 4, 3)) is None
    assert order_of((3, 4, 4), (48,), (4, 4, 3)) is not None
    assert order_of((4, 4, 3), (3, 4, 4), (4, 4, 3)) is None


def test_of_very_many_samples_as_encode_takes_them_the_stored_ones_are_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = load_dataset("digits").images
    chosen = subset.stored_index(len(images), most=500)
    assert chosen is not None
    for module in (samples, exporting):
        monkeypatch.setattr(module, "stored_index", lambda count: chosen)
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(64, 3)).astype(np.float32)

    def encode(x: Any) -> Any:
        mu = np.tanh(x.reshape(len(x), -1) @ weight)
        return mu, np.full_like(mu, -3.0)

    folder = export(
        encode, lambda z: 1 / (1 + np.exp(-z @ weight.T)), "digits", name="m", out=tmp_path, fed=images[:, None],
        progress=lambda _: None,
    )  # fmt: skip
    assert load_codes(folder).mu[0] == pytest.approx(encode(images[chosen])[0], abs=1e-6)
    with pytest.raises(ImportRefused, match="fed: expected 1,797 samples"):
        exporting.export(encode, lambda z: z @ weight.T, "digits", name="n", out=tmp_path, fed=images[:9, None])

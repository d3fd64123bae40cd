"""vae_core.export takes care of what is not its own: files, arrays and models of others, and other exports."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from export_kit import IMAGES, QUIET, linear_vae
from onnx_kit import Residual
from torch import nn
from torch.distributions import Bernoulli, Laplace, LogNormal, MultivariateNormal, Normal

from vae_core import export, load_card, load_codes, load_samples
from vae_core.bring.errors import ImportRefused
from vae_core.checkpoints import CheckpointError, load_decoders

pytestmark = pytest.mark.usefixtures("one_thread")

ENCODE, DECODE = linear_vae()
FEW = IMAGES[:200]


@pytest.mark.parametrize("name", ["model.safetensors", "decoder-0.onnx"])
def test_files_that_only_have_the_names_of_ours_stay(tmp_path: Path, name: str) -> None:
    file = tmp_path / "mine" / name
    file.parent.mkdir()
    file.write_text("precious")
    with pytest.raises(CheckpointError, match="it stays untouched"):
        export(ENCODE, DECODE, FEW, name="mine", out=tmp_path, replace=True, **QUIET)
    assert file.read_text() == "precious"


def test_a_link_is_not_followed_and_not_replaced(tmp_path: Path) -> None:
    folder = export(ENCODE, DECODE, FEW, name="real", out=tmp_path, **QUIET)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(CheckpointError, match="got a link"):
        export(ENCODE, DECODE, FEW, name="link", out=tmp_path, replace=True, **QUIET)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link", "real"]


@pytest.mark.parametrize("out", ["x" * 300, "a\0b"])
def test_a_place_that_no_system_has_is_one_sentence(tmp_path: Path, out: str) -> None:
    with pytest.raises((CheckpointError, ImportRefused), match="expected a folder"):
        export(ENCODE, DECODE, FEW, name="mine", out=tmp_path / out, **QUIET)


def test_what_works_in_place_changes_nothing_of_the_caller(tmp_path: Path) -> None:
    data = (FEW * 255).astype(np.uint8)
    before = data.copy()

    def encode(x: Any) -> Any:
        x //= 2
        return ENCODE(x / 127.0)

    def decode(z: Any) -> Any:
        z *= 1.0
        return DECODE(z)

    folder = export(encode, decode, data, name="mine", out=tmp_path, **QUIET)
    assert np.array_equal(data, before)
    assert np.array_equal(load_samples(folder), before)


def test_a_model_can_be_trained_on_after_an_export(tmp_path: Path) -> None:
    class Lazy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.kept = Residual(), None

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            if self.kept is None:
                self.kept = torch.ones(3, device=z.device)
            return self.inner(z * self.kept)

    model, weight = Lazy(), torch.randn(64, 3, requires_grad=True)

    def encode(x: torch.Tensor) -> Any:
        mu = torch.tanh(x.flatten(1) @ weight)
        return mu, mu * 0 - 3

    export(encode, model, torch.from_numpy(FEW), name="mine", out=tmp_path, **QUIET)
    model(torch.randn(4, 3)).sum().backward()


@pytest.mark.parametrize(
    "posterior",
    [
        lambda mu, sigma: Laplace(mu, sigma),
        lambda mu, sigma: LogNormal(mu, sigma),
        lambda mu, sigma: MultivariateNormal(mu, torch.diag_embed(sigma)),
    ],
)
def test_a_posterior_that_is_no_diagonal_gaussian_is_refused(tmp_path: Path, posterior: Any) -> None:
    def encode(x: torch.Tensor) -> Any:
        mu, log_var = (torch.from_numpy(np.array(part)).float() for part in ENCODE(x.numpy()))
        return posterior(mu, (log_var / 2).exp())

    with pytest.raises(ImportRefused, match="expected a diagonal Gaussian of the encoder, got a"):
        export(encode, decoder_of_torch, torch.from_numpy(FEW), name="mine", out=tmp_path, **QUIET)
    assert not list(tmp_path.iterdir())


def decoder_of_torch(z: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.array(DECODE(z.numpy()))).float()


@pytest.mark.parametrize("law", [lambda p: Bernoulli(probs=p.clamp(0, 1)), lambda p: Normal(p.clamp(0, 1), 0.1)])
def test_a_decoder_may_return_a_distribution(tmp_path: Path, law: Any) -> None:
    def encode(x: torch.Tensor) -> Any:
        return tuple(torch.from_numpy(np.array(part)).float() for part in ENCODE(x.numpy()))

    folder = export(
        encode, lambda z: law(decoder_of_torch(z)), torch.from_numpy(FEW), name="mine", out=tmp_path, **QUIET
    )
    assert load_codes(folder).mu.shape == (1, 200, 10)


def test_a_decoder_that_fails_at_some_places_is_one_sentence(tmp_path: Path) -> None:
    def decode(z: Any) -> Any:
        return np.where(np.abs(z[:, :1, None]) > 2.5, np.nan, DECODE(z))

    with pytest.raises(ImportRefused, match="expected finite outputs of the decoder, got NaN"):
        export(ENCODE, decode, FEW, name="mine", out=tmp_path, **QUIET)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [torch.float64, torch.float16])
def test_graphs_of_other_precisions_are_kept(tmp_path: Path, kind: torch.dtype) -> None:
    pytest.importorskip("onnxscript")
    decoder, weight = Residual().to(kind), torch.randn(64, 3, generator=torch.Generator().manual_seed(0)).to(kind)

    def encode(x: torch.Tensor) -> Any:
        mu = torch.tanh(x.flatten(1) @ weight)
        return mu, mu * 0 - 3

    folder = export(encode, decoder, torch.from_numpy(FEW).to(kind), name="mine", out=tmp_path, **QUIET)
    (stored,) = load_decoders(folder)
    assert stored.onnx is not None, stored.why


def test_a_family_holds_the_same_samples_out(tmp_path: Path) -> None:
    export(ENCODE, DECODE, FEW, family="f", beta=1, out=tmp_path, **QUIET)
    with pytest.raises(CheckpointError, match="the data of the family's other members"):
        export(ENCODE, DECODE, FEW, family="f", beta=2, test=np.arange(200) % 2 == 0, out=tmp_path, **QUIET)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_sweep_over_beta_writes_one_family_from_many_processes(tmp_path: Path) -> None:
    betas = (1.0, 2.0, 3.0, 4.0)
    children = []
    for beta in betas:
        child = os.fork()
        if child == 0:
            try:
                export(ENCODE, DECODE, FEW, family="f", beta=beta, out=tmp_path, **QUIET)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert load_card(tmp_path / "f")["betas"] == list(betas)


@pytest.mark.parametrize(
    "changes",
    [
        {"data": np.array(3.0)}, {"data": np.zeros((5, 0))}, {"originals": np.array(3.0)}, {"shape": 8},
        {"shape": (None,)}, {"label_names": 5, "labels": np.zeros(200, int)}, {"pixel_range": (0, 1e-300)},
    ],
)  # fmt: skip
def test_odd_arguments_are_one_sentence(tmp_path: Path, changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"data": FEW, "name": "mine", "out": tmp_path, **QUIET}
    with pytest.raises(ImportRefused) as caught:
        export(ENCODE, DECODE, **{**given, **changes})
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())

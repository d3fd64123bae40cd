"""vae_core.export: what comes out of somebody's encoder and decoder is what stands in the folder."""

from __future__ import annotations

import contextlib
import copy
import runpy
import sys
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from export_kit import DATA, EXAMPLES, IMAGES, QUIET, SIGMA_X, conv_vae, linear_distortion, linear_vae
from torch import nn
from torch.distributions import Independent, Normal

from vae_core import collapse_beta, export, load_card, load_codes, load_decoder, load_samples, load_statistics
from vae_core.bring.adapters import Decoder, Encoder, in_eval_mode
from vae_core.checkpoints import load_decoders
from vae_core.cli import main
from vae_core.config import VAEConfig

pytestmark = pytest.mark.usefixtures("one_thread")

Pair = namedtuple("Pair", ["loc", "log_var"])


@pytest.mark.parametrize(
    ("script", "arguments", "kind"),
    [
        ("pytorch_vae", ("--epochs", "1", "--latent", "3"), "chain"),
        ("numpy_vae", (), "none"),
        ("pythae_vae", ("--epochs", "1"), "chain"),
    ],
)
def test_the_worked_examples_run(
    script: str, arguments: tuple[str, ...], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", [script, "--out", str(tmp_path), *arguments])
    runpy.run_path(str(EXAMPLES / f"{script}.py"), run_name="__main__")
    (folder,) = tmp_path.iterdir()
    card = load_card(folder)
    assert card["imported"]["decoders"][0]["kind"] == kind
    assert len(load_codes(folder).labels) == len(IMAGES)
    said = capsys.readouterr().err
    assert f"LATENT_EXPLORER_CHECKPOINTS={tmp_path} streamlit run app.py" in said
    assert ("Decodes are approximate" in said) == (kind == "none")


def test_a_torch_model_in_two_dimensions(tmp_path: Path) -> None:
    model, x = conv_vae(), torch.from_numpy(IMAGES).unsqueeze(1)
    with torch.no_grad():
        mu, log_var = model.encode(x)
        z = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
        expected, noise = model.decode(z), torch.randn(20, *mu.shape, generator=torch.Generator().manual_seed(1))
        drawn = torch.stack([model.decode(mu + (log_var / 2).exp() * e) for e in noise])
    model.train()  # as it is after a training: batch normalisation would spoil the decodes
    try:
        folder = export(
            model.encode, lambda z: model.decode(z), x, DATA.labels, name="conv", out=tmp_path, test=DATA.test, **QUIET
        )
        assert all(part.training for part in model.modules()), "as it was"
    finally:
        model.eval()
    codes, card = load_codes(folder), load_card(folder)
    assert codes.mu[0] == pytest.approx(mu.numpy(), abs=1e-5)
    assert codes.sigma[0] == pytest.approx((log_var / 2).exp().numpy(), rel=1e-5)
    assert (codes.labels == DATA.labels).all()
    assert (codes.test == DATA.test).all()
    assert load_decoder(folder).decode(z.numpy()) == pytest.approx(expected.squeeze(1).numpy(), abs=1e-5)
    assert (load_samples(folder) == np.rint(IMAGES * 255)).all()
    constant = 64 * np.log(SIGMA_X * np.sqrt(2 * np.pi))
    each = (drawn - x).square().flatten(2).sum(2).mean(0).numpy() / (2 * SIGMA_X**2) + constant
    rate = 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(1).numpy()
    for part, chosen in (("train", ~DATA.test), ("test", DATA.test)):
        record = card["curve"][0][part]
        assert record["distortion"] == pytest.approx(each[chosen].mean(), abs=5 * record["distortion_error"])
        assert record["rate"] == pytest.approx(rate[chosen].mean(), rel=1e-5)
    exact = collapse_beta(DATA.images, VAEConfig((8, 8), sigma_x=SIGMA_X))
    assert card["beta_collapse"] == pytest.approx(exact, rel=0.05)
    assert card["training"] == {}, "nothing to warn of"
    assert [path.name for path in tmp_path.iterdir()] == ["conv"]


def test_a_pair_over_numpy_in_ten_dimensions(tmp_path: Path) -> None:
    encode, decode = linear_vae()
    seen = set()

    def watched(z: Any) -> Any:
        seen.add((type(z), z.dtype))
        return decode(z)

    folder = export(encode, watched, IMAGES, name="linear", out=tmp_path, **QUIET)
    assert seen == {(np.ndarray, np.dtype(np.float32))}
    card, codes = load_card(folder), load_codes(folder)
    assert (card["label_names"], card["betas"], card["config"]["latent_dim"]) == (["all"], [1.0], 10)
    record = card["curve"][0]["train"]
    assert record["distortion"] == pytest.approx(linear_distortion(IMAGES), abs=5 * record["distortion_error"])
    assert 0 < record["distortion_error"] < 0.5
    mu, log_var = encode(IMAGES)
    assert record["rate"] == pytest.approx(0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(1).mean(), rel=1e-4)
    (stored,) = load_decoders(folder)
    assert "Python code" in stored.why
    net = nn.Linear(10, 64)
    folder = export(
        encode, lambda z: net(torch.from_numpy(z)).detach().numpy(), IMAGES, name="net", out=tmp_path, **QUIET
    )
    assert "PyTorch tensors as data would let its layers be seen" in load_decoders(folder)[0].why
    kl = (0.5 * (codes.mu[0] ** 2 + codes.sigma[0] ** 2 - 1) - np.log(codes.sigma[0])).mean(0)
    dimensions, principal = stored.grids
    assert dimensions.plane.axes.argmax(axis=1).tolist() == np.argsort(-kl)[:2].tolist()
    for grid in (dimensions, principal):
        xmin, xmax, ymin, ymax = grid.bounds
        side = len(grid.decodes)
        spots = [(x, y) for y in np.linspace(ymin, ymax, side) for x in np.linspace(xmin, xmax, side)]
        expected = np.clip(decode(grid.plane.lift(spots)), 0, 1).reshape(side, side, 64) * 255
        assert np.abs(grid.decodes - expected).max() <= 0.51


class Skipping(nn.Module):
    """A decoder that is no chain."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(10, 64), nn.Linear(64, 64)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h = self.first(z)
        return torch.sigmoid(h + self.second(h))


def test_a_decoder_that_is_no_chain_is_kept_as_a_graph_and_pictures(tmp_path: Path) -> None:
    torch.manual_seed(0)
    decoder = Skipping().eval()

    def encode(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mu, log_var = linear_vae()[0](x.numpy())
        return torch.from_numpy(mu), torch.from_numpy(log_var.copy())

    folder = export(encode, decoder, torch.from_numpy(IMAGES), name="skipping", out=tmp_path, **QUIET)
    (stored,) = load_decoders(folder)
    assert "skip connection" in stored.why
    assert len(stored.grids) == 2
    assert stored.onnx is not None
    import onnxruntime

    z = np.random.default_rng(0).normal(size=(5, 10)).astype(np.float32)
    session = onnxruntime.InferenceSession(stored.onnx, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: z})
    assert found == pytest.approx(decoder(torch.from_numpy(z)).detach().numpy(), abs=1e-5)


def test_what_is_recorded_must_do_what_the_decoder_does(tmp_path: Path) -> None:
    encode, decode = linear_vae(2)
    start, weight = decode(np.zeros((1, 2))), (decode(np.eye(2)) - decode(np.zeros((1, 2)))).reshape(2, 64)
    start, weight = torch.from_numpy(start).float().flatten(1), torch.from_numpy(weight).float()

    def encoded(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return tuple(torch.from_numpy(np.array(part)) for part in encode(x.numpy()))

    def bent(z: torch.Tensor) -> torch.Tensor:
        return start + (z if float(z.abs().max()) < 4 else z / 2) @ weight  # a branch that no recording sees

    images = torch.from_numpy(IMAGES)
    (stored,) = load_decoders(export(encoded, bent, images, name="bent", out=tmp_path, onnx=b"a graph", **QUIET))
    assert (stored.chain, stored.onnx, len(stored.grids)) == (None, None, 1)
    assert "does not do the same at every z; as a graph, it does not run" in stored.why


MU, LOG_VAR = torch.full((3, 4), 0.5), torch.full((3, 4), -2.0)
SIGMA = (LOG_VAR / 2).exp()


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        ((MU, LOG_VAR), None),
        ([MU.double(), LOG_VAR.half()], None),
        ((MU, LOG_VAR, MU + 1), None),
        ((MU.numpy(), LOG_VAR.numpy()), None),
        ({"mu": MU, "log_var": LOG_VAR}, "log_var"),
        ({"z_mean": MU, "logvar": LOG_VAR, "z": MU}, "log_var"),
        (OrderedDict(embedding=MU, log_covariance=LOG_VAR), "log_var"),
        (SimpleNamespace(embedding=MU, log_covariance=LOG_VAR), "log_var"),
        (Pair(MU, LOG_VAR), "log_var"),
        ({"mean": MU, "std": SIGMA}, "sigma"),
        (Normal(MU, SIGMA), "sigma"),
        (Independent(Normal(MU, SIGMA), 1), "sigma"),
        (SimpleNamespace(latent_dist=SimpleNamespace(mean=MU, logvar=LOG_VAR, std=SIGMA)), "log_var"),
    ],
)
def test_an_encoder_may_answer_in_many_ways(answer: Any, reading: str | None) -> None:
    encoder = Encoder(lambda x: answer)
    mu, second = encoder(np.zeros((3, 8)))
    assert encoder.reading == reading
    assert (mu.dtype, second.dtype) == (np.float32, np.float32)
    assert mu == pytest.approx(MU.numpy())
    assert second == pytest.approx((SIGMA if reading == "sigma" else LOG_VAR).numpy())


@pytest.mark.parametrize(
    "answer",
    [
        lambda image: image,
        lambda image: (image, image + 1),
        lambda image: {"reconstruction": image},
        lambda image: SimpleNamespace(reconstruction=image, z=image),
        lambda image: SimpleNamespace(sample=image),
        lambda image: image.double().numpy(),
        lambda image: image.bfloat16(),
    ],
)
def test_a_decoder_may_answer_in_many_ways(answer: Callable[[torch.Tensor], Any]) -> None:
    image = torch.full((2, 3, 4, 5), 0.25)
    decoder = Decoder(lambda z: answer(image), like=torch.zeros(1, dtype=torch.float64))
    assert (decoder(np.zeros((2, 2), np.float32)) == np.full((2, 60), 0.25)).all()
    assert decoder.shape == (3, 4, 5)


def test_modules_are_found_put_into_eval_mode_and_put_back() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5))
    net[0].eval()  # as of somebody who froze a part

    class Wrapper:
        def __init__(self) -> None:
            self.net = net

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

    wrapper = Wrapper()
    ways = [net, net.forward, lambda x: net(x), wrapper.encode, lambda x: wrapper.encode(x), partial(wrapper.encode)]
    for way in ways:
        with contextlib.suppress(KeyError), in_eval_mode(way):
            assert not any(part.training for part in net.modules())
            raise KeyError
        assert [part.training for part in net.modules()] == [True, False, True]


def test_points_come_as_the_data_are() -> None:
    kinds = []
    for like in (np.zeros((1, 4)), torch.zeros(1, 4, dtype=torch.float16), torch.zeros(1, 4, dtype=torch.uint8)):
        Decoder(lambda z: kinds.append(z.dtype) or np.zeros((len(z), 4)), like)(np.zeros((2, 2), np.float32))
    assert kinds == [np.float32, torch.float16, torch.float32]


def test_how_wide_a_gaussian_is_may_be_said_in_four_ways(tmp_path: Path) -> None:
    encode, decode = linear_vae()
    ways = {"log_sigma": lambda v: v / 2, "variance": np.exp, "sigma": lambda v: np.exp(v / 2)}
    few = IMAGES[::4]
    expected = np.exp(encode(few)[1] / 2)
    for reading, way in ways.items():

        def other(x: Any, way: Any = way) -> tuple[Any, Any]:
            mu, log_var = encode(x)
            return mu, way(log_var)

        folder = export(other, decode, few, name=reading, out=tmp_path, variance=reading, **QUIET)
        assert load_codes(folder).sigma[0] == pytest.approx(expected, rel=1e-5)
        assert load_card(folder)["training"] == {}
        if reading != "log_sigma":
            with pytest.raises(ValueError, match=f"all above 0, which look like .*say variance=.*{reading}"):
                export(other, decode, few, name="wrong", out=tmp_path, **QUIET)
        else:  # numbers below 0 may be either: nothing but a doubt
            card = load_card(export(other, decode, few, name="doubt", out=tmp_path, **QUIET))
            assert 'either say variance="log_sigma"' in card["training"]["remark"]
    assert not (tmp_path / "wrong").exists()


def test_a_data_set_by_name_is_not_copied(tmp_path: Path) -> None:
    model = conv_vae()
    folder = export(model.encode, model.decode, "digits", name="named", out=tmp_path, **QUIET)
    card = load_card(folder)
    assert (card["dataset"], load_samples(folder), card["label_names"][:2]) == ("digits", None, ["0", "1"])
    part = DATA.subset(np.arange(100))
    for encode, decode in ((model.encode, model.decode), linear_vae()):
        folder = export(encode, decode, part, name="part", out=tmp_path, replace=True, **QUIET)
        samples = load_samples(folder)
        assert samples is not None
        assert samples == pytest.approx(part.images)


def test_table_and_statistics_of_an_imported_model(tmp_path: Path) -> None:
    encode, decode = linear_vae(3)
    folder = export(encode, decode, IMAGES[:200], test=DATA.test[:200], name="few", out=tmp_path, **QUIET)
    for command in ("table", "statistics"):
        assert main([command, str(folder)]) == 0
    (row,), (record,) = load_card(folder)["table"], load_card(folder)["curve"]
    low, high = sorted(record[part]["distortion"] for part in ("train", "test"))
    assert low < row["distortion"][0] < high
    assert row["distortion"][0] == pytest.approx(linear_distortion(IMAGES[:200], 3), abs=5 * row["distortion"][1])
    parts = row["mutual_information"], row["kl_to_prior"]
    assert row["rate"] == pytest.approx(sum(value for value, _ in parts), abs=4 * sum(error for _, error in parts))
    statistics = load_statistics(folder)
    assert statistics is not None
    assert statistics.mean == pytest.approx(IMAGES[:200].reshape(-1, 64).mean(0), abs=2e-3)


def test_half_precision_models_are_chains_too(tmp_path: Path) -> None:
    model = copy.deepcopy(conv_vae()).half()
    x = torch.from_numpy(IMAGES[:100]).unsqueeze(1).half()
    folder = export(model.encode, model.decode, x, name="half", out=tmp_path, **QUIET)
    with torch.no_grad():
        mu = model.encode(x)[0]
        expected = model.decode(mu).squeeze(1).float().numpy()
    assert load_codes(folder).mu[0] == pytest.approx(mu.float().numpy())
    assert load_decoder(folder).decode(mu.float().numpy()) == pytest.approx(expected, abs=0.01)


def test_very_many_samples_are_drawn_from(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).random((100_010, 4)).astype(np.float32)
    labels = np.arange(len(rows)) % 7
    folder = export(
        lambda x: (x[:, :2] * 2 - 1, np.full((len(x), 2), -9.0)), lambda z: np.hstack([z, z]) / 2 + 0.5, rows, labels,
        name="many", out=tmp_path, batch=50_000, **QUIET,
    )  # fmt: skip
    card, codes, samples = load_card(folder), load_codes(folder), load_samples(folder)
    assert (card["subset"], card["samples"]) == ({"of": 100_010, "seed": 0}, 100_000)
    assert samples is not None
    assert codes.mu[0] == pytest.approx(samples[:, :2] * 2 - 1, abs=1e-6)

"""vae_core.export on what does not fit: one sentence, and nothing written; ranges of values, colours and families."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from export_kit import DATA, IMAGES, QUIET, SIGMA_X, linear_vae
from tiny_models import files

from vae_core import export, load_card, load_codes, load_decoder, load_samples
from vae_core.bring.errors import ImportRefused
from vae_core.checkpoints import CheckpointError, load_decoders

pytestmark = pytest.mark.usefixtures("one_thread")

FEW = IMAGES[:200]
ENCODE, DECODE = linear_vae()
COUNTER = itertools.count()


def changed_code(change: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda x: change(*ENCODE(x))


def with_nan(values: Any) -> Any:
    return np.where(np.arange(values.size).reshape(values.shape) == 3, np.nan, values)


def failing(_: Any) -> Any:
    raise RuntimeError("mat1 and mat2 shapes\n cannot be multiplied")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"encode": failing}, r"the encoder raised RuntimeError for an input of the shape \[64, 8, 8\]: mat1 and mat2"),
        ({"decode": failing}, r"the decoder raised RuntimeError for an input of the shape \[64, 10\].*10 latent dim"),
        ({"encode": lambda x: ENCODE(x)[0]}, "two outputs, the mean and the log-variance, got one of the shape"),
        ({"encode": lambda x: {"mu": ENCODE(x)[0]}}, "a mean and a log-variance, got mu"),
        ({"encode": lambda x: None}, "a mean and a log-variance, got NoneType"),
        ({"encode": lambda x: ("a", "b")}, "the encoder's mean to be an array or a tensor of numbers, got str"),
        ({"encode": changed_code(lambda m, v: (m[:1], v[:1]))}, r"shape \[64, d\] for 64 samples, got \[1, 10\]"),
        ({"encode": changed_code(lambda m, v: (m, v[:, :3]))}, r"one shape, got \[64, 10\] and \[64, 3\]"),
        ({"encode": changed_code(lambda m, v: (m[..., None], v[..., None]))}, "flatten it to two axes"),
        ({"encode": changed_code(lambda m, v: (m[:, :1], v[:, :1]))}, "from 2 to 1,024 latent dimensions, got 1"),
        ({"encode": changed_code(lambda m, v: (with_nan(m), v))}, "finite outputs of the encoder, got NaN or inf"),
        ({"encode": changed_code(lambda m, v: (m, with_nan(v)))}, "finite outputs of the encoder, got NaN or inf"),
        ({"encode": changed_code(lambda m, v: (m, v + 500))}, r"log-variances .* got 49\d\.\d+: σ = .* overflows"),
        ({"encode": lambda x: (np.zeros((len(x), 2000)),) * 2}, "from 2 to 1,024 latent dimensions, got 2,000"),
        ({"decode": lambda z: DECODE(z)[:, :7]}, "64 numbers per sample, as many as the data have, got 56"),
        ({"decode": lambda z: DECODE(z)[:1]}, r"shape \[64, ...\] for 64 points of 10 dimensions, got \[1, 8, 8\]"),
        ({"decode": lambda z: with_nan(DECODE(z))}, "finite outputs of the decoder, got NaN or infinity in 1 of"),
        ({"decode": lambda z: DECODE(0 * z)}, r"the same output everywhere: posterior collapse\? .* \d\.\d\d nats"),
        ({"decode": lambda z: 9 * (DECODE(z) - 0.5)}, "look like logits: let decode end with a sigmoid"),
        ({"data": []}, r"at least one sample, got an array of the shape \[0\]"),
        ({"data": iter(FEW)}, "data: expected an array or a tensor of at least one sample, got "),
        ({"data": [[1, 2], [3]]}, "data: expected samples of one shape, got a list of different ones"),
        ({"data": FEW[:0]}, r"at least one sample, got an array of the shape \[0, 8, 8\]"),
        ({"data": with_nan(FEW)}, "data: expected finite numbers, got NaN or infinity in 1 of"),
        ({"data": np.full_like(FEW, 7)}, "samples that differ, got the number 7 everywhere"),
        ({"data": FEW[:, None, None]}, r"colour pictures .* got the shape \[200, 1, 1, 8, 8\]"),
        ({"data": "no-such-data"}, "no-such-data"),
        ({"data": "digits", "labels": DATA.labels}, "labels: expected none beside the data set 'digits'"),
        ({"labels": np.arange(200)[:-1]}, r"one for each of 200 samples, got the shape \[199\]"),
        ({"labels": np.arange(300), "data": IMAGES[:300]}, "at most 255 classes, got 300"),
        ({"labels": np.arange(200), "label_names": ["a", "b"]}, "whole numbers from 0 to 1, the places of label_names"),
        ({"originals": FEW[:5]}, "originals: expected an array of 200 samples, as many as data has, got 5"),
        ({"originals": "photos"}, "originals: expected an array of 200 samples, .* got str"),
        ({"test": [True, False]}, r"test: expected a yes or no for each of 200 samples, got the shape \[2\]"),
        ({"test": np.arange(200)}, "test: expected a yes or no for each of 200 samples, got other values"),
        ({"test": ["train"] * 200}, "test: expected a yes or no for each of 200 samples, got other values"),
        ({"labels": [[1], [1, 2]] * 100}, "labels: .* each of 200 samples, got lists of different lengths"),
        ({"shape": (9, 9)}, r"shape: expected 64 numbers per sample, got \(9, 9\)"),
        ({"pixel_range": (1, 0)}, "two finite numbers, the smaller one first"),
        ({"pixel_range": 255}, "pixel_range: expected two numbers, got 255"),
        ({"variance": "precision"}, "one of log_var, log_sigma, variance, sigma, got 'precision'"),
        ({"variance": "sigma"}, 'standard deviations, which are positive, .* say variance="log_var"'),
        ({"beta": -1}, "beta: expected a number from 0 to 1e"),
        ({"beta": "1"}, "beta: expected a number from 0 to 1e"),
        ({"sigma_x": 0}, "sigma_x: expected a number from 1e-6 to 1e6, got 0"),
        ({"likelihood": "poisson"}, "likelihood: expected one of .*, got 'poisson'"),
        ({"batch": 0}, "batch: expected a whole number of at least 1, got 0"),
        ({"name": "../up"}, "name: expected letters, digits"),
        ({"name": None}, "either a name or a family to put the model into, got neither"),
        ({"family": "both"}, "either a name or a family to put the model into, got both"),
        ({"name": "digits", "out": None}, "another one than those of the models that ship"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    given: dict[str, Any] = {"encode": ENCODE, "decode": DECODE, "data": FEW, "name": "mine", "out": tmp_path}
    with pytest.raises(Exception, match=says) as caught:
        export(**{**QUIET, **given, **changes})
    assert type(caught.value).__name__ in ("ImportRefused", "CheckpointError", "DatasetError")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_doubtful_model_is_written_with_a_remark(tmp_path: Path) -> None:
    def remark(encode: Any, decode: Any, data: Any = FEW, **more: Any) -> str:
        folder = export(encode, decode, data, name=f"m{next(COUNTER)}", out=tmp_path, **QUIET, **more)
        return str(load_card(folder)["training"].get("remark", ""))

    rng = np.random.default_rng(0)
    drawn = changed_code(lambda m, v: (m + np.exp(v / 2) * rng.standard_normal(m.shape), v))
    assert "another mean each time" in remark(drawn, DECODE)
    assert "posterior collapse" in remark(changed_code(lambda m, v: (0 * m, 0 * v)), lambda z: DECODE(0 * z))
    assert "0 to 1 is shown" in remark(ENCODE, lambda z: 40 * DECODE(z))
    assert "Values from -2 to 3 are shown as 0 to 1." in remark(
        lambda x: ENCODE((x + 2) / 5), lambda z: 5 * DECODE(z) - 2, np.round(FEW, 3) * 5 - 2
    )


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([None, "b", "a", "b"], ["a", "b", "no label"]),
        ([1, "a", 1, "a"], ["1", "a"]),
        (np.array([2.0, 1.0, 2.0, 10.0]), ["1", "2", "10"]),
        (np.array([0.5, np.nan, 0.5, 0.5]), ["0.5", "no label"]),
        (torch.tensor([3, 1, 3, 1]), ["1", "3"]),
    ],
)
def test_labels_are_whatever_names_the_classes(tmp_path: Path, labels: Any, names: list[str]) -> None:
    folder = export(ENCODE, DECODE, list(FEW[:4]), labels, name="mine", out=tmp_path, **QUIET)
    assert load_card(folder)["label_names"] == names
    found = [names[k] for k in load_codes(folder).labels]
    assert found == ["no label" if x is None or x != x else f"{x:g}" if isinstance(x, float) else str(x)
                     for x in (labels.tolist() if hasattr(labels, "tolist") else labels)]  # fmt: skip


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    calls = itertools.count()

    def interrupted(x: Any) -> Any:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return ENCODE(x)

    with pytest.raises(KeyboardInterrupt):
        export(interrupted, DECODE, FEW, name="mine", out=tmp_path, batch=20, **QUIET)
    assert not list(tmp_path.iterdir())


# Colour pictures of 4×6: encoder and decoder are the first numbers of a picture and the same ones put back.
COLOURS = np.random.default_rng(0).integers(0, 256, (60, 4, 6, 3)).astype(np.uint8)
COLOURS[0, 0, 0], COLOURS[0, 0, 1] = 0, 255
WIDTH = np.full((1, 72), -8.0, np.float32)


def as_it_is(x: Any) -> tuple[Any, Any]:
    flat = x.reshape(len(x), -1)
    return flat, np.broadcast_to(WIDTH, flat.shape)


def torch_as_it_is(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    flat = x.flatten(1)
    return flat, torch.full_like(flat, -8)


@pytest.mark.parametrize("case", ["last", "first", "signed", "normalised", "to unit", "bytes"])
def test_colours_and_ranges_come_out_as_they_are_shown(case: str, tmp_path: Path) -> None:
    unit = (COLOURS / 255).astype(np.float32)
    first = torch.from_numpy(unit).permute(0, 3, 1, 2).contiguous()
    mean, std = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.2])[:, None, None]
    encode: Any = torch_as_it_is
    decode: Any = lambda z: z.reshape(len(z), 3, 4, 6)  # noqa: E731
    data: Any = first
    more: dict[str, Any] = {}
    if case == "last":
        encode, decode, data = as_it_is, lambda z: z.reshape(len(z), 4, 6, 3), unit
    elif case == "signed":
        data = first * 2 - 1
    elif case == "normalised":
        data, more = (first - mean) / std, {"originals": COLOURS}
    elif case == "to unit":
        data, more = (first - mean) / std, {"originals": COLOURS}
        decode = lambda z: z.reshape(len(z), 3, 4, 6) * std + mean  # noqa: E731
    elif case == "bytes":
        encode = lambda x: as_it_is(x / 255)  # noqa: E731
        decode, data = lambda z: 255 * z.reshape(len(z), 4, 6, 3), COLOURS
    folder = export(encode, decode, data, name="colour", out=tmp_path, **QUIET, **more)
    assert (load_samples(folder) == COLOURS).all()
    (stored,) = load_decoders(folder)
    codes = load_codes(folder)
    if torch.is_tensor(data):
        shown = load_decoder(folder).decode(codes.mu[0])
        assert shown == pytest.approx(unit, abs=1e-4), "every sample comes back in its own colours"
    else:
        assert len(stored.grids) == 2
    record = load_card(folder)["curve"][0]["train"]
    least = 72 * np.log(SIGMA_X * np.sqrt(2 * np.pi))
    scale = {"signed": 4, "normalised": 21, "to unit": 1}.get(case, 1)
    assert least < record["distortion"] < least + 40 * np.exp(-8) / SIGMA_X**2 * scale
    remark = load_card(folder)["training"].get("remark", "")
    assert ("are taken as 0 to 1" in remark) == (case == "to unit")


def test_a_family_grows_in_order_and_keeps_to_its_data(tmp_path: Path) -> None:
    def member(beta: float, data: Any = FEW, latent: int = 10, **more: Any) -> Path:
        pair = linear_vae(latent, beta)
        return export(*pair, data, DATA.labels[: len(data)], family="all", out=tmp_path, beta=beta, **{**QUIET, **more})

    for beta in (2.0, 0.5, 1.0):
        folder = member(beta, **({"title": "All of them"} if beta == 2 else {}))
    codes, card = load_codes(folder), load_card(folder)
    assert card["betas"] == codes.betas.tolist() == [0.5, 1, 2]
    assert [record["beta"] for record in card["curve"]] == [0.5, 1, 2]
    assert (card["title"], card["imported"]["family"], card["config"]["beta_max"]) == ("All of them", True, 2)
    for k, beta in enumerate(card["betas"]):
        assert codes.mu[k] == pytest.approx(linear_vae(10, beta)[0](FEW)[0], abs=1e-5)
    assert {grid["decoder"] for grid in card["imported"]["grids"]} == {0, 1, 2}
    before = files(folder)
    for refused, says in (
        (lambda: member(1.0), "no member of beta = 1, got one; say replace=True"),
        (lambda: member(3.0, 1 - FEW), "the data of the family's other members, got others"),
        (lambda: member(3.0, FEW[:100]), "the data of the family's other members, got others"),
        (lambda: member(3.0, latent=4), "latent dimensions 10, got 4"),
        (lambda: member(3.0, sigma_x=1.0), "sigma_x 0.25, got 1"),
        (lambda: export(ENCODE, DECODE, FEW, name="all", out=tmp_path, **QUIET), "got one; say replace=True"),
    ):
        with pytest.raises(CheckpointError, match=says):
            refused()
    assert files(folder) == before
    member(1.0, replace=True)
    assert load_card(folder)["betas"] == [0.5, 1, 2]
    single = export(ENCODE, DECODE, FEW, name="single", out=tmp_path, **QUIET)
    with pytest.raises(CheckpointError, match="expected a family of models or none, got a single model"):
        export(ENCODE, DECODE, FEW, family="single", out=tmp_path, **QUIET)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("mine")
    with pytest.raises(CheckpointError, match=r"got 'thesis\.txt'; it stays untouched"):
        export(ENCODE, DECODE, FEW, name="notes", out=tmp_path, replace=True, **QUIET)
    assert single.is_dir()


def test_the_refusal_is_a_value_error() -> None:
    assert issubclass(ImportRefused, ValueError)

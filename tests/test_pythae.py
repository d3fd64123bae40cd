"""Models that pythae trained and saved, imported: the same numbers, the same pictures, and nothing run by pickle."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pythae import models as pythae_models
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae_kit import trained

from vae_core import load_card, load_codes, load_dataset, load_decoder
from vae_core.bring.errors import ImportRefused
from vae_core.bring.pythae import NO, YES, fed, read_pythae
from vae_core.cli import main


@pytest.fixture(scope="module", params=[2, 10])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A model of pythae, and the folder that the command made of what pythae saved."""
    model, saved = trained(request.param)
    out = tmp_path_factory.mktemp("imported")
    assert main(["import", "pythae", str(saved), "--data", "digits", "--out", str(out), "--name", "mine"]) == 0
    return model, out / "mine"


def test_codes_and_pictures_are_pythaes_own(both: tuple[Any, Path]) -> None:
    model, folder = both
    data = load_dataset("digits")
    with torch.no_grad():
        encoded = model.encoder(torch.from_numpy(data.images[:, None]))
    codes = load_codes(folder)
    assert np.abs(codes.mu[0] - encoded.embedding.numpy()).max() < 1e-5
    assert np.abs(codes.sigma[0] - (encoded.log_covariance / 2).exp().numpy()).max() < 1e-5
    assert np.array_equal(codes.labels, data.labels)
    z = torch.randn(100, codes.mu.shape[2], generator=torch.Generator().manual_seed(0)) * 2
    with torch.no_grad():
        decoded = model.decoder(z).reconstruction[:, 0].numpy()
    assert np.abs(load_decoder(folder).decode(z.numpy()) - decoded).max() < 1e-4


def test_the_card_says_what_it_was(both: tuple[Any, Path]) -> None:
    card = load_card(both[1])
    assert (card["imported"]["source"], card["dataset"], card["betas"]) == ("pythae", "digits", [1.0])
    assert card["config"]["likelihood"] == "bernoulli"
    assert "VAE of pythae" in card["imported"]["described"]
    (point,) = card["curve"]
    assert point["train"]["distortion"] + point["train"]["rate"] > 0


def saved_as(name: str, folder: Path, **options: Any) -> Path:
    config = getattr(pythae_models, f"{name}Config", None) or getattr(pythae_models, f"{name}_Config")
    getattr(pythae_models, name)(config(input_dim=(1, 8, 8), latent_dim=3, **options)).save(str(folder / name))
    return folder / name


@pytest.mark.parametrize("name", [name for name in YES if name != "MSSSIM_VAE"])
def test_a_model_of_its_family_is_read_from_its_files(name: str, tmp_path: Path) -> None:
    found = read_pythae(saved_as(name, tmp_path))
    x = fed(found, load_dataset("digits"))[:5]
    mu, log_var = found.encode(x)
    assert (mu.shape, log_var.shape, found.decode(mu).shape) == ((5, 3), (5, 3), (5, 1, 8, 8))


def test_what_counts_as_beta_is_taken_over(tmp_path: Path) -> None:
    assert read_pythae(saved_as("BetaVAE", tmp_path, beta=4.0)).beta == 4
    assert read_pythae(saved_as("FactorVAE", tmp_path)).beta == 1


@pytest.mark.parametrize("beta", [None, [1], "4", -1.0, float("nan")])
def test_a_beta_that_is_no_number_is_refused(tmp_path: Path, beta: Any) -> None:
    folder = saved_as("BetaVAE", tmp_path, beta=4.0)
    file = next(folder.rglob("model_config.json"))
    file.write_text(json.dumps({**json.loads(file.read_text()), "beta": beta}))
    with pytest.raises(ImportRefused, match="expected 'beta' to be a number of at least 0"):
        read_pythae(folder)


@pytest.mark.parametrize("name", ["AE", "VAMP", "RHVAE", "VQVAE", "SVAE"])
def test_another_kind_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    (tmp_path / "model_config.json").write_text(json.dumps({"name": f"{name}Config"}))
    with pytest.raises(ImportRefused, match=re.escape(NO[name])):
        read_pythae(tmp_path)


def test_every_model_of_pythae_has_an_answer() -> None:
    classes = {name for name in dir(pythae_models) if isinstance(getattr(pythae_models, name), type)}
    kinds = {name for name in classes if not name.endswith(("Config", "BaseAE")) and name != "AutoModel"}
    assert kinds == set(YES) | set(NO)


class OwnEncoder(BaseEncoder):
    def __init__(self) -> None:
        BaseEncoder.__init__(self)
        self.mean, self.log_var = torch.nn.Linear(64, 3), torch.nn.Linear(64, 3)

    def forward(self, x: torch.Tensor) -> Any:
        from pythae.models.base.base_utils import ModelOutput

        flat = x.reshape(len(x), -1)
        return ModelOutput(embedding=self.mean(flat), log_covariance=self.log_var(flat))


class OwnDecoder(BaseDecoder):
    def __init__(self) -> None:
        BaseDecoder.__init__(self)
        self.layer = torch.nn.Linear(3, 64)

    def forward(self, z: torch.Tensor) -> Any:
        from pythae.models.base.base_utils import ModelOutput

        return ModelOutput(reconstruction=torch.sigmoid(self.layer(z)).reshape(-1, 1, 8, 8))


def test_networks_of_ones_own_run_code_and_need_trust(tmp_path: Path) -> None:
    config = pythae_models.VAEConfig(input_dim=(1, 8, 8), latent_dim=3)
    own = pythae_models.VAE(config, encoder=OwnEncoder(), decoder=OwnDecoder()).eval()
    own.save(str(tmp_path / "own"))
    with pytest.raises(ImportRefused, match=r"encoder\.pkl|decoder\.pkl") as caught:
        read_pythae(tmp_path / "own")
    assert "--trust" in str(caught.value)
    assert "runs code" in str(caught.value)
    found = read_pythae(tmp_path / "own", trust=True)
    z = torch.randn(4, 3)
    with torch.no_grad():
        assert torch.allclose(found.decode(z).reconstruction, own.decoder(z).reconstruction)


def without(name: str, folder: Path) -> None:
    (folder / name).unlink()


def rewritten(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "data", "says"),
    [
        (lambda f: without("model_config.json", f), "digits", "expected a model_config.json"),
        (lambda f: without("model.pt", f), "digits", "expected model.pt"),
        (lambda f: rewritten("model_config.json", b"{", f), "digits", "expected JSON"),
        (lambda f: rewritten("model_config.json", b'{"name": "VAEConfig"}', f), "digits", "'input_dim'"),
        (lambda f: rewritten("model.pt", b"cposix\nsystem\n(S'true'\ntR.", f), "digits", "expected weights alone"),
        (lambda f: torch.save({"model_state_dict": {}}, f / "model.pt"), "digits", "default networks"),
        (lambda f: torch.save(torch.zeros(3), f / "model.pt"), "digits", "expected what pythae saves"),
        (lambda f: torch.save({"model_state_dict": [1]}, f / "model.pt"), "digits", "expected what pythae saves"),
        (lambda f: rewritten("model.pt", b"\x80\x02K", f), "digits", "expected"),
        (lambda f: None, "mnist", "MNIST|mnist"),
        (lambda f: None, "", "--data: expected a data set or a file, got nothing"),
        (lambda f: None, "nothing.npz", "nothing.npz"),
    ],
)
def test_a_damaged_folder_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: Any, data: str, says: str
) -> None:
    shutil.copytree(trained(2)[1], tmp_path / "saved")
    harm(tmp_path / "saved")
    capsys.readouterr()
    assert main(["import", "pythae", str(tmp_path / "saved"), "--data", data, "--out", str(tmp_path / "out")]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert says.split("|")[0] in sentence or says.split("|")[-1] in sentence
    assert not (tmp_path / "out").exists()

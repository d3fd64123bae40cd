"""VAEs trained at one beta alone: what the network is, what the command writes, and the six that ship."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vae_core import (
    VAE,
    CheckpointError,
    TrainConfig,
    VAEConfig,
    load_card,
    load_codes,
    load_dataset,
    load_model,
    train,
)
from vae_core.checkpoints import list_models, list_references
from vae_core.cli import main
from vae_core.config import ConfigError

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"


def single(beta: float) -> VAEConfig:
    return VAEConfig(input_shape=(8, 8), hidden=(16,), degree=0, beta_max=beta, beta_train_max=beta)


def test_a_network_that_does_not_see_beta_is_a_plain_vae() -> None:
    model = VAE(single(0.5), seed=1)
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    first, last = model.decoder
    plain = torch.sigmoid(F.gelu(z @ first.weight + first.bias, approximate="tanh") @ last.weight + last.bias)
    assert torch.allclose(model.decode(z, beta=0.5).flatten(1), plain, atol=1e-6)


def test_it_serves_its_own_beta_and_no_other() -> None:
    model = VAE(single(0.1))
    model.decode(torch.zeros(1, 2), beta=0.1)
    with pytest.raises(ValueError, match=r"0\.1, the only one it was trained at, got 1"):
        model.decode(torch.zeros(1, 2), beta=1.0)
    with pytest.raises(ValueError, match="the only one"):
        model.encode(torch.zeros(1, 8, 8), beta=0.0)


def test_a_model_for_every_beta_refuses_what_lies_beyond_its_training_with_the_range() -> None:
    model = load_model(CHECKPOINTS / "digits")
    with pytest.raises(ValueError, match="expects 0 to 16, got 17"):
        model.encode(torch.zeros(1, 8, 8), beta=17.0)
    with pytest.raises(ValueError, match="expects 0 to 16, got -1"):
        model.decode(torch.zeros(2, 2), beta=torch.tensor([1.0, -1.0]))


def test_two_betas_do_not_fit_a_network_that_does_not_see_beta() -> None:
    with pytest.raises(ConfigError, match="beta_train_max: expected beta_max"):
        VAEConfig(input_shape=(8, 8), degree=0, beta_max=1.0, beta_train_max=2.0)
    with pytest.raises(ConfigError, match="beta_max: expected a positive number"):
        VAEConfig(input_shape=(8, 8), beta_max=0.0)


def test_training_at_a_larger_beta_alone_ends_at_a_smaller_rate() -> None:
    data = load_dataset("digits")
    ends = []
    for beta in (0.0, 8.0):
        *_, last = train(data, single(beta), options=TrainConfig(epochs=4, warmup_steps=5), seed=0)
        ends.append(last.rate)
    assert ends[0] > ends[1] + 1


def test_the_command_writes_complete_models_beside_the_one_to_compare_with(tmp_path: Path) -> None:
    arguments = ["reference", "digits", "--out", str(tmp_path), "--betas", "0,1", "--epochs", "1", "--name", "mine"]
    assert main(arguments) == 0
    shutil.copytree(CHECKPOINTS / "digits", tmp_path / "mine")
    found = list_references(tmp_path / "mine")
    assert [path.name for path in found] == ["beta-0", "beta-1"]
    assert list_models(tmp_path) == ["mine"]
    card, codes = load_card(found[1]), load_codes(found[1])
    assert card["betas"] == [1.0]
    assert len(card["table"]) == 1
    assert codes.mu.shape == (1, 1797, 2)
    mu, _ = codes.at_beta(1.0)
    encoded = load_model(found[1]).encode(torch.from_numpy(load_dataset("digits").images), 1.0).loc
    assert np.abs(mu - encoded.detach().numpy()).max() < 0.01


def test_a_reference_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    shutil.copytree(CHECKPOINTS / "reference", tmp_path / "reference")
    shutil.copytree(CHECKPOINTS / "digits", tmp_path / "digits")
    (tmp_path / "reference" / "digits" / "beta-1" / "card.json").write_text("{}")
    assert len(list_references(tmp_path / "digits")) == 5
    with pytest.raises(CheckpointError):
        load_card(tmp_path / "reference" / "digits" / "beta-1")


def test_the_six_that_ship_are_the_shared_network_without_its_modulation() -> None:
    shared = load_card(CHECKPOINTS / "digits")
    references = [load_card(path) for path in list_references(CHECKPOINTS / "digits")]
    assert [card["betas"][0] for card in references] == [0, 0.1, 0.35, 1, 3.2, 8]
    for card in references:
        assert card["config"]["hidden"] == shared["config"]["hidden"]
        assert card["training"]["epochs"] == shared["training"]["epochs"]
        assert card["training"]["seed"] == shared["training"]["seed"]
        assert card["samples"] == shared["samples"]


def test_one_shared_network_comes_close_to_the_separate_ones_and_holds_up_better_where_they_overfit() -> None:
    curve = {point["beta"]: point for point in load_card(CHECKPOINTS / "digits")["curve"]}
    for path in list_references(CHECKPOINTS / "digits"):
        point = load_card(path)["curve"][0]
        beta = point["beta"]
        in_training, held_out = (loss(curve[beta][part], beta) - loss(point[part], beta) for part in ("train", "test"))
        assert in_training < 2, f"nats that sharing costs at beta {beta:g}"
        assert held_out < (0 if beta <= 1 else 0.7), f"nats that sharing costs on held-out samples at beta {beta:g}"


def loss(part: dict[str, float], beta: float) -> float:
    return part["distortion"] + beta * part["rate"]

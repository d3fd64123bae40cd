"""The network, against a forward pass written anew in NumPy and against torch.distributions."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vae_core import VAE, VAEConfig
from vae_core.config import beta_to_u

CONFIG = VAEConfig(input_shape=(3, 4), hidden=(7, 5), beta_max=6.0, beta_train_max=8.0)


def trained_like(seed: int = 0) -> VAE:
    """A model whose modulation does something: a fresh one has zero gain and shift."""
    model = VAE(CONFIG, seed=seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "gain" in name or "shift" in name:
                value.copy_(0.3 * torch.randn(value.shape, generator=generator))
    return model


def chebyshev(beta: float) -> NDArray[np.float64]:
    u = 2 * np.log((beta + 0.003) / 0.003) / np.log(8.003 / 0.003) - 1
    return np.array([np.cos(k * np.arccos(np.clip(u, -1, 1))) for k in (1, 2, 3)])


def forward(
    weights: dict[str, NDArray[np.float32]], part: str, x: NDArray[np.float64], beta: float
) -> NDArray[np.float64]:
    t = chebyshev(beta)
    layers = sorted({name.split(".")[1] for name in weights if name.startswith(part)})
    for i in layers:
        w = {key: weights[f"{part}.{i}.{key}"].astype(np.float64) for key in ("weight", "bias", "gain", "shift")}
        x = (x @ w["weight"] + w["bias"]) * (1 + t @ w["gain"]) + t @ w["shift"]
        if i != layers[-1]:
            x = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x


@pytest.mark.parametrize("beta", [0.0, 0.01, 1.0, 6.0])
def test_encode_is_what_the_formula_says(beta: float) -> None:
    model = trained_like()
    x = np.random.default_rng(0).random((9, 3, 4))
    heads = forward(model.weights(), "encoder", x.reshape(9, -1), beta)
    with torch.no_grad():
        posterior = model.encode(torch.tensor(x, dtype=torch.float32), beta=beta)
    assert np.allclose(posterior.loc.numpy(), heads[:, :2], atol=1e-5)
    assert np.allclose(posterior.scale.numpy(), np.exp(0.5 * heads[:, 2:]), rtol=1e-4)


@pytest.mark.parametrize("beta", [0.0, 0.3, 6.0])
def test_decode_is_what_the_formula_says_and_lies_between_0_and_1(beta: float) -> None:
    model = trained_like()
    z = np.random.default_rng(1).normal(size=(9, 2))
    expected = 1 / (1 + np.exp(-forward(model.weights(), "decoder", z, beta)))
    with torch.no_grad():
        images = model.decode(torch.tensor(z, dtype=torch.float32), beta=beta).numpy()
    assert images.shape == (9, 3, 4)
    assert np.allclose(images.reshape(9, -1), expected, atol=1e-5)
    assert images.min() >= 0
    assert images.max() <= 1


def test_every_sample_may_have_its_own_beta() -> None:
    model = trained_like()
    x = torch.rand(4, 3, 4, generator=torch.Generator().manual_seed(0))
    betas = torch.tensor([0.0, 0.5, 2.0, 6.0])
    with torch.no_grad():
        together = model.encode(x, beta=betas).loc
        one_by_one = torch.cat([model.encode(x[i : i + 1], beta=float(b)).loc for i, b in enumerate(betas)])
    assert torch.allclose(together, one_by_one, atol=1e-6)


def test_u_runs_from_minus_one_to_one() -> None:
    assert beta_to_u(0.0, CONFIG) == pytest.approx(-1)
    assert beta_to_u(CONFIG.beta_train_max, CONFIG) == pytest.approx(1)


def test_the_same_seed_gives_the_same_network_and_leaves_the_global_seed_alone() -> None:
    torch.manual_seed(123)
    before = torch.rand(1)
    torch.manual_seed(123)
    one, two = VAE(CONFIG, seed=5).weights(), VAE(CONFIG, seed=5).weights()
    assert torch.rand(1) == before
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not np.array_equal(one["encoder.0.weight"], VAE(CONFIG, seed=6).weights()["encoder.0.weight"])


def test_samples_and_points_of_another_shape_are_refused_with_both_shapes() -> None:
    model = VAE(CONFIG)
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(2, 5, 5\)"):
        model.encode(torch.zeros(2, 5, 5), beta=1.0)
    with pytest.raises(ValueError, match=r"2 dimensions.*\(2, 3\)"):
        model.decode(torch.zeros(2, 3), beta=1.0)

"""Conversion of other code's beta: checked against both losses written out, and against known cases."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from vae_core.config import VAEConfig
from vae_core.conventions import ERRORS, REDUCTIONS, Convention, to_beta
from vae_core.objectives import distortion, rate

SHAPE, LATENT, BATCH, SIGMA_X = (4, 5), 3, 6, 0.25


def other_loss(
    c: Convention, logits: torch.Tensor, x: torch.Tensor, mu: torch.Tensor, log_var: torch.Tensor
) -> torch.Tensor:
    """The other code's loss of one batch, written out as people write it."""
    x_hat = torch.sigmoid(logits)
    errors = {
        "squared": (x - x_hat) ** 2,
        "half squared": 0.5 * (x - x_hat) ** 2,
        "gaussian": -torch.distributions.Normal(x_hat, c.sigma_x).log_prob(x),
        "bernoulli": F.binary_cross_entropy_with_logits(logits, x, reduction="none"),
    }[c.error]
    kl = -0.5 * (1 + log_var - mu**2 - log_var.exp())
    reduce = {"sum": lambda t: t.sum(1).mean(), "mean": lambda t: t.mean(), "batch sum": lambda t: t.sum()}
    return c.reconstruction_weight * reduce[c.reconstruction](errors) + c.kl_weight * reduce[c.kl](kl)


@pytest.mark.parametrize(("reconstruction", "kl", "error"), list(itertools.product(REDUCTIONS, REDUCTIONS, ERRORS)))
def test_both_losses_have_the_same_direction_of_descent(reconstruction: str, kl: str, error: str) -> None:
    c = Convention(
        kl_weight=0.7, reconstruction_weight=1.3, reconstruction=reconstruction, kl=kl, error=error, sigma_x=0.4,
        batch=BATCH,
    )  # fmt: skip
    likelihood = "bernoulli" if error == "bernoulli" else "gaussian"
    config = VAEConfig(input_shape=SHAPE, latent_dim=LATENT, likelihood=likelihood, sigma_x=SIGMA_X)
    beta = to_beta(c, pixels=20, latent_dim=LATENT, likelihood=likelihood, sigma_x=SIGMA_X)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(BATCH, 20, generator=generator, dtype=torch.float64)
    values = [torch.randn(BATCH, n, generator=generator, dtype=torch.float64) for n in (20, LATENT, LATENT)]
    gradients = []
    for loss in (
        lambda logits, mu, log_var: other_loss(c, logits, x, mu, log_var),
        lambda logits, mu, log_var: (distortion(logits, x, config) + beta * rate(mu, log_var)).mean(),
    ):
        leaves = [value.clone().requires_grad_() for value in values]
        loss(*leaves).backward()
        gradients.append(torch.cat([leaf.grad.flatten() for leaf in leaves]))
    theirs, ours = gradients
    ratio = theirs @ ours / (ours @ ours)
    assert torch.allclose(theirs, ratio * ours, rtol=1e-6, atol=1e-9 * float(theirs.abs().max()))


def test_known_cases() -> None:
    digits = {"pixels": 64, "latent_dim": 2, "likelihood": "gaussian", "sigma_x": 0.25}
    assert to_beta(Convention(error="half squared"), **digits) == 16, "σ_x = 1"
    assert to_beta(Convention(error="gaussian", sigma_x=0.25), **digits) == 1
    assert to_beta(Convention(error="gaussian", sigma_x=0.25, reconstruction="mean"), **digits) == 64
    assert to_beta(Convention(error="gaussian", sigma_x=0.25, reconstruction="mean", kl="mean"), **digits) == 32
    assert to_beta(Convention(kl_weight=0, error="squared"), **digits) == 0


def test_a_squared_error_is_no_cross_entropy() -> None:
    with pytest.raises(ValueError, match="no factor makes the two equal"):
        to_beta(Convention(error="squared"), pixels=784, latent_dim=2, likelihood="bernoulli", sigma_x=0.25)
    with pytest.raises(ValueError, match="no factor makes the two equal"):
        to_beta(Convention(error="bernoulli"), pixels=64, latent_dim=2, likelihood="gaussian", sigma_x=0.25)


@pytest.mark.parametrize(
    "wrong",
    [{"error": "l1"}, {"kl": "max"}, {"kl_weight": -1.0}, {"sigma_x": 0.0}, {"batch": 0}, {"kl_weight": float("nan")}],
)
def test_a_convention_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected"):
        Convention(**wrong)

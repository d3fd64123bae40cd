"""The hand-written gradient against PyTorch's own, in double precision."""

import copy

import pytest
import torch

from vae_core import VAE, VAEConfig, distortion, elbo, rate
from vae_core.engine.backward import LossGradient
from vae_core.engine.flat import FlatWeights, contiguous

GROUPS, SAMPLES, PIXELS = 4, 6, 7


def network(**changes: object) -> VAE:
    """A network whose parameters, gains and shifts included, are far from zero."""
    config = VAEConfig(**{"input_shape": (PIXELS,), "beta_max": 16.0, "hidden": (9, 12), **changes})  # type: ignore[arg-type]
    model, generator = VAE(config, seed=1), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.3 * torch.randn(value.shape, generator=generator))
    return model


def batch(model: VAE) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Samples, a beta for each group, and noise."""
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(GROUPS * SAMPLES, PIXELS, generator=generator)
    beta = 16 * torch.rand(GROUPS, generator=generator)
    return x, beta, torch.randn(model.config.latent_dim, GROUPS * SAMPLES, generator=generator)


def by_hand(model: VAE, share: float = 1.0, rows: slice = slice(None)) -> LossGradient:
    """The loss and the gradient of the groups that rows picks."""
    x, beta, noise = batch(model)
    places = slice(*(SAMPLES * group for group in rows.indices(GROUPS)[:2]))
    loss = LossGradient(model, groups=len(beta[rows]), samples=SAMPLES, share=share)
    loss.x.copy_(x[places])
    loss.compute(beta[rows], model.features(beta[rows]), noise[:, places].contiguous())
    return loss


def by_autograd(model: VAE) -> tuple[torch.Tensor, torch.Tensor, VAE]:
    """Mean D and R, and the network with its gradients, all in double precision."""
    twin = copy.deepcopy(model).double()
    x, beta, noise = (value.double() for value in batch(model))
    beta = beta.repeat_interleave(SAMPLES)
    t = twin.features(beta)
    mu, log_var = twin.moments(x, t)
    logits = twin.logits(mu + noise.T * (0.5 * log_var).exp(), t)
    d, r = distortion(logits, x, twin.config), rate(mu, log_var)
    (-elbo(d, r, beta).mean()).backward()
    return d.mean(), r.mean(), twin


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
@pytest.mark.parametrize("degree", [0, 1, 3])
@pytest.mark.parametrize("hidden", [(16,), (9, 12), (8, 8, 8), (PIXELS, PIXELS)])
def test_loss_and_gradient_are_those_of_autograd(likelihood: str, degree: int, hidden: tuple[int, ...]) -> None:
    model = network(likelihood=likelihood, degree=degree, hidden=hidden)
    d, r, twin = by_autograd(model)
    loss = by_hand(model)
    assert loss.flat.terms[0].item() == pytest.approx(d.item(), rel=1e-5)
    assert loss.flat.terms[1].item() == pytest.approx(r.item(), rel=1e-5)
    found = loss.flat.named(loss.flat.gradient)
    for name, value in twin.named_parameters():
        if value.numel():
            assert value.grad is not None
            error = (found[name] - value.grad).norm() / value.grad.norm()
            assert error.item() < 1e-5, name


@pytest.mark.parametrize("latent_dim", [1, 5])
def test_the_gradient_is_right_for_other_numbers_of_latent_dimensions(latent_dim: int) -> None:
    model = network(latent_dim=latent_dim)
    _, _, twin = by_autograd(model)
    loss = by_hand(model)
    found = loss.flat.named(loss.flat.gradient)
    expected = {name: value.grad for name, value in twin.named_parameters()}
    for name, value in expected.items():
        assert value is not None
        assert torch.allclose(found[name].double(), value, rtol=1e-4, atol=1e-5), name


def test_the_gradients_of_two_processes_parts_add_up_to_that_of_the_whole_batch() -> None:
    whole = by_hand(network())
    parts = [by_hand(network(), share=0.5, rows=rows) for rows in (slice(0, 2), slice(2, 4))]
    total = parts[0].flat.sums + parts[1].flat.sums
    assert torch.allclose(total, whole.flat.sums, rtol=1e-4, atol=1e-6)


def test_the_parameters_become_views_of_one_vector_and_keep_their_values() -> None:
    model = network()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    flat = FlatWeights(model)
    assert flat.count == sum(value.numel() for value in before.values())
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())
    flat.values.zero_()
    assert all(not value.any() for value in model.parameters())


def test_a_copy_of_the_network_has_its_parameters_row_by_row_in_memory_of_its_own() -> None:
    model = network()
    flat = FlatWeights(model)
    twin = contiguous(copy.deepcopy(model))
    assert all(value.is_contiguous() for value in twin.parameters())
    expected = twin.weights()["encoder.2.weight"].copy()
    flat.values.zero_()
    assert (twin.weights()["encoder.2.weight"] == expected).all()


def test_a_saturated_pixel_has_a_finite_loss_and_gradient() -> None:
    model = network(likelihood="bernoulli")
    with torch.no_grad():
        model.get_parameter("decoder.2.bias").fill_(60.0)
    loss = by_hand(model)
    d, _, _ = by_autograd(model)
    assert torch.isfinite(loss.flat.sums).all()
    assert loss.flat.terms[0].item() == pytest.approx(d.item(), rel=1e-5)

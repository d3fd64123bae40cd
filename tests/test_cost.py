"""What a training costs, against the network itself and PyTorch's own count of operations."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from vae_core import VAE, VAEConfig, cost

NETWORKS = [
    VAEConfig(input_shape=(8, 8), hidden=(16,), degree=0, beta_max=1.0, beta_train_max=1.0),
    VAEConfig(input_shape=(5, 4, 3), hidden=(32, 24), latent_dim=3, degree=0, beta_max=1.0, beta_train_max=1.0),
]


@pytest.mark.parametrize("config", [*NETWORKS, VAEConfig(input_shape=(28, 28)), VAEConfig(input_shape=(13,), degree=5)])
def test_parameters_are_those_of_the_network(config: VAEConfig) -> None:
    assert cost.parameters(config) == sum(value.numel() for value in VAE(config).parameters())


@pytest.mark.parametrize("config", NETWORKS)
def test_operations_are_those_that_pytorch_counts_forward_and_backward(config: VAEConfig) -> None:
    model, x = VAE(config), torch.rand(7, config.pixels)
    with FlopCounterMode(display=False) as counter:
        t = model.features(torch.ones(7))
        mu, log_var = model.moments(x, t)
        (model.logits(mu, t).sum() + log_var.sum()).backward()
    assert counter.get_total_flops() == 7 * cost.flops_per_sample(config)


def test_an_epoch_takes_longer_with_more_samples_a_larger_network_and_a_slower_machine() -> None:
    small = VAEConfig(input_shape=(8, 8))
    large = replace(small, hidden=(512, 512, 512))
    base = cost.seconds_per_epoch(small, 1000, flops=1e10)
    assert cost.seconds_per_epoch(small, 5000, flops=1e10) == pytest.approx(5 * base)
    assert cost.seconds_per_epoch(small, 1000, flops=5e9) == pytest.approx(2 * base)
    assert cost.seconds_per_epoch(large, 1000, flops=1e10) > 4 * base


def test_the_machine_is_measured_once() -> None:
    first = cost.machine_flops()
    assert 1e8 < first < 1e13
    assert cost.machine_flops() == first


def test_asking_for_the_cost_does_not_import_torch() -> None:
    program = (
        "import sys; from vae_core import cost; from vae_core.config import VAEConfig; "
        "cost.seconds_per_epoch(VAEConfig(input_shape=(8, 8)), 10); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

"""Samples per second in training: this project's loop beside a plain DataLoader loop of the same network and loss."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from common import machine, report
from torch.utils.data import DataLoader, TensorDataset

from vae_core import VAE, Dataset, TrainConfig, VAEConfig, load_dataset, train
from vae_core.objectives import distortion, rate
from vae_core.training import draw_betas

RUNS = 15  # counted runs of each loop, after one that is not
EPOCHS = 5
TARGET = 1.5

Loop = Callable[[Dataset, VAEConfig, TrainConfig], int]


def ours(data: Dataset, config: VAEConfig, options: TrainConfig) -> int:
    """Train by `vae_core.train`; returns the number of samples seen."""
    last = list(train(data, config, options=options))[-1]
    return last.step * options.batch


def plain(data: Dataset, config: VAEConfig, options: TrainConfig) -> int:
    """Train by the usual loop: DataLoader, Adam as it comes, a beta per sample, .item() each step."""
    generator = torch.Generator().manual_seed(0)
    images = TensorDataset(torch.from_numpy(data.train_images))
    loader = DataLoader(images, options.batch, shuffle=True, drop_last=True, generator=generator)
    model = VAE(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    seen, total = 0, 0.0
    for _ in range(options.epochs):
        for (x,) in loader:
            beta = draw_betas(len(x), config, options.uniform_share, generator)
            t = model.features(beta)
            flat = x.flatten(1)
            mu, log_var = model.moments(flat, t)
            z = mu + torch.randn(mu.shape, generator=generator) * (0.5 * log_var).exp()
            loss = (distortion(model.logits(z, t), flat, config) + beta * rate(mu, log_var)).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), options.clip_norm)
            optimizer.step()
            total += loss.item()
            seen += len(x)
    return seen


def speeds(loop: Loop, data: Dataset, config: VAEConfig, options: TrainConfig) -> tuple[float, float]:
    """Samples per second, and per second of processor time, which other programs hardly change."""
    wall, processor = time.perf_counter(), time.process_time()
    seen = loop(data, config, options)
    return seen / (time.perf_counter() - wall), seen / (time.process_time() - processor)


def main() -> None:
    torch.set_num_threads(1)
    data = load_dataset("digits")
    config = VAEConfig(input_shape=data.input_shape)
    options = TrainConfig(epochs=EPOCHS)
    loops: dict[str, Loop] = {"plain DataLoader loop": plain, "ours": ours}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in loops}
    for run in range(RUNS + 1):
        for name, loop in loops.items():
            measured = speeds(loop, data, config, options)
            if run:  # the first one warms up
                found[name].append(measured)
    wall = {name: statistics.median(value for value, _ in values) for name, values in found.items()}
    processor = {name: statistics.median(value for _, value in values) for name, values in found.items()}
    base, processor_base = (speed["plain DataLoader loop"] for speed in (wall, processor))
    rows = "\n".join(
        f"| {name} | {wall[name]:,.0f} | {min(found[name])[0]:,.0f} to {max(found[name])[0]:,.0f} "
        f"| {wall[name] / base:.2f} | {processor[name]:,.0f} | {processor[name] / processor_base:.2f} |"
        for name in found
    )
    hidden = "-".join(str(width) for width in config.hidden)
    text = f"""# Training throughput

{machine()}, PyTorch {torch.__version__}, 1 thread.
Digits, hidden layers {hidden}, batch {options.batch}; medians of {RUNS} runs of {EPOCHS} epochs each, taken in turn.
Both loops have the same network, loss, distribution of beta and gradient clipping. The plain one draws a beta for
every sample, ours {options.groups} betas a batch. Target: {TARGET} times.

| loop | samples/s | range | times the plain one | samples per CPU second | times the plain one |
|---|--:|--:|--:|--:|--:|
{rows}
"""
    report("training", text)


if __name__ == "__main__":
    main()

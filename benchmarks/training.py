"""Samples per second in training: ours beside a plain DataLoader loop of the same network, and the matrix products."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from common import machine, report
from torch.utils.data import DataLoader, TensorDataset

from vae_core import VAE, Dataset, TrainConfig, VAEConfig, cost, load_dataset, train
from vae_core.objectives import distortion, rate
from vae_core.recipes import RECIPES
from vae_core.training import draw_betas

TARGET, SHARE_TARGET = 2.0, 0.5
PLAIN, OURS, PRODUCTS = "plain DataLoader loop", "ours", "matrix products alone"


@dataclass(frozen=True)
class Case:
    """A network, data of its size, and how long and how often it is timed."""

    title: str
    data: Dataset
    config: VAEConfig
    options: TrainConfig
    runs: int


Loop = Callable[[Case], int]


def ours(case: Case) -> int:
    """Train by `vae_core.train`; returns the number of samples seen."""
    *_, last = train(case.data, case.config, options=case.options)
    return last.step * case.options.batch


def plain(case: Case) -> int:
    """Train by the usual loop: DataLoader, Adam as it comes, a beta per sample, .item() each step."""
    config, options = case.config, case.options
    generator = torch.Generator().manual_seed(0)
    images = TensorDataset(torch.from_numpy(case.data.train_images))
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


@torch.inference_mode()
def products(case: Case) -> int:
    """Nothing but the matrix products of our training, into buffers, in their order and layout."""
    batch, steps = case.options.batch, case.options.epochs * (len(case.data.images) // case.options.batch)
    sizes = cost.layers(case.config)
    head = len(case.config.hidden)
    layers = []
    for number, (inputs, outputs) in enumerate(sizes):
        h, y, weight = torch.randn(batch, inputs), torch.randn(batch, outputs), torch.randn(inputs, outputs)
        if number == head:  # few outputs: fast this way only
            layers.append((weight.t().contiguous(), h.t(), y.t().contiguous(), h, True))
        else:
            layers.append((h, weight, y, weight.t(), number > 0))
    made = [(torch.empty(i, o), torch.empty(o, i), torch.empty(batch, i)) for i, o in sizes]
    for _ in range(steps):
        for number, (left, right, out, other, down) in enumerate(layers):
            gradient, turned, d_h = made[number]
            torch.mm(left, right, out=out)
            if number == head:
                torch.mm(out, other, out=turned)
                torch.mm(out.t(), left, out=d_h)
                continue
            torch.mm(left.t(), out, out=gradient)
            if down:
                torch.mm(out, other, out=d_h)
    return steps * batch


LOOPS: dict[str, Loop] = {PLAIN: plain, OURS: ours, PRODUCTS: products}


def cases() -> list[Case]:
    """The digits' network, and the one for 28 x 28 pixels on noise: the speed does not depend on what is drawn."""
    digits = load_dataset("digits")
    digits = replace(digits, images=digits.train_images, test=np.zeros(len(digits.train_images), bool))
    pixels = np.random.default_rng(0).random((4096, 28, 28), np.float32)
    noise = replace(digits, images=pixels, test=np.zeros(len(pixels), bool), labels=np.zeros(len(pixels), np.int64))
    large = RECIPES["mnist"]
    return [
        Case("Digits", digits, VAEConfig(input_shape=(8, 8)), TrainConfig(epochs=25), 15),
        Case("28 x 28 pixels", noise, large.config((28, 28), 32.0), replace(large.options, epochs=1), 9),
    ]


def speeds(loop: Loop, case: Case) -> tuple[float, float]:
    """Samples per second, and per second of processor time, which other programs change less."""
    wall, processor = time.perf_counter(), time.process_time()
    seen = loop(case)
    return seen / (time.perf_counter() - wall), seen / (time.process_time() - processor)


def table(case: Case) -> str:
    """One line a loop; all are timed in turn."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in LOOPS}
    for run in range(case.runs + 1):
        for name, loop in LOOPS.items():
            measured = speeds(loop, case)
            if run:  # the first one warms up
                found[name].append(measured)
    wall, processor = (
        {name: statistics.median(values[k] for values in runs) for name, runs in found.items()} for k in (0, 1)
    )
    rows = "\n".join(
        f"| {name} | {wall[name]:,.0f} | {min(found[name])[0]:,.0f} to {max(found[name])[0]:,.0f} "
        f"| {_ratios(wall, name)} | {processor[name]:,.0f} | {_ratios(processor, name)} |"
        for name in found
    )
    hidden, runs = "-".join(map(str, case.config.hidden)), f"medians of {case.runs} runs, in turn"
    flops = cost.flops_per_sample(case.config)
    rates = [speed[PRODUCTS] * flops / 1e9 for speed in (wall, processor)]
    outputs = sum(width for _, width in cost.layers(case.config))
    extra = (processor[PRODUCTS] / processor[OURS] - 1) * flops / outputs
    return f"""## {case.title}

Hidden layers {hidden}, batch {case.options.batch}, {case.config.likelihood}; {runs}.
The matrix products are {flops:,} floating-point operations a sample: {rates[0]:.1f} GFLOP/s at these sizes,
{rates[1]:.1f} per CPU second. All else takes as long as {extra:.0f} of them for each output of a layer.

| loop | samples/s | range | times plain | of products | samples per CPU second | times plain | of products |
|---|--:|--:|--:|--:|--:|--:|--:|
{rows}
"""


def _ratios(speed: dict[str, float], name: str) -> str:
    return f"{speed[name] / speed[PLAIN]:.2f} | {speed[name] / speed[PRODUCTS]:.0%}"


def main() -> None:
    torch.set_num_threads(1)
    text = f"""# Training throughput

{machine()}, PyTorch {torch.__version__}, 1 thread.
Both loops have the same network, loss, distribution of beta and gradient clipping. The plain one draws a beta for every
sample, ours 16 betas a batch. "Of products" is the share of the speed that the matrix products of the same training
would have alone. Targets: {TARGET:g} times the plain loop, {SHARE_TARGET:.0%} of the products.

"""
    report("training", text + "\n".join(table(case) for case in cases()))


if __name__ == "__main__":
    main()

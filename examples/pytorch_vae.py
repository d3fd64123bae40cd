"""A VAE written by hand in PyTorch, trained on scikit-learn's digits in seconds, as a model of the explorer.

    python examples/pytorch_vae.py
    streamlit run app.py

Replace `ConvVAE` and `train` by your own: `export` needs a function from images to (mu, log_var) and one from z to
images. The loss here is summed over pixels and over latent dimensions, so that beta is what the explorer means by it.
"""

import argparse
import math
from pathlib import Path

import torch
from torch import Tensor, nn

from vae_core import export, load_dataset

SIGMA_X = 0.25  # the standard deviation of a pixel around its mean


class ConvVAE(nn.Module):
    """Images [n, 1, 8, 8] in [0, 1] to codes of `latent` dimensions and back."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.SiLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.SiLU(),
            nn.Flatten(), nn.Linear(128, 96), nn.SiLU(), nn.Linear(96, 2 * latent),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(latent, 96), nn.SiLU(), nn.Linear(96, 128), nn.SiLU(), nn.Unflatten(1, (32, 2, 2)),
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.BatchNorm2d(16), nn.SiLU(),
            nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1), nn.Sigmoid(),
        )  # fmt: skip

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        return mu, log_var

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)

    def loss(self, x: Tensor, beta: float) -> Tensor:
        """D + beta R in nats per sample."""
        mu, log_var = self.encode(x)
        z = mu + (log_var / 2).exp() * torch.randn_like(mu)
        constant = x[0].numel() * math.log(SIGMA_X * math.sqrt(2 * math.pi))
        distortion = (self.decode(z) - x).square().flatten(1).sum(1) / (2 * SIGMA_X**2) + constant
        rate = 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(1)
        return (distortion + beta * rate).mean()


def train(images: Tensor, latent: int, epochs: int, beta: float) -> ConvVAE:
    torch.manual_seed(0)
    model = ConvVAE(latent)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            loss = model.loss(images[batch], beta)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}/{epochs}: {loss.item():.1f} nats in the last batch")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latent", type=int, default=2, help="latent dimensions (2)")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--beta", type=float, default=1.0)
    parser.add_argument("--out", type=Path, help="write to OUT/my-pytorch-vae (where the app keeps models)")
    options = parser.parse_args()

    data = load_dataset("digits")  # any array will do: images, and labels where there are some
    images = torch.from_numpy(data.images).unsqueeze(1)
    model = train(images[torch.from_numpy(~data.test)], options.latent, options.epochs, options.beta)
    export(
        model.encode,
        model.decode,
        images,
        data.labels,
        test=data.test,
        name="my-pytorch-vae",
        title="My PyTorch VAE",
        beta=options.beta,
        sigma_x=SIGMA_X,
        out=options.out,
        replace=True,
    )


if __name__ == "__main__":
    main()

"""A VAE that pythae trains and saves, as a model of the explorer. Needs pythae: pip install pythae.

    python examples/pythae_vae.py
    streamlit run app.py

A model that is saved already needs no script, and mostly not even pythae:

    python -m vae_core import pythae FOLDER --data digits --name my-pythae-vae
"""

import argparse
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from pythae.models import BetaVAE, BetaVAEConfig
from pythae.pipelines import TrainingPipeline
from pythae.trainers import BaseTrainerConfig

from vae_core import export, load_dataset


def train(images: torch.Tensor, latent: int, epochs: int, beta: float, folder: Path) -> BetaVAE:
    """pythae's own training, which saves its models in `folder`; images [N, 1, 8, 8] in [0, 1]."""
    logging.getLogger("pythae").setLevel(logging.ERROR)
    torch.manual_seed(0)
    config = BetaVAEConfig(input_dim=tuple(images.shape[1:]), latent_dim=latent, beta=beta, reconstruction_loss="mse")
    steps = BaseTrainerConfig(str(folder), num_epochs=epochs, learning_rate=3e-3, per_device_train_batch_size=64)
    model = BetaVAE(config)
    TrainingPipeline(training_config=steps, model=model)(images)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latent", type=int, default=2, help="latent dimensions (2)")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--out", type=Path, help="write to OUT/my-pythae-vae (where the app keeps models)")
    options = parser.parse_args()

    data = load_dataset("digits")
    images = torch.from_numpy(data.images).unsqueeze(1)
    with TemporaryDirectory() as folder:
        model = train(images[torch.from_numpy(~data.test)], options.latent, options.epochs, options.beta, Path(folder))
    # pythae's squared error, half of it summed over pixels, is that of Gaussian pixels with sigma_x = 1.
    export(
        model.encoder,
        model.decoder,
        images,
        data.labels,
        test=data.test,
        name="my-pythae-vae",
        title="My pythae VAE",
        beta=options.beta,
        sigma_x=1.0,
        source="pythae",
        described=f"BetaVAE of pythae, beta {options.beta:g}",
        out=options.out,
        replace=True,
    )


if __name__ == "__main__":
    main()

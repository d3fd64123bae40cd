"""VAEs that pythae trains and saves, on scikit-learn's digits: a few seconds for all of them."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from vae_core import load_dataset

EPOCHS = 8


@cache
def trained(latent_dim: int) -> tuple[Any, Path]:
    """A pythae VAE of the digits and the folder that pythae's own pipeline saved it to."""
    import torch
    from pythae.models import VAE, VAEConfig
    from pythae.pipelines import TrainingPipeline
    from pythae.trainers import BaseTrainerConfig

    logging.getLogger("pythae").setLevel(logging.ERROR)
    torch.manual_seed(latent_dim)
    model = VAE(VAEConfig(input_dim=(1, 8, 8), latent_dim=latent_dim, reconstruction_loss="bce"))
    out = Path(mkdtemp(prefix="pythae-"))
    options = BaseTrainerConfig(
        output_dir=str(out), num_epochs=EPOCHS, learning_rate=2e-3, per_device_train_batch_size=128, no_cuda=True
    )
    images = load_dataset("digits").images[:, None].astype(np.float32)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a second one waits where a core is busy
    TrainingPipeline(model=model, training_config=options)(train_data=images)
    torch.set_num_threads(threads)
    (folder,) = out.glob("*/final_model")
    return VAE.load_from_folder(str(folder)).eval(), folder  # the best of its epochs, as it saved it

"""Encoder and decoder as two functions over NumPy arrays, of whatever framework: here of none at all.

    python examples/numpy_vae.py --explore

writes the model and opens the app from this very process: no file holds a decoder that is plain Python, so it is asked
where it lives. Without --explore, `streamlit run app.py` shows blended pictures in its place.

The weights are those of a linear VAE, whose best encoder and decoder are known in closed form (Lucas et al. 2019): the
principal components of the data, each shrunk by the noise. With Keras the two functions would be

    encode=lambda x: encoder.predict(x, verbose=0)[:2]     # z_mean, z_log_var
    decode=lambda z: decoder.predict(z, verbose=0)
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_core import explore, export, load_dataset

SIGMA_X = 0.25  # the standard deviation of a pixel around its mean

Array = NDArray[np.floating]


def linear_vae(
    rows: Array, latent: int, beta: float
) -> tuple[Callable[[Array], tuple[Array, Array]], Callable[[Array], Array]]:
    """The best linear encoder and decoder for rows [N, pixels]: functions from x to (mu, log_var) and from z to x."""
    mean = rows.mean(axis=0)
    noise = beta * SIGMA_X**2
    variances, directions = np.linalg.eigh(np.cov(rows.T))
    variances, directions = variances[::-1][:latent], directions[:, ::-1][:, :latent]
    scale = np.sqrt(np.maximum(variances - noise, 0))  # a direction that varies by less than the noise is not used
    weight = scale * directions
    log_var = np.log(noise / (scale**2 + noise))

    def encode(x: Array) -> tuple[Array, Array]:
        mu = (x.reshape(len(x), -1) - mean) @ weight / (scale**2 + noise)
        return mu, np.broadcast_to(log_var, mu.shape)

    def decode(z: Array) -> Array:
        return (mean + z @ weight.T).reshape(len(z), 8, 8)

    return encode, decode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latent", type=int, default=10, help="latent dimensions (10)")
    parser.add_argument("--beta", type=float, default=1.0)
    parser.add_argument("--out", type=Path, help="write to OUT/my-numpy-vae (where the app keeps models)")
    parser.add_argument("--explore", action="store_true", help="open the app, until Ctrl-C")
    options = parser.parse_args()

    data = load_dataset("digits")
    encode, decode = linear_vae(data.train_images.reshape(-1, 64), options.latent, options.beta)
    folder = export(
        encode,
        decode,
        data.images,
        np.array([f"digit {label}" for label in data.labels]),
        test=data.test,
        name="my-numpy-vae",
        title="My linear VAE",
        beta=options.beta,
        sigma_x=SIGMA_X,
        out=options.out,
        replace=True,
    )
    if options.explore:
        explore(folder)


if __name__ == "__main__":
    main()

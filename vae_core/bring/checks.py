"""Is this a VAE, and are its outputs what they are said to be? Looked at on a few samples, before anything is encoded.

The second output of an encoder says how wide each Gaussian is, but not how: as log σ², log σ, σ² or σ. A wrong reading
shows in what comes back: draws z = μ + σ·ε decode to the sample they came from only where σ is the encoder's own. The
encoder was trained to make D + βR small, so that the right reading has the smallest one; and where draws are encoded
again, their means spread by about σ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import READINGS, Decoder, Encoder, Floats
from vae_core.bring.errors import ImportRefused
from vae_core.bring.measure import Likelihood, rates

DRAWS = 4
LARGEST_LOG_VAR = 80.0  # of a log-variance: σ is 2e17 there, and its square leaves float32 soon
CONSTANT = 1e-6  # of the range of a decoder's outputs: no picture differs by less
COLLAPSED = 0.1  # nats: below, the encoder tells nothing either
CLEARLY = 0.05  # of the loss: by less no reading is better than another
SAME_AGAIN = 1e-3


@dataclass(frozen=True)
class Findings:
    """What the first look says. warnings: sentences for the person, none of which forbids anything."""

    latent_dim: int
    reading: str
    warnings: tuple[str, ...]


def sigma_of(second: Floats, reading: str) -> Floats:
    """σ from an encoder's second output. Raises ImportRefused where that cannot be read so."""
    _check_finite(second, "encoder")
    if reading in ("variance", "sigma"):
        if (second <= 0).any():
            said = "variances" if reading == "variance" else "standard deviations"
            raise ImportRefused(
                f"expected {said}, which are positive, got numbers down to {second.min():g}; they are logarithms if"
                ' anything: say variance="log_var"'
            )
        return np.sqrt(second) if reading == "variance" else second
    log_var = second if reading == "log_var" else 2 * second
    if log_var.max() > LARGEST_LOG_VAR:
        raise ImportRefused(
            f"expected log-variances whose σ is a number that can be drawn, got {log_var.max():g}: σ ="
            f" exp({log_var.max() / 2:g}) overflows"
        )
    sigma: Floats = np.exp(log_var / 2).astype(np.float32)
    return sigma


def look(
    encoder: Encoder,
    decoder: Decoder,
    batch: Any,
    target: Floats,
    *,
    reading: str | None,
    beta: float,
    likelihood: Likelihood,
    to_unit: Callable[[Floats], Floats],
    encode_again: Callable[[Floats], Any],
) -> Findings:
    """Encode and decode a few samples and compare. target [n, values] in [0, 1]: what should come back.

    to_unit: the decoder's output as values in [0, 1]. encode_again: such values as the encoder takes them. Raises
    ImportRefused, one sentence, where this is no VAE of these data.
    """
    mu, second = encoder(batch)
    _check_finite(mu, "encoder")
    d = mu.shape[1]
    if d < 2:
        raise ImportRefused(f"expected at least 2 latent dimensions, got {d}")
    said = reading or encoder.reading
    if said is not None and said not in READINGS:
        raise ImportRefused(f"variance: expected one of {', '.join(READINGS)}, got {said!r}")
    sigma = sigma_of(second, said or "log_var")
    warnings = []
    if np.abs(encoder(batch)[0] - mu).max() > SAME_AGAIN * (1 + np.abs(mu).max()):
        warnings.append("the encoder gives another mean each time: does it draw z itself, or is dropout on?")
    _check_decoder(decoder, mu, sigma, target, d)
    losses = {
        other: _loss(decoder, mu, sigma_of(second, other), target, beta, likelihood, to_unit)
        for other in READINGS
        if other in ("log_var", "log_sigma") or (second > 0).all()
    }
    warnings += _doubts(said, losses, second, decoder, encoder, mu, to_unit, encode_again)
    return Findings(d, said or "log_var", tuple(warnings))


def _check_decoder(decoder: Decoder, mu: Floats, sigma: Floats, target: Floats, d: int) -> None:
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.standard_normal((16, d)).astype(np.float32), mu[:16]])
    out = decoder(z)
    _check_finite(out, "decoder")
    if out.shape[1] != target.shape[1]:
        raise ImportRefused(
            f"expected the decoder to give back {target.shape[1]} numbers per sample, as many as the data have, got"
            f" {out.shape[1]}"
        )
    if np.ptp(out, axis=0).max() <= CONSTANT * max(1.0, float(np.abs(out).max())):
        rate = float(rates(mu, sigma).mean())
        if rate > COLLAPSED:
            raise ImportRefused(
                "your decoder gives the same output everywhere: posterior collapse? (the encoder still tells"
                f" {rate:.2f} nats per sample, which the decoder does not use)"
            )


def _loss(
    decoder: Decoder,
    mu: Floats,
    sigma: Floats,
    target: Floats,
    beta: float,
    likelihood: Likelihood,
    to_unit: Callable[[Floats], Floats],
) -> float:
    """D + βR per sample, of DRAWS draws each; infinite where a σ is too large to be drawn."""
    rng = np.random.default_rng(1)
    found = 0.0
    for _ in range(DRAWS):
        z: Floats = (mu + np.minimum(sigma, 1e6) * rng.standard_normal(mu.shape)).astype(np.float32)
        found += float(likelihood.distortion(to_unit(decoder(z)), target).mean()) / DRAWS
    return found + beta * float(rates(mu, sigma).mean())


def _doubts(
    said: str | None,
    losses: dict[str, float],
    second: Floats,
    decoder: Decoder,
    encoder: Encoder,
    mu: Floats,
    to_unit: Callable[[Floats], Floats],
    encode_again: Callable[[Floats], Any],
) -> list[str]:
    asked = said or "log_var"
    best = min(losses, key=lambda reading: losses[reading])
    clear = losses[asked] - losses[best] > CLEARLY * max(abs(losses[asked]), abs(losses[best]), 1.0)
    if best == asked or not clear:
        return []
    spread = _spread(decoder, encoder, mu, sigma_of(second, asked), to_unit, encode_again)
    seen = (
        f"draws of z with σ read as {asked} come back with D + βR = {losses[asked]:.1f} nats, read as {best} with"
        f" {losses[best]:.1f}{spread}"
    )
    if said is None and (second > 0).all() and best in ("sigma", "variance"):
        # Read as log σ², every Gaussian would be wider than the prior, which no KL term allows.
        raise ImportRefused(
            f"expected log-variances, got numbers from {second.min():.3g} to {second.max():.3g} that look like"
            f' {"σ" if best == "sigma" else "σ²"} ({seen}); say variance="{best}", or variance="log_var" if they are'
        )
    return [f'is the encoder\'s second output really {asked}? {seen}; variance="{best}" reads it so']


def _spread(
    decoder: Decoder,
    encoder: Encoder,
    mu: Floats,
    sigma: Floats,
    to_unit: Callable[[Floats], Floats],
    encode_again: Callable[[Floats], Any],
) -> str:
    """How far draws of one sample lie apart when they are encoded again, beside σ; "" where that cannot be done."""
    rng = np.random.default_rng(2)
    z = mu[:8, None] + sigma[:8, None] * rng.standard_normal((min(8, len(mu)), 16, mu.shape[1]), np.float32)
    try:
        again, _ = encoder(encode_again(to_unit(decoder(z.reshape(-1, mu.shape[1])))))
    except ImportRefused:
        return ""
    found = float(again.reshape(z.shape).std(axis=1).mean())
    return f", and encoded again they spread by {found:.2g} where σ would be {float(sigma[:8].mean()):.2g}"


def _check_finite(values: NDArray[np.float32], whose: str) -> None:
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise ImportRefused(
            f"expected finite outputs of the {whose}, got NaN or infinity in {wrong:,} of {values.size:,} numbers"
        )

"""Is this a VAE, and are its outputs what they are said to be? Looked at on a few samples, before anything is encoded.

The second output of an encoder says how wide each Gaussian is, but not how: as log σ², log σ, σ² or σ. A wrong reading
shows in what comes back: draws z = μ + σ·ε decode to the sample they came from only where σ is the encoder's own. The
encoder was trained to make D + βR small, so that the right reading has the smallest one, if β and σ_x are said rightly.
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

DRAWS = 2
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
    check_finite(second, "encoder")
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
    codes: tuple[Floats, Floats],
    target: Floats,
    *,
    reading: str | None,
    beta: float,
    likelihood: Likelihood,
    to_unit: Callable[[Floats], Floats],
    encode_again: Callable[[Floats], Any],
) -> Findings:
    """Decode a few samples and compare. codes: what encoder said of batch; target [n, values] in [0, 1]: what should
    come back.

    to_unit: the decoder's output as values in [0, 1]. encode_again: such values as the encoder takes them. Raises
    ImportRefused, one sentence, where this is no VAE of these data.
    """
    mu, second = codes
    said = reading or encoder.reading
    if said is not None and said not in READINGS:
        raise ImportRefused(f"variance: expected one of {', '.join(READINGS)}, got {said!r}")
    sigma = sigma_of(second, said or "log_var")
    warnings = []
    if np.abs(encoder(batch)[0] - mu).max() > SAME_AGAIN * (1 + np.abs(mu).max()):
        warnings.append("the encoder gives another mean each time: does it draw z itself, or is dropout on?")
    warnings += _check_decoder(decoder, mu, sigma)
    if said is None:
        readings = ("log_var", "log_sigma", *(("variance", "sigma") if (second > 0).all() else ()))
        sigmas = {other: _any_sigma(second, other) for other in readings}
        losses = _losses(decoder, mu, sigmas, target, beta, likelihood, to_unit)
        _check_not_positive(mu, second, losses)
        warnings += _doubts(losses, sigma, decoder, encoder, mu, to_unit, encode_again)
    return Findings(mu.shape[1], said or "log_var", tuple(warnings))


def check_output(out: Floats, target: Floats) -> None:
    """Raise ImportRefused where a decoder's output is not finite or of another size than samples [n, values]."""
    check_finite(out, "decoder")
    if out.shape[1] != target.shape[1]:
        raise ImportRefused(
            f"expected the decoder to give back {target.shape[1]} numbers per sample, as many as the data have, got"
            f" {out.shape[1]}"
        )


def _check_decoder(decoder: Decoder, mu: Floats, sigma: Floats) -> list[str]:
    """A warning where encoder and decoder have collapsed both: such a model is worth looking at.

    Raises ImportRefused where the decoder alone tells nothing: then it is more likely not the trained one.
    """
    z = np.random.default_rng(0).standard_normal((16, mu.shape[1])).astype(np.float32)
    out = decoder(np.concatenate([z, mu[:16]]))
    check_finite(out, "decoder")
    if np.ptp(out, axis=0).max() > CONSTANT * max(1.0, float(np.abs(out).max())):
        return []
    rate = float(rates(mu, sigma).mean())
    if rate > COLLAPSED:
        raise ImportRefused(
            "your decoder gives the same output everywhere: posterior collapse? (the encoder still tells"
            f" {rate:.2f} nats per sample, which the decoder does not use: is it the trained one?)"
        )
    return ["the decoder gives the same output everywhere and the encoder tells nothing: posterior collapse"]


def _losses(
    decoder: Decoder,
    mu: Floats,
    sigmas: dict[str, Floats],
    target: Floats,
    beta: float,
    likelihood: Likelihood,
    to_unit: Callable[[Floats], Floats],
) -> dict[str, float]:
    """D + βR per sample for each way to read σ, of DRAWS draws each, with the same noise for all."""
    noise = np.random.default_rng(1).standard_normal((DRAWS, *mu.shape), np.float32)
    z = np.stack([mu + np.minimum(sigma, 1e6) * noise for sigma in sigmas.values()]).astype(np.float32)
    decoded = to_unit(decoder(z.reshape(-1, mu.shape[1]))).reshape(len(sigmas), -1, target.shape[1])
    again = np.tile(target, (DRAWS, 1))
    return {
        reading: float(likelihood.distortion(part, again).mean()) + beta * float(rates(mu, sigma).mean())
        for (reading, sigma), part in zip(sigmas.items(), decoded, strict=True)
    }


def _any_sigma(second: Floats, reading: str) -> Floats:
    """σ under a reading that may be a wrong one."""
    return sigma_of(np.minimum(second, np.float32(LARGEST_LOG_VAR / 2)), reading)


def _check_not_positive(mu: Floats, second: Floats, losses: dict[str, float]) -> None:
    """Raise ImportRefused where log-variances are all above 0: wider than the prior, which no KL term allows.

    Where the encoder has collapsed they may be, by very little.
    """
    if not (second > 0).all() or float(rates(mu, _any_sigma(second, "log_var")).mean()) <= COLLAPSED:
        return
    read = ", ".join(f"{losses[reading]:.1f} as {reading}" for reading in ("log_var", "sigma", "variance"))
    raise ImportRefused(
        f"expected log-variances, got numbers from {second.min():.3g} to {second.max():.3g}, all above 0, which look"
        f' like σ or σ²: say variance="sigma" or variance="variance", or variance="log_var" if they are (draws of z'
        f" come back with D + βR = {read}, in nats)"
    )


def _doubts(
    losses: dict[str, float],
    sigma: Floats,
    decoder: Decoder,
    encoder: Encoder,
    mu: Floats,
    to_unit: Callable[[Floats], Floats],
    encode_again: Callable[[Floats], Any],
) -> list[str]:
    """A warning where the loss is clearly smaller with second outputs that are log σ, not log σ²."""
    log_var, log_sigma = losses["log_var"], losses["log_sigma"]
    if log_var - log_sigma <= CLEARLY * max(abs(log_var), abs(log_sigma), 1.0):
        return []
    spread = _spread(decoder, encoder, mu, sigma, to_unit, encode_again)
    return [
        "is the encoder's second output really log σ²? Draws of z come back with D + βR ="
        f" {log_var:.1f} nats if so, and with {log_sigma:.1f} if it is log σ{spread}; either say"
        ' variance="log_sigma", or beta and sigma_x are not those of the training'
    ]


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
    return f" (encoded again they spread by {found:.2g} where σ would be {float(sigma[:8].mean()):.2g})"


def check_finite(values: NDArray[np.float32], whose: str) -> None:
    """Raise ImportRefused where an output, the "encoder"'s or the "decoder"'s, holds NaN or infinity."""
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise ImportRefused(
            f"expected finite outputs of the {whose}, got NaN or infinity in {wrong:,} of {values.size:,} numbers"
        )

"""How somebody's decoder is kept: as a chain that the browser runs, else as a graph and as pictures of a few planes."""

from __future__ import annotations

import importlib.util
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import Decoder, Floats, image_of
from vae_core.bring.chain_builder import extended
from vae_core.bring.samples import Samples
from vae_core.checkpoints import Grid, StoredDecoder
from vae_core.layers import Chain
from vae_core.projection import Plane, dimension_table, principal_plane, ranked

SIDE, MOST_GRID_BYTES = 33, 8_000_000  # points along a side of a grid of decodes, fewer where pictures are large
LEAST_REACH = 3.5  # a grid reaches so far from the origin at least
TOLERANCE = 1e-4  # of the range of values: farther from the decoder a chain is none
PROBES, SCALES = 24, (0.3, 1.0, 3.0)


def order_of(decoder: Decoder, samples: Samples) -> NDArray[np.int64] | None:
    """Where each number that is shown stands in what the decoder gives back; None where it stands there itself."""
    shape = samples.shape
    if len(shape) != 3 or decoder.shape[-1:] == shape[-1:]:
        return None
    fed = tuple(np.shape(samples.fed)[1:])
    first = decoder.shape[:1] == shape[2:] or (len(decoder.shape) == 1 and fed[:1] == shape[2:] and fed != shape)
    if not first:
        return None
    count = int(np.prod(shape))
    return np.moveaxis(np.arange(count).reshape(shape[2], *shape[:2]), 0, -1).ravel()


def shown_decoder(
    decoder: Decoder, order: NDArray[np.int64] | None, low: float, high: float
) -> Callable[[Floats], Floats]:
    """The decoder with its values as they are shown: 0 for low and 1 for high, colours last."""

    def decode(z: Floats) -> Floats:
        out = decoder(z)
        out = out if order is None else out[:, order]
        return out if (low, high) == (0.0, 1.0) else ((out - low) / (high - low)).astype(np.float32)

    return decode


def stored_decoder(
    decode: Callable[[Any], Any],
    decoder: Decoder,
    shown: Callable[[Floats], Floats],
    samples: Samples,
    order: NDArray[np.int64] | None,
    mu: Floats,
    sigma: Floats,
    *,
    low: float,
    high: float,
    chain: Chain | None = None,
    onnx: bytes | None = None,
) -> StoredDecoder:
    """The decoder as it is kept. chain, onnx: what is known of it already; a chain that is not the decoder is not kept.

    low, high: what stands for 0 and 1 in what it gives back.
    """
    d = mu.shape[1]
    why = "it is Python code that PyTorch does not see into"
    if chain is None:
        chain, why = _traced(decode, decoder, d, samples)
    if chain is not None:
        factor = 1 / (high - low)
        whole = extended(chain, scale=factor, shift=-low * factor, index=order)
        why = _difference(whole, shown, d)
        if not why:
            return StoredDecoder(whole)
    if onnx is None and is_torch(samples.fed):
        onnx = to_onnx(decode, d, order, low, high)
    return StoredDecoder(onnx=onnx, why=why, grids=grids_of(shown, mu, sigma))


def is_torch(data: Any) -> bool:
    """Whether these are tensors of PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(data, torch.Tensor)


def _traced(decode: Any, decoder: Decoder, d: int, samples: Samples) -> tuple[Chain | None, str]:
    if not is_torch(samples.fed):
        return None, "it is Python code that PyTorch does not see into"
    import torch

    from vae_core.bring.torch_chain import POINTS, record

    like = samples.fed
    kind = like.dtype if like.dtype.is_floating_point else torch.float32
    z = torch.randn(POINTS, d, generator=torch.Generator().manual_seed(0)).to(device=like.device, dtype=kind)
    try:
        return record(lambda points: image_of(decode(points)), z)
    except (ValueError, RuntimeError, TypeError) as error:
        return None, " ".join(f"it cannot be recorded: {error}".split())[:160]


def _difference(chain: Chain, shown: Callable[[Floats], Floats], d: int) -> str:
    """ "" where the chain does what the decoder does, else a phrase."""
    rng = np.random.default_rng(3)
    for scale in SCALES:
        z = (scale * rng.standard_normal((PROBES, d))).astype(np.float32)
        expected = shown(z)
        if chain.outputs != expected.shape[1]:
            return "recorded, it gives back another number of values"
        far = float(np.abs(chain.run(z) - expected).max())
        if not far <= TOLERANCE * max(1.0, float(np.abs(expected).max())):
            return f"recorded, it differs by {far:.1g}: it does not do the same at every z"
    return ""


def grids_of(shown: Callable[[Floats], Floats], mu: Floats, sigma: Floats) -> tuple[Grid, ...]:
    """Decodes of the planes that are likely to be looked at: the only one of two dimensions, else the two dimensions of
    the largest KL and the principal plane, both through 0."""
    d = mu.shape[1]
    first, second, *_ = ranked(dimension_table(mu, sigma)) if d > 2 else (0, 1)
    planes = [Plane.of_dimensions(first, second, d)]
    if d > 2:
        planes.append(principal_plane(mu)[0])
    return tuple(grid_of(shown, plane, mu) for plane in planes)


def grid_of(shown: Callable[[Floats], Floats], plane: Plane, mu: Floats) -> Grid:
    """Decodes of a plane as far as the codes mu [N, d] reach in it."""
    xy = plane.project(mu)
    low = np.minimum(np.percentile(xy, 0.5, axis=0), -LEAST_REACH)
    high = np.maximum(np.percentile(xy, 99.5, axis=0), LEAST_REACH)
    pixels = shown(plane.rest[None].astype(np.float32)).shape[1]
    side = int(min(SIDE, max(2, (MOST_GRID_BYTES / pixels) ** 0.5)))
    x, y = np.linspace(low[0], high[0], side), np.linspace(low[1], high[1], side)
    points = np.stack(np.meshgrid(x, y), axis=-1)  # [row of y, column of x, 2]
    rows = [np.rint(np.clip(shown(plane.lift(row).astype(np.float32)), 0, 1) * 255) for row in points]
    bounds = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    return Grid(plane, bounds, np.stack(rows).astype(np.uint8))


def check_range(shown: Floats) -> str:
    """A warning where decodes [n, values] are far from the values that are shown; "" else."""
    low, high = float(shown.min()), float(shown.max())
    if low >= -0.75 and high <= 1.75:
        return ""
    return (
        f"the decoder's values run from {low:.3g} to {high:.3g} where 0 to 1 is shown: are they logits (then let decode"
        " end with a sigmoid), or is pixel_range another one?"
    )


def to_onnx(
    decode: Callable[[Any], Any], d: int, order: NDArray[np.int64] | None, low: float, high: float
) -> bytes | None:
    """A PyTorch decoder as an ONNX graph, from z [N, d] to values as shown [N, values], on the CPU.

    None where it cannot be exported, or no exporter is there (the package onnxscript).
    """
    if importlib.util.find_spec("onnxscript") is None:
        return None
    import torch

    places = None if order is None else torch.from_numpy(order)

    class Whole(torch.nn.Module):
        def forward(self, z: Any) -> Any:
            out = image_of(decode(z)).flatten(1)
            out = out if places is None else out[:, places]
            return (out.float() - low) / (high - low)

    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            shapes = ({0: torch.export.Dim("n", min=1)},)
            program = torch.onnx.export(
                Whole().eval(), (torch.zeros(2, d),), dynamo=True, verbose=False, dynamic_shapes=shapes
            )
            return None if program is None else bytes(program.model_proto.SerializeToString())
    except Exception:  # whatever the exporter cannot do: pictures of a few planes are kept instead
        return None
    finally:
        logging.disable(disabled)

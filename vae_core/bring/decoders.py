"""How somebody's decoder is kept: as a chain that the browser runs, else as a graph and as pictures of a few planes."""

from __future__ import annotations

import importlib.util
import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.bring.adapters import Decoder, Floats, alike, image_of, modules_of
from vae_core.bring.chain_builder import extended
from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_model import can_run, run_decoder
from vae_core.bring.ranges import Range
from vae_core.bring.samples import Samples
from vae_core.checkpoints import Grid, StoredDecoder
from vae_core.layers import Chain
from vae_core.projection import Plane, dimension_table, principal_plane, ranked

SIDE, MOST_GRID_BYTES = 33, 8_000_000  # points along a side of a grid of decodes, fewer where pictures are large
LEAST_REACH = 3.5  # a grid reaches so far from the origin at least
TOLERANCE, HALF_TOLERANCE = 1e-4, 2e-2  # of the range of values: farther from the decoder a chain is none
LONGEST_WHY = 200  # characters
PROBES, SCALES = 24, (0.3, 1.0, 3.0)


def order_of(out: Sequence[int], fed: Sequence[int], shape: Sequence[int]) -> NDArray[np.int64] | None:
    """Where each number that is shown stands in what the decoder gives back; None where it stands there itself.

    out: the shape of one decode. fed, shape: of one sample, as the encoder takes it and as it is shown.
    """
    out, fed, shape = tuple(out), tuple(fed), tuple(shape)
    if len(shape) != 3 or out[-1:] == shape[-1:]:
        return None
    first = out[:1] == shape[2:] or (len(out) == 1 and fed[:1] == shape[2:] and fed != shape)
    if not first:
        return None
    count = int(np.prod(shape))
    return np.moveaxis(np.arange(count).reshape(shape[2], *shape[:2]), 0, -1).ravel()


def shown_decoder(
    decoder: Decoder, order: NDArray[np.int64] | None, values: Range
) -> Callable[[Floats], Floats]:
    """The decoder with its values as they are shown: from 0 to 1, colours last."""

    def decode(z: Floats) -> Floats:
        out = decoder(z)
        if not np.isfinite(out).all():
            raise ImportRefused("expected finite outputs of the decoder, got NaN or infinity at some z")
        return values.unit(out if order is None else out[:, order])

    return decode


def stored_decoder(
    decode: Callable[[Any], Any],
    shown: Callable[[Floats], Floats],
    samples: Samples,
    order: NDArray[np.int64] | None,
    mu: Floats,
    sigma: Floats,
    *,
    values: Range,
    chain: Chain | None = None,
    onnx: bytes | None = None,
    why: str = "",
) -> StoredDecoder:
    """The decoder as it is kept: as a chain, else as a graph and pictures.

    values: what stands for 0 and 1 in what it gives back. chain, onnx: what is known of it already, the graph with
    values as they are shown; neither is kept where it does not do what the decoder does. why: what is known of why it
    is no chain.
    """
    d = mu.shape[1]
    half = "float16" in str(samples.fed.dtype)  # such decoders compute to three digits, their chain to seven
    tolerance = HALF_TOLERANCE if half else TOLERANCE
    if chain is None and not why:
        chain, why = _traced(decode, d, samples)
    if chain is not None:
        whole = extended(chain, **_affine_of(values, order), index=order)
        wrong = _difference(whole.run, shown, d, tolerance)
        if not wrong:
            return StoredDecoder(whole)
        why = f"recorded, {wrong}"
    if onnx is None and is_torch(samples.fed):
        onnx = to_onnx(decode, d, order, values, samples.fed)
    if onnx is not None and (wrong := _difference(_graph(onnx), shown, d, tolerance)):
        onnx, why = None, f"{why}; as a graph, {wrong}"
    return StoredDecoder(onnx=onnx, why=why[:LONGEST_WHY], grids=grids_of(shown, mu, sigma))


def _affine_of(values: Range, order: NDArray[np.int64] | None) -> dict[str, NDArray[np.float64]]:
    """Scale and shift, of all numbers or of each in the decoder's own order, that make its output what is shown."""
    scale = 1 / (values.high.astype(np.float64) - values.low)
    parts = {"scale": scale, "shift": -values.low * scale}
    if order is not None and scale.ndim:
        own = np.argsort(order)
        parts = {name: part[own] for name, part in parts.items()}
    return {name: np.atleast_1d(part) for name, part in parts.items()}


def is_torch(data: Any) -> bool:
    """Whether these are tensors of PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(data, torch.Tensor)


def _traced(decode: Any, d: int, samples: Samples) -> tuple[Chain | None, str]:
    if not is_torch(samples.fed):
        seen = "it takes NumPy arrays, where PyTorch tensors as data would let its layers be seen"
        return None, seen if modules_of(decode) else "it is Python code that PyTorch does not see into"
    import torch

    from vae_core.bring.torch_chain import POINTS, record

    z = alike(torch.randn(POINTS, d, generator=torch.Generator().manual_seed(0)).numpy(), samples.fed)
    try:
        return record(lambda points: image_of(decode(points)), z)
    except (ValueError, RuntimeError, TypeError) as error:
        return None, " ".join(f"it cannot be recorded: {error}".split())[:160]


def _difference(
    run: Callable[[Floats], Floats] | None, shown: Callable[[Floats], Floats], d: int, tolerance: float
) -> str:
    """ "" where a copy of the decoder does what the decoder does or cannot be tried (None), else a phrase."""
    if run is None:
        return ""
    z = np.random.default_rng(3).standard_normal((len(SCALES) * PROBES, d)).astype(np.float32)
    z *= np.repeat(np.array(SCALES, np.float32), PROBES)[:, None]
    expected = shown(z)
    try:
        found = run(z).reshape(len(z), -1)
    except Exception:  # whatever a graph may do
        return "it does not run"
    if found.shape != expected.shape:
        return "it gives back another number of values"
    difference = np.abs(found - expected).reshape(len(SCALES), -1).max(axis=1)
    size = np.abs(expected).reshape(len(SCALES), -1).max(axis=1)
    wrong = np.flatnonzero(~(difference <= tolerance * np.maximum(1, size)))
    if len(wrong):
        return f"it differs by {difference[wrong[0]]:.1g}: it does not do the same at every z"
    return ""


def _graph(onnx: bytes) -> Callable[[Floats], Floats] | None:
    """What a decoder's graph does; None without onnxruntime: then no page here could run it."""
    return (lambda z: run_decoder(onnx, z)) if can_run() else None


def grids_of(shown: Callable[[Floats], Floats], mu: Floats, sigma: Floats) -> tuple[Grid, ...]:
    """Decodes of the planes that are likely to be looked at: the only one of two dimensions, else the two dimensions of
    the largest KL and the principal plane, both through 0."""
    d = mu.shape[1]
    first, second, *_ = ranked(dimension_table(mu, sigma)) if d > 2 else (0, 1)
    planes = [Plane.of_dimensions(first, second, d)]
    if d > 2:
        planes.append(principal_plane(mu)[0])
    return tuple(grid_of(shown, plane, mu) for plane in planes)


def grid_of(shown: Callable[[Floats], Floats], plane: Plane, mu: Floats, most: int = SIDE) -> Grid:
    """Decodes of a plane as far as the codes mu [N, d] reach in it, `most` along a side."""
    xy = plane.project(mu)
    low = np.minimum(np.percentile(xy, 0.5, axis=0), -LEAST_REACH)
    high = np.maximum(np.percentile(xy, 99.5, axis=0), LEAST_REACH)
    pixels = shown(plane.rest[None].astype(np.float32)).shape[1]
    side = int(min(most, max(2, (MOST_GRID_BYTES / pixels) ** 0.5)))
    x, y = np.linspace(low[0], high[0], side), np.linspace(low[1], high[1], side)
    points = np.stack(np.meshgrid(x, y), axis=-1)  # [row of y, column of x, 2]
    rows = [np.rint(np.clip(shown(plane.lift(row).astype(np.float32)), 0, 1) * 255) for row in points]
    bounds = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    return Grid(plane, bounds, np.stack(rows).astype(np.uint8))


def to_onnx(
    decode: Callable[[Any], Any], d: int, order: NDArray[np.int64] | None, values: Range, fed: Any
) -> bytes | None:
    """A PyTorch decoder as an ONNX graph, from z [N, d] to values as shown [N, values], on the CPU.

    fed: the data, of whose kind decode takes z.
    None where it cannot be exported, or no exporter is there (the package onnxscript).
    """
    if importlib.util.find_spec("onnxscript") is None:
        return None
    import torch

    kind = alike(np.zeros((1, d), np.float32), fed).dtype
    places = None if order is None else torch.from_numpy(order)
    low, high = torch.from_numpy(values.low), torch.from_numpy(values.high)

    class Whole(torch.nn.Module):
        def forward(self, z: Any) -> Any:
            out = image_of(decode(z.to(kind))).flatten(1)
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

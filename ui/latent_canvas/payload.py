"""What travels to the browser: the networks' weights, codes in chunks, original images as sprite sheets.

Each part is one message of bytes in the safetensors format (a JSON header, then raw tensors), the same as on disk; what
is not a tensor is JSON in its metadata. Bytes at the top level are what Streamlit passes on untouched: arrays inside a
dict would go through Arrow and pandas, whose import costs a server that only shows 70 MB and a third of a second.
tensors.js and store.js are the other end.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as to_safetensors

from ui.latent_canvas.imported import grid_spec, imported_spec, pack_decoders, space_spec
from ui.latent_canvas.packing import pack_decoder, pack_encoder
from vae_core.checkpoints import SMALLEST_SIGMA, Codes, Grid, StoredDecoder
from vae_core.statistics import ImageStatistics

# Opening a page may cost this many bytes, weights and codes together; the rest of the samples comes when asked for.
OPENING_BYTES = 1_382_000
OPENING_SAMPLES = 5_000
LATER_SAMPLES = 4_000
# A later chunk of many dimensions is smaller, so that none is a message that keeps a browser waiting.
LATER_BYTES = 8_000_000


@dataclass(frozen=True)
class Chunks:
    """The samples of a data set in the order and the portions in which they travel.

    order: data-set indices, shuffled once and for all, so that the first portion stands for the whole and no class
    is drawn over all others. bounds: where each chunk starts in `order`, and the end of the last.
    """

    order: NDArray[np.int32]
    bounds: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def ids(self, chunk: int) -> NDArray[np.int32]:
        """Data-set indices of one chunk, [n] int32."""
        return self.order[self.bounds[chunk] : self.bounds[chunk + 1]]

    def holding(self, sample: int) -> int:
        """The chunk that holds a data-set index."""
        place = int(np.flatnonzero(self.order == sample)[0])
        return int(np.searchsorted(self.bounds, place, side="right")) - 1


def plan_chunks(samples: int, betas: int, latent_dim: int, weight_bytes: int, number_bytes: int = 2) -> Chunks:
    """Portion `samples` so that weights and the first chunk of codes stay within OPENING_BYTES.

    number_bytes: of one number of a code, 4 of imported models'.
    """
    per_sample = betas * 2 * latent_dim * number_bytes + 9  # two numbers per dimension and β; id, label and test flag
    first = min(samples, OPENING_SAMPLES, max(500, (OPENING_BYTES - weight_bytes) // per_sample))
    later = min(LATER_SAMPLES, max(500, LATER_BYTES // per_sample))
    order = np.random.default_rng(0).permutation(samples).astype(np.int32)
    return Chunks(order, (0, *range(first, samples, later), samples))


def model_payload(
    card: dict[str, Any], weights: dict[str, NDArray[Any]], digest: str, codes: Codes | None = None
) -> bytes:
    """The decoder, and what the canvas must know of the model. `weights`: as checkpoints.load_weights gives them.

    codes: the model's own, which a model of more than two dimensions is described by.
    """
    decoder, flat = pack_decoder(card, weights)
    spec = {**_model_spec(card, digest), "decoder": decoder}
    if codes is not None and codes.mu.shape[2] > 2:
        spec |= space_spec(codes)
    return _message({"kind": "model", "digest": digest, "spec": spec}, weights=flat)


def imported_payload(card: dict[str, Any], codes: Codes, decoders: list[StoredDecoder], digest: str) -> bytes:
    """The same of an imported model, with what its dimensions do and grids of decodes where it has no chain."""
    decoder, tensors, grids = pack_decoders(card, decoders)
    spec = {**_model_spec(card, digest), **imported_spec(card, codes), "decoder": decoder}
    return _message({"kind": "model", "digest": digest, "spec": spec, "grids": grids}, **tensors)


def _model_spec(card: dict[str, Any], digest: str) -> dict[str, Any]:
    config = card["config"]
    return {
        "name": card["name"],
        "title": card["title"],
        "digest": digest,
        "shape": list(config["input_shape"]),
        "label_names": [str(name) for name in card["label_names"]],
        "samples": card["samples"],
        "betas": card["betas"],
        "beta_max": config["beta_max"],
        "beta_collapse": card["beta_collapse"],
        "likelihood": config["likelihood"],
        "sigma_x": config["sigma_x"],
        "columns": card.get("columns", []),
    }


def decoded_payload(digest: str, beta: float, z: NDArray[np.float64], images: NDArray[np.float32]) -> bytes:
    """Pictures that the server decoded, float32 [m, values], at beta and z [m, d] as they were asked for."""
    facts = {"kind": "decoded", "digest": digest, "beta": beta, "places": z.tolist()}
    return _message(facts, images=images.ravel())


def grid_payload(digest: str, decoder: int, grid: Grid) -> bytes:
    """A grid of pictures that the server decoded, of the decoder with this number."""
    return _message({"kind": "grid", "digest": digest, "grid": grid_spec(grid, decoder)}, decodes=grid.decodes)


def encoder_payload(card: dict[str, Any], weights: dict[str, NDArray[Any]], digest: str) -> bytes:
    """The encoder, for the pages that encode in the browser. `weights`: as checkpoints.load_weights gives them."""
    encoder, flat = pack_encoder(card, weights)
    return _message({"kind": "encoder", "digest": digest, "spec": encoder}, weights=flat)


def codes_payload(codes: Codes, chunks: Chunks, chunk: int, digest: str) -> bytes:
    """One chunk's codes: [K][n][2d] = μ, then σ, in one flat array, with labels, ids and test flags [n].

    Halves, and floats where the codes are (imported models).
    """
    ids = chunks.ids(chunk)
    both = np.concatenate([codes.mu[:, ids], codes.sigma[:, ids]], axis=2)
    return _message(
        {"kind": "codes", "digest": digest, "chunk": chunk},
        codes=both.astype(np.float32 if codes.mu.dtype == np.float32 else np.float16).ravel(),
        labels=codes.labels[ids].astype(np.int32),
        ids=ids,
        test=codes.test[ids].astype(np.uint8),
    )


def statistics_payload(statistics: ImageStatistics, digest: str) -> bytes:
    """The data set in numbers, pixel by pixel (Statistics in store.js)."""
    return _message({"kind": "statistics", "digest": digest, **statistics.facts()}, **statistics.tensors())


def table_payload(digest: str, table: dict[str, Any]) -> bytes:
    """What is known of a model along β: rows, held-out samples, separate models, draws (Table in store.js)."""
    return _message({"kind": "table", "digest": digest, "table": table})


def originals_payload(images: NDArray[Any], chunks: Chunks, chunk: int, digest: str) -> bytes:
    """One chunk's original images, uint8 [N, h, w] or [N, h, w, 3] in data-set order, as a PNG of tiles.

    Rows of a table, [N, d], travel as float32 numbers: a byte would round them to 1/255 of their range, and a half
    shows in the data's own decimals. A chunk of 256 columns has 5 MB.
    """
    tiles = images[chunks.ids(chunk)]
    if tiles.ndim == 2:
        values = np.ascontiguousarray(tiles.astype(np.float32) / (255 if tiles.dtype == np.uint8 else 1), np.float32)
        return _message({"kind": "originals", "digest": digest, "chunk": chunk}, values=values)
    from PIL import Image  # only here: the map itself opens without it

    columns = math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    height, width, *rest = tiles.shape[1:]
    sheet = np.zeros((rows * columns, height, width, *rest), dtype=np.uint8)
    sheet[: len(tiles)] = tiles
    grid = sheet.reshape(rows, columns, height, width, *rest).swapaxes(1, 2)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(grid.reshape(rows * height, columns * width, *rest))).save(buffer, "PNG")
    png = np.frombuffer(buffer.getvalue(), dtype=np.uint8)
    return _message({"kind": "originals", "digest": digest, "chunk": chunk, "columns": columns}, png=png)


def training_payloads(
    training_id: str, card: dict[str, Any], start: dict[str, NDArray[Any]], moment: dict[str, NDArray[Any]]
) -> tuple[bytes, bytes]:
    """What opens a training in the browser: its model part, and chunk 0 of codes.

    card: as start.safetensors holds it (its betas are those of the codes). start: labels, ids and test flags [n] of the
    samples shown. moment: tensors of any state, as in `live_payload`. Later states follow as live parts. Raises
    ValueError, which names the tensor, where one does not fit.
    """
    ids = np.asarray(start["ids"], np.int32)
    shape = (len(card["betas"]), len(ids), 4)
    codes = _message(
        {"kind": "codes", "digest": training_id, "chunk": 0},
        codes=_moment_codes(moment, shape),
        labels=np.asarray(start["labels"], np.int32),
        ids=ids,
        test=np.asarray(start["test"], np.uint8),
    )
    return model_payload(card, moment, training_id), codes


def live_payload(
    training_id: str, facts: dict[str, Any], tensors: dict[str, NDArray[Any]], config_card: dict[str, Any]
) -> bytes:
    """The newest state of a training (Moment in live.js): it takes the place of the model's decoder and codes.

    facts: step, share, epoch, seconds, seconds_left, distortion, rate, as the state's file holds them. tensors: every
    `decoder.{i}.*`, and `codes` [K, n, 4] = μ₁, μ₂, σ₁, σ₂. Raises ValueError, which names the tensor.
    """
    return _moment("live", training_id, facts, tensors, config_card)


def state_payload(
    training_id: str, index: int, facts: dict[str, Any], tensors: dict[str, NDArray[Any]], config_card: dict[str, Any]
) -> bytes:
    """A stored state of a training, kept under its index for the timeline; else like `live_payload`."""
    return _moment("state", training_id, {**facts, "index": index}, tensors, config_card)


def training_originals(training_id: str, images: NDArray[np.uint8]) -> bytes:
    """Original images of the samples that are shown, [n, h, w] or [n, h, w, 3], in the order of start's ids."""
    order = np.arange(len(images), dtype=np.int32)
    return originals_payload(images, Chunks(order, (0, len(images))), 0, training_id)


def _moment(
    kind: str, training_id: str, facts: dict[str, Any], tensors: dict[str, NDArray[Any]], card: dict[str, Any]
) -> bytes:
    _, flat = pack_decoder(card, tensors)
    codes = _moment_codes(tensors, (len(card["betas"]), -1, 4))
    return _message({**facts, "kind": kind, "digest": training_id}, weights=flat, codes=codes)


def _moment_codes(tensors: dict[str, NDArray[Any]], shape: tuple[int, int, int]) -> NDArray[np.float16]:
    """A state's codes, flat; σ is kept off 0, whose logarithm the browser could not move along. shape: -1 for any n."""
    codes = np.asarray(tensors["codes"], np.float16)
    betas, samples, parts = shape
    if codes.ndim != 3 or codes.shape != (betas, len(codes[0]) if samples < 0 else samples, parts):
        expected = f"[{betas}, {'n' if samples < 0 else samples}, {parts}]"
        raise ValueError(f"codes: expected shape {expected}, got {list(codes.shape)}")
    if not np.isfinite(codes).all():
        raise ValueError("codes: expected numbers that fit float16, got some that do not")
    return np.concatenate([codes[..., :2], np.maximum(codes[..., 2:], SMALLEST_SIGMA)], axis=2).ravel()


def _message(facts: dict[str, Any], **tensors: NDArray[Any]) -> bytes:
    return to_safetensors(tensors, metadata={"json": json.dumps(facts)})

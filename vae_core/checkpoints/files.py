"""The files of a trained model: how they are called, and the error that says what is wrong with one."""

from __future__ import annotations

import re

CARD, MODEL, CODES = "card.json", "model.safetensors", "codes.safetensors"
STATISTICS = "statistics.safetensors"  # of the data set; a model may lack it
SAMPLES = "samples.safetensors"  # of an imported model: the samples themselves, where no data set has them
DECODES = "decodes.safetensors"  # of an imported model: grids of decodes

OPTIONAL = (STATISTICS,)  # what any model may have beside card, weights and codes
IMPORTED = (*OPTIONAL, SAMPLES, DECODES)  # what an imported one may have, beside its decoders' ONNX files

_ONNX = re.compile(r"decoder-(0|[1-9][0-9]{0,3})\.onnx")


class CheckpointError(Exception):
    """A model folder that cannot be used; the message is one sentence that names the file and what was expected."""


def onnx_name(decoder: int) -> str:
    """The file of an imported model's decoder of this number, where it is an ONNX graph."""
    return f"decoder-{decoder}.onnx"


def is_onnx(name: str) -> bool:
    """Whether a decoder's ONNX file can be called that."""
    return _ONNX.fullmatch(name) is not None


def is_model_file(name: str) -> bool:
    """Whether a model folder may hold a file of this name."""
    return name in (CARD, MODEL, CODES, *IMPORTED) or is_onnx(name)

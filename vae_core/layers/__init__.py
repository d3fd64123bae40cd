"""A decoder as a chain of layers: plain records and float32 tensors that NumPy and the browser run alike.

records.py says what a layer may be and checks it, chain.py runs it; both need NumPy alone.
"""

from __future__ import annotations

from vae_core.layers.activations import ACTIVATIONS
from vae_core.layers.chain import Chain
from vae_core.layers.records import KINDS, Layer, check_index, check_layers, numbers, tensor_shapes

__all__ = ["ACTIVATIONS", "KINDS", "Chain", "Layer", "check_index", "check_layers", "numbers", "tensor_shapes"]

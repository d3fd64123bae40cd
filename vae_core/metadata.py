"""The JSON that safetensors files of ours carry in their metadata, beside the tensors."""

from __future__ import annotations

import json
from typing import Any


def metadata_json(content: bytes) -> Any:
    """The JSON in the metadata of a safetensors file, which has been parsed before; None where it has none.

    Raises ValueError, or RecursionError, where what is there is no JSON.
    """
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return json.loads((header.get("__metadata__") or {}).get("json", "null"))

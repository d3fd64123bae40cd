"""A name for a model's folder, from any title."""

from __future__ import annotations

import re
import unicodedata

from vae_core.checkpoints.loading import REFERENCES

LONGEST_NAME = 40
# Names that Windows keeps for devices, and the folder of the separately trained models.
RESERVED = {"con", "prn", "aux", "nul", REFERENCES, *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}


def slug(title: str) -> str:
    """Small ASCII letters, digits and hyphens, at most LONGEST_NAME: a name that is safe on every system.

    >>> slug("Ärger im Büro: 日本 #2"), slug("../My Ünicode/../digits.v2 🎉"), slug("CON"), slug("🎉")
    ('arger-im-buro-2', 'my-unicode-digits-v2', 'model-con', 'model')
    """
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST_NAME].strip("-")
    return f"model-{name}" if name in RESERVED else name or "model"

"""From a person's files to a data set: arrays, pictures and tables, with a sentence for whatever is wrong with them."""

from vae_core.intake.choices import ArrayInfo, Choices, ColumnInfo, Preview, Step
from vae_core.intake.limits import LIMITS, IntakeError, Limits
from vae_core.intake.reading import read_upload
from vae_core.intake.upload import Upload

__all__ = [
    "LIMITS",
    "ArrayInfo",
    "Choices",
    "ColumnInfo",
    "IntakeError",
    "Limits",
    "Preview",
    "Step",
    "Upload",
    "read_upload",
]

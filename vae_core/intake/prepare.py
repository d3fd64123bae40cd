"""The `prepare` command: a person's files become a stored data set, and what was done is said line by line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vae_core import home, stored
from vae_core.datasets import DATA_VARIABLE, Dataset
from vae_core.intake.choices import Choices, Step
from vae_core.intake.fitting import size_for
from vae_core.intake.image_upload import ImageUpload
from vae_core.intake.limits import OWN_MACHINE, IntakeError
from vae_core.intake.reading import read_upload
from vae_core.intake.upload import Upload
from vae_core.progress_bar import ProgressBar

NO_LABEL = "none"

SENTENCES = {
    "as_pixels": "each row becomes a picture of {width}×{height} pixels",
    "channels_first": "channels are moved behind height and width",
    "constant_columns": "left out, as they never change: {names} ({count})",
    "decimal_comma": "a comma in a number is its decimal point",
    "drop_rows": "{rows:,} of {samples:,} rows are dropped, as they lack a value",
    "encoding": "the text is in no Unicode encoding and read as Windows-1252",
    "fill_missing": "{values:,} missing values become the median of their column",
    "grey": "colours become shades of grey",
    "held_out": "{samples:,} samples ({percent} %) are held out of training, to measure with",
    "held_out_given": "{samples:,} samples came as test samples and are held out of training, to measure with",
    "held_out_none": "no sample is held out of training: there are fewer than {least}",
    "ignored_files": "{count:,} files that are no PNG or JPEG are ignored, for example {example}",
    "labels_from": "{count} classes from {source}",
    "labels_none": "no labels: all samples are one class",
    "labels_too_many": "{source} has {count:,} different values, more than {most}: all samples are one class",
    "not_numbers": "{count:,} values in {column} are no numbers and count as missing, for example {example}",
    "number_columns": "left out, as it only numbers the rows: {names}",
    "opacity": "transparent parts become white",
    "resize": "every picture becomes {width}×{height} pixels{how}",
    "scale": "values from {low:g} to {high:g} become 0 to 1",
    "scale_columns": "the values of each of {columns} columns, from its smallest to its largest, become 0 to 1",
    "subset": "{samples:,} of {most:,} samples are used, drawn at random",
    "text_columns": "left out, as they hold no numbers: {names} ({count})",
    "too_many_columns": "the first {most} of {count:,} columns are used",
    "unused_arrays": "not used: {names}",
}
_HOW = {
    "crop": ", what does not fit the shape is cut off",
    "pad": ", with borders where its shape is another",
    "scale": "",
}


def prepare(options: argparse.Namespace) -> int:
    """Store the data set that the parsed command line describes; returns the exit status. Raises DatasetError."""
    upload = read_upload(found_files(options.files), samples=options.samples, limits=OWN_MACHINE)
    choices = chosen(upload, options)
    for step in upload.steps(choices):
        print(sentence(step))
    bar = ProgressBar("prepare", sys.stderr)
    data = upload.dataset(choices, lambda share: bar.update(share, f"{upload.samples:,} samples"))
    bar.close()
    name = stored.store(data, options.out, owner=stored.EVERYBODY)
    print(_told(data, name, options.out))
    return 0


def found_files(paths: Sequence[Path]) -> list[tuple[str, bytes | Path]]:
    """The files with their names; of a folder, all that are in it, named with their folders. Raises IntakeError."""
    found: list[tuple[str, bytes | Path]] = []
    for path in paths:
        if path.is_dir():
            inner = sorted(file for file in path.rglob("*") if file.is_file())
            found += [(file.relative_to(path.parent).as_posix(), file) for file in inner]
        elif path.is_file():
            found.append((path.name, path))
        else:
            raise IntakeError(f"{path}: expected a file or a folder, found none")
    return found


def chosen(upload: Upload, options: argparse.Namespace) -> Choices:
    """The defaults with what the command line changes. Raises IntakeError for a size that pictures cannot have."""
    choices = upload.defaults()
    if options.title is not None:
        choices = replace(choices, title=options.title)
    if options.label is not None:
        none = options.label == NO_LABEL and NO_LABEL not in upload.label_options
        label = None if none else options.label
        columns = tuple(name for name in choices.columns if name != label)
        choices = replace(choices, label_column=label, columns=columns)
    if options.size is not None:
        if not isinstance(upload, ImageUpload):
            raise IntakeError(f"--size {options.size}: expected pictures, got a table")
        choices = replace(choices, size=size_for(upload.plain_sizes, options.size))
    if options.grey:
        choices = replace(choices, colour=False)
    return choices if options.missing is None else replace(choices, missing=options.missing)


def sentence(step: Step) -> str:
    """A step in plain English."""
    values = dict(step.values)
    if step.kind == "resize":
        values["how"] = _HOW[values["fit"]]
    return SENTENCES[step.kind].format(**values)


def _told(data: Dataset, name: str, out: Path | None) -> str:
    shape = "×".join(map(str, data.input_shape))
    place = (home.datasets_folder() if out is None else out) / name
    train = name if out is None else place
    hint = "" if out is None else f"\nThe app shows its samples when started with {DATA_VARIABLE}={out}"
    return (
        f"{place}: {data.title}, {len(data.images):,} samples of {shape}, {len(data.label_names)} classes\nTrain with:"
        f" python -m vae_core train {train} --out DIR{hint}"
    )

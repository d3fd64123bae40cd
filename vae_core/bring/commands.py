"""The `import` command: `python -m vae_core import pythae FOLDER --data …`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vae_core.bring.errors import ImportRefused
from vae_core.bring.onnx_command import add_onnx
from vae_core.config import LIKELIHOODS
from vae_core.datasets import DATA_VARIABLE, DATASETS, Dataset, load_dataset


def add_import(parser: argparse.ArgumentParser, positive: Callable[[str], float]) -> None:
    """Give the parser of `import` its kinds of models. positive: reads a positive number."""
    kinds = parser.add_subparsers(title="kinds of models", required=True, metavar="KIND")
    pythae = kinds.add_parser("pythae", help="a model that pythae saved")
    pythae.description = (
        "Import a model that pythae saved: VAE, BetaVAE, BetaTCVAE, FactorVAE, IWAE and others of that family. "
        "Networks that pythae made by default are read as weights alone; the package pythae is not needed for them."
    )
    pythae.set_defaults(run=_pythae)
    pythae.add_argument("folder", type=Path, metavar="FOLDER", help="the folder with model_config.json and model.pt")
    trust = (
        "load networks of one's own (encoder.pkl, decoder.pkl), which runs code that stands in these files: only for "
        "folders whose author you trust as you would trust a program"
    )
    pythae.add_argument("--trust", action="store_true", help=trust)
    _add_common(pythae, positive)
    onnx = kinds.add_parser("onnx", help="an encoder and a decoder as ONNX files")
    add_onnx(onnx)
    _add_common(onnx, positive)


def _add_common(parser: argparse.ArgumentParser, positive: Callable[[str], float]) -> None:
    help_text = f"the data it was trained on: {', '.join(DATASETS)}, own-…, or a file or folder as `prepare` reads them"
    parser.add_argument("--data", required=True, metavar="DATA", help=help_text)
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=f"data folder (else {DATA_VARIABLE})")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--name", help="the model's name (its folder's)")
    where.add_argument("--family", metavar="NAME", help="put it into a family of models of several beta")
    parser.add_argument("--title", help="what the pages call it (its name)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="written to DIR/NAME/ (where the app keeps its own)")
    parser.add_argument("--beta", type=_beta, help="the KL weight of its loss D + beta R (as its files say, else 1)")
    parser.add_argument("--likelihood", choices=LIKELIHOODS, help="of the pixels (as its files say)")
    parser.add_argument("--sigma-x", type=positive, default=1.0, help="standard deviation of Gaussian pixels (1)")
    parser.add_argument("--replace", action="store_true", help="in place of a model of this name or beta")


def _beta(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from error
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1e9, got {text!r}")
    return value


def _pythae(options: argparse.Namespace) -> int:
    from vae_core.bring.pythae import fed, read_pythae

    model = read_pythae(options.folder, trust=options.trust)
    data = data_of(options)
    return export_as_asked(
        options, model.encode, model.decode, fed(model, data), data, folder=options.folder, source="pythae",
        described=model.described,
        beta=model.beta, likelihood=model.likelihood,
    )  # fmt: skip


def data_of(options: argparse.Namespace) -> Dataset:
    """The data set that --data names; files are stored first, so that the pages can show the samples."""
    if not options.data:
        raise ImportRefused("--data: expected a data set or a file, got nothing")
    path = Path(options.data)
    if options.data in DATASETS or options.data.startswith("own-") or not path.exists():
        return load_dataset(options.data, options.data_dir)
    if (path / "data.json").is_file():
        return load_dataset(options.data)
    from vae_core import stored
    from vae_core.intake.limits import OWN_MACHINE
    from vae_core.intake.prepare import found_files, sentence
    from vae_core.intake.reading import read_upload

    upload = read_upload(found_files([path]), limits=OWN_MACHINE)
    choices = upload.defaults()
    for step in upload.steps(choices):
        print(sentence(step))
    return load_dataset(stored.store(upload.dataset(choices), owner=stored.EVERYBODY))


def export_as_asked(
    options: argparse.Namespace,
    encode: Callable[[Any], Any],
    decode: Callable[[Any], Any],
    samples: Any,
    data: Dataset,
    *,
    folder: Path,
    source: str,
    described: str,
    beta: float,
    likelihood: str,
    **more: Any,
) -> int:
    """Write the model as the parsed command line says, and say where; returns the exit status.

    folder: whose name the model has where nobody says another.
    """
    from vae_core.bring.export import export

    name = options.name or (None if options.family else _named(folder))
    written = export(
        encode, decode, data, name=name, family=options.family, title=options.title, out=options.out,
        beta=beta if options.beta is None else options.beta, likelihood=options.likelihood or likelihood,
        sigma_x=options.sigma_x, replace=options.replace, source=source, described=described, fed=samples, **more,
    )  # fmt: skip
    print(f"{written}: {described}, {len(samples):,} samples")
    return 0


def _named(folder: Path) -> str:
    """A name that a model may have, from its folder's."""
    from vae_core.slug import slug

    found = slug(folder.resolve().name)
    if not found:
        raise ImportRefused(f"{folder}: expected a folder whose name can be the model's; say --name")
    return found

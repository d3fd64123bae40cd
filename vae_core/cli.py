"""The command line: one function for each command, and the parser that knows their options."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from vae_core.bring.commands import add_import
from vae_core.bring.errors import ImportRefused
from vae_core.checkpoints import CARD, CheckpointError, load_card, load_model
from vae_core.config import LIKELIHOODS, REFERENCE_BETAS, ConfigError, TrainingError
from vae_core.datasets import DATA_VARIABLE, DATASETS, IDX_TITLES, DatasetError, load_dataset
from vae_core.recipes import SIZES
from vae_core.trainings.request import LONGEST_TITLE

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended
REFUSED = 2  # the exit status after an error that one sentence explains


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 with one sentence on stderr, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except (CheckpointError, ConfigError, DatasetError, ImportRefused, TrainingError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C; nothing was written.", file=sys.stderr)
        return INTERRUPTED


def _refuse(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return REFUSED


def _train(options: argparse.Namespace) -> int:
    if options.resume and not options.job:
        raise TrainingError("--resume: expected the folder of the training to go on with, --job FOLDER, got none")
    if options.json or options.job:
        from vae_core.worker.process import work

        return work(options)
    from vae_core.workshop import make_model

    return make_model(options)


def _reference(options: argparse.Namespace) -> int:
    from vae_core.reference import make_references

    return make_references(options)


def _table(options: argparse.Namespace) -> int:
    from vae_core.workshop import make_table

    return make_table(find_model(options.model), options)


def _statistics(options: argparse.Namespace) -> int:
    from vae_core.workshop import make_statistics

    return make_statistics(find_model(options.model), options)


def _info(options: argparse.Namespace) -> int:
    folder = find_model(options.model)
    card = load_card(folder)
    for label, value in _summary(card, folder):
        print(f"{label:<16}{value}")
    print("\n" + "\n".join(_curve_table(_excerpt(card))))
    return 0


def _excerpt(card: dict[str, Any]) -> list[dict[str, Any]]:
    """The records at the reference values of beta, and the last one: curves of our own hold many more."""
    curve: list[dict[str, Any]] = card["curve"]
    shown = card["betas"] if "imported" in card else REFERENCE_BETAS
    return [record for record in curve if record["beta"] in shown or record is curve[-1]]


def _evaluate(options: argparse.Namespace) -> int:
    from vae_core.evaluation import measure_curve

    folder = find_model(options.model)
    model = load_model(folder)
    data = load_dataset(model.card["dataset"], options.data_dir)
    train_part, test_part = (images[: options.samples] for images in (data.train_images, data.test_images))
    for beta in options.betas or ():
        model.config.check_beta(beta)
    betas: list[float] = options.betas or [record["beta"] for record in model.card["curve"]]
    curve = measure_curve(model, train_part, test_part, betas, draws=options.draws, seed=options.seed)
    print(
        f"{model.card['title']}, measured from the weights in {folder} with {options.draws} draws of z per sample\n"
    )
    for line in _curve_table(curve):
        print(line, flush=True)
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from vae_core.intake.prepare import prepare

    return prepare(options)


def _data(options: argparse.Namespace) -> int:
    from vae_core.fetching import fetch

    folder = fetch(options.dataset, options.data_dir, sys.stderr)
    print(f"{IDX_TITLES[options.dataset]} is in {folder}")
    return 0


def _pack(options: argparse.Namespace) -> int:
    from vae_core import archive
    from vae_core.processes import write_atomically

    folder = find_model(options.model)
    content = archive.pack(folder)
    write_atomically(options.out, content)
    print(f"{options.out}: the model {folder.name}, {len(content) / 1e6:.1f} MB")
    return 0


def _unpack(options: argparse.Namespace) -> int:
    from vae_core import archive, library

    try:
        name = archive.unpack(options.file.read_bytes(), "")
    except CheckpointError as error:
        raise CheckpointError(f"{options.file}: {error}") from error
    print(f"{options.file}: kept as {name} in {library.folder_of(name)}")
    return 0


def find_model(name: str) -> Path:
    """The model folder for a path or for the name of a model, shipped or kept. Raises CheckpointError."""
    from vae_core import library

    for folder in (Path(name), Path("checkpoints", name), library.SHIPPED / name):
        if (folder / CARD).is_file():
            return folder
    try:
        return library.folder_of(name)
    except CheckpointError:
        known = ", ".join(library.names()) or "none"
        raise CheckpointError(f"no model {name!r}: expected a folder with a {CARD}, or one of these: {known}") from None


def _summary(card: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    config, training = card["config"], card["training"]
    shape = "x".join(str(size) for size in config["input_shape"])
    widths = "-".join(str(width) for width in config["hidden"])
    network = f"{widths} in encoder and decoder"
    if "imported" in card:
        network = card["imported"]["described"] or "imported"
    likelihood = config["likelihood"]
    if likelihood == "gaussian":
        likelihood += f", sigma_x = {config['sigma_x']:g}"
    size = sum(record["bytes"] for record in card["files"].values())
    rows = [
        ("model", f"{card['title']} ({card['name']}), {folder}"),
        (
            "data set",
            f"{card['dataset']}: {card['samples']} samples of {shape}, {len(card['label_names'])} labels",
        ),
        ("network", f"{network}, {config['latent_dim']} latent dimensions"),
        ("parameters", f"{card['parameters']:,}; files of {size / 1e6:.2f} MB"),
        ("likelihood", likelihood),
        ("beta", _beta_range(config["degree"], card["betas"])),
        ("collapse", f"a linear VAE collapses at beta = {card['beta_collapse']:.3g}"),
    ]
    facts = ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in training.items() if key != "remark"
    )
    if facts:
        rows.append(("training", facts))
    if training.get("remark"):
        rows.append(("remark", training["remark"]))
    return rows


def _beta_range(degree: int, betas: list[float]) -> str:
    if degree:
        return f"0 to {betas[-1]:g}; codes at {len(betas)} values"
    listed = ", ".join(f"{beta:g}" for beta in betas)
    return f"{listed} alone" if len(betas) == 1 else f"{listed}, each a model of its own"


def _curve_table(curve: Any) -> Any:
    """The lines of a table of distortion and rate along beta, in nats per sample."""
    yield f"{'beta':>8}{'D train':>10}{'R train':>9}{'D test':>10}{'R test':>9}{'mean sigma':>12}"
    for record in curve:
        train, test = record["train"], record.get("test", {})
        d, r = (f"{test[key]:.3f}" if key in test else "-" for key in ("distortion", "rate"))
        yield (
            f"{record['beta']:>8g}{train['distortion']:>10.3f}{train['rate']:>9.3f}"
            f"{d:>10}{r:>9}{record['mean_sigma']:>12.4f}"
        )


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"error: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m vae_core", description="Train and look at models of the latent space explorer."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a model: D and R as it goes, then a checkpoint"))
    _add_reference(commands.add_parser("reference", help="train VAEs at one beta each, to compare with"))
    _add_table(commands.add_parser("table", help="compute a model's table along beta again, from its codes"))
    _add_statistics(commands.add_parser("statistics", help="compute the data set's mean, deviation and histograms"))
    _add_info(commands.add_parser("info", help="print a model's card"))
    _add_pack(commands.add_parser("pack", help="make one zip of a model, to take along"))
    _add_unpack(commands.add_parser("unpack", help="keep the model of such a zip, so that every page shows it"))
    add_import(commands.add_parser("import", help="bring a trained VAE from elsewhere"), _positive)
    _add_evaluate(commands.add_parser("evaluate", help="measure D and R along beta again, from the weights"))
    _add_prepare(commands.add_parser("prepare", help="make a data set of your own files"))
    _add_data(
        commands.add_parser("data", help="download MNIST or Fashion-MNIST by scikit-learn's fetch_openml")
    )
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_train)
    parser.description = (
        "Train a model. What is not given is as in the recipe of the shipped model of that data set, so that "
        "`train digits --out checkpoints` makes the shipped one again. Ctrl-C keeps the last complete checkpoint: a "
        "finished model that was there before, else the last one saved during training. With --json or --job a "
        "first Ctrl-C or SIGTERM stops and keeps what is there, a second one quits at once. Under torchrun the "
        "processes train one model together."
    )
    parser.set_defaults(stop=None)
    parser.add_argument("dataset", metavar="DATASET", help=f"{', '.join(DATASETS)}, own-... or a stored set's folder")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the model is written to DIR/NAME/"
    )
    parser.add_argument("--name", type=_name, help="the model's name (the data set's)")
    parser.add_argument("--title", type=_title, help="what the pages call it (the data set's)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_count)
    length.add_argument("--seconds", type=_positive, help="the length as time of training")
    parser.add_argument("--batch", type=_count, help="samples per step")
    parser.add_argument("--learning-rate", type=_positive)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", choices=("cpu", "cuda", "auto"), default="cpu")
    parser.add_argument("--threads", type=_count, help="CPU threads (1)")
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--hidden", type=_widths, metavar="W,W,...", help="widths of the hidden layers")
    network.add_argument("--size", choices=SIZES, help="the same in a word")
    parser.add_argument("--likelihood", choices=LIKELIHOODS)
    parser.add_argument("--sigma-x", type=_positive, help="standard deviation of Gaussian pixels")
    parser.add_argument("--beta-max", type=_positive, help="the slider's largest beta")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=f"data folder (else {DATA_VARIABLE})")
    help_text = "at least so many seconds between checkpoints during training (10)"
    parser.add_argument("--save-every", type=_positive, default=10.0, metavar="SECONDS", help=help_text)
    parser.add_argument("--json", action="store_true", help="print progress as JSON lines instead of a bar")
    help_text = "write what can be watched, and gone on from, into this training folder"
    parser.add_argument("--job", type=Path, metavar="FOLDER", help=help_text)
    parser.add_argument("--resume", action="store_true", help="go on from where the training in --job FOLDER was")


def _add_reference(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_reference)
    parser.description = (
        "Train a VAE of its own at each of a few values of beta, with the recipe of the model that serves every beta. "
        "The pages show them beside that model where DIR holds it. Ctrl-C keeps those that are complete."
    )
    parser.add_argument("dataset", metavar="DATASET", help=", ".join(DATASETS))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="written to DIR/reference/NAME/beta-B/")
    parser.add_argument("--name", type=_name, help="the name of the model to compare with (the data set's)")
    parser.add_argument("--betas", type=_betas, metavar="B,B,...", help="values of beta (six)")
    parser.add_argument("--epochs", type=_count)
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=f"data folder (else {DATA_VARIABLE})")


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_table)
    parser.add_argument("model", metavar="NAME_OR_PATH")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=f"data folder (else {DATA_VARIABLE})")


def _add_statistics(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_statistics)
    parser.description = (
        "Compute the mean, the standard deviation and a histogram of every pixel over a model's data set, and put them "
        "beside the model: the pages show them where the images themselves are not at hand."
    )
    parser.add_argument("model", metavar="NAME_OR_PATH")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=f"data folder (else {DATA_VARIABLE})")


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_info)
    parser.add_argument("model", metavar="NAME_OR_PATH")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_evaluate)
    parser.add_argument("model", metavar="NAME_OR_PATH")
    parser.add_argument("--betas", type=_betas, metavar="B,B,...", help="values of beta (those of the card)")
    parser.add_argument("--draws", type=_count, default=4, help="draws of z per sample (4)")
    parser.add_argument(
        "--samples", type=_count, default=10_000, help="at most so many of either split (10000)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=f"data folder (else {DATA_VARIABLE})")


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_prepare)
    parser.description = (
        "Make a data set of your own files: an .npz or .npy array (N×H×W, N×H×W×3 or N×D), a .zip or a folder of PNG "
        "and JPEG pictures (folders become labels), a .csv table, or IDX files of pictures and labels. It prints what "
        "is done and the name to train with."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="DIR", help="written to DIR/own-.../ (where the app keeps its own)")
    parser.add_argument("--title", help="what the data set is called (the file's name)")
    parser.add_argument("--label", metavar="COLUMN", help="the column or array that holds the classes, or 'none'")
    parser.add_argument("--samples", metavar="ARRAY", help="the array of an .npz that holds the samples")
    parser.add_argument("--size", type=int, metavar="N", help="pixels along the longer side of every picture")
    parser.add_argument("--grey", action="store_true", help="shades of grey, even where pictures are in colour")
    parser.add_argument("--missing", choices=("drop", "median"), help="drop rows with missing values, or fill these")


def _add_pack(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_pack)
    parser.add_argument("model", metavar="NAME_OR_PATH")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="where the zip is written")


def _add_unpack(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_unpack)
    parser.add_argument("file", type=Path, metavar="FILE.zip", help="what `pack` or the app's download made")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_data)
    parser.add_argument("dataset", choices=list(IDX_TITLES))
    parser.add_argument("--data-dir", type=Path, required=True, metavar="DIR", help="written to DIR/DATASET/")


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise argparse.ArgumentTypeError(f"expected letters, digits, '.', '_' and '-', got {text!r}")
    return text


def _title(text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST_TITLE:
        raise argparse.ArgumentTypeError(f"expected 1 to {LONGEST_TITLE} characters, got {text[:20]!r}")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from error


def _widths(text: str) -> tuple[int, ...]:
    return tuple(_count(width) for width in text.split(","))


def _betas(text: str) -> list[float]:
    betas = [_number(beta) for beta in text.split(",")]
    if not all(0 <= beta < float("inf") for beta in betas):
        raise argparse.ArgumentTypeError(f"expected numbers of at least 0, got {text!r}")
    return betas

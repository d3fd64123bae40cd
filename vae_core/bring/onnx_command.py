"""`python -m vae_core import onnx ENCODER DECODER --data …`: what was found is shown before anything is encoded."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from vae_core.bring.adapters import READINGS
from vae_core.bring.errors import ImportRefused


def add_onnx(parser: argparse.ArgumentParser) -> None:
    """Give the parser its own options; those of every import are added by commands.py."""
    parser.description = (
        "Import a VAE from two ONNX files, made by any exporter. Inputs and outputs are found by shape and name, and "
        "shown; on a terminal you are asked whether they are right. Needs the packages onnx and onnxruntime."
    )
    parser.set_defaults(run=import_onnx)
    parser.add_argument("encoder", type=Path, metavar="ENCODER.onnx")
    parser.add_argument("decoder", type=Path, metavar="DECODER.onnx")
    parser.add_argument("--input", metavar="NAME", help="the encoder's input x")
    parser.add_argument("--mu", metavar="NAME", help="the encoder's output that is the mean")
    parser.add_argument("--second", metavar="NAME", help="the encoder's output that says how wide")
    parser.add_argument("--variance", choices=READINGS, help="what that output is (found by its name, else log_var)")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def import_onnx(options: argparse.Namespace) -> int:
    """Read, show, ask and export; returns the exit status. Raises ImportRefused."""
    for package in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise ImportRefused(f"expected the package {package}, but it is missing: pip install onnx onnxruntime")
    from vae_core.bring.commands import data_of, export_as_asked
    from vae_core.bring.onnx_roles import as_exported, find_roles, read_graph

    encoder = read_graph(options.encoder, "the encoder")
    decoder = read_graph(options.decoder, "the decoder")
    data = data_of(options)
    shape = data.input_shape
    roles = find_roles(encoder, decoder, shape, x=options.input, mu=options.mu, second=options.second)
    for reason in roles.reasons:
        print(reason)
    asks = not options.yes and sys.stdin.isatty()
    if asks and input("Is that right? [Y/n] ").strip().lower() not in ("", "y", "yes"):
        raise ImportRefused("expected a yes to what was found, got a no; say --input, --mu, --second or --variance")
    pair = as_exported(encoder, decoder, roles, data)
    if pair["chain"] is None:
        print(f"the decoder does not run in the browser: {pair['why']}")
    return export_as_asked(
        options,
        pair.pop("encode"),
        pair.pop("decode"),
        pair.pop("fed"),
        data,
        folder=options.encoder.parent if options.encoder.stem == "encoder" else options.encoder.with_suffix(""),
        source="onnx",
        described=f"{options.encoder.name} and {options.decoder.name}",
        beta=1.0,
        likelihood="gaussian",
        variance=options.variance or roles.variance,
        **pair,
    )

"""A training's folder: the names of its files, and its live and stored states as the worker writes them.

request.json     what was asked for (vae_core.trainings.request)
queued           there while the training waits; its time orders the queue
pid              the worker's process
progress.jsonl   what the worker says (vae_core.trainings.progress_log); worker.log: what else it prints
control.json     {"pace", "steps"}: what it is asked to do; stop: there once it was asked to stop
watched          its time says when somebody last looked
start.safetensors, live.safetensors, states/NNNN.safetensors   what is shown (below)
resume.safetensors   everything that is needed to go on
model/NAME/      the finished model

Shown are n samples, at most SHOWN_SAMPLES. start: metadata "card"; labels int32 [n], ids int32 [n] (indices into the
data set), test uint8 [n]. live and states: metadata as the worker's "progress" event; decoder.{i}.weight, bias, gain
and shift float16, codes float16 [K, n, 4] = μ₁, μ₂, σ₁, σ₂ at the card's K betas. NumPy only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as safetensors_bytes

from vae_core.metadata import metadata_json
from vae_core.processes import write_atomically

REQUEST, QUEUED, PID, PROGRESS, LOG = "request.json", "queued", "pid", "progress.jsonl", "worker.log"
CONTROL, STOP, WATCHED = "control.json", "stop", "watched"
START, LIVE, STATES, RESUME, MODELS = "start.safetensors", "live.safetensors", "states", "resume.safetensors", "model"

PACES = ("run", "pause", "slow")
SHOWN_SAMPLES = 2_000
LIVE_BETAS = 13
MOST_STATES = 40

Tensors = dict[str, NDArray[Any]]


def state_file(folder: Path, index: int) -> Path:
    """Where the stored state with this index is."""
    return folder / STATES / f"{index:04d}.safetensors"


def write_tensors(file: Path, facts: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write facts and tensors as one safetensors file, atomically. Raises OSError."""
    # A tensor without elements or dimensions is fine; one that is not contiguous would be stored wrongly.
    whole = {name: np.ascontiguousarray(value) if value.ndim else value for name, value in tensors.items()}
    write_atomically(file, safetensors_bytes(whole, metadata={"json": json.dumps(facts, allow_nan=False)}))


def read_tensors(file: Path) -> tuple[dict[str, Any], Tensors]:
    """The facts and the tensors that `write_tensors` wrote. Raises OSError, or ValueError where it is another file."""
    content = file.read_bytes()
    try:
        tensors: Tensors = parse_safetensors(content)
        facts = metadata_json(content)
    except (SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise ValueError(f"{file}: expected a safetensors file with JSON, got something else ({error})") from error
    if not isinstance(facts, dict):
        raise ValueError(f"{file}: expected a JSON object in its metadata, got {type(facts).__name__}")
    return facts, tensors


def read_control(folder: Path) -> tuple[str, int]:
    """The pace, one of PACES, and the number of single steps that were asked for so far; "run", 0 where none was."""
    try:
        record = json.loads((folder / CONTROL).read_bytes())
        pace, steps = record["pace"], record["steps"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "run", 0
    return (pace if pace in PACES else "run"), (steps if type(steps) is int else 0)


def write_control(folder: Path, pace: str, steps: int) -> None:
    """Ask the worker for a pace and a number of single steps, counted from the start."""
    write_atomically(folder / CONTROL, json.dumps({"pace": pace, "steps": steps}).encode())

"""Figures for notebooks: their numbers are those of the model; and what reading a model needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from imported_kit import tiny_import
from nbclient import NotebookClient

from vae_core import AggregatePosterior, Plane, figures, load_card, load_codes, load_decoder

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "checkpoints" / "digits"


def test_the_map_holds_every_class_and_its_ellipses_are_exact() -> None:
    codes = load_codes(DIGITS)
    figure = figures.latent_map(codes, beta=1.0, label_names=load_card(DIGITS)["label_names"], k=2, most=100)
    assert "100 of 1,797 samples" in figure.layout.title.text
    traces = {trace.name: trace for trace in figure.data if trace.name}
    assert sorted(traces) == list("0123456789")
    rows = np.linspace(0, 1796, 100).astype(int)
    first = rows[codes.labels[rows] == 7][0]
    mu, sigma = (part[first] for part in codes.at_beta(1.0))
    path = np.stack([traces["7"].x, traces["7"].y], axis=1)[: figures.CORNERS]
    assert np.hypot(*((path - mu) / sigma).T) == pytest.approx(2, abs=1e-4)
    assert figure.layout.yaxis.scaleanchor == "x"


def test_many_dimensions_are_seen_in_a_plane(tmp_path: Path) -> None:
    codes = load_codes(tiny_import(tmp_path / "mine"))
    figure = figures.latent_map(codes, plane=Plane.of_dimensions(3, 1, 5))
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("z4", "z2")
    bars = figures.dimensions(codes).data[0]
    assert len(bars.y) == 5
    assert list(bars.y) == sorted(bars.y, reverse=True)
    picture = figures.decodes(load_decoder(tmp_path / "mine"), plane=Plane.of_dimensions(0, 1, 5), n=3).data[0]
    assert np.shape(picture.z) == (12, 18, 3)


def test_marginals_are_the_aggregate_posteriors_and_the_curve_is_the_cards() -> None:
    codes = load_codes(DIGITS)
    first, *_, prior = figures.marginals(codes, beta=4.5, dimensions=[0, 1]).data
    q = AggregatePosterior(*codes.at_beta(4.5))
    assert np.asarray(first.y) == pytest.approx(q.marginal(0, np.asarray(first.x)))
    assert np.trapezoid(prior.y, prior.x) == pytest.approx(1, abs=1e-3)
    card = load_card(DIGITS)
    train, test = figures.rate_distortion(card).data
    assert list(train.x) == [point["train"]["rate"] for point in card["curve"]]
    assert list(test.y) == [point["test"]["distortion"] for point in card["curve"]]


def test_the_notebook_runs() -> None:
    notebook = nbformat.read(ROOT / "examples" / "explore_a_model.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "outputs are not kept"
    NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("application/vnd.plotly.v1+json" in output.get("data", {}) for output in shown) == 5
    said = "".join(output.get("text", "") for output in shown)
    assert "mutual information" in said


READING = """
import importlib.abc, sys

class OnlyThese(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "safetensors", "vae_core"):
            raise ImportError(f"{name} is not to be imported here")

sys.meta_path.insert(0, OnlyThese())
from vae_core import AggregatePosterior, load_card, load_codes, load_decoder, load_samples
for folder in sys.argv[1:]:
    card, codes = load_card(folder), load_codes(folder)
    beta = float(codes.betas[-1])
    mu, sigma = codes.at_beta(beta)
    images = load_decoder(folder).decode(mu[:3], beta)
    likely = AggregatePosterior(mu, sigma).log_prob(mu[0]) > -50
    print(card["name"], images.shape, load_samples(folder) is not None, likely)
"""


def test_reading_a_model_needs_numpy_and_safetensors_alone(tmp_path: Path) -> None:
    folders = [str(DIGITS), str(tiny_import(tmp_path / "mine"))]
    done = subprocess.run(
        [sys.executable, "-c", READING, *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["digits (3, 8, 8) False True", "mine (3, 4, 6) True True"], done.stderr
    assert json.loads((DIGITS / "card.json").read_text())["format"] == 1

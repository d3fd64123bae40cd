"""`vae_core.explore`: the app in a script's own process, which asks the script's own decoder."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT, wait_ready
from export_kit import linear_vae
from imported_kit import tiny_import

from vae_core import CheckpointError, explore, export, load_dataset
from vae_core.bring import explore as module
from vae_core.bring.errors import ImportRefused
from vae_core.bring.running import runner_of
from vae_core.checkpoints import StoredDecoder, load_decoders

if TYPE_CHECKING:
    from playwright.sync_api import Page


READ = """canvas => Array.from(canvas.getContext("2d").getImageData(0, 0, 8, 8).data).filter((_, i) => i % 4 === 0)"""


def address(lines: IO[str]) -> str:
    """The page that a script says it has opened."""
    said = []
    for line in lines:
        said.append(line)
        if found := re.search(r"http://localhost:\d+/latent_map\?model=\S+", line):
            return found.group()
    pytest.fail("no address was printed: " + "".join(said))


def test_a_decoder_in_plain_python_is_asked_by_the_app_that_its_script_opens(page: Page, tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "examples/numpy_vae.py"), "--explore", "--out", str(tmp_path / "models")]
    env = {**os.environ, "BROWSER": "true", "LATENT_EXPLORER_HOME": str(tmp_path / "home")}
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen(script, cwd=tmp_path, env=env, text=True, **pipes)
    try:
        assert process.stderr is not None
        url = address(process.stderr)
        threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        for _ in range(100):
            try:
                page.goto(f"{url}&plane=z2,z5&z=1,-1")
                break
            except Exception:  # not yet listening
                page.wait_for_timeout(100)
        wait_ready(page)
        page.wait_for_selector('[data-testid="latent-canvas"][data-approximate="false"]')
        shown = np.array(page.locator('canvas[data-testid="decoded"]').evaluate(READ))
        _, decode = linear_vae()
        z = np.zeros((1, 10))
        z[0, [1, 4]] = 1, -1
        assert np.abs(shown - 255 * np.clip(decode(z).ravel(), 0, 1)).max() <= 1
        page.goto("about:blank")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_the_decoder_is_known_by_its_pictures_and_where_it_went_does_not_matter(tmp_path: Path) -> None:
    encode, decode = linear_vae()
    data = load_dataset("digits")
    folder = export(encode, decode, data.images, name="mine", out=tmp_path, sigma_x=0.25, progress=lambda _: None)
    (stored,) = load_decoders(folder.rename(tmp_path / "elsewhere"))
    run = runner_of(stored)
    assert run is not None
    z = np.random.default_rng(0).standard_normal((5, 10)).astype(np.float32)
    assert run(z) == pytest.approx(decode(z).reshape(5, 64), abs=1e-6)
    assert runner_of(StoredDecoder(grids=stored.grids[1:], why="another one")) is None


def test_where_the_app_cannot_be_started_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckpointError, match="nothing"):
        explore(tmp_path / "nothing")
    folder = tiny_import(tmp_path / "tiny")

    async def in_a_notebook() -> None:
        explore(folder)

    # In a thread of its own: the browser of other tests keeps a loop running in the main one.
    with ThreadPoolExecutor(1) as beside:
        with pytest.raises(ImportRefused, match="running event loop, as notebooks have"):
            beside.submit(lambda: asyncio.run(in_a_notebook())).result()
        with pytest.raises(ImportRefused, match="main thread"):
            beside.submit(explore, folder).result()
    monkeypatch.setattr(module, "APP", tmp_path / "app.py")
    with pytest.raises(ImportRefused, match=r"the explorer's app\.py"):
        explore(folder)

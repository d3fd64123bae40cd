"""`vae_core.explore`: the app, opened by a script on the model that it has just exported."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

from vae_core import home, library
from vae_core.bring.errors import ImportRefused
from vae_core.checkpoints import load_card

APP = Path(__file__).resolve().parents[2] / "app.py"
FIRST_PORT, PORTS = 8501, 50
START_SECONDS = 60.0


def explore(folder: str | Path, *, port: int | None = None, open_browser: bool = True) -> None:
    """Open a model in the app, from this very process, until Ctrl-C.

    folder: as `export` returns it. A decoder that is neither layers nor a graph can only be asked in the process that
    has it: exported and explored by the same script, it decodes exactly wherever the hand rests. port: of the local
    server (the first free one from 8501). open_browser: show the page; its address is printed either way.

    Raises CheckpointError where the folder holds no model, and ImportRefused where the app cannot be started here: from
    a notebook, beside the main thread, without Streamlit, or without app.py beside this package.
    """
    path = Path(folder).absolute()
    card = load_card(path)
    _check_place()
    if path.parent not in (home.models_folder().absolute(), library.shipped_folder().absolute()):
        os.environ[library.CHECKPOINTS_VARIABLE] = str(path.parent)
    chosen = _free_port() if port is None else port
    url = f"http://localhost:{chosen}"
    page = f"{url}/latent_map?model={quote(path.name)}"
    print(f"{card['title']}: {page} (Ctrl-C ends it)", file=sys.stderr, flush=True)
    if open_browser:
        threading.Thread(target=_open_soon, args=(url, page), daemon=True).start()

    from streamlit.web.cli import main as streamlit

    options = ["--server.port", str(chosen), "--server.headless", "true", "--server.fileWatcherType", "none"]
    streamlit(["run", str(APP), *options], standalone_mode=False)


def _check_place() -> None:
    if not APP.is_file():
        raise ImportRefused(f"expected the explorer's {APP.name} at {APP}, got none; run it from the project's folder")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise ImportRefused(
            "expected to be called by a script, got a running event loop, as notebooks have; in a terminal,"
            " `streamlit run app.py` opens the same model"
        )
    if threading.current_thread() is not threading.main_thread():
        raise ImportRefused("expected to be called in the main thread, which hears Ctrl-C, got another one")
    try:
        import streamlit.web.cli  # noqa: F401
    except ImportError as error:
        raise ImportRefused("expected the package streamlit, but it is missing: pip install streamlit") from error


def _free_port() -> int:
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as trial:
            try:
                trial.bind(("", port))
            except OSError:
                continue
            return port
    raise ImportRefused(f"expected a free port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1}, got none; say another")


def _open_soon(url: str, page: str) -> None:
    """Show the page as soon as the server answers."""
    until = monotonic() + START_SECONDS
    while monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                webbrowser.open(page)
                return
        except (urllib.error.URLError, OSError):
            sleep(0.2)

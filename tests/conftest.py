"""Fixtures for the tests that need a browser, a running app or data sets."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import MISSING, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOFTWARE_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
NO_WEBGL = ("--disable-gpu", "--disable-webgl", "--disable-webgl2", "--disable-software-rasterizer")
BROWSER_FIXTURES = {"chromium_path", "browser", "browser_without_webgl", "page", "phone", "app_url"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a browser, so that `make check` can leave it out."""
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A person's own things are kept in a folder of the test session, never in the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("LATENT_EXPLORER_HOME", str(folder))
        yield folder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: a second gains nothing on small layers, and waits where a core is busy."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def data_dir() -> Path | None:
    """Folder with mnist/ and fashion-mnist/ in IDX format, None where there is none."""
    named = os.environ.get("LATENT_EXPLORER_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the Chromium that the browser tests use."""
    path = find_chromium()
    if path is None:
        pytest.fail(MISSING)
    return path


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright_driver: Playwright, chromium_path: str) -> Iterator[Browser]:
    """A headless Chromium whose WebGL runs in software."""
    launched = launch(playwright_driver, chromium_path, SOFTWARE_WEBGL)
    yield launched
    launched.close()


@pytest.fixture
def browser_without_webgl(playwright_driver: Playwright, chromium_path: str) -> Iterator[Browser]:
    """A headless Chromium in which no canvas gets a WebGL context."""
    launched = launch(playwright_driver, chromium_path, NO_WEBGL)
    yield launched
    launched.close()


def launch(driver: Playwright, path: str, flags: tuple[str, ...] = SOFTWARE_WEBGL) -> Browser:
    return driver.chromium.launch(executable_path=path, headless=True, args=[*CHROMIUM_FLAGS, *flags])


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page, 1280×900; the test fails if the page throws or writes an error to the console.

    A test that expects errors says so with `@pytest.mark.console_errors`.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    fresh = context.new_page()
    errors = record_errors(fresh)
    yield fresh
    context.close()
    if request.node.get_closest_marker("console_errors") is None and errors:
        pytest.fail("the page reported errors:\n" + "\n".join(errors))


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A fresh page on a touch screen, 390×844; errors count as in `page`."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    fresh = context.new_page()
    errors = record_errors(fresh)
    yield fresh
    context.close()
    assert not errors


def record_errors(page: Page) -> list[str]:
    """List that fills with what the page throws and what it writes to the console as an error."""
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        url = str(message.location.get("url", ""))
        # Opened at a page's own address, Streamlit looks for its server below that address first.
        if message.type == "error" and not re.search(r"^https?://[^/]+/\w+/_stcore/", url):
            errors.append(f"{message.text} ({url})")

    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


@pytest.fixture(scope="session")
def app_url(start_app: Callable[..., str]) -> str:
    """Address of the project's app, served for the whole test session."""
    return start_app(ROOT / "app.py")


@pytest.fixture(scope="session")
def start_app(data_dir: Path | None) -> Iterator[Callable[..., str]]:
    """Function that serves a script with `streamlit run` and returns its address; all end with the session.

    Keyword `env` adds to the environment, so that a test can serve the app over a folder of its own.
    """
    servers: list[subprocess.Popen[bytes]] = []

    def start(script: Path, *, env: dict[str, str] | None = None) -> str:
        settings = {**os.environ, **({"LATENT_EXPLORER_DATA": str(data_dir)} if data_dir else {}), **(env or {})}
        port = free_port()
        servers.append(serve(script, port, settings))
        url = f"http://localhost:{port}"
        wait_for_health(url, servers[-1])
        return url

    yield start
    for server in servers:
        stop(server)


def serve(script: Path, port: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.headless", "true", "--server.port", str(port), "--server.fileWatcherType", "none"]
    # A session of its own, so that stop() reaches the server's children too.
    return subprocess.Popen([*command, *options], cwd=ROOT, env=env, start_new_session=True)


def wait_for_health(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended with exit code {server.returncode} before it answered")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    stop(server)
    pytest.fail(f"the server did not answer at {url} within {START_SECONDS:.0f} s")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server and its children: asked first, killed after five seconds."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, ending)
            server.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_ready(page: Page, *, timeout: float = 60.0) -> None:
    """Wait until the latent canvas has drawn itself; timeout in seconds."""
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"]', timeout=timeout * 1000)

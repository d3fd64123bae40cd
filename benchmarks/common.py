"""What the benchmarks share: where results go, what machine this is, percentiles, a served app in a real Chromium."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from chromium import find_chromium  # noqa: E402  (tests/ was just put on the path)

__all__ = ["ROOT", "find_chromium", "machine", "percentile", "report", "resident_mb", "served"]

RESULTS = Path(__file__).resolve().parent / "results"


def machine() -> str:
    """One line: date, processor count, system, Python."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{datetime.date.today().isoformat()}, {os.cpu_count()} cores, {system}"


def report(name: str, text: str) -> None:
    """Print a result; with --write on the command line also keep it as benchmarks/results/<name>.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help=f"write benchmarks/results/{name}.md")
    print(text)
    if parser.parse_args().write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(text.rstrip() + "\n")


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(script: Path) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """A Streamlit script, served: its address, the process, and when it was started (time.monotonic)."""
    port = free_port()
    options = ["--server.headless", "true", "--server.port", str(port), "--server.fileWatcherType", "none"]
    began = time.monotonic()
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    url = f"http://localhost:{port}"
    try:
        _wait(url)
        yield url, process, began
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def _wait(url: str) -> None:
    for _ in range(1200):
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2),
        ):
            return
        time.sleep(0.05)
    raise SystemExit(f"the server did not answer at {url}")


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise SystemExit("no VmRSS: this benchmark reads /proc and runs on Linux")

"""From `streamlit run` to a page one can use, and the server's memory, beside a one-line Streamlit app."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from common import ROOT, find_chromium, machine, report, resident_mb, served
from playwright.sync_api import Browser, sync_playwright

RUNS = 5
READY = {
    "one-line app": "text=Hello",
    "latent space explorer": '[data-testid="latent-canvas"][data-ready="true"]',
}


def start(browser: Browser, script: Path, selector: str) -> tuple[float, float]:
    """Seconds from starting the process until the page is ready, and the server's resident memory in MB."""
    with served(script) as (url, process, began):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.wait_for_selector(selector, timeout=60_000)
        seconds = time.monotonic() - began
        memory = resident_mb(process.pid)
        page.close()
    return seconds, memory


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        hello = Path(folder) / "hello.py"
        hello.write_text('import streamlit as st; st.write("Hello")\n')
        scripts = {"one-line app": hello, "latent space explorer": ROOT / "app.py"}
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-background-networking"]
        )
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in scripts}
        for run in range(RUNS + 1):
            for name, script in scripts.items():
                measured = start(browser, script, READY[name])
                if run:  # the first one warms the file cache
                    found[name].append(measured)
        browser.close()
    seconds = {name: statistics.median(s for s, _ in runs) for name, runs in found.items()}
    memory = {name: statistics.median(m for _, m in runs) for name, runs in found.items()}
    ours, plain = "latent space explorer", "one-line app"
    text = f"""# From `streamlit run` to a usable page

{machine()}; medians of {RUNS} runs, taken in turn.

| app | s until ready | server memory MB |
|---|--:|--:|
| {plain} | {seconds[plain]:.2f} | {memory[plain]:.0f} |
| {ours} | {seconds[ours]:.2f} | {memory[ours]:.0f} |
| | {seconds[ours] / seconds[plain]:.2f} times | {memory[ours] - memory[plain]:+.0f} |
"""
    report("startup", text)


if __name__ == "__main__":
    main()

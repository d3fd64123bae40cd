"""How many viewers one server process can carry: processor time of the server for opening a page and for a drag."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

from common import ROOT, find_chromium, machine, report, resident_mb, served
from playwright.sync_api import Page, sync_playwright

OPENINGS = 8  # counted, after one that is not
RESTS = 10
READY = {
    "": '[data-testid="latent-canvas"][data-ready="true"]',
    "latent_map": '[data-testid="latent-canvas"][data-ready="true"]',
    "kl_weight": '[data-testid="weight-view"][data-ready="true"]',
    "one_sample": '[data-testid="story-view"][data-ready="true"]',
}


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def opening(page: Page, pid: int, url: str, path: str) -> float:
    before = processor_seconds(pid)
    page.goto(f"{url}/{path}")
    page.wait_for_selector(READY[path], timeout=60_000)
    page.wait_for_timeout(1000)
    return processor_seconds(pid) - before


def rests(page: Page, pid: int) -> float:
    """Processor time per rest of a hand that drags on the latent map."""
    stage = page.locator('[data-testid="stage"]').bounding_box()
    assert stage is not None
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    before = processor_seconds(pid)
    for number in range(RESTS):
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(20):
            page.mouse.move(x + 4 * step, y + 3 * number)
        page.mouse.up()
        page.wait_for_timeout(700)
    return (processor_seconds(pid) - before) / RESTS


def main() -> None:
    rows = ["| what | server, ms of processor time | per second on one core |", "|---|--:|--:|"]
    with sync_playwright() as driver, served(ROOT / "app.py") as (url, process, _):
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-quic"])
        for path in READY:
            found = []
            for _ in range(OPENINGS + 1):
                context = browser.new_context(viewport={"width": 1280, "height": 900})
                found.append(opening(context.new_page(), process.pid, url, path))
                if path == "latent_map":
                    kept = context
                else:
                    context.close()
            cost = statistics.median(found[1:])
            rows.append(f"| opening /{path} | {1000 * cost:.0f} | {1 / cost:.0f} |")
        cost = rests(kept.pages[0], process.pid)
        rows.append(f"| a drag on the latent map, once it rests | {1000 * cost:.1f} | {1 / max(cost, 1e-3):.0f} |")
        memory = resident_mb(process.pid)
        browser.close()
    text = f"""# Viewers of one server process

{machine()}. Digits; medians of {OPENINGS} openings, each in a fresh browser profile; while a hand drags, the server
hears nothing.
The server had {memory:.0f} MB after all of them.

"""
    report("viewers", text + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()

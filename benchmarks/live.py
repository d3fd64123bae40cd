"""What a training that runs costs the people who look: updates a second on its own page, and a drag on other pages.

In headless Chromium with software rendering, the server, its worker and the browser all on this machine: drags of the
handle on the latent map, first with nothing else running, then while a training of the digits runs that nobody
watches, then while another page watches it; and on the page of the training itself.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from common import ROOT, find_chromium, machine, percentile, report, served
from drag import EVENTS, HAND, PROBE, drag
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SECONDS = 10.0  # over which updates are counted
VIEW = '[data-testid=train-view]'
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


def start_training(context: BrowserContext, url: str) -> Page:
    """The page of a training of the digits, as the page suggests it but for its length, once updates arrive."""
    page = context.new_page()
    page.goto(f"{url}/train")
    page.get_by_text("5 min", exact=True).click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(f"Number(deep('{VIEW}')?.dataset.updates ?? 0) >= 5", timeout=60_000)
    return page


DEEP = """window.deep = (selector, root = document) => {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const element of root.querySelectorAll('*')) {
    const inside = element.shadowRoot && window.deep(selector, element.shadowRoot);
    if (inside) return inside;
  }
  return null;
}"""


def told(page: Page) -> dict[str, float]:
    """Updates shown and the training's step so far."""
    data = page.locator(VIEW).evaluate("view => ({updates: view.dataset.updates, step: view.dataset.step})")
    return {name: float(value) for name, value in data.items()}


def progress(page: Page) -> dict[str, float]:
    """Updates a second and steps a second over SECONDS."""
    before = told(page)
    page.wait_for_timeout(1000 * SECONDS)
    after = told(page)
    return {name: (after[name] - before[name]) / SECONDS for name in before}


def drag_here(page: Page) -> list[float]:
    """A drag on the map of the training's own page, milliseconds from event to paint."""
    page.evaluate(PROBE)
    stage = page.locator('[data-testid="stage"]').bounding_box()
    assert stage is not None
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.locator('[data-testid="stage"]').evaluate(HAND, [x, y, EVENTS])
    page.mouse.up()
    times: list[float] = page.evaluate("window.done")
    return times


def drag_on_the_map(browser: Browser, url: str) -> list[float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    found: dict[str, Any] = drag(page, url, "digits", by_devtools=False)
    page.close()
    times: list[float] = found["times"]
    return times


def row(what: str, times: list[float], updates: str = "") -> str:
    return f"| {what} | {percentile(times, 0.5):.1f} | {percentile(times, 0.95):.1f} | {len(times)} | {updates} |"


def main() -> None:
    rows = ["| drag | p50 ms | p95 ms | decodes | updates/s |", "|---|--:|--:|--:|--:|"]
    with tempfile.TemporaryDirectory() as home, sync_playwright() as driver:
        os.environ["LATENT_EXPLORER_HOME"] = home
        with served(ROOT / "app.py") as (url, _, _):
            browser = driver.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.add_init_script(DEEP)
            rows.append(row("latent map, nothing else runs", drag_on_the_map(browser, url)))
            watching = start_training(context, url)
            address = watching.url
            watched = progress(watching)
            rows.append(row("on the training's own page", drag_here(watching), f"{watched['updates']:.1f}"))
            rows.append(row("latent map, another page watches the training", drag_on_the_map(browser, url)))
            watching.close()
            before = drag_on_the_map(browser, url)
            rows.append(row("latent map, the training runs unwatched", before))
            again = context.new_page()
            again.goto(address)
            again.locator(VIEW).wait_for(timeout=60_000)
            again.get_by_role("button", name="Stop and keep").click()
            again.wait_for_timeout(15_000)
            browser.close()
    text = f"""# While a training runs

{machine()}; headless Chromium, software rendering; server, worker and browser share the cores.
Digits (1,797 samples), medium network; a hand of 120 events a second. From the pointer's event until the decoded
picture was painted; updates are states of the training that the page showed, counted over {SECONDS:.0f} s without a
hand on it. Targets: p95 16.7 ms on other pages, 4 updates a second.
The training took {watched["step"]:.0f} steps a second while watched.

"""
    report("live", text + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()

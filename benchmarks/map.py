"""First picture of the map and frame time while panning, beside Plotly's scattergl drawing the same ellipses.

Both draw the shipped MNIST model's Gaussians at beta = 1 (k = 1, 800x600) in one headless Chromium with software
rendering; Plotly gets them as closed outlines of 24 vertices, one trace per class. A time ends when the pixels are
there: after a read-back of one pixel, and for first pictures after the browser has painted them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
from common import ROOT, find_chromium, machine, percentile, report
from playwright.sync_api import Page, Route, sync_playwright

from vae_core import load_codes

# How many ellipses, and how many pan steps Plotly is asked for: at 60,000 one takes many seconds.
SIZES = ((1_797, 5), (10_000, 3), (60_000, 1))
PAN_STEPS = 60
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
ADDRESS = "http://map.benchmark"
FOLDERS = (Path(__file__).parent, ROOT / "ui" / "latent_canvas" / "frontend")
TYPES = {".html": "text/html", ".js": "text/javascript"}
HEAD = """\
| ellipses | first picture, ours (ellipses in it) | complete picture, ours | scattergl | ratio first | ratio complete |
|---:|---:|---:|---:|---:|---:|"""
PAN_HEAD = """\
| ellipses | pan, p50 / p95 | with density, p50 / p95 | full redraw | scattergl, p50 (n) | ratio pan | ratio redraw |
|---:|---:|---:|---:|---:|---:|---:|"""


def main() -> None:
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("needs a Chromium on the PATH, or named in the environment variable CHROMIUM")
    codes = read_codes()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 820, "height": 620})
        page.route(f"{ADDRESS}/**", lambda route: answer(route, codes))
        page.goto(f"{ADDRESS}/map.html")
        page.wait_for_function("globalThis.measurePlotly && globalThis.Plotly")
        measure_ours(page, SIZES[0][0], cloud=True)  # so that both start with compiled code
        rows = [(n, *measure(page, n, steps)) for n, steps in SIZES]
        browser.close()
    report("map", write_up(rows))


def read_codes() -> dict[str, np.ndarray]:
    """Codes float32 [N, 4] and classes uint8 [N] of the shipped MNIST model at beta = 1, in shuffled order."""
    stored = load_codes(ROOT / "checkpoints" / "mnist")
    mu, sigma = stored.at_beta(1.0)
    order = np.random.default_rng(0).permutation(len(mu))
    together = np.concatenate([mu, sigma], axis=1).astype("<f4")
    return {"codes": together[order], "classes": stored.labels.astype(np.uint8)[order]}


def answer(route: Route, codes: dict[str, np.ndarray]) -> None:
    """Serve the benchmark's page, the front end, Plotly and the first n codes, without a server."""
    path = route.request.url.removeprefix(ADDRESS + "/")
    what, _, count = path.partition("/")
    if what in codes:
        route.fulfill(body=codes[what][: int(count)].tobytes(), content_type="application/octet-stream")
        return
    plotly = find_spec("plotly")
    assert plotly is not None
    assert plotly.origin is not None
    folders = (*FOLDERS, Path(plotly.origin).parent / "package_data")
    file = next((folder / path for folder in folders if (folder / path).is_file()), None)
    if file is None:
        route.fulfill(status=404)
    else:
        route.fulfill(path=file, content_type=TYPES[file.suffix])


def measure(page: Page, n: int, steps: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Ours, ours with the density, and Plotly; all times in ms."""
    ours, clouded = measure_ours(page, n, cloud=False), measure_ours(page, n, cloud=True)
    plotly = cast("dict[str, Any]", page.evaluate("([n, steps]) => measurePlotly(n, steps)", [n, steps]))
    return ours, clouded, plotly


def measure_ours(page: Page, n: int, *, cloud: bool) -> dict[str, Any]:
    arguments = [n, cloud, PAN_STEPS]
    measured = page.evaluate("([n, cloud, steps]) => measureOurs(n, cloud, steps)", arguments)
    return cast("dict[str, Any]", measured)


def write_up(rows: list[tuple[int, dict[str, Any], dict[str, Any], dict[str, Any]]]) -> str:
    first, moving = [], []
    for n, ours, clouded, plotly in rows:
        first.append(
            f"| {n:,} | {ours['first']:.0f} ms ({ours['inFirst']:,}) | {ours['complete']:.0f} ms"
            f" | {plotly['first']:,.0f} ms | {plotly['first'] / ours['first']:.0f}"
            f" | {plotly['first'] / ours['complete']:.0f} |"
        )
        pan, redraw = percentile(ours["pans"], 0.5), percentile(ours["redraws"], 0.5)
        theirs = percentile(plotly["pans"], 0.5)
        moving.append(
            f"| {n:,} | {spread(ours['pans'])} | {spread(clouded['pans'])} | {redraw:.0f} ms"
            f" | {theirs:,.0f} ms ({len(plotly['pans'])}) | {theirs / pan:.0f} | {theirs / redraw:.0f} |"
        )
    worst = max(percentile(clouded["frames"], 0.95) for _, _, clouded, _ in rows)
    return "\n".join(
        [
            "# The map beside Plotly's scattergl",
            "",
            f"`benchmarks/map.py`, {machine()}, headless Chromium, software rendering, canvas 2-D,",
            "800x600, the MNIST model's Gaussians at β = 1, k = 1.",
            "",
            HEAD,
            *first,
            "",
            "Where not all ellipses fit into the first frame, it holds as many as fit, in ink that looks the same.",
            "",
            PAN_HEAD,
            *moving,
            "",
            "While the hand moves, a picture that is slow to draw is shifted and redrawn behind in slices; full",
            "redraw is the time to the complete picture of another view. From one animation frame to the next while",
            f"panning with the density, p95 over {PAN_STEPS} frames, largest of the three sizes: {worst:.0f} ms.",
        ]
    )


def spread(values: list[float]) -> str:
    return f"{percentile(values, 0.5):.1f} / {percentile(values, 0.95):.1f} ms"


if __name__ == "__main__":
    main()

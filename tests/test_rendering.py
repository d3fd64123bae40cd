"""The map's renderers in a real Chromium: what the pixels show against the closed form."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

FRONTEND = Path(__file__).parents[1] / "ui" / "latent_canvas" / "frontend"
RENDERERS = ("canvas2d", "webgl2")
WIDTH, HEIGHT, SCALE = 400, 300, 60.0
CENTRE = (0.2, -0.1)

# Four ellipses that do not touch, one class each: round, wide, tall, and small enough to be a dot at k = 1.
CODES = [[-2.0, 1.2, 0.4, 0.4], [1.5, 1.3, 0.7, 0.25], [-1.4, -1.2, 0.2, 0.5], [2.1, -1.3, 0.005, 0.005]]
# How far they are turned, where they are.
TURNED = [0.7, -0.8, 0.5, 0.3]
COLORS = ["#3f90da", "#ffa90e", "#bd1f01", "#832db6"]

PREPARE = """
async ({ codes, colors, width, height, scale, centre }) => {
  const { MapRenderer } = await import("/map_renderer.js");
  const { createView } = await import("/view.js");
  globalThis.view = createView({ x0: centre[0], y0: centre[1], scale, width, height });
  globalThis.makeScene = (changes = {}) => ({
    n: codes.length, codes: Float32Array.from(codes.flat()),
    classes: Uint8Array.from(codes, (_, i) => i % colors.length), colors,
    visible: new Uint8Array(colors.length).fill(1), kSigma: 1, ...changes,
  });
  globalThis.makeRenderer = (prefer, dpr = 1) => {
    const canvas = document.body.appendChild(document.createElement("canvas"));
    return globalThis.renderer = new MapRenderer(canvas, { prefer, dpr });
  };
  globalThis.picture = () => globalThis.renderer.canvas.toDataURL();
}
"""
DRAW = """
({ prefer, dpr, changes }) => {
  if (changes.visible) changes.visible = Uint8Array.from(changes.visible);
  if (changes.correlation) changes.correlation = Float32Array.from(changes.correlation);
  const renderer = makeRenderer(prefer, dpr);
  renderer.setScene(makeScene(changes));
  renderer.setView(view);
  renderer.finish();
  return { name: renderer.renderer, picture: picture(), progress: renderer.progress };
}
"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without writing a line per request."""

    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/blank":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b'<!doctype html><link rel="icon" href="data:,"><title>Renderers</title>')


@pytest.fixture(scope="module")
def frontend_url() -> Iterator[str]:
    """Address of the front end's files, with an empty page at /blank."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(FRONTEND)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def blank(page: Page, frontend_url: str) -> Page:
    """An empty page in which PREPARE has run."""
    page.goto(f"{frontend_url}/blank")
    view = {"width": WIDTH, "height": HEIGHT, "scale": SCALE, "centre": CENTRE}
    page.evaluate(PREPARE, {"codes": CODES, "colors": COLORS, **view})
    return page


def draw(page: Page, prefer: str, dpr: float = 1, **changes: Any) -> np.ndarray:
    """Draw the scene with changes; RGBA [height * dpr, width * dpr, 4]."""
    drawn = page.evaluate(DRAW, {"prefer": prefer, "dpr": dpr, "changes": changes})
    ellipses = len(CODES) if changes.get("outlines", True) else 0
    assert drawn["name"] == prefer
    assert drawn["progress"] == {"drawn": ellipses, "total": len(CODES), "complete": True}
    return decode(drawn["picture"])


def decode(data_url: str) -> np.ndarray:
    """RGBA [rows, columns, 4] of a PNG in a data URL."""
    with Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))) as png:
        return np.array(png.convert("RGBA"))


def contour(code: list[float], k: float, dpr: float, rho: float = 0.0) -> np.ndarray:
    """Points all along the k-sigma contour, in device pixels; [2000, 2] x and y. rho: correlation."""
    mu_x, mu_y, sigma_x, sigma_y = code
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    x = WIDTH / 2 + (mu_x + k * sigma_x * np.cos(angle) - CENTRE[0]) * SCALE
    up = rho * np.cos(angle) + np.sqrt(1 - rho**2) * np.sin(angle)
    y = HEIGHT / 2 - (mu_y + k * sigma_y * up - CENTRE[1]) * SCALE
    return np.stack([x, y], axis=1) * dpr


def of_hue(pixels: np.ndarray, color: str) -> np.ndarray:
    """The pixels that are visible and in a colour, give or take what 8 bits lose; [rows, columns] bool."""
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    near = np.abs(pixels[..., :3].astype(int) - wanted).max(axis=-1) < 24
    return near & (pixels[..., 3] > 100)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(("k", "dpr", "turned"), [(1.0, 1, None), (1.5, 1, None), (1.0, 2, None), (1.5, 2, TURNED)])
def test_outlines_lie_within_one_pixel_of_the_contour(
    blank: Page, renderer: str, k: float, dpr: float, turned: list[float] | None
) -> None:
    """In css pixels: every strong pixel is near the contour, every point of the contour near a strong pixel."""
    shown = draw(blank, renderer, dpr, kSigma=k, correlation=turned)
    for i, (code, color) in list(enumerate(zip(CODES, COLORS, strict=True)))[:3]:
        rows, columns = np.nonzero(of_hue(shown, color))
        strong = np.stack([columns, rows], axis=1) + 0.5
        line = contour(code, k, dpr, turned[i] if turned else 0.0)
        apart = np.linalg.norm(strong[:, None] - line[None], axis=-1) / dpr
        assert apart.min(axis=1).max() <= 1.0
        assert apart.min(axis=0).max() <= 1.0


@pytest.mark.parametrize("renderer", RENDERERS)
def test_an_ellipse_below_a_pixel_is_a_visible_dot_at_its_mean(blank: Page, renderer: str) -> None:
    shown = draw(blank, renderer)
    rows, columns = np.nonzero(shown[..., 3] * of_hue(shown, COLORS[3]))
    x = WIDTH / 2 + (CODES[3][0] - CENTRE[0]) * SCALE
    y = HEIGHT / 2 - (CODES[3][1] - CENTRE[1]) * SCALE
    assert 2 <= len(rows) <= 16
    assert abs(columns.mean() + 0.5 - x) <= 1
    assert abs(rows.mean() + 0.5 - y) <= 1


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_hidden_class_is_not_drawn(blank: Page, renderer: str) -> None:
    shown = draw(blank, renderer, visible=[1, 0, 1, 1])
    assert not of_hue(shown, COLORS[1]).any()
    assert of_hue(shown, COLORS[0]).any()


@pytest.mark.parametrize("renderer", RENDERERS)
def test_values_colour_the_ellipses_by_the_ramp(blank: Page, renderer: str) -> None:
    shown = draw(blank, renderer, values=[0.0, 0.49, 0.51, 1.0], ramp=["#104080", "#d0b020"])
    assert of_hue(shown, "#104080")[:150].any()
    assert not of_hue(shown, COLORS[0]).any()


def test_both_renderers_draw_the_same_picture(blank: Page) -> None:
    for turned in (None, TURNED):
        alphas = [draw(blank, renderer, correlation=turned)[..., 3].astype(float) for renderer in RENDERERS]
        ink = [alpha.sum() for alpha in alphas]
        assert ink[0] == pytest.approx(ink[1], rel=0.12)


def test_the_cloud_is_brightest_at_the_mean_of_a_lone_sample(blank: Page) -> None:
    shown = draw(blank, "canvas2d", cloud=True, visible=[1, 0, 0, 0])
    alpha = draw(blank, "canvas2d", cloud=True, outlines=False, visible=[1, 0, 0, 0])[..., 3]
    rows, columns = np.nonzero(alpha == alpha.max())
    assert abs(columns.mean() + 0.5 - (WIDTH / 2 + (CODES[0][0] - CENTRE[0]) * SCALE)) <= 1.5
    assert abs(rows.mean() + 0.5 - (HEIGHT / 2 - (CODES[0][1] - CENTRE[1]) * SCALE)) <= 1.5
    assert shown[..., 3].sum(dtype=int) > alpha.sum(dtype=int), "the outline lies over the cloud"


def test_the_cloud_fades_where_gaussians_are_narrower_than_it_can_show(blank: Page) -> None:
    """One narrow Gaussian: nothing at 0.9 px, half at 2 px, all from the smallest kernel's 3 px, and nothing again."""
    pictures = blank.evaluate(
        """async (sigmas) => {
          const { createView } = await import("/view.js");
          const renderer = makeRenderer("canvas2d");
          renderer.setScene(makeScene({ cloud: true, outlines: false, visible: Uint8Array.of(0, 0, 0, 1) }));
          return sigmas.map((sigma) => {
            renderer.setView(createView({ ...view, x0: 2.1, y0: -1.3, scale: sigma / 0.005 }));
            renderer.finish();
            return picture();
          });
        }""",
        [0.9, 2, 3, 9, 0.9],
    )
    gone, half, whole, wider, gone_again = (float(decode(picture)[..., 3].max()) for picture in pictures)
    assert gone == gone_again == 0
    assert half == pytest.approx(whole / 2, rel=0.1)
    assert whole == pytest.approx(wider, rel=0.1)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_picture_drawn_in_slices_arrives_and_a_pan_moves_it_meanwhile(blank: Page, renderer: str) -> None:
    """40,000 samples in one place: slices must end, and the moved picture must be where the view says."""
    shown = blank.evaluate(
        """async (prefer) => {
          const { pan } = await import("/view.js");
          const renderer = makeRenderer(prefer);
          const n = 40000;
          const codes = Float32Array.from({ length: 4 * n }, (_, i) => [-1, 0.5, 0.2, 0.3][i % 4]);
          renderer.setScene(makeScene({ n, codes, classes: new Uint8Array(n) }));
          renderer.setView(view);
          renderer.frame();
          const first = renderer.progress.drawn;
          renderer.finish();
          renderer.setView(pan(view, 100, 40), { moving: true });
          renderer.frame();
          return { first, picture: picture(), complete: renderer.progress.complete };
        }""",
        renderer,
    )
    assert 0 < shown["first"] <= 40000
    alpha = decode(shown["picture"])[..., 3]
    rows, columns = np.nonzero(alpha > 100)
    assert columns.mean() + 0.5 == pytest.approx(WIDTH / 2 + (-1 - CENTRE[0]) * SCALE + 100, abs=1)
    assert rows.mean() + 0.5 == pytest.approx(HEIGHT / 2 - (0.5 - CENTRE[1]) * SCALE + 40, abs=1)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_destroyed_renderer_frees_its_canvases(blank: Page, renderer: str) -> None:
    """Forty in a row: a page may hold about sixteen WebGL contexts, a leak would lose the first ones."""
    warnings: list[str] = []
    blank.on("console", lambda message: warnings.append(message.text))
    made, left = blank.evaluate(
        """(prefer) => {
          const made = new Set();
          const create = document.createElement.bind(document);
          document.createElement = (name) => {
            const element = create(name);
            made.add(element);
            return element;
          };
          for (let i = 0; i < 40; i++) {
            const renderer = makeRenderer(prefer);
            renderer.setScene(makeScene({ cloud: true }));
            renderer.setView(view);
            renderer.finish();
            renderer.destroy();
            made.delete(renderer.canvas); // the page's own
          }
          document.createElement = create;
          return [made.size, [...made].filter((canvas) => canvas.width > 0).length];
        }""",
        renderer,
    )
    assert not [text for text in warnings if "WebGL" in text]
    assert made >= 40
    assert left == 0


@pytest.mark.console_errors
def test_a_lost_context_is_replaced_by_the_2d_renderer(blank: Page) -> None:
    name, picture = blank.evaluate(
        """() => {
          let lose;
          const get = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (...args) {
            const context = get.apply(this, args);
            if (args[0] === "webgl2") lose = context.getExtension("WEBGL_lose_context");
            return context;
          };
          const renderer = makeRenderer("webgl2");
          HTMLCanvasElement.prototype.getContext = get;
          renderer.setScene(makeScene());
          renderer.setView(view);
          renderer.finish();
          lose.loseContext();
          renderer.setView({ ...view });
          renderer.finish();
          return [renderer.renderer, picture()];
        }"""
    )
    assert name == "canvas2d"
    assert decode(picture)[..., 3].any()

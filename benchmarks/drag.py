"""How long from a pointer event on the handle to decoded pixels, and how many messages a drag sends to the server.

In headless Chromium with software rendering, a hand drags the handle: pointer events at 120 a second, and in another
row a mouse that the DevTools protocol moves. Beside it, in the same run, the same decode in the usual way: a Streamlit
slider that sends z, and a script that decodes and sends the picture.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from common import ROOT, find_chromium, machine, percentile, report, served
from playwright.sync_api import Browser, Page, sync_playwright

EVENTS = 240
# Every change of the decoded canvas is seen by wrapping putImageData. What a frame shows is the last decode before it,
# so the time counts from the event of that decode until the frame was painted: a message that is posted from a frame's
# callback arrives once that frame has been rendered.
PROBE = """() => {
  window.done = [];
  let current = null, pending = null, waiting = false, inFrame = false;
  const frame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (f) =>
    frame((now) => { inFrame = true; try { f(now); } finally { inFrame = false; } });
  const painted = (then) => { const c = new MessageChannel(); c.port1.onmessage = then; c.port2.postMessage(0); };
  const record = () => painted(() => { window.done.push(performance.now() - pending); waiting = false; });
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...args) {
    put.apply(this, args);
    if (this.canvas.dataset.testid !== 'decoded' || current === null) return;
    pending = current; current = null;
    if (waiting) return;
    waiting = true;
    if (inFrame) record(); else frame(record);
  };
  window.addEventListener('pointermove', (e) => { current = e.timeStamp; }, {capture: true});
}"""
# A hand at 120 events a second, dispatched in the page: no DevTools protocol between the hand and the browser.
HAND = """async (stage, [x, y, count]) => {
  for (let step = 0; step < count; step++) {
    const at = {clientX: x + 120 * ((step % 80) / 40 - 1), clientY: y + (step % 37)};
    const kind = {pointerId: 1, pointerType: 'mouse', bubbles: true, composed: true};
    stage.dispatchEvent(new PointerEvent('pointermove', {...at, ...kind}));
    await new Promise((next) => setTimeout(next, 1000 / 120));
  }
}"""
SERVER_SCRIPT = """
import numpy as np, streamlit as st
from vae_core import load_model
import torch
@st.cache_resource
def model():
    return load_model({model!r})
x = st.slider("x", -3.0, 3.0, 0.0, step=0.01)
with torch.no_grad():
    image = model().decode(torch.tensor([[x, 0.0]]), beta=1.0)[0].numpy()
st.image(np.clip(image, 0, 1), width=200)
st.markdown(f"<span id='shown'>{{x:.2f}}</span>", unsafe_allow_html=True)
"""


def drag(page: Page, url: str, model: str, *, by_devtools: bool) -> dict[str, Any]:
    frames = [0]
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: frames.__setitem__(0, frames[0] + 1)))
    page.goto(f"{url}/latent_map?model={model}")
    page.wait_for_selector('[data-testid="latent-canvas"][data-ready="true"]', timeout=60_000)
    page.wait_for_timeout(1500)
    page.evaluate(PROBE)
    stage = page.locator('[data-testid="stage"]').bounding_box()
    assert stage is not None
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_timeout(300)
    sent = frames[0]
    if by_devtools:
        for step in range(EVENTS):
            page.mouse.move(x + 120 * ((step % 80) / 40 - 1), y + (step % 37))
    else:
        page.locator('[data-testid="stage"]').evaluate(HAND, [x, y, EVENTS])
    during = frames[0] - sent
    times = page.evaluate("window.done")
    page.mouse.up()
    decode = float(page.locator('[data-testid="latent-canvas"]').get_attribute("data-decode-ms") or 0)
    return {"times": times, "sent": during, "decode": decode}


def through_the_server(browser: Browser, model: str) -> list[float]:
    """Key presses on a Streamlit slider until the picture of that value is on the page, milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "slider.py"
        script.write_text(SERVER_SCRIPT.format(model=str(ROOT / "checkpoints" / model)))
        with served(script) as (url, _, _):
            page = browser.new_page()
            page.goto(url)
            page.wait_for_selector("#shown", timeout=60_000)
            page.wait_for_timeout(1500)
            slider = page.get_by_role("slider")
            slider.focus()
            times = []
            for _ in range(25):
                before = page.locator("#shown").inner_text()
                wait = """async ([before]) => { const t = performance.now();
                  while (document.querySelector('#shown')?.innerText === before)
                    await new Promise(requestAnimationFrame);
                  return performance.now() - t; }"""
                page.keyboard.press("ArrowRight")
                times.append(float(page.evaluate(wait, [before])))
            page.close()
            return times


def main() -> None:
    rows = [
        "| model | way | p50 ms | p95 ms | decodes | messages to the server | decode alone ms |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    with sync_playwright() as driver, served(ROOT / "app.py") as (url, _, _):
        flags = [
            "--no-sandbox",
            "--disable-quic",
            "--disable-background-networking",
            "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader",
        ]
        browser = driver.chromium.launch(executable_path=find_chromium(), args=flags)
        for model in ("digits", "mnist"):
            for way, by_devtools in (("hand at 120 events/s", False), ("mouse by DevTools", True)):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                found = drag(page, url, model, by_devtools=by_devtools)
                page.close()
                times = found["times"]
                rows.append(
                    f"| {model} | {way} | {percentile(times, 0.5):.1f} | {percentile(times, 0.95):.1f} | {len(times)}"
                    f" | {found['sent']} | {found['decode']:.2f} |"
                )
        times = through_the_server(browser, "digits")
        rows.append(
            f"| digits | Streamlit slider and torch | {percentile(times, 0.5):.0f} | {percentile(times, 0.95):.0f}"
            f" | {len(times)} | {len(times)} | |"
        )
        browser.close()
    head = [
        "# From pointer event to decoded pixels",
        "",
        f"{machine()}; headless Chromium, software rendering.",
        "",
    ]
    report("drag", "\n".join([*head, *rows, ""]))


if __name__ == "__main__":
    main()

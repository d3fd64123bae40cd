"""Every page against axe-core, in light and dark, wide and narrow: no serious violation."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
READY = '[data-ready="true"]'
# The page, and what shows that it is there.
PAGES = {
    "": READY,
    "latent_map": READY,
    "kl_weight": READY,
    "glossary": '[data-testid="stHeading"]',
    **{f"one_sample?step={step}": READY for step in ("1", "2", "2q", "3", "4", "4q", "5", "5q", "6")},
}
# Streamlit's own frame, which this project cannot mend, is left out by its parts.
FRAME = ['[data-testid="stHeader"]', '[data-testid="stSidebar"]', '[data-testid="stStatusWidget"]']
RUN = """async ([exclude]) => {
  const found = await axe.run({exclude}, {resultTypes: ["violations"]});
  const where = (n) => [n.target.join(" "), n.html.slice(0, 160), n.any[0]?.message ?? ""].join(" | ");
  return found.violations.map(({id, impact, help, nodes}) => ({id, impact, help, where: nodes.slice(0, 4).map(where)}));
}"""
GRAVE = {"serious", "critical"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not AXE.is_file() and shutil.which("npm") is None, reason="axe-core comes from npm, which is not installed"
    ),
]


def violations(page: Page) -> list[dict[str, Any]]:
    assert AXE.is_file(), "axe-core is missing: run `npm install`"
    page.add_script_tag(path=str(AXE))
    exclude = [[selector] for selector in FRAME]
    found: list[dict[str, Any]] = page.evaluate(RUN, [exclude])
    return [violation for violation in found if violation["impact"] in GRAVE]


def told(found: list[dict[str, Any]]) -> str:
    return "\n".join(f"{v['impact']} {v['id']}: {v['help']}\n    " + "\n    ".join(v["where"]) for v in found)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("scheme", "size"), [("light", (1280, 900)), ("dark", (390, 844))], ids=["wide-light", "phone-dark"]
)
def test_no_page_has_a_serious_violation(
    browser: Browser, app_url: str, path: str, scheme: Any, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{app_url}/{path}")
    page.wait_for_selector(PAGES[path], timeout=60_000)
    page.wait_for_timeout(500)
    found = violations(page)
    context.close()
    assert not found, told(found)

"""The page at three sizes in two themes: pictures to look at, nothing cut off, in reach of all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
ARTEFACTS = ROOT / "artefacts" / "page"
SIZES = {"desk": (1280, 800), "tablet": (820, 1180), "phone": (390, 844)}


def faults(page: Any) -> list[str]:
    """What axe-core calls serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is missing")
    # Playwright's evaluate is not bound by the page's content security policy.
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['help']} ({node['html'][:120]})"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_sizes_and_themes(browser: Any, service: Any, size: str, theme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, has_touch=size == "phone"
    )
    page = context.new_page()
    page.goto(service.url)
    page.wait_for_selector("html[data-ready]")
    assert faults(page) == []
    if not service.ask("/v1/studies")["total"]:
        service.ask("/v1/example", "POST")
    study = service.ask("/v1/studies")["studies"][0]["id"]
    page.goto(f"{service.url}/#{study}")
    page.reload()
    page.wait_for_selector("path.tooth", state="attached")
    page.click(".place[data-state=found] >> nth=5")
    page.wait_for_selector("#inspector dt:has-text('Length')")
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{size}-{theme}.png", full_page=size != "desk")
    assert faults(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    assert page.locator("footer", has_text="Research use only").is_visible()
    context.close()


@pytest.mark.parametrize("key", ["r", "?", "Control+e", "l", "v"])
def test_dialogs_are_in_reach_of_all(page: Any, study: dict[str, Any], key: str) -> None:
    page.keyboard.press("k")
    page.keyboard.press(key)
    page.wait_for_selector("dialog[open], #drawer:not([hidden]), #view-panel:not([hidden])")
    assert faults(page) == []


def test_focus_is_seen(page: Any) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert seen == "solid"


def test_the_keys_of_the_help_are_in_the_documentation(page: Any) -> None:
    page.keyboard.press("?")
    shown = {
        key for text in page.locator(".help kbd").all_inner_texts() for key in text.split(" + ")
    }
    table = (ROOT / "docs" / "page.md").read_text(encoding="utf-8").split("## Keyboard")[1]
    written = {cell for line in table.splitlines() for cell in re.findall(r"[\w+,.?-]+", line)}
    named = {"←": "arrows", "→": "arrows", "↑": "arrows", "↓": "arrows", "=": "+", "Del": "Delete"}
    named |= {"Page ↑": "Page", "Page ↓": "Page"}
    expected = {named.get(key, key.upper() if len(key) == 1 else key) for key in shown}
    assert expected - written == set()

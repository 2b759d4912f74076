"""The page at three sizes in two themes: pictures to look at, nothing cut off, in reach of all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect

ROOT = Path(__file__).parents[3]
ARTEFACTS = ROOT / "artefacts" / "page"
PATIENCE = 60_000  # milliseconds
SIZES = {"desktop": (1280, 800), "tablet": (820, 1180), "phone": (390, 844)}


def faults(page: Any) -> list[str]:
    """What axe-core calls serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is missing")
    # Playwright's evaluate is not bound by the page's content security policy.
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.Axe().axe_script)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [
        f"{fault['id']}: {fault['help']} ({node['html'][:120]})"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("size", SIZES)
def test_sizes_and_themes(browser: Any, service: Any, size: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=size == "phone",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(service.url)
    page.wait_for_selector("html[data-ready]")
    if size == "desktop":
        assert faults(page) == []
    if not service.get("/v1/studies").json()["total"]:
        requests.post(f"{service.url}/v1/example", timeout=60)
    study = service.get("/v1/studies").json()["studies"][0]["id"]
    page.evaluate("id => { location.hash = id; }", study)
    expect(page).to_have_url(re.compile(f"#{study}$"))
    page.click(".place[data-state=found] >> nth=5")
    expect(page.locator("#inspector dt", has_text="Length")).to_be_visible()
    page.wait_for_selector("#viewer[data-shown]")
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=ARTEFACTS / f"{size}-{theme}.png", full_page=size != "desktop")
        assert faults(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    expect(page.locator("footer", has_text="Research use only")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_findings_in_two_themes(
    browser: Any, findings_service: Any, phantom_file: Path, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(findings_service.url)
    page.wait_for_selector("html[data-ready]")
    page.set_input_files("#files", str(phantom_file))
    expect(page.locator("#findings-title")).to_be_visible()
    page.wait_for_selector("#viewer[data-shown]")
    for theme, key, there in (
        ("dark", "Escape", "#findings-title"),
        ("light", "s", "path.finding.chosen"),
        ("dark", "c", ".kinds[open]"),
    ):
        page.emulate_media(color_scheme=theme)
        page.keyboard.press(key)
        expect(page.locator(there)).to_be_visible()
        name = f"{size}-{theme}-findings-{key.lower()}.png"
        page.screenshot(path=ARTEFACTS / name, full_page=size != "desktop")
        if size == "desktop":
            assert faults(page) == []
        wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide[0] <= wide[1]
    context.close()


def test_dialogs_are_in_reach_of_all(page: Any, study: dict[str, Any]) -> None:
    page.keyboard.press("k")
    expect(page.locator(".place[aria-pressed=true]")).to_have_count(1)
    shown = page.locator("dialog[open], #drawer:not([hidden]), #view-panel:not([hidden])")
    for key in ("r", "?", "Control+e", "l", "v"):
        page.locator("#list").evaluate(
            "list => [...list.children].map((row) => { row.dataset.old = true; })"
        )
        page.keyboard.press(key)
        expect(shown).to_be_visible()
        if key == "l":  # fetched anew when it is opened; not to be replaced while it is judged
            expect(page.locator("#list [data-old]")).to_have_count(0)
        assert faults(page) == [], key
        page.keyboard.press("Escape")
        expect(shown).to_have_count(0)
    for key, there in (("Shift+F", "#tool-strip"), ("Shift+V", "#compare")):
        page.keyboard.press(key)
        expect(page.locator(there)).to_be_visible()
        assert faults(page) == [], key


def test_focus_is_seen(start_page: Any) -> None:
    start_page.keyboard.press("Tab")
    start_page.keyboard.press("Tab")
    focus = start_page.locator(":focus:not(body)")
    expect(focus).to_have_css("outline-style", "solid")


def test_the_keys_of_the_help_are_in_the_documentation(start_page: Any) -> None:
    start_page.keyboard.press("?")
    expect(start_page.locator(".help")).to_be_visible()
    keys = start_page.locator(".help kbd").all_inner_texts()
    start_page.keyboard.press("Escape")
    expect(start_page.locator(".help")).to_have_count(0)
    shown = {part for key in keys for part in (key.split(" + ") if len(key) > 1 else [key])}
    document = (ROOT / "docs" / "reference" / "page.md").read_text(encoding="utf-8")
    table = document.split("## Keyboard")[1]
    written = {cell for line in table.splitlines() for cell in re.findall(r"\w+|[+,.?-]", line)}
    named = {"←": "arrows", "→": "arrows", "↑": "arrows", "↓": "arrows", "=": "+", "Del": "Delete"}
    named |= {"Page ↑": "Page", "Page ↓": "Page"}
    expected = {named.get(key, key.upper() if len(key) == 1 else key) for key in shown}
    assert expected - written == set()

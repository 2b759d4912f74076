"""Findings on the page: looked at, filtered, corrected, drawn, saved."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect

PATIENCE = 60.0  # seconds
TWO_FRAMES = """() => new Promise((drawn) =>
  requestAnimationFrame(() => requestAnimationFrame(drawn)))"""


@pytest.fixture
def service(findings_service: Any) -> Any:
    """What `page` and `study` take here."""
    return findings_service


@pytest.fixture
def known(study: dict[str, Any]) -> dict[tuple[str, int], dict[str, Any]]:
    """The findings of the phantom by kind and tooth: three fillings and a crown."""
    found = {(one["kind"], one["fdi"]): one for one in study["findings"]}
    assert {("filling", 47), ("crown", 48)} < set(found)
    return found


@pytest.fixture
def doubted(study: dict[str, Any]) -> int:
    """The tooth of the one doubtful finding, a filling."""
    [one] = [one for one in study["findings"] if "doubtful" in one["flags"]]
    assert one["kind"] == "filling"
    return int(one["fdi"])


def place(page: Any, fdi: int) -> Any:
    return page.locator(f".place[data-fdi='{fdi}']")


def drawn(page: Any, kind: str, fdi: int) -> Any:
    return page.locator(f"path.finding[data-kind='{kind}'][data-fdi='{fdi}']")


def shown(page: Any) -> Any:
    return page.locator(".findings > g:not([data-hidden]) path.finding")


def in_panel(page: Any, command: str) -> Any:
    return page.locator(f"#inspector [data-command='{command}']")


def choose_kind(page: Any, kind: str) -> None:
    page.click(f".kinds .kind[data-kind='{kind}']")
    expect(page.locator(".kinds")).to_have_count(0)


def heading(page: Any) -> Any:
    return page.locator("#inspector h2")


def save(page: Any) -> list[dict[str, Any]]:
    """The findings as the service has saved them."""
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click(".top [data-command='save']")
    expect(page.locator("#study-state")).to_have_text("Saved")
    findings: list[dict[str, Any]] = put.value.json()["findings"]
    return findings


def settles(page: Any, read: Callable[[], Any], expected: Any) -> None:
    until = time.monotonic() + PATIENCE
    while (found := read()) != expected and time.monotonic() < until:
        page.wait_for_timeout(20)
    assert found == expected


def middle(locator: Any) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click_on(page: Any, locator: Any) -> None:
    page.evaluate(TWO_FRAMES)
    page.mouse.click(*middle(locator))


def test_findings_are_shown_and_filtered(page: Any, known: Any, doubted: int) -> None:
    expect(shown(page)).to_have_count(len(known))
    expect(page.locator("#findings-title")).to_have_text(f"{len(known)} findings")
    # In words and as signs on the chart, and in the list of the panel.
    filled, crowned = place(page, 47), place(page, 48)
    expect(filled).to_have_attribute("aria-label", re.compile(r"found, filling$"))
    expect(place(page, doubted)).to_have_attribute("aria-label", re.compile(r"filling\?$"))
    expect(page.locator(".place[data-doubt]")).to_have_attribute("data-fdi", str(doubted))
    expect(filled.locator(".signs [data-kind='filling'] path")).not_to_have_count(0)
    expect(crowned.locator(".signs [data-kind='crown'] path")).not_to_have_count(0)
    expect(page.locator(".per-tooth li", has_text="48")).to_contain_text("crown")
    expect(drawn(page, "filling", doubted)).to_have_css("stroke-dasharray", re.compile("[0-9]"))
    expect(drawn(page, "filling", 47)).to_have_css("stroke-dasharray", "none")

    # A kind, then all of them; both stay after a reload.
    box = page.locator("#inspector [data-show='filling']")
    box.focus()
    page.keyboard.press("Space")
    expect(shown(page)).to_have_count(1)
    expect(box).to_be_focused()
    expect(filled.locator(".signs path")).to_have_count(0)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(shown(page)).to_have_count(1)
    page.keyboard.press("g")
    expect(shown(page)).to_have_count(0)
    expect(page.locator(".tools [data-command='findings']")).to_have_attribute(
        "aria-pressed", "false"
    )
    # To show a kind shows findings. What is selected is seen in any case.
    page.locator(".per-tooth .of-finding", has_text="crown").click()
    expect(shown(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(shown(page)).to_have_count(0)
    page.check("#inspector [data-show='filling']")
    expect(shown(page)).to_have_count(len(known))


def test_a_finding_is_corrected_saved_and_exported(page: Any, service: Any, known: Any) -> None:
    # A click selects it, a second one the tooth below.
    crown = drawn(page, "crown", 48)
    click_on(page, crown)
    expect(heading(page)).to_have_text("crown", ignore_case=True)
    expect(crown).to_have_class(re.compile(r"\bchosen\b"))
    expect(page.locator("#selected")).to_have_text(re.compile("^crown on 48 .*certainty"))
    page.wait_for_timeout(400)  # not a double click, which zooms
    click_on(page, crown)
    expect(place(page, 48)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#inspector .chips")).to_have_text("found")
    page.locator("#inspector .of-finding", has_text="crown").click()

    # Another kind, another tooth; undo and redo of both.
    in_panel(page, "kind").click()
    choose_kind(page, "implant")
    expect(page.locator("#inspector .banner")).to_contain_text("Tooth 48 is marked here too")
    in_panel(page, "reassign").click()
    page.click(".picker .cell[data-fdi='28']")
    expect(page.locator("#inspector .carrier")).to_contain_text("28")
    expect(page.locator("#inspector .chip.changed")).to_have_text(
        "* kind changed, reassigned by hand"
    )
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect(drawn(page, "crown", 48)).to_have_count(1)
    expect(page.locator("#study-state")).to_have_text("As found, not saved")
    for _ in range(2):
        page.keyboard.press("Control+y")
    expect(drawn(page, "implant", 28)).to_have_count(1)
    expect(place(page, 28).locator(".signs [data-kind='implant']")).to_have_count(1)
    # What an implant stands for is missing, not only not found.
    expect(place(page, 28)).to_have_attribute("aria-label", re.compile(r"molar, missing, implant$"))

    # One is deleted, and one is brought back.
    for fdi in (47, 11):
        place(page, fdi).click()
        page.locator("#inspector .of-finding").click()
        page.keyboard.press("Delete")
        expect(drawn(page, "filling", fdi)).to_have_count(0)
    page.keyboard.press("Escape")
    row = page.locator("#inspector dl").first
    expect(row).to_contain_text(re.compile("Missing, implant or pontic *28"))
    page.click("#inspector .findings-panel [aria-label='Restore 11 filling']")
    expect(drawn(page, "filling", 11)).to_have_count(1)

    saved = {(one["kind"], one["fdi"]): one for one in save(page)}
    assert set(saved) == set(known) - {("filling", 47), ("crown", 48)} | {("implant", 28)}
    assert saved["implant", 28]["flags"] == ["edited"]
    assert saved["filling", 11] == known["filling", 11]

    study = page.url.partition("#")[2]
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(drawn(page, "implant", 28)).to_have_count(1)
    expect(shown(page)).to_have_count(len(known) - 1)
    table = service.get(f"/v1/studies/{study}/export/findings.csv").text
    rows = {(row["kind"], int(row["fdi"])) for row in csv.DictReader(io.StringIO(table))}
    assert rows == set(saved)
    written = service.store / "results" / study / "teeth.json"
    settles(page, lambda: written.exists() and '"implant"' in written.read_text(), True)


def test_findings_follow_their_teeth(page: Any, known: Any) -> None:
    # 47 and 46 swap: the filling goes along, and is not called changed itself.
    place(page, 47).click()
    in_panel(page, "renumber").click()
    page.click(".picker .cell[data-fdi='46']")
    expect(drawn(page, "filling", 46)).to_have_count(1)
    page.locator("#inspector .of-finding").click()
    expect(page.locator("#inspector .chip.changed")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(drawn(page, "filling", 47)).to_have_count(1)

    # Without its tooth a filling is on no tooth, a crown stays in its position.
    for fdi in (47, 48):
        place(page, fdi).click()
        page.keyboard.press("Delete")
    expect(drawn(page, "filling", 0)).to_have_count(1)
    expect(drawn(page, "crown", 48)).to_have_count(1)
    expect(place(page, 48)).to_have_attribute("aria-label", re.compile("removed by hand, crown"))
    page.keyboard.press("Escape")
    expect(page.locator(".per-tooth li", has_text="No single tooth")).to_contain_text("filling")
    saved = {(one["kind"], one["fdi"]): one for one in save(page)}
    assert saved["filling", 0] == {**known["filling", 47], "fdi": 0}
    assert saved["crown", 48] == known["crown", 48]

    # The tooth comes back as found, and its filling with it.
    page.click("#inspector [aria-label^='Restore 47']")
    expect(drawn(page, "filling", 47)).to_have_count(1)

    # A merged tooth has the findings of both.
    place(page, 14).click()
    place(page, 15).click(modifiers=["Control"])
    in_panel(page, "merge").click()
    expect(drawn(page, "filling", 14)).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(drawn(page, "filling", 15)).to_have_count(1)


def test_findings_are_drawn_by_mouse(page: Any, known: Any) -> None:
    page.locator("#inspector [data-command='add-finding']").click()
    choose_kind(page, "filling")
    expect(page.locator("#viewer")).to_have_attribute("data-tool", "add-finding")
    expect(page.locator("#hint")).to_contain_text("around the filling")
    page.evaluate(TWO_FRAMES)
    x, y = middle(page.locator("path.tooth[data-fdi='36']"))
    # On a tooth it belongs to this tooth.
    for dx, dy in ((-12, -14), (8, -14), (8, 6), (-12, 6), (-12, -14)):
        page.mouse.click(x + dx, y + dy)
    expect(heading(page)).to_have_text("filling", ignore_case=True)
    expect(page.locator("#inspector .carrier")).to_contain_text("36")
    assert next(one for one in save(page) if one["fdi"] == 36)["flags"] == ["edited"]

    # Its outline is edited as that of a tooth.
    page.keyboard.press("e")
    expect(page.locator("circle.handle")).to_have_count(4)
    page.keyboard.press("k")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Escape")
    # An implant belongs to the place that was selected before.
    place(page, 28).click()
    in_panel(page, "add-finding").click()
    choose_kind(page, "implant")
    page.evaluate(TWO_FRAMES)
    left, top = page.locator("#viewer").evaluate("e => [e.offsetLeft, e.offsetTop]")
    for dx, dy in ((60, 40), (100, 40), (100, 90), (60, 90), (60, 40)):
        page.mouse.click(left + dx, top + dy)
    expect(page.locator("#inspector .carrier")).to_have_text(re.compile("In place of *28"))
    saved = {(one["kind"], one["fdi"]): one for one in save(page)}
    assert ("implant", 28) in saved
    assert saved["filling", 36]["area"] > 0


def test_findings_by_keyboard(page: Any, study: dict[str, Any], known: Any, doubted: int) -> None:
    doubtful = [one for one in study["teeth"] if {"doubtful", "unnumbered"} & set(one["flags"])]
    for _ in range(len(doubtful) + 1):
        page.keyboard.press("d")
    expect(drawn(page, "filling", doubted)).to_have_class(re.compile("chosen"))
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("path.finding.chosen")).to_have_attribute("data-fdi", "15")
    page.keyboard.press("s")
    expect(page.locator("path.finding.chosen")).to_have_attribute("data-fdi", "11")
    page.keyboard.press("Shift+S")
    expect(page.locator("path.finding.chosen")).to_have_attribute("data-fdi", "15")
    page.keyboard.press("c")
    expect(page.locator(".kind:focus")).to_have_attribute("data-kind", "filling")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("crown", ignore_case=True)
    page.keyboard.press("p")
    expect(page.locator(".picker h2")).to_have_text("Tooth of the crown")
    page.keyboard.type("16")
    page.keyboard.press("Enter")
    expect(drawn(page, "crown", 16)).to_have_count(1)
    page.keyboard.press("b")
    expect(drawn(page, "filling", 15)).to_have_count(1)
    page.keyboard.press("Delete")
    expect(drawn(page, "filling", 15)).to_have_count(0)

    # Drawn with the cross; what lies on no tooth asks for its place.
    page.keyboard.press("Shift+A")
    expect(page.locator(".kinds[open]")).to_be_visible()
    page.locator(".kind[data-kind='implant']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#viewer")).to_have_attribute("data-tool", "add-finding")
    for key in ("ArrowUp", "Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator(".picker[open]")).to_be_visible()
    page.keyboard.type("28")
    page.keyboard.press("Enter")
    expect(drawn(page, "implant", 28)).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")


def test_a_save_by_another_person_is_a_conflict(page: Any, service: Any, study: Any) -> None:
    address = f"{service.url}/v1/studies/{study['id']}/teeth"
    teeth = [{"id": one["id"], "fdi": one["fdi"]} for one in study["teeth"]]
    theirs = {"revision": 0, "teeth": teeth, "findings": []}
    assert requests.put(address, json=theirs, timeout=60).status_code == 200

    page.keyboard.press("s")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(page.locator("dialog.question")).to_contain_text("Somebody else has saved")
    page.click("dialog.question button[value='mine']")
    expect(page.locator("#study-state")).to_have_text("Saved")
    kept = requests.get(f"{service.url}/v1/studies/{study['id']}", timeout=60).json()
    assert [one["id"] for one in kept["findings"]] == [
        one["id"] for one in study["findings"] if one["fdi"] != 15
    ]


def test_a_study_of_a_model_without_findings(page: Any, study: Any, phantom_file: Path) -> None:
    """Nothing is said of findings until a person draws one."""

    def plain(route: Any) -> None:
        answer = route.fetch()
        body = {**answer.json(), "findings": None, "predicted_findings": None}
        route.fulfill(response=answer, json=body)

    page.route(f"**/v1/studies/{study['id']}", plain)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(".findings-panel")).to_contain_text("does not look for fillings")
    expect(page.locator("path.finding")).to_have_count(0)
    page.keyboard.press("Control+e")
    expect(page.locator(".exports [data-export='teeth.csv']")).to_be_visible()
    expect(page.locator(".exports [data-export='findings.csv']")).to_have_count(0)
    page.keyboard.press("Escape")
    with page.expect_request(lambda asked: asked.method == "PUT") as put:
        page.click(".top [data-command='save']")
    assert "findings" not in put.value.post_data_json

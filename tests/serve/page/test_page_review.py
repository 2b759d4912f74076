"""Going through what is doubtful, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import cv2
import pytest

from panodent import phantom
from panodent.serve.store.annotated import add_annotated
from panodent.serve.store.store import Store

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect

DOUBTFUL = {2: "its score is low (0.61)", 5: "it could also be 46; then 46 would be 47"}


@pytest.fixture(scope="module")
def service(
    serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, free_port: Any
) -> Any:
    """A service with radiographs that somebody annotated, two teeth of each doubtful."""
    folder = tmp_path_factory.mktemp("review")
    radiograph, teeth = phantom.draw(1, (128, 256))
    file = folder / "phantom.png"
    cv2.imwrite(str(file), (radiograph.pixels * 255).round().astype("uint8"))
    store = Store(folder / "store")
    for number in range(3):
        add_annotated(store, f"case-{number:03d}", file, radiograph, teeth, DOUBTFUL, "")
    store.close()
    return serve("--workers", "1", store=folder / "store")


def opened(page: Any, service: Any, name: str) -> dict[str, Any]:
    """Opens the study with this name; what the service says of it."""
    listed = service.get("/v1/studies?limit=500").json()["studies"]
    study = next(one["id"] for one in listed if one["name"] == name)
    page.evaluate("id => { location.hash = id; }", study)
    page.wait_for_selector("#viewer[data-shown]")
    answer: dict[str, Any] = service.get(f"/v1/studies/{study}").json()
    return answer


def test_doubt_is_explained_accepted_and_recorded(page: Any, service: Any) -> None:
    study = opened(page, service, "case-000.png")
    doubtful = page.locator(".place[data-state=doubtful]")
    expect(doubtful).to_have_count(2)
    page.keyboard.press("?")
    page.fill(".help input[type=text]", "Dr. Ann")
    page.keyboard.press("Escape")
    page.select_option("#numbering", "universal")
    page.locator("#viewer").focus()

    # The reason in words, its numbers as the page shows them; Enter accepts and goes on.
    reasons = []
    for left in (1, 0):
        page.keyboard.press("d") if left else None
        expect(page.locator("#inspector .doubt [data-command=accept]")).to_be_visible()
        reasons.append(page.locator("#inspector .doubt p").first.inner_text())
        page.keyboard.press("Enter")
        expect(doubtful).to_have_count(left)
    assert set(reasons) == {"Its score is low (0.61).", "It could also be 30; then 30 would be 31."}
    expect(page.locator("#messages")).to_contain_text("Nothing doubtful is left")
    expect(page.locator("#inspector .doubt")).to_contain_text("Accepted by Dr. Ann, not saved yet")

    page.keyboard.press("Control+z")
    expect(doubtful).to_have_count(1)
    page.keyboard.press("Shift+Y")
    page.keyboard.press("Enter")
    expect(doubtful).to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")
    saved = service.get(f"/v1/studies/{study['id']}").json()["teeth"]
    marks = [tooth.get("accepted") for tooth in saved]
    assert [place for place, mark in enumerate(marks) if mark] == sorted(DOUBTFUL)
    assert all(mark is None or re.match(r"20\d\d-", mark["at"]) for mark in marks)
    assert {mark["by"] for mark in marks if mark} == {"Dr. Ann"}
    assert [tooth["flags"] for tooth in saved if tooth.get("accepted")] == [["accepted"]] * 2

    # It is not doubtful after a reload either; to take it back brings the doubt back.
    page.reload()
    page.wait_for_selector("#viewer[data-shown]")
    expect(doubtful).to_have_count(0)
    page.click(f".place[data-fdi='{study['teeth'][2]['fdi']}']")
    expect(page.locator("#inspector .doubt")).to_contain_text("Accepted by Dr. Ann, ")
    page.click("#inspector [data-command=take-back]")
    expect(doubtful).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")


def test_what_is_changed_is_not_accepted_any_more(page: Any, service: Any) -> None:
    study = opened(page, service, "case-001.png")
    page.keyboard.press("d")
    page.keyboard.press("y")
    page.keyboard.press("y")
    expect(page.locator(".place[data-state=doubtful]")).to_have_count(0)
    page.keyboard.press("r")
    page.keyboard.type("0")
    page.click(".picker .choices button:nth-child(2)")  # no number
    expect(page.locator("#inspector .doubt")).to_contain_text("It has no number")
    page.keyboard.press("Enter")
    expect(page.locator("#inspector .doubt")).to_contain_text("Accepted by browser ")
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")
    saved = service.get(f"/v1/studies/{study['id']}").json()["teeth"]
    flags = sorted(tooth["flags"] for tooth in saved if tooth.get("accepted"))
    assert flags == [["accepted"], ["accepted", "edited", "unnumbered"]]


def test_wrong_numbers_are_shown_at_once(page: Any, service: Any) -> None:
    study = opened(page, service, "case-002.png")
    numbers = [tooth["fdi"] for tooth in study["teeth"]]
    one, other = next((n, n + 1) for n in numbers if n + 1 in numbers and n % 10 == 4)
    page.click(f".place[data-fdi='{one}']")
    page.keyboard.press("r")
    box, tooth = (
        page.locator(selector).bounding_box() for selector in (".picker", "path.tooth.chosen")
    )
    assert tooth["y"] + tooth["height"] <= box["y"]  # the picker leaves the tooth in sight
    page.keyboard.type(str(other))
    page.keyboard.press("Enter")
    wrong = page.locator(".place[data-wrong]")
    expect(wrong).to_have_count(2)
    expect(page.locator("path.tooth.wrong")).to_have_count(2)
    expect(page.locator("#inspector .doubt")).to_contain_text("stand in each other's place")
    page.keyboard.press("Control+s")
    expect(page.locator("#messages")).to_contain_text("Check the numbers")
    record = service.get(f"/v1/studies/{study['id']}/export/teeth.json").json()
    assert [sorted(p["fdi"]) for p in record["numbering_problems"]] == [[one, other]]
    shown = service.get(f"/v1/studies/{study['id']}").json()["numbering_problems"]
    assert [problem["kind"] for problem in shown] == ["order"]

    # They may be so in life: accepting one accepts both.
    page.click(f".place[data-fdi='{one}']")
    page.keyboard.press("y")
    expect(wrong).to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")
    assert service.get(f"/v1/studies/{study['id']}").json()["numbering_problems"] == []

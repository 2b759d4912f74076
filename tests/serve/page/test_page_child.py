"""The page with a child's radiograph: two rows of deciduous teeth, germs, a mixed dentition."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import pytest

from panodent import phantom
from panodent.dentition import DECIDUOUS, PERMANENT, TEETH
from panodent.inference.predictor import PERMANENT_ONLY

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect


@pytest.fixture(scope="module")
def phantom_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A child of eight years, for the fixture `study`."""
    radiograph, _ = phantom.draw(4, (512, 1024), age=8.0)
    file = tmp_path_factory.mktemp("child") / "child.png"
    cv2.imwrite(str(file), (radiograph.pixels * 255).round().astype("uint8"))
    return file


def place(page: Any, fdi: int) -> Any:
    return page.locator(f".place[data-fdi='{fdi}']")


def middle(page: Any, fdi: int) -> float:
    box = place(page, fdi).bounding_box()
    return float(box["x"] + box["width"] / 2)


def test_deciduous_rows_and_germs(page: Any, study: dict[str, Any]) -> None:
    numbers = {tooth["fdi"] for tooth in study["teeth"]}
    deciduous = sorted(numbers & set(DECIDUOUS))
    germs = {tooth["fdi"] for tooth in study["teeth"] if not tooth["erupted"]}
    assert len(deciduous) > 5
    assert len(germs) > 5

    # All 20, each between the permanent rows and in the column of its successor.
    expect(page.locator(".arch.deciduous .place:visible")).to_have_count(20)
    order = page.locator(".chart .arch").evaluate_all("rows => rows.map((row) => row.className)")
    assert [name.split()[1:] for name in order] == [
        ["upper", "permanent"],
        ["upper", "deciduous"],
        ["lower", "deciduous"],
        ["lower", "permanent"],
    ]
    for fdi in DECIDUOUS:
        assert middle(page, fdi) == pytest.approx(middle(page, fdi - 40), abs=1)

    # Germs are marked without colour, and by words.
    for fdi in PERMANENT:
        ring = place(page, fdi).locator(".ring")
        expect(ring).to_be_visible(visible=fdi in germs)
    germ = min(germs)
    expect(place(page, germ)).to_have_attribute("aria-label", re.compile("unerupted"))
    expect(page.locator(".key")).to_contain_text("unerupted")
    place(page, germ).click()
    expect(page.locator("#inspector .chip", has_text="unerupted")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#inspector dt", has_text="Unerupted")).to_be_visible()

    # Universal letters and Palmer marks.
    for numbering in ("universal", "palmer", "fdi"):
        page.select_option("#numbering", numbering)
        for fdi in deciduous:
            mark = getattr(TEETH[fdi], numbering) if numbering != "fdi" else str(fdi)
            expect(place(page, fdi).locator(".number")).to_have_text(re.compile(rf"^{mark}[?*]*$"))


def test_numbers_of_a_child_by_keyboard(page: Any, study: dict[str, Any]) -> None:
    by_number = {tooth["fdi"]: tooth for tooth in study["teeth"]}
    # From the permanent row through both deciduous rows to the other jaw.
    place(page, 14).focus()
    for fdi in (54, 84, 44):
        page.keyboard.press("ArrowDown")
        expect(place(page, fdi)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(place(page, 84)).to_be_focused()
    page.keyboard.press("Home")
    expect(place(page, 85)).to_be_focused()
    assert 85 in by_number

    # The picker offers all 52 teeth in groups, the deciduous ones at once.
    page.keyboard.press("Enter")
    expect(place(page, 85)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("r")
    picker = page.locator(".picker[open]")
    expect(picker.locator(".cell:visible")).to_have_count(52)
    groups = picker.locator("[role=group]")
    sizes = {
        group.get_attribute("aria-label"): group.locator(".cell").count() for group in groups.all()
    }
    assert sizes == {
        "Permanent teeth, upper jaw": 16,
        "Permanent teeth, lower jaw": 16,
        "Deciduous teeth, upper jaw": 10,
        "Deciduous teeth, lower jaw": 10,
    }
    page.keyboard.type("45")
    page.keyboard.press("Enter")
    expect(place(page, 45)).to_have_attribute("aria-pressed", "true")

    # Saved: the two have swapped numbers, and the answer says anew what has erupted.
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click(".top [data-command='save']")
    saved = {tooth["id"]: tooth for tooth in put.value.json()["teeth"]}
    assert saved[by_number[85]["id"]]["fdi"] == 45
    if 45 in by_number:
        assert saved[by_number[45]["id"]]["fdi"] == 85
    expect(page.locator("#study-state")).to_have_text("Saved")


def test_a_run_of_deciduous_numbers_is_shifted(page: Any, study: dict[str, Any]) -> None:
    numbers = {tooth["fdi"] for tooth in study["teeth"]}
    assert {84, 85} <= numbers
    permanent = numbers & set(PERMANENT)
    place(page, 85).click()
    page.locator("#inspector [data-command='shift-right']").click()
    shown = page.locator(".arch.permanent .place:not([data-state=absent])")
    expect(place(page, 85)).to_have_attribute("data-state", "absent")
    expect(shown).to_have_count(len(permanent))
    found = {int(one.get_attribute("data-fdi")) for one in shown.all()}
    assert found == permanent


def test_what_a_bundle_cannot_number_is_said(page: Any, study: dict[str, Any]) -> None:
    def with_note(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "notes": [PERMANENT_ONLY]})

    page.route(f"**/v1/studies/{study['id']}", with_note)
    page.reload()
    page.wait_for_selector("path.tooth", state="attached")
    expect(page.locator("#inspector")).to_contain_text(PERMANENT_ONLY[1:])

"""Tools that paint, measure, select and print."""

from __future__ import annotations

import re
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect
SAME_PART = """() => {
  const [one, other] = document.querySelectorAll('.panes g.world');
  return one && other && one.getAttribute('transform') === other.getAttribute('transform');
}"""
"""Whether both panes of the comparison show the same part of their radiographs."""


@pytest.fixture(scope="module")
def service(review_service: Any) -> Any:
    return review_service


def test_what_was_shown_of_one_radiograph_is_not_said_of_the_next(
    page: Any, service: Any, opened: Any
) -> None:
    opened(page, service, "case-003.png")
    page.hover(".place[data-fdi='36']")
    expect(page.locator("#caption")).to_contain_text("36")
    page.keyboard.press("i")
    page.keyboard.press("q")
    expect(page.locator("#study-name")).not_to_have_text("case-003.png")
    expect(page.locator("#caption")).to_be_hidden()
    # The window stays, and so does the inversion.
    expect(page.locator("#viewer[data-shown]")).to_be_visible()
    expect(page.locator("[data-command=invert]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#window feFuncR")).to_have_attribute("slope", "-1")


def test_a_print_is_one_page_with_outlines_on_their_teeth(
    page: Any, service: Any, opened: Any
) -> None:
    study = opened(page, service, "case-004.png")
    page.select_option("#numbering", "palmer")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#print .plate path.tooth")).to_have_count(len(study["teeth"]))
    picture, shown = page.evaluate(
        """() => ['.plate image', '.plate path'].map((one) => {
          const { left, right } = document.querySelector(one).getBoundingClientRect();
          return [left, right];
        })"""
    )
    left, _, right, _ = study["teeth"][0]["box"]
    scale = (picture[1] - picture[0]) / study["width"]
    assert abs(shown[0] - picture[0] - left * scale) < 2
    assert abs(shown[1] - picture[0] - right * scale) < 2
    expect(page.locator("#print .rows b").first).to_have_text(re.compile("^U[RL][1-8]$"))
    assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#print")).to_be_empty()


def test_shapes_are_painted_and_drafts_survive_a_reload(
    page: Any, service: Any, opened: Any
) -> None:
    study = opened(page, service, "case-007.png")
    place = page.locator(f".place[data-fdi='{study['teeth'][0]['fdi']}']")
    place.click()
    page.keyboard.press("e")
    expect(page.locator("#viewer")).to_have_attribute("data-tool", "outline")
    page.keyboard.press("Delete")  # a point is meant, and none is selected
    expect(page.locator("#messages")).to_contain_text("Select a point first")
    expect(place).to_have_attribute("data-state", "found")
    page.keyboard.press("Shift+X")
    page.keyboard.press("Space")
    expect(page.locator("#inspector .chip.changed")).to_have_text("* redrawn by hand")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.locator("path.tooth").first).to_be_hidden()
    page.keyboard.press("h")
    expect(page.locator("path.tooth").first).to_be_visible()

    page.fill("#note", "root tip to be watched")
    page.locator("#viewer").focus()
    expect(page.locator("#note")).to_have_value("root tip to be watched")

    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#messages")).to_contain_text("from before the reload are back")
    expect(page.locator(".place[data-changed]")).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")
    saved = service.get(f"/v1/studies/{study['id']}").json()["teeth"]
    assert [tooth["id"] for tooth in saved] == [tooth["id"] for tooth in study["teeth"]]
    pairs = zip(saved, study["teeth"], strict=True)
    assert [after["area"] == before["area"] for after, before in pairs].count(False) == 1
    assert [tooth["note"] for tooth in saved if "note" in tooth] == ["root tip to be watched"]
    page.keyboard.press("Control+z")
    expect(page.locator(".place[data-changed]")).to_have_count(0)

    # A note that is being written when its radiograph is saved is saved too.
    place.click()
    page.fill("#note", "crown planned")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#study-name")).not_to_have_text("case-007.png")
    expect(page.locator("#study-state")).to_have_text("As found, not saved")
    saved = service.get(f"/v1/studies/{study['id']}").json()["teeth"]
    assert [tooth["note"] for tooth in saved if "note" in tooth] == ["crown planned"]


def test_lengths_and_angles_by_keyboard_and_mouse(page: Any, service: Any, opened: Any) -> None:
    opened(page, service, "case-008.png")
    page.keyboard.press("Shift+R")
    for key in ("ArrowLeft", "Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    said = page.locator("#viewer .measure")
    expect(said).to_have_text(re.compile(r"^\d+ px$"))
    page.keyboard.press("c")
    page.keyboard.type("12,5")
    page.keyboard.press("Enter")
    expect(said).to_have_text(re.compile(r"^\d+ px · 12.5 mm calibrated$"))
    page.keyboard.press("Shift+G")
    box = page.locator("#viewer").bounding_box()
    for x, y in ((300, 100), (200, 100), (200, 180)):
        page.mouse.click(box["x"] + x, box["y"] + y)
    expect(said).to_have_text("90.0°")
    page.keyboard.press("Shift+Z")
    expect(page.locator(".magnifier")).to_be_visible()
    page.keyboard.press("Shift+Z")
    expect(page.locator(".magnifier")).to_have_count(0)

    # Who switches single keys off switches them off with Shift, too.
    page.keyboard.press("?")
    page.uncheck(".help input[type=checkbox]")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Z")
    expect(page.locator(".magnifier")).to_have_count(0)


def test_a_lasso_selects_teeth_and_panels_fold(page: Any, service: Any, opened: Any) -> None:
    study = opened(page, service, "case-009.png")
    box = page.locator("#viewer").bounding_box()
    corners = ((2, 2), (box["width"] - 2, 2), (box["width"] - 2, box["height"] - 2))
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] - 2)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=2)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator("path.tooth.chosen")).to_have_count(len(study["teeth"]))
    page.keyboard.press("Shift+C")
    page.keyboard.press("Shift+P")
    expect(page.locator("#odontogram")).to_be_hidden()
    expect(page.locator("#inspector")).to_be_hidden()
    page.keyboard.press("Shift+C")
    page.keyboard.press("Shift+P")
    expect(page.locator("#inspector")).to_be_visible()


def test_a_click_gives_an_outline(page: Any, service: Any, opened: Any) -> None:
    study = opened(page, service, "case-010.png")
    box = page.locator("#viewer").bounding_box()
    hint = page.locator("#hint")

    def place(tooth: dict[str, Any]) -> tuple[float, float]:
        drawn = page.locator(f"path.tooth[data-fdi='{tooth['fdi']}']").bounding_box()
        return drawn["x"] + drawn["width"] / 2, drawn["y"] + drawn["height"] / 2

    first, second = (next(t for t in study["teeth"] if t["fdi"] == fdi) for fdi in (36, 46))
    at, other = place(first), place(second)
    page.keyboard.press("Shift+F")
    page.mouse.click(*at)
    expect(hint).to_have_text(re.compile("^Enter replaces the outline of 36"))
    page.mouse.click(*other, button="right")
    expect(page.locator("#viewer .click")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator("#viewer .click")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#viewer .preview")).to_have_count(0)
    expect(page.locator(".place[data-changed]")).to_have_count(0)

    # A tooth that was deleted is added again, by a box; its number is proposed.
    page.click(".place[data-fdi='36']")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+F")
    left, top, right, bottom = first["box"]
    x, y = (
        at[axis] - (first["box"][axis] + first["box"][axis + 2]) / 2 * scale(page)
        for axis in (0, 1)
    )
    corners = [
        (x + across * scale(page), y + down * scale(page))
        for across, down in ((left, top), (right, bottom))
    ]
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=2)
    page.mouse.up()
    expect(hint).to_have_text(re.compile("^Enter adds this tooth, 36"))
    page.keyboard.press("Enter")
    expect(page.locator(".place[data-fdi='36'][data-changed]")).to_have_count(1)
    expect(page.locator("#tool-strip")).to_be_hidden()
    assert box == page.locator("#viewer").bounding_box()

    # The same by keys: the cross starts in the middle of the viewer.
    page.keyboard.press("Shift+F")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(page.locator("#viewer .click")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.locator("[data-key=x]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Backspace")
    expect(page.locator("#viewer .click")).to_have_count(0)
    page.keyboard.press("Escape")


DIFFERENCES = """async () => {
  const { differences } = await moduleOfPage('differences.js');
  const { toothFrom } = await moduleOfPage('edits.js');
  const square = (x, side = 8) => [[[[x, 0], [x + side, 0], [x + side, 8], [x, 8]]]];
  const tooth = (fdi, x, side) => toothFrom(square(x, side), fdi);
  const finding = (kind, fdi) => ({ ...tooth(fdi, 0), kind });
  const side = (study, size, teeth, findings = []) => ({ study, size, teeth, findings });
  const before = [tooth(11, 0), tooth(12, 10), tooth(13, 20), tooth(14, 30), tooth(0, 50)];
  const after = [before[0], tooth(13, 10), tooth(13, 20, 7), tooth(15, 40), tooth(0, 50)];
  const marks = [[finding('crown', 11), finding('filling', 12), finding('filling', 12)],
    [finding('crown', 11), finding('filling', 12), finding('implant', 16)]];
  const told = ({ samePicture, list }) => [samePicture, ...list.map(({ what, kind, from, to }) =>
    `${what} ${kind} ${from?.fdi ?? '-'} ${to?.fdi ?? '-'}`)];
  const other = [tooth(11, 500), tooth(12, 520), tooth(15, 540)];
  return [
    told(differences(side('a', [60, 8], before, marks[0]), side('a', [60, 8], after, marks[1]))),
    told(differences(side('a', [60, 8], before), side('b', [60, 8], after))),
    told(differences(side('a', [60, 8], before), side('b', [900, 8], other))),
    told(differences(side('a', [60, 8], []), side('a', [60, 8], []))),
  ];
}"""


def test_two_studies_are_compared_side_by_side(page: Any, service: Any, opened: Any) -> None:
    corrected, second, apart, none = page.evaluate(DIFFERENCES)
    teeth = [
        "tooth renumbered 12 13",
        "tooth redrawn 13 13",
        "tooth lost 14 -",
        "tooth gained - 15",
    ]
    assert corrected == [True, *teeth, "finding lost 12 -", "finding gained - 16"]
    assert second == [True, *teeth]
    assert apart == [
        False, "tooth lost 13 -", "tooth lost 14 -", "tooth lost 0 -", "tooth gained - 15",
    ]  # fmt: skip
    assert none == [True]

    study = opened(page, service, "case-011.png")
    first = study["teeth"][0]["fdi"]
    page.click(f".place[data-fdi='{first}']")
    page.keyboard.press("Delete")
    page.keyboard.press("Shift+V")
    rows = page.locator("#compare [data-difference]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(str(first))
    expect(page.locator("#compare h2")).to_have_text("1 difference")
    expect(page.locator(".panes .viewer[data-shown]")).to_have_count(2)
    expect(page).to_have_url(re.compile(f"#compare={study['id']},found$"))
    page.keyboard.press("k")
    expect(rows).to_have_attribute("aria-current", "true")
    worlds = page.locator(".panes g.world")
    # Both show the same part, enlarged, and follow each other.
    page.wait_for_function(SAME_PART)
    place = worlds.nth(0).get_attribute("transform")
    page.locator(".panes .viewer").nth(1).hover()
    page.mouse.wheel(0, -300)
    expect(worlds.nth(0)).not_to_have_attribute("transform", place)
    page.wait_for_function(SAME_PART)
    page.keyboard.press("a")  # no tool of the workspace behind it
    page.keyboard.press("Escape")
    expect(page.locator("#compare")).to_be_hidden()
    expect(page.locator("#study-state")).to_have_text("Unsaved changes")
    expect(page.locator("#viewer")).to_have_attribute("data-tool", "choose")

    # From the list, with another radiograph, and by its address.
    page.keyboard.press("l")
    page.locator("#list [data-compare]").first.click()
    expect(page.locator(".panes .viewer[data-shown]")).to_have_count(2)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator(".panes .viewer[data-shown]")).to_have_count(2)
    page.click("#compare .leave")
    expect(page.locator("#study-name")).to_have_text("case-011.png")


def scale(page: Any) -> float:
    return float(
        re.search(r"scale\(([\d.]+)", page.locator("g.world").get_attribute("transform"))[1]
    )

"""Going through what is doubtful, by keyboard alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect

COUNT = 53
DOUBTFUL = (2, 5)  # positions of the doubtful teeth


@pytest.fixture(scope="module")
def service(review_service: Any) -> Any:
    return review_service


def test_doubt_is_explained_accepted_and_recorded(page: Any, service: Any, opened: Any) -> None:
    study = opened(page, service, "case-000.png")
    doubtful = page.locator(".place[data-state=doubtful]")
    expect(doubtful).to_have_count(2)
    page.keyboard.press("?")
    page.fill(".help input[type=text]", "Reader 1")
    page.keyboard.press("Escape")
    page.select_option("#numbering", "universal")
    page.locator("#viewer").focus()

    # The reason in words, its numbers as the page shows them; Enter accepts and goes on.
    reasons = []
    for left in (1, 0):
        page.keyboard.press("d") if left else None
        expect(page.locator("#inspector .doubt [data-command=accept]")).to_be_visible()
        reason = page.locator("#inspector .doubt p").first
        expect(reason).not_to_have_text(reasons[-1] if reasons else "")
        reasons.append(reason.inner_text())
        page.keyboard.press("Enter")
        expect(doubtful).to_have_count(left)
    assert set(reasons) == {"Its score is low (0.61).", "It could also be 30; then 30 would be 31."}
    expect(page.locator("#messages")).to_contain_text("Nothing doubtful is left")
    expect(page.locator("#inspector .doubt")).to_contain_text("Accepted by Reader 1, not saved yet")

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
    assert {mark["by"] for mark in marks if mark} == {"Reader 1"}
    assert [tooth["flags"] for tooth in saved if tooth.get("accepted")] == [["accepted"]] * 2

    # It is not doubtful after a reload either; to take it back brings the doubt back.
    page.reload()
    page.wait_for_selector("#viewer[data-shown]")
    expect(doubtful).to_have_count(0)
    page.click(f".place[data-fdi='{study['teeth'][2]['fdi']}']")
    expect(page.locator("#inspector .doubt")).to_contain_text("Accepted by Reader 1, ")
    page.click("#inspector [data-command=take-back]")
    expect(doubtful).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")


def test_what_is_changed_is_not_accepted_any_more(page: Any, service: Any, opened: Any) -> None:
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


def test_wrong_numbers_are_shown_at_once(page: Any, service: Any, opened: Any) -> None:
    study = opened(page, service, "case-002.png")
    numbers = [tooth["fdi"] for tooth in study["teeth"]]
    one, other = next((n, n + 1) for n in numbers if n + 1 in numbers and n % 10 == 4)
    page.click(f".place[data-fdi='{one}']")
    page.keyboard.press("r")
    page.wait_for_function(  # the picker leaves the tooth in sight
        """() => {
          const [picker, tooth] = ['.picker[open]', 'path.tooth.chosen'].map(
            (one) => document.querySelector(one)?.getBoundingClientRect());
          return picker && tooth && tooth.bottom <= picker.top;
        }"""
    )
    page.keyboard.type(str(other))
    page.keyboard.press("Enter")
    wrong = page.locator(".place[data-wrong]")
    expect(wrong).to_have_count(2)
    expect(page.locator("path.tooth.wrong")).to_have_count(2)
    expect(page.locator("#inspector .doubt")).to_contain_text("are in each other's place")
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


def test_the_queue_goes_on_after_the_fiftieth(page: Any, service: Any, opened: Any) -> None:
    rows = page.locator("#list li[data-id]")
    page.keyboard.press("l")
    expect(rows).to_have_count(50)
    expect(page.locator("#list .thumbnail[src^=blob]").first).to_be_visible()
    page.select_option("#drawer [aria-label=Order]", label="Name")
    expect(rows.first).to_contain_text("case-000.png")
    page.locator("#list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    expect(rows).to_have_count(COUNT + 20)
    rows.filter(has_text="case-050.png").locator(".study").click()
    name = page.locator("#study-name")
    expect(name).to_have_text("case-050.png")
    for key, expected in (("Down", "051"), ("Down", "052"), ("Up", "051")):
        go = page.locator(f".top [data-command={'next' if key == 'Down' else 'previous'}]")
        expect(go).to_have_attribute("aria-disabled", "false")
        page.keyboard.press(f"Shift+Page{key}")
        expect(name).to_have_text(f"case-{expected}.png")

    # The last but one is saved; then the next one that is not reviewed, after the end of the list.
    expect(page.locator("#progress")).to_contain_text(f"of {COUNT + 20} reviewed")
    before = int(page.locator("#progress").inner_text().split()[0])
    page.keyboard.press("Control+Enter")
    expect(name).to_have_text("case-052.png")
    expect(page.locator("#progress")).to_contain_text(f"{before + 1} of {COUNT + 20} reviewed")
    page.keyboard.press("q")
    expect(name).to_have_text("ten-000.png")

    # Search and filter; the order stays after a reload.
    page.keyboard.press("l")
    page.fill("#drawer input[type=search]", "-05")
    expect(rows).to_have_count(3)
    page.select_option("#drawer [aria-label='Which are shown']", "unreviewed")
    expect(rows).to_have_count(2)
    expect(page.locator("#drawer .progress")).to_contain_text("2 shown")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("l")
    expect(rows.first).to_contain_text(re.compile(r"case-00\d.png"))
    expect(page.locator("#list .chip.saved")).to_have_count(0)


def reviewed(page: Any, count: int) -> None:
    expect(page.locator("#progress")).to_contain_text(re.compile(f"^{count} of "))


def test_ten_radiographs_by_keyboard_alone(page: Any, service: Any, opened: Any) -> None:
    """Each has a doubtful tooth that is right, and one without its number."""
    number = opened(page, service, "case-005.png")["teeth"][5]["fdi"]
    presses = 0

    def press(*keys: str) -> None:
        nonlocal presses
        for key in keys:
            page.keyboard.press(key)
            presses += 1

    study = opened(page, service, "ten-000.png")
    page.keyboard.press("l")
    page.fill("#drawer input[type=search]", "ten-0")
    expect(page.locator("#list li[data-id]")).to_have_count(20)
    page.keyboard.press("Escape")
    page.locator("#viewer").focus()
    before = int(page.locator("#progress").inner_text().split()[0])
    for done in range(1, 11):
        press("d", "Enter")
        expect(page.locator("#inspector .doubt")).to_contain_text("no number")
        press("r", *str(number), "Enter")
        expect(page.locator(f".place[data-fdi='{number}'][data-changed]")).to_be_visible()
        press("Control+Enter")
        reviewed(page, before + done)
        expect(page.locator("#study-state")).to_have_text("As found, not saved")
    assert presses == 70
    saved = service.get(f"/v1/studies/{study['id']}").json()
    assert (saved["saved"], saved["doubtful"]) == (True, 0)


# What a finger touches: no scrolling to it, nothing over it, large enough.
TARGET = """async (selector) => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true });
  const found = [...document.querySelectorAll(selector)].filter(seen);
  const { left, top, width, height } = found[0].getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  return { x, y, width, height, free: found[0].contains(document.elementFromPoint(x, y)) };
}"""


def test_ten_radiographs_by_touch_alone(browser: Any, service: Any, opened: Any) -> None:
    """The other ten, on a phone: a doubtful tooth that is right, and one without its number."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(service.url)
    page.wait_for_selector("html[data-ready]")
    number = opened(page, service, "case-006.png")["teeth"][5]["fdi"]
    left = service.get("/v1/studies?search=ten-&show=unreviewed&sort=name&order=asc").json()
    opened(page, service, left["studies"][0]["name"])
    page.tap(".top [data-command=list]")
    page.fill("#drawer input[type=search]", "ten-0")
    expect(page.locator("#list li[data-id]")).to_have_count(20)
    page.tap("#drawer [data-command=close-list]")
    before, touches = left["reviewed"], 0

    def touch(selector: str) -> None:
        nonlocal touches
        expect(page.locator(selector).locator("visible=true").first).to_be_in_viewport(ratio=1)
        target = page.evaluate(TARGET, selector)
        assert target["free"], selector
        assert min(target["width"], target["height"]) >= 44, (selector, target)
        page.touchscreen.tap(target["x"], target["y"])
        touches += 1

    for done in range(1, 11):
        touch(".doubt [data-command=next-doubtful]")
        touch(".doubt [data-command=accept]")
        expect(page.locator("#inspector .doubt")).to_contain_text("no number")
        touch(".doubt [data-command=renumber]")
        touch(f".picker .cell[data-fdi='{number}']")
        expect(page.locator(f".place[data-fdi='{number}'][data-changed]")).to_have_count(1)
        touch(".finished [data-command=save-next]")
        reviewed(page, before + done)
        if done < 10:  # after the tenth there may be none
            expect(page.locator("#study-state")).to_have_text("As found, not saved")
    assert touches == 50
    saved = service.get(f"/v1/studies/{left['studies'][0]['id']}").json()
    assert (saved["doubtful"], saved["teeth"][5]["fdi"]) == (0, number)
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    context.close()

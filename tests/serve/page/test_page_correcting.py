"""The page as a dentist uses it: look, correct, save, come back."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect

PATIENCE = 60.0  # seconds
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  for (const kind of ['dragenter', 'dragover', 'drop'])
    document.querySelector('.drop, #viewer').dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
TWO_FRAMES = """() => new Promise((drawn) =>
  requestAnimationFrame(() => requestAnimationFrame(drawn)))"""


def drop(page: Any, name: str, content: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(content).decode()])


def settles(page: Any, read: Callable[[], Any], expected: Any) -> None:
    """Waits until `read` gives what is expected; for values that no locator holds."""
    until = time.monotonic() + PATIENCE
    while (found := read()) != expected and time.monotonic() < until:
        page.wait_for_timeout(20)
    assert found == expected


def painted(page: Any) -> None:
    """Waits until the radiograph is drawn as it now lies: the page draws in the next frame."""
    page.evaluate(TWO_FRAMES)


def borne(page: Any, selector: str) -> set[int]:
    """The numbers of what this selects."""
    return set(page.eval_on_selector_all(selector, "all => all.map((e) => Number(e.dataset.fdi))"))


def on_radiograph(page: Any) -> set[int]:
    return borne(page, "path.tooth")


def on_chart(page: Any) -> set[int]:
    return borne(page, ".place[data-state=found], .place[data-state=doubtful]")


def shows(page: Any, numbers: set[int]) -> None:
    """Waits until radiograph and chart bear these numbers."""
    settles(page, lambda: (on_radiograph(page), on_chart(page)), (numbers, numbers))


def numbers(study: dict[str, Any]) -> set[int]:
    return {tooth["fdi"] for tooth in study["teeth"]}


def place(page: Any, fdi: int) -> Any:
    return page.locator(f".place[data-fdi='{fdi}']")


def outline(page: Any, fdi: int) -> Any:
    return page.locator(f"path.tooth[data-fdi='{fdi}']")


def in_panel(page: Any, command: str) -> Any:
    return page.locator(f"#inspector [data-command='{command}']")


def chosen(page: Any) -> Any:
    return page.locator(".place[aria-pressed=true]")


def changed(page: Any) -> Any:
    return page.locator(".place[data-changed]")


def use(page: Any, tool: str) -> None:
    """Waits until this tool is in hand; 'choose' is none."""
    expect(page.locator("#viewer")).to_have_attribute("data-tool", tool)


def save(page: Any) -> dict[str, Any]:
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click(".top [data-command='save']")
    answer: dict[str, Any] = put.value.json()
    expect(page.locator("#study-state")).to_have_text("Saved")
    return answer


def test_from_drop_to_a_saved_correction_that_survives_a_restart(
    page: Any, service: Any, phantom_file: Path
) -> None:
    drop(page, "phantom.png", phantom_file.read_bytes())
    expect(page).to_have_url(re.compile("#[0-9a-f]{32}$"))
    study = service.get(f"/v1/studies/{page.url.partition('#')[2]}").json()
    found = numbers(study)
    assert len(found) > 20
    shows(page, found)

    # Two teeth swap their numbers; undo and redo.
    place(page, 36).click()
    in_panel(page, "renumber").click()
    page.click(".picker .cell[data-fdi='35']")
    by_number = {tooth["fdi"]: tooth for tooth in study["teeth"]}
    expect(outline(page, 35)).to_have_class(re.compile(r"\bchosen\b"))
    expect(page.locator(".place[data-changed][data-fdi='35']")).to_be_visible()
    page.click(".top [data-command='undo']")
    expect(changed(page)).to_have_count(0)
    page.click(".top [data-command='redo']")
    expect(changed(page)).to_have_count(2)
    expect(page.locator("#study-state")).to_have_text("Unsaved changes")

    # A run of numbers moves by one to its free end.
    assert 18 not in found
    place(page, 16).click()
    in_panel(page, "shift-left").click()
    shows(page, found - {16} | {18})

    kept = {tooth["id"]: tooth["fdi"] for tooth in save(page)["teeth"]}
    expected = {tooth["id"]: tooth["fdi"] for tooth in study["teeth"]}
    expected |= {by_number[36]["id"]: 35, by_number[35]["id"]: 36}
    expected |= {by_number[16]["id"]: 17, by_number[17]["id"]: 18}
    assert kept == expected

    # While the service is away nothing can be saved, and nothing is lost.
    service.stop()
    place(page, 24).click()
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(page.locator("#alerts")).to_contain_text("does not answer")
    service.start()
    assert by_number[24]["id"] not in {tooth["id"] for tooth in save(page)["teeth"]}
    del expected[by_number[24]["id"]]

    page.reload()
    page.wait_for_selector("html[data-ready]")
    shows(page, set(expected.values()))
    expect(changed(page)).to_have_count(4)
    expect(page.locator("#study-state")).to_have_text("Saved")
    results = service.store / "results" / study["id"]
    written = ("labels.png", "overlay.png", "teeth.json")
    settles(page, lambda: [name for name in written if not (results / name).exists()], [])


def centre_on_screen(page: Any, fdi: int) -> tuple[float, float]:
    box = outline(page, fdi).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tooth_with(answer: dict[str, Any], fdi: int) -> dict[str, Any]:
    return next(tooth for tooth in answer["teeth"] if tooth["fdi"] == fdi)


def test_split_merge_outline_and_draw(page: Any, study: dict[str, Any]) -> None:
    before = tooth_with(study, 46)
    picker, loose = page.locator(".picker[open]"), page.locator(".tray .loose")

    # A line straight through the tooth: two teeth of together the same pixels.
    place(page, 46).click()
    in_panel(page, "split").click()
    use(page, "split")
    page.keyboard.press("Enter")
    expect(picker).to_be_visible()
    page.keyboard.press("Escape")
    expect(picker).to_have_count(0)
    expect(loose).to_have_count(1)
    halves = save(page)
    parts = [tooth_with(halves, 46), tooth_with(halves, 0)]
    assert sum(part["area"] for part in parts) == before["area"]
    assert parts[0]["area"] >= parts[1]["area"] > before["area"] / 4

    # Merged again they are what was found.
    place(page, 46).click()
    loose.click(modifiers=["Control"])
    in_panel(page, "merge").click()
    expect(loose).to_have_count(0)
    whole = tooth_with(save(page), 46)
    assert (whole["area"], whole["flags"]) == (before["area"], [])

    # The lowest point of the outline is dragged down.
    page.keyboard.press("e")
    use(page, "outline")
    painted(page)
    boxes = [handle.bounding_box() for handle in page.locator("circle.handle").all()]
    low = max(boxes, key=lambda box: box["y"])
    x, y = low["x"] + low["width"] / 2, low["y"] + low["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=4)
    page.mouse.up()
    expect(page.locator("#study-state")).to_have_text("Unsaved changes")
    page.keyboard.press("Escape")
    use(page, "choose")
    drawn_out = tooth_with(save(page), 46)
    assert drawn_out["box"][3] > before["box"][3] + 5
    assert drawn_out["flags"] == ["edited"]

    # Back as found, then a further tooth by four clicks and the first point again.
    in_panel(page, "restore").click()
    expect(changed(page)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(chosen(page)).to_have_count(0)
    page.keyboard.press("Delete")
    in_panel(page, "add").click()
    use(page, "add")
    painted(page)
    left, top = page.locator("#viewer").evaluate("e => [e.offsetLeft, e.offsetTop]")
    corners = [(60, 40), (100, 40), (100, 90), (60, 90), (60, 40)]
    for dx, dy in corners:
        page.mouse.click(left + dx, top + dy)
    expect(picker).to_be_visible()
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    expect(page.locator("#picked-says")).to_contain_text("99 is not a number")
    page.keyboard.press("Escape")
    expect(picker).to_have_count(0)
    last = save(page)
    assert tooth_with(last, 46) == before
    scale = page.evaluate("Number(document.querySelector('#zoom').textContent.split(' ')[0]) / 100")
    assert abs(tooth_with(last, 0)["area"] * scale**2 - 40 * 50) < 120


def test_everything_by_keyboard(page: Any, study: dict[str, Any]) -> None:
    doubtful = {tooth["fdi"] for tooth in study["teeth"] if "doubtful" in tooth["flags"]}
    before = None
    for _ in range(len(doubtful)):
        page.keyboard.press("d")
        now = page.locator(f".place[aria-pressed=true]:not([data-fdi='{before}'])")
        expect(now).to_have_count(1)
        before = now.get_attribute("data-fdi")
        doubtful.discard(int(before))
    assert not doubtful
    page.keyboard.press("Escape")
    expect(chosen(page)).to_have_count(0)

    page.keyboard.press("k")
    expect(chosen(page)).to_have_attribute("data-fdi", "17")
    page.keyboard.press("r")
    expect(page.locator(".picker[open]")).to_be_visible()
    page.keyboard.type("18")
    page.keyboard.press("Enter")
    expect(chosen(page)).to_have_attribute("data-fdi", "18")
    page.keyboard.press("Control+z")
    expect(chosen(page)).to_have_attribute("data-fdi", "17")
    page.keyboard.press("Delete")
    shows(page, numbers(study) - {17})

    # The tooth that was removed is found on the chart, and comes back.
    place(page, 16).focus()
    page.keyboard.press("ArrowLeft")
    expect(place(page, 17)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#inspector")).to_contain_text("Removed by hand")
    page.keyboard.press("b")
    shows(page, numbers(study))
    expect(changed(page)).to_have_count(0)

    # A tooth drawn with the crosshair.
    page.keyboard.press("Escape")
    expect(chosen(page)).to_have_count(0)
    page.keyboard.press("a")
    use(page, "add")
    for key in ("ArrowUp", "Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator(".picker[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".picker")).to_have_count(0)
    expect(page.locator(".tray .loose")).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")

    # A step back, even over a save.
    page.keyboard.press("Control+z")
    expect(page.locator("#study-state")).to_have_text("Unsaved changes")
    back = {tooth["id"]: tooth for tooth in save(page)["teeth"]}
    assert back == {tooth["id"]: tooth for tooth in study["teeth"]}


def test_looking_by_mouse(page: Any, study: dict[str, Any]) -> None:
    for numbering, shown in (("universal", "19"), ("palmer", "LL6"), ("fdi", "36")):
        page.select_option("#numbering", numbering)
        expect(place(page, 36).locator(".number")).to_have_text(re.compile(rf"^{shown}[?*]*$"))
        expect(place(page, 36)).to_have_attribute("aria-label", re.compile(f"^{shown}"))

    # What is hovered or chosen in the chart is marked on the radiograph, and the other way round.
    place(page, 21).hover()
    expect(outline(page, 21)).to_have_class(re.compile(r"\bhovered\b"))
    page.mouse.move(*centre_on_screen(page, 11))
    expect(place(page, 11)).to_have_class(re.compile(r"\bhovered\b"))
    page.mouse.click(*centre_on_screen(page, 11))
    expect(place(page, 11)).to_have_attribute("aria-pressed", "true")
    heading = page.locator("#inspector h2")
    expect(heading).to_have_text("upper right central incisor", ignore_case=True)
    expect(page.locator("#inspector dt", has_text="Length")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chosen(page)).to_have_count(0)

    # Wheel, drag and right button.
    shown = page.locator("#zoom")
    fitted = shown.inner_text()
    page.mouse.move(*centre_on_screen(page, 11))
    page.mouse.wheel(0, -400)
    expect(shown).not_to_have_text(fitted)
    painted(page)
    before = centre_on_screen(page, 11)
    page.mouse.move(*before)
    page.mouse.down()
    page.mouse.move(before[0] + 50, before[1] + 20, steps=3)
    page.mouse.up()

    def moved() -> list[float]:
        now = centre_on_screen(page, 11)
        return [now[0] - before[0], now[1] - before[1]]

    settles(page, moved, pytest.approx([50, 20], abs=1))
    page.mouse.down(button="right")
    # From where the pointer is: the tooth may have moved a pixel more or less.
    page.mouse.move(before[0] + 50 + 30, before[1] + 20 + 10, steps=3)
    page.mouse.up(button="right")
    expect(shown).to_contain_text("window 285")
    page.keyboard.press("0")
    expect(shown).to_have_text(re.compile("^" + re.escape(fitted.split(" ·")[0])))
    expect(chosen(page)).to_have_count(0)

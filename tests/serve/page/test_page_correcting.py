"""The page as a dentist uses it: look, correct, save, come back."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  for (const kind of ['dragenter', 'dragover', 'drop'])
    document.querySelector('.drop, #viewer').dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def drop(page: Any, name: str, content: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(content).decode()])


def borne(page: Any, selector: str) -> set[int]:
    """The numbers of what this selects."""
    return set(page.eval_on_selector_all(selector, "all => all.map((e) => Number(e.dataset.fdi))"))


def on_radiograph(page: Any) -> set[int]:
    return borne(page, "path.tooth")


def on_chart(page: Any) -> set[int]:
    return borne(page, ".place[data-state=found], .place[data-state=doubtful]")


def numbers(study: dict[str, Any]) -> set[int]:
    return {tooth["fdi"] for tooth in study["teeth"]}


def place(page: Any, fdi: int) -> Any:
    return page.locator(f".place[data-fdi='{fdi}']")


def in_panel(page: Any, command: str) -> Any:
    return page.locator(f"#inspector [data-command='{command}']")


def save(page: Any) -> dict[str, Any]:
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click(".top [data-command='save']")
    answer: dict[str, Any] = put.value.json()
    page.wait_for_selector("#study-state[data-state=saved]")
    return answer


def test_from_drop_to_a_saved_correction_that_survives_a_restart(
    page: Any, service: Any, phantom_file: Path
) -> None:
    drop(page, "phantom.png", phantom_file.read_bytes())
    page.wait_for_selector("path.tooth", state="attached")
    study = service.get(f"/v1/studies/{page.evaluate('location.hash').lstrip('#')}").json()
    found = numbers(study)
    assert len(found) > 20
    assert on_radiograph(page) == on_chart(page) == found

    # Two teeth swap their numbers; undo and redo.
    place(page, 36).click()
    in_panel(page, "renumber").click()
    page.click(".picker .cell[data-fdi='35']")
    by_number = {tooth["fdi"]: tooth for tooth in study["teeth"]}
    outline = page.get_attribute("path.tooth[data-fdi='35']", "class")
    assert "chosen" in outline
    assert place(page, 35).get_attribute("data-changed") is not None
    page.click(".top [data-command='undo']")
    assert page.locator(".place[data-changed]").count() == 0
    page.click(".top [data-command='redo']")
    assert page.locator(".place[data-changed]").count() == 2
    assert page.locator("#study-state").inner_text() == "Unsaved changes"

    # A run of numbers moves by one to its free end.
    assert 18 not in found
    place(page, 16).click()
    in_panel(page, "shift-left").click()
    assert on_chart(page) == found - {16} | {18}

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
    page.wait_for_selector("#alerts :text('does not answer')")
    service.start()
    assert by_number[24]["id"] not in {tooth["id"] for tooth in save(page)["teeth"]}
    del expected[by_number[24]["id"]]

    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.wait_for_selector("path.tooth", state="attached")
    assert on_radiograph(page) == on_chart(page) == set(expected.values())
    assert page.locator(".place[data-changed]").count() == 4
    assert page.locator("#study-state").inner_text() == "Saved"
    results = service.store / "results" / study["id"]
    assert {"labels.png", "overlay.png", "teeth.json"} <= {file.name for file in results.iterdir()}


def centre_on_screen(page: Any, fdi: int) -> tuple[float, float]:
    box = page.locator(f"path.tooth[data-fdi='{fdi}']").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tooth_with(answer: dict[str, Any], fdi: int) -> dict[str, Any]:
    return next(tooth for tooth in answer["teeth"] if tooth["fdi"] == fdi)


def test_split_merge_outline_and_draw(page: Any, study: dict[str, Any]) -> None:
    before = tooth_with(study, 46)

    # A line straight through the tooth: two teeth of together the same pixels.
    place(page, 46).click()
    in_panel(page, "split").click()
    page.keyboard.press("Enter")
    page.wait_for_selector(".picker[open]")
    page.keyboard.press("Escape")
    assert page.locator(".tray .loose").count() == 1
    halves = save(page)
    parts = [tooth_with(halves, 46), tooth_with(halves, 0)]
    assert sum(part["area"] for part in parts) == before["area"]
    assert parts[0]["area"] >= parts[1]["area"] > before["area"] / 4

    # Merged again they are what was found.
    place(page, 46).click()
    page.click(".tray .loose", modifiers=["Control"])
    in_panel(page, "merge").click()
    whole = tooth_with(save(page), 46)
    assert (whole["area"], whole["flags"]) == (before["area"], [])

    # The lowest point of the outline is dragged down.
    page.keyboard.press("e")
    handles = page.locator("circle.handle")
    boxes = [handles.nth(i).bounding_box() for i in range(handles.count())]
    low = max(boxes, key=lambda box: box["y"])
    x, y = low["x"] + low["width"] / 2, low["y"] + low["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=4)
    page.mouse.up()
    page.keyboard.press("Escape")
    drawn_out = tooth_with(save(page), 46)
    assert drawn_out["box"][3] > before["box"][3] + 5
    assert drawn_out["flags"] == ["edited"]

    # Back as found, then a further tooth by four clicks and the first point again.
    in_panel(page, "restore").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    page.click("#inspector [data-command='add']")
    left, top = page.locator("#viewer").evaluate("e => [e.offsetLeft, e.offsetTop]")
    corners = [(60, 40), (100, 40), (100, 90), (60, 90), (60, 40)]
    for dx, dy in corners:
        page.mouse.click(left + dx, top + dy)
    page.wait_for_selector(".picker[open]")
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    assert "no number" in page.locator("#picked-says").inner_text()
    page.keyboard.press("Escape")
    last = save(page)
    assert tooth_with(last, 46) == before
    scale = page.evaluate("Number(document.querySelector('#zoom').textContent.split(' ')[0]) / 100")
    assert abs(tooth_with(last, 0)["area"] * scale**2 - 40 * 50) < 120


def test_everything_by_keyboard(page: Any, study: dict[str, Any]) -> None:
    doubtful = {tooth["fdi"] for tooth in study["teeth"] if "doubtful" in tooth["flags"]}
    for _ in range(len(doubtful)):
        page.keyboard.press("d")
        doubtful.discard(int(page.get_attribute(".place[aria-pressed=true]", "data-fdi")))
    assert not doubtful
    page.keyboard.press("Escape")

    page.keyboard.press("k")
    page.wait_for_selector(".place[aria-pressed=true][data-fdi='17']")
    page.keyboard.press("r")
    page.keyboard.type("18")
    page.keyboard.press("Enter")
    page.wait_for_selector(".place[aria-pressed=true][data-fdi='18']")
    page.keyboard.press("Control+z")
    page.keyboard.press("Delete")
    assert on_chart(page) == numbers(study) - {17}

    # The tooth that was removed is found on the chart, and comes back.
    place(page, 16).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert "Removed by hand" in page.locator("#inspector").inner_text()
    page.keyboard.press("b")
    assert on_chart(page) == numbers(study)
    assert page.locator(".place[data-changed]").count() == 0

    # A tooth drawn with the crosshair.
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    for key in ("ArrowUp", "Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_selector(".picker[open]")
    page.keyboard.press("Escape")
    assert page.locator(".tray .loose").count() == 1
    page.keyboard.press("Control+s")
    page.wait_for_selector("#study-state[data-state=saved]")

    # A step back, even over a save.
    page.keyboard.press("Control+z")
    assert page.locator("#study-state").inner_text() == "Unsaved changes"
    back = {tooth["id"]: tooth for tooth in save(page)["teeth"]}
    assert back == {tooth["id"]: tooth for tooth in study["teeth"]}


def test_looking_by_mouse(page: Any, study: dict[str, Any]) -> None:
    for numbering, shown in (("universal", "19"), ("palmer", "LL6"), ("fdi", "36")):
        page.select_option("#numbering", numbering)
        assert place(page, 36).locator(".number").inner_text().rstrip("?*") == shown
        assert place(page, 36).get_attribute("aria-label").startswith(shown)

    # What is hovered or chosen in the chart is marked on the radiograph, and the other way round.
    place(page, 21).hover()
    assert "hovered" in page.get_attribute("path.tooth[data-fdi='21']", "class")
    page.mouse.move(*centre_on_screen(page, 11))
    assert "hovered" in place(page, 11).get_attribute("class")
    page.mouse.click(*centre_on_screen(page, 11))
    assert place(page, 11).get_attribute("aria-pressed") == "true"
    assert "upper right central incisor" in page.locator("#inspector h2").inner_text().lower()
    page.wait_for_selector("#inspector dt:has-text('Length')")
    page.keyboard.press("Escape")

    # Wheel, drag and right button.
    shown = page.locator("#zoom")
    fitted = shown.inner_text()
    page.mouse.move(*centre_on_screen(page, 11))
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    assert shown.inner_text() != fitted
    before = centre_on_screen(page, 11)
    page.mouse.down()
    page.mouse.move(before[0] + 50, before[1] + 20, steps=3)
    page.mouse.up()
    page.wait_for_timeout(100)
    after = centre_on_screen(page, 11)
    moved = (after[0] - before[0], after[1] - before[1])
    assert moved == pytest.approx((50, 20), abs=1)
    page.mouse.down(button="right")
    # From where the pointer is: the tooth may have moved a pixel more or less.
    page.mouse.move(before[0] + 50 + 30, before[1] + 20 + 10, steps=3)
    page.mouse.up(button="right")
    assert "window 285" in shown.inner_text()
    page.keyboard.press("0")
    assert shown.inner_text().startswith(fitted.split(" ·")[0])
    assert page.locator(".place[aria-pressed=true]").count() == 0

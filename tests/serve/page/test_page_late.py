"""What comes late, or while a button is pressed, takes nothing from who works on the page."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect

PATIENCE = 60.0  # seconds
TWO_FRAMES = """() => new Promise((drawn) =>
  requestAnimationFrame(() => requestAnimationFrame(drawn)))"""


class Held:
    """Requests to these addresses wait until `let_go`."""

    def __init__(self, page: Any, address: Any) -> None:
        self._page, self._held, self._open = page, [], False
        page.route(address, lambda route: self._take(route))

    def _take(self, route: Any) -> None:
        if self._open:
            route.continue_()
        else:
            self._held.append(route)

    def wait(self) -> None:
        """Until there is one."""
        until = time.monotonic() + PATIENCE
        while not self._held:
            assert time.monotonic() < until
            self._page.wait_for_timeout(20)

    def let_go(self) -> None:
        """Answers what waits, and whatever comes after; returns when the page has the answers."""
        self._open = True
        for route in self._held:
            with self._page.expect_response(route.request.url) as answered:
                route.continue_()
            answered.value.finished()
        # The page has read them by then, and drawn what follows.
        self._page.evaluate(TWO_FRAMES)


def upload(page: Any, file: Path) -> dict[str, Any]:
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        page.set_input_files("#files", str(file))
    answer: dict[str, Any] = posted.value.json()
    expect(page).to_have_url(re.compile(f"#{answer['id']}$"))
    return answer


def press(page: Any, button: Any) -> None:
    button.hover()
    page.mouse.down()


def place(page: Any, fdi: int) -> Any:
    return page.locator(f".place[data-fdi='{fdi}']")


def test_a_press_in_the_panel_outlives_measurements_that_arrive(
    page: Any, study: dict[str, Any]
) -> None:
    measurements = Held(page, "**/measurements")
    page.click(".top [data-command='save']")
    measurements.wait()
    place(page, 36).click()
    press(page, page.locator("#inspector [data-command='remove']"))
    measurements.let_go()
    # Measured now; the panel shows it as soon as the button is up.
    expect(page.locator("#inspector dt", has_text="Length")).to_have_count(0)
    page.mouse.up()
    expect(place(page, 36)).to_have_attribute("data-state", "removed")
    place(page, 35).click()
    expect(page.locator("#inspector dt", has_text="Length")).to_be_visible()


def test_a_press_in_the_list_outlives_a_new_list(
    page: Any, service: Any, phantom_file: Path, study: dict[str, Any]
) -> None:
    lists = Held(page, re.compile(r"/v1/studies\?"))
    page.keyboard.press("l")
    lists.wait()
    press(page, page.locator("#list li.now .icon-only"))
    service.post("/v1/studies", phantom_file.read_bytes(), "another.png")
    lists.let_go()
    page.mouse.up()
    expect(page.locator("dialog.question h2")).to_have_text("Delete phantom.png?")
    page.click("dialog.question button[type=button]")
    expect(page.locator("#list .study").first).to_contain_text("another.png")


def test_of_studies_asked_for_the_last_is_shown(page: Any, phantom_file: Path) -> None:
    first, second, third = (upload(page, phantom_file)["id"] for _ in range(3))
    page.keyboard.press("l")
    slow = Held(page, f"**/v1/studies/{second}")
    rows = page.locator("#list .study")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    rows.nth(1).click()
    slow.wait()
    rows.nth(2).click()
    expect(page).to_have_url(re.compile(f"#{first}$"))
    slow.let_go()
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page).to_have_url(re.compile(f"#{first}$"))
    assert len({first, second, third}) == 3


def test_what_is_changed_while_a_study_is_on_its_way_is_asked_about(
    page: Any, phantom_file: Path
) -> None:
    first, second = (upload(page, phantom_file) for _ in range(2))
    slow = Held(page, f"**/v1/studies/{first['id']}")
    page.keyboard.press("l")
    page.locator("#list .study").nth(1).click()
    slow.wait()
    place(page, 36).click()
    page.keyboard.press("Delete")
    expect(place(page, 36)).to_have_attribute("data-state", "removed")
    slow.let_go()
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click("dialog.question button[value=save]")
    assert put.value.json()["id"] == second["id"]
    expect(page).to_have_url(re.compile(f"#{first['id']}$"))


def test_a_zoom_before_the_radiograph_is_there_is_kept(page: Any, phantom_file: Path) -> None:
    picture = Held(page, "**/image")
    upload(page, phantom_file)
    picture.wait()
    zoom = page.locator("#zoom")
    expect(zoom).to_have_text(re.compile(r"^\d+ %$"))
    fitted = zoom.inner_text()
    page.keyboard.press("+")
    expect(zoom).not_to_have_text(fitted)
    nearer = zoom.inner_text()
    picture.let_go()
    page.wait_for_selector("#viewer[data-shown]")
    expect(zoom).to_have_text(f"{nearer} · window 255, level 128")


def test_of_two_steps_in_one_frame_both_are_told(page: Any, study: dict[str, Any]) -> None:
    twice = """for (const key of ['+', '+'])
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));"""
    zoom, world = page.locator("#zoom"), page.locator("g.world")
    fitted = world.get_attribute("transform")
    page.evaluate(twice)
    expect(world).not_to_have_attribute("transform", fitted)
    scale = float(world.get_attribute("transform").partition("scale(")[2].rstrip(")"))
    expect(zoom).to_have_text(re.compile(f"^{scale * 100:.0f} %"))

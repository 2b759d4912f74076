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
    """Answers from these addresses are fetched at once, and given to the page at `let_go`."""

    def __init__(self, page: Any, address: Any) -> None:
        self._page, self._held, self._holding = page, [], True
        page.route(address, lambda route: self._take(route))

    def _take(self, route: Any) -> None:
        if self._holding:
            self._held.append((route, route.fetch()))
        else:
            route.continue_()

    def wait(self) -> None:
        """Until one is held. No other is, from then on."""
        until = time.monotonic() + PATIENCE
        while not self._held:
            assert time.monotonic() < until
            self._page.wait_for_timeout(20)
        self._holding = False

    def let_go(self) -> None:
        """Returns when the page has what was held."""
        for route, answer in self._held:
            with self._page.expect_response(route.request.url) as given:
                route.fulfill(response=answer)
            given.value.finished()
        # The page has read it by then, and drawn what follows.
        self._page.evaluate(TWO_FRAMES)


def is_upload(request: Any) -> bool:
    """The page also sends what is drawn, to have its numbers checked."""
    return bool(request.method == "POST" and re.search(r"/v1/studies(\?|$)", request.url))


def upload(page: Any, file: Path) -> dict[str, Any]:
    with page.expect_response(lambda answer: is_upload(answer.request)) as posted:
        page.set_input_files("#files", str(file))
    answer: dict[str, Any] = posted.value.json()
    expect(page).to_have_url(re.compile(f"#{answer['id']}$"))
    return answer


def press(page: Any, button: Any) -> None:
    button.hover()
    page.mouse.down()


def rows(page: Any) -> Any:
    """The open list of studies, the newest first, which is the one shown."""
    page.keyboard.press("l")
    found = page.locator("#list .study")
    expect(found.first).to_have_attribute("aria-current", "true")
    return found


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
    expect(page.locator("#list li.now")).to_have_count(1)
    service.post("/v1/studies", phantom_file.read_bytes(), "another.png")
    lists = Held(page, re.compile(r"/v1/studies\?"))
    page.keyboard.press("l")
    lists.wait()
    press(page, page.locator("#list li.now .icon-only"))
    lists.let_go()
    page.mouse.up()
    expect(page.locator("dialog.question h2")).to_have_text("Delete phantom.png?")
    page.click("dialog.question button[type=button]")
    expect(page.locator("#list .study").first).to_contain_text("another.png")


def test_of_lists_asked_for_the_last_is_shown(page: Any, phantom_file: Path) -> None:
    lists = Held(page, re.compile(r"/v1/studies\?"))
    upload(page, phantom_file)
    lists.wait()
    upload(page, phantom_file)
    newest = page.locator("#list .study").first
    expect(newest).to_have_attribute("aria-current", "true")
    lists.let_go()
    expect(newest).to_have_attribute("aria-current", "true")


def test_of_studies_asked_for_the_last_is_shown(page: Any, phantom_file: Path) -> None:
    first, second, third = (upload(page, phantom_file)["id"] for _ in range(3))
    slow = Held(page, f"**/v1/studies/{second}")
    listed = rows(page)
    listed.nth(1).click()
    slow.wait()
    listed.nth(2).click()
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
    rows(page).nth(1).click()
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


def test_the_token_of_the_opened_address_is_sent_and_leaves_the_address_bar(
    context: Any, service: Any
) -> None:
    opened = context.new_page()
    with opened.expect_request("**/v1/info") as asked:
        opened.goto(f"{service.url}/#token=a-token-of-an-address")
    assert asked.value.headers["authorization"] == "Bearer a-token-of-an-address"
    opened.wait_for_selector("html[data-ready]")
    assert opened.url == f"{service.url}/"
    with opened.expect_request("**/v1/info") as asked:
        opened.reload()
    assert asked.value.headers["authorization"] == "Bearer a-token-of-an-address"
    opened.close()

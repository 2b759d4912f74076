"""A browser that looks at the page of a service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def service(serve: Callable[..., Any]) -> Any:
    """A service that comes back on its port when it is started again, as its users expect."""
    running = serve("--workers", "1")
    running.options += ("--port", running.url.rsplit(":", 1)[1])
    return running


# For a module, not the session: while playwright runs, no other test can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the page needs playwright")
    if not CHROMIUM.exists():
        pytest.skip("the page is tested in Debian's chromium, which is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    made = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: Any, service: Any) -> Iterator[Any]:
    """The start page. What the browser complains of fails the test, refused uploads excepted."""
    opened, complaints = context.new_page(), []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    opened.goto(service.url)
    opened.wait_for_selector("html[data-ready]")
    yield opened
    expected = ("status of 409", "status of 422", "ERR_CONNECTION_REFUSED")
    assert [said for said in complaints if not any(e in said for e in expected)] == []


@pytest.fixture(scope="module")
def start_page(browser: Any, service: Any) -> Any:
    """The page without a study, for tests that change nothing."""
    opened = browser.new_page()
    opened.goto(service.url)
    opened.wait_for_selector("html[data-ready]")
    return opened


@pytest.fixture(scope="session")
def phantom_file(drawn: tuple[Radiograph, Teeth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("drawn") / "phantom.png"
    cv2.imwrite(str(file), (drawn[0].pixels * 255).round().astype("uint8"))
    return file


@pytest.fixture
def study(page: Any, phantom_file: Path) -> dict[str, Any]:
    """A fresh study, open on the page."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        page.set_input_files("#files", str(phantom_file))
    answer: dict[str, Any] = posted.value.json()
    page.wait_for_selector("path.tooth", state="attached")
    page.wait_for_selector("#uploads", state="hidden")
    return answer

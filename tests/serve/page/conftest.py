"""A service in its own process, and a browser that looks at its page."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from panodent.radiograph import Radiograph
from panodent.teeth import Teeth

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


class Service:
    """`panodent serve` on a port that stays when it is started again."""

    def __init__(self, store: Path) -> None:
        self.store, self.port = store, 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "panodent", "serve", "--store", str(self.store)]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), "--workers", "2"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert found, said
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"
        assert self.ask("/readyz")["status"] == "ready"

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(30) == 0

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("page") / "store")
    yield running
    running.stop()


@pytest.fixture(scope="session")
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
def page(context: Any, service: Service) -> Iterator[Any]:
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


@pytest.fixture(scope="session")
def phantom_file(drawn: tuple[Radiograph, Teeth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("drawn") / "phantom.png"
    cv2.imwrite(str(file), (drawn[0].pixels * 255).round().astype("uint8"))
    return file


@pytest.fixture
def study(service: Service, page: Any, phantom_file: Path) -> dict[str, Any]:
    """A fresh study, open on the page."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        page.set_input_files("#files", str(phantom_file))
    answer: dict[str, Any] = posted.value.json()
    page.wait_for_selector("path.tooth", state="attached")
    page.wait_for_selector("#uploads", state="hidden")
    return answer

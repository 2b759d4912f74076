"""A browser that looks at the page of a service.

The page draws what a click or a key does when the browser gets round to it. So no test reads the
page right after an action: `expect` waits until the page shows what it should, and `settles` in
test_page_correcting.py does so for values that no locator holds. (Playwright's `wait_for_function`
cannot: the page's content security policy forbids what it does from the second look on.)

A change to the page or to these tests is proved by running them twenty times in a row, half of the
turns beside two busy loops, from the root of the repository:

    for turn in $(seq 20); do
        if [ $turn = 11 ]; then (while :; do :; done) & (while :; do :; done) & fi
        nice -n 5 python -m pytest tests/serve/page -n0 || break
    done; kill $(jobs -p)
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from panodent import phantom
from panodent.bundle.bundle import load, save
from panodent.bundle.calibration import Calibration
from panodent.bundle.findings_network import KindLimits
from panodent.radiograph.radiograph import Radiograph
from panodent.serve.store.annotated import add_annotated
from panodent.serve.store.store import Store
from panodent.serve.store.tables import insert_study
from panodent.serve.store.upload import new_id
from panodent.teeth.teeth import Teeth

PATIENCE = 60_000  # milliseconds until something that does not come is a failure
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
def less_sure_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default bundle with lower scores of findings, and without the least sure of them.

    One finding on the phantom is doubtful, a filling.
    """
    folder = tmp_path_factory.mktemp("bundle")
    bundle = load()
    assert bundle.findings is not None
    sure, none = bundle.findings.calibration, KindLimits(1, 1)
    findings = replace(
        bundle.findings,
        calibration=Calibration(sure.slope, sure.offset - 1.7),
        limits={**bundle.findings.limits, "filling": KindLimits(9e-5, 0.9), "appliance": none},
    )
    save(replace(bundle, findings=findings), folder)
    return folder


@pytest.fixture(scope="session")
def service(serve: Callable[..., Any], free_port: Callable[[], int]) -> Any:
    """A service that comes back on its port when it is started again, as its users expect.

    It predicts teeth only. Tests of findings take `findings_service` for it: half of the speed.
    """
    return serve("--workers", "1", "--port", str(free_port()))


@pytest.fixture(scope="session")
def findings_service(serve: Callable[..., Any], less_sure_bundle: Path) -> Any:
    """A service that predicts findings, too."""
    return serve("--workers", "1", "--bundle", str(less_sure_bundle))


MODULE = """window.moduleOfPage = (name) =>
  import(new URL(name, document.querySelector('script[type=module]').src));"""
"""Gives the browser a function for tests of modules: the ones that the page itself has loaded."""


# For this folder, not the session: while playwright runs, no other test can run an event loop.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the page needs playwright")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def context(browser: Any) -> Iterator[Any]:
    """What pages are opened in: the files of the page are fetched once for all."""
    made = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="dark", reduced_motion="reduce"
    )
    made.set_default_timeout(PATIENCE)
    made.add_init_script(MODULE)
    yield made
    made.close()


@pytest.fixture
def page(context: Any, service: Any) -> Iterator[Any]:
    """The start page, as one sees it who was never there before.

    What the browser complains of fails the test, refused uploads excepted.
    """
    opened, complaints = context.new_page(), []
    preferences = {"origin": service.url, "storageTypes": "local_storage"}
    context.new_cdp_session(opened).send("Storage.clearDataForOrigin", preferences)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    opened.goto(service.url)
    opened.wait_for_selector("html[data-ready]")
    yield opened
    opened.close()
    expected = ("status of 409", "status of 422", "ERR_CONNECTION_REFUSED")
    assert [said for said in complaints if not any(e in said for e in expected)] == []


@pytest.fixture(scope="module")
def start_page(context: Any, service: Any) -> Iterator[Any]:
    """The page without a study, for tests that change nothing."""
    opened = context.new_page()
    opened.goto(service.url)
    opened.wait_for_selector("html[data-ready]")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def phantom_file(drawn: tuple[Radiograph, Teeth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("drawn") / "phantom.png"
    cv2.imwrite(str(file), (drawn[0].pixels * 255).round().astype("uint8"))
    return file


@pytest.fixture
def study(page: Any, phantom_file: Path) -> dict[str, Any]:
    """A fresh study, open on the page with all that belongs to it."""
    with (
        page.expect_response("**/measurements"),
        page.expect_response(lambda answer: answer.request.method == "POST") as posted,
    ):
        page.set_input_files("#files", str(phantom_file))
    answer: dict[str, Any] = posted.value.json()
    page.wait_for_selector("path.tooth", state="attached")
    page.wait_for_selector("#viewer[data-shown]")
    page.wait_for_selector("#uploads", state="hidden")
    return answer


COUNT = 53
"""Radiographs named case-NNN of `review_service`; 20 more are named ten-NNN."""
DOUBTFUL = {2: "its score is low (0.61)", 5: "it could also be 46; then 46 would be 47"}
"""Which of their teeth are doubtful, by position, and why."""


@pytest.fixture(scope="session")
def review_service(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service with radiographs that somebody annotated.

    Two teeth of each case-NNN are doubtful; of each ten-NNN one is doubtful and one has no number.
    """
    folder = tmp_path_factory.mktemp("review")
    radiograph, teeth = phantom.draw(1, (128, 256))
    file = folder / "phantom.png"
    cv2.imwrite(str(file), (radiograph.pixels * 255).round().astype("uint8"))
    store = Store(folder / "store")
    first = add_annotated(store, "case-000", file, radiograph, teeth, DOUBTFUL, "")
    bare = list(first.teeth)
    bare[5] = {**bare[5], "fdi": 0, "flags": ["unnumbered"], "reason": ""}
    copies = [replace(first, name=f"case-{number:03d}.png") for number in range(1, COUNT)]
    copies += [replace(first, name=f"ten-{number:03d}.png", predicted=bare) for number in range(20)]
    with store._engine.begin() as connection:  # at once: each `add_annotated` waits for the disk
        for copy in (replace(copy, id=new_id()) for copy in copies):
            shutil.copytree(store.files / first.id, store.files / copy.id)
            insert_study(connection, copy, ".png")
    store.close()
    return serve("--workers", "1", store=folder / "store")


@pytest.fixture
def opened() -> Callable[[Any, Any, str], dict[str, Any]]:
    """Opens the study with this name in a page; gives what the service says of it."""
    expect = pytest.importorskip("playwright.sync_api").expect

    def open_study(page: Any, service: Any, name: str) -> dict[str, Any]:
        listed = service.get("/v1/studies?limit=500").json()["studies"]
        study = next(one["id"] for one in listed if one["name"] == name)
        page.evaluate("id => { location.hash = id; }", study)
        expect(page.locator("#study-name")).to_have_text(name)
        page.wait_for_selector("#viewer[data-shown]")
        answer: dict[str, Any] = service.get(f"/v1/studies/{study}").json()
        return answer

    return open_study

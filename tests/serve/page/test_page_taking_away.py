"""What the page gives: every export, the training data; and how it treats what cannot be read."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import requests

from panodent import phantom
from panodent.datasets.dataset import find

expect = pytest.importorskip("playwright.sync_api", reason="the page needs playwright").expect


def taken(page: Any, name: str) -> bytes:
    with page.expect_download() as download:
        page.click(f".exports [data-export='{name}']")
    return Path(download.value.path()).read_bytes()


def remove_a_tooth(page: Any) -> None:
    page.keyboard.press("k")
    expect(page.locator(".place[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(page.locator("#study-state")).to_have_text("Unsaved changes")


def decoded(content: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


class TestExports:
    @pytest.fixture
    def service(self, findings_service: Any) -> Any:
        """What `page` and `study` take here: findings are exported, too."""
        return findings_service

    def test_each_export_holds_the_teeth(self, page: Any, study: dict[str, Any]) -> None:
        fdi = sorted(tooth["fdi"] for tooth in study["teeth"])
        page.select_option("#numbering", "universal")
        page.keyboard.press("Control+e")
        labels = decoded(taken(page, "labels.png"))
        assert labels.shape == (512, 1024)
        assert sorted(np.unique(labels)[1:].tolist()) == fdi
        assert decoded(taken(page, "overlay.png")).shape[1] == 1024
        assert decoded(taken(page, "odontogram.png")).ndim == 3
        chart = ElementTree.fromstring(taken(page, "odontogram.svg"))  # noqa: S314 - our own
        states = [e.get("data-state") for e in chart.iter() if e.get("data-state")]
        assert sum(state != "not found" for state in states) == len(fdi)
        rows = list(csv.DictReader(io.StringIO(taken(page, "teeth.csv").decode())))
        assert sorted(int(row["fdi"]) for row in rows) == fdi
        assert next(row["universal"] for row in rows if row["fdi"] == "36") == "19"
        record = json.loads(taken(page, "teeth.json"))
        assert [tooth["fdi"] for tooth in record["teeth"]] == [t["fdi"] for t in study["teeth"]]
        coco = json.loads(taken(page, "coco.json"))
        assert sorted(one["category_id"] for one in coco["annotations"] if "fdi" not in one) == fdi
        assert [one["fdi"] for one in coco["annotations"] if "fdi" in one] == [
            one["fdi"] for one in study["findings"]
        ]
        results = json.loads(taken(page, "findings.json"))
        assert [(one["category"], one["fdi"]) for one in results] == [
            (one["kind"], one["fdi"]) for one in study["findings"]
        ]
        assert len(taken(page, "findings.csv").splitlines()) == len(results) + 1
        assert taken(page, "report.pdf").startswith(b"%PDF-")
        expect(page.locator("[data-export$='.dcm']")).to_have_count(0)


def test_dicom_in_dicom_out(page: Any, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom", reason="DICOM results need the extra 'dicom'")
    from panodent.phantom.dicom import dicom_bytes

    radiograph, _ = phantom.draw(3, (256, 512))
    file = tmp_path / "phantom.dcm"
    file.write_bytes(dicom_bytes(radiograph))
    page.set_input_files("#files", str(file))
    page.wait_for_selector("path.tooth", state="attached")
    page.keyboard.press("Control+e")
    for kind in ("seg", "pr", "sr"):
        result = pydicom.dcmread(io.BytesIO(taken(page, f"teeth.{kind}.dcm")))
        assert result.Modality == kind.upper()


def test_saved_studies_are_data_to_train_on(
    page: Any, study: dict[str, Any], tmp_path: Path
) -> None:
    remove_a_tooth(page)
    page.keyboard.press("Control+s")
    expect(page.locator("#study-state")).to_have_text("Saved")
    page.keyboard.press("l")
    with page.expect_download() as download:
        page.click("#drawer [data-command='training']")
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path / "data")
    found = {case.key: case for case in find(tmp_path / "data").cases}
    assert len(found[study["id"]].teeth()) == len(study["teeth"]) - 1


def test_what_cannot_be_read_says_why_and_the_rest_arrives(
    page: Any, phantom_file: Path, tmp_path: Path
) -> None:
    broken, empty = tmp_path / "broken.png", tmp_path / "empty.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing of a picture" * 20)
    empty.write_bytes(b"")
    page.set_input_files("#files", [str(broken), str(empty), str(phantom_file)])
    expect(page.locator("#study-name")).to_have_text("phantom.png")
    failed = page.locator("#uploads [data-state=failed]")
    expect(failed).to_have_count(2)
    said = " ".join(failed.all_inner_texts())
    assert "broken.png" in said
    assert "empty" in said
    assert str(tmp_path) not in said
    for left in (1, 0):
        failed.locator("button").first.click()
        expect(failed).to_have_count(left)
    expect(page.locator("#uploads")).to_be_hidden()


def test_an_example_for_who_has_no_radiograph(page: Any) -> None:
    page.click(".start [data-command='example']")
    expect(page.locator("#study-name")).to_have_text(re.compile("^example-"))
    page.wait_for_selector("path.tooth", state="attached")


def test_what_is_not_saved_is_asked_about(
    page: Any, service: Any, phantom_file: Path, study: dict[str, Any]
) -> None:
    other = service.post("/v1/studies", phantom_file.read_bytes(), "elsewhere.png").json()["id"]
    remove_a_tooth(page)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    page.keyboard.press("l")
    page.locator("#list .study", has_text="elsewhere.png").click()
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click("dialog.question button[value=save]")
    assert len(put.value.json()["teeth"]) == len(study["teeth"]) - 1
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page).to_have_url(re.compile(f"#{other}$"))
    assert asked == ["beforeunload"]
    page.close()  # it may still load what is deleted now
    requests.delete(f"{service.url}/v1/studies/{other}", timeout=60)


def test_a_study_that_was_saved_elsewhere(page: Any, service: Any, study: dict[str, Any]) -> None:
    theirs = [{"id": tooth["id"], "fdi": tooth["fdi"]} for tooth in study["teeth"]]
    edit = {"revision": 0, "teeth": theirs[1:]}
    requests.put(f"{service.url}/v1/studies/{study['id']}/teeth", json=edit, timeout=60)
    remove_a_tooth(page)
    page.keyboard.press("Control+s")
    expect(page.locator("dialog.question h2")).to_contain_text("else has saved")
    with page.expect_response(
        lambda answer: answer.request.method == "PUT" and answer.status == 200
    ):
        page.click("dialog.question button[value=mine]")
    expect(page.locator("#study-state")).to_have_text("Saved")
    kept = service.get(f"/v1/studies/{study['id']}").json()
    gone = {tooth["id"] for tooth in study["teeth"]} - {tooth["id"] for tooth in kept["teeth"]}
    assert kept["revision"] == 2
    assert len(gone) == 1


def test_deleting_a_radiograph_asks_first(
    page: Any, service: Any, phantom_file: Path, study: dict[str, Any]
) -> None:
    # The arrows at the top follow the list: there is a newer radiograph, and then none any more.
    newer = service.post("/v1/studies", phantom_file.read_bytes(), "newer.png").json()["id"]
    previous = page.locator(".top [data-command=previous]")
    expect(previous).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("l")
    expect(previous).to_have_attribute("aria-disabled", "false")
    # Once their pictures are there: those of what is deleted would not be found.
    for listed in (f"[data-id='{newer}']", ".now"):
        picture = page.locator(f"#list li{listed} img.thumbnail")
        expect(picture).to_have_attribute("src", re.compile("^blob:"))
    page.click(f"#list li[data-id='{newer}'] [aria-label^=Delete]")
    page.click("dialog.question button[value=delete]")
    expect(previous).to_have_attribute("aria-disabled", "true")

    page.click("#list li.now [aria-label^=Delete]")
    page.click("dialog.question button[value=delete]")
    expect(page.locator("#start")).to_be_visible()
    left = [one["id"] for one in service.get("/v1/studies").json()["studies"]]
    assert study["id"] not in left

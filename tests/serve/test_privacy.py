"""What is a patient's stays in the file that was sent, and in the DICOM made of it."""

from __future__ import annotations

import io
import sqlite3
import time
from typing import Any

import pytest
import requests

from panodent.serve.store.store import Store
from panodent.serve.store.upload import write_upload
from panodent.serve.study import Study

pydicom = pytest.importorskip("pydicom")

NAME, NUMBER, BORN = "Mustermann^Waltraud", "KV-8846213", "19520714"
TRACES = (b"Mustermann", b"Waltraud", NUMBER.encode(), BORN.encode())


@pytest.fixture
def personal(dicom: bytes) -> bytes:
    return changed(dicom)


def changed(dicom: bytes, **values: Any) -> bytes:
    found = pydicom.dcmread(io.BytesIO(dicom))
    found.PatientName, found.PatientID, found.PatientBirthDate = NAME, NUMBER, BORN
    for name, value in values.items():
        setattr(found, name, value)
    stream = io.BytesIO()
    found.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def traces(content: bytes) -> list[bytes]:
    return [trace for trace in TRACES if trace in content]


def damaged(personal: bytes) -> list[bytes]:
    """Files that libraries complain about in words that quote them."""
    swaps = [
        (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00UI\x02\x00"),
        (b"\x08\x00\x60\x00CS", b"\x08\x00\x60\x00DS"),
        (b"PNMustermann", b"DSMustermann"),
    ]
    return [personal.replace(*swap) for swap in swaps] + [
        personal[: personal.index(b"Mustermann") + 14],
        changed(personal, WindowCenter="1", WindowWidth="1"),
        changed(personal, SOPClassUID="1.2.840.10008.5.1.4.1.1.2"),
        changed(personal, PhotometricInterpretation="YBR_RCT"),
    ]


def test_nothing_personal_is_in_logs_database_names_or_answers(serve, personal, tmp_path):
    server = serve("--workers", "1", store=tmp_path / "store")
    answers = [server.post("/v1/predict", content, "x.dcm") for content in damaged(personal)]
    answers.append(server.post("/v1/predict", personal, "x.dcm"))
    made = server.post("/v1/studies", personal, "x.dcm")
    place = f"/v1/studies/{made.json()['id']}"
    edit = {"revision": 0, "teeth": [{"id": "t1", "fdi": 11}]}
    answers += [made, requests.put(f"{server.url}{place}/teeth", json=edit, timeout=60)]
    for path in ("", "/image", "/measurements", "/export/report.pdf", "/export/coco.json"):
        answers.append(server.get(place + path))
    files = [("files", ("x.dcm", content)) for content in (personal, *damaged(personal))]
    job = requests.post(f"{server.url}/v1/jobs", files=files, timeout=60).headers["location"]
    until = time.monotonic() + 120
    while server.get(job).json()["state"] != "done":
        assert time.monotonic() < until
        time.sleep(0.1)
    answers += [server.get(job), server.get("/v1/studies"), server.get("/metrics")]
    record = server.store / "results" / made.json()["id"] / "teeth.json"
    while not record.exists():
        assert time.monotonic() < until
        time.sleep(0.1)
    for answer in answers:
        assert traces(answer.content) == [], answer.url
        assert answer.status_code in (200, 201, 422), answer.text
    # DICOM made of it belongs to the same patient, as it must.
    assert NAME.encode() in server.get(f"{place}/export/teeth.seg.dcm").content
    server.stop()

    assert traces(server.log.read_bytes()) == []
    assert b"x.dcm" not in server.log.read_bytes()
    for file in server.store.rglob("*"):
        assert traces(str(file).encode()) == []
        if file.is_file() and file.suffix != ".dcm":
            assert traces(file.read_bytes()) == [], file


def test_file_names_are_kept_for_people_and_out_of_the_log(serve, png, tmp_path):
    server = serve("--workers", "1", store=tmp_path / "store")
    made = server.post("/v1/studies", png, "Waltraud.png").json()
    server.post("/v1/studies", png[:500], "Waltraud.png")
    server.get(f"/v1/studies/{made['id']}?name=Waltraud")
    server.get("/v1/Waltraud")
    assert server.get(f"/v1/studies/{made['id']}").json()["name"] == "Waltraud.png"
    requests.delete(f"{server.url}/v1/studies/{made['id']}", timeout=60)
    server.stop()
    log = server.log.read_text()
    assert "POST /v1/studies 201" in log
    assert "GET /v1/studies/{study} 200" in log
    assert "Waltraud" not in log
    assert made["id"] not in log
    with sqlite3.connect(server.store / "store.sqlite") as line:
        assert line.execute("SELECT count(*) FROM study").fetchone() == (0,)
    for file in server.store.rglob("*"):
        assert "Waltraud" not in file.name
        if file.is_file():
            assert b"Waltraud" not in file.read_bytes()


def test_the_store_is_for_whoever_runs_the_service_alone(server):
    assert server.store.stat().st_mode & 0o777 == 0o700


def test_studies_are_deleted_when_their_time_is_over(serve, png, tmp_path):
    store = Store(tmp_path / "store")
    for year in (2020, 2999):
        upload = write_upload(store.files, f"{year}.png", png)
        moment = f"{year}-01-01"
        store.add(Study(upload.id, upload.name, "image", moment, moment, 9, 9, [], []), ".png")
    store.close()
    server = serve("--workers", "1", "--retain", "30", store=tmp_path / "store")
    until = time.monotonic() + 120
    while server.get("/v1/studies").json()["total"] == 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert server.get("/v1/studies").json()["studies"][0]["name"] == "2999.png"
    assert len(list((server.store / "files").iterdir())) == 1
    server.stop()

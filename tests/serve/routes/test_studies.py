from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from panodent.bundle.bundle import load
from panodent.datasets.dataset import find
from panodent.inference.predictor import Predictor
from panodent.outputs.record import from_record
from panodent.serve.routes.studies import choose_media_type
from panodent.serve.workers.exports import MEDIA_TYPES
from panodent.teeth.finding_kinds import KINDS


@pytest.fixture(scope="module")
def offline(png: bytes, tmp_path_factory: pytest.TempPathFactory):
    file = tmp_path_factory.mktemp("offline") / "scan.png"
    file.write_bytes(png)
    return Predictor(load("default", 1)).predict(file)


def eventually(check: Any, seconds: float = 120.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def detail(answer: requests.Response, status: int) -> str:
    """The sentence of a problem, whose form is checked."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert answer.status_code == body["status"] == status, body
    return str(body["detail"])


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("image/png", "image/png"),
        ("IMAGE/PNG ; q=0.5, application/json;q=0.4", "image/png"),
        ("image/*", "image/png"),
        ("application/dicom", "application/dicom"),
        ("application/json;q=0, */*", "image/png"),
        ("application/*;q=0.3, image/png;q=0.2", "application/json"),
        ("*/*;q=0", None),
        ("text/html", None),
        ("image/png;q=nan", None),
        ("image/png;q=9", None),
        (",;,=", None),
    ],
)
def test_accept_chooses_the_answer(accept, media):
    assert choose_media_type(accept) == media


def test_a_prediction_is_that_of_the_command_line(server, png, offline):
    found = from_record(server.post("/v1/predict", png).json())
    assert np.array_equal(found.fdi, offline.fdi)
    assert np.array_equal(found.label_image(), offline.label_image())
    assert len(found) > 20
    labels = server.post("/v1/predict", png, headers={"Accept": "image/png"})
    image = cv2.imdecode(np.frombuffer(labels.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert labels.headers["content-type"] == "image/png"
    assert np.array_equal(image, offline.label_image())


def test_a_prediction_leaves_nothing(server, png):
    before = set((server.store / "files").iterdir())
    server.post("/v1/predict", png)
    server.post("/v1/predict", b"nonsense")
    assert set((server.store / "files").iterdir()) == before


def test_dicom_comes_back_as_dicom(server, dicom, png):
    pydicom = pytest.importorskip("pydicom")
    asked = {"Accept": "application/dicom"}
    answer = server.post("/v1/predict", dicom, "IM0001", headers=asked)
    assert pydicom.dcmread(io.BytesIO(answer.content)).Modality == "SEG"
    assert "DICOM" in detail(server.post("/v1/predict", png, headers=asked), 422)


def test_what_is_wrong_is_said(server, png):
    refused = server.post("/v1/predict", png, headers={"Accept": "text/html"})
    assert "known: application/json" in detail(refused, 406)
    assert "cut off" in detail(server.post("/v1/predict", png[:4000]), 422)
    assert detail(server.post("/v1/predict", b"x" * 99, "<b>x.png"), 422).startswith("_b_x.png: ")
    assert "no study" in detail(server.get(f"/v1/studies/{'0' * 32}"), 404)
    detail(server.get("/v1/studies/..%2f..%2fetc"), 404)
    detail(server.get("/v1/studies/ABC"), 422)
    detail(server.get("/v1/nothing"), 404)
    detail(server.get("/static/%00"), 404)
    detail(server.get("/static/..%2f..%2fapi.py"), 404)
    unknown = requests.patch(server.url + "/v1/studies", timeout=60)
    detail(unknown, 405)
    assert unknown.headers["allow"] == "GET, POST"
    for name in ("limit=0", "limit=x", "offset=-1", "limit=99999999999999999999"):
        detail(server.get(f"/v1/studies?{name}"), 422)


def test_a_study_is_kept_corrected_exported_and_deleted(server, png, offline):
    answer = server.post("/v1/studies", png, "Müller.png")
    assert answer.status_code == 201
    study = answer.json()
    path = f"/v1/studies/{study['id']}"
    assert study["name"] == "Müller.png"
    assert [tooth["fdi"] for tooth in study["teeth"]] == offline.fdi.tolist()
    assert server.get(path).json() == study
    image = server.get(f"{path}/image")
    assert image.headers["cache-control"] == "no-store"
    again = server.get(f"{path}/image", headers={"If-None-Match": image.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    original = server.get(f"{path}/original")
    assert original.content == png
    assert "M%C3%BCller.png" in original.headers["content-disposition"]
    assert server.get(path).headers["content-encoding"] == "gzip"
    pixels = cv2.imdecode(np.frombuffer(image.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (256, 512)

    teeth = [{"id": t["id"], "fdi": t["fdi"]} for t in study["teeth"]]
    square = [[[[1, 1], [9, 1], [9, 9], [1, 9]]]]
    edit = {"revision": 0, "teeth": [*teeth[1:], {"fdi": 55, "polygons": square}]}
    saved = requests.put(f"{server.url}{path}/teeth", json=edit, timeout=60).json()
    assert (saved["revision"], saved["count"], saved["saved"]) == (1, len(teeth), True)
    assert saved["teeth"][-1]["flags"] == ["edited"]
    late = requests.put(f"{server.url}{path}/teeth", json=edit, timeout=60)
    assert "reload it" in detail(late, 409)
    twice = {"revision": 1, "teeth": [teeth[0], {**teeth[1], "fdi": teeth[0]["fdi"]}]}
    assert "used twice" in detail(
        requests.put(f"{server.url}{path}/teeth", json=twice, timeout=60), 422
    )

    results = server.store / "results" / study["id"]
    record = eventually(lambda: (results / "teeth.json").exists() and results / "teeth.json")
    assert len(json.loads(record.read_text())["teeth"]) == len(teeth)
    training = server.store / "training"
    eventually(lambda: study["id"] in (training / "annotations.json").read_text())
    (case,) = [c for c in find(training).cases if c.key == study["id"]]
    assert 55 in case.teeth().fdi

    assert server.get("/v1/studies?limit=500").json()["total"] >= 1
    measured = server.get(f"{path}/measurements").json()
    assert [t["id"] for t in measured["teeth"]] == [t["id"] for t in saved["teeth"]]
    for name in MEDIA_TYPES:
        exported = server.get(f"{path}/export/{name}?numbering=universal")
        if name.endswith(".dcm"):
            assert "DICOM" in detail(exported, 422)
        else:
            assert exported.headers["content-disposition"] == f'attachment; filename="{name}"'
    detail(server.get(f"{path}/export/nothing.png"), 404)

    assert requests.delete(server.url + path, timeout=60).status_code == 204
    for place in (path, f"{path}/image", f"{path}/measurements", f"{path}/export/labels.png"):
        detail(server.get(place), 404)
    detail(requests.delete(server.url + path, timeout=60), 404)
    left = [file for file in server.store.rglob("*") if study["id"] in file.name]
    assert left == []
    assert study["id"] not in (training / "annotations.json").read_text()


def test_findings_are_corrected_with_the_teeth(server, png):
    study = server.post("/v1/studies", png).json()
    path, findings = f"{server.url}/v1/studies/{study['id']}", study["findings"]
    assert findings == study["predicted_findings"]
    assert findings  # the phantom has some
    tooth = next(t for t in study["teeth"] if t["fdi"] == findings[0]["fdi"])
    free = next(n for n in (18, 28, 38, 48) if n not in {t["fdi"] for t in study["teeth"]})

    # Teeth alone: the findings of the tooth follow it.
    teeth = [{"id": t["id"], "fdi": t["fdi"]} for t in study["teeth"]]
    moved = [{**t, "fdi": free} if t["id"] == tooth["id"] else t for t in teeth]
    saved = requests.put(f"{path}/teeth", json={"revision": 0, "teeth": moved}, timeout=60).json()
    assert saved["findings"][0] == {**findings[0], "fdi": free}

    square = [[[[1, 1], [9, 1], [9, 9], [1, 9]]]]
    said = [
        {"id": findings[0]["id"], "kind": "implant", "fdi": 46},
        {"kind": "appliance", "fdi": 0, "polygons": square},
    ]
    edit = {"revision": 1, "teeth": teeth, "findings": said}
    saved = requests.put(f"{path}/teeth", json=edit, timeout=60).json()
    assert [(f["kind"], f["fdi"], f["flags"]) for f in saved["findings"]] == [
        ("implant", 46, ["edited"]),
        ("appliance", 0, ["edited"]),
    ]
    assert saved["findings"] == server.get(f"/v1/studies/{study['id']}").json()["findings"]
    assert saved["predicted_findings"] == findings
    assert "reload it" in detail(requests.put(f"{path}/teeth", json=edit, timeout=60), 409)
    for wrong, words in (({"fdi": 19}, "19 is not"), ({"id": "f99"}, "unknown id")):
        bad = {**edit, "revision": 2, "findings": [{**said[0], **wrong}]}
        assert words in detail(requests.put(f"{path}/teeth", json=bad, timeout=60), 422)
    bad = {**edit, "revision": 2, "findings": [{**said[0], "kind": "caries"}]}
    assert "implant" in detail(requests.put(f"{path}/teeth", json=bad, timeout=60), 422)

    rows = server.get(f"/v1/studies/{study['id']}/export/findings.csv").text.splitlines()
    assert [row.split(",")[1:3] for row in rows[1:]] == [["46", "implant"], ["0", "appliance"]]
    training = server.store / "training" / "findings.json"
    listed = eventually(lambda: training.exists() and json.loads(training.read_text()))
    assert study["id"] in listed["images"][-1]["file_name"]
    requests.delete(path, timeout=60)


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", '{"revision": 0}', '{"revision": 1e999, "teeth": []}',
        '{"revision": ' + "9" * 5000 + ', "teeth": []}', "[" * 100_000,
        '{"revision": 0, "teeth": [{"id": "\\ud800", "fdi": 11}]}',
        '{"revision": 0, "teeth": [{"fdi": 11, "polygons": [[[[NaN, 0], [1, 1], [2, 2]]]]}]}',
        '{"revision": 0, "teeth": [{"fdi": 11, "polygons": [[[[1e300, 0], [1, 1], [2, 2]]]]}]}',
        '{"revision": 0, "teeth": [], "more": 1}',
        '{"revision": 0, "teeth": [], "findings": [{"kind": "caries", "fdi": 0}]}',
        '{"revision": 0, "teeth": [], "findings": [{"kind": "post", "fdi": 0, "score": 1}]}',
    ],
)  # fmt: skip
def test_damaged_edits_are_refused(server, body):
    answer = requests.put(
        f"{server.url}/v1/studies/{'0' * 32}/teeth",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=60,
    )
    assert answer.status_code in (400, 422)
    detail(answer, answer.status_code)


def test_a_job_makes_studies_and_tells_how_far_it_is(server, png, dicom):
    files = [("files", ("a.png", png)), ("files", ("b", dicom)), ("files", ("c.png", b"bad"))]
    answer = requests.post(f"{server.url}/v1/jobs", files=files, timeout=60)
    assert answer.status_code == 202
    path = answer.headers["location"]
    assert path == f"/v1/jobs/{answer.json()['id']}"
    with server.get(f"{path}/events", stream=True) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = [line for line in stream.iter_lines() if line]
    assert events[-2] == b"event: done"
    assert json.loads(events[-1].partition(b" ")[2])["done"] == 2
    job = server.get(path).json()
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 3, 2, 1)
    good, other, bad = job["items"]
    assert server.get(f"/v1/studies/{good['study']}").json()["kind"] == "image"
    assert server.get(f"/v1/studies/{other['study']}").json()["kind"] == "dicom"
    assert bad["study"] is None
    assert bad["error"].startswith("c.png: ")
    assert requests.delete(server.url + path, timeout=60).status_code == 204
    detail(server.get(path), 404)
    detail(server.get(f"{path}/events"), 404)
    detail(requests.delete(server.url + path, timeout=60), 404)
    for item in (good, other):
        requests.delete(f"{server.url}/v1/studies/{item['study']}", timeout=60)


def test_a_job_is_cancelled(server, png):
    files = [("files", (f"{n}.png", png)) for n in range(12)]
    with server.workers_held():
        path = requests.post(f"{server.url}/v1/jobs", files=files, timeout=60).headers["location"]
        assert requests.delete(server.url + path, timeout=60).status_code == 204
    job = eventually(lambda: (j := server.get(path).json())["state"] == "cancelled" and j)
    states = [item["state"] for item in job["items"]]
    assert states.count("dropped") >= 10  # all but those that the two workers had begun
    assert set(states) <= {"done", "dropped"}


def test_jobs_need_files(server):
    files = {"other": ("a.png", b"x")}
    answer = requests.post(f"{server.url}/v1/jobs", files=files, timeout=60)
    assert "no file named 'files'" in detail(answer, 422)


def test_a_full_queue_asks_to_come_again(serve, png):
    server = serve("--workers", "1", "--waiting", "1")
    with ThreadPoolExecutor(6) as pool, server.workers_held():
        answers = [pool.submit(server.post, "/v1/predict", png) for _ in range(6)]
        eventually(lambda: sum(a.done() for a in answers) >= 4)
    statuses = sorted(a.result().status_code for a in answers)
    assert statuses == [200, 200, 503, 503, 503, 503]
    refused = next(a.result() for a in answers if a.result().status_code == 503)
    assert "waiting" in detail(refused, 503)
    assert refused.headers["retry-after"] == "1"
    server.stop()


def test_an_example_is_a_phantom(server):
    study = requests.post(f"{server.url}/v1/example", timeout=60).json()
    assert study["name"].startswith("example-")
    assert study["count"] > 20
    requests.delete(f"{server.url}/v1/studies/{study['id']}", timeout=60)


def test_operators_are_told_how_it_is(server, png):
    assert server.get("/healthz").json()["status"] == "ok"
    assert server.get("/readyz").json()["status"] == "ready"
    server.post("/v1/predict", png)
    server.get("/v1/nothing-of-the-kind")
    text = server.get("/metrics").text
    assert 'panodent_requests_total{method="POST",route="/v1/predict",status="200"}' in text
    assert "panodent_studies " in text
    assert "nothing-of-the-kind" not in text
    about = server.get("/v1/info").json()
    assert about["max_bytes"] == 4 << 20
    assert len(about["teeth"]) == 52
    assert set(about["findings"]) == set(KINDS)
    assert about["findings"]["implant"]["carrier"] == "position"
    assert set(about["teeth"]["36"]["signs"]) == set(KINDS) - {"pontic"}

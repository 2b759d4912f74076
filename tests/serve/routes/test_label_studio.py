"""The contract of Label Studio's client (label_studio/ml/api_connector.py): its requests, and what
it and its editor read of the answers."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from panodent.dentition import TEETH, from_fdi
from panodent.errors import AnnotationError
from panodent.formats import get
from panodent.formats.parsing.brush_rle import decode
from panodent.outputs.record import from_record, to_record
from panodent.phantom import draw
from panodent.serve.routes.label_studio import _prediction, read_config
from panodent.teeth.findings import Findings
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import Teeth

LABELS = "".join(f"<Label value='{fdi}'/>" for fdi in (*range(11, 19), *range(31, 39)))
BRUSH = (
    "<View><Header value='Teeth'/><Image name='img' value='$opg' zoom='true'/>"
    f"<BrushLabels name='tooth' toName='img'>{LABELS}</BrushLabels></View>"
)
POLYGON = BRUSH.replace("BrushLabels", "PolygonLabels")
KEY = "a-key-of-label-studio"


class FakeLabelStudio(BaseHTTPRequestHandler):
    """Gives its images to who brings its key."""

    images: dict[str, bytes]

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Token {KEY}":
            self.send_error(401)
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()
        elif (content := self.images.get(self.path)) is not None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""


@pytest.fixture(scope="module")
def studio(png: bytes) -> Iterator[str]:
    FakeLabelStudio.images = {"/data/upload/1/scan.png": png, "/data/huge.png": b"x" * (5 << 20)}
    found = ThreadingHTTPServer(("127.0.0.1", 0), FakeLabelStudio)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_address[1]}"
    found.shutdown()
    found.server_close()


@pytest.fixture(scope="module")
def backend(serve, studio):
    """A service with a token, which Label Studio brings as the password of Basic authentication."""
    options = ("--workers", "1", "--max-mib", "4", "--label-studio", studio)
    server = serve(*options, PANODENT_TOKEN="a-token-of-these-tests", LABEL_STUDIO_API_KEY=KEY)  # noqa: S106
    yield server
    server.stop()


def post(backend, path: str, body: Any, **options: Any) -> requests.Response:
    url = f"{backend.url}/label-studio/{path}"
    return requests.post(
        url, json=body, timeout=60, **{"auth": ("panodent", "a-token-of-these-tests"), **options}
    )


def predict(backend, config: str, *images: str) -> list[dict[str, Any]]:
    request = {
        "tasks": [
            {"id": n, "data": {"opg": image}, "meta": {}, "annotations": [], "predictions": []}
            for n, image in enumerate(images)
        ],
        "project": "7.1700000000",
        "label_config": config,
        "model_version": "ignored",
        "params": {"login": None, "password": None, "context": None},
    }
    answer = post(backend, "predict", request)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert len(results) == len(images)
    return results


def test_health_setup_versions_and_webhook_are_as_the_client_expects(backend):
    health = requests.get(
        f"{backend.url}/label-studio/health", auth=("", "a-token-of-these-tests"), timeout=60
    ).json()
    assert health["status"] == "UP"
    setup = {
        "project": "7.1700000000",
        "schema": BRUSH,
        "hostname": "http://localhost:8080",
        "access_token": "x",
        "extra_params": None,
    }
    version = post(backend, "setup", setup).json()["model_version"]
    assert version.startswith("panodent-")
    assert version in post(backend, "versions", {"project": "7.17"}).json()["versions"]
    event = {"action": "START_TRAINING", "project": {"id": 7}}
    assert post(backend, "webhook", event).status_code < 300
    assert post(backend, "setup", {**setup, "schema": "<View/>"}).status_code == 422


def test_strangers_are_refused(backend):
    for auth in (None, ("panodent", "wrong"), ("a-token-of-these-tests", "")):
        assert post(backend, "predict", {}, auth=auth).status_code == 401


def test_teeth_come_as_brushes_of_the_projects_labels(backend, png):
    (found,) = predict(backend, BRUSH, "/data/upload/1/scan.png")
    bearer = {"Authorization": "Bearer a-token-of-these-tests"}
    teeth = from_record(backend.post("/v1/predict", png, headers=bearer).json())
    regions = {int(region["value"]["brushlabels"][0]): region for region in found["result"]}
    wanted = [fdi for fdi in teeth.fdi.tolist() if fdi // 10 in (1, 3)]
    assert sorted(regions) == sorted(wanted)  # of those that the project asks for
    assert 0 < found["score"] <= 1
    for index, fdi in enumerate(teeth.fdi.tolist()):
        if fdi not in regions:
            continue
        region = regions[fdi]
        assert (region["from_name"], region["to_name"]) == ("tooth", "img")
        assert region["type"] == "brushlabels"
        assert (region["original_width"], region["original_height"]) == (512, 256)
        mask = decode(region["value"]["rle"], (256, 512))
        assert np.array_equal(mask, teeth.full_mask(index))
    assert len({region["id"] for region in found["result"]}) == len(regions)


def test_every_tooth_comes_as_a_polygon_where_the_project_wants_those(backend, png):
    (found,) = predict(backend, POLYGON, "/data/upload/1/scan.png")
    (brushes,) = predict(backend, BRUSH, "/data/upload/1/scan.png")
    assert len(found["result"]) == len(brushes["result"])
    for region, brush in zip(found["result"], brushes["result"], strict=True):
        assert region["type"] == "polygonlabels"
        points = np.array(region["value"]["points"]) * (512, 256) / 100
        drawn = fill([[points]], (256, 512))
        mask = decode(brush["value"]["rle"], (256, 512))
        assert (drawn & mask).sum() > 0.9 * mask.sum()


def test_images_may_be_in_the_task_itself(backend, png):
    inline = "data:image/png;base64," + base64.b64encode(png).decode()
    one, two = predict(backend, BRUSH, inline, "/data/upload/1/scan.png")
    assert one["result"] == two["result"]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("/data/upload/1/none.png", "404"),
        ("/moved", "302"),
        ("/data/huge.png", "larger than 4 MiB"),
        ("http://169.254.169.254/latest/meta-data", "only"),
        ("//evil.example/x.png", "only"),
        ("https://127.0.0.1/x.png", "only"),
        ("file:///etc/passwd", "only"),
        ("/etc/passwd", "404"),
        ("data:image/png;base64,!!!", "not a valid data"),
        ("data:image/png;base64,eHg=", "not a picture"),
        ("data:", "empty"),
        ("http://[", "invalid"),
        ("", "no image"),
    ],
)
def test_images_are_fetched_from_label_studio_alone(backend, image, said):
    """A task that cannot be done says why, and the others are done."""
    bad, good = predict(backend, BRUSH, image, "/data/upload/1/scan.png")
    assert said in bad["error"]
    assert KEY not in bad["error"]
    assert bad["result"] == []
    assert good["result"]
    assert not list((backend.store / "files").iterdir())


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", "not valid XML"),
        ("<View>", "not valid XML"),
        ("<!DOCTYPE a [<!ENTITY b 'b'>]><View/>", "document type"),
        ("<View><Image name='i' value='$i'/></View>", "no <BrushLabels>"),
        (BRUSH.replace("toName='img'", "toName='other'"), "no <BrushLabels>"),
        (BRUSH.replace("value='11'", "value='molar thing'"), "molar thing"),
    ],
)
def test_a_configuration_that_does_not_do_is_told(config, said):
    with pytest.raises(AnnotationError, match=said):
        read_config(config)


def test_a_configuration_names_its_teeth_in_its_own_way():
    found = read_config(
        "<View><Image name='i' value='$x'/><PolygonLabels name='p' toName='i'>"
        "<!-- the left ones --><Label value='tooth 36'/><Label value='37'/>"
        "</PolygonLabels></View>"
    )
    assert (found.geometry, found.name, found.image, found.field) == ("polygon", "p", "i", "x")
    assert found.labels == {36: "tooth 36", 37: "37"}


def test_requests_that_are_none_are_refused(backend):
    for body in (
        {},
        {"tasks": []},
        {"tasks": "x", "label_config": BRUSH},
        [],
        {"tasks": [{}] * 101},
    ):
        answer = post(backend, "predict", body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


def test_its_own_kit_takes_the_predictions(backend):
    """Where label-studio-sdk is installed, its validation is the judge."""
    interface = pytest.importorskip(
        "label_studio_sdk.label_interface", reason="`make extras` installs label-studio-sdk"
    )
    for config in (BRUSH, POLYGON):
        (found,) = predict(backend, config, "/data/upload/1/scan.png")
        judge = interface.LabelInterface(config)
        assert judge.validate_prediction({**found, "result": found["result"]})


def documented_config() -> str:
    text = (Path(__file__).parents[3] / "docs/how-to/label-studio.md").read_text(encoding="utf-8")
    return text.partition("```xml")[2].partition("```")[0]


def test_the_documented_configuration_has_every_tooth() -> None:
    tag = read_config(documented_config())
    assert tag.labels == {**{fdi: str(fdi) for fdi in TEETH}, 0: "unnumbered"}


@pytest.mark.parametrize("numbering", ["universal", "palmer"])
def test_every_tooth_in_another_numbering(numbering: str) -> None:
    names = [*(from_fdi(fdi, numbering) for fdi in TEETH), "supernumerary"]
    labels = "".join(f"<Label value='{name}'/>" for name in names)
    tag = read_config(BRUSH.replace(LABELS, labels))
    assert tag.labels == dict(zip((*TEETH, 0), names, strict=True))


def test_unnumbered_says_less_than_supernumerary() -> None:
    for names in (("supernumerary", "unnumbered"), ("unnumbered", "supernumerary")):
        labels = LABELS + "".join(f"<Label value='{name}'/>" for name in names)
        assert read_config(BRUSH.replace(LABELS, labels)).labels[0] == "unnumbered"


@pytest.mark.parametrize("geometry", ["BrushLabels", "PolygonLabels"])
def test_predictions_of_a_child(geometry: str) -> None:
    """All teeth get their labels, also those without a number."""
    _, teeth = draw(4, (256, 512), age=8.0)
    items = [(fdi, mask, (box[0], box[1])) for fdi, box, mask in teeth]
    child = Teeth.from_masks((256, 512), [*items, (0, np.ones((9, 7), bool), (5, 250))])
    tag = read_config(documented_config().replace("BrushLabels", geometry))
    record = json.dumps(to_record(child)).encode()
    regions = _prediction(record, tag, "1")["result"]
    kind = geometry.lower()
    found = [region["value"][kind][0] for region in regions]
    assert found == [str(fdi) if fdi else "unnumbered" for fdi in child.fdi.tolist()]
    assert any(int(name) > 50 for name in found[:-1])


# --- findings -----------------------------------------------------------------------------------

FINDING_LABELS = "<Label value='36'/><Label value='Crown'/><Label value='dental implant'/>"
WITH_FINDINGS = (
    "<View><Image name='img' value='$opg'/>"
    f"<BrushLabels name='teeth' toName='img'>{FINDING_LABELS}</BrushLabels>"
    "<Choices name='tooth' toName='img' perRegion='true'><Choice value='36'/><Choice value='46'/>"
    "</Choices></View>"
)


def record_with_findings() -> bytes:
    block = np.ones((4, 5), bool)
    parts = np.array([[1, 0, 1]], bool)
    teeth = Teeth.from_masks((20, 30), [(36, block, (1, 1))])
    items = [
        ("crown", 36, parts, (1, 1)),
        ("post", 36, block, (2, 2)),
        ("implant", 46, block, (9, 9)),
    ]
    return json.dumps(to_record(teeth, findings=Findings.from_masks((20, 30), items))).encode()


def test_findings_come_with_their_teeth(tmp_path: Path) -> None:
    tag = read_config(WITH_FINDINGS)
    assert tag.findings == {"crown": "Crown", "implant": "dental implant"}
    assert tag.choices == {36: "36", 46: "46"}
    made = _prediction(record_with_findings(), tag, "v")["result"]
    named = [entry["value"].get("brushlabels", entry["value"].get("choices")) for entry in made]
    # The project has no label for posts.
    assert named == [["36"], ["Crown"], ["36"], ["dental implant"], ["46"]]
    assert [entry["id"] for entry in made] == ["tooth1", *["finding1"] * 2, *["finding3"] * 2]
    assert [entry["from_name"] for entry in made] == ["teeth", "teeth", "tooth", "teeth", "tooth"]
    # What a person accepts comes back in the export.
    task = {"id": 1, "data": {"opg": "/data/upload/1/a.png"}, "annotations": [{"result": made}]}
    (tmp_path / "tasks.json").write_text(json.dumps([task]))
    (item,) = get("label-studio").read(tmp_path)
    assert item.findings is not None
    found = item.findings().findings
    assert (found.kinds, found.fdi.tolist()) == (("crown", "implant"), [36, 46])


def test_findings_are_polygons_where_the_project_wants_those() -> None:
    tag = read_config(WITH_FINDINGS.replace("BrushLabels", "PolygonLabels"))
    made = _prediction(record_with_findings(), tag, "v")["result"]
    assert [entry["type"] for entry in made if entry["id"] == "finding1"] == [
        "polygonlabels",
        "choices",
    ]


def test_without_labels_of_findings_there_are_teeth_only() -> None:
    made = _prediction(record_with_findings(), read_config(BRUSH), "v")["result"]
    assert [entry["id"] for entry in made] == ["tooth1"]


def test_choices_beside_teeth_alone_are_not_read() -> None:
    config = WITH_FINDINGS.replace(FINDING_LABELS, "<Label value='36'/>").replace("46", "carious")
    assert read_config(config).choices == {}

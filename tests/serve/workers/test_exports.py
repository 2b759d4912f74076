from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from panodent.dentition import NUMBERINGS
from panodent.dicom.source import Model
from panodent.errors import RadiographError, UnknownNameError
from panodent.outputs.record import findings_from_record, from_record, to_record
from panodent.phantom import draw
from panodent.phantom.dicom import dicom_bytes
from panodent.radiograph.radiograph import read
from panodent.serve.workers.exports import MEDIA_TYPES, ExportInput, make_export
from panodent.teeth.findings import Findings

MODEL = Model("test", "0" * 64)


@pytest.fixture(scope="module")
def case():
    return draw(1, (128, 256))


@pytest.fixture(scope="module")
def marked():
    block = np.ones((6, 8), bool)
    items = [
        ("crown", 36, block, (70, 160)), ("root_filling", 36, block, (80, 160)),
        ("implant", 18, block, (40, 40)), ("appliance", 0, block, (60, 120)),
    ]  # fmt: skip
    return Findings.from_masks((128, 256), items)


def export(name, case, numbering="fdi", findings=None):
    return make_export(name, ExportInput("=scan,7.png", *case, numbering, MODEL, findings))


def picture(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_pictures_show_the_teeth(case):
    labels = picture(export("labels.png", case))
    assert np.array_equal(labels, case[1].label_image())
    assert picture(export("overlay.png", case)).shape[1] == 256
    assert picture(export("odontogram.png", case)).ndim == 3


def test_records_hold_the_teeth(case):
    found = from_record(json.loads(export("teeth.json", case)))
    assert np.array_equal(found.fdi, case[1].fdi)
    coco = json.loads(export("coco.json", case))
    assert coco["images"] == [{"id": 1, "file_name": "=scan,7.png", "height": 128, "width": 256}]
    assert [a["category_id"] for a in coco["annotations"]] == case[1].fdi.tolist()


def test_the_table_has_a_row_a_tooth_and_another_numbering_where_asked(case):
    rows = list(csv.DictReader(io.StringIO(export("teeth.csv", case, "palmer").decode())))
    assert [int(row["fdi"]) for row in rows] == case[1].fdi.tolist()
    assert all(row["palmer"] for row in rows)
    assert "palmer" not in export("teeth.csv", case).decode().splitlines()[0]


def test_tables_and_records_say_what_was_accepted(case, marked):
    mark = {"by": "reader 1", "at": "2026-01-02T03:04:05+00:00"}
    study = to_record(case[1], findings=marked)
    study["teeth"][2]["accepted"] = study["findings"][0]["accepted"] = mark
    given = ExportInput("a.png", *case, "fdi", MODEL, marked, study)
    record = json.loads(make_export("teeth.json", given))
    assert [tooth["accepted"] for tooth in record["teeth"]].index(mark) == 2
    for name, place in (("teeth.csv", 2), ("findings.csv", 0)):
        rows = list(csv.DictReader(io.StringIO(make_export(name, given).decode())))
        said = [(row["accepted_by"], row["accepted_at"]) for row in rows]
        assert said[place] == ("reader 1", mark["at"])
        assert set(said) == {("reader 1", mark["at"]), ("", "")}


def test_reports_are_in_the_chosen_numbering_and_name_numbers_that_cannot_be_right(case):
    numbers = case[1].fdi.copy()
    first, second = np.flatnonzero((numbers == 34) | (numbers == 35))
    numbers[[first, second]] = numbers[[second, first]]
    wrong = (case[0], replace(case[1], fdi=numbers))
    page = export("report.html", wrong, "palmer").decode()
    assert "Check the numbers: LL" in page
    assert "are in each other&#39;s place" in page
    assert "Check the numbers" not in export("report.html", case).decode()
    record = json.loads(export("teeth.json", wrong))
    assert [problem["kind"] for problem in record["numbering_problems"]] == ["order"]


def test_every_export_has_the_findings(case, marked):
    plain = {name: export(name, case) for name in MEDIA_TYPES if _needs_no_findings(name)}
    with_them = {name: export(name, case, findings=marked) for name in plain}
    same = {name for name in plain if plain[name] == with_them[name]}
    assert same == {"labels.png"}  # its pixels are numbers of teeth

    record = json.loads(with_them["teeth.json"])
    assert findings_from_record(record) == marked
    rows = list(csv.DictReader(io.StringIO(with_them["teeth.csv"].decode())))
    assert {row["fdi"]: row["findings"] for row in rows}["36"] == "crown;root_filling"
    coco = json.loads(with_them["coco.json"])
    ids = {entry["name"]: entry["id"] for entry in coco["categories"]}
    assert [(a["category_id"], a["fdi"]) for a in coco["annotations"] if "fdi" in a] == [
        (ids["crown"], 36), (ids["root_filling"], 36), (ids["implant"], 18), (ids["appliance"], 0),
    ]  # fmt: skip
    assert len({entry["id"] for entry in coco["annotations"]}) == len(case[1]) + len(marked)


def test_findings_have_files_of_their_own(case, marked):
    rows = list(
        csv.DictReader(io.StringIO(export("findings.csv", case, "palmer", marked).decode()))
    )
    assert [(row["kind"], row["fdi"], row["palmer"]) for row in rows] == [
        ("crown", "36", "LL6"), ("root_filling", "36", "LL6"),
        ("implant", "18", "UR8"), ("appliance", "0", ""),
    ]  # fmt: skip
    results = json.loads(export("findings.json", case, findings=marked))
    assert [(one["category"], one["fdi"]) for one in results][:2] == [
        ("crown", 36),
        ("root_filling", 36),
    ]
    assert {one["file_name"] for one in results} == {"=scan,7.png"}
    assert json.loads(export("findings.json", case, findings=Findings.empty((128, 256)))) == []
    for name in ("findings.json", "findings.csv"):
        with pytest.raises(RadiographError, match="did not look for them"):
            export(name, case)


def _needs_no_findings(name):
    return not name.startswith("findings.") and not name.endswith(".dcm")


def test_the_chart_and_the_sheet_are_what_they_are_called(case):
    assert ElementTree.fromstring(export("odontogram.svg", case, "universal")).tag.endswith("svg")  # noqa: S314
    assert export("report.pdf", case).startswith(b"%PDF-")


@pytest.mark.parametrize("name", ["overlay.png", "odontogram.svg", "report.pdf"])
def test_pictures_and_reports_have_the_numbering_asked_for(case, name):
    made = {numbering: export(name, case, numbering) for numbering in NUMBERINGS}
    assert len(set(made.values())) == 3


def test_dicom_is_made_of_dicom(case, marked, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    file = tmp_path / "x.dcm"
    file.write_bytes(dicom_bytes(case[0]))
    found = pydicom.dcmread(io.BytesIO(export("teeth.seg.dcm", (read(file), case[1]))))
    assert found.Modality == "SEG"
    assert len(found.SegmentSequence) == len(case[1])
    marked_too = pydicom.dcmread(
        io.BytesIO(export("teeth.seg.dcm", (read(file), case[1]), findings=marked))
    )
    assert len(marked_too.SegmentSequence) == len(case[1]) + len(marked)
    with pytest.raises(RadiographError, match="DICOM"):
        export("teeth.seg.dcm", case)


def test_unknown_names_are_told_the_known_ones(case):
    with pytest.raises(UnknownNameError, match=r"overlay\.png"):
        export("overlai.png", case)
    with pytest.raises(UnknownNameError, match="palmer"):
        export("teeth.csv", case, "palma")
    assert all("/" in media for media in MEDIA_TYPES.values())

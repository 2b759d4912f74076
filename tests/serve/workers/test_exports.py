from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from panodent.dentition import NUMBERINGS
from panodent.dicom.source import Model
from panodent.errors import RadiographError, UnknownNameError
from panodent.outputs.record import from_record
from panodent.phantom import draw
from panodent.phantom.dicom import dicom_bytes
from panodent.radiograph.radiograph import read
from panodent.serve.workers.exports import MEDIA_TYPES, make_export

MODEL = Model("test", "0" * 64)


@pytest.fixture(scope="module")
def case():
    return draw(1, (128, 256))


def export(name, case, numbering="fdi"):
    return make_export(name, "=scan,7.png", *case, numbering, MODEL)


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


def test_the_chart_and_the_sheet_are_what_they_are_called(case):
    assert ElementTree.fromstring(export("odontogram.svg", case, "universal")).tag.endswith("svg")  # noqa: S314
    assert export("report.pdf", case).startswith(b"%PDF-")


@pytest.mark.parametrize("name", ["overlay.png", "odontogram.svg", "report.pdf"])
def test_pictures_and_reports_have_the_numbering_asked_for(case, name):
    made = {numbering: export(name, case, numbering) for numbering in NUMBERINGS}
    assert len(set(made.values())) == 3


def test_dicom_is_made_of_dicom(case, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    file = tmp_path / "x.dcm"
    file.write_bytes(dicom_bytes(case[0]))
    found = pydicom.dcmread(io.BytesIO(export("teeth.seg.dcm", (read(file), case[1]))))
    assert found.Modality == "SEG"
    assert len(found.SegmentSequence) == len(case[1])
    with pytest.raises(RadiographError, match="DICOM"):
        export("teeth.seg.dcm", case)


def test_unknown_names_are_told_the_known_ones(case):
    with pytest.raises(UnknownNameError, match=r"overlay\.png"):
        export("overlai.png", case)
    with pytest.raises(UnknownNameError, match="palmer"):
        export("teeth.csv", case, "palma")
    assert all("/" in media for media in MEDIA_TYPES.values())

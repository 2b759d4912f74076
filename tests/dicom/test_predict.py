"""Predicting DICOM files: a study of mixed objects, a directory, results beside, nobody's name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("highdicom")

from panodent import phantom  # noqa: E402
from panodent.bundle.bundle import load  # noqa: E402
from panodent.dicom import seg  # noqa: E402
from panodent.inference.folder import predict_files  # noqa: E402
from panodent.inference.one_input import Options, Status  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.radiograph import Radiograph  # noqa: E402

Predict = Callable[..., list[Status]]

# Words too long to stand by chance in a picture that a page holds as text.
PATIENT = {
    "PatientName": "Doewinterberg^Janerosalind",
    "PatientID": "MRN-4711",
    "PatientBirthDate": "19610203",
    "StudyDate": "20251117",
    "SeriesDate": "20251118",
    "AcquisitionDate": "20251119",
    "ContentDate": "20251120",
    "AccessionNumber": "ACC-0815",
    "StudyID": "SID-99",
    "ReferringPhysicianName": "Roewinterberg^Richardson",
    "InstitutionName": "Sanatorium Nowhere",
    "StudyDescription": "OPG of a smuggler",
    "PatientComments": "owes money",
}


@pytest.fixture(scope="module")
def scene() -> Radiograph:
    return phantom.draw(3, (256, 512))[0]


@pytest.fixture(scope="module")
def predict(teeth_bundle: Path) -> Predict:
    """`predict_files` without further networks; results with findings: test_findings.py."""
    return partial(predict_files, bundle=load(teeth_bundle))


def stored(scene: Radiograph, folder: Path, change: Callable[[Any], None] = lambda _: None) -> Path:
    dataset = to_dicom(scene, 7)
    for name, value in PATIENT.items():
        setattr(dataset, name, value)
    change(dataset)
    dataset.save_as(folder / "opg.dcm", enforce_file_format=True)
    return folder / "opg.dcm"


def test_a_header_that_allows_no_dicom_object_costs_these_objects_only(
    scene: Radiograph, tmp_path: Path, predict: Predict
) -> None:
    file = stored(scene, tmp_path, lambda dataset: dataset.__delattr__("StudyInstanceUID"))
    (status,) = predict([file], tmp_path / "out", options=Options(dicom=("seg", "sr")))
    assert (status.status, status.error) == ("done", "")
    assert "teeth.seg.dcm, teeth.sr.dcm were left out: lacks StudyInstanceUID" in status.warning
    written = {place.name for place in (tmp_path / "out/opg").iterdir()}
    assert written == {"labels.png", "overlay.png", "teeth.json"}


def signed_lut(dataset: Any) -> None:
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "SS", [4096, -2048, 16])
    item.add_new("LUTData", "OW", np.arange(0, 65536, 16, dtype="<u2").tobytes())
    dataset.PixelRepresentation, dataset.VOILUTSequence = 1, [item]
    dataset.PixelData = (dataset.pixel_array.astype(np.int16) - 2048).tobytes()


@pytest.mark.parametrize("kinds", [("seg", "pr", "sr"), ("pr",)])
def test_what_one_object_cannot_hold_costs_that_object_only(
    scene: Radiograph, tmp_path: Path, predict: Predict, kinds: tuple[str, ...]
) -> None:
    file, out = stored(scene, tmp_path, signed_lut), tmp_path / "out"
    (status,) = predict([file], out, options=Options(dicom=kinds))
    assert status.status == "done"
    assert "teeth.pr.dcm was left out: the radiograph has a VOI LUT for signed" in status.warning
    written = {place.name for place in (out / "opg").glob("teeth.*")}
    assert written == {"teeth.json", *(f"teeth.{kind}.dcm" for kind in kinds if kind != "pr")}
    notes = json.loads((out / "opg/teeth.json").read_text())["notes"]
    assert sum("teeth.pr.dcm was left out" in note for note in notes) == 1
    assert not any(str(tmp_path) in note for note in notes)
    (again,) = predict([file], out, options=Options(dicom=kinds), resume=True)
    assert (again.status, again.warning) == ("skipped", status.warning)


def test_a_broken_lut_costs_nothing(scene: Radiograph, tmp_path: Path, predict: Predict) -> None:
    def cut(dataset: Any) -> None:
        item = pydicom.Dataset()
        item.add_new("LUTDescriptor", "US", [4096, 0, 16])
        item.add_new("LUTData", "OW", bytes(8000))
        dataset.VOILUTSequence = [item]

    out, options = tmp_path / "out", Options(dicom=("seg", "pr", "sr"))
    (status,) = predict([stored(scene, tmp_path, cut)], out, options=options)
    assert (status.status, status.warning) == ("done", "")
    state = pydicom.dcmread(out / "opg/teeth.pr.dcm")
    assert state.SoftcopyVOILUTSequence[0].WindowWidth == 4096  # no LUT, as in the pixels


def test_predicting_a_study_of_mixed_objects(
    scene: Radiograph, tmp_path: Path, predict: Predict
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    shutil.move(stored(scene, tmp_path), study / "1.2.3.4")
    shutil.move(stored(scene, tmp_path, lambda d: d.__setattr__("Modality", "US")), study / "IM2")
    phantom.write(tmp_path / "png", 1, size=(256, 512))
    options = Options(dicom=("seg", "pr", "sr"))
    statuses = predict([study, tmp_path / "png/images"], tmp_path / "out", options=options)
    assert [s.status for s in statuses] == ["done", "ignored", "failed"]
    assert "modality 'US'" in statuses[1].error
    assert "not a DICOM file, so there is no study" in statuses[2].error
    place = tmp_path / "out" / "1.2.3.4"
    assert {"labels.png", "teeth.json", "teeth.seg.dcm", "teeth.pr.dcm", "teeth.sr.dcm"} <= {
        p.name for p in place.iterdir()
    }
    labels = seg.to_teeth(pydicom.dcmread(place / "teeth.seg.dcm"))
    record = json.loads((place / "teeth.json").read_text())
    assert [tooth["fdi"] for tooth in record["teeth"]] == labels.fdi.tolist()
    assert [tooth["rle"] for tooth in record["teeth"]] == [
        labels.rle(i) for i in range(len(labels))
    ]
    assert not (tmp_path / "out" / "phantom-00000").exists()
    again = predict([study], tmp_path / "out", options=options, resume=True)
    assert [s.status for s in again] == ["skipped", "ignored"]


def test_a_directory_file_stands_for_its_files(
    scene: Radiograph, tmp_path: Path, predict: Predict
) -> None:
    from pydicom.fileset import FileSet

    made = FileSet()
    made.add(stored(scene, tmp_path))
    made.write(tmp_path / "disc")
    (status,) = predict([tmp_path / "disc" / "DICOMDIR"], tmp_path / "out")
    assert status.status == "done"
    (walked,) = predict([tmp_path / "disc"], tmp_path / "out2")
    assert walked.output == status.output
    (tmp_path / "disc" / status.file.split("disc/")[1]).unlink()
    (gone,) = predict([tmp_path / "disc" / "DICOMDIR"], tmp_path / "out3")
    assert "does not exist" in gone.error


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_directory_file_that_leads_out_is_refused(
    scene: Radiograph, tmp_path: Path, predict: Predict
) -> None:
    from pydicom.fileset import FileSet

    made = FileSet()
    made.add(stored(scene, tmp_path))
    made.write(tmp_path / "disc")
    listing = pydicom.dcmread(tmp_path / "disc" / "DICOMDIR")
    for record in listing.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            record.ReferencedFileID = ["..", "opg.dcm"]
    listing.save_as(tmp_path / "disc" / "DICOMDIR")
    (status,) = predict([tmp_path / "disc" / "DICOMDIR"], tmp_path / "out")
    assert "outside its own folder" in status.error


# --- nobody's name -------------------------------------------------------------------------------


def _readable(file: Path) -> bytes:
    """A file's bytes, and those of a PDF's compressed streams."""
    data = file.read_bytes()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            data += zlib.decompress(stream)
        except zlib.error:
            continue
    return data


def _words() -> list[bytes]:
    """What identifies the patient, also in parts and with a date written otherwise."""
    found = {part for value in PATIENT.values() for part in value.split("^")}
    dates = [v for k, v in PATIENT.items() if k.endswith("Date")]
    found |= {f"{date[:4]}-{date[4:6]}-{date[6:]}" for date in dates}
    return [word.encode() for word in found]


def test_no_name_number_or_date_of_a_patient_is_printed_or_written(
    scene: Radiograph, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    study.mkdir()

    def odd(dataset: Any) -> None:
        dataset.StudyInstanceUID = PATIENT["PatientID"]  # no DICOM object can be made

    def damaged(dataset: Any) -> None:
        del dataset.Columns

    for name, change in (("one", lambda _: None), ("two", odd), ("three", damaged)):
        shutil.move(stored(scene, tmp_path, change), study / f"{name}.dcm")
    (study / "four.dcm").write_bytes((study / "one.dcm").read_bytes()[:-50_000])
    out = tmp_path / "out"
    said = b""
    for command in (
        ["predict", study, "-o", out, "--chart", "--dicom-seg", "--dicom-pr", "--dicom-sr"],
        ["measure", out, "--report"],
    ):
        ran = subprocess.run([sys.executable, "-m", "panodent", *command], capture_output=True)
        said += ran.stdout + ran.stderr
    assert b"2 radiographs, " in said
    assert said.count(b".dcm: ") == 3
    written = {p.relative_to(out).as_posix(): _readable(p) for p in out.rglob("*") if p.is_file()}
    assert {"run.json", "teeth.csv", "measures.csv", "one/report.pdf", "one/report.html"} <= set(
        written
    )
    of_the_study = {name for name in written if name.endswith(".dcm")}
    assert len(of_the_study) == 3  # these carry the patient, as they must
    for word in _words():
        assert word not in said
        assert word not in " ".join(written).encode()
        assert [n for n, data in written.items() if word in data and n not in of_the_study] == []

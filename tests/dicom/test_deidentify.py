"""What identifies a patient is gone from header and border, and the radiograph is the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom", reason="needs the dicom extra")
pytest.importorskip("dicomanonymizer", reason="needs the dicom extra")

from pydicom.dataset import Dataset  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.dicom.deidentify import Deidentifier  # noqa: E402
from panodent.errors import NoRadiographError, RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.radiograph import read  # noqa: E402

NAME = "IDENTIFYING"
KEY = b"k" * 32
UID = "1.2.3.777777"


def item(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def dataset() -> Any:
    """A phantom whose header has the secret in many places."""
    made = to_dicom(phantom.draw(1, (128, 256))[0], 1)
    for field in (
        *("PatientName", "PatientID", "OtherPatientIDs", "PatientAddress", "AccessionNumber"),
        *("InstitutionName", "ReferringPhysicianName", "StudyDescription", "ImageComments"),
        *("OperatorsName", "StationName", "DeviceSerialNumber", "PatientComments", "StudyID"),
        *("ProtocolName", "SeriesDescription", "PerformedProcedureStepDescription"),
    ):
        setattr(made, field, NAME)
    made.PatientBirthDate, made.PatientAge, made.PatientSex = "19070102", "093Y", "F"
    made.StudyDate = made.ContentDate = "20260304"
    made.private_block(0x0011, NAME, create=True).add_new(1, "LO", NAME)
    nested = item(PatientID=NAME, ReferencedSOPInstanceUID=made.SOPInstanceUID)
    made.ReferencedImageSequence = [nested]
    made.AnatomicRegionSequence = [item(CodeMeaning="Jaw", PatientName=NAME)]
    made.add_new(0x00189999, "LO", NAME)  # no element of the standard
    made.MultiFrameSourceSOPInstanceUID = UID  # not in the table of the profile
    for tag, kind, value in (
        *((0x60000010, "US", 2), (0x60000011, "US", 4), (0x60000022, "LO", NAME)),
        *((0x60003000, "OW", b"\1\0"), (0x60001500, "LO", NAME), (0x50000022, "LO", NAME)),
    ):
        made.add_new(tag, kind, value)
    made.file_meta.SourceApplicationEntityTitle = NAME
    return made


def saved(dataset: Any, place: Path) -> Path:
    dataset.save_as(place, enforce_file_format=True)
    return place


def test_nothing_of_the_patient_is_left(dataset: Any, tmp_path: Path) -> None:
    before = saved(dataset, tmp_path / "a.dcm")
    found = Deidentifier(KEY).deidentify(before)
    after = saved(found.dataset, tmp_path / "b.dcm")
    content = after.read_bytes()
    for secret in (NAME, "19070102", "20260304", "093Y", UID, str(dataset.SOPInstanceUID)):
        assert secret.encode() not in content, secret
    assert str(dataset.StudyInstanceUID).encode() not in content
    made = pydicom.dcmread(after)
    assert made.PatientIdentityRemoved == "YES"
    assert [x.CodeValue for x in made.DeidentificationMethodCodeSequence] == ["113100"]
    assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID == found.uid
    assert (found.masked, found.doubtful) == ((), False)
    kept = [read(file) for file in (before, after)]
    assert np.array_equal(kept[0].pixels, kept[1].pixels)
    assert kept[0].spacing == kept[1].spacing
    assert (tmp_path / "a.dcm").read_bytes() != content


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
def test_dciodvfy_finds_no_error(tmp_path: Path) -> None:
    sound = to_dicom(phantom.draw(1, (128, 256))[0], 1)
    sound.PatientBirthDate = "19070102"
    found = Deidentifier(KEY).deidentify(saved(sound, tmp_path / "opg.dcm"))
    assert (found.dataset.StudyDate, found.dataset.PatientBirthDate) == ("19000101", "19000101")
    copy = saved(found.dataset, tmp_path / "copy.dcm")
    checked = subprocess.run(["dciodvfy", str(copy)], capture_output=True, text=True)
    said = (checked.stdout + checked.stderr).splitlines()
    assert "DXImageForPresentation" in said
    assert [line for line in said if "Error" in line] == []


def test_what_belongs_together_stays_together(dataset: Any, tmp_path: Path) -> None:
    first = saved(dataset, tmp_path / "a.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    second = saved(dataset, tmp_path / "b.dcm")
    one, two = (Deidentifier(KEY).deidentify(file).dataset for file in (first, second))
    assert one.PatientID == two.PatientID
    dataset.PatientID = f" {NAME} "
    assert Deidentifier(KEY).deidentify(saved(dataset, second)).dataset.PatientID == one.PatientID
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    other = Deidentifier(b"o" * 32).deidentify(first).dataset
    assert other.PatientID != one.PatientID
    assert other.StudyInstanceUID != one.StudyInstanceUID


def test_patients_without_an_identifier_are_told_apart(dataset: Any, tmp_path: Path) -> None:
    dataset.PatientID = ""
    found = []
    for name, study in (("A", "1.2.3"), ("B", "1.2.3"), ("", "1.2.4"), ("", "1.2.5")):
        dataset.PatientName, dataset.StudyInstanceUID = name, study
        dataset.PatientBirthDate = ""
        file = saved(dataset, tmp_path / "a.dcm")
        found.append(Deidentifier(KEY).deidentify(file).dataset.PatientID)
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("age", "kept"),
    [("089Y", "089Y"), ("090Y", "090Y"), ("120M", "120M"), ("999W", "999W"), ("DOE", ""),
     ("9999W", "090Y"), ("095", "")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_only_ages_and_sexes_are_kept(dataset: Any, tmp_path: Path, age: str, kept: str) -> None:
    dataset.PatientAge, dataset.PatientSex = age, NAME
    found = Deidentifier(KEY, True).deidentify(saved(dataset, tmp_path / "a.dcm")).dataset
    assert (found.PatientAge, found.PatientSex) == (kept, "")


def test_comments_in_compressed_pixels_are_removed(dataset: Any, tmp_path: Path) -> None:
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    jpeg = cv2.imencode(".jpg", np.full((128, 256), 90, np.uint8))[1].tobytes()
    comment = b"\xff\xfe" + (2 + len(NAME)).to_bytes(2, "big") + NAME.encode()
    dataset.PixelData = pydicom.encaps.encapsulate([jpeg[:2] + comment + jpeg[2:]])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
    before, after = saved(dataset, tmp_path / "a.dcm"), tmp_path / "b.dcm"
    saved(Deidentifier(KEY).deidentify(before).dataset, after)
    assert NAME.encode() in before.read_bytes()
    assert NAME.encode() not in after.read_bytes()
    assert np.array_equal(read(before).pixels, read(after).pixels)


def test_age_and_sex_can_be_kept(dataset: Any, tmp_path: Path) -> None:
    file = saved(dataset, tmp_path / "a.dcm")
    kept = Deidentifier(KEY, keep_age_and_sex=True).deidentify(file).dataset
    assert (kept.PatientAge, kept.PatientSex) == ("090Y", "F")
    codes = [x.CodeValue for x in kept.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113108"]
    dropped = Deidentifier(KEY).deidentify(file).dataset
    assert not dropped.get("PatientSex")
    assert "PatientAge" not in dropped


def test_text_over_the_border_is_masked_and_told(dataset: Any, tmp_path: Path) -> None:
    dataset.BurnedInAnnotation = "YES"
    file = saved(dataset, tmp_path / "a.dcm")
    assert Deidentifier(KEY).deidentify(file).doubtful
    pixels = dataset.pixel_array.copy()
    text = np.zeros(pixels.shape, np.uint8)
    cv2.putText(text, "NAME 1970", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1)
    top = int(pixels.max())
    pixels[text > 127] = top
    dataset.set_pixel_data(
        pixels, "MONOCHROME2", int(dataset.BitsStored), generate_instance_uid=False
    )
    found = Deidentifier(KEY).deidentify(saved(dataset, tmp_path / "b.dcm"))
    assert len(found.masked) == 1
    assert not found.doubtful
    after = found.dataset.pixel_array
    (box,) = found.masked
    inside = np.zeros(after.shape, bool)
    inside[box[0] : box[2], box[1] : box[3]] = True
    assert inside[text > 127].all()
    assert (after[inside] < top).all()
    assert np.array_equal(after[~inside], pixels[~inside])


def test_other_objects_and_damaged_files_are_refused(dataset: Any, tmp_path: Path) -> None:
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.Modality = "CT"
    with pytest.raises(NoRadiographError, match="CT Image Storage, not a radiograph"):
        Deidentifier(KEY).deidentify(saved(dataset, tmp_path / "ct.dcm"))
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"x" * 50)
    with pytest.raises(RadiographError, match=r"broken\.dcm"):
        Deidentifier(KEY).deidentify(broken)


def test_what_predict_reads_can_be_copied(dataset: Any, tmp_path: Path) -> None:
    """No preamble, meta group or transfer syntax; the class is needed for a file."""
    dataset.BitsAllocated = 12
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.save_as(tmp_path / "a.dcm", implicit_vr=True, little_endian=True)
    found = Deidentifier(KEY).deidentify(tmp_path / "a.dcm")
    after = saved(found.dataset, tmp_path / "b.dcm")
    assert np.array_equal(read(after).pixels, read(tmp_path / "a.dcm").pixels)
    assert NAME.encode() not in after.read_bytes()
    del dataset.SOPClassUID
    dataset.save_as(tmp_path / "a.dcm", implicit_vr=True, little_endian=True)
    with pytest.raises(RadiographError, match="lacks SOPClassUID, which a copy needs; give"):
        Deidentifier(KEY).deidentify(tmp_path / "a.dcm")

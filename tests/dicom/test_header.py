"""Headers: invalid values are left empty, and identifying ones are copied."""

from __future__ import annotations

import io
import warnings
from typing import Any

import pytest

pydicom = pytest.importorskip("pydicom")

from panodent.dicom.header import for_image_library, prepare  # noqa: E402
from panodent.errors import RadiographError  # noqa: E402


@pytest.fixture
def header() -> Any:
    made = pydicom.Dataset()
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    made.SOPInstanceUID = made.StudyInstanceUID = made.SeriesInstanceUID = "1.2.3"
    return made


def prepared(header: Any, **values: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, for the invalid values
        for name, value in values.items():
            setattr(header, name, value)
        prepare(header)
    return header


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("PatientBirthDate", "19610203", "19610203"),
        ("PatientBirthDate", "1961.02.03", "19610203"),
        ("PatientBirthDate", "unknown", ""),
        ("PatientBirthDate", "19800230", ""),
        ("PatientSex", "female", ""),
        ("PatientSex", "F", "F"),
        ("StudyTime", "noon", ""),
        ("AccessionNumber", "9" * 40, ""),
        ("StudyID", ["1", "2"], ""),
        ("PatientID", "MRN-4711", "MRN-4711"),
        ("PatientName", ["Doe^Jane", "Roe^Jane"], "Doe^Jane"),
        ("SpecificCharacterSet", "ISO_IR 100", "ISO_IR 100"),
        ("SpecificCharacterSet", "ISO_IR 6", "ISO_IR 192"),
        ("SpecificCharacterSet", "ISO 2022 IR 100", "ISO_IR 192"),
        ("SpecificCharacterSet", "", "ISO_IR 192"),
    ],
)
def test_values_are_copied_or_left_empty(header: Any, name: str, given: Any, expected: str) -> None:
    assert str(prepared(header, **{name: given}).get(name)) == expected


def test_incomplete_pairs_are_removed(header: Any) -> None:
    prepared(header, WindowCenter="1", RescaleSlope="1", VOILUTFunction="WAVY")
    assert not {"WindowCenter", "RescaleSlope", "VOILUTFunction"} & set(header.dir())


@pytest.mark.parametrize(
    ("given", "kept"), [(["L", "F"], True), (["UP", "DOWN"], False), (["L"], False)]
)
def test_orientations_are_two_directions(header: Any, given: list[str], kept: bool) -> None:
    found = prepared(header, PatientOrientation=given).PatientOrientation
    assert (list(found) if found else None) == (given if kept else None)


def test_texts_in_several_character_sets_become_utf8(header: Any) -> None:
    name = "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"
    header.SpecificCharacterSet, header.PatientName = ["", "ISO 2022 IR 87"], name
    stream = io.BytesIO()
    header.save_as(stream, implicit_vr=False, little_endian=True)
    stream.seek(0)
    found = prepared(pydicom.dcmread(stream, force=True))
    assert (found.SpecificCharacterSet, str(found.PatientName)) == ("ISO_IR 192", name)


def test_a_header_without_uids_is_refused(header: Any) -> None:
    del header.StudyInstanceUID, header.SeriesInstanceUID
    with pytest.raises(RadiographError, match="lacks StudyInstanceUID, SeriesInstanceUID"):
        prepare(header)


def test_the_uid_of_the_object_may_be_in_the_file_meta_information_alone(header: Any) -> None:
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.MediaStorageSOPInstanceUID = "1.2.9"
    del header.SOPInstanceUID
    assert prepared(header).SOPInstanceUID == "1.2.9"


@pytest.mark.parametrize("given", [["0,1", "0,1"], ["0", "0"], ["0.1"]])
def test_spacings_that_are_no_two_lengths_are_removed(header: Any, given: list[str]) -> None:
    header.add(pydicom.DataElement("ImagerPixelSpacing", "CS", given))
    assert "ImagerPixelSpacing" not in prepared(header, PixelSpacing=[0.1, 0.2])
    assert header.PixelSpacing == [0.1, 0.2]


@pytest.mark.parametrize("name", ["ModalityLUTSequence", "VOILUTSequence"])
def test_broken_luts_are_removed(header: Any, name: str) -> None:
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [4, 0, 8])
    for entries, kept in ((b"\0\1\2\3", True), (b"\0", False), (None, False)):
        item.add_new("LUTData", "OW", entries)
        assert (name in prepared(header, **{name: [item]})) is kept
    assert name not in prepared(header, **{name: []})


def test_the_image_library_gets_a_generic_modality_without_geometry(header: Any) -> None:
    header.Rows, header.Columns, header.Modality = 256, 512, "PX"
    assert for_image_library(header).Modality == "OT"
    header.PatientOrientation, header.ImagerPixelSpacing = ["L", "F"], [0.1, 0.1]
    assert for_image_library(header) is header


def test_an_identifier_that_is_no_uid_is_named(header: Any) -> None:
    with pytest.raises(RadiographError, match="SOPInstanceUID, StudyInstanceUID are no UIDs"):
        prepared(header, SOPInstanceUID="abc", StudyInstanceUID="x..y")
    prepared(header, SOPInstanceUID="1.02.3", StudyInstanceUID="1.2")

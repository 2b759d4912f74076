"""What is a radiograph: by SOP class and modality, and the reason is said."""

from __future__ import annotations

import re

import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402

from panodent.radiograph.dicom_kind import (  # noqa: E402
    OTHER_MODALITIES,
    RADIOGRAPH_MODALITIES,
    UNSPECIFIC_MODALITIES,
    find_problem,
    kind_note,
)

DX = uid.DigitalXRayImageStorageForPresentation
CR = uid.ComputedRadiographyImageStorage
IO = uid.DigitalIntraOralXRayImageStorageForPresentation
SC = uid.SecondaryCaptureImageStorage


def header(sop_class: str | None, modality: object = None) -> Dataset:
    made = Dataset()
    if sop_class is not None:
        made.SOPClassUID = sop_class
    if modality is not None:
        made.Modality = modality
    return made


@pytest.mark.parametrize("sop_class", [DX, CR, IO])
@pytest.mark.parametrize("modality", RADIOGRAPH_MODALITIES)
def test_plain_radiographs_need_no_reason(sop_class: str, modality: str) -> None:
    assert find_problem(header(sop_class, modality)) == ""
    assert kind_note(header(sop_class, modality)) == ""


@pytest.mark.parametrize(
    ("sop_class", "modality", "reason"),
    [
        (DX, "px", "modality PX is not in capitals.* SOP class, Digital X-Ray"),
        (DX, "Dx", "modality DX is not in capitals"),
        (CR, "OT", "modality OT: read .* by its SOP class, Computed Radiography"),
        (CR, "", "no modality: .* by its SOP class"),
        (IO, None, "no modality: .* by its SOP class, Intra-Oral"),
        (DX, "PANO", "unknown modality: .* by its SOP class"),
        (DX, "RF", "unknown modality: .* by its SOP class"),
        (DX, ["PX", "DX"], "modality PX"),
        (SC, "px", "Secondary Capture: .* by its modality, PX"),
        (SC, "DR", "Secondary Capture: .* by its modality, DR"),
        (SC, "OT", "Secondary Capture: .* by its pixels"),
        (SC, "OPG", "Secondary Capture: .* by its pixels"),
        (SC, None, "Secondary Capture: .* by its pixels"),
        (None, "PX", "no SOP class: .* by its modality, PX"),
        (None, None, "no SOP class: .* by its pixels alone"),
        ("1.2.826.0.1.99", "io", "an unknown SOP class: .* by its modality, IO"),
    ],
)
def test_unusual_radiographs_say_why(sop_class: str, modality: object, reason: str) -> None:
    assert find_problem(header(sop_class, modality)) == ""
    said = kind_note(header(sop_class, modality))
    assert re.search(reason, said)
    assert "PANO" not in said  # a word that nobody knows could be a name


@pytest.mark.parametrize(
    ("sop_class", "modality", "problem"),
    [
        (uid.CTImageStorage, "PX", "an object of the class CT Image Storage"),
        (uid.DigitalMammographyXRayImageStorageForPresentation, "DX", "Mammography"),
        (uid.MediaStorageDirectoryStorage, None, "Media Storage Directory"),
        (SC, "us", "modality 'US'"),
        (SC, "RF", "modality 'RF'"),
        (DX, "MR", "modality 'MR'"),
        ("1.2.826.0.1.99", "OT", "unknown SOP class"),
        ("1.2.826.0.1.99", None, "unknown SOP class"),
    ],
)
def test_other_objects_are_named(sop_class: str, modality: object, problem: str) -> None:
    assert problem in find_problem(header(sop_class, modality))


def test_modalities_are_of_one_kind() -> None:
    assert not OTHER_MODALITIES & {*RADIOGRAPH_MODALITIES, *UNSPECIFIC_MODALITIES, "RF"}

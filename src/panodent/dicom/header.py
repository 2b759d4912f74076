"""Prepares a radiograph's header, so that its values can be copied into derived objects.

Headers in practice break rules that derived objects must keep: dates as words, names in several
character sets, a window centre without a width. Values that identify patient and study are copied
unchanged; other invalid values are left empty, as the standard allows. No value is invented.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from panodent.errors import OutputLimitError
from panodent.radiograph.dicom_geometry import SPACINGS, positive_pair
from panodent.radiograph.dicom_layout import complete_layout
from panodent.radiograph.dicom_pixels import rescale
from panodent.radiograph.dicom_voi import read_lut, window, window_function

_REQUIRED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_NO_REFERENCE = "DICOM results cannot refer to it; give the file UIDs first"
_COPIED = ("PatientName", "PatientID")
_EMPTY_IF_INVALID = {
    "PatientBirthDate": "DA",
    "PatientSex": "CS",
    "StudyDate": "DA",
    "StudyTime": "TM",
    "StudyID": "SH",
    "AccessionNumber": "SH",
    "ReferringPhysicianName": "PN",
}
_UID = re.compile(r"[0-9.]{1,64}")
_UTF8 = "ISO_IR 192"


def prepare(header: Any) -> None:
    """Changes a header in place; raises `OutputLimitError` for a missing or odd UID.

    >>> from pydicom.dataset import Dataset
    >>> header = Dataset()
    >>> for name in _REQUIRED:
    ...     setattr(header, name, "1.2.3")
    >>> header.WindowCenter = "2048"  # without a width
    >>> prepare(header)
    >>> header.PatientName, "WindowCenter" in header
    ('', False)
    """
    take_from_meta(header)
    if missing := [name for name in _REQUIRED if not header.get(name)]:
        raise OutputLimitError(f"lacks {', '.join(missing)}, so {_NO_REFERENCE}")
    # A UID that breaks the rules but has its characters, such as leading zeros, is often met.
    odd = [n for n in _REQUIRED if not _UID.fullmatch(str(header.get(n)).strip(" \0"))]
    if odd:
        raise OutputLimitError(
            f"{', '.join(odd)} {'is no UID' if len(odd) == 1 else 'are no UIDs'} (up to 64 digits "
            f"and dots), so {_NO_REFERENCE}"
        )
    _to_utf8(header)
    complete_layout(header)
    for name in _COPIED:
        if name not in header:
            setattr(header, name, "")
    if header["PatientName"].VM > 1:  # objects that refer to a patient have one name
        header.PatientName = header.PatientName[0]
    for name, vr in _EMPTY_IF_INVALID.items():
        value = _text(header, name)
        value = value.replace(".", "") if vr == "DA" else value  # dates of ACR-NEMA have dots
        setattr(header, name, value if _is_valid(name, vr, value) else "")
    # Incomplete pairs are ignored when pixels are read, so derived objects must not have them.
    if window(header) is None:
        _delete(header, "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation")
    if rescale(header) is None:
        _delete(header, "RescaleSlope", "RescaleIntercept", "RescaleType")
    if window_function(header) is None:
        _delete(header, "VOILUTFunction")
    for sequence in ("ModalityLUTSequence", "VOILUTSequence"):
        if sequence in header and not _has_lut(header, sequence):
            _delete(header, sequence)
    _delete(header, *(name for name in SPACINGS if positive_pair(header, name) is None))
    orientation = header.get("PatientOrientation")
    if "PatientOrientation" in header and not (
        _is_pair(orientation) and all(map(_is_direction, orientation))
    ):
        header.PatientOrientation = None


def for_image_library(header: Any) -> Any:
    """The header for highdicom's image library of a structured report.

    The library requires orientation and spacing of projection radiographs. If the header lacks one
    of them, the radiograph is entered with the generic modality OT.
    """
    spacing = header.get("ImagerPixelSpacing")
    if header.get("Modality") and header.get("PatientOrientation") and _is_pair(spacing):
        return header
    from pydicom.dataset import Dataset

    bare = Dataset()
    for name in ("SOPClassUID", "SOPInstanceUID", "Rows", "Columns"):
        setattr(bare, name, header[name].value)
    bare.Modality = "OT"
    return bare


def take_from_meta(header: Any) -> None:
    """Copies class and UID of the object from the file meta information if only that has them."""
    meta = getattr(header, "file_meta", {})
    for name in _REQUIRED[:2]:
        if not header.get(name) and (told := meta.get(f"MediaStorage{name}")):
            setattr(header, name, told)


def _has_lut(header: Any, sequence: str) -> bool:
    """Whether the LUT of a sequence is sound; a broken one is left out of the pixels, too."""
    try:
        read_lut(header, sequence, 0, 65535)
    except ValueError:
        return False
    return True


def _to_utf8(header: Any) -> None:
    """Converts texts to UTF-8 if their character set is not a single one of the standard.

    Those are several ones, an unknown one, one with code extensions, and the default one by a name.
    """
    from pydicom.charset import python_encoding

    given = header.get("SpecificCharacterSet")
    extended = str(given).startswith("ISO 2022")
    usual = isinstance(given, str) and given in python_encoding and given not in ("", "ISO_IR 6")
    if given is None or (usual and not extended):
        return
    header.decode()
    for element in header:
        if element.VR == "PN" and element.VM == 1:
            element.value = str(element.value)
    header.SpecificCharacterSet = _UTF8


def _delete(header: Any, *names: str) -> None:
    for name in names:
        if name in header:
            delattr(header, name)


def _text(header: Any, name: str) -> str:
    """A value as text; for several values an invalid text, so that they are left out."""
    value = header.get(name)
    if value is None:
        return ""
    return str(value) if header[name].VM <= 1 else "\\"


def _is_valid(name: str, vr: str, value: str) -> bool:
    from pydicom.config import RAISE
    from pydicom.valuerep import DA, TM, validate_value

    if name == "PatientSex":
        return value in ("", "M", "F", "O")
    try:
        validate_value(vr, value, RAISE)
        if vr in ("DA", "TM"):
            (DA if vr == "DA" else TM)(value)  # no 30 February
    except ValueError:
        return False
    return "\\" not in value


def _is_pair(value: Any) -> bool:
    return value is not None and not isinstance(value, str) and len(np.atleast_1d(value)) == 2


def _is_direction(value: Any) -> bool:
    return bool(value) and set(str(value)) <= set("LRAPHF")

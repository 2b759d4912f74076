"""A radiograph's header made fit to be copied into objects derived from it.

Headers met in practice break rules that derived objects must keep: dates in words, names in several
character sets at once, half a window. What identifies patient and study is taken as it is; other
values that break the rules are left empty, as the standard allows them to be, and none is invented.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panodent.errors import RadiographError
from panodent.radiograph.dicom_pixels import rescale, window, window_function

_DEMANDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_TAKEN_AS_THEY_ARE = ("PatientName", "PatientID")
_EMPTY_IF_WRONG = {
    "PatientBirthDate": "DA",
    "PatientSex": "CS",
    "StudyDate": "DA",
    "StudyTime": "TM",
    "StudyID": "SH",
    "AccessionNumber": "SH",
    "ReferringPhysicianName": "PN",
}
_UTF8 = "ISO_IR 192"


def prepare(header: Any) -> None:
    """Changes a header in place; raises `RadiographError` where nothing can refer to it."""
    if lacking := [name for name in _DEMANDED if not header.get(name)]:
        raise RadiographError(f"lacks {', '.join(lacking)}; no result can refer to it")
    _to_utf8(header)
    for name in _TAKEN_AS_THEY_ARE:
        if name not in header:
            setattr(header, name, "")
    for name, vr in _EMPTY_IF_WRONG.items():
        value = _text(header, name)
        value = value.replace(".", "") if vr == "DA" else value  # as ACR-NEMA wrote dates
        setattr(header, name, value if _is_sound(name, vr, value) else "")
    # Reading does without half of a pair, so the presentation state must, too.
    if window(header) is None:
        _delete(header, "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation")
    if rescale(header) is None:
        _delete(header, "RescaleSlope", "RescaleIntercept", "RescaleType")
    if window_function(header) is None:
        _delete(header, "VOILUTFunction")
    along = header.get("PatientOrientation")
    if "PatientOrientation" in header and not (_is_pair(along) and all(map(_is_direction, along))):
        header.PatientOrientation = None


def for_image_library(header: Any) -> Any:
    """The header as highdicom's image library takes it.

    Of a projection it wants orientation and spacing; a radiograph that does not tell both is
    entered as an image of no further kind.
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


def _to_utf8(header: Any) -> None:
    """Texts in several character sets, or an unknown one, become UTF-8."""
    from pydicom.charset import python_encoding

    given = header.get("SpecificCharacterSet")
    if given is None or (isinstance(given, str) and given in python_encoding):
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
    """The value as text; of several one that is no rule's, so that it is left out."""
    value = header.get(name)
    if value is None:
        return ""
    return str(value) if header[name].VM <= 1 else "\\"


def _is_sound(name: str, vr: str, value: str) -> bool:
    from pydicom.config import RAISE
    from pydicom.valuerep import validate_value

    if name == "PatientSex":
        return value in ("", "M", "F", "O")
    try:
        validate_value(vr, value, RAISE)
    except ValueError:
        return False
    return "\\" not in value


def _is_pair(value: Any) -> bool:
    return value is not None and not isinstance(value, str) and len(np.atleast_1d(value)) == 2


def _is_direction(value: Any) -> bool:
    return bool(value) and set(str(value)) <= set("LRAPHF")

"""Decides whether a DICOM object is a radiograph, by its SOP class, its modality and its frames.

Both claims are wrong in practice: the modality is in lower case, missing or a word of the device's
maker, and captured radiographs have a general SOP class. An object is refused if one of the two is
known to mean something else. An unusual radiograph gets a note with the reason it was accepted.
"""

from __future__ import annotations

from typing import Any

RADIOGRAPH_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.1": "Computed Radiography",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray (presentation)",
    "1.2.840.10008.5.1.4.1.1.1.1.1": "Digital X-Ray (processing)",
    "1.2.840.10008.5.1.4.1.1.1.3": "Intra-Oral X-Ray (presentation)",
    "1.2.840.10008.5.1.4.1.1.1.3.1": "Intra-Oral X-Ray (processing)",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.1": "Multi-frame Single Bit Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture",
}
CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary Capture; its multi-frame classes begin with this UID."""
RADIOGRAPH_MODALITIES = ("PX", "DX", "CR", "IO", "RG", "DR")
UNSPECIFIC_MODALITIES = ("OT", "SC", "XC", "HC")
"""Other, secondary capture, external camera, hard copy: the SOP class and the pixels decide."""
OTHER_MODALITIES = frozenset(
    [
        "ANN",
        "AR",
        "ASMT",
        "AU",
        "BDUS",
        "BI",
        "BMD",
        "CD",
        "CF",
        "CP",
        "CS",
        "CT",
        "CTPROTOCOL",
        "DD",
        "DF",
        "DG",
        "DMS",
        "DOC",
        "DS",
        "EC",
        "ECG",
        "EEG",
        "EM",
        "EMG",
        "EOG",
        "EPS",
        "ES",
        "FA",
        "FID",
        "FS",
        "GM",
        "HD",
        "ICUS",
        "IOL",
        "IVOCT",
        "IVUS",
        "KER",
        "KO",
        "LEN",
        "LP",
        "LS",
        "M3D",
        "MA",
        "MG",
        "MR",
        "MS",
        "NM",
        "OAM",
        "OCT",
        "OP",
        "OPM",
        "OPT",
        "OPTBSV",
        "OPTENF",
        "OPV",
        "OSS",
        "PA",
        "PLAN",
        "POS",
        "PR",
        "PT",
        "REG",
        "RESP",
        "RTDOSE",
        "RTIMAGE",
        "RTINTENT",
        "RTPLAN",
        "RTRAD",
        "RTRECORD",
        "RTSEGANN",
        "RTSTRUCT",
        "RWV",
        "SEG",
        "SM",
        "SMR",
        "SR",
        "SRF",
        "ST",
        "STAIN",
        "TEXTUREMAP",
        "TG",
        "US",
        "VA",
        "VF",
        "XA",
        "XAPROTOCOL",
    ]
)
"""Defined terms of DICOM (PS3.3 C.7.3.1.1.1), also retired ones, that mean other objects."""


def find_problem(header: Any) -> str:
    """'' for a single-frame radiograph, else what the object is instead.

    >>> from pydicom.dataset import Dataset
    >>> header = Dataset()
    >>> header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    >>> find_problem(header)
    'an object of the class CT Image Storage, not a radiograph'
    """
    from pydicom.uid import UID

    uid, modality = _sop_class(header), _modality(header)
    if uid and uid not in RADIOGRAPH_CLASSES:
        # Classes that are not in the standard say nothing; then the modality has to.
        if UID(uid).name != uid:
            return f"an object of the class {UID(uid).name}, not a radiograph"
        if modality not in RADIOGRAPH_MODALITIES:
            return "of an unknown SOP class and not of a radiographic modality, not a radiograph"
    fluoroscopy = modality == "RF" and (not uid or uid.startswith(CAPTURE_CLASS))
    if fluoroscopy or modality in OTHER_MODALITIES:
        return f"of modality {modality!r}, not a radiograph"
    frames = header.get("NumberOfFrames")
    if frames is not None and not isinstance(frames, int):
        return "damaged: its number of frames is not a number"
    if frames is not None and frames > 1:
        return f"a multi-frame object of {int(frames)} frames; send the panoramic as one frame"
    return ""


def kind_note(header: Any) -> str:
    """Why an object without a problem is taken for a radiograph; '' if class and modality say it.

    >>> from pydicom.dataset import Dataset
    >>> header = Dataset()
    >>> header.SOPClassUID, header.Modality = "1.2.840.10008.5.1.4.1.1.1", "px"
    >>> kind_note(header)
    'modality PX is not in capitals: read as a radiograph by its SOP class, Computed Radiography'
    """
    uid, modality = _sop_class(header), _modality(header)
    radiographic = modality in RADIOGRAPH_MODALITIES
    name = RADIOGRAPH_CLASSES.get(uid, "")
    capture = uid.startswith(CAPTURE_CLASS)
    if not name:
        missing = "an unknown SOP class" if uid else "no SOP class"
        by = f"its modality, {modality}" if radiographic else "its pixels alone"
        return f"{missing}: read as a radiograph by {by}"
    if capture:
        by = f"its modality, {modality}" if radiographic else "its pixels, one frame"
        return f"{name}: read as a radiograph by {by}"
    if not radiographic:
        what = f"modality {modality}" if modality in UNSPECIFIC_MODALITIES else "unknown modality"
        what = what if modality else "no modality"
    elif str(header.get("Modality")) != modality:
        what = f"modality {modality} is not in capitals"
    else:
        return ""
    return f"{what}: read as a radiograph by its SOP class, {name}"


def _sop_class(header: Any) -> str:
    meta = getattr(header, "file_meta", {})
    return str(header.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID", "") or "").strip()


def _modality(header: Any) -> str:
    """The modality in capitals, the first of several; '' if there is none."""
    value = header.get("Modality") or ""
    text = value if isinstance(value, str) else next(iter(value), "")
    return str(text).strip("\0 ").upper()

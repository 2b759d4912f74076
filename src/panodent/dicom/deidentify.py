"""De-identifies radiographs by the Basic Application Level Confidentiality Profile of PS3.15.

`dicomanonymizer` (Kitware) has the table E.1-1 of the standard and applies it to the elements of a
data set. Here it is applied to nested data sets too, identifiers and UIDs are replaced by a key, so
that objects of one study and patient stay together, elements that are not in the standard are
removed, and text over the border is masked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from panodent.analysis.burnt_in_text import text_boxes
from panodent.dicom.header import take_from_meta
from panodent.errors import MissingExtraError, RadiographError
from panodent.radiograph.dicom_codestream import without_comments
from panodent.radiograph.dicom_file import decoding, quiet
from panodent.radiograph.dicom_pixels import read_dataset
from panodent.radiograph.radiograph import DEFAULT_MAX_PIXELS

EDITION = "dicomfields_2026c"
"""The edition of the table in `dicomanonymizer`."""
METHODS = {
    "113100": "Basic Application Confidentiality Profile",
    "113108": "Retain Patient Characteristics Option",
}
"""Codes of PS3.16 CID 7050 by value."""
_OLDEST = 89
"""Years above which an age is given as 90, because few people are older."""
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
"""Units of an age in a year."""
_NO_DATE, _DATE = "00010101", "19000101"
"""The date of `dicomanonymizer`, which is before the first that readers accept, and ours."""
_OF_THE_STANDARD = "1.2.840.10008."
_WITHOUT_COMPRESSION = "1.2.840.10008.1.2.1"


@dataclass(frozen=True)
class Deidentified:
    """A radiograph without its patient.

    Parameters
    ----------
    dataset : a data set of pydicom, ready to be written.
    uid : its new SOP instance UID.
    masked : (top, left, bottom, right) of the places where text was masked.
    doubtful : whether the header says that there is text in the picture, and none was found.
    """

    dataset: Any
    uid: str
    masked: tuple[tuple[int, int, int, int], ...]
    doubtful: bool


class Deidentifier:
    """De-identifies radiographs; those with one `key` keep what they belong to.

    Parameters
    ----------
    key : secret from which new identifiers and UIDs are made; whoever has it and an old identifier
        can tell the new one.
    keep_age_and_sex : whether they stay (option 113108); ages above 89 become 90.

    Raises `MissingExtraError` without `dicomanonymizer`.
    """

    def __init__(self, key: bytes, keep_age_and_sex: bool = False) -> None:
        try:
            from dicomanonymizer import simpledicomanonymizer as library
            from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
        except ImportError as error:
            raise MissingExtraError("dicom", "de-identification", error.name or "") from None
        self._key, self._keep = key, keep_age_and_sex
        self._apply = library.anonymize_dataset
        fields = dicom_anonymization_database_selector(EDITION)
        rules: dict[tuple[int, ...], Callable[[Any, Any], None]] = library.initialize_actions(
            EDITION
        )
        for name in ("U_TAGS", "X_Z_U_STAR_TAGS"):
            rules |= dict.fromkeys(fields[name], self._new_uids)
        if keep_age_and_sex:
            rules |= {(0x0010, 0x0040): _known_sex, (0x0010, 0x1010): _limited_age}
        self._rules = rules

    def deidentify(self, file: Path) -> Deidentified:
        """The radiograph in a file without its patient.

        Raises `NoRadiographError` for another object, `RadiographError` for a file that cannot be
        read; its message has no value of the header.
        """
        dataset, _ = read_dataset(file, DEFAULT_MAX_PIXELS)
        with decoding(file), quiet():
            return self._deidentified(dataset)

    def _deidentified(self, dataset: Any) -> Deidentified:
        take_from_meta(dataset)
        if lacking := [n for n in ("SOPClassUID", "SOPInstanceUID") if not dataset.get(n)]:
            raise RadiographError(
                f"lacks {', '.join(lacking)}, which a copy needs; give the file UIDs first"
            )
        said = str(dataset.get("BurnedInAnnotation", "")).upper() == "YES"
        patient, uid = _identity(dataset), str(dataset.SOPInstanceUID)
        masked = _mask(dataset)
        if not masked:
            _remove_comments(dataset)
        for nested in (dataset, *_nested(dataset)):
            _remove_unknown(nested)
            self._replace_unlisted_uids(nested)
            self._apply(nested, base_rules_gen=lambda: dict(self._rules))
            _mend_dates(nested)
        new = self._uid(uid)
        dataset.SOPInstanceUID = new
        dataset.PatientID = dataset.PatientName = "P" + self._digest(patient)[:12].upper()
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = "panodent, DICOM PS3.15 basic profile"
        dataset.DeidentificationMethodCodeSequence = self._codes()
        _renew_meta(dataset)
        return Deidentified(dataset, new, masked, said and not masked)

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _uid(self, old: str) -> str:
        """Another UID, always the same for one; UUID-derived, PS3.5 annex B.2."""
        return f"2.25.{int(self._digest(old)[:32], 16)}"

    def _new_uids(self, dataset: Any, tag: Any) -> None:
        """Replaces the UIDs of an element; those in a sequence have rules of their own."""
        element = dataset.get(tag)
        if element is not None and element.VR == "UI" and element.value:
            many = not isinstance(element.value, str)
            element.value = [self._uid(str(x)) for x in element.value] if many else self._uid(
                str(element.value)
            )  # fmt: skip

    def _replace_unlisted_uids(self, dataset: Any) -> None:
        """Replaces UIDs that the table does not name, but those that the standard defines."""
        for element in list(dataset):
            tag = (element.tag.group, element.tag.element)
            listed = tag in self._rules or str(element.value).startswith(_OF_THE_STANDARD)
            if element.VR == "UI" and not listed:
                self._new_uids(dataset, tag)

    def _codes(self) -> list[Any]:
        from pydicom.dataset import Dataset

        items = []
        for value in ("113100", *(("113108",) if self._keep else ())):
            item = Dataset()
            item.CodeValue, item.CodingSchemeDesignator = value, "DCM"
            item.CodeMeaning = METHODS[value]
            items.append(item)
        return items


def _nested(dataset: Any) -> Iterator[Any]:
    """The data sets in the sequences of a data set, at any depth."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from _nested(item)


def _limited_age(dataset: Any, tag: Any) -> None:
    """Keeps an age up to `_OLDEST` years, gives 90 for higher ones, and empties what is no age."""
    element = dataset.get(tag)
    if element is not None and element.value:
        match = re.fullmatch(r"(\d+)([DWMY])", str(element.value).strip())
        if match is None:
            element.value = ""
        elif int(match[1]) / _PER_YEAR[match[2]] >= _OLDEST + 1:
            element.value = "090Y"


def _known_sex(dataset: Any, tag: Any) -> None:
    """Keeps a sex, and empties what is none of its values."""
    element = dataset.get(tag)
    if element is not None and str(element.value).strip() not in ("F", "M", "O"):
        element.value = ""


def _identity(dataset: Any) -> str:
    """What tells one patient from another: the identifier, else name and date of birth, else the
    study.
    """
    first = str(dataset.get("PatientID") or "").strip()
    named = (str(dataset.get(name) or "").strip() for name in ("PatientName", "PatientBirthDate"))
    return first or "\n".join(named).strip() or str(dataset.get("StudyInstanceUID") or "")


def _remove_unknown(dataset: Any) -> None:
    """Removes elements with tags that are not in the standard, which may hold anything, and what is
    left of overlays and curves, whose data the profile removes.
    """
    from pydicom.datadict import dictionary_has_tag, repeater_has_tag

    for tag in list(dataset.keys()):
        graphics = 0x5000 <= tag.group <= 0x50FF or 0x6000 <= tag.group <= 0x60FF
        if graphics or not (tag.is_private or dictionary_has_tag(tag) or repeater_has_tag(tag)):
            del dataset[tag]


def _remove_comments(dataset: Any) -> None:
    """Removes texts from compressed pixels, which stay the same."""
    from pydicom.encaps import encapsulate, get_frame

    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        cleaned = without_comments(frame)
        if cleaned != frame:
            dataset.PixelData = encapsulate([cleaned], has_bot=False)


def _mend_dates(dataset: Any) -> None:
    """Replaces dates that stand for another by one that every reader accepts."""
    for element in dataset:
        if element.VR in ("DA", "DT") and str(element.value).startswith(_NO_DATE):
            element.value = str(element.value).replace(_NO_DATE, _DATE, 1)


def _mask(dataset: Any) -> tuple[tuple[int, int, int, int], ...]:
    """Masks text over the border of the pixels; without text they stay as they are stored."""
    pixels = dataset.pixel_array
    boxes = text_boxes(pixels)
    if not boxes:
        return ()
    masked = pixels.copy()
    for top, left, bottom, right in boxes:
        around = masked[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
        masked[top:bottom, left:right] = np.median(around, axis=(0, 1)).astype(masked.dtype)
    dataset.set_pixel_data(
        masked,
        dataset.PhotometricInterpretation,
        int(dataset.BitsStored),
        generate_instance_uid=False,
    )
    return boxes


def _renew_meta(dataset: Any) -> None:
    """File meta information that has nothing of the program and the node that sent the object."""
    from pydicom.dataset import FileMetaDataset

    old, meta = dataset.file_meta, FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = old.get("TransferSyntaxUID") or _WITHOUT_COMPRESSION
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128

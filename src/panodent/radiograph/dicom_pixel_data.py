"""Makes the pixel data of a DICOM file agree with its transfer syntax; refuses data cut off.

Whether pixels are compressed, and how, is seen from their first bytes; transfer syntaxes that say
something else are met. Source: DICOM PS3.5 A.4 (items of compressed pixels).
"""

from __future__ import annotations

from typing import Any

from panodent.errors import RadiographError
from panodent.radiograph.dicom_codestream import jpeg_precision
from panodent.radiograph.dicom_encoding import frame_syntax

_UIDS = "1.2.840.10008.1.2."
_FAMILIES = (
    ("5",),
    ("4.50", "4.51"),
    ("4.57", "4.70"),
    ("4.80", "4.81"),
    ("4.90", "4.91", "4.201", "4.202", "4.203"),
)
"""Ends of the UIDs of compressed transfer syntaxes that are read; one decoder reads a row."""
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
"""Tags of an item of compressed pixels, and of the delimiter behind the last one."""
_PIXELS = b"\xe0\x7f\x10\x00"
_UNDEFINED = 0xFFFFFFFF
"""The length of an element of compressed pixels."""


def check_whole(element: Any, expected: int) -> None:
    """Raises `RadiographError` if the file ends within its pixels, of which `expected` bytes.

    element : the pixel data, a raw element of pydicom.

    The first half of pixels of 16 bits could be taken for pixels of 8 bits.
    """
    declared, have = getattr(element, "length", 0), len(element.value or b"")
    if declared != _UNDEFINED and have < min(declared, expected):
        raise _cut_off(f"it has {have} of {expected} bytes of them")


def undelimited(data: bytes, implicit: bool, little_endian: bool) -> Any:
    """Compressed pixels behind which the delimiter is missing, as a raw element of pydicom.

    data : the file from the element of the pixels to its end.

    None if these are no compressed pixels. Raises `RadiographError` if they are cut off.
    """
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    start = 8 if implicit else 12
    if data[:4] != _PIXELS or data[start - 4 : start] != b"\xff\xff\xff\xff":
        return None
    at = start
    while data[at : at + 4] == _ITEM:
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    if at > len(data):
        raise _cut_off("the last part of the compressed picture is incomplete")
    value = data[start:at]
    if not value:
        return None
    return RawDataElement(
        Tag(0x7FE00010), "OB", _UNDEFINED, value, start, implicit, little_endian, True
    )


def _cut_off(what: str) -> RadiographError:
    return RadiographError(
        f"the file ends within its pixels: {what}; copy it again from its source"
    )


def correct_compression(header: Any) -> None:
    """Makes transfer syntax and pixel data agree on whether and how pixels are compressed.

    Compressed pixels become items without an offset table: with one frame it is not needed, and it
    is often wrong. Raises `RadiographError` for a compression that is not read.
    """
    from pydicom.encaps import encapsulate, get_frame
    from pydicom.uid import UID, ExplicitVRLittleEndian

    for table in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        header.pop(table, None)
    data, syntax = header.PixelData, header.file_meta.TransferSyntaxUID
    if data[:4] == _ITEM:
        header.PixelData = data = _ITEM + bytes(4) + data[8 + int.from_bytes(data[4:8], "little") :]
        frame = get_frame(data, 0, number_of_frames=1)
    else:
        frame = data if syntax.is_encapsulated and frame_syntax(data) else b""
        if frame:
            header.PixelData = encapsulate([frame], has_bot=False)
    if frame:
        syntax = UID(_codec(frame, syntax, getattr(header, "reading_note", "")))
    elif syntax.is_encapsulated:
        syntax = ExplicitVRLittleEndian
    if syntax != header.file_meta.TransferSyntaxUID:
        note = getattr(header, "reading_note", "")
        header.file_meta.TransferSyntaxUID = syntax
        why = note.partition(":")[0] or "the file contradicts its transfer syntax"
        header.reading_note = f"{why}: read as {syntax.name}"


def _codec(frame: bytes, claimed: Any, note: str) -> str:
    """The transfer syntax UID of a compressed frame: the claimed one if the frame agrees with it.

    note : why the claim is not believed, if it is not.
    """
    found = frame_syntax(frame)
    if found.endswith((".50", ".51")) and (jpeg_precision(frame) or 8) > 8:
        raise RadiographError(
            "its pixels are 12-bit JPEG Extended, which is not read; send it uncompressed"
        )
    family = next((ends for ends in _FAMILIES if claimed in [_UIDS + end for end in ends]), ())
    if found and (note or found.removeprefix(_UIDS) not in family):
        return found
    if family and not note:
        return str(claimed)
    if claimed.is_encapsulated and not note:
        raise RadiographError(
            f"its pixels are compressed as {claimed.name}, which is not read; send it uncompressed"
        )
    raise RadiographError(
        "it has no transfer syntax of compressed pixels, and they are compressed in an unknown "
        "way; send it again from its source"
    )

"""Finds where a DICOM data set begins and how it is encoded, in files that do not say it.

Files of old devices and of network dumps lack the preamble, the DICM mark, the meta group or its
transfer syntax. Then the first elements decide. Source: DICOM PS3.5 section 7.1 (elements), PS3.10
section 7.1 (preamble and meta group).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
HEAD_BYTES = 8192
"""Bytes at the beginning of a file that are enough to recognise it."""
_META, _FIRST_GROUPS = 0x0002, (0x0002, 0x0004, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028)
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_VRS = _LONG | {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN"),
    *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}
_UNDEFINED = 0xFFFFFFFF
_ELEMENTS = 3
"""Consecutive elements that must be sound."""


class Encoding(NamedTuple):
    """How the elements of a data set are stored."""

    implicit: bool
    little_endian: bool

    @property
    def syntax(self) -> str:
        """UID of the uncompressed transfer syntax with this encoding."""
        if not self.little_endian:
            return BIG_ENDIAN
        return IMPLICIT if self.implicit else EXPLICIT


def start_of(head: bytes) -> int | None:
    """Where the first element begins in the first bytes of a file; None if this is not DICOM.

    >>> start_of(bytes(128) + b"DICM")
    132
    >>> start_of(bytes.fromhex("0800 0500 4353 0a00") + b"ISO_IR 100")
    0
    >>> start_of(b"a text") is None
    True
    """
    if head[128:132] == b"DICM":
        return 132
    for start in (0, 4 if head[:4] == b"DICM" else 0, 128):
        if encoding_at(head, start) is not None:
            return start
    return None


def encoding_at(data: bytes, start: int) -> Encoding | None:
    """The encoding of the elements that begin at `start`; None if there are no sound elements."""
    for little in (True, False):
        for implicit in (False, True):
            if _is_sound(data, start, implicit, little):
                return Encoding(implicit, little)
    return None


def _is_sound(data: bytes, at: int, implicit: bool, little: bool) -> bool:
    """Whether elements in ascending order begin here, as far as `data` reaches."""
    order, last, known = "<" if little else ">", -1, 0
    while at + 8 <= len(data) and known < _ELEMENTS:
        group, number = struct.unpack_from(f"{order}HH", data, at)
        tag = group << 16 | number
        if tag <= last or (last < 0 and group not in _FIRST_GROUPS):
            return False
        if implicit:
            size, length = 8, struct.unpack_from(f"{order}I", data, at + 4)[0]
        elif (vr := data[at + 4 : at + 6]) not in _VRS:
            return False
        elif vr in _LONG:
            if at + 12 > len(data):
                break
            size, length = 12, struct.unpack_from(f"{order}I", data, at + 8)[0]
        else:
            size, length = 8, struct.unpack_from(f"{order}H", data, at + 6)[0]
        if length != _UNDEFINED and length % 2:
            return False
        last, known, at = tag, known + 1, at + size + length
        if length == _UNDEFINED:
            break
    return known >= (_ELEMENTS if at + 8 <= len(data) else 1)


def frame_syntax(frame: bytes) -> str:
    """The transfer syntax UID of a compressed frame, by its first bytes; '' if unknown.

    >>> frame_syntax(bytes.fromhex("ffd8 ffc0 000b 08 0100 0200 01 011100"))
    '1.2.840.10008.1.2.4.50'
    """
    if frame[:2] == b"\xff\xd8":
        at = 2
        while at + 4 <= len(frame) and frame[at] == 0xFF:
            if frame[at + 1] in _JPEG:
                return f"1.2.840.10008.1.2.4.{_JPEG[frame[at + 1]]}"
            at += 1 if frame[at + 1] == 0xFF else 2 + int.from_bytes(frame[at + 2 : at + 4])
        return ""
    if frame[:4] == b"\xff\x4f\xff\x51" or frame[4:8] == b"jP  ":
        return "1.2.840.10008.1.2.4.91"
    segments = int.from_bytes(frame[:4], "little")
    if 1 <= segments <= 15 and frame[4:8] == b"\x40\x00\x00\x00":
        return "1.2.840.10008.1.2.5"
    return ""


_JPEG = {0xC0: 50, 0xC1: 51, 0xC2: 50, 0xC3: 57, 0xF7: 81}
"""Last number of the transfer syntax UID, by the marker of the JPEG frame header. Progressive JPEG
(C2), whose syntaxes are retired, is decoded like baseline."""

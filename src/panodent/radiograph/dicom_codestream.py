"""The markers of compressed frames: sizes, which are checked before they are decoded, and comments.

Decoders allocate memory for the size in the codestream, not for Rows and Columns: a few kilobytes
can claim gigabytes. Sources: ITU-T T.81 B.2.2, T.87 C.2.2, T.800 A.5.1; DICOM PS3.5 G.
"""

from __future__ import annotations

from panodent.errors import RadiographError

FrameSize = tuple[int, int, int]
"""(height, width, components)."""
RLE = "1.2.840.10008.1.2.5"


def check_frame_size(frame: bytes, expected: FrameSize, syntax: str, bytes_per_sample: int) -> None:
    """Raises `RadiographError` if a compressed frame does not have the size of the header.

    expected : (height, width, components) in the DICOM header.
    syntax : transfer syntax UID; run-length frames are unpacked in memory of a fixed size.
    """
    if syntax == RLE:
        _check_rle(frame, expected[0] * expected[1], expected[2] * bytes_per_sample)
        return
    found = jpeg_frame_size(frame) or jpeg2000_frame_size(frame)
    if found is not None and found != expected:
        sizes = [f"{height} x {width} of {n} samples" for height, width, n in (found, expected)]
        raise RadiographError(
            f"the compressed picture is {sizes[0]}, the header says {sizes[1]}; send it again from "
            "its source"
        )


def jpeg_frame_size(data: bytes) -> FrameSize | None:
    """The size in the frame header of a JPEG or JPEG-LS; None if there is none.

    >>> jpeg_frame_size(bytes.fromhex("ffd8 ffc0 000b 08 0100 0200 01 011100"))
    (256, 512, 1)
    """
    if (at := _jpeg_frame_header(data)) is None:
        return None
    height, width = (int.from_bytes(data[at + i : at + i + 2]) for i in (5, 7))
    return height, width, data[at + 9]


def jpeg_precision(data: bytes) -> int | None:
    """Bits of each sample of a JPEG or JPEG-LS; None if there is no frame header.

    >>> jpeg_precision(bytes.fromhex("ffd8 ffc0 000b 08 0100 0200 01 011100"))
    8
    """
    at = _jpeg_frame_header(data)
    return None if at is None else data[at + 4]


def _jpeg_frame_header(data: bytes) -> int | None:
    """Where the marker of the frame header is."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind in _FRAME_HEADERS:
            return at
        at += 1 if kind == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def without_comments(data: bytes) -> bytes:
    """A JPEG, JPEG-LS or JPEG 2000 without the segments that hold texts; its pixels are the same.

    Comments and application data (JPEG APP, such as Exif) before the first scan are left out, but
    those by which colours are decoded; of a JPEG 2000 with a JP2 wrapper only the codestream is
    left. Other data is returned as it is.

    >>> without_comments(bytes.fromhex("ffd8 fffe0004 4a4a ffda0002 ffd9")).hex(" ")
    'ff d8 ff da 00 02 ff d9'
    """
    if data[:2] == b"\xff\xd8":
        texts, end = _JPEG_TEXTS, 0xDA
    elif (start := _jpeg2000_start(data)) is not None:
        data, texts, end = data[start:], {0x64}, 0x90
    else:
        return data
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != end:
        length = 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] not in texts:
            kept.append(data[at : at + length])
        at += length
    return b"".join([*kept, data[at:]])


_JPEG_TEXTS = {0xFE, *range(0xE1, 0xF0)} - {0xE8, 0xEE}
"""Markers of comments and application data, without those of JPEG-LS's and Adobe's colours."""

_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def jpeg2000_frame_size(data: bytes) -> FrameSize | None:
    """The size in the SIZ segment of a JPEG 2000 codestream, with or without a JP2 wrapper."""
    if (at := _jpeg2000_start(data)) is None:
        return None
    right, bottom, left, top = (
        int.from_bytes(data[at + 8 + 4 * i : at + 12 + 4 * i]) for i in range(4)
    )
    return bottom - top, right - left, int.from_bytes(data[at + 40 : at + 42])


def jpeg2000_precision(data: bytes) -> int | None:
    """Bits of each sample of a JPEG 2000, by its first component; None if this is none."""
    at = _jpeg2000_start(data)
    return None if at is None else (data[at + 42] & 0x7F) + 1


def _jpeg2000_start(data: bytes) -> int | None:
    """Where the codestream begins."""
    at = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    return None if at < 0 or len(data) < at + 43 else at


def _check_rle(frame: bytes, plane_bytes: int, planes: int) -> None:
    """Checks that each segment of a run-length frame unpacks to one plane of bytes."""
    count = int.from_bytes(frame[:4], "little")
    if len(frame) < 64 or count != planes:
        raise RadiographError(f"the run-length frame has {count} segments; expected {planes}")
    starts = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)]
    for start, end in zip(starts, [*starts[1:], len(frame)], strict=True):
        if not 64 <= start <= end <= len(frame):
            raise RadiographError("the run-length frame has a segment that is outside of the frame")
        found = _unpacked_bytes(frame[start:end], plane_bytes + 1)
        if found != plane_bytes:
            count_text = f"more than {plane_bytes}" if found > plane_bytes else f"only {found}"
            raise RadiographError(
                f"a run-length segment unpacks to {count_text} bytes; expected {plane_bytes}"
            )


def _unpacked_bytes(segment: bytes, limit: int) -> int:
    """How many bytes a segment unpacks to; counting stops above `limit`."""
    at = total = 0
    length = len(segment)
    while at < length and total <= limit:
        code = segment[at]
        if code < 128:
            total += min(code + 1, length - at - 1)
            at += code + 2
        elif code > 128:
            total += 257 - code if at + 1 < length else 0
            at += 2
        else:
            at += 1
    return total

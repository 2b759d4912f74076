"""What a compressed picture inside a DICOM file says of itself, compared with the file's header.

A decoder makes room for what the codestream claims, not for what Rows and Columns say: a few
kilobytes may claim gigabytes. Sources: ITU-T T.81 B.2.2, T.87 C.2.2, T.800 A.5.1; DICOM PS3.5 G.
"""

from __future__ import annotations

from panodent.errors import RadiographError

Claim = tuple[int, int, int]
"""(height, width, components)."""
RLE = "1.2.840.10008.1.2.5"


def check(frame: bytes, expected: Claim, syntax: str, bytes_per_sample: int) -> None:
    """Raises `RadiographError` for a picture that is not as large as the header says."""
    if syntax == RLE:
        _check_rle(frame, expected[0] * expected[1], expected[2] * bytes_per_sample)
        return
    found = jpeg_claim(frame) or jpeg2000_claim(frame)
    if found is not None and found != expected:
        said = [f"{width} x {height} of {n} samples" for height, width, n in (found, expected)]
        raise RadiographError(f"the compressed picture is {said[0]}, the header says {said[1]}")


def jpeg_claim(data: bytes) -> Claim | None:
    """What a JPEG's or JPEG-LS's frame header claims."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind in _FRAME_HEADERS:
            height, width = (int.from_bytes(data[at + i : at + i + 2]) for i in (5, 7))
            return height, width, data[at + 9]
        at += 1 if kind == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def jpeg2000_claim(data: bytes) -> Claim | None:
    """What a JPEG 2000 codestream's SIZ segment claims, with or without a JP2 wrapper."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or at > 4096 or len(data) < at + 42:
        return None
    right, bottom, left, top = (
        int.from_bytes(data[at + 8 + 4 * i : at + 12 + 4 * i]) for i in range(4)
    )
    return bottom - top, right - left, int.from_bytes(data[at + 40 : at + 42])


def _check_rle(frame: bytes, plane: int, planes: int) -> None:
    """Each segment of a run-length frame unpacks to one plane of bytes, and one of padding."""
    count = int.from_bytes(frame[:4], "little")
    if len(frame) < 64 or count != planes:
        raise RadiographError(f"the run-length frame has {count} segments, expected {planes}")
    starts = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)]
    for start, end in zip(starts, [*starts[1:], len(frame)], strict=True):
        if not 64 <= start <= end <= len(frame):
            raise RadiographError("the run-length frame's table of segments leads out of it")
        if (found := _unpacked(frame[start:end], plane + 1)) != plane:
            more = "more" if found > plane else "only"
            raise RadiographError(
                f"a run-length segment unpacks to {more} "
                f"{'than ' * (found > plane)}{min(found, plane)} bytes, expected {plane}"
            )


def _unpacked(segment: bytes, most: int) -> int:
    """Bytes that a segment unpacks to, counted until they are more than `most`."""
    at = total = 0
    length = len(segment)
    while at < length and total <= most:
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

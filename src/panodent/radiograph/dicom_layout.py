"""How many samples and bits a DICOM pixel has, where the header does not say it or is contradicted.

A header that lacks these attributes, or spells them wrongly, gets the usual values. Of sample count
and bits, the pixel data are believed: their length if they are plain, their own header if they are
compressed. Each change is a note. Source: DICOM PS3.3 C.7.6.3.
"""

from __future__ import annotations

from typing import Any

from panodent.errors import RadiographError
from panodent.radiograph.dicom_codestream import (
    RLE,
    jpeg2000_frame_size,
    jpeg2000_precision,
    jpeg_frame_size,
    jpeg_precision,
)

_GREY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
_COLOUR = (
    *("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422"),
    *("YBR_ICT", "YBR_RCT"),
)
_LOSSY_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")


def complete_layout(dataset: Any) -> tuple[str, ...]:
    """Sets missing or misspelt attributes of the sample layout in place; returns notes."""
    notes = []
    given = _plain(dataset.get("PhotometricInterpretation"))
    kind = next((name for name in (*_GREY, *_COLOUR) if _plain(name) == given), "")
    samples = dataset.get("SamplesPerPixel")
    if not isinstance(samples, int):
        samples = 3 if kind in _COLOUR else 1
        dataset.SamplesPerPixel = samples
        notes.append(f"SamplesPerPixel is missing: read as {samples}")
    if not kind and samples in (1, 3):
        kind = "RGB" if samples == 3 else "MONOCHROME2"
        notes.append(f"PhotometricInterpretation is missing or unknown: read as {kind}")
    if kind:
        dataset.PhotometricInterpretation = kind
    if samples == 3 and dataset.get("PlanarConfiguration") not in (0, 1):
        dataset.PlanarConfiguration = 0
        notes.append("PlanarConfiguration is missing: read as pixel by pixel")
    return tuple(notes)


def _plain(kind: Any) -> str:
    return "".join(char for char in str(kind or "").upper() if char.isalnum())


def match_length(dataset: Any) -> tuple[str, ...]:
    """Corrects samples and bits in place where only others fit the length of plain pixel data.

    Data behind the pixels are removed. Returns notes. Raises `RadiographError` for fewer pixels
    than the header has.
    """
    area, have = int(dataset.Rows) * int(dataset.Columns), len(dataset.PixelData)
    samples, width = int(dataset.SamplesPerPixel), -(-int(dataset.BitsAllocated) // 8)
    notes: tuple[str, ...] = ()
    subsampled = dataset.PhotometricInterpretation == "YBR_FULL_422" and samples == 3
    if subsampled and have >= area * 3 * width:
        dataset.PhotometricInterpretation, subsampled = "YBR_FULL", False
        notes = ("the header says YBR_FULL_422, but the pixel data are YBR_FULL",)
    high = dataset.get("HighBit")
    if width == 1 and have == 2 * area * samples and isinstance(high, int) and 8 <= high < 16:
        return _change(dataset, samples, 2, high + 1)
    needed = area * width * (2 if subsampled else samples)
    if have >= needed:
        notes += () if subsampled else _rows_left(dataset, have - needed, samples * width)
        # Decoders take data of twice the length for two frames.
        dataset.PixelData = dataset.PixelData[: needed + needed % 2]
        return notes
    for fitting in ((1, width), (samples, 1), (1, 1)):
        if have - area * fitting[0] * fitting[1] in (0, 1):
            return _change(dataset, *fitting, 8 * fitting[1])
    raise RadiographError(
        f"its pixel data have {have} bytes; {int(dataset.Rows)} x {int(dataset.Columns)} pixels of "
        f"{samples} x {8 * width} bits need {needed}; send it again from its source"
    )


def _rows_left(dataset: Any, more: int, width: int) -> tuple[str, ...]:
    """A note about rows behind those that the header counts; `width` is the bytes of a pixel."""
    rows = more // (int(dataset.Columns) * width)
    if not rows:
        return ()
    return (
        f"the pixel data have {rows} more rows than the {int(dataset.Rows)} of the header: "
        "they are not read",
    )


def match_frame(dataset: Any, frame: bytes) -> tuple[str, ...]:
    """Corrects samples and bits in place where a compressed picture has others."""
    samples, bits = int(dataset.SamplesPerPixel), int(dataset.BitsAllocated)
    width = -(-bits // 8)
    if dataset.file_meta.TransferSyntaxUID == RLE:
        found, width = _RLE_PLANES.get(int.from_bytes(frame[:4], "little"), (samples, width))
        return _change(dataset, found, width, 8 * width)
    size = jpeg_frame_size(frame) or jpeg2000_frame_size(frame)
    precision = jpeg_precision(frame) or jpeg2000_precision(frame) or 0
    found = size[2] if size is not None and size[2] in (1, 3) else samples
    if not 1 <= precision <= 16:
        return _change(dataset, found, width, 8 * width)
    notes = _change(dataset, found, -(-precision // 8), precision)
    if precision < int(dataset.BitsStored):
        dataset.BitsStored, dataset.HighBit = precision, precision - 1
    return notes


_RLE_PLANES = {1: (1, 1), 2: (1, 2), 3: (3, 1), 6: (3, 2)}
"""(samples, bytes for each) by the number of planes of bytes in a run-length frame."""


def _change(dataset: Any, samples: int, width: int, bits: int) -> tuple[str, ...]:
    """Sets samples and bytes for each, with `bits` in use, if the header has others."""
    given = int(dataset.SamplesPerPixel), -(-int(dataset.BitsAllocated) // 8)
    if given == (samples, width):
        return ()
    if width != given[1]:
        dataset.BitsAllocated, dataset.BitsStored = 8 * width, bits
        dataset.HighBit = bits - 1
    if samples != given[0]:
        dataset.SamplesPerPixel = samples
        dataset.PlanarConfiguration = 0
        lossy = dataset.file_meta.TransferSyntaxUID in _LOSSY_JPEG
        colour = "YBR_FULL_422" if lossy else "RGB"
        dataset.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else colour
    return (
        f"the header says {given[0]} x {8 * given[1]} bits for each pixel, but the pixel data have "
        f"{samples} x {8 * width}",
    )

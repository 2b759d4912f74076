"""Reads DICOM Segmentations (BINARY) of one image: the segment of each frame, and its mask.

A frame is unpacked when it is asked for, so that one mask is in memory at a time. Source: DICOM
PS3.3 A.51 and C.8.20; bits of frames follow each other without padding (PS3.5 8.1.1).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from panodent.errors import AnnotationError, RadiographError
from panodent.radiograph import raster
from panodent.radiograph.dicom_encoding import HEAD_BYTES
from panodent.radiograph.dicom_file import add_pixels, decoding, read_header
from panodent.utils.arrays import BoolArray

CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
"""SOP class of Segmentation Storage."""
LABEL_MAP_CLASS = "1.2.840.10008.5.1.4.1.1.66.7"
"""SOP class of Label Map Segmentation Storage, which is recognised and refused."""
MAX_PIXELS = 100_000_000
"""Largest height x width of a mask, as for radiographs."""
# The SOP class in the meta group or the data set, with explicit or implicit VR.
_CLASS_ELEMENT = re.compile(
    rb"(?:\x02\x00\x02\x00|\x08\x00\x16\x00)(?:UI..|....)1\.2\.840\.10008\.5\.1\.4\.1\.1\.66\.[47]"
    rb"(?![0-9.])",
    re.DOTALL,
)


def is_segmentation(file: Path) -> bool:
    """Whether a file's first bytes are those of a DICOM Segmentation; needs no pydicom."""
    if file.suffix.lower() in raster.SUFFIXES:
        return False
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False
    return _CLASS_ELEMENT.search(head) is not None


def read_segmentation(file: Path, pixels: bool = True) -> Any:
    """The data set (pydicom) of a segmentation, checked by `frame_segments`.

    Without `pixels` it has the header only. Raises `AnnotationError` for a damaged file and one
    that is not a BINARY segmentation of one image, `MissingExtraError` without pydicom.
    """
    try:
        header = read_header(file)
        with decoding(file):
            frames = len(frame_segments(header))
            height, width = size_of(header)
            if not (height > 0 and width > 0 and height * width <= MAX_PIXELS):
                raise AnnotationError(
                    f"{width} x {height} pixels; expected 1 to {MAX_PIXELS} in all"
                )
            if pixels:
                add_pixels(header, file, frames * height * width // 8 + 1)
                check_pixels(header, frames)
    except RadiographError as error:
        raise AnnotationError(str(error)) from None
    return header


def size_of(dataset: Any) -> tuple[int, int]:
    """(height, width) of the masks."""
    return int(dataset.Rows), int(dataset.Columns)


def frame_segments(dataset: Any) -> list[Any]:
    """The segment, an item of SegmentSequence, of each frame.

    Raises `AnnotationError` for objects that are not a BINARY segmentation with at most one frame
    for each segment.
    """
    uid = str(dataset.get("SOPClassUID", ""))
    if uid == LABEL_MAP_CLASS:
        raise AnnotationError("segmentation type LABELMAP; expected BINARY, so export it as that")
    if uid != CLASS:
        raise AnnotationError("not a DICOM segmentation object")
    if dataset.SegmentationType != "BINARY":
        raise AnnotationError(
            f"segmentation type {dataset.SegmentationType}; expected BINARY, so export it as that"
        )
    segments = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    shared = dataset.SharedFunctionalGroupsSequence[0]
    found: dict[int, Any] = {}
    for group in dataset.PerFrameFunctionalGroupsSequence:
        # A segmentation of one tooth names its segment once for all frames.
        named = group if "SegmentIdentificationSequence" in group else shared
        number = int(named.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        if number in found:
            raise AnnotationError(
                f"segment {number} has several frames; expected one: a radiograph is one plane, so "
                "export a segmentation for each"
            )
        if number not in segments:
            raise AnnotationError(
                f"a frame is of segment {number}, which SegmentSequence does not describe; send "
                "the file again from its source"
            )
        found[number] = segments[number]
    return list(found.values())


def references(dataset: Any) -> list[str]:
    """SOP Instance UIDs of the images that were segmented, each once; empty if it names none."""
    found: dict[str, None] = {}
    for series in dataset.get("ReferencedSeriesSequence") or []:
        for item in series.get("ReferencedInstanceSequence") or []:
            found[str(item.get("ReferencedSOPInstanceUID", "")).strip()] = None
    groups = [
        *(dataset.get("SharedFunctionalGroupsSequence") or []),
        *(dataset.get("PerFrameFunctionalGroupsSequence") or []),
    ]
    for group in groups:
        for derivation in group.get("DerivationImageSequence") or []:
            for item in derivation.get("SourceImageSequence") or []:
                found[str(item.get("ReferencedSOPInstanceUID", "")).strip()] = None
    return [uid for uid in found if uid]


def check_pixels(dataset: Any, frames: int) -> None:
    """Raises `AnnotationError` unless the data set has so many frames of one bit a pixel."""
    height, width = size_of(dataset)
    if int(dataset.BitsAllocated) != 1:
        raise AnnotationError(f"{dataset.BitsAllocated} bits a pixel; expected 1 in BINARY")
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated or not syntax.is_little_endian:
        raise AnnotationError(
            f"its pixels are encoded as {syntax.name}; expected uncompressed ones, so convert it "
            "to Explicit VR Little Endian"
        )
    known = len(dataset.get("PixelData", b""))
    if known < -(-frames * height * width // 8):
        raise AnnotationError(
            f"its pixels are cut off: {known} bytes for {frames} frames of {width} x {height}; "
            "send it again from its source"
        )


def mask_of_frame(dataset: Any, index: int) -> BoolArray:
    """The mask (height, width) of a frame, counted from 0, of pixels that were checked."""
    height, width = size_of(dataset)
    start, count = index * height * width, height * width
    piece = np.frombuffer(dataset.PixelData, np.uint8)[start // 8 : -(-(start + count) // 8)]
    bits = np.unpackbits(piece, bitorder="little")[start % 8 : start % 8 + count]
    return bits.reshape(height, width).astype(bool)

"""Segmentations: recognised by their first bytes, and frames unpacked one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.uid import (  # noqa: E402
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from panodent.errors import AnnotationError  # noqa: E402
from panodent.radiograph.dicom_segmentation import (  # noqa: E402
    CLASS,
    LABEL_MAP_CLASS,
    frame_segments,
    is_segmentation,
    mask_of_frame,
    read_segmentation,
    references,
    size_of,
)


def item(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def segmentation(masks: np.ndarray, uid: str = CLASS, syntax: Any = ExplicitVRLittleEndian) -> Any:
    """A data set of masks (n, height, width), a segment each."""
    made = item(SOPClassUID=uid, SOPInstanceUID="2.25.7", SegmentationType="BINARY")
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.Rows, made.Columns = masks.shape[1:]
    made.NumberOfFrames, made.BitsAllocated, made.BitsStored, made.HighBit = len(masks), 1, 1, 0
    made.SamplesPerPixel, made.PixelRepresentation = 1, 0
    made.PhotometricInterpretation = "MONOCHROME2"
    made.SegmentSequence = [item(SegmentNumber=n + 1) for n in range(len(masks))]
    made.SharedFunctionalGroupsSequence = [Dataset()]
    made.PerFrameFunctionalGroupsSequence = [
        item(SegmentIdentificationSequence=[item(ReferencedSegmentNumber=n + 1)])
        for n in range(len(masks))
    ]
    packed = np.packbits(masks.ravel(), bitorder="little").tobytes()
    made.PixelData = packed + b"\0" * (len(packed) % 2)
    made["PixelData"].VR = "OB" if syntax == ExplicitVRLittleEndian else "OW"
    return made


@pytest.fixture
def masks() -> np.ndarray:
    """Frames of 35 pixels, which do not end at whole bytes."""
    return np.random.default_rng(0).random((5, 5, 7)) < 0.5


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_every_frame_is_unpacked_as_pydicom_does(
    tmp_path: Path, masks: np.ndarray, syntax: Any
) -> None:
    file = tmp_path / "a.dcm"
    segmentation(masks, syntax=syntax).save_as(file, enforce_file_format=True)
    assert is_segmentation(file)
    found = read_segmentation(file)
    assert size_of(found) == (5, 7)
    assert [int(segment.SegmentNumber) for segment in frame_segments(found)] == [1, 2, 3, 4, 5]
    assert np.array_equal(np.stack([mask_of_frame(found, n) for n in range(5)]), masks)
    assert np.array_equal(pydicom.dcmread(file).pixel_array, masks)


def test_compressed_frames_are_refused(tmp_path: Path, masks: np.ndarray) -> None:
    made = segmentation(masks)
    made.PixelData = encapsulate([b"\0\1"] * 5)
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = JPEG2000Lossless
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(AnnotationError, match=r"a\.dcm: its pixels are encoded as JPEG 2000"):
        read_segmentation(tmp_path / "a.dcm")


def test_label_maps_are_recognised_and_refused(tmp_path: Path, masks: np.ndarray) -> None:
    file = tmp_path / "a.dcm"
    segmentation(masks, LABEL_MAP_CLASS).save_as(file, enforce_file_format=True)
    assert is_segmentation(file)
    with pytest.raises(AnnotationError, match=r"a\.dcm: segmentation type LABELMAP; expected"):
        read_segmentation(file)


@pytest.mark.parametrize("uid", [f"{CLASS}.1", "1.2.840.10008.5.1.4.1.1.66.5", "1.2.3"])
def test_other_objects_are_not_recognised(tmp_path: Path, masks: np.ndarray, uid: str) -> None:
    file = tmp_path / "a.dcm"
    segmentation(masks, uid).save_as(file, enforce_file_format=True)
    assert not is_segmentation(file)
    with pytest.raises(AnnotationError, match="not a DICOM segmentation"):
        read_segmentation(file)


def test_what_is_no_file_is_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"")
    assert not any(map(is_segmentation, (tmp_path, tmp_path / "gone", tmp_path / "a.dcm")))


def test_images_that_are_referred_to(masks: np.ndarray) -> None:
    made = segmentation(masks)
    assert references(made) == []
    named = item(ReferencedSOPInstanceUID="2.25.1")
    made.ReferencedSeriesSequence = [item(ReferencedInstanceSequence=[named])]
    made.SharedFunctionalGroupsSequence[0].DerivationImageSequence = [
        item(SourceImageSequence=[named, item(ReferencedSOPInstanceUID="2.25.2")])
    ]
    assert references(made) == ["2.25.1", "2.25.2"]

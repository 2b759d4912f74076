"""Segmentations: the same masks and numbers, here and for highdicom."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

highdicom = pytest.importorskip("highdicom")

from panodent.dentition import TEETH  # noqa: E402
from panodent.dicom import seg  # noqa: E402
from panodent.dicom.source import SourceImage  # noqa: E402
from panodent.errors import AnnotationError  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402


def test_a_segmentation_holds_the_same_masks_and_numbers(
    made: dict[str, Any], source: SourceImage
) -> None:
    found = seg.to_teeth(made["seg"])
    truth = source.teeth
    assert found.fdi.tolist() == truth.fdi.tolist()
    assert np.array_equal(found.boxes, truth.boxes)
    assert all(map(np.array_equal, found.masks, truth.masks))
    assert truth.areas.sum() > sum(m.any(axis=0).sum() for m in [_stack(truth)])  # overlaps


def _stack(teeth: Teeth) -> np.ndarray:
    return np.stack([teeth.full_mask(index) for index in range(len(teeth))])


def test_highdicom_reads_it_too(made: dict[str, Any], source: SourceImage) -> None:
    read_back = highdicom.seg.Segmentation.from_dataset(made["seg"])
    numbers = list(read_back.segment_numbers)
    assert numbers == list(range(1, len(source.teeth) + 1))
    planes = read_back.get_pixels_by_source_instance([source.header.SOPInstanceUID])[0]
    assert np.array_equal(planes.astype(bool).transpose(2, 0, 1), _stack(source.teeth))


def test_highdicom_reads_it_where_the_radiograph_has_a_pixel_spacing(
    source: SourceImage, tmp_path: Path
) -> None:
    header = deepcopy(source.header)
    header.PixelSpacing = [0.1, 0.1]
    seg.segmentation(replace(source, header=header)).save_as(tmp_path / "a.dcm")
    read = highdicom.seg.segread(tmp_path / "a.dcm")
    assert read.number_of_segments == len(source.teeth)


def test_one_for_ohif_has_the_direction_that_ohif_assumes(
    made: dict[str, Any], source: SourceImage
) -> None:
    """`tools/ohif_seg.mjs` loads it with OHIF's code."""
    other = seg.for_ohif(source)
    (shared,) = other.SharedFunctionalGroupsSequence
    assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
    assert "FrameOfReferenceUID" not in other
    assert other.PixelData == made["seg"].PixelData
    for name in ("SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber"):
        assert other[name] != made["seg"][name]


def test_segments_say_what_they_are(made: dict[str, Any], source: SourceImage) -> None:
    for item, fdi in zip(made["seg"].SegmentSequence, source.teeth.fdi.tolist(), strict=True):
        code = item.SegmentedPropertyTypeCodeSequence[0]
        assert item.SegmentLabel == (f"FDI {fdi}" if fdi else "unnumbered")
        assert code.CodeValue == (TEETH[fdi].snomed if fdi else "38199008")
        assert code.CodingSchemeDesignator == "SCT"
        assert item.SegmentAlgorithmType == "AUTOMATIC"
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert source.model.digest in algorithm.AlgorithmParameters
        assert len(item.RecommendedDisplayCIELabValue) == 3


def test_other_objects_are_no_segmentation(source: SourceImage) -> None:
    with pytest.raises(AnnotationError, match="not a DICOM segmentation"):
        seg.to_teeth(source.header)


def test_fractional_segmentations_are_refused(made: dict[str, Any]) -> None:
    from pydicom.dataset import Dataset

    other = Dataset()
    other.SOPClassUID, other.SegmentationType = made["seg"].SOPClassUID, "FRACTIONAL"
    with pytest.raises(AnnotationError, match="FRACTIONAL; expected BINARY"):
        seg.to_teeth(other)


def test_all_teeth_and_those_without_a_number_come_back(source: SourceImage) -> None:
    block = np.ones((4, 4), bool)
    numbers = [*TEETH, 0, 0]
    items = [(fdi, block, (4 * (i % 8), 4 * (i // 8))) for i, fdi in enumerate(numbers)]
    teeth = Teeth.from_masks(source.teeth.size, items)
    found = seg.to_teeth(seg.segmentation(replace(source, teeth=teeth)))
    assert found.fdi.tolist() == numbers
    assert np.array_equal(found.boxes, teeth.boxes)


def test_a_supernumerary_tooth_of_others_has_no_number(source: SourceImage) -> None:
    """Its code and label name the tooth that it resembles."""
    made = seg.segmentation(replace(source, teeth=source.teeth.select([0])))
    (segment,) = made.SegmentSequence
    segment.SegmentedPropertyTypeCodeSequence[0].CodeValue = "2541000124102"
    segment.SegmentLabel = "FDI 21"
    assert seg.to_teeth(made).fdi.tolist() == [0]

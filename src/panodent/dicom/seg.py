"""Teeth and findings to and from a DICOM Segmentation: BINARY, one segment each, overlaps kept.

Segment numbers are 1 to n, those of teeth first. The FDI number of a tooth is in the label, and as
a SNOMED CT code in the property type. Findings have the codes of `panodent.teeth.finding_codes`,
and the tooth that carries them as their anatomic region. No frame of reference and no position is
invented. Source: DICOM PS3.3 A.51 and C.8.20.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.dicom.source import (
    MANUFACTURER,
    NOTICE,
    SourceImage,
    tooth_code,
    tooth_label,
    using_highdicom,
)
from panodent.radiograph.dicom_segmentation import (
    check_pixels,
    frame_segments,
    mask_of_frame,
    size_of,
)
from panodent.teeth.finding_codes import CODES, finding_label
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.segment_codes import coded_carrier, coded_kind, coded_tooth
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray
from panodent.version import __version__

OHIF = "seg-ohif"
"""Kind of a segmentation that has what the viewer OHIF needs; see `for_ohif`."""
OHIF_ORIENTATION = (1, 0, 0, 0, 1, 0)
"""Image Orientation (Patient) that OHIF assumes for a radiograph without one."""
UNNUMBERED_COLOUR = (200, 200, 200)


def segmentation(source: SourceImage, kind: str = "seg") -> Any:
    """The data set, of at least one tooth or finding.

    Raises `MissingExtraError` without highdicom, and `RadiographError` for an unsuitable header.

    >>> from panodent import phantom
    >>> from panodent.dicom.source import Model
    >>> from panodent.phantom.dicom import to_dicom
    >>> radiograph, teeth = phantom.draw(1, (128, 256))
    >>> source = SourceImage(to_dicom(radiograph), teeth, Model("example", "5d1f"))
    >>> to_teeth(segmentation(source)).fdi.tolist() == teeth.fdi.tolist()
    True
    """
    teeth = source.teeth
    with using_highdicom("writing a DICOM segmentation", source.header):
        import highdicom
        from highdicom.seg import Segmentation
        from pydicom.sr.codedict import codes

        algorithm = highdicom.AlgorithmIdentificationSequence(
            name=MANUFACTURER,
            family=codes.cid7162.ArtificialIntelligence,
            version=__version__,
            source=NOTICE,
            parameters=source.model.parameters,
        )
        described = _described_teeth(source, algorithm)
        findings = Findings.empty(teeth.size) if source.findings is None else source.findings
        described += _described_findings(source, findings, algorithm)
        masks = _pixel_array(teeth, findings)
        also = ", and findings" if len(findings) else ""
        made = Segmentation(
            source_images=[source.header],
            pixel_array=masks,
            segmentation_type="BINARY",
            segment_descriptions=described,
            content_label="TEETH",
            content_description=f"Teeth with FDI numbers{also}",
            omit_empty_frames=False,
            **source.uids(kind),
            **source.common,
        )
        # Required (type 2C) without a position in the patient: copied, or empty.
        made.PatientOrientation = source.header.get("PatientOrientation", None)
        _modify(made.SegmentSequence[len(teeth) :], findings.kinds)
        # highdicom copies PixelSpacing without a slice thickness, and then cannot read the object.
        made.SharedFunctionalGroupsSequence[0].pop("PixelMeasuresSequence", None)
        return made


def for_ohif(source: SourceImage) -> Any:
    """As `segmentation`, with the direction of rows and columns that OHIF assumes.

    OHIF refuses a segmentation without it, although DICOM asks for it only in a frame of reference.
    It is that of an axial slice, which says nothing true of a panoramic radiograph; the masks
    are in the pixels of the radiograph as before.
    """
    from pydicom import Dataset

    made = segmentation(source, OHIF)
    orientation = Dataset()
    orientation.ImageOrientationPatient = list(OHIF_ORIENTATION)
    made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence = [orientation]
    return made


def _pixel_array(teeth: Teeth, findings: Findings) -> BoolArray:
    """(1, height, width, segments): the masks of the teeth, then those of the findings."""
    both = [*teeth, *findings.marks]
    masks = np.zeros((1, *teeth.size, len(both)), bool)
    for index, (_, (top, left, bottom, right), mask) in enumerate(both):
        masks[0, top:bottom, left:right, index] = mask
    return masks


def _described_teeth(source: SourceImage, algorithm: Any) -> list[Any]:
    """The descriptions of the segments of teeth, which come first."""
    import highdicom
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes

    return [
        SegmentDescription(
            segment_number=index + 1,
            segment_label=tooth_label(fdi),
            segmented_property_category=codes.cid7150.AnatomicalStructure,
            segmented_property_type=tooth_code(fdi),
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm,
            tracking_uid=source.tooth_tracking(index),
            tracking_id=tooth_label(fdi),
            display_color=highdicom.color.CIELabColor.from_rgb(
                *(TEETH[fdi].colour if fdi != UNNUMBERED else UNNUMBERED_COLOUR)
            ),
        )
        for index, fdi in enumerate(source.teeth.fdi.tolist())
    ]


def _described_findings(source: SourceImage, findings: Findings, algorithm: Any) -> list[Any]:
    """The descriptions of the segments of findings, which are numbered after those of teeth."""
    import highdicom
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    return [
        SegmentDescription(
            segment_number=len(source.teeth) + index + 1,
            segment_label=finding_label(finding.fdi, finding.kind),
            segmented_property_category=codes.cid7150.PhysicalObject,
            segmented_property_type=Code(*CODES[finding.kind].type),
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm,
            tracking_uid=source.finding_tracking(finding),
            tracking_id=finding_label(finding.fdi, finding.kind),
            anatomic_regions=[tooth_code(finding.fdi)] if finding.fdi != NOWHERE else None,
            display_color=highdicom.color.CIELabColor.from_rgb(*CODES[finding.kind].colour),
        )
        for index, finding in enumerate(findings)
    ]


def _modify(segments: Any, kinds: tuple[str, ...]) -> None:
    """Adds the modifiers of these kinds to the property types of segments."""
    from highdicom.sr.coding import CodedConcept

    for segment, kind in zip(segments, kinds, strict=True):
        if (modifier := CODES[kind].modifier) is not None:
            code = segment.SegmentedPropertyTypeCodeSequence[0]
            code.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept(*modifier)]


def to_teeth(dataset: Any) -> Teeth:
    """The teeth of a segmentation (pydicom), numbered by SNOMED CT code or by a label "FDI 36".

    Supernumerary teeth (context group 4025) have no number. A segmentation has no scores and flags.
    Findings are left out. Raises `AnnotationError` for other objects.
    """
    planes = _planes(dataset)
    items = [(_number(segment), plane) for segment, plane in planes if coded_kind(segment) is None]
    return Teeth.from_masks(size_of(dataset), items)


def to_findings(dataset: Any) -> Findings:
    """The findings of a segmentation (pydicom) that panodent wrote, as `to_teeth` the teeth.

    Those without an anatomic region that is a tooth have the number 0.
    """
    items = [
        (kind, coded_carrier(segment), plane)
        for segment, plane in _planes(dataset)
        if (kind := coded_kind(segment)) is not None
    ]
    return Findings.from_masks(size_of(dataset), items)


def _planes(dataset: Any) -> Iterator[tuple[Any, BoolArray]]:
    """(segment, its mask) of a segmentation; raises `AnnotationError` for other objects."""
    segments = frame_segments(dataset)
    check_pixels(dataset, len(segments))
    for index, segment in enumerate(segments):
        yield segment, mask_of_frame(dataset, index)


def _number(segment: Any) -> int:
    fdi = coded_tooth(segment)
    if fdi is not None:
        return fdi
    text = str(segment.SegmentLabel).removeprefix("FDI").strip()
    return int(text) if text.isdecimal() and int(text) in TEETH else UNNUMBERED

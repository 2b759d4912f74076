"""Teeth and findings to and from a DICOM Segmentation: BINARY, one segment each, overlaps kept.

Segment numbers are 1 to n, those of teeth first. The FDI number of a tooth is in the label, and as
a SNOMED CT code in the property type. Findings have the codes of `panodent.dicom.finding_codes`,
and the tooth that carries them as their anatomic region. No frame of reference and no position is
invented. Source: DICOM PS3.3 A.51 and C.8.20.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.dicom.finding_codes import CODES, finding_label, kind_of
from panodent.dicom.source import (
    MANUFACTURER,
    NOTICE,
    SourceImage,
    is_supernumerary,
    tooth_code,
    tooth_label,
    using_highdicom,
)
from panodent.errors import AnnotationError
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray
from panodent.version import __version__

UNNUMBERED_COLOUR = (200, 200, 200)
_BY_CODE = {item.snomed: fdi for fdi, item in TEETH.items()}


def segmentation(source: SourceImage) -> Any:
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
        from highdicom.seg import Segmentation, SegmentDescription
        from pydicom.sr.codedict import codes

        algorithm = highdicom.AlgorithmIdentificationSequence(
            name=MANUFACTURER,
            family=codes.cid7162.ArtificialIntelligence,
            version=__version__,
            source=NOTICE,
            parameters=source.model.parameters,
        )
        described = [
            SegmentDescription(
                segment_number=index + 1,
                segment_label=tooth_label(fdi),
                segmented_property_category=codes.cid7150.AnatomicalStructure,
                segmented_property_type=tooth_code(fdi),
                algorithm_type="AUTOMATIC",
                algorithm_identification=algorithm,
                display_color=highdicom.color.CIELabColor.from_rgb(
                    *(TEETH[fdi].colour if fdi != UNNUMBERED else UNNUMBERED_COLOUR)
                ),
            )
            for index, fdi in enumerate(teeth.fdi.tolist())
        ]
        findings = Findings.empty(teeth.size) if source.findings is None else source.findings
        described += _described(findings, len(teeth), algorithm)
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
            **source.uids("seg"),
            **source.common,
        )
        # Required (type 2C) without a position in the patient: copied, or empty.
        made.PatientOrientation = source.header.get("PatientOrientation", None)
        _modify(made.SegmentSequence[len(teeth) :], findings.kinds)
        return made


def _pixel_array(teeth: Teeth, findings: Findings) -> BoolArray:
    """(1, height, width, segments): the masks of the teeth, then those of the findings."""
    both = [*teeth, *findings.marks]
    masks = np.zeros((1, *teeth.size, len(both)), bool)
    for index, (_, (top, left, bottom, right), mask) in enumerate(both):
        masks[0, top:bottom, left:right, index] = mask
    return masks


def _described(findings: Findings, before: int, algorithm: Any) -> list[Any]:
    """The descriptions of the segments of findings, which are numbered after `before` others."""
    import highdicom
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    return [
        SegmentDescription(
            segment_number=before + index + 1,
            segment_label=finding_label(finding.fdi, finding.kind),
            segmented_property_category=codes.cid7150.PhysicalObject,
            segmented_property_type=Code(*CODES[finding.kind].type),
            algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm,
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
    items = [(_number(segment), plane) for segment, plane in planes if _kind(segment) is None]
    return Teeth.from_masks(_size(dataset), items)


def to_findings(dataset: Any) -> Findings:
    """The findings of a segmentation (pydicom) that panodent wrote, as `to_teeth` the teeth.

    Those without an anatomic region that is a tooth have the number 0.
    """
    items = []
    for segment, plane in _planes(dataset):
        kind = _kind(segment)
        if kind is not None:
            regions = segment.get("AnatomicRegionSequence") or []
            code = str(regions[0].get("CodeValue", "")) if len(regions) == 1 else ""
            items.append((kind, _BY_CODE.get(code, NOWHERE), plane))
    return Findings.from_masks(_size(dataset), items)


def _size(dataset: Any) -> tuple[int, int]:
    return int(dataset.Rows), int(dataset.Columns)


def _planes(dataset: Any) -> list[tuple[Any, Any]]:
    """(segment, its mask) of a segmentation; raises `AnnotationError` for other objects."""
    if str(dataset.get("SOPClassUID", "")) != "1.2.840.10008.5.1.4.1.1.66.4":
        raise AnnotationError("not a DICOM segmentation object")
    if dataset.SegmentationType != "BINARY":
        raise AnnotationError(f"segmentation type {dataset.SegmentationType}; expected BINARY")
    segments = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    planes = np.atleast_3d(dataset.pixel_array).reshape(-1, *_size(dataset))
    shared = dataset.SharedFunctionalGroupsSequence[0]
    items = []
    for plane, group in zip(planes, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        # A segmentation of one tooth names its segment once for all frames.
        named = group if "SegmentIdentificationSequence" in group else shared
        segment = int(named.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        items.append((segments[segment], plane > 0))
    return items


def _kind(segment: Any) -> str | None:
    """The kind of finding of a segment, None for teeth."""
    type_ = segment.SegmentedPropertyTypeCodeSequence[0]
    modifiers = type_.get("SegmentedPropertyTypeModifierCodeSequence") or []
    return kind_of(_plain(type_), _plain(modifiers[0]) if len(modifiers) == 1 else None)


def _plain(code: Any) -> tuple[str, str]:
    return str(code.get("CodeValue", "")), str(code.get("CodingSchemeDesignator", ""))


def _number(segment: Any) -> int:
    code = str(segment.SegmentedPropertyTypeCodeSequence[0].get("CodeValue", ""))
    if code in _BY_CODE:
        return _BY_CODE[code]
    if is_supernumerary(code):
        return UNNUMBERED
    text = str(segment.SegmentLabel).removeprefix("FDI").strip()
    return int(text) if text.isdecimal() and int(text) in TEETH else UNNUMBERED

"""Teeth to and from a DICOM Segmentation: BINARY, one segment for each tooth, overlaps kept.

Segment numbers are 1 to n. The FDI number is in the label, and as a SNOMED CT code in the property
type. No frame of reference and no position is invented. Source: DICOM PS3.3 A.51 and C.8.20.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panodent.dentition import TEETH
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
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import __version__

UNNUMBERED_COLOUR = (200, 200, 200)
_BY_CODE = {item.snomed: fdi for fdi, item in TEETH.items()}


def segmentation(source: SourceImage) -> Any:
    """The data set, of at least one tooth.

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
        masks = np.zeros((1, *teeth.size, len(teeth)), bool)
        for index, (_, (top, left, bottom, right), mask) in enumerate(teeth):
            masks[0, top:bottom, left:right, index] = mask
        made = Segmentation(
            source_images=[source.header],
            pixel_array=masks,
            segmentation_type="BINARY",
            segment_descriptions=described,
            content_label="TEETH",
            content_description="Teeth with FDI numbers",
            omit_empty_frames=False,
            **source.uids("seg"),
            **source.common,
        )
        # Required (type 2C) without a position in the patient: copied, or empty.
        made.PatientOrientation = source.header.get("PatientOrientation", None)
        return made


def to_teeth(dataset: Any) -> Teeth:
    """The teeth of a segmentation (pydicom), numbered by SNOMED CT code or by a label "FDI 36".

    Supernumerary teeth (context group 4025) have no number. A segmentation has no scores and flags.
    Raises `AnnotationError` for other objects.
    """
    if str(dataset.get("SOPClassUID", "")) != "1.2.840.10008.5.1.4.1.1.66.4":
        raise AnnotationError("not a DICOM segmentation object")
    if dataset.SegmentationType != "BINARY":
        raise AnnotationError(f"segmentation type {dataset.SegmentationType}; expected BINARY")
    numbers = {int(item.SegmentNumber): _number(item) for item in dataset.SegmentSequence}
    size = (int(dataset.Rows), int(dataset.Columns))
    planes = np.atleast_3d(dataset.pixel_array).reshape(-1, *size)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    items = []
    for plane, group in zip(planes, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        # A segmentation of one tooth names its segment once for all frames.
        named = group if "SegmentIdentificationSequence" in group else shared
        segment = int(named.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        items.append((numbers[segment], plane > 0))
    return Teeth.from_masks(size, items)


def _number(segment: Any) -> int:
    code = str(segment.SegmentedPropertyTypeCodeSequence[0].get("CodeValue", ""))
    if code in _BY_CODE:
        return _BY_CODE[code]
    if is_supernumerary(code):
        return UNNUMBERED
    text = str(segment.SegmentLabel).removeprefix("FDI").strip()
    return int(text) if text.isdecimal() and int(text) in TEETH else UNNUMBERED

"""Teeth and findings as a Comprehensive SR with TID 1500 (Measurement Report).

Each tooth is a measurement group with its outline, its site as SNOMED CT code, its area in pixels
and its score as certainty; that it is unerupted, impacted or a root remnant is an evaluation.
Absent permanent teeth are groups without a region. Findings are groups after those of teeth; their
site is the tooth that carries them or stood there. Notes about the radiograph or the model are
comments at the end. Source: DICOM PS3.16, TID 1500, 1410 and 1501.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from panodent.dentition import PERMANENT
from panodent.dicom.attribute_codes import evaluations
from panodent.dicom.header import for_image_library
from panodent.dicom.source import (
    MANUFACTURER,
    SourceImage,
    tooth_code,
    tooth_label,
    using_highdicom,
)
from panodent.teeth.finding_codes import CODES, KIND, finding_label
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import __version__

MAX_POINTS = 2000
Measures = Mapping[str, tuple[float, str]]
"""(value, UCUM unit) by name."""

_PRESENCE = ("705057003", "SCT", "Presence")
_PRESENT = ("52101004", "SCT", "Present")
_ABSENT = ("272519000", "SCT", "Absent")
_UNSURE = ("82334004", "SCT", "Indeterminate")
_RADIOGRAPHY = ("22891007", "SCT", "Radiography of teeth")
_NAMES = {
    "area": ("42798000", "SCT", "Area"),
    "score": ("111012", "DCM", "Certainty of Finding"),
}
_UNITS = {
    "{pixels}": "pixels",
    "%": "percent",
    "deg": "degree",
    "mm": "millimeter",
    "1": "no units",
}


def report(source: SourceImage, measures: Mapping[int, Measures] | None = None) -> Any:
    """The data set; teeth are in the order of their numbers.

    measures : further measurements, by the index of the tooth in the record.

    Raises `MissingExtraError` without highdicom, and `RadiographError` for an unsuitable header.

    >>> from panodent import phantom
    >>> from panodent.dicom.source import Model
    >>> from panodent.phantom.dicom import to_dicom
    >>> radiograph, teeth = phantom.draw(1, (128, 256))
    >>> source = SourceImage(to_dicom(radiograph), teeth, Model("example", "5d1f"))
    >>> made = report(source)
    >>> made.Modality, made.CompletionFlag
    ('SR', 'COMPLETE')
    """
    with using_highdicom("writing a DICOM structured report", source.header):
        from highdicom import sr
        from pydicom.sr.codedict import codes

        groups = [
            _found(source, index, (measures or {}).get(index, {})) for index in _order(source)
        ]
        absent_numbers = sorted(set(PERMANENT) - set(source.teeth.fdi.tolist()))
        groups += [_absent(source, fdi) for fdi in absent_numbers]
        if source.findings is not None:
            found = source.findings.sorted()
            groups += [_finding(source, found, index) for index in range(len(found))]
        observer = sr.ObserverContext(
            observer_type=codes.DCM.Device,
            observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
                uid=source.uid("device"), name=MANUFACTURER, model_name=MANUFACTURER
            ),
        )
        content = sr.MeasurementReport(
            observation_context=sr.ObservationContext(observer_device_context=observer),
            procedure_reported=_code(_RADIOGRAPHY),
            imaging_measurements=groups,
            title=codes.DCM.ImagingMeasurementReport,
            referenced_images=[for_image_library(source.header)],
        )
        content[0].ContentSequence.extend(
            sr.TextContentItem(codes.DCM.Comment, note, sr.RelationshipTypeValues.CONTAINS)
            for note in source.notes
        )
        # highdicom copies and searches all of its content several times, for images that it refers
        # to. The image library has the only one, so the measurements take their place afterwards.
        root, whole = content[0], content[0].ContentSequence
        root.ContentSequence = [item for item in whole if not _measures(item)]
        made = sr.ComprehensiveSR(
            evidence=[source.header],
            content=root,
            is_complete=True,
            manufacturer=MANUFACTURER,
            **source.uids("sr"),
        )
        made.ContentSequence = whole
        return made


def _measures(item: Any) -> bool:
    """Whether an item at the root of a report is the container of all measurement groups."""
    from pydicom.sr.codedict import codes

    found: str = item.ConceptNameCodeSequence[0].CodeValue
    return found == codes.DCM.ImagingMeasurements.value


def _order(source: SourceImage) -> list[int]:
    """Indices in the order of the numbers, teeth without a number last."""
    numbers = source.teeth.fdi.tolist()
    return sorted(range(len(numbers)), key=lambda index: (numbers[index] == 0, numbers[index]))


def _code(parts: tuple[str, str, str]) -> Any:
    from pydicom.sr.coding import Code

    return Code(*parts)


def _found(source: SourceImage, index: int, more: Measures) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    teeth, fdi = source.teeth, int(source.teeth.fdi[index])
    measures: dict[str, tuple[float, str]] = {
        "area": (float(np.count_nonzero(teeth.masks[index])), "{pixels}"),
        "score": (round(100 * float(teeth.scores[index]), 2), "%"),
        **more,
    }
    sure = fdi != UNNUMBERED and not teeth.flags[index]
    told = [(_PRESENCE, _PRESENT if sure else _UNSURE)]
    told += evaluations(source.attributes[index]) if source.attributes else []
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(tooth_label(fdi), source.tooth_tracking(index)),
        referenced_region=_region(source, teeth, index),
        measurements=[_measurement(name, *value) for name, value in measures.items()],
        finding_type=codes.SCT.Tooth,
        algorithm_id=_algorithm(source),
        finding_sites=_site(fdi),
        qualitative_evaluations=[
            sr.QualitativeEvaluation(_code(name), _code(value)) for name, value in told
        ],
    )


def _finding(source: SourceImage, findings: Findings, index: int) -> Any:
    """The group of one finding; its site is left out where no single tooth is meant."""
    from highdicom import sr
    from pydicom.sr.codedict import codes

    finding, code = findings[index], CODES[findings.kinds[index]]
    evaluations = [(_PRESENCE, _UNSURE if finding.flags else _PRESENT)]
    evaluations += [(KIND, code.modifier)] if code.modifier is not None else []
    label = finding_label(finding.fdi, finding.kind)
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(label, source.finding_tracking(finding)),
        referenced_region=_region(source, findings.marks, index),
        measurements=[
            _measurement("area", float(np.count_nonzero(finding.mask)), "{pixels}"),
            _measurement("score", round(100 * finding.score, 2), "%"),
        ],
        finding_category=codes.cid7150.PhysicalObject,
        finding_type=_code(code.type),
        algorithm_id=_algorithm(source),
        finding_sites=_site(finding.fdi) if finding.fdi != NOWHERE else None,
        qualitative_evaluations=[
            sr.QualitativeEvaluation(_code(name), _code(value)) for name, value in evaluations
        ],
    )


def _absent(source: SourceImage, fdi: int) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(
            f"{tooth_label(fdi)} not found", source.uid("tracking", str(fdi + 1000))
        ),
        finding_type=codes.SCT.Tooth,
        algorithm_id=_algorithm(source),
        finding_sites=_site(fdi),
        qualitative_evaluations=[sr.QualitativeEvaluation(_code(_PRESENCE), _code(_ABSENT))],
    )


def _site(fdi: int) -> list[Any]:
    from highdicom import sr

    return [sr.FindingSite(anatomic_location=tooth_code(fdi))]


def _tracking(name: str, uid: str) -> Any:
    from highdicom import sr

    return sr.TrackingIdentifier(uid=uid, identifier=name)


def _algorithm(source: SourceImage) -> Any:
    from highdicom import sr

    settings = [f"{name}={value}" for name, value in source.model.parameters.items()]
    return sr.AlgorithmIdentification(name=MANUFACTURER, version=__version__, parameters=settings)


def _measurement(name: str, value: float, unit: str) -> Any:
    from highdicom import sr

    known = _NAMES.get(name, (name.upper()[:16], "99PANODENT", name.replace("_", " ")))
    return sr.Measurement(
        name=_code(known), value=value, unit=_code((unit, "UCUM", _UNITS.get(unit, unit)))
    )


def _region(source: SourceImage, teeth: Teeth, index: int) -> Any:
    """The outline of a mask's largest part; the segmentation contains the whole mask."""
    from highdicom import sr

    parts = teeth.polygons(index, tolerance=0.5)
    ring = max((part[0] for part in parts), key=len)
    points = np.asarray(ring, np.float64)[:: -(-len(ring) // MAX_POINTS)]
    return sr.ImageRegion(
        graphic_type=sr.GraphicTypeValues.POLYLINE,
        graphic_data=np.concatenate([points, points[:1]]),
        source_image=sr.SourceImageForRegion(
            referenced_sop_class_uid=source.header.SOPClassUID,
            referenced_sop_instance_uid=source.header.SOPInstanceUID,
        ),
    )

"""Structured reports: found, doubtful and absent teeth, with their measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

highdicom = pytest.importorskip("highdicom")

from panodent.analysis.tooth_attributes import tooth_attributes  # noqa: E402
from panodent.dentition import DECIDUOUS, TEETH  # noqa: E402
from panodent.dicom import sr  # noqa: E402
from panodent.dicom.source import SourceImage  # noqa: E402
from panodent.inference.predictor import PERMANENT_ONLY  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402


def test_a_report_lists_found_absent_and_doubtful(
    made: dict[str, Any], source: SourceImage
) -> None:
    content = highdicom.sr.ComprehensiveSR.from_dataset(made["sr"]).content
    groups = content.get_planar_roi_measurement_groups()
    assert len(groups) == len(source.teeth)
    states = {}
    for group in groups:
        site = group.finding_sites[0].value.value
        states[site] = group.get_qualitative_evaluations()[0].value.meaning
    order = source.teeth.fdi.tolist()
    assert states[TEETH[order[0]].snomed] == "Present"
    assert states[TEETH[order[-2]].snomed] == "Indeterminate"
    absent = content.get_image_measurement_groups()
    numbers = {group.finding_sites[0].value.value for group in absent}
    assert numbers == {TEETH[f].snomed for f in range(11, 49) if f in TEETH and f not in order}


def test_measurements_have_values_and_units(source: SourceImage) -> None:
    teeth = source.teeth
    first = min(range(len(teeth)), key=lambda index: int(teeth.fdi[index]) or 100)
    report = sr.report(source, {first: {"long_axis_extent": (127.5, "{pixels}")}})
    content = highdicom.sr.ComprehensiveSR.from_dataset(report).content
    measured = content.get_planar_roi_measurement_groups()[0].get_measurements()
    assert {m.name.meaning: (m.value, m.unit.value) for m in measured} == {
        "Area": (float(teeth.areas[first]), "{pixels}"),
        "Certainty of Finding": (pytest.approx(100 * teeth.scores[first], abs=0.01), "%"),
        "long axis extent": (127.5, "{pixels}"),
    }


def test_notes_are_comments(source: SourceImage) -> None:
    notes = ("half of 16 bits in use", PERMANENT_ONLY)
    report = sr.report(replace(source, notes=notes))
    comments = [
        item.TextValue
        for item in report.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Comment"
    ]
    assert comments == list(notes)
    assert all(
        item.ConceptNameCodeSequence[0].CodeMeaning != "Comment"
        for item in sr.report(replace(source, notes=())).ContentSequence
    )


def test_a_report_of_deciduous_teeth(source: SourceImage) -> None:
    block = np.ones((4, 4), bool)
    items = [(fdi, block, (0, 4 * i)) for i, fdi in enumerate(DECIDUOUS)]
    teeth = Teeth.from_masks(source.teeth.size, items)
    content = highdicom.sr.ComprehensiveSR.from_dataset(
        sr.report(replace(source, teeth=teeth, attributes=tooth_attributes(teeth)))
    ).content
    sites = [group.finding_sites[0].value for group in content.get_planar_roi_measurement_groups()]
    assert [site.value for site in sites] == [TEETH[fdi].snomed for fdi in DECIDUOUS]
    assert all(site.meaning.startswith("Deciduous") for site in sites)
    # Permanent teeth that were not found are said to be absent, deciduous ones are not.
    assert len(content.get_image_measurement_groups()) == 32


def test_attributes_are_evaluations(source: SourceImage, jaw: Callable[..., Teeth]) -> None:
    teeth = jaw(lean={48: 60.0}, crownless=(35,)).resized(source.teeth.size)
    told = tooth_attributes(teeth)
    report = sr.report(replace(source, teeth=teeth, attributes=told))
    content = highdicom.sr.ComprehensiveSR.from_dataset(report).content
    said = {
        group.finding_sites[0].value.value: [
            item.value.meaning for item in group.get_qualitative_evaluations()
        ]
        for group in content.get_planar_roi_measurement_groups()
    }
    assert said[TEETH[35].snomed] == ["Present", "Root remnant"]
    assert said[TEETH[36].snomed] == ["Present"]
    assert said[TEETH[48].snomed][:3] == ["Present", "Impacted", "Mesioangular"]


def test_attributes_are_judged_on_the_upright_radiograph(source: SourceImage) -> None:
    assert source.attributes == tooth_attributes(source.teeth)
